//! The shape of a configuration: known keys, right types, right forms. Every deviation is reported.
//!
//! What values mean to each other (references, duplicates, what a kind of account takes) is in `relations`.

use std::collections::BTreeSet;

use crate::{
    keys::ROOT,
    nearest::nearest,
    problem::{Origin, Problem},
    schema::{Form, Key, Kind, Presence, find},
    secret,
    tree::{Node, Table, Value, entry_path, join},
};

/// Compares a whole configuration with the schema.
pub(crate) fn check(root: &Table) -> Vec<Problem> {
    let mut check = Check { problems: Vec::new() };
    check.table(ROOT, root, "");
    check.problems
}

/// What to say about a key that does not exist.
pub(crate) fn unknown_key(keys: &[Key], name: &str) -> String {
    if let Some(near) = nearest(name, keys.iter().map(|key| key.name)) {
        return format!("there is no such key; did you mean `{near}`?");
    }
    if let Some(place) = place_of(ROOT, name, "") {
        return format!("there is no such key here; `{name}` belongs to {place}");
    }
    let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
    format!("there is no such key; known here: {}", known.join(", "))
}

/// The first table that has a key of this name.
fn place_of(keys: &[Key], name: &str, path: &str) -> Option<String> {
    for key in keys {
        let Some(inner) = key.kind.inner() else { continue };
        let path = join(path, key.name);
        if find(inner, name).is_some() {
            let list = matches!(key.kind, Kind::Entries(_));
            return Some(if list { format!("[[{path}]]") } else { format!("[{path}]") });
        }
        if let Some(place) = place_of(inner, name, &path) {
            return Some(place);
        }
    }
    None
}

struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn report(&mut self, origin: &Origin, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(origin, path, message));
    }

    fn table(&mut self, keys: &[Key], table: &Table, path: &str) {
        for (name, node) in table {
            let path = join(path, name);
            match find(keys, name) {
                Some(key) => self.value(&key.kind, node, &path),
                None => self.report(&node.origin, &path, unknown_key(keys, name)),
            }
        }
    }

    fn required(&mut self, keys: &[Key], table: &Table, path: &str, origin: &Origin) {
        let missing = keys.iter().filter(|key| key.presence == Presence::Required && !table.contains_key(key.name));
        for key in missing {
            let doc = key.doc;
            self.report(origin, &join(path, key.name), format!("is missing; add `{} = …`. {doc}", key.name));
        }
    }

    fn value(&mut self, kind: &Kind, node: &Node, path: &str) {
        let found = node.value.type_name();
        let origin = &node.origin;
        match (kind, &node.value) {
            (Kind::Boolean, Value::Boolean(_)) => {}
            (Kind::Integer { least, most }, Value::Integer(number)) => {
                if number < least || number > most {
                    self.report(origin, path, format!("{number} is out of range: write {least} to {most}"));
                }
            }
            (Kind::Text(form), Value::Text(text)) => self.text(*form, text, origin, path),
            (Kind::Word(known), Value::Text(text)) => self.word(known, text, origin, path),
            (Kind::Secret(_), _) => {
                if let Err(message) = secret::check_shape(node) {
                    self.report(origin, path, message);
                }
            }
            (Kind::Texts { form, may_be_empty }, Value::List(list)) => {
                self.not_empty(list, *may_be_empty, origin, path);
                self.each_text(list, path, |check, text, origin| check.text(*form, text, origin, path));
            }
            (Kind::Words { known, may_be_empty }, Value::List(list)) => {
                self.not_empty(list, *may_be_empty, origin, path);
                self.each_text(list, path, |check, text, origin| check.word(known, text, origin, path));
            }
            (Kind::Filter, Value::Table(table)) => self.filter(table, origin, path),
            (Kind::Shelf, _) => self.shelf(node, path),
            (Kind::Table(keys) | Kind::Switched(keys), Value::Table(table)) => {
                self.table(keys, table, path);
                self.required(keys, table, path, origin);
            }
            (Kind::Entries(keys), Value::List(list)) => self.entries(keys, list, path),
            _ => self.report(origin, path, format!("must be {}, found {found}", expected(kind))),
        }
    }

    fn entries(&mut self, keys: &[Key], list: &[Node], path: &str) {
        for (index, entry) in list.iter().enumerate() {
            match &entry.value {
                Value::Table(table) => {
                    let path = entry_path(path, table, index);
                    self.required(keys, table, &path, &entry.origin);
                    self.table(keys, table, &path);
                }
                _ => {
                    self.report(
                        &entry.origin,
                        path,
                        format!("write each entry as a table that begins with [[{path}]]"),
                    );
                }
            }
        }
    }

    fn text(&mut self, form: Form, text: &str, origin: &Origin, path: &str) {
        if let Err(message) = form.check(text) {
            self.report(origin, path, message);
        }
    }

    fn word(&mut self, known: &[&str], text: &str, origin: &Origin, path: &str) {
        if known.contains(&text) {
            return;
        }
        let message = match nearest(text, known.iter().copied()) {
            Some(near) => format!("`{text}` is not known; did you mean `{near}`?"),
            None => format!("`{text}` is not known; use one of: {}", known.join(", ")),
        };
        self.report(origin, path, message);
    }

    fn not_empty(&mut self, list: &[Node], may_be_empty: bool, origin: &Origin, path: &str) {
        if list.is_empty() && !may_be_empty {
            self.report(origin, path, "is empty: write at least one, or remove the key");
        }
    }

    /// Looks at every element of a list of texts, which must differ from each other.
    fn each_text(&mut self, list: &[Node], path: &str, look: impl Fn(&mut Self, &str, &Origin)) {
        let mut seen = BTreeSet::new();
        for node in list {
            match node.as_text() {
                Some(text) if !seen.insert(text) => {
                    self.report(&node.origin, path, format!("`{text}` is listed twice"));
                }
                Some(text) => look(self, text, &node.origin),
                None => self.report(&node.origin, path, format!("must hold text, found {}", node.value.type_name())),
            }
        }
    }

    fn filter(&mut self, table: &Table, origin: &Origin, path: &str) {
        for (name, node) in table {
            let path = join(path, name);
            match (name.as_str(), &node.value) {
                ("only", Value::List(list)) if list.is_empty() => self.report(
                    &node.origin,
                    &path,
                    "is empty and would leave nothing: name what counts, or remove the filter to take all",
                ),
                ("only" | "except", Value::List(list)) => self.each_text(list, &path, |check, text, origin| {
                    check.text(Form::Any, text, origin, &path);
                }),
                ("only" | "except", other) => {
                    self.report(&node.origin, &path, format!("must be a list of names, found {}", other.type_name()));
                }
                _ => self.report(&node.origin, &path, "there is no such key; use `only` or `except`"),
            }
        }
        let both = table.contains_key("only") && table.contains_key("except");
        if both || table.is_empty() {
            self.report(origin, path, "takes exactly one of `{ only = […] }` and `{ except = […] }`");
        }
    }

    fn shelf(&mut self, node: &Node, path: &str) {
        let fits = match &node.value {
            Value::Text(text) => text == "favorites",
            Value::Table(table) => {
                table.len() == 1
                    && ["playlist", "collection"].iter().any(|name| {
                        table.get(*name).and_then(Node::as_text).is_some_and(|text| !text.trim().is_empty())
                    })
            }
            _ => false,
        };
        if !fits {
            let message = "use \"favorites\", `{ playlist = \"…\" }` or `{ collection = \"…\" }`";
            self.report(&node.origin, path, message);
        }
    }
}

/// What a kind takes, in words.
const fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean => "true or false",
        Kind::Integer { .. } => "a whole number",
        Kind::Text(_) | Kind::Word(_) => "text in quotes",
        Kind::Secret(_) => "a secret",
        Kind::Texts { .. } | Kind::Words { .. } => "a list of texts",
        Kind::Filter => "`{ only = […] }` or `{ except = […] }`",
        Kind::Shelf => "\"favorites\", a playlist or a collection",
        Kind::Table(_) | Kind::Switched(_) => "a table",
        Kind::Entries(_) => "a list of tables in double brackets, as in [[pair]]",
    }
}
