//! Reads while something goes wrong, at every request of the read.

use crosswatch_emulator::{FaultKind, FaultRule};
use crosswatch_model::Feature;
use crosswatch_port::Fault;

use crate::{
    account::{Account, Kind, every_fault},
    catalogue::Contents,
    ports::run,
    reading::{Ended, read_all},
};

/// Every kind of fault strikes every request of a read of several pages, once and from then on.
pub(crate) fn never_short_and_complete(kind: &Kind) {
    let account = (kind.start)(Contents::watched(2 * kind.page_rows + 1));
    let Some(wire) = account.wire() else {
        account.break_store();
        let ended = run(read_all(&*account.open(), Feature::History));
        account.mend();
        assert!(!ended.is_complete(), "a store that fails is not an empty one");
        return;
    };
    let truth = account.truth(Feature::History);
    let whole = run(read_all(&*account.open(), Feature::History));
    assert!(whole.is_complete() && whole.facts() == truth);
    let requests = u32::try_from(wire.log.len()).unwrap();
    assert!(requests >= 3, "a read of several pages has several requests");
    for (name, fault) in every_fault() {
        for at in 0..requests {
            for rule in [FaultRule::prefix("/", fault.clone()), FaultRule::prefix("/", fault.clone()).always()] {
                wire.faults.clear();
                wire.faults.add(rule.after(at));
                let ended = run(read_all(&*account.open(), Feature::History));
                check(&ended, &truth, &format!("{name} at request {}", at + 1));
            }
        }
    }
    wire.faults.clear();
}

/// What is complete is true. A list that is empty and says so consistently is a lie that no adapter can see through; it is
/// caught by the comparison with the last complete read.
fn check(ended: &Ended, truth: &[String], place: &str) {
    if ended.is_complete() && ended.is_believed_after(truth.len()) {
        assert!(ended.facts() == truth, "{place}: complete, but not what the account holds");
    } else {
        let told = ended.fault.as_ref().map_or_else(|| ended.report().proof.to_string(), Fault::to_string);
        assert!(told.len() > 10, "{place}: {told:?} says nothing");
    }
}

pub(crate) fn down_is_not_empty(kind: &Kind) {
    let account = (kind.start)(Contents::watched(5));
    let Some(wire) = account.wire() else { return };
    let silent = [FaultKind::status(503), FaultKind::DropBefore].map(|fault| (fault, false));
    let senseless = [FaultKind::HtmlOk, FaultKind::NullBody].map(|fault| (fault, true));
    for (fault, has_answer) in silent.into_iter().chain(senseless) {
        wire.faults.clear();
        wire.faults.add(FaultRule::prefix("/", fault.clone()).always());
        let adapter = account.open();
        for feature in adapter.capabilities().features.iter().map(|capability| capability.feature) {
            let ended = run(read_all(&*adapter, feature));
            assert!(!ended.is_complete() && ended.rows.is_empty(), "{fault:?}, {feature}");
            let is_told = match &ended.fault {
                Some(Fault::Transient(_)) => !has_answer,
                Some(Fault::InDoubt(_)) => has_answer,
                _ => false,
            };
            assert!(is_told, "{fault:?}, {feature}: {:?}", ended.fault);
        }
        assert!(run(adapter.probe()).is_err(), "{fault:?}");
        assert!(run(adapter.count(Feature::History)).is_err(), "{fault:?}");
    }
    wire.faults.clear();
    assert!(run(read_all(&*account.open(), Feature::History)).is_complete());
}

pub(crate) fn slow_is_not_broken(kind: &Kind) {
    let account = (kind.start)(Contents::watched(5));
    slow_down(&*account);
    let ended = run(read_all(&*account.open(), Feature::History));
    assert!(ended.is_complete() && ended.facts() == account.truth(Feature::History));
}

fn slow_down(account: &dyn Account) {
    if let Some(wire) = account.wire() {
        wire.faults.add(FaultRule::prefix("/", FaultKind::DelayMs(100)).always());
    }
}
