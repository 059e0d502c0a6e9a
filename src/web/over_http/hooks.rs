//! Media servers at the doors: who gets in, with what, and what they are told.

use std::{
    io,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::test::TestRequest;
use crosswatch_actors::{Arrived, AskError, Kept, SaveError};
use crosswatch_port::{LocalFuture, StorageFailure};
use crosswatch_scrobble::{Heard, Step};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tracing_subscriber::fmt::MakeWriter;

use super::house::{Answer, Small};
use crate::{hooks::Inbox, server::serve};

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

const SETTINGS: &str = r#"
    [server]
    base_path = "/base"
    [[provider]]
    id = "home"
    kind = "jellyfin"
    url = "http://jellyfin:8096"
    user = "anna"
    token = "very-secret"
    [[provider]]
    id = "attic"
    kind = "plex"
    url = "http://plex:32400"
    webhook_token = "a-token-of-long-ago"
    [[provider]]
    id = "cellar"
    kind = "plex"
    url = "http://plex:32400"
    user = "bob"
    [[provider]]
    id = "den"
    kind = "emby"
    url = "http://emby:8096"
    user = "anna"
    token = "very-secret"
    [[provider]]
    id = "ledger"
    kind = "tracker"
"#;

const SCROBBLE: &str = r#"{"event":"media.scrobble","Account":{"title":"ann"},"Metadata":{"type":"movie","title":"The Matrix","ratingKey":"10"}}"#;
const START: &str = r#"{"NotificationType":"PlaybackStart","ItemType":"Movie","ItemId":"m1","Name":"The Matrix"}"#;
const STOP: &str = r#"{"Event":"playback.stop","Item":{"Type":"Movie","Id":"m1","Name":"The Matrix"}}"#;

/// Keeps in memory what arrives, or fails as told.
#[derive(Default)]
struct Basket {
    arrived: Mutex<Vec<Arrived>>,
    failure: Mutex<Option<SaveError>>,
}

impl Inbox for Basket {
    fn keep(&self, arrived: Arrived) -> LocalFuture<'_, Result<Kept, SaveError>> {
        let failure = self.failure.lock().unwrap().clone();
        let mut all = self.arrived.lock().unwrap();
        let is_repeat = all.iter().any(|before| before.digest == arrived.digest);
        if failure.is_none() {
            all.push(arrived);
        }
        let kept = Kept { number: all.len() as u64, is_repeat };
        Box::pin(std::future::ready(failure.map_or(Ok(kept), Err)))
    }
}

impl Basket {
    /// What arrived since the last look: the account and what it was read as.
    fn take(&self) -> Vec<String> {
        let told = |arrived: Arrived| match arrived.heard {
            Heard::Event(event) => format!("{} {:?} {}", arrived.account, event.step, event.media.item.title),
            Heard::Ignored(why) => format!("{} ignored {why}", arrived.account),
            Heard::Invalid(why) => format!("{} invalid {why}", arrived.account),
        };
        self.arrived.lock().unwrap().drain(..).map(told).collect()
    }
}

struct Porch {
    small: Small,
    basket: Arc<Basket>,
}

impl Porch {
    async fn start() -> Self {
        let basket = Arc::new(Basket::default());
        let inbox: Arc<dyn Inbox> = basket.clone();
        Self { small: Small::with(SETTINGS, Some(inbox)).await, basket }
    }

    async fn token(&self, account: &str) -> String {
        let detail = self.small.get(&format!("/base/api/v1/providers/{account}?reveal=1")).await;
        detail.json["webhook_token"].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, body: &str) -> Answer {
        self.small.send(TestRequest::post().uri(path).set_payload(body.to_owned())).await
    }

    async fn post_with(&self, path: &str, header: (&str, &str), body: &[u8]) -> Answer {
        let request = TestRequest::post().uri(path).insert_header((header.0, header.1)).set_payload(body.to_vec());
        self.small.send(request).await
    }
}

fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (headers, content) in parts {
        body.extend_from_slice(format!("--XX\r\nContent-Disposition: form-data; {headers}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XX--\r\n");
    body
}

#[actix_web::test]
async fn every_content_type_is_taken_and_kept() {
    let porch = Porch::start().await;
    let thumb = vec![0xff; 200_000];
    let thumb = ("name=\"thumb\"; filename=\"thumb.jpg\"\r\nContent-Type: image/jpeg", thumb.as_slice());
    let multipart = "multipart/form-data; boundary=XX";
    for (account, content_type, body, expected) in [
        ("home", "text/plain; charset=utf-8", START.as_bytes().to_vec(), "home Start The Matrix"),
        ("home", "application/json", START.replace("Start", "Stop").into_bytes(), "home Stop The Matrix"),
        ("den", multipart, form(&[("name=\"data\"", STOP.as_bytes())]), "den Stop The Matrix"),
        ("attic", multipart, form(&[("name=\"payload\"", SCROBBLE.as_bytes()), thumb]), "attic Complete The Matrix"),
        (
            "den",
            "application/x-www-form-urlencoded",
            b"data=%7B%22Event%22%3A%22system.notificationtest%22%7D".to_vec(),
            "den ignored system.notificationtest",
        ),
        ("attic", "text/plain", br#"{"event":"media.scrobble","Metadata":{}}"#.to_vec(), "attic invalid no item"),
        ("attic", "text/plain", br#"{"event":"device.new"}"#.to_vec(), "attic ignored device.new"),
        (
            "attic",
            "text/plain",
            br#"{"event":"media.rate","Metadata":{"type":"movie","title":"x"}}"#.to_vec(),
            "attic ignored a rating without a value",
        ),
    ] {
        let path = format!("/base/hooks/{account}/{}", porch.token(account).await);
        let answer = porch.post_with(&path, ("content-type", content_type), &body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json),
            (202, &json!({"inbox": 1})),
            "{content_type}: {}",
            answer.text
        );
        assert_eq!(porch.basket.take(), [expected]);
    }
    porch.small.stop().await;
}

#[actix_web::test]
async fn what_arrives_is_told_as_the_server_told_it() {
    let porch = Porch::start().await;
    let path = format!("/base/hooks/attic/{}", porch.token("attic").await);
    assert_eq!(porch.post(&path, SCROBBLE).await.json, json!({"inbox": 1}));
    assert_eq!(porch.post(&path, SCROBBLE).await.json, json!({"inbox": 2, "duplicate": true}));
    assert_eq!(
        porch.post("/base/webhook/plex?a-token-of-long-ago", SCROBBLE).await.json,
        json!({"ok": true, "inbox": 3, "dedup": true})
    );
    let arrived = porch.basket.arrived.lock().unwrap().clone();
    assert_eq!((arrived[0].word.as_str(), arrived[0].via.as_str()), ("media.scrobble", "webhook"));
    assert_eq!(arrived[0].digest, arrived[1].digest);
    assert!(
        matches!(&arrived[0].heard, Heard::Event(event) if event.step == Step::Complete && event.viewer.name == "ann")
    );
    porch.small.stop().await;
}

#[actix_web::test]
async fn tokens_are_taken_from_path_header_and_query() {
    let porch = Porch::start().await;
    let token = porch.token("attic").await;
    for (name, value) in [
        ("authorization", format!("Bearer {token}")),
        ("x-webhook-token", token.clone()),
        ("x-webhook-token", "a-token-of-long-ago".to_owned()),
    ] {
        let answer = porch.post_with("/base/hooks/attic", (name, &value), SCROBBLE.as_bytes()).await;
        assert_eq!(answer.status, 202, "{name}");
    }
    for query in ["TOK", "token=TOK", "id=TOK", "secret=TOK", "uid=TOK", "TOK=", "profile=TOK", "route=r&token=TOK"] {
        for path in ["plex", "plextrakt"] {
            for token in [token.as_str(), "a-token-of-long-ago"] {
                let answer =
                    porch.post(&format!("/base/webhook/{path}?{}", query.replace("TOK", token)), SCROBBLE).await;
                assert_eq!((answer.status.as_u16(), &answer.json["ok"]), (200, &json!(true)), "{query}");
            }
        }
    }
    assert!(porch.basket.take().iter().all(|told| told.starts_with("attic ")));
    for (account, path, body) in [
        ("cellar", "plex", SCROBBLE),
        ("home", "jellyfin", START),
        ("home", "jellyfintrakt", START),
        ("den", "emby", STOP),
        ("den", "embytrakt", STOP),
    ] {
        let answer = porch.post(&format!("/base/webhook/{path}?token={}", porch.token(account).await), body).await;
        assert_eq!(answer.status, 200, "{path}");
        let taken = porch.basket.take();
        assert!(taken.len() == 1 && taken[0].starts_with(account), "{path}: {taken:?}");
    }
    porch.small.stop().await;
}

#[actix_web::test]
async fn nobody_gets_in_with_a_wrong_token_and_no_key_is_needed() {
    let porch = Porch::start().await;
    let token = porch.token("attic").await;
    let (almost, other) = (token.replace(char::is_uppercase, "x"), porch.token("cellar").await);
    for wrong in [almost.as_str(), other.as_str(), "x", "the-key"] {
        assert_eq!(porch.post(&format!("/base/hooks/attic/{wrong}"), SCROBBLE).await.problem(), (401, "wrong-token"));
    }
    let answer = porch.post("/base/hooks/attic", SCROBBLE).await;
    assert_eq!((answer.problem(), answer.headers["www-authenticate"].as_str()), ((401, "wrong-token"), "Bearer"));
    for path in ["hooks/nobody/x", "hooks/ledger/x", "hooks/ledger", "hooks/UPPER/x"] {
        assert_eq!(porch.post(&format!("/base/{path}"), SCROBBLE).await.problem(), (404, "unknown-provider"), "{path}");
    }
    for query in ["", "?", "?token=wrong", "?wrong", "?a=1&b=2"] {
        let answer = porch.post(&format!("/base/webhook/plex{query}"), SCROBBLE).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (401, r#"{"detail":"invalid_webhook_token"}"#),
            "{query}"
        );
    }
    // A token opens the doors of its own kind of server only.
    let answer = porch.post(&format!("/base/webhook/emby?{token}"), STOP).await;
    assert_eq!(answer.status, 401);
    for query in ["profile=wrong".to_owned(), format!("profile=&token={token}")] {
        let answer = porch.post(&format!("/base/webhook/plex?{query}"), SCROBBLE).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json, json!({"ok": true, "ignored": true, "error": "invalid_profile"}));
    }
    assert_eq!(porch.post("/base/webhook/kodi?x", SCROBBLE).await.problem(), (404, "not-found"));
    assert_eq!(porch.basket.take(), Vec::<String>::new());
    porch.small.stop().await;
}

#[actix_web::test]
async fn what_cannot_be_read_is_refused_and_the_doors_stay_open() {
    let porch = Porch::start().await;
    let token = porch.token("attic").await;
    let (ours, earlier) = (format!("/base/hooks/attic/{token}"), format!("/base/webhook/plex?{token}"));
    let deep = "{\"a\":".repeat(200);
    for body in ["", "[]", "7", "hello", "{\"event\":", "payload=[]", deep.as_str()] {
        assert_eq!(porch.post(&ours, body).await.problem(), (400, "unparsable"), "{body}");
        let answer = porch.post(&earlier, body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, r#"{"ok":true}"#), "{body}");
    }
    let (large_json, large) = (format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20)), " ".repeat((5 << 20) + 1));
    for body in [&large_json, &large] {
        assert_eq!(porch.post(&ours, body).await.problem(), (413, "too-large"));
        assert_eq!(porch.post(&earlier, body).await.problem(), (413, "too-large"));
    }
    for method in ["GET", "PUT", "DELETE"] {
        for path in [ours.as_str(), earlier.as_str(), "/base/hooks/attic"] {
            let answer = porch.small.ask_as(None, method, path, None).await;
            assert_eq!((answer.problem(), answer.headers["allow"].as_str()), ((405, "method-not-allowed"), "POST"));
            assert_eq!(answer.json["detail"], "this path takes POST");
            assert!(!answer.text.contains(&token), "{}", answer.text);
        }
    }
    assert_eq!(porch.small.ask_as(None, "HEAD", &ours, None).await.status, 405);
    assert_eq!(porch.basket.take(), Vec::<String>::new());
    assert_eq!(porch.post(&ours, SCROBBLE).await.status, 202);
    porch.small.stop().await;
}

#[actix_web::test]
async fn a_token_is_good_for_twenty_a_second() {
    let porch = Porch::start().await;
    let path = format!("/base/hooks/attic/{}", porch.token("attic").await);
    let count = async |path: &str, status: u16| {
        let mut count = 0;
        for _ in 0..110 {
            count += usize::from(porch.post(path, "{}").await.status == status);
        }
        count
    };
    assert_eq!(count(&path, 202).await, 100);
    let answer = porch.post(&path, "{}").await;
    assert_eq!((answer.problem(), answer.headers["retry-after"].as_str()), ((429, "too-fast"), "1"));
    assert_eq!(count("/base/hooks/attic/wrong", 401).await, 100);
    assert_eq!(count("/base/webhook/plex?wrong", 401).await, 100);
    // Whoever tries wrong tokens does not lock out whoever has the right one.
    assert_eq!(porch.post("/base/webhook/plex?a-token-of-long-ago", SCROBBLE).await.status, 200);
    porch.small.clock.advance(Duration::from_secs(1));
    assert_eq!(count(&path, 202).await, 20);
    porch.small.stop().await;
}

#[actix_web::test]
async fn nothing_is_answered_well_that_was_not_kept() {
    let porch = Porch::start().await;
    let token = porch.token("attic").await;
    for failure in [
        SaveError::Failed(StorageFailure("the disk is full".to_owned())),
        SaveError::Unreachable(AskError::Busy),
        SaveError::Unreachable(AskError::Closed),
    ] {
        *porch.basket.failure.lock().unwrap() = Some(failure);
        for path in [format!("/base/hooks/attic/{token}"), format!("/base/webhook/plex?{token}")] {
            let answer = porch.post(&path, SCROBBLE).await;
            assert_eq!(answer.problem(), (503, "inbox-closed"), "{}", answer.text);
            assert_eq!(answer.headers["retry-after"], "5");
        }
    }
    porch.small.stop().await;
    let small = Small::with(SETTINGS, None).await;
    let answer =
        small.send(TestRequest::post().uri("/base/webhook/plex?a-token-of-long-ago").set_payload(SCROBBLE)).await;
    assert_eq!(answer.problem(), (503, "inbox-closed"));
    small.stop().await;
}

#[actix_web::test]
async fn a_rotated_token_counts_until_the_overlap_is_over() {
    let mut porch = Porch::start().await;
    let first = porch.token("attic").await;
    let path = "/base/api/v1/providers/attic/webhook-token/rotate";
    let rotated = porch.small.ask("POST", &format!("{path}?reveal=1"), None).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let second = rotated.json["webhook_token"].as_str().unwrap().to_owned();
    assert_eq!(rotated.json["rotated_at"], "2026-07-01T20:15:30Z");
    assert_eq!(rotated.json["old_token_until"], "2026-07-02T20:15:30Z");
    assert_eq!(rotated.json["webhook_urls"][0], format!("http://127.0.0.1:8787/base/hooks/attic/{second}"));
    assert!(first != second && porch.token("attic").await == second);
    let status = async |porch: &Porch, token: &str| {
        porch.post(&format!("/base/hooks/attic/{token}"), SCROBBLE).await.status.as_u16()
    };
    porch.small.begin_anew();
    assert_eq!((status(&porch, &first).await, status(&porch, &second).await), (202, 202));
    porch.small.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!((status(&porch, &first).await, status(&porch, &second).await), (401, 202));

    let body = json!({"overlap_hours": 0});
    let masked = porch.small.ask("POST", path, Some(body)).await;
    assert_eq!((&masked.json["webhook_token"], &masked.json["old_token_until"]), (&json!("***"), &json!(null)));
    assert_eq!((status(&porch, &second).await, status(&porch, "a-token-of-long-ago").await), (401, 202));
    assert_eq!(status(&porch, &porch.token("attic").await).await, 202);
    for (path, body, problem) in [
        (path, json!({"overlap_hours": 745}), (400, "bad-body")),
        (path, json!({"overlap_hours": -1}), (400, "bad-body")),
        (path, json!({"hours": 1}), (400, "bad-body")),
        ("/base/api/v1/providers/ledger/webhook-token/rotate", json!({}), (409, "no-webhook")),
        ("/base/api/v1/providers/nobody/webhook-token/rotate", json!({}), (404, "unknown-provider")),
    ] {
        assert_eq!(porch.small.ask("POST", path, Some(body)).await.problem(), problem);
    }
    assert_eq!(porch.small.ask_as(None, "POST", path, None).await.problem(), (401, "unauthorized"));
    porch.small.stop().await;
}

#[actix_web::test]
async fn an_account_shows_its_addresses_and_masks_their_token() {
    let porch = Porch::start().await;
    let request = |query: &str| {
        let request = TestRequest::get().uri(&format!("/base/api/v1/providers/home{query}"));
        porch.small.send(request.insert_header(("x-api-key", "the-key")).insert_header(("host", "tv.local:8787")))
    };
    let masked = request("").await;
    assert_eq!((&masked.json["id"], &masked.json["webhook_token"]), (&json!("home"), &json!("***")));
    let urls = |token: &str| {
        json!([
            format!("http://tv.local:8787/base/hooks/home/{token}"),
            format!("http://tv.local:8787/base/webhook/jellyfin?token={token}"),
            format!("http://tv.local:8787/base/webhook/jellyfintrakt?token={token}"),
            "http://tv.local:8787/base/hooks/home",
        ])
    };
    assert_eq!(masked.json["webhook_urls"], urls("***"));
    let token = porch.token("home").await;
    assert!(token.len() == 32 && !masked.text.contains(&token));
    assert_eq!(request("?reveal=1").await.json["webhook_urls"], urls(&token));
    assert_eq!(request("?reveal=maybe").await.problem(), (400, "bad-query"));
    let tracker = porch.small.get("/base/api/v1/providers/ledger?reveal=1").await;
    assert!(
        tracker.status == 200
            && tracker.json.get("webhook_token").is_none()
            && tracker.json.get("webhook_urls").is_none()
    );
    for path in ["/base/api/v1/providers", "/base/api/v1/config"] {
        let text = porch.small.get(path).await.text;
        assert!(!text.contains(&token) && !text.contains("a-token-of-long-ago"), "{path}");
    }
    porch.small.stop().await;
}

/// Sends these pieces to the server and reads until it closes.
async fn exchange(port: u16, pieces: &[&str]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    for piece in pieces {
        stream.write_all(piece.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    }
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[actix_web::test]
async fn a_body_that_is_cut_off_is_not_kept_and_one_that_drips_is() {
    let porch = Porch::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = serve(porch.small.state.clone(), listener).unwrap();
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);
    let head = "POST /base/hooks/attic/a-token-of-long-ago HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    for (kind, beginning) in
        [("application/json", r#"{"event":"media.sc"#), ("multipart/form-data; boundary=XX", "--XX\r\nConte")]
    {
        let rest = format!("content-type: {kind}\r\ncontent-length: 500\r\n\r\n");
        let answer = exchange(port, &[head, &rest, beginning]).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
        let chunked = format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{beginning}\r\n", beginning.len());
        let answer = exchange(port, &[head, &chunked]).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    assert_eq!(porch.basket.take(), Vec::<String>::new());
    let drops: Vec<String> = SCROBBLE.chars().map(|letter| format!("1\r\n{letter}\r\n")).collect();
    let drops = drops.iter().map(String::as_str);
    let pieces: Vec<&str> =
        [head, "transfer-encoding: chunked\r\n\r\n"].into_iter().chain(drops).chain(["0\r\n\r\n"]).collect();
    let answer = exchange(port, &pieces).await;
    assert!(answer.starts_with("HTTP/1.1 202") && answer.ends_with(r#"{"inbox":1}"#), "{answer}");
    assert_eq!(porch.basket.take(), ["attic Complete The Matrix"]);
    tokio::time::timeout(PATIENCE, handle.stop(true)).await.unwrap();
    tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap().unwrap();
    porch.small.stop().await;
}

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[actix_web::test]
async fn no_token_is_logged_or_answered() {
    let log = Log::default();
    let everything = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(everything.finish());
    let porch = Porch::start().await;
    let token = porch.token("attic").await;
    let mut answers = Vec::new();
    for token in [token.as_str(), "a-token-of-long-ago", "a-wrong-token"] {
        for body in [SCROBBLE, "[]", "{}", r#"{"event":"media.rate","Metadata":{"type":"movie","title":"x"}}"#] {
            answers.push(porch.post(&format!("/base/hooks/attic/{token}"), body).await);
            answers.push(porch.post_with("/base/hooks/attic", ("x-webhook-token", token), body.as_bytes()).await);
            answers.push(porch.post(&format!("/base/webhook/plex?token={token}"), body).await);
            answers.push(porch.post(&format!("/base/hooks/nobody/{token}"), body).await);
        }
        answers.push(porch.small.ask_as(None, "GET", &format!("/base/hooks/attic/{token}"), None).await);
        answers.push(porch.small.ask_as(None, "POST", &format!("/base/hooks/attic/{token}/more"), None).await);
    }
    *porch.basket.failure.lock().unwrap() = Some(SaveError::Unreachable(AskError::Busy));
    answers.push(porch.post(&format!("/base/hooks/attic/{token}"), SCROBBLE).await);
    porch.small.ask("POST", "/base/api/v1/providers/attic/webhook-token/rotate", None).await;
    porch.small.stop().await;
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("a rating without a value") && logged.contains("the webhook token was rotated"),
        "{logged}"
    );
    for token in [token.as_str(), "a-token-of-long-ago", "a-wrong-token"] {
        assert!(!logged.contains(token), "{logged}");
        assert!(answers.iter().all(|answer| !answer.text.contains(token)), "{answers:?}");
    }
}
