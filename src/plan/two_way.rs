//! The two-way rules: what one cell means when each side follows what changed on the other.
//!
//! What changed on one side only travels, a deletion too where removals are on. Where both changed, or nothing tells who
//! did, the conflict policy decides. A removal needs [`Absences`] of the side that lost it and a row that says both sides
//! had it. With removals off the loss is remembered as a divergence: neither removed nor added back, also later, until
//! the side has it again, both lack it, or what remains changes. What an undo left behind stays the same way.
//! Deliberately absent: any preference of one side but the conflict policy; the two sides are mirror images.

use crosswatch_identity::EntityIx;
use crosswatch_model::{Action, Fact, Reason, Side};

use crate::{
    baseline::BaselineRow,
    cell::{Base, Cell},
    compare::{Comparison, compare, has_moved, later_side},
    input::FeatureInput,
    one_way::agreed,
    policy::{ConflictPolicy, FeaturePolicy, Removes},
    read::Absences,
    rules::Rules,
    seen::Seen,
    standing::Standing,
    verdict::{Settle, Verdict},
};

/// The rules for one plan.
#[derive(Clone, Copy)]
pub(crate) struct TwoWay<'a> {
    pub(crate) input: &'a FeatureInput<'a>,
    pub(crate) policy: &'a FeaturePolicy,
    pub(crate) source: Face<'a>,
    pub(crate) target: Face<'a>,
}

/// One side of the pair.
#[derive(Clone, Copy)]
pub(crate) struct Face<'a> {
    /// The rules for what is written to it.
    pub(crate) rules: Rules<'a>,
    /// What its read allows to conclude.
    pub(crate) standing: Standing<'a>,
    /// A person approved what it lost, so its absences need no further reads.
    pub(crate) is_loss_approved: bool,
}

/// A fact that one side has and the other does not show.
#[derive(Clone, Copy)]
struct Lone<'c> {
    entity: EntityIx,
    seen: &'c Seen,
    /// The side that has it.
    on: Side,
}

impl TwoWay<'_> {
    pub(crate) fn decide(&self, entity: EntityIx, cell: &Cell<'_>) -> (Verdict, Settle) {
        match (cell.source, cell.target) {
            (Some(source), Some(target)) => self.on_both(entity, source, target, cell.base),
            (Some(seen), None) => self.on_one(Lone { entity, seen, on: Side::Source }, cell.base),
            (None, Some(seen)) => self.on_one(Lone { entity, seen, on: Side::Target }, cell.base),
            (None, None) => (Verdict::Quiet, self.on_neither(cell.base)),
        }
    }

    const fn face(&self, side: Side) -> &Face<'_> {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    fn on_both(&self, entity: EntityIx, source: &Seen, target: &Seen, base: Option<Base>) -> (Verdict, Settle) {
        let stored = base.map(|base| base.row);
        let row = self.trusted(stored);
        let newer = match compare(self.input, source.fact(), target.fact(), row.as_ref()) {
            Comparison::Same => {
                let settle = Settle::Put(agreed(self.input, entity, [source, target], stored));
                return (Verdict::Same, settle);
            }
            _ if row.is_some_and(|row| self.is_taken_back([Some(source), Some(target)], &row)) => {
                return (Verdict::Skip(Reason::TakenBack), Settle::Keep);
            }
            Comparison::Newer(side) => side,
            Comparison::Differs => self.right_side(source.fact(), target.fact(), row),
        };
        let settle = stored.map_or(Settle::Keep, |row| {
            Settle::Put(BaselineRow { absent_source_reads: 0, absent_target_reads: 0, ..row })
        });
        let (new, old, reason) = match newer {
            Side::Source => (source, target, Reason::ChangedOnSource),
            Side::Target => (target, source, Reason::ChangedOnTarget),
        };
        let rules = &self.face(newer.other()).rules;
        let verdict = match rules.write_obstacle(new) {
            _ if !self.policy.adds => Verdict::AddsOff,
            Some(reason) => Verdict::Skip(reason),
            None if !rules.may_overwrite(entity, new, old, stored.as_ref()) => Verdict::Skip(Reason::MatchTooWeak),
            None => Verdict::Write(rules.side, Action::Update, reason),
        };
        (verdict, settle)
    }

    /// Whose value is right where both have one. Only what both once agreed on tells who changed it.
    fn right_side(&self, source: Fact, target: Fact, row: Option<BaselineRow>) -> Side {
        let row = row.filter(|row| row.seen_on_source && row.seen_on_target);
        let moved = |side: Side, now: Fact| {
            row.and_then(|row| row.value_on(side)).is_some_and(|before| has_moved(self.input, side, now, before))
        };
        match (moved(Side::Source, source), moved(Side::Target, target)) {
            (true, false) => Side::Source,
            (false, true) => Side::Target,
            _ => match self.policy.conflict {
                ConflictPolicy::Source => Side::Source,
                ConflictPolicy::Target => Side::Target,
                ConflictPolicy::Newest => later_side(source, target).unwrap_or(Side::Source),
            },
        }
    }

    /// An undo left the sides like this, and neither says anything else since.
    fn is_taken_back(&self, sides: [Option<&Seen>; 2], row: &BaselineRow) -> bool {
        let is_same = |(side, seen): (&Side, Option<&Seen>)| match (seen, row.value_on(*side)) {
            (Some(seen), Some(before)) => !has_moved(self.input, *side, seen.fact(), before),
            (None, None) => true,
            _ => false,
        };
        row.is_taken_back && Side::ALL.iter().zip(sides).all(is_same)
    }

    /// A first run takes both sides as they are and concludes nothing from what was agreed before. What one side had
    /// then and lacks now is forgotten first, so that a refused add is not taken for a loss by the next run.
    fn trusted(&self, row: Option<BaselineRow>) -> Option<BaselineRow> {
        row.filter(|_| !self.input.is_first_run)
    }

    fn on_one(&self, lone: Lone<'_>, base: Option<Base>) -> (Verdict, Settle) {
        let lost_on = lone.on.other();
        let sides = match lone.on {
            Side::Source => [Some(lone.seen), None],
            Side::Target => [None, Some(lone.seen)],
        };
        if self.trusted(base.map(|base| base.row)).is_some_and(|row| self.is_taken_back(sides, &row)) {
            return (Verdict::Skip(Reason::TakenBack), Settle::Keep);
        }
        match base.map(|base| base.row).filter(|row| row.is_diverged || row.was_seen_on(lost_on)) {
            Some(row) if self.input.is_first_run => {
                let row = BaselineRow { is_diverged: false, is_taken_back: false, ..row.without(lost_on) };
                (Verdict::Skip(Reason::Adoption), Settle::Put(row))
            }
            Some(row) if row.is_diverged && row.was_seen_on(lone.on) => self.diverged(lone, &row),
            Some(row) if row.was_seen_on(lone.on) => self.lost(lone, &row),
            _ => {
                let reason = match lone.on {
                    Side::Source => Reason::OnlyOnSource,
                    Side::Target => Reason::NewOnTarget,
                };
                (self.add(lone, reason), Settle::Keep)
            }
        }
    }

    /// Only what changed since the other side lost it travels.
    fn diverged(&self, lone: Lone<'_>, row: &BaselineRow) -> (Verdict, Settle) {
        let verdict = if self.has_changed(lone, row) {
            self.add(lone, changed_on(lone.on))
        } else {
            Verdict::Skip(Reason::Diverged)
        };
        (verdict, Settle::Keep)
    }

    fn has_changed(&self, lone: Lone<'_>, row: &BaselineRow) -> bool {
        let before = row.value_on(lone.on);
        before.is_some_and(|before| has_moved(self.input, lone.on, lone.seen.fact(), before))
    }

    /// Writes to the side that lacks it.
    fn add(&self, lone: Lone<'_>, reason: Reason) -> Verdict {
        let face = self.face(lone.on.other());
        if let Some(refusal) = self.refusal(lone) {
            return refusal;
        }
        match face.standing {
            Standing::Shrunk(_) | Standing::RowsOnly if face.rules.must_see_before_adding() => {
                Verdict::Skip(Reason::ReadIncomplete)
            }
            _ => Verdict::Write(face.rules.side, Action::Add, reason),
        }
    }

    /// Why the side that lacks it is not written, whatever its read says.
    fn refusal(&self, lone: Lone<'_>) -> Option<Verdict> {
        match self.face(lone.on.other()).rules.write_obstacle(lone.seen) {
            Some(obstacle) => Some(Verdict::Skip(obstacle)),
            None if !self.policy.adds => Some(Verdict::AddsOff),
            None => None,
        }
    }

    /// Both sides had it and one does not show it.
    fn lost(&self, lone: Lone<'_>, row: &BaselineRow) -> (Verdict, Settle) {
        match self.face(lone.on.other()).standing {
            Standing::Complete(absences) => self.gone(absences, lone, row),
            Standing::Shrunk(_) => (self.maybe_gone(lone, row), Settle::Keep),
            standing @ (Standing::RowsOnly | Standing::Silent) => (self.believed(lone, row, standing), Settle::Keep),
        }
    }

    /// The only place where a removal is planned.
    fn gone(&self, _absences: Absences<'_>, lone: Lone<'_>, row: &BaselineRow) -> (Verdict, Settle) {
        if self.change_wins(lone, row) {
            return (self.add(lone, changed_on(lone.on)), Settle::Keep);
        }
        let (lost_on, rules) = (lone.on.other(), &self.face(lone.on).rules);
        if rules.removes == Removes::Off {
            return (Verdict::Skip(Reason::Diverged), Settle::Put(remaining(lone, row)));
        }
        let absent = self.one_more(row.absent_reads_on(lost_on));
        let settle = Settle::Put(row.with_absent_reads(lost_on, absent).with_absent_reads(lone.on, 0));
        let is_due = absent >= self.reads_needed() || self.face(lost_on).is_loss_approved;
        let verdict = if is_due { self.removal(lone, row) } else { Verdict::Skip(Reason::WaitingForReads) };
        (verdict, settle)
    }

    fn removal(&self, lone: Lone<'_>, row: &BaselineRow) -> Verdict {
        let rules = &self.face(lone.on).rules;
        let reason = match lone.on {
            Side::Source => Reason::RemovedOnTarget,
            Side::Target => Reason::RemovedOnSource,
        };
        match rules.kind_obstacle(self.input.catalog.kind(lone.seen.item())) {
            Some(obstacle) => Verdict::Skip(obstacle),
            None if !rules.may_remove(lone.entity, lone.seen, row) => Verdict::Skip(Reason::MatchTooWeak),
            None => Verdict::Write(rules.side, Action::Remove, reason),
        }
    }

    /// The other side lost too much to be believed: what a complete read would lead to waits for a person.
    fn maybe_gone(&self, lone: Lone<'_>, row: &BaselineRow) -> Verdict {
        let shrunk = match lone.on.other() {
            Side::Source => Reason::SourceShrunk,
            Side::Target => Reason::TargetShrunk,
        };
        let verdict = if self.change_wins(lone, row) {
            let add = Verdict::Write(lone.on.other(), Action::Add, changed_on(lone.on));
            self.refusal(lone).unwrap_or(add)
        } else if self.face(lone.on).rules.removes == Removes::Off {
            Verdict::Skip(Reason::ReadIncomplete)
        } else {
            self.removal(lone, row)
        };
        match verdict {
            Verdict::Write(side, action, _) => Verdict::Hold(side, action, shrunk),
            verdict => verdict,
        }
    }

    /// The other side was not read in full: it is believed to have it still, with the value it had.
    fn believed(&self, lone: Lone<'_>, row: &BaselineRow, standing: Standing<'_>) -> Verdict {
        let face = self.face(lone.on.other());
        let is_new = row.value_on(face.rules.side).is_some_and(|there| {
            let (source, target) = match lone.on {
                Side::Source => (lone.seen.fact(), there),
                Side::Target => (there, lone.seen.fact()),
            };
            match compare(self.input, source, target, Some(row)) {
                Comparison::Same => false,
                Comparison::Newer(side) => side == lone.on,
                Comparison::Differs => self.right_side(source, target, Some(*row)) == lone.on,
            }
        });
        if !is_new {
            return Verdict::Same;
        }
        match standing {
            Standing::Silent => {
                let update = Verdict::Write(face.rules.side, Action::Update, changed_on(lone.on));
                self.refusal(lone).unwrap_or(update)
            }
            _ => self.refusal(lone).unwrap_or(Verdict::Skip(Reason::ReadIncomplete)),
        }
    }

    /// One side lost it, the other changed it: whether the change is right.
    fn change_wins(&self, lone: Lone<'_>, row: &BaselineRow) -> bool {
        let is_right = match self.policy.conflict {
            ConflictPolicy::Source => lone.on == Side::Source,
            ConflictPolicy::Target => lone.on == Side::Target,
            ConflictPolicy::Newest => true,
        };
        is_right && self.has_changed(lone, row)
    }

    fn on_neither(&self, base: Option<Base>) -> Settle {
        let Some(Base { row, .. }) = base else { return Settle::Keep };
        let (source, target) = (self.source.standing.is_complete(), self.target.standing.is_complete());
        let lost_on = match (source, target) {
            _ if self.input.is_first_run => return Settle::Drop,
            (true, true) => return Settle::Drop,
            (false, false) => return Settle::Keep,
            (true, false) => Side::Source,
            (false, true) => Side::Target,
        };
        if !row.was_seen_on(lost_on) {
            return Settle::Keep;
        }
        if self.face(lost_on.other()).rules.removes == Removes::Off {
            return Settle::Put(BaselineRow { is_diverged: true, ..row.without(lost_on) });
        }
        let absent = self.one_more(row.absent_reads_on(lost_on));
        Settle::Put(row.with_absent_reads(lost_on, absent))
    }

    fn reads_needed(&self) -> u8 {
        self.policy.remove_after_reads.max(1)
    }

    /// Counts up to what is needed and no further, so that a row that waits for a person stops changing.
    fn one_more(&self, reads: u8) -> u8 {
        reads.saturating_add(1).min(self.reads_needed())
    }
}

const fn changed_on(side: Side) -> Reason {
    match side {
        Side::Source => Reason::ChangedOnSource,
        Side::Target => Reason::ChangedOnTarget,
    }
}

/// What one side has, and that the other lost it.
fn remaining(lone: Lone<'_>, row: &BaselineRow) -> BaselineRow {
    let row = BaselineRow { is_diverged: true, ..row.without(lone.on.other()) }.with_absent_reads(lone.on, 0);
    let fact = Some(lone.seen.fact());
    match lone.on {
        Side::Source => BaselineRow { source: fact, ..row },
        Side::Target => BaselineRow { target: fact, target_native: lone.seen.native(), ..row },
    }
}
