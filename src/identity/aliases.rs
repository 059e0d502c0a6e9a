//! Our own names of entities, which outlive every id: minted once, never derived, and when two turn out to name one thing
//! the older stays and the newer leads to it.

use std::{cmp::Reverse, collections::BTreeMap};

use crosswatch_model::{Id, IdSet, Uid};

/// Names that lead to other names. A lower name is an older one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aliases(BTreeMap<Uid, Uid>);

impl Aliases {
    /// No name leads to another.
    pub fn new() -> Self {
        Self::default()
    }

    /// Both name one thing: the older stays. The order in which things are folded does not matter.
    pub fn fold(&mut self, one: Uid, other: Uid) {
        let (one, other) = (self.resolve(one), self.resolve(other));
        if one != other {
            self.0.insert(one.max(other), one.min(other));
        }
    }

    /// The name that stays.
    pub fn resolve(&self, uid: Uid) -> Uid {
        let mut at = uid;
        // A name leads to a lower one only, so this ends.
        while let Some(older) = self.0.get(&at) {
            at = *older;
        }
        at
    }

    /// Every name that leads to another, with the one that stays.
    pub fn iter(&self) -> impl Iterator<Item = (Uid, Uid)> {
        self.0.keys().map(|uid| (*uid, self.resolve(*uid)))
    }
}

/// A part of an entity that fell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its ids.
    pub ids: IdSet,
    /// When the oldest statement about it was first seen, in seconds since 1970.
    pub oldest_s: i64,
}

/// Which part keeps the name: the one with most of the ids that the name was minted for, of several the one that was known
/// first, of those the one with the lowest id.
pub fn keeper(minted_for: &IdSet, parts: &[Part]) -> Option<usize> {
    let rank = |part: &Part| {
        let kept = part.ids.iter().filter(|id| minted_for.contains(*id)).count();
        let lowest: Option<Id> = part.ids.iter().next();
        (Reverse(kept), part.oldest_s, lowest.is_none(), lowest)
    };
    parts.iter().enumerate().min_by_key(|(_, part)| rank(part)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Kind, Namespace};
    use proptest::prelude::*;

    use super::*;

    fn ids(numbers: &[u64]) -> IdSet {
        numbers.iter().map(|number| Id::from_number(Namespace::Tmdb, Kind::Movie, *number).unwrap()).collect()
    }

    #[test]
    fn a_name_stays_with_the_largest_and_oldest_part() {
        let part = |numbers: &[u64], oldest_s| Part { ids: ids(numbers), oldest_s };
        let minted_for = ids(&[1, 2, 3]);
        assert_eq!(keeper(&minted_for, &[part(&[1, 8, 9], 0), part(&[2, 3], 9)]), Some(1));
        assert_eq!(keeper(&minted_for, &[part(&[1], 9), part(&[2], 5)]), Some(1));
        assert_eq!(keeper(&minted_for, &[part(&[2], 5), part(&[1], 5)]), Some(1));
        assert_eq!(keeper(&minted_for, &[]), None);
    }

    proptest! {
        #[test]
        fn invariant_24_names_survive_in_whatever_order_things_fold(
            (pairs, shuffled) in proptest::collection::vec((0u64..12, 0u64..12), 0..16)
                .prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle()))
        ) {
            let aliases = |pairs: &[(u64, u64)]| {
                let mut aliases = Aliases::new();
                for (one, other) in pairs {
                    aliases.fold(Uid(*one), Uid(*other));
                }
                aliases
            };
            let (one, two) = (aliases(&pairs), aliases(&shuffled));
            for uid in (0..12).map(Uid) {
                prop_assert_eq!(one.resolve(uid), two.resolve(uid));
                prop_assert!(one.resolve(uid) <= uid);
            }
            for (left, right) in &pairs {
                prop_assert_eq!(one.resolve(Uid(*left)), one.resolve(Uid(*right)));
            }
            // Restart: what is stored gives the same names.
            let mut stored = Aliases::new();
            for (from, into) in one.iter() {
                stored.fold(from, into);
            }
            for uid in (0..12).map(Uid) {
                prop_assert_eq!(stored.resolve(uid), one.resolve(uid));
            }
        }
    }
}
