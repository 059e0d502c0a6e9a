//! What a failed request means for the operations that were in it.

use crosswatch_model::{Reason, RejectedWhy};
use crosswatch_port::{Fault, WriteOutcome, WriteReport};

/// The outcome of an operation whose request ended in a fault.
pub(crate) const fn outcome_of(fault: &Fault) -> WriteOutcome {
    match fault {
        Fault::InDoubt(_) => WriteOutcome::InDoubt,
        Fault::Rejected(_) => rejected(Reason::RejectedByTarget),
        Fault::Transient(_) | Fault::RateLimited { .. } | Fault::Auth(_) | Fault::Gone(_) => WriteOutcome::NotAttempted,
    }
}

/// Refused for a reason that may pass.
pub(crate) const fn rejected(reason: Reason) -> WriteOutcome {
    WriteOutcome::Rejected(RejectedWhy { reason, is_permanent: false })
}

/// Refused, and the same input can never be accepted.
pub(crate) const fn rejected_for_good(reason: Reason) -> WriteOutcome {
    WriteOutcome::Rejected(RejectedWhy { reason, is_permanent: true })
}

/// Applied, without a row id.
pub(crate) const fn acknowledged() -> WriteOutcome {
    WriteOutcome::Acknowledged { native: None }
}

/// A report in the making: every operation starts as not attempted.
#[derive(Debug)]
pub(crate) struct Tally {
    outcomes: Vec<WriteOutcome>,
    fault: Option<Fault>,
}

impl Tally {
    /// Nothing sent yet.
    pub(crate) fn of(operations: usize) -> Self {
        Self { outcomes: vec![WriteOutcome::NotAttempted; operations], fault: None }
    }

    /// Notes what became of the operation at this place.
    pub(crate) fn set(&mut self, at: usize, outcome: WriteOutcome) {
        if let Some(slot) = self.outcomes.get_mut(at) {
            *slot = outcome;
        }
    }

    /// Notes what stopped the rest. The first one stays.
    pub(crate) fn stop(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// Whether something stopped the rest.
    pub(crate) const fn is_stopped(&self) -> bool {
        self.fault.is_some()
    }

    /// The report.
    pub(crate) fn finish(self) -> WriteReport {
        WriteReport { outcomes: self.outcomes, fault: self.fault }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_a_lost_reply_is_in_doubt() {
        let cases = [
            (Fault::InDoubt("lost".into()), WriteOutcome::InDoubt),
            (Fault::Transient("no connection".into()), WriteOutcome::NotAttempted),
            (Fault::RateLimited { after: Duration::from_secs(1), detail: "slow".into() }, WriteOutcome::NotAttempted),
            (Fault::Auth("sign in".into()), WriteOutcome::NotAttempted),
            (Fault::Gone("locked".into()), WriteOutcome::NotAttempted),
            (Fault::Rejected("no".into()), rejected(Reason::RejectedByTarget)),
        ];
        for (fault, expected) in cases {
            assert_eq!(outcome_of(&fault), expected, "{fault}");
        }
    }

    #[test]
    fn what_is_never_noted_was_not_attempted() {
        let mut tally = Tally::of(2);
        tally.set(0, acknowledged());
        tally.set(7, WriteOutcome::InDoubt);
        tally.stop(Fault::Transient("first".into()));
        tally.stop(Fault::Transient("second".into()));
        let report = tally.finish();
        assert_eq!(report.outcomes, [acknowledged(), WriteOutcome::NotAttempted]);
        assert_eq!(report.fault, Some(Fault::Transient("first".into())));
    }
}
