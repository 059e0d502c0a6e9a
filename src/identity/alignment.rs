//! Learns how two orders of one show correspond, where no table says so.
//!
//! Episodes that both sides name alike (by an id of their own, else by a day of broadcast that is alone on both sides, else
//! by a title that is) are anchors. A run of anchors with one offset is a [`Segment`]; inside of it, and nowhere else,
//! numbers translate. Promises: what translates exists on the other side, translates back to itself, and no two episodes
//! translate to one. Deliberately absent: extrapolation. A skipped recap shifts everything behind it, so nothing follows
//! from the first and last episode of a season alone.

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_model::{Id, IdSet, Scheme};

use crate::atlas::{PartOf, Place, Ratio, Stretch};

/// An episode of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The season; 0 holds specials.
    pub season: u16,
    /// The episode inside it.
    pub number: u16,
    /// The episode's own ids.
    pub ids: IdSet,
    /// The day of first broadcast, counted from any day.
    pub aired_day: Option<i32>,
    /// The title, empty where none is told.
    pub title: String,
}

/// Season and number.
type Numbers = (u16, u16);

/// Episodes of one season that are shifted alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// The season on the one side.
    pub season: u16,
    /// The first number there.
    pub first: u16,
    /// The last number there.
    pub last: u16,
    /// The season on the other side.
    pub other_season: u16,
    /// The number of `first` on the other side.
    pub other_first: u16,
}

impl Segment {
    fn other_last(self) -> u16 {
        self.other_first.saturating_add(self.last.saturating_sub(self.first))
    }

    fn meets_there(self, other: Self) -> bool {
        self.other_season == other.other_season
            && self.other_first <= other.other_last()
            && other.other_first <= self.other_last()
    }

    fn crosses(self, other: Self) -> bool {
        let here = (self.season, self.first).cmp(&(other.season, other.first));
        here != (self.other_season, self.other_first).cmp(&(other.other_season, other.other_first))
    }
}

/// How two orders correspond.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alignment {
    segments: Vec<Segment>,
    there: BTreeMap<Numbers, Numbers>,
    back: BTreeMap<Numbers, Numbers>,
    /// Per season that both sides have, up to which number equal numbers are equal episodes.
    trusted_until: BTreeMap<u16, u16>,
    counts: [BTreeMap<u16, u16>; 2],
}

/// A segment needs so many anchors …
const MIN_ANCHORS: usize = 3;
/// … of which so many agree.
const MIN_AGREEMENT_PERCENT: usize = 90;

/// How two episodes were found to be one, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Id,
    Day,
    Title,
}

type Anchors = BTreeMap<Numbers, (Numbers, By)>;

impl Alignment {
    /// Learns from the whole lists of both sides.
    pub fn learn(one: &[Listed], other: &[Listed]) -> Self {
        let counts = [season_counts(one), season_counts(other)];
        let anchors = anchors(one, other);
        let segments = without_contradiction(&segments(&anchors));
        let exists: BTreeSet<Numbers> = other.iter().map(|episode| (episode.season, episode.number)).collect();
        let (mut there, mut back) = (BTreeMap::new(), BTreeMap::new());
        for episode in one {
            let here = (episode.season, episode.number);
            let Some(target) = segments.iter().find_map(|segment| shifted(*segment, here)) else { continue };
            let is_contradicted = anchors.get(&here).is_some_and(|(anchored, _)| *anchored != target);
            if !is_contradicted && exists.contains(&target) {
                there.insert(here, target);
                back.insert(target, here);
            }
        }
        let trusted_until = trusted_until(&counts, &anchors);
        Self { segments, there, back, trusted_until, counts }
    }

    /// The accepted segments, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Where an episode of the one side is on the other.
    pub fn there(&self, season: u16, number: u16) -> Option<(u16, u16)> {
        self.there.get(&(season, number)).copied()
    }

    /// Where an episode of the other side is on the one.
    pub fn back(&self, season: u16, number: u16) -> Option<(u16, u16)> {
        self.back.get(&(season, number)).copied()
    }

    /// The same as rows of an atlas, for the two shows that were compared.
    pub fn rows(&self, one: (Id, Scheme), other: (Id, Scheme)) -> Vec<PartOf> {
        let place = |(show, scheme): (Id, Scheme), (season, number)| Place { show, scheme, season, number };
        let mut rows: Vec<PartOf> = Vec::new();
        for (here, there) in &self.there {
            let grows = |row: &PartOf| {
                let follows = |stretch: &Stretch, at: Numbers| {
                    let next = stretch.last.and_then(|last| last.checked_add(1));
                    stretch.start.season == at.0 && next == Some(at.1)
                };
                follows(&row.entry, *here) && row.show.is_some_and(|show| follows(&show, *there))
            };
            match rows.last_mut().filter(|row| grows(row)) {
                Some(row) => {
                    row.entry.last = Some(here.1);
                    row.show = row.show.map(|show| Stretch { last: Some(there.1), ..show });
                }
                None => rows.push(PartOf {
                    entry: Stretch { start: place(one, *here), last: Some(here.1) },
                    show: Some(Stretch { start: place(other, *there), last: Some(there.1) }),
                    of: (other.0.namespace(), other.1),
                    ratio: Ratio::Even,
                }),
            }
        }
        rows
    }

    /// Whether equal numbers still mean equal episodes here: always while both sides count the season alike, and otherwise
    /// only up to the last anchor before the first that proves a shift.
    pub fn are_equal_numbers_trusted(&self, season: u16, number: u16) -> bool {
        self.trusted_until.get(&season).is_some_and(|until| number <= *until)
    }

    /// Whether it was learned from lists of this shape. When a season grew on either side, learn anew.
    pub fn fits(&self, one: &[Listed], other: &[Listed]) -> bool {
        self.counts == [season_counts(one), season_counts(other)]
    }
}

fn season_counts(list: &[Listed]) -> BTreeMap<u16, u16> {
    let mut counts: BTreeMap<u16, u16> = BTreeMap::new();
    for episode in list {
        let count = counts.entry(episode.season).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

/// What is named alike on both sides, and only once on either.
fn anchors(one: &[Listed], other: &[Listed]) -> Anchors {
    let mut anchors = Anchors::new();
    let ids = |episode: &Listed| episode.ids.iter().map(|id| id.to_string()).collect::<Vec<_>>();
    let day = |episode: &Listed| episode.aired_day.iter().map(ToString::to_string).collect::<Vec<_>>();
    let title = |episode: &Listed| {
        let title = episode.title.trim().to_lowercase();
        if title.is_empty() { Vec::new() } else { vec![title] }
    };
    add_anchors(&mut anchors, &named_once(one, ids), &named_once(other, ids), By::Id);
    add_anchors(&mut anchors, &named_once(one, day), &named_once(other, day), By::Day);
    add_anchors(&mut anchors, &named_once(one, title), &named_once(other, title), By::Title);
    anchors
}

fn named_once(list: &[Listed], names: impl Fn(&Listed) -> Vec<String>) -> BTreeMap<String, Option<Numbers>> {
    let mut found: BTreeMap<String, Option<Numbers>> = BTreeMap::new();
    for episode in list {
        let numbers = (episode.season, episode.number);
        for name in names(episode) {
            found
                .entry(name)
                .and_modify(|known| *known = known.filter(|known| *known == numbers))
                .or_insert(Some(numbers));
        }
    }
    found
}

fn add_anchors(
    anchors: &mut Anchors,
    one: &BTreeMap<String, Option<Numbers>>,
    other: &BTreeMap<String, Option<Numbers>>,
    by: By,
) {
    let mut claimed: BTreeMap<Numbers, BTreeSet<Numbers>> = BTreeMap::new();
    let both = one.iter().filter_map(|(name, here)| Some(((*here)?, (*other.get(name)?)?)));
    for (here, there) in both {
        claimed.entry(here).or_default().insert(there);
    }
    for (here, there) in claimed {
        // Two names of one episode that lead to different episodes prove nothing.
        if let (Some(first), 1) = (there.first(), there.len()) {
            anchors.entry(here).or_insert((*first, by));
        }
    }
}

fn shift_of(here: Numbers, there: Numbers) -> (u16, u16, i32) {
    (here.0, there.0, i32::from(there.1) - i32::from(here.1))
}

fn shifted(segment: Segment, here: Numbers) -> Option<Numbers> {
    let is_inside = here.0 == segment.season && (segment.first..=segment.last).contains(&here.1);
    let offset = here.1.checked_sub(segment.first).filter(|_| is_inside)?;
    Some((segment.other_season, segment.other_first.checked_add(offset)?))
}

/// The longest runs of one shift that have enough anchors and hold few others, none of them known by id.
fn segments(anchors: &Anchors) -> Vec<Segment> {
    let list: Vec<(Numbers, Numbers, By)> = anchors.iter().map(|(here, (there, by))| (*here, *there, *by)).collect();
    let mut segments = Vec::new();
    let mut rest = list.as_slice();
    while let Some(((here, there, _), after)) = rest.split_first() {
        let shift = shift_of(*here, *there);
        let (mut agreeing, mut seen, mut best) = (0, 0, None);
        for (at, (other, target, by)) in rest.iter().enumerate() {
            if other.0 != here.0 {
                break;
            }
            seen += 1;
            if shift_of(*other, *target) == shift {
                agreeing += 1;
                if agreeing * 100 >= seen * MIN_AGREEMENT_PERCENT {
                    best = Some((at, other.1, agreeing));
                }
            } else if *by == By::Id {
                break;
            }
        }
        rest = after;
        if let Some((at, last, _)) = best.filter(|(_, _, count)| *count >= MIN_ANCHORS) {
            let (season, first) = *here;
            segments.push(Segment { season, first, last, other_season: there.0, other_first: there.1 });
            rest = after.get(at..).unwrap_or_default();
        }
    }
    segments
}

/// Without the segments that lead to one place or run against each other: neither of two is believed.
fn without_contradiction(segments: &[Segment]) -> Vec<Segment> {
    let contradicts = |one: &Segment| {
        let others = segments.iter().filter(|other| *other != one);
        others.into_iter().any(|other| one.meets_there(*other) || one.season == other.season && one.crosses(*other))
    };
    segments.iter().filter(|segment| !contradicts(segment)).copied().collect()
}

fn trusted_until(counts: &[BTreeMap<u16, u16>; 2], anchors: &Anchors) -> BTreeMap<u16, u16> {
    let [ones, others] = counts;
    let until = |season: u16, count: u16, other: u16| {
        let of_season = || anchors.range((season, 0)..=(season, u16::MAX));
        let first_shift = of_season().find(|(here, (there, _))| *here != there).map(|(here, _)| here.1);
        match first_shift {
            None if count == other => u16::MAX,
            shift => {
                let equal = of_season().filter(|(here, (there, _))| *here == there).map(|(here, _)| here.1);
                equal.filter(|number| shift.is_none_or(|shift| *number < shift)).max().unwrap_or(0)
            }
        }
    };
    let shared = ones.iter().filter_map(|(season, count)| Some((*season, *count, *others.get(season)?)));
    shared.map(|(season, count, other)| (season, until(season, count, other))).collect()
}
