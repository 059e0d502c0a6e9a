//! The server on a real socket: its worker is another thread, and event streams stay open.

use std::{net::TcpListener, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::house::{KEY, Small};
use crate::{readiness::Stage, server::serve};

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

struct Wire(TcpStream);

impl Wire {
    async fn send(port: u16, method: &str, path: &str) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(stream)
    }

    /// Reads until the text was seen.
    async fn until(&mut self, wanted: &str) -> String {
        let mut text = String::new();
        let mut piece = [0; 4096];
        while !text.contains(wanted) {
            let count = tokio::time::timeout(PATIENCE, self.0.read(&mut piece)).await.unwrap().unwrap();
            assert!(count > 0, "{wanted} did not come:\n{text}");
            text.push_str(std::str::from_utf8(&piece[..count]).unwrap());
        }
        text
    }

    /// Reads until the other side closes.
    async fn rest(mut self) -> String {
        let mut text = String::new();
        tokio::time::timeout(PATIENCE, self.0.read_to_string(&mut text)).await.unwrap().unwrap();
        text
    }
}

#[actix_web::test]
async fn events_are_streamed_and_streams_end_with_the_service() {
    let small = Small::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = serve(small.state.clone(), listener).unwrap();
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);

    let mut events = Wire::send(port, "GET", "/base/api/v1/events").await;
    events.until(": connected").await;
    let run = Wire::send(port, "POST", "/base/api/v1/pairs/home-to-ledger/run?wait=20").await.rest().await;
    assert!(run.starts_with("HTTP/1.1 200") && run.contains("\"state\":\"succeeded\""), "{run}");
    let told = events.until("event: run.finished").await;
    assert!(told.contains("event: run.phase"), "{told}");

    small.state.readiness.set(Stage::Stopping);
    events.rest().await;
    tokio::time::timeout(PATIENCE, handle.stop(true)).await.unwrap();
    tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap().unwrap();
    small.stop().await;
}
