//! The table of Yamtrack: movies, series, seasons, episodes and anime, each with the number of the service it was found at.
//!
//! The number of a season or an episode is that of its show. An anime tells only how many of its episodes were watched, so
//! these are plays without a date.

use crosswatch_model::{Fact, IdSet, Item, Kind, Scheme, Show, WatchedAt};
use jiff::tz::TimeZone;

use crate::{
    FileError, cell,
    gathering::{Entry, Gathering},
    table::{Cells, Header, Table},
};

/// An entry of an anime service has no more episodes.
const EPISODES_MAX: u16 = 5_000;

/// Whether a table is one of Yamtrack.
pub(crate) fn is_header(header: &Header) -> bool {
    ["mediaid", "source", "mediatype"].iter().all(|name| header.has(name))
}

/// Reads the table.
pub(crate) fn read(table: Table<'_>, zone: &TimeZone, gathering: &mut Gathering) -> Result<(), FileError> {
    table.each(gathering, |place, cells, gathering| {
        let entries = match row(cells, zone) {
            Ok(entries) => entries,
            Err(reason) => return Ok(Err(reason)),
        };
        for (item, fact) in entries {
            gathering.keep(place, Entry::fact(item, fact), cells)?;
        }
        Ok(Ok(()))
    })
}

fn row(cells: &Cells<'_>, zone: &TimeZone) -> Result<Vec<(Item, Fact)>, String> {
    let source = cells.get("source");
    if source == "manual" {
        return Err("it was made by hand and has no id that others know".to_owned());
    }
    let mut entries = Vec::new();
    match cells.get("mediatype") {
        "movie" => {
            let movie = Item::titled(Kind::Movie, cells.get("title"), None, ids(cells, Kind::Movie)?);
            let is_watched = cells.get("status") == "Completed" || !cells.get("enddate").is_empty();
            if is_watched {
                entries.push((movie.clone(), Fact::Play(cell::watched_at(cells.get("enddate"), zone)?)));
            }
            add_list_and_rating(&movie, cells, zone, &mut entries)?;
        }
        "tv" => {
            let show = Item::titled(Kind::Show, cells.get("title"), None, ids(cells, Kind::Show)?);
            add_list_and_rating(&show, cells, zone, &mut entries)?;
        }
        "season" => {
            let season = Item { kind: Kind::Season, ..below_show(cells)? };
            add_list_and_rating(&season, cells, zone, &mut entries)?;
        }
        "episode" => {
            let number = cell::small("episode number", cells.get("episodenumber"))?;
            let episode = Item { kind: Kind::Episode, number, ..below_show(cells)? };
            let ended = cells.first_of(&["enddate", "watchdate"]);
            entries.push((episode, Fact::Play(cell::watched_at(ended, zone)?)));
        }
        "anime" => add_anime(cells, zone, &mut entries)?,
        other => return Err(format!("a {} is no movie, series or episode", cell::short(other))),
    }
    Ok(entries)
}

fn add_list_and_rating(
    item: &Item,
    cells: &Cells<'_>,
    zone: &TimeZone,
    entries: &mut Vec<(Item, Fact)>,
) -> Result<(), String> {
    if cells.get("status") == "Planning" {
        let listed_at = cell::instant(cells.first_of(&["createdat", "progressedat", "progresschanged"]), zone)?;
        entries.push((item.clone(), Fact::Listed(listed_at)));
    }
    if let Some(value) = cell::rating(cells.get("score"), 10.0)? {
        entries.push((item.clone(), Fact::Rated { value, rated_at: None }));
    }
    Ok(())
}

fn add_anime(cells: &Cells<'_>, zone: &TimeZone, entries: &mut Vec<(Item, Fact)>) -> Result<(), String> {
    let ids = ids(cells, Kind::Show)?;
    let whole = Item::titled(Kind::Show, cells.get("title"), None, ids.clone());
    add_list_and_rating(&whole, cells, zone, entries)?;
    let watched = cell::small("number of episodes", cells.get("progress"))?.unwrap_or(0);
    if watched > EPISODES_MAX {
        return Err(format!("{watched} episodes of one anime are too many"));
    }
    for number in 1..=watched {
        let show = Show { title: whole.title.clone(), year: None, ids: ids.clone(), scheme: Scheme::Entry };
        let episode = Item::episode(show, 1, number, "", IdSet::EMPTY);
        entries.push((episode, Fact::Play(WatchedAt::Unknown)));
    }
    Ok(())
}

/// A season or an episode, of the show whose number stands in the row.
fn below_show(cells: &Cells<'_>) -> Result<Item, String> {
    let show = Show { title: cells.get("title").into(), ids: ids(cells, Kind::Show)?, ..Show::default() };
    Ok(Item {
        kind: Kind::Season,
        title: "".into(),
        year: None,
        ids: IdSet::EMPTY,
        show: Some(Box::new(show)),
        season: cell::small("season number", cells.get("seasonnumber"))?,
        number: None,
    })
}

fn ids(cells: &Cells<'_>, kind: Kind) -> Result<IdSet, String> {
    let mut ids = cell::Ids::default();
    ids.take(cells.get("source"), kind, cells.get("mediaid"));
    match (ids.ids.is_empty(), ids.complaint) {
        (true, Some(complaint)) => Err(complaint),
        (true, None) => Err(format!("the ids of {:?} are not known here", cell::short(cells.get("source")))),
        (false, _) => Ok(ids.ids),
    }
}
