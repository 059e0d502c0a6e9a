//! The three parts of a library at SIMKL, and what tells that one of them changed.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::wire::{Activities, Buckets, PartActivities, WireRow};
use crate::loose::{Nested, Scalar};

/// A part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Shows,
    Anime,
    Movies,
}

impl Part {
    /// In the order in which they are read.
    pub(super) const ALL: [Self; 3] = [Self::Shows, Self::Anime, Self::Movies];

    /// The name in paths, answers and notes.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Shows => "shows",
            Self::Anime => "anime",
            Self::Movies => "movies",
        }
    }

    /// The form in which all of a title is told.
    pub(super) const fn full_form(self) -> &'static str {
        match self {
            Self::Anime => "full_anime_seasons",
            Self::Shows | Self::Movies => "full",
        }
    }

    /// The lists a title of it can be on.
    pub(super) const fn statuses(self) -> &'static [&'static str] {
        match self {
            Self::Movies => &["plantowatch", "completed", "dropped"],
            Self::Shows | Self::Anime => &["plantowatch", "watching", "completed", "hold", "dropped"],
        }
    }

    /// Its own rows of an answer.
    pub(super) fn rows(self, buckets: Buckets) -> Option<Vec<Nested<WireRow>>> {
        match self {
            Self::Shows => buckets.shows,
            Self::Anime => buckets.anime,
            Self::Movies => buckets.movies,
        }
    }

    /// Its stamps.
    pub(super) fn stamps(self, activities: &Activities) -> Option<&PartActivities> {
        match self {
            Self::Shows => activities.tv_shows.get(),
            Self::Anime => activities.anime.get(),
            Self::Movies => activities.movies.get(),
        }
    }
}

/// The stamps of a part as they are kept. A missing one means that it never happened, or that SIMKL does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Stamps {
    pub(super) all: Option<SmolStr>,
    pub(super) rated: Option<SmolStr>,
    pub(super) removed: Option<SmolStr>,
    pub(super) lists: [Option<SmolStr>; 5],
}

impl Stamps {
    pub(super) fn of(told: &PartActivities) -> Self {
        let text = |field: &Scalar| field.text().cloned();
        Self {
            all: text(&told.all),
            rated: text(&told.rated_at),
            removed: text(&told.removed_from_list),
            lists: [&told.plantowatch, &told.watching, &told.completed, &told.hold, &told.dropped].map(text),
        }
    }

    /// Whether no title was ever put on a list.
    pub(super) fn is_untouched(&self) -> bool {
        self.lists.iter().all(Option::is_none)
    }

    /// Whether these are older than `other`, or as old, as far as that can be told.
    pub(super) fn is_not_newer_than(&self, other: &Self) -> bool {
        let moment = |stamps: &Self| stamps.all.clone().and_then(|text| Scalar::Text(text).moment());
        match (moment(self), moment(other)) {
            (Some(own), Some(other)) => own <= other,
            _ => self == other,
        }
    }
}
