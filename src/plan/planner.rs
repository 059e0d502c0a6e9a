//! Walks over all entities in order, decides each cell, guards the whole and writes out the lines.

use std::collections::BTreeMap;

use crosswatch_identity::EntityIx;
use crosswatch_model::{Action, Counts, Feature, Reason, Side, Uid, WatchedPrecision};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    baseline::{BaselineChange, PlayKey},
    cell::{Base, Cell, presence},
    crowd::{Runtimes, mark_crowds},
    draft::{Draft, Past},
    every_play::EveryPlay,
    feature_plan::{FeaturePlan, Hold, PlannedItem},
    guard::guard,
    input::FeatureInput,
    lines::{decline, nameless_lines, write_out},
    measures::Measures,
    policy::{Mode, Removes},
    read::Read,
    recorded::Recorded,
    restore::undated_notice,
    rows::{BaseRows, Pending, SideRows},
    seen::Seen,
    verdict::{Settle, Verdict},
    way::Way,
};

/// So many lines per reason are listed for what is left alone; the rest is only counted.
const LISTED_SKIPS: u64 = 1_000;

/// Plans one feature of a pair.
pub fn plan_feature(input: &FeatureInput<'_>) -> FeaturePlan {
    let way = match way_of(input) {
        Ok(way) => way,
        Err(obstacle) => return nothing(input, obstacle),
    };
    let mut walk = Walk::new(input, way);
    walk.visit_all();
    match (input.source, input.target) {
        (Read::Unavailable { reason }, _) => nothing(input, walk.waiting_for(Side::Source, reason)),
        (_, Read::Unavailable { reason }) => nothing(input, walk.waiting_for(Side::Target, reason)),
        _ => walk.finish(),
    }
}

/// What the rules and guards make of every cell of one entity, on the way to the same plan. `Err` where nothing is
/// planned at all, with the reason.
pub(crate) fn look_at<'a>(input: &'a FeatureInput<'a>, entity: EntityIx) -> Result<Look<'a>, SmolStr> {
    let way = way_of(input)?;
    let mut walk = Walk { asked: Some(entity), ..Walk::new(input, way) };
    walk.visit_all();
    decline(input, &way, &mut walk.drafts);
    let holds = guard(input.feature, input.policy, &walk.measures, &mut walk.drafts);
    walk.drafts.retain(|draft| draft.entity == entity);
    Ok(Look { decided: walk.decided, drafts: walk.drafts, holds })
}

/// The cells of one entity with what becomes of them.
pub(crate) struct Look<'a> {
    pub(crate) decided: Vec<(Cell<'a>, Verdict)>,
    pub(crate) drafts: Vec<Draft<'a>>,
    pub(crate) holds: Vec<Hold>,
}

/// Which way the pair goes, or why nothing is planned.
pub(crate) fn way_of<'a>(input: &'a FeatureInput<'a>) -> Result<Way<'a>, SmolStr> {
    for side in Side::ALL {
        if let Read::Unconfigured = input.read(*side) {
            return Err(format_smolstr!("The {side} is not set up. Nothing is planned."));
        }
    }
    let Some(way) = Way::of(input) else {
        return Err(format_smolstr!("One side does not keep {}. Nothing is planned.", input.feature));
    };
    match (input.source, input.target, way) {
        (Read::Unavailable { reason }, _, Way::OneWay(_) | Way::Restore(_))
        | (Read::Unavailable { reason }, Read::Unavailable { .. }, Way::TwoWay(_)) => {
            Err(format_smolstr!("The source could not be read: {reason}. Nothing is planned."))
        }
        _ => Ok(way),
    }
}

/// A plan of no lines.
pub(crate) fn nothing(input: &FeatureInput<'_>, notice: SmolStr) -> FeaturePlan {
    FeaturePlan {
        items: Vec::new(),
        counts: Counts::default(),
        holds: Vec::new(),
        settle: Vec::new(),
        notices: vec![notice],
        source: input.source.report(),
        target: input.target.report(),
    }
}

struct Walk<'a> {
    input: &'a FeatureInput<'a>,
    way: Way<'a>,
    every_play: bool,
    in_flight: Pending,
    unresolved: Pending,
    recorded: Recorded,
    drafts: Vec<Draft<'a>>,
    settle: Vec<BaselineChange>,
    unchanged: u64,
    skipped: u64,
    adds_off: u64,
    listed: BTreeMap<Reason, u64>,
    measures: Measures,
    notices: Vec<SmolStr>,
    nameless: Vec<PlannedItem>,
    /// Somebody asks about this entity.
    asked: Option<EntityIx>,
    decided: Vec<(Cell<'a>, Verdict)>,
}

impl<'a> Walk<'a> {
    fn new(input: &'a FeatureInput<'a>, way: Way<'a>) -> Self {
        Self {
            input,
            way,
            every_play: way.every_play(input),
            in_flight: Pending::of(input.in_flight, input.join),
            unresolved: Pending::of(input.unresolved, input.join),
            recorded: Recorded::of(input.recorded, input.join, input.now),
            drafts: Vec::new(),
            settle: Vec::new(),
            unchanged: 0,
            skipped: 0,
            adds_off: 0,
            listed: BTreeMap::new(),
            measures: Measures::of(input, &way),
            notices: Vec::new(),
            nameless: Vec::new(),
            asked: None,
            decided: Vec::new(),
        }
    }

    fn visit_all(&mut self) {
        let input = self.input;
        let mut source = SideRows::of(input.source, input.join, input.feature);
        let mut target = SideRows::of(input.target, input.join, input.feature);
        let mut baseline = BaseRows::of(input.baseline, input.join);
        self.note_rows(&source, &target);
        let by_minute =
            Side::ALL.iter().any(|side| input.capabilities(*side).watched_precision == WatchedPrecision::Minute);
        let mut every_play = EveryPlay::new(input.catalog, input.zone, by_minute);
        let lengths = Runtimes::of(input);
        let (mut on_source, mut on_target): (Vec<&Seen>, Vec<&Seen>) = (Vec::new(), Vec::new());
        let (mut bases, mut cells): (Vec<Base>, Vec<Cell<'_>>) = (Vec::new(), Vec::new());
        let mut folded = Vec::new();
        while let Some(number) = [source.entity(), target.entity(), baseline.entity()].into_iter().flatten().min() {
            let entity = EntityIx::from_number(number);
            source.take(number, &mut on_source);
            target.take(number, &mut on_target);
            baseline.take(number, input.join.uid(entity), &mut bases, &mut folded);
            if self.refuse(entity, &first_cell(&on_source, &on_target, &bases)) {
                continue;
            }
            let is_settled = if self.every_play {
                cells.clear();
                let runtime_s = lengths.get(number);
                match self.way {
                    Way::OneWay(_) | Way::Restore(_) => {
                        every_play.cells(&on_source, &on_target, &bases, runtime_s, &mut cells);
                    }
                    Way::TwoWay(_) => every_play.mirrored_cells(&on_source, &on_target, &bases, runtime_s, &mut cells),
                }
                let first = self.drafts.len();
                let is_watched = !on_source.is_empty() && !on_target.is_empty();
                let is_settled = self.visit_plays(entity, &cells, &every_play, is_watched);
                if let Some(runtime_s) = runtime_s {
                    mark_crowds(runtime_s, &cells, self.drafts.get_mut(first..).unwrap_or_default());
                }
                is_settled
            } else {
                let (cell, superseded) = presence(input.catalog, &on_source, &on_target, &bases);
                let is_settled = self.visit(entity, &cell, Rows { source: &on_source, target: &on_target }, false);
                superseded.filter(|_| is_settled).for_each(|play| self.forget(entity, None, play));
                is_settled
            };
            // Until the kept name has the whole row, the folded ones keep their part.
            for (name, play) in folded.drain(..).filter(|_| is_settled) {
                self.forget(entity, Some(name), play);
            }
        }
    }

    /// A stored row whose content stands under another key from now on.
    fn forget(&mut self, entity: EntityIx, folded: Option<Uid>, play: PlayKey) {
        self.settle.push(BaselineChange { entity, folded, play, row: None });
    }

    /// Entities that are never compared: contradictory ids, and shows where only movies and episodes count.
    fn refuse(&mut self, entity: EntityIx, cell: &Cell<'a>) -> bool {
        let is_two_way = self.way.written().contains(&Side::Source);
        let draft = Draft::of(entity, cell.play, cell.source, cell.target);
        let kind = cell.source.or(cell.target).map(|row| self.input.catalog.kind(row.item()));
        let reason = if let Some(reason) = self.input.join.dispute(entity) {
            if cell.source.is_some() || cell.base.is_some() || is_two_way {
                self.drafts.push(Draft { action: Action::Conflict, reason, ..draft });
            }
            reason
        } else if let Some(reason) = kind.and_then(|kind| self.way.kind_obstacle(kind)) {
            if cell.source.is_some() || is_two_way {
                self.skip(Draft { reason, side: self.side_across(cell.source), ..draft });
            }
            reason
        } else {
            return false;
        };
        self.remember_answer(entity, cell, Verdict::Skip(reason));
        true
    }

    fn remember_answer(&mut self, entity: EntityIx, cell: &Cell<'a>, verdict: Verdict) {
        if self.asked == Some(entity) {
            self.decided.push((*cell, verdict));
        }
    }

    /// Decides every play of an item. Answers whether the baseline learned from all of them.
    fn visit_plays(
        &mut self,
        entity: EntityIx,
        cells: &[Cell<'a>],
        every_play: &EveryPlay<'a>,
        is_watched: bool,
    ) -> bool {
        let before = self.drafts.len();
        let mut is_settled = true;
        for cell in cells {
            let rows = Rows {
                source: every_play.several(cell.play, Side::Source),
                target: every_play.several(cell.play, Side::Target),
            };
            is_settled &= self.visit(entity, cell, rows, is_watched);
        }
        if is_watched {
            self.measures.watched += 1;
            for side in self.way.written() {
                let is_add = |draft: &Draft<'_>| draft.action == Action::Add && draft.side == *side;
                let adds = self.drafts.iter().skip(before).any(is_add);
                self.measures.on_mut(*side).watched_again += u64::from(adds);
            }
        }
        is_settled
    }

    /// Decides one cell. Answers whether the baseline learned from it.
    fn visit(&mut self, entity: EntityIx, cell: &Cell<'a>, rows: Rows<'_, 'a>, repeats_watched: bool) -> bool {
        let (mut verdict, mut settle) = self.way.decide(entity, cell);
        if self.in_flight.has(entity, cell.play) {
            settle = Settle::Keep;
            if let Verdict::Write(..) | Verdict::Hold(..) = verdict {
                verdict = Verdict::Skip(Reason::InFlight);
            }
        } else if !self.input.is_first_run {
            // What is remembered before an adoption is about other accounts or another view of them.
            self.measures.count(&self.way, cell);
        }
        if let Verdict::Write(side, action, _) | Verdict::Hold(side, action, _) = verdict
            && self.recorded.covers(entity, side, action, cell)
        {
            verdict = Verdict::Skip(Reason::RecordedLive);
        }
        if let Verdict::Write(..) | Verdict::Hold(..) = verdict
            && self.unresolved.has(entity, cell.play)
        {
            verdict = Verdict::Skip(Reason::Unresolved);
        }
        if let Verdict::Write(..) | Verdict::Hold(..) = verdict
            && self.is_blocked(entity)
        {
            verdict = Verdict::Skip(Reason::Blocked);
        }
        if let Verdict::Write(..) = verdict {
            // The acknowledgement moves this row, and nothing else does.
            settle = Settle::Keep;
        }
        self.remember_answer(entity, cell, verdict);
        let draft = || Draft { repeats_watched, ..Draft::of(entity, cell.play, cell.source, cell.target) };
        match verdict {
            Verdict::Same => self.unchanged += 1,
            Verdict::Quiet => {}
            Verdict::AddsOff => self.adds_off += 1,
            Verdict::Skip(reason) => {
                self.skip(Draft { reason, side: self.side_across(cell.source), ..draft() });
            }
            Verdict::Write(side, action, reason) => {
                let (past, is_rematched) = (self.past(side, action, cell), self.is_rematched(entity, action));
                self.write(Draft { side, action, reason, past, is_rematched, ..draft() }, rows);
            }
            Verdict::Hold(side, action, reason) => {
                let (past, is_rematched) = (self.past(side, action, cell), self.is_rematched(entity, action));
                let (held, action) = (Some(action), Action::Hold);
                self.write(Draft { side, action, held, reason, past, is_rematched, ..draft() }, rows);
            }
        }
        self.settle(entity, cell, settle);
        settle != Settle::Keep
    }

    /// The side a line is about that only says what is there: the one across from it, where that is written.
    fn side_across(&self, source: Option<&Seen>) -> Side {
        match source {
            None if self.way.written().contains(&Side::Source) => Side::Source,
            _ => Side::Target,
        }
    }

    fn is_blocked(&self, entity: EntityIx) -> bool {
        let blocked = &self.input.policy.blocked;
        if blocked.is_empty() {
            return false;
        }
        let item = self.input.join.merged(self.input.catalog, entity);
        blocked.iter().any(|named| named.means(&item))
    }

    /// Whether this write of the entity rests on a row that is about something else than before.
    fn is_rematched(&self, entity: EntityIx, action: Action) -> bool {
        let holds = self.input.rematched;
        if holds.is_empty() {
            return false;
        }
        let item = self.input.join.merged(self.input.catalog, entity);
        !(if action == Action::Remove { holds.allows_remove(&item) } else { holds.allows_add(&item) })
    }

    fn past(&self, side: Side, action: Action, cell: &Cell<'_>) -> Past {
        self.way.rules(side).map(|rules| Past::of(self.input, rules, action, cell)).unwrap_or_default()
    }

    /// A removal takes every row of the side that makes up the fact.
    fn write(&mut self, draft: Draft<'a>, rows: Rows<'_, 'a>) {
        let rows = match draft.side {
            Side::Source => rows.source,
            Side::Target => rows.target,
        };
        let natives = rows.iter().filter(|row| row.native().is_some()).count();
        if draft.write() != Some(Action::Remove) || natives < 2 {
            self.drafts.push(draft);
            return;
        }
        let mut rows: Vec<&Seen> = rows.iter().copied().filter(|row| row.native().is_some()).collect();
        rows.sort_by_key(|row| row.native());
        rows.dedup_by_key(|row| row.native());
        let last = rows.len().saturating_sub(1);
        let drafts = rows.into_iter().enumerate().map(|(at, row)| match draft.side {
            Side::Source => Draft { source: Some(row), is_followed: at < last, ..draft },
            Side::Target => Draft { target: Some(row), is_followed: at < last, ..draft },
        });
        self.drafts.extend(drafts);
    }

    fn skip(&mut self, draft: Draft<'a>) {
        self.skipped += 1;
        let listed = self.listed.entry(draft.reason).or_default();
        *listed += 1;
        if *listed <= LISTED_SKIPS {
            self.drafts.push(draft);
        }
    }

    fn settle(&mut self, entity: EntityIx, cell: &Cell<'_>, settle: Settle) {
        let moved = cell.base.map(|base| base.play).filter(|play| *play != cell.play);
        let row = match settle {
            Settle::Keep => return,
            Settle::Put(_) if cell.is_extra => return,
            Settle::Put(row) if cell.base.is_some_and(|base| base.is_stored && base.row == row) => return,
            Settle::Put(row) => Some(row),
            Settle::Drop if cell.base.is_some_and(|base| !base.is_own) => return,
            Settle::Drop => None,
        };
        self.settle.push(BaselineChange { entity, folded: None, play: cell.play, row });
        if let Some(play) = moved {
            self.forget(entity, None, play);
        }
    }

    fn note_rows(&mut self, source: &SideRows<'a>, target: &SideRows<'a>) {
        let feature = self.input.feature;
        for (side, rows) in [("source", source), ("target", target)] {
            if rows.misplaced > 0 {
                self.notices.push(format_smolstr!(
                    "{} rows of the {side} are not {feature} and were left out.",
                    rows.misplaced
                ));
            }
        }
        for side in self.way.written() {
            let rows = match side {
                Side::Source => target,
                Side::Target => source,
            };
            let nameless = rows.nameless.len() as u64;
            self.skipped += nameless;
            *self.listed.entry(Reason::NoIds).or_default() += nameless;
            let mut lines = nameless_lines(self.input, *side, &rows.nameless, LISTED_SKIPS);
            self.nameless.append(&mut lines);
        }
        if !self.way.written().contains(&Side::Source) && !target.nameless.is_empty() {
            let items = target.nameless.len();
            self.notices.push(format_smolstr!("{items} items of the target carry no usable id and cannot be matched."));
        }
    }

    /// A side cannot be reached: what would have been done is told and forgotten.
    fn waiting_for(self, side: Side, reason: &str) -> SmolStr {
        let count = |action: Action| self.drafts.iter().filter(|draft| draft.action == action).count();
        let (adds, updates) = (count(Action::Add), count(Action::Update));
        format_smolstr!("The {side} could not be read: {reason}. {adds} to add and {updates} to update wait for it.")
    }

    fn finish(mut self) -> FeaturePlan {
        let input = self.input;
        decline(input, &self.way, &mut self.drafts);
        let holds = guard(input.feature, input.policy, &self.measures, &mut self.drafts);
        self.note_rules();
        if let Way::Restore(_) = self.way {
            self.notices.extend(undated_notice(input, &self.drafts));
        }
        let counts = self.count();
        let mut items = write_out(input, &self.way, self.drafts);
        items.append(&mut self.nameless);
        FeaturePlan {
            items,
            counts,
            holds,
            settle: self.settle,
            notices: self.notices,
            source: input.source.report(),
            target: input.target.report(),
        }
    }

    fn note_rules(&mut self) {
        let (feature, policy) = (self.input.feature, self.input.policy);
        let written = self.way.written();
        if policy.mode == Mode::TwoWay && !written.contains(&Side::Source) {
            self.notices.push(format_smolstr!("The source's {feature} cannot be written; only the target is."));
        }
        if feature == Feature::History && policy.rewatches && !self.every_play {
            self.notices.push(SmolStr::new_static(Reason::RewatchesCollapsed.sentence()));
        }
        for side in written {
            if self.way.rules(*side).is_some_and(|rules| rules.removes == Removes::Off)
                && policy.removes != Removes::Off
            {
                let expires = self.input.capabilities(side.other()).feature(feature).is_some_and(|can| can.rows_expire);
                self.notices.push(if expires {
                    format_smolstr!("{feature} at the {} goes away by itself; nothing is removed for it.", side.other())
                } else {
                    format_smolstr!("The {side} cannot remove single {feature} items; nothing is removed.")
                });
            }
        }
        if self.adds_off > 0 {
            self.notices.push(format_smolstr!(
                "{} items would be added or updated, but add is off for {feature}.",
                self.adds_off
            ));
        }
        for (reason, items) in &self.listed {
            if *items > LISTED_SKIPS {
                self.notices.push(format_smolstr!(
                    "{items} items are left alone ({reason}); {LISTED_SKIPS} of them are listed."
                ));
            }
        }
    }

    fn count(&self) -> Counts {
        let mut counts =
            Counts { unchanged: self.unchanged, skipped: self.skipped + self.adds_off, ..Counts::default() };
        for draft in &self.drafts {
            match draft.action {
                Action::Add => counts.adds += 1,
                Action::Remove => counts.removes += 1,
                Action::Update => counts.updates += 1,
                Action::Hold => counts.held += 1,
                Action::Conflict => counts.conflicts += 1,
                Action::Skip if draft.reason == Reason::Declined => counts.skipped += 1,
                Action::Skip => {}
            }
        }
        counts
    }
}

/// The rows that make up a cell, where there may be several of a side.
#[derive(Clone, Copy)]
struct Rows<'r, 'a> {
    source: &'r [&'a Seen],
    target: &'r [&'a Seen],
}

/// What there is of an entity before it is compared.
fn first_cell<'a>(source: &[&'a Seen], target: &[&'a Seen], bases: &[Base]) -> Cell<'a> {
    Cell {
        play: PlayKey::PRESENCE,
        source: source.first().copied(),
        target: target.first().copied(),
        base: bases.first().copied(),
        is_extra: false,
    }
}
