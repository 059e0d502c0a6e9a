//! What faults say, and how requests are counted.

use crosswatch_emulator::FaultRule;
use crosswatch_model::Feature;
use crosswatch_port::{Fault, Provider, Write};

use crate::{
    account::{Account, Kind, every_fault},
    catalogue::Contents,
    ports::run,
    reading::read_all,
    writing::{absent, adds, queries, send, writable},
};

/// Operations of every feature that can be written, chosen while nothing is broken.
fn operations(account: &dyn Account) -> Vec<(Feature, Vec<Write>)> {
    let features = writable(&*account.open()).into_iter();
    features.map(|feature| (feature, adds(feature, &absent(account, feature, 2)))).collect()
}

/// Every fault that every call can end in.
fn all_faults(adapter: &dyn Provider, operations: &[(Feature, Vec<Write>)]) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(run(adapter.probe()).err());
    for feature in [Feature::History, Feature::Ratings, Feature::Watchlist] {
        faults.extend(run(read_all(adapter, feature)).fault);
        faults.extend(run(adapter.count(feature)).err());
    }
    let features = adapter.capabilities().features.iter().map(|capability| capability.feature).collect();
    faults.extend(run(adapter.stamps(features)).err());
    for (feature, writes) in operations {
        faults.extend(run(adapter.cells(*feature, &queries(writes))).err());
        faults.extend(send(adapter, *feature, writes).fault);
    }
    faults
}

pub(crate) fn stay_secret(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let Some(wire) = account.wire() else { return };
    let operations = operations(&*account);
    let mut told = Vec::new();
    for (name, fault) in every_fault() {
        for rule in [FaultRule::prefix("/", fault.clone()).after(1), FaultRule::prefix("/", fault.clone())] {
            wire.faults.clear();
            wire.faults.add(rule.always());
            let faults = all_faults(&*account.open(), &operations);
            told.extend(faults.into_iter().map(|fault| (name, fault)));
        }
    }
    wire.faults.clear();
    account.end_credentials();
    told.extend(all_faults(&*account.open(), &operations).into_iter().map(|fault| ("ended credentials", fault)));
    assert!(told.len() > 100, "only {} faults were told", told.len());
    let secrets = account.secrets();
    assert!(secrets.iter().all(|secret| secret.len() > 5), "an empty secret would prove nothing");
    for (name, fault) in told {
        for text in [fault.to_string(), format!("{fault:?}")] {
            assert!(text.len() > 15, "{name}: {text:?} says nothing");
            let leaked = secrets.iter().find(|secret| text.contains(secret.as_str()));
            assert_eq!(leaked, None, "{name}: {text}");
        }
    }
}

pub(crate) fn requests_are_counted(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let operations = operations(&*account);
    let Some(wire) = account.wire() else {
        let adapter = account.open();
        all_faults(&*adapter, &operations);
        assert_eq!(adapter.requests_sent(), 0, "the ledger sends nothing");
        return;
    };
    for (name, fault) in every_fault() {
        for rule in [FaultRule::prefix("/", fault.clone()).times(2), FaultRule::prefix("/", fault).after(3).times(5)] {
            wire.faults.clear();
            wire.faults.add(rule);
            wire.log.clear();
            let adapter = account.open();
            assert_eq!(adapter.requests_sent(), 0, "opening an account sends nothing");
            all_faults(&*adapter, &operations);
            assert_eq!(adapter.requests_sent(), wire.log.len() as u64, "{name}");
        }
    }
}
