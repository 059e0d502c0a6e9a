//! Verifying: what was acknowledged must show up when the side it went to is read again.
//!
//! The read that verifies is also the next complete read: its mark was taken before it, so the run after this one asks
//! the cheap question and is done. Where plays can be read from a moment on, only that window is read, and the account's
//! own total proves that the rest is as it was.

use std::sync::Arc;

use crosswatch_identity::{EntityIx, Join, Placement, join, may_be_aliases};
use crosswatch_model::{Action, Fact, Feature, FeatureSet, Outcome, PlayKey, Reason, Scale, Side, Uid};
use crosswatch_plan::{Read, Seen};
use crosswatch_port::{Change, ItemRecord, LineRecord, ReadScope, UnresolvedRecord};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::{
    apply::{Applied, Named, is_write},
    collect::read_pages,
    decide::Decided,
    journey::{Journey, Stop},
    naming::{Survey, name},
};
use crate::landed::shows;

/// Written plays are looked for from a little before the earliest of them.
const WINDOW_MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// With more writes than this, everything is read instead of a window.
const WINDOW_WRITES_MAX: usize = 500;
/// An item that was accepted but does not show up is tried again after this long.
const PHANTOM_RETRY: SignedDuration = SignedDuration::from_hours(24);

/// What the written sides show after the writes.
#[derive(Debug, Default)]
pub(super) struct Verified {
    pub(super) features: Vec<FeatureVerified>,
}

impl Verified {
    /// What a side showed of a feature after it was written.
    pub(super) fn of(&self, feature: Feature, side: Side) -> Option<&FeatureVerified> {
        self.features.iter().find(|verified| verified.feature == feature && verified.side == side)
    }
}

/// One feature that was written on one side.
#[derive(Debug)]
pub(super) struct FeatureVerified {
    pub(super) feature: Feature,
    pub(super) side: Side,
    /// Everything the side has now.
    pub(super) read: Read,
    /// The mark seen before that read.
    pub(super) mark: Option<SmolStr>,
    pub(super) missing: u64,
}

/// Reads the written features again and compares.
pub(super) async fn verify(journey: &mut Journey, named: &mut Named, applied: &Applied) -> Result<Verified, Stop> {
    let mut verified = Verified::default();
    if applied.settled == 0 {
        return Ok(verified);
    }
    journey.enter(crosswatch_model::RunState::Verifying, "Reads back what was written.").await?;
    let lines = confirmed_lines(journey).await?;
    for side in [Side::Target, Side::Source] {
        let written: FeatureSet =
            lines.iter().filter(|line| line.line.side == side).map(|line| line.line.feature).collect();
        if written.iter().next().is_none() {
            continue;
        }
        let stamps = journey.door(side).stamps(written).await.ok().flatten().unwrap_or_default();
        for feature in written.iter() {
            let read = read_again(journey, named, side, feature, &of(&lines, feature, side)).await?;
            let mark = stamps.get(feature).cloned();
            verified.features.push(FeatureVerified { feature, side, read, mark, missing: 0 });
        }
    }
    rejoin(journey, named, &mut verified).await?;
    for feature in &mut verified.features {
        let written = of(&lines, feature.feature, feature.side).into_iter().cloned().collect();
        compare(journey, named, feature, written).await?;
    }
    Ok(verified)
}

/// The lines that wrote a feature of a side.
fn of(lines: &[LineRecord], feature: Feature, side: Side) -> Vec<&LineRecord> {
    lines.iter().filter(|record| record.line.feature == feature && record.line.side == side).collect()
}

/// The lines of this run that were confirmed.
async fn confirmed_lines(journey: &Journey) -> Result<Vec<LineRecord>, Stop> {
    let run = journey.record.id;
    let read = move |ledger: &dyn crosswatch_port::Ledger| {
        let mut lines = Vec::new();
        ledger.visit_lines(run, 0, &mut |record| {
            if is_write(&record.line) && matches!(record.line.outcome, Outcome::Acknowledged | Outcome::AlreadyThere) {
                lines.push(record);
            }
            true
        })?;
        Ok(lines)
    };
    Ok(journey.directory.store().query(read).await?)
}

/// Reads a feature of a side again: a window where that proves enough, else everything.
async fn read_again(
    journey: &Journey,
    named: &mut Named,
    side: Side,
    feature: Feature,
    lines: &[&LineRecord],
) -> Result<Read, Stop> {
    if let Some(read) = read_window(journey, named, side, feature, lines).await? {
        return Ok(read);
    }
    read_pages(journey, journey.door(side), feature, ReadScope::Everything, &mut named.decided.catalog).await
}

/// Reads plays from the earliest written one on, and joins them with the older rows of the read before the writes.
/// Answers `None` where that would prove nothing, or where the total disagrees.
async fn read_window(
    journey: &Journey,
    named: &mut Named,
    side: Side,
    feature: Feature,
    lines: &[&LineRecord],
) -> Result<Option<Read>, Stop> {
    let capabilities = &named.decided.account(side).capabilities;
    let can_read_since = capabilities.feature(feature).is_some_and(|entry| entry.can_read_since);
    if feature != Feature::History || !can_read_since || lines.len() > WINDOW_WRITES_MAX {
        return Ok(None);
    }
    let Some(decision) = named.decided.features.iter().find(|decision| decision.feature == feature) else {
        return Ok(None);
    };
    let Read::Complete(_) = &decision.reads.side(side).read else { return Ok(None) };
    let Some(since) = earliest(lines).and_then(|earliest| earliest.checked_sub(WINDOW_MARGIN).ok()) else {
        return Ok(None);
    };
    let older = |row: &&Seen| instant_of(row).is_some_and(|at| at < since);
    let before = decision.reads.side(side).read.rows();
    let mut rows: Vec<Seen> = before.iter().filter(older).copied().collect();
    // A window that is most of the history is read in one go instead.
    if rows.len() < before.len() / 2 || before.iter().any(|row| instant_of(row).is_none()) {
        return Ok(None);
    }
    let window =
        read_pages(journey, journey.door(side), feature, ReadScope::Since(since), &mut named.decided.catalog).await?;
    let Read::Complete(_) = &window else { return Ok(None) };
    let newer = window.rows().len();
    rows.extend_from_slice(window.rows());
    let total = journey.door(side).count(feature).await.ok().flatten();
    if total != Some(rows.len() as u64) {
        return Ok(None);
    }
    let proof = format_smolstr!(
        "{newer} plays read since {since}; the total of {} proves that the older ones are as they were",
        rows.len()
    );
    Ok(Some(Read::unchanged(rows, proof)))
}

fn earliest(lines: &[&LineRecord]) -> Option<Timestamp> {
    let instants: Option<Vec<Timestamp>> = lines
        .iter()
        .map(|record| match record.line.value.or(record.line.before) {
            Some(Fact::Play(at)) => at.instant(),
            _ => None,
        })
        .collect();
    instants?.into_iter().min()
}

fn instant_of(row: &Seen) -> Option<Timestamp> {
    if let Fact::Play(at) = row.fact() { at.instant() } else { None }
}

/// Joins again: the rows that were read back tell ids we did not know before.
async fn rejoin(journey: &Journey, named: &mut Named, verified: &mut Verified) -> Result<(), Stop> {
    let catalog = std::mem::take(&mut named.decided.catalog);
    let known = std::mem::take(&mut named.decided.known);
    let (features, evidence) = (std::mem::take(&mut verified.features), Arc::clone(&named.decided.evidence));
    let sides: Vec<bool> =
        features.iter().map(|feature| named.decided.account(feature.side).capabilities.is_media_server).collect();
    let work = move || {
        let join = join(&catalog, &known, &evidence);
        let mut survey = Survey::default();
        for (feature, is_media_server) in features.iter().zip(sides) {
            survey.add_rows(&join, &catalog, &feature.read, feature.mark.is_some() || is_media_server);
        }
        (catalog, known, features, join, survey)
    };
    let (catalog, known, features, join, survey) = journey.surroundings.lane.run(work).await?;
    let decided = &mut named.decided;
    (decided.catalog, decided.known, decided.join, verified.features) = (catalog, known, join, features);
    let (minted, changes) = name(journey, &mut decided.catalog, &mut decided.known, &decided.join, survey).await?;
    named.names = minted;
    journey.commit_many(changes).await
}

/// Marks what shows up as verified, and keeps what does not from being written again and again.
async fn compare(
    journey: &Journey,
    named: &Named,
    verified: &mut FeatureVerified,
    lines: Vec<LineRecord>,
) -> Result<(), Stop> {
    let Read::Complete(_) = &verified.read else { return Ok(()) };
    let shown = shown_facts(&named.decided.join, &verified.read);
    let scale = named.decided.account(verified.side).capabilities.scale;
    let (now, zone) = (journey.surroundings.clock.now(), journey.surroundings.clock.zone());
    let mut changes = Vec::with_capacity(lines.len());
    for mut record in lines {
        let Some(uid) = record.line.uid else { continue };
        let facts =
            named.decided.join.entity_of_uid(uid).and_then(|entity| shown.get(&entity)).map_or(&[][..], Vec::as_slice);
        let alias = if facts.is_empty() { alias(named, verified, &record) } else { None };
        if let Some(known) = alias {
            changes.push(Change::PutItem(known));
        } else if is_visible(&record, facts, scale, &zone) {
            record.line.outcome = Outcome::Verified;
        } else {
            verified.missing += 1;
            record.line.reason = Reason::NotVisible;
            changes.push(Change::PutUnresolved(phantom(journey, named, verified.feature, &record, uid, now)));
        }
        changes.push(Change::PutLine(record));
    }
    journey.commit_many(changes).await
}

/// The side says that it has the item already and shows it under other ids: where exactly one of its rows may be it, and
/// the other side knows nothing of that row, the ids of the row are ids of the item from now on.
fn alias(named: &Named, verified: &FeatureVerified, record: &LineRecord) -> Option<ItemRecord> {
    let Decided { catalog, join, features, .. } = &named.decided;
    if record.line.outcome != Outcome::AlreadyThere || record.line.action != Action::Add {
        return None;
    }
    let uid = record.line.uid?;
    let ours = join.entity_of_uid(uid)?;
    let item = join.known_item(ours)?;
    let decision = features.iter().find(|decision| decision.feature == verified.feature)?;
    let entity = |row: &Seen| match join.placement(row.item()) {
        Placement::Entity(entity) => Some(entity),
        _ => None,
    };
    let across: FxHashSet<EntityIx> =
        decision.reads.side(verified.side.other()).read.rows().iter().filter_map(entity).collect();
    let rows = verified.read.rows().iter().filter(|row| may_be_aliases(catalog, item, row.item()));
    let mut candidates: Vec<EntityIx> =
        rows.filter_map(entity).filter(|entity| *entity != ours && !across.contains(entity)).collect();
    candidates.sort_unstable();
    candidates.dedup();
    let [only] = candidates.as_slice() else { return None };
    let mut known = catalog.get(item);
    known.ids = known.ids.iter().chain(join.merged(catalog, *only).ids.iter()).collect();
    Some(ItemRecord { uid, item: known, runtime_s: None })
}

type Shown = FxHashMap<EntityIx, Vec<Fact>>;

fn shown_facts(join: &Join, read: &Read) -> Shown {
    let mut shown = Shown::default();
    for row in read.rows() {
        if let Placement::Entity(entity) = join.placement(row.item()) {
            shown.entry(entity).or_default().push(row.fact());
        }
    }
    shown
}

fn is_visible(record: &LineRecord, facts: &[Fact], scale: Scale, zone: &TimeZone) -> bool {
    let is_removal = record.line.action == Action::Remove;
    let value = if is_removal { record.line.before.or(record.line.value) } else { record.line.value };
    let is_there = match value {
        Some(value) => facts.iter().any(|fact| shows(&value, fact, scale, zone)),
        None => !facts.is_empty(),
    };
    is_there != is_removal
}

fn phantom(
    journey: &Journey,
    named: &Named,
    feature: Feature,
    record: &LineRecord,
    uid: Uid,
    now: Timestamp,
) -> UnresolvedRecord {
    let planned = named
        .decided
        .features
        .iter()
        .flat_map(|decision| &decision.plan.items)
        .find(|item| item.line.op == record.line.op);
    UnresolvedRecord {
        pair: journey.pair.id.clone(),
        feature,
        uid,
        play: planned.map_or(PlayKey::PRESENCE, |item| item.play),
        reason: Reason::NotVisible,
        failures: 1,
        next_try: now.checked_add(PHANTOM_RETRY).ok(),
        since: now,
    }
}
