//! Our own shapes, which hold everything: objects with a nested item, and one table for all features.

use crosswatch_model::{Fact, Id, IdSet, Namespace, Scheme};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Line, moment, record};

/// What comes before the first object.
pub(super) const JSON_HEAD: &str = "{\"format\": \"crosswatch\", \"version\": 1, \"items\": [";

/// A row as an object.
pub(super) fn json(line: &Line<'_>) -> Value {
    let item = line.item;
    let mut shown = Map::new();
    shown.insert("kind".to_owned(), json!(item.kind.as_str()));
    shown.insert("title".to_owned(), json!(item.title.as_str()));
    let mut tell = |name: &str, number: Option<u16>| {
        if let Some(number) = number {
            shown.insert(name.to_owned(), json!(number));
        }
    };
    tell("year", item.year);
    tell("season", item.season);
    tell("number", item.number);
    shown.insert("ids".to_owned(), ids(&item.ids));
    if let Some(show) = &item.show {
        let mut told = json!({ "title": show.title.as_str(), "ids": ids(&show.ids) });
        if let Some(year) = show.year {
            set(&mut told, "year", json!(year));
        }
        if show.scheme != Scheme::default() {
            set(&mut told, "numbering", json!(show.scheme.to_string()));
        }
        shown.insert("show".to_owned(), told);
    }
    let mut row = json!({ "feature": line.fact.feature().as_str(), "item": shown });
    match line.fact {
        Fact::Play(at) => {
            let at = moment(at);
            set(&mut row, "watched_at", if at.is_empty() { Value::Null } else { json!(at) });
        }
        Fact::Listed(at) => set(&mut row, "listed_at", instant(at)),
        Fact::Rated { value, rated_at } => {
            set(&mut row, "value", json!(value.get()));
            set(&mut row, "rated_at", instant(rated_at));
        }
        Fact::Resume { position_s, duration_s, stopped_at } => {
            set(&mut row, "position_s", json!(position_s));
            set(&mut row, "duration_s", json!(duration_s));
            set(&mut row, "stopped_at", instant(stopped_at));
        }
    }
    row
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn instant(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(at.to_string()))
}

fn ids(ids: &IdSet) -> Value {
    let value = |id: Id| if id.namespace().is_numeric() { json!(id.number()) } else { json!(id.value()) };
    let mut shown = Map::new();
    for id in ids.iter() {
        shown.entry(id.namespace().as_str()).or_insert_with(|| value(id));
    }
    Value::Object(shown)
}

/// The names of the columns.
pub(super) fn csv_head() -> String {
    let mut names: Vec<String> = ["feature", "type", "title", "year"].map(str::to_owned).to_vec();
    names.extend(Namespace::ALL.iter().map(|namespace| namespace.as_str().to_owned()));
    names.extend(["season", "episode", "show_title", "show_year", "show_numbering"].map(str::to_owned));
    names.extend(Namespace::ALL.iter().map(|namespace| format!("show_{namespace}")));
    names.extend(
        ["watched_at", "listed_at", "rating100", "rated_at", "position_s", "duration_s", "stopped_at"]
            .map(str::to_owned),
    );
    record(names)
}

/// A row of the table.
pub(super) fn csv(line: &Line<'_>) -> String {
    let item = line.item;
    let show = item.show.as_deref();
    let small = |number: Option<u16>| number.map_or_else(String::new, |number| number.to_string());
    let in_each = |ids: Option<&IdSet>| -> Vec<String> {
        let value = |namespace: &Namespace| ids.and_then(|ids| ids.get(*namespace)).map_or_else(String::new, Id::value);
        Namespace::ALL.iter().map(value).collect()
    };
    let scheme = show.map(|show| show.scheme).filter(|scheme| *scheme != Scheme::default());
    let feature = line.fact.feature().as_str().to_owned();
    let mut cells = vec![feature, item.kind.as_str().to_owned(), item.title.to_string(), small(item.year)];
    cells.extend(in_each(Some(&item.ids)));
    cells.extend([small(item.season), small(item.number)]);
    cells.push(show.map_or_else(String::new, |show| show.title.to_string()));
    cells.push(small(show.and_then(|show| show.year)));
    cells.push(scheme.map_or_else(String::new, |scheme| scheme.to_string()));
    cells.extend(in_each(show.map(|show| &show.ids)));
    cells.extend(values(line.fact));
    record(cells)
}

/// The seven columns of facts.
fn values(fact: Fact) -> [String; 7] {
    let instant = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    let mut cells = [const { String::new() }; 7];
    let [watched_at, listed_at, rating, rated, position, duration, stopped] = &mut cells;
    match fact {
        Fact::Play(at) => *watched_at = moment(at),
        Fact::Listed(at) => *listed_at = instant(at),
        Fact::Rated { value, rated_at } => {
            *rating = value.get().to_string();
            *rated = instant(rated_at);
        }
        Fact::Resume { position_s, duration_s, stopped_at } => {
            *position = position_s.to_string();
            *duration = duration_s.map_or_else(String::new, |seconds| seconds.to_string());
            *stopped = instant(stopped_at);
        }
    }
    cells
}
