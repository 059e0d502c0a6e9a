//! `crosswatch snapshot …`: takes snapshots of accounts, shows them, and brings back what they hold.

use std::sync::Arc;

use crosswatch_model::Feature;
use crosswatch_settings::Settings;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::{
    answer::{Plan, Snapshot, SnapshotChange, SnapshotItem},
    cli::{
        self, DiffArguments, ExportSnapshotArguments, ListArguments, RestoreArguments, ShowArguments,
        SnapshotArguments, SnapshotCommand, TakeArguments,
    },
    client::{Api, Followed},
    commands::{
        export, import,
        plan::{self, PAGE},
        run, undo,
    },
    exit::{Exit, Failure},
    output::{
        self, json,
        style::Style,
        table::{self, Table},
        words,
    },
    session::Session,
};

/// Carries out one of the commands over the service, the running one or one of its own.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &SnapshotArguments) -> Result<Exit, Failure> {
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let api = session.api();
            match &arguments.command {
                SnapshotCommand::Take(arguments) => take(api, arguments).await,
                SnapshotCommand::List(arguments) => list(api, arguments).await,
                SnapshotCommand::Show(arguments) => show(api, arguments).await,
                SnapshotCommand::Diff(arguments) => diff(api, arguments).await,
                SnapshotCommand::Restore(arguments) => restore(api, arguments).await,
                SnapshotCommand::Pin(arguments) => {
                    let path = format!("/api/v1/snapshots/{}/pin", id(&arguments.id)?);
                    let answer = api.post(&path, &json!({ "pinned": !arguments.off })).await?;
                    let said = if arguments.off { "is not pinned any more" } else { "is kept for good" };
                    tell(api, &answer, arguments.json, said)
                }
                SnapshotCommand::Drop(arguments) => {
                    let answer = api.delete(&format!("/api/v1/snapshots/{}", id(&arguments.id)?)).await?;
                    tell(api, &answer, arguments.json, "is dropped")
                }
                SnapshotCommand::Export(arguments) => write(api, arguments).await,
                SnapshotCommand::Import(arguments) => {
                    let bytes = import::contents(&arguments.file)?;
                    let answer = api.send_file("/api/v1/snapshots/import", bytes).await?;
                    tell(api, &answer, arguments.json, "is kept")
                }
            }
        })
        .await
}

/// The id of a snapshot; anything else would be a part of a path.
fn id(text: &str) -> Result<&str, Failure> {
    let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let advice = "this is not the id of a snapshot; `crosswatch snapshot list` lists them";
    if is_id { Ok(text) } else { Err(Failure::failed(advice)) }
}

fn tell(api: &Api, answer: &Value, as_json: bool, said: &str) -> Result<Exit, Failure> {
    if as_json {
        json::print(answer)?;
    } else {
        let snapshot: Snapshot = api.read(answer.clone())?;
        output::say(&format!("Snapshot {} of {} {said}.", snapshot.id, table::harmless(&snapshot.provider)))?;
    }
    Ok(Exit::Done)
}

async fn write(api: &Api, arguments: &ExportSnapshotArguments) -> Result<Exit, Failure> {
    let path = format!("/api/v1/snapshots/{}/export", id(&arguments.id)?);
    export::to_file(api, &path, &arguments.file).await?;
    let file = arguments.file.display().to_string();
    output::say(&format!("Snapshot {} is in {}.", arguments.id, table::harmless(&file)))?;
    Ok(Exit::Done)
}

async fn take(api: &Api, arguments: &TakeArguments) -> Result<Exit, Failure> {
    let mut request = Map::from_iter([("provider".to_owned(), json!(arguments.provider))]);
    if let Some(features) = cli::chosen(&arguments.features) {
        request.insert("features".to_owned(), features.iter().map(Feature::as_str).collect());
    }
    let follower = api.follower("snapshot").await;
    let started = api.post("/api/v1/snapshots", &Value::Object(request)).await?;
    let id = started.get("id").and_then(Value::as_str).unwrap_or_default();
    let answer = follower.follow(Followed::Snapshot, id).await?;
    if arguments.json {
        json::print(&answer)?;
        return Ok(Exit::Done);
    }
    let snapshot: Snapshot = api.read(answer)?;
    output::say_text(&text(&snapshot, Style::of_stdout(), &TimeZone::system()))?;
    Ok(Exit::Done)
}

/// The snapshot as people read it.
fn text(snapshot: &Snapshot, style: Style, zone: &TimeZone) -> String {
    let counts = snapshot.counts.iter().map(|(feature, items)| format!("{feature} {}", words::count(*items)));
    format!(
        "{}\n{} of {}, {} ({}){}: {}\n",
        style.bold(&snapshot.id),
        table::harmless(&snapshot.provider),
        table::harmless(&snapshot.user),
        words::local(snapshot.taken_at, zone),
        snapshot.cause.replace('_', " "),
        if snapshot.is_pinned { ", pinned" } else { "" },
        counts.collect::<Vec<_>>().join(", "),
    )
}

async fn list(api: &Api, arguments: &ListArguments) -> Result<Exit, Failure> {
    let path = match &arguments.provider {
        Some(provider) if provider.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
            format!("/api/v1/snapshots?provider={provider}")
        }
        Some(_) => return Err(Failure::failed("--provider takes the id of an account, as in the configuration")),
        None => "/api/v1/snapshots".to_owned(),
    };
    let listing = api.list(&path, arguments.limit, None).await?;
    if arguments.json {
        json::print(&json!({ "items": listing.items, "next_cursor": listing.next_cursor }))?;
        return Ok(Exit::Done);
    }
    let mut snapshots = Vec::with_capacity(listing.items.len());
    for row in listing.items {
        snapshots.push(api.read::<Snapshot>(row)?);
    }
    if snapshots.is_empty() {
        output::say("No snapshot yet. `crosswatch snapshot take PROVIDER` takes one.")?;
    } else {
        output::say_text(&snapshot_table(&snapshots, &TimeZone::system()).render(Style::of_stdout(), true))?;
    }
    Ok(Exit::Done)
}

fn snapshot_table(snapshots: &[Snapshot], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        table::text("taken", 19),
        table::text("account", 32),
        table::text("cause", 14),
        table::number("items"),
        table::number("KiB"),
        table::text("pinned", 6),
        table::text("snapshot", 36),
        table::text("features", 40),
    ]);
    for snapshot in snapshots {
        table.row([
            words::local(snapshot.taken_at, zone),
            snapshot.provider.clone(),
            snapshot.cause.replace('_', " "),
            words::count(snapshot.items),
            words::count(snapshot.bytes.div_ceil(1024)),
            if snapshot.is_pinned { "yes".to_owned() } else { String::new() },
            snapshot.id.clone(),
            snapshot.counts.keys().cloned().collect::<Vec<_>>().join(", "),
        ]);
    }
    table
}

async fn show(api: &Api, arguments: &ShowArguments) -> Result<Exit, Failure> {
    let path = format!("/api/v1/snapshots/{}", id(&arguments.id)?);
    let answer = api.get(&path).await?;
    let rows = match arguments.feature {
        Some(feature) => format!("{path}/items?feature={feature}"),
        None => format!("{path}/items"),
    };
    if arguments.json {
        plan::print_json_items(api, answer, &rows).await?;
        return Ok(Exit::Done);
    }
    let snapshot: Snapshot = api.read(answer)?;
    output::say_text(&text(&snapshot, Style::of_stdout(), &TimeZone::system()))?;
    let (mut cursor, mut has_head) = (None, true);
    loop {
        let page = api.list(&rows, PAGE, cursor.as_deref()).await?;
        let mut table = Table::new(&[table::text("feature", 9), table::text("item", 56), table::text("value", 40)]);
        for row in page.items {
            let row: SnapshotItem = api.read(row)?;
            let value = words::change(&row.feature, None, Some(&row.value));
            table.row([row.feature, words::item(&row.item), value]);
        }
        output::say_text(&table.render(Style::of_stdout(), has_head))?;
        has_head = false;
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(Exit::Done);
        }
    }
}

async fn diff(api: &Api, arguments: &DiffArguments) -> Result<Exit, Failure> {
    let path = format!("/api/v1/snapshots/diff?from={}&to={}", id(&arguments.from)?, id(&arguments.to)?);
    if arguments.json {
        let answer = api.get(&format!("{path}&limit=1")).await?;
        plan::print_json_items(api, answer, &path).await?;
        return Ok(Exit::Done);
    }
    let (mut cursor, mut has_head) = (None, true);
    loop {
        let page = api.list(&path, PAGE, cursor.as_deref()).await?;
        let mut table = Table::new(&[
            table::text("feature", 9),
            table::text("change ", 7),
            table::text("item", 56),
            table::text("value", 60),
        ]);
        let is_empty = page.items.is_empty();
        for row in page.items {
            let row: SnapshotChange = api.read(row)?;
            let values = words::change(&row.feature, row.before.as_ref(), row.value.as_ref());
            table.row([row.feature, row.change, words::item(&row.item), values]);
        }
        if is_empty && has_head {
            output::say("The two snapshots hold the same.")?;
        } else {
            output::say_text(&table.render(Style::of_stdout(), has_head))?;
        }
        has_head = false;
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(Exit::Done);
        }
    }
}

async fn restore(api: &Api, arguments: &RestoreArguments) -> Result<Exit, Failure> {
    let path = format!("/api/v1/snapshots/{}/restore", id(&arguments.id)?);
    let follower = api.follower("restore").await;
    let started = api.post(&path, &restore_request(arguments)).await?;
    let plan_id = started.get("id").and_then(Value::as_str).unwrap_or_default();
    let answer = follower.follow(Followed::Plan, plan_id).await?;
    let plan: Plan = api.read(answer.clone())?;
    if !arguments.json {
        plan::print(api, &plan).await?;
    } else if !arguments.yes {
        plan::print_json(api, answer, &plan.id).await?;
    }
    if !arguments.yes || plan.state == "failed" {
        return Ok(plan::outcome(&plan));
    }
    let done = undo::apply(api, "restore", &plan, arguments.approve_held).await?;
    let exit = run::report(api, &done, arguments.json)?;
    Ok(if arguments.approve_held { exit } else { exit.worse(plan::outcome(&plan)) })
}

fn restore_request(arguments: &RestoreArguments) -> Value {
    let mut request = Map::new();
    if let Some(target) = &arguments.target {
        request.insert("target".to_owned(), json!(target));
    }
    if let Some(features) = cli::chosen(&arguments.features) {
        request.insert("features".to_owned(), features.iter().map(Feature::as_str).collect());
    }
    let named = [("show", &arguments.show), ("item", &arguments.item)];
    let named = named.into_iter().filter_map(|(key, text)| text.as_ref().map(|text| (key.to_owned(), json!(text))));
    let filter: Map<String, Value> = named.collect();
    if !filter.is_empty() {
        request.insert("filter".to_owned(), Value::Object(filter));
    }
    if arguments.exact {
        request.insert("mode".to_owned(), json!("exact"));
    }
    Value::Object(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_typed_is_asked_for() {
        let bare = RestoreArguments {
            id: "0199".to_owned(),
            target: None,
            features: Vec::new(),
            show: None,
            item: None,
            exact: false,
            yes: false,
            approve_held: false,
            json: false,
        };
        assert_eq!(restore_request(&bare), json!({}));
        let all = RestoreArguments {
            target: Some("home".to_owned()),
            features: vec![Feature::Ratings],
            show: Some("Firefly".to_owned()),
            exact: true,
            ..bare
        };
        let expected =
            json!({"target": "home", "features": ["ratings"], "filter": {"show": "Firefly"}, "mode": "exact"});
        assert_eq!(restore_request(&all), expected);
    }

    #[test]
    fn only_ids_become_parts_of_a_path() {
        assert_eq!(id("0199-ab"), Ok("0199-ab"));
        for bad in ["", "../runs", "x", "0199/pin"] {
            assert!(id(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn snapshots_are_listed_like_this() {
        let snapshot: Snapshot = serde_json::from_value(json!({
            "id": "0199", "provider": "home", "user": "anna", "taken_at": "2026-11-22T10:00:00Z", "cause": "before_removal",
            "items": 1200, "bytes": 2049, "pinned": true, "counts": {"history": 1000, "ratings": 200},
        }))
        .unwrap();
        let expected = "0199\nhome of anna, 2026-11-22 10:00:00 (before removal), pinned: history 1 000, ratings 200\n";
        assert_eq!(text(&snapshot, Style::PLAIN, &TimeZone::UTC), expected);
        let table = snapshot_table(&[snapshot], &TimeZone::UTC).render(Style::PLAIN, false);
        assert!(table.contains("before removal") && table.contains("1 200") && table.contains("yes"), "{table}");
    }
}
