//! Which value of a file is news, for one item: its rating, its place on the watchlist, its resume point.
//!
//! Of several values the last one counts, by its date, else by its place in the file. What is there stays where it is
//! newer, or where the file does not say when.

use crosswatch_model::{Fact, Rating, Scale};
use jiff::Timestamp;

use super::Write;
use crate::Format;

/// The value to write, if any.
pub(super) fn news(there: Option<Fact>, told: &[Fact], format: Format) -> Option<Write> {
    let told = told.iter().copied().enumerate().max_by_key(|(at, fact)| (dated(*fact), *at)).map(|(_, fact)| fact)?;
    let Some(there) = there else { return Some(Write { fact: told, before: None }) };
    let is_news = match (there, told) {
        (Fact::Rated { value: old, rated_at }, Fact::Rated { value: new, rated_at: told_at }) => {
            !is_same_rating(old, new, format) && (rated_at.is_none() || is_later(told_at, rated_at))
        }
        (
            Fact::Resume { position_s: old, stopped_at, .. },
            Fact::Resume { position_s: new, stopped_at: told_at, .. },
        ) => old != new && is_later(told_at, stopped_at),
        // Being on the watchlist has no value that could differ.
        _ => false,
    };
    is_news.then_some(Write { fact: told, before: Some(there) })
}

/// A coarse scale cannot tell what a finer one holds.
fn is_same_rating(old: Rating, new: Rating, format: Format) -> bool {
    let scale = match format {
        Format::Trakt | Format::Simkl | Format::Letterboxd | Format::Imdb => Scale::TEN,
        Format::Yamtrack | Format::CrossWatch | Format::Csv | Format::Json => Scale::HUNDRED,
    };
    scale.same(old, new)
}

fn is_later(told: Option<Timestamp>, there: Option<Timestamp>) -> bool {
    told.is_some_and(|told| there.is_none_or(|there| told > there))
}

const fn dated(fact: Fact) -> Option<Timestamp> {
    match fact {
        Fact::Play(_) => None,
        Fact::Listed(at) => at,
        Fact::Rated { rated_at, .. } => rated_at,
        Fact::Resume { stopped_at, .. } => stopped_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(second).ok()
    }

    fn rated(value: u8, rated_at: Option<Timestamp>) -> Fact {
        Fact::Rated { value: Rating::new(value).unwrap(), rated_at }
    }

    fn resume(position_s: u32, stopped_at: Option<Timestamp>) -> Fact {
        Fact::Resume { position_s, duration_s: None, stopped_at }
    }

    #[test]
    fn newer_values_win_and_equal_ones_are_no_news() {
        for (there, told, format, expected) in [
            (None, vec![rated(80, at(1)), rated(70, at(2)), rated(90, None)], Format::Trakt, Some(rated(70, at(2)))),
            (None, vec![rated(80, None), rated(70, None)], Format::Trakt, Some(rated(70, None))),
            (Some(rated(85, at(5))), vec![rated(90, at(9))], Format::Trakt, None),
            (Some(rated(85, at(5))), vec![rated(90, at(9))], Format::Csv, Some(rated(90, at(9)))),
            (Some(rated(50, at(5))), vec![rated(90, at(4))], Format::Trakt, None),
            (Some(rated(50, at(5))), vec![rated(90, None)], Format::Trakt, None),
            (Some(rated(50, None)), vec![rated(90, None)], Format::Trakt, Some(rated(90, None))),
            (Some(Fact::Listed(None)), vec![Fact::Listed(at(3))], Format::Trakt, None),
            (Some(resume(5, at(5))), vec![resume(9, at(6))], Format::Trakt, Some(resume(9, at(6)))),
            (Some(resume(5, at(5))), vec![resume(9, at(4))], Format::Trakt, None),
            (Some(resume(5, None)), vec![resume(9, None)], Format::Trakt, None),
        ] {
            let news = news(there, &told, format).map(|write| write.fact);
            assert_eq!(news, expected, "{there:?} {told:?}");
        }
    }
}
