//! A configuration as a tree of values, each knowing where it was written.
//!
//! The three layers (built-in defaults, file, environment) meet here. The tree knows nothing of meaning;
//! `check` compares it with the schema.

use std::collections::BTreeMap;

use smol_str::SmolStr;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::{
    problem::{Origin, Problem},
    schema::{Key, Kind, find},
};

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The value.
    pub(crate) value: Value,
    /// Where it was written; of a table, where it begins.
    pub(crate) origin: Origin,
}

/// The keys of a table.
pub(crate) type Table = BTreeMap<String, Node>;

/// What TOML can say, as far as a configuration uses it.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Table),
    /// Something no setting takes, with its name for the message.
    Other(&'static str),
}

impl Value {
    /// The name of the type, with its article.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

impl Node {
    /// The text, where it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The table, where it is one.
    pub(crate) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The elements, where it is a list.
    pub(crate) fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The number, where it is one.
    pub(crate) const fn as_integer(&self) -> Option<i64> {
        match self.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }
}

/// The entries of a `[[list]]` that are tables; anything else was reported by the shape check.
pub(crate) fn entries<'a>(root: &'a Table, list: &str) -> Vec<(&'a Table, &'a Origin)> {
    let nodes = root.get(list).and_then(Node::as_list).unwrap_or_default();
    nodes.iter().filter_map(|node| node.as_table().map(|table| (table, &node.origin))).collect()
}

/// Reads TOML. All syntax errors are reported, none with the text of the line: it may hold a secret.
pub(crate) fn parse(text: &str, origin_of: &dyn Fn(u32, u32) -> Origin) -> Result<Table, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let places = Places::new(text, origin_of);
    if errors.is_empty() {
        return Ok(places.table(document.get_ref()));
    }
    let mut problems = Vec::new();
    for error in errors {
        let origin = places.origin(error.span().map_or(0, |span| span.start));
        problems.push(Problem::new(&origin, "", format!("this is not valid TOML: {}", error.message())));
    }
    Err(problems)
}

/// Turns offsets into lines while the document becomes a tree.
struct Places<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    origin_of: &'a dyn Fn(u32, u32) -> Origin,
}

impl<'a> Places<'a> {
    fn new(text: &'a str, origin_of: &'a dyn Fn(u32, u32) -> Origin) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, line_starts: std::iter::once(0).chain(breaks).collect(), origin_of }
    }

    fn origin(&self, offset: usize) -> Origin {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        (self.origin_of)(u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let mut rows = Table::new();
        for (key, value) in table {
            let offset = match value.get_ref() {
                DeValue::Table(_) | DeValue::Array(_) => value.span().start,
                _ => key.span().start,
            };
            rows.insert(key.get_ref().to_string(), self.node(value.get_ref(), offset));
        }
        rows
    }

    fn node(&self, value: &DeValue<'_>, offset: usize) -> Node {
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => whole(integer),
            DeValue::Float(_) => Value::Other("a fraction"),
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Datetime(_) => Value::Other("a date"),
            DeValue::Array(list) => {
                Value::List(list.iter().map(|entry| self.node(entry.get_ref(), entry.span().start)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node { value, origin: self.origin(offset) }
    }
}

fn whole(integer: &DeInteger<'_>) -> Value {
    i64::from_str_radix(integer.as_str(), integer.radix()).map_or(Value::Other("a number out of range"), Value::Integer)
}

/// Puts a layer over the one below. Tables meet key by key; lists, secrets and filters replace.
///
/// The one entry of a `[[list]]` below is what every entry above starts from. A table that switches something on
/// (`[pair.history]`) takes its defaults only where it is written.
pub(crate) fn merge(keys: &[Key], below: &Table, above: Table) -> Table {
    let mut merged = above;
    for (name, node) in below {
        let Some(key) = find(keys, name) else { continue };
        let laid_over = match (&key.kind, merged.remove(name)) {
            (Kind::Entries(_) | Kind::Switched(_), None) => continue,
            (Kind::Entries(inner), Some(over)) => merge_entries(inner, node, over),
            (Kind::Table(inner) | Kind::Switched(inner), Some(over)) => merge_node(inner, node, over),
            (Kind::Table(inner), None) => {
                let nothing = Node { value: Value::Table(Table::new()), origin: node.origin.clone() };
                merge_node(inner, node, nothing)
            }
            (_, over) => over.unwrap_or_else(|| node.clone()),
        };
        merged.insert(name.clone(), laid_over);
    }
    merged
}

fn merge_node(keys: &[Key], below: &Node, above: Node) -> Node {
    match (&below.value, above.value) {
        (Value::Table(low), Value::Table(high)) => {
            Node { value: Value::Table(merge(keys, low, high)), origin: above.origin }
        }
        (_, value) => Node { value, origin: above.origin },
    }
}

fn merge_entries(keys: &[Key], below: &Node, above: Node) -> Node {
    let template = below.as_list().and_then(<[Node]>::first);
    match (template, above.value) {
        (Some(template), Value::List(entries)) => {
            let entries = entries.into_iter().map(|entry| merge_node(keys, template, entry)).collect();
            Node { value: Value::List(entries), origin: above.origin }
        }
        (_, value) => Node { value, origin: above.origin },
    }
}

/// How an entry of a `[[list]]` is called in messages: `pair[home-to-ledger]`, or `pair[#2]` without an id.
pub(crate) fn entry_path(list: &str, table: &Table, index: usize) -> String {
    let id = ["id", "provider"].iter().find_map(|key| table.get(*key).and_then(Node::as_text));
    match id {
        Some(id) => format!("{list}[{id}]"),
        None => format!("{list}[#{}]", index + 1),
    }
}

/// The path of a key below another.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The origin of a line in a named file.
pub(crate) fn in_file(file: SmolStr) -> impl Fn(u32, u32) -> Origin {
    move |line, column| Origin::File { file: file.clone(), line, column }
}
