//! Typed reading from a tree that has the right shape.
//!
//! Each reader still answers with a problem instead of a guess, should a value not be what the schema promised.

use std::str::FromStr;

use crate::{
    problem::{Origin, Problem},
    secret::Secret,
    tree::{Node, Table, Value, entry_path, join},
};

/// One table, with its path for messages.
pub(crate) struct Section<'a> {
    table: &'a Table,
    path: String,
    origin: &'a Origin,
}

impl<'a> Section<'a> {
    /// The whole configuration.
    pub(crate) const fn root(table: &'a Table) -> Self {
        Self { table, path: String::new(), origin: &Origin::BuiltIn }
    }

    /// A problem with a key of this table.
    pub(crate) fn refuse(&self, key: &str, message: impl Into<String>) -> Problem {
        let origin = self.table.get(key).map_or(self.origin, |node| &node.origin);
        Problem::new(origin, join(&self.path, key), message)
    }

    fn node(&self, key: &str) -> Result<&'a Node, Problem> {
        self.table.get(key).ok_or_else(|| self.refuse(key, "is missing; add it"))
    }

    /// A table in this one.
    pub(crate) fn table(&self, key: &str) -> Result<Section<'a>, Problem> {
        let node = self.node(key)?;
        let table = node.as_table().ok_or_else(|| self.refuse(key, "must be a table"))?;
        Ok(Section { table, path: join(&self.path, key), origin: &node.origin })
    }

    /// A table in this one that may be absent.
    pub(crate) fn optional_table(&self, key: &str) -> Result<Option<Section<'a>>, Problem> {
        if self.table.contains_key(key) { self.table(key).map(Some) } else { Ok(None) }
    }

    /// The entries of a `[[list]]`, none when it is absent, each turned into what it stands for.
    pub(crate) fn entries<T>(
        &self,
        list: &str,
        read: impl Fn(&Section<'a>) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        let nodes = self.table.get(list).and_then(Node::as_list).unwrap_or_default();
        let mut built = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let table = node.as_table().ok_or_else(|| self.refuse(list, "must hold tables"))?;
            built.push(read(&Section { table, path: entry_path(list, table, index), origin: &node.origin })?);
        }
        Ok(built)
    }

    /// A text turned into what it stands for.
    pub(crate) fn parsed<T: FromStr<Err: ToString>>(&self, key: &str) -> Result<T, Problem> {
        let text = self.node(key)?.as_text().ok_or_else(|| self.refuse(key, "must be text"))?;
        text.parse().map_err(|why: T::Err| self.refuse(key, why.to_string()))
    }

    /// A text turned into what it stands for, where it is written.
    pub(crate) fn optional<T: FromStr<Err: ToString>>(&self, key: &str) -> Result<Option<T>, Problem> {
        if self.table.contains_key(key) { self.parsed(key).map(Some) } else { Ok(None) }
    }

    /// A name, by the rule of its type.
    pub(crate) fn name<T, E: ToString>(&self, key: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, Problem> {
        let text = self.node(key)?.as_text().ok_or_else(|| self.refuse(key, "must be text"))?;
        parse(text).map_err(|why| self.refuse(key, why.to_string()))
    }

    /// Whether a text stands at the key.
    pub(crate) fn is_text(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|node| node.as_text().is_some())
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self, key: &str) -> Result<bool, Problem> {
        match self.node(key)?.value {
            Value::Boolean(value) => Ok(value),
            _ => Err(self.refuse(key, "must be true or false")),
        }
    }

    /// A whole number.
    pub(crate) fn number<T: TryFrom<i64>>(&self, key: &str) -> Result<T, Problem> {
        let number = self.node(key)?.as_integer().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.refuse(key, "must be a whole number in range"))
    }

    /// A secret that was resolved, where there is one.
    pub(crate) fn secret(&self, key: &str) -> Option<Secret> {
        self.table.get(key).and_then(Node::as_text).map(Secret::new)
    }

    /// A list of texts, none when it is absent, each turned into what it stands for.
    pub(crate) fn list<T, E: ToString>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Problem> {
        let nodes = self.table.get(key).and_then(Node::as_list).unwrap_or_default();
        let mut parsed = Vec::with_capacity(nodes.len());
        for node in nodes {
            let text = node.as_text().ok_or_else(|| self.refuse(key, "must hold text"))?;
            parsed.push(parse(text).map_err(|why| self.refuse(key, why.to_string()))?);
        }
        Ok(parsed)
    }

    /// A list of words of a closed set.
    pub(crate) fn words<T: FromStr<Err: ToString>>(&self, key: &str) -> Result<Vec<T>, Problem> {
        self.list(key, T::from_str)
    }
}
