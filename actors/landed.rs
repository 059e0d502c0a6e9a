//! Whether a write is visible in what an account shows: the read-back test for lost replies and confirmations.

use crosswatch_model::{Action, Fact, NativeRef, Scale};
use crosswatch_port::{CellNow, Write};
use crosswatch_scrobble::same_viewing;
use jiff::tz::TimeZone;

/// What a read-back tells about one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landed {
    Yes,
    No,
    /// A removal: something else is there by now.
    Differs,
    Unknown,
}

/// Compares what the account shows with what was sent.
pub(crate) fn landed(write: &Write, cell: &CellNow, scale: Scale, zone: &TimeZone) -> Landed {
    let facts = match cell {
        CellNow::Unknown => return Landed::Unknown,
        CellNow::Absent | CellNow::NotInLibrary => &[][..],
        CellNow::Present(facts) => facts,
    };
    let holds_one_value = matches!(write.value, Some(Fact::Rated { .. } | Fact::Resume { .. }));
    // The row of a value stays when the value changes, so a row proves only that a fact without a value is there.
    let is_its_row = |native: &Option<NativeRef>| !holds_one_value && native.is_some() && *native == write.native;
    let is_there = match &write.value {
        None => !facts.is_empty(),
        Some(value) => facts.iter().any(|(fact, native)| is_its_row(native) || shows(value, fact, scale, zone)),
    };
    match (write.action, is_there) {
        (Action::Remove, false) if holds_one_value && !facts.is_empty() => Landed::Differs,
        (Action::Remove, false) | (Action::Add | Action::Update, true) => Landed::Yes,
        _ => Landed::No,
    }
}

/// Whether `shown` is what `sent` looks like at the account.
pub(crate) fn shows(sent: &Fact, shown: &Fact, scale: Scale, zone: &TimeZone) -> bool {
    match (sent, shown) {
        (Fact::Play(sent), Fact::Play(shown)) => same_viewing(*sent, *shown, zone),
        (Fact::Listed(_), Fact::Listed(_)) => true,
        (Fact::Rated { value: sent, .. }, Fact::Rated { value: shown, .. }) => scale.same(*sent, *shown),
        (Fact::Resume { position_s: sent, duration_s, .. }, Fact::Resume { position_s: shown, .. }) => {
            let tolerance_s = (duration_s.unwrap_or(0) / 100).max(30);
            sent.abs_diff(*shown) <= tolerance_s
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{IdSet, Item, Kind, OpId, Rating, Uid, WatchedAt};
    use jiff::Timestamp;

    use super::*;

    fn check(write: &Write, cell: &CellNow, expected: Landed) {
        assert_eq!(landed(write, cell, Scale::TEN, &TimeZone::UTC), expected);
    }

    fn at(second: i64) -> Fact {
        Fact::Play(WatchedAt::Exact(Timestamp::from_second(second).unwrap()))
    }

    fn write(action: Action, value: Fact) -> Write {
        let item = Item::titled(Kind::Movie, "A film", None, IdSet::EMPTY);
        Write { op: OpId(1), action, uid: Uid(1), item, value: Some(value), native: None }
    }

    #[test]
    fn a_play_is_found_around_its_time_only() {
        let add = write(Action::Add, at(1_000_000_059));
        check(&add, &CellNow::Present(vec![(at(1_000_000_000), None)]), Landed::Yes);
        check(&add, &CellNow::Present(vec![(at(1_000_009_000), None)]), Landed::No);
        check(&add, &CellNow::Absent, Landed::No);
        check(&add, &CellNow::Unknown, Landed::Unknown);
    }

    #[test]
    fn a_removal_landed_when_the_value_is_gone() {
        let rated = |value| Fact::Rated { value: Rating::new(value).unwrap(), rated_at: None };
        let removal = write(Action::Remove, rated(80));
        check(&removal, &CellNow::Absent, Landed::Yes);
        check(&removal, &CellNow::Present(vec![(rated(80), None)]), Landed::No);
        check(&removal, &CellNow::Present(vec![(rated(30), None)]), Landed::Differs);
        check(&write(Action::Update, rated(85)), &CellNow::Present(vec![(rated(90), None)]), Landed::Yes);
    }

    #[test]
    fn a_known_row_with_another_value_is_no_proof() {
        let rated = |value| Fact::Rated { value: Rating::new(value).unwrap(), rated_at: None };
        let shown = CellNow::Present(vec![(rated(80), Some(NativeRef(7)))]);
        let at_row = |action| Write { native: Some(NativeRef(7)), ..write(action, rated(60)) };
        check(&at_row(Action::Update), &shown, Landed::No);
        check(&at_row(Action::Remove), &shown, Landed::Differs);
    }
}
