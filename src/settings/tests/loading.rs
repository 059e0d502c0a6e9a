//! Where settings come from: the search for the file, the layers, secrets, and what changed between two of them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at what it did not expect")]

use std::{fs, path::Path, time::Duration};

use crosswatch_model::{Feature, PairId, ProviderId};
use crosswatch_settings::{
    Filter, Mode, Owner, RemoveMode, Settings, SettingsError, Shelf, Sources, diff, load, load_text,
};
use tempfile::TempDir;

const ACCOUNTS: &str = r#"
[[provider]]
id = "my-home"
kind = "jellyfin"
url = "http://jellyfin:8096/"
user = "anna"
token = "in-place"

[[provider]]
id = "ledger"
kind = "tracker"
"#;

const PAIR: &str = r#"
[[pair]]
id = "home-to-ledger"
source = "my-home"
target = "ledger"
[pair.history]
[pair.watchlist]
schedule = "every 30m"
"#;

fn sources(folder: &Path, variables: &[(&str, &str)]) -> Sources {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { system_file: folder.join("system/crosswatch.toml"), ..Sources::new(folder, environment) }
}

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let folder = Path::new("/nowhere");
    load_text(text, &folder.join("crosswatch.toml"), &sources(folder, variables))
}

fn id(text: &str) -> ProviderId {
    ProviderId::parse(text).unwrap()
}

#[test]
fn the_first_file_of_the_search_order_counts() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("system")).unwrap();
    let write = |name: &str, port: u16| {
        fs::write(folder.path().join(name), format!("[server]\nlisten = \"127.0.0.1:{port}\"\n")).unwrap();
    };
    let port = |sources: &Sources| load(sources).unwrap().server.listen.port();

    let plain = sources(folder.path(), &[("CROSSWATCH_CONFIG", "")]);
    assert_eq!(plain.locate().unwrap(), None);
    assert_eq!(port(&plain), 8787);
    write("system/crosswatch.toml", 1);
    assert_eq!(port(&plain), 1);
    write("crosswatch.toml", 2);
    assert_eq!(port(&plain), 2);
    write("named.toml", 3);
    let named = sources(folder.path(), &[("CROSSWATCH_CONFIG", "named.toml")]);
    assert_eq!(port(&named), 3);
    write("explicit.toml", 4);
    assert_eq!(port(&Sources { explicit: Some("explicit.toml".into()), ..named }), 4);
}

#[test]
fn a_named_file_that_cannot_be_read_is_an_error() {
    let folder = TempDir::new().unwrap();
    let missing = Sources { explicit: Some("gone.toml".into()), ..sources(folder.path(), &[]) };
    assert_eq!(
        load(&missing).unwrap_err().to_string(),
        "gone.toml: there is no such file: check the path after --config"
    );
    let missing = sources(folder.path(), &[("CROSSWATCH_CONFIG", "gone.toml")]);
    assert_eq!(load(&missing).unwrap_err().to_string(), "gone.toml: there is no such file: check $CROSSWATCH_CONFIG");

    fs::write(folder.path().join("crosswatch.toml"), [0xff, 0xfe]).unwrap();
    let error = load(&sources(folder.path(), &[])).unwrap_err().to_string();
    assert!(error.starts_with("crosswatch.toml: is not UTF-8"), "{error}");
    fs::write(folder.path().join("crosswatch.toml"), "#".repeat(1024 * 1024 + 1)).unwrap();
    let error = load(&sources(folder.path(), &[])).unwrap_err().to_string();
    assert!(error.starts_with("crosswatch.toml: is larger than 1 MiB"), "{error}");
}

#[test]
fn files_of_other_editors_are_read_and_their_lines_counted() {
    let settings = read("\u{feff}[log]\r\nlevel = \"warn\"\r\n", &[]).unwrap();
    assert_eq!(settings.log.level.as_str(), "warn");
    let error = read("\u{feff}[log]\r\n\r\nlevel = \"wrn\"\r\n", &[]).unwrap_err().to_string();
    assert!(error.starts_with("crosswatch.toml:3: log.level: "), "{error}");
}

#[test]
fn nothing_shows_the_values_of_the_environment() {
    let shown = format!("{:?}", sources(Path::new("/nowhere"), &[("TOKEN", "s3cret")]));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn defaults_are_those_of_the_playbook() {
    let settings = read(&format!("{ACCOUNTS}{PAIR}[pair.progress]\n[pair.ratings]\nenabled = false\n"), &[]).unwrap();
    let pair = settings.pair(&PairId::parse("home-to-ledger").unwrap()).unwrap();
    assert_eq!((pair.mode, pair.enabled, pair.shadow), (Mode::OneWay, true, false));
    for feature in pair.features().iter() {
        let common = pair.feature(feature).unwrap();
        assert_eq!((common.add, common.remove), (true, RemoveMode::Off), "{feature}");
    }
    assert!(pair.feature(Feature::Ratings).is_none());
    let history = pair.history.as_ref().unwrap();
    assert_eq!((history.rewatches, history.owner, history.allow_undated), (true, Owner::Auto, false));
    let progress = pair.progress.as_ref().unwrap();
    assert_eq!((progress.min_percent, progress.max_percent), (2, 90));
    assert_eq!(pair.schedule_of(Feature::History).unwrap().to_string(), "every 6h");
    assert_eq!(pair.schedule_of(Feature::Watchlist).unwrap().to_string(), "every 30m");
    let policy = &pair.policy;
    assert_eq!((policy.remove_after_reads, policy.canary), (2, true));
    assert_eq!((policy.max_removes.percent, policy.max_removes.at_least), (10, 5));
    assert_eq!(policy.new_item_grace.as_duration(), Duration::ZERO);
    assert!(policy.acknowledge.is_empty());
}

#[test]
fn the_reference_configuration_means_what_it_says() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("jellyfin"), "token\n").unwrap();
    let text = include_str!("reference.toml").replace("/run/secrets/jellyfin", "jellyfin");
    let path = folder.path().join("crosswatch.toml");
    let settings = load_text(&text, &path, &sources(folder.path(), &[("CROSSWATCH_API_KEY", "key")])).unwrap();
    assert_eq!(settings.server.api_key.as_ref().unwrap().expose(), "key");
    let home = settings.provider(&id("home")).unwrap();
    assert_eq!(home.token.as_ref().unwrap().expose(), "token");
    assert_eq!(home.libraries, Filter::Only(vec!["Movies".to_owned(), "Shows".to_owned()]));
    let pair = settings.pairs.first().unwrap();
    let removes: Vec<RemoveMode> = pair.features().iter().map(|on| pair.feature(on).unwrap().remove).collect();
    assert_eq!(removes, [RemoveMode::Off, RemoveMode::Observed, RemoveMode::Off, RemoveMode::Off]);
    let route = settings.routes.first().unwrap();
    assert_eq!((route.targets.as_slice(), route.watched_at_percent), ([id("ledger"), id("trakt")].as_slice(), 90));
    let snapshot = settings.snapshots.first().unwrap();
    assert_eq!((snapshot.schedule.as_str(), snapshot.keep.daily), ("daily 04:00", 30));
    assert_eq!(settings.notify.first().unwrap().events.len(), 4);
}

#[test]
fn a_written_part_of_a_table_keeps_the_default_of_the_rest() {
    let text = format!("{ACCOUNTS}{PAIR}[pair.policy]\nmax_removes = {{ at_least = 50 }}\nnew_item_grace = \"2d\"\n");
    let settings = read(&text, &[]).unwrap();
    let policy = &settings.pairs.first().unwrap().policy;
    assert_eq!((policy.max_removes.percent, policy.max_removes.at_least), (10, 50));
    assert_eq!(policy.new_item_grace.as_duration(), Duration::from_hours(48));
}

#[test]
fn accounts_get_their_public_addresses_filters_and_shelves() {
    let text = r#"
        [[provider]]
        id = "t"
        kind = "trakt"
        client_id = "c"
        [[provider]]
        id = "p"
        kind = "plex"
        url = "http://plex:32400"
        discover_url = "http://127.0.0.1:9"
        webhook_token = "an-earlier-token"
        libraries = { except = ["Home videos"] }
        [[provider]]
        id = "e"
        kind = "emby"
        url = "http://emby:8096"
        user = "anna"
        password = "p"
        watchlist = { playlist = "To watch" }
    "#;
    let settings = read(text, &[]).unwrap();
    let url = |name: &str| settings.provider(&id(name)).unwrap().url.as_ref().unwrap().to_string();
    assert_eq!((url("t").as_str(), url("p").as_str()), ("https://api.trakt.tv", "http://plex:32400"));
    let trakt = settings.provider(&id("t")).unwrap();
    assert_eq!(trakt.auth_url.as_ref().unwrap().as_str(), "https://auth.trakt.tv");
    assert_eq!(trakt.client_id.as_ref().unwrap().expose(), "c");
    let plex = settings.provider(&id("p")).unwrap();
    assert_eq!(plex.webhook_token.as_ref().unwrap().expose(), "an-earlier-token");
    assert_eq!(plex.discover_url.as_ref().unwrap().as_str(), "http://127.0.0.1:9");
    assert_eq!(plex.metadata_url.as_ref().unwrap().as_str(), "https://metadata.provider.plex.tv");
    assert_eq!(plex.libraries, Filter::Except(vec!["Home videos".to_owned()]));
    let emby = settings.provider(&id("e")).unwrap();
    assert_eq!((&emby.libraries, &emby.watchlist), (&Filter::All, &Some(Shelf::Playlist("To watch".to_owned()))));
}

#[test]
fn a_route_without_users_takes_the_user_of_its_source() {
    let route = "[[route]]\nid = \"r\"\nsource = \"my-home\"\ntargets = [\"ledger\"]\n";
    for (users, expected) in [
        ("", Filter::Only(vec!["anna".to_owned()])),
        ("users = { only = [\"ben\"] }\n", Filter::Only(vec!["ben".to_owned()])),
        ("users = { except = [\"guest\"] }\n", Filter::Except(vec!["guest".to_owned()])),
    ] {
        let settings = read(&format!("{ACCOUNTS}{route}{users}"), &[]).unwrap();
        assert_eq!(settings.routes.first().unwrap().users, expected, "{users}");
    }
}

#[test]
fn the_environment_overrides_single_values_of_every_type() {
    let settings = read(
        &format!("{ACCOUNTS}{PAIR}"),
        &[
            ("CROSSWATCH__SERVER__LISTEN", "0.0.0.0:9000"),
            ("CROSSWATCH__SERVER__METRICS_PUBLIC", "true"),
            ("CROSSWATCH__SERVER__BASE_PATH", ""),
            ("CROSSWATCH__DATA__DIR", "/data"),
            ("CROSSWATCH__LOG__LEVEL", "debug"),
            ("CROSSWATCH__PROVIDER__MY_HOME__TOKEN", "from-outside"),
            ("CROSSWATCH__PAIR__HOME_TO_LEDGER__HISTORY__REMOVE", "observed"),
            ("CROSSWATCH__PAIR__HOME-TO-LEDGER__POLICY__MAX_REMOVES__PERCENT", "20"),
            ("CROSSWATCH__PAIR__HOME_TO_LEDGER__SCHEDULE", "manual"),
            ("CROSSWATCHER", "not ours"),
        ],
    )
    .unwrap();
    assert_eq!(settings.server.listen.to_string(), "0.0.0.0:9000");
    assert!(settings.server.metrics_public);
    assert_eq!(settings.storage.dir, Path::new("/data"));
    assert_eq!(settings.log.level.as_str(), "debug");
    assert_eq!(settings.provider(&id("my-home")).unwrap().token.as_ref().unwrap().expose(), "from-outside");
    let pair = settings.pairs.first().unwrap();
    assert_eq!(pair.feature(Feature::History).unwrap().remove, RemoveMode::Observed);
    assert_eq!((pair.policy.max_removes.percent, pair.policy.max_removes.at_least), (20, 5));
    assert!(pair.schedule.is_manual());
}

#[test]
fn bad_overrides_name_their_variable() {
    for (name, value, expected) in [
        (
            "CROSSWATCH__SERVER__LISTEN",
            "here",
            "CROSSWATCH__SERVER__LISTEN: server.listen: write an address and a port",
        ),
        (
            "CROSSWATCH__SERVER__LISTN",
            "x",
            "CROSSWATCH__SERVER__LISTN: server.listn: there is no such key; did you mean `listen`?",
        ),
        ("CROSSWATCH__SERVER", "x", "CROSSWATCH__SERVER: server: is a table"),
        ("CROSSWATCH__SERVER__LISTEN__PORT", "1", "CROSSWATCH__SERVER__LISTEN__PORT: server.listen: is a single value"),
        (
            "CROSSWATCH__SERVER__TRUSTED_PROXIES",
            "10.0.0.1",
            "CROSSWATCH__SERVER__TRUSTED_PROXIES: server.trusted_proxies: is not a single value",
        ),
        (
            "CROSSWATCH__SERVER__METRICS_PUBLIC",
            "yes",
            "CROSSWATCH__SERVER__METRICS_PUBLIC: server.metrics_public: must be true or false",
        ),
        (
            "CROSSWATCH__PAIR__GONE__MODE",
            "two-way",
            "CROSSWATCH__PAIR__GONE__MODE: pair: no [[pair]] in the file has the id `gone`",
        ),
        ("CROSSWATCH__PAIR", "x", "CROSSWATCH__PAIR: pair: name the entry by its id"),
        (
            "CROSSWATCH__PAIR__HOME_TO_LEDGER__ID",
            "x",
            "CROSSWATCH__PAIR__HOME_TO_LEDGER__ID: pair[home-to-ledger]: an id cannot be changed",
        ),
        (
            "CROSSWATCH__PAIR__HOME_TO_LEDGER__RATINGS__ADD",
            "true",
            "CROSSWATCH__PAIR__HOME_TO_LEDGER__RATINGS__ADD: pair[home-to-ledger].ratings: is not in the file",
        ),
        (
            "CROSSWATCH__PAIR__HOME_TO_LEDGER__POLICY__REMOVE_AFTER_READS",
            "0",
            "CROSSWATCH__PAIR__HOME_TO_LEDGER__POLICY__REMOVE_AFTER_READS: pair[home-to-ledger].policy.remove_after_reads: 0 is out of range",
        ),
        (
            "CROSSWATCH__SNAPSHOT__HOME__SCHEDULE",
            "manual",
            "CROSSWATCH__SNAPSHOT__HOME__SCHEDULE: snapshot: has no ids",
        ),
        (
            "CROSSWATCH__PROVIDER__LEDGER__TOKEN",
            "s3cret",
            "CROSSWATCH__PROVIDER__LEDGER__TOKEN: provider[ledger].token: a tracker account does not take this",
        ),
    ] {
        let error = read(&format!("{ACCOUNTS}{PAIR}"), &[(name, value)]).expect_err(name).to_string();
        assert!(error.starts_with(expected) && error.lines().count() == 1, "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn secrets_come_from_files_and_variables() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("token"), "from-file\r\n").unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    fs::write(folder.path().join("two"), "s3cret\nlines\n").unwrap();
    fs::write(folder.path().join("large"), "x".repeat(70_000)).unwrap();
    let read = |token: &str, variables: &[(&str, &str)]| {
        let text = ACCOUNTS.replace("\"in-place\"", token);
        load_text(&text, &folder.path().join("crosswatch.toml"), &sources(folder.path(), variables))
            .map(|settings| settings.provider(&id("my-home")).unwrap().token.as_ref().unwrap().expose().to_owned())
            .map_err(|error| error.to_string())
    };
    let absolute = format!("{{ file = \"{}\" }}", folder.path().join("token").display());
    assert_eq!(read("{ file = \"token\" }", &[]).unwrap(), "from-file");
    assert_eq!(read(&absolute, &[]).unwrap(), "from-file");
    assert_eq!(read("{ env = \"JF\" }", &[("JF", "from-variable")]).unwrap(), "from-variable");
    for (token, variables, expected) in [
        ("{ file = \"gone\" }", [].as_slice(), "gone cannot be read"),
        ("{ file = \"empty\" }", &[], "empty is empty"),
        ("{ file = \"two\" }", &[], "keep it on one line"),
        ("{ file = \"large\" }", &[], "larger than 64 KiB"),
        ("{ env = \"JF\" }", &[], "the environment variable JF is not set"),
        ("{ env = \"JF\" }", &[("JF", "")], "the environment variable JF is not set"),
        ("\"\"", &[], "is empty"),
    ] {
        let error = read(token, variables).unwrap_err();
        assert!(error.starts_with("crosswatch.toml:7: provider[my-home].token: "), "{error}");
        assert!(error.contains(expected) && !error.contains("s3cret") && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn the_api_key_alone_may_be_unset() {
    let key = |text: &str, variables: &[(&str, &str)]| {
        read(text, variables).unwrap().server.api_key.map(|key| key.expose().to_owned())
    };
    let named = "[server]\napi_key = { env = \"MY_KEY\" }\n";
    assert_eq!(key("", &[]), None);
    assert_eq!(key("", &[("CROSSWATCH_API_KEY", "")]), None);
    assert_eq!(key("", &[("CROSSWATCH_API_KEY", "k")]).as_deref(), Some("k"));
    assert_eq!(key(named, &[("CROSSWATCH_API_KEY", "k")]), None);
    assert_eq!(key(named, &[("MY_KEY", "m")]).as_deref(), Some("m"));
    assert_eq!(key(named, &[("CROSSWATCH__SERVER__API_KEY", "direct")]).as_deref(), Some("direct"));
}

#[test]
fn a_diff_names_what_changed() {
    let old = read(&format!("{ACCOUNTS}{PAIR}"), &[]).unwrap();
    assert!(diff(&old, &old).is_empty());

    let text = format!("{ACCOUNTS}{PAIR}").replace("every 30m", "every 45m").replace("in-place", "rotated");
    let more = "[[provider]]\nid = \"second\"\nkind = \"tracker\"\n\
                [[route]]\nid = \"r\"\nsource = \"my-home\"\ntargets = [\"second\"]\n[log]\nlevel = \"warn\"\n";
    let new = read(&format!("{text}{more}"), &[]).unwrap();
    let forth = diff(&old, &new);
    assert_eq!(forth.providers.added, vec![id("second")]);
    assert_eq!(forth.providers.changed, vec![id("my-home")]);
    assert_eq!(forth.pairs.changed, vec![PairId::parse("home-to-ledger").unwrap()]);
    assert_eq!(forth.routes.added.len(), 1);
    assert!(forth.log_changed && !forth.server_changed && !forth.storage_changed);
    let back = diff(&new, &old);
    assert_eq!((&back.providers.removed, &back.routes.removed), (&forth.providers.added, &forth.routes.added));
    assert!(back.providers.added.is_empty());
}
