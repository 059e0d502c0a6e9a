//! What the calls that change state do on a Plex server, and what they leave in the log of plays.

use crosswatch_emulator::{LibraryItem, ManualClock, PlexEmulator};
use jiff::SignedDuration;
use serde_json::Value;

use crate::client::{self, Client};

const IDENTIFIER: &str = "identifier=com.plexapp.plugins.library";

fn start() -> (ManualClock, PlexEmulator, Client, u64) {
    let clock = client::clock();
    let plex = client::plex(&clock);
    let client = Client::plex(plex.url(), Some("anna"));
    let key = plex.state().item_of(LibraryItem::Movie(1)).unwrap();
    (clock, plex, client, key)
}

#[tokio::test]
async fn marking_watched_stamps_now_counts_again_and_logs_nothing() {
    let (clock, plex, client, key) = start();
    let path = format!("/:/scrobble?{IDENTIFIER}&key={key}&viewedAt=1577934245");
    for count in [1, 2] {
        let answer = client.put(&path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        let row = plex.state().viewing("anna", key).unwrap();
        assert_eq!((row.view_count, row.last_viewed_at), (count, Some(clock.now())));
        clock.advance(SignedDuration::from_hours(1));
    }
    assert!(plex.state().plays("anna").unwrap().is_empty());
    assert_eq!(plex.state().viewing("ben", key).unwrap().view_count, 0);
    client.get(&format!("/:/unscrobble?{IDENTIFIER}&key={key}")).await;
    let row = plex.state().viewing("anna", key).unwrap();
    assert_eq!((row.view_count, row.last_viewed_at), (0, None));
}

#[tokio::test]
async fn a_show_cascades_and_bad_calls_are_refused() {
    let (_, plex, client, key) = start();
    let show = plex.state().item_of(LibraryItem::Show(0)).unwrap();
    let episode = plex.state().item_of(LibraryItem::Episode { show: 0, season: 1, number: 1 }).unwrap();
    assert_eq!(client.put(&format!("/:/scrobble?{IDENTIFIER}&key={show}")).await.status, 200);
    assert_eq!(plex.state().viewing("anna", episode).unwrap().view_count, 1);
    for (path, status) in [
        (format!("/:/scrobble?key={key}"), 400),
        (format!("/:/scrobble?{IDENTIFIER}"), 400),
        (format!("/:/scrobble?{IDENTIFIER}&key=999999"), 404),
        (format!("/:/rate?{IDENTIFIER}&key={key}"), 400),
        (format!("/:/rate?{IDENTIFIER}&key={key}&rating=11"), 400),
    ] {
        assert_eq!(client.put(&path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn ratings_keep_fractions_and_are_cleared_by_minus_one() {
    let (clock, plex, client, key) = start();
    for (rating, kept) in [("8.5", Some(8.5)), ("0", Some(0.0)), ("-1", None)] {
        assert_eq!(client.put(&format!("/:/rate?{IDENTIFIER}&key={key}&rating={rating}")).await.status, 200);
        let row = plex.state().viewing("anna", key).unwrap();
        assert_eq!((row.user_rating, row.last_rated_at), (kept, kept.map(|_| clock.now())), "{rating}");
    }
}

#[tokio::test]
async fn a_position_needs_a_client_and_a_length_and_the_end_is_a_play() {
    let (_, plex, client, key) = start();
    let duration_ms = plex.state().item(key).unwrap().duration_ms.unwrap();
    let path = |time_ms: u64| {
        format!(
            "/:/timeline?{IDENTIFIER}&ratingKey={key}&key=/library/metadata/{key}&state=stopped&time={time_ms}&duration={duration_ms}"
        )
    };
    let offset = || plex.state().viewing("anna", key).unwrap().view_offset_ms;
    client.with("x-plex-client-identifier", None).post_nothing(&path(600_000)).await;
    client.post_nothing(&format!("/:/timeline?ratingKey={key}&state=stopped&time=600000")).await;
    assert_eq!(offset(), 0);
    assert_eq!(client.post_nothing(&path(600_000)).await.status, 200);
    assert_eq!(offset(), 600_000);
    client.post_nothing(&path(0)).await;
    assert_eq!(offset(), 600_000, "0 is no position");
    let listed = client.get("/library/all?type=1&inProgress=1").await.ok();
    assert_eq!(listed["MediaContainer"]["totalSize"], 1);
    client.post_nothing(&path(duration_ms / 100 * 95)).await;
    assert_eq!((offset(), plex.state().viewing("anna", key).unwrap().view_count), (0, 1));
    assert_eq!(plex.state().plays("anna").unwrap().len(), 1);
}

#[tokio::test]
async fn the_log_tells_plays_without_guids_and_forgets_what_deleted_items_were() {
    let (_, plex, client, key) = start();
    for at in ["2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"] {
        plex.state().watch("anna", key, client::at(at)).unwrap();
        plex.state().watch("ben", key, client::at(at)).unwrap();
    }
    plex.state().log_undated_play("anna", key).unwrap();
    let log = |query: &'static str| {
        let client = client.with("accept", Some("application/json"));
        async move {
            let answer = client.get(&format!("/status/sessions/history/all?{query}")).await.ok();
            answer["MediaContainer"]["Metadata"].as_array().cloned().unwrap_or_default()
        }
    };
    assert_eq!((log("").await.len(), log("accountID=1").await.len()), (5, 3), "the owner sees everybody");
    let since = log("accountID=1&viewedAt>=1730000000").await;
    assert_eq!(since.len(), 1);
    let row = &log("accountID=1&sort=viewedAt:desc").await[0];
    assert_eq!((&row["librarySectionID"], &row["ratingKey"]), (&Value::from("1"), &Value::from(key.to_string())));
    assert!(row.get("Guid").is_none() && row.get("year").is_none());
    assert!(log("accountID=1").await[0].get("viewedAt").is_none());
    plex.state().remove_item(key).unwrap();
    assert!(log("accountID=1").await.iter().all(|row| row.get("ratingKey").is_none() && row["title"].is_string()));
    assert_eq!(client.delete("/status/sessions/history/1").await.status, 200);
    assert_eq!((client.delete("/status/sessions/history/1").await.status, log("accountID=1").await.len()), (404, 2));
}

#[tokio::test]
async fn copies_of_a_title_share_their_state() {
    let (_, plex, client, key) = start();
    let copy = plex.state().add_copy(key).unwrap();
    client.put(&format!("/:/scrobble?{IDENTIFIER}&key={key}")).await;
    assert_eq!(plex.state().viewing("anna", copy).unwrap().view_count, 1);
    let both = client.get(&format!("/library/metadata/{key},{copy},999999")).await.ok();
    assert_eq!(both["MediaContainer"]["Metadata"].as_array().unwrap().len(), 2);
}
