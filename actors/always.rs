//! What a person lets through from now on: a kind of hold of one feature of one pair.
//!
//! Deliberately absent: what says that an account lost something or became another thing. Nobody can know beforehand that it
//! will be right, so that is asked every time.

use crosswatch_model::{Feature, HoldKind, PairId};
use crosswatch_plan::Approvals;
use crosswatch_port::{StandingKind, StandingRecord};
use jiff::Timestamp;
use smol_str::{SmolStr, format_smolstr};

/// Whether a hold of this kind may be let through for ever.
pub const fn may_be_always(kind: HoldKind) -> bool {
    matches!(kind, HoldKind::Removes | HoldKind::DuplicatePlays | HoldKind::FlipFlop)
}

/// The mark of it.
pub fn always_mark(pair: &PairId, feature: Feature, kind: HoldKind, at: Timestamp) -> StandingRecord {
    let subject = always_subject(pair, feature, kind);
    StandingRecord { kind: StandingKind::Always, subject, at, until: None, text: SmolStr::default() }
}

/// What the mark is about, in one word.
pub fn always_subject(pair: &PairId, feature: Feature, kind: HoldKind) -> SmolStr {
    format_smolstr!("{pair}/{feature}/{kind}")
}

/// What a pair lets through for ever, and since when.
pub fn always_of<'a>(
    standings: &'a [StandingRecord],
    pair: &'a PairId,
) -> impl Iterator<Item = (Feature, HoldKind, Timestamp)> + 'a {
    let read = |mark: &StandingRecord| {
        let mut parts = mark.subject.split('/').skip(1);
        let (feature, kind) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        may_be_always(kind).then_some((feature, kind, mark.at))
    };
    let is_its = |mark: &&StandingRecord| {
        mark.kind == StandingKind::Always && mark.subject.split('/').next() == Some(pair.as_str())
    };
    standings.iter().filter(is_its).filter_map(read)
}

/// The same for one feature.
pub(crate) fn always_approved(standings: &[StandingRecord], pair: &PairId, feature: Feature) -> Approvals {
    always_of(standings, pair).filter(|(of, ..)| *of == feature).map(|(_, kind, _)| kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_back_for_their_own_pair() {
        let (p, q) = (PairId::parse("p").unwrap(), PairId::parse("p-2").unwrap());
        let at = Timestamp::UNIX_EPOCH;
        let marks = [
            always_mark(&p, Feature::History, HoldKind::Removes, at),
            always_mark(&q, Feature::Ratings, HoldKind::FlipFlop, at),
            StandingRecord { kind: StandingKind::Paused, ..always_mark(&p, Feature::History, HoldKind::FlipFlop, at) },
            StandingRecord { subject: "p/history".into(), ..always_mark(&p, Feature::History, HoldKind::FlipFlop, at) },
            always_mark(&p, Feature::History, HoldKind::SourceShrunk, at),
        ];
        assert_eq!(always_of(&marks, &p).collect::<Vec<_>>(), [(Feature::History, HoldKind::Removes, at)]);
        assert_eq!(always_of(&marks, &q).collect::<Vec<_>>(), [(Feature::Ratings, HoldKind::FlipFlop, at)]);
        let approved = always_approved(&marks, &p, Feature::History);
        assert!(approved.covers(HoldKind::Removes) && !approved.covers(HoldKind::FlipFlop));
        assert!(!approved.covers(HoldKind::SourceShrunk), "whatever the store says");
        assert_eq!(always_approved(&marks, &p, Feature::Ratings), Approvals::NONE);
    }

    #[test]
    fn a_loss_is_never_let_through_for_ever() {
        for kind in [HoldKind::SourceShrunk, HoldKind::TargetShrunk, HoldKind::Rematch, HoldKind::AccountFull] {
            assert!(!may_be_always(kind));
        }
    }
}
