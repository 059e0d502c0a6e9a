//! An account at Trakt: what it has, and the door through which tests arrange and inspect it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    catalogue::Kind,
    gate::{Stamp, Stamps},
    limits::RateWindows,
    plays::{Play, PlayAction, PlayLog, Span, Which},
    scrobble::Watching,
};
use crate::{activity::UserActivity, clock::EmulatorClock, instant, library::LibraryItem};

/// Playback rows are forgotten after about half a year.
const PLAYBACK_LIFE_SECONDS: i64 = 182 * 24 * 3600;

/// How much an account may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountLimits {
    /// Plays.
    pub history: usize,
    /// Ratings.
    pub ratings: usize,
    /// Titles on the watchlist.
    pub watchlist: usize,
}

/// Whether the account pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Membership {
    /// A free account.
    #[default]
    Free,
    /// A paying one: higher limits, and notes on the watchlist.
    Vip,
}

impl Membership {
    /// The limits of 2026.
    pub const fn limits(self) -> AccountLimits {
        match self {
            Self::Free => AccountLimits { history: 100_000, ratings: 10_000, watchlist: 250 },
            Self::Vip => AccountLimits { history: 100_000, ratings: 20_000, watchlist: 5_000 },
        }
    }
}

/// A rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rated {
    /// From 1 to 10.
    pub rating: u8,
    /// When it was given.
    pub rated_at: Timestamp,
}

/// A title on the watchlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Id of the row.
    pub row_id: u64,
    /// Since when.
    pub listed_at: Timestamp,
    /// A note; paying members only.
    pub notes: Option<String>,
}

/// A film or episode left in the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paused {
    /// Id of the row.
    pub row_id: i64,
    /// How far, of a hundred.
    pub progress_percent: f64,
    /// When.
    pub paused_at: Timestamp,
}

/// An account.
pub struct Account {
    pub(crate) name: String,
    pub(crate) clock: EmulatorClock,
    /// Whether it pays.
    pub membership: Membership,
    /// How much it may hold.
    pub limits: AccountLimits,
    /// While true, every call answers 423.
    pub locked: bool,
    pub(crate) joined_at: Timestamp,
    pub(crate) stamps: Stamps,
    pub(crate) plays: PlayLog,
    pub(crate) ratings: BTreeMap<LibraryItem, Rated>,
    pub(crate) watchlist: BTreeMap<LibraryItem, Listed>,
    pub(crate) playback: BTreeMap<LibraryItem, Paused>,
    pub(crate) watching: Option<Watching>,
    pub(crate) scrobbled: BTreeMap<LibraryItem, Timestamp>,
    /// When a play of a film or show was last added; removals do not move it.
    pub(crate) last_added: BTreeMap<LibraryItem, Timestamp>,
    pub(crate) windows: RateWindows,
    rows: u64,
}

impl Account {
    pub(crate) fn new(name: &str, membership: Membership, clock: EmulatorClock) -> Self {
        let joined_at = instant::plus_seconds(clock.now(), -8 * 365 * 24 * 3600);
        Self {
            name: name.to_owned(),
            clock,
            membership,
            limits: membership.limits(),
            locked: false,
            joined_at,
            stamps: Stamps::new(joined_at),
            plays: PlayLog::default(),
            ratings: BTreeMap::new(),
            watchlist: BTreeMap::new(),
            playback: BTreeMap::new(),
            watching: None,
            scrobbled: BTreeMap::new(),
            last_added: BTreeMap::new(),
            windows: RateWindows::default(),
            rows: 0,
        }
    }

    /// The user name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All plays, newest first.
    pub fn plays(&self) -> Vec<Play> {
        self.plays_of_which(Which::All)
    }

    /// The plays of a film or episode, or below a show or season, newest first.
    pub fn plays_of(&self, item: LibraryItem) -> Vec<Play> {
        self.plays_of_which(Which::Of(item))
    }

    /// Adds a play, as the person would on the web site; answers its event id.
    pub fn add_play(&mut self, item: LibraryItem, at: Timestamp) -> i64 {
        self.record(item, at, PlayAction::Watch)
    }

    /// Removes one play. False when there is none of that id.
    pub fn remove_play(&mut self, event_id: i64) -> bool {
        let removed = self.plays.remove(event_id);
        if let Some(play) = removed {
            self.touch(Stamp::Watched(Kind::of(play.item)));
        }
        removed.is_some()
    }

    /// All ratings.
    pub fn ratings(&self) -> &BTreeMap<LibraryItem, Rated> {
        &self.ratings
    }

    /// Rates from 1 to 10, over any earlier rating.
    pub fn rate(&mut self, item: LibraryItem, rating: u8, rated_at: Timestamp) {
        self.ratings.insert(item, Rated { rating, rated_at });
        self.touch(Stamp::Rated(Kind::of(item)));
    }

    /// Takes a rating away. False when there was none.
    pub fn unrate(&mut self, item: LibraryItem) -> bool {
        let removed = self.ratings.remove(&item).is_some();
        if removed {
            self.touch(Stamp::Rated(Kind::of(item)));
        }
        removed
    }

    /// The watchlist.
    pub fn watchlist(&self) -> &BTreeMap<LibraryItem, Listed> {
        &self.watchlist
    }

    /// Puts a title on the watchlist. False when it was there.
    pub fn list(&mut self, item: LibraryItem, listed_at: Timestamp) -> bool {
        self.list_with_notes(item, listed_at, None)
    }

    /// Takes a title off the watchlist. False when it was not there.
    pub fn unlist(&mut self, item: LibraryItem) -> bool {
        let removed = self.watchlist.remove(&item).is_some();
        if removed {
            self.touch_watchlist(item);
        }
        removed
    }

    /// What was left in the middle, rows past their life excepted.
    pub fn playback(&self) -> BTreeMap<LibraryItem, Paused> {
        let oldest = instant::plus_seconds(self.clock.now(), -PLAYBACK_LIFE_SECONDS);
        let alive = self.playback.iter().filter(|(_, paused)| paused.paused_at >= oldest);
        alive.map(|(item, paused)| (*item, *paused)).collect()
    }

    /// Leaves a film or episode in the middle.
    pub fn set_playback(&mut self, item: LibraryItem, progress_percent: f64, paused_at: Timestamp) {
        let row_id = i64::try_from(self.next_row()).unwrap_or(i64::MAX);
        self.playback.insert(item, Paused { row_id, progress_percent, paused_at });
        self.touch(Stamp::Paused(Kind::of(item)));
    }

    /// Forgets where a film or episode was left. False when there was no such row.
    pub fn clear_playback(&mut self, item: LibraryItem) -> bool {
        let removed = self.playback.remove(&item).is_some();
        if removed {
            self.touch(Stamp::Paused(Kind::of(item)));
        }
        removed
    }

    pub(crate) fn record(&mut self, item: LibraryItem, at: Timestamp, action: PlayAction) -> i64 {
        let event_id = self.plays.add(item, at, action);
        let now = self.clock.now();
        self.last_added.insert(item.show().map_or(item, LibraryItem::Show), now);
        self.touch(Stamp::Watched(Kind::of(item)));
        event_id
    }

    pub(crate) fn list_with_notes(&mut self, item: LibraryItem, listed_at: Timestamp, notes: Option<String>) -> bool {
        if self.watchlist.contains_key(&item) {
            return false;
        }
        let row_id = self.next_row();
        self.watchlist.insert(item, Listed { row_id, listed_at, notes });
        self.touch_watchlist(item);
        true
    }

    pub(crate) fn touch(&mut self, stamp: Stamp) {
        let now = self.clock.now();
        self.stamps.touch(stamp, now);
    }

    pub(crate) fn live_through(&mut self, activity: &UserActivity) {
        for play in &activity.plays {
            self.plays.add(play.item, play.at, PlayAction::Watch);
            self.last_added.insert(play.item.show().map_or(play.item, LibraryItem::Show), play.at);
            self.stamp_past(Stamp::Watched(Kind::of(play.item)), play.at);
        }
        for given in &activity.ratings {
            self.ratings.insert(given.item, Rated { rating: given.rating, rated_at: given.at });
            self.stamp_past(Stamp::Rated(Kind::of(given.item)), given.at);
        }
        for marked in &activity.favourites {
            let row_id = self.next_row();
            self.watchlist.insert(marked.item, Listed { row_id, listed_at: marked.at, notes: None });
            self.stamp_past(Stamp::Watchlisted(Kind::of(marked.item)), marked.at);
            self.stamp_past(Stamp::Watchlist, marked.at);
        }
        for point in &activity.resume_points {
            let row_id = i64::try_from(self.next_row()).unwrap_or(i64::MAX);
            let progress_percent = f64::from(point.progress_percent);
            self.playback.insert(point.item, Paused { row_id, progress_percent, paused_at: point.at });
            self.stamp_past(Stamp::Paused(Kind::of(point.item)), point.at);
        }
    }

    fn stamp_past(&mut self, stamp: Stamp, at: Timestamp) {
        if at > self.stamps.get(stamp) {
            self.stamps.touch(stamp, at);
        }
    }

    fn touch_watchlist(&mut self, item: LibraryItem) {
        self.touch(Stamp::Watchlisted(Kind::of(item)));
        self.touch(Stamp::Watchlist);
    }

    fn next_row(&mut self) -> u64 {
        self.rows += 1;
        4_294_967_296 + self.rows
    }

    fn plays_of_which(&self, which: Which) -> Vec<Play> {
        self.plays.page(which, Span::default(), 0, usize::MAX).1.into_iter().copied().collect()
    }
}
