//! Walks over all entities in order, decides each cell, guards the whole and writes out the lines.

use std::collections::BTreeMap;

use crosswatch_identity::EntityIx;
use crosswatch_model::{Action, Counts, Reason, Uid, WatchedPrecision};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    baseline::{BaselineChange, PlayKey},
    cell::{Base, Cell, presence},
    draft::Draft,
    every_play::EveryPlay,
    feature_plan::{FeaturePlan, PlannedItem},
    guard::{Measures, guard},
    input::FeatureInput,
    lines::{nameless_lines, write_out},
    one_way::{OneWay, Settle, Verdict},
    read::Read,
    rows::{BaseRows, Pending, SideRows},
    rules::Rules,
    seen::Seen,
    standing::Standing,
};

/// So many lines per reason are listed for what is left alone; the rest is only counted.
const LISTED_SKIPS: u64 = 1_000;

/// Plans one feature of a one-way pair.
pub fn plan_feature(input: &FeatureInput<'_>) -> FeaturePlan {
    let obstacle = match (input.source, input.target) {
        (Read::Unavailable { reason }, _) => {
            Some(format_smolstr!("The source could not be read: {reason}. Nothing is planned."))
        }
        (Read::Unconfigured, _) => Some(SmolStr::new_static("The source is not set up. Nothing is planned.")),
        (_, Read::Unconfigured) => Some(SmolStr::new_static("The target is not set up. Nothing is planned.")),
        _ => None,
    };
    if let Some(obstacle) = obstacle {
        return nothing(input, obstacle);
    }
    let Some(rules) = Rules::of(input) else {
        return nothing(input, format_smolstr!("One side does not keep {}. Nothing is planned.", input.feature));
    };
    let mut walk = Walk::new(input, rules);
    walk.visit_all();
    match input.target {
        Read::Unavailable { reason } => nothing(input, walk.waiting_for_target(reason)),
        _ => walk.finish(),
    }
}

fn nothing(input: &FeatureInput<'_>, notice: SmolStr) -> FeaturePlan {
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
    rules: Rules<'a>,
    one_way: OneWay<'a>,
    in_flight: Pending,
    unresolved: Pending,
    drafts: Vec<Draft<'a>>,
    settle: Vec<BaselineChange>,
    unchanged: u64,
    skipped: u64,
    adds_off: u64,
    listed: BTreeMap<Reason, u64>,
    measures: Measures,
    notices: Vec<SmolStr>,
    nameless: Vec<PlannedItem>,
}

impl<'a> Walk<'a> {
    fn new(input: &'a FeatureInput<'a>, rules: Rules<'a>) -> Self {
        let approved = input.policy.approve_held;
        let one_way = OneWay {
            rules,
            policy: input.policy,
            source: Standing::of(input.source, approved),
            target: Standing::of(input.target, approved),
            is_first_run: input.is_first_run,
            is_loss_approved: approved && matches!(input.source, Read::Suspect(_)),
        };
        let source_loss = match one_way.source {
            Standing::Shrunk(read) => Some((read.before(), read.lost())),
            _ => None,
        };
        let capability = input.target_capabilities.feature(input.feature);
        let measures = Measures {
            on_target: input.target.rows().len() as u64,
            source_loss,
            max_rows: capability.and_then(|capability| capability.max_rows),
            ..Measures::default()
        };
        Self {
            input,
            rules,
            one_way,
            in_flight: Pending::of(input.in_flight, input.join),
            unresolved: Pending::of(input.unresolved, input.join),
            drafts: Vec::new(),
            settle: Vec::new(),
            unchanged: 0,
            skipped: 0,
            adds_off: 0,
            listed: BTreeMap::new(),
            measures,
            notices: Vec::new(),
            nameless: Vec::new(),
        }
    }

    fn visit_all(&mut self) {
        let input = self.input;
        let mut source = SideRows::of(input.source, input.join, input.feature);
        let mut target = SideRows::of(input.target, input.join, input.feature);
        let mut baseline = BaseRows::of(input.baseline, input.join);
        self.note_rows(&source, &target);
        let by_minute = [input.source_capabilities, input.target_capabilities]
            .iter()
            .any(|capabilities| capabilities.watched_precision == WatchedPrecision::Minute);
        let mut every_play = EveryPlay::new(input.catalog, input.zone, by_minute);
        let (mut on_source, mut on_target): (Vec<&Seen>, Vec<&Seen>) = (Vec::new(), Vec::new());
        let (mut bases, mut cells): (Vec<Base>, Vec<Cell<'_>>) = (Vec::new(), Vec::new());
        let mut folded = Vec::new();
        while let Some(number) = [source.entity(), target.entity(), baseline.entity()].into_iter().flatten().min() {
            let entity = EntityIx::from_number(number);
            source.take(number, &mut on_source);
            target.take(number, &mut on_target);
            baseline.take(number, input.join.uid(entity), &mut bases, &mut folded);
            if self.refuse(entity, &on_source, &on_target, &bases) {
                continue;
            }
            let is_settled = if self.rules.every_play {
                cells.clear();
                every_play.cells(&on_source, &on_target, &bases, &mut cells);
                self.visit_plays(entity, &cells, !on_source.is_empty() && !on_target.is_empty())
            } else {
                let (cell, superseded) = presence(input.catalog, &on_source, &on_target, &bases);
                let is_settled = self.visit(entity, &cell, &on_target, false);
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
    fn refuse(&mut self, entity: EntityIx, source: &[&'a Seen], target: &[&'a Seen], bases: &[Base]) -> bool {
        let first = source.first().or(target.first()).copied();
        if let Some(reason) = self.input.join.dispute(entity) {
            if !source.is_empty() || !bases.is_empty() {
                let draft = draft(entity, PlayKey::PRESENCE, source.first().copied(), target.first().copied());
                self.drafts.push(Draft { action: Action::Conflict, reason, ..draft });
            }
            return true;
        }
        let kind = first.map(|row| self.input.catalog.kind(row.item()));
        if let Some(reason) = kind.and_then(|kind| self.rules.kind_obstacle(kind)) {
            if let Some(row) = source.first() {
                self.skip(Draft { reason, ..draft(entity, PlayKey::PRESENCE, Some(row), target.first().copied()) });
            }
            return true;
        }
        false
    }

    /// Decides every play of an item. Answers whether the baseline learned from all of them.
    fn visit_plays(&mut self, entity: EntityIx, cells: &[Cell<'a>], is_watched: bool) -> bool {
        let before = self.drafts.len();
        let mut is_settled = true;
        for cell in cells {
            is_settled &= self.visit(entity, cell, &[], is_watched);
        }
        if is_watched {
            self.measures.watched += 1;
            let adds = self.drafts.iter().skip(before).any(|draft| draft.action == Action::Add);
            self.measures.watched_again += u64::from(adds);
        }
        is_settled
    }

    /// Decides one cell. Answers whether the baseline learned from it.
    fn visit(&mut self, entity: EntityIx, cell: &Cell<'a>, target_rows: &[&'a Seen], repeats_watched: bool) -> bool {
        let (mut verdict, mut settle) = self.one_way.decide(entity, cell);
        if self.in_flight.has(entity, cell.play) {
            settle = Settle::Keep;
            if let Verdict::Write(..) | Verdict::Hold(..) = verdict {
                verdict = Verdict::Skip(Reason::InFlight);
            }
        } else {
            self.measure(cell);
        }
        if let Verdict::Write(..) | Verdict::Hold(..) = verdict
            && self.unresolved.has(entity, cell.play)
        {
            verdict = Verdict::Skip(Reason::Unresolved);
        }
        if let Verdict::Write(..) = verdict {
            // The acknowledgement moves this row, and nothing else does.
            settle = Settle::Keep;
        }
        let draft = Draft { repeats_watched, ..draft(entity, cell.play, cell.source, cell.target) };
        match verdict {
            Verdict::Same => self.unchanged += 1,
            Verdict::Quiet => {}
            Verdict::AddsOff => self.adds_off += 1,
            Verdict::Skip(reason) => self.skip(Draft { reason, ..draft }),
            Verdict::Write(action, reason) => self.write(Draft { action, reason, ..draft }, target_rows),
            Verdict::Hold(action, reason) => {
                self.write(Draft { action: Action::Hold, held: Some(action), reason, ..draft }, target_rows);
            }
        }
        self.settle(entity, cell, settle);
        settle != Settle::Keep
    }

    fn measure(&mut self, cell: &Cell<'_>) {
        if cell.base.is_some_and(|base| base.row.seen_on_target) {
            self.measures.known_on_target += 1;
            let is_lost = cell.target.is_none() && self.one_way.target.is_complete();
            self.measures.lost_on_target += u64::from(is_lost);
        }
    }

    /// A removal takes every row of the target that makes up the fact.
    fn write(&mut self, draft: Draft<'a>, target_rows: &[&'a Seen]) {
        let natives = target_rows.iter().filter(|row| row.native().is_some()).count();
        if draft.write() != Some(Action::Remove) || natives < 2 {
            self.drafts.push(draft);
            return;
        }
        let mut rows: Vec<&Seen> = target_rows.iter().copied().filter(|row| row.native().is_some()).collect();
        rows.sort_by_key(|row| row.native());
        rows.dedup_by_key(|row| row.native());
        let is_one_of_several = rows.len() > 1;
        let drafts = rows.into_iter().map(|row| Draft { target: Some(row), is_one_of_several, ..draft });
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
        if !target.nameless.is_empty() {
            let items = target.nameless.len();
            self.notices.push(format_smolstr!("{items} items of the target carry no usable id and cannot be matched."));
        }
        let nameless = source.nameless.len() as u64;
        self.skipped += nameless;
        *self.listed.entry(Reason::NoIds).or_default() += nameless;
        self.nameless = nameless_lines(self.input, &source.nameless, LISTED_SKIPS);
    }

    /// The target cannot be reached: what would have been done is told and forgotten.
    fn waiting_for_target(self, reason: &str) -> SmolStr {
        let count = |action: Action| self.drafts.iter().filter(|draft| draft.action == action).count();
        let (adds, updates) = (count(Action::Add), count(Action::Update));
        format_smolstr!("The target could not be read: {reason}. {adds} to add and {updates} to update wait for it.")
    }

    fn finish(mut self) -> FeaturePlan {
        let input = self.input;
        let holds = guard(input.feature, input.policy, &self.measures, &mut self.drafts);
        self.note_rules();
        let counts = self.count();
        let mut items = write_out(input, &self.rules, self.drafts);
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
        let feature = self.input.feature;
        if self.rules.collapses_rewatches() {
            self.notices.push(SmolStr::new_static(Reason::RewatchesCollapsed.sentence()));
        }
        if self.rules.removes != self.input.policy.removes {
            self.notices.push(format_smolstr!("The target cannot remove single {feature} items; nothing is removed."));
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
                Action::Skip => {}
            }
        }
        counts
    }
}

fn draft<'a>(entity: EntityIx, play: PlayKey, source: Option<&'a Seen>, target: Option<&'a Seen>) -> Draft<'a> {
    Draft {
        entity,
        play,
        source,
        target,
        action: Action::Skip,
        held: None,
        reason: Reason::Same,
        repeats_watched: false,
        is_one_of_several: false,
    }
}
