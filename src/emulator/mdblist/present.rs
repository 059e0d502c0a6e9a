//! Titles and times as JSON.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::catalogue::{Catalogue, mdblist_id};
use crate::{
    kind::Kind,
    library::{ExternalIds, LibraryItem},
};

/// `2026-01-02T03:04:05Z`: whole seconds.
pub(crate) fn text_of(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How much of the ids is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdDetail {
    /// All of them.
    All,
    /// `extended=ids_only`: TMDB's alone.
    TmdbOnly,
}

impl Catalogue {
    /// The members that name an item in a row of a bucket: `movie`, `show`, `season` with `show`, or `episode`.
    pub(crate) fn describe(&self, row: &mut Map<String, Value>, item: LibraryItem, detail: IdDetail) {
        match item {
            LibraryItem::Movie(_) | LibraryItem::Show(_) => {
                row.insert(Kind::of(item).singular().to_owned(), self.titled(item, detail));
            }
            LibraryItem::Season { show, season } => {
                row.insert("season".to_owned(), json!({"number": season, "ids": self.ids_json(item, detail)}));
                row.insert("show".to_owned(), self.titled(LibraryItem::Show(show), detail));
            }
            LibraryItem::Episode { show, season, number } => {
                let name = self.library().episode(item).map(|episode| episode.title.as_str());
                let show = self.titled(LibraryItem::Show(show), detail);
                let ids = self.ids_json(item, detail);
                let episode = json!({"season": season, "number": number, "name": name, "ids": ids, "show": show});
                row.insert("episode".to_owned(), episode);
            }
        }
    }

    /// Title, year and ids of a movie or show.
    pub(crate) fn titled(&self, item: LibraryItem, detail: IdDetail) -> Value {
        let (title, year) = self.title_of(item);
        if detail == IdDetail::TmdbOnly {
            return json!({"ids": self.ids_json(item, detail)});
        }
        json!({"title": title, "year": year, "ids": self.ids_json(item, detail)})
    }

    /// Title and year of a movie or show.
    pub(crate) fn title_of(&self, item: LibraryItem) -> (Option<&str>, Option<u16>) {
        let movie = self.library().movie(item).map(|movie| (movie.title.as_str(), movie.year));
        let named = movie.or_else(|| self.library().show(item).map(|show| (show.title.as_str(), show.year)));
        (named.map(|(title, _)| title), named.map(|(_, year)| year))
    }

    /// The ids of an item; what is unknown is `null`.
    pub(crate) fn ids_json(&self, item: LibraryItem, detail: IdDetail) -> Value {
        let ids = self.external(item);
        if detail == IdDetail::TmdbOnly {
            return json!({"tmdb": ids.tmdb});
        }
        match Kind::of(item) {
            Kind::Movie | Kind::Show => json!({
                "imdb": ids.imdb.as_deref(), "tmdb": ids.tmdb, "tvdb": ids.tvdb, "trakt": null,
                "mdblist": mdblist_id(item).as_deref(),
            }),
            Kind::Season => json!({"tmdb": ids.tmdb, "tvdb": ids.tvdb}),
            Kind::Episode => json!({"imdb": ids.imdb.as_deref(), "tmdb": ids.tmdb, "tvdb": ids.tvdb}),
        }
    }

    /// The ids as the resume points spell them, unlike everything else.
    pub(crate) fn playback_ids(&self, item: LibraryItem) -> Value {
        let ids = self.external(item);
        let named = [
            ("imdbid", ids.imdb.as_deref().map(Value::from)),
            ("tmdbid", ids.tmdb.map(Value::from)),
            ("tvdbid", ids.tvdb.map(Value::from)),
        ];
        Value::Object(named.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id?))).collect())
    }

    fn external(&self, item: LibraryItem) -> ExternalIds {
        self.library().ids(item).cloned().unwrap_or_default()
    }
}
