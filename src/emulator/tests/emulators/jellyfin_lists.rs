//! Playlists and collections of a Jellyfin server.

use crosswatch_emulator::{JellyfinEmulator, LibraryItem};
use serde_json::{Value, json};

use crate::client::{self, Client};

fn id_of(emulator: &JellyfinEmulator, place: LibraryItem) -> String {
    emulator.state().item_of(place).unwrap().to_string()
}

#[tokio::test]
async fn a_playlist_is_its_owners_and_holds_rows_with_ids_of_their_own() {
    let emulator = client::jellyfin(&client::clock());
    let ben = Client::jellyfin(&emulator, &client::token("ben"));
    let (movie, show) = (id_of(&emulator, LibraryItem::Movie(1)), id_of(&emulator, LibraryItem::Show(0)));
    let created = ben.post("/Playlists", json!({"Name": "Later", "Ids": [movie], "MediaType": "Video"})).await.ok();
    let path = format!("/Playlists/{}/Items", created["Id"].as_str().unwrap());
    let rows = async || ben.get(&path).await.ok()["Items"].as_array().unwrap().clone();
    assert_eq!(ben.post_nothing(&format!("{path}?ids={movie}")).await.status, 204);
    let twice: Vec<Value> = rows().await;
    assert_eq!((twice.len(), twice[0]["Id"] == twice[1]["Id"]), (2, true), "what is there comes in again");
    let entry = twice[0]["PlaylistItemId"].as_str().unwrap();
    assert_eq!(ben.delete(&format!("{path}?entryIds={movie}")).await.status, 204);
    assert_eq!(rows().await.len(), 2, "an item id is no row id");
    assert_eq!(ben.delete(&format!("{path}?entryIds={entry}")).await.status, 204);
    assert_eq!(rows().await.len(), 1);
    ben.post_nothing(&format!("{path}?ids={show}")).await;
    assert!(rows().await.iter().skip(1).all(|row| row["Type"] == "Episode"), "a series comes in as its episodes");
    let listed = "/Items?recursive=true&includeItemTypes=Playlist";
    let count = async |user: &str| {
        Client::jellyfin(&emulator, &client::token(user)).get(listed).await.ok()["TotalRecordCount"].as_u64()
    };
    assert_eq!((count("ben").await, count("anna").await), (Some(1), Some(0)));
    assert_eq!(Client::jellyfin(&emulator, &client::token("anna")).get(&path).await.status, 403);
}

#[tokio::test]
async fn a_collection_is_everybodys_and_only_administrators_change_it() {
    let emulator = client::jellyfin(&client::clock());
    let (anna, ben) = (client::token("anna"), client::token("ben"));
    let (anna, ben) = (Client::jellyfin(&emulator, &anna), Client::jellyfin(&emulator, &ben));
    let (movie, show) = (id_of(&emulator, LibraryItem::Movie(1)), id_of(&emulator, LibraryItem::Show(0)));
    assert_eq!(ben.post_nothing(&format!("/Collections?name=Shelf&ids={show}")).await.status, 403);
    let created = anna.post_nothing(&format!("/Collections?name=Shelf&ids={show}")).await.ok();
    let id = created["Id"].as_str().unwrap();
    for _ in 0..2 {
        assert_eq!(anna.post_nothing(&format!("/Collections/{id}/Items?ids={movie}")).await.status, 204);
    }
    let held = ben.get(&format!("/Items?parentId={id}")).await.ok();
    let kinds: Vec<&str> =
        held["Items"].as_array().unwrap().iter().map(|item| item["Type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Series", "Movie"], "a collection holds a series as it is, and nothing twice");
    assert_eq!(anna.delete(&format!("/Collections/{id}/Items?ids={show},{movie}")).await.status, 204);
    assert_eq!(ben.get(&format!("/Items?parentId={id}")).await.ok()["TotalRecordCount"], 0);
}
