//! Large libraries: complete, paged, and quick enough to be used in tests.

use std::collections::BTreeSet;

use crosswatch_emulator::{
    JellyfinEmulator, JellyfinOptions, JellyfinUser, Library, TraktAccount, TraktEmulator, TraktOptions, UserActivity,
};

use crate::client::{self, Client};

const HISTORY_ITEMS: usize = 10_000;

#[tokio::test]
async fn a_large_history_is_read_whole_from_both_services() {
    let clock = client::clock();
    let library = Library::sized(3, HISTORY_ITEMS);
    let activity = UserActivity::everything(4, &library, clock.now());
    let mut options = JellyfinOptions::new(clock.clone(), library.clone());
    options.users = vec![JellyfinUser::administrator("anna").with_activity(activity.clone())];
    let jellyfin = JellyfinEmulator::start(options).unwrap();
    let mut options = TraktOptions::new(clock, library);
    options.accounts = vec![TraktAccount::new("anna").with_activity(activity)];
    let trakt = TraktEmulator::start(options).unwrap();

    let viewer = Client::jellyfin(&jellyfin, &client::token("anna"));
    let mut items = BTreeSet::new();
    for start in (0..HISTORY_ITEMS).step_by(1_000) {
        let query = format!(
            "/Items?recursive=true&isPlayed=true&includeItemTypes=Movie,Episode&fields=ProviderIds\
             &sortBy=DatePlayed,SortName&sortOrder=Descending&limit=1000&startIndex={start}"
        );
        let page = viewer.get(&query).await.ok();
        assert_eq!(page["TotalRecordCount"], HISTORY_ITEMS);
        items.extend(page["Items"].as_array().unwrap().iter().map(|row| row["Id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(items.len(), HISTORY_ITEMS);

    let anna = Client::trakt(&trakt, "anna");
    let mut events = BTreeSet::new();
    for page in 1..=HISTORY_ITEMS / 250 {
        let rows = anna.get(&format!("/sync/history?limit=250&page={page}")).await.ok();
        events.extend(rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
    }
    assert_eq!(events.len(), HISTORY_ITEMS);
    let minimal = anna.get("/sync/watched/movies?extended=min").await.ok();
    assert_eq!(minimal.as_object().unwrap().len(), HISTORY_ITEMS / 5);
}
