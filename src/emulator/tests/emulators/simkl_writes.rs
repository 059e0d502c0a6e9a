//! Writing to SIMKL: what is passed over, what is moved, and what is lost.

use crosswatch_emulator::{
    Library, LibraryItem, ManualClock, SimklEmulator, SimklOptions,
    simkl::{AnimeCour, AnimeTitles, Status},
};
use serde_json::{Value, json};

use crate::client::{self, Client, at, simkl_path as path};

const MOVIE: LibraryItem = LibraryItem::Movie(0);
const SHOW: LibraryItem = LibraryItem::Show(0);

fn start() -> (ManualClock, SimklEmulator, Client) {
    let clock = client::clock();
    let mut options = SimklOptions::new(clock.clone(), Library::sized(5, 100));
    let cour = |first, last, mal| AnimeCour { show: 1, season: 2, first, last, mal, anidb: mal + 1 };
    options.anime = AnimeTitles { cours: vec![cour(1, 5, 501), cour(6, 10, 601)], movies: vec![] };
    let simkl = SimklEmulator::start(options).unwrap();
    let anna = Client::simkl(&simkl, "anna");
    (clock, simkl, anna)
}

fn ids(simkl: &SimklEmulator, item: LibraryItem) -> Value {
    json!({"simkl": simkl.state().simkl_id(item)})
}

fn episodes(simkl: &SimklEmulator, numbers: &[u16]) -> Value {
    let episodes: Vec<Value> =
        numbers.iter().map(|number| json!({"number": number, "watched_at": "2020-01-01T00:00:00Z"})).collect();
    json!({"shows": [{"ids": ids(simkl, SHOW), "seasons": [{"number": 1, "episodes": episodes}]}]})
}

/// Plays and ratings.
fn counts(simkl: &SimklEmulator) -> (usize, usize) {
    let state = simkl.state();
    (state.watched("anna").unwrap().len(), state.ratings("anna").unwrap().len())
}

async fn post(client: &Client, place: &str, body: Value) -> Value {
    client.post(&path(place), body).await.ok()
}

#[tokio::test]
async fn what_is_watched_already_is_not_watched_again() {
    let (_clock, simkl, anna) = start();
    let movie = |date: &str| json!({"movies": [{"ids": ids(&simkl, MOVIE), "watched_at": date}]});
    let first = post(&anna, "/sync/history", movie("2020-01-01T00:00:00Z")).await;
    assert_eq!(first["added"]["movies"], 1);
    assert_eq!(first["added"]["statuses"][0]["response"]["simkl_type"], "movie");
    let second = post(&anna, "/sync/history", movie("2021-01-01T00:00:00Z")).await;
    assert_eq!(second["added"]["movies"], 0);
    assert_eq!(simkl.state().watched("anna").unwrap(), [(MOVIE, at("2020-01-01T00:00:00Z"))]);
    assert_eq!(post(&anna, "/sync/history", episodes(&simkl, &[1, 2])).await["added"]["episodes"], 2);
    assert_eq!(post(&anna, "/sync/history", episodes(&simkl, &[2, 3])).await["added"]["episodes"], 1);
}

#[tokio::test]
async fn unknown_titles_are_echoed_and_unknown_episodes_passed_over() {
    let (_clock, simkl, anna) = start();
    let body = json!({
        "movies": [{"ids": {"imdb": "tt9999999"}}],
        "shows": [{"ids": {"tvdb": 999_999_999}, "seasons": [{"number": 1, "episodes": [{"number": 1}]}]}],
        "episodes": [{"ids": {"tvdb": 1}}],
    });
    let answer = post(&anna, "/sync/history", body).await;
    assert_eq!(answer["not_found"]["movies"], json!([{"ids": {"imdb": "tt9999999"}, "type": "movie"}]));
    assert_eq!(answer["not_found"]["shows"], json!([{"ids": {"tvdb": 999_999_999}, "type": "show"}]));
    assert_eq!(answer["not_found"]["episodes"].as_array().unwrap().len(), 1);
    let answer = post(&anna, "/sync/history", episodes(&simkl, &[99])).await;
    assert_eq!((answer["added"]["episodes"].as_u64(), &answer["not_found"]["shows"]), (Some(0), &json!([])));
}

#[tokio::test]
async fn a_bare_show_means_all_of_it() {
    let (_clock, simkl, anna) = start();
    let all = simkl.state().library().episodes_below(SHOW).len();
    let answer = post(&anna, "/sync/history", json!({"shows": [{"ids": ids(&simkl, SHOW)}]})).await;
    assert_eq!(answer["added"]["episodes"].as_u64(), Some(all as u64));
    assert_eq!(simkl.state().status("anna", SHOW).unwrap(), Some(Status::Completed));
}

#[tokio::test]
async fn removing_a_title_takes_rating_and_episodes_and_removing_an_episode_does_not() {
    let (_clock, simkl, anna) = start();
    post(&anna, "/sync/history", episodes(&simkl, &[1, 2])).await;
    post(&anna, "/sync/ratings", json!({"shows": [{"ids": ids(&simkl, SHOW), "rating": 9}]})).await;
    let removed = post(&anna, "/sync/history/remove", episodes(&simkl, &[2])).await;
    assert_eq!(removed["deleted"], json!({"movies": 0, "shows": 0, "episodes": 1}));
    assert_eq!(counts(&simkl), (1, 1));
    let bare = json!({"shows": [{"ids": ids(&simkl, SHOW)}]});
    assert_eq!(post(&anna, "/sync/history/remove", bare.clone()).await["deleted"]["shows"], 1);
    assert_eq!(counts(&simkl), (0, 0));
    assert_eq!(post(&anna, "/sync/history/remove", bare).await["deleted"]["shows"], 0);
}

#[tokio::test]
async fn a_list_move_needs_its_target_per_item_and_takes_the_title_along() {
    let (_clock, simkl, anna) = start();
    let refused = anna
        .post(&path("/sync/add-to-list"), json!({"to": "plantowatch", "movies": [{"ids": ids(&simkl, MOVIE)}]}))
        .await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("empty_field")));
    for (sent, kept) in
        [("plantowatch", Status::PlanToWatch), ("watching", Status::Completed), ("plantowatch", Status::PlanToWatch)]
    {
        let answer =
            post(&anna, "/sync/add-to-list", json!({"movies": [{"to": sent, "ids": ids(&simkl, MOVIE)}]})).await;
        assert_eq!(answer["added"]["movies"][0]["to"], kept.as_str());
        assert_eq!(simkl.state().status("anna", MOVIE).unwrap(), Some(kept), "{sent}");
    }
}

#[tokio::test]
async fn a_rating_files_its_title() {
    let (_clock, simkl, anna) = start();
    let rate = |bucket: &str, item, rating: Value| json!({bucket: [{"ids": ids(&simkl, item), "rating": rating}]});
    for odd in [json!(0), json!(11), json!(7.5), json!("nine")] {
        post(&anna, "/sync/ratings", rate("movies", MOVIE, odd)).await;
    }
    assert_eq!(simkl.state().status("anna", MOVIE).unwrap(), None, "what is no rating is passed over");
    post(&anna, "/sync/ratings", rate("movies", MOVIE, json!(7))).await;
    post(&anna, "/sync/ratings", rate("shows", SHOW, json!(7))).await;
    assert_eq!(simkl.state().status("anna", MOVIE).unwrap(), Some(Status::Completed), "and watched, as it seems");
    assert_eq!(simkl.state().status("anna", SHOW).unwrap(), Some(Status::Watching));
    assert_eq!(simkl.state().watched("anna").unwrap().len(), 1);
    for (deleted, _) in [(1, "there"), (0, "gone")] {
        let answer = post(&anna, "/sync/ratings/remove", json!({"movies": [{"ids": ids(&simkl, MOVIE)}]})).await;
        assert_eq!(answer["deleted"]["movies"], deleted);
    }
    assert_eq!(simkl.state().status("anna", MOVIE).unwrap(), Some(Status::Completed));
}

#[tokio::test]
async fn seasons_of_thetvdb_reach_the_right_cour_only_with_the_flag() {
    let (_clock, simkl, anna) = start();
    let tvdb = simkl.state().library().show(LibraryItem::Show(1)).unwrap().ids.tvdb;
    let number = |number| LibraryItem::Episode { show: 1, season: 2, number };
    let body = |ids: Value, season: u16, number: u16, has_flag: bool| {
        json!({"shows": [{"ids": ids, "use_tvdb_anime_seasons": has_flag,
            "seasons": [{"number": season, "episodes": [{"number": number}]}]}]})
    };
    let by_show = json!({"tvdb": tvdb});
    for (body, expected) in [
        (body(by_show.clone(), 2, 7, false), None),
        (body(by_show.clone(), 2, 7, true), Some(number(7))),
        (body(by_show, 1, 2, false), Some(number(2))),
        (body(json!({"mal": 601}), 1, 3, false), Some(number(8))),
        (body(json!({"mal": 601}), 1, 6, false), None),
    ] {
        let before = simkl.state().watched("anna").unwrap();
        let answer = post(&anna, "/sync/history", body.clone()).await;
        let after = simkl.state().watched("anna").unwrap();
        let new: Vec<LibraryItem> = after.iter().filter(|row| !before.contains(row)).map(|(item, _)| *item).collect();
        assert_eq!(new, expected.into_iter().collect::<Vec<_>>(), "{body}");
        assert_eq!(answer["added"]["statuses"][0]["response"]["simkl_type"], "anime");
    }
    let remove = json!({"anime": [{"ids": {"mal": 601}}], "shows": [{"ids": {"mal": 501}}]});
    assert_eq!(post(&anna, "/sync/history/remove", remove).await["deleted"]["shows"], 1, "there is no anime[]");
}

#[tokio::test]
async fn bodies_have_to_be_objects() {
    let (_clock, _simkl, anna) = start();
    assert_eq!(anna.post(&path("/sync/history"), json!([])).await.json()["error"], "empty_field");
    assert_eq!(anna.post_nothing(&path("/sync/history")).await.status, 400);
}
