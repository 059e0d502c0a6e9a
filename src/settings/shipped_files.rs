//! Tests that keep the files of `config/` true to the code.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::{
    Severity, advise,
    json_schema::{json_schema, missing_defaults},
    keys::ROOT,
    load::{Sources, load, load_text},
    problem::Origin,
    schema::{Key, Kind, find},
    tree::{self, Node, Table, join},
};

fn config_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

fn config_file(name: &str) -> String {
    std::fs::read_to_string(config_folder().join(name)).unwrap()
}

fn sources(variables: &[(&str, &str)]) -> Sources {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources::new(config_folder(), environment)
}

/// The paths of all keys of the description.
fn described(keys: &[Key], path: &str, found: &mut BTreeSet<String>) {
    for key in keys {
        let path = join(path, key.name);
        if let Some(inner) = key.kind.inner() {
            described(inner, &path, found);
        }
        found.insert(path);
    }
}

/// The paths of all keys of a tree that the description knows, without the positions of entries.
fn written(keys: &[Key], table: &Table, path: &str, found: &mut BTreeSet<String>) {
    for (name, node) in table {
        let path = join(path, name);
        let key = find(keys, name).unwrap_or_else(|| panic!("{path} is not a key"));
        match key.kind {
            Kind::Table(inner) | Kind::Switched(inner) => written(inner, node.as_table().unwrap(), &path, found),
            Kind::Entries(inner) => {
                for entry in node.as_list().unwrap() {
                    written(inner, entry.as_table().unwrap(), &path, found);
                }
            }
            _ => {}
        }
        found.insert(path);
    }
}

#[test]
fn the_defaults_have_a_value_for_every_key_that_promises_one() {
    assert_eq!(missing_defaults(), Vec::<String>::new());
}

#[test]
fn nothing_configured_is_the_defaults() {
    let empty = Sources { system_file: "/nowhere/crosswatch.toml".into(), ..Sources::new("/nowhere", BTreeMap::new()) };
    let settings = load(&empty).unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8787");
    assert_eq!(settings.server.api_key, None);
    assert!(settings.providers.is_empty() && settings.pairs.is_empty() && settings.notify.is_empty());
}

#[test]
fn the_example_loads_as_it_is() {
    let sources = Sources { explicit: Some("example.toml".into()), ..sources(&[]) };
    let settings = load(&sources).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settings.providers.len(), 6);
    assert!(advise(&settings).iter().all(|advice| advice.severity < Severity::Error));
}

#[test]
fn the_example_explains_every_key_and_no_other() {
    let text = config_file("example.toml");
    let switched_off =
        |line: &str| line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
    let whole: Vec<&str> =
        text.lines().map(|line| if switched_off(line) { line.trim_start_matches('#') } else { line }).collect();
    let table = tree::parse(&whole.join("\n"), &|_, _| Origin::BuiltIn).unwrap();
    let (mut explained, mut all) = (BTreeSet::new(), BTreeSet::new());
    written(ROOT, &table, "", &mut explained);
    described(ROOT, "", &mut all);
    let missing: Vec<&String> = all.difference(&explained).collect();
    assert!(missing.is_empty(), "write these into config/example.toml: {missing:?}");
}

#[test]
fn the_example_says_the_defaults_where_it_says_nothing_else() {
    let defaults = tree::parse(&config_file("default.toml"), &|_, _| Origin::BuiltIn).unwrap();
    let example = tree::parse(&config_file("example.toml"), &|_, _| Origin::BuiltIn).unwrap();
    for section in ["server", "data", "log"] {
        let show = |table: &Table| format!("{:?}", table.get(section).and_then(Node::as_table).unwrap());
        assert_eq!(show(&defaults), show(&example), "{section}");
    }
}

#[test]
fn the_homelab_set_up_loads_and_follows_the_playbook() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("secrets")).unwrap();
    std::fs::write(folder.path().join("secrets/jellyfin"), "jellyfin-key\n").unwrap();
    let sources = sources(&[
        ("CROSSWATCH_API_KEY", "k"),
        ("PLEX_TOKEN", "p"),
        ("TRAKT_CLIENT_ID", "i"),
        ("TRAKT_CLIENT_SECRET", "s"),
        ("NTFY_URL", "https://ntfy.sh/topic"),
    ]);
    let path = folder.path().join("homelab.toml");
    let settings = load_text(&config_file("homelab.toml"), &path, &sources).unwrap_or_else(|error| panic!("{error}"));
    let advice = advise(&settings);
    assert!(advice.is_empty(), "{advice:#?}");
}

#[test]
fn the_schema_file_is_the_generated_one() {
    let generated = json_schema().unwrap();
    assert!(
        config_file("settings.schema.json") == generated,
        "config/settings.schema.json is out of date; write it anew with\n  \
         cargo run -p crosswatch-settings --example schema > config/settings.schema.json"
    );
}

#[test]
fn masked_settings_show_every_key_of_the_file_and_no_secret() {
    let text = config_file("example.toml").replace("enabled = false", "enabled = true");
    let sources = sources(&[("CROSSWATCH_API_KEY", "visible-secret")]);
    let settings = load_text(&text, &config_folder().join("example.toml"), &sources).unwrap();
    let masked = settings.masked();
    let shown = masked.to_string();
    assert!(!shown.contains("visible-secret") && !shown.contains("paste-") && !shown.contains("ntfy.sh"), "{shown}");
    assert!(!format!("{settings:?}").contains("visible-secret"));
    let table = tree::parse(&text, &|_, _| Origin::BuiltIn).unwrap();
    let mut paths = BTreeSet::new();
    written(ROOT, &table, "", &mut paths);
    for path in paths {
        let steps: Vec<&str> = path.split('.').collect();
        assert!(is_shown(&masked, &steps), "{path} is not shown");
    }
}

/// Whether a path leads somewhere, through any entry of a list.
fn is_shown(value: &serde_json::Value, steps: &[&str]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    match value.as_array() {
        Some(list) => list.iter().any(|entry| is_shown(entry, steps)),
        None => value.get(step).is_some_and(|inner| is_shown(inner, rest)),
    }
}
