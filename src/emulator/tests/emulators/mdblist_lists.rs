//! MDBList's ratings and watchlist: nested entries, flat rows, and answers in counts or in lists.

use crosswatch_emulator::{LibraryItem, MdblistEmulator, mdblist::WriteAnswers};
use serde_json::{Value, json};

use crate::client::{self, Client};

const MOVIE: LibraryItem = LibraryItem::Movie(1);
const SHOW: LibraryItem = LibraryItem::Show(0);

fn start() -> (MdblistEmulator, Client) {
    let mdblist = client::mdblist(&client::clock());
    let anna = Client::mdblist(&mdblist, "anna");
    (mdblist, anna)
}

fn tmdb(mdblist: &MdblistEmulator, item: LibraryItem) -> Value {
    json!(mdblist.state().library().ids(item).unwrap().tmdb)
}

#[tokio::test]
async fn a_show_its_season_and_its_episode_are_rated_in_one_entry() {
    let (mdblist, anna) = start();
    let entry = json!({"ids": {"tmdb": tmdb(&mdblist, SHOW)}, "rating": 9, "seasons": [
        {"number": 1, "rating": 8, "episodes": [{"number": 2, "rating": 7, "rated_at": "2020-01-01T00:00:00Z"}]},
    ]});
    let answer = anna.post("/sync/ratings", json!({"shows": [entry]})).await.ok();
    for kind in ["shows", "seasons", "episodes"] {
        assert_eq!(answer["added"][kind], 1, "{kind}");
    }
    let page = anna.get("/sync/ratings?limit=5000").await.ok();
    assert_eq!((page["shows"][0]["rating"].as_u64(), page["seasons"][0]["rating"].as_u64()), (Some(9), Some(8)));
    assert_eq!(page["episodes"][0]["rated_at"], "2020-01-01T00:00:00Z");
    assert_eq!(page["seasons"][0]["show"]["ids"]["tmdb"], tmdb(&mdblist, SHOW));
    let again =
        anna.post("/sync/ratings", json!({"shows": [{"ids": {"tmdb": tmdb(&mdblist, SHOW)}, "rating": 3}]})).await.ok();
    assert_eq!((again["added"]["shows"].as_u64(), again["updated"]["shows"].as_u64()), (Some(0), Some(1)));
    let gone =
        anna.post("/sync/ratings/remove", json!({"shows": [{"ids": {"tmdb": tmdb(&mdblist, SHOW)}}]})).await.ok();
    assert_eq!(gone["removed"]["shows"], 1);
    assert_eq!(mdblist.state().account("anna").unwrap().ratings().len(), 2);
}

#[tokio::test]
async fn a_rating_is_a_whole_number_from_one_to_ten() {
    let (mdblist, anna) = start();
    for (rating, status) in
        [(json!(1), 200), (json!(10), 200), (json!(0), 400), (json!(11), 400), (json!(7.5), 400), (Value::Null, 400)]
    {
        let body = json!({"movies": [{"ids": {"tmdb": tmdb(&mdblist, MOVIE)}, "rating": rating}]});
        assert_eq!(anna.post("/sync/ratings", body).await.status, status, "{rating}");
    }
}

#[tokio::test]
async fn the_watchlist_takes_and_tells_flat_ids() {
    let (mdblist, anna) = start();
    let body =
        json!({"movies": [{"tmdb": tmdb(&mdblist, MOVIE)}, {"tmdb": 1}], "shows": [{"tmdb": tmdb(&mdblist, SHOW)}]});
    let answer = anna.post("/watchlist/items/add", body.clone()).await.ok();
    assert_eq!(answer["added"], json!({"movies": 1, "shows": 1, "seasons": 0, "episodes": 0}));
    assert_eq!(answer["not_found"]["movies"], json!([{"tmdb": 1}]));
    let page = anna.get("/watchlist/items?unified=true").await.ok();
    let row = &page["movies"][0];
    assert_eq!((row["id"].clone(), row["mediatype"].as_str()), (tmdb(&mdblist, MOVIE), Some("movie")));
    assert!(row.get("ids").is_none() && row["watchlist_at"].is_string());
    assert_eq!(anna.get("/watchlist/items").await.status, 400, "two pagings in one answer are not offered");
    assert_eq!(anna.get("/watchlist/items/show").await.ok()["shows"].as_array().unwrap().len(), 1);
    let nested = json!({"movies": [{"ids": {"tmdb": tmdb(&mdblist, MOVIE)}}]});
    assert_eq!(
        anna.post("/watchlist/items/add", nested).await.ok()["not_found"]["movies"].as_array().unwrap().len(),
        1
    );
    assert_eq!(anna.post("/watchlist/items/add", body.clone()).await.ok()["existing"]["movies"], 1);
    assert_eq!(anna.post("/watchlist/items/remove", body.clone()).await.ok()["removed"]["shows"], 1);
    let gone = anna.post("/watchlist/items/remove", body).await.ok();
    assert_eq!((gone["removed"]["movies"].as_u64(), gone["not_found"]["movies"].as_u64()), (Some(0), Some(1)));
}

#[tokio::test]
async fn answers_are_counts_or_lists() {
    for (answers, is_listed, misses_are_listed) in [
        (WriteAnswers::Counts, false, false),
        (WriteAnswers::CountsAndMisses, false, true),
        (WriteAnswers::Lists, true, true),
    ] {
        let (mdblist, anna) = start();
        mdblist.state().switches.answers = answers;
        let body = json!({"movies": [{"tmdb": tmdb(&mdblist, MOVIE)}, {"tmdb": 1}]});
        let answer = anna.post("/watchlist/items/add", body).await.ok();
        assert_eq!(answer["added"]["movies"].is_array(), is_listed, "{answers:?}");
        assert_eq!(answer["not_found"]["movies"].is_array(), misses_are_listed, "{answers:?}");
        let ids = json!({"ids": {"tmdb": tmdb(&mdblist, MOVIE)}, "rating": 5});
        let answer = anna.post("/sync/ratings", json!({"movies": [ids]})).await.ok();
        assert_eq!(answer["added"]["movies"].is_array(), is_listed, "{answers:?}");
    }
}
