//! A plain HTTP client and the scenery that most tests share.

use crosswatch_emulator::{
    EmbyEmulator, EmbyOptions, EmulatorClock, JellyfinEmulator, JellyfinOptions, Library, ManualClock, TraktEmulator,
    TraktOptions,
};
use jiff::Timestamp;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

/// Sends requests with fixed headers.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    headers: Vec<(&'static str, String)>,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn new(base: String, headers: Vec<(&'static str, String)>) -> Self {
        // Only the first installation of the process counts; the others report that it is there already.
        drop(rustls::crypto::ring::default_provider().install_default());
        Self { http: reqwest::Client::builder().no_proxy().build().unwrap(), base, headers }
    }

    /// A Jellyfin client with a token.
    pub(crate) fn jellyfin(emulator: &JellyfinEmulator, token: &str) -> Self {
        let value =
            format!(r#"MediaBrowser Client="Tests", Device="Bench", DeviceId="bench", Version="1.0", Token="{token}""#);
        Self::new(emulator.url(), vec![("authorization", value)])
    }

    /// An Emby client with a token.
    pub(crate) fn emby(emulator: &EmbyEmulator, token: &str) -> Self {
        let about = r#"Emby Client="Tests", Device="Bench", DeviceId="bench", Version="1.0""#;
        let headers = vec![("x-emby-authorization", about.to_owned()), ("x-emby-token", token.to_owned())];
        Self::new(format!("{}/emby", emulator.url()), headers)
    }

    /// A Trakt client with the seeded token of an account.
    pub(crate) fn trakt(emulator: &TraktEmulator, account: &str) -> Self {
        Self::trakt_with_token(emulator, &format!("trakt-access-{account}"))
    }

    pub(crate) fn trakt_with_token(emulator: &TraktEmulator, token: &str) -> Self {
        let headers = vec![
            ("trakt-api-key", "trakt-client".to_owned()),
            ("trakt-api-version", "2".to_owned()),
            ("user-agent", "Tests/1.0".to_owned()),
            ("authorization", format!("Bearer {token}")),
        ];
        Self::new(emulator.url(), headers)
    }

    /// The same client without one header, or with another value of it.
    pub(crate) fn with(&self, name: &'static str, value: Option<&str>) -> Self {
        let mut headers = self.headers.clone();
        headers.retain(|(own, _)| *own != name);
        headers.extend(value.map(|value| (name, value.to_owned())));
        Self { http: self.http.clone(), base: self.base.clone(), headers }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await.unwrap()
    }

    pub(crate) async fn post_nothing(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await.unwrap()
    }

    /// Fails when the connection fails, before or while the answer is read.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        let mut headers = HeaderMap::new();
        if let Some(body) = body {
            headers.insert("content-type", HeaderValue::from_static("application/json"));
            request = request.body(body.to_string());
        }
        for (name, value) in &self.headers {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        let answer = request.headers(headers).send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(Answer { status, headers, text: answer.text().await? })
    }
}

impl Answer {
    /// The body as JSON, after checking that the call succeeded.
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.text);
        self.json()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The instant that a text names.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Noon of 1 November 2026, standing still.
pub(crate) fn clock() -> ManualClock {
    ManualClock::at(at("2026-11-01T12:00:00Z"))
}

/// A small library with all the traps.
pub(crate) fn library() -> Library {
    Library::generate(11, 120, 12)
}

/// A Jellyfin with the small library and its usual users.
pub(crate) fn jellyfin(clock: &ManualClock) -> JellyfinEmulator {
    JellyfinEmulator::start(JellyfinOptions::new(EmulatorClock::from(clock.clone()), library())).unwrap()
}

/// An Emby with the small library and its usual users.
pub(crate) fn emby(clock: &ManualClock) -> EmbyEmulator {
    EmbyEmulator::start(EmbyOptions::new(EmulatorClock::from(clock.clone()), library())).unwrap()
}

/// A Trakt that knows the small library and has the account anna.
pub(crate) fn trakt(clock: &ManualClock) -> TraktEmulator {
    TraktEmulator::start(TraktOptions::new(EmulatorClock::from(clock.clone()), library())).unwrap()
}

/// The token a Jellyfin user has from the start.
pub(crate) fn token(user: &str) -> String {
    crosswatch_emulator::JellyfinUser::member(user).token
}
