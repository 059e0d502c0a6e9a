//! `GET /metrics`: numbers for Prometheus, read from the store and the actors at the moment of the question.
//!
//! Nothing is counted here, so nothing is lost with the process; what is read is bounded.

use actix_web::{HttpRequest, HttpResponse, web};
use crosswatch_actors::{AccountState, ChildState, SystemState};
use crosswatch_model::ProviderId;
use crosswatch_port::{OutboxState, RunRecord};
use futures_util::future::join_all;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};
use smol_str::SmolStr;

use crate::{
    auth::Door,
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// Runs that the numbers about runs are made from.
const RUNS_MAX: usize = 200;
/// Outbox rows that are counted per account.
const OUTBOX_MAX: usize = 1_000;
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Numbers for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses(
        (status = 200, description = "OpenMetrics text. Needs no key with `server.metrics_public = true`.", body = String, content_type = "application/openmetrics-text"),
        (status = 401, description = "The key is missing or wrong.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn metrics(
    request: HttpRequest,
    state: web::Data<ApiState>,
    door: web::Data<Door>,
) -> Result<HttpResponse, ApiProblem> {
    if !state.settings.server.metrics_public {
        door.visitor(&state, request.head())?;
    }
    let text = Measured::take(&state).await?.render();
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}

/// Everything the numbers are made from.
struct Measured {
    version: &'static str,
    runs: Vec<RunRecord>,
    held: usize,
    outbox: Vec<(ProviderId, OutboxState, u64)>,
    accounts: Vec<(ProviderId, AccountState)>,
    system: SystemState,
}

impl Measured {
    async fn take(state: &ApiState) -> Result<Self, ApiProblem> {
        let ids: Vec<ProviderId> = state.settings.providers.iter().map(|provider| provider.id.clone()).collect();
        let looks = ids.iter().map(async |id| state.account_state(id).await.map(|now| (id.clone(), now)));
        let accounts = join_all(looks).await.into_iter().flatten().collect();
        let system = state.system().await?;
        let (runs, held, outbox) = state
            .read(move |ledger| {
                let mut outbox = Vec::new();
                for id in ids {
                    let rows = ledger.outbox(&id, OUTBOX_MAX)?;
                    for state in [OutboxState::Queued, OutboxState::Inflight, OutboxState::InDoubt] {
                        let count = rows.iter().filter(|row| row.state == state).count() as u64;
                        outbox.push((id.clone(), state, count));
                    }
                }
                Ok((ledger.runs(None, None, RUNS_MAX)?, ledger.held()?.len(), outbox))
            })
            .await?;
        Ok(Self { version: state.version, runs, held, outbox, accounts, system })
    }

    fn render(&self) -> String {
        let mut registry = Registry::with_prefix("crosswatch");
        registry.register("build", "The program", Info::new(vec![("version", self.version)]));
        self.about_runs(&mut registry);
        self.about_accounts(&mut registry);
        self.about_parts(&mut registry);
        let mut text = String::new();
        match encode(&mut text, &registry) {
            Ok(()) => text,
            Err(_) => String::from("# EOF\n"),
        }
    }

    fn about_runs(&self, registry: &mut Registry) {
        let (runs, operations, ends) =
            <(Family<RunLabels, Gauge>, Family<OperationLabels, Gauge>, Family<PairLabels, Gauge>)>::default();
        for run in &self.runs {
            let pair = SmolStr::from(run.pair.as_str());
            runs.get_or_create(&RunLabels { pair: pair.to_string(), state: run.state.as_str() }).inc();
            for tally in &run.tallies {
                for (outcome, count) in &tally.outcomes {
                    let labels = OperationLabels {
                        pair: pair.to_string(),
                        feature: tally.feature.as_str(),
                        outcome: outcome.as_str(),
                    };
                    operations.get_or_create(&labels).inc_by(i64::try_from(*count).unwrap_or(i64::MAX));
                }
            }
            if let Some(end) = run.finished_at {
                let last = ends.get_or_create(&PairLabels { pair: pair.to_string() });
                last.set(last.get().max(end.as_second()));
            }
        }
        registry.register("recent_runs", "The last 200 runs by pair and state", runs);
        registry.register("recent_operations", "Operations of the last 200 runs by outcome", operations);
        registry.register("last_run_end_timestamp_seconds", "When the last run of a pair ended", ends);
        let held: Gauge = Gauge::default();
        held.set(i64::try_from(self.held).unwrap_or(i64::MAX));
        registry.register("held", "What waits for a person", held);
    }

    fn about_accounts(&self, registry: &mut Registry) {
        let (requests, breakers) = <(Family<AccountLabels, Counter>, Family<AccountLabels, Gauge>)>::default();
        for (account, now) in &self.accounts {
            let labels = AccountLabels { account: account.to_string() };
            requests.get_or_create(&labels).inc_by(now.requests_sent);
            breakers.get_or_create(&labels).set(i64::from(now.budget.breaker != "closed"));
        }
        registry.register("requests", "Requests sent to an account since the start", requests);
        registry.register("breaker_open", "1 while an account is left alone after repeated failures", breakers);
        let outbox: Family<OutboxLabels, Gauge> = Family::default();
        for (account, state, count) in &self.outbox {
            let state = match state {
                OutboxState::Queued => "queued",
                OutboxState::Inflight => "inflight",
                OutboxState::InDoubt => "in_doubt",
            };
            let labels = OutboxLabels { account: account.to_string(), state };
            outbox.get_or_create(&labels).set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        registry.register("outbox_rows", "Writes on their way, at most 1000 per account are counted", outbox);
    }

    fn about_parts(&self, registry: &mut Registry) {
        let (up, restarts) = <(Family<ActorLabels, Gauge>, Family<ActorLabels, Gauge>)>::default();
        let (running, frozen) = <(Gauge, Gauge)>::default();
        for (name, state, count) in &self.system.children {
            let labels = ActorLabels { actor: name.to_string() };
            up.get_or_create(&labels).set(i64::from(*state == ChildState::Up));
            restarts.get_or_create(&labels).set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        running
            .set(self.system.pairs.iter().filter(|pair| pair.running.is_some()).count().try_into().unwrap_or(i64::MAX));
        registry.register("actor_up", "1 while a part of the service answers", up);
        registry.register("actor_recent_restarts", "Restarts of a part of the service in the last minutes", restarts);
        frozen.set(i64::from(self.system.frozen_since.is_some()));
        registry.register("running_pairs", "Pairs that are running", running);
        registry.register("frozen", "1 while nothing is written to any account", frozen);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    pair: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    pair: String,
    feature: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PairLabels {
    pair: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AccountLabels {
    account: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutboxLabels {
    account: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActorLabels {
    actor: String,
}

#[cfg(test)]
mod tests {
    use crosswatch_actors::BudgetState;
    use crosswatch_model::{
        Capabilities, Cause, Completeness, Counts, Feature, FeatureSet, Outcome, PairId, PlayDetail, ReadReport, RunId,
        RunState, Scale, WatchedPrecision,
    };
    use crosswatch_port::FeatureTally;

    use super::*;

    fn run(state: RunState, ended_s: i64) -> RunRecord {
        let read = ReadReport { completeness: Completeness::Complete, items: 1, proof: "".into() };
        RunRecord {
            id: RunId(1),
            pair: PairId::parse("p").unwrap(),
            cause: Cause::Manual,
            state,
            dry_run: false,
            features: FeatureSet::NONE,
            tallies: vec![FeatureTally {
                feature: Feature::History,
                counts: Counts::default(),
                outcomes: vec![(Outcome::Verified, 3)],
                source: read.clone(),
                target: read,
            }],
            requests: Vec::new(),
            asked_at: jiff::Timestamp::UNIX_EPOCH,
            started_at: None,
            finished_at: Some(jiff::Timestamp::from_second(ended_s).unwrap()),
            sentence: "".into(),
            error: None,
        }
    }

    fn account(requests_sent: u64) -> AccountState {
        AccountState {
            capabilities: Capabilities {
                features: Vec::new(),
                scale: Scale::TEN,
                watched_precision: WatchedPrecision::Second,
                plays: PlayDetail::EveryPlay,
                keeps_undated_plays: true,
                duplicates_plays: false,
                needs_ids: false,
                keeps_one_status: false,
                is_media_server: false,
                membership: None,
            },
            tokens_end: None,
            requests_sent,
            budget: BudgetState {
                breaker: "open",
                failures: 5,
                waits: None,
                reads_left: None,
                write_every: None,
                concurrent: 2,
                day: None,
            },
        }
    }

    #[test]
    fn the_numbers_are_these() {
        let home = ProviderId::parse("home").unwrap();
        let text = Measured {
            version: "0.1.0",
            runs: vec![run(RunState::Succeeded, 70), run(RunState::Succeeded, 60), run(RunState::Failed, 50)],
            held: 2,
            outbox: vec![(home.clone(), OutboxState::InDoubt, 4)],
            accounts: vec![(home, account(12))],
            system: SystemState {
                is_stopping: false,
                frozen_since: Some(jiff::Timestamp::UNIX_EPOCH),
                pairs: Vec::new(),
                children: vec![("pair:p".into(), ChildState::Restarting, 3)],
            },
        }
        .render();
        for line in [
            "crosswatch_build_info{version=\"0.1.0\"} 1",
            "crosswatch_recent_runs{pair=\"p\",state=\"succeeded\"} 2",
            "crosswatch_recent_runs{pair=\"p\",state=\"failed\"} 1",
            "crosswatch_recent_operations{pair=\"p\",feature=\"history\",outcome=\"verified\"} 9",
            "crosswatch_last_run_end_timestamp_seconds{pair=\"p\"} 70",
            "crosswatch_held 2",
            "crosswatch_requests_total{account=\"home\"} 12",
            "crosswatch_breaker_open{account=\"home\"} 1",
            "crosswatch_outbox_rows{account=\"home\",state=\"in_doubt\"} 4",
            "crosswatch_actor_up{actor=\"pair:p\"} 0",
            "crosswatch_actor_recent_restarts{actor=\"pair:p\"} 3",
            "crosswatch_running_pairs 0",
            "crosswatch_frozen 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|there| there == line), "{line} is not in\n{text}");
        }
    }
}
