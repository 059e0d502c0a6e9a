//! External ids: a number means nothing without its namespace and its kind.
//!
//! Promises: parsing is strict (what does not fit is rejected, never repaired), equal ids have equal kinds, and
//! `parse(display(id)) == id`. An [`Id`] is a stable 128-bit value: 8 bits namespace, 8 bits kind, 112 bits value.
//! Deliberately absent: an unknown kind, and any conversion from plain strings or numbers without a namespace.

use std::{fmt, str::FromStr};

use unicode_normalization::UnicodeNormalization;

use crate::{item::Item, text::words};

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// A film.
    Movie = 1,
    /// A series.
    Show = 2,
    /// One season of a show.
    Season = 3,
    /// One episode of a show.
    Episode = 4,
}

words!(Kind { Movie => "movie", Show => "show", Season => "season", Episode => "episode" });

impl Kind {
    /// The kind with this number, as stored in keys.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Movie),
            2 => Some(Self::Show),
            3 => Some(Self::Season),
            4 => Some(Self::Episode),
            _ => None,
        }
    }
}

/// Who hands out the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Namespace {
    /// IMDb titles, `tt` and digits.
    Imdb = 1,
    /// The Movie Database; every kind has its own numbers.
    Tmdb = 2,
    /// TheTVDB; every kind has its own numbers.
    Tvdb = 3,
    /// Trakt numbers, not slugs.
    Trakt = 4,
    /// SIMKL.
    Simkl = 5,
    /// AniDB entries.
    AniDb = 6,
    /// AniList entries.
    AniList = 7,
    /// MyAnimeList anime.
    Mal = 8,
    /// Kitsu anime.
    Kitsu = 9,
    /// The 24 hex digits of a modern Plex guid.
    Plex = 10,
    /// Wikidata items, `Q` and digits.
    Wikidata = 11,
}

words!(Namespace {
    Imdb => "imdb", Tmdb => "tmdb", Tvdb => "tvdb", Trakt => "trakt", Simkl => "simkl", AniDb => "anidb",
    AniList => "anilist", Mal => "mal", Kitsu => "kitsu", Plex => "plex", Wikidata => "wikidata",
});

impl Namespace {
    /// The namespace with this number, as stored in keys.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|namespace| *namespace as u8 == number)
    }

    /// Whether ids are whole numbers on the wire.
    pub const fn is_numeric(self) -> bool {
        !matches!(self, Self::Imdb | Self::Plex | Self::Wikidata)
    }
}

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum IdRejection {
    /// Nothing there, or a word for nothing (`0`, `none`, `null`, `N/A`, `tt0000000` …).
    #[error("the field is empty or says \"none\"")]
    Empty,
    /// A person, company, list or slug where a title id is due.
    #[error("this names a person, company or page, not a title")]
    NotATitle,
    /// The characters do not fit the namespace.
    #[error("the value does not have the form of an id in this namespace")]
    Malformed,
    /// The namespace has no ids for this kind.
    #[error("the namespace has no ids for this kind")]
    KindUnsupported,
    /// Nobody said what kind of thing the id names, and it does not say so itself.
    #[error("it is not known what kind of thing this names")]
    KindUnknown,
    /// The id names another kind of thing than the item it stands on.
    #[error("the id names another kind of thing than the item it stands on")]
    KindDiffers,
    /// A form of id that we do not know.
    #[error("this is no form of id that is known")]
    FormUnknown,
}

/// A typed external id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u128);

const VALUE_BITS: u32 = 112;
const VALUE_MASK: u128 = (1 << VALUE_BITS) - 1;

impl Id {
    const fn pack(namespace: Namespace, kind: Kind, value: u128) -> Self {
        Self((namespace as u128) << 120 | (kind as u128) << VALUE_BITS | value & VALUE_MASK)
    }

    /// Reads the text of a field that is declared to hold ids of `namespace` for items of `kind`.
    pub fn parse(namespace: Namespace, kind: Kind, text: &str) -> Result<Self, IdRejection> {
        let normal: String = text.nfkc().collect();
        let normal = normal.trim();
        if is_word_for_nothing(normal) {
            return Err(IdRejection::Empty);
        }
        let value = match namespace {
            Namespace::Imdb => parse_imdb(kind, normal)?,
            Namespace::Plex => parse_plex(normal)?,
            Namespace::Wikidata => {
                let digits = normal.strip_prefix('Q').ok_or(IdRejection::Malformed)?;
                parse_number(digits, 12)?
            }
            Namespace::AniDb => parse_number(normal, 6)?,
            Namespace::AniList | Namespace::Mal => parse_number(normal, 7)?,
            Namespace::Tmdb | Namespace::Tvdb => parse_number(normal, 9)?,
            Namespace::Trakt | Namespace::Simkl | Namespace::Kitsu => parse_number(normal, 15)?,
        };
        Ok(Self::pack(namespace, kind, value))
    }

    /// Reads a field that is declared to hold IMDb titles as bare digits, as MovieLens writes them. Nowhere else is a
    /// bare number an IMDb id.
    pub fn parse_bare_imdb(kind: Kind, text: &str) -> Result<Self, IdRejection> {
        let text = text.trim();
        let fits = (5..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        match Self::parse(Namespace::Imdb, kind, &format!("tt{text}")) {
            Err(IdRejection::Empty) => Err(IdRejection::Empty),
            _ if !fits => Err(IdRejection::Malformed),
            parsed => parsed,
        }
    }

    /// Reads a whole JSON number. Fractions must be refused by the caller before they get here.
    pub fn from_number(namespace: Namespace, kind: Kind, number: u64) -> Result<Self, IdRejection> {
        if !namespace.is_numeric() {
            return Err(IdRejection::Malformed);
        }
        Self::parse(namespace, kind, &number.to_string())
    }

    /// Rebuilds an id from its stored bits, checking what can be checked.
    pub fn from_bits(bits: u128) -> Option<Self> {
        let [namespace, kind, ..] = bits.to_be_bytes();
        Namespace::from_number(namespace)?;
        Kind::from_number(kind)?;
        if bits & VALUE_MASK == 0 { None } else { Some(Self(bits)) }
    }

    /// The stable 128 bits, for storage and hashing.
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    /// Who handed out the id.
    pub fn namespace(self) -> Namespace {
        let [namespace, ..] = self.0.to_be_bytes();
        Namespace::from_number(namespace).unwrap_or(Namespace::Imdb)
    }

    /// The kind of thing it names.
    pub fn kind(self) -> Kind {
        let [_, kind, ..] = self.0.to_be_bytes();
        Kind::from_number(kind).unwrap_or(Kind::Movie)
    }

    /// The number inside the namespace, for namespaces of numbers and for IMDb.
    pub const fn number(self) -> u64 {
        (self.0 & 0xffff_ffff_ffff_ffff) as u64
    }

    /// The value as its owner writes it: `tt0133093`, `603`, 24 hex digits, `Q83495`.
    pub fn value(self) -> String {
        let value = self.0 & VALUE_MASK;
        match self.namespace() {
            Namespace::Imdb => format!("tt{value:07}"),
            Namespace::Plex => format!("{value:024x}"),
            Namespace::Wikidata => format!("Q{value}"),
            _ => value.to_string(),
        }
    }
}

/// `imdb:tt0133093`, `tmdb_movie:603`, `tvdb_episode:349232`. IMDb ids show no kind because they carry none.
impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace() {
            Namespace::Imdb => write!(formatter, "imdb:{}", self.value()),
            namespace => write!(formatter, "{namespace}_{}:{}", self.kind(), self.value()),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace() {
            Namespace::Imdb => write!(formatter, "imdb_{}:{}", self.kind(), self.value()),
            _ => fmt::Display::fmt(self, formatter),
        }
    }
}

fn is_word_for_nothing(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let digits = lower.strip_prefix("tt").unwrap_or(&lower);
    matches!(digits, "" | "none" | "null" | "nil" | "nan" | "-" | "unknown" | "n/a" | "undefined")
        || digits.bytes().all(|byte| byte == b'0')
}

fn parse_imdb(kind: Kind, text: &str) -> Result<u128, IdRejection> {
    if kind == Kind::Season {
        return Err(IdRejection::KindUnsupported);
    }
    let Some(digits) = text.strip_prefix("tt") else {
        let names_something_else = ["nm", "co", "ev", "ch", "ni"].iter().any(|prefix| text.starts_with(prefix));
        return Err(if names_something_else { IdRejection::NotATitle } else { IdRejection::Malformed });
    };
    parse_number(digits.trim_start_matches('0'), 10)
}

fn parse_plex(text: &str) -> Result<u128, IdRejection> {
    let fits = text.len() == 24 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if fits { u128::from_str_radix(text, 16).map_err(|_| IdRejection::Malformed) } else { Err(IdRejection::Malformed) }
}

fn parse_number(text: &str, max_digits: usize) -> Result<u128, IdRejection> {
    let fits = (1..=max_digits).contains(&text.len())
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        return text.parse().map_err(|_| IdRejection::Malformed);
    }
    let is_slug = text.bytes().any(|byte| byte.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    Err(if is_slug { IdRejection::NotATitle } else { IdRejection::Malformed })
}

/// A sorted set of ids, at most a handful.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct IdSet(Vec<Id>);

impl IdSet {
    /// The set without ids.
    pub const EMPTY: Self = Self(Vec::new());

    /// Adds an id; an id that is there already changes nothing.
    pub fn insert(&mut self, id: Id) {
        if let Err(at) = self.0.binary_search(&id) {
            self.0.insert(at, id);
        }
    }

    /// The id in this namespace, the lowest where there are several.
    pub fn get(&self, namespace: Namespace) -> Option<Id> {
        self.0.iter().copied().find(|id| id.namespace() == namespace)
    }

    /// Whether the id is in the set.
    pub fn contains(&self, id: Id) -> bool {
        self.0.binary_search(&id).is_ok()
    }

    /// All ids in order.
    pub fn iter(&self) -> impl Iterator<Item = Id> {
        self.0.iter().copied()
    }

    /// The ids as a slice in order.
    pub fn as_slice(&self) -> &[Id] {
        &self.0
    }

    /// How many ids.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Id> for IdSet {
    fn from_iter<T: IntoIterator<Item = Id>>(ids: T) -> Self {
        let mut ids: Vec<Id> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        ids.shrink_to_fit();
        Self(ids)
    }
}

impl fmt::Debug for IdSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(&self.0).finish()
    }
}

/// How a person names an item: `imdb:tt0133093`, `tmdb_movie:603`, `tvdb_show:81189/1/3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRef {
    /// The ids the text may stand for: an IMDb id does not say its kind, so it stands for several.
    pub ids: Vec<Id>,
    /// Season and episode number below a show.
    pub coordinates: Option<(u16, u16)>,
}

impl ItemRef {
    /// Whether an item is meant: by an id of its own, by its show, or by its place below its show.
    pub fn means(&self, item: &Item) -> bool {
        let has = |ids: &IdSet| ids.iter().any(|id| self.ids.contains(&id));
        let is_of_show = item.show.as_ref().is_some_and(|show| has(&show.ids));
        match self.coordinates {
            None => has(&item.ids) || is_of_show,
            Some((season, number)) => is_of_show && item.season == Some(season) && item.number == Some(number),
        }
    }
}

impl FromStr for ItemRef {
    type Err = IdRejection;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (space, rest) = text.trim().split_once(':').ok_or(IdRejection::Malformed)?;
        let mut parts = rest.split('/');
        let value = parts.next().unwrap_or_default();
        let coordinates = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => None,
            (Some(season), Some(number), None) => Some((parse_coordinate(season)?, parse_coordinate(number)?)),
            _ => return Err(IdRejection::Malformed),
        };
        let (namespace, kinds) = match space.split_once('_') {
            Some((namespace, kind)) => (namespace, vec![parse_kind_word(kind)?]),
            None if coordinates.is_some() => (space, vec![Kind::Show]),
            None => (space, vec![Kind::Movie, Kind::Show, Kind::Episode]),
        };
        let namespace: Namespace = namespace.parse().map_err(|_| IdRejection::Malformed)?;
        if coordinates.is_some() && kinds != [Kind::Show] {
            return Err(IdRejection::KindUnsupported);
        }
        let ids = kinds.into_iter().map(|kind| Id::parse(namespace, kind, value)).collect::<Result<_, _>>()?;
        Ok(Self { ids, coordinates })
    }
}

fn parse_kind_word(word: &str) -> Result<Kind, IdRejection> {
    match word {
        "tv" | "series" => Ok(Kind::Show),
        other => other.parse().map_err(|_| IdRejection::Malformed),
    }
}

fn parse_coordinate(text: &str) -> Result<u16, IdRejection> {
    text.parse().map_err(|_| IdRejection::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(namespace: Namespace, kind: Kind, text: &str, expected: Result<&str, IdRejection>) {
        let parsed = Id::parse(namespace, kind, text).map(|id| id.to_string());
        assert_eq!(parsed.as_deref().map_err(|why| *why), expected, "{namespace} {text:?}");
    }

    #[test]
    fn accepts_ids_in_their_canonical_form() {
        check(Namespace::Imdb, Kind::Movie, "tt0133093", Ok("imdb:tt0133093"));
        check(Namespace::Imdb, Kind::Movie, "tt133093", Ok("imdb:tt0133093"));
        check(Namespace::Imdb, Kind::Movie, "tt00133093", Ok("imdb:tt0133093"));
        check(Namespace::Imdb, Kind::Episode, "tt10168312", Ok("imdb:tt10168312"));
        check(Namespace::Tmdb, Kind::Movie, " 603\u{a0}", Ok("tmdb_movie:603"));
        check(Namespace::Tmdb, Kind::Show, "６０３", Ok("tmdb_show:603"));
        check(Namespace::Tvdb, Kind::Episode, "349232", Ok("tvdb_episode:349232"));
        check(Namespace::Plex, Kind::Movie, "5d776883ebdf2200209c104e", Ok("plex_movie:5d776883ebdf2200209c104e"));
        check(Namespace::Wikidata, Kind::Movie, "Q83495", Ok("wikidata_movie:Q83495"));
    }

    #[test]
    fn rejects_instead_of_repairing() {
        for text in ["", "0", "none", "null", "NaN", "-", "unknown", "N/A", "tt0000000", "000"] {
            check(Namespace::Imdb, Kind::Movie, text, Err(IdRejection::Empty));
        }
        check(Namespace::Tmdb, Kind::Movie, "0", Err(IdRejection::Empty));
        check(Namespace::Tmdb, Kind::Movie, "603.0", Err(IdRejection::Malformed));
        check(Namespace::Tmdb, Kind::Movie, "-1", Err(IdRejection::Malformed));
        check(Namespace::Tmdb, Kind::Movie, "0603", Err(IdRejection::Malformed));
        check(Namespace::Tmdb, Kind::Movie, "/movie/603-the-matrix-2x", Err(IdRejection::Malformed));
        check(Namespace::Tvdb, Kind::Show, "game-of-thrones-2", Err(IdRejection::NotATitle));
        check(Namespace::Imdb, Kind::Movie, "nm0000206", Err(IdRejection::NotATitle));
        check(Namespace::Imdb, Kind::Movie, "133093", Err(IdRejection::Malformed));
        check(Namespace::Imdb, Kind::Season, "tt0133093", Err(IdRejection::KindUnsupported));
        check(Namespace::Plex, Kind::Movie, "5D776883EBDF2200209C104E", Err(IdRejection::Malformed));
    }

    #[test]
    fn bare_digits_are_imdb_titles_only_where_that_is_declared() {
        let bare = |text| Id::parse_bare_imdb(Kind::Movie, text).map(|id| id.to_string());
        assert_eq!(bare("0114709"), Ok("imdb:tt0114709".to_owned()));
        assert_eq!(bare("10168312"), Ok("imdb:tt10168312".to_owned()));
        for text in ["0000000", "", "0"] {
            assert_eq!(bare(text), Err(IdRejection::Empty), "{text}");
        }
        for text in ["1234", "tt0114709", "114709.0", "-114709", "12345678901"] {
            assert_eq!(bare(text), Err(IdRejection::Malformed), "{text}");
        }
    }

    #[test]
    fn the_same_number_of_another_kind_is_another_id() {
        let movie = Id::parse(Namespace::Tmdb, Kind::Movie, "1399").unwrap();
        let show = Id::parse(Namespace::Tmdb, Kind::Show, "1399").unwrap();
        assert_ne!(movie, show);
    }

    #[test]
    fn people_name_items_in_three_ways() {
        let matrix: ItemRef = "imdb:tt0133093".parse().unwrap();
        assert_eq!((matrix.ids.len(), matrix.coordinates), (3, None));
        let episode: ItemRef = "tvdb_show:81189/1/3".parse().unwrap();
        assert_eq!(episode.coordinates, Some((1, 3)));
        assert_eq!(episode.ids[0].to_string(), "tvdb_show:81189");
        let same: ItemRef = "tvdb_series:81189/1/3".parse().unwrap();
        assert_eq!(episode, same);
        for bad in ["603", "tmdb_movie:603/1/2", "tmdb_movie:x", "tvdb_show:81189/1", "what:1"] {
            assert!(bad.parse::<ItemRef>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn display_and_parse_are_inverse(number in 1u64..999_999, kind in 1u8..=4, namespace in 2u8..=9) {
            let kind = Kind::from_number(kind).unwrap();
            let namespace = Namespace::from_number(namespace).unwrap();
            let id = Id::from_number(namespace, kind, number).unwrap();
            prop_assert_eq!(Id::parse(namespace, kind, &id.value()), Ok(id));
            prop_assert_eq!(Id::from_bits(id.to_bits()), Some(id));
            prop_assert_eq!((id.namespace(), id.kind(), id.number()), (namespace, kind, number));
        }

        #[test]
        fn no_text_escapes_its_namespace(text in ".{0,30}", kind in 1u8..=4, namespace in 1u8..=11) {
            let kind = Kind::from_number(kind).unwrap();
            let namespace = Namespace::from_number(namespace).unwrap();
            if let Ok(id) = Id::parse(namespace, kind, &text) {
                prop_assert_eq!((id.namespace(), id.kind()), (namespace, kind));
            }
        }
    }
}
