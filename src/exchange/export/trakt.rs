//! Rows as Trakt exports and answers them.

use crosswatch_model::{Fact, Id, IdSet, Item, Kind, Namespace, Scale};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Line;

/// The ids that Trakt has names for.
const NAMED: [Namespace; 4] = [Namespace::Trakt, Namespace::Imdb, Namespace::Tmdb, Namespace::Tvdb];

/// What Trakt can find again.
pub(super) fn holds(item: &Item) -> bool {
    let is_named = |ids: &IdSet| NAMED.iter().any(|namespace| ids.get(*namespace).is_some());
    let by_show = item.show.as_ref().is_some_and(|show| is_named(&show.ids));
    match item.kind {
        Kind::Movie | Kind::Show => is_named(&item.ids),
        Kind::Season => item.season.is_some() && by_show,
        Kind::Episode => is_named(&item.ids) || by_show && item.season.is_some() && item.number.is_some(),
    }
}

/// A row.
pub(super) fn json(line: &Line<'_>) -> Value {
    let item = line.item;
    let mut row = Map::new();
    let mut set = |name: &str, value: Value| row.insert(name.to_owned(), value);
    let instant = |at: Option<Timestamp>| at.map_or(Value::Null, |at| json!(format!("{at:.3}")));
    match line.fact {
        Fact::Play(at) => {
            let day = |at: crosswatch_model::WatchedAt| match at {
                crosswatch_model::WatchedAt::Day(day) => json!(day.to_string()),
                other => instant(other.instant()),
            };
            set("action", json!("watch"));
            set("watched_at", day(at));
        }
        Fact::Listed(at) => {
            set("listed_at", instant(at));
        }
        Fact::Rated { value, rated_at } => {
            set("rating", json!(Scale::TEN.steps(value)));
            set("rated_at", instant(rated_at));
        }
        Fact::Resume { position_s, duration_s, stopped_at } => {
            set("progress", progress(position_s, duration_s));
            set("paused_at", instant(stopped_at));
        }
    }
    set("type", json!(item.kind.as_str()));
    set(item.kind.as_str(), title(line));
    if let Some(show) = &item.show {
        set("show", json!({ "title": show.title.as_str(), "year": show.year, "ids": ids(&show.ids) }));
    }
    Value::Object(row)
}

fn title(line: &Line<'_>) -> Value {
    let item = line.item;
    let ids = ids(&item.ids);
    let title = item.title.as_str();
    match item.kind {
        Kind::Movie | Kind::Show => {
            let mut told = json!({ "title": title, "year": item.year, "ids": ids });
            if let (Fact::Resume { duration_s: Some(seconds), .. }, Some(members)) = (line.fact, told.as_object_mut()) {
                members.insert("runtime".to_owned(), json!(seconds.div_ceil(60)));
            }
            told
        }
        Kind::Season => json!({ "number": item.season, "ids": ids }),
        Kind::Episode => json!({ "season": item.season, "number": item.number, "title": title, "ids": ids }),
    }
}

fn progress(position_s: u32, duration_s: Option<u32>) -> Value {
    let percent = |length: u32| f64::from(position_s) * 100.0 / f64::from(length);
    duration_s
        .filter(|length| *length > 0)
        .map_or(Value::Null, |length| json!((percent(length) * 100.0).round() / 100.0))
}

fn ids(ids: &IdSet) -> Value {
    let shown = NAMED.iter().filter_map(|namespace| ids.get(*namespace));
    let value = |id: Id| if id.namespace().is_numeric() { json!(id.number()) } else { json!(id.value()) };
    Value::Object(shown.map(|id| (id.namespace().as_str().to_owned(), value(id))).collect())
}
