//! A pair as it would be with some of its keys changed: what is written is laid over what runs, and checked like a file.
//!
//! Promises: nothing else changes, and nothing is kept. A text that names other accounts is refused, for a pair between
//! other accounts is another pair. Deliberately absent: what the changed pair would do.

use crosswatch_model::PairId;
use serde_json::Value as Json;

use crate::{
    check,
    keys::ROOT,
    load::DEFAULT_TOML,
    pair::Pair,
    problem::{Origin, Problem, SettingsError},
    relations,
    settings::Settings,
    tree::{self, Node, Table, Value},
};

/// How problems name the text.
const TEXT_NAME: &str = "what-if";
/// What makes a pair the pair it is.
const FIXED: [&str; 3] = ["id", "source", "target"];

/// The pair with these keys of its table changed, as in `[history]\nremove = "observed"`; `None` where there is no such
/// pair.
pub fn what_if(settings: &Settings, pair: &PairId, text: &str) -> Option<Result<Pair, SettingsError>> {
    settings.pair(pair)?;
    Some(changed(settings, pair, text))
}

fn changed(settings: &Settings, pair: &PairId, text: &str) -> Result<Pair, SettingsError> {
    let wrong = |problems| SettingsError { problems };
    let changes = tree::parse(text, &tree::in_file(TEXT_NAME.into())).map_err(wrong)?;
    let fixed = FIXED.iter().filter_map(|key| changes.get(*key).map(|node| (*key, node)));
    let message = "cannot be changed here: a pair between other accounts is another pair";
    let fixed: Vec<Problem> = fixed.map(|(key, node)| Problem::new(&node.origin, key, message)).collect();
    if !fixed.is_empty() {
        return Err(wrong(fixed));
    }
    let defaults = tree::parse(DEFAULT_TOML, &|_, _| Origin::BuiltIn).map_err(wrong)?;
    let root = tree::merge(ROOT, &defaults, running(settings, pair, changes));
    // Secrets are masked here, so only what is said of the pair counts.
    let place = format!("pair[{pair}]");
    let mut problems = check::check(&root);
    problems.extend(relations::check(&root));
    problems.retain(|problem| problem.field.starts_with(&place));
    if !problems.is_empty() {
        problems.sort();
        problems.dedup();
        return Err(wrong(problems));
    }
    let built = Settings::build(&root)?;
    let no_pair = || Problem::of_file(TEXT_NAME, "the pair is gone; ask again");
    built.pair(pair).cloned().ok_or_else(|| no_pair().into())
}

/// What runs, as a tree, with the changes laid over the pair. What no pair depends on is left out.
fn running(settings: &Settings, pair: &PairId, changes: Table) -> Table {
    let mut root = Table::new();
    if let Json::Object(rows) = settings.masked() {
        for (name, value) in rows.into_iter().filter(|(name, _)| matches!(name.as_str(), "provider" | "pair")) {
            root.insert(name, node(value));
        }
    }
    let is_it = |entry: &&mut Node| {
        let id = entry.as_table().and_then(|table| table.get("id")).and_then(Node::as_text);
        id == Some(pair.as_str())
    };
    if let Some(Node { value: Value::List(entries), .. }) = root.get_mut("pair")
        && let Some(Node { value: Value::Table(table), .. }) = entries.iter_mut().find(is_it)
    {
        lay_over(table, changes);
    }
    root
}

/// Tables meet key by key, everything else replaces.
fn lay_over(below: &mut Table, above: Table) {
    for (name, node) in above {
        match (below.get_mut(&name), node) {
            (Some(Node { value: Value::Table(low), .. }), Node { value: Value::Table(high), .. }) => {
                lay_over(low, high);
            }
            (_, node) => {
                below.insert(name, node);
            }
        }
    }
}

fn node(json: Json) -> Node {
    let value = match json {
        Json::String(text) => Value::Text(text),
        Json::Bool(value) => Value::Boolean(value),
        Json::Number(number) => number.as_i64().map_or(Value::Other("a number out of range"), Value::Integer),
        Json::Array(list) => Value::List(list.into_iter().map(node).collect()),
        Json::Object(rows) => Value::Table(rows.into_iter().map(|(name, value)| (name, node(value))).collect()),
        Json::Null => Value::Other("nothing"),
    };
    Node { value, origin: Origin::BuiltIn }
}
