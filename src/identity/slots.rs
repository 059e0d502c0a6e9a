//! An open-addressing table of `u32` values whose keys live elsewhere.
//!
//! The owner knows how to hash and compare what a value stands for, so a slot costs four bytes and no key is stored
//! twice. Deliberately absent: removal.

const EMPTY: u32 = u32::MAX;

/// The table. `u32::MAX` cannot be stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    cells: Vec<u32>,
    used: usize,
}

impl Slots {
    /// A table with room for so many values.
    pub(crate) fn with_room(values: usize) -> Self {
        let cells = (values.saturating_mul(4) / 3 + 4).next_power_of_two();
        Self { cells: vec![EMPTY; cells], used: 0 }
    }

    /// The value with this hash that `is_it` accepts.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            match self.cells.get(at) {
                None | Some(&EMPTY) => return None,
                Some(&value) if is_it(value) => return Some(value),
                Some(_) => at = self.after(at),
            }
        }
    }

    /// Whether one more value would make the table too dense.
    pub(crate) fn is_full(&self) -> bool {
        (self.used + 1) * 4 > self.cells.len() * 3
    }

    /// Makes room for as many values again.
    pub(crate) fn grow(&mut self, hash_of: impl Fn(u32) -> u64) {
        let mut larger = Self::with_room((self.used + 1) * 2);
        for value in self.cells.iter().copied().filter(|value| *value != EMPTY) {
            larger.insert(hash_of(value), value);
        }
        *self = larger;
    }

    /// Stores a value. The owner has looked for it before and keeps the table from being full.
    pub(crate) fn insert(&mut self, hash: u64, value: u32) {
        let mut at = self.home(hash);
        while self.cells.get(at).is_some_and(|cell| *cell != EMPTY) {
            at = self.after(at);
        }
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = value;
            self.used += 1;
        }
    }

    fn home(&self, hash: u64) -> usize {
        let mask = self.cells.len().saturating_sub(1);
        usize::try_from(hash & mask as u64).unwrap_or(0)
    }

    fn after(&self, at: usize) -> usize {
        (at + 1) & self.cells.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_stored_also_when_hashes_collide() {
        let mut slots = Slots::default();
        for value in 0..1_000u32 {
            assert_eq!(slots.find(u64::from(value % 7), |other| other == value), None);
            if slots.is_full() {
                slots.grow(|other| u64::from(other % 7));
            }
            slots.insert(u64::from(value % 7), value);
        }
        for value in 0..1_000u32 {
            assert_eq!(slots.find(u64::from(value % 7), |other| other == value), Some(value));
        }
        assert_eq!(slots.find(3, |_| false), None);
    }
}
