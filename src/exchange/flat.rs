//! Plain rows: columns or members that say by their name what they are. Our own exports are such rows, too.
//!
//! A row may say several things at once: that an item was watched, rated, and is listed. Names of members are read without
//! case and punctuation, and what is nested (`ids`, `show`, `item`) is read as if it stood beside the rest.

use std::collections::BTreeMap;

use crosswatch_model::{Fact, Feature, Item, Kind, Scheme, Show};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::{
    FileError, Told, cell,
    export::unquoted,
    gathering::{Entry, Gathering},
    json_rows::Spot,
    row::has_identity,
    table::{Header, Table, normal},
};

/// What a row means that names an item and says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    /// It cannot be placed.
    Refused,
    /// The item is on the watchlist.
    Listed,
}

const KIND: &[&str] = &["kind", "type", "mediatype"];
const TITLE: &[&str] = &["title", "name"];
const SHOW_TITLE: &[&str] = &["showtitle", "seriestitle", "showname", "series", "show"];
const SHOW_YEAR: &[&str] = &["showyear", "seriesyear"];
const SEASON: &[&str] = &["season", "seasonnumber"];
const NUMBER: &[&str] = &["number", "episode", "episodenumber"];
const WATCHED: &[&str] = &["watchedat", "watcheddate", "datewatched", "lastwatchedat", "watchedon"];
const LISTED: &[&str] = &["listedat", "addedat", "dateadded", "watchlistedat"];
const RATED: &[&str] = &["ratedat", "daterated"];
const STOPPED: &[&str] = &["stoppedat", "pausedat"];
/// Ratings by the best there is.
const RATINGS: [(&str, f64); 8] = [
    ("rating100", 100.0),
    ("value", 100.0),
    ("rating10", 10.0),
    ("rating5", 5.0),
    ("rating", 10.0),
    ("score", 10.0),
    ("yourrating", 10.0),
    ("userrating", 10.0),
];

/// Whether a table names items and says something of them.
pub(crate) fn is_header(header: &Header) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| header.has(name));
    let says = has(WATCHED)
        || has(LISTED)
        || has(&["positions", "feature"])
        || RATINGS.iter().any(|(name, _)| header.has(name));
    let names = has(TITLE) || header.names().any(|name| id_name(&normal(name)).is_some());
    says && names
}

/// Reads a table.
pub(crate) fn read(table: Table<'_>, zone: &TimeZone, gathering: &mut Gathering) -> Result<(), FileError> {
    let columns: Vec<String> = table.header().names().map(normal).collect();
    let has_watched = columns.iter().any(|name| WATCHED.contains(&name.as_str()));
    table.each(gathering, |place, cells, gathering| {
        let named = cells.named().filter(|(_, cell)| !cell.is_empty());
        let row = Row(named.map(|(name, cell)| (name.to_owned(), unquoted(cell).to_owned())).collect());
        let entries = match row.entries(if has_watched { WhenBare::Watched } else { WhenBare::Refused }, zone) {
            Ok(entries) => entries,
            Err(reason) => return Ok(Err(reason)),
        };
        for entry in entries {
            gathering.keep(place, entry, cells)?;
        }
        Ok(Ok(()))
    })
}

/// Reads an object.
pub(crate) fn read_value(
    spot: Spot<'_>,
    value: &Value,
    bare: Bare,
    zone: &TimeZone,
    gathering: &mut Gathering,
) -> Result<(), FileError> {
    let place = spot.place(gathering);
    if !value.is_object() {
        return gathering.refuse(place, "it is no object", value);
    }
    let row = Row::of(value);
    let is_dateless = WATCHED.iter().any(|name| has_member(value, name));
    let when_bare = match bare {
        Bare::Listed => WhenBare::Listed,
        Bare::Refused if is_dateless => WhenBare::Watched,
        Bare::Refused => WhenBare::Refused,
    };
    match row.entries(when_bare, zone) {
        Ok(entries) => entries.into_iter().try_for_each(|entry| gathering.keep(&place, entry, value)),
        Err(reason) => gathering.refuse(place, reason, value),
    }
}

fn has_member(value: &Value, name: &str) -> bool {
    value.as_object().is_some_and(|members| members.keys().any(|member| normal(member) == name))
}

/// What a row means in which nothing is filled but the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhenBare {
    Refused,
    /// There is a place for the date, and nobody knows it.
    Watched,
    Listed,
}

/// One row: names without case and punctuation, and what stands there.
struct Row(BTreeMap<String, String>);

impl Row {
    /// An object, with what is nested read as if it stood beside the rest.
    fn of(value: &Value) -> Self {
        let mut row = Self(BTreeMap::new());
        row.add("", value, 0);
        row
    }

    fn add(&mut self, prefix: &str, value: &Value, depth: usize) {
        let Some(members) = value.as_object() else { return };
        for (name, value) in members {
            let name = normal(name);
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Object(_) if depth < 3 => {
                    let prefix = match name.as_str() {
                        "item" | "ids" => prefix.to_owned(),
                        "show" | "showids" | "series" => "show".to_owned(),
                        _ => continue,
                    };
                    self.add(&prefix, value, depth + 1);
                    continue;
                }
                _ => continue,
            };
            self.0.entry(format!("{prefix}{name}")).or_insert(text);
        }
    }

    fn get(&self, names: &[&str]) -> &str {
        names
            .iter()
            .filter_map(|name| self.0.get(*name))
            .find(|text| !text.trim().is_empty())
            .map_or("", |text| text.trim())
    }

    fn entries(&self, when_bare: WhenBare, zone: &TimeZone) -> Result<Vec<Entry>, String> {
        let (item, complaint) = self.item()?;
        if let (false, Some(complaint)) = (has_identity(&item), complaint) {
            return Err(complaint);
        }
        let runtime_s = self.get(&["runtimes", "durations"]).parse().ok();
        let facts = self.told(when_bare, zone)?;
        Ok(facts.into_iter().map(|told| Entry { item: item.clone(), told, runtime_s }).collect())
    }

    /// The item, and a complaint about an id that is none.
    fn item(&self) -> Result<(Item, Option<String>), String> {
        let season = cell::small("season number", self.get(SEASON))?;
        let number = cell::small("episode number", self.get(NUMBER))?;
        let kind = kind(self.get(KIND), season, number)?;
        let is_below = matches!(kind, Kind::Season | Kind::Episode);
        let (mut ids, mut show_ids) = (cell::Ids::default(), cell::Ids::default());
        for (name, text) in &self.0 {
            match name.strip_prefix("show").filter(|_| is_below) {
                Some(name) => show_ids.take(id_name(name).unwrap_or_default(), Kind::Show, text),
                None => ids.take(id_name(name).unwrap_or_default(), kind, text),
            }
        }
        let show = Show {
            title: self.get(SHOW_TITLE).into(),
            year: cell::small("year of the show", self.get(SHOW_YEAR))?,
            ids: show_ids.ids,
            scheme: self.scheme()?,
        };
        let year = cell::small("year", self.get(&["year"]))?;
        let item = Item {
            kind,
            title: self.get(TITLE).into(),
            year,
            ids: ids.ids,
            show: (is_below && show != Show::default()).then(|| Box::new(show)),
            season: season.filter(|_| is_below),
            number: number.filter(|_| kind == Kind::Episode),
        };
        Ok((item, ids.complaint.or(show_ids.complaint)))
    }

    fn scheme(&self) -> Result<Scheme, String> {
        match self.get(&["shownumbering"]) {
            "" => Ok(Scheme::default()),
            text => text.parse().map_err(|_| format!("{:?} names no ordering of episodes", cell::short(text))),
        }
    }

    fn told(&self, when_bare: WhenBare, zone: &TimeZone) -> Result<Vec<Told>, String> {
        let only = match self.get(&["feature"]) {
            "" => None,
            text => Some(text.parse::<Feature>().map_err(|_| format!("{:?} is no feature", cell::short(text)))?),
        };
        let is_wanted = |feature| only.is_none_or(|only| only == feature);
        let mut told = Vec::new();
        let watched = self.get(WATCHED);
        if is_wanted(Feature::History) && (!watched.is_empty() || only.is_some()) {
            told.push(Told::Fact(Fact::Play(cell::watched_at(watched, zone)?)));
        }
        let listed = self.get(LISTED);
        if is_wanted(Feature::Watchlist) && (!listed.is_empty() || only.is_some()) {
            told.push(Told::Fact(Fact::Listed(cell::instant(listed, zone)?)));
        }
        let rating = if is_wanted(Feature::Ratings) { self.rating()? } else { None };
        if let Some(value) = rating {
            let rated_at = cell::instant(self.get(RATED), zone)?;
            told.push(Told::Fact(Fact::Rated { value, rated_at }));
        }
        if let Some(position_s) =
            cell::seconds("position", self.get(&["positions"]))?.filter(|_| is_wanted(Feature::Progress))
        {
            let duration_s = cell::seconds("length", self.get(&["durations"]))?;
            if duration_s.is_some_and(|duration_s| position_s > duration_s) {
                return Err("its position lies after its end".to_owned());
            }
            let stopped_at = cell::instant(self.get(STOPPED), zone)?;
            told.push(Told::Fact(Fact::Resume { position_s, duration_s, stopped_at }));
        }
        if !told.is_empty() {
            return Ok(told);
        }
        match when_bare {
            _ if only == Some(Feature::Ratings) => Err("it has no rating".to_owned()),
            _ if only == Some(Feature::Progress) => Err("it has no position".to_owned()),
            WhenBare::Watched => Ok(vec![Told::Fact(Fact::Play(cell::watched_at("", zone)?))]),
            WhenBare::Listed => Ok(vec![Told::Fact(Fact::Listed(None))]),
            WhenBare::Refused => Err("it says neither watched_at, rating, listed_at nor position_s".to_owned()),
        }
    }

    fn rating(&self) -> Result<Option<crosswatch_model::Rating>, String> {
        let given = RATINGS.iter().find(|(name, _)| !self.get(&[name]).is_empty());
        given.map_or(Ok(None), |(name, best)| cell::rating(self.get(&[name]), *best))
    }
}

fn kind(told: &str, season: Option<u16>, number: Option<u16>) -> Result<Kind, String> {
    match normal(told).as_str() {
        "movie" | "film" | "movies" => Ok(Kind::Movie),
        "show" | "tv" | "series" | "tvshow" | "shows" | "anime" => Ok(match (season, number) {
            (Some(_), Some(_)) => Kind::Episode,
            (Some(_), None) => Kind::Season,
            _ => Kind::Show,
        }),
        "season" => Ok(Kind::Season),
        "episode" | "episodes" => Ok(Kind::Episode),
        "" if season.is_some() && number.is_some() => Ok(Kind::Episode),
        "" => Err("it does not say whether it is a movie or a show; add a column `type`".to_owned()),
        _ => Err(format!("a {} is no movie, show, season or episode", cell::short(told))),
    }
}

/// The namespace in the name of a column of ids: `tmdb`, `tmdb_id`.
fn id_name(name: &str) -> Option<&str> {
    let bare = name.strip_suffix("id").unwrap_or(name);
    crosswatch_identity::namespace_of_key(bare).map(|_| bare)
}
