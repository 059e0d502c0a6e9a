//! The rules of a restore: the source is a snapshot of what an account once held, the target is an account as it is now.
//!
//! Promises: nothing is concluded from what a pair once agreed on, because there is no pair; nothing is added where the
//! target was not read in full; what only the target has goes at a person's word and not before.
//! Deliberately absent: anything that is remembered. A restore learns nothing about the accounts.

use crosswatch_identity::EntityIx;
use crosswatch_model::{Action, Fact, HoldKind, Reason, Side, WatchedPrecision};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    cell::Cell,
    compare::{Comparison, compare},
    draft::Draft,
    input::FeatureInput,
    policy::Removes,
    rules::Rules,
    seen::Seen,
    standing::Standing,
    verdict::{Settle, Verdict},
};

/// The rules for one plan.
#[derive(Clone, Copy)]
pub(crate) struct Restore<'a> {
    pub(crate) input: &'a FeatureInput<'a>,
    pub(crate) rules: Rules<'a>,
    pub(crate) source: Standing<'a>,
    pub(crate) target: Standing<'a>,
}

impl Restore<'_> {
    pub(crate) fn decide(&self, entity: EntityIx, cell: &Cell<'_>) -> (Verdict, Settle) {
        let verdict = match (cell.source, cell.target) {
            (Some(then), Some(now)) => self.on_both(entity, then, now),
            (Some(then), None) => self.missing(then),
            (None, Some(_)) => self.beside(entity),
            (None, None) => Verdict::Quiet,
        };
        (verdict, Settle::Keep)
    }

    fn on_both(&self, entity: EntityIx, then: &Seen, now: &Seen) -> Verdict {
        match compare(self.input, then.fact(), now.fact(), None) {
            Comparison::Same => return Verdict::Same,
            // What was watched since is not unwatched, unless the account is to be exactly what it was.
            Comparison::Newer(Side::Target) if !self.is_exact() => return Verdict::Skip(Reason::TargetIsNewer),
            Comparison::Newer(_) | Comparison::Differs => {}
        }
        match self.rules.write_obstacle(then) {
            Some(reason) => Verdict::Skip(reason),
            None if !self.rules.may_overwrite(entity, then, now, None) => Verdict::Skip(Reason::MatchTooWeak),
            None => Verdict::Write(Side::Target, Action::Update, Reason::Restore),
        }
    }

    fn missing(&self, then: &Seen) -> Verdict {
        match self.rules.write_obstacle(then) {
            Some(reason) => Verdict::Skip(reason),
            None if !self.target.is_complete() => Verdict::Skip(Reason::ReadIncomplete),
            None => Verdict::Write(Side::Target, Action::Add, Reason::Restore),
        }
    }

    /// What the target has and the snapshot does not: the target's own row, so that nobody can be mistaken about it.
    fn beside(&self, entity: EntityIx) -> Verdict {
        let is_asked_about =
            self.input.picker.is_none_or(|picker| picker.takes(&self.input.join.merged(self.input.catalog, entity)));
        if !is_asked_about {
            return Verdict::Quiet;
        }
        if !self.is_exact() {
            return Verdict::Skip(Reason::OnlyOnTarget);
        }
        if self.rules.removes == Removes::Off {
            return Verdict::Skip(Reason::CannotUndo);
        }
        if self.input.policy.approvals.covers(HoldKind::FirstMirror) {
            Verdict::Write(Side::Target, Action::Remove, Reason::NotInSnapshot)
        } else {
            Verdict::Hold(Side::Target, Action::Remove, Reason::NotInSnapshot)
        }
    }

    fn is_exact(&self) -> bool {
        self.input.policy.removes != Removes::Off
    }
}

/// How many plays come back without their date.
pub(crate) fn undated_notice(input: &FeatureInput<'_>, drafts: &[Draft<'_>]) -> Option<SmolStr> {
    if input.capabilities(Side::Target).watched_precision != WatchedPrecision::WriteTimeOnly {
        return None;
    }
    let is_play = |seen: &Seen| matches!(seen.fact(), Fact::Play(_));
    let comes_back = |draft: &&Draft<'_>| draft.write() == Some(Action::Add) && draft.source.is_some_and(is_play);
    let count = drafts.iter().filter(comes_back).count();
    (count > 0)
        .then(|| format_smolstr!("{count} plays come back with today's date: the account cannot keep their own."))
}
