//! The built-in tracker, over a shelf in memory.

use std::rc::Rc;

use crosswatch_emulator::LibraryItem;
use crosswatch_model::{Fact, Feature, PlayKey, ProviderId, Rating, WatchedAt};
use crosswatch_port::{Change, Commit, Durability, ItemRecord, Ledger, Provider, ShelfChange, fake::MemoryLedger};
use crosswatch_provider::tracker::open;

use crate::{
    account::{Account, Kind, OddPage, Wire},
    catalogue::{Contents, Facts, Titles, told},
    ports::MemoryShelf,
};

/// An account of the built-in tracker.
pub(crate) const TRACKER: Kind =
    Kind { name: "the built-in tracker", page_rows: 1000, start: |contents| start(&contents) };

struct Tracker {
    ledger: Rc<MemoryLedger>,
    account: ProviderId,
    items: Titles,
}

fn start(contents: &Contents) -> Box<dyn Account> {
    let (ledger, account) = (Rc::new(MemoryLedger::new()), ProviderId::parse("ledger").unwrap());
    let items = contents.items();
    let mut changes: Vec<Change> = items
        .iter()
        .map(|(_, (uid, item))| Change::PutItem(ItemRecord { uid: *uid, item: item.clone(), runtime_s: None }))
        .collect();
    for (place, fact) in facts_of(contents) {
        let play = match fact {
            Fact::Play(at) => PlayKey::of(at),
            _ => PlayKey::PRESENCE,
        };
        changes.push(Change::Shelf(account.clone(), ShelfChange::Put { uid: items.at(place).0, play, fact }));
    }
    let commit = Commit { fence: None, durability: Durability::Synced, changes };
    ledger.commit(vec![commit]).unwrap().remove(0).unwrap();
    Box::new(Tracker { ledger, account, items })
}

/// What the activity is as facts.
fn facts_of(contents: &Contents) -> Vec<(LibraryItem, Fact)> {
    let activity = &contents.activity;
    let plays = activity.plays.iter().map(|play| (play.item, Fact::Play(WatchedAt::Exact(play.at))));
    let undated = activity.undated.iter().map(|item| (*item, Fact::Play(WatchedAt::Unknown)));
    let ratings = activity.ratings.iter().map(|given| {
        let value = Rating::new(given.rating * 10).unwrap();
        (given.item, Fact::Rated { value, rated_at: Some(given.at) })
    });
    let listed = activity.favourites.iter().map(|marked| (marked.item, Fact::Listed(Some(marked.at))));
    let resumed = activity.resume_points.iter().map(|point| {
        let duration_s = u32::from(contents.library.runtime_min(point.item).unwrap()) * 60;
        let position_s = duration_s * u32::from(point.progress_percent) / 100;
        (point.item, Fact::Resume { position_s, duration_s: Some(duration_s), stopped_at: Some(point.at) })
    });
    plays.chain(undated).chain(ratings).chain(listed).chain(resumed).collect()
}

impl Account for Tracker {
    fn open(&self) -> Rc<dyn Provider> {
        let rows = MemoryShelf { ledger: Rc::clone(&self.ledger), account: self.account.clone() };
        open(self.account.clone(), Rc::new(rows))
    }

    fn truth(&self, feature: Feature) -> Facts {
        let rows = self.ledger.shelf(&self.account, feature, None, usize::MAX).unwrap();
        let mut facts: Facts = rows.iter().map(|row| told(&row.item, &row.fact)).collect();
        facts.sort();
        facts
    }

    fn items(&self) -> &Titles {
        &self.items
    }

    fn wire(&self) -> Option<Wire> {
        None
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    fn end_credentials(&self) -> bool {
        true
    }

    fn odd_page(&self) -> Option<OddPage> {
        None
    }

    fn break_store(&self) {
        self.ledger.fail_next(1);
    }

    fn mend(&self) {
        self.ledger.crash();
    }
}
