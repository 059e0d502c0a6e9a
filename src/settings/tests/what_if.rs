//! What a pair would be with some keys changed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::{collections::BTreeMap, path::Path};

use crosswatch_model::{Feature, PairId};
use crosswatch_settings::{Mode, Pair, RemoveMode, Settings, SettingsError, Sources, load_text, what_if};

const TEXT: &str = r#"
[server]
api_key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
[[provider]]
id = "home"
kind = "jellyfin"
url = "http://jellyfin:8096"
user = "anna"
token = "secret-token"
webhook_token = "a-webhook-token-that-is-long"
libraries = { only = ["Movies"] }
[[provider]]
id = "plex"
kind = "plex"
url = "https://plex.example.org"
user = "anna"
token = "t"
[[provider]]
id = "ledger"
kind = "tracker"
[[pair]]
id = "p"
source = "home"
target = "ledger"
schedule = "every 6h"
[pair.history]
rewatches = false
[pair.watchlist]
schedule = "every 30m"
[pair.policy]
max_removes = { percent = 4, at_least = 7 }
block = ["tmdb_movie:603"]
[[pair]]
id = "q"
source = "plex"
target = "home"
[pair.history]
[pair.policy]
acknowledge = ["server-to-server"]
[[notify]]
kind = "ntfy"
url = "https://ntfy.sh/topic"
events = ["held"]
"#;

fn settings() -> Settings {
    load_text(TEXT, Path::new("/x/crosswatch.toml"), &Sources::new("/x", BTreeMap::new())).unwrap()
}

fn asked(pair: &str, text: &str) -> Result<Pair, SettingsError> {
    what_if(&settings(), &PairId::parse(pair).unwrap(), text).unwrap()
}

#[test]
fn without_a_change_the_pair_is_what_it_is() {
    let settings = settings();
    for pair in &settings.pairs {
        assert_eq!(asked(pair.id.as_str(), "").unwrap(), *pair);
    }
    assert_eq!(asked("q", "mode = \"two-way\"").unwrap().mode, Mode::TwoWay);
    assert!(what_if(&settings, &PairId::parse("nobody").unwrap(), "").is_none());
}

#[test]
fn only_what_is_written_changes() {
    let pair =
        asked("p", "mode = \"two-way\"\nhistory.remove = \"observed\"\n[policy]\nmax_removes = { percent = 50 }");
    let (pair, before) = (pair.unwrap(), asked("p", "").unwrap());
    assert_eq!((pair.mode, before.mode), (Mode::TwoWay, Mode::OneWay));
    let history = pair.history.unwrap();
    assert_eq!((history.common.remove, history.rewatches), (RemoveMode::Observed, false));
    assert_eq!((pair.policy.max_removes.percent, pair.policy.max_removes.at_least), (50, 7));
    assert_eq!((pair.watchlist, pair.policy.block), (before.watchlist, before.policy.block));
}

#[test]
fn a_feature_is_switched_on_with_its_defaults_and_off() {
    let pair = asked("p", "[progress]\n[watchlist]\nenabled = false").unwrap();
    assert_eq!(pair.features().iter().collect::<Vec<_>>(), [Feature::History, Feature::Progress]);
    let progress = pair.progress.unwrap();
    assert!(progress.common.add && progress.min_percent < progress.max_percent);
}

#[test]
fn what_no_file_may_say_is_refused_with_its_place() {
    for (pair, text, field) in [
        ("p", "[history]\nremove = \"sometimes\"", "pair[p].history.remove"),
        ("p", "[histroy]", "pair[p].histroy"),
        ("p", "source = \"plex\"", "source"),
        ("p", "target = \"home\"\nid = \"x\"", "id"),
        ("p", "history = 1", "pair[p].history"),
        ("p", "not toml", ""),
    ] {
        let error = asked(pair, text).unwrap_err();
        let fields: Vec<&str> = error.problems.iter().map(|problem| problem.field.as_str()).collect();
        assert!(fields.contains(&field), "{text}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
