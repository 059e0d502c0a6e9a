//! The JSON Schema of the configuration file, for editors that check TOML while it is written.
//!
//! Generated from the one description of the keys and from the built-in defaults. The text is the same on every machine.

use serde_json::{Map, Value, json};

use crate::{
    keys::ROOT,
    load::DEFAULT_TOML,
    problem::{Origin, SettingsError},
    schema::{Form, Key, Kind, Presence},
    tree::{self, Node, Table},
};

/// The schema as indented JSON with sorted keys and a line break at the end.
pub fn json_schema() -> Result<String, SettingsError> {
    let defaults = tree::parse(DEFAULT_TOML, &|_, _| Origin::BuiltIn).map_err(|problems| SettingsError { problems })?;
    let mut root = table(ROOT, Some(&defaults));
    put(&mut root, "$schema", json!("https://json-schema.org/draft/2020-12/schema"));
    put(&mut root, "title", json!("CrossWatch configuration"));
    Ok(format!("{:#}\n", sorted(root)))
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(rows) = object {
        rows.insert(key.to_owned(), value);
    }
}

fn table(keys: &[Key], defaults: Option<&Table>) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let default = defaults.and_then(|defaults| defaults.get(key.name));
        properties.insert(key.name.to_owned(), property(key, default));
    }
    let required: Vec<&str> =
        keys.iter().filter(|key| key.presence == Presence::Required).map(|key| key.name).collect();
    let mut shown = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        put(&mut shown, "required", json!(required));
    }
    shown
}

fn property(key: &Key, default: Option<&Node>) -> Value {
    let inner = default.and_then(Node::as_table);
    let mut shown = match key.kind {
        Kind::Table(keys) | Kind::Switched(keys) => table(keys, inner),
        Kind::Entries(keys) => {
            let template = default.and_then(Node::as_list).and_then(<[Node]>::first).and_then(Node::as_table);
            json!({ "type": "array", "items": table(keys, template) })
        }
        kind => value(kind),
    };
    put(&mut shown, "description", json!(key.doc));
    if key.kind.inner().is_none()
        && let Some(default) = default
    {
        put(&mut shown, "default", as_json(default));
    }
    shown
}

fn value(kind: Kind) -> Value {
    match kind {
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Integer { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Text(form) => text(form),
        Kind::Word(known) => json!({ "type": "string", "enum": known }),
        Kind::Secret(_) => json!({ "oneOf": [text(Form::Any), one_of("file"), one_of("env")] }),
        Kind::Texts { form, may_be_empty } => list(&text(form), may_be_empty),
        Kind::Words { known, may_be_empty } => list(&json!({ "type": "string", "enum": known }), may_be_empty),
        Kind::Filter => json!({ "oneOf": [
            one_key("only", list(&text(Form::Any), false)),
            one_key("except", list(&text(Form::Any), true)),
        ] }),
        Kind::Shelf => json!({ "oneOf": [{ "const": "favorites" }, one_of("playlist"), one_of("collection")] }),
        Kind::Table(keys) | Kind::Switched(keys) | Kind::Entries(keys) => table(keys, None),
    }
}

fn text(form: Form) -> Value {
    match form {
        Form::Any => json!({ "type": "string", "minLength": 1 }),
        Form::Name => json!({ "type": "string", "pattern": "^[a-z0-9-]{1,32}$" }),
        Form::BasePath => json!({ "type": "string", "pattern": "^(/[A-Za-z0-9._~-]+)*$" }),
        Form::Url => json!({ "type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://" }),
        Form::Span => json!({ "type": "string", "pattern": "^[0-9]+[smhd]$" }),
        Form::Listen | Form::Network | Form::Schedule | Form::Item => json!({ "type": "string" }),
    }
}

fn list(items: &Value, may_be_empty: bool) -> Value {
    let mut shown = json!({ "type": "array", "uniqueItems": true, "items": items });
    if !may_be_empty {
        put(&mut shown, "minItems", json!(1));
    }
    shown
}

fn one_of(key: &str) -> Value {
    one_key(key, text(Form::Any))
}

fn one_key(key: &str, value: Value) -> Value {
    let mut properties = Map::new();
    properties.insert(key.to_owned(), value);
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "required": [key] })
}

fn as_json(node: &Node) -> Value {
    match &node.value {
        tree::Value::Text(text) => json!(text),
        tree::Value::Integer(number) => json!(number),
        tree::Value::Boolean(value) => json!(value),
        tree::Value::List(list) => list.iter().map(as_json).collect(),
        tree::Value::Table(table) => table.iter().map(|(key, node)| (key.clone(), as_json(node))).collect(),
        tree::Value::Other(_) => Value::Null,
    }
}

/// The same value with the keys of every object in order, whatever order the JSON library keeps.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(rows) => {
            let mut rows: Vec<(String, Value)> = rows.into_iter().collect();
            rows.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(rows.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The default of every key that has one, checked to exist where the description promises it.
#[cfg(test)]
pub(crate) fn missing_defaults() -> Vec<String> {
    fn walk(keys: &[Key], table: &Table, path: &str, missing: &mut Vec<String>) {
        for key in keys {
            let path = tree::join(path, key.name);
            let node = table.get(key.name);
            if key.presence == Presence::Defaulted && node.is_none() {
                missing.push(path.clone());
            }
            let rows = node.and_then(|node| match key.kind {
                Kind::Entries(_) => node.as_list().and_then(<[Node]>::first).and_then(Node::as_table),
                _ => node.as_table(),
            });
            match (key.kind.inner(), rows) {
                (Some(keys), Some(rows)) => walk(keys, rows, &path, missing),
                (Some(_), None) => missing.push(path),
                (None, _) => {}
            }
        }
        missing.extend(
            table.keys().filter(|name| crate::schema::find(keys, name).is_none()).map(|name| tree::join(path, name)),
        );
    }
    let defaults = tree::parse(DEFAULT_TOML, &|_, _| Origin::BuiltIn).unwrap();
    let mut missing = Vec::new();
    walk(ROOT, &defaults, "", &mut missing);
    missing
}
