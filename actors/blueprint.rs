//! What the house is built from: accounts, pairs and schedules, with every default already decided.

use std::{rc::Rc, sync::Arc};

use crosswatch_model::{Feature, FeatureSet, PairId, ProviderId};
use crosswatch_plan::FeaturePolicy;
use crosswatch_port::{Clock, Entropy, Knowledge, Ledger};
use crosswatch_scrobble::{Audience, Ear, Records, SessionRules, Via};
use crosswatch_settings::Schedule;
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
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureBlueprint {
    /// The feature.
    pub feature: Feature,
    /// What is allowed.
    pub policy: FeaturePolicy,
    /// When it runs by itself.
    pub schedule: Schedule,
}

/// A pair to build.
#[derive(Debug, Clone, PartialEq)]
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
    /// First writes go 1, 10, rest, each read back.
    pub has_canary: bool,
    /// Names library filters; a changed scope makes the next run a first run.
    pub scope: SmolStr,
    /// The features that are on.
    pub features: Vec<FeatureBlueprint>,
}

impl PairBlueprint {
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

/// Everything the house stands on.
#[derive(Clone)]
pub struct Blueprint {
    /// Accounts.
    pub accounts: Vec<AccountBlueprint>,
    /// Pairs.
    pub pairs: Vec<PairBlueprint>,
    /// Routes of live scrobbling.
    pub routes: Vec<RouteBlueprint>,
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
}

impl Surroundings {
    /// A fresh id for a run or plan.
    pub fn new_run_id(&self) -> crosswatch_model::RunId {
        let unix_ms = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        crosswatch_model::RunId::new(unix_ms, [self.entropy.next_u64(), self.entropy.next_u64()])
    }
}

/// Shared ownership of the pair's blueprint.
pub type SharedPair = Rc<PairBlueprint>;
