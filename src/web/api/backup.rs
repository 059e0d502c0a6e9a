//! A copy of the store as one file.
//!
//! The copy is written to a file in the data folder first, so that the store is held only as long as the disk needs and
//! not as long as the network does. The file has no name any more while it is sent, so a crash leaves none behind.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek},
    path::Path,
};

use actix_web::{
    HttpResponse,
    body::SizedStream,
    http::header,
    web::{self, Bytes},
};
use futures_util::stream;
use tokio::sync::Mutex;

use crate::{
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// What is read from the file at once.
const CHUNK_BYTES: usize = 256 << 10;

/// One copy is made at a time: each needs as much disk as the store.
#[derive(Debug, Default)]
pub(crate) struct BackupDesk(Mutex<()>);

/// A copy of everything the store holds at this moment, for `crosswatch restore-backup`.
#[utoipa::path(
    get, path = "/api/v1/backup", tag = "service",
    responses(
        (status = 200, description = "One file. Tokens in it are sealed with the secret key, which is not in it.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 503, description = "Another copy is being made, or the disk is full.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn backup(
    state: web::Data<ApiState>,
    desk: web::Data<BackupDesk>,
) -> Result<HttpResponse, ApiProblem> {
    let busy = || ApiProblem::Busy("another copy is being made; ask again when it is done".to_owned());
    let _alone = desk.0.try_lock().map_err(|_| busy())?;
    let path = state.settings.storage.dir.join(format!("backup-{:016x}.partial", state.entropy.next_u64()));
    let written = state.directory.store().query(move |ledger| {
        let mut file = match nameless(&path) {
            Ok(file) => file,
            Err(error) => return Ok(Err(at(&path, &error))),
        };
        let count = match ledger.backup(&mut file)? {
            Ok(count) => count,
            Err(error) => return Ok(Err(at(&path, &error))),
        };
        Ok(file.rewind().map(|()| (file, count)))
    });
    let (file, count) = written.await?.map_err(|error| ApiProblem::Busy(format!("the copy was not made: {error}")))?;
    tracing::info!(rows = count.rows, bytes = count.bytes, "made a copy of the store");
    let name = format!("attachment; filename=\"crosswatch-{}.backup\"", state.clock.now().strftime("%Y%m%d-%H%M%S"));
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(SizedStream::new(count.bytes, Box::pin(stream::try_unfold(file, next_chunk)))))
}

/// A file that only this process sees, and that is gone when it is closed.
fn nameless(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    fs::remove_file(path)?;
    Ok(file)
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    let folder = path.parent().unwrap_or(path);
    io::Error::new(error.kind(), format!("in {}: {error}", folder.display()))
}

/// Reads on, where blocking hurts nobody.
async fn next_chunk(mut file: File) -> Result<Option<(Bytes, File)>, actix_web::Error> {
    let chunk = web::block(move || {
        let mut bytes = Vec::with_capacity(CHUNK_BYTES);
        file.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut bytes).map(|_| (bytes, file))
    });
    let (bytes, file) = chunk.await??;
    Ok(if bytes.is_empty() { None } else { Some((Bytes::from(bytes), file)) })
}
