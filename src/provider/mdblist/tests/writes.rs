//! Writes: what is done, what was there already, and what is looked up before it is called done.

use crosswatch_emulator::{FaultKind, FaultRule, LibraryItem, mdblist::WriteAnswers};
use crosswatch_model::{Action, Fact, Feature, IdSet, Item, Kind, NativeRef, Reason, WatchedAt};
use crosswatch_port::{CellNow, Fault, Write, WriteOutcome};

use super::{EPISODE, MOVIE, World, at, play, rated};
use crate::{
    outcome::{rejected, rejected_for_good},
    testing::{
        run,
        titles::{cell, send, write},
    },
};

const ANSWERS: [WriteAnswers; 3] = [WriteAnswers::CountsAndMisses, WriteAnswers::Counts, WriteAnswers::Lists];

const fn is_done(outcome: WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::Acknowledged { .. })
}

#[test]
fn every_feature_is_written_and_taken_away_however_it_is_answered() {
    run(async {
        for answers in ANSWERS {
            let world = World::small();
            world.server.state().switches.answers = answers;
            let account = world.account();
            let cases = [
                (Feature::History, MOVIE, play("2020-01-02T03:04:05Z")),
                (Feature::History, EPISODE, play("2020-01-02T03:04:05Z")),
                (Feature::Watchlist, MOVIE, Fact::Listed(None)),
                (Feature::Watchlist, LibraryItem::Show(0), Fact::Listed(None)),
                (Feature::Ratings, MOVIE, rated(85)),
                (Feature::Ratings, LibraryItem::Show(0), rated(40)),
                (Feature::Ratings, EPISODE, rated(10)),
            ];
            for (feature, title, fact) in cases {
                let add = write(Action::Add, &world.item(title), fact);
                let place = format!("{answers:?} {title:?} {fact:?}");
                assert_eq!(cell(&account, feature, &add).await, CellNow::Absent, "{place}");
                assert!(is_done(send(&account, feature, &add).await), "{place}");
                let CellNow::Present(facts) = cell(&account, feature, &add).await else { panic!("{place}") };
                assert_eq!((facts.len(), facts[0].0.feature()), (1, feature), "{place}");
                let remove = Write { native: facts[0].1, ..write(Action::Remove, &world.item(title), fact) };
                assert!(is_done(send(&account, feature, &remove).await), "{place}");
                assert_eq!(cell(&account, feature, &add).await, CellNow::Absent, "{place}");
                let again = send(&account, feature, &remove).await;
                assert!(is_done(again) || again == WriteOutcome::AlreadyThere, "{place}: {again:?}");
            }
        }
    });
}

#[test]
fn a_made_play_costs_one_request_and_tells_its_row() {
    run(async {
        let world = World::watched(500);
        let account = world.account();
        let writes: Vec<Write> = (0..80)
            .map(|place| write(Action::Add, &world.item(LibraryItem::Movie(place)), play("2010-01-02T03:04:05Z")))
            .collect();
        let report = account.write(Feature::History, &writes).await;
        let has_row = |outcome: &WriteOutcome| matches!(outcome, WriteOutcome::Acknowledged { native: Some(_) });
        assert!(report.outcomes.iter().all(has_row) && report.fault.is_none(), "{report:?}");
        assert_eq!(account.requests_sent(), 1);
    });
}

#[test]
fn counts_are_looked_up_in_what_changed_since_the_write() {
    run(async {
        let world = World::watched(3_000);
        world.server.state().switches.answers = WriteAnswers::Counts;
        let account = world.account();
        let add = |place, at| write(Action::Add, &world.item(LibraryItem::Movie(place)), play(at));
        assert!(is_done(send(&account, Feature::History, &add(1, "2010-01-02T03:04:05Z")).await));
        let first = account.requests_sent();
        assert_eq!(first, 5, "the write, and the whole history");
        assert!(is_done(send(&account, Feature::History, &add(2, "2010-01-02T03:04:05Z")).await));
        assert_eq!(account.requests_sent() - first, 3, "the time, the write, and what changed since");
        let again = send(&account, Feature::History, &add(2, "2010-01-02T03:04:05Z")).await;
        assert!(is_done(again), "it is there, and counts do not say since when");
    });
}

#[test]
fn a_play_near_another_one_is_there_already_or_will_never_show() {
    run(async {
        let world = World::small();
        let account = world.account();
        world.play(MOVIE, "2020-01-02T20:00:00Z");
        let add = |at: &str| write(Action::Add, &world.item(MOVIE), play(at));
        assert_eq!(send(&account, Feature::History, &add("2020-01-02T20:00:00Z")).await, WriteOutcome::AlreadyThere);
        assert_eq!(send(&account, Feature::History, &add("2020-01-02T20:00:50Z")).await, WriteOutcome::AlreadyThere);
        world.server.state().switches.near_duplicate_s = 3600;
        let swallowed = send(&account, Feature::History, &add("2020-01-02T20:30:00Z")).await;
        assert_eq!(swallowed, rejected(Reason::NotVisible), "it collapsed into one half an hour away");
        assert_eq!(world.plays_of(MOVIE), [at("2020-01-02T20:00:00Z")]);
    });
}

#[test]
fn one_play_of_several_is_removed_by_its_row() {
    run(async {
        for answers in ANSWERS {
            let world = World::small();
            world.server.state().switches.answers = answers;
            let account = world.account();
            world.play(MOVIE, "2020-01-02T03:04:05Z");
            world.play(MOVIE, "2021-01-02T03:04:05Z");
            let remove = write(Action::Remove, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
            assert!(is_done(send(&account, Feature::History, &remove).await), "{answers:?}");
            assert_eq!(world.plays_of(MOVIE), [at("2021-01-02T03:04:05Z")]);
            assert_eq!(send(&account, Feature::History, &remove).await, WriteOutcome::AlreadyThere);
            let gone = Write { native: Some(NativeRef(4)), ..remove };
            assert_eq!(send(&account, Feature::History, &gone).await, WriteOutcome::AlreadyThere, "{answers:?}");
            let undated = write(Action::Remove, &world.item(MOVIE), Fact::Play(WatchedAt::Unknown));
            assert_eq!(send(&account, Feature::History, &undated).await, rejected(Reason::MatchTooWeak));
            assert_eq!(world.server.log().count("POST", "/sync/watched/remove"), 0, "never all plays of an item");
        }
    });
}

#[test]
fn what_mdblist_does_not_know_concerns_that_item_only() {
    run(async {
        for answers in ANSWERS {
            let world = World::small();
            world.server.state().switches.answers = answers;
            let account = world.account();
            let mut unknown = world.item(EPISODE);
            (unknown.number, unknown.ids) = (Some(99), IdSet::EMPTY);
            let lost = LibraryItem::Episode { show: 0, season: 1, number: 3 };
            world.server.state().lose(lost);
            let nameless = Item::titled(Kind::Movie, "The Matrix", Some(1999), IdSet::EMPTY);
            let items = [world.item(MOVIE), unknown, nameless, world.item(lost), world.item(EPISODE)];
            let writes = items.map(|item| write(Action::Add, &item, play("2020-01-02T03:04:05Z")));
            let report = account.write(Feature::History, &writes).await;
            let missing = rejected(Reason::NotFound);
            assert!(is_done(report.outcomes[0]) && is_done(report.outcomes[4]), "{answers:?}: {report:?}");
            let others = [missing, rejected_for_good(Reason::NoIds), missing];
            assert_eq!((&report.outcomes[1..4], report.fault), (others.as_slice(), None), "{answers:?}");
            assert_eq!(world.server.log().count("POST", "/sync/watched"), 1);
        }
    });
}

#[test]
fn requests_are_never_too_large_and_never_hold_an_item_twice() {
    run(async {
        let world = World::watched(1_000);
        let account = world.account();
        let add = |place, at| write(Action::Add, &world.item(LibraryItem::Movie(place)), play(at));
        let many: Vec<Write> = (0..150).map(|place| add(place, "2010-01-02T03:04:05Z")).collect();
        let report = account.write(Feature::History, &many).await;
        assert!(report.outcomes.iter().copied().all(is_done), "{report:?}");
        assert_eq!(world.server.log().writes().len(), 2);
        let twice = [add(1, "2011-01-02T03:04:05Z"), add(1, "2012-01-02T03:04:05Z")];
        let report = account.write(Feature::History, &twice).await;
        assert!(report.outcomes.iter().copied().all(is_done), "{report:?}");
        assert_eq!(world.server.log().writes().len(), 4);
    });
}

#[test]
fn statuses_mean_what_they_should_and_nothing_is_sent_twice() {
    run(async {
        let world = World::small();
        let account = world.account();
        let add = write(Action::Add, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
        let cases = [
            (400, rejected(Reason::RejectedByTarget), Some("rejected")),
            (403, WriteOutcome::NotAttempted, Some("auth")),
            (409, rejected(Reason::RejectedByTarget), Some("rejected")),
            (420, rejected(Reason::AccountFull), Some("rejected")),
            (423, WriteOutcome::NotAttempted, Some("gone")),
            (429, WriteOutcome::NotAttempted, Some("wait")),
            (500, WriteOutcome::InDoubt, Some("in doubt")),
            (504, WriteOutcome::InDoubt, Some("in doubt")),
        ];
        for (code, outcome, word) in cases {
            world.server.faults().add(FaultRule::prefix("/sync/watched", FaultKind::status(code)).method("POST"));
            let report = account.write(Feature::History, std::slice::from_ref(&add)).await;
            let told = report.fault.as_ref().map(|fault| match fault {
                Fault::Auth(_) => "auth",
                Fault::Rejected(_) => "rejected",
                Fault::Gone(_) => "gone",
                Fault::RateLimited { .. } => "wait",
                Fault::InDoubt(_) => "in doubt",
                Fault::Transient(_) => "transient",
            });
            assert_eq!((report.outcomes.as_slice(), told), ([outcome].as_slice(), word), "{code}");
        }
        assert_eq!(world.plays_of(MOVIE), [], "nothing was sent twice");
    });
}

#[test]
fn a_lost_reply_is_in_doubt_and_reading_back_finds_the_one_play() {
    run(async {
        let world = World::small();
        let account = world.account();
        for kind in [FaultKind::DropAfter, FaultKind::TruncatedJson] {
            let add =
                [MOVIE, EPISODE].map(|title| write(Action::Add, &world.item(title), play("2020-01-02T03:04:05Z")));
            world.server.faults().add(FaultRule::prefix("/sync/watched", kind.clone()).method("POST"));
            let report = account.write(Feature::History, &add).await;
            assert_eq!(report.outcomes, [WriteOutcome::InDoubt; 2], "{kind:?}");
            for write in &add {
                let CellNow::Present(facts) = cell(&account, Feature::History, write).await else { panic!("{kind:?}") };
                assert_eq!(facts[0].0, play("2020-01-02T03:04:05Z"));
            }
            assert_eq!(world.plays_of(MOVIE).len(), 1, "{kind:?}: the second one collapsed into the first");
        }
        world.server.faults().add(FaultRule::prefix("/sync/watched", FaultKind::DropBefore).method("POST"));
        let lost = write(Action::Add, &world.item(LibraryItem::Movie(3)), play("2020-01-02T03:04:05Z"));
        assert_eq!(send(&account, Feature::History, &lost).await, WriteOutcome::InDoubt);
        assert_eq!(cell(&account, Feature::History, &lost).await, CellNow::Absent);
    });
}

#[test]
fn what_cannot_be_looked_up_stays_in_doubt() {
    run(async {
        let world = World::small();
        world.server.state().switches.answers = WriteAnswers::Counts;
        let account = world.account();
        let add = write(Action::Add, &world.item(MOVIE), rated(80));
        world.server.faults().add(FaultRule::prefix("/sync/ratings", FaultKind::HtmlOk).method("GET"));
        let report = account.write(Feature::Ratings, std::slice::from_ref(&add)).await;
        assert_eq!(report.outcomes, [WriteOutcome::InDoubt]);
        assert!(matches!(report.fault, Some(Fault::InDoubt(_))), "{:?}", report.fault);
        world.server.faults().add(FaultRule::prefix("/sync/ratings", FaultKind::MissingTotals).method("GET"));
        let nothing = write(Action::Add, &world.item(LibraryItem::Movie(2)), rated(80));
        assert_eq!(cell(&account, Feature::Ratings, &nothing).await, CellNow::Unknown, "half a list proves no absence");
    });
}

#[test]
fn a_play_without_a_date_is_one_of_this_moment() {
    run(async {
        let world = World::small();
        let account = world.account();
        assert!(!account.capabilities().keeps_undated_plays);
        let undated = write(Action::Add, &world.item(MOVIE), Fact::Play(WatchedAt::Unknown));
        assert!(is_done(send(&account, Feature::History, &undated).await));
        assert_eq!(world.plays_of(MOVIE), [world.clock.now()]);
        let day = Fact::Play(WatchedAt::Day("2020-01-02".parse().unwrap()));
        assert!(is_done(send(&account, Feature::History, &write(Action::Add, &world.item(EPISODE), day)).await));
        assert_eq!(world.plays_of(EPISODE), [at("2020-01-02T12:00:00Z")]);
    });
}
