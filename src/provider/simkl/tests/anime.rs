//! Anime: many titles at SIMKL where TheTVDB has one.

use crosswatch_emulator::{
    Library, UserActivity, WatchedOnce,
    simkl::{AnimeCour, AnimeTitles, Status},
};
use crosswatch_model::{Action, Id, IdSet, Namespace, Reason, Scheme, Show};
use crosswatch_port::{CellNow, WriteOutcome};

use super::*;
use crate::{
    outcome::{acknowledged, rejected},
    testing::{
        run,
        titles::{cell, read_all, send, write},
    },
};

const ANIME: LibraryItem = LibraryItem::Show(1);
const FILM: LibraryItem = LibraryItem::Movie(3);

const fn number(number: u16) -> LibraryItem {
    LibraryItem::Episode { show: 1, season: 2, number }
}

/// Season 2 of a show is two cours, and a film is filed as anime.
fn world(watched: &[LibraryItem]) -> World {
    let cour = |first, last, mal| AnimeCour { show: 1, season: 2, first, last, mal, anidb: mal + 1 };
    let anime = AnimeTitles { cours: vec![cour(1, 5, 501), cour(6, 10, 601)], movies: vec![3] };
    let plays = watched.iter().map(|item| WatchedOnce { item: *item, at: at("2020-01-02T03:04:05Z") }).collect();
    World::new(Library::sized(7, 100), UserActivity { plays, ..UserActivity::default() }, anime)
}

#[test]
fn episodes_are_told_as_thetvdb_counts_them() {
    run(async {
        let world = world(&[number(5), number(7), FILM]);
        let pages = read_all(&world.account(), Feature::History, ReadScope::Everything).await.unwrap();
        let items: Vec<Item> = pages.into_iter().flat_map(|page| page.rows).map(|row| row.item).collect();
        let tvdb = world.library.show(ANIME).unwrap().ids.tvdb.unwrap();
        let expected = [(None, None), (Some(2), Some(5)), (Some(2), Some(7))];
        assert_eq!(items.iter().map(|item| (item.season, item.number)).collect::<Vec<_>>(), expected);
        for item in items.iter().filter(|item| item.kind == Kind::Episode) {
            let show = item.show.as_deref().unwrap();
            assert_eq!((format!("{:?}", show.ids), show.scheme), (format!("{{tvdb_show:{tvdb}}}"), Scheme::Standard));
        }
        assert_eq!(items[0].kind, Kind::Movie);
    });
}

#[test]
fn an_episode_is_written_by_its_season_at_thetvdb_and_read_back() {
    run(async {
        let world = world(&[]);
        let account = world.account();
        for title in [number(7), number(2)] {
            let add = write(Action::Add, &world.item(title), play("2021-05-06T07:08:09Z"));
            assert_eq!(cell(&account, Feature::History, &add).await, CellNow::Absent);
            assert_eq!(send(&account, Feature::History, &add).await, acknowledged(), "{title:?}");
            assert!(world.plays().contains(&(title, at("2021-05-06T07:08:09Z"))), "{:?}", world.plays());
            assert!(matches!(cell(&account, Feature::History, &add).await, CellNow::Present(_)));
            assert_eq!(send(&account, Feature::History, &add).await, WriteOutcome::AlreadyThere, "{title:?}");
        }
        assert_eq!(world.plays().len(), 2);
        let remove = write(Action::Remove, &world.item(number(7)), play("2021-05-06T07:08:09Z"));
        assert_eq!(send(&account, Feature::History, &remove).await, acknowledged());
        assert_eq!(world.plays(), [(number(2), at("2021-05-06T07:08:09Z"))]);
    });
}

#[test]
fn what_no_map_leads_to_waits() {
    run(async {
        let world = world(&[]);
        let account = world.account();
        let beyond = LibraryItem::Episode { show: 1, season: 1, number: 1 };
        let add = write(Action::Add, &world.item(beyond), play("2021-05-06T07:08:09Z"));
        assert_eq!(send(&account, Feature::History, &add).await, rejected(Reason::NotVisible));
        let by_mal = |scheme, season, number| {
            let ids: IdSet = [Id::from_number(Namespace::Mal, Kind::Show, 601).unwrap()].into_iter().collect();
            let show = Show { ids, scheme, ..Show::default() };
            write(Action::Add, &Item::episode(show, season, number, "", IdSet::EMPTY), play("2021-05-06T07:08:09Z"))
        };
        let counted_elsewhere = by_mal(Scheme::Standard, 2, 7);
        assert_eq!(send(&account, Feature::History, &counted_elsewhere).await, rejected(Reason::MatchTooWeak));
        assert_eq!(world.plays(), []);
        let in_the_cour = by_mal(Scheme::SimklAnime, 1, 3);
        assert_eq!(send(&account, Feature::History, &in_the_cour).await, acknowledged());
        assert_eq!(world.plays(), [(number(8), at("2021-05-06T07:08:09Z"))]);
    });
}

#[test]
fn a_film_that_is_filed_as_anime_is_a_film_here() {
    run(async {
        let world = world(&[]);
        let account = world.account();
        let add = write(Action::Add, &world.item(FILM), play("2021-05-06T07:08:09Z"));
        assert_eq!(send(&account, Feature::History, &add).await, acknowledged());
        assert_eq!(send(&account, Feature::History, &add).await, WriteOutcome::AlreadyThere);
        assert_eq!(world.plays(), [(FILM, at("2021-05-06T07:08:09Z"))]);
        let rating = write(Action::Add, &world.item(FILM), rated(90));
        assert_eq!(send(&account, Feature::Ratings, &rating).await, acknowledged());
        assert_eq!(
            send(&account, Feature::Ratings, &write(Action::Remove, &world.item(FILM), rated(90))).await,
            acknowledged()
        );
        let remove = write(Action::Remove, &world.item(FILM), play("2021-05-06T07:08:09Z"));
        assert_eq!(send(&account, Feature::History, &remove).await, acknowledged());
        assert_eq!(world.server.state().status("anna", FILM).unwrap(), None::<Status>);
    });
}
