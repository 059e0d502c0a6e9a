//! Whether a write is visible in what an account shows: the read-back test for lost replies and confirmations.

use crosswatch_model::{Action, Fact, Scale, WatchedAt, same_instant_tolerance_s};
use crosswatch_port::{CellNow, Write};

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
pub(crate) fn landed(write: &Write, cell: &CellNow, scale: Scale) -> Landed {
    let facts = match cell {
        CellNow::Unknown => return Landed::Unknown,
        CellNow::Absent => &[][..],
        CellNow::Present(facts) => facts,
    };
    let is_there = match &write.value {
        None => !facts.is_empty(),
        Some(value) => facts
            .iter()
            .any(|(fact, native)| (native.is_some() && *native == write.native) || shows(value, fact, scale)),
    };
    let holds_one_value = matches!(write.value, Some(Fact::Rated { .. } | Fact::Resume { .. }));
    match (write.action, is_there) {
        (Action::Remove, false) if holds_one_value && !facts.is_empty() => Landed::Differs,
        (Action::Remove, false) | (Action::Add | Action::Update, true) => Landed::Yes,
        _ => Landed::No,
    }
}

/// Whether `shown` is what `sent` looks like at the account.
pub(crate) fn shows(sent: &Fact, shown: &Fact, scale: Scale) -> bool {
    match (sent, shown) {
        (Fact::Play(sent), Fact::Play(shown)) => same_viewing(*sent, *shown),
        (Fact::Listed(_), Fact::Listed(_)) => true,
        (Fact::Rated { value: sent, .. }, Fact::Rated { value: shown, .. }) => scale.same(*sent, *shown),
        (Fact::Resume { position_s: sent, duration_s, .. }, Fact::Resume { position_s: shown, .. }) => {
            let tolerance_s = (duration_s.unwrap_or(0) / 100).max(30);
            sent.abs_diff(*shown) <= tolerance_s
        }
        _ => false,
    }
}

fn same_viewing(sent: WatchedAt, shown: WatchedAt) -> bool {
    match (sent.instant(), shown.instant()) {
        (Some(sent), Some(shown)) => sent.duration_since(shown).as_secs().abs() <= same_instant_tolerance_s(),
        // Without an instant on both sides, "watched" is all that can be compared.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{IdSet, Item, Kind, OpId, Rating, Uid};
    use jiff::Timestamp;

    use super::*;

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
        let minute = CellNow::Present(vec![(at(1_000_000_000), None)]);
        let hours_later = CellNow::Present(vec![(at(1_000_009_000), None)]);
        assert_eq!(landed(&add, &minute, Scale::TEN), Landed::Yes);
        assert_eq!(landed(&add, &hours_later, Scale::TEN), Landed::No);
        assert_eq!(landed(&add, &CellNow::Absent, Scale::TEN), Landed::No);
        assert_eq!(landed(&add, &CellNow::Unknown, Scale::TEN), Landed::Unknown);
    }

    #[test]
    fn a_removal_landed_when_the_value_is_gone() {
        let rated = |value| Fact::Rated { value: Rating::new(value).unwrap(), rated_at: None };
        let removal = write(Action::Remove, rated(80));
        assert_eq!(landed(&removal, &CellNow::Absent, Scale::TEN), Landed::Yes);
        assert_eq!(landed(&removal, &CellNow::Present(vec![(rated(80), None)]), Scale::TEN), Landed::No);
        assert_eq!(landed(&removal, &CellNow::Present(vec![(rated(30), None)]), Scale::TEN), Landed::Differs);
        assert_eq!(
            landed(&write(Action::Update, rated(85)), &CellNow::Present(vec![(rated(90), None)]), Scale::TEN),
            Landed::Yes
        );
    }
}
