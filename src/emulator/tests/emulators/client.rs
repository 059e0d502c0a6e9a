//! A plain HTTP client and the scenery that most tests share.

use crosswatch_emulator::{
    EmbyEmulator, EmbyOptions, EmulatorClock, JellyfinEmulator, JellyfinOptions, Library, ManualClock, MdblistEmulator,
    MdblistOptions, PlexEmulator, PlexOptions, PlexUser, SimklEmulator, SimklOptions, TraktEmulator, TraktOptions,
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

    /// A SIMKL client with the seeded token of an account. Every path has to carry [`SIMKL_QUERY`].
    pub(crate) fn simkl(emulator: &SimklEmulator, account: &str) -> Self {
        Self::simkl_with_token(emulator, &format!("simkl-access-{account}"))
    }

    pub(crate) fn simkl_with_token(emulator: &SimklEmulator, token: &str) -> Self {
        let headers = vec![("user-agent", "Tests/1.0".to_owned()), ("authorization", format!("Bearer {token}"))];
        Self::new(emulator.url(), headers)
    }

    /// A Plex client at one of the hosts, with the token a user has from the start, or with none.
    pub(crate) fn plex(base: String, user: Option<&str>) -> Self {
        let mut headers =
            vec![("accept", "application/json".to_owned()), ("x-plex-client-identifier", "bench".to_owned())];
        headers.extend(user.map(|user| ("x-plex-token", PlexUser::token_of(user))));
        Self::new(base, headers)
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

    /// An MDBList client with the seeded token of an account.
    pub(crate) fn mdblist(emulator: &MdblistEmulator, account: &str) -> Self {
        Self::new(emulator.url(), vec![("authorization", format!("Bearer mdblist-access-{account}"))])
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

    pub(crate) async fn put(&self, path: &str) -> Answer {
        self.send(Method::PUT, path, None).await.unwrap()
    }

    pub(crate) async fn post_nothing(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await.unwrap()
    }

    pub(crate) async fn post_form(&self, path: &str, form: &str) -> Answer {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.unwrap() }
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

/// A Plex with the small library that anna owns and ben may use.
pub(crate) fn plex(clock: &ManualClock) -> PlexEmulator {
    PlexEmulator::start(PlexOptions::new(EmulatorClock::from(clock.clone()), library())).unwrap()
}

/// An Emby with the small library and its usual users.
pub(crate) fn emby(clock: &ManualClock) -> EmbyEmulator {
    EmbyEmulator::start(EmbyOptions::new(EmulatorClock::from(clock.clone()), library())).unwrap()
}

/// A Trakt that knows the small library and has the account anna.
pub(crate) fn trakt(clock: &ManualClock) -> TraktEmulator {
    TraktEmulator::start(TraktOptions::new(EmulatorClock::from(clock.clone()), library())).unwrap()
}

/// An MDBList that knows the small library and has the account anna, whose token lives for a hundred days.
pub(crate) fn mdblist(clock: &ManualClock) -> MdblistEmulator {
    let options = MdblistOptions::new(EmulatorClock::from(clock.clone()), library());
    MdblistEmulator::start(MdblistOptions { token_lifetime_s: 100 * 24 * 3600, ..options }).unwrap()
}

/// What SIMKL wants in the query of every request.
pub(crate) const SIMKL_QUERY: &str = "client_id=simkl-client&app-name=tests&app-version=1.0";

/// A path with what SIMKL wants in its query.
pub(crate) fn simkl_path(path: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}{SIMKL_QUERY}")
}

/// A SIMKL that knows the small library and has the account anna.
pub(crate) fn simkl(clock: &ManualClock) -> SimklEmulator {
    SimklEmulator::start(SimklOptions::new(EmulatorClock::from(clock.clone()), library())).unwrap()
}

/// The token a Jellyfin user has from the start.
pub(crate) fn token(user: &str) -> String {
    crosswatch_emulator::JellyfinUser::member(user).token
}
