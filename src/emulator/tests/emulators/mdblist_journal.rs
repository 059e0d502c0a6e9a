//! MDBList's change gate: stamps that removals do not move, a clock told late, and a journal of thirty days.

use crosswatch_emulator::{LibraryItem, ManualClock, MdblistEmulator};
use jiff::SignedDuration;
use serde_json::Value;

use crate::client::{self, Client};

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const EPISODE: LibraryItem = LibraryItem::Episode { show: 0, season: 1, number: 2 };

fn start() -> (ManualClock, MdblistEmulator, Client) {
    let clock = client::clock();
    let mdblist = client::mdblist(&clock);
    let anna = Client::mdblist(&mdblist, "anna");
    (clock, mdblist, anna)
}

async fn stamps(anna: &Client) -> Value {
    anna.get("/sync/last_activities").await.ok()
}

#[tokio::test]
async fn stamps_move_with_what_is_added_and_the_journal_with_removals_too() {
    let (clock, mdblist, anna) = start();
    let before = stamps(&anna).await;
    assert_eq!(
        (before["server_time"].as_str(), before["journal_at"].clone()),
        (Some("2026-11-01T11:59:30Z"), Value::Null)
    );
    let id = mdblist.state().account_mut("anna").unwrap().add_play(EPISODE, client::at("2020-01-01T00:00:00Z"));
    let added = stamps(&anna).await;
    assert_eq!(
        (added["watched_at"].clone(), added["episode_watched_at"].as_str()),
        (Value::Null, Some("2026-11-01T12:00:00Z"))
    );
    clock.advance(SignedDuration::from_secs(60));
    assert!(mdblist.state().account_mut("anna").unwrap().remove_play(id));
    let removed = stamps(&anna).await;
    assert_eq!(removed["episode_watched_at"], added["episode_watched_at"], "a removal does not move it");
    assert_eq!(removed["journal_at"], "2026-11-01T12:01:00Z");
    mdblist.state().account_mut("anna").unwrap().rate(LibraryItem::Show(0), 7, clock.now());
    mdblist.state().account_mut("anna").unwrap().list(MOVIE, clock.now());
    mdblist.state().account_mut("anna").unwrap().set_playback(MOVIE, 40.0, clock.now());
    let moved = stamps(&anna).await;
    for field in ["rated_at", "watchlisted_at", "paused_at"] {
        assert_eq!(moved[field], "2026-11-01T12:01:00Z", "{field}");
    }
    assert!(mdblist.state().account_mut("anna").unwrap().unlist(MOVIE));
    assert_eq!(stamps(&anna).await, moved, "nothing tells that a title left the watchlist");
}

#[tokio::test]
async fn the_journal_speaks_of_items_and_not_of_plays() {
    let (clock, mdblist, anna) = start();
    let first = mdblist.state().account_mut("anna").unwrap().add_play(MOVIE, client::at("2020-01-01T00:00:00Z"));
    let second = mdblist.state().account_mut("anna").unwrap().add_play(MOVIE, client::at("2021-01-01T00:00:00Z"));
    clock.advance(SignedDuration::from_secs(60));
    mdblist.state().account_mut("anna").unwrap().remove_play(second);
    let since = "2026-11-01T12:00:30Z";
    let page = anna.get(&format!("/sync/journal?since={since}")).await.ok();
    let rows = page["journal"].as_array().unwrap();
    assert_eq!((rows.len(), rows[0]["status"].as_str()), (1, Some("active")), "one play is left");
    assert_eq!(rows[0]["value_at"], "2020-01-01T00:00:00Z");
    mdblist.state().account_mut("anna").unwrap().remove_play(first);
    mdblist.state().account_mut("anna").unwrap().rate(EPISODE, 8, clock.now());
    let page = anna.get(&format!("/sync/journal?since={since}")).await.ok();
    let told: Vec<(&str, &str, &Value)> = page["journal"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["category"].as_str().unwrap(), row["status"].as_str().unwrap(), &row["value_at"]))
        .collect();
    assert_eq!(told[1], ("watched", "removed", &Value::Null));
    assert_eq!((told[2].0, told[2].1), ("rated", "active"));
    let episode = &page["journal"][2];
    assert_eq!((episode["season"].as_u64(), episode["episode"].as_u64()), (Some(1), Some(2)));
    let show = mdblist.state().library().ids(LibraryItem::Show(0)).unwrap().tmdb;
    assert_eq!(episode["ids"]["tmdb"].as_u64(), show.map(u64::from), "an episode goes by the ids of its show");
    let rated = anna.get(&format!("/sync/journal?since={since}&category=rated")).await.ok();
    assert_eq!(rated["journal"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_journal_is_paged_and_ends_after_thirty_days() {
    let (clock, mdblist, anna) = start();
    for place in 0..5 {
        mdblist.state().account_mut("anna").unwrap().add_play(LibraryItem::Movie(place), clock.now());
    }
    let since = clock.now();
    let first = anna.get(&format!("/sync/journal?since={since}&limit=3")).await.ok();
    assert_eq!(
        (first["journal"].as_array().unwrap().len(), first["pagination"]["has_more"].as_bool()),
        (3, Some(true))
    );
    let cursor = first["pagination"]["next_cursor"].as_str().unwrap();
    let second = anna.get(&format!("/sync/journal?cursor={cursor}&limit=3")).await.ok();
    assert_eq!(
        (second["journal"].as_array().unwrap().len(), second["pagination"]["has_more"].as_bool()),
        (2, Some(false))
    );
    clock.advance(SignedDuration::from_hours(30 * 24));
    assert_eq!(anna.get(&format!("/sync/journal?since={since}")).await.ok()["requires_full_sync"], false);
    clock.advance(SignedDuration::from_secs(1));
    let late = anna.get(&format!("/sync/journal?since={since}")).await.ok();
    assert_eq!((late["requires_full_sync"].as_bool(), late["journal"].as_array().unwrap().len()), (Some(true), 0));
    assert_eq!(anna.get("/sync/journal?since=soon").await.status, 400);
}
