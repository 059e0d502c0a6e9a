//! The changes of a settled file, in parts that are each committed alone.
//!
//! Every part carries the rows it writes, their lines in the import's journal, and the import's own record with what was
//! written so far: a process that dies in the middle leaves an import that can be gone on with, or taken back.

use std::iter::Peekable;

use crosswatch_model::{Action, OpId, Outcome, PlanItem, Reason, Side, Uid};
use crosswatch_port::{Change, ImportRecord, ImportState, ItemRecord, LineRecord, ShelfChange};

use super::{Settled, Subject, Write, place};

/// Rows per part.
const ROWS: u32 = 2_000;
/// Changes per part.
const CHANGES: usize = 8_000;

impl Settled {
    /// The parts of an import. New entities are named from `first` on, as many as [`Settled::nameless`] says.
    pub fn chunks(self, import: ImportRecord, first: Uid) -> Chunks {
        Chunks { subjects: self.subjects.into_iter().peekable(), next_uid: first, import, line: 0, current: None }
    }
}

/// The parts, one after the other.
#[derive(Debug)]
pub struct Chunks {
    subjects: Peekable<std::vec::IntoIter<Subject>>,
    next_uid: Uid,
    import: ImportRecord,
    line: u32,
    /// The entity that the last part ended with, and what is left to write about it.
    current: Option<(Uid, Subject)>,
}

impl Chunks {
    /// The import as far as it was written.
    pub const fn import(&self) -> &ImportRecord {
        &self.import
    }

    fn advance(&mut self, changes: &mut Vec<Change>) -> bool {
        let Some(mut subject) = self.subjects.next() else { return false };
        let uid = subject.uid.unwrap_or(self.next_uid);
        if subject.uid.is_none() {
            self.next_uid = Uid(self.next_uid.0 + 1);
        }
        if subject.is_news {
            let record = ItemRecord { uid, item: subject.item.clone(), runtime_s: subject.runtime_s };
            changes.push(Change::PutItem(record));
        }
        subject.writes.reverse();
        self.current = Some((uid, subject));
        true
    }

    fn write(&mut self, uid: Uid, subject: &Subject, write: Write, changes: &mut Vec<Change>) {
        let Write { fact, before } = write;
        let (account, play) = (&self.import.account, place(fact));
        if let Some(before) = before.filter(|before| place(*before) != play) {
            let gone = ShelfChange::Drop { feature: before.feature(), uid, play: place(before) };
            changes.push(Change::Shelf(account.clone(), gone));
        }
        changes.push(Change::Shelf(account.clone(), ShelfChange::Put { uid, play, fact }));
        self.line += 1;
        let line = PlanItem {
            op: OpId(u64::from(self.line)),
            feature: fact.feature(),
            action: if before.is_some() { Action::Update } else { Action::Add },
            held_action: None,
            side: Side::Target,
            uid: Some(uid),
            item: subject.item.clone(),
            value: Some(fact),
            before,
            native: None,
            reason: if before.is_some() { Reason::ChangedOnSource } else { Reason::OnlyOnSource },
            explain: "".into(),
            outcome: Outcome::Acknowledged,
        };
        changes.push(Change::PutLine(LineRecord { owner: self.import.id, number: self.line, line }));
        match before {
            Some(_) => self.import.updated += 1,
            None => self.import.added += 1,
        }
    }
}

impl Iterator for Chunks {
    type Item = Vec<Change>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut changes = Vec::new();
        let before = self.line;
        while self.line - before < ROWS && changes.len() < CHANGES {
            let Some((uid, mut subject)) = self.current.take() else {
                if self.advance(&mut changes) {
                    continue;
                }
                break;
            };
            if let Some(write) = subject.writes.pop() {
                self.write(uid, &subject, write, &mut changes);
                self.current = Some((uid, subject));
            }
        }
        if changes.is_empty() {
            return None;
        }
        let rests = self.subjects.peek().is_some()
            || self.current.as_ref().is_some_and(|(_, subject)| !subject.writes.is_empty());
        if !rests {
            self.import.state = ImportState::Done;
        }
        if self.line > 0 {
            changes.push(Change::PutImport(self.import.clone()));
        }
        Some(changes)
    }
}
