//! A pair as the house knows it: which features, what each allows, and which accounts and libraries it is about.

use crosswatch_actors::{FeatureBlueprint, Lock, PairBlueprint};
use crosswatch_model::{Feature, PairId, ProviderId};
use crosswatch_plan::{Approvals, ConflictPolicy, FeaturePolicy, Limit, Removes};
use crosswatch_settings::{
    Acknowledgement, Conflict, FeatureSettings, Filter, Mode, Owner, Pair, RemoveMode, Settings, Shelf,
};
use smol_str::{SmolStr, format_smolstr};

/// The blueprint of a pair.
pub(crate) fn pair(pair: &Pair, settings: &Settings) -> PairBlueprint {
    PairBlueprint {
        id: pair.id.clone(),
        source: pair.source.clone(),
        target: pair.target.clone(),
        is_enabled: pair.enabled,
        is_shadow: pair.shadow,
        lock: lock(pair, settings),
        way_back: way_back(pair, settings),
        runs_after: runs_after(pair),
        has_canary: pair.policy.canary,
        heeds_live: pair.history.as_ref().is_some_and(|history| history.owner != Owner::Both),
        scope: format_smolstr!("{} > {}", scope(&pair.source, settings), scope(&pair.target, settings)),
        features: Feature::ALL.iter().filter_map(|feature| one_feature(*feature, pair, settings)).collect(),
    }
}

/// What a pair needs before it may write: both ways between two media servers a word, both ways at all a word or proof.
fn lock(pair: &Pair, settings: &Settings) -> Lock {
    let is_server = |id| settings.provider(id).is_some_and(|provider| provider.kind.is_media_server());
    let is_accepted = |risk| pair.policy.acknowledges(risk);
    match pair.mode {
        Mode::OneWay => Lock::Open,
        Mode::TwoWay
            if is_server(&pair.source) && is_server(&pair.target) && !is_accepted(Acknowledgement::ServerToServer) =>
        {
            Lock::UntilAcknowledged
        }
        Mode::TwoWay if is_accepted(Acknowledgement::TwoWay) => Lock::Open,
        Mode::TwoWay => Lock::UntilReady,
    }
}

/// Where something must be watched for the pair to run.
fn runs_after(pair: &Pair) -> Vec<ProviderId> {
    match pair.mode {
        _ if !pair.after_play => Vec::new(),
        Mode::OneWay => vec![pair.source.clone()],
        Mode::TwoWay => vec![pair.source.clone(), pair.target.clone()],
    }
}

/// Pairs that go the other way, switched off or on: they are how a pair gets to know both ways before it takes them.
fn way_back(pair: &Pair, settings: &Settings) -> Vec<PairId> {
    reverse(pair, settings).map(|other| other.id.clone()).collect()
}

fn reverse<'a>(pair: &'a Pair, settings: &'a Settings) -> impl Iterator<Item = &'a Pair> {
    settings.pairs.iter().filter(|other| other.source == pair.target && other.target == pair.source)
}

fn one_feature(feature: Feature, pair: &Pair, all: &Settings) -> Option<FeatureBlueprint> {
    let settings = pair.feature(feature)?;
    let schedule = pair.schedule_of(feature)?.clone();
    let leaves_losses = reverse(pair, all).any(|other| other.enabled && !other.shadow && other.removes(feature));
    Some(FeatureBlueprint { feature, policy: policy(pair, settings, leaves_losses), schedule })
}

fn policy(pair: &Pair, settings: &FeatureSettings, leaves_losses: bool) -> FeaturePolicy {
    let limit = |limit: crosswatch_settings::Limit| Limit { percent: limit.percent, at_least: limit.at_least };
    FeaturePolicy {
        mode: match pair.mode {
            Mode::OneWay => crosswatch_plan::Mode::OneWay,
            Mode::TwoWay => crosswatch_plan::Mode::TwoWay,
        },
        conflict: match pair.policy.conflict {
            Conflict::Source => ConflictPolicy::Source,
            Conflict::Newest => ConflictPolicy::Newest,
            Conflict::Target => ConflictPolicy::Target,
        },
        adds: settings.add,
        removes: match settings.remove {
            RemoveMode::Off => Removes::Off,
            RemoveMode::Observed => Removes::Observed,
            RemoveMode::Mirror => Removes::Mirror,
        },
        remove_after_reads: u8::try_from(pair.policy.remove_after_reads).unwrap_or(u8::MAX),
        max_removes: limit(pair.policy.max_removes),
        max_shrink: limit(pair.policy.max_shrink),
        rewatches: pair.history.as_ref().is_some_and(|history| history.rewatches),
        allow_undated: pair.history.as_ref().is_some_and(|history| history.allow_undated),
        new_item_grace_s: pair.policy.new_item_grace.seconds(),
        min_percent: pair.progress.as_ref().map_or(0, |progress| progress.min_percent),
        max_percent: pair.progress.as_ref().map_or(100, |progress| progress.max_percent),
        only_new: settings.only_new,
        blocked: pair.policy.block.iter().filter_map(|item| item.parse().ok()).collect(),
        // Approvals belong to a run and to the store, not to the configuration.
        approvals: Approvals::NONE,
        mirror_approved: false,
        leaves_losses,
    }
}

/// Names an account and what of it counts. When it changes, rows that left the view are no removals: the next run is a
/// first run. A server that moved to another address is still the same account; its fingerprint tells.
fn scope(id: &ProviderId, settings: &Settings) -> SmolStr {
    let Some(provider) = settings.provider(id) else { return id.as_str().into() };
    let libraries = match &provider.libraries {
        Filter::All => String::new(),
        Filter::Only(names) => format!("+{}", names_in_order(names)),
        Filter::Except(names) => format!("-{}", names_in_order(names)),
    };
    let shelf = match &provider.watchlist {
        None => String::new(),
        Some(Shelf::Favorites) => "favorites".to_owned(),
        Some(Shelf::Playlist(name)) => format!("playlist {name:?}"),
        Some(Shelf::Collection(name)) => format!("collection {name:?}"),
    };
    format_smolstr!("{id}({libraries})({shelf})")
}

/// Quoted, so that no two lists of names give the same text.
fn names_in_order(names: &[String]) -> String {
    let mut names: Vec<String> = names.iter().map(|name| format!("{:?}", name.trim().to_lowercase())).collect();
    names.sort_unstable();
    names.dedup();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use crate::wiring::tests_support::settings;

    use super::*;

    fn blueprint(libraries: &str, rest: &str) -> PairBlueprint {
        let settings = settings(&format!(
            "[[provider]]\nid = \"home\"\nkind = \"jellyfin\"\nurl = \"http://jellyfin:8096\"\nuser = \"anna\"\ntoken = \"t\"\n{libraries}\n\
             [[provider]]\nid = \"ledger\"\nkind = \"tracker\"\n\
             [[pair]]\nid = \"p\"\nsource = \"home\"\ntarget = \"ledger\"\n{rest}"
        ));
        pair(settings.pairs.first().unwrap(), &settings)
    }

    #[test]
    fn a_pair_carries_what_was_written() {
        let pair = blueprint(
            "",
            "shadow = true\nschedule = \"daily 03:30\"\n[pair.history]\nrewatches = false\nallow_undated = true\n\
             [pair.watchlist]\nremove = \"observed\"\nschedule = \"every 30m\"\n[pair.ratings]\nenabled = false\n\
             [pair.policy]\ncanary = false\nremove_after_reads = 3\nnew_item_grace = \"2m\"\nmax_removes = { percent = 4, at_least = 7 }\n",
        );
        assert!(pair.is_enabled && pair.is_shadow && !pair.has_canary);
        let [history, watchlist] = pair.features.as_slice() else { panic!("{:?}", pair.features) };
        assert_eq!((history.feature, history.schedule.as_str()), (Feature::History, "daily 03:30"));
        assert_eq!(
            (history.policy.rewatches, history.policy.allow_undated, history.policy.removes),
            (false, true, Removes::Off)
        );
        assert_eq!((watchlist.feature, watchlist.schedule.as_str()), (Feature::Watchlist, "every 30m"));
        assert_eq!(watchlist.policy.removes, Removes::Observed);
        assert_eq!(watchlist.policy.max_removes, Limit { percent: 4, at_least: 7 });
        assert_eq!((watchlist.policy.remove_after_reads, watchlist.policy.new_item_grace_s), (3, 120));
        assert_eq!((watchlist.policy.approvals, watchlist.policy.mirror_approved), (Approvals::NONE, false));
    }

    #[test]
    fn both_ways_are_locked_until_there_is_a_word_or_proof() {
        let accept = |words: &str| format!("[pair.policy]\nacknowledge = [{words}]\n");
        let lock_of = |target: &str, mode: &str, words: &str| {
            let settings = settings(&format!(
                "[[provider]]\nid = \"home\"\nkind = \"jellyfin\"\nurl = \"http://j\"\nuser = \"a\"\ntoken = \"t\"\n\
                 [[provider]]\nid = \"other\"\nkind = \"emby\"\nurl = \"http://e\"\nuser = \"a\"\ntoken = \"t\"\n\
                 [[provider]]\nid = \"ledger\"\nkind = \"tracker\"\n\
                 [[pair]]\nid = \"p\"\nsource = \"home\"\ntarget = \"{target}\"\nmode = \"{mode}\"\n{}\
                 [[pair]]\nid = \"q\"\nsource = \"{target}\"\ntarget = \"home\"\nenabled = false\n",
                accept(words)
            ));
            let built = pair(settings.pairs.first().unwrap(), &settings);
            assert_eq!(built.way_back, [PairId::parse("q").unwrap()]);
            built.lock
        };
        for (target, mode, words, lock) in [
            ("ledger", "one-way", "", Lock::Open),
            ("ledger", "two-way", "", Lock::UntilReady),
            ("ledger", "two-way", "\"two-way\"", Lock::Open),
            ("other", "one-way", "", Lock::Open),
            ("other", "two-way", "\"two-way\"", Lock::UntilAcknowledged),
            ("other", "two-way", "\"server-to-server\"", Lock::UntilReady),
            ("other", "two-way", "\"server-to-server\", \"two-way\"", Lock::Open),
        ] {
            assert_eq!(lock_of(target, mode, words), lock, "{target} {mode} {words}");
        }
    }

    #[test]
    fn what_a_pair_the_other_way_removes_is_not_put_back() {
        let leaves_losses = |other: &str| {
            let settings = settings(&format!(
                "[[provider]]\nid = \"a\"\nkind = \"tracker\"\n[[provider]]\nid = \"b\"\nkind = \"tracker\"\n\
                 [[pair]]\nid = \"p\"\nsource = \"a\"\ntarget = \"b\"\n[pair.watchlist]\n\
                 [[pair]]\nid = \"q\"\nsource = \"b\"\ntarget = \"a\"\n{other}"
            ));
            let built = pair(settings.pairs.first().unwrap(), &settings);
            built.features.first().unwrap().policy.leaves_losses
        };
        let removing = "[pair.watchlist]\nremove = \"observed\"\n";
        assert!(leaves_losses(removing));
        for other in [
            "[pair.watchlist]\n".to_owned(),
            format!("enabled = false\n{removing}"),
            format!("shadow = true\n{removing}"),
            removing.replace("watchlist", "ratings"),
        ] {
            assert!(!leaves_losses(&other), "{other}");
        }
    }

    #[test]
    fn the_scope_changes_with_what_counts_and_with_nothing_else() {
        let scope = |libraries: &str| blueprint(libraries, "").scope;
        let all = scope("");
        let two = scope("libraries = { only = [\"Movies\", \"Shows\"] }");
        assert_ne!(all, two);
        assert_eq!(two, scope("libraries = { only = [\"shows\", \"Movies \"] }"));
        assert_ne!(two, scope("libraries = { except = [\"Movies\", \"Shows\"] }"));
        assert_ne!(two, scope("libraries = { only = [\"Movies,Shows\"] }"));
        assert_eq!(all, scope("watchlist = \"favorites\""));
    }
}
