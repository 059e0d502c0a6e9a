//! The four features a pair can keep in step.

use crate::text::words;

/// What kind of fact is kept in step. The order is the order of every plan and report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Feature {
    /// Plays of movies and episodes.
    History = 1,
    /// Items somebody wants to watch.
    Watchlist = 2,
    /// Ratings from 1 to 100.
    Ratings = 3,
    /// Resume points.
    Progress = 4,
}

words!(Feature { History => "history", Watchlist => "watchlist", Ratings => "ratings", Progress => "progress" });

impl Feature {
    /// The feature with this number, as stored in keys.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::History),
            2 => Some(Self::Watchlist),
            3 => Some(Self::Ratings),
            4 => Some(Self::Progress),
            _ => None,
        }
    }
}

/// A small set of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeatureSet(u8);

impl FeatureSet {
    /// No feature.
    pub const NONE: Self = Self(0);

    /// Adds one feature.
    #[must_use]
    pub const fn with(self, feature: Feature) -> Self {
        Self(self.0 | 1 << feature as u8)
    }

    /// Whether the feature is in the set.
    pub const fn contains(self, feature: Feature) -> bool {
        self.0 & 1 << feature as u8 != 0
    }

    /// Whether no feature is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The features of both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The features in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.iter().copied().filter(move |feature| self.contains(*feature))
    }
}

impl FromIterator<Feature> for FeatureSet {
    fn from_iter<T: IntoIterator<Item = Feature>>(features: T) -> Self {
        features.into_iter().fold(Self::NONE, Self::with)
    }
}
