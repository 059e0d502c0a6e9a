//! Chance from a seed: everything random in a story comes out of one of these.

use crosswatch_port::{Entropy, fake::SeededEntropy};

/// A box of dice that always falls the same way.
#[derive(Debug)]
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        low + self.0.below(high.saturating_sub(low) + 1)
    }

    /// True in `permille` of a thousand cases.
    pub(crate) fn happens(&self, permille: u64) -> bool {
        self.0.below(1000) < permille
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.place(of.len())]
    }

    /// A place in a list of this length.
    pub(crate) fn place(&self, length: usize) -> usize {
        usize::try_from(self.0.below(length as u64)).unwrap()
    }
}
