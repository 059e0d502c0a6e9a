//! Everything MDBList knows: the library with MDBList's own short ids, the lookup by any id that clients send, and the gaps
//! of its episode database.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use serde_json::Value;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use crate::{
    kind::Kind,
    library::{Library, LibraryItem},
};

/// The id fields of each kind, in the order in which they are tried. Episodes are known by TMDB's and TheTVDB's numbers.
const fn id_names(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Movie | Kind::Show => &["mdblist", "imdb", "tmdb", "tvdb"],
        Kind::Season | Kind::Episode => &["tmdb", "tvdb"],
    }
}

/// The library as MDBList files it.
pub(crate) struct Catalogue {
    library: Library,
    lost: BTreeSet<LibraryItem>,
    by_id: FxHashMap<(Kind, &'static str, SmolStr), LibraryItem>,
}

impl Catalogue {
    pub(crate) fn new(library: Library) -> Self {
        let mut catalogue = Self { library, lost: BTreeSet::new(), by_id: FxHashMap::default() };
        let movies = catalogue.library.movies().map(|(item, _)| item);
        let shows = catalogue.library.shows().flat_map(|(item, show)| {
            let seasons = show.seasons.keys().filter_map(move |season| Some((item.show()?, *season)));
            std::iter::once(item).chain(seasons.map(|(show, season)| LibraryItem::Season { show, season }))
        });
        let episodes = catalogue.library.episodes().map(|(item, _)| item);
        let all: Vec<LibraryItem> = movies.chain(shows).chain(episodes).collect();
        for item in all {
            catalogue.file(item);
        }
        catalogue
    }

    pub(crate) const fn library(&self) -> &Library {
        &self.library
    }

    /// Forgets a title.
    pub(crate) fn lose(&mut self, item: LibraryItem) {
        self.lost.insert(item);
    }

    /// The title with this id of this kind.
    pub(crate) fn find(&self, kind: Kind, name: &str, id: &str) -> Option<LibraryItem> {
        let name = id_names(kind).iter().find(|own| **own == name)?;
        let found = self.by_id.get(&(kind, *name, id.into())).copied();
        found.filter(|item| !self.lost.contains(item))
    }

    /// What a client means by an object with ids: the first known one wins, be it right or wrong.
    pub(crate) fn resolve(&self, kind: Kind, ids: &Value) -> Option<LibraryItem> {
        let text = |name: &str| match ids.get(name)? {
            Value::String(text) if !text.is_empty() => Some(SmolStr::new(text)),
            Value::Number(number) => Some(number.to_smolstr()),
            _ => None,
        };
        id_names(kind).iter().find_map(|name| self.find(kind, name, &text(name)?))
    }

    /// A season of a show.
    pub(crate) fn season_of(&self, show: LibraryItem, season: u16) -> Option<LibraryItem> {
        let item = LibraryItem::Season { show: show.show()?, season };
        self.library.season(item).filter(|_| !self.lost.contains(&item)).map(|_| item)
    }

    /// An episode of a show.
    pub(crate) fn episode_of(&self, show: LibraryItem, season: u16, number: u16) -> Option<LibraryItem> {
        let item = LibraryItem::Episode { show: show.show()?, season, number };
        self.library.episode(item).filter(|_| !self.lost.contains(&item)).map(|_| item)
    }

    /// The episodes below a show or season that MDBList knows.
    pub(crate) fn episodes_below(&self, item: LibraryItem) -> Vec<LibraryItem> {
        let below = self.library.episodes_below(item).into_iter();
        below.filter(|episode| !self.lost.contains(episode)).collect()
    }

    fn file(&mut self, item: LibraryItem) {
        let kind = Kind::of(item);
        let ids = self.library.ids(item).cloned().unwrap_or_default();
        let sent = [
            ("mdblist", mdblist_id(item)),
            ("imdb", ids.imdb),
            ("tmdb", ids.tmdb.map(|id| id.to_smolstr())),
            ("tvdb", ids.tvdb.map(|id| id.to_smolstr())),
        ];
        for (name, id) in sent {
            if let Some(id) = id {
                self.by_id.insert((kind, name, id), item);
            }
        }
    }
}

/// MDBList's own id of a movie or show.
pub(crate) fn mdblist_id(item: LibraryItem) -> Option<SmolStr> {
    match item {
        LibraryItem::Movie(place) => Some(format_smolstr!("m{:x}", 0x1000 + place)),
        LibraryItem::Show(place) => Some(format_smolstr!("s{:x}", 0x1000 + place)),
        LibraryItem::Season { .. } | LibraryItem::Episode { .. } => None,
    }
}
