//! Notices to people: ntfy, Discord, Gotify, a webhook of any kind, Apprise.
//!
//! One notice is one request, sent once. Addresses hold secrets (a topic, a webhook key), so errors name the host only.

use std::{rc::Rc, sync::Arc};

use crosswatch_port::{
    Budget, Cache, Clock, Entropy, Fault, LocalFuture, Notice, NoticeKind, RequestKind, Sink, Vault, Verdict,
};
use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderName},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{
    http::{Call, HttpClient, Shown, base_url, below, secret_value},
    ports::Ports,
};

/// A service that brings notices to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyKind {
    /// A topic at ntfy.sh or a server of one's own.
    Ntfy,
    /// A webhook of a Discord channel.
    Discord,
    /// A Gotify server; the token is the app's.
    Gotify,
    /// Anything that takes JSON.
    Webhook,
    /// An Apprise API server.
    Apprise,
}

/// Where notices go.
#[derive(Debug, Clone)]
pub struct NotifyOptions {
    /// The service.
    pub kind: NotifyKind,
    /// The address, which may hold secrets.
    pub url: SecretString,
    /// A token, where the service wants one beside its address.
    pub token: Option<SecretString>,
    /// Whether the server's certificate must be trusted.
    pub verify_tls: bool,
    /// Where people reach us, without a slash at the end: what a notice is about is linked below it.
    pub links_below: String,
}

struct HttpSink {
    http: HttpClient,
    kind: NotifyKind,
    url: Url,
    token: Option<SecretString>,
    links_below: String,
}

/// Prepares a channel. Nothing is sent yet.
pub fn open(options: &NotifyOptions, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Rc<dyn Sink>, Fault> {
    let text = options.url.expose_secret();
    let mut url = base_url(text)?;
    url.set_query(Url::parse(text.trim()).ok().as_ref().and_then(Url::query));
    if options.kind == NotifyKind::Ntfy && split_topic(&url).is_none() {
        return Err(Fault::Rejected("the ntfy url names no topic; write it as https://ntfy.sh/my-topic".into()));
    }
    let ports =
        Ports { clock, entropy, budget: Rc::new(Unlimited), vault: Rc::new(Unlimited), cache: Rc::new(Unlimited) };
    Ok(Rc::new(HttpSink {
        http: HttpClient::new(ports, options.verify_tls)?,
        kind: options.kind,
        url,
        token: options.token.clone(),
        links_below: options.links_below.clone(),
    }))
}

impl Sink for HttpSink {
    fn deliver<'a>(&'a self, notice: &'a Notice) -> LocalFuture<'a, Result<(), Fault>> {
        Box::pin(async move { self.http.send(&self.call(notice)?).await?.success().map(drop) })
    }
}

impl HttpSink {
    fn call(&self, notice: &Notice) -> Result<Call, Fault> {
        let link = format!("{}{}", self.links_below, notice.path);
        let (url, body) = match self.kind {
            NotifyKind::Ntfy => self.ntfy(notice, &link),
            NotifyKind::Discord => (self.url.clone(), discord(notice, &link)),
            NotifyKind::Gotify => (
                self.beside("/message"),
                json!({
                    "title": notice.title, "message": notice.body, "priority": gotify_priority(notice.kind),
                    "extras": { "client::notification": { "click": { "url": link } } },
                }),
            ),
            NotifyKind::Webhook => (
                self.url.clone(),
                json!({
                    "kind": notice.kind.as_str(), "title": notice.title, "body": notice.body, "link": link,
                    "source": "crosswatch",
                }),
            ),
            NotifyKind::Apprise => (
                self.url.clone(),
                json!({
                    "title": notice.title, "body": format!("{}\n{link}", notice.body), "type": apprise_type(notice.kind),
                }),
            ),
        };
        let call = Call::write(Method::POST, url).any_body().shows(Shown::Host).json(&body)?;
        let Some(token) = &self.token else { return Ok(call) };
        let token = token.expose_secret().trim();
        if self.kind == NotifyKind::Gotify {
            return Ok(call.header(HeaderName::from_static("x-gotify-key"), secret_value(token, "the token")?));
        }
        Ok(call.header(AUTHORIZATION, secret_value(&format!("Bearer {token}"), "the token")?))
    }

    /// ntfy takes JSON at its root and the topic in the body, so that titles may hold any character.
    fn ntfy(&self, notice: &Notice, link: &str) -> (Url, Value) {
        let (root, topic) = split_topic(&self.url).unwrap_or_default();
        let mut url = self.url.clone();
        url.set_path(&root);
        let priority = if notice.kind == NoticeKind::Held { 3 } else { 4 };
        let body = json!({
            "topic": topic, "title": notice.title, "message": notice.body, "priority": priority,
            "tags": [notice.kind.as_str()], "click": link,
        });
        (url, body)
    }

    fn beside(&self, path: &str) -> Url {
        if self.url.path().ends_with(path) { self.url.clone() } else { below(&self.url, path) }
    }
}

/// The path above the topic, and the topic.
fn split_topic(url: &Url) -> Option<(String, String)> {
    let (root, topic) = url.path().trim_end_matches('/').rsplit_once('/')?;
    if topic.is_empty() { None } else { Some((format!("{root}/"), topic.to_owned())) }
}

/// Discord takes 2000 characters; nobody is mentioned whatever a title holds.
fn discord(notice: &Notice, link: &str) -> Value {
    let link = format!("\n{link}");
    let room = 2000_usize.saturating_sub(link.chars().count());
    let told: String = format!("**{}**\n{}", notice.title, notice.body).chars().take(room).collect();
    let content = told + &link;
    json!({ "content": content, "allowed_mentions": { "parse": [] } })
}

const fn gotify_priority(kind: NoticeKind) -> u8 {
    match kind {
        NoticeKind::Held => 4,
        NoticeKind::Failed | NoticeKind::Auth | NoticeKind::Silent => 7,
    }
}

const fn apprise_type(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Held => "info",
        NoticeKind::Silent => "warning",
        NoticeKind::Failed | NoticeKind::Auth => "failure",
    }
}

/// Notices are few and need neither a budget nor a vault.
struct Unlimited;

impl Budget for Unlimited {
    fn take(&self, _: RequestKind) -> LocalFuture<'_, Result<(), Fault>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn report(&self, _: Verdict) {}
}

impl Vault for Unlimited {
    fn load<'a>(&'a self, _: &'a str) -> LocalFuture<'a, Result<Option<SecretString>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn save<'a>(&'a self, _: &'a str, _: SecretString) -> LocalFuture<'a, Result<(), Fault>> {
        let fault = Fault::Rejected("notices keep no secrets of their own".into());
        Box::pin(std::future::ready(Err(fault)))
    }
}

impl Cache for Unlimited {
    fn recall<'a>(&'a self, _: &'a str) -> LocalFuture<'a, Result<Option<Vec<u8>>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn keep<'a>(&'a self, _: &'a str, _: Vec<u8>) -> LocalFuture<'a, Result<(), Fault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{House, Reply, Server, run};

    const TITLE: &str = "12 removals wait – home";
    const TEXT: &str = "Look at them and approve.";
    const LINK: &str = "https://home/cw/api/v1/held";

    async fn deliver(kind: NotifyKind, path: &str, token: Option<&str>, reply: Reply) -> (Server, Result<(), Fault>) {
        let (house, server) = (House::new(), Server::scripted(vec![reply]).await);
        let options = NotifyOptions {
            kind,
            url: format!("{}{path}", server.url).into(),
            token: token.map(SecretString::from),
            verify_tls: true,
            links_below: "https://home/cw".to_owned(),
        };
        let ports = house.ports();
        let sink = open(&options, ports.clock, ports.entropy).unwrap();
        let path = "/api/v1/held".into();
        let notice = Notice { kind: NoticeKind::Held, title: TITLE.into(), body: TEXT.into(), path };
        let delivered = sink.deliver(&notice).await;
        (server, delivered)
    }

    async fn check(kind: NotifyKind, path: &str, line: &str, body: Value) {
        let (server, delivered) = deliver(kind, path, None, Reply::status(204, "")).await;
        assert_eq!(delivered, Ok(()), "{kind:?}");
        let seen = &server.seen()[0];
        assert_eq!((seen.line.as_str(), seen.json()), (line, body), "{kind:?}");
    }

    #[test]
    fn every_service_gets_its_own_form() {
        run(async {
            let ntfy = json!({ "topic": "my-topic", "title": TITLE, "message": TEXT, "priority": 3, "tags": ["held"], "click": LINK });
            check(NotifyKind::Ntfy, "/base/my-topic", "POST /base/", ntfy).await;
            let discord =
                json!({ "content": format!("**{TITLE}**\n{TEXT}\n{LINK}"), "allowed_mentions": { "parse": [] } });
            check(NotifyKind::Discord, "/api/webhooks/1/key", "POST /api/webhooks/1/key", discord).await;
            let gotify = json!({ "title": TITLE, "message": TEXT, "priority": 4, "extras": { "client::notification": { "click": { "url": LINK } } } });
            check(NotifyKind::Gotify, "/", "POST /message", gotify.clone()).await;
            check(NotifyKind::Gotify, "/message?token=x", "POST /message?token=x", gotify).await;
            let webhook = json!({ "kind": "held", "title": TITLE, "body": TEXT, "link": LINK, "source": "crosswatch" });
            check(NotifyKind::Webhook, "/hook?key=1", "POST /hook?key=1", webhook).await;
            let apprise = json!({ "title": TITLE, "body": format!("{TEXT}\n{LINK}"), "type": "info" });
            check(NotifyKind::Apprise, "/notify/key", "POST /notify/key", apprise).await;
        });
    }

    #[test]
    fn tokens_go_into_headers_and_never_into_errors() {
        run(async {
            for (kind, header) in [(NotifyKind::Gotify, "x-gotify-key"), (NotifyKind::Ntfy, "authorization")] {
                let (server, delivered) =
                    deliver(kind, "/secret-topic?auth=hunter2", Some("hunter2"), Reply::status(403, "")).await;
                assert!(server.seen()[0].headers[header].ends_with("hunter2"));
                let text = delivered.unwrap_err().to_string();
                assert!(
                    !text.contains("hunter2") && !text.contains("secret-topic") && text.contains("127.0.0.1"),
                    "{text}"
                );
            }
        });
    }

    #[test]
    fn a_topic_is_needed() {
        let house = House::new();
        let options = NotifyOptions {
            kind: NotifyKind::Ntfy,
            url: "https://ntfy.sh/".into(),
            token: None,
            verify_tls: true,
            links_below: String::new(),
        };
        let ports = house.ports();
        assert!(open(&options, ports.clock, ports.entropy).is_err());
    }
}
