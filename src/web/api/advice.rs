//! What experience says about the configuration, and what nobody wants to hear for a while.

use std::sync::Arc;

use actix_web::web;
use crosswatch_actors::{Lock, ReadinessQuestion, always_of};
use crosswatch_model::{Feature, HoldKind, PairId};
use crosswatch_port::{Change, HeldRecord, Ledger, StandingKind, StandingRecord, StorageFailure};
use crosswatch_settings::{Acknowledgement, Advice, Pair, Rule, Severity, advise, advise_reset};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use smol_str::{SmolStr, format_smolstr};
use utoipa::ToSchema;

use super::{
    applying::save,
    look::Unwatched,
    shapes::{AdviceShape, held_id},
};
use crate::{
    extract::{Body, Query},
    outlines,
    paging::{Listing, PageQuery, limit},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// Nobody snoozes longer than a year.
const DAYS_MAX: u16 = 366;
/// A reason is a sentence, not a story.
const REASON_MAX_BYTES: usize = 500;

/// Advice about the configuration, the most serious first, what is snoozed last.
#[utoipa::path(
    get, path = "/api/v1/advice", tag = "service", params(PageQuery),
    responses(
        (status = 200, description = "All that is advised.", body = Listing<AdviceShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn advice(
    state: web::Data<ApiState>,
    query: Query<PageQuery>,
) -> Result<web::Json<Listing<AdviceShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let standings = state.read(|ledger| ledger.standings()).await?;
    let now = state.clock.now();
    let snooze = |advice: &Advice| {
        let subject = subject(advice.rule, &advice.subject);
        let is_meant = |mark: &&StandingRecord| mark.kind == StandingKind::Snoozed && mark.subject == subject;
        standings.iter().find(is_meant).filter(|mark| mark.until.is_some_and(|until| until > now))
    };
    let all = all(&state, &standings).await?;
    let (snoozed, open): (Vec<Advice>, Vec<Advice>) = all.into_iter().partition(|advice| snooze(advice).is_some());
    let shapes = open.into_iter().chain(snoozed).map(|advice| {
        let mark = snooze(&advice);
        AdviceShape::new(advice, mark)
    });
    Listing::numbered(shapes.collect(), query.0.cursor.as_deref(), limit).map(web::Json)
}

/// What to snooze.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnoozeWish {
    /// The rule of the advice.
    #[schema(example = "no-snapshots")]
    rule: String,
    /// What the advice is about.
    #[schema(example = "snapshot")]
    subject: String,
    /// Why nobody wants to hear it; kept and shown.
    #[serde(default)]
    reason: String,
    /// For how many days, at most 366; 0 ends it.
    #[schema(minimum = 0, maximum = 366)]
    days: u16,
}

/// Quiets one piece of advice for some days. It is still listed, at the end.
#[utoipa::path(
    post, path = "/api/v1/advice/snooze", operation_id = "snooze_advice", tag = "service", request_body = SnoozeWish,
    responses(
        (status = 200, description = "The advice, with the end of the snooze.", body = AdviceShape),
        (status = 400, description = "The body does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`unknown-advice`: nothing of this rule and subject is advised.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn snooze(
    state: web::Data<ApiState>,
    body: Body<SnoozeWish>,
) -> Result<web::Json<AdviceShape>, ApiProblem> {
    let SnoozeWish { rule, subject: about, reason, days } = body.0;
    if days > DAYS_MAX || reason.len() > REASON_MAX_BYTES {
        let said = format!("days is at most {DAYS_MAX} and reason has at most {REASON_MAX_BYTES} bytes");
        return Err(ApiProblem::BadBody(said));
    }
    let standings = state.read(|ledger| ledger.standings()).await?;
    let meant = all(&state, &standings)
        .await?
        .into_iter()
        .find(|advice| advice.rule.as_str() == rule && advice.subject == about);
    let advice = meant.ok_or(ApiProblem::UnknownAdvice { rule, subject: about })?;
    let now = state.clock.now();
    let subject = subject(advice.rule, &advice.subject);
    let has_ended = |mark: &&StandingRecord| {
        mark.kind == StandingKind::Snoozed && (mark.subject == subject || mark.until.is_none_or(|until| until <= now))
    };
    let ended = standings.iter().filter(has_ended);
    let mut changes: Vec<Change> =
        ended.map(|mark| Change::DropStanding(StandingKind::Snoozed, mark.subject.clone())).collect();
    let mark = (days > 0).then(|| StandingRecord {
        kind: StandingKind::Snoozed,
        subject,
        at: now,
        until: now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok(),
        text: reason.into(),
    });
    changes.extend(mark.clone().map(Change::PutStanding));
    save(&state, changes).await?;
    Ok(web::Json(AdviceShape::new(advice, mark.as_ref())))
}

/// Everything that is advised: about the configuration alone, about how it changed, and about what runs show.
async fn all(state: &ApiState, standings: &[StandingRecord]) -> Result<Vec<Advice>, ApiProblem> {
    let settings = Arc::clone(&state.settings);
    let mut advice = advise(&settings);
    let reset = |pair: &Pair| advise_reset(&pair.id, &outlines::changed(&settings, pair, standings));
    advice.extend(settings.pairs.iter().filter(|pair| pair.enabled).filter_map(reset));
    for pair in &settings.pairs {
        advice.extend(always_of(standings, &pair.id).map(|always| not_asked(&pair.id, always)));
    }
    let (pairs, standings, now) = (state.system().await?.pairs, standings.to_vec(), state.clock.now());
    let unproven = move |ledger: &dyn Ledger| {
        let mut advice = Vec::new();
        for pair in settings.pairs.iter().filter(|pair| pair.enabled) {
            let Some(known) = pairs.iter().find(|known| known.blueprint.id == pair.id) else { continue };
            let question = ReadinessQuestion { pair: &known.blueprint, standings: &standings, now };
            advice.extend(not_ready(pair, question, ledger)?);
        }
        Ok(advice)
    };
    advice.extend(state.read(unproven).await?);
    advice.extend(super::look::unwatched(state).await.iter().map(not_watched));
    let (held, now) = (state.read(|ledger| ledger.held()).await?, state.clock.now());
    advice.extend(held.iter().filter(|hold| hold.expires_at() <= now).map(still_waits));
    advice.sort_by_key(|advice| std::cmp::Reverse(advice.severity));
    Ok(advice)
}

/// A server that a route should watch and that nobody reaches.
fn not_watched(server: &Unwatched) -> Advice {
    Advice {
        rule: Rule::WatcherDown,
        severity: Severity::Warning,
        subject: format!("provider[{}]", server.account),
        message: format!(
            "it is not watched since {}: {}. What is watched to its end there is recorded when it can be asked again; \
             what plays now is not shown anywhere",
            server.since, server.why
        ),
        fix:
            "look whether the server runs and its address is right, and sign in again where the credentials are refused"
                .to_owned(),
    }
}

/// What a pair does, or is asked to do, without proof that it is safe and without a written word that it may.
fn not_ready(pair: &Pair, question: ReadinessQuestion<'_>, ledger: &dyn Ledger) -> Result<Vec<Advice>, StorageFailure> {
    let is_locked = question.pair.lock == Lock::UntilReady && !question.was_ready();
    let removes = |feature: Feature| {
        matches!(feature, Feature::History | Feature::Ratings)
            && pair.removes(feature)
            && !pair.policy.acknowledges(Acknowledgement::Removes)
    };
    let mut advice = Vec::new();
    for feature in pair.features().iter().filter(|feature| is_locked || removes(*feature)) {
        let readiness = question.of_feature(ledger, feature)?;
        if readiness.is_ready() {
            continue;
        }
        let (said, fix) = if is_locked {
            (
                "is to travel both ways and its runs are refused",
                "use mode = \"one-way\" until it is ready, or accept it with acknowledge = [\"two-way\"] in [pair.policy]",
            )
        } else {
            (
                "is removed",
                "set remove = \"off\" until it is ready, or accept it with acknowledge = [\"removes\"] in [pair.policy]",
            )
        };
        advice.push(Advice {
            rule: Rule::NotReady,
            severity: Severity::Error,
            subject: format!("pair[{}].{feature}", pair.id),
            message: format!("{feature} {said}, and nothing shows yet that this is safe: {}", readiness.missing()),
            fix: fix.to_owned(),
        });
    }
    Ok(advice)
}

/// Something that waits so long that it has become a question.
fn still_waits(hold: &HeldRecord) -> Advice {
    let id = held_id(hold);
    let (pair, feature, since) = (&hold.pair, hold.feature, hold.since.strftime("%Y-%m-%d"));
    Advice {
        rule: Rule::HeldExpired,
        severity: Severity::Warning,
        subject: format!("held[{id}]"),
        message: format!("{} {feature} of {pair} wait for you since {since}: {}", hold.items, hold.sentence),
        fix: format!(
            "say yes or no: POST /api/v1/held/{id}/approve or /reject, or crosswatch run {pair} --approve-held; until then it waits"
        ),
    }
}

/// A guard that a person opened for good.
fn not_asked(pair: &PairId, (feature, kind, since): (Feature, HoldKind, Timestamp)) -> Advice {
    Advice {
        rule: Rule::AlwaysApproved,
        severity: Severity::Info,
        subject: format!("pair[{pair}].{feature}"),
        message: format!("holds of the kind {kind} go through without asking since {}", since.strftime("%Y-%m-%d")),
        fix: format!("to be asked again: DELETE /api/v1/pairs/{pair}/always/{feature}/{kind}"),
    }
}

fn subject(rule: Rule, about: &str) -> SmolStr {
    format_smolstr!("{rule} {about}")
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Feature, HoldKind, PairId, RunId};

    use super::*;

    #[test]
    fn what_waits_for_long_is_advised_with_the_way_to_decide() {
        let hold = HeldRecord {
            id: 255,
            pair: PairId::parse("p").unwrap(),
            feature: Feature::Watchlist,
            kind: HoldKind::Removes,
            items: 6,
            sentence: "6 removals wait.".into(),
            run: RunId(1),
            since: "2026-11-01T12:00:00Z".parse().unwrap(),
        };
        assert_eq!(hold.expires_at(), "2026-11-15T12:00:00Z".parse().unwrap());
        let advice = still_waits(&hold);
        assert_eq!(advice.subject, "held[00000000000000ff]");
        assert_eq!(advice.message, "6 watchlist of p wait for you since 2026-11-01: 6 removals wait.");
        assert!(advice.fix.contains("/held/00000000000000ff/approve"), "{}", advice.fix);
    }
}
