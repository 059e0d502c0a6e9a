//! Items as JSON, and lists as `MediaContainer`. Clients that do not ask for JSON get XML.
//!
//! What has no value is left out, lists without members too. Rating keys are texts, numbers of sections are numbers in
//! items and texts in the log of plays.

use serde_json::{Map, Value, json};

use super::{filter::Window, item::PlexItem, state::PlexState, viewing::Viewing};
use crate::{
    reply::{Body, Reply},
    request::Request,
};

/// Puts what has a value.
pub(crate) fn put(json: &mut Map<String, Value>, name: &str, value: Value) {
    if !value.is_null() {
        json.insert(name.to_owned(), value);
    }
}

impl PlexState {
    /// An item with the state of an account. Child guids come only when asked for.
    pub(crate) fn item_json(&self, item: &PlexItem, row: Viewing, with_guids: bool) -> Value {
        let mut json = Map::new();
        let key = item.rating_key;
        put(&mut json, "ratingKey", key.to_string().into());
        put(&mut json, "key", format!("/library/metadata/{key}").into());
        put(&mut json, "guid", item.guid.as_str().into());
        put(&mut json, "type", item.kind.as_str().into());
        put(&mut json, "title", item.title.as_str().into());
        put(&mut json, "year", item.year.into());
        put(&mut json, "originallyAvailableAt", item.released.map(|day| day.to_string()).into());
        put(&mut json, "index", item.index.into());
        put(&mut json, "parentIndex", item.parent_index.into());
        put(&mut json, "duration", item.duration_ms.into());
        put(&mut json, "librarySectionID", item.section.into());
        put(&mut json, "addedAt", item.added_at.as_second().into());
        put(&mut json, "updatedAt", item.updated_at.as_second().into());
        self.put_ancestors(&mut json, item);
        put_state(&mut json, row);
        if with_guids && !item.guids.is_empty() {
            let guids: Vec<Value> = item.guids.iter().map(|guid| json!({ "id": guid })).collect();
            put(&mut json, "Guid", guids.into());
        }
        Value::Object(json)
    }

    fn put_ancestors(&self, json: &mut Map<String, Value>, item: &PlexItem) {
        for (prefix, ancestor) in [("parent", item.parent), ("grandparent", item.grandparent)] {
            let Some(ancestor) = ancestor.and_then(|key| self.shelf.get(key)) else { continue };
            put(json, &format!("{prefix}RatingKey"), ancestor.rating_key.to_string().into());
            put(json, &format!("{prefix}Guid"), ancestor.guid.as_str().into());
            put(json, &format!("{prefix}Title"), ancestor.title.as_str().into());
        }
    }

    /// A page of a list, with its totals in body and header.
    pub(crate) fn page<T>(&self, request: &Request, rows: &[T], show: impl Fn(&T) -> Value) -> Reply {
        let window = Window::of(request);
        let total = rows.len();
        let size = window.size.unwrap_or(usize::MAX).min(self.page_limit);
        let page: Vec<Value> = rows.iter().skip(window.start).take(size).map(show).collect();
        let mut container = Map::new();
        container.insert("size".to_owned(), page.len().into());
        container.insert("totalSize".to_owned(), total.into());
        container.insert("offset".to_owned(), window.start.into());
        if !page.is_empty() {
            container.insert("Metadata".to_owned(), page.into());
        }
        let reply = Reply::json(200, json!({ "MediaContainer": container }));
        reply
            .with_header("X-Plex-Container-Start", window.start.to_string())
            .with_header("X-Plex-Container-Total-Size", total.to_string())
    }
}

fn put_state(json: &mut Map<String, Value>, row: Viewing) {
    put(json, "viewCount", Some(row.view_count).filter(|count| *count > 0).into());
    put(json, "lastViewedAt", row.last_viewed_at.map(jiff::Timestamp::as_second).into());
    put(json, "viewOffset", Some(row.view_offset_ms).filter(|offset| *offset > 0).into());
    put(json, "userRating", row.user_rating.into());
    put(json, "lastRatedAt", row.last_rated_at.map(jiff::Timestamp::as_second).into());
}

/// Turns a JSON answer of the server into XML unless JSON was asked for.
pub(crate) fn negotiate(request: &Request, reply: Reply) -> Reply {
    let wants_json = request.header("accept").is_some_and(|kinds| kinds.contains("application/json"));
    match &reply.body {
        Body::Json(value) if !wants_json => {
            let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
            if let Some(container) = value.get("MediaContainer") {
                element(&mut text, "MediaContainer", container);
            }
            Reply { body: Body::Text(text), ..reply }
        }
        _ => reply,
    }
}

/// Single values become attributes, lists become children: `Metadata` is called by what it holds.
fn element(text: &mut String, name: &str, value: &Value) {
    let Some(members) = value.as_object() else { return };
    let kind = members.get("type").and_then(Value::as_str);
    let name = match (name, kind) {
        ("Metadata", Some("show" | "season")) => "Directory",
        ("Metadata", _) => "Video",
        _ => name,
    };
    text.extend(["<", name]);
    for (key, value) in members {
        let shown = match value {
            Value::String(content) => content.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => continue,
        };
        let safe = shown.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        text.extend([" ", key, "=\"", &safe, "\""]);
    }
    text.push('>');
    for (key, value) in members {
        for child in value.as_array().into_iter().flatten() {
            element(text, key, child);
        }
    }
    text.extend(["</", name, ">"]);
}
