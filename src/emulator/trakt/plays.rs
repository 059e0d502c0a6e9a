//! The plays of an account, ready to be listed newest first, by kind or by item.
//!
//! There is no de-duplication: the same item at the same minute is as many plays as were added.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{instant, library::LibraryItem};

/// Event ids are 64-bit numbers, larger than 32 bits hold.
const FIRST_EVENT_ID: i64 = 10_000_000_001;

/// How a play came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayAction {
    /// It was added to the history.
    Watch,
    /// It was scrobbled to the end.
    Scrobble,
}

impl PlayAction {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Scrobble => "scrobble",
        }
    }
}

/// One play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Play {
    /// Id of the history event.
    pub event_id: i64,
    /// The film or episode.
    pub item: LibraryItem,
    /// When, to the minute; 1 January 1970 when nobody knows.
    pub watched_at: Timestamp,
    /// How it came to be.
    pub action: PlayAction,
}

/// Which plays to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    Movies,
    Episodes,
    /// Of a film or an episode, or of all episodes of a show or season.
    Of(LibraryItem),
}

/// A play by time, then by event id.
type Moment = (Timestamp, i64);

/// All plays of an account.
#[derive(Debug, Default)]
pub(crate) struct PlayLog {
    plays: BTreeMap<i64, Play>,
    by_time: BTreeSet<Moment>,
    movies: BTreeSet<Moment>,
    episodes: BTreeSet<Moment>,
    by_item: BTreeMap<LibraryItem, BTreeSet<Moment>>,
    added: i64,
}

impl PlayLog {
    /// Adds a play; the seconds are dropped.
    pub(crate) fn add(&mut self, item: LibraryItem, at: Timestamp, action: PlayAction) -> i64 {
        let event_id = FIRST_EVENT_ID + self.added;
        self.added += 1;
        let play = Play { event_id, item, watched_at: instant::to_minute(at), action };
        let moment = (play.watched_at, event_id);
        self.plays.insert(event_id, play);
        self.by_time.insert(moment);
        self.of_kind(item).insert(moment);
        self.by_item.entry(item).or_default().insert(moment);
        event_id
    }

    /// Removes one play.
    pub(crate) fn remove(&mut self, event_id: i64) -> Option<Play> {
        let play = self.plays.remove(&event_id)?;
        let moment = (play.watched_at, event_id);
        self.by_time.remove(&moment);
        self.of_kind(play.item).remove(&moment);
        if let Some(own) = self.by_item.get_mut(&play.item) {
            own.remove(&moment);
            if own.is_empty() {
                self.by_item.remove(&play.item);
            }
        }
        Some(play)
    }

    /// One play.
    pub(crate) fn find(&self, event_id: i64) -> Option<Play> {
        self.plays.get(&event_id).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.plays.len()
    }

    /// One page of plays, newest first, and how many there are in all.
    pub(crate) fn page(&self, which: Which, span: Span, skip: usize, take: usize) -> (usize, Vec<&Play>) {
        match which {
            Which::All => self.cut(&self.by_time, span, skip, take),
            Which::Movies => self.cut(&self.movies, span, skip, take),
            Which::Episodes => self.cut(&self.episodes, span, skip, take),
            Which::Of(item) => {
                let own = self.by_item.range(first_below(item)..).take_while(|(other, _)| item.holds(**other));
                let moments: BTreeSet<Moment> = own.flat_map(|(_, moments)| moments.iter().copied()).collect();
                self.cut(&moments, span, skip, take)
            }
        }
    }

    /// The films or episodes that were played, with how often and when last.
    pub(crate) fn by_item(&self) -> impl Iterator<Item = (LibraryItem, &BTreeSet<Moment>)> {
        self.by_item.iter().map(|(item, moments)| (*item, moments))
    }

    fn cut(&self, moments: &BTreeSet<Moment>, span: Span, skip: usize, take: usize) -> (usize, Vec<&Play>) {
        let (total, ids) = if span == Span::default() {
            (moments.len(), moments.iter().rev().skip(skip).take(take).collect::<Vec<_>>())
        } else if span.from > span.to {
            (0, Vec::new())
        } else {
            let within = || moments.range((span.from, i64::MIN)..=(span.to, i64::MAX));
            (within().count(), within().rev().skip(skip).take(take).collect())
        };
        (total, ids.into_iter().filter_map(|(_, event_id)| self.plays.get(event_id)).collect())
    }

    fn of_kind(&mut self, item: LibraryItem) -> &mut BTreeSet<Moment> {
        if matches!(item, LibraryItem::Movie(_)) { &mut self.movies } else { &mut self.episodes }
    }
}

/// A stretch of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Default for Span {
    fn default() -> Self {
        Self { from: Timestamp::MIN, to: Timestamp::MAX }
    }
}

impl Span {
    pub(crate) fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }
}

/// Where the films or episodes of an item begin in the order of items.
const fn first_below(item: LibraryItem) -> LibraryItem {
    match item {
        LibraryItem::Show(show) => LibraryItem::Episode { show, season: 0, number: 0 },
        LibraryItem::Season { show, season } => LibraryItem::Episode { show, season, number: 0 },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn plays_are_kept_to_the_minute_and_never_merged() {
        let mut log = PlayLog::default();
        let movie = LibraryItem::Movie(3);
        let first = log.add(movie, at("2024-01-02T03:04:59Z"), PlayAction::Watch);
        let second = log.add(movie, at("2024-01-02T03:04:00Z"), PlayAction::Watch);
        let (total, page) = log.page(Which::Of(movie), Span::default(), 0, 10);
        assert_eq!((total, page[0].event_id, page[1].event_id), (2, second, first));
        assert!(page.iter().all(|play| play.watched_at == at("2024-01-02T03:04:00Z")));
        assert!(first > i64::from(u32::MAX));
        assert!(log.remove(first).is_some() && log.remove(second).is_some() && log.remove(second).is_none());
        assert_eq!((log.len(), log.by_item().count()), (0, 0));
    }

    #[test]
    fn pages_are_cut_by_kind_item_and_time() {
        let mut log = PlayLog::default();
        let episode = |show, season, number| LibraryItem::Episode { show, season, number };
        for (day, item) in
            [(1, LibraryItem::Movie(0)), (2, episode(0, 1, 1)), (3, episode(0, 2, 1)), (4, episode(1, 1, 1))]
        {
            log.add(item, at(&format!("2024-01-0{day}T00:00:00Z")), PlayAction::Watch);
        }
        let late = Span { from: at("2024-01-03T00:00:00Z"), ..Span::default() };
        let none = Span { from: at("2024-01-03T00:00:00Z"), to: at("2024-01-01T00:00:00Z") };
        for (which, span, total) in [
            (Which::All, Span::default(), 4),
            (Which::Movies, Span::default(), 1),
            (Which::Episodes, Span::default(), 3),
            (Which::Of(LibraryItem::Show(0)), Span::default(), 2),
            (Which::Of(LibraryItem::Season { show: 0, season: 2 }), Span::default(), 1),
            (Which::Of(episode(1, 1, 1)), Span::default(), 1),
            (Which::Of(LibraryItem::Movie(9)), Span::default(), 0),
            (Which::All, late, 2),
            (Which::All, none, 0),
        ] {
            assert_eq!(log.page(which, span, 0, 10).0, total, "{which:?}");
        }
        let (total, page) = log.page(Which::All, Span::default(), 1, 2);
        assert_eq!((total, page[0].item, page[1].item), (4, episode(0, 2, 1), episode(0, 1, 1)));
    }
}
