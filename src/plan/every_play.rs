//! The cells of an entity where every play counts.
//!
//! Plays of both sides are paired from the surest evidence to the weakest: same stamp, stamps two minutes apart, day and
//! day, day and stamp, undated and anything, start and stop of one viewing. Then the baseline's rows are laid over the result. All by sorted sweeps.

use crosswatch_identity::Catalog;
use crosswatch_model::{Fact, Side, WatchedAt};
use jiff::{civil::Date, tz::TimeZone};
use rustc_hash::FxHashSet;

use crate::{
    baseline::PlayKey,
    cell::{Base, Cell, by_content},
    same_play::{Span, TOLERANCE_S, chain, sweep},
    seen::Seen,
};

mod mirrored;
mod start_stop;

use mirrored::{Group, Stamp};

/// So many rows of one minute get a key of their own, in the minutes that follow; more are not remembered.
const MAX_NEIGHBOURS: u32 = 16;

/// Reads stamps and keeps the working memory between entities.
pub(crate) struct EveryPlay<'a> {
    catalog: &'a Catalog,
    zone: &'a TimeZone,
    /// One of the sides drops the seconds, so both are compared without.
    by_minute: bool,
    viewings: Vec<Viewing<'a>>,
    marks: Vec<Mark<'a>>,
    spans: Vec<Span>,
    span_owners: Vec<usize>,
    points: Vec<i64>,
    point_owners: Vec<usize>,
    keys: FxHashSet<PlayKey>,
    stamps: Vec<Stamp<'a>>,
    groups: Vec<Group<'a>>,
}

/// How exactly the moment of a play is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Instant,
    Day,
    Undated,
}

/// One viewing: on the source, on the target, or on both.
#[derive(Clone, Copy)]
struct Viewing<'a> {
    form: Form,
    span: Span,
    source: Option<&'a Seen>,
    target: Option<&'a Seen>,
    base: Option<Base>,
    /// Where a side has several rows of it.
    group: Option<usize>,
}

impl<'a> Viewing<'a> {
    /// The side that has it, where only one does.
    const fn lone_side(&self) -> Option<Side> {
        match (self.source, self.target) {
            (Some(_), None) => Some(Side::Source),
            (None, Some(_)) => Some(Side::Target),
            _ => None,
        }
    }

    const fn on(&self, side: Side) -> Option<&'a Seen> {
        match side {
            Side::Source => self.source,
            Side::Target => self.target,
        }
    }
}

/// A row of the target.
#[derive(Clone, Copy)]
struct Mark<'a> {
    form: Form,
    span: Span,
    row: &'a Seen,
    is_taken: bool,
}

impl<'a> EveryPlay<'a> {
    pub(crate) fn new(catalog: &'a Catalog, zone: &'a TimeZone, by_minute: bool) -> Self {
        Self {
            catalog,
            zone,
            by_minute,
            viewings: Vec::new(),
            marks: Vec::new(),
            spans: Vec::new(),
            span_owners: Vec::new(),
            points: Vec::new(),
            point_owners: Vec::new(),
            keys: FxHashSet::default(),
            stamps: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Appends the cells of one entity, in order of time.
    pub(crate) fn cells(
        &mut self,
        source: &[&'a Seen],
        target: &[&'a Seen],
        bases: &[Base],
        runtime_s: Option<u32>,
        cells: &mut Vec<Cell<'a>>,
    ) {
        self.read_target(target);
        self.read_source(source);
        self.pair_sides();
        self.add_target_only();
        self.unite_starts_and_stops(bases, runtime_s);
        let left = self.lay_over(bases);
        self.emit(left, cells);
    }

    fn read_target(&mut self, rows: &[&'a Seen]) {
        self.marks.clear();
        for row in rows {
            let (form, span) = self.moment(row.fact());
            self.marks.push(Mark { form, span, row, is_taken: false });
        }
        let catalog = self.catalog;
        self.marks.sort_by(|one, other| {
            (one.form, one.span).cmp(&(other.form, other.span)).then_with(|| by_content(catalog, one.row, other.row))
        });
    }

    /// One viewing per distinct play. An undated row says nothing beside a dated one, nor a day beside an instant of it.
    fn read_source(&mut self, rows: &[&'a Seen]) {
        self.viewings.clear();
        if let [row] = rows {
            let (form, span) = self.moment(row.fact());
            self.viewings.push(Viewing { form, span, source: Some(row), target: None, base: None, group: None });
            return;
        }
        let mut stamps: Vec<(Form, Span, &'a Seen)> = Vec::with_capacity(rows.len());
        for row in rows {
            let (form, span) = self.moment(row.fact());
            stamps.push((form, span, row));
        }
        let catalog = self.catalog;
        stamps.sort_by(|one, other| {
            (one.0, one.1).cmp(&(other.0, other.1)).then_with(|| by_content(catalog, one.2, other.2))
        });
        let days_from = stamps.partition_point(|stamp| stamp.0 < Form::Day);
        let undated_from = stamps.partition_point(|stamp| stamp.0 < Form::Undated);
        let instants: Vec<i64> = stamps.iter().take(days_from).map(|stamp| stamp.1.start).collect();
        let viewings = &mut self.viewings;
        chain(&instants, |first, span| {
            if let Some((form, _, row)) = stamps.get(first) {
                viewings.push(Viewing { form: *form, span, source: Some(row), target: None, base: None, group: None });
            }
        });
        for (form, span, row) in stamps.iter().take(undated_from).skip(days_from) {
            let next = instants.partition_point(|instant| *instant < span.start);
            let is_told = instants.get(next).is_some_and(|instant| *instant <= span.end);
            let is_repeated = viewings.last().is_some_and(|last| last.form == Form::Day && last.span == *span);
            if !is_told && !is_repeated {
                viewings.push(Viewing {
                    form: *form,
                    span: *span,
                    source: Some(row),
                    target: None,
                    base: None,
                    group: None,
                });
            }
        }
        if let Some((form, span, row)) = stamps.get(undated_from).filter(|_| viewings.is_empty()) {
            viewings.push(Viewing {
                form: *form,
                span: *span,
                source: Some(row),
                target: None,
                base: None,
                group: None,
            });
        }
    }

    fn moment(&self, fact: Fact) -> (Form, Span) {
        match fact {
            Fact::Play(WatchedAt::Day(day)) => (Form::Day, self.day(day)),
            Fact::Play(at) => {
                let at = if self.by_minute { at.to_minute() } else { at };
                match at.instant() {
                    Some(at) => (Form::Instant, Span::instant(at.as_second())),
                    None => (Form::Undated, Span::instant(i64::MAX)),
                }
            }
            _ => (Form::Undated, Span::instant(i64::MAX)),
        }
    }

    fn day(&self, day: Date) -> Span {
        let start_of = |day: Date| day.to_zoned(self.zone.clone()).ok().map(|start| start.timestamp().as_second());
        let noon = PlayKey::of(WatchedAt::Day(day)).second();
        let start = start_of(day).unwrap_or(noon);
        let end = day.tomorrow().ok().and_then(start_of).map_or(noon, |next| next - 1);
        Span { start, end: end.max(start) }
    }

    fn pair_sides(&mut self) {
        if self.viewings.is_empty() || self.marks.is_empty() {
            return;
        }
        self.pair(Form::Instant, Form::Instant, 0);
        self.pair(Form::Instant, Form::Instant, TOLERANCE_S);
        self.pair(Form::Day, Form::Day, 0);
        self.pair(Form::Day, Form::Instant, 0);
        self.pair_days_of_target();
        self.pair_undated();
    }

    /// Sweeps free viewings of one form against free target rows of another.
    fn pair(&mut self, form: Form, other: Form, tolerance_s: i64) {
        self.list_free(form, other);
        let (viewings, marks) = (&mut self.viewings, &mut self.marks);
        sweep(&self.spans, &self.points, tolerance_s, |span, point| {
            unite(viewings, marks, self.span_owners.get(span), self.point_owners.get(point));
        });
    }

    /// Sweeps days of the target against free instants of the source.
    fn pair_days_of_target(&mut self) {
        self.list_free(Form::Instant, Form::Day);
        let days: Vec<Span> =
            self.point_owners.iter().filter_map(|owner| self.marks.get(*owner)).map(|mark| mark.span).collect();
        let instants: Vec<i64> = self.spans.iter().map(|span| span.start).collect();
        let (viewings, marks) = (&mut self.viewings, &mut self.marks);
        sweep(&days, &instants, 0, |day, instant| {
            unite(viewings, marks, self.span_owners.get(instant), self.point_owners.get(day));
        });
    }

    /// An undated row of the target stands for the earliest viewing that nothing else stands for, and an undated row of
    /// the source is satisfied by any row of the target.
    fn pair_undated(&mut self) {
        let (viewings, marks) = (&mut self.viewings, &mut self.marks);
        if viewings.first().is_some_and(|viewing| viewing.form == Form::Undated) {
            let last = marks.len().checked_sub(1);
            unite(viewings, marks, Some(&0), last.as_ref());
            return;
        }
        let undated = marks.partition_point(|mark| mark.form < Form::Undated);
        let mut free = viewings.iter_mut().filter(|viewing| viewing.target.is_none());
        for mark in marks.iter_mut().skip(undated) {
            let Some(viewing) = free.next() else { return };
            viewing.target = Some(mark.row);
            mark.is_taken = true;
        }
    }

    fn list_free(&mut self, form: Form, other: Form) {
        self.spans.clear();
        self.span_owners.clear();
        self.points.clear();
        self.point_owners.clear();
        for (at, viewing) in self.viewings.iter().enumerate() {
            if viewing.form == form && viewing.target.is_none() {
                self.spans.push(viewing.span);
                self.span_owners.push(at);
            }
        }
        for (at, mark) in self.marks.iter().enumerate() {
            if mark.form == other && !mark.is_taken {
                self.points.push(mark.span.start);
                self.point_owners.push(at);
            }
        }
    }

    /// Widens paired viewings over both stamps and adds what only the target has; everything in order of time.
    /// What is left of the target is its own, or another row of a viewing that the source has: that is in step, too.
    fn add_target_only(&mut self) {
        let instants = self.viewings.iter().filter(|viewing| viewing.form == Form::Instant);
        let told: Vec<(Span, Option<&'a Seen>)> = instants.map(|viewing| (viewing.span, viewing.source)).collect();
        let teller = |mark: &Mark<'a>| {
            let at = told.partition_point(|(span, _)| span.end < mark.span.start.saturating_sub(TOLERANCE_S));
            let (span, source) = told.get(at).filter(|_| mark.form == Form::Instant)?;
            source.filter(|_| span.start <= mark.span.end.saturating_add(TOLERANCE_S))
        };
        for viewing in &mut self.viewings {
            let dated = viewing.target.filter(|_| viewing.form == Form::Instant);
            if let Some(WatchedAt::Exact(at) | WatchedAt::Minute(at)) = dated.and_then(|row| play(row.fact())) {
                viewing.span.start = viewing.span.start.min(at.as_second());
                viewing.span.end = viewing.span.end.max(at.as_second());
            }
        }
        for mark in self.marks.iter().filter(|mark| !mark.is_taken) {
            let Mark { form, span, row, .. } = *mark;
            let source = teller(mark);
            self.viewings.push(Viewing { form, span, source, target: Some(row), base: None, group: None });
        }
        self.viewings.sort_by_key(|viewing| (viewing.span, viewing.source.is_none()));
    }

    /// Gives every baseline row to its viewing: by the target's own row, by what a side said then and says now, and
    /// where stamps moved since, by the nearest in time.
    fn lay_over(&mut self, bases: &[Base]) -> Vec<Base> {
        if let ([viewing], [base]) = (self.viewings.as_mut_slice(), bases)
            && viewing.source.map(Seen::fact) == base.row.source
            && viewing.target.map(Seen::fact) == base.row.target
        {
            viewing.base = Some(*base);
            return Vec::new();
        }
        let native = |row: &Seen| row.native();
        let left = self.lay_over_equal(
            bases.to_vec(),
            |base| base.row.target_native,
            |viewing| viewing.target.and_then(native),
        );
        let left = self.lay_over_equal(left, |base| base.row.source, |viewing| viewing.source.map(Seen::fact));
        let left = self.lay_over_equal(left, |base| base.row.target, |viewing| viewing.target.map(Seen::fact));
        let left = self.lay_over_by(left, |base| base.row.source.or(base.row.target));
        self.lay_over_by(left, |base| base.row.target)
    }

    fn lay_over_equal<K: Ord>(
        &mut self,
        bases: Vec<Base>,
        said: impl Fn(&Base) -> Option<K>,
        says: impl Fn(&Viewing<'a>) -> Option<K>,
    ) -> Vec<Base> {
        if bases.is_empty() {
            return bases;
        }
        let (mut keyed, mut left): (Vec<(K, Base)>, Vec<Base>) = (Vec::new(), Vec::new());
        for base in bases {
            match said(&base) {
                Some(key) => keyed.push((key, base)),
                None => left.push(base),
            }
        }
        keyed.sort_by(|(key, base), (other_key, other)| key.cmp(other_key).then(base.play.cmp(&other.play)));
        let free = self.viewings.iter_mut().filter(|viewing| viewing.base.is_none());
        let mut free: Vec<(K, &mut Viewing<'a>)> = free.filter_map(|viewing| Some((says(viewing)?, viewing))).collect();
        free.sort_by(|(key, _), (other, _)| key.cmp(other));
        let mut free = free.into_iter().peekable();
        for (key, base) in keyed {
            while free.next_if(|(other, _)| *other < key).is_some() {}
            match free.next_if(|(other, _)| *other == key) {
                Some((_, viewing)) => viewing.base = Some(base),
                None => left.push(base),
            }
        }
        left.sort_by_key(|base| base.play);
        left
    }

    fn lay_over_by(&mut self, bases: Vec<Base>, said: impl Fn(&Base) -> Option<Fact>) -> Vec<Base> {
        if bases.is_empty() {
            return bases;
        }
        let mut dated: Vec<(i64, Base)> = Vec::new();
        let mut left: Vec<Base> = Vec::new();
        let mut undated =
            self.viewings.iter_mut().filter(|viewing| viewing.form == Form::Undated && viewing.base.is_none());
        for base in bases {
            let point = match said(&base).and_then(play) {
                Some(WatchedAt::Exact(at) | WatchedAt::Minute(at)) => Some(at.as_second()),
                Some(at @ WatchedAt::Day(_)) => Some(PlayKey::of(at).second()),
                None if base.play != PlayKey::PRESENCE => Some(base.play.second()),
                _ => None,
            };
            match point {
                Some(point) => dated.push((point, base)),
                None => match undated.next() {
                    Some(viewing) => viewing.base = Some(base),
                    None => left.push(base),
                },
            }
        }
        dated.sort_by_key(|(point, base)| (*point, base.play));
        for tolerance_s in [0, TOLERANCE_S] {
            self.lay_over_dated(&mut dated, tolerance_s);
        }
        left.extend(dated.into_iter().map(|(_, base)| base));
        left
    }

    fn lay_over_dated(&mut self, dated: &mut Vec<(i64, Base)>, tolerance_s: i64) {
        self.list_free_of_base();
        self.points.clear();
        self.points.extend(dated.iter().map(|(point, _)| *point));
        let viewings = &mut self.viewings;
        let mut laid = vec![false; dated.len()];
        sweep(&self.spans, &self.points, tolerance_s, |span, point| {
            let viewing = self.span_owners.get(span).and_then(|owner| viewings.get_mut(*owner));
            if let (Some(viewing), Some((_, base)), Some(laid)) = (viewing, dated.get(point), laid.get_mut(point)) {
                viewing.base = Some(*base);
                *laid = true;
            }
        });
        let mut laid = laid.into_iter();
        dated.retain(|_| !laid.next().unwrap_or_default());
    }

    fn list_free_of_base(&mut self) {
        self.spans.clear();
        self.span_owners.clear();
        for (at, viewing) in self.viewings.iter().enumerate() {
            if viewing.form != Form::Undated && viewing.base.is_none() {
                self.spans.push(viewing.span);
                self.span_owners.push(at);
            }
        }
    }

    /// Turns viewings into cells with keys of their own: those remembered first, then the source's, then the target's.
    fn emit(&mut self, left: Vec<Base>, cells: &mut Vec<Cell<'a>>) {
        let first = cells.len();
        self.keys.clear();
        for viewing in &self.viewings {
            let Viewing { source, target, base, .. } = *viewing;
            let said = source.or(target).and_then(|row| play(row.fact()));
            let own = said.map_or(PlayKey::PRESENCE, PlayKey::of);
            let play = base.map(|base| base.play).filter(|play| *play != PlayKey::PRESENCE).unwrap_or(own);
            let base = base.map(|base| Base { is_stored: base.is_stored && base.play == play, ..base });
            cells.push(Cell { play, source, target, base, is_extra: false });
        }
        for base in left {
            cells.push(Cell { play: base.play, source: None, target: None, base: Some(base), is_extra: false });
        }
        if cells.len() - first > 1 {
            let cells = cells.get_mut(first..).unwrap_or_default();
            self.claim_keys(cells, |cell| cell.base.is_some());
            self.claim_keys(cells, |cell| cell.base.is_none() && cell.source.is_some());
            self.claim_keys(cells, |cell| cell.base.is_none() && cell.source.is_none());
        }
        for (viewing, cell) in self.viewings.iter().zip(cells.iter().skip(first)) {
            if let Some(group) = viewing.group.and_then(|group| self.groups.get_mut(group)) {
                group.play = cell.play;
            }
        }
    }

    fn claim_keys(&mut self, cells: &mut [Cell<'a>], whose: impl Fn(&Cell<'a>) -> bool) {
        for cell in cells.iter_mut().filter(|cell| whose(cell)) {
            let mut tries = 0;
            while !self.keys.insert(cell.play) && !cell.is_extra {
                cell.play.0 = cell.play.0.saturating_add(1);
                tries += 1;
                cell.is_extra = tries > MAX_NEIGHBOURS;
            }
        }
    }
}

fn unite<'a>(viewings: &mut [Viewing<'a>], marks: &mut [Mark<'a>], viewing: Option<&usize>, mark: Option<&usize>) {
    let viewing = viewing.and_then(|at| viewings.get_mut(*at));
    let mark = mark.and_then(|at| marks.get_mut(*at));
    if let (Some(viewing), Some(mark)) = (viewing, mark) {
        viewing.target = Some(mark.row);
        mark.is_taken = true;
    }
}

fn play(fact: Fact) -> Option<WatchedAt> {
    match fact {
        Fact::Play(at) => Some(at),
        _ => None,
    }
}
