//! The truth of one account: what it really holds, whatever it answers. It outlives every process life.

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_model::{
    Capabilities, Fact, Feature, FeatureCapability, Kind, PlayDetail, Scale, WatchedAt, WatchedPrecision,
};
use jiff::Timestamp;

use crate::titles::{Dialect, Title};

/// Stamps this close are one viewing for every check here: the tolerance of the rules, and a minute that was cut off.
pub(crate) const SAME_VIEWING_S: i64 = 180;

/// What sort of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Make {
    /// A media server: watched or not with the last date, no change gate.
    Server,
    /// A tracker: every play to the minute, a change gate, and writing a play twice gives two.
    Tracker,
    /// A diary: every play to the second, five stars, no change gate, one write per request.
    Diary,
}

/// Who put a fact there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    User,
    Service,
}

/// A fact with its history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Held {
    pub(crate) fact: Fact,
    pub(crate) author: Author,
    pub(crate) since: Timestamp,
}

/// Where a fact lies: feature, title, and the account's own row number.
pub(crate) type Place = (Feature, Title, u64);

/// The account.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) make: Make,
    pub(crate) page_size: usize,
    pub(crate) batch_size: usize,
    pub(crate) facts: BTreeMap<Place, Held>,
    /// Everything it ever held or claimed to have stored.
    ever: BTreeMap<(Feature, Title), Vec<Fact>>,
    /// Titles its catalogue does not know.
    pub(crate) unknown: BTreeSet<Title>,
    moves: BTreeMap<Feature, u64>,
    next_row: u64,
    /// The life whose write is under way.
    pub(crate) writing: Option<u64>,
    pub(crate) writes: u64,
    pub(crate) requests: u64,
}

impl Truth {
    pub(crate) fn new(make: Make, page_size: usize, batch_size: usize) -> Self {
        Self {
            make,
            page_size,
            batch_size: if make == Make::Diary { 1 } else { batch_size },
            facts: BTreeMap::new(),
            ever: BTreeMap::new(),
            unknown: BTreeSet::new(),
            moves: BTreeMap::new(),
            next_row: 1,
            writing: None,
            writes: 0,
            requests: 0,
        }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        if matches!(self.make, Make::Server) { Dialect::Server } else { Dialect::Tracker }
    }

    pub(crate) const fn has_gate(&self) -> bool {
        matches!(self.make, Make::Tracker)
    }

    pub(crate) const fn keeps_every_play(&self) -> bool {
        !matches!(self.make, Make::Server)
    }

    pub(crate) const fn scale(&self) -> Scale {
        match self.make {
            Make::Server => Scale::HUNDRED,
            Make::Tracker => Scale::TEN,
            Make::Diary => Scale::FIVE_STARS,
        }
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        let feature = |feature: Feature, kinds: &'static [Kind]| FeatureCapability {
            feature,
            can_write: true,
            can_remove: true,
            kinds,
            has_change_gate: self.has_gate(),
            can_read_since: self.make == Make::Tracker && feature == Feature::History,
            batch_size: self.batch_size,
            max_rows: None,
            tells_removals: false,
            rows_expire: false,
        };
        Capabilities {
            features: vec![
                feature(Feature::History, &[Kind::Movie, Kind::Episode]),
                feature(Feature::Watchlist, &[Kind::Movie, Kind::Show]),
                feature(Feature::Ratings, &[Kind::Movie, Kind::Episode]),
            ],
            scale: self.scale(),
            watched_precision: if self.make == Make::Tracker {
                WatchedPrecision::Minute
            } else {
                WatchedPrecision::Second
            },
            plays: if self.keeps_every_play() { PlayDetail::EveryPlay } else { PlayDetail::LastPlayOnly },
            keeps_undated_plays: self.make == Make::Server,
            duplicates_plays: self.keeps_every_play(),
            needs_ids: true,
            keeps_one_status: false,
            is_media_server: self.make == Make::Server,
            membership: None,
        }
    }

    /// The mark of the change gate.
    pub(crate) fn mark(&self, feature: Feature) -> u64 {
        self.moves.get(&feature).copied().unwrap_or(0)
    }

    /// Everything of one feature, in the order of the account's pages.
    pub(crate) fn of(&self, feature: Feature) -> impl Iterator<Item = (Title, u64, &Held)> {
        let range = (feature, 0, 0)..=(feature, Title::MAX, u64::MAX);
        self.facts.range(range).map(|((_, title, row), held)| (*title, *row, held))
    }

    /// Everything about one title.
    pub(crate) fn about(&self, feature: Feature, title: Title) -> impl Iterator<Item = (u64, &Held)> {
        let range = (feature, title, 0)..=(feature, title, u64::MAX);
        self.facts.range(range).map(|((.., row), held)| (*row, held))
    }

    pub(crate) fn has(&self, feature: Feature, title: Title) -> bool {
        self.about(feature, title).next().is_some()
    }

    /// Whether it holds this very fact, as far as the account can keep it.
    pub(crate) fn shows(&self, feature: Feature, title: Title, fact: Fact) -> bool {
        let scale = self.scale();
        self.about(feature, title).any(|(_, held)| is_same(held.fact, fact, scale))
    }

    /// Whether it ever held this very fact, or said so.
    pub(crate) fn ever_had(&self, feature: Feature, title: Title, fact: Fact) -> bool {
        let scale = self.scale();
        self.ever(feature, title).iter().any(|known| is_same(*known, fact, scale))
    }

    /// Everything it ever held about the title, or said it had stored.
    pub(crate) fn ever(&self, feature: Feature, title: Title) -> &[Fact] {
        self.ever.get(&(feature, title)).map_or(&[], Vec::as_slice)
    }

    /// Stores a fact as this account would. Answers its row.
    pub(crate) fn keep(&mut self, title: Title, fact: Fact, author: Author, now: Timestamp) -> u64 {
        let feature = fact.feature();
        let fact = self.as_kept(fact, now);
        let row = if feature == Feature::History && self.keeps_every_play() {
            self.next_row += 1;
            self.next_row
        } else {
            1_000_000 + title as u64
        };
        self.claim(title, fact);
        self.facts.insert((feature, title, row), Held { fact, author, since: now });
        self.moved(feature);
        row
    }

    /// Notes that it says it has stored a fact.
    pub(crate) fn claim(&mut self, title: Title, fact: Fact) {
        self.ever.entry((fact.feature(), title)).or_default().push(fact);
    }

    pub(crate) fn take(&mut self, place: Place) -> Option<Held> {
        let held = self.facts.remove(&place)?;
        self.moved(place.0);
        Some(held)
    }

    fn moved(&mut self, feature: Feature) {
        *self.moves.entry(feature).or_default() += 1;
    }

    /// What remains of a fact here: minutes, coarser points, today's date for a play without one.
    pub(crate) fn as_kept(&self, fact: Fact, now: Timestamp) -> Fact {
        match fact {
            Fact::Play(WatchedAt::Unknown) if self.make != Make::Server => {
                self.as_kept(Fact::Play(WatchedAt::Exact(now)), now)
            }
            Fact::Play(at) if self.make == Make::Tracker => Fact::Play(at.to_minute()),
            Fact::Rated { value, rated_at } => Fact::Rated { value: self.scale().quantise(value), rated_at },
            other => other,
        }
    }
}

/// Whether two facts are one: the same viewing, the same points on a scale, or just there.
pub(crate) fn is_same(one: Fact, other: Fact, scale: Scale) -> bool {
    match (one, other) {
        (Fact::Play(one), Fact::Play(other)) => match (one.instant(), other.instant()) {
            (Some(one), Some(other)) => one.duration_since(other).as_secs().abs() <= SAME_VIEWING_S,
            _ => true,
        },
        (Fact::Rated { value: one, .. }, Fact::Rated { value: other, .. }) => scale.same(one, other),
        (one, other) => one.feature() == other.feature(),
    }
}
