//! What the policy and both accounts' abilities mean for single facts that are written to one side: clip and refuse.

use crosswatch_identity::{
    Confidence, EntityIx, ItemIx,
    policy::{AccountKind, Circumstances, Direction, Operation, Permission, rule},
};
use crosswatch_model::{
    Capabilities, Fact, Feature, Kind, PlayDetail, Rating, Reason, Side, WatchedAt, WatchedPrecision,
};

use crate::{
    baseline::BaselineRow,
    compare::event_time,
    input::FeatureInput,
    policy::{Mode, Removes},
    seen::Seen,
};

/// The rules of one plan for what is written to one side.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    input: &'a FeatureInput<'a>,
    /// The side that is written.
    pub(crate) side: Side,
    from: &'a Capabilities,
    to: &'a Capabilities,
    /// When facts are removed, after what the side can do.
    pub(crate) removes: Removes,
    kinds: &'static [Kind],
}

impl<'a> Rules<'a> {
    /// The rules for writing to a side, or `None` where it cannot be written or the other side does not keep the feature.
    pub(crate) fn facing(input: &'a FeatureInput<'a>, side: Side) -> Option<Self> {
        let (from, to) = (input.capabilities(side.other()), input.capabilities(side));
        let written = to.feature(input.feature).filter(|feature| feature.can_write)?;
        let told = from.feature(input.feature)?;
        let removes = match (input.policy.removes, input.policy.mode) {
            // What went away by itself was not removed by anybody.
            _ if !written.can_remove || told.rows_expire => Removes::Off,
            (Removes::Mirror, Mode::TwoWay) => Removes::Observed,
            (removes, _) => removes,
        };
        Some(Self { input, side, from, to, removes, kinds: written.kinds })
    }

    /// The fact as the written side will keep it.
    pub(crate) fn value(&self, fact: Fact) -> Fact {
        match fact {
            Fact::Rated { value, rated_at } => Fact::Rated { value: self.quantise(value), rated_at },
            Fact::Play(at) => Fact::Play(match self.to.watched_precision {
                WatchedPrecision::Second => at,
                WatchedPrecision::Minute => at.to_minute(),
                WatchedPrecision::WriteTimeOnly => WatchedAt::Unknown,
            }),
            Fact::Listed(_) | Fact::Resume { .. } => fact,
        }
    }

    const fn quantise(&self, value: Rating) -> Rating {
        self.to.scale.quantise(self.from.scale.quantise(value))
    }

    /// Whether two ratings are one where the written side keeps them.
    pub(crate) const fn keeps_as_same(&self, one: Rating, other: Rating) -> bool {
        self.to.scale.same(one, other)
    }

    /// Why the item cannot be written to the side at all.
    pub(crate) fn kind_obstacle(&self, kind: Kind) -> Option<Reason> {
        if self.input.feature == Feature::History && matches!(kind, Kind::Show | Kind::Season) {
            return Some(Reason::NotALeaf);
        }
        if self.kinds.contains(&kind) { None } else { Some(Reason::KindUnsupported) }
    }

    /// Why this fact of the other side is not written now.
    pub(crate) fn write_obstacle(&self, seen: &Seen) -> Option<Reason> {
        let fact = seen.fact();
        if let Some(reason) = self.kind_obstacle(self.input.catalog.kind(seen.item())) {
            return Some(reason);
        }
        if self.is_too_new(fact) {
            return Some(Reason::TooNew);
        }
        if self.input.policy.only_new && !self.is_new(fact) {
            return Some(Reason::BeforePair);
        }
        match fact {
            Fact::Play(at) if !self.may_write_play(at) => Some(Reason::UndatedNotAllowed),
            Fact::Resume { position_s, duration_s: Some(duration_s), .. } => {
                let (position, duration) = (u64::from(position_s) * 100, u64::from(duration_s));
                let is_inside = position >= duration * u64::from(self.input.policy.min_percent)
                    && position <= duration * u64::from(self.input.policy.max_percent);
                if is_inside { None } else { Some(Reason::OutsideProgressLimits) }
            }
            _ => None,
        }
    }

    /// Whether the written side keeps this play as it is, or may get one without its date.
    pub(crate) fn may_write_play(&self, at: WatchedAt) -> bool {
        let keeps_date = self.to.watched_precision != WatchedPrecision::WriteTimeOnly;
        let is_kept = if at == WatchedAt::Unknown { self.to.keeps_undated_plays } else { keeps_date };
        is_kept || self.input.policy.allow_undated
    }

    /// Without a grace nothing is too new, whatever the clocks of the accounts say.
    fn is_too_new(&self, fact: Fact) -> bool {
        let grace_s = i64::from(self.input.policy.new_item_grace_s);
        let age_s = event_time(fact).map(|at| self.input.now.as_second().saturating_sub(at.as_second()));
        grace_s > 0 && age_s.is_some_and(|age_s| age_s < grace_s)
    }

    fn is_new(&self, fact: Fact) -> bool {
        let since = self.input.adopted_at.unwrap_or(self.input.now);
        event_time(fact).is_some_and(|at| at >= since)
    }

    /// Adding what may be there already does harm: it doubles a play, or replaces a value that may be the right one.
    pub(crate) const fn must_see_before_adding(&self) -> bool {
        match self.input.feature {
            Feature::History => self.to.duplicates_plays,
            Feature::Watchlist => false,
            Feature::Ratings => matches!(self.input.policy.mode, Mode::TwoWay),
            Feature::Progress => true,
        }
    }

    /// Whether the match is good enough to replace a value of the written side.
    pub(crate) fn may_overwrite(&self, entity: EntityIx, new: &Seen, old: &Seen, base: Option<&BaselineRow>) -> bool {
        let is_hearsay = self.input.is_recalled() && base.is_some_and(|base| base.is_weak_match);
        let level = self.confidence(entity, new.item(), old.item());
        let level = if is_hearsay { level.max(Confidence::C3) } else { level };
        let operation = match self.input.feature {
            Feature::Progress => Operation::SetProgress,
            Feature::History | Feature::Watchlist | Feature::Ratings => Operation::Overwrite,
        };
        self.permits(operation, level, base)
    }

    /// Whether the match is good enough to remove the written side's fact.
    pub(crate) fn may_remove(&self, entity: EntityIx, held: &Seen, base: &BaselineRow) -> bool {
        let known = self.input.join.known_item(entity);
        let level = known.map_or(Confidence::X, |known| self.confidence(entity, known, held.item()));
        // What the other side had may have been another thing at the same place.
        let level = if base.is_weak_match { level.max(Confidence::C3) } else { level };
        self.permits(Operation::Remove, level, Some(base))
    }

    /// Every row is read again just before it is removed, so that much is always so.
    fn permits(&self, operation: Operation, level: Confidence, base: Option<&BaselineRow>) -> bool {
        let kind = |account: &Capabilities| {
            if account.is_media_server { AccountKind::Server } else { AccountKind::Tracker }
        };
        let direction = Direction { from: kind(self.from), to: kind(self.to) };
        let is_ours = base.is_some_and(|base| base.is_ours_on(self.side));
        let circumstances = Circumstances { level, is_ours, was_read_back: true };
        rule(operation, direction).permits(circumstances) == Permission::Granted
    }

    /// How sure it is that two items are one thing, where the items between them count as well.
    fn confidence(&self, entity: EntityIx, one: ItemIx, other: ItemIx) -> Confidence {
        let (join, catalog) = (&self.input.join, self.input.catalog);
        match join.confidence(catalog, one, other) {
            Confidence::C3 | Confidence::C4 if join.are_bound(catalog, entity, one, other) => Confidence::C2,
            level => level,
        }
    }
}

/// Whether every play counts, where these sides are written; otherwise an item is watched or not.
pub(crate) fn every_play(input: &FeatureInput<'_>, written: &[Side]) -> bool {
    let keeps_every = |side: &Side| input.capabilities(*side).plays == PlayDetail::EveryPlay;
    let keeps_dates = |side: &Side| input.capabilities(*side).watched_precision != WatchedPrecision::WriteTimeOnly;
    input.feature == Feature::History
        && input.policy.rewatches
        && Side::ALL.iter().all(keeps_every)
        && written.iter().all(keeps_dates)
}
