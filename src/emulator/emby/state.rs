//! The state of an emulated Emby server, and the door through which tests arrange and inspect it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    AbsentMembers,
    people::{EmbyUser, People},
};
use crate::{
    clock::EmulatorClock,
    library::{LibraryItem, Movie, Show},
    mediabrowser::{Item, ItemKind, Listed, MediaId, NowPlaying, StartRule, Store, UserData},
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

/// An emulated Emby server.
pub struct EmbyState {
    pub(crate) clock: EmulatorClock,
    pub(crate) version: String,
    pub(crate) absent_members: AbsentMembers,
    pub(crate) server_name: String,
    pub(crate) server_id: MediaId,
    pub(crate) people: People,
    pub(crate) store: Store,
    /// By user and device.
    pub(crate) playing: BTreeMap<(MediaId, String), NowPlaying>,
    pub(crate) lines: Lines,
    pub(crate) has_socket: bool,
}

impl EmbyState {
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

    /// The item with this number, which is its id on the wire.
    pub fn item_numbered(&self, number: u64) -> Option<&Item> {
        self.store.shelf.of_number(number)
    }

    /// All items, in the order of their wide ids.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.store.shelf.items()
    }

    /// What a user did with an item. Series and seasons count as played when every episode on disk is.
    pub fn user_data(&self, user: &str, item: MediaId) -> Result<UserData, NotOnServer> {
        Ok(self.store.row(self.user_id(user)?, self.item(item)?))
    }

    /// Puts a whole row in place.
    pub fn set_user_data(&mut self, user: &str, item: MediaId, row: UserData) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        self.store.change(user, item, |old| *old = row);
        Ok(())
    }

    /// Marks as played with a date, as the user's client would; series and seasons mark all their episodes.
    pub fn set_played(&mut self, user: &str, item: MediaId, at: Timestamp) -> Result<(), NotOnServer> {
        let (user, _) = (self.user_id(user)?, self.item(item)?);
        let now = self.clock.now();
        self.store.mark_played(user, item, Some(at), now);
        Ok(())
    }

    /// Starts to play an item and stops at a position in ticks of 100 ns.
    pub fn play_until(&mut self, user: &str, item: MediaId, position_ticks: i64) -> Result<(), NotOnServer> {
        let (user, runtime_ticks) = (self.user_id(user)?, self.item(item)?.runtime_ticks);
        let now = self.clock.now();
        self.store.change(user, item, |row| {
            row.start_playback(StartRule::ForgetsPlayed, now);
            row.stop_playback(Some(position_ticks), runtime_ticks);
        });
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

    /// Replaces the file of a film or episode: the old item disappears, and one with another id has the same title and,
    /// through its key, the same user data.
    pub fn replace_file(&mut self, item: MediaId) -> Result<MediaId, NotOnServer> {
        let now = self.clock.now();
        self.store.shelf.replace_file(item, now).ok_or(NotOnServer::Item(item))
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

    /// Ends the API key and makes another one.
    pub fn replace_api_key(&mut self, key: &str) {
        key.clone_into(&mut self.people.api_key);
    }

    /// Ends all sign-ins of a user: from now on the user's tokens answer 401.
    pub fn revoke_tokens(&mut self, user: &str) -> Result<(), NotOnServer> {
        let user = self.user_id(user)?;
        self.people.forget_tokens_of(user);
        Ok(())
    }

    pub(crate) fn add_user(&mut self, user: EmbyUser) {
        let activity = user.activity.clone();
        let id = self.people.add(user);
        self.store.live_through(id, &activity);
    }
}
