//! A socket whose other side is scripted byte by byte.

use std::time::Duration;

use crosswatch_port::Fault;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Call, HttpClient, Opened, Word, base_url};
use crate::testing::{House, run};

/// Opens a socket to a server that takes the handshake and then does this.
async fn open<F: Future<Output = ()>>(after: impl FnOnce(TcpStream) -> F + 'static) -> Opened {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    tokio::task::spawn_local(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0);
        }
        let head = String::from_utf8(head).unwrap();
        let key = head.lines().find(|line| line.to_lowercase().starts_with("sec-websocket-key"));
        let key = key.unwrap().split(": ").nth(1).unwrap().to_owned();
        let accept = derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        after(stream).await;
    });
    let client = HttpClient::new(House::new().ports(), true).unwrap();
    client.open_socket(&Call::read(base_url(&url).unwrap())).await.unwrap()
}

#[test]
fn silence_is_asked_about_twice_and_then_the_socket_is_dead() {
    run(async {
        let Opened::Socket(mut socket) = open(|mut stream| async move {
            let mut ignored = Vec::new();
            while stream.read_buf(&mut ignored).await.is_ok_and(|read| read > 0) {}
        })
        .await
        else {
            panic!("it was to be opened")
        };
        tokio::time::pause();
        let before = tokio::time::Instant::now();
        let fault = socket.next().await.unwrap_err();
        assert!(matches!(&fault, Fault::Transient(why) if why.contains("silent")), "{fault:?}");
        assert_eq!(before.elapsed().as_secs(), 75, "two pings, and as long again for the second answer");
    });
}

#[test]
fn what_has_to_be_said_again_and_again_is() {
    run(async {
        let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let Opened::Socket(mut socket) = open(move |mut stream| async move {
            let mut bytes = Vec::new();
            while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
                if sender.send(bytes.len()).is_err() {
                    return;
                }
                bytes.clear();
            }
        })
        .await
        else {
            panic!("it was to be opened")
        };
        tokio::time::pause();
        socket.keep_saying("still here", Duration::from_secs(10));
        tokio::select! {
            word = socket.next() => panic!("{word:?}"),
            () = async {
                assert!(heard.recv().await.is_some() && heard.recv().await.is_some());
            } => {}
        }
    });
}

#[test]
fn a_message_that_is_too_large_breaks_the_socket() {
    run(async {
        for (size, fits) in [(5, true), (1024 * 1024, true), (1024 * 1024 + 1, false)] {
            let Opened::Socket(mut socket) = open(move |mut stream| async move {
                let mut frame = vec![0x81, 127];
                frame.extend(u64::try_from(size).unwrap().to_be_bytes());
                frame.extend(std::iter::repeat_n(b'x', size));
                drop(stream.write_all(&frame).await);
                let mut rest = Vec::new();
                drop(stream.read_buf(&mut rest).await);
            })
            .await
            else {
                panic!("it was to be opened")
            };
            match socket.next().await {
                Ok(Word::Message(text)) => assert!(fits && text.len() == size),
                told => assert!(!fits && matches!(told, Err(Fault::Transient(_))), "{size}: {told:?}"),
            }
        }
    });
}
