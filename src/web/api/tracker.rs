//! The content of the built-in tracker: reading it in pages, adding to it, taking from it.
//!
//! Everything of one request moves together: either all entries are kept or none.

use actix_web::web;
use crosswatch_actors::{Named, naming};
use crosswatch_model::{Fact, Feature, Item, PlayKey, ProviderId};
use crosswatch_port::{Change, Commit, Durability, ShelfChange, ShelfCursor, ShelfRow};
use crosswatch_settings::ProviderKind;
use serde::Deserialize;
use utoipa::IntoParams;

use super::shapes::{TrackerAdd, TrackerDropped, TrackerIds, TrackerRow, parse_row_id, row_id};
use crate::{
    extract::{Body, Query, provider_id},
    paging::{LIMIT_MAX, Listing, cursor, limit},
    problem::{ApiProblem, ProblemBody},
    state::{ApiState, stored},
};

/// Which rows.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrackerQuery {
    /// The tracker; the only one where left out.
    provider: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// The rows of the built-in tracker.
#[utoipa::path(
    get, path = "/api/v1/tracker/{feature}", operation_id = "tracker_rows", tag = "tracker",
    params(("feature" = String, Path, description = "`history`, `watchlist`, `ratings` or `progress`."), TrackerQuery),
    responses(
        (status = 200, description = "In the order in which items became known.", body = Listing<TrackerRow>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such feature or provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "There is no single tracker.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn rows(
    state: web::Data<ApiState>,
    feature: web::Path<String>,
    query: Query<TrackerQuery>,
) -> Result<web::Json<Listing<TrackerRow>>, ApiProblem> {
    let feature = feature_of(&feature)?;
    let account = tracker(&state, query.0.provider.as_deref())?;
    let limit = limit(query.0.limit.as_deref())?;
    let after = cursor(query.0.cursor.as_deref(), parse_row_id)?;
    let rows = state.read(move |ledger| ledger.shelf(&account, feature, after, limit + 1)).await?;
    let page = Listing::cut(rows, limit, |row| row_id(row.uid, row.play));
    Ok(web::Json(page.map(|row| TrackerRow::from(&row))))
}

/// Adds to the built-in tracker. An entry that is there already is replaced.
#[utoipa::path(
    post, path = "/api/v1/tracker/{feature}", operation_id = "add_to_tracker", tag = "tracker",
    params(("feature" = String, Path, description = "`history`, `watchlist`, `ratings` or `progress`.")),
    request_body = TrackerAdd,
    responses(
        (status = 200, description = "The rows as they are kept, in the order of the entries.", body = Listing<TrackerRow>),
        (status = 400, description = "The body does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such feature or provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "An entry cannot be kept, or there is no single tracker; nothing was changed.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add(
    state: web::Data<ApiState>,
    feature: web::Path<String>,
    body: Body<TrackerAdd>,
) -> Result<web::Json<Listing<TrackerRow>>, ApiProblem> {
    let feature = feature_of(&feature)?;
    let account = tracker(&state, body.0.provider.as_deref())?;
    check_count("items", body.0.items.len())?;
    let (items, facts) = read_entries(feature, &body.0)?;
    check_kinds(&state, &account, feature, &items).await?;
    let _turn = state.directory.naming_turn().await;
    let named = state.read(move |ledger| naming::name(&ledger, items)).await?;
    let named = named.map_err(|contradiction| ApiProblem::InvalidItem(contradiction.to_string()))?;
    let Named { uids, records, changed } = named;
    let mut changes: Vec<Change> = changed.into_iter().map(Change::PutItem).collect();
    let mut rows = Vec::with_capacity(uids.len());
    for (uid, fact) in uids.into_iter().zip(facts) {
        let play = play_key(fact);
        changes.push(Change::Shelf(account.clone(), ShelfChange::Put { uid, play, fact }));
        if let Some(item) = records.get(&uid) {
            rows.push(TrackerRow::from(&ShelfRow { uid, play, item: item.clone(), fact }));
        }
    }
    save(&state, changes).await?;
    Ok(web::Json(Listing::whole(rows)))
}

/// Rows that are named in the query.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemoveQuery {
    /// The tracker; the only one where left out.
    provider: Option<String>,
    /// Ids of rows, separated by commas.
    id: Option<String>,
}

/// Takes rows out of the built-in tracker. Their ids stand in the query or in the body.
#[utoipa::path(
    delete, path = "/api/v1/tracker/{feature}", operation_id = "remove_from_tracker", tag = "tracker",
    params(("feature" = String, Path, description = "`history`, `watchlist`, `ratings` or `progress`."), RemoveQuery),
    request_body = Option<TrackerIds>,
    responses(
        (status = 200, description = "What was taken out.", body = TrackerDropped),
        (status = 400, description = "The query or body does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such feature or provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "There is no single tracker.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    state: web::Data<ApiState>,
    feature: web::Path<String>,
    query: Query<RemoveQuery>,
    body: Body<TrackerIds>,
) -> Result<web::Json<TrackerDropped>, ApiProblem> {
    let feature = feature_of(&feature)?;
    let account = tracker(&state, body.0.provider.as_deref().or(query.0.provider.as_deref()))?;
    let in_query = query.0.id.iter().flat_map(|ids| ids.split(',')).map(str::trim).map(str::to_owned);
    let mut ids: Vec<String> = body.0.ids.into_iter().chain(in_query).collect();
    ids.sort_unstable();
    ids.dedup();
    check_count("ids", ids.len())?;
    let (mut wanted, mut unknown) = (Vec::new(), Vec::new());
    for id in ids {
        match parse_row_id(&id) {
            Some(row) => wanted.push(row),
            None => unknown.push(id),
        }
    }
    let _turn = state.directory.naming_turn().await;
    let shelf = account.clone();
    let found = state
        .read(move |ledger| {
            let is_there = |row: &ShelfCursor| {
                let rows = ledger.shelf_rows_of(&shelf, feature, row.uid)?;
                Ok(rows.iter().any(|there| there.play == row.play))
            };
            wanted.into_iter().map(|row| Ok((row, is_there(&row)?))).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let mut changes = Vec::new();
    for (row, is_there) in found {
        if is_there {
            let gone = ShelfChange::Drop { feature, uid: row.uid, play: row.play };
            changes.push(Change::Shelf(account.clone(), gone));
        } else {
            unknown.push(row_id(row.uid, row.play));
        }
    }
    let removed = changes.len();
    save(&state, changes).await?;
    Ok(web::Json(TrackerDropped { removed, unknown }))
}

pub(super) async fn save(state: &ApiState, changes: Vec<Change>) -> Result<(), ApiProblem> {
    if changes.is_empty() {
        return Ok(());
    }
    stored(state.directory.store().save(Commit { fence: None, durability: Durability::Synced, changes })).await
}

pub(super) fn feature_of(text: &str) -> Result<Feature, ApiProblem> {
    text.parse().map_err(|_| ApiProblem::UnknownFeature(text.to_owned()))
}

/// Which play a row is about: plays differ by their minute, everything else is there once.
fn play_key(fact: Fact) -> PlayKey {
    match fact {
        Fact::Play(watched_at) => PlayKey::of(watched_at),
        Fact::Listed(_) | Fact::Rated { .. } | Fact::Resume { .. } => PlayKey::PRESENCE,
    }
}

fn check_count(field: &str, count: usize) -> Result<(), ApiProblem> {
    if (1..=LIMIT_MAX).contains(&count) {
        return Ok(());
    }
    Err(ApiProblem::BadBody(format!("{field}: give 1 to {LIMIT_MAX} of them; these are {count}")))
}

fn read_entries(feature: Feature, body: &TrackerAdd) -> Result<(Vec<Item>, Vec<Fact>), ApiProblem> {
    let read = |(at, entry): (usize, &super::shapes::TrackerEntry)| {
        entry.read(feature).map_err(|why| ApiProblem::InvalidItem(format!("items[{at}].{why}")))
    };
    let entries: Result<Vec<_>, _> = body.items.iter().enumerate().map(read).collect();
    Ok(entries?.into_iter().unzip())
}

/// The tracker says which kinds a feature of it holds.
async fn check_kinds(
    state: &ApiState,
    account: &ProviderId,
    feature: Feature,
    items: &[Item],
) -> Result<(), ApiProblem> {
    let now = state.account_state(account).await.ok_or_else(|| ApiProblem::no_account(account))?;
    let kinds = now.capabilities.feature(feature).map(|capability| capability.kinds).unwrap_or_default();
    match items.iter().enumerate().find(|(_, item)| !kinds.contains(&item.kind)) {
        None => Ok(()),
        Some((at, item)) => {
            let known: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            let detail = format!("items[{at}].item.kind: {feature} holds {}, not {}", known.join(", "), item.kind);
            Err(ApiProblem::InvalidItem(detail))
        }
    }
}

/// The tracker that is meant: the named one, or the only one.
pub(super) fn tracker(state: &ApiState, named: Option<&str>) -> Result<ProviderId, ApiProblem> {
    let trackers = state.settings.providers.iter().filter(|provider| provider.kind == ProviderKind::Tracker);
    let trackers: Vec<&ProviderId> = trackers.map(|provider| &provider.id).collect();
    let configured = match named {
        Some(name) => Some(provider_id(name)?),
        None => None,
    };
    if let Some(id) = &configured
        && state.settings.provider(id).is_none()
    {
        return Err(ApiProblem::UnknownProvider(id.to_string()));
    }
    choose(&trackers, configured.as_ref()).map_err(ApiProblem::WhichTracker)
}

fn choose(trackers: &[&ProviderId], named: Option<&ProviderId>) -> Result<ProviderId, String> {
    let all = || trackers.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    match (trackers, named) {
        ([], _) => Err("there is no built-in tracker; add a [[provider]] with kind = \"tracker\"".to_owned()),
        (_, Some(id)) if trackers.contains(&id) => Ok(id.clone()),
        (_, Some(id)) => Err(format!("{id} is not a built-in tracker; use one of: {}", all())),
        ([only], None) => Ok((*only).clone()),
        (_, None) => Err(format!("there are several built-in trackers; name one with `provider`: {}", all())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tracker_is_the_named_or_the_only_one() {
        let (one, two, other) =
            (ProviderId::parse("one").unwrap(), ProviderId::parse("two").unwrap(), ProviderId::parse("home").unwrap());
        assert_eq!(choose(&[&one], None), Ok(one.clone()));
        assert_eq!(choose(&[&one, &two], Some(&two)), Ok(two.clone()));
        assert!(choose(&[&one, &two], None).unwrap_err().contains("one, two"));
        assert!(choose(&[&one], Some(&other)).unwrap_err().contains("home is not"));
        assert!(choose(&[], None).unwrap_err().contains("kind = \"tracker\""));
    }
}
