//! Entities: kind, title, year, ids and coordinates.

use std::fmt;

use crosswatch_model::{Id, IdSet, Item, Kind, Scheme, Show};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::{SmolStr, format_smolstr};

use super::{RowError, Stored, row};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ItemV1 {
    kind: u8,
    title: SmolStr,
    year: Option<u16>,
    ids: Vec<IdV1>,
    show: Option<ShowV1>,
    season: Option<u16>,
    number: Option<u16>,
}

/// An entity with what is known of it beside its description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entity {
    pub(crate) item: Item,
    pub(crate) runtime_s: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EntityV1 {
    item: ItemV1,
    runtime_s: Option<u32>,
}
row!(EntityV1, Positional, 1);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ShowV1 {
    title: SmolStr,
    year: Option<u16>,
    ids: Vec<IdV1>,
    /// Its ordering scheme where it is not the standard one.
    scheme: Option<SmolStr>,
}

impl ItemV1 {
    pub(super) fn of(item: &Item) -> Self {
        Self {
            kind: item.kind as u8,
            title: item.title.clone(),
            year: item.year,
            ids: IdV1::of_all(&item.ids),
            show: item.show.as_ref().map(|show| ShowV1 {
                title: show.title.clone(),
                year: show.year,
                ids: IdV1::of_all(&show.ids),
                scheme: (show.scheme != Scheme::Standard).then(|| format_smolstr!("{}", show.scheme)),
            }),
            season: item.season,
            number: item.number,
        }
    }

    pub(super) fn item(self) -> Result<Item, RowError> {
        let show = match self.show {
            None => None,
            Some(show) => Some(Box::new(Show {
                title: show.title,
                year: show.year,
                ids: ids(&show.ids)?,
                scheme: match show.scheme {
                    None => Scheme::Standard,
                    Some(text) => text.parse().map_err(|_| RowError::Field("scheme"))?,
                },
            })),
        };
        Ok(Item {
            kind: Kind::from_number(self.kind).ok_or(RowError::Field("kind"))?,
            title: self.title,
            year: self.year,
            ids: ids(&self.ids)?,
            show,
            season: self.season,
            number: self.number,
        })
    }
}

impl Stored for Entity {
    type Row = EntityV1;

    fn to_row(&self) -> EntityV1 {
        EntityV1 { item: ItemV1::of(&self.item), runtime_s: self.runtime_s }
    }

    fn from_row(row: EntityV1) -> Result<Self, RowError> {
        Ok(Self { item: row.item.item()?, runtime_s: row.runtime_s })
    }
}

/// An external id as a byte string: namespace, kind, and the value without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct IdV1(u128);

impl IdV1 {
    fn of_all(ids: &IdSet) -> Vec<Self> {
        ids.iter().map(|id| Self(id.to_bits())).collect()
    }
}

fn ids(stored: &[IdV1]) -> Result<IdSet, RowError> {
    let ids: Option<IdSet> = stored.iter().map(|id| Id::from_bits(id.0)).collect();
    let ids = ids.ok_or(RowError::Field("ids"))?;
    if ids.len() == stored.len() { Ok(ids) } else { Err(RowError::Field("ids")) }
}

impl Serialize for IdV1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [namespace, kind, value @ ..] = self.0.to_be_bytes();
        let mut short = [0; 16];
        let mut len = 0;
        let digits = value.iter().skip_while(|byte| **byte == 0);
        for (place, byte) in short.iter_mut().zip([&namespace, &kind].into_iter().chain(digits)) {
            *place = *byte;
            len += 1;
        }
        serializer.serialize_bytes(short.get(..len).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for IdV1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(IdVisitor)
    }
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = IdV1;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an id of 3 to 16 bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<IdV1, E> {
        match bytes {
            [namespace, kind, value @ ..] if (1..=14).contains(&value.len()) && value.first() != Some(&0) => {
                let value = value.iter().fold(0, |value, byte| value << 8 | u128::from(*byte));
                Ok(IdV1(u128::from(*namespace) << 120 | u128::from(*kind) << 112 | value))
            }
            _ => Err(E::invalid_length(bytes.len(), &self)),
        }
    }
}
