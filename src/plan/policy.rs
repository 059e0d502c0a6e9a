//! What a pair allows for one feature.

use crosswatch_model::{HoldKind, ItemRef};

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

/// When a fact that is gone from one side is removed from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removes {
    /// Never.
    Off,
    /// When it was seen there before.
    Observed,
    /// The target becomes what the source is: also what the source never had is removed. Two-way, the same as observed.
    Mirror,
}

/// Which sides of a pair are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The target follows the source; the source is never written.
    OneWay,
    /// Each side follows what changed on the other.
    TwoWay,
    /// The target gets back what the source says it once had; nothing is remembered.
    Restore,
}

/// Two-way: who is right where both sides changed, or where nothing tells which of them did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictPolicy {
    /// The source, whatever it says: also that something is gone.
    Source,
    /// Whoever changed last. A deletion has no time, so a change wins over it; where times do not decide, the source.
    Newest,
    /// The target, whatever it says.
    Target,
}

/// What a person approved of the plan that is being made. It is for this one plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Approvals(u16);

impl Approvals {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything that waits. What does not fit into an account waits all the same.
    pub const ALL: Self = Self(u16::MAX);

    /// Also what this guard holds.
    #[must_use]
    pub const fn with(self, kind: HoldKind) -> Self {
        Self(self.0 | 1 << kind as u16)
    }

    /// What either lets through.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether what this guard holds goes through.
    pub const fn covers(self, kind: HoldKind) -> bool {
        self.0 & 1 << kind as u16 != 0
    }
}

impl FromIterator<HoldKind> for Approvals {
    fn from_iter<T: IntoIterator<Item = HoldKind>>(kinds: T) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

/// The rules of one feature of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeaturePolicy {
    /// Which sides are written.
    pub mode: Mode,
    /// Who is right where both sides changed.
    pub conflict: ConflictPolicy,
    /// Facts are added and values updated.
    pub adds: bool,
    /// When facts are removed.
    pub removes: Removes,
    /// An absence counts after so many consecutive complete reads; 0 and 1 mean at once.
    pub remove_after_reads: u8,
    /// More removals from a side than this, out of what it holds, wait for a person.
    pub max_removes: Limit,
    /// A side that lost more than this is not believed until a person agrees.
    pub max_shrink: Limit,
    /// Every play counts, where both sides keep every play.
    pub rewatches: bool,
    /// Plays may be written to an account that cannot keep their date.
    pub allow_undated: bool,
    /// What was added more recently than this waits.
    pub new_item_grace_s: u32,
    /// Resume points below this share of the item are left alone.
    pub min_percent: u8,
    /// Resume points above this share of the item are left alone.
    pub max_percent: u8,
    /// Only what happened after the pair first agreed is written; what has no date counts as older.
    pub only_new: bool,
    /// Items that are never written.
    pub blocked: Vec<ItemRef>,
    /// What a person approved of this plan.
    pub approvals: Approvals,
    /// A person approved removals of this mirror before.
    pub mirror_approved: bool,
    /// Another pair takes from the source what the target loses, so that is not put back.
    pub leaves_losses: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approvals_cover_what_they_name() {
        for kind in HoldKind::ALL {
            let only = Approvals::NONE.with(*kind);
            assert!(!Approvals::NONE.covers(*kind) && Approvals::ALL.covers(*kind));
            assert!(HoldKind::ALL.iter().all(|other| only.covers(*other) == (other == kind)));
        }
    }

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
