//! Looking into the old configuration: every value may be missing, empty, or of another type than it should be.

use serde_json::{Map, Value};

/// What secrets that the old program encrypted begin with.
const ENCRYPTED: &str = "enc:v1:";

/// A value of the old file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Old<'a>(pub(super) Option<&'a Value>);

impl<'a> Old<'a> {
    /// A member of an object.
    pub(super) fn get(self, name: &str) -> Self {
        Self(self.0.and_then(|value| value.get(name)))
    }

    /// A member further down.
    pub(super) fn at(self, path: &[&str]) -> Self {
        path.iter().fold(self, |value, name| value.get(name))
    }

    /// The text, trimmed; a number as text; empty where there is neither.
    pub(super) fn text(self) -> String {
        match self.0 {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    }

    /// The first of several members that holds a text.
    pub(super) fn first_text(self, names: &[&str]) -> String {
        names.iter().map(|name| self.get(name).text()).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// The truth value, or what holds where there is none.
    pub(super) fn flag(self, otherwise: bool) -> bool {
        match self.0 {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            _ => otherwise,
        }
    }

    /// The whole number.
    pub(super) fn whole(self) -> Option<u64> {
        self.0.and_then(|value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()))
    }

    /// The entries of a list.
    pub(super) fn list(self) -> impl Iterator<Item = Old<'a>> {
        self.0.and_then(Value::as_array).into_iter().flatten().map(|value| Old(Some(value)))
    }

    /// The members of an object.
    pub(super) fn members(self) -> impl Iterator<Item = (&'a str, Old<'a>)> {
        let members: Option<&Map<String, Value>> = self.0.and_then(Value::as_object);
        members.into_iter().flatten().map(|(name, value)| (name.as_str(), Old(Some(value))))
    }

    /// A secret, where it is there and readable.
    pub(super) fn secret(self, name: &str) -> Secret {
        match self.get(name).text() {
            text if text.is_empty() => Secret::Missing,
            text if text.starts_with(ENCRYPTED) => Secret::Encrypted,
            text => Secret::Plain(text),
        }
    }
}

/// A secret of the old file. It is never shown.
pub(super) enum Secret {
    /// Nothing there.
    Missing,
    /// Encrypted with a key that lies beside the old file.
    Encrypted,
    /// As it is.
    Plain(String),
}
