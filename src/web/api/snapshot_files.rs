//! A snapshot as a file, out and in: lines of JSON, the first of which says what they are.

use std::sync::Arc;

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header, web};
use crosswatch_model::{Feature, RunId, SnapshotCause};
use crosswatch_port::{Ledger, NewSnapshot, SnapshotRecord, SnapshotRow, StorageFailure};
use futures_util::{
    future::LocalBoxFuture,
    stream::{Stream, try_unfold},
};

use super::{
    shapes::{HeadLine, RowLine, SnapshotShape},
    snapshots::stored,
};
use crate::{
    extract::snapshot_id,
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// Files are no larger.
const FILE_MAX_BYTES: usize = 64 * 1024 * 1024;
/// Rows of a snapshot that are on their way at a time.
const ROWS_AT_ONCE: usize = 1_000;
/// What such files are.
pub(super) const LINES: &str = "application/x-ndjson";

/// A snapshot as a file.
#[utoipa::path(
    get, path = "/api/v1/snapshots/{id}/export", operation_id = "export_snapshot", tag = "snapshots",
    params(("id" = String, Path, description = "The snapshot.")),
    responses(
        (status = 200, description = "Lines of JSON: one that says what it is, then one per row.", body = String, content_type = "application/x-ndjson"),
        (status = 404, description = "No such snapshot.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(state: web::Data<ApiState>, id: web::Path<String>) -> Result<HttpResponse, ApiProblem> {
    let record = stored(&state, snapshot_id(&id)?).await?;
    let name = format!("attachment; filename=\"{}-{}.jsonl\"", record.provider, record.id);
    Ok(HttpResponse::Ok()
        .content_type(LINES)
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(lines(state, record)))
}

/// Where the next portion begins.
enum Next {
    Head,
    Rows { part: usize, number: u64 },
}

fn lines(
    state: web::Data<ApiState>,
    record: SnapshotRecord,
) -> impl Stream<Item = Result<web::Bytes, ApiProblem>> + 'static {
    let record = Arc::new(record);
    try_unfold(Next::Head, move |next| {
        let (state, record) = (state.clone(), Arc::clone(&record));
        async move { portion(&state, &record, next).await }
    })
}

async fn portion(
    state: &ApiState,
    record: &Arc<SnapshotRecord>,
    next: Next,
) -> Result<Option<(web::Bytes, Next)>, ApiProblem> {
    let Next::Rows { part, number } = next else {
        let head = line(&HeadLine::of(record))?;
        return Ok(Some((head.into(), Next::Rows { part: 0, number: 0 })));
    };
    let Some(feature) = record.parts.get(part).map(|part| part.feature) else { return Ok(None) };
    let id = record.id;
    let rows = state.read(move |ledger| some_rows(ledger, id, feature, number)).await?;
    let mut text = String::new();
    for row in &rows {
        text.push_str(&line(&RowLine::of(feature, row))?);
    }
    let next = if rows.len() < ROWS_AT_ONCE {
        Next::Rows { part: part + 1, number: 0 }
    } else {
        Next::Rows { part, number: number + rows.len() as u64 }
    };
    Ok(Some((text.into(), next)))
}

fn some_rows(ledger: &dyn Ledger, id: RunId, feature: Feature, from: u64) -> Result<Vec<SnapshotRow>, StorageFailure> {
    let mut rows = Vec::new();
    let mut take = |row| {
        rows.push(row);
        rows.len() < ROWS_AT_ONCE
    };
    ledger.visit_snapshot(id, feature, from, &mut take)?;
    Ok(rows)
}

/// A line of a file.
pub(super) fn line(value: &impl serde::Serialize) -> Result<String, ApiProblem> {
    let text = serde_json::to_string(value).map_err(|error| ApiProblem::Internal(error.to_string()))?;
    Ok(text + "\n")
}

/// A file as it arrives.
pub(crate) struct File(web::Bytes);

impl File {
    /// What is in it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromRequest for File {
    type Error = ApiProblem;
    type Future = LocalBoxFuture<'static, Result<Self, ApiProblem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = web::Payload::from_request(request, payload).into_inner();
        Box::pin(async move {
            let payload = payload.map_err(|error| ApiProblem::BadBody(error.to_string()))?;
            match payload.to_bytes_limited(FILE_MAX_BYTES).await {
                Ok(Ok(bytes)) => Ok(Self(bytes)),
                Ok(Err(error)) => Err(ApiProblem::BadBody(format!("the file could not be received: {error}"))),
                Err(_) => Err(ApiProblem::TooLarge { limit_bytes: FILE_MAX_BYTES }),
            }
        })
    }
}

/// Takes a snapshot in from a file. The same file twice changes nothing.
#[utoipa::path(
    post, path = "/api/v1/snapshots/import", operation_id = "import_snapshot", tag = "snapshots",
    request_body(content = String, content_type = "application/x-ndjson", description = "What an export gave; at most 64 MiB."),
    responses(
        (status = 200, description = "It was there already.", body = SnapshotShape),
        (status = 201, description = "The snapshot.", body = SnapshotShape),
        (status = 400, description = "The file is not a snapshot; the line is named.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The file is larger than 64 MiB.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn import(state: web::Data<ApiState>, file: File) -> Result<HttpResponse, ApiProblem> {
    let read = web::block(move || read(&file.0)).await;
    let new = read.map_err(|error| ApiProblem::Internal(error.to_string()))?.map_err(ApiProblem::BadBody)?;
    let id = new.id;
    if let Some(known) = state.read(move |ledger| ledger.snapshot(id)).await? {
        return Ok(HttpResponse::Ok().json(SnapshotShape::from(&known)));
    }
    let record = state.read(move |ledger| ledger.put_snapshot(new)).await?;
    Ok(HttpResponse::Created().json(SnapshotShape::from(&record)))
}

/// The snapshot of a file, or the line that does not fit and why.
fn read(bytes: &[u8]) -> Result<NewSnapshot, String> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
    let (_, first) = lines.next().ok_or("the file is empty; send what an export gave")?;
    let head: HeadLine = serde_json::from_slice(first).map_err(|error| format!("line 1: {error}"))?;
    let head = head.read().map_err(|why| format!("line 1: {why}"))?;
    let mut rows: Vec<(Feature, Vec<SnapshotRow>)> =
        head.features.iter().map(|feature| (*feature, Vec::new())).collect();
    for (number, line) in lines {
        let line: RowLine = serde_json::from_slice(line).map_err(|error| format!("line {number}: {error}"))?;
        let (feature, row) = line.read().map_err(|why| format!("line {number}: {why}"))?;
        let Some((_, rows)) = rows.iter_mut().find(|(known, _)| *known == feature) else {
            return Err(format!("line {number}: feature: line 1 does not name {feature}"));
        };
        rows.push(row);
    }
    Ok(NewSnapshot {
        id: head.id,
        provider: head.provider,
        fingerprint: head.fingerprint.into(),
        user: head.user.into(),
        taken_at: head.taken_at,
        cause: SnapshotCause::Import,
        is_pinned: false,
        rows,
    })
}
