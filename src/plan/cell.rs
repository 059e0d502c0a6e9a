//! The unit of comparison: one entity (and, where every play counts, one play) with what each side and the baseline say.

use std::cmp::Ordering;

use crosswatch_identity::Catalog;
use crosswatch_model::{Fact, Side, WatchedAt};

use crate::{
    baseline::{BaselineRow, PlayKey},
    seen::Seen,
};

/// What is known about one fact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'a> {
    /// Which play.
    pub(crate) play: PlayKey,
    /// The source's row.
    pub(crate) source: Option<&'a Seen>,
    /// The target's row.
    pub(crate) target: Option<&'a Seen>,
    /// What the pair agreed on.
    pub(crate) base: Option<Base>,
    /// Too many rows have the same key, so this one is not remembered.
    pub(crate) is_extra: bool,
}

/// A baseline row of the entity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Base {
    /// The key it is stored under.
    pub(crate) play: PlayKey,
    /// The row.
    pub(crate) row: BaselineRow,
    /// A row is stored under the entity's own name.
    pub(crate) is_own: bool,
    /// It is stored exactly so under the entity's own name; otherwise it was put together from several rows.
    pub(crate) is_stored: bool,
}

impl Base {
    /// One row that stands for both.
    pub(crate) fn with(self, other: Self) -> Self {
        let (kept, folded) = if other.is_stored && !self.is_stored { (other, self) } else { (self, other) };
        let row = BaselineRow {
            source: kept.row.source.or(folded.row.source),
            target: kept.row.target.or(folded.row.target),
            seen_on_source: kept.row.seen_on_source || folded.row.seen_on_source,
            seen_on_target: kept.row.seen_on_target || folded.row.seen_on_target,
            written_by_us: kept.row.written_by_us || folded.row.written_by_us,
            source_written_by_us: kept.row.source_written_by_us || folded.row.source_written_by_us,
            is_diverged: kept.row.is_diverged || folded.row.is_diverged,
            is_taken_back: kept.row.is_taken_back || folded.row.is_taken_back,
            is_weak_match: kept.row.is_weak_match || folded.row.is_weak_match,
            absent_source_reads: kept.row.absent_source_reads.min(folded.row.absent_source_reads),
            absent_target_reads: kept.row.absent_target_reads.min(folded.row.absent_target_reads),
            target_native: kept.row.target_native.or(folded.row.target_native),
            flips: kept.row.flips.or(folded.row.flips),
        };
        let is_own = kept.is_own || folded.is_own;
        Self { play: kept.play, row, is_own, is_stored: kept.is_stored && row == kept.row }
    }
}

/// The one cell of an entity where only presence and value count. Several rows of a side collapse into the latest.
pub(crate) fn presence<'a>(
    catalog: &Catalog,
    source: &[&'a Seen],
    target: &[&'a Seen],
    bases: &[Base],
) -> (Cell<'a>, impl Iterator<Item = PlayKey>) {
    let base = bases.iter().copied().reduce(Base::with).map(|base| {
        let is_stored = base.is_stored && base.play == PlayKey::PRESENCE;
        Base { play: PlayKey::PRESENCE, is_stored, ..base }
    });
    let cell = Cell {
        play: PlayKey::PRESENCE,
        source: latest(catalog, source),
        target: latest(catalog, target),
        base,
        is_extra: false,
    };
    let superseded: Vec<PlayKey> =
        bases.iter().map(|base| base.play).filter(|play| *play != PlayKey::PRESENCE).collect();
    (cell, superseded.into_iter())
}

impl<'a> Cell<'a> {
    /// The row of a side.
    pub(crate) const fn on(&self, side: Side) -> Option<&'a Seen> {
        match side {
            Side::Source => self.source,
            Side::Target => self.target,
        }
    }
}

fn latest<'a>(catalog: &Catalog, rows: &[&'a Seen]) -> Option<&'a Seen> {
    match rows {
        [] => None,
        [only] => Some(*only),
        several => several.iter().copied().max_by(|one, other| {
            recency(one.fact()).cmp(&recency(other.fact())).then_with(|| by_content(catalog, one, other))
        }),
    }
}

/// Later is greater; a known date is greater than none; then the greater amount.
fn recency(fact: Fact) -> (u8, i64, i32, u32) {
    let at = |at: Option<jiff::Timestamp>, amount: u32| match at {
        Some(at) => (2, at.as_second(), at.subsec_nanosecond(), amount),
        None => (0, 0, 0, amount),
    };
    match fact {
        Fact::Play(WatchedAt::Day(day)) => (1, PlayKey::of(WatchedAt::Day(day)).second(), 0, 0),
        Fact::Play(played) => at(played.instant(), 0),
        Fact::Listed(listed) => at(listed, 0),
        Fact::Rated { value, rated_at } => at(rated_at, u32::from(value.get())),
        Fact::Resume { position_s, stopped_at, .. } => at(stopped_at, position_s),
    }
}

/// An order of rows that does not depend on the order in which they arrived.
pub(crate) fn by_content(catalog: &Catalog, one: &Seen, other: &Seen) -> Ordering {
    (one.fact(), one.native()).cmp(&(other.fact(), other.native())).then_with(|| {
        if one.item() == other.item() {
            return Ordering::Equal;
        }
        let describe =
            |seen: &Seen| (catalog.ids(seen.item()), catalog.show_ids(seen.item()), catalog.title(seen.item()));
        describe(one).cmp(&describe(other)).then_with(|| {
            let place = |seen: &Seen| (catalog.coordinates(seen.item()), catalog.year(seen.item()));
            place(one).cmp(&place(other))
        })
    })
}
