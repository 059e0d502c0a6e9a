//! Whether a feature of a pair is ready for both directions and for removals, measured instead of hoped.

use crosswatch_model::{Action, Feature, Item, Namespace, Outcome, PairId, PlanItem, Reason, RunState, Side, Uid};
use crosswatch_port::{Ledger, RunRecord, StandingKind, StandingRecord, StorageFailure};
use crosswatch_settings::{Acknowledgement, Pair, Settings};
use jiff::Timestamp;

use super::visit_lines;
use crate::api::shapes::{ReadinessCheckShape, ReadinessShape};

/// Runs that are looked at.
const RUNS_MAX: usize = 20;
/// Items of the pair that are looked at for their ids.
const SAMPLE_MAX: usize = 500;
/// So many items of a hundred must carry an id that everybody knows.
const STABLE_PERCENT_MIN: usize = 95;
/// So many runs in a row must have gone without a surprise.
const CLEAN_RUNS_MIN: usize = 5;
/// A snapshot must be younger than a day.
const SNAPSHOT_EVERY_S: u32 = 24 * 3600;

/// What was asked about.
pub(crate) struct Question<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) pair: &'a Pair,
    pub(crate) standings: &'a [StandingRecord],
}

/// What the runs of a pair did with one feature.
#[derive(Debug, Default)]
struct Seen {
    /// Runs in a row without a surprise, from the newest on.
    clean_runs: usize,
    has_surprise: bool,
    adds: Sides,
    removes: Sides,
    /// In the newest run.
    conflicts: usize,
    flips: usize,
    runs: usize,
}

/// Operations that were seen where they went, per side.
#[derive(Debug, Default, Clone, Copy)]
struct Sides {
    source: usize,
    target: usize,
}

impl Question<'_> {
    /// Every feature that is on.
    pub(crate) fn answer(&self, ledger: &dyn Ledger) -> Result<Vec<(Feature, ReadinessShape)>, StorageFailure> {
        self.pair.features().iter().map(|feature| Ok((feature, self.of_feature(ledger, feature)?))).collect()
    }

    /// The features that remove plays or ratings without proof and without a written word. Two-way without a written word
    /// is refused at the start already.
    pub(crate) fn unready(&self, ledger: &dyn Ledger) -> Result<Vec<(Feature, ReadinessShape)>, StorageFailure> {
        if self.pair.policy.acknowledges(Acknowledgement::Removes) {
            return Ok(Vec::new());
        }
        let mut unready = Vec::new();
        let records = [Feature::History, Feature::Ratings].into_iter();
        for feature in records.filter(|feature| self.pair.removes(*feature)) {
            let readiness = self.of_feature(ledger, feature)?;
            if !readiness.ready {
                unready.push((feature, readiness));
            }
        }
        Ok(unready)
    }

    fn of_feature(&self, ledger: &dyn Ledger, feature: Feature) -> Result<ReadinessShape, StorageFailure> {
        let seen = look(ledger, &self.runs_of(ledger, self.pair)?, feature)?;
        let (mut adds, mut removes) = (seen.adds, seen.removes);
        for other in self.other_ways() {
            let back = look(ledger, &self.runs_of(ledger, other)?, feature)?;
            adds.source += back.adds.target;
            removes.source += back.removes.target;
        }
        let checks = vec![
            stable_ids(ledger, &self.pair.id, feature)?,
            check(
                "clean_runs",
                seen.clean_runs >= CLEAN_RUNS_MIN,
                format!("{} runs in a row without a surprise, {CLEAN_RUNS_MIN} are due", seen.clean_runs),
            ),
            self.both_ways("adds_verified", "adds", adds),
            if self.pair.removes(feature) {
                self.both_ways("removes_verified", "removals", removes)
            } else {
                check("removes_verified", true, "removals are off".to_owned())
            },
            check("no_open_conflicts", seen.runs > 0 && seen.conflicts == 0, open(&seen, seen.conflicts, "conflicts")),
            check("no_flip_flops", seen.runs > 0 && seen.flips == 0, open(&seen, seen.flips, "flip-flops")),
            self.snapshots(feature),
        ];
        Ok(ReadinessShape { ready: checks.iter().all(|check| check.ok), checks })
    }

    /// Runs that count since the pair last began anew, the newest first.
    fn runs_of(&self, ledger: &dyn Ledger, pair: &Pair) -> Result<Vec<RunRecord>, StorageFailure> {
        let is_reset = |mark: &&StandingRecord| mark.kind == StandingKind::Reset && mark.subject == pair.id.as_str();
        let since = self.standings.iter().find(is_reset).map_or(Timestamp::MIN, |mark| mark.at);
        let runs = ledger.runs(Some(&pair.id), None, 3 * RUNS_MAX)?.into_iter();
        let counts = |run: &RunRecord| run.state.is_final() && !run.dry_run && run.asked_at > since;
        Ok(runs.filter(counts).take(RUNS_MAX).collect())
    }

    /// Pairs that carry the same features the other way.
    fn other_ways(&self) -> impl Iterator<Item = &Pair> {
        let is_reverse = |other: &&Pair| other.source == self.pair.target && other.target == self.pair.source;
        self.settings.pairs.iter().filter(is_reverse)
    }

    fn both_ways(&self, name: &'static str, what: &str, seen: Sides) -> ReadinessCheckShape {
        let (source, target) = (&self.pair.source, &self.pair.target);
        let detail = format!("{} {what} seen at {target}, {} at {source}", seen.target, seen.source);
        check(name, seen.target > 0 && seen.source > 0, detail)
    }

    fn snapshots(&self, feature: Feature) -> ReadinessCheckShape {
        let is_covered = |account: &crosswatch_model::ProviderId| {
            self.settings.snapshots.iter().any(|snapshot| {
                let is_daily = snapshot.schedule.shortest_gap().is_some_and(|gap| gap.seconds() <= SNAPSHOT_EVERY_S);
                snapshot.provider == *account && snapshot.features.contains(feature) && is_daily
            })
        };
        let both = [&self.pair.source, &self.pair.target];
        let missing: Vec<&str> =
            both.into_iter().filter(|id| !is_covered(id)).map(crosswatch_model::ProviderId::as_str).collect();
        if missing.is_empty() {
            return check("snapshots", true, "both accounts are copied every day".to_owned());
        }
        check("snapshots", false, format!("nothing copies {feature} of {} every day", missing.join(" and ")))
    }
}

fn check(name: &'static str, ok: bool, detail: String) -> ReadinessCheckShape {
    ReadinessCheckShape { check: name, ok, detail }
}

fn open(seen: &Seen, count: usize, what: &str) -> String {
    if seen.runs == 0 { "no run to tell it from".to_owned() } else { format!("{count} {what} in the last run") }
}

fn look(ledger: &dyn Ledger, runs: &[RunRecord], feature: Feature) -> Result<Seen, StorageFailure> {
    let mut seen = Seen::default();
    for run in runs.iter().filter(|run| run.features.contains(feature)) {
        let is_newest = seen.runs == 0;
        seen.runs += 1;
        let mut is_clean = run.state == RunState::Succeeded;
        visit_lines(ledger, run.id, &mut |line| {
            if line.feature == feature {
                is_clean &= !is_surprise(&line);
                seen.count(&line, is_newest);
            }
        })?;
        seen.has_surprise |= !is_clean;
        seen.clean_runs += usize::from(!seen.has_surprise);
    }
    Ok(seen)
}

impl Seen {
    fn count(&mut self, line: &PlanItem, is_newest: bool) {
        if is_newest {
            self.conflicts += usize::from(line.action == Action::Conflict);
            self.flips += usize::from(line.reason == Reason::FlipFlop);
        }
        let sides = match line.action {
            Action::Add => &mut self.adds,
            Action::Remove => &mut self.removes,
            _ => return,
        };
        if line.outcome == Outcome::Verified {
            match line.side {
                Side::Source => sides.source += 1,
                Side::Target => sides.target += 1,
            }
        }
    }
}

/// What nobody expects in a run of a pair in step: something came back, something waits, something was refused.
fn is_surprise(line: &PlanItem) -> bool {
    line.action == Action::Hold || line.reason == Reason::MissingOnTarget || line.outcome == Outcome::Rejected
}

/// The share of items in step that carry an id that everybody knows, told from a sample spread over all of them.
fn stable_ids(ledger: &dyn Ledger, pair: &PairId, feature: Feature) -> Result<ReadinessCheckShape, StorageFailure> {
    let mut uids: Vec<Uid> = Vec::new();
    ledger.visit_baseline(pair, feature, &mut |uid, _, _| {
        if uids.last() != Some(&uid) {
            uids.push(uid);
        }
    })?;
    let step = uids.len().div_ceil(SAMPLE_MAX).max(1);
    let sample: Vec<Uid> = uids.into_iter().step_by(step).collect();
    let mut stable = 0;
    for uid in &sample {
        stable += usize::from(ledger.item(*uid)?.is_some_and(|record| has_stable_id(&record.item)));
    }
    let Some(percent) = (stable * 100).checked_div(sample.len()) else {
        return Ok(check("stable_ids", false, "nothing is in step yet".to_owned()));
    };
    let detail = format!("{percent} % of {} items carry an id of IMDb, TMDB or TheTVDB", sample.len());
    Ok(check("stable_ids", percent >= STABLE_PERCENT_MIN, detail))
}

fn has_stable_id(item: &Item) -> bool {
    let is_stable = |namespace| matches!(namespace, Namespace::Imdb | Namespace::Tmdb | Namespace::Tvdb);
    let of_show = item.show.iter().flat_map(|show| show.ids.iter());
    item.ids.iter().chain(of_show).any(|id| is_stable(id.namespace()))
}
