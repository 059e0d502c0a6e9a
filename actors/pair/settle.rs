//! Settling: what a run learned without writing, committed after everything it wrote.
//!
//! Baseline rows that were only observed, the complete reads the next run compares with, the holds that are true now.
//! A reading's rows are changed between two heads: the old head goes first and the new one comes last, so a crash in the
//! middle costs a full read and nothing else.

use std::collections::BTreeMap;

use crosswatch_identity::Placement;
use crosswatch_model::{Completeness, Feature, HoldKind, PairId, PlayKey, ProviderId, Uid};
use crosswatch_plan::{Read, Removes};
use crosswatch_port::{
    Change, EventRecord, HeldRecord, Notice, NoticeKind, PairFeatureRecord, ReadingHead, ReadingRow,
};
use smol_str::{SmolStr, format_smolstr};

use super::{
    apply::Named,
    collect::{Side, SideRead},
    decide::FeatureDecision,
    journey::{Journey, Stop},
    verify::Verified,
};
use crate::notifier::Tell;

/// Commits everything that was learned.
pub(super) async fn settle(journey: &Journey, named: &Named, verified: &Verified) -> Result<(), Stop> {
    let mut changes = Vec::new();
    for decision in &named.decided.features {
        push_baseline(journey, decision, &mut changes);
        push_pair_feature(journey, decision, &mut changes);
    }
    journey.commit_many(changes).await?;
    for decision in &named.decided.features {
        let after_writes = verified.features.iter().find(|feature| feature.feature == decision.feature);
        let (source, target) = (&named.decided.source, &named.decided.target);
        keep_reading(journey, named, &journey.pair.source, source, decision.feature, &Kept::of(&decision.reads.source))
            .await?;
        let kept = match after_writes {
            Some(after) => Kept { read: &after.read, is_fresh: true, mark: after.mark.as_ref() },
            None => Kept::of(&decision.reads.target),
        };
        keep_reading(journey, named, &journey.pair.target, target, decision.feature, &kept).await?;
    }
    settle_holds(journey, named).await
}

fn push_baseline(journey: &Journey, decision: &FeatureDecision, changes: &mut Vec<Change>) {
    let (pair, feature) = (&journey.pair.id, decision.feature);
    for change in &decision.plan.settle {
        // An entity without a name has no row to drop.
        let Some(uid) = decision.uids.get(&change.entity).copied() else { continue };
        changes.push(match change.row {
            Some(row) => Change::PutBaseline(pair.clone(), feature, uid, change.play, row),
            None => Change::DropBaseline(pair.clone(), feature, uid, change.play),
        });
    }
}

/// Both sides were complete once: from now on the pair is adopted.
fn push_pair_feature(journey: &Journey, decision: &FeatureDecision, changes: &mut Vec<Change>) {
    let both_complete =
        [&decision.plan.source, &decision.plan.target].iter().all(|read| read.completeness == Completeness::Complete);
    let mirror_approved_now = journey.ticket.job.approves_held && decision.policy.removes == Removes::Mirror;
    let known = decision.reads.known_pair.as_ref();
    let is_new = decision.is_first_run && both_complete;
    let is_newly_approved =
        mirror_approved_now && !decision.is_first_run && known.is_some_and(|known| !known.mirror_approved);
    if !is_new && !is_newly_approved {
        return;
    }
    let record = PairFeatureRecord {
        scope: decision.scope.clone(),
        adopted_at: known
            .filter(|_| !is_new)
            .map_or_else(|| journey.surroundings.clock.now(), |known| known.adopted_at),
        mirror_approved: is_newly_approved,
    };
    changes.push(Change::PutPairFeature(journey.pair.id.clone(), decision.feature, record));
}

/// A read that may become the one the next run compares with.
struct Kept<'r> {
    read: &'r Read,
    is_fresh: bool,
    mark: Option<&'r SmolStr>,
}

impl<'r> Kept<'r> {
    fn of(side: &'r SideRead) -> Self {
        Self { read: &side.read, is_fresh: side.is_fresh, mark: side.mark.as_ref() }
    }
}

/// Keeps a fresh complete read. A suspect one is kept only once a person approved it.
async fn keep_reading(
    journey: &Journey,
    named: &Named,
    account: &ProviderId,
    side: &Side,
    feature: Feature,
    kept: &Kept<'_>,
) -> Result<(), Stop> {
    let is_trusted = match kept.read {
        Read::Complete(_) => true,
        Read::Suspect(_) => journey.ticket.job.approves_held,
        _ => false,
    };
    if !kept.is_fresh || !is_trusted {
        return Ok(());
    }
    let head = ReadingHead {
        mark: kept.mark.cloned(),
        fingerprint: side.fingerprint.clone(),
        items: kept.read.rows().len() as u64,
        taken_at: journey.surroundings.clock.now(),
        keeps_rows: kept.mark.is_some(),
    };
    let put_head = Change::PutReadingHead(account.clone(), feature, head.clone());
    if !head.keeps_rows {
        return journey.commit(crosswatch_port::Durability::Synced, vec![put_head]).await;
    }
    let Some(new_rows) = name_rows(named, kept.read) else {
        // Something in it has no name, so the rows cannot stand for a read.
        let head = ReadingHead { keeps_rows: false, ..head };
        return journey
            .commit(crosswatch_port::Durability::Synced, vec![Change::PutReadingHead(account.clone(), feature, head)])
            .await;
    };
    let row_changes = diff_rows(journey, account, feature, new_rows).await?;
    let mut changes = Vec::with_capacity(row_changes.len() + 2);
    if !row_changes.is_empty() {
        let open = ReadingHead { mark: None, keeps_rows: false, ..head };
        changes.push(Change::PutReadingHead(account.clone(), feature, open));
        changes.extend(row_changes);
    }
    changes.push(put_head);
    journey.commit_many(changes).await
}

type RowKey = (Uid, PlayKey, Option<crosswatch_model::NativeRef>);

/// The rows of a read under our own names. Rows nobody can place (no ids, disputed) are left out of the reading only when
/// they say nothing the planner could use; `None` when that cannot be told.
fn name_rows(named: &Named, read: &Read) -> Option<BTreeMap<RowKey, ReadingRow>> {
    let (join, mut rows) = (&named.decided.join, BTreeMap::new());
    for row in read.rows() {
        let fact = row.fact();
        let Placement::Entity(entity) = join.placement(row.item()) else { return None };
        let uid = named.names.of(join, entity)?;
        let play = if let crosswatch_model::Fact::Play(at) = fact { PlayKey::of(at) } else { PlayKey::PRESENCE };
        rows.insert((uid, play, row.native()), ReadingRow { uid, play, native: row.native(), fact });
    }
    // Two rows under one key would come back as one.
    if rows.len() == read.rows().len() { Some(rows) } else { None }
}

async fn diff_rows(
    journey: &Journey,
    account: &ProviderId,
    feature: Feature,
    mut new_rows: BTreeMap<RowKey, ReadingRow>,
) -> Result<Vec<Change>, Stop> {
    let read_account = account.clone();
    let changes_account = account.clone();
    let read = move |ledger: &dyn crosswatch_port::Ledger| {
        let mut changes = Vec::new();
        ledger.visit_reading(
            &read_account,
            feature,
            &mut |old| match new_rows.remove(&(old.uid, old.play, old.native)) {
                Some(new) if new == old => {}
                Some(new) => changes.push(Change::PutReadingRow(changes_account.clone(), feature, new)),
                None => changes.push(Change::DropReadingRow(changes_account.clone(), feature, old)),
            },
        )?;
        changes.extend(new_rows.into_values().map(|row| Change::PutReadingRow(changes_account.clone(), feature, row)));
        Ok(changes)
    };
    Ok(journey.directory.store().query(read).await?)
}

/// The holds that are true now replace those of the same features; people hear of new ones once.
async fn settle_holds(journey: &Journey, named: &Named) -> Result<(), Stop> {
    let pair = journey.pair.id.clone();
    let before: Vec<HeldRecord> = journey.directory.store().query(|ledger| ledger.held()).await?;
    let before: Vec<HeldRecord> = before.into_iter().filter(|held| held.pair == pair).collect();
    let mut changes = Vec::new();
    let mut notices = Vec::new();
    let mut true_now = Vec::new();
    for decision in &named.decided.features {
        for hold in &decision.plan.holds {
            let id = held_id(&pair, hold.feature, hold.kind);
            let known = before.iter().find(|held| held.id == id);
            true_now.push(id);
            let record = HeldRecord {
                id,
                pair: pair.clone(),
                feature: hold.feature,
                kind: hold.kind,
                items: hold.items,
                sentence: hold.sentence.clone(),
                run: known.map_or(journey.record.id, |known| known.run),
                since: known.map_or_else(|| journey.surroundings.clock.now(), |known| known.since),
            };
            if known != Some(&record) {
                changes.push(Change::PutHeld(record.clone()));
            }
            if known.is_none() {
                notices.push(record);
            }
        }
    }
    let looked_at = journey.features();
    let gone = before.iter().filter(|held| looked_at.contains(held.feature) && !true_now.contains(&held.id));
    changes.extend(gone.map(|held| Change::DropHeld(held.id)));
    for held in &notices {
        changes.push(Change::AppendEvent(EventRecord {
            at: journey.surroundings.clock.now(),
            kind: "hold.added".into(),
            pair: Some(pair.clone()),
            run: Some(journey.record.id),
            sentence: held.sentence.clone(),
        }));
        tell(journey, held);
    }
    journey.commit_many(changes).await
}

fn tell(journey: &Journey, held: &HeldRecord) {
    let notice = Notice {
        kind: NoticeKind::Held,
        title: format_smolstr!("{}: {} {} wait for you", held.pair, held.items, held.feature),
        body: held.sentence.clone(),
    };
    if let Some(notifier) = journey.directory.notifier()
        && notifier.tell(Tell(notice)).is_err()
    {
        tracing::warn!("a notice was dropped because too many wait");
    }
}

/// Stable for the same pair, feature and kind.
pub(crate) fn held_id(pair: &PairId, feature: Feature, kind: HoldKind) -> u64 {
    let text = format!("{pair}|{feature}|{kind}");
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(text.as_bytes()).as_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
