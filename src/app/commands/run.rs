//! `crosswatch run PAIR`: runs a pair now.

use std::sync::Arc;

use crosswatch_model::{Feature, PairId};
use crosswatch_settings::Settings;
use serde_json::{Map, Value, json};

use crate::{
    answer::{FeatureCounts, Run},
    cli::{self, RunArguments},
    client::{Api, Followed},
    commands::pair,
    exit::{Exit, Failure},
    output::{
        self, json,
        style::Style,
        table::{self, Table},
        words,
    },
    session::Session,
};

/// Runs the pair; waits for the end where asked to or where nobody else would.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &RunArguments) -> Result<Exit, Failure> {
    let id = pair(settings, &arguments.pair)?.id.clone();
    let session = Session::open(settings).await?;
    let waits = arguments.wait || session.is_own();
    let request = request(arguments);
    session
        .finish(async |session: &Session| {
            if waits {
                let run = to_its_end(session.api(), &id, &request).await?;
                report(session.api(), &run, arguments.json)
            } else {
                let started = session.api().post(&format!("/api/v1/pairs/{id}/run"), &request).await?;
                announce(session.api(), &started, arguments.json)
            }
        })
        .await
}

/// Asks for a run, shows its progress, and answers the run once it is over.
pub(crate) async fn to_its_end(api: &Api, pair: &PairId, request: &Value) -> Result<Value, Failure> {
    let follower = api.follower(pair.as_str()).await;
    let started = api.post(&format!("/api/v1/pairs/{pair}/run"), request).await?;
    let run: Run = api.read(started)?;
    Ok(follower.follow(Followed::Run, &run.id).await?)
}

fn request(arguments: &RunArguments) -> Value {
    // A pair that is running finishes first; then exactly one more run follows.
    let mut request = Map::from_iter([("queue".to_owned(), json!(true))]);
    if let Some(features) = cli::chosen(&arguments.features) {
        request.insert("features".to_owned(), features.iter().map(Feature::as_str).collect());
    }
    for (key, wanted) in [("dry_run", arguments.dry_run), ("approve_held", arguments.approve_held)] {
        if wanted {
            request.insert(key.to_owned(), json!(true));
        }
    }
    Value::Object(request)
}

fn announce(api: &Api, started: &Value, as_json: bool) -> Result<Exit, Failure> {
    if as_json {
        json::print(started)?;
        return Ok(Exit::Done);
    }
    let run: Run = api.read(started.clone())?;
    output::say(&format!("Run {} was asked for. `crosswatch runs --pair {}` shows how it ends.", run.id, run.pair))?;
    Ok(Exit::Done)
}

/// Prints how a run ended.
pub(crate) fn report(api: &Api, answer: &Value, as_json: bool) -> Result<Exit, Failure> {
    let run: Run = api.read(answer.clone())?;
    if as_json {
        json::print(answer)?;
    } else {
        output::say_text(&text(&run, Style::of_stdout()))?;
    }
    Ok(Exit::of_run_state(&run.state))
}

/// The run as people read it.
pub(crate) fn text(run: &Run, style: Style) -> String {
    let how = if run.is_dry { " (dry run, nothing was written)" } else { "" };
    let mut lines =
        vec![format!("{}: {}{how}{}", run.pair, style.bold(&run.state), length(run)), table::harmless(&run.sentence)];
    let error = run.error.as_ref().map(|error| error.detail.as_str());
    lines.extend(error.filter(|detail| !detail.is_empty() && *detail != run.sentence).map(table::harmless));
    if !run.features.is_empty() {
        lines.extend([String::new(), counts(&run.features, style).trim_end().to_owned()]);
    }
    if !run.requests.is_empty() {
        let sent = run.requests.iter().map(|(account, sent)| format!("{account} {}", words::count(*sent)));
        lines.extend([String::new(), format!("Requests: {}", sent.collect::<Vec<_>>().join(", "))]);
    }
    lines.push(String::new());
    lines.join("\n")
}

fn length(run: &Run) -> String {
    let (Some(started), Some(finished)) = (run.started_at, run.finished_at) else { return String::new() };
    let ms = finished.as_millisecond().saturating_sub(started.as_millisecond());
    format!(" in {}", words::length(u64::try_from(ms).unwrap_or(0)))
}

/// Counts per feature as a table.
pub(crate) fn counts<'a>(features: impl IntoIterator<Item = (&'a String, &'a FeatureCounts)>, style: Style) -> String {
    let mut table = Table::new(&[
        table::text("feature", 12),
        table::number("add"),
        table::number("update"),
        table::number("remove"),
        table::number("held"),
        table::number("skipped"),
        table::number("conflicts"),
        table::number("in step"),
        table::text("outcome", 60),
    ]);
    for (feature, counts) in features {
        let outcomes = counts.outcomes.iter().filter(|(_, operations)| **operations > 0);
        let outcomes: Vec<String> = outcomes
            .map(|(outcome, operations)| format!("{} {}", words::count(*operations), outcome.replace('_', " ")))
            .collect();
        let numbers = [
            counts.adds,
            counts.updates,
            counts.removes,
            counts.held,
            counts.skipped,
            counts.conflicts,
            counts.unchanged,
        ];
        let cells = [feature.clone()].into_iter().chain(numbers.map(words::count)).chain([outcomes.join(", ")]);
        table.row(cells);
    }
    table.render(style, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(features: &[Feature], dry_run: bool, approve_held: bool) -> RunArguments {
        RunArguments {
            pair: "a".to_owned(),
            features: features.to_vec(),
            dry_run,
            wait: false,
            approve_held,
            json: false,
        }
    }

    #[test]
    fn only_what_was_typed_is_asked_for() {
        for (given, expected) in [
            (arguments(&[], false, false), json!({"queue": true})),
            (
                arguments(&[Feature::Ratings, Feature::History], true, false),
                json!({"queue": true, "features": ["history", "ratings"], "dry_run": true}),
            ),
            (arguments(&[], false, true), json!({"queue": true, "approve_held": true})),
        ] {
            assert_eq!(request(&given), expected);
        }
    }

    #[test]
    fn a_run_tells_how_it_ended_and_what_it_did() {
        let run: Run = serde_json::from_value(json!({
            "id": "r", "pair": "home-to-ledger", "state": "partial", "sentence": "One item was refused.",
            "started_at": "2026-11-22T10:00:00Z", "finished_at": "2026-11-22T10:00:12Z",
            "features": {"history": {"adds": 1200, "unchanged": 3, "outcomes": {"verified": 1199, "rejected": 1, "in_doubt": 0}}},
            "requests": {"home": 4, "ledger": 0},
            "error": {"type": "refused", "detail": "Sign in again."},
        }))
        .unwrap();
        let expected = "home-to-ledger: partial in 12 s\nOne item was refused.\nSign in again.\n\n\
            feature    add  update  remove  held  skipped  conflicts  in step  outcome\n\
            history  1 200       0       0     0        0          0        3  1 rejected, 1 199 verified\n\
            \nRequests: home 4, ledger 0\n";
        assert_eq!(text(&run, Style::PLAIN), expected);
    }
}
