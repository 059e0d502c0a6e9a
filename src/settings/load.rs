//! From files and environment to settings: finding the file, putting the layers together, reporting everything.
//!
//! Nothing here looks at the process: environment and folders are arguments.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

use smol_str::SmolStr;

use crate::{
    check, environment,
    keys::ROOT,
    problem::{Origin, Problem, SettingsError},
    relations,
    secret::Resolver,
    settings::Settings,
    tree::{self, Table},
};

/// Where settings come from.
#[derive(Clone)]
pub struct Sources {
    /// The file named on the command line; nothing else is looked at then.
    pub explicit: Option<PathBuf>,
    /// The environment variables.
    pub environment: BTreeMap<String, String>,
    /// What relative paths are relative to.
    pub working_dir: PathBuf,
    /// The file that is looked for last; `/config/crosswatch.toml` in a container.
    pub system_file: PathBuf,
}

/// The built-in defaults, as a commented file.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

const FILE_NAME: &str = "crosswatch.toml";
const SYSTEM_FILE: &str = "/config/crosswatch.toml";
const FILE_VARIABLE: &str = "CROSSWATCH_CONFIG";
const LARGEST_FILE_BYTES: u64 = 1024 * 1024;
const MOST_PROBLEMS: usize = 100;

impl Sources {
    /// The usual places, without a file named on the command line.
    pub fn new(working_dir: impl Into<PathBuf>, environment: BTreeMap<String, String>) -> Self {
        Self { explicit: None, environment, working_dir: working_dir.into(), system_file: SYSTEM_FILE.into() }
    }

    /// A variable, where it is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The configuration file: the explicit one, `$CROSSWATCH_CONFIG`, `./crosswatch.toml`, or the system's.
    ///
    /// `None` when nobody named one and none is there; the service then starts with nothing configured.
    pub fn locate(&self) -> Result<Option<PathBuf>, SettingsError> {
        let named = self.explicit.clone().or_else(|| self.variable(FILE_VARIABLE).map(PathBuf::from));
        if let Some(named) = named {
            let path = self.working_dir.join(&named);
            if path.is_file() {
                return Ok(Some(path));
            }
            let message = if self.explicit.is_some() {
                "there is no such file: check the path after --config"
            } else {
                "there is no such file: check $CROSSWATCH_CONFIG"
            };
            return Err(Problem::of_file(&named.to_string_lossy(), message).into());
        }
        let found = [self.working_dir.join(FILE_NAME), self.system_file.clone()].into_iter().find(|path| path.exists());
        Ok(found)
    }
}

/// Shows everything but the values of the environment, which may be secrets.
impl std::fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Sources")
            .field("explicit", &self.explicit)
            .field("working_dir", &self.working_dir)
            .field("system_file", &self.system_file)
            .finish_non_exhaustive()
    }
}

/// Finds the file, reads it and puts the layers together. All problems are reported at once.
pub fn load(sources: &Sources) -> Result<Settings, SettingsError> {
    let Some(path) = sources.locate()? else { return load_text("", &sources.working_dir.join(FILE_NAME), sources) };
    let text = read(&path, sources)?;
    load_text(&text, &path, sources)
}

/// Treats a text as if it stood in the file at `path`, with the same environment. Nothing is written.
pub fn load_text(text: &str, path: &Path, sources: &Sources) -> Result<Settings, SettingsError> {
    let defaults = tree::parse(DEFAULT_TOML, &|_, _| Origin::BuiltIn).map_err(all)?;
    let file = tree::parse(text, &tree::in_file(shown(path, sources))).map_err(all)?;
    let mut root = tree::merge(ROOT, &defaults, file);
    let mut problems = environment::apply(&mut root, sources);
    problems.extend(check::check(&root));
    problems.extend(secrets(&mut root, path, sources));
    problems.extend(relations::check(&root));
    if !problems.is_empty() {
        return Err(all(problems));
    }
    Settings::build(&root).map_err(SettingsError::from)
}

/// Resolves secrets. Those of a wrong shape stay as they are; they were reported.
fn secrets(root: &mut Table, path: &Path, sources: &Sources) -> Vec<Problem> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut resolver = Resolver { sources, folder, problems: Vec::new() };
    resolver.resolve(ROOT, root, "");
    resolver.problems
}

/// Problems in the order of the file, so many of them that people read.
fn all(mut problems: Vec<Problem>) -> SettingsError {
    problems.sort();
    problems.dedup();
    let left_out = problems.len().saturating_sub(MOST_PROBLEMS);
    if left_out > 0 {
        problems.truncate(MOST_PROBLEMS);
        let last = problems.last().map_or(Origin::BuiltIn, |problem| problem.origin.clone());
        problems.push(Problem::new(&last, "", format!("and {left_out} more problems: repair the ones above first")));
    }
    SettingsError { problems }
}

/// The path as people know it: without the working directory in front.
fn shown(path: &Path, sources: &Sources) -> SmolStr {
    path.strip_prefix(&sources.working_dir).unwrap_or(path).to_string_lossy().into()
}

fn read(path: &Path, sources: &Sources) -> Result<String, SettingsError> {
    let refuse = |message: String| SettingsError::from(Problem::of_file(&shown(path, sources), message));
    let file = std::fs::File::open(path).map_err(|why| refuse(format!("cannot be read: {why}")))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|why| refuse(format!("cannot be read: {why}")))?;
    if bytes.len() as u64 > LARGEST_FILE_BYTES {
        return Err(refuse("is larger than 1 MiB: this cannot be the configuration".to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| refuse("is not UTF-8 text: save it as UTF-8".to_owned()))
}
