//! `crosswatch reset PAIR`: lets a pair forget what it knows, and shows what that is. A person at a terminal is asked first;
//! scripts are not.

use std::sync::Arc;

use crosswatch_settings::Settings;
use serde_json::{Value, json};

use crate::{
    answer::Reset,
    cli::ResetArguments,
    client::Api,
    commands::pair,
    exit::{Exit, Failure},
    output::{self, json, question, words},
    session::Session,
};

/// Shows it and does it; with `--dry-run`, or where the person says no, it is only shown.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &ResetArguments) -> Result<Exit, Failure> {
    let path = format!("/api/v1/pairs/{}/reset", pair(settings, &arguments.pair)?.id);
    let wish = |dry_run: bool| json!({ "full": arguments.full, "dry_run": dry_run });
    let asks = !arguments.yes && !arguments.dry_run && question::can_be_asked();
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let api = session.api();
            let answer = api.post(&path, &wish(arguments.dry_run || asks)).await?;
            show(api, answer, arguments.json)?;
            if asks && question::is_agreed("Forget this? [y/N] ")? {
                let answer = api.post(&path, &wish(false)).await?;
                show(api, answer, arguments.json)?;
            }
            Ok(Exit::Done)
        })
        .await
}

fn show(api: &Api, answer: Value, as_json: bool) -> Result<(), Failure> {
    if as_json { json::print(&answer) } else { output::say_text(&text(&api.read(answer)?)) }
}

fn text(reset: &Reset) -> String {
    let cleared = &reset.cleared;
    let mut lines = vec![format!("{} {}:", reset.pair, if reset.done { "forgot" } else { "would forget" })];
    for (count, one, many) in [
        (cleared.baseline, "item that both sides agreed on", "items that both sides agreed on"),
        (cleared.features, "feature that had its first run", "features that had their first run"),
        (cleared.held, "thing that waits for approval", "things that wait for approval"),
        (cleared.rejected, "operation that you said no to", "operations that you said no to"),
        (cleared.unresolved, "item that the target refused", "items that the target refused"),
    ] {
        lines.push(format!("  {}", words::counted(count, one, many)));
    }
    if cleared.reads {
        lines.push("  the last reads of both accounts; they are read in full next time".to_owned());
    }
    lines.push(format!("It keeps {}.", reset.kept.join(", ")));
    lines.push(reset.advice.clone());
    lines.push(if reset.done {
        "Its next run is a first run, which only adds.".to_owned()
    } else {
        "Nothing was changed.".to_owned()
    });
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_goes_what_stays_and_whether_it_was_done() {
        let told = |done: bool, reads: bool| {
            let answer = json!({
                "pair": "p", "done": done, "kept": ["snapshots", "tokens"], "advice": "Not needed.",
                "cleared": {"baseline": 1200, "features": 1, "held": 0, "rejected": 0, "unresolved": 2, "reads": reads},
            });
            text(&serde_json::from_value(answer).unwrap())
        };
        let shown = told(false, true);
        for line in [
            "p would forget:",
            "  1 200 items that both sides agreed on",
            "  1 feature that had its first run",
            "  the last reads of both accounts; they are read in full next time",
            "It keeps snapshots, tokens.",
            "Not needed.",
            "Nothing was changed.",
        ] {
            assert!(shown.lines().any(|there| there == line), "{line} is not in\n{shown}");
        }
        let done = told(true, false);
        assert!(done.starts_with("p forgot:\n") && done.ends_with("which only adds.\n") && !done.contains("in full"));
    }
}
