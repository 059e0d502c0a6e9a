//! Our copy of a library at SIMKL: what was read once, and every change since.
//!
//! SIMKL bans apps that read a library whole again and again, so the copy is kept over restarts, one note per part. It belongs
//! to one user; a note of another user or of an older form counts as gone.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use crosswatch_model::Feature;
use crosswatch_port::{Cache, Fault};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::{
    entry::{Entry, Status},
    part::{Part, Stamps},
};

/// Moves when the form of the notes changes.
const FORM: u32 = 1;
const ATTEMPTS: &str = "whole-reads";

/// One part of the copy.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// What SIMKL said before the read that this is the result of.
    pub(super) stamps: Stamps,
    pub(super) entries: BTreeMap<u64, Entry>,
    /// Rows that could not be understood.
    pub(super) unusable: u64,
}

#[derive(Serialize, Deserialize)]
struct Note<T> {
    form: u32,
    owner: SmolStr,
    content: T,
}

/// A read of a whole part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) at: Timestamp,
    /// Whether it is known to have succeeded.
    pub(super) is_done: bool,
}

/// The reads of whole parts, by the name of the part.
pub(super) type Attempts = BTreeMap<SmolStr, Attempt>;

/// The whole copy, as far as it is in memory.
#[derive(Debug, Default)]
pub(super) struct Copy {
    parts: BTreeMap<Part, Rc<Kept>>,
    /// Parts that were looked for in the notes.
    looked: Vec<Part>,
    pub(super) attempts: Option<Attempts>,
}

impl Copy {
    /// A part, where there is a copy of it.
    pub(super) fn part(&self, part: Part) -> Option<&Rc<Kept>> {
        self.parts.get(&part)
    }

    /// All entries with the part they are in.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.parts.values().flat_map(|kept| kept.entries.values())
    }

    /// Forgets what is in memory; the notes stay.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Looks for the note of a part, once.
    pub(super) async fn recall(&mut self, part: Part, owner: &str, cache: &dyn Cache) -> Result<(), Fault> {
        if self.looked.contains(&part) {
            return Ok(());
        }
        if let Some(kept) = recall::<Kept>(cache, &note_of(part), owner).await? {
            self.parts.insert(part, Rc::new(kept));
        }
        self.looked.push(part);
        Ok(())
    }

    /// Puts a part in place and keeps it.
    pub(super) async fn keep(&mut self, part: Part, kept: Kept, owner: &str, cache: &dyn Cache) -> Result<(), Fault> {
        keep(cache, &note_of(part), owner, &kept).await?;
        self.parts.insert(part, Rc::new(kept));
        Ok(())
    }

    /// The reads of whole parts so far.
    pub(super) async fn attempts(&mut self, owner: &str, cache: &dyn Cache) -> Result<Attempts, Fault> {
        if self.attempts.is_none() {
            self.attempts = Some(recall(cache, ATTEMPTS, owner).await?.unwrap_or_default());
        }
        Ok(self.attempts.clone().unwrap_or_default())
    }

    /// Keeps them.
    pub(super) async fn keep_attempts(
        &mut self,
        attempts: Attempts,
        owner: &str,
        cache: &dyn Cache,
    ) -> Result<(), Fault> {
        keep(cache, ATTEMPTS, owner, &attempts).await?;
        self.attempts = Some(attempts);
        Ok(())
    }

    /// A mark that moves when the rows of a feature do. The lists of SIMKL move together where ours do not, so it is made of
    /// the rows and not of stamps.
    pub(super) fn mark(&self, feature: Feature) -> SmolStr {
        let mut hasher = DefaultHasher::new();
        let mut count = 0_u64;
        for entry in self.entries() {
            let is_told = match feature {
                Feature::History => !entry.episodes.is_empty() || entry.is_film && entry.status == Status::Completed,
                Feature::Watchlist => entry.status == Status::Planned,
                Feature::Ratings => entry.rating.is_some(),
                Feature::Progress => false,
            };
            if !is_told {
                continue;
            }
            count += 1;
            (entry.simkl, entry.ids.as_slice()).hash(&mut hasher);
            match feature {
                Feature::History if entry.is_film => entry.last_watched_s.hash(&mut hasher),
                Feature::History => entry.episodes.hash(&mut hasher),
                Feature::Watchlist => entry.added_at.hash(&mut hasher),
                _ => entry.rating.hash(&mut hasher),
            }
        }
        format_smolstr!("{count}:{:016x}", hasher.finish())
    }
}

fn note_of(part: Part) -> String {
    format!("library-{}", part.name())
}

async fn recall<T: for<'de> Deserialize<'de>>(cache: &dyn Cache, name: &str, owner: &str) -> Result<Option<T>, Fault> {
    let Some(bytes) = cache.recall(name).await? else { return Ok(None) };
    let note: Option<Note<T>> = serde_json::from_slice(&bytes).ok();
    Ok(note.filter(|note| note.form == FORM && note.owner == owner).map(|note| note.content))
}

async fn keep<T: Serialize>(cache: &dyn Cache, name: &str, owner: &str, content: &T) -> Result<(), Fault> {
    let note = Note { form: FORM, owner: owner.into(), content };
    let bytes = serde_json::to_vec(&note)
        .map_err(|error| Fault::Transient(format_smolstr!("the copy of SIMKL's library cannot be written: {error}")))?;
    cache.keep(name, bytes).await
}
