//! Whole lives of a pair: people rate, watch and delete on both sides between runs, reads fail, and the promises hold all along.

use std::collections::BTreeSet;

use crosswatch_model::{Action, Fact, Feature, NativeRef, Side};
use crosswatch_plan::{Approvals, ConflictPolicy, Limit, Mode, Removes};
use proptest::prelude::*;

use crate::world::{Reading, Row, T1, World, m};

/// What somebody does before a run, and how the run reads.
#[derive(Debug, Clone)]
struct Day {
    deeds: Vec<(Side, u64, Option<u8>)>,
    readings: (Reading, Reading),
}

fn any_reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        5 => Just(Reading::Complete),
        1 => (0usize..6).prop_map(Reading::FirstRows),
        1 => Just(Reading::Delta),
        1 => Just(Reading::Down),
    ]
}

fn any_day() -> impl Strategy<Value = Day> {
    let side = prop_oneof![Just(Side::Source), Just(Side::Target)];
    let deed = (side, 1u64..6, proptest::option::weighted(0.6, 1u8..=10));
    (proptest::collection::vec(deed, 0..4), any_reading(), any_reading())
        .prop_map(|(deeds, source, target)| Day { deeds, readings: (source, target) })
}

fn any_conflict() -> impl Strategy<Value = ConflictPolicy> {
    prop_oneof![Just(ConflictPolicy::Source), Just(ConflictPolicy::Newest), Just(ConflictPolicy::Target)]
}

struct Life {
    world: World,
    clock: i64,
    /// What people deleted, where.
    deleted: BTreeSet<(Side, (String, Option<Fact>))>,
}

impl Life {
    fn new(feature: Feature, mode: Mode, removes: Removes, conflict: ConflictPolicy, reads: u8) -> Self {
        let lenient = Limit { percent: 100, at_least: 100 };
        let world = World::new(feature).first_run().with(|policy| {
            (policy.mode, policy.removes, policy.conflict) = (mode, removes, conflict);
            (policy.max_removes, policy.max_shrink) = (lenient, lenient);
            (policy.remove_after_reads, policy.approvals) = (reads, Approvals::ALL);
        });
        Self { world, clock: T1 / 7_200, deleted: BTreeSet::new() }
    }

    fn live(&mut self, day: &Day) {
        for (side, number, deed) in &day.deeds {
            self.clock += 1;
            let native = Some(NativeRef(self.world.next_native));
            self.world.next_native += 1;
            let rows = match side {
                Side::Source => &mut self.world.source,
                Side::Target => &mut self.world.target,
            };
            let mine = rows.iter().rposition(|row| number_of(row) == *number);
            match (deed, self.world.feature) {
                (None, _) => {
                    let gone = mine.map(|at| rows.remove(at));
                    self.deleted.extend(gone.map(|row| (*side, key_of(row.item.label(), row.fact))));
                }
                (Some(_), Feature::History) => rows.push(Row { native, ..m(*number).played(self.clock * 7_200) }),
                (Some(value), _) => {
                    mine.map(|at| rows.remove(at));
                    rows.push(Row { native, ..m(*number).rated(value * 10, Some(self.clock)) });
                }
            }
        }
        self.run(day.readings.clone());
    }

    fn run(&mut self, readings: (Reading, Reading)) {
        (self.world.source_reading, self.world.target_reading) = readings;
        let planned = self.world.run();
        for item in &planned.plan.items {
            let line = &item.line;
            let is_write = crate::world::is_write(line.action);
            assert!(!is_write || self.world.policy.mode == Mode::TwoWay || line.side == Side::Target);
            if line.action == Action::Remove {
                let key = key_of(line.item.label(), line.before);
                assert!(self.deleted.contains(&(line.side.other(), key)), "nobody deleted {}", line.item.label());
                assert_ne!(self.world.policy.removes, Removes::Off);
            }
        }
    }

    fn rest(&mut self) {
        for _ in 0..4 {
            self.run((Reading::Complete, Reading::Complete));
        }
        let planned = self.world.plan();
        assert_eq!((planned.writes(), planned.plan.settle.len()), (0, 0), "{:?}", planned.lines(|_| true));
    }

    fn held(&self, side: Side) -> BTreeSet<(u64, u8)> {
        let rows = if side == Side::Source { &self.world.source } else { &self.world.target };
        let pair = |row: &Row| match row.fact {
            Some(Fact::Rated { value, .. }) => (number_of(row), value.get()),
            _ => (number_of(row), 0),
        };
        rows.iter().map(pair).collect()
    }
}

fn number_of(row: &Row) -> u64 {
    row.item.label().strip_prefix("movie ").unwrap().parse().unwrap()
}

/// Names a play by its time, anything else by the item alone.
fn key_of(label: String, fact: Option<Fact>) -> (String, Option<Fact>) {
    (label, fact.filter(|fact| fact.feature() == Feature::History))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// With removals on, both sides end up the same; nothing goes that nobody deleted.
    #[test]
    fn two_way_sides_end_up_the_same(days in proptest::collection::vec(any_day(), 1..12), conflict in any_conflict(), reads in 1u8..3) {
        let mut life = Life::new(Feature::Ratings, Mode::TwoWay, Removes::Observed, conflict, reads);
        for day in &days {
            life.live(day);
        }
        life.rest();
        prop_assert_eq!(life.held(Side::Source), life.held(Side::Target));
    }

    /// The same of plays, each for itself.
    #[test]
    fn two_way_sides_end_up_with_the_same_plays(days in proptest::collection::vec(any_day(), 1..12), conflict in any_conflict(), reads in 1u8..3) {
        let mut life = Life::new(Feature::History, Mode::TwoWay, Removes::Observed, conflict, reads);
        for day in &days {
            life.live(day);
        }
        life.rest();
        let plays = |rows: &[Row]| rows.iter().map(|row| (number_of(row), row.fact)).collect::<BTreeSet<_>>();
        prop_assert_eq!(plays(&life.world.source), plays(&life.world.target));
        prop_assert_eq!(life.world.source.len(), plays(&life.world.source).len(), "a play stands there twice");
        prop_assert_eq!(life.world.target.len(), plays(&life.world.target).len(), "a play stands there twice");
    }

    /// With removals off nothing is ever removed, and what one side lacks was deleted there by somebody.
    #[test]
    fn two_way_without_removals_only_deletions_differ(days in proptest::collection::vec(any_day(), 1..12), conflict in any_conflict()) {
        let mut life = Life::new(Feature::Ratings, Mode::TwoWay, Removes::Off, conflict, 1);
        for day in &days {
            life.live(day);
        }
        life.rest();
        for side in [Side::Source, Side::Target] {
            for (number, value) in life.held(side) {
                let across = life.held(side.other()).into_iter().find(|(other, _)| *other == number);
                if let Some((_, other)) = across {
                    prop_assert_eq!(value, other);
                } else {
                    let key = key_of(format!("movie {number}"), None);
                    prop_assert!(life.deleted.contains(&(side.other(), key)));
                }
            }
        }
    }

    /// One-way, the target ends up with everything the source has, and is only ever written.
    #[test]
    fn one_way_the_target_follows(days in proptest::collection::vec(any_day(), 1..12), removes in prop_oneof![Just(Removes::Off), Just(Removes::Observed)]) {
        let mut life = Life::new(Feature::Ratings, Mode::OneWay, removes, ConflictPolicy::Source, 2);
        for day in &days {
            life.live(day);
        }
        let source = life.held(Side::Source);
        life.rest();
        prop_assert_eq!(&source, &life.held(Side::Source));
        prop_assert!(source.is_subset(&life.held(Side::Target)));
    }

    /// Removals that are turned on later leave alone what was lost before.
    #[test]
    fn removals_turned_on_later_leave_the_past_alone(days in proptest::collection::vec(any_day(), 1..8), conflict in any_conflict(), mode in prop_oneof![Just(Mode::OneWay), Just(Mode::TwoWay)]) {
        let mut life = Life::new(Feature::Ratings, mode, Removes::Off, conflict, 1);
        for day in &days {
            life.live(day);
        }
        life.rest();
        life.world.policy.removes = Removes::Observed;
        let before = (life.held(Side::Source), life.held(Side::Target));
        life.rest();
        prop_assert_eq!(before, (life.held(Side::Source), life.held(Side::Target)));
    }
}
