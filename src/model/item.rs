//! Items: the leaves and lists that facts are about.

use smol_str::SmolStr;

use crate::{
    id::{IdSet, Kind},
    scheme::Scheme,
};

/// An entity of our own: minted once by the store, never derived from ids or titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(pub u64);

/// A row id that is only valid inside one account: a Trakt event id, a Jellyfin item id, a Plex rating key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NativeRef(pub u128);

/// The show that a season or an episode belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Show {
    /// Title as the provider shows it; empty when it told none.
    pub title: SmolStr,
    /// Year of the first episode.
    pub year: Option<u16>,
    /// Ids of the show, all of kind [`Kind::Show`].
    pub ids: IdSet,
    /// Who numbered its seasons and episodes.
    pub scheme: Scheme,
}

/// A movie, show, season or episode as one provider describes it.
///
/// An episode is found by its show's ids with `season` and `number`, and by its own ids.
/// Season 0 holds specials and is a real number, never a missing one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Item {
    /// What this is. There is no unknown kind: such a row never becomes an item.
    pub kind: Kind,
    /// Title as the provider shows it; empty when it told none.
    pub title: SmolStr,
    /// Year of release. For episodes the year of the episode where told.
    pub year: Option<u16>,
    /// Ids of this very item, all of its own kind.
    pub ids: IdSet,
    /// The show of a season or episode.
    pub show: Option<Box<Show>>,
    /// Season number of a season or episode.
    pub season: Option<u16>,
    /// Episode number inside its season.
    pub number: Option<u16>,
}

impl Item {
    /// A movie or a show, which need no coordinates.
    pub fn titled(kind: Kind, title: &str, year: Option<u16>, ids: IdSet) -> Self {
        Self { kind, title: title.into(), year, ids, show: None, season: None, number: None }
    }

    /// An episode at its coordinates.
    pub fn episode(show: Show, season: u16, number: u16, title: &str, ids: IdSet) -> Self {
        Self {
            kind: Kind::Episode,
            title: title.into(),
            year: None,
            ids,
            show: Some(Box::new(show)),
            season: Some(season),
            number: Some(number),
        }
    }

    /// Text for people: `The Matrix (1999)` or `Firefly S01E03 The Train Job`.
    pub fn label(&self) -> String {
        let name = match (&self.show, self.season, self.number) {
            (Some(show), Some(season), Some(number)) => {
                format!("{} S{season:02}E{number:02} {}", show.title, self.title)
            }
            (Some(show), Some(season), None) => format!("{} season {season}", show.title),
            _ => self.title.to_string(),
        };
        match (self.kind, self.year) {
            (Kind::Movie | Kind::Show, Some(year)) => format!("{name} ({year})"),
            _ => name.trim_end().to_owned(),
        }
    }
}
