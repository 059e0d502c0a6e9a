//! MDBList's plays and states: near duplicates, roll-ups, paging, and what a write answers.

use crosswatch_emulator::{
    LibraryItem, ManualClock, MdblistEmulator,
    mdblist::{Paging, WriteAnswers},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{self, Client};

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };

fn start() -> (ManualClock, MdblistEmulator, Client) {
    let clock = client::clock();
    let mdblist = client::mdblist(&clock);
    let anna = Client::mdblist(&mdblist, "anna");
    (clock, mdblist, anna)
}

fn movie(mdblist: &MdblistEmulator, watched_at: &str) -> Value {
    let tmdb = mdblist.state().library().ids(MOVIE).unwrap().tmdb;
    json!({"movies": [{"ids": {"tmdb": tmdb}, "watched_at": watched_at}]})
}

fn show_ids(mdblist: &MdblistEmulator) -> Value {
    json!({"tmdb": mdblist.state().library().ids(LibraryItem::Show(0)).unwrap().tmdb})
}

fn plays(mdblist: &MdblistEmulator, item: LibraryItem) -> Vec<String> {
    let state = mdblist.state();
    state.account("anna").unwrap().plays_of(item).iter().map(|play| play.watched_at.to_string()).collect()
}

#[tokio::test]
async fn near_duplicates_collapse_and_other_dates_are_other_plays() {
    let (_clock, mdblist, anna) = start();
    for (at, made) in [
        ("2024-01-01T20:00:00Z", 1),
        ("2024-01-01T20:00:00Z", 0),
        ("2024-01-01T20:01:00Z", 0),
        ("2024-01-01T20:01:01Z", 1),
        ("2024-05-01T20:00:00Z", 1),
    ] {
        let answer = anna.post("/sync/watched", movie(&mdblist, at)).await.ok();
        assert_eq!(
            (answer["added"]["movies"].as_u64(), answer["updated"]["movies"].as_u64()),
            (Some(made), Some(1 - made)),
            "{at}"
        );
    }
    assert_eq!(plays(&mdblist, MOVIE), ["2024-01-01T20:00:00Z", "2024-01-01T20:01:01Z", "2024-05-01T20:00:00Z"]);
}

#[tokio::test]
async fn made_plays_are_reported_on_request_and_only_for_a_hundred_items() {
    let (_clock, mdblist, anna) = start();
    let answer = anna.post("/sync/watched?report_added=true", movie(&mdblist, "2024-01-01T20:00:00Z")).await.ok();
    let made = &answer["added"]["movies"][0];
    assert_eq!(made["watched_at"], "2024-01-01T20:00:00Z");
    let id = mdblist.state().account("anna").unwrap().plays_of(MOVIE)[0].id;
    assert_eq!(made["play_id"], id);
    let again = anna.post("/sync/watched?report_added=true", movie(&mdblist, "2024-01-01T20:00:10Z")).await.ok();
    assert_eq!(again["added"]["movies"], json!([]));
    mdblist.state().switches.answers = WriteAnswers::Counts;
    let older = anna.post("/sync/watched?report_added=true", movie(&mdblist, "2025-01-01T20:00:00Z")).await.ok();
    assert_eq!((older["added"]["movies"].as_u64(), older["not_found"]["movies"].as_u64()), (Some(1), Some(0)));
    let entry =
        |place| json!({"ids": {"tmdb": mdblist.state().library().ids(LibraryItem::Movie(place)).unwrap().tmdb}});
    let many: Vec<Value> = (0..120).map(entry).filter(|entry| !entry["ids"]["tmdb"].is_null()).collect();
    assert!(many.len() > 100);
    assert_eq!(anna.post("/sync/watched?report_added=true", json!({"movies": many})).await.status, 400);
    assert_eq!(anna.post("/sync/watched", json!({"movies": many})).await.status, 200);
    let too_many: Vec<Value> = (0..201).map(|place| json!({"ids": {"tmdb": place}})).collect();
    let refused = anna.post("/sync/watched", json!({"shows": too_many})).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"], "Too many shows in one request (max 200)");
}

#[tokio::test]
async fn an_unknown_episode_is_not_found_and_the_others_are_added() {
    let (_clock, mdblist, anna) = start();
    mdblist.state().lose(EPISODE);
    let at = "2024-01-01T20:00:00Z";
    let seasons =
        json!([{"number": 1, "episodes": [{"number": 1, "watched_at": at}, {"number": 2, "watched_at": at}]}]);
    let body = json!({"shows": [{"ids": show_ids(&mdblist), "seasons": seasons}]});
    let answer = anna.post("/sync/watched", body).await.ok();
    assert_eq!(answer["added"]["episodes"], 1);
    assert_eq!(answer["not_found"]["shows"][0]["seasons"][0]["episodes"][0]["number"], 2);
    let known = LibraryItem::Episode { show: 0, season: 1, number: 3 };
    let tmdb = mdblist.state().library().ids(known).unwrap().tmdb;
    let direct = json!({"episodes": [{"ids": {"tmdb": tmdb}, "watched_at": at}, {"ids": {"tmdb": 1}}]});
    let answer = anna.post("/sync/watched", direct).await.ok();
    assert_eq!(
        (answer["added"]["episodes"].as_u64(), answer["not_found"]["episodes"][0]["ids"]["tmdb"].as_u64()),
        (Some(1), Some(1))
    );
    assert_eq!(plays(&mdblist, known), [at]);
}

#[tokio::test]
async fn a_bare_show_means_all_of_it_and_two_are_too_much() {
    let (_clock, mdblist, anna) = start();
    let bare = json!({"ids": show_ids(&mdblist)});
    let answer = anna.post("/sync/watched", json!({"shows": [bare]})).await.ok();
    let all = mdblist.state().library().episodes_below(LibraryItem::Show(0)).len() as u64;
    assert_eq!(answer["added"]["episodes"].as_u64(), Some(all));
    assert_eq!(plays(&mdblist, EPISODE), ["2026-11-01T12:00:00Z"], "no date means now");
    assert_eq!(anna.post("/sync/watched", json!({"shows": [bare, bare]})).await.status, 500);
    let answer = anna.post("/sync/watched/remove", json!({"shows": [bare]})).await.ok();
    assert_eq!(answer["removed"]["episodes"].as_u64(), Some(all));
}

#[tokio::test]
async fn the_default_snapshot_shows_the_last_push_and_the_other_one_every_play() {
    let (clock, mdblist, anna) = start();
    anna.post("/sync/watched", movie(&mdblist, "2020-01-01T20:00:00Z")).await.ok();
    clock.advance(SignedDuration::from_hours(24));
    anna.post("/sync/watched", movie(&mdblist, "2020-01-01T20:00:00Z")).await.ok();
    let states = anna.get("/sync/watched").await.ok();
    assert_eq!(states["movies"][0]["last_watched_at"], "2026-11-02T12:00:00Z", "stamped again by the push");
    let plays = anna.get("/sync/watched?plays=all").await.ok();
    assert_eq!(plays["movies"].as_array().unwrap().len(), 1);
    assert_eq!(plays["movies"][0]["last_watched_at"], "2020-01-01T20:00:00Z");
    assert!(plays["movies"][0]["play_id"].as_u64().unwrap() > u64::from(u32::MAX));
    let brief = anna.get("/sync/watched?extended=ids_only").await.ok();
    assert_eq!(brief["movies"][0]["movie"]["ids"].as_object().unwrap().len(), 1, "ids_only is lossy");
}

#[tokio::test]
async fn shows_and_seasons_are_roll_ups_of_their_episodes() {
    let (_clock, mdblist, anna) = start();
    let at = client::at("2024-01-01T20:00:00Z");
    mdblist.state().account_mut("anna").unwrap().add_play(EPISODE, at);
    for query in ["", "?plays=all"] {
        let page = anna.get(&format!("/sync/watched{query}")).await.ok();
        for bucket in ["shows", "seasons", "episodes"] {
            assert_eq!(page[bucket].as_array().unwrap().len(), 1, "{query} {bucket}");
        }
        assert!(page["shows"][0].get("play_id").is_none());
        assert_eq!(page["seasons"][0]["season"]["number"], 1);
        assert_eq!(page["episodes"][0]["episode"]["season"], 1);
    }
    let only = anna.get("/sync/watched?plays=all&mediatype=episode").await.ok();
    assert_eq!((only["shows"].clone(), only["episodes"].as_array().unwrap().len()), (json!([]), 1));
    assert_eq!(anna.get("/sync/watched?mediatype=hologram").await.status, 400);
}

#[tokio::test]
async fn pages_follow_by_cursor_or_by_offset() {
    let (_clock, mdblist, anna) = start();
    for place in 0..5 {
        mdblist
            .state()
            .account_mut("anna")
            .unwrap()
            .add_play(LibraryItem::Movie(place), client::at("2024-01-01T00:00:00Z"));
    }
    for paging in [Paging::Cursor, Paging::Offset] {
        mdblist.state().switches.paging = paging;
        let (mut seen, mut place) = (Vec::new(), String::new());
        for _ in 0..3 {
            let page = anna.get(&format!("/sync/watched?plays=all&limit=2{place}")).await.ok();
            seen.extend(page["movies"].as_array().unwrap().iter().map(|row| row["play_id"].as_u64().unwrap()));
            let next = page["pagination"]["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}"));
            place = next.unwrap_or_else(|| format!("&offset={}", seen.len()));
            assert_eq!(page["pagination"]["has_more"].as_bool(), Some(seen.len() < 5), "{paging:?}");
            assert!(page["pagination"].get("total").is_none(), "nobody tells a total");
        }
        seen.dedup();
        assert_eq!(seen.len(), 5, "{paging:?}");
    }
    assert_eq!(anna.get("/sync/watched?cursor=nonsense").await.status, 400);
}

#[tokio::test]
async fn single_plays_are_removed_by_their_ids() {
    let (_clock, mdblist, anna) = start();
    let ids: Vec<u64> = ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]
        .iter()
        .map(|at| mdblist.state().account_mut("anna").unwrap().add_play(MOVIE, client::at(at)))
        .collect();
    let answer = anna.post("/sync/watched/plays/remove", json!({"play_ids": [ids[0], 7]})).await.ok();
    assert_eq!((answer["removed"].clone(), answer["not_found"].clone()), (json!([ids[0]]), json!([7])));
    assert_eq!(plays(&mdblist, MOVIE), ["2021-01-01T00:00:00Z"]);
    mdblist.state().switches.answers = WriteAnswers::Counts;
    let answer = anna.post("/sync/watched/plays/remove", json!({"play_ids": ids})).await.ok();
    assert_eq!((answer["removed"].as_u64(), answer["not_found"].as_u64()), (Some(1), Some(1)));
}

#[tokio::test]
async fn bodies_have_to_be_json_objects_with_sensible_dates() {
    let (_clock, mdblist, anna) = start();
    assert_eq!(anna.post("/sync/watched", json!([])).await.status, 400);
    assert_eq!(anna.post_nothing("/sync/watched").await.status, 400);
    assert_eq!(anna.post("/sync/watched", movie(&mdblist, "yesterday")).await.status, 400);
    assert_eq!(plays(&mdblist, MOVIE), Vec::<String>::new());
}
