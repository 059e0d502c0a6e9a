//! `crosswatch plan PAIR`: shows what a run would do, or what it would do with other settings, and changes nothing.

use std::sync::Arc;

use crosswatch_model::{Feature, PairId};
use crosswatch_settings::Settings;
use serde_json::Value;

use crate::{
    answer::{Line, Plan},
    cli::{self, PlanArguments},
    client::{Api, Followed},
    commands::{export, pair, run::counts},
    exit::{Exit, Failure},
    output::{
        self, json,
        style::Style,
        table::{self, Table},
        words,
    },
    session::Session,
};

/// Lines that are read and shown at a time.
pub(crate) const PAGE: u16 = 500;

/// Plans the pair and prints the plan.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &PlanArguments) -> Result<Exit, Failure> {
    let id = pair(settings, &arguments.pair)?.id.clone();
    let mut request = serde_json::Map::new();
    if let Some(features) = cli::chosen(&arguments.features) {
        request.insert("features".to_owned(), features.iter().map(Feature::as_str).collect());
    }
    let call = if arguments.what_if.is_empty() {
        "plan"
    } else {
        request.insert("toml".to_owned(), changes(&arguments.what_if)?.into());
        "what-if"
    };
    let request = Value::Object(request);
    if let Some(file) = arguments.save.as_ref().filter(|file| file.exists()) {
        return Err(Failure::failed(format!("{} is there already; choose another name", file.display())));
    }
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let answer = make(session.api(), &id, call, &request).await?;
            let plan: Plan = session.api().read(answer.clone())?;
            if arguments.json {
                print_json(session.api(), answer, &plan.id).await?;
            } else {
                print(session.api(), &plan).await?;
            }
            if let Some(file) = arguments.save.as_ref().filter(|_| plan.state != "failed") {
                export::to_file(session.api(), &format!("/api/v1/plans/{}/export", plan.id), file).await?;
                if !arguments.json {
                    output::say(&format!(
                        "Saved as {0}; `crosswatch apply {0}` looks what is still true of it.",
                        file.display()
                    ))?;
                }
            }
            Ok(outcome(&plan))
        })
        .await
}

async fn make(api: &Api, pair: &PairId, call: &str, request: &Value) -> Result<Value, Failure> {
    let follower = api.follower(pair.as_str()).await;
    let started = api.post(&format!("/api/v1/pairs/{pair}/{call}"), request).await?;
    let id = started.get("id").and_then(Value::as_str).unwrap_or_default();
    Ok(follower.follow(Followed::Plan, id).await?)
}

/// Keys of a pair's table as TOML: the content of files, and what was typed as `key=value`.
fn changes(given: &[String]) -> Result<String, Failure> {
    let (mut typed, mut files) = (Vec::new(), Vec::new());
    for one in given {
        if let Some((key, value)) = one.split_once('=') {
            typed.push(format!("{key} = {}\n", toml_value(value)));
        } else {
            let text = std::fs::read_to_string(one);
            files.push(text.map_err(|error| Failure::failed(format!("{one} cannot be read: {error}")))? + "\n");
        }
    }
    // Keys before tables, or they would belong to the last of them.
    Ok([typed, files].concat().concat())
}

/// What was typed as a value: a word needs no quotes.
fn toml_value(text: &str) -> String {
    let is_toml = toml::from_str::<toml::Table>(&format!("x = {text}")).is_ok_and(|table| table.len() == 1);
    if is_toml { text.to_owned() } else { toml::Value::from(text).to_string() }
}

/// How a command ends that made this plan.
pub(crate) fn outcome(plan: &Plan) -> Exit {
    if plan.state == "failed" {
        Exit::Failed
    } else if plan.features.values().any(|counts| counts.held > 0) {
        Exit::Held
    } else {
        Exit::Done
    }
}

/// Prints the plan as a table.
pub(crate) async fn print(api: &Api, plan: &Plan) -> Result<(), Failure> {
    let style = Style::of_stdout();
    let mut cursor = None;
    let mut has_head = true;
    loop {
        let page = api.list(&format!("/api/v1/plans/{}/items", plan.id), PAGE, cursor.as_deref()).await?;
        let mut lines = Vec::with_capacity(page.items.len());
        for line in page.items {
            lines.push(api.read::<Line>(line)?);
        }
        if !lines.is_empty() {
            output::say_text(&line_table(&lines).render(style, has_head))?;
            has_head = false;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if !has_head {
        output::say("")?;
    }
    output::say_text(&totals(plan, style))
}

/// The plan with its lines under `items`, page by page, so that a big plan is never held as a whole.
pub(crate) async fn print_json(api: &Api, answer: Value, id: &str) -> Result<(), Failure> {
    print_json_items(api, answer, &format!("/api/v1/plans/{id}/items")).await
}

/// Anything with the rows of a list under `items`, page by page.
pub(crate) async fn print_json_items(api: &Api, mut answer: Value, path: &str) -> Result<(), Failure> {
    if let Some(head) = answer.as_object_mut() {
        head.remove("items");
        head.remove("next_cursor");
    }
    let head = json::pretty(&answer)?;
    output::say_text(&format!("{},\n  \"items\": [", head.trim_end().trim_end_matches('}').trim_end()))?;
    let (mut cursor, mut separator) = (None, "\n    ");
    loop {
        let page = api.list(path, PAGE, cursor.as_deref()).await?;
        for line in page.items {
            output::say_text(&format!("{separator}{line}"))?;
            separator = ",\n    ";
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    output::say("\n  ]\n}")
}

/// Lines as a table.
pub(crate) fn table_of(lines: &[Line]) -> String {
    line_table(lines).render(Style::of_stdout(), true)
}

fn line_table(lines: &[Line]) -> Table {
    // The widths hold for all pages of a plan: only the last column may be longer than its share.
    let mut table = Table::new(&[
        table::text("feature  ", 9),
        table::text("action  ", 8),
        table::text("item", 56),
        table::text("reason", 24),
        table::text("value before -> after", 48),
    ]);
    for line in lines {
        table.row([
            line.feature.clone(),
            line.action.clone(),
            words::item(&line.item),
            line.reason.replace('_', " "),
            words::change(&line.feature, line.before.as_ref(), line.value.as_ref()),
        ]);
    }
    table
}

fn totals(plan: &Plan, style: Style) -> String {
    let costs = plan.cost.iter().filter(|(_, cost)| cost.requests > 0).map(|(account, cost)| {
        let requests = words::counted(cost.requests, "request", "requests");
        format!("Applying it would cost {requests} at {account}, about {}.\n", words::length(cost.seconds * 1000))
    });
    let counted = if plan.features.is_empty() { String::new() } else { counts(&plan.features, style) + "\n" };
    let counted = match &plan.today {
        Some(today) => format!(
            "With these settings:\n{counted}With those of today, from the same reads:\n{}\n",
            counts(today, style)
        ),
        None => counted,
    };
    format!("{}\n\n{counted}{}Nothing was written.\n", table::harmless(&plan.sentence), costs.collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_show_what_changes_and_why() {
        let lines: Vec<Line> = serde_json::from_value(json!([
            {"op": "1", "feature": "ratings", "action": "update", "side": "target", "reason": "changed_on_source", "explain": "",
             "item": {"kind": "movie", "title": "Heat", "year": 1995, "ids": {}}, "before": {"rating": 30}, "value": {"rating": 80}},
            {"op": "2", "feature": "history", "action": "add", "side": "target", "reason": "only_on_source", "explain": "",
             "item": {"kind": "movie", "title": "Ran", "year": 1985, "ids": {}}, "value": {"watched_at": "2024-03-01T20:15:30Z"}},
        ]))
        .unwrap();
        let expected = "feature    action    item         reason             value before -> after\n\
            ratings    update    Heat (1995)  changed on source  30/100 -> 80/100\n\
            history    add       Ran (1985)   only on source     2024-03-01 20:15\n";
        assert_eq!(line_table(&lines).render(Style::PLAIN, true), expected);
    }

    #[test]
    fn totals_tell_what_it_would_cost() {
        let plan: Plan = serde_json::from_value(json!({
            "id": "p", "state": "ready", "sentence": "3 to add.", "features": {"history": {"adds": 3}},
            "cost": {"ledger": {"requests": 0, "seconds": 0}, "trakt": {"requests": 2, "seconds": 3}},
        }))
        .unwrap();
        let expected = "3 to add.\n\n\
            feature  add  update  remove  held  skipped  conflicts  in step  outcome\n\
            history    3       0       0     0        0          0        0\n\
            \nApplying it would cost 2 requests at trakt, about 3.0 s.\nNothing was written.\n";
        assert_eq!(totals(&plan, Style::PLAIN), expected);
    }

    #[test]
    fn what_is_typed_becomes_keys_of_a_table() {
        let typed =
            ["history.remove=observed".to_owned(), "policy.canary=false".to_owned(), "mode=\"two-way\"".to_owned()];
        let expected = "history.remove = \"observed\"\npolicy.canary = false\nmode = \"two-way\"\n";
        assert_eq!(changes(&typed).unwrap(), expected);
        assert!(changes(&["/nowhere/at/all.toml".to_owned()]).is_err());
    }

    #[test]
    fn a_plan_ends_as_its_run_would() {
        for (plan, exit) in [
            (json!({"id": "p", "state": "ready", "features": {"history": {"adds": 3}}}), Exit::Done),
            (json!({"id": "p", "state": "ready", "features": {"history": {"held": 1}}}), Exit::Held),
            (json!({"id": "p", "state": "failed"}), Exit::Failed),
        ] {
            assert_eq!(outcome(&serde_json::from_value(plan).unwrap()), exit);
        }
    }
}
