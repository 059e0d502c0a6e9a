//! Secrets: never shown, and taken from the place they are kept in (the file itself, another file, the environment).

use std::{
    fmt,
    io::Read,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    load::Sources,
    problem::Problem,
    schema::{Key, Kind, WhenUnset, find},
    tree::{Node, Table, Value, entry_path, join},
};

/// A secret that can be compared and copied, but not shown by accident.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text, for the one place that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The wrapped value, for those who carry it on.
    pub const fn as_secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

/// A file with a secret is small; anything bigger is a wrong path.
const LARGEST_FILE_BYTES: u64 = 64 * 1024;

/// Replaces `{ file = … }` and `{ env = … }` by what they point to, everywhere in the tree.
pub(crate) struct Resolver<'a> {
    /// Where environment variables come from.
    pub(crate) sources: &'a Sources,
    /// What relative paths are relative to.
    pub(crate) folder: &'a Path,
    /// What could not be resolved.
    pub(crate) problems: Vec<Problem>,
}

impl Resolver<'_> {
    /// Resolves every secret of a table and of the tables in it.
    pub(crate) fn resolve(&mut self, keys: &[Key], table: &mut Table, path: &str) {
        let mut absent = Vec::new();
        for (name, node) in table.iter_mut() {
            let Some(key) = find(keys, name) else { continue };
            let path = join(path, name);
            match (&key.kind, &mut node.value) {
                (Kind::Secret(when_unset), _) => match self.secret(node, *when_unset) {
                    Ok(Some(text)) => node.value = Value::Text(text),
                    Ok(None) => absent.push(name.clone()),
                    Err(message) => self.problems.push(Problem::new(&node.origin, path, message)),
                },
                (Kind::Table(inner) | Kind::Switched(inner), Value::Table(rows)) => self.resolve(inner, rows, &path),
                (Kind::Entries(inner), Value::List(entries)) => {
                    for (index, entry) in entries.iter_mut().enumerate() {
                        if let Value::Table(rows) = &mut entry.value {
                            let path = entry_path(name, rows, index);
                            self.resolve(inner, rows, &path);
                        }
                    }
                }
                _ => {}
            }
        }
        for name in absent {
            table.remove(&name);
        }
    }

    fn secret(&self, node: &Node, when_unset: WhenUnset) -> Result<Option<String>, String> {
        let text = match &node.value {
            Value::Text(text) if text.is_empty() => {
                return Err("is empty: write the secret, `{ file = \"…\" }` or `{ env = \"…\" }`".to_owned());
            }
            Value::Text(text) => text.clone(),
            Value::Table(table) => {
                if let Some(name) = table.get("env").and_then(Node::as_text) {
                    match self.sources.variable(name) {
                        Some(text) => text.to_owned(),
                        None if when_unset == WhenUnset::Absent => return Ok(None),
                        None => {
                            return Err(format!(
                                "the environment variable {name} is not set: set it, or write the secret another way"
                            ));
                        }
                    }
                } else if let Some(file) = table.get("file").and_then(Node::as_text) {
                    read(&self.folder.join(file))?
                } else {
                    return Ok(None);
                }
            }
            _ => return Ok(None),
        };
        if text.chars().any(char::is_control) {
            return Err(
                "the secret has a line break or another control character in it: keep it on one line".to_owned()
            );
        }
        Ok(Some(text))
    }
}

fn read(path: &PathBuf) -> Result<String, String> {
    let shown = path.display();
    let file = std::fs::File::open(path).map_err(|why| format!("the secret file {shown} cannot be read: {why}"))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|why| format!("the secret file {shown} cannot be read: {why}"))?;
    if bytes.len() as u64 > LARGEST_FILE_BYTES {
        return Err(format!("the secret file {shown} is larger than 64 KiB: name the file that holds only the secret"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("the secret file {shown} is not UTF-8 text"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(format!("the secret file {shown} is empty: write the secret into it"));
    }
    Ok(text.to_owned())
}

/// Whether a secret is text or names exactly one place; the error says what to write.
pub(crate) fn check_shape(node: &Node) -> Result<(), String> {
    let table = match &node.value {
        Value::Text(_) => return Ok(()),
        Value::Table(table) => table,
        other => {
            let found = other.type_name();
            return Err(format!("must be text, `{{ file = \"…\" }}` or `{{ env = \"…\" }}`, found {found}"));
        }
    };
    let mut places = table.iter();
    match (places.next(), places.next()) {
        (Some((name, place)), None) if matches!(name.as_str(), "file" | "env") => match place.as_text() {
            Some(text) if !text.trim().is_empty() => Ok(()),
            _ => Err(format!("write a name as text after `{name} =`")),
        },
        _ => Err("takes exactly one of `{ file = \"…\" }` and `{ env = \"…\" }`".to_owned()),
    }
}
