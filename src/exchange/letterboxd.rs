//! Letterboxd: its export archive, single sheets of it, and the table that it imports.
//!
//! Its own sheets name films by title and year alone; the ledger places them where it knows exactly one film of that name.
//! The date of `watched.csv` is the day on which a film was marked, not the day on which it was watched, so such plays have
//! no date; films that stand in the diary are not taken from it again. Films only.

use std::{collections::BTreeSet, io::Read};

use crosswatch_model::{Fact, Item, Kind, WatchedAt};
use jiff::tz::TimeZone;

use crate::{
    FileError, Place, cell,
    gathering::{Entry, Gathering},
    table::{Cells, Header, Table},
};

/// A sheet of the export, in the order in which they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sheet {
    /// Dated viewings.
    Diary,
    /// Films that were watched at all.
    Watched,
    /// Ratings.
    Ratings,
    /// Films to watch.
    Watchlist,
    /// The table that Letterboxd imports: everything in one row.
    Import,
}

/// The sheet of this name, if it is one that says what was watched, rated or listed.
pub(crate) fn sheet_of(name: &str) -> Option<Sheet> {
    let mut parts = name.rsplit('/');
    let file = parts.next()?.to_ascii_lowercase();
    let is_aside = parts.any(|folder| ["likes", "deleted", "orphaned", "lists", "__MACOSX"].contains(&folder));
    match file.as_str() {
        _ if is_aside => None,
        "diary.csv" => Some(Sheet::Diary),
        "watched.csv" => Some(Sheet::Watched),
        "ratings.csv" => Some(Sheet::Ratings),
        "watchlist.csv" => Some(Sheet::Watchlist),
        _ => None,
    }
}

/// Whether a table is one of Letterboxd.
pub(crate) fn is_header(header: &Header) -> bool {
    header.has("letterboxduri") || is_import(header)
}

fn is_import(header: &Header) -> bool {
    let names = ["tmdbid", "imdbid", "letterboxduri"].iter().any(|name| header.has(name));
    !header.has("date") && !header.has("type") && header.has("watcheddate") && names
}

/// Reads a sheet that came without its archive.
pub(crate) fn read_alone(table: Table<'_>, zone: &TimeZone, gathering: &mut Gathering) -> Result<(), FileError> {
    let header = table.header();
    let sheet = if is_import(header) {
        Sheet::Import
    } else if header.has("watcheddate") {
        Sheet::Diary
    } else if header.has("rating") {
        Sheet::Ratings
    } else {
        return Err(FileError::Ambiguous(
            "watched.csv and watchlist.csv of Letterboxd look alike; import the whole export ZIP".to_owned(),
        ));
    };
    Reader::new(false).read_table(table, sheet, zone, gathering)
}

/// Reads the sheets of one export.
pub(crate) struct Reader {
    /// The ratings have a sheet of their own, so those of the diary are older ones.
    has_ratings: bool,
    in_diary: BTreeSet<(String, Option<u16>)>,
}

impl Reader {
    pub(crate) const fn new(has_ratings: bool) -> Self {
        Self { has_ratings, in_diary: BTreeSet::new() }
    }

    /// Reads a sheet.
    pub(crate) fn read(
        &mut self,
        reader: &mut dyn Read,
        sheet: Sheet,
        zone: &TimeZone,
        gathering: &mut Gathering,
    ) -> Result<(), FileError> {
        let table = Table::open(reader, gathering)?;
        self.read_table(table, sheet, zone, gathering)
    }

    fn read_table(
        &mut self,
        table: Table<'_>,
        sheet: Sheet,
        zone: &TimeZone,
        gathering: &mut Gathering,
    ) -> Result<(), FileError> {
        table.each(gathering, |place, cells, gathering| match self.facts(sheet, cells, zone) {
            Ok((item, facts)) => keep_all(place, &item, facts, cells, gathering).map(Ok),
            Err(reason) => Ok(Err(reason)),
        })
    }

    fn facts(&mut self, sheet: Sheet, cells: &Cells<'_>, zone: &TimeZone) -> Result<(Item, Vec<Fact>), String> {
        let item = film(cells)?;
        let film = (item.title.to_string(), item.year);
        let mut facts = Vec::new();
        match sheet {
            Sheet::Diary => {
                let play = cell::watched_at(cells.get("watcheddate"), zone)?;
                self.in_diary.insert(film);
                facts.push(Fact::Play(play));
                if !self.has_ratings {
                    facts.extend(rated(cells, cells.get("watcheddate"), zone)?);
                }
            }
            Sheet::Watched if self.in_diary.contains(&film) => {}
            Sheet::Watched => facts.push(Fact::Play(WatchedAt::Unknown)),
            Sheet::Ratings => {
                facts.push(rated(cells, cells.get("date"), zone)?.ok_or("it has no rating")?);
            }
            Sheet::Watchlist => facts.push(Fact::Listed(cell::instant(cells.get("date"), zone)?)),
            Sheet::Import => {
                let watched = cells.get("watcheddate");
                facts.push(Fact::Play(cell::watched_at(watched, zone)?));
                facts.extend(rated(cells, watched, zone)?);
            }
        }
        Ok((item, facts))
    }
}

fn keep_all(
    place: &Place,
    item: &Item,
    facts: Vec<Fact>,
    cells: &Cells<'_>,
    gathering: &mut Gathering,
) -> Result<(), FileError> {
    facts.into_iter().try_for_each(|fact| gathering.keep(place, Entry::fact(item.clone(), fact), cells))
}

fn film(cells: &Cells<'_>) -> Result<Item, String> {
    let mut ids = cell::Ids::default();
    ids.take("imdb", Kind::Movie, cells.get("imdbid"));
    ids.take("tmdb", Kind::Movie, cells.get("tmdbid"));
    if let (true, Some(complaint)) = (ids.ids.is_empty(), ids.complaint) {
        return Err(complaint);
    }
    let year = cell::small("year", cells.get("year"))?;
    Ok(Item::titled(Kind::Movie, cells.first_of(&["name", "title"]), year, ids.ids))
}

/// The rating of a row: half stars up to five, or points up to ten.
fn rated(cells: &Cells<'_>, date: &str, zone: &TimeZone) -> Result<Option<Fact>, String> {
    let stars = cell::rating(cells.get("rating"), 5.0)?;
    let value = match stars {
        Some(stars) => Some(stars),
        None => cell::rating(cells.get("rating10"), 10.0)?,
    };
    let rated_at = cell::instant(date, zone)?;
    Ok(value.map(|value| Fact::Rated { value, rated_at }))
}
