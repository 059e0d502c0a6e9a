//! The state of an emulated Jellyfin server, and the door through which tests arrange and inspect it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    JellyfinVersion,
    people::{JellyfinUser, People},
    quick_connect::QuickConnect,
};
use crate::{
    clock::EmulatorClock,
    library::{LibraryItem, Movie, Show},
    mediabrowser::{Item, ItemKind, Listed, MediaId, NowPlaying, Store, UserData},
    socket::Lines,
};

/// The user or item is not on this server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOnServer {
    /// No user of that name.
    #[error("there is no user {0:?} on this server: create it in the options")]
    User(String),
    /// No item of that id.
    #[error("there is no item {0} on this server: look its id up first")]
    Item(MediaId),
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
    pub(crate) server_id: MediaId,
    pub(crate) accepts_legacy_authorization: bool,
    pub(crate) people: People,
    pub(crate) store: Store,
    pub(crate) playing: BTreeMap<String, NowPlaying>,
    pub(crate) lines: Lines,
    pub(crate) quick_connect: QuickConnect,
}

impl JellyfinState {
    /// The id of a user.
    pub fn user_id(&self, user: &str) -> Result<MediaId, NotOnServer> {
        self.people.id_of(user).ok_or_else(|| NotOnServer::User(user.to_owned()))
    }

    /// The id under which the server holds a title of the library it was filled from.
    pub fn item_of(&self, origin: LibraryItem) -> Option<MediaId> {
        self.store.shelf.of_origin(origin)
    }

    /// An item.
    pub fn item(&self, id: MediaId) -> Result<&Item, NotOnServer> {
        self.store.shelf.get(id).ok_or(NotOnServer::Item(id))
    }

    /// All items, in id order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.store.shelf.items()
    }

    /// The items of that kind with that provider id.
    pub fn find(&self, kind: ItemKind, provider: &str, id: &str) -> Vec<MediaId> {
        let fits = |item: &&Item| item.kind == kind && item.provider_id(provider) == Some(id);
        self.store.shelf.items().filter(fits).map(|item| item.id).collect()
    }

    /// What a user did with an item. Series and seasons count as played when every episode on disk is.
    pub fn user_data(&self, user: &str, item: MediaId) -> Result<UserData, NotOnServer> {
        Ok(self.store.row(self.user_id(user)?, self.item(item)?))
    }

    /// The films and episodes a user has played, in id order.
    pub fn played(&self, user: &str) -> Result<Vec<(MediaId, UserData)>, NotOnServer> {
        let user = self.user_id(user)?;
        let leaves = self.store.shelf.items().filter(|item| !item.kind.is_folder());
        let rows = leaves.map(|item| (item.id, self.store.row(user, item)));
        Ok(rows.filter(|(_, row)| row.played).collect())
    }

    /// The favourites of a user, in id order.
    pub fn favourites(&self, user: &str) -> Result<Vec<MediaId>, NotOnServer> {
        let user = self.user_id(user)?;
        Ok(self.store.shelf.items().filter(|item| self.store.row(user, item).favourite).map(|item| item.id).collect())
    }

    /// Marks as played with a date, as the user's client would; series and seasons mark all their episodes.
    pub fn set_played(&mut self, user: &str, item: MediaId, at: Timestamp) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        let now = self.clock.now();
        self.store.mark_played(user, item, Some(at), now);
        Ok(())
    }

    /// Marks as unplayed, as the user's client would.
    pub fn set_unplayed(&mut self, user: &str, item: MediaId) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.store.mark_unplayed(user, item);
        Ok(())
    }

    /// Puts a whole row in place.
    pub fn set_user_data(&mut self, user: &str, item: MediaId, row: UserData) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.store.change(user, item, |old| *old = row);
        Ok(())
    }

    /// Marks as favourite.
    pub fn add_favourite(&mut self, user: &str, item: MediaId) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.store.change(user, item, |row| row.favourite = true);
        Ok(())
    }

    /// Takes the favourite mark away.
    pub fn remove_favourite(&mut self, user: &str, item: MediaId) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.store.change(user, item, |row| row.favourite = false);
        Ok(())
    }

    /// Rates from 0 to 10, or clears the rating.
    pub fn set_rating(&mut self, user: &str, item: MediaId, rating: Option<f64>) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.store.change(user, item, |row| row.rating = rating);
        Ok(())
    }

    /// Adds a film that was not in the library.
    pub fn add_movie(&mut self, movie: &Movie) -> MediaId {
        let now = self.clock.now();
        self.store.shelf.add_movie_at(movie, now)
    }

    /// Adds a series that was not in the library.
    pub fn add_show(&mut self, show: &Show) -> MediaId {
        let now = self.clock.now();
        self.store.shelf.add_show_at(show, now)
    }

    /// Takes an item and all below it off the server. User data stays filed under its key.
    pub fn remove_item(&mut self, item: MediaId) -> Result<(), NotOnServer> {
        self.store.shelf.remove(item).map(drop).ok_or(NotOnServer::Item(item))
    }

    /// Replaces the file of a film or episode: the old item disappears, and a new one with another id has the same title.
    pub fn replace_file(&mut self, item: MediaId, watched: WatchedState) -> Result<MediaId, NotOnServer> {
        let slot = self.item(item)?.data_slot;
        let now = self.clock.now();
        let new = self.store.shelf.replace_file(item, now).ok_or(NotOnServer::Item(item))?;
        if watched == WatchedState::Lost {
            self.store.forget_slot(slot);
        }
        Ok(new)
    }

    /// Makes a playlist of a user; a series goes in as its episodes.
    pub fn add_playlist(&mut self, user: &str, name: &str, items: &[MediaId]) -> Result<MediaId, NotOnServer> {
        let user = self.user_id(user)?;
        let now = self.clock.now();
        Ok(self.store.shelf.add_list(ItemKind::Playlist, name, Some(user), items, now))
    }

    /// Makes a collection that all users share.
    pub fn add_collection(&mut self, name: &str, items: &[MediaId]) -> MediaId {
        let now = self.clock.now();
        self.store.shelf.add_list(ItemKind::BoxSet, name, None, items, now)
    }

    /// What is in a playlist or collection, in order.
    pub fn listed(&self, list: MediaId) -> &[Listed] {
        self.store.shelf.listed(list)
    }

    /// Moves the date of the item's metadata, as a refresh does. User state is not touched.
    pub fn refresh_metadata(&mut self, item: MediaId) -> Result<(), NotOnServer> {
        let now = self.clock.now();
        self.store.shelf.get_mut(item).ok_or(NotOnServer::Item(item))?.saved_at = now;
        Ok(())
    }

    /// Takes a film for another one: the item, its file and its user data stay, what is told about it changes.
    pub fn rematch(&mut self, item: MediaId, movie: &Movie) -> Result<(), NotOnServer> {
        self.store.shelf.rematch(item, movie).ok_or(NotOnServer::Item(item))?;
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
        self.store.live_through(id, &activity);
    }
}
