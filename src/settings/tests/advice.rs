//! The advisor: for every rule a configuration that triggers it and one that does not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::{collections::BTreeMap, collections::BTreeSet, path::Path};

use crosswatch_model::{Feature, PairId, ProviderId};
use crosswatch_settings::{
    Advice, Loop, RemovalPath, Removers, Rule, Settings, Severity, Sources, advise, load_text, loops, removal_paths,
    removers,
};

const ACCOUNTS: &str = r#"
[[provider]]
id = "jelly"
kind = "jellyfin"
url = "http://jellyfin:8096"
user = "anna"
token = "t"
[[provider]]
id = "plex"
kind = "plex"
url = "https://plex.example.org"
user = "anna"
[[provider]]
id = "ledger"
kind = "tracker"
[[provider]]
id = "trakt"
kind = "trakt"
client_id = "c"
[[provider]]
id = "simkl"
kind = "simkl"
client_id = "c"
"#;

fn settings(text: &str) -> Settings {
    let sources = Sources::new("/x", BTreeMap::new());
    load_text(&format!("{ACCOUNTS}{text}"), Path::new("/x/crosswatch.toml"), &sources)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn advice(text: &str) -> Vec<Advice> {
    advise(&settings(text))
}

/// A pair with features and more keys, each part as TOML text.
fn pair(id: &str, from: &str, to: &str, rest: &str) -> String {
    format!("[[pair]]\nid = \"{id}\"\nsource = \"{from}\"\ntarget = \"{to}\"\n{rest}\n")
}

/// One rule, a configuration that triggers it with this severity and subject, and one that does not.
struct Case {
    rule: Rule,
    severity: Severity,
    subject: &'static str,
    bad: String,
    good: String,
}

fn case(
    rule: Rule,
    severity: Severity,
    subject: &'static str,
    bad: impl Into<String>,
    good: impl Into<String>,
) -> Case {
    Case { rule, severity, subject, bad: bad.into(), good: good.into() }
}

fn direction_cases() -> Vec<Case> {
    let accepted = |risk: &str| format!("[pair.policy]\nacknowledge = [\"{risk}\"]");
    vec![
        case(
            Rule::TrackerToServer,
            Severity::Error,
            "pair[p]",
            pair("p", "trakt", "jelly", "[pair.history]"),
            pair("p", "trakt", "jelly", &format!("[pair.history]\n{}", accepted("tracker-to-server"))),
        ),
        case(
            Rule::TrackerToServer,
            Severity::Error,
            "pair[p]",
            pair("p", "jelly", "ledger", "mode = \"two-way\"\n[pair.ratings]"),
            pair("p", "ledger", "jelly", "[pair.watchlist]"),
        ),
        case(
            Rule::ServerToServer,
            Severity::Warning,
            "pair[p]",
            pair("p", "jelly", "plex", "[pair.history]"),
            pair("p", "jelly", "plex", &format!("[pair.history]\n{}", accepted("server-to-server"))),
        ),
        case(
            Rule::ServerToServer,
            Severity::Error,
            "pair[p]",
            pair("p", "jelly", "plex", "mode = \"two-way\"\n[pair.history]"),
            pair("p", "jelly", "ledger", "[pair.history]"),
        ),
        case(
            Rule::TwoWay,
            Severity::Warning,
            "pair[p].mode",
            pair("p", "ledger", "trakt", "mode = \"two-way\"\n[pair.watchlist]"),
            pair("p", "ledger", "trakt", &format!("mode = \"two-way\"\n[pair.watchlist]\n{}", accepted("two-way"))),
        ),
        case(
            Rule::IdleConflict,
            Severity::Warning,
            "pair[p].policy.conflict",
            pair("p", "jelly", "ledger", "[pair.watchlist]\n[pair.policy]\nconflict = \"newest\""),
            pair("p", "jelly", "ledger", "mode = \"two-way\"\n[pair.watchlist]\n[pair.policy]\nconflict = \"newest\""),
        ),
        case(
            Rule::Removes,
            Severity::Warning,
            "pair[p].history.remove",
            pair("p", "jelly", "ledger", "[pair.history]\nremove = \"observed\""),
            pair("p", "jelly", "ledger", "[pair.watchlist]\nremove = \"observed\""),
        ),
        case(
            Rule::Removes,
            Severity::Warning,
            "pair[p].ratings.remove",
            pair("p", "jelly", "ledger", "[pair.ratings]\nremove = \"mirror\""),
            pair("p", "jelly", "ledger", &format!("[pair.ratings]\nremove = \"mirror\"\n{}", accepted("removes"))),
        ),
    ]
}

fn graph_cases() -> Vec<Case> {
    let circle = pair("a", "ledger", "trakt", "[pair.watchlist]")
        + &pair("b", "trakt", "simkl", "[pair.watchlist]")
        + &pair("c", "simkl", "ledger", "[pair.watchlist]");
    let removing = "[pair.watchlist]\nremove = \"observed\"";
    vec![
        case(
            Rule::Cycle,
            Severity::Warning,
            "pair[a]",
            circle.clone(),
            circle.replace("id = \"c\"", "id = \"c\"\nenabled = false"),
        ),
        case(
            Rule::Cycle,
            Severity::Warning,
            "pair[a]",
            pair("a", "ledger", "trakt", "mode = \"two-way\"\n[pair.watchlist]")
                + &pair("b", "ledger", "trakt", "[pair.watchlist]"),
            pair("a", "ledger", "trakt", "mode = \"two-way\"\n[pair.watchlist]")
                + &pair("b", "ledger", "trakt", "[pair.ratings]"),
        ),
        case(
            Rule::TwoRemovers,
            Severity::Warning,
            "provider[ledger]",
            pair("a", "jelly", "ledger", removing) + &pair("b", "plex", "ledger", removing),
            pair("a", "jelly", "ledger", removing) + &pair("b", "plex", "ledger", "[pair.watchlist]"),
        ),
        case(
            Rule::TwoRemovers,
            Severity::Warning,
            "provider[ledger]",
            pair("a", "jelly", "ledger", removing)
                + &pair("b", "ledger", "trakt", &format!("mode = \"two-way\"\n{removing}")),
            pair("a", "jelly", "ledger", removing) + &pair("b", "ledger", "trakt", removing),
        ),
    ]
}

fn pair_cases() -> Vec<Case> {
    let route = "[[route]]\nid = \"r\"\nsource = \"jelly\"\ntargets = [\"trakt\"]\n";
    let history = pair("p", "ledger", "trakt", "[pair.history]");
    vec![
        case(
            Rule::ManyFeatures,
            Severity::Info,
            "pair[p]",
            pair("p", "jelly", "ledger", "[pair.history]\n[pair.ratings]\n[pair.watchlist]"),
            pair("p", "jelly", "ledger", "[pair.history]\n[pair.ratings]\n[pair.watchlist]\nenabled = false"),
        ),
        case(
            Rule::NoFeature,
            Severity::Warning,
            "pair[p]",
            pair("p", "jelly", "ledger", "[pair.history]\nenabled = false"),
            pair("p", "jelly", "ledger", "[pair.history]"),
        ),
        case(
            Rule::DoubleRecording,
            Severity::Warning,
            "pair[p].history",
            history.clone() + route,
            history.replace("[pair.history]", "[pair.history]\nowner = \"live\"") + route,
        ),
        case(
            Rule::DoubleRecording,
            Severity::Warning,
            "pair[p].history",
            history.replace("[pair.history]", "[pair.history]\nowner = \"both\"") + route,
            history + &route.replace("trakt", "simkl"),
        ),
        case(
            Rule::UndatedPlays,
            Severity::Warning,
            "pair[p].history.allow_undated",
            pair("p", "jelly", "plex", "[pair.history]\nallow_undated = true"),
            pair("p", "plex", "jelly", "[pair.history]\nallow_undated = true"),
        ),
    ]
}

fn service_cases() -> Vec<Case> {
    let paired = pair("p", "jelly", "ledger", "[pair.history]");
    let snapshot = "[[snapshot]]\nprovider = \"ledger\"\n";
    vec![
        case(Rule::NoSnapshots, Severity::Info, "snapshot", paired.clone(), paired.clone() + snapshot),
        case(
            Rule::NoSnapshots,
            Severity::Info,
            "snapshot",
            format!("{paired}{snapshot}schedule = \"manual\"\n"),
            format!("{paired}{snapshot}schedule = \"daily 05:00\"\n"),
        ),
        case(
            Rule::OpenListener,
            Severity::Warning,
            "server.listen",
            "[server]\nlisten = \"0.0.0.0:8787\"\n",
            "[server]\nlisten = \"0.0.0.0:8787\"\napi_key = \"k\"\n",
        ),
        case(
            Rule::OpenListener,
            Severity::Warning,
            "server.listen",
            "[server]\nlisten = \"[::]:8787\"\n",
            "[server]\nlisten = \"[::1]:8787\"\n",
        ),
        case(
            Rule::TlsOff,
            Severity::Warning,
            "provider[e].verify_tls",
            emby("https://emby", "verify_tls = false"),
            emby("https://emby", ""),
        ),
        case(
            Rule::PlainHttp,
            Severity::Warning,
            "provider[e].url",
            emby("http://emby.example.org", ""),
            emby("http://192.168.1.5:8096", ""),
        ),
        case(
            Rule::TalkativeLog,
            Severity::Info,
            "log.level",
            "[log]\nlevel = \"debug\"\n",
            "[log]\nlevel = \"warn\"\n",
        ),
        case(Rule::NothingToDo, Severity::Info, "pair", paired.replace("[pair.history]", "enabled = false"), paired),
    ]
}

fn schedule_cases() -> Vec<Case> {
    let every = |interval: &str| pair("p", "jelly", "trakt", &format!("schedule = \"{interval}\"\n[pair.history]"));
    vec![
        case(Rule::FastSchedule, Severity::Warning, "pair[p].schedule", every("every 14m"), every("every 15m")),
        case(
            Rule::FastSchedule,
            Severity::Error,
            "pair[p].schedule",
            every("every 4m"),
            every("every 1m").replace("trakt", "ledger"),
        ),
        case(
            Rule::FastSchedule,
            Severity::Error,
            "pair[p].watchlist.schedule",
            pair("p", "jelly", "simkl", "[pair.watchlist]\nschedule = \"*/2 * * * *\""),
            pair("p", "jelly", "simkl", "schedule = \"every 1m\"\n[pair.watchlist]\nschedule = \"*/30 * * * *\""),
        ),
        case(
            Rule::FastSchedule,
            Severity::Warning,
            "snapshot[trakt].schedule",
            "[[snapshot]]\nprovider = \"trakt\"\nschedule = \"every 10m\"\n",
            "[[snapshot]]\nprovider = \"ledger\"\nschedule = \"every 10m\"\n",
        ),
    ]
}

fn emby(url: &str, rest: &str) -> String {
    format!("[[provider]]\nid = \"e\"\nkind = \"emby\"\nurl = \"{url}\"\nuser = \"a\"\ntoken = \"t\"\n{rest}\n")
}

fn cases() -> Vec<Case> {
    [direction_cases(), graph_cases(), pair_cases(), service_cases(), schedule_cases()].into_iter().flatten().collect()
}

#[test]
fn every_rule_speaks_when_it_should_and_only_then() {
    for case in cases() {
        let found: Vec<Advice> = advice(&case.bad).into_iter().filter(|advice| advice.rule == case.rule).collect();
        let [only] = found.as_slice() else { panic!("{} gave {found:#?} for\n{}", case.rule, case.bad) };
        assert_eq!((only.severity, only.subject.as_str()), (case.severity, case.subject), "{only:?}");
        assert!(!only.message.is_empty() && !only.fix.is_empty());
        let silent = advice(&case.good);
        assert!(silent.iter().all(|advice| advice.rule != case.rule), "{silent:#?} for\n{}", case.good);
    }
}

#[test]
fn every_rule_has_a_case() {
    // These compare with how a pair was before, or with what the running service shows or left; they are tested there.
    let by_comparison = [
        Rule::ResetAdvised,
        Rule::ResetNotAdvised,
        Rule::NotReady,
        Rule::WatcherDown,
        Rule::HeldExpired,
        Rule::AlwaysApproved,
    ];
    let covered: BTreeSet<Rule> = cases().iter().map(|case| case.rule).chain(by_comparison).collect();
    let missing: Vec<&Rule> = Rule::ALL.iter().filter(|rule| !covered.contains(rule)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_rule_is_documented() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    for rule in Rule::ALL {
        let documentation = rule.documentation();
        let anchor = documentation.strip_prefix("README.md#").unwrap();
        assert!(readme.contains(&format!("<a id=\"{anchor}\">")), "{rule} is not in the README");
    }
}

#[test]
fn the_graph_tells_loops_removers_and_how_far_a_removal_travels() {
    let removing = "[pair.watchlist]\nremove = \"observed\"";
    let line = pair("a", "jelly", "ledger", removing)
        + &pair("b", "ledger", "trakt", removing)
        + &pair("c", "trakt", "simkl", "[pair.watchlist]")
        + &pair("d", "plex", "ledger", removing);
    let account = |id: &str| ProviderId::parse(id).unwrap();
    let pairs = |ids: &[&str]| ids.iter().map(|id| PairId::parse(id).unwrap()).collect::<Vec<_>>();
    let path = |from: &str, reaches: &[&str]| RemovalPath {
        from: account(from),
        feature: Feature::Watchlist,
        reaches: reaches.iter().map(|id| account(id)).collect(),
    };
    assert_eq!(loops(&settings(&line)), []);
    let both = Removers { account: account("ledger"), feature: Feature::Watchlist, pairs: pairs(&["a", "d"]) };
    assert_eq!(removers(&settings(&line)), [both]);
    let paths = [path("jelly", &["ledger", "trakt"]), path("ledger", &["trakt"]), path("plex", &["ledger", "trakt"])];
    assert_eq!(removal_paths(&settings(&line)), paths);
    let circle = line.replace("source = \"plex\"\ntarget = \"ledger\"", "source = \"trakt\"\ntarget = \"jelly\"");
    let found = Loop { pairs: pairs(&["a", "b", "d"]), features: vec![Feature::Watchlist] };
    assert_eq!(loops(&settings(&circle)), [found]);
    assert_eq!(removal_paths(&settings(&circle))[0], path("jelly", &["ledger", "trakt"]));
}

#[test]
fn the_most_serious_advice_comes_first() {
    let text =
        pair("p", "trakt", "jelly", "schedule = \"every 10m\"\n[pair.history]\n[pair.ratings]\n[pair.watchlist]");
    let severities: Vec<Severity> = advice(&text).iter().map(|advice| advice.severity).collect();
    assert!(severities.is_sorted_by(|one, other| one >= other), "{severities:?}");
    assert_eq!(severities.first(), Some(&Severity::Error));
}

#[test]
fn what_is_switched_off_is_left_alone() {
    let text =
        pair("p", "trakt", "jelly", "enabled = false\nmode = \"two-way\"\nschedule = \"every 1m\"\n[pair.history]");
    let rules: Vec<Rule> = advice(&text).iter().map(|advice| advice.rule).collect();
    assert_eq!(rules, [Rule::NothingToDo]);
}
