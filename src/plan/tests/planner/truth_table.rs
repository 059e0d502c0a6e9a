//! Every combination of what a cell can be, with what follows: the whole of the rules, to be read by a person.
//!
//! Nothing is sampled. The result is `truth_table.txt`; `UPDATE_TRUTH_TABLE=1` writes it anew.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use crosswatch_model::{Action, Feature, Side};
use crosswatch_plan::{ConflictPolicy, Mode, Removes};

use crate::{
    planned::Planned,
    world::{Reading, Row, T1, World, is_write, m},
};

const HEAD: &str = "\
What follows for one rating, for every combination of what both sides say, what is remembered and what is allowed.

Columns: remembered | source now | target now | allowed | what follows, and for which reads.
  now      -     the side lacks it         5     the value both agreed on
           8     changed on the source     3<    changed on the target before that    3>    changed on the target after
  reads    C complete   P partial   S suspect (lost too much)   D down;   source reads x target reads
  follows  +T add to the target   ~S update the source   -T remove from the target   ?-T held   . nothing is written
           a word after it is the reason; `waits` is told when the side to be written is down
  A removal needs two complete reads without it; `missed once` means one went by.
";

/// How a side is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Read {
    Complete,
    Partial,
    Suspect,
    Down,
}

const READS: [(Read, char); 4] = [(Read::Complete, 'C'), (Read::Partial, 'P'), (Read::Suspect, 'S'), (Read::Down, 'D')];
const SOURCES: [&str; 3] = ["-", "5", "8"];
const TARGETS: [&str; 4] = ["-", "5", "3<", "3>"];
const REMEMBERED: [&str; 10] = [
    "nothing",
    "agreed",
    "agreed, missed once",
    "on target only",
    "diverged, source lost it",
    "diverged, target lost it",
    "an undo took it from the target",
    "an undo put it back on the target",
    "first run, nothing",
    "first run, agreed",
];
const REMOVES: [(Removes, &str); 3] =
    [(Removes::Off, "off"), (Removes::Observed, "observed"), (Removes::Mirror, "mirror")];
const CONFLICTS: [(ConflictPolicy, &str); 3] =
    [(ConflictPolicy::Source, "source"), (ConflictPolicy::Newest, "newest"), (ConflictPolicy::Target, "target")];

fn rated(word: &str) -> Option<Row> {
    match word {
        "5" => Some(m(1).rated(50, Some(T1))),
        "8" => Some(m(1).rated(80, Some(T1 + 10))),
        "3<" => Some(m(1).rated(30, Some(T1 + 5))),
        "3>" => Some(m(1).rated(30, Some(T1 + 20))),
        _ => None,
    }
}

fn remembering(world: World, remembered: &str) -> World {
    let five = || m(1).rated(50, Some(T1));
    let mut world = match remembered {
        "nothing" | "first run, nothing" => world,
        "on target only" => world.knows_on_target([five()]),
        _ => world.agreed([five()]),
    };
    world.is_first_run = remembered.starts_with("first run");
    for row in world.baseline.values_mut() {
        match remembered {
            "agreed, missed once" => (row.absent_source_reads, row.absent_target_reads) = (1, 1),
            "diverged, source lost it" => {
                (row.source, row.seen_on_source, row.is_diverged) = (None, false, true);
            }
            "diverged, target lost it" => {
                (row.target, row.seen_on_target, row.is_diverged) = (None, false, true);
            }
            "an undo took it from the target" => {
                (row.target, row.seen_on_target, row.is_taken_back) = (None, false, true);
            }
            "an undo put it back on the target" => {
                (row.source, row.seen_on_source, row.is_taken_back) = (None, false, true);
            }
            _ => {}
        }
    }
    world.agreed([m(2).rated(50, Some(T1))])
}

/// One input row.
#[derive(Clone, Copy)]
struct Case {
    remembered: &'static str,
    source: &'static str,
    target: &'static str,
    mode: Mode,
    removes: Removes,
    conflict: ConflictPolicy,
    source_read: Read,
    target_read: Read,
}

impl Case {
    fn world(self) -> World {
        // The second movie is what a partial read does not reach.
        let rows = |word: &str| rated(word).into_iter().chain([m(2).rated(50, Some(T1))]).collect::<Vec<_>>();
        let mut world = World::new(Feature::Ratings).source(rows(self.source)).target(rows(self.target));
        world = remembering(world, self.remembered);
        world.policy.mode = self.mode;
        world.policy.removes = self.removes;
        world.policy.mirror_approved = true;
        world.policy.conflict = self.conflict;
        let reading = |read: Read, rows: usize| match read {
            Read::Complete | Read::Suspect => Reading::Complete,
            Read::Partial => Reading::FirstRows(rows - 1),
            Read::Down => Reading::Down,
        };
        let readings = (reading(self.source_read, world.source.len()), reading(self.target_read, world.target.len()));
        world.source_before = (self.source_read == Read::Suspect).then_some(1_000);
        world.target_before = (self.target_read == Read::Suspect).then_some(1_000);
        world.reading(readings.0, readings.1)
    }

    fn read_of(self, side: Side) -> Read {
        match side {
            Side::Source => self.source_read,
            Side::Target => self.target_read,
        }
    }
}

fn outcome(planned: &Planned) -> String {
    let of_movie = |item: &&crosswatch_plan::PlannedItem| item.line.item.label() == "movie 1";
    let Some(item) = planned.plan.items.iter().find(of_movie) else {
        let waits = |notice: &&&str| notice.contains("wait for it") && !notice.contains("0 to add and 0 to update");
        return if planned.notices().iter().any(|notice| waits(&notice)) { "waits".into() } else { ".".into() };
    };
    let line = &item.line;
    let sign = |action: Action| match action {
        Action::Add => "+",
        Action::Update => "~",
        Action::Remove => "-",
        _ => "?",
    };
    let side = if line.side == Side::Source { "S" } else { "T" };
    match line.action {
        Action::Hold => format!("?{}{side} {}", sign(line.held_action.unwrap()), line.reason),
        Action::Skip | Action::Conflict => format!(". {}", line.reason),
        action => format!("{}{side} {}", sign(action), line.reason),
    }
}

fn check_invariants(case: Case, planned: &Planned) {
    let mut world = case.world();
    let uid = world.uid_of(&m(1).item);
    let row = world.baseline.get(&(uid, crosswatch_plan::PlayKey::PRESENCE)).copied().unwrap_or_default();
    for item in &planned.plan.items {
        let line = &item.line;
        let writes = is_write(line.action);
        assert!(!writes || case.mode == Mode::TwoWay || line.side == Side::Target, "one-way wrote the source");
        assert!(!writes || case.read_of(line.side) != Read::Down, "wrote to a side that is down");
        if line.action == Action::Remove {
            let from = line.side.other();
            assert_eq!(case.read_of(from), Read::Complete, "removed without a complete read");
            assert!(!world.is_first_run && case.removes != Removes::Off);
            let is_mirror = case.removes == Removes::Mirror && case.mode == Mode::OneWay;
            assert!(row.was_seen_on(from) || (is_mirror && row.seen_on_target), "removed without provenance");
        }
    }
    if case.source_read == Read::Down || case.target_read == Read::Down {
        assert!(planned.plan.items.is_empty() && planned.plan.settle.is_empty());
    }
    if (case.source_read, case.target_read) == (Read::Complete, Read::Complete) {
        check_rest(case);
    }
}

/// What was written is not written again, and once the reads are over everything is at rest.
fn check_rest(case: Case) {
    let mut world = case.world();
    let wrote = world.run().writes() > 0;
    let again = world.run().writes() > 0;
    assert!(!(wrote && again), "planned twice");
    world.run();
    let planned = world.plan();
    assert_eq!((planned.writes(), planned.plan.settle.len()), (0, 0), "not at rest");
}

/// The reads that lead to each outcome, as few rectangles as rows of equal reach.
fn reads_of(outcomes: &BTreeMap<(Read, Read), String>) -> String {
    let mut by_outcome: BTreeMap<&str, BTreeMap<Read, String>> = BTreeMap::new();
    for ((source, target), outcome) in outcomes {
        let letter = READS.iter().find(|(read, _)| read == target).unwrap().1;
        by_outcome.entry(outcome).or_default().entry(*source).or_default().push(letter);
    }
    let mut parts = Vec::new();
    for (outcome, reach) in by_outcome {
        let mut merged: BTreeMap<&str, String> = BTreeMap::new();
        for (source, targets) in &reach {
            let letter = READS.iter().find(|(read, _)| read == source).unwrap().1;
            merged.entry(targets).or_default().push(letter);
        }
        let mut rectangles: Vec<String> =
            merged.iter().map(|(targets, sources)| format!("{sources}x{targets}")).collect();
        rectangles.sort();
        parts.push((outcome.starts_with('.'), format!("{outcome} [{}]", rectangles.join(" "))));
    }
    parts.sort();
    parts.into_iter().map(|(_, part)| part).collect::<Vec<_>>().join("; ")
}

fn allowed(rules: &[(&'static str, &'static str)], mode: Mode) -> String {
    let all = REMOVES.len() * if mode == Mode::OneWay { 1 } else { CONFLICTS.len() };
    if rules.len() == all {
        return "any".into();
    }
    let mut by_removes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (removes, conflict) in rules {
        by_removes.entry(removes).or_default().push(conflict);
    }
    let mut by_conflicts: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for (removes, conflicts) in by_removes {
        by_conflicts.entry(conflicts).or_default().push(removes);
    }
    let one = |(conflicts, removes): (&Vec<&str>, &Vec<&str>)| {
        let removes = if removes.len() == REMOVES.len() { "any removes".into() } else { removes.join("/") };
        let all_conflicts = mode == Mode::OneWay || conflicts.len() == CONFLICTS.len();
        if all_conflicts { removes } else { format!("{removes} & {} wins", conflicts.join("/")) }
    };
    by_conflicts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn cell_lines(table: &mut String, mode: Mode, remembered: &'static str, source: &'static str, target: &'static str) {
    let conflicts = if mode == Mode::OneWay { &CONFLICTS[..1] } else { &CONFLICTS[..] };
    let mut by_result: Vec<(String, Vec<(&str, &str)>)> = Vec::new();
    for (removes, removes_word) in REMOVES {
        for (conflict, conflict_word) in conflicts {
            let mut outcomes = BTreeMap::new();
            for (source_read, _) in READS {
                for (target_read, _) in READS {
                    let conflict = *conflict;
                    let case = Case { remembered, source, target, mode, removes, conflict, source_read, target_read };
                    let planned = case.world().plan();
                    check_invariants(case, &planned);
                    outcomes.insert((source_read, target_read), outcome(&planned));
                }
            }
            let result = reads_of(&outcomes);
            match by_result.iter_mut().find(|(other, _)| *other == result) {
                Some((_, rules)) => rules.push((removes_word, conflict_word)),
                None => by_result.push((result, vec![(removes_word, conflict_word)])),
            }
        }
    }
    for (result, rules) in by_result {
        let allowed = allowed(&rules, mode);
        writeln!(table, "{remembered} | {source} | {target} | {allowed} | {result}").unwrap();
    }
}

#[test]
fn the_truth_table_is_what_it_was() {
    let mut table = HEAD.to_owned();
    for (mode, title) in [(Mode::OneWay, "One-way"), (Mode::TwoWay, "Two-way")] {
        writeln!(table, "\n{title}").unwrap();
        for remembered in REMEMBERED {
            for source in SOURCES {
                for target in TARGETS {
                    cell_lines(&mut table, mode, remembered, source, target);
                }
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/planner/truth_table.txt");
    if std::env::var_os("UPDATE_TRUTH_TABLE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    for (now, before) in table.lines().zip(kept.lines()) {
        assert_eq!(now, before, "the rules changed; UPDATE_TRUTH_TABLE=1 writes the table anew");
    }
    assert_eq!(table.lines().count(), kept.lines().count());
}
