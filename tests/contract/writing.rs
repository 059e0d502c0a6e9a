//! Operations for the checks of writes, and what an account holds of their items.

use crosswatch_emulator::LibraryItem;
use crosswatch_model::{Action, Fact, Feature, Item, OpId, Rating, Uid, WatchedAt, WatchedPrecision};
use crosswatch_port::{CellNow, CellQuery, Provider, Write, WriteOutcome, WriteReport};

use crate::{
    account::Account,
    catalogue::{name_of, told},
    ports::run,
};

/// The features that can be written to, by what the adapter says.
pub(crate) fn writable(adapter: &dyn Provider) -> Vec<Feature> {
    let features = adapter.capabilities().features;
    features.iter().filter(|capability| capability.can_write).map(|capability| capability.feature).collect()
}

/// Whether a write of this feature is a play that the service adds to others.
pub(crate) fn counts_plays(adapter: &dyn Provider, feature: Feature) -> bool {
    feature == Feature::History && adapter.capabilities().duplicates_plays
}

/// A fact to write.
pub(crate) fn a_fact(feature: Feature) -> Fact {
    let at = "2021-05-06T07:08:00Z".parse().unwrap();
    match feature {
        Feature::History => Fact::Play(WatchedAt::Exact(at)),
        Feature::Watchlist => Fact::Listed(Some(at)),
        Feature::Ratings => Fact::Rated { value: Rating::new(90).unwrap(), rated_at: Some(at) },
        Feature::Progress => Fact::Resume { position_s: 600, duration_s: Some(3600), stopped_at: Some(at) },
    }
}

/// Titles that the account takes a fact of the feature about and holds none of: films, shows or episodes.
pub(crate) fn absent(account: &dyn Account, feature: Feature, count: usize) -> Vec<(Uid, Item)> {
    let held = account.truth(feature);
    let is_held = |item: &Item| {
        let start = format!("{} = ", name_of(item));
        held.iter().any(|fact| fact.starts_with(&start))
    };
    let capabilities = account.open().capabilities();
    let kinds = capabilities.feature(feature).map_or(&[][..], |capability| capability.kinds);
    let fits = |place: LibraryItem, item: &Item| account.takes(feature, place) && kinds.contains(&item.kind);
    let all = account.items().iter().filter(|(place, (_, item))| fits(*place, item) && !is_held(item));
    // Every third, so that films and episodes of several seasons are among them.
    let mixed: Vec<_> = all.clone().step_by(3).chain(all.skip(1).step_by(3)).take(count).collect();
    assert_eq!(mixed.len(), count, "the library is too small for this check");
    mixed.into_iter().map(|(_, title)| title.clone()).collect()
}

/// Adds of the feature's fact to these items.
pub(crate) fn adds(feature: Feature, items: &[(Uid, Item)]) -> Vec<Write> {
    let add = |(number, (uid, item)): (u64, &(Uid, Item))| Write {
        op: OpId(number),
        action: Action::Add,
        uid: *uid,
        item: item.clone(),
        value: Some(a_fact(feature)),
        native: None,
    };
    (1..).zip(items).map(add).collect()
}

/// Removals of what is there, by the rows that reading back told.
pub(crate) fn removals(adapter: &dyn Provider, feature: Feature, adds: &[Write]) -> Vec<Write> {
    let cells = run(adapter.cells(feature, &queries(adds))).unwrap();
    let remove = |(add, cell): (&Write, CellNow)| {
        let facts = if let CellNow::Present(facts) = cell { facts } else { Vec::new() };
        let (value, native) = facts.first().map_or((add.value, None), |(fact, native)| (Some(*fact), *native));
        Write { action: Action::Remove, value, native, ..add.clone() }
    };
    adds.iter().zip(cells).map(remove).collect()
}

/// Questions about the items of operations.
pub(crate) fn queries(writes: &[Write]) -> Vec<CellQuery> {
    let query = |write: &Write| CellQuery {
        item: write.item.clone(),
        uid: write.uid,
        value: write.value,
        native: write.native,
    };
    writes.iter().map(query).collect()
}

/// Sends operations and insists on one outcome each.
pub(crate) fn send(adapter: &dyn Provider, feature: Feature, writes: &[Write]) -> WriteReport {
    let report = run(adapter.write(feature, writes));
    assert_eq!(report.outcomes.len(), writes.len(), "{feature}: {report:?}");
    report
}

/// How often the account holds exactly the fact of this operation.
pub(crate) fn landed(account: &dyn Account, feature: Feature, write: &Write) -> usize {
    let name = format!("{} = ", name_of(&write.item));
    let wanted = told(&write.item, &write.value.unwrap());
    let held = account.truth(feature);
    // Where the service stamps its own date, and where positions are kept in its own way, that it is there counts.
    let stamps_itself = || account.open().capabilities().watched_precision == WatchedPrecision::WriteTimeOnly;
    let counts_by_name = feature == Feature::Progress || (feature == Feature::History && stamps_itself());
    let is_it = |fact: &&String| if counts_by_name { fact.starts_with(&name) } else { **fact == wanted };
    held.iter().filter(is_it).count()
}

/// Insists that asking for single items tells exactly what the account holds of them.
pub(crate) fn cells_are_true(
    account: &dyn Account,
    adapter: &dyn Provider,
    feature: Feature,
    writes: &[Write],
    place: &str,
) {
    let cells = run(adapter.cells(feature, &queries(writes))).unwrap();
    assert_eq!(cells.len(), writes.len(), "{place}");
    let held = account.truth(feature);
    for (write, cell) in writes.iter().zip(cells) {
        let name = format!("{} = ", name_of(&write.item));
        let truth: Vec<&String> = held.iter().filter(|fact| fact.starts_with(&name)).collect();
        let facts = match cell {
            CellNow::Absent | CellNow::NotInLibrary => Vec::new(),
            CellNow::Present(facts) => facts,
            CellNow::Unknown => panic!("{place}, {feature}: {name} cannot be told"),
        };
        let mut facts: Vec<String> = facts.iter().map(|(fact, _)| told(&write.item, fact)).collect();
        facts.sort();
        assert_eq!(facts.iter().collect::<Vec<_>>(), truth, "{place}, {feature}");
    }
}

/// Whether an outcome says that the fact is there.
pub(crate) const fn says_done(outcome: &WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::Acknowledged { .. } | WriteOutcome::AlreadyThere)
}
