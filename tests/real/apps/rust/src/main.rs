//! A shop's page over HTTP: its items are read from `static` when a page is asked for.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, fs, thread};

use items::Items;

fn answer(stream: &TcpStream) -> Result<()> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let path = line.split_whitespace().nth(1).unwrap_or("/");
    let items = Items::parse(&fs::read_to_string("static/items.txt")?);
    let (status, body) = match path.strip_prefix("/item/") {
        Some(name) => match items.json(name) {
            Some(json) => ("200 OK", json),
            None => ("404 Not Found", String::from("no such item")),
        },
        None => ("200 OK", String::from("shop 0.3.0")),
    };
    let length = body.len();
    let mut out = stream;
    write!(out, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

fn main() -> Result<()> {
    let port = env::var("PORT").unwrap_or_else(|_| String::from("8080"));
    for stream in TcpListener::bind(format!("0.0.0.0:{port}"))?.incoming() {
        let stream = stream?;
        thread::spawn(move || answer(&stream));
    }
    Ok(())
}
