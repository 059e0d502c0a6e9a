//! Ordering schemes: "season 2, episode 3" means nothing until it is known who counted.
//!
//! Two coordinates may be compared by their numbers only where their schemes are equal. Deliberately absent: any
//! translation between schemes, which is identity's work.

use std::{fmt, str::FromStr};

use crate::id::Namespace;

/// Who numbered the seasons and episodes of a show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Scheme {
    /// The order an account uses when nobody chose another one and it does not say which. Such accounts are compared
    /// with each other; an account that knows better says so.
    #[default]
    Standard,
    /// TheTVDB, as aired.
    TvdbAired,
    /// TheTVDB, as on the discs.
    TvdbDvd,
    /// TheTVDB, one number for the whole show.
    TvdbAbsolute,
    /// TMDB's own seasons.
    TmdbDefault,
    /// An episode group of TMDB, by the 24 hex digits of its id.
    TmdbGroup([u8; 12]),
    /// Trakt's present base.
    Trakt,
    /// AniDB: an entry's regular episodes are season 1, its specials season 0.
    AniDb,
    /// AniList and MyAnimeList: an entry's episodes are season 1.
    Entry,
    /// SIMKL, series.
    SimklTv,
    /// SIMKL, anime: one entry per season.
    SimklAnime,
    /// The order of production.
    Production,
    /// An ordering mode of an agent, as HAMA's `tvdb2`: equal to nothing but the same mode.
    Mode(Namespace, u8),
    /// An order that nobody can name, of the account with this number: equal to nothing but itself.
    Account(u32),
}

impl Scheme {
    /// The episode group with this id: 24 hex digits in lower case.
    pub fn tmdb_group(text: &str) -> Option<Self> {
        let fits = text.len() == 24 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = u128::from_str_radix(text, 16).ok().filter(|_| fits)?;
        let [_, _, _, _, group @ ..] = number.to_be_bytes();
        Some(Self::TmdbGroup(group))
    }
}

/// `standard`, `tvdb_aired`, `tmdb_group:5acf93e60e0a26346d0000ce`, `tvdb2`, `account:7`.
impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Standard => "standard",
            Self::TvdbAired => "tvdb_aired",
            Self::TvdbDvd => "tvdb_dvd",
            Self::TvdbAbsolute => "tvdb_absolute",
            Self::TmdbDefault => "tmdb_default",
            Self::Trakt => "trakt",
            Self::AniDb => "anidb",
            Self::Entry => "entry",
            Self::SimklTv => "simkl_tv",
            Self::SimklAnime => "simkl_anime",
            Self::Production => "production",
            Self::TmdbGroup(group) => {
                formatter.write_str("tmdb_group:")?;
                return group.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"));
            }
            Self::Mode(namespace, mode) => return write!(formatter, "{namespace}{mode}"),
            Self::Account(number) => return write!(formatter, "account:{number}"),
        };
        formatter.pad(word)
    }
}

/// A text that names no ordering scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this names no ordering scheme")]
pub struct UnknownScheme;

/// Reads what [`fmt::Display`] writes.
impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WORDS: [Scheme; 11] = [
            Scheme::Standard,
            Scheme::TvdbAired,
            Scheme::TvdbDvd,
            Scheme::TvdbAbsolute,
            Scheme::TmdbDefault,
            Scheme::Trakt,
            Scheme::AniDb,
            Scheme::Entry,
            Scheme::SimklTv,
            Scheme::SimklAnime,
            Scheme::Production,
        ];
        if let Some(scheme) = WORDS.into_iter().find(|scheme| scheme.to_string() == text) {
            return Ok(scheme);
        }
        if let Some(group) = text.strip_prefix("tmdb_group:") {
            return Self::tmdb_group(group).ok_or(UnknownScheme);
        }
        if let Some(number) = text.strip_prefix("account:") {
            return number.parse().map(Self::Account).map_err(|_| UnknownScheme);
        }
        let mode = Namespace::ALL.iter().find_map(|namespace| {
            let mode = text.strip_prefix(namespace.as_str())?.parse().ok()?;
            Some(Self::Mode(*namespace, mode))
        });
        mode.ok_or(UnknownScheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_24_hex_digits() {
        let group = Scheme::tmdb_group("5acf93e60e0a26346d0000ce").unwrap();
        assert_eq!(group.to_string(), "tmdb_group:5acf93e60e0a26346d0000ce");
        for bad in ["", "5acf93e60e0a26346d0000c", "5ACF93E60E0A26346D0000CE", "+acf93e60e0a26346d0000ce"] {
            assert_eq!(Scheme::tmdb_group(bad), None, "{bad}");
        }
        assert_eq!(Scheme::Mode(Namespace::Tvdb, 2).to_string(), "tvdb2");
    }

    #[test]
    fn a_scheme_is_read_as_it_is_written() {
        let group = Scheme::tmdb_group("5acf93e60e0a26346d0000ce").unwrap();
        let schemes = [Scheme::Standard, Scheme::TvdbAbsolute, Scheme::SimklAnime, group, Scheme::Account(7)];
        for scheme in schemes.into_iter().chain([Scheme::Mode(Namespace::AniDb, 3), Scheme::Mode(Namespace::Tvdb, 2)]) {
            assert_eq!(scheme.to_string().parse(), Ok(scheme));
        }
        for bad in ["", "tvdb", "tvdb256", "dvd", "account:x", "tmdb_group:5"] {
            assert_eq!(bad.parse::<Scheme>(), Err(UnknownScheme), "{bad}");
        }
    }
}
