//! The cheap question "has anything changed", removals included.
//!
//! `GET /sync/last_activities` tells when each list was added to. Removals move one stamp only, `journal_at`, which is that
//! of all lists together; so when it moved, the journal is asked which lists were touched since the last question. A mark of
//! a list is made of its own stamps and of its newest rows in the journal, so it moves with that list and with no other.
//!
//! What was known at the last question is kept as a note of the account. Without the note, when the journal does not reach
//! back far enough (it keeps thirty days), or when it does not hold what `journal_at` promised, every mark moves: the cost is
//! one read, never a change unseen. Times are whole seconds, and `server_time` is told a little late for that reason: as long
//! as `journal_at` is not older than it, the same second may still get company and is asked again.
//! Deliberately absent: marks of the watchlist and of resume points, whose removals nothing tells.

use std::{
    cell::RefCell,
    hash::{Hash, Hasher},
};

use crosswatch_port::Fault;
use jiff::Timestamp;
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use super::{
    Mdblist,
    paging::{Next, next_page},
    wire::{JournalPage, LastActivities},
};
use crate::loose::Scalar;

/// The name of the note among those of the account.
const NOTE_NAME: &str = "gate";
/// Rows of the journal per page, the most MDBList gives.
const JOURNAL_LIMIT: &str = "1000";
/// A journal longer than this is as good as none: reading everything is cheaper.
const MAX_JOURNAL_PAGES: usize = 20;

/// The marks of the lists that have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) history: SmolStr,
    pub(super) ratings: SmolStr,
}

/// What was known at the last question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// `server_time` of that question: where the journal is read from next.
    since: SmolStr,
    journal_at: SmolStr,
    /// Where the note began; another beginning is another mark.
    epoch: SmolStr,
    watched: Latest,
    rated: Latest,
}

/// The newest rows of one list in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Latest {
    /// Their second since 1970.
    at_s: i64,
    /// Their content, in any order.
    digest: u64,
}

/// The notes of one account.
#[derive(Default)]
pub(super) struct Gate {
    note: RefCell<Option<Note>>,
    stored: RefCell<Option<Note>>,
}

impl Mdblist {
    /// The marks as they are now.
    pub(super) async fn marks(&self) -> Result<Marks, Fault> {
        let activities: LastActivities = self.api.read(self.api.get("/sync/last_activities")).await?.json()?;
        let (Some(server_time), Some(told_at)) = (activities.server_time.text(), activities.server_time.moment())
        else {
            return Err(Fault::InDoubt("MDBList did not tell its time with the last activities".into()));
        };
        let journal_at = SmolStr::new(activities.journal.text_or_empty());
        let fresh = || Note {
            since: server_time.clone(),
            journal_at: journal_at.clone(),
            epoch: if is_settled(&journal_at, told_at) {
                journal_at.clone()
            } else {
                format_smolstr!("{journal_at}@{server_time}")
            },
            watched: Latest::default(),
            rated: Latest::default(),
        };
        let note = match self.known_note().await? {
            None => fresh(),
            Some(note) if note.journal_at == journal_at && note.is_settled() => {
                Note { since: server_time.clone(), ..note }
            }
            Some(note) => match self.journal_since(&note.since).await? {
                Some(rows) if journal_at.is_empty() || reaches(&rows, &activities.journal) => Note {
                    since: server_time.clone(),
                    journal_at: journal_at.clone(),
                    watched: note.watched.followed_by(&rows, "watched"),
                    rated: note.rated.followed_by(&rows, "rated"),
                    epoch: note.epoch,
                },
                _ => fresh(),
            },
        };
        let marks = note.marks(&activities);
        self.keep_note(note).await?;
        Ok(marks)
    }

    /// The time of the service, already set back by its margin.
    pub(super) async fn server_time(&self) -> Result<SmolStr, Fault> {
        let activities: LastActivities = self.api.read(self.api.get("/sync/last_activities")).await?.json()?;
        let told = activities.server_time.text().cloned();
        told.ok_or_else(|| Fault::InDoubt("MDBList did not tell its time with the last activities".into()))
    }

    /// All rows of the journal since then; `None` where it cannot tell.
    async fn journal_since(&self, since: &str) -> Result<Option<Vec<Value>>, Fault> {
        let mut rows = Vec::new();
        let mut call = self.api.get("/sync/journal").query("since", since);
        for _ in 0..MAX_JOURNAL_PAGES {
            let page: JournalPage = self.api.read(call.query("limit", JOURNAL_LIMIT)).await?.json()?;
            if page.requires_full_sync.flag() == Some(true) {
                return Ok(None);
            }
            rows.extend(page.journal);
            match next_page(page.pagination.get(), rows.len() as u64) {
                Next::End => return Ok(Some(rows)),
                Next::Cursor(cursor) => call = self.api.get("/sync/journal").query("cursor", &cursor),
                Next::Offset(_) | Next::Untold => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn known_note(&self) -> Result<Option<Note>, Fault> {
        if let Some(note) = self.gate.note.borrow().clone() {
            return Ok(Some(note));
        }
        let stored = self.api.http().ports().cache.recall(NOTE_NAME).await?;
        let note: Option<Note> = stored.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        self.gate.stored.replace(note.clone());
        Ok(note)
    }

    /// Keeps the note in memory, and in the store when it says something new or is a day older than the one there.
    async fn keep_note(&self, note: Note) -> Result<(), Fault> {
        let says_the_same = self.gate.stored.borrow().as_ref().is_some_and(|stored| {
            let is_of_this_day = note.since.get(..DAY_LENGTH) == stored.since.get(..DAY_LENGTH);
            is_of_this_day
                && note.is_settled() == stored.is_settled()
                && *stored == (Note { since: stored.since.clone(), ..note.clone() })
        });
        self.gate.note.replace(Some(note.clone()));
        if says_the_same {
            return Ok(());
        }
        let bytes = serde_json::to_vec(&note)
            .map_err(|error| Fault::Transient(format_smolstr!("a note about MDBList could not be written: {error}")))?;
        self.api.http().ports().cache.keep(NOTE_NAME, bytes).await?;
        self.gate.stored.replace(Some(note));
        Ok(())
    }
}

/// How much of a time names its day.
const DAY_LENGTH: usize = "2026-01-02".len();

impl Note {
    /// Whether nothing can be added any more to the second that `journal_at` names.
    fn is_settled(&self) -> bool {
        Scalar::Text(self.since.clone()).moment().is_some_and(|since| is_settled(&self.journal_at, since))
    }

    fn marks(&self, activities: &LastActivities) -> Marks {
        let mark = |stamps: [&Scalar; 3], latest: &Latest| {
            let [titles, seasons, episodes] = stamps.map(Scalar::text_or_empty);
            let Latest { at_s, digest } = latest;
            format_smolstr!("{titles}|{seasons}|{episodes}|{}|{at_s}#{digest:x}", self.epoch)
        };
        Marks {
            history: mark(
                [&activities.watched, &activities.season_watched, &activities.episode_watched],
                &self.watched,
            ),
            ratings: mark([&activities.rated, &activities.season_rated, &activities.episode_rated], &self.rated),
        }
    }
}

impl Latest {
    /// The newest rows of the category, where the journal has newer ones or told this second anew.
    fn followed_by(self, rows: &[Value], category: &str) -> Self {
        let second = |row: &Value| action_at(row).map_or(i64::MIN, Timestamp::as_second);
        let mut of_category = rows.iter().filter(|row| row.get("category").and_then(Value::as_str) == Some(category));
        let Some(newest) = of_category.clone().map(second).max().filter(|newest| *newest >= self.at_s) else {
            return self;
        };
        let digest = of_category.by_ref().filter(|row| second(row) == newest).fold(0_u64, |digest, row| {
            let mut hasher = FxHasher::default();
            row.to_string().hash(&mut hasher);
            digest.wrapping_add(hasher.finish())
        });
        Self { at_s: newest, digest }
    }
}

fn is_settled(journal_at: &str, server_time: Timestamp) -> bool {
    journal_at.is_empty() || Scalar::Text(journal_at.into()).moment().is_some_and(|moved| moved < server_time)
}

/// Whether the journal goes as far as the stamp says.
fn reaches(rows: &[Value], journal_at: &Scalar) -> bool {
    let newest = rows.iter().filter_map(action_at).max();
    newest >= journal_at.moment()
}

fn action_at(row: &Value) -> Option<Timestamp> {
    let text = row.get("action_at").and_then(Value::as_str)?;
    Scalar::Text(text.into()).moment()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(category: &str, action_at: &str, status: &str) -> Value {
        json!({ "category": category, "action_at": action_at, "status": status })
    }

    #[test]
    fn the_newest_rows_of_a_category_and_all_of_their_second_count() {
        let first = [row("watched", "2026-01-01T00:00:00Z", "active"), row("rated", "2026-01-01T00:00:05Z", "active")];
        let latest = Latest::default().followed_by(&first, "watched");
        assert_eq!(latest.at_s, 1_767_225_600);
        assert_eq!(latest.clone().followed_by(&first, "watched"), latest, "told twice is told once");
        assert_eq!(latest.clone().followed_by(&first[1..], "watched"), latest, "others do not move it");
        let company = [first[0].clone(), row("watched", "2026-01-01T00:00:00Z", "removed")];
        let moved = latest.clone().followed_by(&company, "watched");
        assert_ne!(moved, latest, "the same second got company");
        let turned = [company[1].clone(), company[0].clone()];
        assert_eq!(latest.clone().followed_by(&turned, "watched"), moved, "in any order");
        let later = [row("watched", "2026-01-01T00:00:01Z", "active")];
        assert_ne!(latest.clone().followed_by(&later, "watched"), latest);
    }

    #[test]
    fn a_second_is_settled_when_the_service_is_past_it() {
        let note = |since: &str, journal_at: &str| Note {
            since: since.into(),
            journal_at: journal_at.into(),
            epoch: SmolStr::default(),
            watched: Latest::default(),
            rated: Latest::default(),
        };
        assert!(note("2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z").is_settled());
        assert!(note("2026-01-01T00:00:01Z", "").is_settled());
        assert!(!note("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z").is_settled());
        assert!(!note("2026-01-01T00:00:01Z", "soon").is_settled());
        assert!(!note("", "2026-01-01T00:00:00Z").is_settled());
    }

    #[test]
    fn a_journal_that_ends_too_early_cannot_tell() {
        let rows = [row("watched", "2026-01-01T00:00:00Z", "active")];
        let stamp = |text: &str| Scalar::Text(text.into());
        assert!(reaches(&rows, &stamp("2026-01-01T00:00:00Z")));
        assert!(!reaches(&rows, &stamp("2026-01-01T00:00:01Z")));
        assert!(!reaches(&[], &stamp("2026-01-01T00:00:01Z")));
    }
}
