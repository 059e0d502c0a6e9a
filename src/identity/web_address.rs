//! Addresses of pages about titles, as people paste them. This is the only reader of addresses: an id field that holds one
//! is refused like any other text.

use crosswatch_model::{Id, IdRejection, Kind, Namespace, Scheme};

use crate::plex_guid::Parsed;

/// Reads the address of a page. `item_kind` is what a person says it is about; sites that name the kind themselves must
/// agree with it.
pub fn parse(item_kind: Option<Kind>, address: &str) -> Result<Parsed, IdRejection> {
    let address = address.trim();
    let without_scheme = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let bare = without_scheme.ok_or(IdRejection::FormUnknown)?;
    let bare = bare.split(['?', '#']).next().unwrap_or_default();
    let mut parts = bare.split('/').filter(|part| !part.is_empty());
    let host = parts.next().ok_or(IdRejection::FormUnknown)?;
    let path: Vec<&str> = parts.collect();
    let told = |kind: Kind| match item_kind {
        Some(other) if other != kind => Err(IdRejection::KindDiffers),
        _ => Ok(kind),
    };
    let own = |namespace, kind, text| Id::parse(namespace, kind, text).map(Parsed::Id);
    match (host.strip_prefix("www.").unwrap_or(host), path.as_slice()) {
        ("themoviedb.org", ["movie", page]) => own(Namespace::Tmdb, told(Kind::Movie)?, before_slug(page)),
        ("themoviedb.org", ["tv", page]) => own(Namespace::Tmdb, told(Kind::Show)?, before_slug(page)),
        ("themoviedb.org", ["tv", page, "season", season, "episode", number]) => Ok(Parsed::Coordinates {
            show: Id::parse(Namespace::Tmdb, Kind::Show, before_slug(page))?,
            scheme: Scheme::TmdbDefault,
            season: Some(season.parse().map_err(|_| IdRejection::Malformed)?),
            number: Some(number.parse().map_err(|_| IdRejection::Malformed)?),
        }),
        ("imdb.com" | "m.imdb.com", ["title", id, ..]) => {
            own(Namespace::Imdb, item_kind.ok_or(IdRejection::KindUnknown)?, id)
        }
        ("anidb.net", ["anime", id]) => own(Namespace::AniDb, item_kind.ok_or(IdRejection::KindUnknown)?, id),
        ("anilist.co", ["anime", id, ..]) => own(Namespace::AniList, item_kind.ok_or(IdRejection::KindUnknown)?, id),
        ("myanimelist.net", ["anime", id, ..]) => own(Namespace::Mal, item_kind.ok_or(IdRejection::KindUnknown)?, id),
        ("wikidata.org", ["wiki", id]) => own(Namespace::Wikidata, item_kind.ok_or(IdRejection::KindUnknown)?, id),
        // The last five name their pages by slugs, which do not identify: a slug may be all digits.
        (
            "imdb.com" | "m.imdb.com" | "themoviedb.org" | "trakt.tv" | "thetvdb.com" | "simkl.com" | "kitsu.app"
            | "kitsu.io",
            _,
        ) => Err(IdRejection::NotATitle),
        _ => Err(IdRejection::FormUnknown),
    }
}

/// `603-the-matrix-2x` names 603.
fn before_slug(page: &str) -> &str {
    page.split_once('-').map_or(page, |(id, _)| id)
}
