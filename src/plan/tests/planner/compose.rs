//! Features seen together, on a target that keeps one status per item.

use crosswatch_identity::{Catalog, Evidence, join, rematch::Holds};
use crosswatch_model::{Capabilities, Fact, Feature, PairId, WatchedAt};
use crosswatch_plan::{FeatureInput, FeaturePlan, Mode, Read, Seen, compose, plan_feature};
use jiff::tz::TimeZone;

use crate::world::{NOW, Row, T1, at, e, m, policy, tracker, w};

/// What both sides hold of history and watchlist.
struct Pair {
    source: [Vec<Row>; 2],
    target: [Vec<Row>; 2],
    source_can: Capabilities,
    target_can: Capabilities,
    mode: Mode,
}

impl Pair {
    fn new(source: [Vec<Row>; 2], target: [Vec<Row>; 2]) -> Self {
        let target_can = Capabilities { keeps_one_status: true, ..tracker() };
        Self { source, target, source_can: tracker(), target_can, mode: Mode::OneWay }
    }

    fn plans(&self) -> Vec<FeaturePlan> {
        let mut catalog = Catalog::new();
        let mut read = |[history, list]: &[Vec<Row>; 2]| -> [Read; 2] {
            [(history, Fact::Play(WatchedAt::Exact(at(T1)))), (list, Fact::Listed(None))].map(|(rows, fact)| {
                let seen = |row: &Row| Seen::new(catalog.push(&row.item).unwrap(), &fact, None);
                Read::unchanged(rows.iter().map(seen).collect(), "made up".into())
            })
        };
        let (source, target) = (read(&self.source), read(&self.target));
        let join = join(&catalog, &[], &Evidence::new());
        let pair = PairId::parse("home-to-simkl").unwrap();
        let mut policy = policy();
        policy.mode = self.mode;
        let (zone, rematched, rejected) = (TimeZone::UTC, Holds::new(), rustc_hash::FxHashSet::default());
        let input = |at_feature: usize, feature: Feature| FeatureInput {
            pair: &pair,
            feature,
            catalog: &catalog,
            join: &join,
            source: &source[at_feature],
            target: &target[at_feature],
            baseline: &[],
            is_first_run: false,
            adopted_at: None,
            run_number: 0,
            rematched: &rematched,
            in_flight: &[],
            recorded: &[],
            unresolved: &[],
            rejected: &rejected,
            policy: &policy,
            source_capabilities: &self.source_can,
            target_capabilities: &self.target_can,
            zone: &zone,
            picker: None,
            now: at(NOW),
        };
        let inputs = [input(0, Feature::History), input(1, Feature::Watchlist)];
        let mut plans: Vec<FeaturePlan> = inputs.iter().map(plan_feature).collect();
        compose(&inputs, &mut plans);
        plans
    }

    fn list_lines(&self) -> Vec<String> {
        let plan = &self.plans()[1];
        let line = |item: &crosswatch_plan::PlannedItem| {
            format!("{} {} on the {}: {}", item.line.action, item.line.item.label(), item.line.side, item.line.reason)
        };
        plan.items.iter().map(line).collect()
    }
}

#[test]
fn what_is_or_will_be_watched_there_is_not_listed_there() {
    let pair = Pair::new([vec![m(1)], vec![m(1), m(2), m(3)]], [vec![m(2)], vec![]]);
    assert_eq!(
        pair.list_lines(),
        [
            "skip movie 1 on the target: status_taken",
            "skip movie 2 on the target: status_taken",
            "add movie 3 on the target: only_on_source"
        ]
    );
    let counts = pair.plans()[1].counts;
    assert_eq!((counts.adds, counts.skipped), (1, 2));
    assert_eq!(
        pair.plans()[1].items[0].line.explain,
        "Listed on the source. It is watched there, and the account keeps one status per item."
    );
    let plain = Pair { target_can: tracker(), ..pair };
    assert_eq!(plain.plans()[1].counts.adds, 3);
}

#[test]
fn a_show_with_a_watched_episode_is_taken_too() {
    let pair = Pair::new([vec![e(7, 1, 1)], vec![w(7), w(8)]], [vec![e(9, 1, 1)], vec![]]);
    assert_eq!(
        pair.list_lines(),
        ["skip show 7 on the target: status_taken", "add show 8 on the target: only_on_source"]
    );
}

#[test]
fn only_the_side_that_keeps_one_status_is_asked() {
    let lists = || ([vec![m(1)], vec![m(2)]], [vec![m(2)], vec![m(1)]]);
    let (source, target) = lists();
    let mut pair = Pair { mode: Mode::TwoWay, ..Pair::new(source, target) };
    assert_eq!(
        pair.list_lines(),
        ["add movie 1 on the source: new_on_target", "skip movie 2 on the target: status_taken"]
    );
    pair.source_can.keeps_one_status = true;
    assert_eq!(pair.plans()[1].counts.adds, 0);
}
