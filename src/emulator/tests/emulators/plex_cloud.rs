//! Watchlists and titles in Plex's cloud, host by host.

use crosswatch_emulator::{LibraryItem, PlexEmulator};
use serde_json::Value;

use crate::client::{self, Client};

struct Cloud {
    plex: PlexEmulator,
    discover: Client,
    metadata: Client,
}

fn start() -> Cloud {
    let plex = client::plex(&client::clock());
    let (discover, metadata) = (plex.discover_url(), plex.metadata_url());
    Cloud { discover: Client::plex(discover, Some("anna")), metadata: Client::plex(metadata, Some("anna")), plex }
}

impl Cloud {
    async fn id_of(&self, kind: u8, external: &str) -> Option<String> {
        let path = format!("/library/metadata/matches?type={kind}&title={external}");
        let found = self.metadata.get(&path).await.ok();
        Some(found["MediaContainer"]["Metadata"][0]["ratingKey"].as_str()?.to_owned())
    }
}

#[tokio::test]
async fn a_title_is_found_by_each_of_its_ids_and_by_kind() {
    let cloud = start();
    let (movie, show) = (cloud.id_of(1, "tmdb-13").await.unwrap(), cloud.id_of(2, "tmdb-13").await.unwrap());
    assert_ne!(movie, show, "a number means nothing without a kind");
    let title = cloud.discover.get(&format!("/library/metadata/{movie}")).await.ok();
    let guids = title["MediaContainer"]["Metadata"][0]["Guid"].as_array().unwrap().clone();
    let imdb = guids.iter().find_map(|guid| guid["id"].as_str().unwrap().strip_prefix("imdb://")).unwrap();
    assert_eq!(cloud.id_of(1, &format!("imdb-{imdb}")).await, Some(movie));
    assert_eq!(cloud.id_of(1, "tmdb-999999999").await, None);
    assert_eq!(cloud.discover.get("/library/metadata/5d776883ebdf2200209c104e").await.status, 404);
}

#[tokio::test]
async fn the_list_is_kept_on_the_discover_host_and_says_little() {
    let cloud = start();
    let id = cloud.id_of(1, "tmdb-13").await.unwrap();
    let add = format!("/actions/addToWatchlist?ratingKey={id}");
    let remove = format!("/actions/removeFromWatchlist?ratingKey={id}");
    assert_eq!(cloud.discover.put(&remove).await.status, 404, "it is not on the list");
    assert_eq!(cloud.discover.put(&add).await.status, 200);
    assert_eq!(cloud.discover.put(&add).await.status, 409, "it is on the list");
    assert_eq!(cloud.plex.state().watchlist("anna").unwrap(), [LibraryItem::Movie(0)]);
    let list = cloud.discover.get("/library/sections/watchlist/all?sort=watchlistedAt:desc").await.ok();
    let row = &list["MediaContainer"]["Metadata"][0];
    assert_eq!((&list["MediaContainer"]["totalSize"], &row["ratingKey"]), (&Value::from(1), &Value::from(id.as_str())));
    assert!(row.get("Guid").is_none());
    let state = cloud.metadata.get(&format!("/library/metadata/{id}/userState")).await.ok();
    assert!(state["MediaContainer"]["UserState"][0]["watchlistedAt"].is_u64());
    assert_eq!(cloud.metadata.get("/library/sections/watchlist/all").await.status, 404, "not on this host");
    assert_eq!(cloud.discover.put(&remove).await.status, 200);
    let empty = cloud.discover.get("/library/sections/watchlist/all").await.ok();
    assert_eq!(empty["MediaContainer"]["totalSize"], 0);
    assert!(empty["MediaContainer"].get("Metadata").is_none(), "a list without members has no list");
}
