//! Loads the settings from the file and environment of this process.

use std::{collections::BTreeMap, env, path::PathBuf, sync::Arc};

use crosswatch_settings::{Settings, Sources};

use crate::exit::{Exit, Failure};

/// Where the settings come from: the named file or the usual places, and this environment.
fn sources_of(explicit: Option<PathBuf>, environment: BTreeMap<String, String>) -> Result<Sources, Failure> {
    let working_dir = env::current_dir()
        .map_err(|error| Failure::new(Exit::BadConfig, format!("the working directory cannot be told: {error}")))?;
    Ok(Sources { explicit, ..Sources::new(working_dir, environment) })
}

/// Where the settings of this process come from.
pub(crate) fn sources(explicit: Option<PathBuf>) -> Result<Sources, Failure> {
    // A variable that is not UTF-8 cannot be one of ours.
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    sources_of(explicit, env::vars_os().filter_map(text).collect())
}

/// The settings that these places give.
pub(crate) fn load(sources: &Sources) -> Result<Arc<Settings>, Failure> {
    Ok(Arc::new(crosswatch_settings::load(sources)?))
}

/// The settings, from the named file or the usual places.
pub(crate) fn load_from(
    explicit: Option<PathBuf>,
    environment: BTreeMap<String, String>,
) -> Result<Arc<Settings>, Failure> {
    load(&sources_of(explicit, environment)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, fields: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crosswatch.toml");
        std::fs::write(&path, text).unwrap();
        let failure = load_from(Some(path), BTreeMap::new()).unwrap_err();
        assert_eq!(failure.exit, Exit::BadConfig);
        assert_eq!(failure.message.lines().count(), fields.len(), "{failure}");
        for (line, field) in failure.message.lines().zip(fields) {
            assert!(line.contains(field), "{line}");
        }
    }

    #[test]
    fn every_problem_has_a_line_of_its_own() {
        check("[server]\nlisten = 8787\nbase_paht = \"\"\n", &["server.listen", "server.base_paht"]);
        check(
            "[[provider]]\nid = \"a\"\nkind = \"tracker\"\n[[provider]]\nid = \"b\"\nkind = \"tracker\"\n\
             [[pair]]\nid = \"p\"\nsource = \"a\"\ntarget = \"b\"\nmode = \"both-ways\"\n",
            &["pair[p].mode"],
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let failure = load_from(Some("/nowhere/crosswatch.toml".into()), BTreeMap::new()).unwrap_err();
        assert_eq!(failure.exit, Exit::BadConfig);
        assert!(failure.message.contains("/nowhere/crosswatch.toml"), "{failure}");
    }
}
