//! Writes to an account that works.

use std::collections::BTreeSet;

use crosswatch_model::{Action, Fact, Feature, Id, IdSet, Item, Namespace, OpId, Rating, Uid};
use crosswatch_port::{Write, WriteOutcome};

use crate::{
    account::{Account, Kind},
    catalogue::Contents,
    writing::{a_fact, absent, adds, cells_are_true, counts_plays, landed, removals, says_done, send, writable},
};

/// An item that no service has heard of.
fn unheard_of(number: u64) -> Item {
    let ids: IdSet = [Id::from_number(Namespace::Tmdb, crosswatch_model::Kind::Movie, 900_000_000 + number).unwrap()]
        .into_iter()
        .collect();
    Item::titled(crosswatch_model::Kind::Movie, "Nobody's Film", Some(1971), ids)
}

/// A full batch with items in the middle that the service refuses: the others are done, each outcome is at its place.
pub(crate) fn one_outcome_per_operation(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let Some(wire) = account.wire() else { return refused_values(&*account) };
    let adapter = account.open();
    for feature in writable(&*adapter) {
        let mut writes = adds(feature, &absent(&*account, feature, 4));
        for (at, number) in [(1, 1), (4, 2)] {
            let strange = Write {
                op: OpId(100 + number),
                uid: Uid(1_000_000 + number),
                item: unheard_of(number),
                ..writes[0].clone()
            };
            writes.insert(at, strange);
        }
        let report = send(&*adapter, feature, &writes);
        for (at, (write, outcome)) in writes.iter().zip(&report.outcomes).enumerate() {
            let is_strange = write.op.0 > 100;
            match outcome {
                WriteOutcome::Rejected(_) => assert!(is_strange, "{feature}: operation {at} of {report:?}"),
                outcome => assert!(says_done(outcome) && !is_strange, "{feature}: operation {at} of {report:?}"),
            }
        }
        assert_eq!(report.fault, None, "an unknown item concerns that item only");
    }
    assert_eq!(wire.faults.pending(), 0);
    assert!(send(&*adapter, Feature::History, &[]).outcomes.is_empty());
}

/// The ledger knows every item; what it refuses is a value that belongs to another feature.
fn refused_values(account: &dyn Account) {
    let adapter = account.open();
    let mut writes = adds(Feature::Ratings, &absent(account, Feature::Ratings, 3));
    writes[1].value = Some(a_fact(Feature::Watchlist));
    let report = send(&*adapter, Feature::Ratings, &writes);
    let done: Vec<bool> = report.outcomes.iter().map(says_done).collect();
    assert_eq!(done, [true, false, true], "{report:?}");
    assert!(matches!(report.outcomes[1], WriteOutcome::Rejected(_)), "{report:?}");
}

pub(crate) fn acknowledged_means_there(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let adapter = account.open();
    for feature in writable(&*adapter) {
        let writes = adds(feature, &absent(&*account, feature, 6));
        cells_are_true(&*account, &*adapter, feature, &writes, "before");
        let before = account.truth(feature).len();
        let report = send(&*adapter, feature, &writes);
        assert!(report.outcomes.iter().all(says_done) && report.fault.is_none(), "{feature}: {report:?}");
        for write in &writes {
            assert_eq!(landed(&*account, feature, write), 1, "{feature}: {}", write.item.label());
        }
        assert_eq!(account.truth(feature).len(), before + writes.len(), "{feature}: nothing else came in");
        cells_are_true(&*account, &*adapter, feature, &writes, "after");
    }
}

pub(crate) fn removals_are_exact(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let adapter = account.open();
    for feature in writable(&*adapter) {
        let before = account.truth(feature);
        let writes = adds(feature, &absent(&*account, feature, 6));
        send(&*adapter, feature, &writes);
        let removals = removals(&*adapter, feature, &writes);
        let report = send(&*adapter, feature, &removals);
        assert!(report.outcomes.iter().all(says_done) && report.fault.is_none(), "{feature}: {report:?}");
        assert_eq!(account.truth(feature), before, "{feature}");
        cells_are_true(&*account, &*adapter, feature, &writes, "after the removal");
    }
}

pub(crate) fn updates_replace(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let adapter = account.open();
    let rated = adds(Feature::Ratings, &absent(&*account, Feature::Ratings, 4));
    send(&*adapter, Feature::Ratings, &rated);
    let before = account.truth(Feature::Ratings).len();
    let updates: Vec<Write> = rated
        .into_iter()
        .map(|write| Write {
            action: Action::Update,
            value: Some(Fact::Rated { value: Rating::new(20).unwrap(), rated_at: None }),
            ..write
        })
        .collect();
    let report = send(&*adapter, Feature::Ratings, &updates);
    assert!(report.outcomes.iter().all(says_done), "{report:?}");
    assert_eq!(account.truth(Feature::Ratings).len(), before);
    assert!(updates.iter().all(|write| landed(&*account, Feature::Ratings, write) == 1));
    cells_are_true(&*account, &*adapter, Feature::Ratings, &updates, "after the update");
}

pub(crate) fn ratings_come_back(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let adapter = account.open();
    let scale = adapter.capabilities().scale;
    let kept: BTreeSet<Rating> = (1..=100).map(|value| scale.quantise(Rating::new(value).unwrap())).collect();
    let title = absent(&*account, Feature::Ratings, 1);
    let mut action = Action::Add;
    for value in kept {
        let fact = Fact::Rated { value, rated_at: None };
        let writes: Vec<Write> = adds(Feature::Ratings, &title)
            .into_iter()
            .map(|write| Write { action, value: Some(fact), ..write })
            .collect();
        let report = send(&*adapter, Feature::Ratings, &writes);
        assert!(report.outcomes.iter().all(says_done), "{value:?}: {report:?}");
        assert!(writes.iter().all(|write| landed(&*account, Feature::Ratings, write) == 1), "{value:?}");
        cells_are_true(&*account, &*adapter, Feature::Ratings, &writes, "after the rating");
        action = Action::Update;
    }
}

pub(crate) fn removing_nothing_is_fine(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let adapter = account.open();
    for feature in writable(&*adapter) {
        let before = account.truth(feature);
        let removals = removals(&*adapter, feature, &adds(feature, &absent(&*account, feature, 3)));
        let report = send(&*adapter, feature, &removals);
        assert!(report.outcomes.iter().all(says_done) && report.fault.is_none(), "{feature}: {report:?}");
        assert_eq!(account.truth(feature), before, "{feature}");
    }
}

pub(crate) fn writing_again_is_harmless(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let adapter = account.open();
    for feature in writable(&*adapter) {
        let writes = adds(feature, &absent(&*account, feature, 5));
        send(&*adapter, feature, &writes);
        let once = account.truth(feature);
        let report = send(&*adapter, feature, &writes);
        assert!(report.outcomes.iter().all(says_done), "{feature}: {report:?}");
        let twice = account.truth(feature);
        if counts_plays(&*adapter, feature) {
            assert_eq!(twice.len(), once.len() + writes.len(), "the capability says that plays are counted");
        } else {
            assert_eq!(twice, once, "{feature}");
        }
    }
}
