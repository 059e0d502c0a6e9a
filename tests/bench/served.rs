//! The release binary over a configuration, asked by HTTP and measured run by run.

use std::{fs, io, net::TcpListener, time::Duration};

use serde_json::Value;
use tokio::time::Instant;

use crate::child::{Service, binary};

pub(crate) type Failure = Box<dyn std::error::Error>;

const KEY: &str = "a-key-for-the-benchmark-only-0123456789";
const RUN_DEADLINE: Duration = Duration::from_secs(900);

/// What one run cost the binary.
pub(crate) struct Cost {
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) peak_mib: f64,
    pub(crate) written: u64,
}

/// A service that runs.
pub(crate) struct Served {
    pub(crate) ready_ms: u128,
    service: Service,
    api: String,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Served {
    /// Starts it with these accounts and pairs.
    pub(crate) async fn start(sections: &str) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = folder.path().join("crosswatch.toml");
        let data = folder.path().join("data").display().to_string();
        let preamble = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\napi_key = \"{KEY}\"\n\n[data]\ndir = \"{data}\"\n\n[log]\nlevel = \"warn\"\n\n"
        );
        fs::write(&config, preamble + sections)?;
        let binary = binary()?;
        let started = Instant::now();
        let service = Service::start(&binary, &config)?;
        let api = format!("http://127.0.0.1:{port}");
        let client = reqwest::Client::builder().timeout(RUN_DEADLINE).build()?;
        wait_until_ready(&client, &api, started).await?;
        Ok(Self { ready_ms: started.elapsed().as_millis(), service, api, client, _folder: folder })
    }

    /// Memory once start-up work is over, in MiB.
    pub(crate) async fn settled_memory_mib(&self) -> io::Result<f64> {
        tokio::time::sleep(Duration::from_secs(3)).await;
        self.service.memory_mib()
    }

    /// Runs a pair and measures it.
    pub(crate) async fn run(&self, pair: &str) -> Result<Cost, Failure> {
        self.service.forget_peak()?;
        let (cpu_before, started) = (self.service.cpu_s()?, Instant::now());
        let run = self.run_to_the_end(pair).await?;
        let state = run.get("state").and_then(Value::as_str).unwrap_or("unknown");
        if state != "succeeded" {
            return Err(format!("{pair} ended as {state}: {}", run.get("sentence").unwrap_or(&Value::Null)).into());
        }
        Ok(Cost {
            wall_s: started.elapsed().as_secs_f64(),
            cpu_s: self.service.cpu_s()? - cpu_before,
            peak_mib: self.service.peak_mib()?,
            written: writes_of(&run),
        })
    }

    /// Posts to a path that takes no key.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<(), Failure> {
        let answer = self.client.post(format!("{}{path}", self.api)).json(body).send().await?;
        answer.error_for_status()?.bytes().await?;
        Ok(())
    }

    /// Asks the API.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let answer = self.client.get(format!("{}{path}", self.api)).header("X-Api-Key", KEY).send().await?;
        Ok(answer.error_for_status()?.json().await?)
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

    /// Stops it.
    pub(crate) fn stop(self) -> io::Result<()> {
        self.service.stop()
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
