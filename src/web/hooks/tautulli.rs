//! What Tautulli's webhook agent posts on behalf of a Plex server: the JSON template that the README gives, of which every
//! value is a text.
//!
//! `imdb`, `tmdb` and `tvdb` are those of the movie or of the show, never of an episode; `plex` is the item's own.
//! `watched` is Tautulli's own bar, and counts as the end.

use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Show};
use crosswatch_scrobble::{Heard, Media, PlaybackEvent, Step, Viewer};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use super::{
    fields::{add_ids, at, flag, moment, small, text, whole},
    ignored, invalid, names_something,
};

/// Whether the template was used: its first field says so.
pub(super) fn is_template(body: &Value) -> bool {
    body.get("tautulli").is_some()
}

/// Tautulli's own name for the event.
pub(super) fn word(body: &Value) -> SmolStr {
    text(at(body, &["tautulli"]))
}

/// Reads a body.
pub(super) fn read(body: &Value) -> Heard {
    let word = word(body);
    let step = match word.as_str() {
        "" => return invalid("no event"),
        "play" | "resume" => Step::Start,
        "pause" => Step::Pause,
        "stop" => Step::Stop,
        "watched" => Step::Complete,
        _ => return ignored(&word),
    };
    let field = |name| text(at(body, &[name]));
    let kind = match field("kind").as_str() {
        "" => return invalid("no kind"),
        _ if flag(at(body, &["live"])) == Some(true) => return ignored("live TV"),
        "movie" => Kind::Movie,
        "episode" => Kind::Episode,
        other => return ignored(&format_smolstr!("a {other}")),
    };
    let media = media(body, kind);
    if !names_something(&media) {
        return invalid("no item");
    }
    Heard::Event(Box::new(PlaybackEvent {
        step,
        viewer: Viewer { name: field("user"), id: field("user_id") },
        server: field("server"),
        player: field("player"),
        session: field("session"),
        media,
        position_ms: whole(at(body, &["position_ms"])),
        at: moment(at(body, &["at"])),
        word,
    }))
}

fn media(body: &Value, kind: Kind) -> Media {
    let field = |name| text(at(body, &[name]));
    let mut own = IdSet::EMPTY;
    if let Ok(id) = Id::parse(Namespace::Plex, kind, &field("plex")) {
        own.insert(id);
    }
    let mut above = IdSet::EMPTY;
    let (named, named_kind) = if kind == Kind::Movie { (&mut own, kind) } else { (&mut above, Kind::Show) };
    for key in ["imdb", "tmdb", "tvdb"] {
        add_ids(named, named_kind, key, at(body, &[key]));
    }
    let year = small(at(body, &["year"]));
    let item = if kind == Kind::Movie {
        Item::titled(kind, &field("title"), year, own)
    } else {
        let show = Show { title: field("show"), year: small(at(body, &["show_year"])), ids: above, ..Show::default() };
        Item {
            year,
            show: Some(Box::new(show)),
            season: small(at(body, &["season"])),
            number: small(at(body, &["number"])),
            ..Item::titled(kind, &field("episode_title"), None, own)
        }
    };
    Media {
        native: field("item"),
        item,
        last_number: None,
        duration_ms: whole(at(body, &["duration_ms"])).filter(|duration| *duration > 0),
        library: Some(field("library")).filter(|library| !library.is_empty()),
    }
}
