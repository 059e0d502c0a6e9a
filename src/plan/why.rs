//! Why an item is what it is: a sentence and the chain of facts it rests on, each with where it comes from.
//!
//! The answer is read off the very plan: the rules that decide a cell and the guards that hold it are asked, there is no
//! second set of them. An entity in any state has an answer, also one that no line of the plan is about.
//! Deliberately absent: what happened in earlier runs (the journal knows), and any write.

use std::fmt::Write as _;

use crosswatch_identity::{Confidence, EntityIx};
use crosswatch_model::{Action, Fact, Reason, Side};
use jiff::Timestamp;
use smol_str::{SmolStr, format_smolstr};

use crate::{
    cell::Cell,
    compare::event_time,
    draft::Draft,
    explain::Explainer,
    guard::KINDS,
    input::FeatureInput,
    planner::{Look, look_at},
    read::Read,
    seen::Seen,
    verdict::Verdict,
};

/// Why one fact of an item is left, written or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// What happens and the main reason.
    pub sentence: SmolStr,
    /// What that rests on: identity, both sides, memory, rule, guard, and what would change it.
    pub chain: Vec<Link>,
}

/// One step of the way to a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is the case.
    pub fact: SmolStr,
    /// Who says so: `identity`, `source`, `target`, `baseline`, `rules`, `guard` or `advice`.
    pub source: SmolStr,
    /// When it came about, where that is known.
    pub at: Option<Timestamp>,
    /// The word of the rule, reason, guard or level that applies.
    pub rule: Option<SmolStr>,
}

impl Link {
    fn new(source: &'static str, fact: SmolStr) -> Self {
        Self { fact, source: SmolStr::new_static(source), at: None, rule: None }
    }

    fn under(self, rule: &'static str) -> Self {
        Self { rule: Some(SmolStr::new_static(rule)), ..self }
    }
}

/// Answers for every fact of the entity, plays in order of time. An entity that nobody speaks of has one answer too.
pub fn why(input: &FeatureInput<'_>, entity: EntityIx) -> Vec<Why> {
    let look = match look_at(input, entity) {
        Ok(look) => look,
        Err(obstacle) => {
            let chain = vec![identity(input, entity, None, None), read(input, Side::Source), read(input, Side::Target)];
            return vec![Why { sentence: obstacle, chain }];
        }
    };
    let answer = Answer { input, entity, look: &look, explainer: Explainer::new(input) };
    if look.decided.is_empty() {
        let sentence =
            format_smolstr!("Neither side has it in its {}, and nothing is remembered of it.", input.feature);
        let chain = vec![identity(input, entity, None, None), read(input, Side::Source), read(input, Side::Target)];
        return vec![Why { sentence, chain }];
    }
    look.decided.iter().map(|(cell, verdict)| answer.why(cell, *verdict)).collect()
}

struct Answer<'a> {
    input: &'a FeatureInput<'a>,
    entity: EntityIx,
    look: &'a Look<'a>,
    explainer: Explainer<'a>,
}

impl Answer<'_> {
    fn why(&self, cell: &Cell<'_>, verdict: Verdict) -> Why {
        let draft = self.look.drafts.iter().find(|draft| draft.play == cell.play);
        let (source, target) = (cell.source.map(Seen::fact), cell.target.map(Seen::fact));
        let reason = draft.map(|draft| draft.reason).or(match verdict {
            Verdict::Skip(reason) | Verdict::Write(_, _, reason) | Verdict::Hold(_, _, reason) => Some(reason),
            Verdict::Same => Some(Reason::Same),
            Verdict::AddsOff | Verdict::Quiet => None,
        });
        let mut chain = vec![
            identity(self.input, self.entity, cell.source, cell.target),
            self.says(cell, Side::Source),
            self.says(cell, Side::Target),
            self.remembered(cell),
        ];
        if let Some(reason) = rule_of(verdict) {
            chain.push(Link::new("rules", reason.sentence().into()).under(reason.as_str()));
        }
        chain.extend(draft.and_then(|draft| self.guard(draft)));
        let advice =
            if verdict == Verdict::AddsOff { Some("Turn add on for this feature.") } else { reason.and_then(advice) };
        chain.extend(advice.map(|advice| Link::new("advice", SmolStr::new_static(advice))));
        Why { sentence: self.sentence(verdict, reason, source, target), chain }
    }

    fn sentence(
        &self,
        verdict: Verdict,
        reason: Option<Reason>,
        source: Option<Fact>,
        target: Option<Fact>,
    ) -> SmolStr {
        match (verdict, reason) {
            (Verdict::AddsOff, _) => SmolStr::new_static("It would be added or updated, but add is off."),
            (_, Some(reason)) => self.explainer.explain(reason, source, target),
            (_, None) if source.is_none() && target.is_none() => {
                SmolStr::new_static("Neither side shows it; what is remembered of it stays until that is certain.")
            }
            (_, None) => SmolStr::new_static("Only one side shows it, and nothing follows from that now."),
        }
    }

    fn says(&self, cell: &Cell<'_>, side: Side) -> Link {
        let Link { fact: how, source, .. } = read(self.input, side);
        let what = cell.on(side).map_or(SmolStr::new_static("Not seen"), |seen| self.explainer.upper(seen.fact()));
        let fact = format_smolstr!("{what} on the {side}. {how}");
        let rule = self.input.read(side).completeness().as_str();
        Link { fact, source, at: cell.on(side).and_then(|seen| event_time(seen.fact())), rule: Some(rule.into()) }
    }

    fn remembered(&self, cell: &Cell<'_>) -> Link {
        let Some(row) = cell.base.map(|base| base.row) else {
            return Link::new("baseline", SmolStr::new_static("The pair remembers nothing of it."));
        };
        let mut text = String::from("The pair remembers:");
        for side in Side::ALL.iter().copied() {
            let value = row.value_on(side).map(|fact| self.explainer.upper(fact));
            let value = value.unwrap_or(SmolStr::new_static("Nothing"));
            let whose = if row.is_ours_on(side) { ", written by this pair" } else { "" };
            let absent = match row.absent_reads_on(side) {
                0 => SmolStr::default(),
                reads => format_smolstr!(", missing from {reads} complete reads since"),
            };
            // Writing to a string cannot fail.
            let _written = write!(text, " {value} on the {side}{whose}{absent}.");
        }
        if row.is_taken_back {
            text.push_str(" An undo left it like this.");
        }
        if row.is_diverged {
            text.push_str(" One side lost it while removals were off.");
        }
        if let Some(flips) = row.flips.filter(|flips| flips.returns > 0) {
            let _written = write!(text, " It went back {} times from run {} on.", flips.returns, flips.at);
        }
        Link::new("baseline", text.into())
    }

    fn guard(&self, draft: &Draft<'_>) -> Option<Link> {
        if draft.action != Action::Hold {
            return None;
        }
        let kind = KINDS.iter().find(|kind| kind.reason() == draft.reason)?;
        let hold = self.look.holds.iter().find(|hold| hold.kind == *kind && hold.side == draft.side)?;
        Some(Link::new("guard", hold.sentence.clone()).under(kind.as_str()))
    }
}

/// The reason the rules gave, before any guard.
const fn rule_of(verdict: Verdict) -> Option<Reason> {
    match verdict {
        Verdict::Write(_, _, reason) | Verdict::Hold(_, _, reason) | Verdict::Skip(reason) => Some(reason),
        Verdict::Same => Some(Reason::Same),
        Verdict::AddsOff | Verdict::Quiet => None,
    }
}

/// Which ids the sides know it by, and how sure the match is.
fn identity(input: &FeatureInput<'_>, entity: EntityIx, source: Option<&Seen>, target: Option<&Seen>) -> Link {
    let item = input.join.merged(input.catalog, entity);
    let mut ids = String::new();
    for id in item.ids.iter().chain(item.show.iter().flat_map(|show| show.ids.iter())) {
        let separator = if ids.is_empty() { "" } else { ", " };
        let _written = write!(ids, "{separator}{id}");
    }
    let name = format_smolstr!("{} ({})", item.label(), if ids.is_empty() { "no ids" } else { &ids });
    let (Some(source), Some(target)) = (source, target) else {
        return Link::new("identity", format_smolstr!("{name}."));
    };
    let (how, level) = match input.join.confidence(input.catalog, source.item(), target.item()) {
        Confidence::C0 => ("a person said that both are the same", "C0"),
        Confidence::C1 => ("at least two ids of both sides are equal", "C1"),
        Confidence::C2 => ("one id of both sides is equal", "C2"),
        Confidence::C3 => ("the numbers of both sides are equal, or a third item links them", "C3"),
        Confidence::C4 => ("a table or a learned alignment translates the numbers of one side into the other's", "C4"),
        Confidence::C5 => ("title and year are equal and nothing else has them", "C5"),
        Confidence::C6 => ("only the titles are alike", "C6"),
        Confidence::X => ("the ids contradict each other", "X"),
    };
    Link::new("identity", format_smolstr!("{name}: {how}.")).under(level)
}

fn read(input: &FeatureInput<'_>, side: Side) -> Link {
    let read: &Read = input.read(side);
    let (completeness, proof) = (read.completeness(), read.report().proof);
    Link::new(side.as_str(), format_smolstr!("The read of the {side} is {completeness}: {proof}."))
        .under(completeness.as_str())
}

/// What would change it, where a person or time can.
const fn advice(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::RemovesOff => "With remove = \"observed\" later losses travel; this one stays as it is.",
        Reason::Diverged => "Add it again where it was lost, remove it on the other side, or change it there.",
        Reason::WaitingForReads => "The next complete reads without it; or adding it again.",
        Reason::ReadIncomplete => "A complete read of both sides.",
        Reason::OnlyOnTarget => "Two-way mode would add it to the source.",
        Reason::Adoption => "The next run takes part in everything.",
        Reason::NoIds => "An id on the item.",
        Reason::UndatedNotAllowed => "allow_undated = true, if today's date is acceptable.",
        Reason::RecordedLive => "Setting `owner = \"both\"` for the history of this pair.",
        Reason::InFlight => "The answer of the account; until then nothing is sent again.",
        Reason::Unresolved => "The next try, or releasing it.",
        Reason::TooNew => "Waiting until new_item_grace is over.",
        Reason::BeforePair => "Something newer of it, or only_new = false.",
        Reason::Blocked => "Taking it off the pair's block list.",
        Reason::OutsideProgressLimits => "Other values of min_percent and max_percent.",
        Reason::IdsContradict | Reason::CoordinatesContradict => "A verdict on which of the ids are right.",
        Reason::MatchTooWeak => "Equal ids on both sides.",
        Reason::TooManyRemoves
        | Reason::SourceShrunk
        | Reason::TargetShrunk
        | Reason::FirstMirror
        | Reason::DuplicatePlays => "Approving what is held, or a plan in which it is no longer so.",
        Reason::FlipFlop => "Stopping one of the two writers, then approving it.",
        Reason::TakenBack => "Changing it on the source, or taking the undo back.",
        Reason::Declined => "A change of the item or its values; it is asked again then.",
        Reason::AccountFull => "Making room in the account.",
        Reason::StatusTaken => "Taking it out of the history there.",
        _ => return None,
    })
}
