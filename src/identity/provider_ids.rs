//! The keys of `ProviderIds` maps, as Jellyfin, Emby and their plug-ins write them.
//!
//! The case of a key varies, its letters do not: `TmdbCollection` is not `Tmdb`, and a key that is not in the table names
//! something we do not read.

use crosswatch_model::Namespace;

const KEYS: [(&str, Namespace); 14] = [
    ("imdb", Namespace::Imdb),
    ("tmdb", Namespace::Tmdb),
    ("themoviedb", Namespace::Tmdb),
    ("tvdb", Namespace::Tvdb),
    ("thetvdb", Namespace::Tvdb),
    ("trakt", Namespace::Trakt),
    ("simkl", Namespace::Simkl),
    ("anidb", Namespace::AniDb),
    ("anilist", Namespace::AniList),
    ("mal", Namespace::Mal),
    ("myanimelist", Namespace::Mal),
    ("kitsu", Namespace::Kitsu),
    ("plex", Namespace::Plex),
    ("wikidata", Namespace::Wikidata),
];

/// Whose ids stand under this key.
pub fn namespace_of_key(key: &str) -> Option<Namespace> {
    KEYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, namespace)| *namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_exact_but_for_their_case() {
        for key in ["Imdb", "IMDb", "IMDB", "imdb"] {
            assert_eq!(namespace_of_key(key), Some(Namespace::Imdb));
        }
        for key in ["TmdbCollection", "Tmdb ", " Tmdb", "TvRage", "Official Website", "", "TvdbSlug", "ＩＭＤＢ"] {
            assert_eq!(namespace_of_key(key), None, "{key}");
        }
    }
}
