//! Accounts at media servers and trackers.

use crosswatch_actors::{AccountState, BudgetState, DayState, WatcherState};
use crosswatch_model::{Capabilities, FeatureCapability, Kind, PlayDetail, Rating, WatchedPrecision};
use crosswatch_port::{Fault, InboxRecord, Probe};
use crosswatch_settings::{BaseUrl, Provider, ProviderKind};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::fault_word;

/// What one feature of an account can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FeatureCapability)]
pub struct FeatureCapabilityShape {
    #[schema(example = "history")]
    feature: &'static str,
    /// Whether it can be a target of adds and updates.
    can_write: bool,
    /// Whether single facts can be removed.
    can_remove: bool,
    /// Kinds that may be written.
    kinds: Vec<&'static str>,
    /// Whether there is a cheap question for "did this change".
    has_change_gate: bool,
    /// Whether it can be read from a moment on.
    can_read_since: bool,
    /// Operations in one write, at most.
    batch_size: usize,
    /// Rows the account holds at most, where told.
    max_rows: Option<u64>,
    /// Whether a removal is told as such; elsewhere it shows only as a row that is missing.
    tells_removals: bool,
    /// Whether rows go away by themselves, so that a missing one is never taken for a removal.
    rows_expire: bool,
}

impl From<&FeatureCapability> for FeatureCapabilityShape {
    fn from(entry: &FeatureCapability) -> Self {
        Self {
            feature: entry.feature.as_str(),
            can_write: entry.can_write,
            can_remove: entry.can_remove,
            kinds: entry.kinds.iter().copied().map(Kind::as_str).collect(),
            has_change_gate: entry.has_change_gate,
            can_read_since: entry.can_read_since,
            batch_size: entry.batch_size,
            max_rows: entry.max_rows,
            tells_removals: entry.tells_removals,
            rows_expire: entry.rows_expire,
        }
    }
}

/// Everything an account can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Capabilities)]
pub struct CapabilitiesShape {
    /// The supported features.
    features: Vec<FeatureCapabilityShape>,
    /// Steps of the rating scale: 5, 10, 20 or 100.
    rating_steps: u8,
    /// How exactly plays are dated: `second`, `minute` or `write_time_only`.
    #[schema(example = "second")]
    watched_precision: &'static str,
    /// Which plays are kept: `every_play` or `last_play_only`.
    #[schema(example = "every_play")]
    plays: &'static str,
    /// Whether a play without a date can be stored as such.
    keeps_undated_plays: bool,
    /// Whether writing the same play twice gives two plays.
    duplicates_plays: bool,
    /// Whether items must carry an external id.
    needs_ids: bool,
    /// Watched or wanted: an item has one status, not both.
    keeps_one_status: bool,
    /// Whether it is a media server, which holds what is in its libraries.
    is_media_server: bool,
    /// The membership that the limits belong to, where the account tells.
    #[schema(example = "vip")]
    membership: Option<String>,
}

impl From<&Capabilities> for CapabilitiesShape {
    fn from(capabilities: &Capabilities) -> Self {
        Self {
            features: capabilities.features.iter().map(FeatureCapabilityShape::from).collect(),
            rating_steps: Rating::new(100).map_or(0, |best| capabilities.scale.steps(best)),
            watched_precision: match capabilities.watched_precision {
                WatchedPrecision::Second => "second",
                WatchedPrecision::Minute => "minute",
                WatchedPrecision::WriteTimeOnly => "write_time_only",
            },
            plays: match capabilities.plays {
                PlayDetail::EveryPlay => "every_play",
                PlayDetail::LastPlayOnly => "last_play_only",
            },
            keeps_undated_plays: capabilities.keeps_undated_plays,
            duplicates_plays: capabilities.duplicates_plays,
            needs_ids: capabilities.needs_ids,
            keeps_one_status: capabilities.keeps_one_status,
            is_media_server: capabilities.is_media_server,
            membership: capabilities.membership.as_ref().map(ToString::to_string),
        }
    }
}

/// Pace and breaker of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Budget)]
pub struct BudgetShape {
    /// `closed` is normal; `open`: left alone; `probation`: one request may try.
    #[schema(example = "closed")]
    breaker: &'static str,
    /// Failures in a row.
    failures: u32,
    /// How long the account is left alone from now, in seconds.
    waits_s: Option<u64>,
    /// Reads that could go right now, where there is a limit.
    reads_left: Option<u32>,
    /// Milliseconds between two writes, where there is a limit.
    write_every_ms: Option<u64>,
    /// Requests that may be under way at the same moment; fewer while somebody watches at a media server.
    concurrent: usize,
    /// The requests of the day, where the service limits them.
    day: Option<QuotaShape>,
}

/// The requests of a day, and when they will be used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Quota)]
pub struct QuotaShape {
    /// How many there are.
    limit: u64,
    /// How many are left; where only ours are counted, no more than that.
    left: u64,
    /// How many of them are kept for live scrobbling and for people: schedules wait for the next day then.
    kept: u64,
    /// Whether only our requests are counted, because the service does not tell those of other apps.
    counts_only_ours: bool,
    /// When the next day begins, in seconds from now.
    resets_in_s: u64,
    /// When they are used up should it go on like this, in seconds from now; `null` where they last for the day.
    runs_out_in_s: Option<u64>,
}

impl From<&DayState> for QuotaShape {
    fn from(day: &DayState) -> Self {
        Self {
            limit: day.limit,
            left: day.left,
            kept: day.kept,
            counts_only_ours: day.counts_only_ours,
            resets_in_s: day.resets_in.as_secs(),
            runs_out_in_s: day.runs_out_in.map(|until| until.as_secs()),
        }
    }
}

impl From<&BudgetState> for BudgetShape {
    fn from(budget: &BudgetState) -> Self {
        Self {
            breaker: budget.breaker,
            failures: budget.failures,
            waits_s: budget.waits.map(|waits| waits.as_secs().max(1)),
            reads_left: budget.reads_left,
            write_every_ms: budget.write_every.and_then(|every| u64::try_from(every.as_millis()).ok()),
            concurrent: budget.concurrent,
            day: budget.day.as_ref().map(QuotaShape::from),
        }
    }
}

/// What an account told last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LastEvent)]
pub struct LastEventShape {
    /// The server's own name for it.
    #[schema(example = "media.scrobble")]
    event: String,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
}

impl From<&InboxRecord> for LastEventShape {
    fn from(row: &InboxRecord) -> Self {
        Self { event: row.word.to_string(), received_at: row.received_at }
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Provider)]
pub struct ProviderShape {
    id: String,
    #[schema(example = "jellyfin")]
    kind: &'static str,
    /// The host that is asked; `null` for the built-in tracker.
    host: Option<String>,
    /// Whose state this is, where configured.
    user: Option<String>,
    /// Whether its last request got an answer; `null` where nothing was asked yet.
    reachable: Option<bool>,
    /// What it can do; `null` while it is being restarted.
    capabilities: Option<CapabilitiesShape>,
    /// When its tokens end; they are renewed before, where they can be. `null` where that is not known or never.
    #[schema(value_type = Option<String>, format = DateTime)]
    token_expires_at: Option<Timestamp>,
    /// What it told last by webhook or while it was watched; `null` where nothing is remembered.
    last_event: Option<LastEventShape>,
    /// Requests sent since the start, retries and token refreshes included.
    requests_sent: Option<u64>,
    /// Pace and breaker; `null` while it is being restarted.
    budget: Option<BudgetShape>,
    /// How it is watched as it plays; `null` where no route watches it.
    watcher: Option<WatcherShape>,
}

/// How a media server is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Watcher)]
pub struct WatcherShape {
    /// `connecting`, `listening` to its event socket, `polling` where there is none, `unreachable`, `sign_in` where the
    /// credentials are refused, or `not_watchable`.
    #[schema(example = "listening")]
    state: &'static str,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When the server last gave a sign of life.
    #[schema(value_type = Option<String>, format = DateTime)]
    healthy_at: Option<Timestamp>,
    /// Sessions under way.
    playing: usize,
    /// How often the connection was lost since the start.
    lost: u32,
    /// What went wrong last, even if all is well by now.
    last_error: Option<String>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_error_at: Option<Timestamp>,
}

impl From<&WatcherState> for WatcherShape {
    fn from(watcher: &WatcherState) -> Self {
        let trouble = watcher.last_trouble.as_ref();
        Self {
            state: watcher.standing.as_str(),
            since: watcher.since,
            healthy_at: watcher.healthy_at,
            playing: watcher.playing,
            lost: watcher.lost,
            last_error: trouble.map(|trouble| trouble.why.to_string()),
            last_error_at: trouble.map(|trouble| trouble.at),
        }
    }
}

/// What an account does right now, as far as anybody knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProviderNow {
    pub(crate) account: Option<AccountState>,
    pub(crate) watcher: Option<WatcherState>,
    pub(crate) last_event: Option<LastEventShape>,
}

impl ProviderShape {
    /// An account as it is configured and as it is now.
    pub(crate) fn new(provider: &Provider, now: &ProviderNow) -> Self {
        let ProviderNow { account: now, watcher, last_event } = now;
        let now = now.as_ref();
        Self {
            id: provider.id.to_string(),
            kind: provider.kind.as_str(),
            host: provider.url.as_ref().map(BaseUrl::host).map(str::to_owned),
            user: provider.user.clone(),
            reachable: now.and_then(|now| is_reachable(provider.kind, now)),
            capabilities: now.map(|now| CapabilitiesShape::from(&now.capabilities)),
            token_expires_at: now.and_then(|now| now.tokens_end),
            requests_sent: now.map(|now| now.requests_sent),
            budget: now.map(|now| BudgetShape::from(&now.budget)),
            last_event: last_event.clone(),
            watcher: watcher.as_ref().map(WatcherShape::from),
        }
    }
}

/// The built-in tracker is always there; of others the last answers tell.
const fn is_reachable(kind: ProviderKind, now: &AccountState) -> Option<bool> {
    match (kind, now.budget.failures, now.requests_sent) {
        (ProviderKind::Tracker, ..) => Some(true),
        (_, 0, 0) => None,
        (_, failures, _) => Some(failures == 0),
    }
}

/// What went wrong with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultShape {
    /// `unavailable`, `rate-limited`, `sign-in`, `rejected`, `in-doubt` or `gone`.
    #[serde(rename = "type")]
    kind: &'static str,
    detail: String,
}

/// What asking an account who we are there found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Check)]
pub struct CheckShape {
    id: String,
    /// Whether it answered and accepted our credentials.
    ok: bool,
    #[schema(value_type = String, format = DateTime)]
    checked_at: Timestamp,
    /// The user whose state is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Product and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// Names server and user, so that a changed account is noticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<FaultShape>,
}

impl CheckShape {
    /// The answer to a check.
    pub(crate) fn new(provider: &Provider, checked_at: Timestamp, answer: &Result<Probe, Fault>) -> Self {
        let probe = answer.as_ref().ok();
        let fault = answer.as_ref().err();
        Self {
            id: provider.id.to_string(),
            ok: answer.is_ok(),
            checked_at,
            user: probe.map(|probe| probe.user.to_string()),
            product: probe.map(|probe| probe.product.to_string()),
            fingerprint: probe.map(|probe| probe.fingerprint.to_string()),
            fault: fault.map(|fault| FaultShape { kind: fault_word(fault), detail: fault.to_string() }),
        }
    }
}
