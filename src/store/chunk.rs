//! Cutting the rows of a snapshot into chunks, so that two snapshots share whatever did not change between them.
//!
//! A chunk ends where the hash of a row's place says so, on average every 64 rows. Borders so depend on the rows beside
//! them and on nothing else: a row that comes or goes changes its own chunk and moves no other.
//! Deliberately absent: anything about disks.

use crosswatch_model::Id;
use crosswatch_port::SnapshotRow;

/// A chunk has so many rows on average.
const ROWS_USUAL: u64 = 64;
/// A chunk never has more rows.
pub(crate) const ROWS_MAX: usize = 256;

/// The rows in chunks. They must be in their order.
pub(crate) fn chunks(rows: &[SnapshotRow]) -> impl Iterator<Item = &[SnapshotRow]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let border = rest.iter().take(ROWS_MAX).position(ends_chunk).map_or(ROWS_MAX, |at| at + 1);
        let (chunk, others) = rest.split_at_checked(border).unwrap_or((rest, &[]));
        rest = others;
        Some(chunk)
    })
}

/// Whether a chunk ends with this row.
fn ends_chunk(row: &SnapshotRow) -> bool {
    let (kind, show, season, number, item, play) = row.place();
    let mut hasher = blake3::Hasher::new();
    let id = |id: Option<Id>| id.map_or(0, Id::to_bits).to_be_bytes();
    hasher.update(&[kind]).update(&id(show)).update(&id(item)).update(&play.0.to_be_bytes());
    for coordinate in [season, number] {
        hasher.update(&coordinate.map_or(u32::MAX, u32::from).to_be_bytes());
    }
    let hash = hasher.finalize();
    hash.as_bytes().first_chunk().is_some_and(|bytes| u64::from_be_bytes(*bytes) % ROWS_USUAL == 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crosswatch_model::{Fact, Item, Kind, Namespace};

    use super::*;

    fn rows(numbers: impl IntoIterator<Item = u64>) -> Vec<SnapshotRow> {
        let row = |number| {
            let id = Id::from_number(Namespace::Tmdb, Kind::Movie, number).unwrap();
            let item = Item::titled(Kind::Movie, "A film", None, [id].into_iter().collect());
            SnapshotRow { item, fact: Fact::Listed(None) }
        };
        let mut rows: Vec<SnapshotRow> = numbers.into_iter().map(row).collect();
        rows.sort_by(SnapshotRow::cmp_place);
        rows
    }

    fn cut(rows: &[SnapshotRow]) -> BTreeSet<Vec<&Item>> {
        chunks(rows).map(|chunk| chunk.iter().map(|row| &row.item).collect()).collect()
    }

    #[test]
    fn every_row_is_in_one_chunk_and_chunks_are_neither_small_nor_large() {
        let rows = rows(1..=20_000);
        let sizes: Vec<usize> = chunks(&rows).map(<[_]>::len).collect();
        assert_eq!(sizes.iter().sum::<usize>(), rows.len());
        assert!(sizes.iter().all(|size| (1..=ROWS_MAX).contains(size)));
        let usual = rows.len() / sizes.len();
        assert!((48..=80).contains(&usual), "{usual} rows in a chunk");
        let glued: Vec<SnapshotRow> = chunks(&rows).flatten().cloned().collect();
        assert_eq!(glued, rows);
        assert_eq!(chunks(&[]).count(), 0);
    }

    #[test]
    fn a_row_that_comes_or_goes_changes_one_chunk() {
        let before = rows(1..=5_000);
        for after in [rows((1..=5_000).chain([9_999_999])), rows((1..=5_000).filter(|number| *number != 2_500))] {
            let (before, after) = (cut(&before), cut(&after));
            assert!(before.difference(&after).count() <= 2 && after.difference(&before).count() <= 2);
        }
    }
}
