//! Settling a file into a ledger account: which entities its rows are about, and which of its facts are new.
//!
//! Rows go through the same join as the rows of a run, so what is known from elsewhere is found again; rows that carry a
//! title and a year alone are placed where exactly one item of that name and year is known. Nothing that is there is taken
//! away: a play that is there already, give or take what stamps differ by, is not added again, an undated play is not added
//! beside a dated one, and a value that is newer stays. So the same file changes nothing when it comes again.
//! Deliberately absent: writing. [`Settled::chunks`] gives the changes in parts that can each be committed alone.

mod chunks;
mod entities;
mod plays;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crosswatch_identity::Evidence;
use crosswatch_model::{Fact, Feature, Item, PlayKey, ProviderId, Uid, WatchedAt};
use crosswatch_port::{Ledger, ShelfCursor, StorageFailure};
use jiff::tz::TimeZone;

use crate::{Format, Imported, MISPLACED_KEPT_MAX, Misplaced, settle::entities::Entities};

pub use chunks::Chunks;

/// Rows of the ledger that are read at once.
const PAGE: usize = 5_000;

/// What becomes of the rows of one feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows that could be placed.
    pub rows: u64,
    /// Of them, those that are new.
    pub adds: u64,
    /// Of them, those that take the place of something.
    pub updates: u64,
}

impl Tally {
    /// Rows that are there already.
    pub const fn unchanged(&self) -> u64 {
        self.rows - self.adds - self.updates
    }
}

/// A file, settled.
#[derive(Debug)]
pub struct Settled {
    /// What kind of file it is.
    pub format: Format,
    /// Per feature of the file.
    pub tallies: BTreeMap<Feature, Tally>,
    /// Rows that could not be placed, up to [`MISPLACED_KEPT_MAX`].
    pub misplaced: Vec<Misplaced>,
    /// How many there are of them.
    pub misplaced_total: u64,
    /// The entities that are written about or learned something, in order.
    subjects: Vec<Subject>,
}

/// An entity with what is to be written about it.
#[derive(Debug, PartialEq)]
struct Subject {
    /// Our name for it, where it has one.
    uid: Option<Uid>,
    /// What is known of it from now on.
    item: Item,
    runtime_s: Option<u32>,
    /// Whether the record is to be written.
    is_news: bool,
    writes: Vec<Write>,
}

/// A row of the ledger.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Write {
    fact: Fact,
    /// What it takes the place of.
    before: Option<Fact>,
}

impl Settled {
    /// How many entities need a name.
    pub fn nameless(&self) -> u32 {
        let count = self.subjects.iter().filter(|subject| subject.uid.is_none()).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whether rows are to be written.
    pub fn writes_rows(&self) -> bool {
        self.subjects.iter().any(|subject| !subject.writes.is_empty())
    }

    /// Whether nothing at all is to be written.
    pub const fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }
}

/// Settles a file into an account.
pub fn settle(
    ledger: &dyn Ledger,
    account: &ProviderId,
    imported: Imported,
    evidence: &Evidence,
    zone: &TimeZone,
) -> Result<Settled, StorageFailure> {
    let Imported { format, rows, mut misplaced, mut misplaced_total } = imported;
    let mut entities = Entities::of(ledger, rows, evidence)?;
    let placed = entities.place(&mut |wrong| {
        misplaced_total += 1;
        if misplaced.len() < MISPLACED_KEPT_MAX {
            misplaced.push(wrong);
        }
    });
    let mut tallies: BTreeMap<Feature, Tally> = BTreeMap::new();
    let mut told: BTreeMap<(u32, Feature), Vec<Fact>> = BTreeMap::new();
    for (entity, fact) in placed {
        tallies.entry(fact.feature()).or_default().rows += 1;
        told.entry((entity, fact.feature())).or_default().push(fact);
    }
    let there = there(ledger, account, &entities, &told)?;
    let mut writes: BTreeMap<u32, Vec<Write>> = BTreeMap::new();
    let none = Vec::new();
    for ((entity, feature), facts) in told {
        let rows = entities.uid(entity).and_then(|uid| there.get(&(uid, feature))).unwrap_or(&none);
        let news = news(rows, &facts, format, zone);
        let tally = tallies.entry(feature).or_default();
        tally.updates += news.iter().filter(|write| write.before.is_some()).count() as u64;
        tally.adds += news.iter().filter(|write| write.before.is_none()).count() as u64;
        writes.entry(entity).or_default().extend(news);
    }
    let subject = |(entity, writes): (u32, Vec<Write>)| entities.subject(entity, writes);
    let subjects = writes.into_iter().filter_map(subject).collect();
    Ok(Settled { format, tallies, misplaced, misplaced_total, subjects })
}

/// What of the facts of one feature is news to the rows that are there.
fn news(there: &[Fact], told: &[Fact], format: Format, zone: &TimeZone) -> Vec<Write> {
    let plays = |facts: &[Fact]| -> Vec<WatchedAt> {
        let play = |fact: &Fact| if let Fact::Play(at) = fact { Some(*at) } else { None };
        facts.iter().filter_map(play).collect()
    };
    match told.first().map(Fact::feature) {
        Some(Feature::History) => plays::news(&plays(there), &plays(told), zone),
        Some(_) => values::news(there.first().copied(), told, format).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Rows of the ledger by entity and feature.
type There = BTreeMap<(Uid, Feature), Vec<Fact>>;

/// The rows that are there of the entities and features of the file.
fn there(
    ledger: &dyn Ledger,
    account: &ProviderId,
    entities: &Entities,
    told: &BTreeMap<(u32, Feature), Vec<Fact>>,
) -> Result<There, StorageFailure> {
    let mut wanted: BTreeMap<Feature, Vec<Uid>> = BTreeMap::new();
    for (entity, feature) in told.keys() {
        wanted.entry(*feature).or_default().extend(entities.uid(*entity));
    }
    let mut there = There::new();
    for (feature, mut uids) in wanted {
        uids.sort_unstable();
        let mut after: Option<ShelfCursor> = None;
        loop {
            let page = ledger.shelf(account, feature, after, PAGE)?;
            after = page.last().map(|row| ShelfCursor { uid: row.uid, play: row.play });
            let is_last = page.len() < PAGE;
            for row in page.into_iter().filter(|row| uids.binary_search(&row.uid).is_ok()) {
                there.entry((row.uid, feature)).or_default().push(row.fact);
            }
            if is_last {
                break;
            }
        }
    }
    Ok(there)
}

/// Where a fact lies among the rows of its entity.
fn place(fact: Fact) -> PlayKey {
    PlayKey::of_fact(fact)
}
