//! An account at MDBList: what it has, and the door through which tests arrange and inspect it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    journal::{Category, Change, Entry},
    limits::Usage,
    scrobble::Session,
    stamps::{Stamp, Stamps},
};
use crate::{activity::UserActivity, clock::EmulatorClock, kind::Kind, library::LibraryItem};

/// Ids of plays begin here: they are larger than 32 bits hold.
const FIRST_PLAY_ID: u64 = 5_000_000_001;

/// What an account pays, which decides how many requests a day it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Membership {
    /// Nothing: 1 000 a day.
    #[default]
    Free,
    /// The smallest support: 10 000 a day.
    Supporter,
    /// The largest support: 250 000 a day.
    Patron,
}

impl Membership {
    /// Requests of one day, which ends at midnight UTC.
    pub const fn requests_a_day(self) -> u64 {
        match self {
            Self::Free => 1_000,
            Self::Supporter => 10_000,
            Self::Patron => 250_000,
        }
    }
}

/// One play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Play {
    /// Its id.
    pub id: u64,
    /// The film or episode.
    pub item: LibraryItem,
    /// When, to the second.
    pub watched_at: Timestamp,
    /// When it was added here.
    pub added_at: Timestamp,
}

/// A rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rated {
    /// From 1 to 10.
    pub rating: u8,
    /// When it was given.
    pub rated_at: Timestamp,
}

/// A film or episode left in the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paused {
    /// Id of the row.
    pub row_id: u64,
    /// How far, of a hundred.
    pub progress_percent: f64,
    /// When.
    pub paused_at: Timestamp,
}

/// An account.
pub struct Account {
    pub(crate) name: String,
    pub(crate) api_key: String,
    pub(crate) clock: EmulatorClock,
    /// What it pays.
    pub membership: Membership,
    pub(crate) plays: BTreeMap<u64, Play>,
    pub(crate) plays_by_item: BTreeMap<LibraryItem, BTreeSet<u64>>,
    /// When a watched item was last pushed, which is what the default snapshot shows as its date.
    pub(crate) pushed_at: BTreeMap<LibraryItem, Timestamp>,
    pub(crate) ratings: BTreeMap<LibraryItem, Rated>,
    pub(crate) watchlist: BTreeMap<LibraryItem, Timestamp>,
    pub(crate) playback: BTreeMap<LibraryItem, Paused>,
    pub(crate) session: Option<Session>,
    pub(crate) journal: Vec<Entry>,
    pub(crate) stamps: Stamps,
    pub(crate) usage: Usage,
    rows: u64,
}

impl Account {
    pub(crate) fn new(name: &str, api_key: &str, membership: Membership, clock: EmulatorClock) -> Self {
        Self {
            name: name.to_owned(),
            api_key: api_key.to_owned(),
            clock,
            membership,
            plays: BTreeMap::new(),
            plays_by_item: BTreeMap::new(),
            pushed_at: BTreeMap::new(),
            ratings: BTreeMap::new(),
            watchlist: BTreeMap::new(),
            playback: BTreeMap::new(),
            session: None,
            journal: Vec::new(),
            stamps: Stamps::default(),
            usage: Usage::default(),
            rows: 0,
        }
    }

    /// The user name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the account another API key, as its owner can at any time.
    pub fn set_api_key(&mut self, api_key: &str) {
        api_key.clone_into(&mut self.api_key);
    }

    /// Requests of this day.
    pub fn requests_today(&self) -> u64 {
        self.usage.today()
    }

    /// All plays, in the order in which they came.
    pub fn plays(&self) -> impl Iterator<Item = &Play> {
        self.plays.values()
    }

    /// The plays of a film or episode, in the order in which they came.
    pub fn plays_of(&self, item: LibraryItem) -> Vec<Play> {
        let ids = self.plays_by_item.get(&item).into_iter().flatten();
        ids.filter_map(|id| self.plays.get(id).copied()).collect()
    }

    /// Adds a play whatever is near it, as the person would on the web site; answers its id.
    pub fn add_play(&mut self, item: LibraryItem, watched_at: Timestamp) -> u64 {
        let now = self.clock.now();
        let id = self.keep_play(item, watched_at, now);
        self.note(Category::Watched, item, Change::Active(watched_at, None), now);
        id
    }

    /// Removes one play. False when there is none of that id.
    pub fn remove_play(&mut self, id: u64) -> bool {
        let Some(play) = self.plays.remove(&id) else { return false };
        if let Some(own) = self.plays_by_item.get_mut(&play.item) {
            own.remove(&id);
        }
        let newest = self.plays_of(play.item).iter().map(|play| play.watched_at).max();
        let change = newest.map_or(Change::Removed, |at| Change::Active(at, None));
        if newest.is_none() {
            self.plays_by_item.remove(&play.item);
            self.pushed_at.remove(&play.item);
        }
        self.note_quietly(Category::Watched, play.item, change);
        true
    }

    /// All ratings.
    pub fn ratings(&self) -> &BTreeMap<LibraryItem, Rated> {
        &self.ratings
    }

    /// Rates from 1 to 10, over any earlier rating.
    pub fn rate(&mut self, item: LibraryItem, rating: u8, rated_at: Timestamp) {
        self.ratings.insert(item, Rated { rating, rated_at });
        let now = self.clock.now();
        self.note(Category::Rated, item, Change::Active(rated_at, Some(rating)), now);
    }

    /// Takes a rating away. False when there was none.
    pub fn unrate(&mut self, item: LibraryItem) -> bool {
        let was_there = self.ratings.remove(&item).is_some();
        if was_there {
            self.note_quietly(Category::Rated, item, Change::Removed);
        }
        was_there
    }

    /// The watchlist: films and shows with the time since when.
    pub fn watchlist(&self) -> &BTreeMap<LibraryItem, Timestamp> {
        &self.watchlist
    }

    /// Puts a film or show on the watchlist. False when it was there.
    pub fn list(&mut self, item: LibraryItem, listed_at: Timestamp) -> bool {
        let is_new = self.watchlist.insert(item, listed_at).is_none();
        if is_new {
            self.stamps.touch(Stamp::Watchlisted, self.clock.now());
        }
        is_new
    }

    /// Takes a title off the watchlist, which no stamp tells. False when it was not there.
    pub fn unlist(&mut self, item: LibraryItem) -> bool {
        self.watchlist.remove(&item).is_some()
    }

    /// What was left in the middle.
    pub fn playback(&self) -> &BTreeMap<LibraryItem, Paused> {
        &self.playback
    }

    /// Leaves a film or episode in the middle; answers the id of the row.
    pub fn set_playback(&mut self, item: LibraryItem, progress_percent: f64, paused_at: Timestamp) -> u64 {
        self.rows += 1;
        let row_id = self.playback.get(&item).map_or(1_000 + self.rows, |paused| paused.row_id);
        self.playback.insert(item, Paused { row_id, progress_percent, paused_at });
        self.stamps.touch(Stamp::Paused, self.clock.now());
        row_id
    }

    /// Forgets where a film or episode was left. False when there was no such row.
    pub fn clear_playback(&mut self, item: LibraryItem) -> bool {
        self.playback.remove(&item).is_some()
    }

    /// Another API plays something for this account: scrobbles are refused until that ends.
    pub fn hold_session(&mut self, item: LibraryItem) {
        self.session = Some(Session { item, is_foreign: true });
    }

    /// Ends whatever plays.
    pub fn end_session(&mut self) {
        self.session = None;
    }

    /// A play as a client pushes it: one that is near another play of the item makes none. Answers the id of a new one.
    pub(crate) fn push_play(&mut self, item: LibraryItem, watched_at: Timestamp, near_s: i64) -> Option<u64> {
        let is_near = |play: &Play| (play.watched_at.as_second() - watched_at.as_second()).abs() <= near_s;
        if !self.plays_of(item).iter().any(is_near) {
            return Some(self.add_play(item, watched_at));
        }
        let now = self.clock.now();
        self.pushed_at.insert(item, now);
        self.note(Category::Watched, item, Change::Active(watched_at, None), now);
        None
    }

    pub(crate) fn live_through(&mut self, activity: &UserActivity) {
        for play in &activity.plays {
            self.keep_play(play.item, play.at, play.at);
            self.note(Category::Watched, play.item, Change::Active(play.at, None), play.at);
        }
        for given in &activity.ratings {
            self.ratings.insert(given.item, Rated { rating: given.rating, rated_at: given.at });
            self.note(Category::Rated, given.item, Change::Active(given.at, Some(given.rating)), given.at);
        }
        for marked in &activity.favourites {
            if matches!(marked.item, LibraryItem::Movie(_) | LibraryItem::Show(_)) {
                self.watchlist.insert(marked.item, marked.at);
                self.stamps.touch(Stamp::Watchlisted, marked.at);
            }
        }
        for point in &activity.resume_points {
            self.set_playback(point.item, f64::from(point.progress_percent), point.at);
        }
        self.journal.sort_by_key(|entry| entry.action_at);
    }

    fn keep_play(&mut self, item: LibraryItem, watched_at: Timestamp, added_at: Timestamp) -> u64 {
        self.rows += 1;
        let id = FIRST_PLAY_ID + self.rows;
        self.plays.insert(id, Play { id, item, watched_at, added_at });
        self.plays_by_item.entry(item).or_default().insert(id);
        self.pushed_at.insert(item, added_at);
        id
    }

    fn note(&mut self, category: Category, item: LibraryItem, change: Change, at: Timestamp) {
        let kind = Kind::of(item);
        let stamp = if category == Category::Watched { Stamp::Watched(kind) } else { Stamp::Rated(kind) };
        self.stamps.touch(stamp, at);
        self.stamps.touch(Stamp::Journal, at);
        self.journal.push(Entry { category, item, change, action_at: at });
    }

    /// A removal: only the journal tells of it.
    fn note_quietly(&mut self, category: Category, item: LibraryItem, change: Change) {
        let now = self.clock.now();
        self.stamps.touch(Stamp::Journal, now);
        self.journal.push(Entry { category, item, change, action_at: now });
    }
}
