//! Translation of episode coordinates between numberings, by tables that people keep.
//!
//! A table says that a stretch of one numbering is a stretch of another: AniDB 14444, episodes 1 to 10, is season 3 of a
//! TVDB series from episode 13 on. This never makes the entry and the show the same thing.
//! Promises: a place translates to one place and back to itself, or to nothing ([`Translation::One`] is a bijection); what
//! a higher layer says about a place replaces what lower layers say about it; a place that two rows send to different
//! places is refused. Deliberately absent: reading tables ([`crate::anime_lists`], [`crate::edits`]) and any guess.

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_model::{Id, Kind, Namespace, Scheme};

/// An episode by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The show, or the entry of an anime database.
    pub show: Id,
    /// Who counted.
    pub scheme: Scheme,
    /// The season; 0 holds specials.
    pub season: u16,
    /// The episode inside it.
    pub number: u16,
}

/// A row of episodes inside a season.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stretch {
    /// The first episode.
    pub start: Place,
    /// The last number; `None` where the row goes on without an end.
    pub last: Option<u16>,
}

impl Stretch {
    /// How far into the stretch a place is.
    fn offset_of(&self, place: Place) -> Option<u16> {
        let is_inside =
            Place { number: place.number, ..self.start } == place && self.last.is_none_or(|last| place.number <= last);
        if is_inside { place.number.checked_sub(self.start.number) } else { None }
    }

    fn at(&self, offset: u16) -> Option<Place> {
        let number = self.start.number.checked_add(offset)?;
        if self.last.is_some_and(|last| number > last) { None } else { Some(Place { number, ..self.start }) }
    }

    fn len(&self) -> Option<u32> {
        self.last.map(|last| u32::from(last) + 1 - u32::from(self.start.number.min(last)))
    }
}

/// What an entry's stretch is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartOf {
    /// Episodes of the entry.
    pub entry: Stretch,
    /// The same episodes of the show; `None` where the table says that they are not there at all.
    pub show: Option<Stretch>,
    /// The numbering that the entry is, or is not, part of.
    pub of: Numbering,
    /// How many episodes of the one make one of the other.
    pub ratio: Ratio,
}

/// A numbering: whose ids, and who counts.
pub type Numbering = (Namespace, Scheme);

/// How many episodes of the one side make one of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Ratio {
    /// One is one.
    #[default]
    Even,
    /// Each of the entry spans so many of the show.
    Spans(u16),
    /// So many of the entry make one of the show.
    Shares(u16),
}

/// Which table wins, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// The user's own file.
    Overrides,
    /// Edits that curators checked by hand.
    Edits,
    /// The large lists.
    Lists,
    /// What was learned from two catalogues.
    Derived,
}

/// Where a place is in another numbering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Translation {
    /// No table knows, or it is not there.
    Nowhere,
    /// Exactly there, and nothing else is there.
    One(Place),
    /// There, together with other episodes: watched once all of them are, and never a reason to remove.
    Shared(Place),
    /// At all of these together.
    Several(Vec<Place>),
    /// The tables disagree, or several entries claim it.
    Ambiguous,
}

/// Why a row of a table was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum RowRejection {
    /// The last number is below the first, or a number is 0.
    #[error("a range of episodes is empty")]
    EmptyRange,
    /// The stretches are not equally long.
    #[error("the two ranges are not equally long")]
    LengthsDiffer,
    /// A value does not have the form that the table promises.
    #[error("a value is malformed")]
    Malformed,
    /// An id is no id.
    #[error("an id is malformed")]
    BadId,
}

/// All tables together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Atlas {
    /// Per show or entry and scheme, the rows that touch it: the layer, and the row seen from here.
    rows: BTreeMap<(Id, Scheme), Vec<Row>>,
}

/// A row of a layer, seen from one of its sides.
type Row = (Layer, PartOf, Facing);

/// From which side a row is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Facing {
    FromEntry,
    FromShow,
}

impl PartOf {
    /// Checks the row: both stretches hold episodes, and equally many after the ratio.
    pub fn checked(self) -> Result<Self, RowRejection> {
        let is_empty = |stretch: &Stretch| {
            stretch.start.number == 0 || stretch.last.is_some_and(|last| last < stretch.start.number)
        };
        if is_empty(&self.entry) || self.show.as_ref().is_some_and(is_empty) {
            return Err(RowRejection::EmptyRange);
        }
        let (Some(entry), Some(show)) = (self.entry.len(), self.show.and_then(|show| show.len())) else {
            return Ok(self);
        };
        let fits = match self.ratio {
            Ratio::Even => entry == show,
            Ratio::Spans(0) | Ratio::Shares(0) => false,
            Ratio::Spans(each) => entry * u32::from(each) == show,
            Ratio::Shares(each) => entry.div_ceil(u32::from(each)) == show,
        };
        if fits { Ok(self) } else { Err(RowRejection::LengthsDiffer) }
    }

    /// Where a place of the one side is on the other. `None` where this row does not speak of it.
    fn across(&self, place: Place, facing: Facing) -> Option<Vec<Place>> {
        let (here, there, ratio) = match (facing, self.show) {
            (Facing::FromEntry, None) => return self.entry.offset_of(place).map(|_| Vec::new()),
            (Facing::FromShow, None) => return None,
            (Facing::FromEntry, Some(show)) => (self.entry, show, self.ratio),
            (Facing::FromShow, Some(show)) => {
                let ratio = match self.ratio {
                    Ratio::Even => Ratio::Even,
                    Ratio::Spans(each) => Ratio::Shares(each),
                    Ratio::Shares(each) => Ratio::Spans(each),
                };
                (show, self.entry, ratio)
            }
        };
        let offset = here.offset_of(place)?;
        Some(match ratio {
            Ratio::Even => there.at(offset).into_iter().collect(),
            Ratio::Shares(each) => there.at(offset.checked_div(each)?).into_iter().collect(),
            Ratio::Spans(each) => {
                let first = offset.checked_mul(each)?;
                (0..each).filter_map(|part| there.at(first.checked_add(part)?)).collect()
            }
        })
    }

    fn other_numbering(&self, facing: Facing) -> Numbering {
        match facing {
            Facing::FromEntry => self.of,
            Facing::FromShow => (self.entry.start.show.namespace(), self.entry.start.scheme),
        }
    }
}

impl Atlas {
    /// An atlas without a map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row that was checked. The order in which rows are added does not matter.
    pub fn add(&mut self, layer: Layer, row: PartOf) {
        let mut put = |place: Place, facing| {
            let rows = self.rows.entry((place.show, place.scheme)).or_default();
            if let Err(at) = rows.binary_search(&(layer, row, facing)) {
                rows.insert(at, (layer, row, facing));
            }
        };
        put(row.entry.start, Facing::FromEntry);
        if let Some(show) = row.show {
            put(show.start, Facing::FromShow);
        }
    }

    /// Whether any table speaks of this show in this scheme.
    pub fn knows(&self, show: Id, scheme: Scheme) -> bool {
        self.rows.contains_key(&(show, scheme))
    }

    /// Whether there is no table.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where a place is in another numbering, directly or through one entry in between.
    pub fn translate(&self, place: Place, to: Numbering) -> Translation {
        let home = (place.show.namespace(), place.scheme);
        if home == to {
            return Translation::One(place);
        }
        let there = self.reach(place, to);
        let back: Vec<BTreeSet<Place>> = there.iter().map(|there| self.reach(*there, home)).collect();
        if back.iter().any(|back| !back.contains(&place)) {
            return Translation::Ambiguous;
        }
        let is_alone = back.iter().all(|back| back.len() == 1);
        match (there.first(), there.len()) {
            (None, _) => Translation::Nowhere,
            (Some(there), 1) if is_alone => Translation::One(*there),
            (Some(there), 1) => Translation::Shared(*there),
            (Some(first), _) if is_alone && there.iter().all(|there| there.show == first.show) => {
                Translation::Several(there.into_iter().collect())
            }
            _ => Translation::Ambiguous,
        }
    }

    /// Where a film, by its entry in an anime database, stands among the specials of a show. It is never told as
    /// [`Translation::One`]: a film and a special are two kinds of thing, so neither is removed because of the other.
    pub fn translate_film(&self, film: Id, to: Numbering) -> Translation {
        let scheme = match film.namespace() {
            Namespace::AniDb => Scheme::AniDb,
            Namespace::AniList | Namespace::Mal => Scheme::Entry,
            _ => return Translation::Nowhere,
        };
        let Ok(show) = Id::from_number(film.namespace(), Kind::Show, film.number()) else {
            return Translation::Nowhere;
        };
        match self.translate(Place { show, scheme, season: 1, number: 1 }, to) {
            Translation::One(there) => Translation::Shared(there),
            other => other,
        }
    }

    /// All places that the strongest layer on any way names for this one. A way of two steps is as strong as the weaker.
    fn reach(&self, place: Place, to: Numbering) -> BTreeSet<Place> {
        let mut ways: BTreeMap<Layer, BTreeSet<Place>> = BTreeMap::new();
        if let Some((layer, there)) = self.step(place, to) {
            ways.entry(layer).or_default().extend(there);
        }
        for between in self.neighbours(place).into_iter().filter(|between| *between != to) {
            let Some((first, middles)) = self.step(place, between) else { continue };
            for middle in middles {
                if let Some((second, there)) = self.step(middle, to) {
                    ways.entry(first.max(second)).or_default().extend(there);
                }
            }
        }
        ways.into_values().next().unwrap_or_default()
    }

    /// What the strongest layer that speaks of this place says. `None` where no layer does.
    fn step(&self, place: Place, to: Numbering) -> Option<(Layer, BTreeSet<Place>)> {
        let rows = self.rows.get(&(place.show, place.scheme))?;
        let mut spoken: Option<(Layer, BTreeSet<Place>)> = None;
        for (layer, row, facing) in rows.iter().filter(|(_, row, facing)| row.other_numbering(*facing) == to) {
            if spoken.as_ref().is_some_and(|(spoken, _)| spoken != layer) {
                break;
            }
            if let Some(there) = row.across(place, *facing) {
                spoken.get_or_insert((*layer, BTreeSet::new())).1.extend(there);
            }
        }
        spoken
    }

    fn neighbours(&self, place: Place) -> BTreeSet<Numbering> {
        let rows = self.rows.get(&(place.show, place.scheme)).map(Vec::as_slice).unwrap_or_default();
        rows.iter().map(|(_, row, facing)| row.other_numbering(*facing)).collect()
    }

    /// The same atlas without what the catalogues contradict. `count_of` tells how many episodes a season has, where that
    /// is known: a row that leads to an episode that does not exist is left out as a whole and answered, and a row without
    /// an end ends with the season.
    pub fn confirmed_by(&self, count_of: impl Fn(Id, Scheme, u16) -> Option<u16>) -> (Self, Vec<PartOf>) {
        let count = |stretch: &Stretch| count_of(stretch.start.show, stretch.start.scheme, stretch.start.season);
        let (mut confirmed, mut refused) = (Self::new(), Vec::new());
        for (layer, mut row) in self.rows() {
            let exists = |stretch: &Stretch| {
                count(stretch).is_none_or(|count| stretch.last.unwrap_or(stretch.start.number) <= count)
            };
            if !exists(&row.entry) || row.show.as_ref().is_some_and(|show| !exists(show)) {
                refused.push(row);
                continue;
            }
            if let Some(show) = row.show.as_mut().filter(|show| show.last.is_none()) {
                show.last = count(show);
            }
            if row.entry.last.is_none() {
                row.entry.last = count(&row.entry);
            }
            confirmed.add(layer, row);
        }
        (confirmed, refused)
    }

    /// Every row with its layer, in order.
    pub fn rows(&self) -> impl Iterator<Item = (Layer, PartOf)> {
        let from_entry = self.rows.values().flatten().filter(|(_, _, facing)| *facing == Facing::FromEntry);
        from_entry.map(|(layer, row, _)| (*layer, *row))
    }
}
