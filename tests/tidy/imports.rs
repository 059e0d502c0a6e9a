//! Arrows between crates, and the crates of others that each may see.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, Package};

use crate::root;

/// What each crate may import, in the order of the layers.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("identity", &["model"]),
    ("plan", &["model", "identity"]),
    ("scrobble", &["model"]),
    ("port", &["model", "identity", "plan", "scrobble"]),
    ("settings", &["model", "identity", "plan", "scrobble"]),
    ("provider", &["model", "scrobble", "port"]),
    ("store", &["model", "scrobble", "port"]),
    ("exchange", &["model", "identity", "scrobble", "port"]),
    ("actors", &["model", "identity", "plan", "scrobble", "port", "settings"]),
    ("web", &["model", "identity", "plan", "scrobble", "port", "settings", "actors", "exchange"]),
    ("emulator", &[]),
    (
        "app",
        &[
            "model", "identity", "plan", "scrobble", "port", "settings", "provider", "store", "actors", "web",
            "emulator", "exchange",
        ],
    ),
];

/// Crates that only some of ours may see, for the outside stays at the edge.
const GUARDED: &[(&str, &[&str])] = &[
    ("fjall", &["store"]),
    ("rmp-serde", &["store"]),
    ("reqwest", &["provider", "app"]),
    ("backoff", &["provider"]),
    ("actix", &["actors"]),
    ("chacha20poly1305", &["actors"]),
    ("actix-rt", &["actors", "app"]),
    ("actix-web", &["web", "emulator", "app"]),
    ("tokio-tungstenite", &["provider"]),
    ("actix-ws", &["emulator"]),
    ("tokio", &["provider", "actors", "web", "app"]),
    ("clap", &["app"]),
    ("csv", &["exchange"]),
    ("zip", &["exchange"]),
    ("getrandom", &["app"]),
    ("rand", &[]),
    ("chrono", &[]),
];

/// Everything the pure crates may see of others: no async, no I/O, no clock, no chance, no serialization.
const PURE: &[&str] = &["blake3", "jiff", "rustc-hash", "smol_str", "thiserror", "unicode-normalization"];

/// Readers of foreign tables, which only identity needs: text in, values out.
const TABLE_READERS: &[&str] = &["quick-xml", "serde_json"];

fn metadata() -> Metadata {
    let manifest = root().join("Cargo.toml");
    let mut command = MetadataCommand::new();
    command.manifest_path(manifest).features(CargoOpt::AllFeatures).other_options(["--offline".to_owned()]).no_deps();
    command.exec().unwrap()
}

fn short(name: &str) -> Option<&str> {
    name.strip_prefix("crosswatch-")
}

/// What a package needs to be built, without what its tests need.
fn needs(package: &Package) -> BTreeSet<&str> {
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.as_str()).collect()
}

#[test]
fn only_the_arrows_of_the_plan_exist() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let metadata = metadata();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for package in metadata.workspace_packages() {
        let name = short(&package.name).unwrap();
        if name == "tests" {
            continue;
        }
        seen.insert(name.to_owned());
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} is not in the plan of the house"));
        for needed in needs(package).into_iter().filter_map(short) {
            if !may.contains(&needed) {
                wrong.push(format!("{name} imports {needed}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(seen.len(), ARROWS.len(), "a crate of the plan is gone: {seen:?}");
}

#[test]
fn the_outside_stays_at_the_edge() {
    let guarded: BTreeMap<&str, &[&str]> = GUARDED.iter().copied().collect();
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let name = short(&package.name).unwrap();
        if name == "tests" {
            continue;
        }
        let is_pure = ["model", "identity", "plan", "scrobble"].contains(&name);
        for needed in needs(package) {
            let is_ours = short(needed).is_some();
            let is_closed = guarded.get(needed).is_some_and(|may| !may.contains(&name));
            let reads_tables = name == "identity" && TABLE_READERS.contains(&needed);
            if is_closed || (is_pure && !is_ours && !PURE.contains(&needed) && !reads_tables) {
                wrong.push(format!("{name} sees {needed}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_dependency_of_the_workspace_is_used() {
    let metadata = metadata();
    let used: BTreeSet<&str> = metadata
        .workspace_packages()
        .into_iter()
        .flat_map(|package| package.dependencies.iter().map(|dependency| dependency.name.as_str()))
        .collect();
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let listed = section.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    let idle: Vec<&str> = listed.filter(|name| !used.contains(name)).collect();
    assert_eq!(idle, Vec::<&str>::new());
}
