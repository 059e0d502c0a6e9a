//! `crosswatch export`: writes the content of the built-in tracker to a file or to standard output.
//!
//! A file is complete or not there: it is written beside its place and moved there at the end.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use crosswatch_settings::Settings;

use crate::{
    cli::ExportArguments,
    exit::{Exit, Failure},
    output::{self, table::harmless},
    session::Session,
};

/// Writes the export.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &ExportArguments) -> Result<Exit, Failure> {
    let provider = arguments.provider.as_deref().map(|id| format!("&provider={id}")).unwrap_or_default();
    let feature = arguments.feature.map(|feature| format!("&feature={feature}")).unwrap_or_default();
    let path = format!("/api/v1/tracker/export?format={}{provider}{feature}", arguments.format.as_str());
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let left_out = match &arguments.output {
                Some(target) => to_file(session, &path, target).await?,
                None => session.api().download(&path, &mut io::stdout().lock()).await?,
            };
            if let Some(left_out) = left_out {
                let shape = arguments.format.as_str();
                output::warn(&format!("left out, because the shape {shape} cannot hold it: {}", harmless(&left_out)));
            }
            Ok(Exit::Done)
        })
        .await
}

/// Writes what is at this path to a file, all of it or none.
pub(crate) async fn to_file(session: &Session, path: &str, target: &Path) -> Result<Option<String>, Failure> {
    let beside = beside(target);
    let unwritable = |error: io::Error| Failure::failed(format!("{} cannot be written: {error}", target.display()));
    let mut file = File::create(&beside).map_err(unwritable)?;
    let written = match session.api().download(path, &mut file).await {
        Ok(left_out) => file.flush().and_then(|()| file.sync_all()).map_err(unwritable).map(|()| left_out),
        Err(failure) => Err(failure.into()),
    };
    let moved = written.and_then(|left_out| fs::rename(&beside, target).map_err(unwritable).map(|()| left_out));
    if moved.is_err() {
        // What is left of it is of no use; that it cannot be removed changes nothing about the failure.
        drop(fs::remove_file(&beside));
    }
    moved
}

/// `ledger.json` is written as `ledger.json.partial` first.
fn beside(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
