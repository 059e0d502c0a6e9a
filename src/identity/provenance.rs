//! Who said so: where a statement about ids was read, how it came about, and whose knowledge it is in the end.
//!
//! Two servers that fetched from one metadata provider know the same thing twice. Independence is therefore counted per
//! [`Origin`], never per account.

use crosswatch_model::ProviderId;
use smol_str::SmolStr;

/// Where the statement was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A person of this house.
    User,
    /// A row of an account.
    Account(ProviderId),
    /// A mapping table in one version.
    Table {
        /// Its name.
        name: SmolStr,
        /// Its version; statements of another version are other statements.
        version: SmolStr,
    },
}

/// How the statement came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// Both ids stood in one record.
    SameRecord,
    /// A service was asked for the one and answered with the other.
    Lookup,
    /// A mapping table says so.
    Table,
    /// A person said so.
    Manual,
}

/// Whose knowledge it is, the most trusted first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// The user.
    User,
    /// Trakt's catalogue.
    Trakt,
    /// TMDB, also where a media server scraped it from there.
    Tmdb,
    /// TheTVDB, also where a media server scraped it from there.
    Tvdb,
    /// Plex's own metadata.
    Plex,
    /// SIMKL's catalogue.
    Simkl,
    /// MDBList's catalogue.
    MdbList,
    /// A mapping table.
    Table(SmolStr),
    /// An account of which nobody knows where it has its metadata from.
    Account(ProviderId),
    /// Nobody told.
    Untold,
}

/// A witness of a record: the account it was read from, and whose knowledge that is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Witness {
    /// Where it was read.
    pub source: Source,
    /// Whose knowledge it is.
    pub origin: Origin,
}

/// What is known about a statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Provenance {
    /// Who said so.
    pub witness: Witness,
    /// How it came about.
    pub how: How,
    /// When it was first seen, in seconds since 1970.
    pub first_seen_s: i64,
    /// When it was last seen, in seconds since 1970.
    pub last_seen_s: i64,
}

/// Origins as bits, so that a set of them is a number. The 64th and all later ones share a bit: they count as one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins(Vec<Origin>);

impl Origins {
    /// All of these, the most trusted at the lowest bit.
    pub(crate) fn of(origins: impl Iterator<Item = Origin>) -> Self {
        let mut origins: Vec<Origin> = origins.chain([Origin::User, Origin::Untold]).collect();
        origins.sort_unstable();
        origins.dedup();
        Self(origins)
    }

    pub(crate) fn bit(&self, origin: &Origin) -> u64 {
        self.0.binary_search(origin).map_or(0, |at| 1 << at.min(63))
    }

    /// The origins of a set.
    pub(crate) fn named(&self, set: u64) -> impl Iterator<Item = &Origin> {
        self.0.iter().enumerate().filter(move |(at, _)| set >> (*at).min(63) & 1 == 1).map(|(_, origin)| origin)
    }
}
