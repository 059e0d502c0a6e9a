//! What can be watched in a story: some films and the episodes of one show, as different accounts describe them.

use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Show};

/// A film or an episode, by number.
pub(crate) type Title = usize;

/// Films come first, then episodes.
pub(crate) const FILMS: usize = 12;
pub(crate) const EPISODES: usize = 8;
pub(crate) const TITLES: usize = FILMS + EPISODES;

const FIRST_TMDB_FILM: u64 = 700;
const FIRST_TMDB_EPISODE: u64 = 81_000;

/// Which ids an account tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A media server: TMDB and, for most titles, IMDb.
    Server,
    /// A tracker: its own number too.
    Tracker,
}

pub(crate) const fn kind_of(title: Title) -> Kind {
    if title < FILMS { Kind::Movie } else { Kind::Episode }
}

/// The title as an account describes it.
pub(crate) fn describe(title: Title, dialect: Dialect) -> Item {
    let (kind, number) = (kind_of(title), title as u64);
    let id = |namespace, kind, number: u64| Id::from_number(namespace, kind, number).unwrap();
    let imdb = Id::parse(Namespace::Imdb, kind, &format!("tt{}", 9_100_000 + number)).unwrap();
    let mut ids = IdSet::EMPTY;
    ids.insert(id(Namespace::Tmdb, kind, tmdb_number(title)));
    if dialect == Dialect::Tracker || title % 4 != 1 {
        ids.insert(imdb);
    }
    if dialect == Dialect::Tracker {
        ids.insert(id(Namespace::Trakt, kind, 400_000 + number));
    }
    if kind == Kind::Movie {
        let year = Some(1990 + u16::try_from(title).unwrap());
        return Item::titled(kind, &format!("Film {title}"), year, ids);
    }
    let show_ids = [id(Namespace::Tmdb, Kind::Show, 4_400), id(Namespace::Tvdb, Kind::Show, 77_001)];
    let show =
        Show { title: "The Show".into(), year: Some(2004), ids: show_ids.into_iter().collect(), ..Show::default() };
    Item::episode(show, 1, u16::try_from(title - FILMS + 1).unwrap(), "", ids)
}

/// The title that somebody describes; every description carries the TMDB number.
pub(crate) fn recognise(item: &Item) -> Title {
    let number = item.ids.get(Namespace::Tmdb).unwrap().number();
    let first = if item.kind == Kind::Movie { FIRST_TMDB_FILM } else { FIRST_TMDB_EPISODE };
    let place = usize::try_from(number - first).unwrap();
    if item.kind == Kind::Movie { place } else { FILMS + place }
}

/// How a trace names it.
pub(crate) fn label(title: Title) -> String {
    if title < FILMS { format!("film{title}") } else { format!("ep{}", title - FILMS + 1) }
}

fn tmdb_number(title: Title) -> u64 {
    if title < FILMS { FIRST_TMDB_FILM + title as u64 } else { FIRST_TMDB_EPISODE + (title - FILMS) as u64 }
}
