//! `crosswatch backup FILE`, `restore-backup FILE` and `store verify`: copies of the store, and looking at all of it.
//!
//! A copy is asked from whoever has the store, so a running service need not stop for it. Putting one back, and reading
//! everything, need the data folder alone.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crosswatch_settings::Settings;
use crosswatch_store::{BackupError, FjallLedger, OpenError, Replace, StoreCheck, check_backup, restore_backup};
use serde_json::json;

use crate::{
    cli::{BackupArguments, RestoreBackupArguments, VerifyArguments},
    exit::{Exit, Failure},
    output::{self, json, words},
    session::Session,
};

/// Writes a copy of the store to a file that is not there yet.
pub(crate) async fn backup(settings: &Arc<Settings>, arguments: &BackupArguments) -> Result<Exit, Failure> {
    let path = &arguments.file;
    if path.exists() {
        return Err(Failure::failed(format!("{} is there already; choose another name", path.display())));
    }
    let partial = with_ending(path, ".partial");
    let session = Session::open(settings).await?;
    let result = session
        .finish(async |session: &Session| {
            let mut file = create(&partial).map_err(|error| unwritable(&partial, &error))?;
            session.api().download("/api/v1/backup", &mut file).await?;
            file.sync_all().map_err(|error| unwritable(&partial, &error))?;
            let count = check_backup(&partial).map_err(|error| failure(&error))?;
            fs::rename(&partial, path).map_err(|error| unwritable(path, &error))?;
            Ok(count)
        })
        .await;
    let count = match result {
        Ok(count) => count,
        Err(failure) => {
            drop(fs::remove_file(&partial));
            return Err(failure);
        }
    };
    output::say(&format!(
        "{}: {}, {} bytes. The tokens in it are sealed; keep the secret key elsewhere.",
        path.display(),
        words::counted(count.rows, "row", "rows"),
        words::count(count.bytes)
    ))?;
    Ok(Exit::Done)
}

/// Puts a copy in the place of the store.
pub(crate) fn restore(settings: &Settings, arguments: &RestoreBackupArguments) -> Result<Exit, Failure> {
    let folder = &settings.storage.dir;
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let replace = if arguments.force { Replace::Anything } else { Replace::Nothing };
    let restored = restore_backup(folder, &arguments.file, replace).map_err(|error| failure(&error))?;
    output::say(&format!("{}: {} restored.", folder.display(), words::counted(restored.count.rows, "row", "rows")))?;
    if let Some(kept) = restored.kept {
        output::say(&format!("What was there before is in {}; delete it when you miss nothing.", kept.display()))?;
    }
    Ok(Exit::Done)
}

/// Reads all of the store.
pub(crate) fn verify(settings: &Settings, arguments: VerifyArguments) -> Result<Exit, Failure> {
    let folder = &settings.storage.dir;
    if !folder.join("db").exists() {
        return Err(Failure::failed(format!("there is no store in {}", folder.display())));
    }
    let ledger = FjallLedger::open(folder, crosswatch_store::OpenOptions::default()).map_err(|error| match error {
        OpenError::Locked(_) => Failure::new(Exit::InUse, error.to_string()),
        error => Failure::storage(error.to_string()),
    })?;
    let check = ledger.check();
    if arguments.json {
        let rows: serde_json::Map<String, serde_json::Value> =
            check.counts.iter().map(|count| (count.keyspace.to_owned(), json!(count.rows))).collect();
        json::print(&json!({ "ok": check.problems.is_empty(), "rows": rows, "problems": check.problems }))?;
    } else {
        output::say_text(&text(&check))?;
    }
    Ok(if check.problems.is_empty() { Exit::Done } else { Exit::Unhealthy })
}

fn text(check: &StoreCheck) -> String {
    let rows = check.counts.iter().map(|count| count.rows).sum();
    let rows = words::counted(rows, "row", "rows");
    if check.problems.is_empty() {
        return format!("The store is sound: {rows}.\n");
    }
    let problems = check.problems.join("\n  ");
    format!(
        "The store is damaged; {rows} can be read.\n  {problems}\n\
         Restore a backup: crosswatch restore-backup FILE --force\n"
    )
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{} cannot be written: {error}", path.display()))
}

fn failure(error: &BackupError) -> Failure {
    let exit = match error {
        BackupError::Locked(_) => Exit::InUse,
        BackupError::Failed(..) => Exit::StorageFailed,
        BackupError::Unreadable(..)
        | BackupError::NotABackup(_)
        | BackupError::Newer { .. }
        | BackupError::Damaged(..)
        | BackupError::Occupied(_) => Exit::Failed,
    };
    Failure::new(exit, error.to_string())
}

#[cfg(test)]
mod tests {
    use crosswatch_store::KeyspaceCount;

    use super::*;

    #[test]
    fn a_look_at_everything_says_how_it_is() {
        let counts = vec![KeyspaceCount { keyspace: "item", rows: 1200 }];
        let sound = StoreCheck { counts, problems: Vec::new() };
        assert_eq!(text(&sound), "The store is sound: 1 200 rows.\n");
        let damaged = StoreCheck { problems: vec!["the row 01 is gone".to_owned()], ..sound };
        let told = text(&damaged);
        assert!(told.contains("\n  the row 01 is gone\n") && told.contains("restore-backup"), "{told}");
    }
}
