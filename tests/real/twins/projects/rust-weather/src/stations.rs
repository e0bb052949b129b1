use std::fs;

/// The line of a station, as JSON.
pub fn find(data: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(data).ok()?;
    let line = text.lines().skip(1).find(|line| line.starts_with(&format!("{name},")))?;
    let mut fields = line.split(',');
    Some(format!(
        "{{\"station\":\"{}\",\"celsius\":{},\"wind\":{}}}",
        fields.next()?,
        fields.next()?,
        fields.next()?
    ))
}

#[cfg(test)]
mod tests {
    #[test]
    fn finds() {
        assert!(super::find("data/stations.csv", "ridge").is_some());
    }
}
