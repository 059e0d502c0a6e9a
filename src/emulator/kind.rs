//! The four kinds of titles that trackers keep apart. A number means nothing without its kind.

use crate::library::LibraryItem;

/// A kind of title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Movie,
    Show,
    Season,
    Episode,
}

impl Kind {
    pub(crate) const fn of(item: LibraryItem) -> Self {
        match item {
            LibraryItem::Movie(_) => Self::Movie,
            LibraryItem::Show(_) => Self::Show,
            LibraryItem::Season { .. } => Self::Season,
            LibraryItem::Episode { .. } => Self::Episode,
        }
    }

    /// `movie`, as in the `type` of rows.
    pub(crate) const fn singular(self) -> &'static str {
        match self {
            Self::Movie => "movie",
            Self::Show => "show",
            Self::Season => "season",
            Self::Episode => "episode",
        }
    }

    /// `movies`, as in paths and counts.
    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Movie => "movies",
            Self::Show => "shows",
            Self::Season => "seasons",
            Self::Episode => "episodes",
        }
    }

    /// A kind by either of its names.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [Self::Movie, Self::Show, Self::Season, Self::Episode];
        all.into_iter().find(|kind| kind.singular() == name || kind.plural() == name)
    }
}
