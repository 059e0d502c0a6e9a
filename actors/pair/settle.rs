//! Settling: what a run learned without writing, committed after everything it wrote.
//!
//! Baseline rows that were only observed, the complete reads the next run compares with, the holds that are true now.
//! A reading's rows are changed between two heads: the old head goes first and the new one comes last, so a crash in the
//! middle costs a full read and nothing else.

use std::collections::BTreeMap;

use crosswatch_identity::Placement;
use crosswatch_model::{
    Completeness, Feature, HoldKind, NativeRef, OpId, PairId, PlayKey, ProviderId, Reason, Side, Uid,
};
use crosswatch_plan::{Hold, Read, Removes, Seen};
use crosswatch_port::{
    Change, Durability, EventRecord, HeldRecord, Ledger, Notice, NoticeKind, PairFeatureRecord, ReadingHead,
    ReadingRow, RejectedRecord,
};
use jiff::Timestamp;
use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use super::{
    apply::Named,
    collect::SideAccount,
    decide::FeatureDecision,
    journey::{Journey, Stop},
    rematch::Believed,
    verify::Verified,
};
use crate::blueprint::PairBlueprint;

/// Commits everything that was learned.
pub(super) async fn settle(journey: &Journey, named: Named, verified: Verified) -> Result<(), Stop> {
    let adopts = journey.ticket.job.undoes.is_none() && !journey.pair.is_keeper();
    let desk = Desk { pair: journey.pair.as_ref().clone(), adopts, now: journey.surroundings.clock.now() };
    let learned = journey.surroundings.lane.run(move || desk.learn(&named, &verified)).await?;
    journey.commit_many(learned.baseline).await?;
    for reading in learned.readings {
        keep_reading(journey, reading).await?;
    }
    if journey.ticket.job.permit.plan().is_some() {
        // Only a run that looks at everything knows what waits.
        return Ok(());
    }
    forget_rejections(journey, &learned.shown).await?;
    settle_holds(journey, &learned.holds).await
}

/// Forgets what a person said no to where the plan does not show it any more.
async fn forget_rejections(journey: &Journey, shown: &[(Feature, FxHashSet<OpId>)]) -> Result<(), Stop> {
    let pair = journey.pair.id.clone();
    let known = journey.directory.store().query(move |ledger| ledger.rejected(&pair)).await?;
    let is_gone =
        |row: &RejectedRecord| shown.iter().any(|(feature, shown)| *feature == row.feature && !shown.contains(&row.op));
    let gone = known.into_iter().filter(is_gone);
    let changes = gone.map(|row| Change::DropRejected(row.pair, row.op)).collect();
    journey.commit(Durability::Buffered, changes).await
}

/// What a plan shows of what a person said no to. Only what was read in full can say that something is gone.
fn declined(decision: &FeatureDecision) -> Option<(Feature, FxHashSet<OpId>)> {
    let is_full = |read: &Read| matches!(read.completeness(), Completeness::Complete | Completeness::Suspect);
    if !is_full(&decision.reads.source.read) || !is_full(&decision.reads.target.read) {
        return None;
    }
    let lines = decision.plan.items.iter().map(|item| &item.line);
    let declined = lines.filter(|line| line.reason == Reason::Declined).map(|line| line.op);
    Some((decision.feature, declined.collect()))
}

/// What a run learned, ready to be committed.
struct Learned {
    baseline: Vec<Change>,
    readings: Vec<Reading>,
    holds: Vec<Hold>,
    /// Per feature that was read in full, what a person said no to and would still be done.
    shown: Vec<(Feature, FxHashSet<OpId>)>,
}

/// A complete read that becomes the one the next run compares with.
struct Reading {
    account: ProviderId,
    feature: Feature,
    head: ReadingHead,
    /// Present where an unmoved mark may stand for the read.
    rows: Option<Rows>,
}

type Rows = BTreeMap<(Uid, PlayKey, Option<NativeRef>), ReadingRow>;

/// Turns reads and plans into changes. Runs on the lane.
struct Desk {
    pair: PairBlueprint,
    /// Not where a run is taken back or a snapshot restored: no two accounts are compared, so nothing can be adopted.
    adopts: bool,
    now: Timestamp,
}

impl Desk {
    fn learn(&self, named: &Named, verified: &Verified) -> Learned {
        let mut learned = Learned { baseline: Vec::new(), readings: Vec::new(), holds: Vec::new(), shown: Vec::new() };
        for decision in &named.decided.features {
            self.push_baseline(decision, &mut learned.baseline);
            let source = kept(decision, verified, Side::Source);
            let target = kept(decision, verified, Side::Target);
            let has_written = verified.features.iter().any(|written| written.feature == decision.feature);
            let writing_runs = u32::from(has_written);
            self.push_pair_feature(decision, [&source, &target], writing_runs, &mut learned.baseline);
            let sides = [
                (&self.pair.source, &named.decided.source, source),
                (&self.pair.target, &named.decided.target, target),
            ];
            for (account, side, kept) in sides {
                learned.readings.extend(self.reading(named, account, side, decision.feature, &kept));
            }
            learned.holds.extend(decision.plan.holds.iter().cloned());
            learned.shown.extend(declined(decision));
        }
        learned
    }

    fn push_baseline(&self, decision: &FeatureDecision, changes: &mut Vec<Change>) {
        let (pair, feature) = (&self.pair.id, decision.feature);
        for change in &decision.plan.settle {
            // An entity without a name has no row to drop.
            let Some(uid) = change.folded.or(decision.uids.get(&change.entity).copied()) else { continue };
            changes.push(match change.row {
                Some(row) => Change::PutBaseline(pair.clone(), feature, uid, change.play, row),
                None => Change::DropBaseline(pair.clone(), feature, uid, change.play),
            });
        }
    }

    /// What the pair knows about a feature: adopted once both sides were complete, and how much each side had since.
    fn push_pair_feature(
        &self,
        decision: &FeatureDecision,
        [source, target]: [&Kept<'_>; 2],
        writing_runs: u32,
        changes: &mut Vec<Change>,
    ) {
        let both_complete = [&decision.plan.source, &decision.plan.target]
            .iter()
            .all(|read| read.completeness == Completeness::Complete);
        let known = decision.reads.known_pair.as_ref().filter(|_| !decision.is_first_run);
        if known.is_none() && !(self.adopts && both_complete) {
            return;
        }
        let is_newly_approved = decision.policy.approvals.covers(HoldKind::FirstMirror)
            && decision.policy.removes == Removes::Mirror
            && known.is_some();
        let items = |kept: &Kept<'_>, before: fn(&PairFeatureRecord) -> u64| {
            if kept.is_trusted { kept.read.rows().len() as u64 } else { known.map(before).unwrap_or_default() }
        };
        let record = PairFeatureRecord {
            scope: decision.scope.clone(),
            adopted_at: known.map_or(self.now, |known| known.adopted_at),
            mirror_approved: is_newly_approved || known.is_some_and(|known| known.mirror_approved),
            source_items: items(source, |known| known.source_items),
            target_items: items(target, |known| known.target_items),
            writing_runs: known.map_or(0, |known| known.writing_runs).saturating_add(writing_runs),
        };
        if known != Some(&record) {
            changes.push(Change::PutPairFeature(self.pair.id.clone(), decision.feature, record));
        }
    }

    /// A fresh read that can be trusted becomes the one that an unmoved mark stands for.
    fn reading(
        &self,
        named: &Named,
        account: &ProviderId,
        side: &SideAccount,
        feature: Feature,
        kept: &Kept<'_>,
    ) -> Option<Reading> {
        if !kept.is_fresh || !kept.is_trusted {
            return None;
        }
        // The rows of a media server are kept to notice what they become, those of others where a mark stands for them.
        let is_kept = kept.mark.is_some() || side.capabilities.is_media_server;
        let rows = if is_kept { name_rows(named, kept) } else { None };
        let head = ReadingHead {
            mark: kept.mark.cloned(),
            fingerprint: side.read_as.clone(),
            items: kept.read.rows().len() as u64,
            taken_at: self.now,
            keeps_rows: rows.is_some(),
        };
        Some(Reading { account: account.clone(), feature, head, rows })
    }
}

/// The newest read of a side. What a person has to look at first is not made good by the read after the writes.
fn kept<'r>(decision: &'r FeatureDecision, verified: &'r Verified, side: Side) -> Kept<'r> {
    let before = decision.reads.side(side);
    let is_trusted = |read: &Read| decision.takes_for_complete(side, read);
    let (read, is_fresh, mark) = match verified.of(decision.feature, side).filter(|_| is_trusted(&before.read)) {
        Some(after) => (&after.read, true, after.mark.as_ref()),
        None => (&before.read, before.is_fresh, before.mark.as_ref()),
    };
    let is_open = !decision.policy.approvals.covers(HoldKind::Rematch);
    let believed = Some(decision.believed.side(side)).filter(|_| is_open);
    Kept { read, is_fresh, is_trusted: is_trusted(read), believed, mark }
}

/// A read that may be kept.
struct Kept<'r> {
    read: &'r Read,
    is_fresh: bool,
    /// What is not in it is not there: complete, or approved by a person.
    is_trusted: bool,
    /// Rows that are about something else than before, until a person says what is right.
    believed: Option<&'r Believed>,
    mark: Option<&'r SmolStr>,
}

/// The rows of a read under our own names; `None` where a row has no name or two rows share one, so that the rows could
/// not stand for the read.
fn name_rows(named: &Named, kept: &Kept<'_>) -> Option<Rows> {
    let (join, mut rows) = (&named.decided.join, Rows::new());
    let is_doubted = |row: &Seen| {
        row.native().is_some_and(|native| kept.believed.is_some_and(|believed| believed.doubted.contains(&native)))
    };
    let mut doubted = 0;
    for row in kept.read.rows() {
        if is_doubted(row) {
            doubted += 1;
            continue;
        }
        let fact = row.fact();
        let Placement::Entity(entity) = join.placement(row.item()) else { return None };
        let uid = named.names.of(join, entity)?;
        let play = PlayKey::of_fact(fact);
        rows.insert((uid, play, row.native()), ReadingRow { uid, play, native: row.native(), fact });
    }
    if rows.len() + doubted != kept.read.rows().len() {
        return None;
    }
    let believed = kept.believed.iter().flat_map(|believed| believed.rows.iter());
    rows.extend(believed.map(|row| ((row.uid, row.play, row.native), *row)));
    Some(rows)
}

/// Changes the rows between two heads: the old head goes first, the new one comes last.
async fn keep_reading(journey: &Journey, reading: Reading) -> Result<(), Stop> {
    let Reading { account, feature, head, rows } = reading;
    let put_head = Change::PutReadingHead(account.clone(), feature, head.clone());
    let row_changes = match rows {
        Some(rows) => diff_rows(journey, account.clone(), feature, rows).await?,
        None => Vec::new(),
    };
    let mut changes = Vec::with_capacity(row_changes.len() + 2);
    if !row_changes.is_empty() {
        let open = ReadingHead { mark: None, keeps_rows: false, ..head };
        changes.push(Change::PutReadingHead(account, feature, open));
        changes.extend(row_changes);
    }
    changes.push(put_head);
    journey.commit_many(changes).await
}

async fn diff_rows(
    journey: &Journey,
    account: ProviderId,
    feature: Feature,
    mut new_rows: Rows,
) -> Result<Vec<Change>, Stop> {
    let read = move |ledger: &dyn Ledger| {
        let mut changes = Vec::new();
        ledger.visit_reading(
            &account,
            feature,
            &mut |old| match new_rows.remove(&(old.uid, old.play, old.native)) {
                Some(new) if new == old => {}
                Some(new) => changes.push(Change::PutReadingRow(account.clone(), feature, new)),
                None => changes.push(Change::DropReadingRow(account.clone(), feature, old)),
            },
        )?;
        changes.extend(new_rows.into_values().map(|row| Change::PutReadingRow(account.clone(), feature, row)));
        Ok(changes)
    };
    Ok(journey.directory.store().query(read).await?)
}

/// The holds that are true now replace those of the same features; people hear of new ones once.
async fn settle_holds(journey: &Journey, holds: &[Hold]) -> Result<(), Stop> {
    let pair = journey.pair.id.clone();
    let before: Vec<HeldRecord> = journey.directory.store().query(|ledger| ledger.held()).await?;
    let before: Vec<HeldRecord> = before.into_iter().filter(|held| held.pair == pair).collect();
    let (mut changes, mut true_now) = (Vec::new(), Vec::new());
    for hold in holds {
        let id = held_id(&pair, hold.feature, hold.kind, hold.side);
        let known = before.iter().find(|held| held.id == id);
        true_now.push(id);
        let record = held_record(journey, hold, id, known);
        if known.is_none() {
            changes.push(Change::AppendEvent(hold_added(journey, &record)));
            tell(journey, &record);
        }
        if known != Some(&record) {
            changes.push(Change::PutHeld(record));
        }
    }
    let looked_at = journey.features();
    let gone = before.iter().filter(|held| looked_at.contains(held.feature) && !true_now.contains(&held.id));
    changes.extend(gone.map(|held| Change::DropHeld(held.id)));
    journey.commit_many(changes).await
}

fn held_record(journey: &Journey, hold: &Hold, id: u64, known: Option<&HeldRecord>) -> HeldRecord {
    HeldRecord {
        id,
        pair: journey.pair.id.clone(),
        feature: hold.feature,
        kind: hold.kind,
        items: hold.items,
        sentence: hold.sentence.clone(),
        run: known.map_or(journey.record.id, |known| known.run),
        since: known.map_or_else(|| journey.surroundings.clock.now(), |known| known.since),
    }
}

fn hold_added(journey: &Journey, held: &HeldRecord) -> EventRecord {
    EventRecord {
        at: journey.surroundings.clock.now(),
        kind: "hold.added".into(),
        pair: Some(held.pair.clone()),
        run: Some(journey.record.id),
        sentence: held.sentence.clone(),
    }
}

fn tell(journey: &Journey, held: &HeldRecord) {
    journey.happened("hold.added", held.items, None, held.sentence.clone());
    let notice = Notice {
        kind: NoticeKind::Held,
        title: format_smolstr!("{}: {} {} wait for you", held.pair, held.items, held.feature),
        body: held.sentence.clone(),
        path: "/api/v1/held".into(),
    };
    journey.directory.tell_people(notice);
}

/// Stable for the same pair, feature, kind and written side.
pub fn held_id(pair: &PairId, feature: Feature, kind: HoldKind, side: Side) -> u64 {
    let text = format!("{pair}|{feature}|{kind}|{side}");
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte))
}
