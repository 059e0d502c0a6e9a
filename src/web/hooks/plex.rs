//! What a Plex Media Server posts: `event` with an account, a server, a player and `Metadata`.
//!
//! `media.scrobble` is the server's word that something was watched: it carries no position. `playback.started` is the
//! owner's copy of `media.play` for another user, and both come. Shapes: <https://support.plex.tv/articles/115002267687>.

use crosswatch_model::{
    Id, IdSet, Item, Kind, Scheme, Show,
    plex_guid::{self, Parsed},
};
use crosswatch_scrobble::{Heard, Media, PlaybackEvent, Step, Viewer};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use super::{
    NO_RATING,
    fields::{add, at, first, flag, moment, number, rating, small, text, whole},
    ignored, invalid, names_something,
};

/// The server's own name for the event.
pub(super) fn word(body: &Value) -> SmolStr {
    text(at(body, &["event"]))
}

/// Reads a body.
pub(super) fn read(body: &Value) -> Heard {
    let word = word(body);
    let is_rating = word == "media.rate";
    let step = match word.as_str() {
        "" => return invalid("no event"),
        "media.play" | "media.resume" => Step::Start,
        "media.pause" => Step::Pause,
        "media.stop" => Step::Stop,
        "media.scrobble" => Step::Complete,
        "media.rate" => match rated(body) {
            Ok(step) => step,
            Err(heard) => return heard,
        },
        _ => return ignored(&word),
    };
    let metadata = at(body, &["Metadata"]);
    if metadata.as_object().is_none_or(serde_json::Map::is_empty) {
        return invalid("no item");
    }
    let kind = match kind(metadata, is_rating) {
        Ok(kind) => kind,
        Err(heard) => return heard,
    };
    let media = media(metadata, kind);
    if !names_something(&media) {
        return invalid("no item");
    }
    let position = first(body, &[&["Metadata", "viewOffset"], &["viewOffset"]]);
    Heard::Event(Box::new(PlaybackEvent {
        step,
        viewer: Viewer { name: text(at(body, &["Account", "title"])), id: text(at(body, &["Account", "id"])) },
        server: text(at(body, &["Server", "uuid"])),
        player: text(at(body, &["Player", "uuid"])),
        session: text(first(metadata, &[&["sessionKey"], &["Session", "id"]])),
        media,
        position_ms: whole(position).filter(|_| step.is_playback()),
        at: moment(at(metadata, &["lastViewedAt"])).filter(|_| step == Step::Complete),
        word,
    }))
}

/// `Metadata.userRating` is the new rating where it is there; `rating` beside it is the older way. `Metadata.rating` is
/// what critics gave. Below zero, zero and `null` take the rating away; a field that is not there takes nothing away.
fn rated(body: &Value) -> Result<Step, Heard> {
    let told = [body.pointer("/Metadata/userRating"), body.get("rating")];
    let is_told = told.iter().any(Option::is_some);
    let Some(value) = told.into_iter().flatten().find(|value| !value.is_null() && value.as_str() != Some("")) else {
        return if is_told { Ok(Step::Rate(None)) } else { Err(ignored(NO_RATING)) };
    };
    match number(value) {
        Some(stored) if stored <= 0.0 => Ok(Step::Rate(None)),
        Some(stored) => rating(stored).map(|rating| Step::Rate(Some(rating))).ok_or_else(|| invalid("no such rating")),
        None => Err(invalid("no such rating")),
    }
}

fn kind(metadata: &Value, is_rating: bool) -> Result<Kind, Heard> {
    let told = text(at(metadata, &["type"]));
    let is_live = flag(at(metadata, &["live"])) == Some(true) || text(at(metadata, &["key"])).contains("/livetv/");
    let is_extra = !at(metadata, &["extraType"]).is_null() || text(at(metadata, &["subtype"])) == "trailer";
    match told.as_str() {
        "" => Err(invalid("no kind")),
        _ if is_live => Err(ignored("live TV")),
        _ if is_extra => Err(ignored("a trailer or another extra")),
        "movie" => Ok(Kind::Movie),
        "episode" => Ok(Kind::Episode),
        "show" if is_rating => Ok(Kind::Show),
        "season" if is_rating => Ok(Kind::Season),
        other => Err(ignored(&format_smolstr!("a {other}"))),
    }
}

fn media(metadata: &Value, kind: Kind) -> Media {
    let (ids, place) = named(metadata, kind, "guid");
    let (season, number) = match kind {
        Kind::Episode => (small(at(metadata, &["parentIndex"])), small(at(metadata, &["index"]))),
        Kind::Season => (small(at(metadata, &["index"])), None),
        Kind::Movie | Kind::Show => (None, None),
    };
    let (season, number) = match place {
        Some(place) if season.is_none() || (kind == Kind::Episode && number.is_none()) => (place.season, place.number),
        _ => (season, number),
    };
    let library = text(first(metadata, &[&["librarySectionTitle"], &["librarySectionID"]]));
    Media {
        native: text(at(metadata, &["ratingKey"])),
        item: Item {
            kind,
            title: text(at(metadata, &["title"])),
            year: small(at(metadata, &["year"])),
            ids,
            show: show(metadata, kind, place).map(Box::new),
            season,
            number,
        },
        last_number: None,
        duration_ms: whole(at(metadata, &["duration"])).filter(|duration| *duration > 0),
        library: Some(library).filter(|library| !library.is_empty()),
    }
}

/// Where a guid of an older agent puts what it stands on.
#[derive(Clone, Copy)]
struct Below {
    show: Id,
    scheme: Scheme,
    season: Option<u16>,
    number: Option<u16>,
}

/// What the guids under this name, and for the item itself those in `Guid`, say.
fn named(metadata: &Value, kind: Kind, name: &str) -> (IdSet, Option<Below>) {
    let children = if name == "guid" { at(metadata, &["Guid"]) } else { &Value::Null };
    let mut ids = IdSet::EMPTY;
    let mut place = None;
    for guid in listed(at(metadata, &[name])).chain(listed(children)) {
        let guid = if guid.is_object() { at(guid, &["id"]) } else { guid };
        match plex_guid::parse(Some(kind), &text(guid)) {
            Parsed::Id(id) => add(&mut ids, id),
            Parsed::Coordinates { show, scheme, season, number } => {
                place = Some(Below { show, scheme, season, number });
            }
            Parsed::GoToParent | Parsed::Rejected(_) => {}
        }
    }
    if let (Kind::Show, Some(below)) = (kind, place) {
        add(&mut ids, below.show);
    }
    (ids, place)
}

/// The members of a list, or the single value that stands in for one.
fn listed(value: &Value) -> impl Iterator<Item = &Value> {
    let (members, single) = match value {
        Value::Array(members) => (members.as_slice(), None),
        single => (&[][..], Some(single)),
    };
    members.iter().chain(single)
}

fn show(metadata: &Value, kind: Kind, place: Option<Below>) -> Option<Show> {
    let above = match kind {
        Kind::Episode => "grandparent",
        Kind::Season => "parent",
        Kind::Movie | Kind::Show => return None,
    };
    let (mut ids, order) = named(metadata, Kind::Show, &format!("{above}Guid"));
    if let (Some(below), true) = (place, ids.is_empty()) {
        ids.insert(below.show);
    }
    // The usual orders of TheTVDB and TMDB are what everybody means by saying nothing.
    let own_order = |scheme: &Scheme| matches!(scheme, Scheme::Mode(..) | Scheme::AniDb);
    Some(Show {
        title: text(at(metadata, &[&format!("{above}Title")])),
        year: None,
        ids,
        scheme: place.or(order).map(|below| below.scheme).filter(own_order).unwrap_or_default(),
    })
}
