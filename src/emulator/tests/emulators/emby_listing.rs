//! What an Emby server lists, and what it leaves out unless asked.

use crosswatch_emulator::{EmbyEmulator, EmbyOptions, EmbyUser, LibraryItem, UserActivity, emby::ItemKind};
use serde_json::Value;

use crate::client::{self, Client};

struct World {
    emulator: EmbyEmulator,
    anna: Client,
    items: String,
}

fn world() -> World {
    let clock = client::clock();
    let library = client::library();
    let activity = UserActivity::generate(5, &library, client::at("2026-10-01T00:00:00Z"));
    let mut options = EmbyOptions::new(clock, library);
    options.users = vec![EmbyUser::member("anna").with_activity(activity), EmbyUser::member("ben")];
    let emulator = EmbyEmulator::start(options).unwrap();
    let anna = Client::emby(&emulator, &EmbyUser::member("anna").token);
    let items = format!("/Users/{}/Items", emulator.state().user_id("anna").unwrap());
    World { emulator, anna, items }
}

impl World {
    async fn list(&self, query: &str) -> (Vec<Value>, u64) {
        let answer = self.anna.get(&format!("{}?{query}", self.items)).await.ok();
        (answer["Items"].as_array().unwrap().clone(), answer["TotalRecordCount"].as_u64().unwrap())
    }
}

#[tokio::test]
async fn items_have_decimal_ids_as_text() {
    let world = world();
    let (items, total) = world.list("Recursive=true&IncludeItemTypes=Movie&Limit=3").await;
    assert_eq!((items.len(), total), (3, 120));
    for item in items {
        let number: u64 = item["Id"].as_str().unwrap().parse().unwrap();
        assert_eq!(world.emulator.state().item_numbered(number).unwrap().kind, ItemKind::Movie);
    }
    let (episodes, _) = world.list("Recursive=true&IncludeItemTypes=Episode&Limit=1").await;
    let series: u64 = episodes[0]["SeriesId"].as_str().unwrap().parse().unwrap();
    assert_eq!(world.emulator.state().item_numbered(series).unwrap().kind, ItemKind::Series);
}

#[tokio::test]
async fn dates_counts_years_and_ids_come_only_when_asked_for() {
    let world = world();
    let played = "Recursive=true&IsPlayed=true&IncludeItemTypes=Movie&Limit=1&SortBy=DatePlayed&SortOrder=Descending";
    let (bare, _) = world.list(played).await;
    let fields = "ProviderIds,ProductionYear,UserDataLastPlayedDate,UserDataPlayCount,Nonsense";
    let (full, _) = world.list(&format!("{played}&Fields={fields}")).await;
    for pointer in ["/ProviderIds", "/ProductionYear", "/UserData/LastPlayedDate", "/UserData/PlayCount"] {
        assert!(bare[0].pointer(pointer).is_none() && full[0].pointer(pointer).is_some(), "{pointer}");
    }
    let single = world.anna.get(&format!("{}/{}", world.items, bare[0]["Id"].as_str().unwrap())).await.ok();
    assert!(single.pointer("/UserData/LastPlayedDate").is_some(), "a single item comes with everything");
}

#[tokio::test]
async fn external_ids_can_be_looked_up_in_any_case_and_of_every_kind() {
    let world = world();
    let movie = client::library().movie(LibraryItem::Movie(3)).unwrap().clone();
    let (imdb, tmdb) = (movie.ids.imdb.unwrap(), movie.ids.tmdb.unwrap());
    for wanted in [format!("imdb.{imdb}"), format!("Tmdb.{tmdb}"), format!("tvdb.0,imdb.{imdb}")] {
        let (items, _) = world.list(&format!("Recursive=true&AnyProviderIdEquals={wanted}")).await;
        assert!(items.iter().any(|item| item["Name"] == movie.title.as_str()), "{wanted}");
    }
    let (none, total) = world.list("Recursive=true&AnyProviderIdEquals=imdb.tt0000000").await;
    assert_eq!((none.len(), total), (0, 0));
}

#[tokio::test]
async fn pages_filters_and_unknown_parameters() {
    let world = world();
    let stable = "Recursive=true&IncludeItemTypes=Movie,Episode&SortBy=DateCreated,SortName";
    let (all, total) = world.list(stable).await;
    let mut paged = Vec::new();
    while paged.len() < all.len() {
        paged.extend(world.list(&format!("{stable}&StartIndex={}&Limit=70", paged.len())).await.0);
    }
    assert_eq!((paged.len() as u64, &paged), (total, &all));
    assert_eq!(world.list(&format!("{stable}&EnableTotalRecordCount=false&Wobble=1")).await.1, total, "ignored");
    let (resumable, _) = world.list(&format!("{stable}&Filters=IsResumable")).await;
    assert!(resumable.iter().all(|item| item["UserData"]["PlaybackPositionTicks"].as_i64() > Some(0)));
    let (favourites, _) = world.list("Recursive=true&IsFavorite=true").await;
    assert!(!favourites.is_empty() && favourites.iter().all(|item| item["UserData"]["IsFavorite"] == true));
    let missing = world.list(&format!("{stable}&IsMissing=true")).await.1;
    assert_eq!(world.list(&format!("{stable}&ExcludeLocationTypes=Virtual")).await.1 + missing, total);
    let (movies, _) = world.list("ParentId=3&Recursive=true").await;
    assert!(movies.iter().all(|item| item["Type"] == "Movie"));
}

#[tokio::test]
async fn what_was_saved_lately_is_told_by_metadata_and_not_by_watching() {
    let world = world();
    let since = "Recursive=true&MinDateLastSaved=2026-11-01T00:00:00Z";
    assert_eq!(world.list(since).await.1, 0);
    let movie = world.emulator.state().item_of(LibraryItem::Movie(2)).unwrap();
    world.emulator.state().set_played("anna", movie, client::at("2026-11-01T11:00:00Z")).unwrap();
    assert_eq!(world.list(since).await.1, 0);
    world.emulator.state().replace_file(movie).unwrap();
    assert_eq!(world.list(since).await.1, 1);
}

#[tokio::test]
async fn playlists_and_collections_hold_what_is_put_in() {
    let world = world();
    let number = |place| {
        let state = world.emulator.state();
        let id = state.item_of(place).unwrap();
        state.item(id).unwrap().number.to_string()
    };
    let (movie, show) = (number(LibraryItem::Movie(1)), number(LibraryItem::Show(0)));
    let created = world.anna.post_nothing(&format!("/Playlists?Name=Later&Ids={movie}&MediaType=Video")).await.ok();
    let path = format!("/Playlists/{}/Items", created["Id"].as_str().unwrap());
    let rows = async || world.anna.get(&path).await.ok()["Items"].as_array().unwrap().clone();
    assert_eq!(world.anna.post_nothing(&format!("{path}?Ids={movie}")).await.status, 200);
    let twice = rows().await;
    assert_eq!((twice.len(), twice[0]["Id"] == twice[1]["Id"]), (2, true), "what is there comes in again");
    let entry = twice[0]["PlaylistItemId"].as_str().unwrap();
    assert_eq!(world.anna.delete(&format!("{path}?EntryIds={entry}")).await.status, 204);
    assert_eq!(rows().await.len(), 1);
    world.anna.post_nothing(&format!("{path}?Ids={show}")).await;
    assert!(rows().await.iter().skip(1).all(|row| row["Type"] == "Episode"), "a series comes in as its episodes");
    let ben = Client::emby(&world.emulator, &EmbyUser::member("ben").token);
    assert_eq!(ben.get(&path).await.status, 404);
    assert_eq!(world.list("Recursive=true&IncludeItemTypes=Playlist").await.1, 1);

    let created = world.anna.post_nothing(&format!("/Collections?Name=Shelf&Ids={show}")).await.ok();
    let id = created["Id"].as_str().unwrap();
    for _ in 0..2 {
        world.anna.post_nothing(&format!("/Collections/{id}/Items?Ids={movie}")).await;
    }
    let held = world.list(&format!("ParentId={id}")).await.0;
    let kinds: Vec<&str> = held.iter().map(|item| item["Type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Series", "Movie"], "a collection holds a series as it is, and nothing twice");
    world.anna.delete(&format!("/Collections/{id}/Items?Ids={show},{movie}")).await;
    assert_eq!(world.list(&format!("ParentId={id}")).await.1, 0);
}
