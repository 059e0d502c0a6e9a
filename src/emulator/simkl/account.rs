//! An account at SIMKL: one entry per title with one status, its rating and its watched episodes, and what was paused.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    catalogue::{Catalogue, EpisodeAt, Part, TitlePlace},
    gate::{Field, Stamps},
    limits::Usage,
};
use crate::{activity::UserActivity, clock::EmulatorClock, instant, library::LibraryItem};

/// The date that stands for "nobody knows when".
const UNKNOWN_DATE_S: i64 = 1;

/// What the account pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Membership {
    /// Nothing.
    #[default]
    Free,
    /// The smaller plan.
    Pro,
    /// The larger plan.
    Vip,
}

impl Membership {
    /// The word in `/users/settings`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Vip => "vip",
        }
    }

    /// How many requests a day all apps of the account have together.
    pub const fn requests_per_day(self) -> u32 {
        match self {
            Self::Free => 500,
            Self::Pro => 1_000,
            Self::Vip => 10_000,
        }
    }

    /// How long paused titles are kept.
    const fn playback_days(self) -> i64 {
        match self {
            Self::Free => 7,
            Self::Pro => 30,
            Self::Vip => 90,
        }
    }
}

/// The list a title is on. It is on one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// To be watched some day.
    PlanToWatch,
    /// Begun.
    Watching,
    /// Seen to the end.
    Completed,
    /// Put aside.
    Hold,
    /// Given up.
    Dropped,
}

impl Status {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlanToWatch => "plantowatch",
            Self::Watching => "watching",
            Self::Completed => "completed",
            Self::Hold => "hold",
            Self::Dropped => "dropped",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [Self::PlanToWatch, Self::Watching, Self::Completed, Self::Hold, Self::Dropped];
        all.into_iter().find(|status| status.as_str() == name)
    }

    pub(crate) const fn field(self) -> Field {
        match self {
            Self::PlanToWatch => Field::Planned,
            Self::Watching => Field::Watching,
            Self::Completed => Field::Completed,
            Self::Hold => Field::Hold,
            Self::Dropped => Field::Dropped,
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

/// A title in the library of an account.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) status: Status,
    pub(crate) added_at: Timestamp,
    pub(crate) last_watched_at: Option<Timestamp>,
    pub(crate) rating: Option<Rated>,
    pub(crate) episodes: BTreeMap<EpisodeAt, Timestamp>,
    /// When it last changed, as `date_from` sees it.
    pub(crate) changed_at: Timestamp,
}

/// A title left in the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Paused {
    pub(crate) row_id: u64,
    pub(crate) episode: Option<EpisodeAt>,
    pub(crate) progress_percent: f64,
    pub(crate) at: Timestamp,
}

/// A check-in that marks its title watched when it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckIn {
    pub(crate) place: TitlePlace,
    pub(crate) episode: Option<EpisodeAt>,
    pub(crate) ends_at: Timestamp,
}

/// An account.
pub struct Account {
    pub(crate) name: String,
    pub(crate) number: u64,
    pub(crate) clock: EmulatorClock,
    /// What it pays.
    pub membership: Membership,
    pub(crate) joined_at: Timestamp,
    pub(crate) entries: BTreeMap<TitlePlace, Entry>,
    pub(crate) playback: BTreeMap<TitlePlace, Paused>,
    pub(crate) stamps: Stamps,
    pub(crate) usage: Usage,
    pub(crate) locked_until: Option<Timestamp>,
    pub(crate) scrobbled: BTreeMap<(TitlePlace, Option<EpisodeAt>), Timestamp>,
    pub(crate) check_in: Option<CheckIn>,
    rows: u64,
}

impl Account {
    pub(crate) fn new(name: &str, number: u64, membership: Membership, clock: EmulatorClock) -> Self {
        let joined_at = instant::plus_seconds(clock.now(), -8 * 365 * 24 * 3600);
        Self {
            name: name.to_owned(),
            number,
            clock,
            membership,
            joined_at,
            entries: BTreeMap::new(),
            playback: BTreeMap::new(),
            stamps: Stamps::default(),
            usage: Usage::default(),
            locked_until: None,
            scrobbled: BTreeMap::new(),
            check_in: None,
            rows: 1_123_123_124_000,
        }
    }

    /// What was paused and not forgotten since.
    pub(crate) fn paused(&self) -> Vec<(TitlePlace, Paused)> {
        let oldest = instant::plus_seconds(self.clock.now(), -self.membership.playback_days() * 24 * 3600);
        let kept = self.playback.iter().filter(|(_, paused)| paused.at >= oldest);
        kept.map(|(place, paused)| (*place, *paused)).collect()
    }

    /// Marks a film or an episode watched. False when it was already: the first date stays.
    pub(crate) fn watch(
        &mut self,
        catalogue: &Catalogue,
        place: TitlePlace,
        episode: Option<EpisodeAt>,
        at: Timestamp,
    ) -> bool {
        let Some(title) = catalogue.title(place) else { return false };
        let status = self.entries.get(&place).map(|entry| entry.status);
        let entry = self.entry(place, Status::Watching);
        let is_new = match episode {
            None => status != Some(Status::Completed),
            Some(episode) => !entry.episodes.contains_key(&episode),
        };
        if !is_new {
            return false;
        }
        if let Some(episode) = episode {
            entry.episodes.insert(episode, at);
        }
        entry.last_watched_at = Some(entry.last_watched_at.map_or(at, |last| last.max(at)));
        let part = title.part;
        let is_seen_whole = episode.is_none() || self.has_all(catalogue, place);
        let status = if is_seen_whole { Status::Completed } else { Status::Watching };
        self.file(part, place, status);
        true
    }

    /// Unmarks an episode. False when it was not watched. The title stays.
    pub(crate) fn unwatch(&mut self, part: Part, place: TitlePlace, episode: EpisodeAt) -> bool {
        let Some(entry) = self.entries.get_mut(&place) else { return false };
        let was_watched = entry.episodes.remove(&episode).is_some();
        if was_watched {
            entry.last_watched_at = entry.episodes.values().copied().max();
            let status = if entry.status == Status::Completed { Status::Watching } else { entry.status };
            self.file(part, place, status);
        }
        was_watched
    }

    /// Takes a title out of the library with everything that was known about it. False when it was not there.
    pub(crate) fn remove(&mut self, part: Part, place: TitlePlace) -> bool {
        let Some(entry) = self.entries.remove(&place) else { return false };
        let now = self.clock.now();
        self.stamps.touch(part, Field::Removed, now);
        if entry.rating.is_some() {
            self.stamps.touch(part, Field::Rated, now);
        }
        true
    }

    /// Puts a title on a list.
    pub(crate) fn move_to(&mut self, part: Part, place: TitlePlace, status: Status) {
        self.entry(place, status);
        self.file(part, place, status);
    }

    /// Rates a title and files it where it was on no list. A film counts as seen from then on, unless it is still to come.
    pub(crate) fn rate(&mut self, catalogue: &Catalogue, place: TitlePlace, given: Rated) {
        let Some(title) = catalogue.title(place).cloned() else { return };
        let now = self.clock.now();
        let status = self.entries.get(&place).map(|entry| entry.status);
        let is_out = catalogue
            .library()
            .movie(title.item)
            .is_none_or(|movie| instant::start_of(movie.released).is_none_or(|released| released <= now));
        let lists_alone = catalogue.episodes(place).len() == 1;
        let wanted = match (title.is_movie(), status) {
            (true, Some(Status::Completed | Status::Dropped)) | (false, Some(_)) => None,
            (true, _) if is_out => Some(Status::Completed),
            (true, Some(_)) => None,
            (true, None) => Some(Status::PlanToWatch),
            (false, None) if lists_alone => Some(Status::Completed),
            (false, None) => Some(Status::Watching),
        };
        let entry = self.entry(place, wanted.unwrap_or(Status::Watching));
        entry.rating = Some(given);
        if title.is_movie() && wanted == Some(Status::Completed) {
            entry.last_watched_at.get_or_insert(now);
        }
        if let Some(status) = wanted {
            self.file(title.part, place, status);
        }
        self.stamps.touch(title.part, Field::Rated, now);
    }

    /// Takes a rating away. False when there was none.
    pub(crate) fn unrate(&mut self, part: Part, place: TitlePlace) -> bool {
        let had_one = self.entries.get_mut(&place).is_some_and(|entry| entry.rating.take().is_some());
        if had_one {
            let now = self.clock.now();
            self.stamps.touch(part, Field::Rated, now);
        }
        had_one
    }

    /// Leaves a title in the middle; answers the row's id.
    pub(crate) fn pause(&mut self, part: Part, place: TitlePlace, episode: Option<EpisodeAt>, percent: f64) -> u64 {
        let now = self.clock.now();
        let row_id = self.next_row();
        self.playback.insert(place, Paused { row_id, episode, progress_percent: percent, at: now });
        self.stamps.touch(part, Field::Playback, now);
        row_id
    }

    /// Forgets where a title was left. False when it was not left anywhere.
    pub(crate) fn forget_pause(&mut self, part: Part, place: TitlePlace) -> bool {
        let was_paused = self.playback.remove(&place).is_some();
        if was_paused {
            let now = self.clock.now();
            self.stamps.touch(part, Field::Playback, now);
        }
        was_paused
    }

    pub(crate) const fn next_row(&mut self) -> u64 {
        self.rows += 1;
        self.rows
    }

    /// Fills the account with a past. SIMKL has no ratings of episodes, and no list besides the status.
    pub(crate) fn live_through(&mut self, catalogue: &Catalogue, activity: &UserActivity) {
        let unknown = Timestamp::from_second(UNKNOWN_DATE_S).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut plays: Vec<(LibraryItem, Timestamp)> = activity.plays.iter().map(|play| (play.item, play.at)).collect();
        plays.extend(activity.undated.iter().map(|item| (*item, unknown)));
        plays.sort_by_key(|(_, at)| *at);
        for (item, at) in plays {
            let Some((place, episode)) = catalogue.place_of(item) else { continue };
            let entry = self.entry(place, Status::Watching);
            entry.last_watched_at = Some(at);
            entry.added_at = entry.added_at.min(at);
            match episode {
                Some(episode) => drop(entry.episodes.insert(episode, at)),
                None => entry.status = Status::Completed,
            }
        }
        for given in &activity.ratings {
            let rated = Rated { rating: given.rating, rated_at: given.at };
            let Some((place, None)) = catalogue.place_of(given.item) else { continue };
            if let Some(entry) = self.entries.get_mut(&place) {
                entry.rating = Some(rated);
                let part = catalogue.title(place).map_or(Part::Shows, |title| title.part);
                self.stamps.note(part, Field::Rated, given.at);
            }
        }
        for marked in &activity.favourites {
            let Some((place, None)) = catalogue.place_of(marked.item) else { continue };
            if !self.entries.contains_key(&place) {
                self.entry(place, Status::PlanToWatch).added_at = marked.at;
            }
        }
        self.settle_past(catalogue);
        for point in &activity.resume_points {
            let Some((place, episode)) = catalogue.place_of(point.item) else { continue };
            let part = catalogue.title(place).map_or(Part::Shows, |title| title.part);
            let row_id = self.next_row();
            let progress_percent = f64::from(point.progress_percent);
            self.playback.insert(place, Paused { row_id, episode, progress_percent, at: point.at });
            self.stamps.note(part, Field::Playback, point.at);
        }
    }

    /// Gives every entry of the past its status, its time and its stamp.
    fn settle_past(&mut self, catalogue: &Catalogue) {
        let whole: BTreeSet<TitlePlace> =
            self.entries.keys().copied().filter(|place| self.has_all(catalogue, *place)).collect();
        let now = self.clock.now();
        for (place, entry) in &mut self.entries {
            let part = catalogue.title(*place).map_or(Part::Shows, |title| title.part);
            if entry.status == Status::Watching && whole.contains(place) {
                entry.status = Status::Completed;
            }
            entry.changed_at = entry.last_watched_at.unwrap_or(entry.added_at).min(now);
            self.stamps.note(part, entry.status.field(), entry.changed_at);
        }
    }

    /// Whether every episode but the specials is watched.
    fn has_all(&self, catalogue: &Catalogue, place: TitlePlace) -> bool {
        let Some(entry) = self.entries.get(&place) else { return false };
        let regular: Vec<EpisodeAt> = catalogue.episodes(place).into_iter().filter(|at| at.season > 0).collect();
        !regular.is_empty() && regular.iter().all(|at| entry.episodes.contains_key(at))
    }

    fn entry(&mut self, place: TitlePlace, status: Status) -> &mut Entry {
        let now = self.clock.now();
        self.entries.entry(place).or_insert_with(|| Entry {
            status,
            added_at: now,
            last_watched_at: None,
            rating: None,
            episodes: BTreeMap::new(),
            changed_at: now,
        })
    }

    fn file(&mut self, part: Part, place: TitlePlace, status: Status) {
        let now = self.clock.now();
        let at = self.stamps.touch(part, status.field(), now);
        if let Some(entry) = self.entries.get_mut(&place) {
            entry.status = status;
            entry.changed_at = at;
        }
    }
}
