//! The playbook as code: what experience says about a configuration, as far as the configuration alone tells.
//!
//! Every rule is a pure function of the settings with a stable name. What needs measurements (readiness for two-way,
//! unknown users, matches) is advised elsewhere.

mod graph;
mod pairs;
mod service;

pub use graph::{Loop, RemovalPath, Removers, loops, removal_paths, removers};

use crate::{settings::Settings, words::words};

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The rule behind it.
    pub rule: Rule,
    /// How serious it is.
    pub severity: Severity,
    /// What it is about, as in `pair[home-to-ledger].history` or `server.listen`.
    pub subject: String,
    /// What is the matter, and why it matters.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// How serious a piece of advice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Likely to surprise.
    Warning,
    /// Likely to do harm.
    Error,
}

words!(Severity { Info => "info", Warning => "warning", Error => "error" });

/// The rules, by the names that reports, links and snoozes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// History or ratings flow from a tracker to a media server.
    TrackerToServer,
    /// Two media servers are kept in step.
    ServerToServer,
    /// Changes travel in both directions.
    TwoWay,
    /// Who wins a conflict is written where there is none.
    IdleConflict,
    /// History or ratings are removed.
    Removes,
    /// A change can come back to where it came from.
    Cycle,
    /// Two pairs may remove at one account.
    TwoRemovers,
    /// Many features at once.
    ManyFeatures,
    /// A pair without features.
    NoFeature,
    /// Nothing takes snapshots.
    NoSnapshots,
    /// Reachable from the network with a key that nobody chose.
    OpenListener,
    /// Certificates are not checked.
    TlsOff,
    /// Secrets cross the internet unencrypted.
    PlainHttp,
    /// A route and a pair record plays in one account.
    DoubleRecording,
    /// A tracker is asked too often.
    FastSchedule,
    /// Plays would be dated today.
    UndatedPlays,
    /// The log is more talkative than daily use needs.
    TalkativeLog,
    /// Nothing is configured to happen.
    NothingToDo,
    /// What a pair remembers is about something else by now.
    ResetAdvised,
    /// A pair changed in a way that is no reason to forget.
    ResetNotAdvised,
    /// A pair does what its runs have not shown to be safe.
    NotReady,
    /// A media server that should be watched cannot be reached.
    WatcherDown,
    /// Something waits for a person for long.
    HeldExpired,
    /// Nobody is asked about what a guard would hold.
    AlwaysApproved,
}

words!(Rule {
    TrackerToServer => "tracker-to-server",
    ServerToServer => "server-to-server",
    TwoWay => "two-way",
    IdleConflict => "idle-conflict",
    Removes => "removes",
    Cycle => "cycle",
    TwoRemovers => "two-removers",
    ManyFeatures => "many-features",
    NoFeature => "no-feature",
    NoSnapshots => "no-snapshots",
    OpenListener => "open-listener",
    TlsOff => "tls-off",
    PlainHttp => "plain-http",
    DoubleRecording => "double-recording",
    FastSchedule => "fast-schedule",
    UndatedPlays => "undated-plays",
    TalkativeLog => "talkative-log",
    NothingToDo => "nothing-to-do",
    ResetAdvised => "reset-advised",
    ResetNotAdvised => "reset-not-advised",
    NotReady => "not-ready",
    WatcherDown => "watcher-down",
    HeldExpired => "held-expired",
    AlwaysApproved => "always-approved",
});

impl Rule {
    /// Where the documentation tells about it.
    pub fn documentation(self) -> String {
        format!("README.md#advice-{self}")
    }
}

/// Compares the settings with the playbook. The most serious advice comes first, then the order of the rules.
///
/// Pairs and routes that are not enabled are left alone.
pub fn advise(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for rule in CHECKS {
        advice.extend(rule(settings));
    }
    advice.sort_by(|one, other| {
        other.severity.cmp(&one.severity).then_with(|| (one.rule, &one.subject).cmp(&(other.rule, &other.subject)))
    });
    advice
}

type Check = fn(&Settings) -> Vec<Advice>;

const CHECKS: &[Check] = &[
    pairs::tracker_to_server,
    pairs::server_to_server,
    pairs::two_way,
    pairs::idle_conflict,
    pairs::removes,
    pairs::many_features,
    pairs::no_feature,
    pairs::double_recording,
    pairs::undated_plays,
    graph::cycles,
    graph::two_removers,
    service::no_snapshots,
    service::open_listener,
    service::tls_off,
    service::plain_http,
    service::fast_schedules,
    service::talkative_log,
    service::nothing_to_do,
];
