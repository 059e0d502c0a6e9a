//! Environment overrides: `CROSSWATCH__SERVER__LISTEN=0.0.0.0:8787` sets `server.listen`.
//!
//! Two underscores are one level. An entry of `[[provider]]`, `[[pair]]` or `[[route]]` is named by its id, its `-`
//! written as `_`: `CROSSWATCH__PROVIDER__MY_HOME__TOKEN`. Single values only; the schema says how they are read.
//! An empty variable counts as unset.

use smol_str::SmolStr;

use crate::{
    check::unknown_key,
    keys::ROOT,
    load::Sources,
    problem::{Origin, Problem},
    schema::{Key, Kind, find},
    tree::{Node, Table, Value, entry_path, join},
};

const PREFIX: &str = "CROSSWATCH__";

/// Writes every override into the tree.
pub(crate) fn apply(root: &mut Table, sources: &Sources) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, text) in &sources.environment {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        if text.is_empty() {
            continue;
        }
        let steps: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
        let origin = Origin::Environment { name: SmolStr::from(name.as_str()) };
        let over = Override { text, origin };
        if let Err(problem) = over.write_in_table(ROOT, root, &steps, "") {
            problems.push(problem);
        }
    }
    problems
}

struct Override<'a> {
    text: &'a str,
    origin: Origin,
}

impl Override<'_> {
    fn refuse(&self, path: &str, message: impl Into<String>) -> Problem {
        Problem::new(&self.origin, path, message)
    }

    fn write_in_table(&self, keys: &[Key], table: &mut Table, steps: &[String], path: &str) -> Result<(), Problem> {
        let Some((name, rest)) = steps.split_first() else {
            return Err(self.refuse(path, "is a table: name the key in it after two more underscores"));
        };
        let path = join(path, name);
        let key = find(keys, name).ok_or_else(|| self.refuse(&path, unknown_key(keys, name)))?;
        match key.kind {
            Kind::Table(inner) => {
                let empty = || Node { value: Value::Table(Table::new()), origin: self.origin.clone() };
                let node = table.entry(name.clone()).or_insert_with(empty);
                self.write_in_node(inner, node, rest, &path)
            }
            Kind::Switched(inner) => {
                let node = table.get_mut(name.as_str()).ok_or_else(|| {
                    self.refuse(&path, "is not in the file: write the table there, which switches it on")
                })?;
                self.write_in_node(inner, node, rest, &path)
            }
            Kind::Entries(inner) => self.write_in_entry(inner, table, name, rest),
            kind if rest.is_empty() => {
                let value = self.value(kind, &path)?;
                table.insert(name.clone(), Node { value, origin: self.origin.clone() });
                Ok(())
            }
            _ => Err(self.refuse(&path, "is a single value: remove what follows it in the variable's name")),
        }
    }

    fn write_in_node(&self, keys: &[Key], node: &mut Node, steps: &[String], path: &str) -> Result<(), Problem> {
        match &mut node.value {
            Value::Table(table) => self.write_in_table(keys, table, steps, path),
            // Something else stands there; the shape check reports it.
            _ => Ok(()),
        }
    }

    fn write_in_entry(&self, keys: &[Key], root: &mut Table, list: &str, steps: &[String]) -> Result<(), Problem> {
        if find(keys, "id").is_none() {
            return Err(self.refuse(list, "has no ids to name an entry by: write it in the file"));
        }
        let Some((id, rest)) = steps.split_first() else {
            return Err(self.refuse(list, "name the entry by its id after two more underscores"));
        };
        let entries = match root.get_mut(list).map(|node| &mut node.value) {
            Some(Value::List(entries)) => entries.as_mut_slice(),
            _ => &mut [],
        };
        for (index, entry) in entries.iter_mut().enumerate() {
            let Value::Table(table) = &mut entry.value else { continue };
            let path = entry_path(list, table, index);
            let named = table
                .get("id")
                .and_then(Node::as_text)
                .is_some_and(|own| own.replace('-', "_") == id.replace('-', "_"));
            if named {
                return match rest.first().map(String::as_str) {
                    Some("id") => Err(self.refuse(&path, "an id cannot be changed from outside the file")),
                    _ => self.write_in_table(keys, table, rest, &path),
                };
            }
        }
        Err(self.refuse(list, format!("no [[{list}]] in the file has the id `{}`", id.replace('_', "-"))))
    }

    fn value(&self, kind: Kind, path: &str) -> Result<Value, Problem> {
        match kind {
            Kind::Boolean => match self.text {
                "true" => Ok(Value::Boolean(true)),
                "false" => Ok(Value::Boolean(false)),
                _ => Err(self.refuse(path, "must be true or false")),
            },
            Kind::Integer { .. } => {
                self.text.parse().map(Value::Integer).map_err(|_| self.refuse(path, "must be a whole number"))
            }
            Kind::Text(_) | Kind::Word(_) | Kind::Secret(_) | Kind::Shelf => Ok(Value::Text(self.text.to_owned())),
            _ => Err(self.refuse(path, "is not a single value: write it in the file")),
        }
    }
}
