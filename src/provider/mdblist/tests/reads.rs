//! Reads: complete at every size, proven or in doubt, and what they cost.

use crosswatch_emulator::{
    FaultKind, FaultRule, GivenRating, Library, LibraryItem, Marked, ResumePoint, UserActivity, WatchedOnce,
    mdblist::Paging,
};
use crosswatch_model::{Fact, Feature, FeatureSet, Rating, WatchedAt};
use crosswatch_port::{Cursor, Fault, ReadScope};

use super::{EPISODE, MOVIE, World, at};
use crate::testing::{
    run,
    titles::{is_complete, read_all},
};

const ALL: ReadScope = ReadScope::Everything;

#[test]
fn a_probe_tells_who_we_are_and_how_much_may_be_asked() {
    run(async {
        let world = World::small();
        let account = world.account();
        assert_eq!(account.capabilities().membership, None);
        let probe = account.probe().await.unwrap();
        assert_eq!((probe.user.as_str(), probe.product.as_str()), ("anna", "MDBList"));
        assert!(probe.fingerprint.starts_with("mdblist:"));
        assert_eq!(account.capabilities().membership.as_deref(), Some("free, 1000 requests a day"));
        let quota = world.house.budget.quota.get().unwrap();
        assert_eq!((quota.limit, quota.used), (1_000, Some(1)));
    });
}

#[test]
fn reads_are_complete_at_every_size_and_by_either_way_of_paging() {
    run(async {
        for size in [0, 1, 899, 900, 999, 1000, 1001] {
            for paging in [Paging::Cursor, Paging::Offset] {
                let world = World::watched(size);
                world.server.state().switches.paging = paging;
                let account = world.account();
                let pages = read_all(&account, Feature::History, ALL).await.unwrap();
                assert!(is_complete(&pages), "{size} {paging:?}");
                let rows: Vec<_> = pages.iter().flat_map(|page| &page.rows).collect();
                assert_eq!(rows.len(), size, "{paging:?}: roll-ups are no plays");
                assert!(rows.iter().all(|row| row.native.is_some() && !row.item.ids.is_empty()));
                let count = account.count(Feature::History).await.unwrap();
                assert_eq!(count, (pages.len() == 1).then_some(size as u64), "one page tells how many there are");
            }
        }
    });
}

#[test]
fn every_feature_is_told_as_mdblist_has_it() {
    run(async {
        let when = at("2020-01-02T03:04:05Z");
        let activity = UserActivity {
            plays: [MOVIE, MOVIE, EPISODE].map(|item| WatchedOnce { item, at: when }).into(),
            undated: vec![],
            ratings: vec![GivenRating { item: LibraryItem::Season { show: 0, season: 1 }, rating: 8, at: when }],
            favourites: vec![Marked { item: LibraryItem::Show(0), at: when }],
            resume_points: vec![ResumePoint { item: LibraryItem::Movie(2), progress_percent: 50, at: when }],
        };
        let world = World::new(Library::sized(7, 30), activity);
        let account = world.account();
        let runtime_s = u32::from(world.library.runtime_min(LibraryItem::Movie(2)).unwrap()) * 60;
        let resume = Fact::Resume { position_s: runtime_s / 2, duration_s: Some(runtime_s), stopped_at: Some(when) };
        let expected = [
            (Feature::History, vec![Fact::Play(WatchedAt::Exact(when)); 3]),
            (Feature::Watchlist, vec![Fact::Listed(Some(when))]),
            (Feature::Ratings, vec![Fact::Rated { value: Rating::new(80).unwrap(), rated_at: Some(when) }]),
            (Feature::Progress, vec![resume]),
        ];
        for (feature, facts) in expected {
            let pages = read_all(&account, feature, ALL).await.unwrap();
            let rows: Vec<_> = pages.iter().flat_map(|page| &page.rows).collect();
            assert!(is_complete(&pages), "{feature}");
            assert_eq!(rows.iter().map(|row| row.fact).collect::<Vec<_>>(), facts);
        }
    });
}

#[test]
fn an_unchanged_run_costs_four_requests_whatever_the_account_holds() {
    run(async {
        for size in [10, 3_000] {
            let world = World::watched(size);
            let account = world.account();
            let all: FeatureSet = Feature::ALL.iter().copied().collect();
            let before = account.stamps(all).await.unwrap().unwrap();
            let sent = account.requests_sent();
            account.probe().await.unwrap();
            assert_eq!(account.stamps(all).await.unwrap().unwrap(), before);
            // What has a mark is not read; the rest is.
            for capability in account.capabilities().features.iter().filter(|feature| !feature.has_change_gate) {
                assert_eq!(before.get(capability.feature), None);
                read_all(&account, capability.feature, ALL).await.unwrap();
            }
            assert_eq!(account.requests_sent() - sent, 4, "{size} plays");
            assert_eq!(account.requests_sent(), world.server.log().len() as u64);
        }
    });
}

#[test]
fn a_first_read_of_fifty_thousand_plays_costs_58_requests() {
    run(async {
        let world = World::watched(50_000);
        let account = world.account();
        let pages = read_all(&account, Feature::History, ALL).await.unwrap();
        assert!(is_complete(&pages));
        assert_eq!(pages.iter().map(|page| page.rows.len()).sum::<usize>(), 50_000);
        // Every thirty episodes are a show of three seasons here, so 5 336 roll-up rows are among the plays.
        assert_eq!(account.requests_sent(), 58, "56 pages, and the gate before and after");
    });
}

#[test]
fn a_page_that_does_not_say_what_follows_proves_nothing() {
    run(async {
        let world = World::watched(1_500);
        let account = world.account();
        for (skip, path) in [(0, "/sync/watched"), (1, "/sync/watched"), (0, "/watchlist")] {
            world.server.faults().add(FaultRule::prefix(path, FaultKind::MissingTotals).after(skip));
            let feature = if path == "/watchlist" { Feature::Watchlist } else { Feature::History };
            let pages = read_all(&account, feature, ALL).await.unwrap();
            assert!(!is_complete(&pages), "{path} {skip}");
        }
    });
}

#[test]
fn broken_answers_are_never_empty_ones() {
    run(async {
        let world = World::watched(10);
        let account = world.account();
        for feature in [Feature::History, Feature::Watchlist, Feature::Ratings, Feature::Progress] {
            for kind in [FaultKind::HtmlOk, FaultKind::NullBody, FaultKind::TruncatedJson] {
                world.server.faults().add(FaultRule::prefix("/", kind.clone()).always());
                let fault = read_all(&account, feature, ALL).await.unwrap_err();
                assert!(matches!(fault, Fault::InDoubt(_) | Fault::Transient(_)), "{feature} {kind:?}: {fault:?}");
                assert!(account.count(feature).await.is_err(), "{feature} {kind:?}");
                world.server.faults().clear();
            }
        }
        let nothing =
            FaultKind::Status { code: 200, headers: vec![], body: "{\"pagination\":{\"has_more\":false}}".into() };
        world.server.faults().add(FaultRule::prefix("/sync/watched", nothing));
        assert!(
            matches!(read_all(&account, Feature::History, ALL).await, Err(Fault::InDoubt(_))),
            "no list is no empty list"
        );
    });
}

#[test]
fn a_promised_page_that_is_empty_is_in_doubt_and_the_next_try_has_other_pages() {
    run(async {
        let world = World::watched(1_500);
        let account = world.account();
        world.server.faults().add(FaultRule::prefix("/sync/watched", FaultKind::WrongTotals).after(1));
        let fault = read_all(&account, Feature::History, ALL).await.unwrap_err();
        assert!(matches!(&fault, Fault::InDoubt(text) if text.contains("promised another page")), "{fault:?}");
        assert!(is_complete(&read_all(&account, Feature::History, ALL).await.unwrap()));
        let asked = world.server.log().requests();
        assert!(asked.iter().rev().any(|request| request.path_and_query.contains("limit=900")));
    });
}

#[test]
fn what_changes_while_it_is_read_is_in_doubt() {
    run(async {
        for paging in [Paging::Cursor, Paging::Offset] {
            let world = World::watched(1_500);
            world.server.state().switches.paging = paging;
            let account = world.account();
            let first = account.read_page(Feature::History, ALL, None).await.unwrap();
            let gone = world.server.state().account("anna").unwrap().plays().next().unwrap().id;
            world.server.state().account_mut("anna").unwrap().remove_play(gone);
            let fault = account.read_page(Feature::History, ALL, first.next).await.unwrap_err();
            assert!(matches!(&fault, Fault::InDoubt(text) if text.contains("changed while it was read")), "{fault:?}");
            let first = account.read_page(Feature::History, ALL, None).await.unwrap();
            world.server.state().account_mut("anna").unwrap().rate(MOVIE, 7, world.clock.now());
            let last = account.read_page(Feature::History, ALL, first.next).await.unwrap();
            assert_eq!((last.next, last.total), (None, Some(last.received)), "{paging:?}: a rating is no play");
        }
    });
}

#[test]
fn a_list_that_is_being_built_is_asked_for_later() {
    run(async {
        let world = World::watched(3);
        let account = world.account();
        world.server.state().switches.lists_being_built = 1;
        let fault = read_all(&account, Feature::History, ALL).await.unwrap_err();
        assert!(matches!(&fault, Fault::Transient(text) if text.contains("still building")), "{fault:?}");
        assert!(is_complete(&read_all(&account, Feature::History, ALL).await.unwrap()));
    });
}

#[test]
fn plays_are_told_apart_from_states_whatever_their_ids_are_called() {
    run(async {
        for name in ["play_id", "history_id", "id"] {
            let world = World::watched(3);
            world.server.state().switches.play_id_name = name;
            let pages = read_all(&world.account(), Feature::History, ALL).await.unwrap();
            assert!(pages[0].rows.iter().all(|row| row.native.is_some()), "{name}");
        }
    });
}

#[test]
fn a_cursor_belongs_to_its_read_and_older_plays_can_be_left_out() {
    run(async {
        let world = World::watched(40);
        let account = world.account();
        for text in ["", "cursor:c1.2.3", "elsewhere"] {
            assert!(account.read_page(Feature::History, ALL, Some(Cursor(text.into()))).await.is_err(), "{text}");
        }
        let from = at("2025-01-01T00:00:00Z");
        let newer = read_all(&account, Feature::History, ReadScope::Since(from)).await.unwrap();
        let rows = &newer[0].rows;
        assert!(!rows.is_empty() && rows.len() < 40);
        assert!(rows.iter().all(|row| matches!(row.fact, Fact::Play(at) if at.instant() >= Some(from))));
    });
}

#[test]
fn a_spent_day_is_waited_for_until_midnight() {
    run(async {
        let world = World::small();
        let account = world.account();
        for _ in 0..1_000 {
            world.server.state().switches.enforces_limits = false;
            account.probe().await.unwrap();
        }
        world.server.state().switches.enforces_limits = true;
        let fault = account.probe().await.unwrap_err();
        let midnight_s = 12 * 3600;
        assert!(matches!(fault, Fault::RateLimited { after, .. } if after.as_secs() == midnight_s), "{fault:?}");
    });
}
