//! Who lives in a story: accounts, pairs, policies and schedules, drawn from the seed.

use crosswatch_actors::{FeatureBlueprint, Lock, Pace, PairBlueprint, Rate};
use crosswatch_model::{Feature, PairId, ProviderId};
use crosswatch_plan::{Approvals, ConflictPolicy, FeaturePolicy, Limit, Mode, Removes};
use crosswatch_settings::Schedule;

use crate::{
    account::{Make, Truth},
    chance::Dice,
    titles::TITLES,
};

/// An account to be.
#[derive(Debug, Clone)]
pub(crate) struct Resident {
    pub(crate) id: ProviderId,
    pub(crate) make: Make,
    pub(crate) pace: Pace,
}

/// Accounts and pairs of a story.
#[derive(Debug, Clone)]
pub(crate) struct Town {
    pub(crate) accounts: Vec<Resident>,
    pub(crate) pairs: Vec<PairBlueprint>,
}

/// Who reads from whom.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// One source, one target.
    One,
    /// One source, two targets.
    Fork,
    /// Two sources, one target.
    Join,
    /// The target of one pair is the source of the next.
    Chain,
    /// A fork with a chain behind it.
    Tree,
    /// Each follows the other.
    TwoWay,
    /// A two-way pair with a chain behind it.
    TwoWayChain,
    /// Two one-way pairs against each other.
    Loop,
    /// Two people on the same two services.
    Twins,
}

impl Town {
    pub(crate) fn drawn(dice: &Dice) -> Self {
        let shape = *dice.pick(&[
            Shape::One,
            Shape::Fork,
            Shape::Join,
            Shape::Chain,
            Shape::Tree,
            Shape::TwoWay,
            Shape::TwoWay,
            Shape::TwoWayChain,
            Shape::Loop,
            Shape::Twins,
        ]);
        let arrows: &[(&str, &str)] = match shape {
            Shape::One | Shape::TwoWay => &[("home", "web")],
            Shape::Fork => &[("home", "web"), ("home", "den")],
            Shape::Join => &[("home", "web"), ("den", "web")],
            Shape::Chain | Shape::TwoWayChain => &[("home", "web"), ("web", "den")],
            Shape::Tree => &[("home", "web"), ("home", "den"), ("web", "attic")],
            Shape::Loop => &[("home", "web"), ("web", "home")],
            Shape::Twins => &[("home", "web"), ("den", "attic")],
        };
        let mut names: Vec<&str> = arrows.iter().flat_map(|(source, target)| [*source, *target]).collect();
        names.sort_unstable();
        names.dedup();
        let accounts = names.into_iter().map(|name| resident(name, dice)).collect();
        let is_shared = matches!(shape, Shape::Join | Shape::Loop);
        let is_two_way = matches!(shape, Shape::TwoWay | Shape::TwoWayChain);
        let mode = |at: usize| if is_two_way && at == 0 { Mode::TwoWay } else { Mode::OneWay };
        let arrows = arrows.iter().enumerate();
        let pairs = arrows.map(|(at, (source, target))| pair(source, target, mode(at), is_shared, dice)).collect();
        Self { accounts, pairs }
    }

    pub(crate) fn pair(&self, id: &PairId) -> &PairBlueprint {
        self.pairs.iter().find(|pair| &pair.id == id).unwrap()
    }

    /// Whether only one pair writes to this account.
    pub(crate) fn has_one_writer(&self, account: &ProviderId) -> bool {
        self.pairs.iter().filter(|pair| &pair.target == account).count() == 1
    }

    /// The head of the trace.
    pub(crate) fn describe(&self) -> Vec<String> {
        let account = |account: &Resident| format!("account {} is a {:?}", account.id, account.make);
        let pair = |pair: &PairBlueprint| {
            let features: Vec<String> = pair.features.iter().map(describe_feature).collect();
            format!("pair {}: {} (canary {})", pair.id, features.join(", "), pair.has_canary)
        };
        self.accounts.iter().map(account).chain(self.pairs.iter().map(pair)).collect()
    }
}

impl Resident {
    /// An empty account that does not know every title.
    pub(crate) fn build(&self, dice: &Dice) -> Truth {
        let page_size = usize::try_from(dice.between(3, 9)).unwrap();
        let batch_size = usize::try_from(dice.between(1, 8)).unwrap();
        let mut truth = Truth::new(self.make, page_size, batch_size);
        truth.unknown = (0..TITLES).filter(|_| dice.happens(40)).collect();
        truth
    }
}

fn describe_feature(feature: &FeatureBlueprint) -> String {
    let FeaturePolicy { mode, conflict, removes, remove_after_reads, rewatches, allow_undated, max_removes, .. } =
        &feature.policy;
    format!(
        "{} {} {mode:?} {conflict:?} removes {removes:?} after {remove_after_reads} over {}% rewatches {rewatches} undated {allow_undated}",
        feature.feature,
        feature.schedule.as_str(),
        max_removes.percent
    )
}

fn resident(name: &str, dice: &Dice) -> Resident {
    let make = match name {
        "home" => *dice.pick(&[Make::Server, Make::Server, Make::Server, Make::Tracker, Make::Diary]),
        _ => *dice.pick(&[Make::Tracker, Make::Tracker, Make::Tracker, Make::Diary, Make::Server]),
    };
    let rate = |burst, per_ms| Some(Rate { burst, per: std::time::Duration::from_millis(per_ms) });
    let (reads, writes) = match make {
        Make::Server => (None, None),
        Make::Tracker => (rate(100, 300), rate(1, 1_000)),
        Make::Diary => (rate(20, 500), rate(4, 500)),
    };
    Resident { id: ProviderId::parse(name).unwrap(), make, pace: Pace { reads, writes, concurrent: 2 } }
}

fn pair(source: &str, target: &str, mode: Mode, is_shared: bool, dice: &Dice) -> PairBlueprint {
    let same_schedule = dice.happens(500);
    let every =
        |dice: &Dice| -> Schedule { dice.pick(&["every 10m", "every 15m", "every 20m", "every 30m"]).parse().unwrap() };
    let shared: Schedule = every(dice);
    // Two sources that rate one item differently would never come to rest, and one of them would undo the other.
    let wanted: &[Feature] = if is_shared {
        &[Feature::History, Feature::Watchlist]
    } else {
        &[Feature::History, Feature::Watchlist, Feature::Ratings]
    };
    let mut features: Vec<Feature> = wanted.iter().copied().filter(|_| dice.happens(700)).collect();
    if features.is_empty() {
        features.push(Feature::History);
    }
    let features = features
        .into_iter()
        .map(|feature| FeatureBlueprint {
            feature,
            policy: policy(mode, is_shared, dice),
            schedule: if same_schedule { shared.clone() } else { every(dice) },
        })
        .collect();
    PairBlueprint {
        id: PairId::parse(&format!("{source}-{target}")).unwrap(),
        source: ProviderId::parse(source).unwrap(),
        target: ProviderId::parse(target).unwrap(),
        is_enabled: true,
        is_shadow: false,
        lock: Lock::Open,
        way_back: Vec::new(),
        runs_after: Vec::new(),
        has_canary: dice.happens(300),
        heeds_live: true,
        scope: "all".into(),
        features,
    }
}

fn policy(mode: Mode, is_shared: bool, dice: &Dice) -> FeaturePolicy {
    let lenient = Limit { percent: 100, at_least: 1_000 };
    let strict = Limit { percent: 20, at_least: 3 };
    FeaturePolicy {
        mode,
        conflict: *dice.pick(&[ConflictPolicy::Source, ConflictPolicy::Newest, ConflictPolicy::Target]),
        adds: true,
        removes: if is_shared || dice.happens(300) { Removes::Off } else { Removes::Observed },
        remove_after_reads: u8::try_from(dice.between(1, 3)).unwrap(),
        max_removes: if dice.happens(700) { lenient } else { strict },
        max_shrink: if dice.happens(500) { lenient } else { Limit { percent: 50, at_least: 4 } },
        rewatches: dice.happens(600),
        allow_undated: dice.happens(500),
        new_item_grace_s: *dice.pick(&[0, 0, 300]),
        min_percent: 2,
        max_percent: 95,
        only_new: false,
        blocked: Vec::new(),
        approvals: Approvals::NONE,
        mirror_approved: false,
        leaves_losses: false,
    }
}
