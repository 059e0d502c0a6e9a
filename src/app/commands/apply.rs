//! `crosswatch apply FILE`: shows what is still true of a saved plan, and does that with `--yes`.

use std::{fs, sync::Arc};

use crosswatch_settings::Settings;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    answer::{Line, Plan, Run},
    cli::ApplyArguments,
    client::{Api, Followed},
    commands::{plan, run},
    exit::{Exit, Failure},
    output::{self, json, table::harmless, words},
    session::Session,
};

/// Files are no larger, and the service takes no larger ones.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Lines that are not true any more are shown to people up to here; `--json` has more.
const STALE_SHOWN: usize = 20;

/// What is still true of a file.
#[derive(Debug, Deserialize)]
struct Saved {
    plan: Plan,
    only: Vec<String>,
    held: Vec<String>,
    stale: u64,
    #[serde(default)]
    stale_lines: Vec<Value>,
}

impl Saved {
    /// The operations to do.
    fn chosen(&self, approves_held: bool) -> Vec<&String> {
        self.only.iter().chain(self.held.iter().filter(|_| approves_held)).collect()
    }

    /// How the command ends that did no more than that.
    fn exit(&self, approves_held: bool) -> Exit {
        if self.plan.state == "failed" {
            return Exit::Failed;
        }
        let waits = if self.held.is_empty() || approves_held { Exit::Done } else { Exit::Held };
        if self.stale > 0 { waits.worse(Exit::Partial) } else { waits }
    }
}

/// Looks at the file and prints what is still true; with `--yes` that is done right away.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &ApplyArguments) -> Result<Exit, Failure> {
    let unreadable = |why: String| Failure::failed(format!("{} cannot be read: {why}", arguments.file.display()));
    let size = fs::metadata(&arguments.file).map_err(|error| unreadable(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(unreadable("it is larger than 64 MiB".to_owned()));
    }
    let bytes = fs::read(&arguments.file).map_err(|error| unreadable(error.to_string()))?;
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let api = session.api();
            let answer = api.send_file("/api/v1/plans/import?wait=120", bytes).await?;
            let saved: Saved = api.read(answer.clone())?;
            if !arguments.json {
                show(api, &saved)?;
            } else if !arguments.yes {
                json::print(&answer)?;
            }
            let exit = saved.exit(arguments.approve_held);
            let chosen = saved.chosen(arguments.approve_held);
            if !arguments.yes || chosen.is_empty() || saved.plan.state == "failed" {
                return Ok(exit);
            }
            let done = apply(api, &saved.plan.id, &chosen).await?;
            Ok(run::report(api, &done, arguments.json)?.worse(exit))
        })
        .await
}

async fn apply(api: &Api, plan: &str, chosen: &[&String]) -> Result<Value, Failure> {
    let follower = api.follower("apply").await;
    let started = api.post(&format!("/api/v1/plans/{plan}/apply"), &json!({ "only": chosen })).await?;
    let run: Run = api.read(started)?;
    Ok(follower.follow(Followed::Run, &run.id).await?)
}

fn show(api: &Api, saved: &Saved) -> Result<(), Failure> {
    let counted = |count: u64| words::counted(count, "operation", "operations");
    output::say(&format!(
        "{} of the file still true, {} held for approval, {} not true any more.",
        counted(saved.only.len() as u64),
        words::count(saved.held.len() as u64),
        words::count(saved.stale)
    ))?;
    let mut lines = Vec::new();
    for line in saved.stale_lines.iter().take(STALE_SHOWN) {
        lines.push(api.read::<Line>(line.clone())?);
    }
    if !lines.is_empty() {
        output::say("\nNot true any more, and left alone:")?;
        output::say_text(&plan::table_of(&lines))?;
    }
    let more = saved.stale.saturating_sub(lines.len() as u64);
    if more > 0 {
        output::say(&format!("and {} more; --json has up to 500 of them", words::count(more)))?;
    }
    output::say(&format!("\nNow: {}", harmless(&saved.plan.sentence)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(only: &[&str], held: &[&str], stale: u64) -> Saved {
        let answer = json!({"plan": {"id": "p", "state": "ready"}, "only": only, "held": held, "stale": stale});
        serde_json::from_value(answer).unwrap()
    }

    #[test]
    fn what_waits_is_done_only_where_a_person_says_so() {
        let saved = saved(&["1"], &["2"], 0);
        assert_eq!((saved.chosen(false).len(), saved.chosen(true).len()), (1, 2));
        assert_eq!((saved.exit(false), saved.exit(true)), (Exit::Held, Exit::Done));
    }

    #[test]
    fn what_is_not_true_any_more_is_not_done() {
        assert_eq!(saved(&["1"], &[], 1).exit(false), Exit::Partial);
        assert_eq!(saved(&[], &[], 0).exit(false), Exit::Done);
    }
}
