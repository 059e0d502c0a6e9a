//! Listings of a Plex server: pages, the query language, what is left out and what is ignored.

use std::collections::BTreeSet;

use crosswatch_emulator::{LibraryItem, PlexEmulator, PlexOptions, plex::PlexAgents};
use serde_json::Value;

use crate::client::{self, Client};

fn start() -> (PlexEmulator, Client) {
    let plex = client::plex(&client::clock());
    let client = Client::plex(plex.url(), Some("anna"));
    (plex, client)
}

async fn rows(client: &Client, path: &str) -> (Vec<Value>, u64) {
    let answer = client.get(path).await;
    let container = answer.ok()["MediaContainer"].clone();
    let total = container["totalSize"].as_u64().unwrap();
    assert_eq!(answer.header("x-plex-container-total-size"), Some(total.to_string().as_str()));
    (container["Metadata"].as_array().cloned().unwrap_or_default(), total)
}

#[tokio::test]
async fn pages_cover_a_section_once_even_when_they_are_shorter_than_asked() {
    let (plex, client) = start();
    plex.state().set_page_limit(50);
    let mut seen = BTreeSet::new();
    let mut start_at = 0;
    loop {
        let path = format!(
            "/library/sections/2/all?type=4&sort=episode.addedAt&X-Plex-Container-Start={start_at}&X-Plex-Container-Size=70"
        );
        let (page, total) = rows(&client, &path).await;
        assert!(page.len() <= 50, "the server decides");
        start_at += page.len();
        seen.extend(page.iter().map(|row| row["ratingKey"].as_str().unwrap().to_owned()));
        if start_at as u64 >= total {
            assert_eq!(seen.len() as u64, total);
            break;
        }
    }
    let (none, total) = rows(&client, "/library/sections/1/all?X-Plex-Container-Start=0&X-Plex-Container-Size=0").await;
    assert_eq!((none.len(), total), (0, 120));
}

#[tokio::test]
async fn a_show_section_lists_shows_unless_asked_for_episodes() {
    let (plex, client) = start();
    for (path, kind) in [
        ("/library/sections/1/all", "movie"),
        ("/library/sections/2/all", "show"),
        ("/library/sections/2/all?type=3", "season"),
        ("/library/sections/2/all?type=4", "episode"),
        ("/library/all?type=1", "movie"),
    ] {
        let (page, _) = rows(&client, path).await;
        assert!(!page.is_empty() && page.iter().all(|row| row["type"] == kind), "{path}");
    }
    assert_eq!(rows(&client, "/library/sections/3/all").await.1, 0);
    assert_eq!(client.get("/library/sections/9/all").await.status, 404);
    let show = plex.state().item_of(LibraryItem::Show(0)).unwrap();
    let show = show.to_string();
    let (seasons, _) = rows(&client, &format!("/library/metadata/{show}/children")).await;
    let (episodes, _) = rows(&client, &format!("/library/metadata/{show}/allLeaves")).await;
    assert!(seasons.iter().all(|row| row["type"] == "season" && row["parentRatingKey"] == show.as_str()));
    assert!(episodes.iter().all(|row| row["grandparentRatingKey"] == show.as_str()));
}

#[tokio::test]
async fn child_guids_come_only_when_asked_for_and_older_agents_have_none() {
    let (plex, client) = start();
    let key = plex.state().item_of(LibraryItem::Movie(0)).unwrap().to_string();
    let (plain, _) = rows(&client, "/library/sections/1/all").await;
    assert!(plain.iter().all(|row| row.get("Guid").is_none()));
    let (asked, _) = rows(&client, "/library/sections/1/all?includeGuids=1").await;
    let first = asked.iter().find(|row| row["ratingKey"] == key.as_str()).unwrap();
    assert!(first["guid"].as_str().unwrap().starts_with("plex://movie/"));
    assert!(first["Guid"].as_array().unwrap().contains(&serde_json::json!({"id": "tmdb://13"})));
    let mut options = PlexOptions::new(client::clock(), client::library());
    options.agents = PlexAgents::Legacy;
    let old = PlexEmulator::start(options).unwrap();
    let client = Client::plex(old.url(), Some("anna"));
    let (episodes, _) = rows(&client, "/library/sections/2/all?type=4&includeGuids=1").await;
    assert!(episodes.iter().all(|row| row.get("Guid").is_none()));
    assert!(episodes.iter().any(|row| row["guid"].as_str().unwrap().ends_with("/1/1?lang=en")));
}

#[tokio::test]
async fn filters_have_operators_and_unknown_fields_do_nothing() {
    let (plex, client) = start();
    for (place, at) in [(1, "2024-01-01T00:00:00Z"), (2, "2026-01-01T00:00:00Z")] {
        let key = plex.state().item_of(LibraryItem::Movie(place)).unwrap();
        plex.state().watch("anna", key, client::at(at)).unwrap();
    }
    let since = client::at("2025-01-01T00:00:00Z").as_second();
    for (query, count) in [
        ("viewCount%3E%3E=0".to_owned(), 2),
        ("viewCount>>=0".to_owned(), 2),
        ("viewCount>>=1".to_owned(), 0),
        ("unwatched=0".to_owned(), 2),
        ("unwatched=1".to_owned(), 118),
        (format!("lastViewedAt>>={since}"), 1),
        (format!("lastViewedAt<<={since}"), 1),
        ("inProgress=1".to_owned(), 0),
        ("tmdbId=13&mood=good".to_owned(), 120),
    ] {
        assert_eq!(rows(&client, &format!("/library/sections/1/all?type=1&{query}")).await.1, count, "{query}");
    }
    let (latest, _) = rows(&client, "/library/all?type=1&viewCount>>=0&sort=lastViewedAt:desc").await;
    assert_eq!(latest[0]["lastViewedAt"], client::at("2026-01-01T00:00:00Z").as_second());
    let ben = Client::plex(plex.plextv_url(), Some("ben")).get("/api/v2/resources").await.ok();
    let token = ben[1]["accessToken"].as_str().unwrap().to_owned();
    let ben = client.with("x-plex-token", Some(&token));
    assert_eq!(
        rows(&ben, "/library/sections/1/all?type=1&unwatched=0").await.1,
        0,
        "state is that of the token's user"
    );
}

#[tokio::test]
async fn sections_move_with_what_is_in_them_and_not_with_what_is_watched() {
    let (plex, client) = start();
    let marks = || async {
        let sections = client.get("/library/sections").await.ok();
        sections["MediaContainer"]["Directory"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["updatedAt"].clone())
            .collect::<Vec<_>>()
    };
    let before = marks().await;
    let key = plex.state().item_of(LibraryItem::Movie(1)).unwrap();
    plex.state().watch("anna", key, client::at("2024-01-01T00:00:00Z")).unwrap();
    assert_eq!(marks().await, before);
    plex.state().remove_item(key).unwrap();
    let after = marks().await;
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1], before[1]);
    assert_eq!(client.get(&format!("/library/metadata/{key}")).await.status, 404);
}
