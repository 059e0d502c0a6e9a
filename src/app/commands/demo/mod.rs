//! `crosswatch demo`: emulated servers, a service over them, and first runs to look at. No account, no network.
//!
//! Everything is real but the servers: the same configuration file, the same store, the same API. The emulated media
//! servers hold somebody's six years of films and shows; the emulated accounts at trackers begin empty.

mod folder;
mod world;

use std::{collections::BTreeMap, sync::Arc};

use crosswatch_model::PairId;
use crosswatch_settings::{Log, LogFormat, LogLevel, Settings};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::{
    answer::Run,
    api_key,
    cli::DemoArguments,
    client::Api,
    commands::{run, serve},
    configuration,
    exit::{Exit, Failure},
    output::{self, style::Style, words},
    service::{Service, Start},
    stop_signal::StopSignal,
    storage,
    telemetry::{self, Audience},
};

use self::{folder::Folder, world::World};

/// Builds the world, runs every pair, and stays until it is told to stop.
pub(crate) async fn run(arguments: DemoArguments) -> Result<Exit, Failure> {
    telemetry::start(Log { level: LogLevel::Info, format: LogFormat::Text }, Audience::Person);
    let mut signal = StopSignal::listen()?;
    let folder = Folder::prepare(arguments.data.as_deref())?;
    let world = tokio::task::spawn_blocking(World::start)
        .await
        .map_err(|error| Failure::failed(format!("the emulated servers could not be started: {error}")))??;
    let listener = serve::bind(([127, 0, 0, 1], arguments.port).into())?;
    let address = listener.local_addr().map_err(|error| Failure::failed(format!("the socket is gone: {error}")))?;
    folder.write_configuration(&world.configuration(address, &folder.data_dir()))?;
    let settings = configuration::load_from(Some(folder.configuration()), BTreeMap::new())?;
    let start = Start {
        ledger: storage::open_alone(&settings.storage.dir)?,
        listener,
        api_key: api_key::load_or_make(&settings)?,
        settings: Arc::clone(&settings),
        follows_schedules: true,
        config_file: None,
    };
    let key = start.api_key.clone();
    let service = Service::start(start).await?;
    let api = service.api()?;
    let show = async {
        let first = once(&api, &settings).await?;
        output::say(&format!("\nURL: {}\nAPI key: {}", service.url(), key.expose_secret()))?;
        if arguments.once {
            return again(&api, &settings, first).await;
        }
        invite(&folder)?;
        std::future::pending().await
    };
    let result = tokio::select! {
        result = show => result,
        name = signal.next() => {
            tracing::debug!("{name}");
            if arguments.once { Err(Failure::stopped()) } else { Ok(Exit::Done) }
        }
        failure = service.storage_failure() => Err(failure),
    };
    signal.make_next_one_final();
    service.stop().await;
    // Their threads end before the folder goes.
    drop(tokio::task::spawn_blocking(move || drop(world)).await);
    folder.leave()?;
    result
}

/// Runs every pair once and tells what happened.
async fn once(api: &Api, settings: &Settings) -> Result<Exit, Failure> {
    let (runs, exit) = run_all(api, settings).await?;
    output::say(&happened(&runs, exit))?;
    Ok(exit)
}

/// Runs every pair once more. This time there must be nothing left to do.
async fn again(api: &Api, settings: &Settings, first: Exit) -> Result<Exit, Failure> {
    output::say("\nOnce more, to see that a second run finds nothing to do:\n")?;
    let (runs, second) = run_all(api, settings).await?;
    let wanted: u64 = runs.iter().map(|run| run.total(crate::answer::FeatureCounts::wanted)).sum();
    if wanted > 0 {
        output::warn(&format!("the second runs still wanted {}", words::counted(wanted, "change", "changes")));
    }
    // What an account refused for good is told and left alone; it does not make the second runs any less quiet.
    let is_quiet = wanted == 0 && matches!(first, Exit::Done | Exit::Partial) && second == Exit::Done;
    Ok(if is_quiet { Exit::Done } else { Exit::Failed })
}

async fn run_all(api: &Api, settings: &Settings) -> Result<(Vec<Run>, Exit), Failure> {
    let mut runs = Vec::with_capacity(settings.pairs.len());
    let mut exit = Exit::Done;
    for pair in &settings.pairs {
        let run = run_one(api, &pair.id).await?;
        output::say_text(&format!("{}\n", run::text(&run, Style::of_stdout())))?;
        exit = exit.worse(Exit::of_run_state(&run.state));
        runs.push(run);
    }
    Ok((runs, exit))
}

async fn run_one(api: &Api, pair: &PairId) -> Result<Run, Failure> {
    let answer = run::to_its_end(api, pair, &json!({ "queue": true })).await?;
    Ok(api.read(answer)?)
}

/// Two sentences about the first runs.
fn happened(runs: &[Run], exit: Exit) -> String {
    let adds = |feature: &str| -> u64 {
        runs.iter().filter_map(|run| run.features.get(feature)).map(|counts| counts.adds).sum()
    };
    let requests: u64 = runs.iter().flat_map(|run| run.requests.values()).sum();
    let carried = format!(
        "{}, {} and {} were carried between emulated media servers, the ledger and emulated trackers, with {} in all.",
        words::counted(adds("history"), "play", "plays"),
        words::counted(adds("ratings"), "rating", "ratings"),
        words::counted(adds("watchlist"), "watchlist entry", "watchlist entries"),
        words::counted(requests, "request", "requests"),
    );
    let rest = match exit {
        Exit::Done => "Each write was confirmed, and running the pairs again changes nothing.",
        Exit::Held => "Some of it waits for approval.",
        Exit::Partial => {
            "What an account refused is told above with its number; running the pairs again changes nothing."
        }
        _ => "Not everything could be done; the lines above say what was left.",
    };
    format!("{carried} {rest}")
}

fn invite(folder: &Folder) -> Result<(), Failure> {
    let program = std::env::current_exe().map_or_else(|_| "crosswatch".to_owned(), |path| path.display().to_string());
    let configuration = folder.configuration();
    let configuration = configuration.display();
    output::say(&format!(
        "\nRun a pair again from another terminal:\n  {program} --config {configuration} run jellyfin-to-trakt --wait\n\
         Ctrl-C ends the demo{}.",
        if folder.is_kept() { "; its files stay" } else { " and removes its files" }
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sentences_say_what_happened() {
        let run = |pair: &str, requests| -> Run {
            serde_json::from_value(json!({
                "id": "r", "pair": pair, "state": "succeeded", "requests": requests,
                "features": {"history": {"adds": 5231}, "ratings": {"adds": 1}, "watchlist": {"adds": 140}},
            }))
            .unwrap()
        };
        let runs = [
            run("jellyfin-to-ledger", json!({"jellyfin": 20})),
            run("jellyfin-to-trakt", json!({"jellyfin": 20, "trakt": 61})),
        ];
        assert_eq!(
            happened(&runs, Exit::Done),
            "10 462 plays, 2 ratings and 280 watchlist entries were carried between emulated media servers, the ledger and \
             emulated trackers, with 101 requests in all. Each write was confirmed, and running the pairs again changes nothing."
        );
    }
}
