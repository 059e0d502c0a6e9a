//! Reads the JSON form of anibridge-mappings, in which curators write edits and users their overrides.
//!
//! <https://github.com/anibridge/anibridge-mappings#mappings-schema> describes the form:
//! `{"anilist:20": {"tvdb_show:78857:s2": {"36-83": "1-48"}}}`. What is made of it:
//! - `1-` goes on without an end, `1-6,8-13` is filled one stretch after the other.
//! - `|2` and `|-2` are ratios. Which side has more follows from the lengths, since the tables in use do not agree with
//!   their own description; a ratio over an open range is left out.
//! - A film that is one whole entry (`"1": "1"`) is the same thing; a film that is part of one is left out.
//! - Other than regular and special episodes of AniDB are no episodes to us.

use crosswatch_model::{Id, Kind, Namespace, Scheme};
use serde_json::{Map, Value};

use crate::{
    atlas::{PartOf, Place, Ratio, RowRejection, Stretch},
    table::{Table, TableFault},
};

/// Reads a whole file. `name` tells curated edits and the user's own file apart.
pub fn read(text: &str, name: &str, version: &str) -> Result<Table, TableFault> {
    let fault = |why: String| TableFault { name: name.into(), why };
    let whole: Map<String, Value> = serde_json::from_str(text).map_err(|why| fault(why.to_string()))?;
    let mut table = Table::new(name, version);
    for (source, targets) in whole.iter().filter(|(source, _)| !source.starts_with('$')) {
        let read = Descriptor::parse(source).and_then(|source| Ok((source, object(targets)?)));
        let Some((source, targets)) = table.keep(read) else { continue };
        for (target, ranges) in targets {
            let read = Descriptor::parse(target).and_then(|target| Ok((target, object(ranges)?)));
            if let Some((target, ranges)) = table.keep(read) {
                add_pair(&mut table, source, target, ranges);
            }
        }
    }
    Ok(table)
}

fn object(value: &Value) -> Result<&Map<String, Value>, RowRejection> {
    value.as_object().ok_or(RowRejection::Malformed)
}

/// `tvdb_show:78857:s2`
#[derive(Clone, Copy)]
enum Descriptor {
    Film(Id),
    Season(Id, Scheme, u16),
    /// An entry that may be a film or a show.
    Entry(Namespace, u64),
}

impl Descriptor {
    fn parse(text: &str) -> Result<Self, RowRejection> {
        let parts: Vec<&str> = text.split(':').collect();
        let id = |namespace, kind, value| Id::parse(namespace, kind, value).map_err(|_| RowRejection::BadId);
        let season =
            |scope: &str| scope.strip_prefix('s').and_then(|season| season.parse().ok()).ok_or(RowRejection::Malformed);
        Ok(match parts.as_slice() {
            ["imdb_movie", value] => Self::Film(id(Namespace::Imdb, Kind::Movie, value)?),
            ["tmdb_movie", value] => Self::Film(id(Namespace::Tmdb, Kind::Movie, value)?),
            ["tvdb_movie", value] => Self::Film(id(Namespace::Tvdb, Kind::Movie, value)?),
            ["tvdb_show", value, scope] => {
                Self::Season(id(Namespace::Tvdb, Kind::Show, value)?, Scheme::TvdbAired, season(scope)?)
            }
            ["tmdb_show", value, scope] => {
                Self::Season(id(Namespace::Tmdb, Kind::Show, value)?, Scheme::TmdbDefault, season(scope)?)
            }
            ["anidb", value, "S"] => Self::Season(id(Namespace::AniDb, Kind::Show, value)?, Scheme::AniDb, 0),
            ["anidb", value, "R"] => Self::Entry(Namespace::AniDb, id(Namespace::AniDb, Kind::Show, value)?.number()),
            ["anilist", value] => Self::Entry(Namespace::AniList, id(Namespace::AniList, Kind::Show, value)?.number()),
            ["mal", value] => Self::Entry(Namespace::Mal, id(Namespace::Mal, Kind::Show, value)?.number()),
            _ => return Err(RowRejection::Malformed),
        })
    }

    /// The season whose episodes are numbered.
    fn season(self) -> Option<(Id, Scheme, u16)> {
        match self {
            Self::Film(_) => None,
            Self::Season(show, scheme, season) => Some((show, scheme, season)),
            Self::Entry(namespace, number) => {
                let scheme = if namespace == Namespace::AniDb { Scheme::AniDb } else { Scheme::Entry };
                Some((Id::from_number(namespace, Kind::Show, number).ok()?, scheme, 1))
            }
        }
    }

    fn film(self) -> Option<Id> {
        match self {
            Self::Film(film) => Some(film),
            Self::Season(..) => None,
            Self::Entry(namespace, number) => Id::from_number(namespace, Kind::Movie, number).ok(),
        }
    }
}

fn add_pair(table: &mut Table, source: Descriptor, target: Descriptor, ranges: &Map<String, Value>) {
    let is_film = matches!(source, Descriptor::Film(_)) || matches!(target, Descriptor::Film(_));
    if is_film {
        let is_whole = ranges.len() == 1 && ranges.get("1").and_then(Value::as_str) == Some("1");
        match (source.film(), target.film()) {
            (Some(one), Some(other)) if is_whole && one != other => {
                table.same.insert((one.min(other), one.max(other)));
            }
            _ => table.leave_out(RowRejection::Malformed),
        }
        return;
    }
    let (Some(source), Some(target)) = (source.season(), target.season()) else { return };
    for (from, to) in ranges {
        let rows = to.as_str().ok_or(RowRejection::Malformed).and_then(|to| rows(source, target, from, to));
        for row in table.keep(rows).unwrap_or_default() {
            table.add(row);
        }
    }
}

type Season = (Id, Scheme, u16);
/// First and last number; no last one where the range is open.
type Range = (u16, Option<u16>);

fn rows(source: Season, target: Season, from: &str, to: &str) -> Result<Vec<PartOf>, RowRejection> {
    let (segments, ratio) = match to.split_once('|') {
        Some((segments, ratio)) => (segments, Some(ratio.trim().parse::<i32>().map_err(|_| RowRejection::Malformed)?)),
        None => (to, None),
    };
    let from = range(from)?;
    let targets: Vec<Range> = segments.split(',').map(range).collect::<Result<_, _>>()?;
    let of = (target.0.namespace(), target.1);
    let row = |from: Range, to: Range, ratio| PartOf {
        entry: stretch(source, from),
        show: Some(stretch(target, to)),
        of,
        ratio,
    };
    match (ratio.filter(|ratio| ratio.unsigned_abs() > 1), targets.as_slice()) {
        (Some(each), [to]) => Ok(vec![row(from, *to, even_out(from, *to, each.unsigned_abs())?)]),
        (Some(_), _) => Err(RowRejection::LengthsDiffer),
        (None, [to]) => Ok(vec![row(from, *to, Ratio::Even)]),
        (None, several) => {
            let (mut rows, mut next) = (Vec::new(), from.0);
            for to in several {
                let last = match len(*to) {
                    Some(len) => Some(next.checked_add(len - 1).ok_or(RowRejection::Malformed)?),
                    None => from.1,
                };
                rows.push(row((next, last), *to, Ratio::Even));
                next = last.and_then(|last| last.checked_add(1)).unwrap_or(u16::MAX);
            }
            let ends_there = rows.last().is_some_and(|row| row.entry.last == from.1);
            if ends_there { Ok(rows) } else { Err(RowRejection::LengthsDiffer) }
        }
    }
}

/// Which side has more episodes.
fn even_out(from: Range, to: Range, each: u32) -> Result<Ratio, RowRejection> {
    let (Some(from), Some(to)) = (len(from), len(to)) else { return Err(RowRejection::LengthsDiffer) };
    let each_of = u16::try_from(each).map_err(|_| RowRejection::Malformed)?;
    if u32::from(to) * each == u32::from(from) {
        Ok(Ratio::Shares(each_of))
    } else if u32::from(from) * each == u32::from(to) {
        Ok(Ratio::Spans(each_of))
    } else {
        Err(RowRejection::LengthsDiffer)
    }
}

fn len((first, last): Range) -> Option<u16> {
    last.map(|last| last - first + 1)
}

/// `3`, `3-7` or `3-`.
fn range(text: &str) -> Result<Range, RowRejection> {
    let number = |text: &str| text.trim().parse::<u16>().map_err(|_| RowRejection::Malformed);
    let (first, last) = match text.split_once('-') {
        None => (number(text)?, Some(number(text)?)),
        Some((first, last)) if last.trim().is_empty() => (number(first)?, None),
        Some((first, last)) => (number(first)?, Some(number(last)?)),
    };
    let is_empty = first == 0 || last.is_some_and(|last| last < first || last == u16::MAX);
    if is_empty { Err(RowRejection::EmptyRange) } else { Ok((first, last)) }
}

fn stretch((show, scheme, season): Season, (number, last): Range) -> Stretch {
    Stretch { start: Place { show, scheme, season, number }, last }
}
