//! What a bad configuration is answered with: configuration text in, problem lines out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::{collections::BTreeMap, path::Path};

use crosswatch_settings::{Settings, SettingsError, Sources, load_text};

const HOME: &str = r#"
[[provider]]
id = "home"
kind = "jellyfin"
url = "http://jellyfin:8096"
user = "anna"
token = "s3cret-token"

[[provider]]
id = "ledger"
kind = "tracker"
"#;

const PAIR: &str = r#"
[[pair]]
id = "home-to-ledger"
source = "home"
target = "ledger"
"#;

fn read(text: &str) -> Result<Settings, SettingsError> {
    load_text(text, Path::new("/etc/x/crosswatch.toml"), &Sources::new("/etc/x", BTreeMap::new()))
}

/// Every line of the answer must begin with the place and contain the explanation, in this order and no other.
fn check(text: &str, expected: &[(&str, &str)]) {
    let error = match read(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    };
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{text}\n---\n{error}");
    for (line, (place, explanation)) in lines.iter().zip(expected) {
        assert!(line.starts_with(place), "expected `{place}` in front of `{line}`");
        assert!(line.contains(explanation), "expected `{explanation}` in `{line}`");
    }
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn the_accounts_and_the_pair_are_fine_by_themselves() {
    let settings = read(&format!("{HOME}{PAIR}[pair.history]\n")).unwrap();
    assert_eq!((settings.providers.len(), settings.pairs.len()), (2, 1));
}

#[test]
fn unknown_keys_come_with_a_suggestion() {
    for (text, place, explanation) in [
        ("[server]\nlistn = \"127.0.0.1:1\"\n", "crosswatch.toml:2: server.listn: ", "did you mean `listen`?"),
        ("[server]\nlevel = \"info\"\n", "crosswatch.toml:2: server.level: ", "belongs to [log]"),
        ("[server]\nsource = \"a\"\n", "crosswatch.toml:2: server.source: ", "belongs to [[pair]]"),
        ("\n[sever]\n", "crosswatch.toml:2: sever: ", "did you mean `server`?"),
        ("[log]\ncolour = true\n", "crosswatch.toml:2: log.colour: ", "known here: level, format"),
    ] {
        check(text, &[(place, explanation)]);
    }
    check(
        &format!("{HOME}{PAIR}shedule = \"hourly\"\n[pair.history]\nremov = \"off\"\n"),
        &[
            ("crosswatch.toml:17: pair[home-to-ledger].shedule: ", "did you mean `schedule`?"),
            ("crosswatch.toml:19: pair[home-to-ledger].history.remov: ", "did you mean `remove`?"),
        ],
    );
}

#[test]
fn wrong_types_and_forms_say_what_to_write() {
    for (text, place, explanation) in [
        ("[server]\nlisten = 8787\n", "crosswatch.toml:2: server.listen: ", "must be text in quotes, found a number"),
        ("[server]\nlisten = \"localhost\"\n", "crosswatch.toml:2: server.listen: ", "`127.0.0.1:8787`"),
        ("[server]\nbase_path = \"x/\"\n", "crosswatch.toml:2: server.base_path: ", "slash in front"),
        ("[server]\nmetrics_public = \"yes\"\n", "crosswatch.toml:2: server.metrics_public: ", "true or false"),
        (
            "[server]\ntrusted_proxies = \"10.0.0.0/8\"\n",
            "crosswatch.toml:2: server.trusted_proxies: ",
            "a list of texts",
        ),
        (
            "[server]\ntrusted_proxies = [\n  \"10.0.0.0/8\",\n  \"10.0.0.0/99\",\n]\n",
            "crosswatch.toml:4: server.trusted_proxies: ",
            "CIDR",
        ),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.1\", \"10.0.0.1\"]\n",
            "crosswatch.toml:2: server.trusted_proxies: ",
            "listed twice",
        ),
        ("[log]\nlevel = \"inf\"\n", "crosswatch.toml:2: log.level: ", "did you mean `info`?"),
        ("[log]\nformat = \"xml\"\n", "crosswatch.toml:2: log.format: ", "use one of: text, json"),
        ("[data]\ndir = \"\"\n", "crosswatch.toml:2: data.dir: ", "is empty"),
        ("[data]\ndir = 1.5\n", "crosswatch.toml:2: data.dir: ", "found a fraction"),
        ("server = 1\n", "crosswatch.toml:1: server: ", "must be a table"),
        ("pair = 1\n", "crosswatch.toml:1: pair: ", "[[pair]]"),
        ("[pair]\nid = \"x\"\n", "crosswatch.toml:1: pair: ", "[[pair]]"),
        ("[server]\napi_key = 12\n", "crosswatch.toml:2: server.api_key: ", "must be text, `{ file = "),
        ("[server]\napi_key = \"\"\n", "crosswatch.toml:2: server.api_key: ", "is empty"),
        (
            "[server]\napi_key = { env = \"A\", file = \"b\" }\n",
            "crosswatch.toml:2: server.api_key: ",
            "exactly one of",
        ),
        ("[server]\napi_key = { vault = \"A\" }\n", "crosswatch.toml:2: server.api_key: ", "exactly one of"),
        ("[server]\napi_key = \"\"\"s3cret\nmore\"\"\"\n", "crosswatch.toml:2: server.api_key: ", "on one line"),
    ] {
        check(text, &[(place, explanation)]);
    }
}

#[test]
fn accounts_take_what_their_kind_takes() {
    let plex = "[[provider]]\nid = \"p\"\nkind = \"plex\"\nurl = \"http://plex:32400\"\n";
    let jellyfin = "[[provider]]\nid = \"j\"\nkind = \"jellyfin\"\n";
    for (text, expected) in [
        (
            "[[provider]]\nurl = \"http://a\"\n".to_owned(),
            vec![
                ("crosswatch.toml:1: provider[#1].id: ", "is missing"),
                ("crosswatch.toml:1: provider[#1].kind: ", "is missing"),
            ],
        ),
        (
            "[[provider]]\nid = \"Home\"\nkind = \"tracker\"\n".to_owned(),
            vec![("crosswatch.toml:2: provider[Home].id: ", "a-z, 0-9")],
        ),
        (
            "[[provider]]\nid = \"a\"\nkind = \"plax\"\n".to_owned(),
            vec![("crosswatch.toml:3: provider[a].kind: ", "did you mean `plex`?")],
        ),
        (
            "[[provider]]\nid = \"e\"\nkind = \"emby\"\nurl = \"http://e\"\nuser = \"a\"\n".to_owned(),
            vec![("crosswatch.toml:1: provider[e].token: ", "add `token = …`, or `password = …`")],
        ),
        (
            jellyfin.to_owned(),
            vec![
                ("crosswatch.toml:1: provider[j].url: ", "a jellyfin account needs it"),
                ("crosswatch.toml:1: provider[j].user: ", "a jellyfin account needs it"),
            ],
        ),
        (
            "[[provider]]\nid = \"m\"\nkind = \"mdblist\"\n".to_owned(),
            vec![("crosswatch.toml:1: provider[m].token: ", "or `client_id = …` of an app to sign in with")],
        ),
        (
            format!("{jellyfin}url = \"http://j\"\nuser = \"a\"\ntoken = \"s3cret\"\npassword = \"s3cret\"\n"),
            vec![("crosswatch.toml:7: provider[j].password: ", "one of them is enough")],
        ),
        (
            format!("{plex}client_id = \"s3cret\"\n"),
            vec![("crosswatch.toml:5: provider[p].client_id: ", "it is for trakt, simkl")],
        ),
        (
            format!("{plex}watchlist = \"favorites\"\n"),
            vec![("crosswatch.toml:5: provider[p].watchlist: ", "it is for jellyfin, emby")],
        ),
        (
            "[[provider]]\nid = \"p\"\nkind = \"plex\"\nurl = \"http://anna:s3cret@plex\"\n".to_owned(),
            vec![("crosswatch.toml:4: provider[p].url: ", "credentials")],
        ),
        (
            "[[provider]]\nid = \"l\"\nkind = \"tracker\"\nverify_tls = true\n".to_owned(),
            vec![("crosswatch.toml:4: provider[l].verify_tls: ", "does not take this")],
        ),
        (
            "[[provider]]\nid = \"t\"\nkind = \"trakt\"\n".to_owned(),
            vec![("crosswatch.toml:1: provider[t].client_id: ", "a trakt account needs it")],
        ),
        (
            format!(
                "{jellyfin}url = \"http://j\"\nuser = \"a\"\ntoken = \"s3cret\"\nwatchlist = {{ shelf = \"x\" }}\n"
            ),
            vec![("crosswatch.toml:7: provider[j].watchlist: ", "\"favorites\"")],
        ),
        (
            "[[provider]]\nid = \"l\"\nkind = \"tracker\"\n[[provider]]\nid = \"l\"\nkind = \"tracker\"\n".to_owned(),
            vec![("crosswatch.toml:5: provider[l].id: ", "taken by the entry at crosswatch.toml:2")],
        ),
    ] {
        check(&text, &expected);
    }
}

#[test]
fn webhook_tokens_open_one_account_and_are_not_guessed() {
    let plex = "[[provider]]\nid = \"p\"\nkind = \"plex\"\nurl = \"http://plex:32400\"\n";
    for (text, expected) in [
        (
            format!("{plex}webhook_token = \"s3cret\"\n"),
            vec![("crosswatch.toml:5: provider[p].webhook_token: ", "must be 16 to 256 letters")],
        ),
        (
            format!("{plex}webhook_token = \"s3cret-s3cret-s3cret?\"\n"),
            vec![("crosswatch.toml:5: provider[p].webhook_token: ", "must be 16 to 256 letters")],
        ),
        (
            format!(
                "{plex}webhook_token = \"s3cret-s3cret-s3cret\"\n{}webhook_token = \"s3cret-s3cret-s3cret\"\n",
                plex.replace("\"p\"", "\"q\"")
            ),
            vec![("crosswatch.toml:10: provider[q].webhook_token: ", "is the token at crosswatch.toml:5, too")],
        ),
        (
            "[[provider]]\nid = \"l\"\nkind = \"tracker\"\nwebhook_token = \"s3cret-s3cret-s3cret\"\n".to_owned(),
            vec![("crosswatch.toml:4: provider[l].webhook_token: ", "it is for plex, jellyfin, emby")],
        ),
    ] {
        check(&text, &expected);
    }
}

#[test]
fn library_filters_say_one_thing() {
    let plex = "[[provider]]\nid = \"p\"\nkind = \"plex\"\nurl = \"http://plex:32400\"\n";
    for (text, expected) in [
        (
            format!("{plex}libraries = {{ only = [] }}\n"),
            vec![("crosswatch.toml:5: provider[p].libraries.only: ", "would leave nothing")],
        ),
        (
            format!("{plex}libraries = {{ only = [\"A\"], except = [\"B\"] }}\n"),
            vec![("crosswatch.toml:5: provider[p].libraries: ", "exactly one of")],
        ),
        (
            format!("{plex}libraries = [\"A\"]\n"),
            vec![("crosswatch.toml:5: provider[p].libraries: ", "{ only = […] }")],
        ),
        (
            format!("{plex}libraries = {{ onli = [\"A\"] }}\n"),
            vec![("crosswatch.toml:5: provider[p].libraries.onli: ", "use `only` or `except`")],
        ),
    ] {
        check(&text, &expected);
    }
}

#[test]
fn pairs_lead_from_one_known_account_to_another() {
    for (text, place, explanation) in [
        ("source = \"hme\"\ntarget = \"ledger\"\n", "crosswatch.toml:14: pair[x].source: ", "did you mean `home`?"),
        ("source = \"zzz\"\ntarget = \"ledger\"\n", "crosswatch.toml:14: pair[x].source: ", "known: home, ledger"),
        ("source = \"home\"\ntarget = \"home\"\n", "crosswatch.toml:15: pair[x].target: ", "needs two accounts"),
        ("source = \"home\"\n", "crosswatch.toml:12: pair[x].target: ", "is missing"),
        (
            "source = \"home\"\ntarget = \"ledger\"\nmode = \"oneway\"\n",
            "crosswatch.toml:16: pair[x].mode: ",
            "did you mean `one-way`?",
        ),
        (
            "source = \"home\"\ntarget = \"ledger\"\nschedule = \"every 10s\"\n",
            "crosswatch.toml:16: pair[x].schedule: ",
            "at least 1m",
        ),
        (
            "source = \"home\"\ntarget = \"ledger\"\n[pair.ratings]\nremove = \"mirrored\"\n",
            "crosswatch.toml:17: pair[x].ratings.remove: ",
            "did you mean `mirror`?",
        ),
        (
            "source = \"home\"\ntarget = \"ledger\"\n[pair.progress]\nmin_percent = 90\n",
            "crosswatch.toml:16: pair[x].progress: ",
            "less than max_percent",
        ),
        (
            "source = \"home\"\ntarget = \"ledger\"\n[pair.policy]\nnew_item_grace = \"soon\"\n",
            "crosswatch.toml:17: pair[x].policy.new_item_grace: ",
            "`15m`",
        ),
        (
            "source = \"home\"\ntarget = \"ledger\"\n[pair.policy]\nacknowledge = [\"everything\"]\n",
            "crosswatch.toml:17: pair[x].policy.acknowledge: ",
            "tracker-to-server",
        ),
        (
            "source = \"home\"\ntarget = \"ledger\"\n[pair.policy]\nmax_removes = { percent = 101 }\n",
            "crosswatch.toml:17: pair[x].policy.max_removes.percent: ",
            "0 to 100",
        ),
    ] {
        let text = format!("{HOME}[[pair]]\nid = \"x\"\n{text}");
        check(&text, &[(place, explanation)]);
    }
}

#[test]
fn routes_snapshots_and_messages_lead_somewhere() {
    let plex = "[[provider]]\nid = \"p\"\nkind = \"plex\"\nurl = \"http://plex\"\n";
    for (text, place, explanation) in [
        (
            "[[route]]\nid = \"r\"\nsource = \"ledger\"\ntargets = [\"home\"]\n",
            "crosswatch.toml:14: route[r].source: ",
            "name a media server",
        ),
        (
            "[[route]]\nid = \"r\"\nsource = \"home\"\ntargets = []\n",
            "crosswatch.toml:15: route[r].targets: ",
            "write at least one",
        ),
        (
            "[[route]]\nid = \"r\"\nsource = \"home\"\ntargets = [\"home\"]\n",
            "crosswatch.toml:15: route[r].targets: ",
            "is the source",
        ),
        (
            "[[route]]\nid = \"r\"\nsource = \"home\"\ntargets = [\"leger\"]\n",
            "crosswatch.toml:15: route[r].targets: ",
            "did you mean `ledger`?",
        ),
        ("[[route]]\nid = \"r\"\nsource = \"home\"\n", "crosswatch.toml:12: route[r].targets: ", "is missing"),
        (
            "[[route]]\nid = \"r\"\nsource = \"home\"\ntargets = [\"ledger\"]\nwatched_at_percent = 0\n",
            "crosswatch.toml:16: route[r].watched_at_percent: ",
            "1 to 100",
        ),
        (
            "[[route]]\nid = \"r\"\nsource = \"home\"\ntargets = [\"ledger\"]\nvia = [\"pigeon\"]\n",
            "crosswatch.toml:16: route[r].via: ",
            "webhook, watch",
        ),
        ("[[snapshot]]\nprovider = \"gone\"\n", "crosswatch.toml:13: snapshot[gone].provider: ", "no [[provider]]"),
        (
            "[[snapshot]]\nprovider = \"home\"\nfeatures = []\n",
            "crosswatch.toml:14: snapshot[home].features: ",
            "write at least one",
        ),
        (
            "[[snapshot]]\nprovider = \"home\"\nkeep = { daily = 0, weekly = 0, monthly = 0 }\n",
            "crosswatch.toml:14: snapshot[home].keep: ",
            "keep nothing",
        ),
        ("[[notify]]\nkind = \"ntfy\"\n", "crosswatch.toml:12: notify[#1].url: ", "is missing"),
        ("[[notify]]\nkind = \"ntfy\"\nurl = \"s3cret\"\n", "crosswatch.toml:14: notify[#1].url: ", "with its scheme"),
        (
            "[[notify]]\nkind = \"gotify\"\nurl = \"http://g\"\n",
            "crosswatch.toml:12: notify[#1].token: ",
            "needs the token",
        ),
        (
            "[[notify]]\nkind = \"discord\"\nurl = \"https://d\"\ntoken = \"s3cret\"\n",
            "crosswatch.toml:15: notify[#1].token: ",
            "takes no token",
        ),
    ] {
        check(&format!("{HOME}{text}"), &[(place, explanation)]);
    }
    check(
        &format!("{HOME}{plex}[[route]]\nid = \"r\"\nsource = \"p\"\ntargets = [\"ledger\"]\n"),
        &[("crosswatch.toml:16: route[r].users: ", "nobody's plays would count")],
    );
}

#[test]
fn all_problems_of_a_file_are_reported_at_once_in_its_order() {
    check(
        &format!(
            "{HOME}\n[server]\nlisten = 1\ntrusted = []\n{PAIR}enabled = \"yes\"\n[[pair]]\nid = \"b\"\nsource = \"x\"\ntarget = \"ledger\"\n"
        ),
        &[
            ("crosswatch.toml:14: server.listen: ", "must be text"),
            ("crosswatch.toml:15: server.trusted: ", "there is no such key"),
            ("crosswatch.toml:21: pair[home-to-ledger].enabled: ", "must be true or false"),
            ("crosswatch.toml:24: pair[b].source: ", "known: home, ledger"),
        ],
    );
}

#[test]
fn broken_toml_is_reported_with_its_lines_and_without_its_text() {
    check(
        "[server]\nlisten = \"127.0.0.1:1\napi_key = s3cret\n",
        &[("crosswatch.toml:2: ", "not valid TOML"), ("crosswatch.toml:3: ", "not valid TOML")],
    );
    check("[log]\nlevel = \"info\"\nlevel = \"warn\"\n", &[("crosswatch.toml:3: ", "duplicate key")]);
}

#[test]
fn a_file_full_of_problems_is_answered_with_the_first_hundred() {
    let keys: Vec<String> = (0..250).map(|number| format!("unknown-{number:03} = 1\n")).collect();
    let error = read(&format!("[server]\n{}", keys.concat())).unwrap_err();
    assert_eq!(error.problems.len(), 101);
    let last = error.problems.last().unwrap().to_string();
    assert_eq!(last, "crosswatch.toml:101: and 150 more problems: repair the ones above first");
}

#[test]
fn a_problem_can_be_taken_apart() {
    let error = read("[log]\n  level = 3\n").unwrap_err();
    let problem = error.problems.first().unwrap();
    assert_eq!((problem.line(), problem.field.as_str()), (Some(2), "log.level"));
    assert!(matches!(problem.origin, crosswatch_settings::Origin::File { column: 3, .. }), "{:?}", problem.origin);
}
