//! How calls change a user's state on a Jellyfin server.

use crosswatch_emulator::{
    ExternalIds, JellyfinEmulator, JellyfinOptions, LibraryItem, Movie,
    jellyfin::{ItemKind, JellyfinVersion, MediaId, PlaybackReport, WatchedState},
};
use serde_json::{Value, json};

use crate::client::{self, Client};

const TICKS_PER_MINUTE: i64 = 600_000_000;

fn start() -> (JellyfinEmulator, Client, MediaId) {
    let emulator = client::jellyfin(&client::clock());
    let client = Client::jellyfin(&emulator, &client::token("anna"));
    let movie = emulator.state().item_of(LibraryItem::Movie(1)).unwrap();
    (emulator, client, movie)
}

#[tokio::test]
async fn marking_played_with_a_date_counts_every_time() {
    let (_emulator, client, movie) = start();
    for (query, count, date) in [
        ("", 1, "2026-11-01T12:00:00.0000000Z"),
        ("?datePlayed=2020-02-03T04:05:06Z", 2, "2020-02-03T04:05:06.0000000Z"),
        ("?datePlayed=20200203040506", 3, "2020-02-03T04:05:06.0000000Z"),
        ("", 3, "2020-02-03T04:05:06.0000000Z"),
    ] {
        let row = client.post_nothing(&format!("/UserPlayedItems/{movie}{query}")).await.ok();
        assert_eq!((row["PlayCount"].as_i64(), row["LastPlayedDate"].as_str()), (Some(count), Some(date)), "{query}");
        assert_eq!((row["Played"].as_bool(), row["ItemId"].as_str()), (Some(true), Some(movie.to_string().as_str())));
    }
    assert_eq!(client.post_nothing(&format!("/UserPlayedItems/{movie}?datePlayed=lately")).await.status, 400);
    let row = client.delete(&format!("/UserPlayedItems/{movie}")).await.ok();
    assert_eq!((row["Played"].as_bool(), row["PlayCount"].as_i64()), (Some(false), Some(0)));
    assert!(row.get("LastPlayedDate").is_none());
}

#[tokio::test]
async fn user_data_is_applied_as_sent_and_null_clears_nothing() {
    let (_emulator, client, movie) = start();
    let path = format!("/UserItems/{movie}/UserData");
    let sent = json!({"Played": true, "PlayCount": 4, "LastPlayedDate": "2019-01-02T03:04:05.6789Z", "Rating": 7.5});
    let row = client.post(&path, sent).await.ok();
    assert_eq!(row["LastPlayedDate"], "2019-01-02T03:04:05.6789000Z");
    assert_eq!((row["PlayCount"].as_i64(), row["Likes"].as_bool()), (Some(4), Some(true)));
    let nulls = json!({"Played": null, "PlayCount": null, "LastPlayedDate": null, "Rating": null, "IsFavorite": true});
    let row = client.post(&path, nulls).await.ok();
    assert_eq!((row["Rating"].as_f64(), row["IsFavorite"].as_bool()), (Some(7.5), Some(true)));
    assert_eq!(row["LastPlayedDate"], "2019-01-02T03:04:05.6789000Z");
    for body in [json!({"Rating": 11}), json!({"Rating": -1}), json!({"Played": "yes"}), json!([])] {
        assert_eq!(client.post(&path, body.clone()).await.status, 400, "{body}");
    }
    assert_eq!(client.get(&path).await.ok(), row);
}

#[tokio::test]
async fn likes_are_a_view_on_the_rating_and_only_delete_clears_it() {
    let (_emulator, client, movie) = start();
    let path = format!("/UserItems/{movie}/Rating");
    for (query, rating, likes) in [("?likes=true", Some(10.0), Some(true)), ("?likes=false", Some(1.0), Some(false))] {
        let row = client.post_nothing(&format!("{path}{query}")).await.ok();
        assert_eq!((row["Rating"].as_f64(), row["Likes"].as_bool()), (rating, likes));
    }
    let row = client.delete(&path).await.ok();
    assert!(row.get("Rating").is_none() && row.get("Likes").is_none());
    assert_eq!(client.post_nothing(&format!("{path}?likes=sure")).await.status, 400);
}

#[tokio::test]
async fn a_series_is_played_when_all_its_files_are() {
    let (emulator, client, _) = start();
    // Show 2 has a missing episode at its end.
    let series = emulator.state().item_of(LibraryItem::Show(2)).unwrap();
    let before = client.get(&format!("/UserItems/{series}/UserData")).await.ok();
    let episodes = before["UnplayedItemCount"].as_u64().unwrap();
    assert!(episodes > 0 && before["Played"] == false);
    client.post_nothing(&format!("/UserPlayedItems/{series}?datePlayed=2024-01-01T00:00:00Z")).await.ok();
    let after = client.get(&format!("/UserItems/{series}/UserData")).await.ok();
    assert_eq!((after["Played"].as_bool(), after["UnplayedItemCount"].as_u64()), (Some(true), Some(0)));
    assert_eq!((after["PlayCount"].as_u64(), after["PlayedPercentage"].as_f64()), (Some(0), Some(100.0)));
    assert_eq!(emulator.state().played("anna").unwrap().len() as u64, episodes);
    client.delete(&format!("/UserPlayedItems/{series}")).await.ok();
    assert!(emulator.state().played("anna").unwrap().is_empty());
}

#[tokio::test]
async fn starting_to_watch_again_looks_unwatched_on_ten_eleven_only() {
    for (version, played) in [(JellyfinVersion::TenEleven, false), (JellyfinVersion::Twelve, true)] {
        let mut options = JellyfinOptions::new(client::clock(), client::library());
        options.version = version;
        let emulator = JellyfinEmulator::start(options).unwrap();
        let anna = Client::jellyfin(&emulator, &client::token("anna"));
        let movie = emulator.state().item_of(LibraryItem::Movie(1)).unwrap();
        emulator.state().set_played("anna", movie, client::at("2020-01-01T00:00:00Z")).unwrap();
        let report = |ticks: i64| json!({"ItemId": movie.to_string(), "PositionTicks": ticks});
        assert_eq!(anna.post("/Sessions/Playing", report(0)).await.status, 204);
        assert_eq!(anna.post("/Sessions/Playing/Progress", report(20 * TICKS_PER_MINUTE)).await.status, 204);
        let row = emulator.state().user_data("anna", movie).unwrap();
        assert_eq!((row.played, row.position_ticks), (played, 20 * TICKS_PER_MINUTE));
        let resume = anna.get("/UserItems/Resume").await.ok();
        assert_eq!(resume["Items"][0]["Id"], movie.to_string());
        let sessions = anna.get("/Sessions").await.ok();
        let playing: Vec<&Value> =
            sessions.as_array().unwrap().iter().filter(|session| session.get("NowPlayingItem").is_some()).collect();
        assert_eq!((playing.len(), playing[0]["UserName"].as_str()), (1, Some("anna")));
        assert_eq!(anna.post("/Sessions/Playing/Stopped", json!({"ItemId": movie.to_string()})).await.status, 204);
        let row = emulator.state().user_data("anna", movie).unwrap();
        assert_eq!((row.played, row.play_count, row.position_ticks), (true, 3, 0));
    }
}

#[tokio::test]
async fn playback_can_be_simulated_without_http() {
    let (emulator, client, movie) = start();
    let key = Client::jellyfin(&emulator, "jellyfin-api-key");
    assert_eq!(key.post("/Sessions/Playing", json!({"ItemId": movie.to_string()})).await.status, 400);
    let runtime_ticks = emulator.state().item(movie).unwrap().runtime_ticks.unwrap();
    let stop = PlaybackReport::Stopped { position_ticks: Some(runtime_ticks / 100 * 95) };
    for report in [PlaybackReport::Started, PlaybackReport::Paused { position_ticks: runtime_ticks / 2 }, stop] {
        emulator.state().report_playback("ben", movie, report).unwrap();
    }
    let row = emulator.state().user_data("ben", movie).unwrap();
    assert_eq!((row.played, row.play_count, row.position_ticks), (true, 1, 0));
    let path = format!("/UserItems/{movie}/UserData");
    assert_eq!(client.get(&path).await.ok()["Played"], false);
}

#[tokio::test]
async fn copies_of_one_title_share_their_state_and_so_do_a_film_and_a_series_with_one_number() {
    let (emulator, client, movie) = start();
    let original = LibraryItem::Movie(1);
    let movie_value = client::library().movie(original).unwrap().clone();
    let copy = emulator.state().add_movie(&Movie { title: "Second Copy".into(), ..movie_value.clone() });
    client.post_nothing(&format!("/UserPlayedItems/{movie}")).await.ok();
    assert!(emulator.state().user_data("anna", copy).unwrap().played);
    let tvdb = client::library().show(LibraryItem::Show(0)).unwrap().ids.tvdb.unwrap();
    let ids = ExternalIds { tmdb: Some(tvdb), ..ExternalIds::default() };
    let namesake = emulator.state().add_movie(&Movie { title: "Namesake".into(), ids, ..movie_value });
    let series = emulator.state().item_of(LibraryItem::Show(0)).unwrap();
    client.post_nothing(&format!("/UserFavoriteItems/{namesake}")).await.ok();
    assert!(emulator.state().favourites("anna").unwrap().contains(&series));
}

#[tokio::test]
async fn a_replaced_file_is_another_item_with_or_without_its_state() {
    for (watched, played) in [(WatchedState::Kept, true), (WatchedState::Lost, false)] {
        let (emulator, client, movie) = start();
        emulator.state().set_played("anna", movie, client::at("2024-01-01T00:00:00Z")).unwrap();
        let new = emulator.state().replace_file(movie, watched).unwrap();
        assert_ne!(new, movie);
        assert_eq!(client.get(&format!("/Items/{movie}")).await.status, 404);
        let answer = client.get(&format!("/Items/{new}")).await.ok();
        assert_eq!(answer["UserData"]["Played"], played);
        assert!(emulator.state().user_data("anna", movie).is_err());
    }
}

#[tokio::test]
async fn removed_series_take_their_episodes_along() {
    let (emulator, client, _) = start();
    let series = emulator.state().item_of(LibraryItem::Show(1)).unwrap();
    let episode = emulator.state().item_of(LibraryItem::Episode { show: 1, season: 1, number: 1 }).unwrap();
    emulator.state().remove_item(series).unwrap();
    for id in [series, episode] {
        assert_eq!(client.get(&format!("/Items/{id}")).await.status, 404);
    }
    assert_eq!(emulator.state().items().filter(|item| item.kind == ItemKind::Series).count(), 11);
    assert!(emulator.state().remove_item(series).is_err());
}
