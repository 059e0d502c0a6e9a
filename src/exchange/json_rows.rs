//! JSON as a stream of entries: a list, or an object of lists, of which one entry at a time is in memory.

use std::{fmt, io::Read};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::{FileError, Place, gathering::Gathering, row::Unit};

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'a> {
    /// The member of the outermost object; empty where there is none.
    pub(crate) list: &'a str,
    /// The entry of its list, from 1.
    pub(crate) number: u64,
    /// Whether it is an entry of a list or of an object, not a value that stands alone.
    pub(crate) is_entry: bool,
}

impl Spot<'_> {
    /// The place as it is told.
    pub(crate) fn place(self, gathering: &Gathering) -> Place {
        let mut place = gathering.place(self.number, Unit::Entry);
        if !self.list.is_empty() {
            let inside = if place.member.is_empty() { String::new() } else { format!("{}, ", place.member) };
            place.member = format!("{inside}{}", crate::cell::short(self.list)).into();
        }
        place
    }
}

/// Is given every entry.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(Spot<'_>, Value, &mut Gathering) -> Result<(), FileError>;

/// Visits every entry of a list, or of the lists and objects in an object, and the single values of that object.
pub(crate) fn each(reader: &mut dyn Read, gathering: &mut Gathering, visit: Visit<'_>) -> Result<(), FileError> {
    let mut walk = Walk { gathering, visit, stopped: None };
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let outcome = deserializer.deserialize_any(Outermost(&mut walk)).and_then(|()| deserializer.end());
    match (walk.stopped, outcome) {
        (Some(stopped), _) => Err(stopped),
        (None, Err(error)) => Err(gathering.broken(&error)),
        (None, Ok(())) => Ok(()),
    }
}

struct Walk<'w> {
    gathering: &'w mut Gathering,
    visit: Visit<'w>,
    /// Why the walk ended early.
    stopped: Option<FileError>,
}

impl Walk<'_> {
    fn visit<E: Error>(&mut self, spot: Spot<'_>, value: Value) -> Result<(), E> {
        (self.visit)(spot, value, self.gathering).map_err(|error| {
            self.stopped = Some(error);
            E::custom("stopped")
        })
    }

    fn list<'de, A: SeqAccess<'de>>(&mut self, list: &str, mut entries: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(value) = entries.next_element::<Value>()? {
            number += 1;
            self.visit(Spot { list, number, is_entry: true }, value)?;
        }
        Ok(())
    }
}

/// The whole file.
struct Outermost<'a, 'w>(&'a mut Walk<'w>);

impl<'de> Visitor<'de> for Outermost<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        self.0.list("", entries)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            members.next_value_seed(Member { walk: self.0, name: &name })?;
        }
        Ok(())
    }
}

/// One member of the outermost object.
struct Member<'a, 'w> {
    walk: &'a mut Walk<'w>,
    name: &'a str,
}

impl<'de> DeserializeSeed<'de> for Member<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Member<'_, '_> {
    fn single<E: Error>(self, value: Value) -> Result<(), E> {
        self.walk.visit(Spot { list: self.name, number: 1, is_entry: false }, value)
    }
}

impl<'de> Visitor<'de> for Member<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        self.walk.list(self.name, entries)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some((_, value)) = members.next_entry::<String, Value>()? {
            number += 1;
            self.walk.visit(Spot { list: self.name, number, is_entry: true }, value)?;
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.single(Value::from(text))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        self.single(Value::from(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.single(Value::from(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.single(Value::from(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.single(Value::from(number))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A member of an object as text: a text or a number. Everything else reads as nothing.
pub(crate) fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}
