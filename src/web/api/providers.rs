//! Accounts: what they can do, how they are doing, and asking them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use actix_web::{HttpRequest, web};
use crosswatch_model::ProviderId;
use crosswatch_port::{Fault, Ledger};
use crosswatch_settings::Provider;
use futures_util::future::join_all;

use super::{
    shapes::{CheckShape, LastEventShape, ProviderDetailShape, ProviderNow, ProviderShape},
    webhooks::{self, RevealQuery},
};
use crate::{
    extract::{Query, provider_id},
    hooks::Porch,
    paging::{Listing, PageQuery, limit},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// An account that is silent for so long does not answer.
const CHECK_DEADLINE: Duration = Duration::from_secs(30);
/// Rows of the inbox that are looked at for the last word of an account.
const INBOX_PAGE: usize = 500;
const INBOX_PAGES: usize = 4;

/// The accounts.
#[utoipa::path(
    get, path = "/api/v1/providers", tag = "providers", params(PageQuery),
    responses(
        (status = 200, description = "In the order of the configuration.", body = Listing<ProviderShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn providers(
    state: web::Data<ApiState>,
    query: Query<PageQuery>,
) -> Result<web::Json<Listing<ProviderShape>>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let all = state.settings.providers.iter();
    let page = Listing::after(all, query.0.cursor.as_deref(), limit, |provider| provider.id.to_string())?;
    let heard = last_events(&state, page.items.iter().map(|provider| provider.id.clone()).collect()).await?;
    let shape = async |provider: &Provider| ProviderShape::new(provider, &look(&state, &provider.id, &heard).await);
    let items = join_all(page.items.into_iter().map(shape)).await;
    Ok(web::Json(Listing { items, next_cursor: page.next_cursor }))
}

/// One account.
#[utoipa::path(
    get, path = "/api/v1/providers/{id}", tag = "providers",
    params(("id" = String, Path, description = "Its id in the configuration."), RevealQuery),
    responses(
        (status = 200, description = "What it can do, and how it is doing.", body = ProviderDetailShape),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such provider.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn provider(
    state: web::Data<ApiState>,
    porch: web::Data<Porch>,
    id: web::Path<String>,
    query: Query<RevealQuery>,
    request: HttpRequest,
) -> Result<web::Json<ProviderDetailShape>, ApiProblem> {
    let provider = configured(&state, &id)?;
    let secrets = query.0.secrets()?;
    let webhook = if provider.kind.is_media_server() {
        Some(webhooks::look(&state, &porch, provider, &request, secrets).await?)
    } else {
        None
    };
    let heard = last_events(&state, BTreeSet::from([provider.id.clone()])).await?;
    let now = look(&state, &provider.id, &heard).await;
    Ok(web::Json(ProviderDetailShape::new(ProviderShape::new(provider, &now), webhook)))
}

/// An account as it is now.
async fn look(state: &ApiState, id: &ProviderId, heard: &BTreeMap<ProviderId, LastEventShape>) -> ProviderNow {
    let (account, watcher) = futures_util::join!(state.account_state(id), state.watcher_state(id));
    ProviderNow { account, watcher, last_event: heard.get(id).cloned() }
}

/// What each of these told last, as far as the newest rows of the inbox know.
async fn last_events(
    state: &ApiState,
    wanted: BTreeSet<ProviderId>,
) -> Result<BTreeMap<ProviderId, LastEventShape>, ApiProblem> {
    let read = move |ledger: &dyn Ledger| {
        let (mut heard, mut before) = (BTreeMap::new(), None);
        for _ in 0..INBOX_PAGES {
            let rows = ledger.inbox(before, INBOX_PAGE)?;
            before = rows.last().map(|row| row.number);
            let is_last = rows.len() < INBOX_PAGE;
            for row in rows.into_iter().filter(|row| wanted.contains(&row.account)) {
                let event = LastEventShape::from(&row);
                heard.entry(row.account).or_insert(event);
            }
            if is_last || heard.len() == wanted.len() {
                break;
            }
        }
        Ok(heard)
    };
    state.read(read).await
}

/// Asks an account who we are there.
#[utoipa::path(
    post, path = "/api/v1/providers/{id}/check", operation_id = "check_provider", tag = "providers", params(("id" = String, Path, description = "Its id in the configuration.")),
    responses(
        (status = 200, description = "What came back; `ok` is false when the account could not be used.", body = CheckShape),
        (status = 404, description = "No such provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The account is being restarted.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn check(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<CheckShape>, ApiProblem> {
    let provider = configured(&state, &id)?;
    if state.directory.account(&provider.id).is_none() {
        return Err(ApiProblem::no_account(&provider.id));
    }
    let door = state.account(&provider.id);
    let answer = match tokio::time::timeout(CHECK_DEADLINE, door.probe()).await {
        Ok(answer) => answer,
        Err(_) => Err(silent(&provider.id)),
    };
    Ok(web::Json(CheckShape::new(provider, state.clock.now(), &answer)))
}

fn silent(id: &ProviderId) -> Fault {
    Fault::Transient(format!("{id} did not answer within {} s", CHECK_DEADLINE.as_secs()).into())
}

/// The account as it is configured.
pub(super) fn configured<'a>(state: &'a ApiState, id: &str) -> Result<&'a Provider, ApiProblem> {
    let id = provider_id(id)?;
    state.settings.provider(&id).ok_or_else(|| ApiProblem::UnknownProvider(id.to_string()))
}
