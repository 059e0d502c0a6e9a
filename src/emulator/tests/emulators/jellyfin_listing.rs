//! Lists of a Jellyfin server: what is in them, in which order, and what is silently ignored.

use std::collections::BTreeSet;

use crosswatch_emulator::{JellyfinEmulator, LibraryItem, SHARED_TMDB, jellyfin::ItemKind};
use serde_json::Value;

use crate::client::{self, Client};

async fn items(client: &Client, query: &str) -> (Vec<Value>, u64) {
    let answer = client.get(&format!("/Items?{query}")).await.ok();
    (answer["Items"].as_array().unwrap().clone(), answer["TotalRecordCount"].as_u64().unwrap())
}

fn start() -> (JellyfinEmulator, Client) {
    let emulator = client::jellyfin(&client::clock());
    let client = Client::jellyfin(&emulator, &client::token("anna"));
    (emulator, client)
}

#[tokio::test]
async fn pages_cover_the_library_once() {
    let (emulator, client) = start();
    let mut seen = BTreeSet::new();
    let mut start_index = 0;
    loop {
        let query = format!(
            "recursive=true&includeItemTypes=Movie,Series,Episode&sortBy=DateCreated,SortName&limit=100&startIndex={start_index}"
        );
        let (rows, total) = items(&client, &query).await;
        start_index += rows.len();
        seen.extend(rows.iter().map(|row| row["Id"].as_str().unwrap().to_owned()));
        assert!(rows.iter().all(|row| row["Type"] != "Season"));
        if rows.is_empty() || start_index as u64 >= total {
            assert_eq!(seen.len() as u64, total);
            break;
        }
    }
    let state = emulator.state();
    assert_eq!(seen.len(), state.items().filter(|item| item.kind != ItemKind::Season).count());
    assert!(seen.iter().all(|id| id.len() == 32));
}

#[tokio::test]
async fn optional_properties_come_only_when_asked_for_and_nulls_never() {
    let (emulator, client) = start();
    let movie = emulator.state().item_of(LibraryItem::Movie(0)).unwrap();
    let (plain, _) = items(&client, &format!("ids={movie}")).await;
    for name in ["ProviderIds", "DateCreated", "Path", "OriginalTitle"] {
        assert!(plain[0].get(name).is_none(), "{name}");
    }
    let (asked, _) =
        items(&client, &format!("ids={movie}&Fields=providerids,DateCreated,UserDataLastPlayedDate")).await;
    assert_eq!(asked[0]["ProviderIds"]["Tmdb"], SHARED_TMDB.to_string());
    assert!(asked[0]["DateCreated"].as_str().unwrap().ends_with(".0000000Z"));
    assert!(asked[0].get("Path").is_none());
    assert!(asked[0]["UserData"].get("LastPlayedDate").is_none());
    assert!(!plain[0].to_string().contains("null"));
    let alone = client.get(&format!("/Items/{movie}")).await.ok();
    assert!(alone["Path"].as_str().unwrap().starts_with("/media/movies/"));
    let (bare, _) = items(&client, &format!("ids={movie}&enableUserData=false")).await;
    assert!(bare[0].get("UserData").is_none());
}

#[tokio::test]
async fn unknown_parameters_are_ignored_even_the_lookup_of_a_relative() {
    let (_emulator, client) = start();
    let all = items(&client, "recursive=true&includeItemTypes=Movie&limit=5").await;
    let looked_up =
        items(&client, "recursive=true&includeItemTypes=Movie&limit=5&AnyProviderIdEquals=tmdb.13&nonsense=1").await;
    assert_eq!(all, looked_up);
    assert_eq!(all.1, 120);
    let (rows, _) = items(&client, "recursive=true&includeItemTypes=Movie,Hologram&hasTmdbId=false").await;
    assert!(!rows.is_empty() && rows.len() < 120);
    for query in
        ["recursive=true&limit=ten", "recursive=maybe", "parentId=home", "recursive=true&minDateLastSaved=soon"]
    {
        assert_eq!(client.get(&format!("/Items?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn libraries_narrow_lists_and_only_their_own_level_without_recursive() {
    let (_emulator, client) = start();
    let views = client.get("/UserViews").await.ok();
    let names: Vec<&str> =
        views["Items"].as_array().unwrap().iter().map(|view| view["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Movies", "Shows"]);
    let (movies, shows) = (views["Items"][0]["Id"].as_str().unwrap(), views["Items"][1]["Id"].as_str().unwrap());
    let (rows, _) = items(&client, "").await;
    assert_eq!(rows.len(), 2);
    for (query, kinds) in [
        (format!("parentId={movies}"), vec!["Movie"]),
        (format!("parentId={shows}"), vec!["Series"]),
        (format!("parentId={movies}&recursive=true"), vec!["Movie"]),
        (format!("parentId={shows}&recursive=true"), vec!["Episode", "Season", "Series"]),
        (format!("parentId={shows}&recursive=true&excludeItemTypes=Season&filters=IsFolder"), vec!["Series"]),
    ] {
        let (rows, _) = items(&client, &query).await;
        let found: BTreeSet<&str> = rows.iter().map(|row| row["Type"].as_str().unwrap()).collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), kinds, "{query}");
    }
}

#[tokio::test]
async fn missing_episodes_are_in_the_list_until_they_are_excluded() {
    let (_emulator, client) = start();
    let all = items(&client, "recursive=true&includeItemTypes=Episode").await.1;
    let (missing, _) = items(&client, "recursive=true&includeItemTypes=Episode&locationTypes=Virtual").await;
    assert!(!missing.is_empty());
    assert!(missing.iter().all(|row| row["LocationType"] == "Virtual"));
    for query in ["excludeLocationTypes=Virtual", "isMissing=false"] {
        let found = items(&client, &format!("recursive=true&includeItemTypes=Episode&{query}")).await.1;
        assert_eq!(found, all - missing.len() as u64, "{query}");
    }
}

#[tokio::test]
async fn user_filters_follow_the_user_and_do_nothing_for_a_key_alone() {
    let (emulator, client) = start();
    let (seen, liked) = (LibraryItem::Movie(1), LibraryItem::Movie(2));
    let seen = emulator.state().item_of(seen).unwrap();
    let liked = emulator.state().item_of(liked).unwrap();
    emulator.state().set_played("anna", seen, client::at("2025-05-05T20:00:00Z")).unwrap();
    emulator.state().add_favourite("anna", liked).unwrap();
    let ben = Client::jellyfin(&emulator, &client::token("ben"));
    let key = Client::jellyfin(&emulator, "jellyfin-api-key");
    for (query, who, has_user, count) in [
        ("isPlayed=true", &client, true, 1),
        ("filters=IsPlayed", &client, true, 1),
        ("isPlayed=false", &client, true, 119),
        ("filters=IsUnplayed", &client, true, 119),
        ("isFavorite=true", &client, true, 1),
        ("filters=IsFavorite,IsNotFolder", &client, true, 1),
        ("filters=IsFavorite,IsPlayed", &client, true, 0),
        ("isPlayed=true", &ben, true, 0),
        ("isPlayed=true", &key, false, 120),
    ] {
        let (rows, total) = items(who, &format!("recursive=true&includeItemTypes=Movie&{query}")).await;
        assert_eq!((rows.len(), total), (count, count as u64), "{query}");
        assert!(rows.iter().all(|row| row.get("UserData").is_some() == has_user), "{query}");
    }
    let (rows, total) = items(&client, "recursive=true&includeItemTypes=Movie&enableTotalRecordCount=false").await;
    assert_eq!((rows.len(), total), (120, 0));
}

#[tokio::test]
async fn sorting_by_date_played_puts_the_latest_first() {
    let (emulator, client) = start();
    for (place, at) in [(3, "2024-01-01T00:00:00Z"), (4, "2026-01-01T00:00:00Z"), (5, "2025-01-01T00:00:00Z")] {
        let item = emulator.state().item_of(LibraryItem::Movie(place)).unwrap();
        emulator.state().set_played("anna", item, client::at(at)).unwrap();
    }
    let (rows, _) =
        items(&client, "recursive=true&isPlayed=true&sortBy=DatePlayed,Nonsense&sortOrder=Descending").await;
    let dates: Vec<&str> = rows.iter().map(|row| row["UserData"]["LastPlayedDate"].as_str().unwrap()).collect();
    assert_eq!(dates, ["2026-01-01T00:00:00.0000000Z", "2025-01-01T00:00:00.0000000Z", "2024-01-01T00:00:00.0000000Z"]);
}

#[tokio::test]
async fn the_date_filters_compare_metadata_and_never_see_plays() {
    let clock = client::clock();
    let emulator = client::jellyfin(&clock);
    let client = Client::jellyfin(&emulator, &client::token("anna"));
    let movie = emulator.state().item_of(LibraryItem::Movie(1)).unwrap();
    emulator.state().set_played("anna", movie, client::at("2026-11-01T11:00:00Z")).unwrap();
    for name in ["minDateLastSaved", "minDateLastSavedForUser"] {
        let query = format!("recursive=true&{name}=2026-11-01T00:00:00Z");
        assert_eq!(items(&client, &query).await.1, 0, "{name}");
    }
    emulator.state().refresh_metadata(movie).unwrap();
    assert_eq!(items(&client, "recursive=true&minDateLastSavedForUser=2026-11-01T00:00:00Z").await.1, 1);
}

#[tokio::test]
async fn episodes_come_in_order_with_their_series_and_season_zero() {
    let (emulator, client) = start();
    let show = LibraryItem::Show(3);
    let series = emulator.state().item_of(show).unwrap();
    let answer = client.get(&format!("/Shows/{series}/Episodes?fields=ProviderIds")).await.ok();
    let rows = answer["Items"].as_array().unwrap();
    let numbers: Vec<(u64, u64)> = rows
        .iter()
        .map(|row| (row["ParentIndexNumber"].as_u64().unwrap(), row["IndexNumber"].as_u64().unwrap()))
        .collect();
    assert!(numbers.is_sorted() && numbers[0].0 == 0);
    assert!(rows.iter().all(|row| row["SeriesId"] == series.to_string()));
    let specials = client.get(&format!("/Shows/{series}/Episodes?season=0")).await.ok();
    assert_eq!(specials["TotalRecordCount"], numbers.iter().filter(|(season, _)| *season == 0).count());
    let seasons = client.get(&format!("/Shows/{series}/Seasons")).await.ok();
    assert_eq!(seasons["Items"][0]["Name"], "Specials");
    assert_eq!(client.get(&format!("/Shows/{}/Episodes", "1".repeat(32))).await.status, 404);
}

#[tokio::test]
async fn old_routes_still_answer() {
    let (emulator, client) = start();
    let user = emulator.state().user_id("anna").unwrap();
    let movie = emulator.state().item_of(LibraryItem::Movie(1)).unwrap();
    assert_eq!(client.get(&format!("/Users/{user}/Views")).await.ok()["TotalRecordCount"], 2);
    assert_eq!(client.get(&format!("/Users/{user}/Items/{movie}")).await.ok()["Id"], movie.to_string());
    assert_eq!(client.post_nothing(&format!("/Users/{user}/PlayedItems/{movie}")).await.ok()["Played"], true);
    let played = client.get(&format!("/Users/{user}/Items?Recursive=true&IsPlayed=true")).await.ok();
    assert_eq!(played["TotalRecordCount"], 1);
    assert_eq!(client.delete(&format!("/Users/{user}/PlayedItems/{movie}")).await.ok()["Played"], false);
    assert_eq!(client.post_nothing(&format!("/Users/{user}/FavoriteItems/{movie}")).await.ok()["IsFavorite"], true);
}
