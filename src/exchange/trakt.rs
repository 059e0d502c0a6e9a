//! Rows as Trakt exports and answers them: history, ratings, the watchlist, and what was paused.
//!
//! The export archive has them in members such as `watched-history-1.json`; a list that was saved from the API has the
//! same rows. Lists of one's own, collections and comments are left aside.

use std::io::Read;

use crosswatch_model::{Fact, Item, Kind, Show};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::{
    FileError, Told, cell,
    gathering::{Entry, Gathering},
    json_rows::{self, Spot, text},
};

/// What a member of the archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Plays.
    History,
    /// Ratings.
    Ratings,
    /// The watchlist.
    Watchlist,
    /// Resume points.
    Playback,
}

/// What the member of this name holds, if it is one of an export.
pub(crate) fn part_of(name: &str) -> Option<Part> {
    let file = name.rsplit('/').next()?.to_ascii_lowercase().replace('_', "-");
    let stem = file.strip_suffix(".json")?;
    let is = |word: &str| stem.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    [
        ("watched-history", Part::History),
        ("history", Part::History),
        ("ratings", Part::Ratings),
        ("lists-watchlist", Part::Watchlist),
        ("watchlist", Part::Watchlist),
        ("watched-playback", Part::Playback),
        ("playback", Part::Playback),
    ]
    .into_iter()
    .find(|(word, _)| is(word))
    .map(|(_, part)| part)
}

/// Reads a member.
pub(crate) fn read(
    reader: &mut dyn Read,
    part: Part,
    zone: &TimeZone,
    gathering: &mut Gathering,
) -> Result<(), FileError> {
    json_rows::each(reader, gathering, &mut |spot, value, gathering| {
        read_row(spot, &value, Some(part), zone, gathering)
    })
}

/// Whether an entry of a list looks like a row of Trakt.
pub(crate) fn is_row(value: &Value) -> bool {
    kind(value).is_some_and(|kind| value.get(kind.as_str()).is_some_and(Value::is_object))
        && ["type", "watched_at", "rating", "listed_at", "paused_at"].iter().any(|name| value.get(name).is_some())
}

/// Reads a row. Without a part the row says by its members what it is.
pub(crate) fn read_row(
    spot: Spot<'_>,
    value: &Value,
    part: Option<Part>,
    zone: &TimeZone,
    gathering: &mut Gathering,
) -> Result<(), FileError> {
    let place = spot.place(gathering);
    match entry(value, part, zone) {
        Ok(entry) => gathering.keep(&place, entry, value),
        Err(reason) => gathering.refuse(place, reason, value),
    }
}

fn entry(value: &Value, part: Option<Part>, zone: &TimeZone) -> Result<Entry, String> {
    let part = part.or_else(|| told_part(value)).ok_or("it says neither watched_at, rating, listed_at nor progress")?;
    let (item, runtime_s, complaint) = item(value)?;
    let told = match part {
        // Trakt keeps minutes.
        Part::History => Told::Fact(Fact::Play(cell::watched_at(&text(value, "watched_at"), zone)?.to_minute())),
        Part::Watchlist => Told::Fact(Fact::Listed(cell::instant(&text(value, "listed_at"), zone)?)),
        Part::Ratings => {
            let rating = cell::rating(&text(value, "rating"), 10.0)?.ok_or("it has no rating")?;
            let rated_at = cell::instant(&text(value, "rated_at"), zone)?;
            Told::Fact(Fact::Rated { value: rating, rated_at })
        }
        Part::Playback => {
            let hundredths = cell::percent(&text(value, "progress"))?;
            Told::ResumePart { hundredths, stopped_at: cell::instant(&text(value, "paused_at"), zone)? }
        }
    };
    if item.ids.is_empty()
        && let Some(complaint) = complaint
    {
        return Err(complaint);
    }
    Ok(Entry { item, told, runtime_s })
}

fn told_part(value: &Value) -> Option<Part> {
    let has = |name: &str| value.get(name).is_some();
    [
        ("watched_at", Part::History),
        ("rating", Part::Ratings),
        ("listed_at", Part::Watchlist),
        ("progress", Part::Playback),
    ]
    .into_iter()
    .find(|(name, _)| has(name))
    .map(|(_, part)| part)
}

/// The item with its length, and a complaint about an id that is none.
fn item(value: &Value) -> Result<(Item, Option<u32>, Option<String>), String> {
    let kind = kind(value).ok_or("its type is not movie, show, season or episode")?;
    let title = value.get(kind.as_str()).filter(|title| title.is_object());
    let title = title.ok_or_else(|| format!("it has no {kind}"))?;
    let mut ids = ids(title, kind);
    let mut item = Item::titled(kind, text(title, "title").trim(), cell::small("year", &text(title, "year"))?, ids.ids);
    if matches!(kind, Kind::Season | Kind::Episode) {
        let (season, number) = if kind == Kind::Season { ("number", "") } else { ("season", "number") };
        item.season = cell::small("season number", &text(title, season))?;
        item.number = cell::small("episode number", &text(title, number))?;
        if let Some(told) = value.get("show").filter(|show| show.is_object()) {
            let own = self::ids(told, Kind::Show);
            ids.complaint = ids.complaint.or(own.complaint);
            item.show = Some(Box::new(Show {
                title: text(told, "title").trim().into(),
                year: cell::small("year", &text(told, "year"))?,
                ids: own.ids,
                ..Show::default()
            }));
        }
        // Its own name is enough of one; a number of a season has no year.
        item.year = None;
    }
    let is_found_by_show = item.show.as_ref().is_some_and(|show| !show.ids.is_empty());
    let complaint = ids.complaint.filter(|_| !is_found_by_show);
    Ok((item, cell::minutes(&text(title, "runtime")), complaint))
}

fn kind(value: &Value) -> Option<Kind> {
    if let Some(kind) = value.get("type").and_then(Value::as_str) {
        return kind.parse().ok();
    }
    let has = |kind: &Kind| value.get(kind.as_str()).is_some_and(Value::is_object);
    [Kind::Episode, Kind::Season, Kind::Movie, Kind::Show].into_iter().find(has)
}

/// Movies have no numbers of TheTVDB at Trakt, seasons no ids of IMDb; slugs name pages.
pub(crate) fn ids(title: &Value, kind: Kind) -> cell::Ids {
    let mut ids = cell::Ids::default();
    let Some(told) = title.get("ids") else { return ids };
    for name in ["trakt", "imdb", "tmdb", "tvdb", "simkl", "mal", "anidb", "anilist", "kitsu"] {
        let is_foreign = kind == Kind::Movie && name == "tvdb" || kind == Kind::Season && name == "imdb";
        if !is_foreign {
            ids.take(name, kind, &text(told, name));
        }
    }
    ids
}
