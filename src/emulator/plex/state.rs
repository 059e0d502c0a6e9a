//! The state of an emulated Plex, server and cloud, and the door through which tests arrange and inspect it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::{
    cloud::Pins,
    history::Play,
    item::PlexItem,
    people::{People, Person},
    playback::PlayerSession,
    shelf::Shelf,
    viewing::Viewing,
};
use crate::{
    activity::UserActivity,
    chance::fingerprint,
    clock::EmulatorClock,
    library::{Library, LibraryItem, Movie},
    socket::Lines,
};

/// The user or item is not on this server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOnPlex {
    /// No user of that name.
    #[error("there is no user {0:?}: create it in the options")]
    User(String),
    /// No item of that number.
    #[error("there is no item {0}: look its number up first")]
    Item(u64),
}

/// An emulated Plex Media Server with its accounts and its cloud.
pub struct PlexState {
    pub(crate) clock: EmulatorClock,
    pub(crate) machine: String,
    pub(crate) server_name: String,
    pub(crate) version: String,
    pub(crate) page_limit: usize,
    pub(crate) people: People,
    pub(crate) shelf: Shelf,
    /// What the cloud knows: every film and show of the library.
    pub(crate) library: Library,
    /// By account number and guid: copies of a title share their state.
    pub(crate) viewings: BTreeMap<u64, FxHashMap<String, Viewing>>,
    pub(crate) plays: Vec<Play>,
    pub(crate) last_play: u64,
    /// By number at plex.tv and cloud id.
    pub(crate) watchlists: BTreeMap<u64, BTreeMap<String, Timestamp>>,
    pub(crate) by_cloud_id: BTreeMap<String, LibraryItem>,
    pub(crate) pins: Pins,
    pub(crate) sessions: Vec<PlayerSession>,
    pub(crate) last_session: u64,
    pub(crate) lines: Lines,
}

impl PlexState {
    /// The number under which the server holds a title of the library it was filled from.
    pub fn item_of(&self, origin: LibraryItem) -> Option<u64> {
        self.shelf.of_origin(origin)
    }

    /// An item.
    pub fn item(&self, key: u64) -> Result<&PlexItem, NotOnPlex> {
        self.shelf.get(key).ok_or(NotOnPlex::Item(key))
    }

    /// All items, in the order of their numbers.
    pub fn items(&self) -> impl Iterator<Item = &PlexItem> {
        self.shelf.items()
    }

    /// What a user did with an item.
    pub fn viewing(&self, user: &str, key: u64) -> Result<Viewing, NotOnPlex> {
        let account = self.person(user)?.account();
        Ok(self.row(account, self.item(key)?))
    }

    /// The plays of a user in the log, oldest first.
    pub fn plays(&self, user: &str) -> Result<Vec<Play>, NotOnPlex> {
        let account = self.person(user)?.account();
        Ok(self.plays.iter().filter(|play| play.account == account).cloned().collect())
    }

    /// The titles on a user's watchlist.
    pub fn watchlist(&self, user: &str) -> Result<Vec<LibraryItem>, NotOnPlex> {
        let id = self.person(user)?.id;
        let listed = self.watchlists.get(&id).into_iter().flat_map(BTreeMap::keys);
        Ok(listed.filter_map(|cloud_id| self.by_cloud_id.get(cloud_id)).copied().collect())
    }

    /// The number of a user at plex.tv.
    pub fn account_id(&self, user: &str) -> Result<u64, NotOnPlex> {
        Ok(self.person(user)?.id)
    }

    /// The token that the server takes from a user now.
    pub fn server_token(&self, user: &str) -> Option<String> {
        let id = self.person(user).ok()?.id;
        self.people.server_token(id).map(str::to_owned)
    }

    /// Somebody watches an item to its end.
    pub fn watch(&mut self, user: &str, key: u64, at: Timestamp) -> Result<(), NotOnPlex> {
        let account = self.person(user)?.account();
        self.item(key)?;
        self.log_play(account, key, Some(at));
        self.change(account, key, |row| {
            row.view_count = row.view_count.saturating_add(1);
            row.last_viewed_at = row.last_viewed_at.max(Some(at));
            row.view_offset_ms = 0;
        });
        Ok(())
    }

    /// Puts a whole row in place.
    pub fn set_viewing(&mut self, user: &str, key: u64, viewing: Viewing) -> Result<(), NotOnPlex> {
        let account = self.person(user)?.account();
        self.item(key)?;
        self.change(account, key, |row| *row = viewing);
        Ok(())
    }

    /// Adds a film that was not in the library.
    pub fn add_movie(&mut self, movie: &Movie) -> u64 {
        self.shelf.add_movie(movie, None)
    }

    /// Adds a second file of an item, under a number of its own.
    pub fn add_copy(&mut self, key: u64) -> Result<u64, NotOnPlex> {
        self.shelf.add_copy(key).ok_or(NotOnPlex::Item(key))
    }

    /// Deletes an item and all below it. Its plays stay in the log and no longer say what they were plays of.
    pub fn remove_item(&mut self, key: u64) -> Result<(), NotOnPlex> {
        self.item(key)?;
        let gone = self.shelf.remove(key);
        for play in &mut self.plays {
            if play.rating_key.is_some_and(|key| gone.contains(&key)) {
                play.rating_key = None;
            }
        }
        Ok(())
    }

    /// Matches an item with another title.
    pub fn rematch(&mut self, key: u64, guid: &str, guids: Vec<String>) -> Result<(), NotOnPlex> {
        let now = self.clock.now();
        if self.shelf.rematch(key, guid, guids, now) { Ok(()) } else { Err(NotOnPlex::Item(key)) }
    }

    /// How many rows a page has at most, whatever is asked for.
    pub fn set_page_limit(&mut self, rows: usize) {
        self.page_limit = rows;
    }

    /// Ends every token of a user.
    pub fn revoke_tokens(&mut self, user: &str) -> Result<(), NotOnPlex> {
        let id = self.person(user)?.id;
        self.people.revoke(id);
        Ok(())
    }

    /// Gives a user another token for the server; the one before is no longer good.
    pub fn replace_server_token(&mut self, user: &str) -> Result<(), NotOnPlex> {
        let id = self.person(user)?.id;
        self.people.issue_server_token(id);
        Ok(())
    }

    /// The same libraries on a server of another identity, as after setting it up anew.
    pub fn become_another_server(&mut self) {
        self.machine = format!("{:040x}", fingerprint(&self.machine));
    }

    pub(crate) fn person(&self, name: &str) -> Result<&Person, NotOnPlex> {
        self.people.of_name(name).ok_or_else(|| NotOnPlex::User(name.to_owned()))
    }

    pub(crate) fn row(&self, account: u64, item: &PlexItem) -> Viewing {
        self.viewings.get(&account).and_then(|rows| rows.get(&item.guid)).copied().unwrap_or_default()
    }

    pub(crate) fn change(&mut self, account: u64, key: u64, change: impl FnOnce(&mut Viewing)) {
        let Some(guid) = self.shelf.get(key).map(|item| item.guid.clone()) else { return };
        change(self.viewings.entry(account).or_default().entry(guid).or_default());
    }

    pub(crate) fn live_through(&mut self, id: u64, account: u64, activity: &UserActivity) {
        for play in &activity.plays {
            let Some(key) = self.shelf.of_origin(play.item) else { continue };
            self.log_play(account, key, Some(play.at));
            self.change(account, key, |row| {
                row.view_count = row.view_count.saturating_add(1);
                row.last_viewed_at = row.last_viewed_at.max(Some(play.at));
            });
        }
        for origin in &activity.undated {
            let Some(key) = self.shelf.of_origin(*origin) else { continue };
            self.change(account, key, |row| row.view_count = row.view_count.saturating_add(1));
        }
        for given in &activity.ratings {
            let Some(key) = self.shelf.of_origin(given.item) else { continue };
            self.change(account, key, |row| row.rate(f64::from(given.rating), given.at));
        }
        for point in &activity.resume_points {
            let Some(key) = self.shelf.of_origin(point.item) else { continue };
            let duration_ms = self.shelf.get(key).and_then(|item| item.duration_ms).unwrap_or_default();
            self.change(account, key, |row| {
                row.stop(duration_ms / 100 * u64::from(point.progress_percent), duration_ms, point.at);
            });
        }
        for marked in &activity.favourites {
            let cloud_id = self.by_cloud_id.iter().find(|(_, origin)| **origin == marked.item);
            let Some(cloud_id) = cloud_id.map(|(cloud_id, _)| cloud_id.clone()) else { continue };
            self.watchlists.entry(id).or_default().insert(cloud_id, marked.at);
        }
    }
}
