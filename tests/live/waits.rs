//! What waits for a person for long, on a paused clock.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use crosswatch_actors::{Blueprint, Channel, House, Lane, SecretKey};
use crosswatch_model::{Feature, HoldKind, PairId, RunId};
use crosswatch_port::{
    Change, Commit, Durability, Fault, HeldRecord, Ledger, LocalFuture, Notice, Sink, StandingKind,
    fake::{MemoryLedger, SeededEntropy},
};
use jiff::{SignedDuration, Timestamp};

use crate::stage::StageClock;

const BEGAN: &str = "2026-11-01T12:00:00Z";

/// A channel that remembers the titles it was given.
#[derive(Default)]
struct Titles(RefCell<Vec<String>>);

impl Sink for Titles {
    fn deliver<'a>(&'a self, notice: &'a Notice) -> LocalFuture<'a, Result<(), Fault>> {
        self.0.borrow_mut().push(notice.title.to_string());
        Box::pin(std::future::ready(Ok(())))
    }
}

fn commit(ledger: &MemoryLedger, change: Change) {
    let commit = Commit { fence: None, durability: Durability::Synced, changes: vec![change] };
    assert_eq!(ledger.commit(vec![commit]).unwrap(), [Ok(())]);
}

/// Lives for these hours from here on. Answers what people were told.
fn live(ledger: &Arc<MemoryLedger>, now: Timestamp, hours: u64) -> Vec<String> {
    let system = actix::System::with_tokio_rt(|| {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
    });
    system.block_on(async {
        let titles = Rc::new(Titles::default());
        let blueprint = Blueprint {
            accounts: Vec::new(),
            pairs: Vec::new(),
            routes: Vec::new(),
            snapshots: Vec::new(),
            channels: vec![Channel { sink: titles.clone(), wants: vec!["held".into()] }],
            ledger: ledger.clone(),
            secret_key: SecretKey::of_text(&secrecy::SecretString::from("the key of the stage")),
            clock: Arc::new(StageClock::starting(now)),
            entropy: Arc::new(SeededEntropy::new(7)),
            lane: Lane::Inline,
            knowledge: Arc::new(()),
            boot: u128::try_from(now.as_millisecond()).unwrap(),
            has_scheduler: true,
            on_storage_failure: Rc::new(|failure| panic!("{failure}")),
        };
        let house = House::start(blueprint).await.unwrap();
        tokio::time::sleep(Duration::from_secs(hours * 3600 + 60)).await;
        assert_eq!(house.stop(Duration::from_secs(5)).await, Vec::<smol_str::SmolStr>::new());
        titles.0.take()
    })
}

#[test]
fn what_waits_too_long_is_asked_about_once_and_goes_on_waiting() {
    let began: Timestamp = BEGAN.parse().unwrap();
    let hold = HeldRecord {
        id: 255,
        pair: PairId::parse("p").unwrap(),
        feature: Feature::Watchlist,
        kind: HoldKind::Removes,
        items: 6,
        sentence: "6 removals wait.".into(),
        run: RunId(1),
        since: began - SignedDuration::from_hours(14 * 24 - 3),
    };
    let ledger = Arc::new(MemoryLedger::new());
    commit(&ledger, Change::PutHeld(hold.clone()));
    let is_asked = || ledger.standings().unwrap().iter().filter(|mark| mark.kind == StandingKind::Asked).count();
    assert_eq!((live(&ledger, began, 2), is_asked()), (Vec::new(), 0));
    let later = |hours: i64| began + SignedDuration::from_hours(hours);
    assert_eq!(live(&ledger, later(3), 5), ["p: 6 watchlist still wait for you"]);
    // Also after a restart nobody is asked twice, and nothing was done.
    assert_eq!((live(&ledger, later(10), 5), is_asked()), (Vec::new(), 1));
    assert_eq!((ledger.held().unwrap(), ledger.runs(None, None, 9).unwrap()), (vec![hold.clone()], Vec::new()));
    let kinds: Vec<_> = ledger.events(9).unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["hold.expired"]);
    // Once it waits no more, nothing of the question is left.
    commit(&ledger, Change::DropHeld(hold.id));
    assert_eq!((live(&ledger, later(20), 2), is_asked()), (Vec::new(), 0));
}
