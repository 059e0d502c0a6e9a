//! The vocabulary in which the configuration file is described, once, as data.
//!
//! The description itself is in `keys`. It serves the shape check, the suggestions for misspelt keys, the environment
//! overrides, the JSON Schema and the tests that keep the example file complete. Default values are not in it: they
//! are in `config/default.toml` alone.

use std::str::FromStr;

use crosswatch_model::{ItemRef, ProviderId};

use crate::{
    address::{BasePath, BaseUrl, Network},
    duration::Span,
    schedule::Schedule,
};

/// One key of a table.
pub(crate) struct Key {
    /// As written in the file.
    pub(crate) name: &'static str,
    /// What may stand there.
    pub(crate) kind: Kind,
    /// What happens when it is not written.
    pub(crate) presence: Presence,
    /// What it means, for people.
    pub(crate) doc: &'static str,
}

/// What may stand at a key.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number between two bounds, both allowed.
    Integer { least: i64, most: i64 },
    /// Text of a form.
    Text(Form),
    /// One word of a closed set.
    Word(&'static [&'static str]),
    /// A secret: text, `{ file = "…" }` or `{ env = "…" }`.
    Secret(WhenUnset),
    /// A list of texts of a form.
    Texts { form: Form, may_be_empty: bool },
    /// A list of different words of a closed set.
    Words { known: &'static [&'static str], may_be_empty: bool },
    /// `{ only = […] }` or `{ except = […] }`.
    Filter,
    /// `"favorites"`, `{ playlist = "…" }` or `{ collection = "…" }`.
    Shelf,
    /// A table that is always there.
    Table(&'static [Key]),
    /// A table that switches something on by being there.
    Switched(&'static [Key]),
    /// A `[[list]]` of tables.
    Entries(&'static [Key]),
}

/// What an unset `{ env = "…" }` means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenUnset {
    /// An error.
    Refuse,
    /// As if the key were not written.
    Absent,
}

/// What happens when a key is not written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It must be written.
    Required,
    /// `config/default.toml` has a value.
    Defaulted,
    /// It stays absent; the doc says what that means.
    Optional,
}

/// The form of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Anything but nothing.
    Any,
    /// `[a-z0-9-]{1,32}`.
    Name,
    /// An address and a port.
    Listen,
    /// Empty, or `/path` without a slash at the end.
    BasePath,
    /// An address or a CIDR.
    Network,
    /// `http://` or `https://`, without credentials.
    Url,
    /// `30s`, `15m`, `6h`, `2d`.
    Span,
    /// `every 6h` and the like.
    Schedule,
    /// `imdb:tt0133093`, `tmdb_show:1399`, `tvdb_show:81189/1/3`.
    Item,
}

impl Form {
    /// Whether the text has the form; the error says what to write.
    pub(crate) fn check(self, text: &str) -> Result<(), String> {
        match self {
            Self::Any if text.trim().is_empty() => Err("is empty: write a value or remove the key".to_owned()),
            Self::Any => Ok(()),
            Self::Name => ProviderId::parse(text).map(drop).map_err(|why| why.to_string()),
            Self::Listen => std::net::SocketAddr::from_str(text)
                .map(drop)
                .map_err(|_| "write an address and a port, as in `127.0.0.1:8787` or `[::1]:8787`".to_owned()),
            Self::BasePath => checked::<BasePath>(text),
            Self::Network => checked::<Network>(text),
            Self::Url => checked::<BaseUrl>(text),
            Self::Span => checked::<Span>(text),
            Self::Schedule => checked::<Schedule>(text),
            Self::Item => checked::<ItemRef>(text),
        }
    }
}

fn checked<T: FromStr<Err: ToString>>(text: &str) -> Result<(), String> {
    text.parse::<T>().map(drop).map_err(|why| why.to_string())
}

/// The key of a table by its name.
pub(crate) fn find<'a>(keys: &'a [Key], name: &str) -> Option<&'a Key> {
    keys.iter().find(|key| key.name == name)
}

impl Kind {
    /// The keys inside, where it is a table or a list of tables.
    pub(crate) const fn inner(&self) -> Option<&'static [Key]> {
        match self {
            Self::Table(keys) | Self::Switched(keys) | Self::Entries(keys) => Some(keys),
            _ => None,
        }
    }
}
