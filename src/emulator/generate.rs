//! Generated libraries: invented titles with believable dates and ids, the same for the same seed.
//!
//! The traps of real libraries are in them on purpose: specials, missing ids, titles in other scripts, remakes with the
//! same title, missing episodes, and one TMDB number (13) that a movie, a show and an episode share.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    chance::Chance,
    library::{Episode, ExternalIds, Library, LibraryItem, Movie, Season, Show},
    words,
};

/// The TMDB number that the first movie, the first show and that show's first episode have in common.
pub const SHARED_TMDB: u32 = 13;

/// Every so many titles one is written in another script or with marks.
const FOREIGN_EVERY: usize = 40;

impl Library {
    /// That many films and shows. A show has one to six seasons of six to thirteen episodes, and some have specials.
    pub fn generate(seed: u64, movies: usize, shows: usize) -> Self {
        let mut generator = Generator::new(seed);
        for place in 0..movies {
            let mut movie = generator.movie(place);
            if place > 0 {
                movie.ids = generator.with_gaps(movie.ids);
            }
            generator.library.add_movie(movie);
        }
        for place in 0..shows {
            let show = generator.show(place);
            generator.library.add_show(show);
        }
        generator.share_one_tmdb_number();
        generator.library
    }

    /// A library with exactly that many films and episodes, a fifth of them films, all of them on disk and with all ids.
    pub fn sized(seed: u64, history_items: usize) -> Self {
        let mut generator = Generator::new(seed);
        for place in 0..history_items / 5 {
            let movie = generator.movie(place);
            generator.library.add_movie(movie);
        }
        let mut left = history_items - history_items / 5;
        while left > 0 {
            let mut show = generator.shell(usize::MAX);
            for season in 1..=3 {
                let content = generator.plain_season(&show, season, left.min(10));
                left -= content.episodes.len();
                show.seasons.insert(season, content);
            }
            show.seasons.retain(|_, season| !season.episodes.is_empty());
            generator.library.add_show(show);
        }
        generator.library
    }
}

struct Generator {
    chance: Chance,
    numbers: Numbers,
    used: BTreeSet<(SmolStr, u16)>,
    library: Library,
}

impl Generator {
    fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            numbers: Numbers::new(seed),
            used: BTreeSet::new(),
            library: Library::empty(),
        }
    }

    fn movie(&mut self, place: usize) -> Movie {
        let year = self.chance.between(1950, 2023);
        let (title, year) = self.title(place, year);
        let released = self.day_in(year);
        let runtime_min = self.chance.between(78, 178);
        let ids = self.numbers.movie();
        Movie { title, year, released, runtime_min, ids }
    }

    fn show(&mut self, place: usize) -> Show {
        let mut show = self.shell(place);
        if place > 0 && self.chance.percent(4) {
            show.ids.tvdb = None;
        }
        if place > 0 && self.chance.percent(3) {
            show.ids.imdb = None;
        }
        if place % 5 == 3 {
            let episodes = usize::from(self.chance.between(1, 4));
            let specials = self.season(&show, 0, episodes);
            show.seasons.insert(0, specials);
        }
        for season in 1..=self.chance.between(1, 6) {
            let episodes = usize::from(self.chance.between(6, 13));
            let content = self.season(&show, season, episodes);
            show.seasons.insert(season, content);
        }
        if place % 7 == 2 {
            mark_last_episode_missing(&mut show);
        }
        show
    }

    /// A show with title and ids but no seasons yet.
    fn shell(&mut self, place: usize) -> Show {
        let year = self.chance.between(1985, 2017);
        let (title, year) = self.title(place, year);
        let ids = self.numbers.show();
        Show { title, year, ids, seasons: std::collections::BTreeMap::new() }
    }

    fn season(&mut self, show: &Show, season: u16, episodes: usize) -> Season {
        let mut content = self.plain_season(show, season, episodes);
        for episode in content.episodes.values_mut() {
            if self.chance.percent(30) {
                episode.ids.imdb = None;
            }
            if self.chance.percent(3) {
                episode.ids.tvdb = None;
            }
        }
        content
    }

    fn plain_season(&mut self, show: &Show, season: u16, episodes: usize) -> Season {
        let first = self.day_in(show.year.saturating_add(season.saturating_sub(1)));
        let runtime_min = self.chance.between(22, 58);
        let mut content = Season { ids: self.numbers.season(), ..Season::default() };
        for number in 1..=u16::try_from(episodes).unwrap_or(u16::MAX) {
            let aired = first.checked_add(jiff::Span::new().weeks(i32::from(number) - 1)).unwrap_or(first);
            let title = self.episode_title();
            let ids = self.numbers.episode();
            content.episodes.insert(number, Episode { title, aired, runtime_min, ids, has_file: true });
        }
        content
    }

    /// A title that is unique together with its year.
    fn title(&mut self, place: usize, year: u16) -> (SmolStr, u16) {
        let foreign =
            (place % FOREIGN_EVERY == 7).then(|| words::FOREIGN.get(place / FOREIGN_EVERY).copied()).flatten();
        if let Some(title) = foreign
            && self.used.insert((title.into(), year))
        {
            return (title.into(), year);
        }
        let mut year = year;
        let mut title = self.invented_title();
        // The words give some hundred thousand titles, and the years twenty times more; a clash moves to the next year.
        while !self.used.insert((title.clone(), year)) {
            year = if year >= 2023 { 1930 } else { year + 1 };
            title = self.invented_title();
        }
        (title, year)
    }

    fn invented_title(&mut self) -> SmolStr {
        let quality = self.chance.word(words::QUALITIES);
        let thing = self.chance.word(words::THINGS);
        let place = self.chance.word(words::PLACES);
        let name = self.chance.word(words::NAMES);
        match self.chance.below(7) {
            0 => format_smolstr!("The {quality} {thing}"),
            1 => format_smolstr!("{quality} {thing}"),
            2 => format_smolstr!("{thing} of {place}"),
            3 => format_smolstr!("{name} and the {thing}"),
            4 => format_smolstr!("{name}'s {quality} {thing}"),
            5 => format_smolstr!("The {thing} from {place}"),
            _ => format_smolstr!("{quality} {place}"),
        }
    }

    fn episode_title(&mut self) -> SmolStr {
        let quality = self.chance.word(words::QUALITIES);
        let thing = self.chance.word(words::THINGS);
        let name = self.chance.word(words::NAMES);
        match self.chance.below(4) {
            0 => format_smolstr!("The {thing}"),
            1 => format_smolstr!("{quality} {thing}"),
            2 => format_smolstr!("{name}"),
            _ => format_smolstr!("{name} and the {quality} {thing}"),
        }
    }

    fn day_in(&mut self, year: u16) -> Date {
        let month = i8::try_from(self.chance.between(1, 12)).unwrap_or(1);
        let day = i8::try_from(self.chance.between(1, 28)).unwrap_or(1);
        Date::new(year.try_into().unwrap_or(2000), month, day).unwrap_or(date(2000, 1, 1))
    }

    /// Some titles lack one id, a few lack all of them.
    fn with_gaps(&mut self, ids: ExternalIds) -> ExternalIds {
        match self.chance.below(100) {
            0 => ExternalIds::default(),
            1..=4 => ExternalIds { imdb: None, ..ids },
            5..=8 => ExternalIds { tmdb: None, ..ids },
            _ => ids,
        }
    }

    fn share_one_tmdb_number(&mut self) {
        let episode = LibraryItem::Episode { show: 0, season: 1, number: 1 };
        for item in [LibraryItem::Movie(0), LibraryItem::Show(0), episode] {
            if let Some(ids) = self.library.ids_mut(item) {
                ids.tmdb = Some(SHARED_TMDB);
            }
        }
    }
}

fn mark_last_episode_missing(show: &mut Show) {
    let last_season = show.seasons.values_mut().next_back();
    if let Some(episode) = last_season.and_then(|season| season.episodes.values_mut().next_back()) {
        episode.has_file = false;
    }
}

/// Counters of the public databases: every id is given once.
struct Numbers {
    chance: Chance,
    imdb: u32,
    movie_tmdb: u32,
    show_tmdb: u32,
    show_tvdb: u32,
    season_tmdb: u32,
    season_tvdb: u32,
    episode_tmdb: u32,
    episode_tvdb: u32,
}

impl Numbers {
    /// The ranges keep movie and show numbers apart, because Jellyfin files user data under the bare number.
    const fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed ^ 0x1d5),
            imdb: 60_000,
            movie_tmdb: 100,
            show_tmdb: 1_000,
            show_tvdb: 400_000,
            season_tmdb: 3_500,
            season_tvdb: 15_000,
            episode_tmdb: 60_000,
            episode_tvdb: 300_000,
        }
    }

    fn movie(&mut self) -> ExternalIds {
        let tmdb = step(&mut self.chance, &mut self.movie_tmdb, 30);
        ExternalIds { imdb: Some(self.imdb()), tmdb: Some(tmdb), tvdb: None }
    }

    fn show(&mut self) -> ExternalIds {
        ExternalIds {
            imdb: Some(self.imdb()),
            tmdb: Some(step(&mut self.chance, &mut self.show_tmdb, 90)),
            tvdb: Some(step(&mut self.chance, &mut self.show_tvdb, 90)),
        }
    }

    fn season(&mut self) -> ExternalIds {
        ExternalIds {
            imdb: None,
            tmdb: Some(step(&mut self.chance, &mut self.season_tmdb, 20)),
            tvdb: Some(step(&mut self.chance, &mut self.season_tvdb, 20)),
        }
    }

    fn episode(&mut self) -> ExternalIds {
        ExternalIds {
            imdb: Some(self.imdb()),
            tmdb: Some(step(&mut self.chance, &mut self.episode_tmdb, 5)),
            tvdb: Some(step(&mut self.chance, &mut self.episode_tvdb, 5)),
        }
    }

    fn imdb(&mut self) -> SmolStr {
        let number = step(&mut self.chance, &mut self.imdb, 60);
        format_smolstr!("tt{number:07}")
    }
}

fn step(chance: &mut Chance, counter: &mut u32, gap: u32) -> u32 {
    *counter += 1 + chance.below(gap);
    *counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_library() {
        assert_eq!(Library::generate(7, 50, 10), Library::generate(7, 50, 10));
        assert_ne!(Library::generate(7, 50, 10), Library::generate(8, 50, 10));
    }

    #[test]
    fn a_household_library_has_the_size_and_the_traps_of_one() {
        let library = Library::generate(1, 2000, 300);
        let episodes = library.episodes().count();
        assert!((8_000..=11_000).contains(&episodes), "{episodes}");
        assert!(library.episodes().any(|(_, episode)| !episode.has_file));
        assert!(library.shows().any(|(_, show)| show.seasons.contains_key(&0)));
        assert!(library.movies().any(|(_, movie)| movie.ids == ExternalIds::default()));
        assert!(library.movies().any(|(_, movie)| !movie.title.is_ascii()));
        let shared = LibraryItem::Episode { show: 0, season: 1, number: 1 };
        for item in [LibraryItem::Movie(0), LibraryItem::Show(0), shared] {
            assert_eq!(library.ids(item).unwrap().tmdb, Some(SHARED_TMDB));
        }
    }

    #[test]
    fn ids_and_titles_are_given_once() {
        let library = Library::generate(3, 1000, 60);
        let mut imdb = BTreeSet::new();
        let mut tmdb = BTreeSet::new();
        let mut names = BTreeSet::new();
        for (_, movie) in library.movies() {
            assert!(movie.ids.imdb.as_ref().is_none_or(|id| imdb.insert(id.clone())));
            assert!(movie.ids.tmdb.is_none_or(|id| tmdb.insert(id)));
            assert!(names.insert((movie.title.clone(), movie.year)));
        }
        let mut episodes = BTreeSet::new();
        for (_, episode) in library.episodes() {
            assert!(episode.ids.imdb.as_ref().is_none_or(|id| imdb.insert(id.clone())));
            assert!(episode.ids.tvdb.is_none_or(|id| episodes.insert(id)));
        }
    }

    #[test]
    fn a_sized_library_has_exactly_that_many_leaves() {
        for wanted in [0, 1, 7, 5_000] {
            let library = Library::sized(2, wanted);
            assert_eq!(library.movies().len() + library.episodes().count(), wanted);
        }
    }
}
