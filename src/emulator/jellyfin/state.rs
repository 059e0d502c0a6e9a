//! The state of an emulated Jellyfin server, and the door through which tests arrange and inspect it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    item::{Item, ItemKind, JellyfinId, Location},
    people::{JellyfinUser, People},
    playback::NowPlaying,
    quick_connect::QuickConnect,
    shelf::Shelf,
    user_data::{JellyfinVersion, UserData, UserDataUpdate},
};
use crate::{
    activity::UserActivity,
    clock::EmulatorClock,
    library::{LibraryItem, Movie, Show},
};

/// The user or item is not on this server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOnServer {
    /// No user of that name.
    #[error("there is no user {0:?} on this server: create it in the options")]
    User(String),
    /// No item of that id.
    #[error("there is no item {0} on this server: look its id up first")]
    Item(JellyfinId),
}

/// What becomes of a user's state when the file of an item is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchedState {
    /// The new item finds it under the same key.
    Kept,
    /// It is gone, as in several releases of 10.11.
    Lost,
}

/// An emulated Jellyfin server.
pub struct JellyfinState {
    pub(crate) clock: EmulatorClock,
    pub(crate) version: JellyfinVersion,
    pub(crate) server_name: String,
    pub(crate) server_id: JellyfinId,
    pub(crate) accepts_legacy_authorization: bool,
    pub(crate) people: People,
    pub(crate) shelf: Shelf,
    /// Rows of each user, by the slot of the item's data key.
    pub(crate) rows: BTreeMap<JellyfinId, Vec<UserData>>,
    pub(crate) playing: BTreeMap<String, NowPlaying>,
    pub(crate) quick_connect: QuickConnect,
}

impl JellyfinState {
    /// The id of a user.
    pub fn user_id(&self, user: &str) -> Result<JellyfinId, NotOnServer> {
        self.people.id_of(user).ok_or_else(|| NotOnServer::User(user.to_owned()))
    }

    /// The id under which the server holds a title of the library it was filled from.
    pub fn item_of(&self, origin: LibraryItem) -> Option<JellyfinId> {
        self.shelf.of_origin(origin)
    }

    /// An item.
    pub fn item(&self, id: JellyfinId) -> Result<&Item, NotOnServer> {
        self.shelf.get(id).ok_or(NotOnServer::Item(id))
    }

    /// All items, in id order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.shelf.items()
    }

    /// The items of that kind with that provider id.
    pub fn find(&self, kind: ItemKind, provider: &str, id: &str) -> Vec<JellyfinId> {
        let fits = |item: &&Item| item.kind == kind && item.provider_id(provider) == Some(id);
        self.shelf.items().filter(fits).map(|item| item.id).collect()
    }

    /// What a user did with an item. Series and seasons count as played when every episode on disk is.
    pub fn user_data(&self, user: &str, item: JellyfinId) -> Result<UserData, NotOnServer> {
        Ok(self.row(self.user_id(user)?, self.item(item)?))
    }

    /// The films and episodes a user has played, in id order.
    pub fn played(&self, user: &str) -> Result<Vec<(JellyfinId, UserData)>, NotOnServer> {
        let user = self.user_id(user)?;
        let leaves = self.shelf.items().filter(|item| !item.kind.is_folder());
        let rows = leaves.map(|item| (item.id, self.row(user, item)));
        Ok(rows.filter(|(_, row)| row.played).collect())
    }

    /// The favourites of a user, in id order.
    pub fn favourites(&self, user: &str) -> Result<Vec<JellyfinId>, NotOnServer> {
        let user = self.user_id(user)?;
        Ok(self.shelf.items().filter(|item| self.row(user, item).favourite).map(|item| item.id).collect())
    }

    /// Marks as played with a date, as the user's client would; series and seasons mark all their episodes.
    pub fn set_played(&mut self, user: &str, item: JellyfinId, at: Timestamp) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.mark_played(user, item, Some(at));
        Ok(())
    }

    /// Marks as unplayed, as the user's client would.
    pub fn set_unplayed(&mut self, user: &str, item: JellyfinId) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.mark_unplayed(user, item);
        Ok(())
    }

    /// Puts a whole row in place.
    pub fn set_user_data(&mut self, user: &str, item: JellyfinId, row: UserData) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.change(user, item, |old| *old = row);
        Ok(())
    }

    /// Marks as favourite.
    pub fn add_favourite(&mut self, user: &str, item: JellyfinId) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.change(user, item, |row| row.favourite = true);
        Ok(())
    }

    /// Takes the favourite mark away.
    pub fn remove_favourite(&mut self, user: &str, item: JellyfinId) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.change(user, item, |row| row.favourite = false);
        Ok(())
    }

    /// Rates from 0 to 10, or clears the rating.
    pub fn set_rating(&mut self, user: &str, item: JellyfinId, rating: Option<f64>) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.change(user, item, |row| row.rating = rating);
        Ok(())
    }

    /// Adds a film that was not in the library.
    pub fn add_movie(&mut self, movie: &Movie) -> JellyfinId {
        self.shelf.add_movie(movie, None)
    }

    /// Adds a series that was not in the library.
    pub fn add_show(&mut self, show: &Show) -> JellyfinId {
        self.shelf.add_show(show, None)
    }

    /// Takes an item and all below it off the server. User data stays filed under its key.
    pub fn remove_item(&mut self, item: JellyfinId) -> Result<(), NotOnServer> {
        self.shelf.remove(item).map(drop).ok_or(NotOnServer::Item(item))
    }

    /// Replaces the file of a film or episode: the old item disappears, and a new one with another id has the same title.
    pub fn replace_file(&mut self, item: JellyfinId, watched: WatchedState) -> Result<JellyfinId, NotOnServer> {
        let slot = self.item(item)?.data_slot;
        let new = self.shelf.replace_file(item).ok_or(NotOnServer::Item(item))?;
        if watched == WatchedState::Lost {
            for row in self.rows.values_mut().filter_map(|rows| rows.get_mut(slot)) {
                *row = UserData::default();
            }
        }
        Ok(new)
    }

    /// Moves the date of the item's metadata, as a refresh does. User state is not touched.
    pub fn refresh_metadata(&mut self, item: JellyfinId) -> Result<(), NotOnServer> {
        let now = self.clock.now();
        self.shelf.get_mut(item).ok_or(NotOnServer::Item(item))?.saved_at = now;
        Ok(())
    }

    /// Takes a film for another one: the item, its file and its user data stay, what is told about it changes.
    pub fn rematch(&mut self, item: JellyfinId, movie: &Movie) -> Result<(), NotOnServer> {
        self.shelf.rematch(item, movie).ok_or(NotOnServer::Item(item))?;
        self.refresh_metadata(item)
    }

    /// Ends all sign-ins of a user: from now on the user's tokens answer 401.
    pub fn revoke_tokens(&mut self, user: &str) -> Result<(), NotOnServer> {
        let user = self.user_id(user)?;
        self.people.devices.retain(|_, device| device.user != user);
        Ok(())
    }

    pub(crate) fn add_user(&mut self, user: JellyfinUser) {
        let activity = user.activity.clone();
        let now = self.clock.now();
        let id = self.people.add(user, now);
        self.live_through(id, &activity);
    }

    /// The row of a user and an item; for folders, played follows from the episodes.
    pub(crate) fn row(&self, user: JellyfinId, item: &Item) -> UserData {
        let mut row = self.stored_row(user, item);
        if item.kind.is_folder() {
            row.played = self.unplayed_count(user, item.id) == 0;
            row.play_count = 0;
            row.position_ticks = 0;
        }
        row
    }

    /// How many episodes on disk below a folder are not played.
    pub(crate) fn unplayed_count(&self, user: JellyfinId, folder: JellyfinId) -> usize {
        let episodes = self.shelf.episodes_of(folder).filter(|episode| episode.location == Location::FileSystem);
        episodes.filter(|episode| !self.stored_row(user, episode).played).count()
    }

    pub(crate) fn mark_played(&mut self, user: JellyfinId, item: JellyfinId, at: Option<Timestamp>) {
        let now = self.clock.now();
        for leaf in self.leaves(item) {
            self.change(user, leaf, |row| row.mark_played(at, now));
        }
    }

    pub(crate) fn mark_unplayed(&mut self, user: JellyfinId, item: JellyfinId) {
        for leaf in self.leaves(item) {
            self.change(user, leaf, UserData::mark_unplayed);
        }
    }

    pub(crate) fn change(&mut self, user: JellyfinId, item: JellyfinId, change: impl FnOnce(&mut UserData)) {
        let Some(slot) = self.shelf.get(item).map(|item| item.data_slot) else { return };
        let rows = self.rows.entry(user).or_default();
        if rows.len() <= slot {
            rows.resize(slot + 1, UserData::default());
        }
        if let Some(row) = rows.get_mut(slot) {
            change(row);
        }
    }

    fn stored_row(&self, user: JellyfinId, item: &Item) -> UserData {
        self.rows.get(&user).and_then(|rows| rows.get(item.data_slot)).copied().unwrap_or_default()
    }

    /// The item itself, or the episodes on disk below a folder.
    fn leaves(&self, item: JellyfinId) -> Vec<JellyfinId> {
        match self.shelf.get(item) {
            Some(folder) if folder.kind.is_folder() => {
                let episodes = self.shelf.episodes_of(item);
                let on_disk = episodes.filter(|episode| episode.location == Location::FileSystem);
                on_disk.map(|episode| episode.id).collect()
            }
            Some(_) => vec![item],
            None => Vec::new(),
        }
    }

    fn live_through(&mut self, user: JellyfinId, activity: &UserActivity) {
        let on_disk = |shelf: &Shelf, origin| {
            let id = shelf.of_origin(origin)?;
            shelf.get(id).filter(|item| item.location == Location::FileSystem).map(|item| item.id)
        };
        for play in &activity.plays {
            let Some(id) = on_disk(&self.shelf, play.item) else { continue };
            self.change(user, id, |row| {
                row.played = true;
                row.play_count = row.play_count.saturating_add(1);
                row.last_played_at = row.last_played_at.max(Some(play.at));
            });
        }
        for origin in &activity.undated {
            let Some(id) = on_disk(&self.shelf, *origin) else { continue };
            let undated = UserDataUpdate { played: Some(true), play_count: Some(1), ..UserDataUpdate::default() };
            self.change(user, id, |row| row.update(undated));
        }
        for given in &activity.ratings {
            let Some(id) = on_disk(&self.shelf, given.item) else { continue };
            self.change(user, id, |row| row.rating = Some(f64::from(given.rating)));
        }
        for marked in &activity.favourites {
            let Some(id) = on_disk(&self.shelf, marked.item) else { continue };
            self.change(user, id, |row| row.favourite = true);
        }
        for point in &activity.resume_points {
            let Some(id) = on_disk(&self.shelf, point.item) else { continue };
            let runtime_ticks = self.shelf.get(id).and_then(|item| item.runtime_ticks).unwrap_or_default();
            self.change(user, id, |row| {
                row.position_ticks = runtime_ticks / 100 * i64::from(point.progress_percent);
                row.play_count = row.play_count.max(1);
                row.last_played_at = row.last_played_at.max(Some(point.at));
            });
        }
    }
}
