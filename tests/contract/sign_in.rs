//! Credentials that end while they are in use.

use crosswatch_emulator::{FaultKind, FaultRule};
use crosswatch_model::Feature;
use crosswatch_port::{Fault, WriteOutcome};

use crate::{
    account::Kind,
    catalogue::Contents,
    ports::run,
    reading::Reading,
    writing::{absent, adds, landed, says_done, send},
};

/// Credentials end between two pages, and again before a write: the work goes on, with one sign-in each.
pub(crate) fn renewed_once(kind: &Kind) {
    let account = (kind.start)(Contents::watched(2 * kind.page_rows));
    let Some(wire) = account.wire() else { return };
    let adapter = account.open();
    run(adapter.probe()).unwrap();
    let mut reading = Reading::of(&*adapter, Feature::History);
    assert!(run(reading.page()).unwrap(), "there is a second page");
    let sign_ins = wire.sign_ins();
    if !account.end_credentials() {
        let fault = run(reading.finish()).fault;
        assert!(matches!(fault, Some(Fault::Auth(_))), "{fault:?}");
        assert_eq!(wire.sign_ins(), sign_ins);
        return;
    }
    let ended = run(reading.finish());
    assert!(ended.is_complete(), "{:?}: {:?}", ended.report(), ended.fault);
    assert!(ended.facts() == account.truth(Feature::History), "the facts differ");
    assert_eq!(wire.sign_ins(), sign_ins + 1, "one renewal serves the rest of the read");
    let again = (kind.start)(Contents::half_watched());
    let (wire, adapter) = (again.wire().unwrap(), again.open());
    run(adapter.probe()).unwrap();
    let sign_ins = wire.sign_ins();
    again.end_credentials();
    let writes = adds(Feature::History, &absent(&*again, Feature::History, 3));
    let report = send(&*adapter, Feature::History, &writes);
    assert!(report.outcomes.iter().all(says_done), "{report:?}");
    assert!(writes.iter().all(|write| landed(&*again, Feature::History, write) == 1));
    assert_eq!(wire.sign_ins(), sign_ins + 1);
    assert!(run(again.open().probe()).is_ok(), "what was renewed is kept for the next start");
    assert_eq!(wire.sign_ins(), sign_ins + 1, "and used by it");
}

/// Everything answers 401, sign-in included: a person must act, and nothing was written.
pub(crate) fn lost_for_good(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let Some(wire) = account.wire() else { return };
    let adapter = account.open();
    let writes = adds(Feature::History, &absent(&*account, Feature::History, 2));
    wire.faults.add(FaultRule::prefix("/", FaultKind::status(401)).always());
    let before = wire.sign_ins();
    let fault = run(adapter.probe()).unwrap_err();
    assert!(matches!(fault, Fault::Auth(_)), "{fault:?}");
    assert!(wire.sign_ins() <= before + 1, "no hammering at the door");
    let report = send(&*adapter, Feature::History, &writes);
    assert!(matches!(report.fault, Some(Fault::Auth(_))), "{report:?}");
    assert!(report.outcomes.iter().all(|outcome| *outcome == WriteOutcome::NotAttempted), "{report:?}");
    wire.faults.clear();
    assert!(writes.iter().all(|write| landed(&*account, Feature::History, write) == 0));
}
