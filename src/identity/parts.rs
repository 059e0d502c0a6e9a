//! One file that holds several episodes, one episode that others know as several, several files of one episode.
//!
//! A watched file means that all its episodes were watched. That one of them is unwatched elsewhere says nothing about the
//! file. Deliberately absent: progress inside such a file, which would need the length of every part.

use std::ops::RangeInclusive;

/// More episodes than this in one file are a mistake of the scan, not a file.
pub const MAX_EPISODES_IN_A_FILE: u16 = 50;

/// The numbers of the episodes in a file that begins with `number` and, where told, ends with `end`.
pub fn numbers_in_file(number: u16, end: Option<u16>) -> RangeInclusive<u16> {
    let is_sane = |end: &u16| *end >= number && end - number < MAX_EPISODES_IN_A_FILE;
    number..=end.filter(is_sane).unwrap_or(number)
}

/// What an account says about one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Watched {
    /// It was watched.
    Yes,
    /// It was not, or the account says nothing.
    No,
}

/// What follows for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whole {
    /// Mark it as watched.
    Watched,
    /// None of it was watched: it may be unmarked, if removals are allowed at all.
    Unwatched,
    /// Nothing follows.
    LeaveAlone,
}

/// What follows for a file from its episodes.
pub fn file_of_parts(parts: &[Watched]) -> Whole {
    let watched = parts.iter().filter(|part| **part == Watched::Yes).count();
    match (watched, parts.len()) {
        (_, 0) => Whole::LeaveAlone,
        (0, _) => Whole::Unwatched,
        (watched, all) if watched == all => Whole::Watched,
        _ => Whole::LeaveAlone,
    }
}

/// What follows for an episode that the other side knows as several. Nothing is ever removed across such a ratio.
pub fn merged_of_parts(parts: &[Watched]) -> Whole {
    match file_of_parts(parts) {
        Whole::Watched => Whole::Watched,
        Whole::Unwatched | Whole::LeaveAlone => Whole::LeaveAlone,
    }
}

/// What one local item says: an edition, a resolution, a second copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Whether it was watched.
    pub watched: Watched,
    /// When last, in seconds since 1970.
    pub last_viewed_s: Option<i64>,
    /// How often.
    pub plays: u32,
    /// A rating from 1 to 100, and when it was given, in seconds since 1970.
    pub rating: Option<(u8, Option<i64>)>,
}

/// All variants of an entity as one: watched when any is, the latest view, the most plays (not their sum: copies are often
/// marked together), the latest rating.
pub fn collapse(variants: &[Variant]) -> Option<Variant> {
    variants.iter().copied().reduce(|one, other| Variant {
        watched: if one.watched == Watched::Yes { Watched::Yes } else { other.watched },
        last_viewed_s: one.last_viewed_s.max(other.last_viewed_s),
        plays: one.plays.max(other.plays),
        rating: [one.rating, other.rating].into_iter().flatten().max_by_key(|(value, rated_s)| (*rated_s, *value)),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    use Watched::{No, Yes};

    #[test]
    fn a_file_holds_the_episodes_it_says() {
        let numbers = |number, end| numbers_in_file(number, end).collect::<Vec<u16>>();
        assert_eq!(numbers(12, Some(13)), [12, 13]);
        assert_eq!(numbers(12, None), [12]);
        assert_eq!(numbers(12, Some(11)), [12]);
        assert_eq!(numbers(1, Some(51)), [1]);
        assert_eq!(numbers(u16::MAX, Some(u16::MAX)), [u16::MAX]);
    }

    #[test]
    fn invariant_26_unwatching_one_episode_leaves_the_file_alone() {
        assert_eq!(file_of_parts(&[Yes, Yes]), Whole::Watched);
        assert_eq!(file_of_parts(&[Yes, No]), Whole::LeaveAlone);
        assert_eq!(file_of_parts(&[No, No]), Whole::Unwatched);
        assert_eq!(file_of_parts(&[]), Whole::LeaveAlone);
        assert_eq!(merged_of_parts(&[No, No]), Whole::LeaveAlone);
        assert_eq!(merged_of_parts(&[Yes, Yes]), Whole::Watched);
    }

    fn any_variant() -> impl Strategy<Value = Variant> {
        let time = || proptest::option::of(0i64..5);
        (any::<bool>(), time(), 0u32..4, proptest::option::of((1u8..5, time()))).prop_map(
            |(watched, last_viewed_s, plays, rating)| Variant {
                watched: if watched { Yes } else { No },
                last_viewed_s,
                plays,
                rating,
            },
        )
    }

    proptest! {
        #[test]
        fn invariant_25_a_copy_changes_nothing_and_the_order_neither(variants in proptest::collection::vec(any_variant(), 1..6)) {
            let collapsed = collapse(&variants);
            let mut copied = variants.clone();
            copied.extend(&variants);
            copied.reverse();
            prop_assert_eq!(collapse(&copied), collapsed);
        }
    }
}
