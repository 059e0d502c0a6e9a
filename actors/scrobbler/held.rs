//! Rows of the inbox that wait because nobody knows yet in which library their item lies.
//!
//! Servers know a fresh item before they know where it belongs. Such a row is looked at once more, half a minute after it
//! arrived, and what tells about the same item waits behind it, so that the order stays. Kept in memory: the rows are on
//! the disk, and after a restart their age says what is due.

use std::collections::BTreeMap;

use crosswatch_port::InboxRecord;
use crosswatch_scrobble::Heard;
use jiff::{SignedDuration, Timestamp};

/// So long after its arrival a row is looked at for the last time.
const HOLD: SignedDuration = SignedDuration::from_secs(30);

/// The rows, each with when it is due.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(BTreeMap<u64, Timestamp>);

/// When a row that must wait is looked at again; `None` where it has waited already.
pub(super) fn due(row: &InboxRecord, now: Timestamp) -> Option<Timestamp> {
    let due = row.received_at.checked_add(HOLD).unwrap_or(row.received_at);
    // A row from the future is nothing to wait for: the clock was set back.
    (now < due && row.received_at <= now).then_some(due)
}

impl Held {
    pub(super) const fn new(held: BTreeMap<u64, Timestamp>) -> Self {
        Self(held)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// When the first of them is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.0.values().min().copied()
    }

    /// Those that are not due yet.
    pub(super) fn still_waiting(self, now: Timestamp) -> impl Iterator<Item = (u64, Timestamp)> {
        self.0.into_iter().filter(move |(_, due)| now < *due)
    }

    /// The rows whose turn it is, in their order.
    pub(super) fn let_pass(&self, rows: Vec<InboxRecord>, now: Timestamp) -> Vec<InboxRecord> {
        let mut behind = Vec::new();
        let may_pass = |row: &InboxRecord| {
            let item = item(row);
            let waits = self.0.get(&row.number).is_some_and(|due| now < *due);
            if waits {
                behind.push(item.clone());
            }
            !waits && !behind.contains(&item)
        };
        rows.into_iter().filter(may_pass).collect()
    }
}

/// What a row is about, as its server names it.
fn item(row: &InboxRecord) -> (crosswatch_model::ProviderId, smol_str::SmolStr) {
    let native = match &row.heard {
        Heard::Event(event) => event.media.native.clone(),
        Heard::Ignored(_) | Heard::Invalid(_) => smol_str::SmolStr::default(),
    };
    (row.account.clone(), native)
}
