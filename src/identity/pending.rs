//! Writes that cannot arrive yet, because the target does not have the item. Such a write is a fact that waits, no error.
//!
//! A waiting add counts as present on the target when both sides are compared, so that nobody takes its absence for a
//! removal. Deliberately absent: storage, and the sending.

/// Why the write waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PendingWhy {
    /// The item is not in the target's library. Tried again when the library has it.
    NotInLibrary,
    /// The target's catalogue does not know the item. Tried again after 1, 7 and then every 30 days.
    NotInCatalogue,
    /// The target has no form for it. Tried again only when the target learns one, or the write becomes another.
    Unrepresentable,
    /// It is not sure which item of the target it is. A person decides.
    Ambiguous,
}

/// What the write would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PendingAction {
    /// Add or change the fact.
    Put,
    /// Take it away.
    Remove,
}

/// A write that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pending {
    /// Why.
    pub why: PendingWhy,
    /// What it would do.
    pub action: PendingAction,
    /// When the fact came about, in seconds since 1970.
    pub fact_s: i64,
    /// A number that is another one when the value to write or the target's abilities are.
    pub inputs: u64,
    /// How often it was refused.
    pub refusals: u16,
    /// When it is tried again at the earliest, in seconds since 1970; `None` where time alone changes nothing.
    pub next_try_s: Option<i64>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It is this second.
    Time(i64),
    /// The target's library was read and has the item.
    InLibrary,
    /// The value or the target's abilities are described by this number now.
    Inputs(u64),
    /// A person told which item it is.
    Decided,
}

/// What the fact's own side says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The fact was taken away again.
    TakenAway,
    /// The fact is there again.
    PutAgain,
}

const DAY_S: i64 = 86_400;
const BACKOFF_DAYS: [i64; 2] = [1, 7];
const LAST_BACKOFF_DAYS: i64 = 30;

impl Pending {
    /// A write that was refused for the first time at `now_s`.
    pub fn new(why: PendingWhy, action: PendingAction, fact_s: i64, inputs: u64, now_s: i64) -> Self {
        Self { why, action, fact_s, inputs, refusals: 0, next_try_s: None }.refused(why, now_s)
    }

    /// The same write, refused once more.
    #[must_use]
    pub fn refused(self, why: PendingWhy, now_s: i64) -> Self {
        let days = BACKOFF_DAYS.get(usize::from(self.refusals)).copied().unwrap_or(LAST_BACKOFF_DAYS);
        let next_try_s = (why == PendingWhy::NotInCatalogue).then(|| now_s.saturating_add(days * DAY_S));
        Self { why, refusals: self.refusals.saturating_add(1), next_try_s, ..self }
    }

    /// Whether it is to be tried on this occasion.
    pub fn is_due(&self, occasion: Occasion) -> bool {
        match (self.why, occasion) {
            (_, Occasion::Inputs(inputs)) => inputs != self.inputs,
            (PendingWhy::NotInLibrary, Occasion::InLibrary) | (PendingWhy::Ambiguous, Occasion::Decided) => true,
            (PendingWhy::NotInCatalogue, Occasion::Time(now_s)) => self.next_try_s.is_none_or(|next_s| now_s >= next_s),
            _ => false,
        }
    }

    /// What is left of it after news of its fact: a write that undoes what never arrived is no write.
    pub fn after(self, news: News) -> Option<Self> {
        match (self.action, news) {
            (PendingAction::Put, News::PutAgain) | (PendingAction::Remove, News::TakenAway) => Some(self),
            (PendingAction::Put, News::TakenAway) | (PendingAction::Remove, News::PutAgain) => None,
        }
    }

    /// Whether both sides are to be compared as if the target had the fact.
    pub fn counts_as_present(&self) -> bool {
        self.action == PendingAction::Put
    }

    /// Whether it may still be applied to a target that last changed the fact at this second.
    pub fn is_newer_than(&self, target_changed_s: Option<i64>) -> bool {
        target_changed_s.is_none_or(|changed_s| self.fact_s > changed_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(why: PendingWhy) -> Pending {
        Pending::new(why, PendingAction::Put, 1_000, 7, 0)
    }

    #[test]
    fn unknown_items_are_tried_after_1_7_and_30_days() {
        let mut waiting = pending(PendingWhy::NotInCatalogue);
        let mut days = Vec::new();
        for _ in 0..4 {
            let next_s = waiting.next_try_s.unwrap();
            assert!(!waiting.is_due(Occasion::Time(next_s - 1)) && waiting.is_due(Occasion::Time(next_s)));
            days.push(next_s / DAY_S);
            waiting = waiting.refused(PendingWhy::NotInCatalogue, next_s);
        }
        assert_eq!(days, [1, 8, 38, 68]);
    }

    #[test]
    fn each_reason_has_its_own_occasion() {
        use PendingWhy::{Ambiguous, NotInCatalogue, NotInLibrary, Unrepresentable};
        for (why, in_library, by_time, decided) in [
            (NotInLibrary, true, false, false),
            (NotInCatalogue, false, true, false),
            (Unrepresentable, false, false, false),
            (Ambiguous, false, false, true),
        ] {
            let waiting = pending(why);
            assert_eq!(waiting.is_due(Occasion::InLibrary), in_library, "{why:?}");
            assert_eq!(waiting.is_due(Occasion::Time(i64::MAX)), by_time, "{why:?}");
            assert_eq!(waiting.is_due(Occasion::Decided), decided, "{why:?}");
            assert!(waiting.is_due(Occasion::Inputs(8)) && !waiting.is_due(Occasion::Inputs(7)), "{why:?}");
        }
    }

    #[test]
    fn a_later_removal_cancels_a_waiting_add() {
        let waiting = pending(PendingWhy::NotInLibrary);
        assert_eq!(waiting.after(News::TakenAway), None);
        assert_eq!(waiting.after(News::PutAgain), Some(waiting));
        let removal = Pending { action: PendingAction::Remove, ..waiting };
        assert_eq!(removal.after(News::PutAgain), None);
        assert!(waiting.counts_as_present() && !removal.counts_as_present());
        assert!(waiting.is_newer_than(Some(999)) && !waiting.is_newer_than(Some(1_000)) && waiting.is_newer_than(None));
    }
}
