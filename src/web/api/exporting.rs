//! The content of the built-in tracker as a file, streamed page by page.
//!
//! What a shape cannot hold is counted before the first byte and told in a header. A store that fails in the middle breaks
//! the answer off, so that half a file is never taken for a whole one.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Bytes},
};
use crosswatch_exchange::export::{Line, Shape, Writer};
use crosswatch_model::{Fact, Feature, ProviderId, Rating, Uid};
use crosswatch_port::{Ledger, ShelfCursor, ShelfRow, StorageFailure};
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::tracker::{feature_of, tracker};
use crate::{
    extract::Query,
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// Rows that are read at once.
const PAGE: usize = 1_000;
/// The header with what was left out, as in `watchlist=3, ratings=2`.
const LEFT_OUT: &str = "x-crosswatch-left-out";

/// Which rows, in which shape.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// The tracker; the only one where left out.
    provider: Option<String>,
    /// `json`, `csv`, `letterboxd` or `trakt`; `json` where left out.
    format: Option<String>,
    /// One feature alone; all of them where left out.
    feature: Option<String>,
}

/// The content of the built-in tracker as a file.
#[utoipa::path(
    get, path = "/api/v1/tracker/export", operation_id = "export_tracker", tag = "tracker", params(ExportQuery),
    responses(
        (status = 200, description = "The file. `X-CrossWatch-Left-Out` counts per feature what its shape cannot hold.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such feature or provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "There is no single tracker.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(state: web::Data<ApiState>, query: Query<ExportQuery>) -> Result<HttpResponse, ApiProblem> {
    let account = tracker(&state, query.0.provider.as_deref())?;
    let shape = match query.0.format.as_deref() {
        None => Shape::Json,
        Some(text) => Shape::parse(text).ok_or_else(|| unknown_shape(text))?,
    };
    let features = match query.0.feature.as_deref() {
        None => Feature::ALL.to_vec(),
        Some(text) => vec![feature_of(text)?],
    };
    let left_out = left_out(&state, &account, shape, &features).await?;
    let name = match features.as_slice() {
        [only] => format!("{account}-{only}.{}", shape.extension()),
        _ => format!("{account}.{}", shape.extension()),
    };
    let mut answer = HttpResponse::Ok();
    answer.content_type(shape.media_type());
    answer.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    if !left_out.is_empty() {
        let counts: Vec<String> = left_out.iter().map(|(feature, count)| format!("{feature}={count}")).collect();
        answer.insert_header((LEFT_OUT, counts.join(", ")));
    }
    let writer = Writer::new(shape, state.clock.zone());
    let file = File { state: state.into_inner(), account, shape, features, at: At::Head, writer, last_uid: None };
    Ok(answer.streaming(stream::unfold(file, |mut file| async {
        match file.part().await {
            Ok(Some(text)) => Some((Ok(Bytes::from(text)), file)),
            Ok(None) => None,
            Err(problem) => {
                tracing::error!("an export was broken off: {problem}");
                file.at = At::End;
                Some((Err(problem), file))
            }
        }
    })))
}

fn unknown_shape(text: &str) -> ApiProblem {
    let known: Vec<&str> = Shape::ALL.iter().map(|shape| shape.as_str()).collect();
    ApiProblem::BadQuery(format!("format={text:?} is not known; use one of: {}", known.join(", ")))
}

/// How many rows per feature the shape cannot hold.
async fn left_out(
    state: &ApiState,
    account: &ProviderId,
    shape: Shape,
    features: &[Feature],
) -> Result<BTreeMap<Feature, u64>, ApiProblem> {
    let mut left_out = BTreeMap::new();
    if matches!(shape, Shape::Json | Shape::Csv) {
        return Ok(left_out);
    }
    for feature in features {
        let mut after = None;
        loop {
            let rows = page(state, account, *feature, after).await?;
            after = rows.last().map(cursor).filter(|_| rows.len() == PAGE);
            let mut lost: Vec<ShelfRow> = rows.into_iter().filter(|row| !shape.holds(*feature, &row.item)).collect();
            if shape == Shape::Letterboxd && *feature == Feature::Ratings && features.contains(&Feature::History) {
                lost = without_plays(state, account, lost).await?;
            }
            if !lost.is_empty() {
                *left_out.entry(*feature).or_default() += lost.len() as u64;
            }
            if after.is_none() {
                break;
            }
        }
    }
    Ok(left_out)
}

/// Those of the ratings that stand beside no play: a watched film has its rating in the row of the play.
async fn without_plays(
    state: &ApiState,
    account: &ProviderId,
    ratings: Vec<ShelfRow>,
) -> Result<Vec<ShelfRow>, ApiProblem> {
    let account = account.clone();
    let read = move |ledger: &dyn Ledger| {
        let mut alone = Vec::new();
        for row in ratings {
            let is_beside_a_play = Shape::Letterboxd.holds(Feature::History, &row.item)
                && !ledger.shelf_rows_of(&account, Feature::History, row.uid)?.is_empty();
            if !is_beside_a_play {
                alone.push(row);
            }
        }
        Ok(alone)
    };
    state.read(read).await
}

async fn page(
    state: &ApiState,
    account: &ProviderId,
    feature: Feature,
    after: Option<ShelfCursor>,
) -> Result<Vec<ShelfRow>, ApiProblem> {
    let account = account.clone();
    state.read(move |ledger| ledger.shelf(&account, feature, after, PAGE)).await
}

const fn cursor(row: &ShelfRow) -> ShelfCursor {
    ShelfCursor { uid: row.uid, play: row.play }
}

/// A file that is being written.
struct File {
    state: Arc<ApiState>,
    account: ProviderId,
    shape: Shape,
    features: Vec<Feature>,
    at: At,
    writer: Writer,
    /// The item of the last play.
    last_uid: Option<Uid>,
}

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum At {
    Head,
    Rows { feature: usize, after: Option<ShelfCursor> },
    Foot,
    End,
}

impl File {
    /// The next part of the file, if there is one.
    async fn part(&mut self) -> Result<Option<String>, ApiProblem> {
        loop {
            let (feature, after) = match self.at {
                At::Head => {
                    self.at = At::Rows { feature: 0, after: None };
                    return Ok(Some(self.shape.head()));
                }
                At::Foot => {
                    self.at = At::End;
                    return Ok(Some(self.shape.foot().to_owned()).filter(|foot| !foot.is_empty()));
                }
                At::End => return Ok(None),
                At::Rows { feature, after } => (feature, after),
            };
            let Some(named) = self.features.get(feature).copied() else {
                self.at = At::Foot;
                continue;
            };
            let rows = page(&self.state, &self.account, named, after).await?;
            self.at = match rows.last() {
                Some(last) if rows.len() == PAGE => At::Rows { feature, after: Some(cursor(last)) },
                _ => At::Rows { feature: feature + 1, after: None },
            };
            let text = self.rows(named, rows).await?;
            if !text.is_empty() {
                return Ok(Some(text));
            }
        }
    }

    async fn rows(&mut self, feature: Feature, mut rows: Vec<ShelfRow>) -> Result<String, ApiProblem> {
        rows.retain(|row| self.shape.holds(feature, &row.item));
        let ratings = if self.shape == Shape::Letterboxd { self.ratings(&rows).await? } else { BTreeMap::new() };
        let mut text = String::new();
        for row in &rows {
            let is_rewatch = self.last_uid.replace(row.uid) == Some(row.uid);
            let rating = ratings.get(&row.uid).copied();
            text.push_str(&self.writer.row(&Line { item: &row.item, fact: row.fact, rating, is_rewatch }));
        }
        Ok(text)
    }

    /// The ratings of the items of some rows.
    async fn ratings(&self, rows: &[ShelfRow]) -> Result<BTreeMap<Uid, Rating>, ApiProblem> {
        let mut uids: Vec<Uid> = rows.iter().map(|row| row.uid).collect();
        uids.dedup();
        let account = self.account.clone();
        self.state.read(move |ledger| ratings_of(ledger, &account, &uids)).await
    }
}

fn ratings_of(
    ledger: &dyn Ledger,
    account: &ProviderId,
    uids: &[Uid],
) -> Result<BTreeMap<Uid, Rating>, StorageFailure> {
    let mut ratings = BTreeMap::new();
    for uid in uids {
        for row in ledger.shelf_rows_of(account, Feature::Ratings, *uid)? {
            if let Fact::Rated { value, .. } = row.fact {
                ratings.insert(*uid, value);
            }
        }
    }
    Ok(ratings)
}
