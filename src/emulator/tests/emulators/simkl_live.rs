//! SIMKL's scrobbling: thresholds, the conflict window, check-ins and what was left in the middle.

use crosswatch_emulator::{
    Library, LibraryItem, ManualClock, SimklEmulator, SimklOptions,
    simkl::{AnimeCour, AnimeTitles, Membership},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{self, Client, simkl_path as path};

const MOVIE: LibraryItem = LibraryItem::Movie(0);

fn start(membership: Membership) -> (ManualClock, SimklEmulator, Client) {
    let clock = client::clock();
    let mut options = SimklOptions::new(clock.clone(), Library::sized(5, 100));
    options.accounts[0].membership = membership;
    options.token_lifetime_s = 200 * 24 * 3600;
    let cour = |first, last, mal| AnimeCour { show: 1, season: 2, first, last, mal, anidb: mal + 1 };
    options.anime = AnimeTitles { cours: vec![cour(1, 5, 501), cour(6, 10, 601)], movies: vec![] };
    let simkl = SimklEmulator::start(options).unwrap();
    let anna = Client::simkl(&simkl, "anna");
    (clock, simkl, anna)
}

fn movie(simkl: &SimklEmulator, progress: f64) -> Value {
    json!({"movie": {"ids": {"simkl": simkl.state().simkl_id(MOVIE)}}, "progress": progress})
}

fn watched(simkl: &SimklEmulator) -> usize {
    simkl.state().watched("anna").unwrap().len()
}

#[tokio::test]
async fn a_stop_counts_from_eighty_percent_and_once_an_hour() {
    let (clock, simkl, anna) = start(Membership::Free);
    let stop = async |progress| anna.post(&path("/scrobble/stop"), movie(&simkl, progress)).await;
    let early = stop(79.99).await.ok();
    assert_eq!((early["action"].as_str(), watched(&simkl)), (Some("pause"), 0));
    assert!(early["id"].as_u64().unwrap() > u64::from(u32::MAX));
    let late = stop(80.0).await;
    assert_eq!((late.status, late.json()["action"].as_str(), watched(&simkl)), (201, Some("scrobble"), 1));
    assert!(simkl.state().paused("anna").unwrap().is_empty());
    let again = stop(95.0).await;
    assert_eq!((again.status, again.json()["expires_at"].as_str()), (409, Some("2026-11-01T13:00:00.000Z")));
    clock.advance(SignedDuration::from_hours(1));
    assert_eq!(stop(95.0).await.status, 201);
}

#[tokio::test]
async fn starts_clear_the_pause_and_mark_nothing() {
    let (clock, simkl, anna) = start(Membership::Free);
    anna.post(&path("/scrobble/pause"), movie(&simkl, 41.239)).await.ok();
    let rows = anna.get(&path("/sync/playback")).await.ok();
    assert_eq!((rows[0]["progress"].as_f64(), rows[0]["type"].as_str()), (Some(41.24), Some("movie")));
    assert_eq!(anna.post(&path("/scrobble/start"), movie(&simkl, 41.0)).await.ok()["id"], 0);
    assert_eq!(anna.get(&path("/sync/playback")).await.ok(), json!([]));
    clock.advance(SignedDuration::from_hours(5));
    assert_eq!(watched(&simkl), 0);
}

#[tokio::test]
async fn a_check_in_becomes_a_play_when_it_ends() {
    let (clock, simkl, anna) = start(Membership::Free);
    let body = json!({"movie": {"ids": {"simkl": simkl.state().simkl_id(MOVIE)}}});
    assert_eq!(anna.post(&path("/scrobble/checkin"), body).await.ok()["progress"], 0.0);
    let runtime_min = i64::from(simkl.state().library().runtime_min(MOVIE).unwrap());
    clock.advance(SignedDuration::from_mins(runtime_min));
    anna.get(&path("/sync/activities")).await.ok();
    assert_eq!(watched(&simkl), 0);
    clock.advance(SignedDuration::from_secs(10));
    anna.get(&path("/sync/activities")).await.ok();
    assert_eq!(watched(&simkl), 1);
}

#[tokio::test]
async fn paused_rows_live_as_long_as_the_membership_allows() {
    for (membership, days) in [(Membership::Free, 7), (Membership::Pro, 30), (Membership::Vip, 90)] {
        let (clock, simkl, anna) = start(membership);
        anna.post(&path("/scrobble/pause"), movie(&simkl, 41.0)).await.ok();
        clock.advance(SignedDuration::from_hours(24 * days));
        assert_eq!(anna.get(&path("/sync/playback/movies")).await.ok().as_array().unwrap().len(), 1, "{membership:?}");
        clock.advance(SignedDuration::from_secs(1));
        assert_eq!(anna.get(&path("/sync/playback/movies")).await.ok(), json!([]), "{membership:?}");
    }
}

#[tokio::test]
async fn one_title_has_one_row_which_can_be_deleted() {
    let (_clock, simkl, anna) = start(Membership::Free);
    let episode = |number| {
        let ids = json!({"simkl": simkl.state().simkl_id(LibraryItem::Show(0))});
        json!({"show": {"ids": ids}, "episode": {"season": 1, "number": number}, "progress": 20})
    };
    for number in [1, 2] {
        anna.post(&path("/scrobble/pause"), episode(number)).await.ok();
    }
    let rows = anna.get(&path("/sync/playback/episodes")).await.ok();
    assert_eq!((rows.as_array().unwrap().len(), rows[0]["episode"]["episode"].as_u64()), (1, Some(2)));
    let before = anna.get(&path("/sync/activities")).await.ok();
    let id = rows[0]["id"].as_u64().unwrap();
    for (id, status, error) in [
        (id.to_string(), 204, None),
        (id.to_string(), 404, Some("empty")),
        ("0".to_owned(), 404, Some("url_failed")),
        ("abc".to_owned(), 404, Some("url_failed")),
    ] {
        let answer = anna.delete(&path(&format!("/sync/playback/{id}"))).await;
        assert_eq!(answer.status, status, "{id}");
        assert_eq!(
            error.is_none().then_some(()).or_else(|| (answer.json()["error"] == error.unwrap()).then_some(())),
            Some(())
        );
    }
    let after = anna.get(&path("/sync/activities")).await.ok();
    assert_ne!(before["tv_shows"]["playback"], after["tv_shows"]["playback"]);
}

#[tokio::test]
async fn anime_seasons_of_thetvdb_are_answered_as_simkl_counts() {
    let (_clock, simkl, anna) = start(Membership::Free);
    let tvdb = simkl.state().library().show(LibraryItem::Show(1)).unwrap().ids.tvdb;
    let body = json!({"anime": {"ids": {"tvdb": tvdb}}, "episode": {"season": 2, "number": 7}, "progress": 42.2});
    let answer = anna.post(&path("/scrobble/pause"), body).await.ok();
    let told = ["season", "number", "tvdb_season", "tvdb_number"].map(|name| answer["episode"][name].as_u64().unwrap());
    assert_eq!((told, answer["anime"]["ids"]["mal"].as_str()), ([1, 2, 2, 7], Some("601")));
    let rows = anna.get(&path("/sync/playback/episodes")).await.ok();
    assert_eq!(rows[0]["anime"]["ids"]["mal"], "601");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let (_clock, simkl, anna) = start(Membership::Free);
    for (place, body, status, error) in [
        ("/scrobble/stop", json!({"movie": {"ids": {"imdb": "tt0000111"}}, "progress": 90}), 404, "id_err"),
        ("/scrobble/stop", json!({"progress": 90}), 404, "id_err"),
        ("/scrobble/stop", json!({"movie": movie(&simkl, 1.0)["movie"]}), 400, "empty_field"),
        ("/scrobble/stop", movie(&simkl, 101.0), 400, "wrong_parameter"),
        ("/scrobble/rewind", movie(&simkl, 10.0), 404, "url_failed"),
    ] {
        let answer = anna.post(&path(place), body.clone()).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{place} {body}");
    }
    assert_eq!(watched(&simkl), 0);
}
