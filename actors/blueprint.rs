//! What the house is built from: accounts, pairs and schedules, with every default already decided.

use std::{collections::BTreeMap, rc::Rc, sync::Arc};

use crosswatch_model::{Feature, FeatureSet, PairId, ProviderId};
use crosswatch_plan::{Approvals, ConflictPolicy, FeaturePolicy, Limit, Mode, Removes};
use crosswatch_port::{Clock, Entropy, Knowledge, Ledger};
use crosswatch_scrobble::{Audience, Ear, Records, SessionRules, Via};
use crosswatch_settings::{Keep, Schedule};
use smol_str::SmolStr;

use crate::{
    budget::Pace, lane::Lane, notifier::Channel, provider::BuildAdapter, seal::SecretKey, store::OnStorageFailure,
};

/// An account to build.
#[derive(Clone)]
pub struct AccountBlueprint {
    /// Its name.
    pub id: ProviderId,
    /// How fast it may be asked.
    pub pace: Pace,
    /// How its adapter is built.
    pub build: BuildAdapter,
}

/// One feature of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureBlueprint {
    /// The feature.
    pub feature: Feature,
    /// What is allowed.
    pub policy: FeaturePolicy,
    /// When it runs by itself.
    pub schedule: Schedule,
}

/// What a two-way pair still needs before it may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lock {
    /// Nothing.
    #[default]
    Open,
    /// Runs that show that it is safe.
    UntilReady,
    /// A word in the configuration.
    UntilAcknowledged,
}

/// A pair to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairBlueprint {
    /// Its name.
    pub id: PairId,
    /// The account it reads from.
    pub source: ProviderId,
    /// The account it writes to.
    pub target: ProviderId,
    /// Whether it may run at all.
    pub is_enabled: bool,
    /// It reads, plans and reports, and writes nothing.
    pub is_shadow: bool,
    /// What it needs before it may write.
    pub lock: Lock,
    /// Pairs that carry its features the other way: what their runs show counts for this one, too.
    pub way_back: Vec<PairId>,
    /// Accounts after whose plays it runs.
    pub runs_after: Vec<ProviderId>,
    /// First writes go 1, 10, rest, each read back.
    pub has_canary: bool,
    /// What live scrobbling has recorded is not added again.
    pub heeds_live: bool,
    /// Names library filters; a changed scope makes the next run a first run.
    pub scope: SmolStr,
    /// The features that are on.
    pub features: Vec<FeatureBlueprint>,
}

impl PairBlueprint {
    /// The keeper of an account: a pair of its snapshots with the account itself. It never runs by itself, and what it
    /// writes is a restore that somebody looked at.
    pub fn keeper_of(account: &ProviderId) -> Self {
        let feature =
            |feature: Feature| FeatureBlueprint { feature, policy: restore_policy(), schedule: Schedule::manual() };
        Self {
            id: PairId::keeper_of(account),
            source: account.clone(),
            target: account.clone(),
            is_enabled: true,
            is_shadow: false,
            lock: Lock::Open,
            way_back: Vec::new(),
            runs_after: Vec::new(),
            has_canary: false,
            heeds_live: false,
            scope: SmolStr::default(),
            features: Feature::ALL.iter().copied().map(feature).collect(),
        }
    }

    /// Whether it is the keeper of an account, which nobody configured.
    pub fn is_keeper(&self) -> bool {
        self.id.kept_account().is_some()
    }

    /// Whether it may write to an account.
    pub fn writes_to(&self, account: &ProviderId) -> bool {
        let is_two_way = self.features.iter().any(|feature| feature.policy.mode == Mode::TwoWay);
        self.is_enabled && (self.target == *account || is_two_way && self.source == *account)
    }

    /// The features that are on.
    pub fn feature_set(&self) -> FeatureSet {
        self.features.iter().map(|entry| entry.feature).collect()
    }

    /// The leased resources of a run: the pair and both accounts.
    pub fn resources(&self) -> Vec<SmolStr> {
        let mut resources: Vec<SmolStr> = vec![
            smol_str::format_smolstr!("account:{}", self.source),
            smol_str::format_smolstr!("account:{}", self.target),
            smol_str::format_smolstr!("pair:{}", self.id),
        ];
        resources.sort_unstable();
        resources.dedup();
        resources
    }
}

/// An account that a route tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetBlueprint {
    /// The account.
    pub account: ProviderId,
    /// How it takes in what happens.
    pub ear: Ear,
    /// Who records its plays.
    pub records: Records,
}

/// A route of live scrobbling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteBlueprint {
    /// Its name.
    pub id: SmolStr,
    /// The media server that is listened to.
    pub source: ProviderId,
    /// How playback is noticed.
    pub via: Vec<Via>,
    /// Whose playback counts.
    pub audience: Audience,
    /// When a play counts as watched.
    pub rules: SessionRules,
    /// The accounts that are told.
    pub targets: Vec<TargetBlueprint>,
    /// Whether a film that was watched leaves the watchlists of the targets.
    pub unlists_films: bool,
}

/// Snapshots of an account to take.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotBlueprint {
    /// The account.
    pub account: ProviderId,
    /// What is copied.
    pub features: FeatureSet,
    /// When.
    pub schedule: Schedule,
    /// How many are kept.
    pub keep: Keep,
}

/// How many snapshots of an account are kept where nobody says so.
const KEEP: Keep = Keep { daily: 30, weekly: 12, monthly: 12 };

/// Nothing stands in the way of what a person brings back but what the account cannot hold.
fn restore_policy() -> FeaturePolicy {
    let no_limit = Limit { percent: 100, at_least: u32::MAX };
    FeaturePolicy {
        mode: Mode::Restore,
        conflict: ConflictPolicy::Source,
        adds: true,
        removes: Removes::Off,
        remove_after_reads: 1,
        max_removes: no_limit,
        max_shrink: no_limit,
        rewatches: true,
        allow_undated: true,
        new_item_grace_s: 0,
        min_percent: 0,
        max_percent: 100,
        only_new: false,
        blocked: Vec::new(),
        approvals: Approvals::NONE,
        mirror_approved: false,
        leaves_losses: false,
    }
}

/// Everything the house stands on.
#[derive(Clone)]
pub struct Blueprint {
    /// Accounts.
    pub accounts: Vec<AccountBlueprint>,
    /// Pairs.
    pub pairs: Vec<PairBlueprint>,
    /// Routes of live scrobbling.
    pub routes: Vec<RouteBlueprint>,
    /// Snapshots by schedule.
    pub snapshots: Vec<SnapshotBlueprint>,
    /// Channels to people.
    pub channels: Vec<Channel>,
    /// The store.
    pub ledger: Arc<dyn Ledger>,
    /// Seals what the store keeps secret.
    pub secret_key: SecretKey,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Where blocking work runs.
    pub lane: Lane,
    /// What is known about items beside what accounts say.
    pub knowledge: Arc<dyn Knowledge>,
    /// Names this process life.
    pub boot: u128,
    /// Whether schedules start runs.
    pub has_scheduler: bool,
    /// What to do when the disk fails.
    pub on_storage_failure: OnStorageFailure,
}

/// What every actor is given: the ports that are not an account.
#[derive(Clone)]
pub struct Surroundings {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Where blocking work runs.
    pub lane: Lane,
    /// What is known about items beside what accounts say.
    pub knowledge: Arc<dyn Knowledge>,
    /// Names this process life.
    pub boot: u128,
    /// How many snapshots are kept, of the accounts of which somebody says so.
    pub keeps: Arc<BTreeMap<ProviderId, Keep>>,
}

impl Surroundings {
    /// How many snapshots of an account are kept.
    pub fn keep_of(&self, account: &ProviderId) -> Keep {
        self.keeps.get(account).copied().unwrap_or(KEEP)
    }

    /// A fresh id for a run or plan.
    pub fn new_run_id(&self) -> crosswatch_model::RunId {
        let unix_ms = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        crosswatch_model::RunId::new(unix_ms, [self.entropy.next_u64(), self.entropy.next_u64()])
    }
}

/// Shared ownership of the pair's blueprint.
pub type SharedPair = Rc<PairBlueprint>;
