//! Whether a feature of a pair is ready for both directions and for removals, measured instead of hoped.
//!
//! Nothing of it is kept but one mark: once the runs of a two-way pair have shown that it is safe, it stays so until the
//! pair is reset. Everything else is measured when somebody asks, from runs and their lines, with a limit on how many are
//! read. Deliberately absent: what the configuration accepts in writing, which is a lock of the pair or none.

use crosswatch_model::{
    Action, Feature, FeatureSet, Item, Namespace, Outcome, PairId, PlanItem, ProviderId, Reason, RunId, RunState, Side,
    SnapshotCause, Uid,
};
use crosswatch_port::{Ledger, RunRecord, StandingKind, StandingRecord, StorageFailure};
use jiff::{SignedDuration, Timestamp};

use crate::blueprint::PairBlueprint;

/// The stable word of a run that was refused because nothing shows yet that it is safe.
pub(crate) const NOT_READY: &str = "not-ready";
/// Runs that are looked at.
const RUNS_MAX: usize = 20;
/// Lines of one run that are looked at.
const LINES_MAX: usize = 20_000;
/// Items of the pair that are looked at for their ids.
const SAMPLE_MAX: usize = 500;
/// So many items of a hundred must carry an id that everybody knows.
const STABLE_PERCENT_MIN: usize = 95;
/// So many runs in a row must have gone without a surprise.
const CLEAN_RUNS_MIN: usize = 5;
/// A snapshot must be younger than a day.
const SNAPSHOT_AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Snapshots of one account that are looked at.
const SNAPSHOTS_MAX: usize = 1_000;

/// Whether one feature is ready, check by check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairReadiness {
    /// Everything that must be so.
    pub checks: Vec<ReadinessCheck>,
}

/// One thing that must be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadinessCheck {
    /// Its stable word.
    pub name: &'static str,
    /// Whether it is.
    pub is_ok: bool,
    /// What was measured.
    pub detail: String,
}

impl PairReadiness {
    /// Whether all checks are green.
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.is_ok)
    }

    /// What is missing, in words.
    pub fn missing(&self) -> String {
        let missing = self.checks.iter().filter(|check| !check.is_ok).map(|check| check.detail.as_str());
        missing.collect::<Vec<_>>().join("; ")
    }
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub struct ReadinessQuestion<'a> {
    /// The pair.
    pub pair: &'a PairBlueprint,
    /// Marks of the past.
    pub standings: &'a [StandingRecord],
    /// What time it is.
    pub now: Timestamp,
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

impl ReadinessQuestion<'_> {
    /// Every feature that is on.
    pub fn answer(&self, ledger: &dyn Ledger) -> Result<Vec<(Feature, PairReadiness)>, StorageFailure> {
        let features = self.pair.feature_set();
        features.iter().map(|feature| Ok((feature, self.of_feature(ledger, feature)?))).collect()
    }

    /// What is missing before these features may travel both ways; `None` where nothing is.
    pub fn missing(&self, ledger: &dyn Ledger, features: FeatureSet) -> Result<Option<String>, StorageFailure> {
        let mut missing = Vec::new();
        for feature in features.iter() {
            let readiness = self.of_feature(ledger, feature)?;
            if !readiness.is_ready() {
                missing.push(format!("{feature}: {}", readiness.missing()));
            }
        }
        Ok(if missing.is_empty() { None } else { Some(missing.join(". ")) })
    }

    /// Whether the runs of the pair had shown before that both ways are safe.
    pub fn was_ready(&self) -> bool {
        self.mark(StandingKind::Ready).is_some()
    }

    /// One feature.
    pub fn of_feature(&self, ledger: &dyn Ledger, feature: Feature) -> Result<PairReadiness, StorageFailure> {
        let seen = look(ledger, &self.runs_of(ledger, &self.pair.id)?, feature)?;
        let (mut adds, mut removes) = (seen.adds, seen.removes);
        for other in &self.pair.way_back {
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
            if self.removes(feature) {
                self.both_ways("removes_verified", "removals", removes)
            } else {
                check("removes_verified", true, "removals are off".to_owned())
            },
            check("no_open_conflicts", seen.runs > 0 && seen.conflicts == 0, open(&seen, seen.conflicts, "conflicts")),
            check("no_flip_flops", seen.runs > 0 && seen.flips == 0, open(&seen, seen.flips, "flip-flops")),
            self.snapshots(ledger, feature)?,
        ];
        Ok(PairReadiness { checks })
    }

    fn removes(&self, feature: Feature) -> bool {
        let of = self.pair.features.iter().find(|entry| entry.feature == feature);
        of.is_some_and(|entry| entry.policy.removes != crosswatch_plan::Removes::Off)
    }

    fn mark(&self, kind: StandingKind) -> Option<&StandingRecord> {
        self.standings.iter().find(|mark| mark.kind == kind && mark.subject == self.pair.id.as_str())
    }

    /// Runs that count since the pair last began anew, the newest first. One that was refused for want of proof is none.
    fn runs_of(&self, ledger: &dyn Ledger, pair: &PairId) -> Result<Vec<RunRecord>, StorageFailure> {
        let is_reset = |mark: &&StandingRecord| mark.kind == StandingKind::Reset && mark.subject == pair.as_str();
        let since = self.standings.iter().find(is_reset).map_or(Timestamp::MIN, |mark| mark.at);
        let runs = ledger.runs(Some(pair), None, 3 * RUNS_MAX)?.into_iter();
        let was_refused = |run: &RunRecord| run.error.as_ref().is_some_and(|error| error.kind == NOT_READY);
        let counts =
            |run: &RunRecord| run.state.is_final() && !run.dry_run && run.asked_at > since && !was_refused(run);
        Ok(runs.filter(counts).take(RUNS_MAX).collect())
    }

    fn both_ways(&self, name: &'static str, what: &str, seen: Sides) -> ReadinessCheck {
        let (source, target) = (&self.pair.source, &self.pair.target);
        let detail = format!("{} {what} seen at {target}, {} at {source}", seen.target, seen.source);
        check(name, seen.target > 0 && seen.source > 0, detail)
    }

    /// Whether there is a fresh snapshot of the feature, of either account.
    fn snapshots(&self, ledger: &dyn Ledger, feature: Feature) -> Result<ReadinessCheck, StorageFailure> {
        let mut missing = Vec::new();
        for account in [&self.pair.source, &self.pair.target] {
            if !self.is_kept(ledger, account, feature)? {
                missing.push(account.as_str());
            }
        }
        if missing.is_empty() {
            return Ok(check("snapshots", true, "both accounts have a snapshot of the last 24 hours".to_owned()));
        }
        let missing = missing.join(" and ");
        Ok(check("snapshots", false, format!("no snapshot of the last 24 hours holds the {feature} of {missing}")))
    }

    fn is_kept(&self, ledger: &dyn Ledger, account: &ProviderId, feature: Feature) -> Result<bool, StorageFailure> {
        let snapshots = ledger.snapshots(Some(account), None, SNAPSHOTS_MAX)?;
        let is_fresh = |taken_at: Timestamp| self.now.duration_since(taken_at) < SNAPSHOT_AGE_MAX;
        Ok(snapshots.iter().any(|snapshot| {
            // What came in as a file is not what the account held when it came.
            snapshot.cause != SnapshotCause::Import && is_fresh(snapshot.taken_at) && snapshot.part(feature).is_some()
        }))
    }
}

/// Visits the first lines of a run. Answers whether there were more.
pub fn visit_first_lines(
    ledger: &dyn Ledger,
    run: RunId,
    visit: &mut dyn FnMut(PlanItem),
) -> Result<bool, StorageFailure> {
    let mut seen = 0;
    ledger.visit_lines(run, 0, &mut |record| {
        seen += 1;
        if seen <= LINES_MAX {
            visit(record.line);
        }
        seen <= LINES_MAX
    })?;
    Ok(seen > LINES_MAX)
}

fn check(name: &'static str, is_ok: bool, detail: String) -> ReadinessCheck {
    ReadinessCheck { name, is_ok, detail }
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
        visit_first_lines(ledger, run.id, &mut |line| {
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
fn stable_ids(ledger: &dyn Ledger, pair: &PairId, feature: Feature) -> Result<ReadinessCheck, StorageFailure> {
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
