//! The cells of an entity where every play counts and both sides are written: neither side is the measure of the other.
//!
//! Stamps of both sides that follow each other within two minutes are one viewing. A play known to the day stands for a
//! viewing of that day that its own side lacks; one without a date for any viewing that its side lacks. Where there is
//! none, it repeats what its side says already. So what was written is found again by the next run, whoever wrote it.

use crosswatch_model::Side;

use super::{EveryPlay, Form, Span, Viewing};
use crate::{
    baseline::PlayKey,
    cell::{Base, Cell, by_content},
    same_play::TOLERANCE_S,
    seen::Seen,
};

/// A row with the stretch of time it lies in.
#[derive(Clone, Copy)]
pub(super) struct Stamp<'a> {
    form: Form,
    span: Span,
    side: Side,
    row: &'a Seen,
}

/// All rows of one viewing, where a side has several.
pub(super) struct Group<'a> {
    pub(super) play: PlayKey,
    source: Vec<&'a Seen>,
    target: Vec<&'a Seen>,
}

impl<'a> EveryPlay<'a> {
    /// Appends the cells of one entity, in order of time.
    pub(crate) fn mirrored_cells(
        &mut self,
        source: &[&'a Seen],
        target: &[&'a Seen],
        bases: &[Base],
        runtime_s: Option<u32>,
        cells: &mut Vec<Cell<'a>>,
    ) {
        self.viewings.clear();
        self.groups.clear();
        self.read_both(source, target);
        let mut stamps = std::mem::take(&mut self.stamps);
        let days_from = stamps.partition_point(|stamp| stamp.form < Form::Day);
        let undated_from = stamps.partition_point(|stamp| stamp.form < Form::Undated);
        for stamp in stamps.iter().take(days_from) {
            self.place_instant(*stamp);
        }
        self.unite_starts_and_stops(bases, runtime_s.filter(|_| days_from == stamps.len()));
        let instants = self.viewings.len();
        for stamp in stamps.iter().take(undated_from).skip(days_from) {
            self.place_day(*stamp, instants);
        }
        for stamp in stamps.iter().skip(undated_from) {
            self.place_undated(*stamp);
        }
        stamps.clear();
        self.stamps = stamps;
        self.viewings.sort_by_key(|viewing| (viewing.span, viewing.source.is_none()));
        let left = self.lay_over(bases);
        self.emit(left, cells);
        self.groups.sort_unstable_by_key(|group| group.play);
    }

    /// The rows of a side that make up a play, where they are several.
    pub(crate) fn several(&self, play: PlayKey, side: Side) -> &[&'a Seen] {
        let at = self.groups.partition_point(|group| group.play < play);
        match (self.groups.get(at).filter(|group| group.play == play), side) {
            (None, _) => &[],
            (Some(group), Side::Source) => &group.source,
            (Some(group), Side::Target) => &group.target,
        }
    }

    pub(super) fn merge_groups(&mut self, into: usize, from: usize) {
        let Some(taken) = self.groups.get_mut(from) else { return };
        let (mut source, mut target) = (std::mem::take(&mut taken.source), std::mem::take(&mut taken.target));
        if let Some(kept) = self.groups.get_mut(into) {
            kept.source.append(&mut source);
            kept.target.append(&mut target);
        }
    }

    fn read_both(&mut self, source: &[&'a Seen], target: &[&'a Seen]) {
        for (side, rows) in [(Side::Source, source), (Side::Target, target)] {
            for row in rows {
                let (form, span) = self.moment(row.fact());
                self.stamps.push(Stamp { form, span, side, row });
            }
        }
        let catalog = self.catalog;
        self.stamps.sort_by(|one, other| {
            (one.form, one.span).cmp(&(other.form, other.span)).then_with(|| by_content(catalog, one.row, other.row))
        });
    }

    fn place_instant(&mut self, stamp: Stamp<'a>) {
        let open = self.viewings.len().checked_sub(1);
        let last = self.viewings.last_mut().filter(|last| stamp.span.start - last.span.end <= TOLERANCE_S);
        match (last, open) {
            (Some(last), Some(at)) => {
                last.span.end = stamp.span.end;
                self.join(at, stamp);
            }
            _ => self.open(stamp),
        }
    }

    /// `instants`: so many viewings come first and are dated, in order of time; days follow, in order too.
    fn place_day(&mut self, stamp: Stamp<'a>, instants: usize) {
        let same_day =
            self.viewings.len().checked_sub(1).filter(|at| {
                *at >= instants && self.viewings.get(*at).is_some_and(|viewing| viewing.span == stamp.span)
            });
        let first = self.viewings.get(..instants).unwrap_or_default();
        let first = first.partition_point(|viewing| viewing.span.end < stamp.span.start);
        let of_that_day =
            |at: &usize| self.viewings.get(*at).is_some_and(|viewing| viewing.span.start <= stamp.span.end);
        let mut days = (first..instants).take_while(of_that_day);
        let has_side = |at: &usize| self.viewings.get(*at).is_some_and(|viewing| viewing.on(stamp.side).is_some());
        let lacking = days.clone().find(|at| !has_side(at));
        match same_day.or(lacking).or_else(|| days.find(has_side)) {
            Some(at) => self.join(at, stamp),
            None => self.open(stamp),
        }
    }

    fn place_undated(&mut self, stamp: Stamp<'a>) {
        let is_free = |viewing: &Viewing<'a>| viewing.on(stamp.side).is_none();
        let first_dated = (!self.viewings.is_empty()).then_some(0);
        match self.viewings.iter().position(is_free).or(first_dated) {
            Some(at) => self.join(at, stamp),
            None => self.open(stamp),
        }
    }

    fn open(&mut self, stamp: Stamp<'a>) {
        let Stamp { form, span, side, row } = stamp;
        let (source, target) = match side {
            Side::Source => (Some(row), None),
            Side::Target => (None, Some(row)),
        };
        self.viewings.push(Viewing { form, span, source, target, base: None, group: None });
    }

    /// One more row of a viewing. The first one of each side speaks for it.
    fn join(&mut self, at: usize, stamp: Stamp<'a>) {
        let Some(viewing) = self.viewings.get_mut(at) else { return };
        let place = match stamp.side {
            Side::Source => &mut viewing.source,
            Side::Target => &mut viewing.target,
        };
        let Some(first) = *place else {
            *place = Some(stamp.row);
            return;
        };
        let at = *viewing.group.get_or_insert(self.groups.len());
        if at == self.groups.len() {
            self.groups.push(Group { play: PlayKey::PRESENCE, source: Vec::new(), target: Vec::new() });
        }
        let Some(group) = self.groups.get_mut(at) else { return };
        let rows = match stamp.side {
            Side::Source => &mut group.source,
            Side::Target => &mut group.target,
        };
        if rows.is_empty() {
            rows.push(first);
        }
        rows.push(stamp.row);
    }
}
