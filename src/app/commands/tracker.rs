//! `crosswatch tracker`: looks at the built-in tracker: its rows, and its plays in numbers; and changes rows one by one.
//!
//! Deliberately absent: many rows at once; files go in with `crosswatch import`.

use std::sync::Arc;

use crosswatch_model::{Feature, ItemRef};
use crosswatch_settings::Settings;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    answer::{Item, Listing},
    cli::{
        TrackerAddArguments, TrackerCommand, TrackerListArguments, TrackerRemoveArguments, TrackerStatisticsArguments,
    },
    client::Api,
    exit::{Exit, Failure},
    output::{
        self, json,
        style::Style,
        table::{self, Table},
        words,
    },
    session::Session,
};

/// Days and shows that are shown to people; `--json` has more.
const SHOWN: usize = 10;

/// The plays in numbers, as far as this command reads them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Statistics {
    plays: u64,
    movies: u64,
    episodes: u64,
    shows: u64,
    rewatches: u64,
    undated: u64,
    hours: f64,
    hours_known_for: u64,
    per_day: Vec<Day>,
    top_shows: Vec<TopShow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Day {
    day: String,
    plays: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TopShow {
    title: String,
    plays: u64,
}

/// What was taken out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Gone {
    removed: u64,
    unknown: Vec<String>,
}

/// Does what is asked.
pub(crate) async fn run(settings: &Arc<Settings>, command: &TrackerCommand) -> Result<Exit, Failure> {
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| match command {
            TrackerCommand::Statistics(arguments) => statistics(session.api(), arguments).await,
            TrackerCommand::List(arguments) => list(session.api(), arguments).await,
            TrackerCommand::Add(arguments) => add(session.api(), arguments).await,
            TrackerCommand::Remove(arguments) => remove(session.api(), arguments).await,
        })
        .await
}

async fn statistics(api: &Api, arguments: &TrackerStatisticsArguments) -> Result<Exit, Failure> {
    let provider = arguments.provider.as_deref().map(|id| format!("?provider={id}")).unwrap_or_default();
    let answer = api.get(&format!("/api/v1/tracker/statistics{provider}")).await?;
    if arguments.json {
        json::print(&answer)?;
    } else {
        output::say_text(&numbers(&api.read(answer)?, Style::of_stdout()))?;
    }
    Ok(Exit::Done)
}

fn numbers(told: &Statistics, style: Style) -> String {
    let mut text = format!(
        "{}, {} of them again and {} without a date: {}, {} of {}.\n",
        words::counted(told.plays, "play", "plays"),
        words::count(told.rewatches),
        words::count(told.undated),
        words::counted(told.movies, "movie", "movies"),
        words::counted(told.episodes, "episode", "episodes"),
        words::counted(told.shows, "show", "shows"),
    );
    let known = words::counted(told.hours_known_for, "play", "plays");
    text.push_str(&format_hours(told.hours, &known));
    let mut days = Table::new(&[table::text("day", 10), table::number("plays")]);
    for day in told.per_day.iter().take(SHOWN) {
        days.row([day.day.clone(), words::count(day.plays)]);
    }
    let mut shows = Table::new(&[table::text("show", 60), table::number("plays")]);
    for show in told.top_shows.iter().take(SHOWN) {
        shows.row([show.title.clone(), words::count(show.plays)]);
    }
    text + "\n" + &days.render(style, true) + "\n" + &shows.render(style, true)
}

fn format_hours(hours: f64, known: &str) -> String {
    format!("{hours:.1} hours, counted from {known} whose length is known.\n")
}

async fn list(api: &Api, arguments: &TrackerListArguments) -> Result<Exit, Failure> {
    let provider = arguments.provider.as_deref().map(|id| format!("?provider={id}")).unwrap_or_default();
    let path = format!("/api/v1/tracker/{}{provider}", arguments.feature);
    let listing = api.list(&path, arguments.limit, arguments.cursor.as_deref()).await?;
    if arguments.json {
        json::print(&json!({ "items": listing.items, "next_cursor": listing.next_cursor }))?;
        return Ok(Exit::Done);
    }
    show(api, &listing.items)?;
    if let Some(cursor) = listing.next_cursor {
        output::say(&format!("There is more: --cursor {}", table::harmless(&cursor)))?;
    }
    Ok(Exit::Done)
}

fn show(api: &Api, items: &[Value]) -> Result<(), Failure> {
    let mut rows = Table::new(&[table::text("item", 60), table::text("value", 24), table::text("row", 24)]);
    for row in items {
        let item: Item = api.read(row.get("item").cloned().unwrap_or_else(|| json!({})))?;
        let id = row.get("id").and_then(Value::as_str).unwrap_or_default();
        rows.row([words::item(&item), value(row), id.to_owned()]);
    }
    output::say_text(&rows.render(Style::of_stdout(), true))
}

async fn add(api: &Api, arguments: &TrackerAddArguments) -> Result<Exit, Failure> {
    let mut entry = entry(arguments);
    entry.insert("item".to_owned(), item(arguments)?);
    let mut request = json!({ "items": [entry] });
    if let (Some(provider), Some(request)) = (&arguments.provider, request.as_object_mut()) {
        request.insert("provider".to_owned(), json!(provider));
    }
    let answer = api.post(&format!("/api/v1/tracker/{}", arguments.feature), &request).await?;
    if arguments.json {
        json::print(&answer)?;
    } else {
        let listing: Listing = api.read(answer)?;
        show(api, &listing.items)?;
    }
    Ok(Exit::Done)
}

/// The values of the row. Which ones its feature has, the service knows.
fn entry(arguments: &TrackerAddArguments) -> Map<String, Value> {
    let when = match arguments.feature {
        Feature::History => "watched_at",
        Feature::Watchlist => "listed_at",
        Feature::Ratings => "rated_at",
        Feature::Progress => "at",
    };
    let given = [
        (when, arguments.at.as_ref().map(|at| json!(at))),
        ("value", arguments.value.map(|value| json!(value))),
        ("position_s", arguments.position.map(|position| json!(position))),
        ("duration_s", arguments.duration.map(|duration| json!(duration))),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The item that was typed: an id of its own, or the show's with season and number.
fn item(arguments: &TrackerAddArguments) -> Result<Value, Failure> {
    let text = arguments.item.trim();
    let unclear =
        |why: String| Failure::failed(format!("{text:?}: {why}; write it like imdb:tt0133093 or tvdb_show:81189/1/3"));
    let meant: ItemRef = text.parse().map_err(|error: crosswatch_model::IdRejection| unclear(error.to_string()))?;
    let Some(id) = meant.ids.first() else { return Err(unclear("it names nothing".to_owned())) };
    let (_, typed) = text.split_once(':').unwrap_or_default();
    let value = typed.split('/').next().unwrap_or_default();
    let ids = json!({ id.namespace().as_str(): value });
    let (title, year) = (&arguments.title, arguments.year);
    Ok(match meant.coordinates {
        Some((season, number)) => json!({
            "kind": "episode", "season": season, "number": number, "show": { "title": title, "year": year, "ids": ids },
        }),
        None => json!({ "kind": id.kind().as_str(), "title": title, "year": year, "ids": ids }),
    })
}

async fn remove(api: &Api, arguments: &TrackerRemoveArguments) -> Result<Exit, Failure> {
    let is_row = |row: &String| row.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !arguments.rows.iter().all(is_row) {
        return Err(Failure::failed("these are not ids of rows; `crosswatch tracker list FEATURE` shows them"));
    }
    let provider = arguments.provider.as_deref().map(|id| format!("&provider={id}")).unwrap_or_default();
    let path = format!("/api/v1/tracker/{}?id={}{provider}", arguments.feature, arguments.rows.join(","));
    let answer = api.delete(&path).await?;
    let gone: Gone = api.read(answer.clone())?;
    if arguments.json {
        json::print(&answer)?;
    } else {
        let unknown = gone.unknown.iter().map(|row| table::harmless(row)).collect::<Vec<_>>().join(", ");
        let unknown = if unknown.is_empty() { String::new() } else { format!(" There is no row {unknown}.") };
        output::say(&format!("{} taken out.{unknown}", words::counted(gone.removed, "row was", "rows were")))?;
    }
    Ok(if gone.unknown.is_empty() { Exit::Done } else { Exit::Partial })
}

/// What a row says, in a word.
fn value(row: &Value) -> String {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or("no date").to_owned();
    let number = |name: &str| row.get(name).and_then(Value::as_u64);
    match (number("value"), number("position_s")) {
        (Some(rating), _) => format!("{rating}/100"),
        (None, Some(position)) => format!("at {}", words::length(position * 1000)),
        (None, None) if row.get("listed_at").is_some() => text("listed_at"),
        (None, None) => text("watched_at"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_numbers_are_told_in_words() {
        for (row, expected) in [
            (json!({"watched_at": "2026-01-01"}), "2026-01-01"),
            (json!({"watched_at": null}), "no date"),
            (json!({"listed_at": null}), "no date"),
            (json!({"value": 85}), "85/100"),
            (json!({"position_s": 30}), "at 30 s"),
        ] {
            assert_eq!(value(&row), expected);
        }
        let told: Statistics = serde_json::from_value(json!({
            "plays": 3, "movies": 1, "episodes": 1, "shows": 1, "rewatches": 1, "hours": 5.67, "hours_known_for": 2,
            "per_day": [{"day": "2026-01-02", "plays": 1}], "top_shows": [{"title": "Parks", "plays": 1}],
        }))
        .unwrap();
        let text = numbers(&told, Style::PLAIN);
        assert!(
            text.starts_with("3 plays, 1 of them again and 0 without a date: 1 movie, 1 episode of 1 show.\n5.7 hours"),
            "{text}"
        );
        assert!(text.contains("2026-01-02      1\n") && text.contains("Parks      1\n"), "{text}");
    }
}
