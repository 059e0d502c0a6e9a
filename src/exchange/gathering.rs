//! Collects the rows of one file, under the limits that hold for all of them.

use std::fmt::{self, Write};

use crosswatch_model::{Fact, Feature, Item, Kind};
use smol_str::SmolStr;

use crate::{
    FileError, Format, ImportRow, Imported, MISPLACED_KEPT_MAX, Misplaced, Place, ROWS_MAX, Told,
    row::{Unit, has_identity},
};

/// Titles are no longer.
const TITLE_MAX_BYTES: usize = 500;
/// So much of a misplaced row is shown.
const EXCERPT_CHARS: usize = 160;

/// The rows so far.
pub(crate) struct Gathering {
    format: Option<Format>,
    rows: Vec<ImportRow>,
    misplaced: Vec<Misplaced>,
    misplaced_total: u64,
    member: SmolStr,
}

/// Something that a row says.
pub(crate) struct Entry {
    pub(crate) item: Item,
    pub(crate) told: Told,
    pub(crate) runtime_s: Option<u32>,
}

impl Entry {
    /// A fact about an item.
    pub(crate) const fn fact(item: Item, fact: Fact) -> Self {
        Self { item, told: Told::Fact(fact), runtime_s: None }
    }
}

impl Gathering {
    pub(crate) const fn new() -> Self {
        Self {
            format: None,
            rows: Vec::new(),
            misplaced: Vec::new(),
            misplaced_total: 0,
            member: SmolStr::new_static(""),
        }
    }

    /// The rows that follow stand in this member of an archive.
    pub(crate) fn enter(&mut self, member: &str) {
        let shown: String = member.chars().filter(|character| !character.is_control()).take(100).collect();
        self.member = shown.into();
    }

    /// What the file turned out to be; the first word counts.
    pub(crate) fn is_a(&mut self, format: Format) {
        self.format = self.format.or(Some(format));
    }

    pub(crate) fn place(&self, number: u64, unit: Unit) -> Place {
        Place { member: self.member.clone(), number, unit }
    }

    /// The place as it is told in errors.
    pub(crate) fn broken(&self, why: &impl ToString) -> FileError {
        let place = if self.member.is_empty() { "the file".to_owned() } else { self.member.to_string() };
        FileError::Broken { place, why: why.to_string() }
    }

    /// Keeps what a row says, or says why it cannot be placed.
    pub(crate) fn keep(&mut self, place: &Place, entry: Entry, text: &dyn fmt::Display) -> Result<(), FileError> {
        if let Some(reason) = objection(&entry) {
            return self.refuse(place.clone(), reason, text);
        }
        self.make_room()?;
        let Entry { item, told, runtime_s } = entry;
        self.rows.push(ImportRow { place: place.clone(), item, told, runtime_s });
        Ok(())
    }

    /// A row that cannot be placed.
    pub(crate) fn refuse(
        &mut self,
        place: Place,
        reason: impl Into<String>,
        text: &dyn fmt::Display,
    ) -> Result<(), FileError> {
        self.make_room()?;
        self.misplaced_total += 1;
        if self.misplaced.len() < MISPLACED_KEPT_MAX {
            self.misplaced.push(Misplaced { place, reason: reason.into(), text: excerpt(text) });
        }
        Ok(())
    }

    fn make_room(&self) -> Result<(), FileError> {
        let refused = usize::try_from(self.misplaced_total).unwrap_or(usize::MAX);
        if self.rows.len().saturating_add(refused) < ROWS_MAX { Ok(()) } else { Err(FileError::TooManyRows) }
    }

    /// Everything, where the file turned out to be something.
    pub(crate) fn finish(self) -> Result<Imported, FileError> {
        let Self { format, rows, misplaced, misplaced_total, .. } = self;
        let format = format.ok_or_else(|| FileError::Unknown("it holds no rows".to_owned()))?;
        Ok(Imported { format, rows, misplaced, misplaced_total })
    }
}

/// Why an entry cannot be placed, whatever the format.
fn objection(Entry { item, told, .. }: &Entry) -> Option<String> {
    let titles = std::iter::once(&item.title).chain(item.show.iter().map(|show| &show.title));
    if titles.into_iter().any(|title| title.len() > TITLE_MAX_BYTES) {
        return Some(format!("its title is longer than {TITLE_MAX_BYTES} bytes"));
    }
    let is_leaf = matches!(item.kind, Kind::Movie | Kind::Episode);
    let feature = told.feature();
    if !is_leaf && matches!(feature, Feature::History | Feature::Progress) {
        return Some(format!("{feature} is kept of movies and episodes, not of a whole {}", item.kind));
    }
    if has_identity(item) {
        return None;
    }
    match item.kind {
        Kind::Movie | Kind::Show if !item.title.is_empty() && item.year.is_some() => None,
        Kind::Movie | Kind::Show => Some("it has no id, and not both a title and a year".to_owned()),
        Kind::Season => Some("it has no id, and no id of its show with a season number".to_owned()),
        Kind::Episode => Some("it has no id, and no id of its show with a season and an episode number".to_owned()),
    }
}

/// The beginning of a text on one line.
fn excerpt(text: &dyn fmt::Display) -> String {
    let mut excerpt = Excerpt { shown: String::new(), left: EXCERPT_CHARS };
    // The text ends where the excerpt is full.
    let is_whole = write!(excerpt, "{text}").is_ok();
    let mut shown = excerpt.shown.trim().to_owned();
    if !is_whole {
        shown.push('…');
    }
    shown
}

/// Takes so many characters and no more.
struct Excerpt {
    shown: String,
    left: usize,
}

impl fmt::Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.shown.push(if character.is_control() { ' ' } else { character });
        }
        Ok(())
    }
}
