//! Taking runs back: the inverse of every write of their journals, where the side still shows what was written last.
//!
//! Promises: what changed since is left alone and said; what the account cannot bring back is said before anything is
//! sent; limits and room guard an undo as they guard any plan. What was taken back is remembered as such, so that the pair
//! does not plan it again until a side changes; where both sides agree afterwards, nothing special is remembered.
//! What several runs wrote to one place goes back in one step to what was there before the first of them.
//! Deliberately absent: any comparison of the two sides. Only the journals say what is to be done.

use std::collections::BTreeMap;

use crosswatch_identity::{EntityIx, Placement};
use crosswatch_model::{Action, Counts, Fact, NativeRef, Outcome, PlanItem, Reason, Side, WatchedPrecision};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    baseline::{BaselineEntry, BaselineRow, PlayKey},
    cell::presence,
    compare::{Comparison, compare},
    draft::Draft,
    explain::Explainer,
    feature_plan::{After, FeaturePlan, PlannedItem},
    guard::guard,
    input::FeatureInput,
    journal::{Likeness, net},
    lines::Operation,
    measures::Measures,
    planner::{nothing, way_of},
    policy::FeaturePolicy,
    read::Read,
    rows::Pending,
    rules::{Rules, every_play},
    seen::Seen,
    way::Way,
};

/// Plans to take back what the runs wrote whose lines `journals` are, the oldest run first and its lines in their order.
/// Lines of other features count as none.
pub fn plan_undo(input: &FeatureInput<'_>, journals: &[Vec<PlanItem>]) -> FeaturePlan {
    let way = match way_of(input) {
        Ok(way) => way,
        Err(obstacle) => return nothing(input, obstacle),
    };
    for side in Side::ALL {
        if let Read::Unavailable { reason } = input.read(*side) {
            return nothing(input, format_smolstr!("The {side} could not be read: {reason}. Nothing is planned."));
        }
    }
    if input.is_first_run {
        let notice = "The accounts or what is read of them changed since; what was written cannot be taken back.";
        return nothing(input, notice.into());
    }
    let likeness = Likeness { input, every_play: every_play(input, way.written()) };
    let journal = net(likeness, journals);
    let desk = Desk::new(likeness, way, &journal);
    let steps = desk.steps(&journal);
    desk.write_out(&steps)
}

/// One line of the journal with what becomes of it.
struct Step<'j, 'a> {
    written: &'j PlanItem,
    entity: Option<EntityIx>,
    play: PlayKey,
    /// What is done about it, or why nothing is.
    inverse: Result<Inverse<'a>, Reason>,
}

/// The way back of one write.
#[derive(Clone, Copy)]
struct Inverse<'a> {
    action: Action,
    value: Option<Fact>,
    /// What the side shows now.
    there: Option<&'a Seen>,
}

struct Desk<'a> {
    input: &'a FeatureInput<'a>,
    way: Way<'a>,
    likeness: Likeness<'a>,
    in_flight: Pending,
    /// The rows of both sides, of the entities that were written.
    rows: BTreeMap<EntityIx, [Vec<&'a Seen>; 2]>,
    /// What is remembered of them.
    known: BTreeMap<EntityIx, Vec<&'a BaselineEntry>>,
}

impl<'a> Desk<'a> {
    fn new(likeness: Likeness<'a>, way: Way<'a>, journal: &[PlanItem]) -> Self {
        let input = likeness.input;
        let entities = journal.iter().filter_map(|line| line.uid.and_then(|uid| input.join.entity_of_uid(uid)));
        let mut rows: BTreeMap<EntityIx, [Vec<&Seen>; 2]> =
            entities.map(|entity| (entity, Default::default())).collect();
        for side in Side::ALL {
            for row in input.read(*side).rows().iter().filter(|row| row.feature() == input.feature) {
                let Placement::Entity(entity) = input.join.placement(row.item()) else { continue };
                let Some([source, target]) = rows.get_mut(&entity) else { continue };
                match side {
                    Side::Source => source.push(row),
                    Side::Target => target.push(row),
                }
            }
        }
        let mut known: BTreeMap<EntityIx, Vec<&BaselineEntry>> = BTreeMap::new();
        for entry in input.baseline {
            if let Some(entity) = input.join.entity_of_uid(entry.uid).filter(|entity| rows.contains_key(entity)) {
                known.entry(entity).or_default().push(entry);
            }
        }
        Self { input, way, likeness, in_flight: Pending::of(input.in_flight, input.join), rows, known }
    }

    /// What becomes of every line of the journal, in order of entity and play.
    fn steps<'j>(&self, journal: &'j [PlanItem]) -> Vec<Step<'j, 'a>> {
        let mut steps: Vec<Step<'j, 'a>> = journal.iter().map(|line| self.step(line)).collect();
        steps.sort_by_key(|step| (step.entity.map(EntityIx::number), step.play));
        steps
    }

    fn step<'j>(&self, written: &'j PlanItem) -> Step<'j, 'a> {
        let entity = written.uid.and_then(|uid| self.input.join.entity_of_uid(uid));
        let fact = written.value.or(written.before);
        let play = entity.zip(fact).map_or(PlayKey::PRESENCE, |(entity, fact)| self.key(entity, written.side, fact));
        let inverse = match entity {
            None => Err(Reason::Stale),
            Some(entity) => match self.input.join.dispute(entity) {
                Some(reason) => Err(reason),
                None if self.in_flight.has(entity, play) => Err(Reason::InFlight),
                None => self.inverse(written, entity),
            },
        };
        Step { written, entity, play, inverse }
    }

    fn inverse(&self, written: &PlanItem, entity: EntityIx) -> Result<Inverse<'a>, Reason> {
        let side = written.side;
        let rules = Rules::facing(self.input, side).ok_or(Reason::CannotUndo)?;
        let is_complete = matches!(self.input.read(side), Read::Complete(_));
        let lacking = if is_complete { Reason::Stale } else { Reason::ReadIncomplete };
        if written.action == Action::Remove {
            if self.find(entity, side, written.before).is_some() {
                return Err(Reason::Stale);
            }
            if !is_complete {
                return Err(Reason::ReadIncomplete);
            }
            let before = written.before.ok_or(Reason::CannotUndo)?;
            return Ok(Inverse { action: Action::Add, value: Some(restored(&rules, before)?), there: None });
        }
        let there = self.find(entity, side, written.value).ok_or(lacking)?;
        if written.action == Action::Update {
            let before = written.before.ok_or(Reason::CannotUndo)?;
            return Ok(Inverse { action: Action::Update, value: Some(restored(&rules, before)?), there: Some(there) });
        }
        let can_remove =
            self.input.capabilities(side).feature(self.input.feature).is_some_and(|entry| entry.can_remove);
        if !can_remove {
            return Err(Reason::CannotUndo);
        }
        Ok(Inverse { action: Action::Remove, value: None, there: Some(there) })
    }

    /// The row of a side that shows this fact. Where only presence counts of plays, any play does.
    fn find(&self, entity: EntityIx, side: Side, fact: Option<Fact>) -> Option<&'a Seen> {
        let is_it = |row: &&&Seen| fact.is_none_or(|fact| self.likeness.shows(side, row.fact(), fact));
        self.rows_of(entity, side).iter().find(is_it).copied()
    }

    fn rows_of(&self, entity: EntityIx, side: Side) -> &[&'a Seen] {
        let Some([source, target]) = self.rows.get(&entity) else { return &[] };
        match side {
            Side::Source => source,
            Side::Target => target,
        }
    }

    /// The key the pair remembers the fact under.
    fn key(&self, entity: EntityIx, side: Side, fact: Fact) -> PlayKey {
        let Fact::Play(played) = fact else { return PlayKey::PRESENCE };
        if !self.likeness.every_play {
            return PlayKey::PRESENCE;
        }
        let is_it = |row: &BaselineRow| {
            let known = row.value_on(side).or(row.value_on(side.other()));
            matches!(known, Some(Fact::Play(known)) if self.likeness.is_same_play(known, played))
        };
        let entry = self.known_of(entity).iter().find(|entry| is_it(&entry.row));
        entry.map_or(PlayKey::of(played), |entry| entry.play)
    }

    fn base(&self, entity: EntityIx, play: PlayKey) -> BaselineRow {
        let entry = self.known_of(entity).iter().find(|entry| entry.play == play);
        entry.map(|entry| entry.row).unwrap_or_default()
    }

    fn known_of(&self, entity: EntityIx) -> &[&'a BaselineEntry] {
        self.known.get(&entity).map_or(&[], Vec::as_slice)
    }

    /// Guards the steps and turns them into lines.
    fn write_out(&self, steps: &[Step<'_, 'a>]) -> FeaturePlan {
        let mut drafts: Vec<Draft<'_>> = steps.iter().map(draft).collect();
        let policy = FeaturePolicy { mirror_approved: true, ..self.input.policy.clone() };
        let measures = Measures::of(self.input, &self.way);
        let holds = guard(self.input.feature, &policy, &measures, &mut drafts);
        let explainer = Explainer::new(self.input);
        let mut items: Vec<PlannedItem> = Vec::with_capacity(steps.len());
        let mut upcoming = steps.iter().skip(1);
        for (step, draft) in steps.iter().zip(&drafts) {
            let is_followed = upcoming
                .next()
                .is_some_and(|next| next.inverse.is_ok() && next.entity == step.entity && next.play == step.play);
            items.push(self.line(step, draft, &explainer, is_followed));
        }
        let count = |action: Action| items.iter().filter(|item| item.line.action == action).count() as u64;
        let counts = Counts {
            adds: count(Action::Add),
            updates: count(Action::Update),
            removes: count(Action::Remove),
            held: count(Action::Hold),
            skipped: count(Action::Skip),
            ..Counts::default()
        };
        let notices = undated_notice(self.input, &items).into_iter().collect();
        let (source, target) = (self.input.source.report(), self.input.target.report());
        FeaturePlan { items, counts, holds, settle: Vec::new(), notices, source, target }
    }

    fn line(
        &self,
        step: &Step<'_, 'a>,
        draft: &Draft<'_>,
        explainer: &Explainer<'_>,
        is_followed: bool,
    ) -> PlannedItem {
        let (written, input) = (step.written, self.input);
        let item = match step.entity {
            Some(entity) => input.join.merged(input.catalog, entity),
            None => written.item.clone(),
        };
        let inverse = step.inverse.as_ref().ok();
        let value = inverse.map_or(written.before, |inverse| inverse.value);
        let before = inverse.map_or(written.value, |inverse| inverse.there.map(Seen::fact));
        let native = inverse.and_then(|inverse| inverse.there).and_then(Seen::native);
        let action = draft.write().unwrap_or(draft.action);
        let operation = Operation { item: &item, play: step.play, side: written.side, action, value, before, native };
        let (source, target) = match written.side {
            Side::Source => (before.or(value), None),
            Side::Target => (None, before.or(value)),
        };
        let line = PlanItem {
            op: operation.id(input),
            feature: input.feature,
            action: draft.action,
            held_action: draft.held,
            side: written.side,
            uid: step.entity.and_then(|entity| input.join.uid(entity)).or(written.uid),
            value,
            before,
            native,
            reason: draft.reason,
            explain: explainer.explain(draft.reason, source, target),
            outcome: Outcome::Planned,
            item,
        };
        let after = match (step.entity, draft.write()) {
            (Some(entity), Some(_)) if !is_followed => self.after(entity, step, value, native),
            _ => After::Nothing,
        };
        PlannedItem { entity: step.entity, play: step.play, line, after, is_rematched: false }
    }

    /// What is remembered once the step is confirmed.
    fn after(&self, entity: EntityIx, step: &Step<'_, 'a>, now: Option<Fact>, native: Option<NativeRef>) -> After {
        let (side, across) = (step.written.side, step.written.side.other());
        let base = self.base(entity, step.play);
        let there = self.across(entity, step).or_else(|| {
            let is_certain = matches!(self.input.read(across), Read::Complete(_));
            base.value_on(across).filter(|_| !is_certain)
        });
        let (source, target) = match side {
            Side::Source => (now, there),
            Side::Target => (there, now),
        };
        let is_agreed = match (source, target) {
            (None, None) => return After::Drop,
            (Some(source), Some(target)) => compare(self.input, source, target, None) == Comparison::Same,
            _ => false,
        };
        After::Put(BaselineRow {
            source,
            target,
            seen_on_source: source.is_some(),
            seen_on_target: target.is_some(),
            written_by_us: base.written_by_us || (side == Side::Target && now.is_some()),
            source_written_by_us: base.source_written_by_us || (side == Side::Source && now.is_some()),
            is_diverged: false,
            is_taken_back: !is_agreed,
            is_weak_match: base.is_weak_match,
            absent_source_reads: 0,
            absent_target_reads: 0,
            target_native: if side == Side::Target { native.filter(|_| now.is_some()) } else { base.target_native },
            flips: base.flips,
        })
    }

    /// What the other side says of the fact.
    fn across(&self, entity: EntityIx, step: &Step<'_, 'a>) -> Option<Fact> {
        if self.likeness.every_play {
            let fact = step.written.value.or(step.written.before);
            return self.find(entity, step.written.side.other(), fact).map(Seen::fact);
        }
        let (source, target) = (self.rows_of(entity, Side::Source), self.rows_of(entity, Side::Target));
        let (cell, _) = presence(self.input.catalog, source, target, &[]);
        cell.on(step.written.side.other()).map(Seen::fact)
    }
}

/// The step as the guards look at it.
fn draft<'a>(step: &Step<'_, 'a>) -> Draft<'a> {
    let side = step.written.side;
    let there = step.inverse.as_ref().ok().and_then(|inverse| inverse.there);
    let (source, target) = match side {
        Side::Source => (there, None),
        Side::Target => (None, there),
    };
    let (action, reason) = match &step.inverse {
        Ok(inverse) => (inverse.action, Reason::Undo),
        Err(reason) => (Action::Skip, *reason),
    };
    // Lines without an entity are skipped, and nothing else looks at which one they are about.
    let entity = step.entity.unwrap_or(EntityIx::from_number(0));
    Draft { side, action, reason, ..Draft::of(entity, step.play, source, target) }
}

/// The fact as the account can have it back.
fn restored(rules: &Rules<'_>, before: Fact) -> Result<Fact, Reason> {
    match before {
        Fact::Play(at) if !rules.may_write_play(at) => Err(Reason::UndatedNotAllowed),
        Fact::Play(_) => Ok(rules.value(before)),
        Fact::Listed(_) | Fact::Rated { .. } | Fact::Resume { .. } => Ok(before),
    }
}

/// How many plays an account takes back without their date.
fn undated_notice(input: &FeatureInput<'_>, items: &[PlannedItem]) -> Option<SmolStr> {
    let keeps_no_date = |side: Side| input.capabilities(side).watched_precision == WatchedPrecision::WriteTimeOnly;
    let is_undated = |item: &&PlannedItem| {
        let line = &item.line;
        let writes = line.action == Action::Add || line.held_action == Some(Action::Add);
        writes && matches!(line.value, Some(Fact::Play(_))) && keeps_no_date(line.side)
    };
    let count = items.iter().filter(is_undated).count();
    (count > 0).then(|| format_smolstr!("{count} plays come back without their date: the account cannot keep it."))
}
