//! The copy of the library: what it costs, how it follows, and when it is read whole.

use crosswatch_emulator::{
    FaultKind, FaultRule, GivenRating, Library, Marked, ResumePoint, UserActivity, WatchedOnce,
    simkl::{AnimeTitles, Status},
};
use crosswatch_model::{Action, Fact, Rating, WatchedAt};

use super::*;
use crate::testing::{
    run,
    titles::{is_complete, read_all, send, write},
};

/// What happens at SIMKL, the features it moves, and the requests after the activities.
type Step<'a> = (&'a str, &'a dyn Fn(), Vec<Feature>, Vec<&'a str>);

async fn facts(account: &Rc<dyn Provider>, feature: Feature) -> Vec<Fact> {
    let pages = read_all(account, feature, ReadScope::Everything).await.unwrap();
    assert!(is_complete(&pages), "{feature}");
    pages.iter().flat_map(|page| &page.rows).map(|row| row.fact).collect()
}

#[test]
fn fifty_thousand_plays_are_read_first_with_five_requests_and_an_unchanged_run_sends_two() {
    run(async {
        let world = World::watched(50_000);
        let account = world.account();
        account.probe().await.unwrap();
        assert_eq!(facts(&account, Feature::History).await.len(), 50_000);
        assert_eq!(account.requests_sent(), 5);
        let marks = account.stamps(all()).await.unwrap().unwrap();
        let before = account.requests_sent();
        account.probe().await.unwrap();
        assert_eq!(account.stamps(all()).await.unwrap().unwrap(), marks);
        assert_eq!(account.requests_sent() - before, 2);
        let again = world.account();
        assert_eq!(facts(&again, Feature::History).await.len(), 50_000);
        assert_eq!(again.requests_sent(), 2, "a restart reads nothing again");
    });
}

#[test]
fn every_feature_is_told_as_simkl_has_it() {
    run(async {
        let when = at("2020-01-02T03:04:05Z");
        let activity = UserActivity {
            plays: [MOVIE, EPISODE].map(|item| WatchedOnce { item, at: when }).into(),
            undated: vec![LibraryItem::Movie(2)],
            ratings: vec![GivenRating { item: SHOW, rating: 8, at: when }],
            favourites: vec![Marked { item: LibraryItem::Movie(3), at: when }],
            resume_points: vec![ResumePoint {
                item: LibraryItem::Movie(4),
                progress_percent: 50,
                at: at("2026-11-20T00:00:00Z"),
            }],
        };
        let world = World::new(Library::sized(7, 60), activity, AnimeTitles::default());
        let account = world.account();
        let minutes = u32::from(world.library.runtime_min(LibraryItem::Movie(4)).unwrap());
        let stopped_at = Some(at("2026-11-20T00:00:00Z"));
        let seen = Fact::Play(WatchedAt::Exact(when));
        let expected = [
            (Feature::History, vec![seen, seen, Fact::Play(WatchedAt::Unknown)]),
            (Feature::Watchlist, vec![Fact::Listed(Some(when))]),
            (Feature::Ratings, vec![Fact::Rated { value: Rating::new(80).unwrap(), rated_at: Some(when) }]),
            (
                Feature::Progress,
                vec![Fact::Resume { position_s: minutes * 30, duration_s: Some(minutes * 60), stopped_at }],
            ),
        ];
        for (feature, expected) in expected {
            assert_eq!(facts(&account, feature).await, expected, "{feature}");
            assert_eq!(account.count(feature).await, Ok(Some(expected.len() as u64)));
        }
    });
}

#[test]
fn what_changed_is_asked_for_and_nothing_more() {
    run(async {
        let world = World::watched(60);
        let account = world.account();
        account.stamps(all()).await.unwrap();
        let steps: [Step<'_>; 7] = [
            ("nothing", &|| {}, vec![], vec![]),
            (
                "a rating",
                &|| drop(world.server.state().rate("anna", MOVIE, 4, at("2026-11-22T00:00:00Z"))),
                vec![Feature::Ratings],
                vec!["GET /sync/ratings/movies"],
            ),
            (
                "a rating taken away",
                &|| drop(world.server.state().unrate("anna", MOVIE)),
                vec![Feature::Ratings],
                vec!["GET /sync/ratings/movies"],
            ),
            (
                "a film taken out",
                &|| drop(world.server.state().remove("anna", MOVIE)),
                vec![Feature::History],
                vec!["GET /sync/all-items/movies ids"],
            ),
            (
                "the film planned",
                &|| drop(world.server.state().move_to("anna", MOVIE, Status::PlanToWatch)),
                vec![Feature::Watchlist],
                vec!["GET /sync/all-items/movies since"],
            ),
            (
                "an episode unmarked",
                &|| drop(world.server.state().remove("anna", EPISODE)),
                vec![Feature::History],
                vec!["GET /sync/all-items/shows since"],
            ),
            (
                "the film watched",
                &|| drop(world.server.state().watch("anna", MOVIE, at("2026-11-22T00:00:00Z"))),
                vec![Feature::History, Feature::Watchlist],
                vec!["GET /sync/all-items/movies since"],
            ),
        ];
        for (what, change, features, requests) in steps {
            let before = account.stamps(all()).await.unwrap().unwrap();
            world.pass(60);
            change();
            let (after, sent) = world.requests_of(account.stamps(all())).await;
            let after = after.unwrap().unwrap();
            let moved: Vec<Feature> =
                Feature::ALL.iter().copied().filter(|feature| before.get(*feature) != after.get(*feature)).collect();
            assert_eq!(sent, [vec!["GET /sync/activities"], requests].concat(), "{what}");
            let mut features = features;
            features.sort();
            let mut moved = moved;
            moved.sort();
            assert_eq!(moved, features, "{what}");
            let plays = facts(&account, Feature::History).await.len();
            assert_eq!(plays, world.plays().len(), "{what}");
            let fresh = open(&world.options(), House::new().ports()).unwrap();
            assert_eq!(fresh.stamps(all()).await.unwrap().unwrap(), after, "{what}: a copy made now is the same");
        }
        assert!(!world.server.state().is_suspended);
    });
}

#[test]
fn a_lost_copy_is_not_read_again_at_once() {
    run(async {
        let world = World::watched(60);
        let account = world.account();
        account.stamps(all()).await.unwrap();
        world.house.cache.0.borrow_mut().retain(|name, _| !name.starts_with("library-"));
        let account = world.account();
        let (refused, sent) = world.requests_of(account.stamps(all())).await;
        let Err(Fault::RateLimited { after, detail }) = refused else { panic!("{refused:?}") };
        assert_eq!(after, refresh::AFTER_SUCCESS);
        assert!(detail.contains("at most every 6 hours"), "{detail}");
        assert!(sent.iter().all(|request| !request.contains("all-items")), "{sent:?}");
        world.pass(6 * 3600);
        assert!(account.stamps(all()).await.is_ok());
        world.house.cache.0.borrow_mut().clear();
        assert!(world.account().stamps(all()).await.is_ok(), "an account whose notes are all gone begins anew");
        assert!(!world.server.state().is_suspended);
    });
}

#[test]
fn a_first_read_that_fails_goes_on_later_where_it_stopped() {
    run(async {
        for kind in [FaultKind::TruncatedJson, FaultKind::DropAfter, FaultKind::status(500), FaultKind::NullBody] {
            let world = World::watched(60);
            let account = world.account();
            world.server.faults().add(FaultRule::prefix("/sync/all-items/movies", kind.clone()));
            let (failed, sent) = world.requests_of(account.stamps(all())).await;
            assert!(matches!(failed, Err(Fault::Transient(_) | Fault::InDoubt(_))), "{kind:?}: {failed:?}");
            let whole = |sent: &[String]| sent.iter().filter(|request| request.contains("all-items")).count();
            assert_eq!(whole(&sent), 3, "{kind:?}: a whole read is never repeated by itself");
            assert!(matches!(account.stamps(all()).await, Err(Fault::RateLimited { .. })), "{kind:?}");
            world.pass(600);
            let (read, sent) = world.requests_of(account.stamps(all())).await;
            assert!(read.is_ok() && whole(&sent) == 1, "{kind:?}: {sent:?}");
            assert!(!world.server.state().is_suspended, "{kind:?}");
        }
    });
}

#[test]
fn a_change_that_is_not_told_keeps_the_read_in_doubt() {
    run(async {
        let world = World::watched(60);
        let account = world.account();
        account.stamps(all()).await.unwrap();
        world.server.state().remove("anna", EPISODE).unwrap();
        for kind in [FaultKind::NullBody, FaultKind::HtmlOk, FaultKind::TruncatedJson, FaultKind::EmptyList] {
            world.server.faults().add(FaultRule::prefix("/sync/all-items/shows", kind.clone()));
            let read = read_all(&account, Feature::History, ReadScope::Everything).await;
            assert!(matches!(read, Err(Fault::InDoubt(_))), "{kind:?}");
        }
        assert_eq!(facts(&account, Feature::History).await.len(), 59, "the change is not lost");
    });
}

#[test]
fn a_copy_of_another_user_is_not_taken_for_this_one() {
    run(async {
        let world = World::watched(60);
        assert_eq!(facts(&world.account(), Feature::History).await.len(), 60);
        let options = SimklOptions {
            access_token: Some("simkl-access-ben".into()),
            refresh_token: Some("simkl-refresh-ben".into()),
            ..world.options()
        };
        let ben = open(&options, world.house.ports()).unwrap();
        assert_eq!(facts(&ben, Feature::History).await.len(), 0);
    });
}

#[test]
fn a_library_that_is_too_large_for_one_answer_is_read_list_by_list() {
    run(async {
        let world = World::watched(60);
        world.server.state().switches.max_items = Some(5);
        let account = world.account();
        assert_eq!(facts(&account, Feature::History).await.len(), 60);
        assert!(world.server.log().count("GET", "/sync/all-items/movies/completed") == 1);
        assert!(!world.server.state().is_suspended);
    });
}

#[test]
fn resume_points_are_taken_away_by_their_row_and_not_written() {
    run(async {
        let point = |item, progress_percent| ResumePoint { item, progress_percent, at: at("2026-11-20T00:00:00Z") };
        let activity =
            UserActivity { resume_points: vec![point(MOVIE, 40), point(EPISODE, 30)], ..UserActivity::default() };
        let world = World::new(Library::sized(7, 60), activity, AnimeTitles::default());
        let account = world.account();
        let resume = Fact::Resume { position_s: 600, duration_s: None, stopped_at: None };
        let add = write(Action::Add, &world.item(LibraryItem::Movie(3)), resume);
        assert_eq!(send(&account, Feature::Progress, &add).await, progress::not_written());
        for (title, left) in [(MOVIE, 1), (EPISODE, 0)] {
            let before = account.stamps(all()).await.unwrap().unwrap();
            let remove = write(Action::Remove, &world.item(title), resume);
            assert_eq!(send(&account, Feature::Progress, &remove).await, crate::outcome::acknowledged());
            assert_eq!(account.count(Feature::Progress).await, Ok(Some(left)));
            assert_ne!(account.stamps(all()).await.unwrap().unwrap(), before);
            assert_eq!(send(&account, Feature::Progress, &remove).await, crosswatch_port::WriteOutcome::AlreadyThere);
        }
    });
}
