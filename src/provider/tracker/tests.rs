//! The ledger against a shelf in memory.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use crosswatch_model::{IdSet, Item, OpId, Rating, WatchedAt};

use super::*;
use crate::testing::run;

#[derive(Default)]
struct MemoryShelf {
    rows: RefCell<BTreeMap<(Feature, Uid, PlayKey), Fact>>,
    mark: Cell<u64>,
    fails: RefCell<Option<Fault>>,
}

impl MemoryShelf {
    fn rows(&self, feature: Feature, keep: impl Fn(Uid, PlayKey) -> bool) -> Vec<ShelfRow> {
        let row = |(key, fact): (&(Feature, Uid, PlayKey), &Fact)| ShelfRow {
            uid: key.1,
            play: key.2,
            item: Item::titled(Kind::Movie, "A", None, IdSet::EMPTY),
            fact: *fact,
        };
        let rows = self.rows.borrow();
        rows.iter().filter(|(key, _)| key.0 == feature && keep(key.1, key.2)).map(row).collect()
    }
}

fn ready<'a, T: 'a>(value: T) -> LocalFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl Shelf for MemoryShelf {
    fn page(
        &self,
        feature: Feature,
        after: Option<ShelfCursor>,
        limit: usize,
    ) -> LocalFuture<'_, Result<Vec<ShelfRow>, Fault>> {
        let is_after = |uid, play| after.is_none_or(|after| ShelfCursor { uid, play } > after);
        let mut rows = self.rows(feature, is_after);
        rows.truncate(limit);
        ready(Ok(rows))
    }

    fn rows_of(&self, feature: Feature, uid: Uid) -> LocalFuture<'_, Result<Vec<ShelfRow>, Fault>> {
        ready(Ok(self.rows(feature, |other, _| other == uid)))
    }

    fn count(&self, feature: Feature) -> LocalFuture<'_, Result<(u64, u64), Fault>> {
        ready(Ok((self.rows(feature, |_, _| true).len() as u64, self.mark.get())))
    }

    fn apply(&self, changes: Vec<ShelfChange>) -> LocalFuture<'_, Result<(), Fault>> {
        if let Some(fault) = self.fails.borrow().clone() {
            return ready(Err(fault));
        }
        self.mark.set(self.mark.get() + 1);
        let mut rows = self.rows.borrow_mut();
        for change in changes {
            match change {
                ShelfChange::Put { uid, play, fact } => rows.insert((fact.feature(), uid, play), fact),
                ShelfChange::Drop { feature, uid, play } => rows.remove(&(feature, uid, play)),
            };
        }
        ready(Ok(()))
    }
}

fn ledger() -> (Rc<MemoryShelf>, Rc<dyn Provider>) {
    let shelf = Rc::new(MemoryShelf::default());
    (shelf.clone(), open(ProviderId::parse("ledger").unwrap(), shelf))
}

fn write(action: Action, uid: u64, value: Fact) -> Write {
    let item = Item::titled(Kind::Movie, "A", None, IdSet::EMPTY);
    Write { op: OpId(uid), action, uid: Uid(uid), item, value: Some(value), native: None }
}

fn play(text: &str) -> Fact {
    Fact::Play(WatchedAt::Exact(text.parse().unwrap()))
}

fn words(report: &WriteReport) -> Vec<&'static str> {
    let word = |outcome: &WriteOutcome| match outcome {
        WriteOutcome::Acknowledged { .. } => "done",
        WriteOutcome::AlreadyThere => "there",
        WriteOutcome::Rejected(_) => "no",
        WriteOutcome::InDoubt => "doubt",
        WriteOutcome::NotAttempted => "not sent",
    };
    report.outcomes.iter().map(word).collect()
}

async fn read_all(account: &Rc<dyn Provider>, feature: Feature) -> Vec<Page> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = account.read_page(feature, ReadScope::Everything, cursor).await.unwrap();
        cursor = page.next.clone();
        pages.push(page);
        if cursor.is_none() {
            return pages;
        }
    }
}

#[test]
fn writing_the_same_again_changes_nothing() {
    run(async {
        let (shelf, account) = ledger();
        let facts = [
            (Feature::History, play("2020-01-01T20:00:00Z")),
            (Feature::History, Fact::Play(WatchedAt::Unknown)),
            (Feature::Watchlist, Fact::Listed(None)),
            (Feature::Ratings, Fact::Rated { value: Rating::new(85).unwrap(), rated_at: None }),
            (Feature::Progress, Fact::Resume { position_s: 60, duration_s: None, stopped_at: None }),
        ];
        for (feature, fact) in facts {
            let add = [write(Action::Add, 1, fact)];
            assert_eq!(words(&account.write(feature, &add).await), ["done"], "{fact:?}");
            let mark = shelf.mark.get();
            assert_eq!(words(&account.write(feature, &add).await), ["there"], "{fact:?}");
            assert_eq!(shelf.mark.get(), mark);
        }
        assert_eq!(account.count(Feature::History).await, Ok(Some(2)), "a dated and an undated play are two");
        let remove = [write(Action::Remove, 1, play("2020-01-01T20:00:00Z"))];
        assert_eq!(words(&account.write(Feature::History, &remove).await), ["done"]);
        assert_eq!(words(&account.write(Feature::History, &remove).await), ["there"]);
        assert_eq!(account.requests_sent(), 0);
    });
}

#[test]
fn a_new_value_replaces_the_old_one() {
    run(async {
        let (_, account) = ledger();
        for value in [85, 90] {
            let rated = Fact::Rated { value: Rating::new(value).unwrap(), rated_at: None };
            let report = account.write(Feature::Ratings, &[write(Action::Update, 1, rated)]).await;
            assert_eq!(words(&report), ["done"]);
            let query = CellQuery { item: report_item(), uid: Uid(1), value: None, native: None };
            let cells = account.cells(Feature::Ratings, &[query]).await.unwrap();
            assert_eq!(cells, [CellNow::Present(vec![(rated, Some(NativeRef(1 << 32)))])]);
        }
    });
}

fn report_item() -> Item {
    Item::titled(Kind::Movie, "A", None, IdSet::EMPTY)
}

#[test]
fn a_removal_goes_by_the_row_it_names() {
    run(async {
        let (_, account) = ledger();
        let at = "2020-01-01T20:00:00Z";
        let report = account.write(Feature::History, &[write(Action::Add, 7, play(at))]).await;
        let WriteOutcome::Acknowledged { native } = report.outcomes[0] else { panic!("{report:?}") };
        let removal = Write { native, value: None, ..write(Action::Remove, 7, play(at)) };
        assert_eq!(words(&account.write(Feature::History, &[removal]).await), ["done"]);
        let nameless = Write { value: None, ..write(Action::Remove, 7, play(at)) };
        assert_eq!(words(&account.write(Feature::History, &[nameless]).await), ["no"]);
        let mistaken = write(Action::Add, 7, Fact::Listed(None));
        assert_eq!(words(&account.write(Feature::Ratings, &[mistaken]).await), ["no"]);
    });
}

#[test]
fn reads_are_complete_at_every_size() {
    run(async {
        for size in [0, 1, PAGE_LIMIT - 1, PAGE_LIMIT, PAGE_LIMIT + 1] {
            let (shelf, account) = ledger();
            for uid in 0..size as u64 {
                shelf.rows.borrow_mut().insert((Feature::Watchlist, Uid(uid), PlayKey::PRESENCE), Fact::Listed(None));
            }
            let pages = read_all(&account, Feature::Watchlist).await;
            let received: u64 = pages.iter().map(|page| page.received).sum();
            assert_eq!(received, size as u64);
            assert!(pages.iter().all(|page| page.total == Some(size as u64)), "{size}");
            assert!(pages.last().is_some_and(|page| page.ends_stream), "{size}");
            let uids: Vec<_> = pages.iter().flat_map(|page| &page.rows).map(|row| row.uid).collect();
            assert_eq!(uids, (0..size as u64).map(|uid| Some(Uid(uid))).collect::<Vec<_>>());
        }
    });
}

#[test]
fn the_stamp_moves_with_every_change() {
    run(async {
        let (_, account) = ledger();
        let features: FeatureSet = [Feature::History, Feature::Ratings].into_iter().collect();
        let before = account.stamps(features).await.unwrap().unwrap();
        account.write(Feature::History, &[write(Action::Add, 1, play("2020-01-01T20:00:00Z"))]).await;
        let after = account.stamps(features).await.unwrap().unwrap();
        assert_eq!(after.0.len(), 2);
        assert_ne!(before.get(Feature::History), after.get(Feature::History));
    });
}

#[test]
fn a_failed_commit_says_so_for_every_operation_in_it() {
    run(async {
        let (shelf, account) = ledger();
        account.write(Feature::Watchlist, &[write(Action::Add, 1, Fact::Listed(None))]).await;
        let both = [1, 2].map(|uid| write(Action::Add, uid, Fact::Listed(None)));
        shelf.fails.replace(Some(Fault::Transient("the store is closing".into())));
        let report = account.write(Feature::Watchlist, &both).await;
        assert_eq!(words(&report), ["there", "not sent"]);
        assert!(report.fault.is_some());
    });
}
