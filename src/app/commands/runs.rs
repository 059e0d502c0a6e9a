//! `crosswatch runs`: lists runs, newest first.

use std::sync::Arc;

use crosswatch_settings::Settings;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::{
    answer::Run,
    cli::RunsArguments,
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

/// Lists the runs.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &RunsArguments) -> Result<Exit, Failure> {
    let path = match &arguments.pair {
        Some(name) => format!("/api/v1/runs?pair={}", pair(settings, name)?.id),
        None => "/api/v1/runs".to_owned(),
    };
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let listing = session.api().list(&path, arguments.limit, None).await?;
            if arguments.json {
                json::print(&json!({ "items": listing.items, "next_cursor": listing.next_cursor }))?;
                return Ok(Exit::Done);
            }
            let mut runs = Vec::with_capacity(listing.items.len());
            for run in listing.items {
                runs.push(session.api().read::<Run>(run)?);
            }
            if runs.is_empty() {
                output::say("No run yet. `crosswatch run PAIR` starts one.")?;
            } else {
                output::say_text(&run_table(&runs, &TimeZone::system()).render(Style::of_stdout(), true))?;
            }
            Ok(Exit::Done)
        })
        .await
}

fn run_table(runs: &[Run], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        table::text("started", 19),
        table::text("pair", 32),
        table::text("cause", 9),
        table::text("state", 11),
        table::number("add"),
        table::number("update"),
        table::number("remove"),
        table::number("held"),
        table::text("run", 36),
        table::text("what happened", 100),
    ]);
    for run in runs {
        let state = if run.is_dry { format!("{} (dry)", run.state) } else { run.state.clone() };
        table.row([
            run.started_at.map_or_else(|| "-".to_owned(), |at| words::local(at, zone)),
            run.pair.clone(),
            run.cause.clone(),
            state,
            words::count(run.total(|counts| counts.adds)),
            words::count(run.total(|counts| counts.updates)),
            words::count(run.total(|counts| counts.removes)),
            words::count(run.total(|counts| counts.held)),
            run.id.clone(),
            run.sentence.clone(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_one_line() {
        let runs: Vec<Run> = serde_json::from_value(json!([
            {"id": "r1", "pair": "home-to-ledger", "cause": "manual", "state": "succeeded", "dry_run": true, "sentence": "All in step.",
             "started_at": "2026-11-22T10:00:00Z", "features": {"history": {"adds": 2}, "ratings": {"adds": 1, "held": 4}}},
            {"id": "r2", "pair": "home-to-ledger", "cause": "schedule", "state": "queued", "sentence": "Waits for its turn."},
        ]))
        .unwrap();
        let text = run_table(&runs, &TimeZone::UTC).render(Style::PLAIN, false);
        let words: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            words,
            [
                vec![
                    "2026-11-22",
                    "10:00:00",
                    "home-to-ledger",
                    "manual",
                    "succeeded",
                    "(dry)",
                    "3",
                    "0",
                    "0",
                    "4",
                    "r1",
                    "All",
                    "in",
                    "step."
                ],
                vec![
                    "-",
                    "home-to-ledger",
                    "schedule",
                    "queued",
                    "0",
                    "0",
                    "0",
                    "0",
                    "r2",
                    "Waits",
                    "for",
                    "its",
                    "turn."
                ],
            ]
        );
    }
}
