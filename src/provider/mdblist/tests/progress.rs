//! Resume points: percent and running times, and the way of a player that pauses.

use crosswatch_emulator::{FaultKind, FaultRule, LibraryItem};
use crosswatch_model::{Action, Fact, Feature, Item, Reason};
use crosswatch_port::{CellNow, Fault, ReadScope, Write, WriteOutcome};

use super::{EPISODE, MOVIE, World, at};
use crate::{
    outcome::{rejected, rejected_for_good},
    testing::{
        run,
        titles::{cell, read_all, send, write},
    },
};

fn resume(position_s: u32, duration_s: Option<u32>) -> Fact {
    Fact::Resume { position_s, duration_s, stopped_at: Some(at("2026-11-22T11:00:00Z")) }
}

fn paused(world: &World, item: LibraryItem) -> Option<f64> {
    world.server.state().account("anna").unwrap().playback().get(&item).map(|paused| paused.progress_percent)
}

#[test]
fn running_times_are_looked_up_once_and_episodes_cannot_be_used() {
    run(async {
        let world = World::small();
        for (item, percent) in [(MOVIE, 45.25), (LibraryItem::Movie(2), 10.0), (EPISODE, 68.5)] {
            world.server.state().account_mut("anna").unwrap().set_playback(item, percent, at("2026-11-22T11:00:00Z"));
        }
        world.server.state().lose(LibraryItem::Movie(2));
        for (requests, account) in [(3, world.account()), (2, world.account())] {
            let pages = read_all(&account, Feature::Progress, ReadScope::Everything).await.unwrap();
            let page = &pages[0];
            assert_eq!((page.rows.len(), page.unusable, page.total), (1, 2, Some(3)), "an unknown film and an episode");
            let runtime_s = u32::from(world.library.runtime_min(MOVIE).unwrap()) * 60;
            assert_eq!(page.rows[0].runtime_s, Some(runtime_s));
            assert!(matches!(page.rows[0].fact, Fact::Resume { duration_s: Some(told), .. } if told == runtime_s));
            assert_eq!(account.requests_sent(), requests, "what is known is not asked again, what is not known is");
        }
    });
}

#[test]
fn a_point_is_written_as_a_pause_and_taken_away_by_its_row() {
    run(async {
        let world = World::small();
        let account = world.account();
        let add = write(Action::Add, &world.item(MOVIE), resume(600, Some(3600)));
        assert_eq!(cell(&account, Feature::Progress, &add).await, CellNow::Absent);
        assert!(matches!(
            send(&account, Feature::Progress, &add).await,
            WriteOutcome::Acknowledged { native: Some(_) }
        ));
        assert_eq!(paused(&world, MOVIE), Some(16.67));
        let CellNow::Present(facts) = cell(&account, Feature::Progress, &add).await else { panic!("it is not there") };
        assert!(matches!(facts[0].0, Fact::Resume { position_s: 600, duration_s: Some(3600), .. }), "{facts:?}");
        let writes = || world.server.log().writes().len();
        let before = writes();
        let near = write(Action::Update, &world.item(MOVIE), resume(620, Some(3600)));
        assert_eq!(send(&account, Feature::Progress, &near).await, WriteOutcome::AlreadyThere);
        assert_eq!(writes(), before, "what is there already is not dated anew");
        let farther = write(Action::Update, &world.item(MOVIE), resume(1200, Some(3600)));
        assert!(matches!(send(&account, Feature::Progress, &farther).await, WriteOutcome::Acknowledged { .. }));
        assert_eq!(paused(&world, MOVIE), Some(33.33));
        let remove = Write { action: Action::Remove, ..farther };
        assert!(matches!(send(&account, Feature::Progress, &remove).await, WriteOutcome::Acknowledged { .. }));
        assert_eq!(paused(&world, MOVIE), None);
        assert_eq!(send(&account, Feature::Progress, &remove).await, WriteOutcome::AlreadyThere);
    });
}

#[test]
fn a_point_without_a_length_takes_that_of_mdblist() {
    run(async {
        let world = World::small();
        let account = world.account();
        let half_s = u32::from(world.library.runtime_min(MOVIE).unwrap()) * 30;
        let add = write(Action::Add, &world.item(MOVIE), resume(half_s, None));
        assert!(matches!(send(&account, Feature::Progress, &add).await, WriteOutcome::Acknowledged { .. }));
        assert_eq!(paused(&world, MOVIE), Some(50.0));
    });
}

#[test]
fn refusals_concern_one_point_or_stop_the_rest() {
    run(async {
        let world = World::small();
        let account = world.account();
        let nameless = Item { ids: crosswatch_model::IdSet::EMPTY, ..world.item(MOVIE) };
        world.server.state().lose(LibraryItem::Movie(2));
        let writes = [
            write(Action::Add, &world.item(EPISODE), resume(600, Some(3600))),
            write(Action::Add, &nameless, resume(600, Some(3600))),
            write(Action::Add, &world.item(LibraryItem::Movie(2)), resume(600, Some(3600))),
        ];
        let report = account.write(Feature::Progress, &writes).await;
        let expected =
            [rejected_for_good(Reason::KindUnsupported), rejected_for_good(Reason::NoIds), rejected(Reason::NotFound)];
        assert_eq!((report.outcomes.as_slice(), report.fault), (expected.as_slice(), None));
        world.server.state().account_mut("anna").unwrap().hold_session(LibraryItem::Movie(3));
        let add = write(Action::Add, &world.item(MOVIE), resume(600, Some(3600)));
        assert_eq!(send(&account, Feature::Progress, &add).await, rejected(Reason::RejectedByTarget));
        world.server.state().account_mut("anna").unwrap().end_session();
        world.server.faults().add(FaultRule::prefix("/scrobble", FaultKind::status(423)));
        let report = account.write(Feature::Progress, &[add.clone(), add.clone()]).await;
        assert_eq!(report.outcomes, [WriteOutcome::NotAttempted; 2]);
        assert!(matches!(report.fault, Some(Fault::Gone(_))), "{:?}", report.fault);
        world.server.faults().add(FaultRule::prefix("/scrobble", FaultKind::DropAfter));
        assert_eq!(send(&account, Feature::Progress, &add).await, WriteOutcome::InDoubt);
        assert!(matches!(cell(&account, Feature::Progress, &add).await, CellNow::Present(_)));
    });
}
