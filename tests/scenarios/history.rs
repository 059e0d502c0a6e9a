//! Plays from account to account: every viewing once, and none that nobody saw.

use std::collections::BTreeMap;

use crosswatch_emulator::{Episode, ExternalIds, Library, LibraryItem, Season, Show, UserActivity};
use crosswatch_tests::service::{Jellyfin, Service, Trakt, episode, films, ledger, movie, one_way, places};
use serde_json::json;

use crate::{HISTORY, to_trakt};

const FIRST: &str = "2026-01-01T20:00:00Z";
const LATER: &str = "2026-03-01T20:00:00Z";

/// A Trakt that knows these titles and has no plays.
fn unwatched(library: Library) -> Trakt {
    Trakt::new(library, UserActivity::default())
}

/// Adds `Show 1` with an episode at each of these places, given by season and number.
pub(crate) fn with_show(mut library: Library, episodes: &[(u16, u16)], ids_of_episodes: &ExternalIds) -> Library {
    let mut seasons: BTreeMap<u16, Season> = BTreeMap::new();
    for (season, number) in episodes {
        let aired = "2001-02-03".parse().unwrap();
        let ids = ids_of_episodes.clone();
        let one = Episode { title: "".into(), aired, runtime_min: 40, ids, has_file: true };
        seasons.entry(*season).or_default().episodes.insert(*number, one);
    }
    let ids = ExternalIds { tmdb: Some(1), ..ExternalIds::default() };
    library.add_show(Show { title: "Show 1".into(), year: 2001, ids, seasons });
    library
}

#[test]
fn s30_without_rewatches_another_date_is_no_other_play() {
    let trakt = unwatched(films(2));
    trakt.watch(&places(1), LATER);
    let service = Service::start(&to_trakt(&trakt, "[pair.history]\nrewatches = false\n"));
    service.ledger("a").watch(&[movie(1), movie(2)], FIRST);
    service.run().expect("succeeded").planned("history", 1, 0);
    service.is_at_rest();
    assert_eq!(trakt.plays(), [format!("Movie 1 at {LATER}"), format!("Movie 2 at {FIRST}")]);
}

#[test]
fn s31_with_rewatches_only_the_missing_play_is_added() {
    let trakt = unwatched(films(1));
    trakt.watch(&places(1), FIRST);
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    service.ledger("a").watch(&[movie(1)], FIRST);
    service.ledger("a").watch(&[movie(1)], LATER);
    service.run().expect("succeeded").planned("history", 1, 0);
    assert_eq!(trakt.plays(), [format!("Movie 1 at {FIRST}"), format!("Movie 1 at {LATER}")]);
    service.is_at_rest();
    assert_eq!(trakt.posts("/sync/history"), 1);
}

#[test]
fn s33_rewatches_collapse_with_a_notice_where_the_target_keeps_one_play() {
    let jellyfin = Jellyfin::new(films(2), UserActivity::default());
    jellyfin.watch(&places(1), FIRST);
    let pair = one_way(
        "p",
        "a",
        "home",
        "[pair.history]\nrewatches = true\n[pair.policy]\nacknowledge = [\"tracker-to-server\"]\n",
    );
    let service = Service::start(&format!("{}{}{pair}", ledger("a"), jellyfin.section("")));
    service.ledger("a").watch(&[movie(1), movie(2)], FIRST);
    service.ledger("a").watch(&[movie(1)], LATER);
    let run = service.run();
    run.expect("succeeded").planned("history", 1, 0);
    let notice = "One side keeps only the last play, so only watched or not counts.";
    assert!(run.sentence().contains(notice), "{}", run.sentence());
    service.is_at_rest();
    let played = jellyfin.server.state().played("anna").unwrap();
    assert_eq!(played.iter().map(|(_, row)| row.play_count).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn s34_plays_deleted_on_the_source_stay_for_ever_even_if_removals_come_on_later() {
    let trakt = unwatched(films(2));
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    service.ledger("a").watch(&[movie(1), movie(2)], FIRST);
    service.run().expect("succeeded").planned("history", 2, 0);
    service.ledger("a").unwatch(&[movie(1)]);
    service.run().expect("succeeded").planned("history", 0, 0);
    let removing = "[pair.history]\nremove = \"observed\"\n[pair.policy]\nremove_after_reads = 1\n";
    service.restart_with(&to_trakt(&trakt, removing));
    service.is_at_rest();
    service.is_at_rest();
    assert_eq!(trakt.plays().len(), 2);
    // Only what disappears from now on is a removal.
    service.ledger("a").unwatch(&[movie(2)]);
    service.run().expect("succeeded").planned("history", 0, 1);
    assert_eq!(trakt.plays(), [format!("Movie 1 at {FIRST}")]);
    service.is_at_rest();
}

#[test]
fn s36_a_film_and_an_episode_of_one_number_are_two_things() {
    let number = ExternalIds { tmdb: Some(2), ..ExternalIds::default() };
    let trakt = unwatched(with_show(films(2), &[(1, 1)], &number));
    trakt.watch(&[LibraryItem::Episode { show: 0, season: 1, number: 1 }], FIRST);
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    service.ledger("a").watch(&[movie(2)], FIRST);
    service.run().expect("succeeded").planned("history", 1, 0);
    service.is_at_rest();
    assert_eq!(trakt.plays(), [format!("Movie 2 at {FIRST}"), format!("Show 1 1x01 at {FIRST}")]);
}

#[test]
fn s37_specials_are_season_zero_and_nothing_else() {
    let trakt = unwatched(with_show(films(5), &[(0, 5), (1, 5), (5, 1)], &ExternalIds::default()));
    trakt.watch(&[LibraryItem::Episode { show: 0, season: 5, number: 1 }, LibraryItem::Movie(4)], FIRST);
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    service.ledger("a").watch(&[episode(1, 0, 5)], FIRST);
    service.run().expect("succeeded").planned("history", 1, 0);
    service.is_at_rest();
    let of = |title: &str| format!("{title} at {FIRST}");
    assert_eq!(trakt.plays(), [of("Movie 5"), of("Show 1 0x05"), of("Show 1 5x01")]);
}

/// A series that is played as a whole is a roll-up row on the server; what travels are its episodes.
#[test]
fn s39_a_series_that_is_played_is_its_episodes_and_nothing_more() {
    let library = with_show(films(1), &[(1, 1), (1, 2), (2, 1)], &ExternalIds::default());
    let jellyfin = Jellyfin::new(library.clone(), UserActivity::default());
    jellyfin.watch(&[LibraryItem::Show(0)], FIRST);
    let trakt = unwatched(library);
    let pair = one_way("p", "home", "trakt", HISTORY);
    let service = Service::start(&format!("{}{}{pair}", jellyfin.section(""), trakt.section()));
    let run = service.run();
    run.expect("succeeded").planned("history", 3, 0);
    assert_eq!((run.count("history", "skipped"), run.count("history", "conflicts")), (0, 0));
    let of = |title: &str| format!("Show 1 {title} at {FIRST}");
    assert_eq!(trakt.plays(), [of("1x01"), of("1x02"), of("2x01")]);
    service.is_at_rest();
}

#[test]
fn s39_a_play_of_a_whole_series_is_refused_at_the_door() {
    let service = Service::start(&ledger("a"));
    let whole = json!({"kind": "show", "title": "Show 1", "ids": {"tmdb": 1}});
    let body = json!({"provider": "a", "items": [{"item": whole, "watched_at": FIRST}]});
    let refused = service.http().post("/api/v1/tracker/history", &body).expect(422);
    assert!(refused["detail"].as_str().unwrap().contains("show"), "{refused}");
    assert_eq!(service.ledger("a").plays(), Vec::<String>::new());
}

#[test]
fn s40_a_play_without_a_date_is_added_once_and_never_to_what_is_watched() {
    let trakt = unwatched(films(2));
    trakt.watch(&places(1), FIRST);
    let service = Service::start(&to_trakt(&trakt, HISTORY));
    service.ledger("a").watch_undated(&[movie(1), movie(2)]);
    service.run().expect("succeeded").planned("history", 1, 0);
    for _ in 0..2 {
        service.is_at_rest();
    }
    // The beginning of 1970 is how Trakt keeps "some day"; today would be a lie.
    assert_eq!(trakt.plays(), [format!("Movie 1 at {FIRST}"), "Movie 2 at 1970-01-01T00:00:00Z".to_owned()]);
    assert_eq!(trakt.posts("/sync/history"), 1);
}
