//! Live scrobbling from outside: who watches what, what media servers told, and what accounts are told.

use actix_web::web;
use crosswatch_actors::{Discard, ObserveSeats, RetryParcel};
use crosswatch_model::{Disposition, ParcelState, ProviderId};
use crosswatch_port::{InboxRecord, Ledger, ParcelRecord, StorageFailure};
use serde::Deserialize;
use utoipa::IntoParams;

use super::shapes::{InboxShape, ParcelShape, SessionShape, parcel_id};
use crate::{
    extract::{Query, provider_id},
    paging::{Listing, PageQuery, cursor, limit},
    problem::{ApiProblem, ProblemBody},
    state::{ACTOR_DEADLINE, ApiState},
};

/// Rows of the inbox that are looked through for one page with a filter.
const LOOKED_THROUGH_MAX: usize = 20_000;
/// Messages of one account that are listed while they wait.
const WAITING_MAX: usize = 10_000;

/// Who watches what right now.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "live", params(PageQuery),
    responses(
        (status = 200, description = "Playbacks that have not ended.", body = Listing<SessionShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sessions(
    state: web::Data<ApiState>,
    query: Query<PageQuery>,
) -> Result<web::Json<Listing<SessionShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let Some(scrobbler) = state.directory.scrobbler() else { return Ok(web::Json(Listing::whole(Vec::new()))) };
    let seats = scrobbler.ask(ObserveSeats, ACTOR_DEADLINE).await?;
    let playing = seats.iter().filter_map(|(key, seat)| {
        seat.current
            .as_ref()
            .filter(|session| !session.phase.has_ended())
            .map(|session| SessionShape::new(key, session))
    });
    let playing: Vec<SessionShape> = playing.collect();
    Listing::numbered(playing, query.0.cursor.as_deref(), limit).map(web::Json)
}

/// Which rows of the inbox.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboxQuery {
    /// Only rows that ended so: `applied`, `duplicate`, `filtered`, `absorbed`, `echo`, `ignored`, `unresolved`, `invalid`.
    disposition: Option<String>,
    /// Only rows of this account.
    provider: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// What media servers told, newest first, and what became of it.
#[utoipa::path(
    get, path = "/api/v1/inbox", tag = "live", params(InboxQuery),
    responses(
        (status = 200, description = "Newest first; the newest twenty thousand are kept.", body = Listing<InboxShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn inbox(
    state: web::Data<ApiState>,
    query: Query<InboxQuery>,
) -> Result<web::Json<Listing<InboxShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let before = cursor(query.0.cursor.as_deref(), |text| text.parse::<u64>().ok())?;
    let wanted: Option<Disposition> = word(query.0.disposition.as_deref(), "disposition", Disposition::ALL)?;
    let account = known_account(&state, query.0.provider.as_deref())?;
    let rows = state
        .read(move |ledger| {
            let all = ledger.inbox(before, LOOKED_THROUGH_MAX)?;
            let fits = |row: &InboxRecord| {
                wanted.is_none_or(|wanted| row.disposition == Some(wanted))
                    && account.as_ref().is_none_or(|account| row.account == *account)
            };
            Ok(all.into_iter().filter(fits).take(limit + 1).collect::<Vec<_>>())
        })
        .await?;
    let page = Listing::cut(rows, limit, |row| row.number.to_string());
    Ok(web::Json(page.map(|row| InboxShape::from(&row))))
}

/// Which messages.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OutboxQuery {
    /// Only messages in this state: `queued`, `inflight`, `parked`, `done`, `superseded`, `expired`, `dead`.
    state: Option<String>,
    /// Only messages to this account.
    provider: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// What accounts are told of live playback: what waits, and what became of the rest. Newest first.
#[utoipa::path(
    get, path = "/api/v1/outbox", tag = "live", params(OutboxQuery),
    responses(
        (status = 200, description = "Newest first.", body = Listing<ParcelShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn outbox(
    state: web::Data<ApiState>,
    query: Query<OutboxQuery>,
) -> Result<web::Json<Listing<ParcelShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let before = cursor(query.0.cursor.as_deref(), parcel_seq)?;
    let wanted: Option<ParcelState> = word(query.0.state.as_deref(), "state", ParcelState::ALL)?;
    let account = known_account(&state, query.0.provider.as_deref())?;
    let accounts: Vec<ProviderId> = state.settings.providers.iter().map(|provider| provider.id.clone()).collect();
    let rows = state
        .read(move |ledger| {
            let mut rows = waiting(ledger, &accounts)?;
            if wanted.is_none_or(ParcelState::is_final) {
                rows.extend(ledger.parcels_settled(before, LOOKED_THROUGH_MAX)?);
            }
            let fits = |row: &ParcelRecord| {
                before.is_none_or(|before| row.seq < before)
                    && wanted.is_none_or(|wanted| row.state == wanted)
                    && account.as_ref().is_none_or(|account| row.account == *account)
            };
            rows.retain(fits);
            rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
            rows.truncate(limit + 1);
            Ok(rows)
        })
        .await?;
    let page = Listing::cut(rows, limit, |row| parcel_id(row.seq));
    Ok(web::Json(page.map(|row| ParcelShape::from(&row))))
}

/// Tries a message again that was parked, dropped or refused.
#[utoipa::path(
    post, path = "/api/v1/outbox/{id}/retry", operation_id = "retry_message", tag = "live",
    params(("id" = String, Path, description = "The message.")),
    responses(
        (status = 200, description = "It waits for its turn.", body = ParcelShape),
        (status = 404, description = "No such message.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is on its way, or the account has it.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn retry(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<ParcelShape>, ApiProblem> {
    let parcel = find(&state, &id).await?;
    let courier = courier(&state, &parcel)?;
    let was_changed = courier.ask(RetryParcel(parcel.seq), ACTOR_DEADLINE).await??;
    changed(&state, &id, was_changed).await
}

/// Gives a message up. What it told is not told to that account.
#[utoipa::path(
    post, path = "/api/v1/outbox/{id}/discard", operation_id = "discard_message", tag = "live",
    params(("id" = String, Path, description = "The message.")),
    responses(
        (status = 200, description = "It is given up.", body = ParcelShape),
        (status = 404, description = "No such message.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is on its way, or settled already.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn discard(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<ParcelShape>, ApiProblem> {
    let parcel = find(&state, &id).await?;
    let courier = courier(&state, &parcel)?;
    let was_changed = courier.ask(Discard(parcel.seq), ACTOR_DEADLINE).await??;
    changed(&state, &id, was_changed).await
}

/// What waits for all accounts.
pub(crate) fn waiting(ledger: &dyn Ledger, accounts: &[ProviderId]) -> Result<Vec<ParcelRecord>, StorageFailure> {
    let mut rows = Vec::new();
    for account in accounts {
        rows.extend(ledger.parcels_waiting(account, WAITING_MAX)?);
    }
    Ok(rows)
}

/// The message of this id, waiting or settled.
pub(super) async fn find(state: &ApiState, id: &str) -> Result<ParcelRecord, ApiProblem> {
    let seq = parcel_seq(id).ok_or_else(|| ApiProblem::UnknownMessage(id.to_owned()))?;
    let accounts: Vec<ProviderId> = state.settings.providers.iter().map(|provider| provider.id.clone()).collect();
    let found = state
        .read(move |ledger| {
            let rows = waiting(ledger, &accounts)?.into_iter().chain(ledger.parcels_settled(Some(seq + 1), 1)?);
            Ok(rows.into_iter().find(|row| row.seq == seq))
        })
        .await?;
    found.ok_or_else(|| ApiProblem::UnknownMessage(id.to_owned()))
}

fn courier(
    state: &ApiState,
    parcel: &ParcelRecord,
) -> Result<crosswatch_actors::Mailbox<crosswatch_actors::Courier>, ApiProblem> {
    state.directory.courier(&parcel.account).ok_or_else(|| {
        ApiProblem::MessageSettled(format!("no route tells {} any more; add a [[route]] to it first", parcel.account))
    })
}

async fn changed(state: &ApiState, id: &str, was_changed: bool) -> Result<web::Json<ParcelShape>, ApiProblem> {
    let now = find(state, id).await?;
    if was_changed {
        return Ok(web::Json(ParcelShape::from(&now)));
    }
    Err(ApiProblem::MessageSettled(format!("the message is {} and stays so", now.state)))
}

fn parcel_seq(id: &str) -> Option<u64> {
    id.parse().ok()
}

fn known_account(state: &ApiState, asked: Option<&str>) -> Result<Option<ProviderId>, ApiProblem> {
    let Some(name) = asked else { return Ok(None) };
    let id = provider_id(name)?;
    match state.settings.provider(&id) {
        Some(_) => Ok(Some(id)),
        None => Err(ApiProblem::UnknownProvider(id.to_string())),
    }
}

/// One of the words of a closed set.
fn word<T>(asked: Option<&str>, name: &str, known: &[T]) -> Result<Option<T>, ApiProblem>
where
    T: std::str::FromStr + std::fmt::Display,
{
    let Some(text) = asked.filter(|text| !text.is_empty()) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let words: Vec<String> = known.iter().map(ToString::to_string).collect();
        ApiProblem::BadQuery(format!("{name}={text:?} is unknown; use one of: {}", words.join(", ")))
    })
}
