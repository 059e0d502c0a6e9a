//! After the storm: no users, no faults. Everything must come to rest, both sides must agree, and looking must change nothing.

use std::time::Duration;

use crosswatch_actors::{JobKind, PairBlueprint};
use crosswatch_model::{Fact, Feature, PairId, PlayKey, ProviderId, RunId, RunState, WatchedAt};
use crosswatch_plan::{FeaturePolicy, Mode, Removes};
use crosswatch_port::Ledger;

use crate::{
    account::{Held, Truth, is_same},
    oracles::counts_every_play,
    story::Life,
    titles::{Title, label, recognise},
    world::World,
};

/// Every schedule is due within this time.
const SCHEDULES_DUE: Duration = Duration::from_secs(45 * 60);
/// Rounds of runs that everything needs to come to rest: absences are counted up to three times, along a chain of two.
const ROUNDS: usize = 8;
/// Looks until one has no scheduled run in it.
const LOOKS_MAX: usize = 10;
const POLLS_MAX: usize = 4_000;
const POLL: Duration = Duration::from_secs(2);
/// An unchanged run may ask an account with a change gate so often.
const QUIET_REQUESTS_MAX: u64 = 6;

/// Lets everything settle, then judges.
pub(crate) async fn settle(life: &Life) {
    let pairs: Vec<PairBlueprint> = life.door.enter().town.pairs.clone();
    wait_for_schedules(life, &pairs).await;
    for round in 0..ROUNDS {
        for pair in &pairs {
            run(life, &pair.id, JobKind::Run, round > 0).await;
        }
    }
    let writes_before = writes(life);
    for pair in &pairs {
        let last = run(life, &pair.id, JobKind::Run, false).await;
        check_idle_run(life, pair, last);
    }
    if writes(life) != writes_before {
        life.door.enter().violate("quiet: a run after everything was settled still wrote");
    }
    check_rest(life, &pairs);
    look_without_touching(life, &pairs).await;
}

/// Looking changes nothing. A scheduled run may come in between and does: then it is looked at again.
async fn look_without_touching(life: &Life, pairs: &[PairBlueprint]) {
    for _ in 0..LOOKS_MAX {
        let (before, runs_before) = (fingerprint(life, pairs), real_runs(life));
        for pair in pairs {
            run(life, &pair.id, JobKind::DryRun, false).await;
            run(life, &pair.id, JobKind::Plan, false).await;
        }
        let after = fingerprint(life, pairs);
        if real_runs(life) != runs_before {
            continue;
        }
        if after != before {
            let changed = after.lines().find(|line| !before.lines().any(|other| other == *line));
            life.door.enter().violate(&format!("dry run: looking changed the store or an account: {changed:?}"));
        }
        return;
    }
    life.door.enter().violate("dry run: a scheduled run came into every look");
}

/// Runs that may write: how many there were, and how many of them ended.
fn real_runs(life: &Life) -> (usize, usize) {
    let world = life.door.enter();
    let real = || world.witness.runs.values().filter(|run| !run.dry_run);
    (real().count(), real().filter(|run| run.state.is_final()).count())
}

/// The scheduler finds out by itself that everything is overdue.
async fn wait_for_schedules(life: &Life, pairs: &[PairBlueprint]) {
    let since = life.door.clock.now();
    tokio::time::sleep(SCHEDULES_DUE).await;
    let mut world = life.door.enter();
    for pair in pairs {
        let has_run = world.witness.runs.values().any(|run| {
            run.pair == pair.id && run.by_schedule && run.state.is_final() && run.began_at.is_some_and(|at| at >= since)
        });
        if !has_run {
            world.violate(&format!("liveness: the schedule of {} started nothing", pair.id));
        }
    }
}

/// Asks for a job and waits for its end.
async fn run(life: &Life, pair: &PairId, kind: JobKind, approves_held: bool) -> Option<RunId> {
    if !life.door.enter().violations.is_empty() {
        return None;
    }
    let id = life.request(pair, kind, approves_held).await;
    let Some(id) = id else {
        life.door.enter().violate(&format!("liveness: {pair} takes no request"));
        return None;
    };
    for _ in 0..POLLS_MAX {
        let is_over = if kind == JobKind::Plan {
            life.door.ledger.plan(id).unwrap().is_some()
        } else {
            life.door.enter().witness.runs.get(&id).is_some_and(|run| run.state.is_final())
        };
        if is_over {
            // The lease is given back right after the last word.
            tokio::time::sleep(POLL).await;
            return Some(id);
        }
        tokio::time::sleep(POLL).await;
    }
    life.door.enter().violate(&format!("liveness: a {kind:?} of {pair} never ended"));
    None
}

fn writes(life: &Life) -> u64 {
    life.door.enter().accounts.values().map(|account| account.writes).sum()
}

/// The run after the last one plans nothing and asks little.
fn check_idle_run(life: &Life, pair: &PairBlueprint, run: Option<RunId>) {
    let mut world = life.door.enter();
    let Some(seen) = run.and_then(|run| world.witness.runs.get(&run)).cloned() else { return };
    if seen.state != RunState::Succeeded {
        world.violate(&format!("quiet: the last run of {} ended {}", pair.id, seen.state));
    }
    if seen.writes_planned > 0 {
        world.violate(&format!("quiet: the last run of {} still plans {} writes", pair.id, seen.writes_planned));
    }
    let has_gates = [&pair.source, &pair.target].iter().all(|account| world.account(account).has_gate());
    if has_gates && seen.requests_most > QUIET_REQUESTS_MAX {
        world.violate(&format!("quiet: an unchanged run of {} sent {} requests", pair.id, seen.requests_most));
    }
}

fn check_rest(life: &Life, pairs: &[PairBlueprint]) {
    let ledger = &life.door.ledger;
    let mut world = life.door.enter();
    for account in world.accounts.keys().cloned().collect::<Vec<_>>() {
        let rows = ledger.outbox(&account, usize::MAX).unwrap().len();
        if rows > 0 {
            world.violate(&format!("quiet: {rows} rows are left in the outbox of {account}"));
        }
    }
    for pair in pairs {
        let refused = refused(&world, pair, &ledger.unresolved(&pair.id).unwrap(), ledger.as_ref());
        for entry in &pair.features {
            check_feature(&mut world, pair, entry.feature, &entry.policy, &refused);
        }
    }
}

/// Titles that a side will never take. Anything else that still waits is a fault.
fn refused(
    world: &World,
    pair: &PairBlueprint,
    unresolved: &[crosswatch_port::UnresolvedRecord],
    ledger: &dyn Ledger,
) -> Vec<Title> {
    let titles = unresolved.iter().map(|record| recognise(&ledger.item(record.uid).unwrap().unwrap().item));
    let sides = [&pair.source, &pair.target];
    titles.filter(|title| sides.iter().any(|side| world.account(side).unknown.contains(title))).collect()
}

/// Both sides agree as far as the rules of the pair go.
fn check_feature(world: &mut World, pair: &PairBlueprint, feature: Feature, policy: &FeaturePolicy, refused: &[Title]) {
    let mut faults = missing(world, pair, feature, policy, [&pair.source, &pair.target], refused);
    match policy.mode {
        Mode::TwoWay => faults.extend(missing(world, pair, feature, policy, [&pair.target, &pair.source], refused)),
        Mode::OneWay if policy.removes == Removes::Observed && world.town.has_one_writer(&pair.target) => {
            for title in world.forgotten_removals(pair, feature) {
                faults.push(format!(
                    "{feature} {} is gone from {} and still at {}",
                    label(title),
                    pair.source,
                    pair.target
                ));
            }
        }
        Mode::OneWay | Mode::Restore => {}
    }
    for fault in faults {
        world.violate(&format!("quiet: {fault}"));
    }
}

/// What one side has and the other should have too.
fn missing(
    world: &World,
    pair: &PairBlueprint,
    feature: Feature,
    policy: &FeaturePolicy,
    [from, to]: [&ProviderId; 2],
    refused: &[Title],
) -> Vec<String> {
    let every_play = counts_every_play(world, pair, feature);
    let (source, target) = (world.account(from), world.account(to));
    // Two-way without removals: what one side lost stays where it is.
    let may_diverge = policy.mode == Mode::TwoWay && policy.removes == Removes::Off;
    let is_excused = |title: Title, held: &Held| {
        refused.contains(&title)
            || (is_undated(held) && !policy.allow_undated && !target_keeps(target))
            || (may_diverge && had_it(target, held, title, every_play))
    };
    let lacks = |title: Title, held: &Held| !is_on_target(source, target, title, held, every_play);
    let faults = source.of(feature).filter(|(title, _, held)| lacks(*title, held) && !is_excused(*title, held));
    faults
        .map(|(title, _, held)| {
            format!("{feature} {} {} is at {from} and not at {to}", label(title), crate::world::fact_text(held.fact))
        })
        .collect()
}

/// Whether the account lost what would now be missed there: this play, or where only one fact counts, any.
fn had_it(target: &Truth, held: &Held, title: Title, every_play: bool) -> bool {
    let feature = held.fact.feature();
    let once = target.ever(feature, title);
    once.iter().any(|once| !every_play || is_same(*once, held.fact, target.scale()))
}

fn is_undated(held: &Held) -> bool {
    matches!(held.fact, Fact::Play(WatchedAt::Unknown))
}

fn target_keeps(target: &Truth) -> bool {
    target.capabilities().keeps_undated_plays
}

fn is_on_target(source: &Truth, target: &Truth, title: Title, held: &Held, every_play: bool) -> bool {
    let feature = held.fact.feature();
    let mut there = target.about(feature, title);
    match (feature, held.fact) {
        (Feature::History, fact) if every_play => there.any(|(_, other)| is_same(fact, other.fact, target.scale())),
        (_, Fact::Rated { value, .. }) => there.any(|(_, other)| {
            let Fact::Rated { value: other, .. } = other.fact else { return false };
            source.scale().coarser(target.scale()).same(source.scale().quantise(value), other)
        }),
        _ => there.next().is_some(),
    }
}

/// Everything that a look must leave as it is.
fn fingerprint(life: &Life, pairs: &[PairBlueprint]) -> String {
    let ledger = &life.door.ledger;
    let mut text = String::new();
    let mut add = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    ledger.visit_items(&mut |record| add(format!("{record:?}"))).unwrap();
    add(format!("{:?}", ledger.held().unwrap()));
    for pair in pairs {
        add(format!("{:?}", ledger.unresolved(&pair.id).unwrap()));
        for feature in Feature::ALL.iter().copied() {
            add(format!("{:?}", ledger.pair_feature(&pair.id, feature).unwrap()));
            let visit = &mut |uid, play: PlayKey, row| add(format!("{uid:?} {play:?} {row:?}"));
            ledger.visit_baseline(&pair.id, feature, visit).unwrap();
        }
    }
    let world = life.door.enter();
    for (id, account) in &world.accounts {
        add(format!("{id} {:?}", account.facts));
        add(format!("{:?}", ledger.outbox(id, usize::MAX).unwrap()));
        for feature in Feature::ALL.iter().copied() {
            add(format!("{:?}", ledger.reading_head(id, feature).unwrap()));
            ledger.visit_reading(id, feature, &mut |row| add(format!("{row:?}"))).unwrap();
        }
    }
    text
}
