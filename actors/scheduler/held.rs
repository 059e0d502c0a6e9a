//! What waits too long for a person becomes a question: people hear of it once more.
//!
//! Promises: nothing is done or given up because time passed; whoever was asked is not asked again about the same hold,
//! also after a restart. Deliberately absent: what becomes of it; that is for a person to say.

use crosswatch_port::{
    Change, Commit, Durability, EventRecord, HeldRecord, Ledger, Notice, NoticeKind, StandingKind, StandingRecord,
};
use jiff::Timestamp;
use smol_str::{SmolStr, format_smolstr};

use crate::{directory::Directory, store::SaveError};

/// Asks about what has waited too long by now, and forgets having asked about what waits no more.
pub(super) async fn ask_again(directory: &Directory, now: Timestamp) -> Result<(), SaveError> {
    let read = |ledger: &dyn Ledger| Ok((ledger.held()?, ledger.standings()?));
    let (held, standings) = directory.store().query(read).await?;
    let asked: Vec<StandingRecord> = standings.into_iter().filter(|mark| mark.kind == StandingKind::Asked).collect();
    let is_asked = |hold: &HeldRecord| asked.iter().any(|mark| mark.subject == subject(hold) && mark.at >= hold.since);
    let mut changes = Vec::new();
    for hold in held.iter().filter(|hold| hold.expires_at() <= now && !is_asked(hold)) {
        tell(directory, hold);
        changes.extend([mark(hold, now), event(hold, now)]);
    }
    let is_gone = |mark: &&StandingRecord| !held.iter().any(|hold| subject(hold) == mark.subject);
    changes.extend(asked.iter().filter(is_gone).map(|mark| Change::DropStanding(mark.kind, mark.subject.clone())));
    if changes.is_empty() {
        return Ok(());
    }
    directory.store().save(Commit { fence: None, durability: Durability::Synced, changes }).await
}

fn subject(hold: &HeldRecord) -> SmolStr {
    format_smolstr!("{:016x}", hold.id)
}

fn mark(hold: &HeldRecord, now: Timestamp) -> Change {
    let (kind, subject, text) = (StandingKind::Asked, subject(hold), SmolStr::default());
    Change::PutStanding(StandingRecord { kind, subject, at: now, until: None, text })
}

fn event(hold: &HeldRecord, now: Timestamp) -> Change {
    Change::AppendEvent(EventRecord {
        at: now,
        kind: "hold.expired".into(),
        pair: Some(hold.pair.clone()),
        run: Some(hold.run),
        sentence: hold.sentence.clone(),
    })
}

fn tell(directory: &Directory, hold: &HeldRecord) {
    let body = format_smolstr!(
        "{} It waits since {}. Approve it or reject it; until then it goes on waiting and nothing happens by itself.",
        hold.sentence,
        hold.since.strftime("%Y-%m-%d")
    );
    let title = format_smolstr!("{}: {} {} still wait for you", hold.pair, hold.items, hold.feature);
    let notice = Notice { kind: NoticeKind::Held, title, body, path: "/api/v1/held".into() };
    directory.tell_people(notice);
}
