//! The client against a scripted server on the loopback.

use crosswatch_port::{Fault, RequestKind, Verdict};
use reqwest::{Method, header::AUTHORIZATION};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::testing::{House, Reply, Server, run};

const TOKEN: &str = "hunter2-token";

fn read(server: &str) -> Call {
    Call::read(below(&base_url(server).unwrap(), "/items")).query("api_key", TOKEN)
}

fn write(server: &str) -> Call {
    let call = Call::write(Method::POST, below(&base_url(server).unwrap(), "/items"));
    call.header(AUTHORIZATION, secret_value(TOKEN, "token").unwrap()).json(&json!({ "a": 1 })).unwrap()
}

async fn ask(client: &HttpClient, call: &Call) -> Result<Value, Fault> {
    client.send(call).await?.success()?.json()
}

fn down() -> Reply {
    Reply::status(503, "<html>busy</html>")
}

#[test]
fn reads_are_tried_three_times_and_writes_once() {
    run(async {
        let good = Reply::json(&json!([1]));
        let scripts = [
            (vec![good.clone()], 1, 1),
            (vec![down(), good.clone()], 2, 1),
            (vec![Reply::Hangup, down(), good.clone()], 3, 1),
            (vec![Reply::Cut("[1"), good.clone()], 2, 1),
            (vec![down()], 3, 1),
        ];
        for (script, tries_of_read, tries_of_write) in scripts {
            let ends_well = tries_of_read < 3 || script.len() == 3;
            for (is_write, tries) in [(false, tries_of_read), (true, tries_of_write)] {
                let (house, server) = (House::new(), Server::scripted(script.clone()).await);
                let client = HttpClient::new(house.ports(), true).unwrap();
                let call = if is_write { write(&server.url) } else { read(&server.url) };
                let answer = ask(&client, &call).await;
                assert_eq!(server.seen().len(), tries, "{script:?}");
                assert_eq!(client.requests_sent(), tries as u64);
                assert_eq!(house.budget.taken.borrow().len(), tries, "every request asks the budget");
                assert_eq!(house.budget.verdicts.borrow().len(), tries, "every request is reported");
                if is_write && script.len() + tries_of_read > 2 {
                    assert!(matches!(answer, Err(Fault::InDoubt(_))), "{script:?}: {answer:?}");
                } else {
                    assert_eq!(answer.is_ok(), ends_well, "{script:?}: {answer:?}");
                }
            }
        }
    });
}

#[test]
fn a_read_that_must_not_be_repeated_is_sent_once() {
    run(async {
        for reply in [down(), Reply::Hangup, Reply::Cut("[1")] {
            let (house, server) = (House::new(), Server::scripted(vec![reply.clone(), Reply::json(&json!([1]))]).await);
            let client = HttpClient::new(house.ports(), true).unwrap();
            let fault = ask(&client, &read(&server.url).once()).await.unwrap_err();
            assert!(matches!(fault, Fault::Transient(_)), "{reply:?}: {fault:?}");
            assert_eq!(server.seen().len(), 1, "{reply:?}");
        }
    });
}

#[test]
fn without_a_connection_nothing_was_sent() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let house = House::new();
        let client = HttpClient::new(house.ports(), true).unwrap();
        let fault = client.send(&write(&url)).await.unwrap_err();
        assert!(matches!(&fault, Fault::Transient(text) if text.contains("nothing was sent")), "{fault:?}");
        assert_eq!(client.requests_sent(), 1);
        assert!(client.send(&read(&url)).await.is_err());
        assert_eq!(client.requests_sent(), 4);
        assert_eq!(house.budget.verdicts.borrow().as_slice(), [Verdict::Failed; 4]);
    });
}

#[test]
fn a_closed_budget_sends_nothing() {
    run(async {
        let (house, server) = (House::new(), Server::scripted(vec![down()]).await);
        house.budget.closed.set(true);
        let client = HttpClient::new(house.ports(), true).unwrap();
        assert_eq!(
            client.send(&write(&server.url)).await.unwrap_err(),
            Fault::Transient("the account is paused".into())
        );
        assert_eq!((client.requests_sent(), server.seen().len()), (0, 0));
    });
}

#[test]
fn a_sign_in_is_never_repeated() {
    run(async {
        let (house, server) = (House::new(), Server::scripted(vec![Reply::Hangup]).await);
        let client = HttpClient::new(house.ports(), true).unwrap();
        let call = Call::sign_in(base_url(&server.url).unwrap());
        assert!(matches!(client.send(&call).await, Err(Fault::Transient(_))));
        assert_eq!(house.budget.taken.borrow().as_slice(), [RequestKind::SignIn]);
    });
}

#[test]
fn no_secret_is_in_any_error() {
    run(async {
        let html =
            Reply::Full(200, vec![("content-type", "text/html".to_owned())], b"<html>hunter2-token</html>".to_vec());
        let mut replies: Vec<Reply> = [301, 400, 401, 403, 404, 409, 420, 422, 423, 426, 429, 500, 503]
            .map(|status| {
                Reply::status(status, TOKEN).with("location", "https://user:hunter2-token@x/?k=hunter2-token")
            })
            .into();
        replies.extend([
            html,
            Reply::status(200, "{\"a\":\"hunter2-token\"}"),
            Reply::status(200, TOKEN),
            Reply::Hangup,
        ]);
        for reply in replies {
            let (house, server) = (House::new(), Server::scripted(vec![reply.clone()]).await);
            let client = HttpClient::new(house.ports(), true).unwrap();
            for call in [read(&server.url), write(&server.url)] {
                let fault = async { client.send(&call).await?.success()?.json::<Vec<u32>>() }.await.unwrap_err();
                let text = format!("{fault} {fault:?}");
                assert!(!text.contains("hunter2"), "{reply:?}: {text}");
                assert!(text.contains("http://127.0.0.1"), "{text}");
                assert!(!format!("{:?}", call.headers).contains("hunter2"));
            }
        }
    });
}

#[test]
fn the_server_is_told_who_asks() {
    run(async {
        let (house, server) = (House::new(), Server::scripted(vec![Reply::json(&json!([]))]).await);
        let client = HttpClient::new(house.ports(), true).unwrap();
        ask(&client, &read(&server.url)).await.unwrap();
        let seen = server.seen();
        assert!(seen[0].headers["user-agent"].starts_with("CrossWatch/"));
        assert!(seen[0].headers["accept-encoding"].contains("gzip"));
        assert_eq!(seen[0].line, "GET /items?api_key=hunter2-token");
    });
}

#[test]
fn endless_bodies_are_cut_off() {
    run(async {
        let house = House::new();
        let server = Server::scripted(vec![Reply::json(&json!("x".repeat(5000)))]).await;
        let client = HttpClient::with_body_limit(house.ports(), 4096);
        assert!(matches!(client.send(&read(&server.url)).await, Err(Fault::Transient(_))));
        assert_eq!(client.requests_sent(), 1, "it would be as large again");
        assert!(matches!(client.send(&write(&server.url)).await, Err(Fault::InDoubt(_))));
    });
}
