//! Plex guids in every form that is still found in libraries.
//!
//! Promises: the whole text fits one of the forms below or it is refused; nothing is searched for inside of it. The kind
//! comes from the item where the form does not tell it, and is never guessed. On an episode a legacy guid holds the id of
//! the *show* with coordinates, while a child guid (`tvdb://349232`) holds the id of the episode itself.
//! HAMA's ordering digit is kept as a [`Scheme`]. Deliberately absent: rating keys, which name a row of one server only.
//!
//! ```text
//! plex://{movie|show|season|episode}/{24 hex}
//! imdb://tt0133093  tmdb://603  tvdb://349232                      a child guid, of the item's own kind
//! com.plexapp.agents.imdb://tt0133093?lang=en
//! com.plexapp.agents.themoviedb://{id}[/{season}[/{episode}]]
//! com.plexapp.agents.thetvdb://{series}[/{season}[/{episode}]]
//! com.plexapp.agents.hama://{anidb|tvdb|tmdb|tsdb|imdb}[digit]-{id}[/{season}/{episode}]
//! com.plexapp.agents.xbmcnfo://{tt…|n}  com.plexapp.agents.xbmcnfotv://{series}[/{season}[/{episode}]]
//! tv.plex.agents.nfo.movie://movie/{provider}_{id}  tv.plex.agents.nfo.series://{show|season|episode}/{provider}_{id}
//! local://…  com.plexapp.agents.none://…  tv.plex.agents.none://…  no identity
//! tt0133093
//! ```

use crate::{
    id::{Id, IdRejection, Kind, Namespace},
    scheme::Scheme,
};
use unicode_normalization::UnicodeNormalization;

/// What a guid says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    /// The item's own id.
    Id(Id),
    /// A place below a show. A show in an ordering mode of its own has neither season nor number.
    Coordinates {
        /// The show.
        show: Id,
        /// Who counted.
        scheme: Scheme,
        /// The season; 0 holds specials.
        season: Option<u16>,
        /// The episode inside it.
        number: Option<u16>,
    },
    /// The item has no identity of its own: it is found by its parent's guid and its numbers.
    GoToParent,
    /// No id.
    Rejected(IdRejection),
}

/// Reads a guid that stands on an item of `item_kind`; `None` where the server did not tell the kind.
pub fn parse(item_kind: Option<Kind>, text: &str) -> Parsed {
    read(item_kind, text).unwrap_or_else(Parsed::Rejected)
}

fn read(item_kind: Option<Kind>, text: &str) -> Result<Parsed, IdRejection> {
    let normal: String = text.nfkc().collect();
    let normal = normal.trim();
    let whole = normal.split_once('?').map_or(normal, |(before, _)| before);
    if whole.is_empty() {
        return Err(IdRejection::Empty);
    }
    let Some((agent, rest)) = whole.split_once("://") else {
        return own_id(Namespace::Imdb, item_kind, whole);
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    match agent {
        "plex" => modern(item_kind, rest),
        "imdb" | "com.plexapp.agents.imdb" => own_id(Namespace::Imdb, item_kind, rest),
        "tmdb" => own_id(Namespace::Tmdb, item_kind, rest),
        "tvdb" => own_id(Namespace::Tvdb, item_kind, rest),
        "com.plexapp.agents.themoviedb" => below_show(Namespace::Tmdb, Scheme::TmdbDefault, item_kind, rest),
        "com.plexapp.agents.thetvdb" | "com.plexapp.agents.xbmcnfotv" if item_kind == Some(Kind::Movie) => {
            Err(IdRejection::KindDiffers)
        }
        "com.plexapp.agents.thetvdb" | "com.plexapp.agents.xbmcnfotv" => {
            below_show(Namespace::Tvdb, Scheme::TvdbAired, item_kind, rest)
        }
        "com.plexapp.agents.hama" => hama(item_kind, rest),
        "com.plexapp.agents.xbmcnfo" => film_of_nfo(item_kind, rest),
        "tv.plex.agents.nfo.movie" | "tv.plex.agents.nfo.series" => nfo(agent, item_kind, rest),
        "local" | "com.plexapp.agents.none" | "tv.plex.agents.none" => match item_kind {
            Some(Kind::Movie | Kind::Show) => Err(IdRejection::Empty),
            Some(Kind::Season | Kind::Episode) => Ok(Parsed::GoToParent),
            None => Err(IdRejection::KindUnknown),
        },
        _ => Err(IdRejection::FormUnknown),
    }
}

fn own_id(namespace: Namespace, item_kind: Option<Kind>, text: &str) -> Result<Parsed, IdRejection> {
    let kind = item_kind.ok_or(IdRejection::KindUnknown)?;
    Id::parse(namespace, kind, text).map(Parsed::Id)
}

/// The kind that the guid names, unless it stands on an item of another kind.
fn agreed(told: &str, item_kind: Option<Kind>) -> Result<Kind, IdRejection> {
    let kind: Kind = told.parse().map_err(|_| IdRejection::KindUnsupported)?;
    if item_kind.is_some_and(|item_kind| item_kind != kind) { Err(IdRejection::KindDiffers) } else { Ok(kind) }
}

fn modern(item_kind: Option<Kind>, rest: &str) -> Result<Parsed, IdRejection> {
    let (kind, tail) = rest.split_once('/').ok_or(IdRejection::Malformed)?;
    let kind = agreed(kind, item_kind)?;
    Id::parse(Namespace::Plex, kind, tail).map(Parsed::Id)
}

fn nfo(agent: &str, item_kind: Option<Kind>, rest: &str) -> Result<Parsed, IdRejection> {
    let (kind, named) = rest.split_once('/').ok_or(IdRejection::Malformed)?;
    let kind = agreed(kind, item_kind)?;
    if (agent == "tv.plex.agents.nfo.movie") != (kind == Kind::Movie) {
        return Err(IdRejection::KindDiffers);
    }
    let (provider, id) = named.split_once('_').ok_or(IdRejection::Malformed)?;
    let namespace = match provider {
        "imdb" => Namespace::Imdb,
        "tmdb" => Namespace::Tmdb,
        "tvdb" => Namespace::Tvdb,
        _ => return Err(IdRejection::FormUnknown),
    };
    Id::parse(namespace, kind, id).map(Parsed::Id)
}

fn film_of_nfo(item_kind: Option<Kind>, rest: &str) -> Result<Parsed, IdRejection> {
    match item_kind {
        None => Err(IdRejection::KindUnknown),
        Some(Kind::Movie) if rest.bytes().all(|byte| byte.is_ascii_digit()) => own_id(Namespace::Tmdb, item_kind, rest),
        Some(Kind::Movie) => own_id(Namespace::Imdb, item_kind, rest),
        Some(_) => Err(IdRejection::KindDiffers),
    }
}

fn hama(item_kind: Option<Kind>, rest: &str) -> Result<Parsed, IdRejection> {
    let (source, place) = rest.split_once('-').ok_or(IdRejection::Malformed)?;
    let base = source.trim_end_matches(|character: char| character.is_ascii_digit());
    let mode = source.strip_prefix(base).unwrap_or_default();
    if mode.len() > 1 {
        return Err(IdRejection::Malformed);
    }
    let (namespace, usual) = match base {
        "anidb" => (Namespace::AniDb, Scheme::AniDb),
        "tvdb" => (Namespace::Tvdb, Scheme::TvdbAired),
        "tmdb" | "tsdb" => (Namespace::Tmdb, Scheme::TmdbDefault),
        "imdb" => (Namespace::Imdb, Scheme::Standard),
        _ => return Err(IdRejection::FormUnknown),
    };
    let scheme = mode.parse().map_or(usual, |mode| Scheme::Mode(namespace, mode));
    below_show(namespace, scheme, item_kind, place)
}

/// `{id}`, `{show}/{season}` or `{show}/{season}/{episode}`, as fits the kind of the item.
fn below_show(
    namespace: Namespace,
    scheme: Scheme,
    item_kind: Option<Kind>,
    text: &str,
) -> Result<Parsed, IdRejection> {
    let kind = item_kind.ok_or(IdRejection::KindUnknown)?;
    let parts: Vec<&str> = text.split('/').collect();
    let place = |show, season, number| -> Result<Parsed, IdRejection> {
        let show = Id::parse(namespace, Kind::Show, show)?;
        Ok(Parsed::Coordinates { show, scheme, season, number })
    };
    match (kind, parts.as_slice()) {
        (Kind::Movie, [id]) => own_id(namespace, item_kind, id),
        (Kind::Movie, _) => Err(IdRejection::KindDiffers),
        (Kind::Show, [show]) if matches!(scheme, Scheme::Mode(..)) => place(show, None, None),
        (Kind::Show, [show]) => own_id(namespace, item_kind, show),
        (Kind::Season, [show, season]) => place(show, Some(coordinate(season)?), None),
        (Kind::Episode, [show, season, number]) => place(show, Some(coordinate(season)?), Some(coordinate(number)?)),
        _ => Err(IdRejection::Malformed),
    }
}

/// Digits alone: `+1` and an empty part are refused, 0 is a number like any other.
fn coordinate(text: &str) -> Result<u16, IdRejection> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits).ok_or(IdRejection::Malformed)
}
