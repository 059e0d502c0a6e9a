//! `[identity]`: what is known about items beside what accounts say.

use std::{fmt, path::PathBuf};

use crate::{address::BaseUrl, problem::Problem, section::Section};

/// Files with a person's word and tables of episode numbers. None of them comes with the program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// A file of verdicts: which ids name the same thing, which do not, which are wrong.
    pub verdicts: Option<PathBuf>,
    /// A file of the user's own episode numbers, in the form of anibridge-mappings.
    pub overrides: Option<PathBuf>,
    /// Curated edits in the same form.
    pub anime_edits: Vec<TableSource>,
    /// Lists in the XML form of the anime-lists project.
    pub anime_lists: Vec<TableSource>,
}

/// Where a table comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableSource {
    /// A file on this machine; a relative one is relative to the working directory.
    File(PathBuf),
    /// An address that it is fetched from.
    Url(BaseUrl),
}

impl Identity {
    pub(crate) fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self {
            verdicts: section.optional("verdicts")?,
            overrides: section.optional("overrides")?,
            anime_edits: section.list("anime_edits", TableSource::parse)?,
            anime_lists: section.list("anime_lists", TableSource::parse)?,
        })
    }
}

impl fmt::Display for TableSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(formatter, "{}", file.display()),
            Self::Url(url) => write!(formatter, "{url}"),
        }
    }
}

impl TableSource {
    fn parse(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        text.parse().map(Self::Url).map_err(|why: crate::UrlRejection| why.to_string())
    }
}
