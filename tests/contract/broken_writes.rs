//! Writes while something goes wrong.

use std::time::Duration;

use crosswatch_emulator::{FaultKind, FaultRule};
use crosswatch_model::Feature;
use crosswatch_port::{CellNow, Fault, WriteOutcome};

use crate::{
    account::{Account, Kind, Wire, every_fault},
    catalogue::Contents,
    ports::run,
    writing::{absent, adds, cells_are_true, landed, queries, says_done, send, writable},
};

/// Rules that strike only requests which change something.
fn on_writes(wire: &Wire, fault: &FaultKind, after: u32) {
    wire.faults.clear();
    for method in ["POST", "PUT", "DELETE"] {
        wire.faults.add(FaultRule::prefix("/", fault.clone()).method(method).after(after));
    }
}

/// Every fault strikes the first and the second write of a batch. Whatever the report says must agree with what the account
/// holds, and asking for the items must tell it.
pub(crate) fn outcomes_are_true(kind: &Kind) {
    let Some(_) = (kind.start)(Contents::watched(0)).wire() else { return store_fails(kind) };
    for (name, fault) in every_fault() {
        let account = (kind.start)(Contents::half_watched());
        let wire = account.wire().unwrap();
        for feature in writable(&*account.open()) {
            for at in 0..2 {
                let adapter = account.open();
                let writes = adds(feature, &absent(&*account, feature, 3));
                run(adapter.probe()).unwrap();
                on_writes(&wire, &fault, at);
                let report = send(&*adapter, feature, &writes);
                wire.faults.clear();
                let place = format!("{name} at write {}", at + 1);
                for (write, outcome) in writes.iter().zip(&report.outcomes) {
                    let is_there = landed(&*account, feature, write) > 0;
                    let fits = match outcome {
                        WriteOutcome::InDoubt => true,
                        WriteOutcome::Acknowledged { .. } | WriteOutcome::AlreadyThere => is_there,
                        WriteOutcome::Rejected(_) | WriteOutcome::NotAttempted => !is_there,
                    };
                    assert!(fits, "{place}, {feature}: {outcome:?}, but it is there: {is_there}; {report:?}");
                }
                cells_are_true(&*account, &*account.open(), feature, &writes, &place);
                clean_up(&*account, feature, &writes);
            }
        }
    }
}

/// Takes away what landed, so that the next fault finds the same items absent.
fn clean_up(account: &dyn Account, feature: Feature, writes: &[crosswatch_port::Write]) {
    let adapter = account.open();
    let there: Vec<_> = writes.iter().filter(|write| landed(account, feature, write) > 0).cloned().collect();
    let removals = crate::writing::removals(&*adapter, feature, &there);
    assert!(send(&*adapter, feature, &removals).outcomes.iter().all(says_done));
}

fn store_fails(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let adapter = account.open();
    for feature in writable(&*adapter) {
        let before = account.truth(feature);
        let writes = adds(feature, &absent(&*account, feature, 3));
        account.break_store();
        let report = send(&*adapter, feature, &writes);
        account.mend();
        assert!(report.outcomes.iter().all(|outcome| *outcome == WriteOutcome::NotAttempted), "{report:?}");
        assert!(report.fault.is_some());
        assert_eq!(account.truth(feature), before);
    }
}

pub(crate) fn lost_answers(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let Some(wire) = account.wire() else { return };
    for feature in writable(&*account.open()) {
        let adapter = account.open();
        run(adapter.probe()).unwrap();
        let writes = adds(feature, &absent(&*account, feature, 1));
        on_writes(&wire, &FaultKind::DropAfter, 0);
        let report = send(&*adapter, feature, &writes);
        wire.faults.clear();
        assert_eq!(report.outcomes, [WriteOutcome::InDoubt], "{feature}");
        let cells = run(adapter.cells(feature, &queries(&writes))).unwrap();
        assert!(matches!(cells.as_slice(), [CellNow::Present(_)]), "{feature}: it landed, {cells:?}");
        assert_eq!(landed(&*account, feature, &writes[0]), 1, "{feature}");
    }
}

/// A write goes out once. Only a 401 proves that it was not applied.
pub(crate) fn nothing_is_sent_twice(kind: &Kind) {
    let Some(_) = (kind.start)(Contents::watched(0)).wire() else { return };
    for (name, fault) in every_fault() {
        let account = (kind.start)(Contents::half_watched());
        let wire = account.wire().unwrap();
        for feature in writable(&*account.open()) {
            let adapter = account.open();
            run(adapter.probe()).unwrap();
            let writes = adds(feature, &absent(&*account, feature, 1));
            on_writes(&wire, &fault, 0);
            let before = wire.writes();
            send(&*adapter, feature, &writes);
            wire.faults.clear();
            let sent = wire.writes() - before;
            let allowed = if name == "401" { 2 } else { 1 };
            assert!(sent <= allowed, "{name}, {feature}: sent {sent} times");
            assert!(landed(&*account, feature, &writes[0]) <= 1, "{name}, {feature}");
        }
    }
}

pub(crate) fn patience_is_told(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let Some(wire) = account.wire() else { return };
    let adapter = account.open();
    run(adapter.probe()).unwrap();
    let writes = adds(Feature::History, &absent(&*account, Feature::History, 2));
    on_writes(&wire, &FaultKind::retry_after(33), 0);
    let report = send(&*adapter, Feature::History, &writes);
    assert!(report.outcomes.iter().all(|outcome| *outcome == WriteOutcome::NotAttempted), "{report:?}");
    wire.faults.clear();
    wire.faults.add(FaultRule::prefix("/", FaultKind::retry_after(44)));
    let probed = run(adapter.probe());
    for (fault, seconds) in [(report.fault, 33), (probed.err(), 44)] {
        let told = matches!(&fault, Some(Fault::RateLimited { after, .. }) if *after == Duration::from_secs(seconds));
        assert!(told, "{fault:?} should ask to wait {seconds} s");
    }
}
