//! Tables of IMDb: the ratings, and lists such as the watchlist. A list counts as the watchlist, since it does not say
//! which one it is.

use crosswatch_identity::{Parsed, web_address};
use crosswatch_model::{Fact, Id, IdSet, Item, Kind, Namespace};
use jiff::tz::TimeZone;

use crate::{
    FileError, Told, cell,
    gathering::{Entry, Gathering},
    table::{Cells, Header, Table, normal},
};

/// Whether a table is one of IMDb.
pub(crate) fn is_header(header: &Header) -> bool {
    header.has("const") && header.has("titletype")
}

/// Reads the table.
pub(crate) fn read(table: Table<'_>, zone: &TimeZone, gathering: &mut Gathering) -> Result<(), FileError> {
    let is_list = table.header().has("position") || table.header().has("created");
    table.each(gathering, |place, cells, gathering| {
        let (item, facts) = match row(cells, is_list, zone) {
            Ok(row) => row,
            Err(reason) => return Ok(Err(reason)),
        };
        for fact in facts {
            let runtime_s = cell::minutes(cells.get("runtimemins")).filter(|_| item.kind != Kind::Show);
            let entry = Entry { item: item.clone(), told: Told::Fact(fact), runtime_s };
            gathering.keep(place, entry, cells)?;
        }
        Ok(Ok(()))
    })
}

fn row(cells: &Cells<'_>, is_list: bool, zone: &TimeZone) -> Result<(Item, Vec<Fact>), String> {
    let kind = kind(cells.get("titletype"))?;
    let id = id(cells, kind)?;
    let year = cell::small("year", cells.get("year"))?.filter(|_| kind != Kind::Episode);
    let item = Item::titled(kind, cells.get("title"), year, std::iter::once(id).collect::<IdSet>());
    let mut facts = Vec::new();
    if is_list {
        facts.push(Fact::Listed(cell::instant(cells.get("created"), zone)?));
    }
    match cell::rating(cells.get("yourrating"), 10.0)? {
        Some(value) => {
            facts.push(Fact::Rated { value, rated_at: cell::instant(cells.get("daterated"), zone)? });
        }
        None if is_list => {}
        None => return Err("it has no rating".to_owned()),
    }
    Ok((item, facts))
}

fn kind(told: &str) -> Result<Kind, String> {
    match normal(told).as_str() {
        "movie" | "tvmovie" | "short" | "tvshort" | "video" | "tvspecial" | "musicvideo" => Ok(Kind::Movie),
        "tvseries" | "tvminiseries" => Ok(Kind::Show),
        "tvepisode" => Ok(Kind::Episode),
        "" => Err("it has no title type".to_owned()),
        _ => Err(format!("a {} is no movie, series or episode", cell::short(told))),
    }
}

/// The id, or the one in the address of its page where the column lost its letters.
fn id(cells: &Cells<'_>, kind: Kind) -> Result<Id, String> {
    let written = cells.get("const");
    let own = Id::parse(Namespace::Imdb, kind, written);
    match (own, web_address::parse(Some(kind), cells.get("url"))) {
        (Ok(id), _) | (Err(_), Ok(Parsed::Id(id))) => Ok(id),
        (Err(why), _) => Err(format!("imdb {:?}: {why}", cell::short(written))),
    }
}
