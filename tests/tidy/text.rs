//! What no source file may hold, and how long one may be.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::root;

/// A file that is longer than this tells more than one thing.
const MAX_LINES: usize = 600;

/// What may not be written, and why.
const BANNED: &[(&str, &str)] = &[
    ("#[ignore", "a test that does not run shows nothing"),
    ("thread::sleep", "a test that sleeps is slow or flaky"),
    ("should_panic", "say what is expected instead"),
    ("todo!(", "unfinished"),
    ("unimplemented!(", "unfinished"),
    ("dbg!(", "left over"),
];

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["src", "actors", "tests"] {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_is_short_enough_to_read() {
    let mut wrong = Vec::new();
    let files = sources();
    assert!(files.len() > 300, "found only {} files", files.len());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        if !text.starts_with("//!") {
            wrong.push(format!("{} does not say what it is", file.display()));
        }
        if text.lines().count() > MAX_LINES {
            wrong.push(format!("{} has more than {MAX_LINES} lines", file.display()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn nothing_banned_is_written() {
    let mut wrong = Vec::new();
    for file in sources().into_iter().filter(|file| !file.ends_with("tidy/text.rs")) {
        let text = fs::read_to_string(&file).unwrap();
        for (banned, why) in BANNED {
            if text.contains(banned) {
                wrong.push(format!("{} has {banned}: {why}", file.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_top_level_is_as_planned() {
    let planned = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "actors",
        "config",
        "deploy",
        "rust-toolchain.toml",
        "src",
        "tests",
    ];
    for name in planned {
        assert!(root().join(name).exists(), "{name} is missing");
    }
}
