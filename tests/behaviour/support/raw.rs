//! Bytes on a socket, for requests that no well-behaved client sends.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use super::wait::PATIENCE;

/// A port on which nothing listens: it was free a moment ago.
pub fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A connection on which the test writes what it likes.
pub struct Connection(TcpStream);

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Leaves without a word.
    pub fn leave(self) {
        self.0.shutdown(Shutdown::Both).unwrap();
    }

    /// Reads until `enough` says so or the server closes.
    pub fn read_until(&mut self, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut received = Vec::new();
        let mut chunk = [0; 8192];
        while !enough(&received) {
            match self.0.read(&mut chunk).unwrap() {
                0 => break,
                count => received.extend_from_slice(&chunk[..count]),
            }
        }
        received
    }
}

/// An HTTP/1.1 request, written line by line.
pub struct Raw;

impl Raw {
    /// The bytes of a GraphQL request with any target and headers.
    pub fn graphql(target: &str, headers: &[(&str, &str)], query: &str) -> Vec<u8> {
        let body = serde_json::json!({ "query": query }).to_string();
        let mut head = format!("POST {target} HTTP/1.1\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = body.len();
        head.push_str("Content-Type: application/json\r\nConnection: close\r\n");
        head.push_str(&format!("Content-Length: {length}\r\n\r\n{body}"));
        head.into_bytes()
    }

    /// Sends a request that asks to be closed after; the status and the whole text of the answer.
    pub fn exchange(address: SocketAddr, request: &[u8]) -> (u16, String) {
        let mut connection = Connection::open(address);
        connection.send(request);
        let received = connection.read_until(|_| false);
        let text = String::from_utf8_lossy(&received).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("no status in {text:?}")), text)
    }
}
