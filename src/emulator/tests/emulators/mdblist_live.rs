//! MDBList's scrobbling: sessions, resume points with ids in their own spelling, and refusals.

use crosswatch_emulator::{LibraryItem, MdblistEmulator};
use serde_json::{Value, json};

use crate::client::{self, Client};

const MOVIE: LibraryItem = LibraryItem::Movie(1);

fn start() -> (MdblistEmulator, Client) {
    let mdblist = client::mdblist(&client::clock());
    let anna = Client::mdblist(&mdblist, "anna");
    (mdblist, anna)
}

fn movie(mdblist: &MdblistEmulator, progress: f64) -> Value {
    let ids = json!({"tmdb": mdblist.state().library().ids(MOVIE).unwrap().tmdb});
    json!({"movie": {"ids": ids}, "progress": progress})
}

#[tokio::test]
async fn a_stop_is_saved_or_watched_by_its_progress() {
    for (progress, plays, rows) in [(10.0, 0, 1), (79.99, 0, 1), (80.0, 1, 0), (100.0, 1, 0)] {
        let (mdblist, anna) = start();
        for _ in 0..2 {
            assert_eq!(anna.post("/scrobble/start", movie(&mdblist, 5.0)).await.status, 200, "a start is a heartbeat");
        }
        let answer = anna.post("/scrobble/stop", movie(&mdblist, progress)).await.ok();
        assert_eq!((answer["action"].as_str(), answer["progress"].as_f64()), (Some("stop"), Some(progress)));
        let state = mdblist.state();
        let account = state.account("anna").unwrap();
        assert_eq!((account.plays().count(), account.playback().len()), (plays, rows), "{progress}");
    }
}

#[tokio::test]
async fn resume_points_spell_their_ids_in_their_own_way() {
    let (mdblist, anna) = start();
    anna.post("/scrobble/pause", movie(&mdblist, 45.25)).await.ok();
    let show = mdblist.state().library().ids(LibraryItem::Show(0)).unwrap().tmdb;
    for (season, number) in
        [(json!({"number": 1, "episode": {"number": 2}}), 2), (json!({"number": 1, "episode": 3}), 3)]
    {
        let body = json!({"show": {"ids": {"tmdb": show}, "season": season}, "progress": 20});
        assert_eq!(anna.post("/scrobble/pause", body).await.status, 200, "{number}");
    }
    let rows = anna.get("/sync/playback").await.ok();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    let ids = &rows[0]["movie"]["ids"];
    assert!(ids["tmdbid"].is_u64() && ids.get("tmdb").is_none(), "{ids}");
    assert_eq!((rows[0]["progress"].as_f64(), rows[0]["episode"].clone()), (Some(45.25), Value::Null));
    assert_eq!((rows[1]["type"].as_str(), rows[1]["episode"]["number"].as_u64()), (Some("episode"), Some(2)));
    let id = rows[0]["id"].clone();
    let cleared = anna.post("/scrobble/clear", json!({"id": id})).await.ok();
    assert_eq!(cleared, json!({"action": "clear", "deleted": true}));
    assert_eq!(anna.post("/scrobble/clear", json!({"id": id})).await.status, 404);
}

#[tokio::test]
async fn scrobbles_are_refused_for_reasons_of_their_own() {
    let (mdblist, anna) = start();
    let unknown = json!({"movie": {"ids": {"tmdb": 1}}, "progress": 5});
    assert_eq!(anna.post("/scrobble/start", unknown).await.status, 404);
    assert_eq!(anna.post("/scrobble/pause", movie(&mdblist, 101.0)).await.status, 400);
    assert_eq!(anna.post("/scrobble/clear", movie(&mdblist, 0.0)).await.status, 404, "nothing plays");
    mdblist.state().account_mut("anna").unwrap().hold_session(LibraryItem::Movie(3));
    assert_eq!(anna.post("/scrobble/pause", movie(&mdblist, 10.0)).await.status, 409);
    mdblist.state().account_mut("anna").unwrap().end_session();
    mdblist.state().switches.locks_stops = true;
    assert_eq!(anna.post("/scrobble/stop", movie(&mdblist, 90.0)).await.status, 423);
    assert_eq!(mdblist.state().account("anna").unwrap().plays().count(), 0);
}

#[tokio::test]
async fn a_title_is_looked_up_by_any_of_its_ids() {
    let (mdblist, anna) = start();
    let tmdb = mdblist.state().library().ids(MOVIE).unwrap().tmdb.unwrap();
    let film = anna.get(&format!("/tmdb/movie/{tmdb}")).await.ok();
    let runtime = mdblist.state().library().runtime_min(MOVIE);
    assert_eq!((film["type"].as_str(), film["runtime"].as_u64()), (Some("movie"), runtime.map(u64::from)));
    assert_eq!(
        anna.get(&format!("/mdblist/movie/{}", film["id"].as_str().unwrap())).await.ok()["title"],
        film["title"]
    );
    assert_eq!(anna.get("/tmdb/movie/1").await.status, 404);
    assert_eq!(anna.get("/tmdb/person/1").await.status, 404);
}
