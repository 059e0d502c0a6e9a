//! Movies, shows and episodes as the world knows them: what a media server may hold and a tracker may know.
//!
//! A library is a plain value shared by all emulators of a scenario, so that "the same film" means the same film
//! everywhere. Deliberately absent: anything that belongs to a user (see [`UserActivity`](crate::UserActivity)) and
//! any id that a service gives by itself.

use std::collections::BTreeMap;

use jiff::civil::Date;
use smol_str::SmolStr;

/// Ids at the public databases. A missing one is unknown, not zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExternalIds {
    /// `tt` and at least seven digits.
    pub imdb: Option<SmolStr>,
    /// TMDB numbers movies, shows, seasons and episodes separately: equal numbers of two kinds mean nothing.
    pub tmdb: Option<u32>,
    /// TheTVDB numbers shows, seasons and episodes separately. Movies have none here.
    pub tvdb: Option<u32>,
}

/// A film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movie {
    /// Title as most people know it.
    pub title: SmolStr,
    /// Year of release.
    pub year: u16,
    /// Day of release.
    pub released: Date,
    /// Length in minutes.
    pub runtime_min: u16,
    /// Ids of the film.
    pub ids: ExternalIds,
}

/// A series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Show {
    /// Title as most people know it.
    pub title: SmolStr,
    /// Year of the first episode.
    pub year: u16,
    /// Ids of the series.
    pub ids: ExternalIds,
    /// Seasons by number; 0 holds the specials.
    pub seasons: BTreeMap<u16, Season>,
}

/// A season of a show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Season {
    /// Ids of the season; it never has one at IMDb.
    pub ids: ExternalIds,
    /// Episodes by number.
    pub episodes: BTreeMap<u16, Episode>,
}

/// An episode of a season.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// Title of the episode.
    pub title: SmolStr,
    /// Day of first airing.
    pub aired: Date,
    /// Length in minutes.
    pub runtime_min: u16,
    /// Ids of this very episode, not of its show.
    pub ids: ExternalIds,
    /// Whether media servers hold a file of it; without one it is a "missing" episode there.
    pub has_file: bool,
}

/// One title of a library, by its place in it. Places never change: libraries only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LibraryItem {
    /// A film.
    Movie(usize),
    /// A series.
    Show(usize),
    /// A season of a series.
    Season {
        /// Place of the series.
        show: usize,
        /// Season number.
        season: u16,
    },
    /// An episode of a series.
    Episode {
        /// Place of the series.
        show: usize,
        /// Season number.
        season: u16,
        /// Episode number inside its season.
        number: u16,
    },
}

/// Movies and shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    movies: Vec<Movie>,
    shows: Vec<Show>,
}

impl Library {
    /// A library without titles.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The films with their places.
    pub fn movies(&self) -> impl ExactSizeIterator<Item = (LibraryItem, &Movie)> {
        self.movies.iter().enumerate().map(|(place, movie)| (LibraryItem::Movie(place), movie))
    }

    /// The series with their places.
    pub fn shows(&self) -> impl ExactSizeIterator<Item = (LibraryItem, &Show)> {
        self.shows.iter().enumerate().map(|(place, show)| (LibraryItem::Show(place), show))
    }

    /// All episodes, show by show in season and number order.
    pub fn episodes(&self) -> impl Iterator<Item = (LibraryItem, &Episode)> {
        self.shows.iter().enumerate().flat_map(|(place, show)| show.items(place))
    }

    /// Adds a film behind the others.
    pub fn add_movie(&mut self, movie: Movie) -> LibraryItem {
        self.movies.push(movie);
        LibraryItem::Movie(self.movies.len() - 1)
    }

    /// Adds a series behind the others.
    pub fn add_show(&mut self, show: Show) -> LibraryItem {
        self.shows.push(show);
        LibraryItem::Show(self.shows.len() - 1)
    }

    /// The film at this place.
    pub fn movie(&self, item: LibraryItem) -> Option<&Movie> {
        match item {
            LibraryItem::Movie(place) => self.movies.get(place),
            _ => None,
        }
    }

    /// The series at this place, or the series of the season or episode at this place.
    pub fn show(&self, item: LibraryItem) -> Option<&Show> {
        self.shows.get(item.show()?)
    }

    /// The season at this place, or the season of the episode at this place.
    pub fn season(&self, item: LibraryItem) -> Option<&Season> {
        match item {
            LibraryItem::Season { show, season } | LibraryItem::Episode { show, season, .. } => {
                self.shows.get(show)?.seasons.get(&season)
            }
            _ => None,
        }
    }

    /// The episode at this place.
    pub fn episode(&self, item: LibraryItem) -> Option<&Episode> {
        match item {
            LibraryItem::Episode { number, .. } => self.season(item)?.episodes.get(&number),
            _ => None,
        }
    }

    /// The series at this place, to change it.
    pub fn show_mut(&mut self, item: LibraryItem) -> Option<&mut Show> {
        self.shows.get_mut(item.show()?)
    }

    /// The film at this place, to change it.
    pub fn movie_mut(&mut self, item: LibraryItem) -> Option<&mut Movie> {
        match item {
            LibraryItem::Movie(place) => self.movies.get_mut(place),
            _ => None,
        }
    }

    /// Ids of whatever is at this place.
    pub fn ids(&self, item: LibraryItem) -> Option<&ExternalIds> {
        match item {
            LibraryItem::Movie(_) => self.movie(item).map(|movie| &movie.ids),
            LibraryItem::Show(_) => self.show(item).map(|show| &show.ids),
            LibraryItem::Season { .. } => self.season(item).map(|season| &season.ids),
            LibraryItem::Episode { .. } => self.episode(item).map(|episode| &episode.ids),
        }
    }

    /// Ids of whatever is at this place, to change them.
    pub fn ids_mut(&mut self, item: LibraryItem) -> Option<&mut ExternalIds> {
        match item {
            LibraryItem::Movie(_) => self.movie_mut(item).map(|movie| &mut movie.ids),
            LibraryItem::Show(_) => self.show_mut(item).map(|show| &mut show.ids),
            LibraryItem::Season { season, .. } => Some(&mut self.show_mut(item)?.seasons.get_mut(&season)?.ids),
            LibraryItem::Episode { season, number, .. } => {
                let season = self.show_mut(item)?.seasons.get_mut(&season)?;
                season.episodes.get_mut(&number).map(|episode| &mut episode.ids)
            }
        }
    }

    /// Length in minutes of a film or an episode.
    pub fn runtime_min(&self, item: LibraryItem) -> Option<u16> {
        let movie = self.movie(item).map(|movie| movie.runtime_min);
        movie.or_else(|| self.episode(item).map(|episode| episode.runtime_min))
    }

    /// The episodes below a show or a season; the episode itself, or nothing for a film.
    pub fn episodes_below(&self, item: LibraryItem) -> Vec<LibraryItem> {
        let Some(place) = item.show() else { return Vec::new() };
        let Some(show) = self.shows.get(place) else { return Vec::new() };
        let below = show.items(place).map(|(episode, _)| episode);
        below.filter(|episode| item.holds(*episode)).collect()
    }
}

impl Show {
    /// Every season and episode number of the show.
    pub fn numbers(&self) -> impl Iterator<Item = (u16, u16)> {
        self.seasons.iter().flat_map(|(season, content)| content.episodes.keys().map(move |number| (*season, *number)))
    }

    fn items(&self, show: usize) -> impl Iterator<Item = (LibraryItem, &Episode)> {
        self.seasons.iter().flat_map(move |(&season, content)| {
            content
                .episodes
                .iter()
                .map(move |(&number, episode)| (LibraryItem::Episode { show, season, number }, episode))
        })
    }
}

impl LibraryItem {
    /// The place of the series this is or belongs to.
    pub const fn show(self) -> Option<usize> {
        match self {
            Self::Movie(_) => None,
            Self::Show(show) | Self::Season { show, .. } | Self::Episode { show, .. } => Some(show),
        }
    }

    /// Whether `other` is this or lies below it.
    pub fn holds(self, other: Self) -> bool {
        match (self, other) {
            (Self::Show(show), _) => other.show() == Some(show),
            (Self::Season { show, season }, Self::Episode { show: shows, season: seasons, .. }) => {
                (show, season) == (shows, seasons)
            }
            _ => self == other,
        }
    }
}
