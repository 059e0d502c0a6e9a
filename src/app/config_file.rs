//! The configuration file while the service runs: a new text is checked like at a start, put in place with one rename,
//! and handed to whoever runs the service.
//!
//! The text is written as it was given, so comments stay. Deliberately absent: watching the file for changes by others.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crosswatch_settings::{Settings, Sources, diff, load_text};
use crosswatch_web::{ConfigFile, ConfigProblem, ConfigRefused, ConfigTaken};
use tokio::sync::watch;

/// How the API shows a secret. A text that has it where a secret belongs was copied from there.
const MASK: &str = "***";

/// The file, and what runs.
pub(crate) struct FileOnDisk {
    path: PathBuf,
    sources: Sources,
    /// What the process was started with. One text is taken at a time.
    started_with: Mutex<Arc<Settings>>,
    taken: watch::Sender<Option<Arc<Settings>>>,
}

impl FileOnDisk {
    /// The file at this path; new settings are sent to whoever listens.
    pub(crate) fn new(
        path: PathBuf,
        sources: Sources,
        settings: Arc<Settings>,
        taken: watch::Sender<Option<Arc<Settings>>>,
    ) -> Self {
        Self { path, sources, started_with: Mutex::new(settings), taken }
    }
}

impl ConfigFile for FileOnDisk {
    fn replace(&self, text: &str) -> Result<ConfigTaken, ConfigRefused> {
        let started_with = self.started_with.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = check(text, &self.path, &self.sources).map_err(ConfigRefused::Wrong)?;
        write_in_place(&self.path, text)
            .map_err(|error| ConfigRefused::Unwritable(format!("{}: {error}", self.path.display())))?;
        let (settings, after_restart) = bound_to(&started_with, settings);
        tracing::info!("the configuration was replaced; taking it now");
        self.taken.send_replace(Some(Arc::new(settings)));
        Ok(ConfigTaken { after_restart })
    }
}

/// The settings of a text, or everything that is wrong with it.
fn check(text: &str, path: &Path, sources: &Sources) -> Result<Settings, Vec<ConfigProblem>> {
    let masked = masked(text);
    if !masked.is_empty() {
        return Err(masked);
    }
    load_text(text, path, sources).map_err(|error| {
        let problem = |problem: &crosswatch_settings::Problem| ConfigProblem {
            line: problem.line(),
            field: problem.field.clone(),
            message: problem.message.clone(),
        };
        error.problems.iter().map(problem).collect::<Vec<_>>()
    })
}

/// Values that are the mask of a secret. What cannot be read as TOML is told by the check that follows.
fn masked(text: &str) -> Vec<ConfigProblem> {
    let Ok(table) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let mut problems = Vec::new();
    for (name, value) in &table {
        collect_masked(name, value, &mut problems);
    }
    problems
}

fn collect_masked(field: &str, value: &toml::Value, problems: &mut Vec<ConfigProblem>) {
    match value {
        toml::Value::String(text) if text == MASK => problems.push(ConfigProblem {
            line: None,
            field: field.to_owned(),
            message: "is the mask of a secret: write the secret itself, or { file = \"…\" } or { env = \"…\" }"
                .to_owned(),
        }),
        toml::Value::Table(table) => {
            for (name, value) in table {
                collect_masked(&format!("{field}.{name}"), value, problems);
            }
        }
        toml::Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                let id = value.get("id").and_then(toml::Value::as_str).map_or_else(|| at.to_string(), str::to_owned);
                collect_masked(&format!("{field}[{id}]"), value, problems);
            }
        }
        _ => {}
    }
}

/// New settings as far as this process can take them: its socket, its data folder and its log stay what they are.
fn bound_to(started_with: &Settings, new: Settings) -> (Settings, Vec<&'static str>) {
    let changes = diff(started_with, &new);
    let mut after_restart = Vec::new();
    let mut bound = new;
    if bound.server.listen != started_with.server.listen {
        after_restart.push("server.listen");
        bound.server.listen = started_with.server.listen;
    }
    if changes.storage_changed {
        after_restart.push("data.dir");
        bound.storage = started_with.storage.clone();
    }
    if changes.log_changed {
        after_restart.push("log");
        bound.log = started_with.log;
    }
    (bound, after_restart)
}

/// Writes beside the file first, so that a crash leaves the old text or the new one. The rights of the file stay.
fn write_in_place(path: &Path, text: &str) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let mode = fs::metadata(path).map_or(0o600, |about| about.permissions().mode() & 0o777);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&partial)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    })();
    if written.is_err() {
        drop(fs::remove_file(&partial));
    }
    written
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const GOOD: &str = "# mine\n[[provider]]\nid = \"a\"\nkind = \"tracker\"\n";

    /// A file that says `GOOD`, and what hears of new settings.
    fn on_disk() -> (tempfile::TempDir, FileOnDisk, watch::Receiver<Option<Arc<Settings>>>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crosswatch.toml");
        fs::write(&path, GOOD).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let sources = Sources::new(folder.path(), BTreeMap::new());
        let settings = Arc::new(load_text(GOOD, &path, &sources).unwrap());
        let (sender, receiver) = watch::channel(None);
        (folder, FileOnDisk::new(path, sources, settings, sender), receiver)
    }

    #[test]
    fn a_good_text_is_written_as_it_is_and_handed_on() {
        let (_folder, file, mut taken) = on_disk();
        let text = format!(
            "{GOOD}# more\n[server]\nlisten = \"127.0.0.1:9999\"\nbase_path = \"/x\"\n[log]\nlevel = \"debug\"\n"
        );
        assert_eq!(file.replace(&text).unwrap().after_restart, ["server.listen", "log"]);
        assert_eq!(fs::read_to_string(&file.path).unwrap(), text);
        assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o640);
        let settings = taken.borrow_and_update().clone().unwrap();
        assert_eq!((settings.server.listen.port(), settings.server.base_path.as_str()), (8787, "/x"));
    }

    #[test]
    fn a_wrong_text_changes_nothing_and_all_of_it_is_told() {
        let (folder, file, taken) = on_disk();
        for (text, fields) in [
            (
                "[server]\nlisten = 8787\nbase_paht = \"\"\n",
                vec![(Some(2), "server.listen"), (Some(3), "server.base_paht")],
            ),
            ("[server\n", vec![(Some(1), "")]),
            (
                "[server]\napi_key = \"***\"\n[[provider]]\nid = \"t\"\ntoken = \"***\"\n",
                vec![(None, "provider[t].token"), (None, "server.api_key")],
            ),
            (
                "[[provider]]\nid = \"a\"\nkind = \"tracker\"\n[[provider]]\nid = \"b\"\nkind = \"tracker\"\n\
                 [[pair]]\nid = \"p\"\nsource = \"a\"\ntarget = \"b\"\nmode = \"both-ways\"\n",
                vec![(Some(11), "pair[p].mode")],
            ),
        ] {
            let Err(ConfigRefused::Wrong(problems)) = file.replace(text) else { panic!("{text} was taken") };
            let mut told: Vec<_> = problems.iter().map(|problem| (problem.line, problem.field.as_str())).collect();
            told.sort_by_key(|(line, field)| (*line, *field));
            assert_eq!(told, fields, "{problems:?}");
        }
        assert_eq!(fs::read_to_string(&file.path).unwrap(), GOOD);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(taken.borrow().is_none());
    }
}
