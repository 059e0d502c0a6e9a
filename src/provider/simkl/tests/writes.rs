//! Writing: what is sent, what is refused before it does harm, and what is read back.

use crosswatch_emulator::{
    FaultKind, FaultRule, GivenRating, Library, Marked, UserActivity, WatchedOnce,
    simkl::{AnimeTitles, Status},
};
use crosswatch_model::{Action, IdSet, Kind, Reason};
use crosswatch_port::{CellNow, WriteOutcome};

use super::*;
use crate::{
    outcome::{acknowledged, rejected, rejected_for_good},
    testing::{
        run,
        titles::{cell, send, write},
    },
};

const PLANNED: LibraryItem = LibraryItem::Movie(2);
const RATED: LibraryItem = LibraryItem::Movie(3);

/// A film and an episode watched, a film planned, a film watched and rated.
fn lived() -> World {
    let when = at("2020-01-02T03:04:05Z");
    let activity = UserActivity {
        plays: [MOVIE, EPISODE, RATED].map(|item| WatchedOnce { item, at: when }).into(),
        ratings: vec![GivenRating { item: RATED, rating: 8, at: when }],
        favourites: vec![Marked { item: PLANNED, at: when }],
        ..UserActivity::default()
    };
    World::new(Library::sized(7, 60), activity, AnimeTitles::default())
}

#[test]
fn every_feature_is_written_and_taken_away() {
    run(async {
        let world = World::small();
        let account = world.account();
        let cases = [
            (Feature::History, MOVIE, play("2020-01-02T03:04:05Z")),
            (Feature::History, EPISODE, play("2020-01-02T03:04:05Z")),
            (Feature::Watchlist, LibraryItem::Movie(4), Fact::Listed(None)),
            (Feature::Watchlist, LibraryItem::Show(1), Fact::Listed(None)),
            (Feature::Ratings, SHOW, rated(85)),
        ];
        for (feature, title, fact) in cases {
            let add = write(Action::Add, &world.item(title), fact);
            assert_eq!(cell(&account, feature, &add).await, CellNow::Absent, "{title:?} {fact:?}");
            assert_eq!(send(&account, feature, &add).await, acknowledged(), "{title:?} {fact:?}");
            let CellNow::Present(facts) = cell(&account, feature, &add).await else { panic!("{fact:?} is not there") };
            assert_eq!((facts.len(), facts[0].0.feature()), (1, feature));
            assert_eq!(send(&account, feature, &add).await, WriteOutcome::AlreadyThere, "{title:?} {fact:?}");
            let remove = write(Action::Remove, &world.item(title), fact);
            assert_eq!(send(&account, feature, &remove).await, acknowledged(), "{title:?} {fact:?}");
            assert_eq!(cell(&account, feature, &add).await, CellNow::Absent, "{title:?} {fact:?}");
            assert_eq!(send(&account, feature, &remove).await, WriteOutcome::AlreadyThere, "{title:?} {fact:?}");
        }
    });
}

#[test]
fn nothing_is_moved_and_nothing_is_lost() {
    run(async {
        let world = lived();
        let account = world.account();
        let listed = Fact::Listed(None);
        let seen = play("2020-01-02T03:04:05Z");
        let taken = rejected(Reason::StatusTaken);
        let cases = [
            ("a watched film is not planned", Feature::Watchlist, Action::Add, MOVIE, listed, taken),
            ("a begun show is not planned", Feature::Watchlist, Action::Add, SHOW, listed, taken),
            ("what is planned stays so", Feature::Watchlist, Action::Add, PLANNED, listed, WriteOutcome::AlreadyThere),
            (
                "what moved on is off the list",
                Feature::Watchlist,
                Action::Remove,
                MOVIE,
                listed,
                WriteOutcome::AlreadyThere,
            ),
            ("a rating would go with the film", Feature::History, Action::Remove, RATED, seen, taken),
            ("a planned film would count as watched", Feature::Ratings, Action::Add, PLANNED, rated(70), taken),
            (
                "an unlisted film would count as watched",
                Feature::Ratings,
                Action::Add,
                LibraryItem::Movie(5),
                rated(70),
                rejected(Reason::NotInLibrary),
            ),
            (
                "episodes have no ratings",
                Feature::Ratings,
                Action::Add,
                EPISODE,
                rated(70),
                rejected_for_good(Reason::KindUnsupported),
            ),
            ("the same rating", Feature::Ratings, Action::Update, RATED, rated(80), WriteOutcome::AlreadyThere),
            ("a show is no play", Feature::History, Action::Add, SHOW, seen, rejected_for_good(Reason::NotALeaf)),
        ];
        for (what, feature, action, title, fact, expected) in cases {
            let before = world.server.log().writes().len();
            let outcome = send(&account, feature, &write(action, &world.item(title), fact)).await;
            assert_eq!(outcome, expected, "{what}");
            assert_eq!(world.server.log().writes().len(), before, "{what}: nothing is sent");
        }
        world.server.state().rate("anna", LibraryItem::Show(1), 7, at("2026-01-01T00:00:00Z")).unwrap();
        world.server.state().move_to("anna", LibraryItem::Show(1), Status::PlanToWatch).unwrap();
        let remove = write(Action::Remove, &world.item(LibraryItem::Show(1)), listed);
        assert_eq!(send(&account, Feature::Watchlist, &remove).await, taken, "a planned show with a rating keeps it");
        assert_eq!(world.server.state().ratings("anna").unwrap().len(), 2);
    });
}

#[test]
fn a_play_of_what_is_planned_moves_it_on() {
    run(async {
        let world = lived();
        let account = world.account();
        let add = write(Action::Add, &world.item(PLANNED), play("2021-05-06T07:08:09Z"));
        assert_eq!(send(&account, Feature::History, &add).await, acknowledged());
        assert_eq!(world.server.state().status("anna", PLANNED).unwrap(), Some(Status::Completed));
        let rating = write(Action::Add, &world.item(PLANNED), rated(70));
        assert_eq!(send(&account, Feature::Ratings, &rating).await, acknowledged(), "it is watched now");
    });
}

#[test]
fn new_plays_cost_one_request_a_batch_and_known_ones_are_read_back() {
    run(async {
        let world = lived();
        let account = world.account();
        account.stamps(all()).await.unwrap();
        let number = |number| LibraryItem::Episode { show: 0, season: 1, number };
        let plays = |titles: &[LibraryItem]| -> Vec<Write> {
            titles.iter().map(|title| write(Action::Add, &world.item(*title), play("2021-05-06T07:08:09Z"))).collect()
        };
        let new = plays(&[number(3), number(4), LibraryItem::Movie(6), LibraryItem::Movie(7)]);
        let (report, sent) = world.requests_of(account.write(Feature::History, &new)).await;
        assert_eq!((report.outcomes.as_slice(), report.fault), ([acknowledged(); 4].as_slice(), None));
        assert_eq!(sent, ["POST /sync/history"]);
        let mixed = plays(&[EPISODE, number(5), MOVIE]);
        let (report, sent) = world.requests_of(account.write(Feature::History, &mixed)).await;
        assert_eq!(report.outcomes, [WriteOutcome::AlreadyThere, acknowledged(), WriteOutcome::AlreadyThere]);
        assert_eq!(sent[..2], ["POST /sync/history", "GET /sync/activities"]);
        assert_eq!(world.plays().len(), 8);
    });
}

#[test]
fn what_simkl_does_not_know_concerns_that_item_only() {
    run(async {
        let world = World::small();
        let account = world.account();
        let mut unknown_episode = world.item(EPISODE);
        (unknown_episode.number, unknown_episode.ids) = (Some(99), IdSet::EMPTY);
        let nameless = Item::titled(Kind::Movie, "The Matrix", Some(1999), IdSet::EMPTY);
        let ids =
            [crosswatch_model::Id::from_number(crosswatch_model::Namespace::Tmdb, Kind::Movie, 900_000_001).unwrap()];
        let unheard = Item::titled(Kind::Movie, "Nobody's", None, ids.into_iter().collect());
        let items = [world.item(MOVIE), unknown_episode, nameless, unheard, world.item(EPISODE)];
        let writes = items.map(|item| write(Action::Add, &item, play("2020-01-02T03:04:05Z")));
        let report = account.write(Feature::History, &writes).await;
        let expected = [
            acknowledged(),
            rejected(Reason::NotVisible),
            rejected_for_good(Reason::NoIds),
            rejected(Reason::NotFound),
            acknowledged(),
        ];
        assert_eq!((report.outcomes.as_slice(), report.fault), (expected.as_slice(), None));
        assert_eq!(world.server.log().count("POST", "/sync/history"), 1);
    });
}

#[test]
fn a_lost_reply_is_in_doubt_and_reading_back_tells() {
    run(async {
        let world = World::small();
        let account = world.account();
        for (kind, title) in [(FaultKind::DropAfter, MOVIE), (FaultKind::TruncatedJson, EPISODE)] {
            let add = write(Action::Add, &world.item(title), play("2020-01-02T03:04:05Z"));
            world.server.faults().add(FaultRule::prefix("/sync/history", kind.clone()).method("POST"));
            assert_eq!(send(&account, Feature::History, &add).await, WriteOutcome::InDoubt, "{kind:?}");
            assert!(matches!(cell(&account, Feature::History, &add).await, CellNow::Present(_)), "{kind:?}");
        }
        world.server.faults().add(FaultRule::prefix("/sync/history", FaultKind::NullBody).method("POST"));
        let lost = write(Action::Add, &world.item(LibraryItem::Movie(4)), play("2020-01-02T03:04:05Z"));
        assert_eq!(send(&account, Feature::History, &lost).await, WriteOutcome::InDoubt);
        assert_eq!(cell(&account, Feature::History, &lost).await, CellNow::Absent);
    });
}
