//! Reads of an account that works.

use std::collections::BTreeSet;

use crosswatch_model::Feature;

use crate::{account::Kind, catalogue::Contents, ports::run, reading::read_all};

pub(crate) fn every_size_is_complete_and_true(kind: &Kind) {
    let page = kind.page_rows;
    for plays in [0, 1, page - 1, page, page + 1, 2 * page, 10_000] {
        let account = (kind.start)(Contents::watched(plays));
        let ended = run(read_all(&*account.open(), Feature::History));
        assert_eq!(ended.fault, None, "{plays} plays");
        assert!(ended.is_complete(), "{plays} plays: {}", ended.report().proof);
        assert_eq!((ended.rows.len(), ended.unusable), (plays, 0));
        assert!(ended.facts() == account.truth(Feature::History), "{plays} plays: the facts differ");
    }
}

pub(crate) fn every_feature_is_true(kind: &Kind) {
    let account = (kind.start)(Contents::lived());
    let adapter = account.open();
    for capability in adapter.capabilities().features {
        let feature = capability.feature;
        let ended = run(read_all(&*adapter, feature));
        let truth = account.truth(feature);
        assert!(truth.len() > 2, "the account holds too little {feature} to prove anything");
        assert!(ended.is_complete(), "{feature}: {:?}", ended.report());
        assert_eq!(ended.facts(), truth, "{feature}");
    }
}

pub(crate) fn counts_agree(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let adapter = account.open();
    let told: Vec<Feature> = [Feature::History, Feature::Watchlist, Feature::Ratings]
        .into_iter()
        .filter(|feature| match run(adapter.count(*feature)).unwrap() {
            Some(count) => {
                assert_eq!(count, account.truth(*feature).len() as u64, "{feature}");
                true
            }
            None => false,
        })
        .collect();
    assert!(!told.is_empty(), "something can be counted everywhere");
}

pub(crate) fn reads_repeat(kind: &Kind) {
    let account = (kind.start)(Contents::lived());
    let adapter = account.open();
    let first = run(read_all(&*adapter, Feature::History));
    let second = run(read_all(&*adapter, Feature::History));
    let after_restart = run(read_all(&*account.open(), Feature::History));
    assert_eq!(first.rows, second.rows);
    assert_eq!(first.rows, after_restart.rows);
    let natives: BTreeSet<_> = first.rows.iter().filter_map(|row| row.native).collect();
    assert_eq!(natives.len(), first.rows.len(), "every play has a row of its own");
}

pub(crate) fn probes_are_stable(kind: &Kind) {
    let account = (kind.start)(Contents::watched(1));
    let adapter = account.open();
    let probe = run(adapter.probe()).unwrap();
    assert!(!probe.user.is_empty() && !probe.product.is_empty(), "{probe:?}");
    account.let_time_pass();
    assert_eq!(run(adapter.probe()).unwrap(), probe);
    assert_eq!(run(account.open().probe()).unwrap().fingerprint, probe.fingerprint);
}
