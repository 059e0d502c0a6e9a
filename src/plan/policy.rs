//! What a pair allows for one feature.

/// A limit that is exceeded only when both of its halves are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// More than this share of the whole.
    pub percent: u8,
    /// And at least so many.
    pub at_least: u32,
}

impl Limit {
    /// Whether `part` of `whole` is more than the limit allows.
    pub fn is_exceeded(self, part: u64, whole: u64) -> bool {
        let share = u128::from(part) * 100;
        part > 0 && part >= u64::from(self.at_least) && share > u128::from(whole) * u128::from(self.percent)
    }
}

/// When a fact that is gone from the source is removed from the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removes {
    /// Never.
    Off,
    /// When it was seen on the source before.
    Observed,
    /// The target becomes what the source is: also what the source never had is removed.
    Mirror,
}

/// The rules of one feature of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeaturePolicy {
    /// Facts are added and values updated.
    pub adds: bool,
    /// When facts are removed.
    pub removes: Removes,
    /// An absence counts after so many consecutive complete reads; 0 and 1 mean at once.
    pub remove_after_reads: u8,
    /// More removals than this, out of what the target holds, wait for a person.
    pub max_removes: Limit,
    /// A side that lost more than this is not believed until a person agrees.
    pub max_shrink: Limit,
    /// Every play counts, where both sides keep every play.
    pub rewatches: bool,
    /// Plays may be written to a target that cannot keep their date.
    pub allow_undated: bool,
    /// What was added to the source more recently than this waits.
    pub new_item_grace_s: u32,
    /// Resume points below this share of the item are left alone.
    pub min_percent: u8,
    /// Resume points above this share of the item are left alone.
    pub max_percent: u8,
    /// A person approved what is held: this one plan goes through.
    pub approve_held: bool,
    /// A person approved removals of this mirror before.
    pub mirror_approved: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_a_limit_count() {
        let limit = Limit { percent: 10, at_least: 5 };
        for (part, whole, exceeded) in
            [(0, 0, false), (4, 4, false), (5, 50, false), (5, 49, true), (10, 100, false), (11, 100, true)]
        {
            assert_eq!(limit.is_exceeded(part, whole), exceeded, "{part} of {whole}");
        }
        let strict = Limit { percent: 0, at_least: 0 };
        assert!(strict.is_exceeded(1, 1_000) && !strict.is_exceeded(0, 0));
    }
}
