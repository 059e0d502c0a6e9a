//! The one-way rules: what one cell means when the source is the system of record.
//!
//! A removal needs [`Absences`], which only a complete read of the source gives, and a baseline row that says the source
//! had it (or, for a mirror, that the target had it in an earlier complete read).

use crosswatch_identity::EntityIx;
use crosswatch_model::{Action, Reason, Side};

use crate::{
    baseline::BaselineRow,
    cell::{Base, Cell},
    compare::{Comparison, compare, has_moved},
    input::FeatureInput,
    policy::{FeaturePolicy, Removes},
    read::Absences,
    rules::Rules,
    seen::Seen,
    standing::Standing,
    verdict::{Settle, Verdict},
};

/// The rules for one plan.
#[derive(Clone, Copy)]
pub(crate) struct OneWay<'a> {
    pub(crate) input: &'a FeatureInput<'a>,
    pub(crate) rules: Rules<'a>,
    pub(crate) policy: &'a FeaturePolicy,
    pub(crate) source: Standing<'a>,
    pub(crate) target: Standing<'a>,
    pub(crate) is_first_run: bool,
    /// A person approved what the source lost, so its absences need no further reads.
    pub(crate) is_loss_approved: bool,
}

impl OneWay<'_> {
    pub(crate) fn decide(&self, entity: EntityIx, cell: &Cell<'_>) -> (Verdict, Settle) {
        match (cell.source, cell.target) {
            (Some(source), Some(target)) => self.on_both(entity, source, target, cell.base),
            (Some(source), None) => self.only_on_source(source, cell.base),
            (None, Some(target)) => self.only_on_target(entity, target, cell),
            (None, None) => (Verdict::Quiet, self.on_neither(cell.base)),
        }
    }

    /// An undo left it like this, and the source says what it said then.
    fn is_taken_back(&self, source: Option<&Seen>, row: Option<BaselineRow>) -> bool {
        let Some(row) = row.filter(|row| row.is_taken_back && !self.is_first_run) else { return false };
        match (source, row.source) {
            (Some(source), Some(before)) => !has_moved(self.input, Side::Source, source.fact(), before),
            (None, None) => true,
            _ => false,
        }
    }

    fn on_both(&self, entity: EntityIx, source: &Seen, target: &Seen, base: Option<Base>) -> (Verdict, Settle) {
        let row = base.map(|base| base.row);
        let met = row.map_or(Settle::Keep, |row| {
            Settle::Put(BaselineRow { absent_source_reads: 0, absent_target_reads: 0, ..row })
        });
        match compare(self.input, source.fact(), target.fact(), row.as_ref()) {
            Comparison::Same => (Verdict::Same, Settle::Put(agreed(self.input, entity, [source, target], row))),
            _ if self.is_taken_back(Some(source), row) => (Verdict::Skip(Reason::TakenBack), met),
            Comparison::Newer(Side::Target) => (Verdict::Skip(Reason::TargetIsNewer), met),
            _ if !self.policy.adds => (Verdict::AddsOff, met),
            Comparison::Differs | Comparison::Newer(Side::Source) => {
                let verdict = match self.rules.write_obstacle(source) {
                    Some(reason) => Verdict::Skip(reason),
                    None if !self.rules.may_overwrite(entity, source, target, row.as_ref()) => {
                        Verdict::Skip(Reason::MatchTooWeak)
                    }
                    None => Verdict::Write(Side::Target, Action::Update, Reason::ChangedOnSource),
                };
                (verdict, met)
            }
        }
    }

    fn only_on_source(&self, source: &Seen, base: Option<Base>) -> (Verdict, Settle) {
        let row = base.map(|base| base.row);
        if self.is_taken_back(Some(source), row) {
            return (Verdict::Skip(Reason::TakenBack), Settle::Keep);
        }
        let settle = row.map_or(Settle::Keep, |row| {
            let absent = if self.target.is_complete() {
                self.one_more(row.absent_target_reads)
            } else {
                row.absent_target_reads
            };
            Settle::Put(BaselineRow { absent_source_reads: 0, absent_target_reads: absent, ..row })
        });
        (self.add(source, row), settle)
    }

    fn add(&self, source: &Seen, row: Option<BaselineRow>) -> Verdict {
        let known = row.filter(|row| row.seen_on_target);
        if let Some(row) = known.filter(|_| !self.target.is_complete() && !matches!(self.target, Standing::Shrunk(_))) {
            return self.refresh(source, &row);
        }
        if let Some(reason) = self.rules.write_obstacle(source) {
            return Verdict::Skip(reason);
        }
        if !self.policy.adds {
            return Verdict::AddsOff;
        }
        let was_agreed = known.is_some_and(|row| row.seen_on_source);
        if was_agreed && self.policy.leaves_losses {
            return Verdict::Skip(Reason::RemovedOnTarget);
        }
        match self.target {
            Standing::Complete(_) if was_agreed => Verdict::Write(Side::Target, Action::Add, Reason::MissingOnTarget),
            Standing::Shrunk(_) if was_agreed => Verdict::Hold(Side::Target, Action::Add, Reason::TargetShrunk),
            Standing::Shrunk(_) | Standing::RowsOnly if self.rules.must_see_before_adding() => {
                Verdict::Skip(Reason::ReadIncomplete)
            }
            _ => Verdict::Write(Side::Target, Action::Add, Reason::OnlyOnSource),
        }
    }

    /// The target had it and was not read in full: it is believed to have it still, with the value it had.
    fn refresh(&self, source: &Seen, row: &BaselineRow) -> Verdict {
        let same = match row.target {
            Some(target) => matches!(
                compare(self.input, source.fact(), target, Some(row)),
                Comparison::Same | Comparison::Newer(Side::Target)
            ),
            None => true,
        };
        if same {
            return Verdict::Same;
        }
        match (self.rules.write_obstacle(source), self.target) {
            (Some(reason), _) => Verdict::Skip(reason),
            (None, _) if !self.policy.adds => Verdict::AddsOff,
            (None, Standing::Silent) => Verdict::Write(Side::Target, Action::Update, Reason::ChangedOnSource),
            (None, _) => Verdict::Skip(Reason::ReadIncomplete),
        }
    }

    fn only_on_target(&self, entity: EntityIx, target: &Seen, cell: &Cell<'_>) -> (Verdict, Settle) {
        let row = cell.base.map(|base| base.row);
        let was_on_source = row.is_some_and(|row| row.seen_on_source);
        if self.source.is_complete() && self.is_taken_back(None, row) {
            return (Verdict::Skip(Reason::TakenBack), self.remember(target, row));
        }
        match self.source {
            Standing::Complete(absences) => match row.filter(|_| !self.is_first_run) {
                Some(row) if was_on_source || (self.rules.removes == Removes::Mirror && row.seen_on_target) => {
                    self.gone_from_source(absences, entity, target, &row)
                }
                _ => (Verdict::Skip(self.left_alone()), self.remember(target, row)),
            },
            Standing::Shrunk(_) => (self.maybe_gone(entity, target, row), Settle::Keep),
            Standing::RowsOnly if was_on_source && self.rules.removes != Removes::Off => {
                (Verdict::Skip(Reason::ReadIncomplete), Settle::Keep)
            }
            Standing::RowsOnly | Standing::Silent => (Verdict::Quiet, Settle::Keep),
        }
    }

    /// The only place where a removal is planned.
    fn gone_from_source(
        &self,
        _absences: Absences<'_>,
        entity: EntityIx,
        target: &Seen,
        row: &BaselineRow,
    ) -> (Verdict, Settle) {
        if self.rules.removes == Removes::Off {
            // The source is known to have lost it, also where the pair goes both ways later.
            let row = BaselineRow { is_diverged: true, ..target_only(target, Some(*row)) };
            return (Verdict::Skip(Reason::RemovesOff), Settle::Put(row));
        }
        let absent = self.one_more(row.absent_source_reads);
        let settle = Settle::Put(BaselineRow { absent_source_reads: absent, absent_target_reads: 0, ..*row });
        let reason = if row.seen_on_source { Reason::RemovedOnSource } else { Reason::NotOnSourceMirror };
        let verdict = if absent < self.reads_needed() && !self.is_loss_approved {
            Verdict::Skip(Reason::WaitingForReads)
        } else if self.rules.may_remove(entity, target, row) {
            Verdict::Write(Side::Target, Action::Remove, reason)
        } else {
            Verdict::Skip(Reason::MatchTooWeak)
        };
        (verdict, settle)
    }

    /// The source lost too much to be believed: what a complete read would remove waits for a person.
    fn maybe_gone(&self, entity: EntityIx, target: &Seen, row: Option<BaselineRow>) -> Verdict {
        let candidate = row.filter(|row| match self.rules.removes {
            Removes::Off => false,
            Removes::Observed => row.seen_on_source,
            Removes::Mirror => row.seen_on_source || row.seen_on_target,
        });
        match candidate.filter(|_| !self.is_first_run) {
            None => Verdict::Quiet,
            Some(row) if self.rules.may_remove(entity, target, &row) => {
                Verdict::Hold(Side::Target, Action::Remove, Reason::SourceShrunk)
            }
            Some(_) => Verdict::Skip(Reason::MatchTooWeak),
        }
    }

    fn left_alone(&self) -> Reason {
        if self.is_first_run && self.rules.removes != Removes::Off { Reason::Adoption } else { Reason::OnlyOnTarget }
    }

    /// What only the target has is remembered once a complete read showed it. Nothing remains of what the source had.
    fn remember(&self, target: &Seen, row: Option<BaselineRow>) -> Settle {
        if self.target.is_complete() || row.is_some() { Settle::Put(target_only(target, row)) } else { Settle::Keep }
    }

    fn on_neither(&self, base: Option<Base>) -> Settle {
        let Some(Base { row, .. }) = base else { return Settle::Keep };
        match (self.source.is_complete(), self.target.is_complete()) {
            (true, true) => Settle::Drop,
            (true, false) if self.rules.removes == Removes::Off || self.is_first_run => {
                Settle::Put(BaselineRow { source: None, seen_on_source: false, absent_source_reads: 0, ..row })
            }
            (true, false) if row.seen_on_source => {
                Settle::Put(BaselineRow { absent_source_reads: self.one_more(row.absent_source_reads), ..row })
            }
            (false, true) => {
                Settle::Put(BaselineRow { absent_target_reads: self.one_more(row.absent_target_reads), ..row })
            }
            _ => Settle::Keep,
        }
    }

    fn reads_needed(&self) -> u8 {
        self.policy.remove_after_reads.max(1)
    }

    /// Counts up to what is needed and no further, so that a row that waits for a person stops changing.
    fn one_more(&self, reads: u8) -> u8 {
        reads.saturating_add(1).min(self.reads_needed())
    }
}

/// The row of what both sides have.
pub(crate) fn agreed(
    input: &FeatureInput<'_>,
    entity: EntityIx,
    [source, target]: [&Seen; 2],
    row: Option<BaselineRow>,
) -> BaselineRow {
    let is_bound = || input.join.are_bound(input.catalog, entity, source.item(), target.item());
    // Rows from memory say nothing new about how they met.
    let as_before = row.filter(|_| input.is_recalled()).map(|row| row.is_weak_match);
    BaselineRow {
        source: Some(source.fact()),
        target: Some(target.fact()),
        seen_on_source: true,
        seen_on_target: true,
        is_diverged: false,
        is_taken_back: false,
        is_weak_match: as_before.unwrap_or_else(|| !is_bound()),
        absent_source_reads: 0,
        absent_target_reads: 0,
        target_native: target.native(),
        ..row.unwrap_or_default()
    }
}

/// Nothing remains of what the source had, but that it was lost there.
fn target_only(target: &Seen, row: Option<BaselineRow>) -> BaselineRow {
    BaselineRow {
        target: Some(target.fact()),
        seen_on_target: true,
        absent_target_reads: 0,
        target_native: target.native(),
        source_written_by_us: false,
        ..row.unwrap_or_default().without(Side::Source)
    }
}
