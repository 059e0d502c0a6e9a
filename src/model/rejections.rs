//! How many fields of a read were refused, and why.

use std::collections::BTreeMap;

use crate::id::IdRejection;

/// Refused fields, counted by reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejections(BTreeMap<IdRejection, u64>);

impl Rejections {
    /// Counts one.
    pub fn add(&mut self, why: IdRejection) {
        *self.0.entry(why).or_default() += 1;
    }

    /// Counts all of another read too.
    pub fn absorb(&mut self, other: &Self) {
        for (why, count) in &other.0 {
            *self.0.entry(*why).or_default() += count;
        }
    }

    /// Takes the id out of a result and counts what is none.
    pub fn keep<T>(&mut self, parsed: Result<T, IdRejection>) -> Option<T> {
        parsed.map_err(|why| self.add(why)).ok()
    }

    /// How many were refused for this reason.
    pub fn count(&self, why: IdRejection) -> u64 {
        self.0.get(&why).copied().unwrap_or_default()
    }

    /// How many were refused. Fields that are empty or say "none" are nothing unusual and do not count here.
    pub fn refused(&self) -> u64 {
        self.iter().filter(|(why, _)| *why != IdRejection::Empty).map(|(_, count)| count).sum()
    }

    /// The reasons that occurred, each with its count.
    pub fn iter(&self) -> impl Iterator<Item = (IdRejection, u64)> {
        self.0.iter().map(|(why, count)| (*why, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_count() {
        let mut rejections = Rejections::default();
        assert_eq!(rejections.keep::<u8>(Ok(7)), Some(7));
        for why in [IdRejection::Empty, IdRejection::Malformed, IdRejection::Malformed] {
            assert_eq!(rejections.keep::<u8>(Err(why)), None);
        }
        let mut total = rejections.clone();
        total.absorb(&rejections);
        assert_eq!((total.count(IdRejection::Malformed), total.count(IdRejection::Empty)), (4, 2));
        assert_eq!((total.refused(), total.iter().count()), (4, 2));
    }
}
