//! What the shop sells.

use std::collections::BTreeMap;

/// Names and prices.
pub struct Items(BTreeMap<String, u32>);

impl Items {
    /// Read `name price` lines.
    pub fn parse(text: &str) -> Items {
        let pairs = text.lines().filter_map(|line| {
            let (name, price) = line.split_once(' ')?;
            Some((name.to_string(), price.trim().parse().ok()?))
        });
        Items(pairs.collect())
    }

    /// One item as JSON.
    pub fn json(&self, name: &str) -> Option<String> {
        let price = self.0.get(name)?;
        Some(format!("{{\"name\":{name:?},\"price\":{price}}}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Items;

    #[test]
    fn an_item_has_its_price() {
        let items = Items::parse("pear 3\nplum 5\nnothing\n");
        assert_eq!(items.json("pear").unwrap(), r#"{"name":"pear","price":3}"#);
        assert!(items.json("nothing").is_none());
    }
}
