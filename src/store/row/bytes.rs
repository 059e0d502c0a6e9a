//! Byte strings: wide numbers without their leading zeros, and opaque bytes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A 128-bit number as a byte string, most significant byte first, without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wide(pub(super) u128);

impl Serialize for Wide {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        serializer.serialize_bytes(bytes.get(zeros..).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Wide {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(WideVisitor)
    }
}

struct WideVisitor;

impl de::Visitor<'_> for WideVisitor {
    type Value = Wide;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("at most 16 bytes without leading zeros")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Wide, E> {
        let is_canonical = bytes.len() <= 16 && bytes.first() != Some(&0);
        if !is_canonical {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        Ok(Wide(bytes.iter().fold(0, |value, byte| value << 8 | u128::from(*byte))))
    }
}

/// Opaque bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opaque(pub(super) Vec<u8>);

impl Serialize for Opaque {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Opaque {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(OpaqueVisitor)
    }
}

struct OpaqueVisitor;

impl de::Visitor<'_> for OpaqueVisitor {
    type Value = Opaque;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a byte string")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Opaque, E> {
        Ok(Opaque(bytes.to_vec()))
    }
}
