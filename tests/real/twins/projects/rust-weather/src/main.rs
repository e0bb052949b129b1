//! Serves observations from a file of comma-separated values.
mod stations;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, fs, thread};

fn main() {
    let port = env::var("WEATHER_PORT").unwrap_or_else(|_| "8087".into());
    let data = env::var("WEATHER_DATA").unwrap_or_else(|_| "data/stations.csv".into());
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).expect("the port is free");
    println!("listening on {port}, data in {data}");
    for stream in listener.incoming().flatten() {
        let data = data.clone();
        thread::spawn(move || answer(stream, &data));
    }
}

fn answer(mut stream: TcpStream, data: &str) {
    let mut first = String::new();
    let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
    if reader.read_line(&mut first).is_err() {
        return;
    }
    let mut line = String::new();
    while reader.read_line(&mut line).map(|n| n > 2).unwrap_or(false) {
        line.clear();
    }
    let path = first.split_whitespace().nth(1).unwrap_or("/");
    let (status, body) = match path {
        "/" => ("200 OK", fs::read_to_string("assets/index.html").unwrap_or_default()),
        _ => match stations::find(data, path.trim_start_matches("/station/")) {
            Some(text) => ("200 OK", text),
            None => ("404 Not Found", "none".into()),
        },
    };
    let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
}
