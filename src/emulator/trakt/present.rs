//! Titles as JSON rows.

use serde_json::{Map, Value, json};

use super::catalogue::{Catalogue, Kind};
use crate::{
    instant,
    library::{Library, LibraryItem},
};

impl Catalogue {
    /// The members that name an item in a row: `type`, and `movie`, `show`, `season` with `show`, or `episode` with `show`.
    pub(crate) fn describe(&self, row: &mut Map<String, Value>, item: LibraryItem, extended: &str) {
        let full = extended.split(',').any(|part| part == "full");
        let kind = Kind::of(item);
        row.insert("type".to_owned(), kind.singular().into());
        row.insert(kind.singular().to_owned(), self.title_json(item, full));
        if let (Kind::Season | Kind::Episode, Some(show)) = (kind, item.show()) {
            row.insert("show".to_owned(), self.title_json(LibraryItem::Show(show), full));
        }
    }

    /// One title.
    pub(crate) fn title_json(&self, item: LibraryItem, full: bool) -> Value {
        let mut title = self.brief(item);
        if full {
            title.extend(details(self.library(), item));
        }
        Value::Object(title)
    }

    fn brief(&self, item: LibraryItem) -> Map<String, Value> {
        let mut title = Map::new();
        match item {
            LibraryItem::Movie(_) => {
                if let Some(movie) = self.library().movie(item) {
                    title.insert("title".to_owned(), movie.title.as_str().into());
                    title.insert("year".to_owned(), movie.year.into());
                }
            }
            LibraryItem::Show(_) => {
                if let Some(show) = self.library().show(item) {
                    title.insert("title".to_owned(), show.title.as_str().into());
                    title.insert("year".to_owned(), show.year.into());
                }
            }
            LibraryItem::Season { season, .. } => {
                title.insert("number".to_owned(), season.into());
            }
            LibraryItem::Episode { season, number, .. } => {
                title.insert("season".to_owned(), season.into());
                title.insert("number".to_owned(), number.into());
                let name = self.library().episode(item).map(|episode| episode.title.as_str());
                title.insert("title".to_owned(), name.into());
            }
        }
        title.insert("ids".to_owned(), self.ids_json(item));
        title
    }

    /// Movies have no `tvdb`, seasons no `imdb`, and what is unknown is `null`.
    fn ids_json(&self, item: LibraryItem) -> Value {
        let trakt = self.trakt_id(item);
        let Some(ids) = self.library().ids(item) else { return json!({"trakt": trakt}) };
        let imdb = ids.imdb.as_deref();
        match Kind::of(item) {
            Kind::Movie => json!({"trakt": trakt, "slug": self.slug(item), "imdb": imdb, "tmdb": ids.tmdb}),
            Kind::Show => {
                json!({"trakt": trakt, "slug": self.slug(item), "tvdb": ids.tvdb, "imdb": imdb, "tmdb": ids.tmdb})
            }
            Kind::Season => json!({"trakt": trakt, "tvdb": ids.tvdb, "tmdb": ids.tmdb}),
            Kind::Episode => json!({"trakt": trakt, "tvdb": ids.tvdb, "imdb": imdb, "tmdb": ids.tmdb}),
        }
    }
}

fn details(library: &Library, item: LibraryItem) -> Map<String, Value> {
    let mut details = Map::new();
    details.insert("runtime".to_owned(), library.runtime_min(item).into());
    if let Some(movie) = library.movie(item) {
        details.insert("released".to_owned(), movie.released.to_string().into());
    }
    if let Some(episode) = library.episode(item) {
        let aired = instant::start_of(episode.aired).map(instant::to_millis_text);
        details.insert("first_aired".to_owned(), aired.into());
        details.insert("number_abs".to_owned(), absolute_number(library, item).into());
    }
    if let (LibraryItem::Show(_), Some(show)) = (item, library.show(item)) {
        let aired = show.numbers().filter(|(season, _)| *season > 0).count();
        details.insert("aired_episodes".to_owned(), aired.into());
    }
    details
}

fn absolute_number(library: &Library, item: LibraryItem) -> Option<usize> {
    let LibraryItem::Episode { season, number, .. } = item else { return None };
    let counted = library.show(item)?.numbers().filter(|(season, _)| *season > 0);
    counted.into_iter().position(|own| own == (season, number)).map(|place| place + 1)
}
