//! What media servers that are watched have in common: items that were described shortly before, and how what plays is told.

use std::{cell::RefCell, collections::VecDeque};

use crosswatch_port::Described;
use crosswatch_scrobble::Media;
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use crate::ports::Ports;

/// More than ever play at once.
const MAX_KEPT: usize = 128;
/// Ids of a new item arrive late, so nothing is believed for long.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(10);

/// Items by the server's own id, the oldest first.
#[derive(Default)]
pub(crate) struct DescribedShelf(RefCell<VecDeque<Kept>>);

struct Kept {
    native: SmolStr,
    at: Timestamp,
    described: Described,
}

impl DescribedShelf {
    /// What was kept of an item a short while ago.
    pub(crate) fn recall(&self, native: &str, ports: &Ports) -> Option<Described> {
        let now = ports.clock.now();
        let mut kept = self.0.borrow_mut();
        kept.retain(|kept| now.duration_since(kept.at) < MAX_AGE);
        kept.iter().find(|kept| kept.native == native).map(|kept| kept.described.clone())
    }

    /// Keeps an item, and forgets the oldest one where there are too many.
    pub(crate) fn keep(&self, native: &str, described: &Described, ports: &Ports) {
        let mut kept = self.0.borrow_mut();
        kept.retain(|kept| kept.native != native);
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept { native: native.into(), at: ports.clock.now(), described: described.clone() });
    }
}

/// An item that plays, as it was described.
pub(crate) fn media(native: &str, described: Described, last_number: Option<u16>) -> Media {
    Media {
        native: native.into(),
        item: described.item,
        last_number,
        duration_ms: described.duration_ms,
        library: described.library,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crosswatch_model::{IdSet, Item, Kind};

    use super::*;
    use crate::testing::House;

    #[test]
    fn the_oldest_is_forgotten_and_nothing_is_kept_for_long() {
        let house = House::new();
        let (ports, shelf) = (house.ports(), DescribedShelf::default());
        let item = Item::titled(Kind::Movie, "A", None, IdSet::EMPTY);
        let described = Described { item, library: None, duration_ms: Some(1) };
        for number in 0..=MAX_KEPT {
            shelf.keep(&number.to_string(), &described, &ports);
        }
        assert_eq!(shelf.recall("0", &ports), None);
        assert_eq!(shelf.recall("1", &ports), Some(described));
        house.clock.advance(Duration::from_secs(600));
        assert_eq!(shelf.recall("1", &ports), None);
    }
}
