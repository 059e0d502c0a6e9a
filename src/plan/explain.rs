//! One sentence about one line, with its values.

use crosswatch_model::{Fact, PairId, Rating, Reason, Side, WatchedAt};
use jiff::{Timestamp, tz::TimeZone};
use smol_str::{SmolStr, format_smolstr};

use crate::{input::FeatureInput, policy::Mode};

/// Writes sentences in the user's time zone.
pub(crate) struct Explainer<'a> {
    pair: &'a PairId,
    zone: &'a TimeZone,
    reads_needed: u8,
    /// The source is a snapshot.
    is_restore: bool,
}

impl<'a> Explainer<'a> {
    pub(crate) fn new(input: &FeatureInput<'a>) -> Self {
        Self {
            pair: input.pair,
            zone: input.zone,
            reads_needed: input.policy.remove_after_reads.max(1),
            is_restore: input.policy.mode == Mode::Restore,
        }
    }

    /// Why the line is what it is. `source` and `target` are what the sides say now.
    pub(crate) fn explain(&self, reason: Reason, source: Option<Fact>, target: Option<Fact>) -> SmolStr {
        match (source, target) {
            (Some(source), Some(target)) => self.on_both(reason, source, target),
            (Some(fact), None) => self.on_one(reason, fact, Side::Source),
            (None, Some(fact)) => self.on_one(reason, fact, Side::Target),
            (None, None) => reason.sentence().into(),
        }
    }

    fn on_both(&self, reason: Reason, source: Fact, target: Fact) -> SmolStr {
        let right = match reason {
            Reason::Restore | Reason::TargetIsNewer if self.is_restore => {
                let end = if reason == Reason::Restore { "comes back" } else { "the newer one stays" };
                return format_smolstr!("{} in the snapshot, {} now; {end}.", self.upper(source), self.value(target));
            }
            Reason::ChangedOnSource => "the source wins",
            Reason::ChangedOnTarget => "the target wins",
            Reason::TargetIsNewer => "the target is newer",
            Reason::FlipFlop => {
                return format_smolstr!(
                    "{} on the source, {} on the target; pair {} and another writer of these accounts undo each other.",
                    self.upper(source),
                    self.value(target),
                    self.pair
                );
            }
            _ => return format_smolstr!("{} on the source. {}", self.upper(source), reason.sentence()),
        };
        format_smolstr!("{} on the source, {} on the target; {right}.", self.upper(source), self.value(target))
    }

    fn on_one(&self, reason: Reason, fact: Fact, side: Side) -> SmolStr {
        if self.is_restore {
            return match (reason, side) {
                (Reason::Restore, Side::Source) => {
                    format_smolstr!("{} in the snapshot, {} now.", self.upper(fact), lacking(fact))
                }
                (_, Side::Source) => format_smolstr!("{} in the snapshot. {}", self.upper(fact), reason.sentence()),
                (_, Side::Target) => format_smolstr!("{} now. {}", self.upper(fact), reason.sentence()),
            };
        }
        let (there, across) = (format_smolstr!("{} on the {side}", self.upper(fact)), side.other());
        match reason {
            Reason::OnlyOnSource | Reason::NewOnTarget => {
                format_smolstr!("{there}, {} on the {across}.", lacking(fact))
            }
            Reason::MissingOnTarget => format_smolstr!("{there}; the {across} had it and lost it."),
            Reason::ChangedOnSource | Reason::ChangedOnTarget => {
                format_smolstr!("{there}, changed since the {across} had it; the change wins.")
            }
            Reason::RemovedOnSource | Reason::RemovedOnTarget => {
                format_smolstr!("{there}; gone from the {across} after it was seen there.")
            }
            Reason::WaitingForReads => format_smolstr!(
                "{there}; gone from the {across}, removed after {} complete reads without it.",
                self.reads_needed
            ),
            Reason::Diverged => format_smolstr!(
                "{there}; the {across} lost it while removals were off, so it is neither removed nor added back."
            ),
            Reason::FlipFlop => format_smolstr!(
                "{there}; pair {} puts it on the {across} and another writer takes it away again.",
                self.pair
            ),
            reason => format_smolstr!("{there}. {}", reason.sentence()),
        }
    }

    /// The fact at the start of a sentence: `Rated 8/10`.
    pub(crate) fn upper(&self, fact: Fact) -> SmolStr {
        let verb = match fact {
            Fact::Play(_) => "Watched",
            Fact::Listed(_) => "Listed",
            Fact::Rated { .. } => "Rated",
            Fact::Resume { .. } => "Stopped at",
        };
        let value = self.value(fact);
        if value.is_empty() { verb.into() } else { format_smolstr!("{verb} {value}") }
    }

    fn value(&self, fact: Fact) -> SmolStr {
        match fact {
            Fact::Play(WatchedAt::Exact(at) | WatchedAt::Minute(at)) => self.time(at),
            Fact::Play(WatchedAt::Day(day)) => format_smolstr!("on {day}"),
            Fact::Play(WatchedAt::Unknown) => SmolStr::new_static("on an unknown date"),
            Fact::Listed(None) => SmolStr::default(),
            Fact::Listed(Some(at)) => format_smolstr!("since {}", self.day(at)),
            Fact::Rated { value, .. } => rating(value),
            Fact::Resume { position_s, duration_s: Some(duration_s), .. } => {
                format_smolstr!("{} of {}", clock(position_s), clock(duration_s))
            }
            Fact::Resume { position_s, duration_s: None, .. } => clock(position_s),
        }
    }

    fn time(&self, at: Timestamp) -> SmolStr {
        format_smolstr!("{}", at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M"))
    }

    fn day(&self, at: Timestamp) -> SmolStr {
        format_smolstr!("{}", at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d"))
    }
}

const fn lacking(fact: Fact) -> &'static str {
    match fact {
        Fact::Play(_) => "no such play",
        Fact::Listed(_) => "not listed",
        Fact::Rated { .. } => "not rated",
        Fact::Resume { .. } => "no resume point",
    }
}

fn rating(value: Rating) -> SmolStr {
    let (whole, tenth) = (value.get() / 10, value.get() % 10);
    if tenth == 0 { format_smolstr!("{whole}/10") } else { format_smolstr!("{whole}.{tenth}/10") }
}

fn clock(seconds: u32) -> SmolStr {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format_smolstr!("{hours}:{minutes:02}:{seconds:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reason: Reason, source: Option<Fact>, target: Option<Fact>, sentence: &str) {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let pair = PairId::parse("home-to-trakt").unwrap();
        assert_eq!(
            Explainer { pair: &pair, zone: &zone, reads_needed: 2, is_restore: false }.explain(reason, source, target),
            sentence
        );
    }

    #[test]
    fn sentences_carry_the_values() {
        let at: Timestamp = "2026-03-04T20:15:00Z".parse().unwrap();
        let rated = |value: u8| Some(Fact::Rated { value: Rating::new(value).unwrap(), rated_at: None });
        let played = Some(Fact::Play(WatchedAt::Exact(at)));
        let stopped = |position_s| Some(Fact::Resume { position_s, duration_s: Some(7_200), stopped_at: None });
        check(
            Reason::ChangedOnSource,
            rated(80),
            rated(35),
            "Rated 8/10 on the source, 3.5/10 on the target; the source wins.",
        );
        check(
            Reason::OnlyOnSource,
            played,
            None,
            "Watched 2026-03-04 22:15 on the source, no such play on the target.",
        );
        check(Reason::OnlyOnSource, Some(Fact::Listed(None)), None, "Listed on the source, not listed on the target.");
        check(
            Reason::TargetIsNewer,
            stopped(60),
            stopped(3_661),
            "Stopped at 0:01:00 of 2:00:00 on the source, 1:01:01 of 2:00:00 on the target; the target is newer.",
        );
        check(
            Reason::WaitingForReads,
            None,
            Some(Fact::Listed(Some(at))),
            "Listed since 2026-03-04 on the target; gone from the source, removed after 2 complete reads without it.",
        );
        check(Reason::NoIds, None, None, "The item carries no usable id.");
        check(
            Reason::FlipFlop,
            rated(80),
            rated(35),
            "Rated 8/10 on the source, 3.5/10 on the target; pair home-to-trakt and another writer of these accounts undo each other.",
        );
        check(
            Reason::ChangedOnTarget,
            rated(80),
            rated(35),
            "Rated 8/10 on the source, 3.5/10 on the target; the target wins.",
        );
        check(Reason::NewOnTarget, None, rated(35), "Rated 3.5/10 on the target, not rated on the source.");
        check(
            Reason::RemovedOnTarget,
            rated(80),
            None,
            "Rated 8/10 on the source; gone from the target after it was seen there.",
        );
        check(
            Reason::Diverged,
            rated(80),
            None,
            "Rated 8/10 on the source; the target lost it while removals were off, so it is neither removed nor added back.",
        );
        check(
            Reason::ChangedOnSource,
            rated(80),
            None,
            "Rated 8/10 on the source, changed since the target had it; the change wins.",
        );
    }
}
