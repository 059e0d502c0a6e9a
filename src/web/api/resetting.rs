//! Letting a pair forget what it knows, after showing how much that is.

use actix_web::web;
use crosswatch_actors::{Reset, ResetDepth};
use crosswatch_port::{Change, PairMemory, StandingKind, StandingRecord};
use crosswatch_settings::{Pair, ProviderKind, advise_reset};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    applying::save,
    pairs::configured,
    shapes::{ClearedShape, ResetShape},
    starting,
};
use crate::{
    extract::Body,
    outlines,
    problem::{ApiProblem, ProblemBody},
    state::{ApiState, RESET_DEADLINE},
};

/// Providers that punish full reads are read in full by our own doing at most this often.
const FULL_RESET_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What a reset keeps.
const KEPT: [&str; 7] = [
    "which ids belong together, and your verdicts",
    "snapshots",
    "the play ledger",
    "runs and what they wrote",
    "tokens",
    "the content of built-in trackers",
    "the last reads of the accounts",
];

/// How much to forget.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetWish {
    /// Also the last reads of both accounts, which are read in full then. At most once a day where an account is at SIMKL.
    #[serde(default)]
    full: bool,
    /// Only say what would be forgotten.
    #[serde(default)]
    dry_run: bool,
}

/// Lets a pair forget what it knows: its next run is a first run, which only adds.
#[utoipa::path(
    post, path = "/api/v1/pairs/{id}/reset", operation_id = "reset_pair", tag = "pairs",
    params(("id" = String, Path, description = "The pair.")), request_body = Option<ResetWish>,
    responses(
        (status = 200, description = "What was forgotten, or with `dry_run` would be.", body = ResetShape),
        (status = 404, description = "No such pair.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`already-running`, with the running `run`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`reset-too-soon`: a full reset was made less than a day ago.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Stopping or busy.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reset(
    state: web::Data<ApiState>,
    id: web::Path<String>,
    body: Body<ResetWish>,
) -> Result<web::Json<ResetShape>, ApiProblem> {
    let pair = configured(&state, &id)?;
    let ResetWish { full, dry_run } = body.0;
    let standings = state.read(|ledger| ledger.standings()).await?;
    let punished = punishes_full_reads(&state, pair);
    if full && punished {
        check_pause(pair, &standings, state.clock.now())?;
    }
    let advice = advice(&state, pair, &standings, full && punished);
    let memory = if dry_run {
        let id = pair.id.clone();
        state.read(move |ledger| ledger.pair_memory(&id)).await?
    } else {
        forget(&state, pair, if full { ResetDepth::Full } else { ResetDepth::Pair }).await?
    };
    Ok(web::Json(ResetShape {
        pair: pair.id.to_string(),
        done: !dry_run,
        cleared: ClearedShape::new(memory, full),
        kept: KEPT.iter().copied().take(if full { KEPT.len() - 1 } else { KEPT.len() }).collect(),
        advice,
    }))
}

async fn forget(state: &ApiState, pair: &Pair, depth: ResetDepth) -> Result<PairMemory, ApiProblem> {
    starting::refuse_while_running(state, &pair.id).await?;
    let reset = Reset { pair: pair.id.clone(), depth };
    let memory = state.supervisor()?.ask(reset, RESET_DEADLINE).await?;
    let memory = memory.map_err(|refusal| ApiProblem::of_refusal(refusal, &pair.id))?;
    let mark = outlines::mark(&state.settings, pair, state.clock.now());
    save(state, vec![Change::PutStanding(mark)]).await?;
    Ok(memory)
}

/// Whether an account of the pair punishes full reads.
fn punishes_full_reads(state: &ApiState, pair: &Pair) -> bool {
    [&pair.source, &pair.target]
        .into_iter()
        .any(|id| state.settings.provider(id).is_some_and(|provider| provider.kind == ProviderKind::Simkl))
}

fn check_pause(pair: &Pair, standings: &[StandingRecord], now: Timestamp) -> Result<(), ApiProblem> {
    let is_meant = |mark: &&StandingRecord| mark.kind == StandingKind::FullReset && mark.subject == pair.id.as_str();
    let last = standings.iter().find(is_meant).map(|mark| mark.at);
    match last.and_then(|last| last.checked_add(FULL_RESET_EVERY).ok()) {
        Some(next) if next > now => Err(ApiProblem::ResetTooSoon { pair: pair.id.clone(), next }),
        _ => Ok(()),
    }
}

/// Whether experience is for it.
fn advice(state: &ApiState, pair: &Pair, standings: &[StandingRecord], is_punished: bool) -> String {
    let changed = outlines::changed(&state.settings, pair, standings);
    let told = match advise_reset(&pair.id, &changed) {
        Some(advice) if changed.iter().any(|aspect| aspect.outdates_memory()) => {
            format!("Advised: {}.", advice.message)
        }
        Some(advice) => format!("Not advised: {}; {}.", advice.message, advice.fix),
        None => {
            "Not needed: nothing about the pair changed that makes its memory wrong. After a reset its next run only \
                 adds, and removals that it has seen are forgotten."
                .to_owned()
        }
    };
    if is_punished {
        return format!("{told} SIMKL is then read in full; too many full reads may cost the access to its API.");
    }
    told
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use crosswatch_settings::{Sources, load_text};

    use super::*;

    #[test]
    fn a_full_reset_of_a_pair_with_simkl_waits_a_day_after_the_last_one() {
        let text = "[[provider]]\nid = \"a\"\nkind = \"tracker\"\n[[provider]]\nid = \"b\"\nkind = \"tracker\"\n\
            [[pair]]\nid = \"p\"\nsource = \"a\"\ntarget = \"b\"\n";
        let sources = Sources::new("/x", BTreeMap::new());
        let settings = load_text(text, Path::new("/x/crosswatch.toml"), &sources).unwrap();
        let pair = &settings.pairs[0];
        let hour = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let mark = |kind, subject: &str| StandingRecord {
            kind,
            subject: subject.into(),
            at: hour(0),
            until: None,
            text: "".into(),
        };
        let others = [mark(StandingKind::FullReset, "q"), mark(StandingKind::Reset, "p")];
        assert_eq!(check_pause(pair, &others, hour(1)), Ok(()));
        let own = [mark(StandingKind::FullReset, "p")];
        let refused = check_pause(pair, &own, hour(23));
        assert_eq!(refused, Err(ApiProblem::ResetTooSoon { pair: pair.id.clone(), next: hour(24) }));
        assert_eq!(check_pause(pair, &own, hour(24)), Ok(()));
    }
}
