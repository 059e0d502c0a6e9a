//! Where the binary under test is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// The `crosswatch` binary beside the running test, built when it is missing or older than its sources.
///
/// `CROSSWATCH_BINARY` names another one, which is taken as it is.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("CROSSWATCH_BINARY") {
        Some(path) => PathBuf::from(path),
        None => beside_this_test(),
    })
}

fn beside_this_test() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("crosswatch");
    if !is_fresh(&binary) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--package", "crosswatch-app"]).current_dir(workspace());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "the service could not be built");
    }
    assert!(binary.is_file(), "{} was not built", binary.display());
    binary
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn is_fresh(binary: &Path) -> bool {
    let Ok(built_at) = fs::metadata(binary).and_then(|metadata| metadata.modified()) else { return false };
    let sources = ["src", "actors", "config"].map(|folder| newest(&workspace().join(folder)));
    sources.into_iter().all(|changed_at| changed_at <= built_at)
}

/// When something in this folder changed last.
fn newest(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let changed_at = entries.map(|entry| {
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() { newest(&entry.path()) } else { metadata.modified().unwrap() }
    });
    changed_at.max().unwrap_or(SystemTime::UNIX_EPOCH)
}
