//! How an Emby server changes what a user did.

use crosswatch_emulator::{
    EmbyEmulator, EmbyOptions, EmbyUser, LibraryItem,
    emby::{AbsentMembers, MediaId, UserData},
};
use serde_json::json;

use crate::client::{self, Client, at};

struct World {
    emulator: EmbyEmulator,
    anna: Client,
    user: String,
    item: MediaId,
    number: u64,
}

fn world(absent_members: AbsentMembers) -> World {
    let mut options = EmbyOptions::new(client::clock(), client::library());
    options.absent_members = absent_members;
    let emulator = EmbyEmulator::start(options).unwrap();
    let anna = Client::emby(&emulator, &EmbyUser::member("anna").token);
    let (user, item, number) = {
        let state = emulator.state();
        let item = state.item_of(LibraryItem::Movie(1)).unwrap();
        (state.user_id("anna").unwrap().to_string(), item, state.item(item).unwrap().number)
    };
    World { emulator, anna, user, item, number }
}

impl World {
    fn row(&self) -> UserData {
        self.emulator.state().user_data("anna", self.item).unwrap()
    }
}

#[tokio::test]
async fn marking_played_counts_each_time_and_understands_one_form_of_date() {
    let world = world(AbsentMembers::Reset);
    let path = format!("/Users/{}/PlayedItems/{}", world.user, world.number);
    for count in 1..=2 {
        let answer = world.anna.post_nothing(&format!("{path}?DatePlayed=20200102030405")).await.ok();
        assert_eq!(answer["PlayCount"], count);
        assert_eq!(answer["LastPlayedDate"], "2020-01-02T03:04:05.0000000Z");
    }
    world.anna.delete(&path).await.ok();
    assert_eq!(world.row(), UserData::default());
    world.anna.post_nothing(&format!("{path}?DatePlayed=2020-01-02T03:04:05Z")).await.ok();
    assert_eq!(world.row().last_played_at, Some(at("2026-11-01T12:00:00Z")), "an ISO date is taken for none");
    world.anna.post_nothing(&format!("{path}/Delete")).await.ok();
    assert!(!world.row().played);
}

#[tokio::test]
async fn a_whole_row_is_written_whole_and_answered_with_nothing() {
    for (absent_members, favourite, rating) in
        [(AbsentMembers::Reset, false, None), (AbsentMembers::Kept, true, Some(7.0))]
    {
        let world = world(absent_members);
        let before = UserData { favourite: true, rating: Some(7.0), ..UserData::default() };
        world.emulator.state().set_user_data("anna", world.item, before).unwrap();
        let path = format!("/Users/{}/Items/{}/UserData", world.user, world.number);
        let body = json!({"Played": true, "PlayCount": 1, "LastPlayedDate": "2020-01-02T03:04:05Z"});
        let answer = world.anna.post(&path, body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        let row = world.row();
        assert_eq!((row.played, row.play_count, row.last_played_at), (true, 1, Some(at("2020-01-02T03:04:05Z"))));
        assert_eq!((row.favourite, row.rating), (favourite, rating), "{absent_members:?}");
        for bad in [json!({"Rating": 11}), json!({"Played": "yes"}), json!([1])] {
            assert_eq!(world.anna.post(&path, bad).await.status, 400);
        }
    }
}

#[tokio::test]
async fn favourites_and_likes_have_calls_of_their_own() {
    let world = world(AbsentMembers::Reset);
    let favourite = format!("/Users/{}/FavoriteItems/{}", world.user, world.number);
    assert_eq!(world.anna.post_nothing(&favourite).await.ok()["IsFavorite"], true);
    assert_eq!(world.anna.delete(&favourite).await.ok()["IsFavorite"], false);
    let rating = format!("/Users/{}/Items/{}/Rating", world.user, world.number);
    assert_eq!(world.anna.post_nothing(&format!("{rating}?Likes=true")).await.ok()["Rating"], 10.0);
    assert!(world.anna.delete(&rating).await.ok().get("Rating").is_none());
}

#[tokio::test]
async fn starting_again_forgets_that_it_was_played() {
    let world = world(AbsentMembers::Reset);
    let half = world.emulator.state().item(world.item).unwrap().runtime_ticks.unwrap() / 2;
    world.emulator.state().set_played("anna", world.item, at("2020-01-02T03:04:05Z")).unwrap();
    world.emulator.state().play_until("anna", world.item, half).unwrap();
    let row = world.row();
    assert_eq!((row.played, row.position_ticks, row.play_count), (false, half, 2));
}

#[tokio::test]
async fn marking_a_series_marks_its_episodes_on_disk() {
    let world = world(AbsentMembers::Reset);
    let series = {
        let state = world.emulator.state();
        let series = state.item_of(LibraryItem::Show(0)).unwrap();
        state.item(series).unwrap().number
    };
    world
        .anna
        .post_nothing(&format!("/Users/{}/PlayedItems/{series}?DatePlayed=20200102030405", world.user))
        .await
        .ok();
    let listed = format!("/Users/{}/Items?Recursive=true&ParentId={series}&IncludeItemTypes=Episode", world.user);
    let total = async |more: &str| world.anna.get(&format!("{listed}{more}")).await.ok()["TotalRecordCount"].as_u64();
    assert_eq!(total("&IsPlayed=true").await, total("&ExcludeLocationTypes=Virtual").await);
}
