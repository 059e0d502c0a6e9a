//! Files into the built-in tracker: a preview, the import itself, and taking one back.
//!
//! Promises: the preview writes nothing; an import is written in parts that are each all or none and can be gone on with;
//! it is remembered with its rows, so that exactly these can be taken back where nobody touched them since.
//! Deliberately absent: reading formats and deciding what is new, which is `crosswatch-exchange`.

use std::time::Duration;

use actix_web::web;
use crosswatch_exchange::{FILE_MAX_BYTES, FileError, settle::Settled};
use crosswatch_model::{Fact, PlanItem, PlayKey, ProviderId, RunId, Uid};
use crosswatch_port::{Change, ImportRecord, ImportState, Ledger, ShelfChange, StorageFailure};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    shapes::{ImportRecordShape, ImportShape, ImportUndoShape},
    tracker::{save, tracker},
};
use crate::{
    extract::Query,
    paging::{Listing, limit},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// Reading a large file and joining it with everything that is known takes no longer.
const SETTLING: Duration = Duration::from_secs(115);
/// So many imports of an account can be taken back; older ones are forgotten, their rows stay.
const IMPORTS_KEPT: usize = 50;
/// Lines of an import that are taken back at once.
const LINES: u32 = 1_000;

/// Where to, and whether to write.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// The tracker; the only one where left out.
    provider: Option<String>,
    /// Whether only to say what would become of the file.
    #[serde(default)]
    dry_run: bool,
}

/// Imports a file of another tool into the built-in tracker. The body is the file; what kind it is, is told by its content.
#[utoipa::path(
    post, path = "/api/v1/tracker/import", operation_id = "import_into_tracker", tag = "tracker", params(ImportQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "What became of its rows, or with `dry_run` would become.", body = ImportShape),
        (status = 400, description = "The query does not fit, or the body could not be received.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The file is too large.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It is no file that can be imported, or there is no single tracker.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn import(
    state: web::Data<ApiState>,
    query: Query<ImportQuery>,
    body: web::Payload,
) -> Result<web::Json<ImportShape>, ApiProblem> {
    let account = tracker(&state, query.0.provider.as_deref())?;
    let bytes = match body.to_bytes_limited(FILE_MAX_BYTES).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(ApiProblem::BadBody(format!("the file could not be received: {error}"))),
        Err(_) => return Err(ApiProblem::TooLarge { limit_bytes: FILE_MAX_BYTES }),
    };
    let dry_run = query.0.dry_run;
    // A preview changes nothing and so waits for nobody.
    let _turn = if dry_run { None } else { Some(state.directory.naming_turn().await) };
    let settled = settle(&state, &account, bytes).await?;
    let shape = ImportShape::of(&settled, dry_run);
    if dry_run || settled.is_empty() {
        return Ok(web::Json(shape));
    }
    let writes_rows = settled.writes_rows();
    let record = write(&state, &account, settled).await?;
    if !writes_rows {
        return Ok(web::Json(shape));
    }
    tracing::info!(provider = %account, format = %record.format, added = record.added, updated = record.updated,
        misplaced = record.misplaced, "imported a file");
    forget_old(&state, &account).await?;
    Ok(web::Json(shape.written_as(&record)))
}

/// Reads the file and says what of it is new. All of it is work for a blocking thread.
async fn settle(state: &ApiState, account: &ProviderId, bytes: web::Bytes) -> Result<Settled, ApiProblem> {
    let (account, zone, knowledge) = (account.clone(), state.clock.zone(), state.directory.knowledge());
    let work = state.directory.store().query(move |ledger| {
        let imported = match crosswatch_exchange::read(&bytes, &zone) {
            Ok(imported) => imported,
            Err(error) => return Ok(Err(error)),
        };
        drop(bytes);
        let known = knowledge.current();
        crosswatch_exchange::settle::settle(ledger, &account, imported, &known.evidence, &zone).map(Ok)
    });
    match tokio::time::timeout(SETTLING, work).await {
        Ok(settled) => settled?.map_err(|error: FileError| ApiProblem::UnreadableFile(error.to_string())),
        Err(_) => Err(ApiProblem::Busy("the file takes too long to read; import it in parts".to_owned())),
    }
}

/// Writes the rows part by part. What a part says about the import is true when the part is on the disk.
async fn write(state: &ApiState, account: &ProviderId, settled: Settled) -> Result<ImportRecord, ApiProblem> {
    let at = state.clock.now();
    let unix_ms = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let record = ImportRecord {
        id: RunId::new(unix_ms, [state.entropy.next_u64(), state.entropy.next_u64()]),
        account: account.clone(),
        format: settled.format.as_str().into(),
        at,
        state: ImportState::Applying,
        added: 0,
        updated: 0,
        misplaced: settled.misplaced_total,
        taken_back: 0,
    };
    let nameless = settled.nameless();
    let first = if nameless > 0 { state.read(move |ledger| ledger.mint_uids(nameless)).await? } else { Uid(0) };
    let mut chunks = settled.chunks(record, first);
    for changes in chunks.by_ref() {
        save(state, changes).await?;
    }
    Ok(chunks.import().clone())
}

async fn forget_old(state: &ApiState, account: &ProviderId) -> Result<(), ApiProblem> {
    let of = account.clone();
    let imports = state.read(move |ledger| ledger.imports(&of)).await?;
    let old = imports.into_iter().skip(IMPORTS_KEPT).map(|import| Change::DropImport(import.id));
    save(state, old.collect()).await
}

/// Which tracker.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportsQuery {
    /// The tracker; the only one where left out.
    provider: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// The files that were imported into the built-in tracker, newest first; the last fifty are remembered.
#[utoipa::path(
    get, path = "/api/v1/tracker/imports", operation_id = "tracker_imports", tag = "tracker", params(ImportsQuery),
    responses(
        (status = 200, description = "Newest first.", body = Listing<ImportRecordShape>),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "There is no single tracker.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn imports(
    state: web::Data<ApiState>,
    query: Query<ImportsQuery>,
) -> Result<web::Json<Listing<ImportRecordShape>>, ApiProblem> {
    let account = tracker(&state, query.0.provider.as_deref())?;
    let limit = limit(query.0.limit.as_deref())?;
    let imports = state.read(move |ledger| ledger.imports(&account)).await?.into_iter();
    let page = Listing::after(imports, query.0.cursor.as_deref(), limit, |import| import.id.to_string())?;
    Ok(web::Json(page.map(ImportRecordShape::from)))
}

/// Takes an import back: rows that it added go, rows that it replaced have their former value again. Rows that changed
/// since are left alone.
#[utoipa::path(
    post, path = "/api/v1/tracker/imports/{id}/undo", operation_id = "undo_import", tag = "tracker",
    params(("id" = String, Path, description = "The import.")),
    responses(
        (status = 200, description = "What was taken back.", body = ImportUndoShape),
        (status = 404, description = "No such import.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It was taken back already.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn undo(
    state: web::Data<ApiState>,
    id: web::Path<String>,
) -> Result<web::Json<ImportUndoShape>, ApiProblem> {
    let id = RunId::parse(&id).ok_or_else(|| ApiProblem::UnknownImport(id.to_string()))?;
    let _turn = state.directory.naming_turn().await;
    let record = state.read(move |ledger| ledger.import(id)).await?;
    let mut record = record.ok_or_else(|| ApiProblem::UnknownImport(id.to_string()))?;
    if record.state == ImportState::Undone {
        return Err(ApiProblem::ImportUndone(id));
    }
    let mut undone = ImportUndoShape { import: id.to_string(), removed: 0, restored: 0, kept: 0 };
    let mut from = 0;
    loop {
        let account = record.account.clone();
        let way_back = state.read(move |ledger| way_back(ledger, &account, id, from)).await?;
        undone.removed += way_back.removed;
        undone.restored += way_back.restored;
        undone.kept += way_back.kept;
        record.taken_back += way_back.removed + way_back.restored;
        let Some(last) = way_back.last_line else { break };
        from = last + 1;
        let mut changes = way_back.changes;
        changes.push(Change::PutImport(record.clone()));
        save(&state, changes).await?;
    }
    record.state = ImportState::Undone;
    save(&state, vec![Change::PutImport(record)]).await?;
    Ok(web::Json(undone))
}

/// How some lines of an import are taken back.
#[derive(Debug, Default)]
struct WayBack {
    changes: Vec<Change>,
    removed: u64,
    restored: u64,
    kept: u64,
    last_line: Option<u32>,
}

fn way_back(ledger: &dyn Ledger, account: &ProviderId, import: RunId, from: u32) -> Result<WayBack, StorageFailure> {
    let mut lines = Vec::new();
    ledger.visit_lines(import, from, &mut |record| {
        lines.push(record);
        lines.len() < LINES as usize
    })?;
    let mut way = WayBack { last_line: lines.last().map(|line| line.number), ..WayBack::default() };
    for PlanItem { uid, value, before, .. } in lines.into_iter().map(|record| record.line) {
        let (Some(uid), Some(fact)) = (uid, value) else { continue };
        let rows = ledger.shelf_rows_of(account, fact.feature(), uid)?;
        let now = |fact: Fact| rows.iter().find(|row| row.play == PlayKey::of_fact(fact)).map(|row| row.fact);
        if now(fact) != Some(fact) {
            way.kept += 1;
            continue;
        }
        let (play, feature) = (PlayKey::of_fact(fact), fact.feature());
        let restored = before.filter(|before| PlayKey::of_fact(*before) == play || now(*before).is_none());
        if restored.is_none_or(|before| PlayKey::of_fact(before) != play) {
            way.changes.push(Change::Shelf(account.clone(), ShelfChange::Drop { feature, uid, play }));
        }
        match restored {
            Some(fact) => {
                let put = ShelfChange::Put { uid, play: PlayKey::of_fact(fact), fact };
                way.changes.push(Change::Shelf(account.clone(), put));
                way.restored += 1;
            }
            None => way.removed += 1,
        }
    }
    Ok(way)
}
