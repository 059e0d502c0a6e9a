//! Pairs.

use std::collections::BTreeMap;

use crosswatch_actors::{Due, PairSituation};
use crosswatch_model::{Feature, HoldKind};
use crosswatch_port::RunRecord;
use crosswatch_settings::Pair;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ReadinessShape, RunShape, ShadowReportShape};
use crate::sentence::pair_sentence;

/// One feature of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PairFeature)]
pub struct PairFeatureShape {
    /// Whether what the target lacks is added.
    add: bool,
    /// What is removed from the target.
    #[schema(example = "off")]
    remove: &'static str,
    /// When it runs.
    #[schema(example = "every 6h")]
    schedule: String,
    /// When it runs next; `null` where only a person starts it, or where nobody knows.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_run: Option<Timestamp>,
}

/// One run of the past, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthShape {
    run: String,
    #[schema(example = "succeeded")]
    state: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// A pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Pair)]
pub struct PairShape {
    id: String,
    source: String,
    target: String,
    #[schema(example = "one-way")]
    mode: &'static str,
    enabled: bool,
    /// It reads, plans and reports, and writes nothing.
    shadow: bool,
    /// It starts no runs until it is resumed.
    paused: bool,
    /// What the pair does, in one sentence.
    sentence: String,
    /// When it runs, unless a feature says otherwise.
    #[schema(example = "every 6h")]
    schedule: String,
    /// The features that are on.
    features: BTreeMap<&'static str, PairFeatureShape>,
    /// When it runs next.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_run: Option<Timestamp>,
    /// Its running run or plan.
    running: Option<String>,
    /// Its waiting run or plan.
    waiting: Option<String>,
    /// Its last run that ended and was no dry run.
    last_run: Option<RunShape>,
    /// Runs that ended and were no dry runs, the newest first, at most 30.
    health: Vec<HealthShape>,
    /// Whether its features are ready for both directions and for removals, measured from its runs; `null` in lists.
    pub(crate) readiness: Option<BTreeMap<&'static str, ReadinessShape>>,
    /// In shadow mode: what it would have done, and how often it changed its mind; `null` in lists.
    pub(crate) shadow_report: Option<ShadowReportShape>,
    /// Kinds of holds that go through without asking; `null` in lists.
    pub(crate) always: Option<Vec<AlwaysShape>>,
}

/// A kind of hold that goes through every time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Always)]
pub struct AlwaysShape {
    #[schema(example = "watchlist")]
    feature: &'static str,
    #[schema(example = "removes")]
    kind: &'static str,
    /// When a person said so.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

impl From<(Feature, HoldKind, Timestamp)> for AlwaysShape {
    fn from((feature, kind, since): (Feature, HoldKind, Timestamp)) -> Self {
        Self { feature: feature.as_str(), kind: kind.as_str(), since }
    }
}

/// Runs that a pair's health is read from.
const HEALTH_MAX: usize = 30;

impl PairShape {
    /// A pair, as it is configured, as it is now, and as it was.
    pub(crate) fn new(pair: &Pair, now: Option<&PairSituation>, schedule: &[Due], past: &[RunRecord]) -> Self {
        let paused = now.is_some_and(|now| now.is_paused);
        let due: Vec<&Due> = schedule.iter().filter(|due| due.pair == pair.id).collect();
        let feature = |feature: Feature| {
            let settings = pair.feature(feature)?;
            let shape = PairFeatureShape {
                add: settings.add,
                remove: settings.remove.as_str(),
                schedule: pair.schedule_of(feature).unwrap_or(&pair.schedule).as_str().to_owned(),
                next_run: due.iter().filter(|due| due.features.contains(feature)).filter_map(|due| due.due).min(),
            };
            Some((feature.as_str(), shape))
        };
        let ended: Vec<&RunRecord> = past.iter().filter(|run| counts(run)).take(HEALTH_MAX).collect();
        Self {
            id: pair.id.to_string(),
            source: pair.source.to_string(),
            target: pair.target.to_string(),
            mode: pair.mode.as_str(),
            enabled: pair.enabled,
            shadow: pair.shadow,
            paused,
            sentence: if paused { format!("Paused: {}", pair_sentence(pair)) } else { pair_sentence(pair) },
            schedule: pair.schedule.as_str().to_owned(),
            features: Feature::ALL.iter().copied().filter_map(feature).collect(),
            next_run: due.iter().filter_map(|due| due.due).min(),
            running: now.and_then(|now| now.running).map(|run| run.to_string()),
            waiting: now.and_then(|now| now.waiting).map(|run| run.to_string()),
            last_run: ended.first().map(|run| RunShape::from(*run)),
            health: ended.into_iter().map(HealthShape::from).collect(),
            readiness: None,
            shadow_report: None,
            always: None,
        }
    }
}

/// Whether a run says something about the health of its pair.
pub(crate) const fn counts(run: &RunRecord) -> bool {
    run.state.is_final() && !run.dry_run
}

impl From<&RunRecord> for HealthShape {
    fn from(run: &RunRecord) -> Self {
        Self { run: run.id.to_string(), state: run.state.as_str(), finished_at: run.finished_at }
    }
}
