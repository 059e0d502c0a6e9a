//! A measured house: emulated Jellyfin and Trakt of a size, and the release binary over them.

use std::{
    fs, io,
    net::TcpListener,
    time::{Duration, SystemTime},
};

use crosswatch_emulator::{
    EmulatorClock, JellyfinEmulator, JellyfinOptions, JellyfinUser, Library, TraktAccount, TraktEmulator, TraktOptions,
    UserActivity,
};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::child::{Service, binary};

type Failure = Box<dyn std::error::Error>;

const KEY: &str = "a-key-for-the-benchmark-only-0123456789";
const RUN_DEADLINE: Duration = Duration::from_secs(900);

/// What one run cost.
pub(crate) struct Measured {
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) peak_mib: f64,
    pub(crate) jellyfin_requests: usize,
    pub(crate) trakt_requests: usize,
    pub(crate) written: u64,
}

/// Emulated services and the binary over them.
pub(crate) struct House {
    pub(crate) ready_ms: u128,
    jellyfin: JellyfinEmulator,
    trakt: TraktEmulator,
    service: Service,
    api: String,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl House {
    /// Starts everything with so many watched items.
    pub(crate) async fn start(size: usize) -> Result<Self, Failure> {
        let clock = EmulatorClock::new(wall_clock);
        let library = if size == 0 { Library::empty() } else { Library::sized(7, size) };
        let activity = UserActivity::everything(7, &library, wall_clock());
        let jellyfin = JellyfinEmulator::start(JellyfinOptions {
            users: vec![JellyfinUser::administrator("anna").with_activity(activity)],
            ..JellyfinOptions::new(clock.clone(), library.clone())
        })?;
        let trakt = TraktEmulator::start(TraktOptions {
            accounts: vec![TraktAccount::new("anna")],
            ..TraktOptions::new(clock, library)
        })?;
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = folder.path().join("crosswatch.toml");
        fs::write(
            &config,
            configuration(port, &jellyfin.url(), &trakt.url(), &folder.path().join("data").display().to_string()),
        )?;
        let binary = binary()?;
        let started = Instant::now();
        let service = Service::start(&binary, &config)?;
        let api = format!("http://127.0.0.1:{port}");
        let client = reqwest::Client::builder().timeout(RUN_DEADLINE).build()?;
        wait_until_ready(&client, &api, started).await?;
        Ok(Self { ready_ms: started.elapsed().as_millis(), jellyfin, trakt, service, api, client, _folder: folder })
    }

    /// Memory once start-up work is over, in MiB.
    pub(crate) async fn settled_memory_mib(&self) -> io::Result<f64> {
        tokio::time::sleep(Duration::from_secs(3)).await;
        self.service.memory_mib()
    }

    /// Runs a pair and measures it.
    pub(crate) async fn run(&self, pair: &str) -> Result<Measured, Failure> {
        self.jellyfin.log().clear();
        self.trakt.log().clear();
        self.service.forget_peak()?;
        let (cpu_before, started) = (self.service.cpu_s()?, Instant::now());
        let run = self.run_to_the_end(pair).await?;
        let state = run.get("state").and_then(Value::as_str).unwrap_or("unknown");
        if state != "succeeded" {
            return Err(format!("{pair} ended as {state}: {}", run.get("sentence").unwrap_or(&Value::Null)).into());
        }
        Ok(Measured {
            wall_s: started.elapsed().as_secs_f64(),
            cpu_s: self.service.cpu_s()? - cpu_before,
            peak_mib: self.service.peak_mib()?,
            jellyfin_requests: self.jellyfin.log().len(),
            trakt_requests: self.trakt.log().len(),
            written: writes_of(&run),
        })
    }

    /// Runs a pair once to settle it, then measures the second run.
    pub(crate) async fn run_twice(&self, pair: &str) -> Result<Measured, Failure> {
        self.run(pair).await?;
        self.run(pair).await
    }

    async fn run_to_the_end(&self, pair: &str) -> Result<Value, Failure> {
        let url = format!("{}/api/v1/pairs/{pair}/run?wait=120", self.api);
        let answer = self.client.post(url).header("X-Api-Key", KEY).json(&serde_json::json!({})).send().await?;
        let mut run: Value = answer.error_for_status()?.json().await?;
        let deadline = Instant::now() + RUN_DEADLINE;
        while run.get("finished_at").is_none_or(Value::is_null) && Instant::now() < deadline {
            let id = run.get("id").and_then(Value::as_str).ok_or("the run has no id")?;
            tokio::time::sleep(Duration::from_millis(200)).await;
            let url = format!("{}/api/v1/runs/{id}", self.api);
            run = self.client.get(url).header("X-Api-Key", KEY).send().await?.error_for_status()?.json().await?;
        }
        Ok(run)
    }

    /// Anna watches ten films that are new on the server.
    pub(crate) fn watch_ten_more(&self) -> Result<(), Failure> {
        let mut jellyfin = self.jellyfin.state();
        let watched: Vec<_> =
            jellyfin.played("anna").map_err(|_| "no such user")?.into_iter().map(|(item, _)| item).take(10).collect();
        for item in &watched {
            jellyfin.set_unplayed("anna", *item).map_err(|_| "no such item")?;
        }
        drop(jellyfin);
        let mut trakt = self.trakt.state();
        let account = trakt.account_mut("anna").map_err(|_| "no such account")?;
        // The plays of ten items are taken back at both ends, then watched anew at the server.
        let plays: Vec<i64> = account.plays().into_iter().take(10).map(|play| play.event_id).collect();
        for play in plays {
            account.remove_play(play);
        }
        drop(trakt);
        let mut jellyfin = self.jellyfin.state();
        for item in watched {
            jellyfin.set_played("anna", item, wall_clock()).map_err(|_| "no such item")?;
        }
        Ok(())
    }

    /// Stops everything.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        self.service.stop()?;
        self.jellyfin.stop();
        self.trakt.stop();
        Ok(())
    }
}

async fn wait_until_ready(client: &reqwest::Client, api: &str, started: Instant) -> Result<(), Failure> {
    while started.elapsed() < Duration::from_secs(30) {
        let answer = client.get(format!("{api}/readyz")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Err("the service did not become ready".into())
}

fn writes_of(run: &Value) -> u64 {
    let features = run.get("features").and_then(Value::as_object);
    let of = |feature: &Value| {
        ["adds", "updates", "removes"].iter().filter_map(|key| feature.get(key).and_then(Value::as_u64)).sum::<u64>()
    };
    features.map_or(0, |features| features.values().map(of).sum())
}

#[allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn wall_clock() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn configuration(port: u16, jellyfin: &str, trakt: &str, folder: &str) -> String {
    let pair = |source: &str, target: &str| {
        format!(
            "\n[[pair]]\nid = \"{source}-to-{target}\"\nsource = \"{source}\"\ntarget = \"{target}\"\nschedule = \"manual\"\n\
             [pair.history]\n[pair.ratings]\n[pair.watchlist]\n"
        )
    };
    format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\napi_key = \"{KEY}\"\n\n[data]\ndir = \"{folder}\"\n\n[log]\nlevel = \"warn\"\n\n\
         [[provider]]\nid = \"jellyfin\"\nkind = \"jellyfin\"\nurl = \"{jellyfin}\"\ntoken = \"jellyfin-api-key\"\nuser = \"anna\"\n\n\
         [[provider]]\nid = \"trakt\"\nkind = \"trakt\"\nurl = \"{trakt}\"\nauth_url = \"{trakt}\"\nclient_id = \"trakt-client\"\n\
         client_secret = \"trakt-secret\"\naccess_token = \"trakt-access-anna\"\nrefresh_token = \"trakt-refresh-anna\"\n\n\
         [[provider]]\nid = \"ledger\"\nkind = \"tracker\"\n{}{}{}",
        pair("jellyfin", "ledger"),
        pair("jellyfin", "trakt"),
        pair("trakt", "ledger"),
    )
}
