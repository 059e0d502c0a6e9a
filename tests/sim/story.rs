//! A story: one seed, one town, several process lives with users, bad weather and crashes, then quiet, then the verdict.

use std::{
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use crosswatch_actors::{
    AccountBlueprint, AccountPorts, Blueprint, CancelRun, House, JobKind, Lane, OnStorageFailure, Permit, RequestRun,
    SecretKey,
    planted::{self, Mistake},
};
use crosswatch_model::{Cause, PairId, RunId};
use crosswatch_port::{
    Clock, Provider,
    fake::{MemoryLedger, SeededEntropy},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    clock::LifeClock,
    faults::Weather,
    ledger::SimLedger,
    life::LifeSwitch,
    provider::{Door, SimAccount},
    quiet,
    world::World,
};

/// A mistake on purpose, to prove that somebody would notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// The store takes commits whatever their fence.
    StaleFences,
    /// In the actors.
    Planted(Mistake),
}

/// How long a story is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Length {
    /// Hours of users, faults and crashes.
    pub(crate) busy_hours: i64,
}

/// What came of a story.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) seed: u64,
    pub(crate) violations: Vec<String>,
    pub(crate) trace: Vec<String>,
    pub(crate) lives: u64,
    pub(crate) runs: u64,
    pub(crate) writes: u64,
    pub(crate) busy_hours: f64,
}

/// The present when a story begins.
const START: &str = "2026-03-02T06:00:00Z";
/// The service stays off for so long before the quiet part: every second try is due by then.
const LONG_SLEEP_HOURS: i64 = 24 * 40;
/// More lives than this and something is wrong with the story itself.
const LIVES_MAX: u64 = 200;
const COMMAND_DEADLINE: Duration = Duration::from_secs(30);

/// Everything that outlives a process.
pub(crate) struct Story {
    seed: u64,
    sabotage: Option<Sabotage>,
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) ledger: Arc<MemoryLedger>,
}

/// One life from inside.
pub(crate) struct Life {
    pub(crate) house: House,
    pub(crate) door: Door,
}

/// Tells the story of a seed.
pub(crate) fn tell(seed: u64, length: Length, sabotage: Option<Sabotage>) -> Verdict {
    let start: Timestamp = START.parse().unwrap();
    let world = Arc::new(Mutex::new(World::new(seed, start)));
    world.lock().unwrap().furnish();
    let story = Story { seed, sabotage, world: Arc::clone(&world), ledger: Arc::new(MemoryLedger::new()) };
    planted::plant(match sabotage {
        Some(Sabotage::Planted(mistake)) => Some(mistake),
        // Only somebody who goes on without a lease shows that the store would let it.
        Some(Sabotage::StaleFences) => Some(Mistake::GivesLeasesBackEarly),
        None => None,
    });
    story.busy_part(start + SignedDuration::from_hours(length.busy_hours));
    let busy_until = world.lock().unwrap().now;
    if !story.is_over() {
        story.sleep_long();
        story.live(None, None, quiet::settle);
    }
    planted::plant(None);
    let world = world.lock().unwrap();
    Verdict {
        seed,
        violations: world.violations.clone(),
        trace: world.trace.clone(),
        lives: world.life,
        runs: world.witness.finished_runs,
        writes: world.accounts.values().map(|account| account.writes).sum(),
        busy_hours: busy_until.duration_since(start).as_secs_f64() / 3_600.0,
    }
}

impl Story {
    fn is_over(&self) -> bool {
        !self.world.lock().unwrap().violations.is_empty()
    }

    /// Lives follow each other until the busy hours are over.
    fn busy_part(&self, end: Timestamp) {
        for _ in 0..LIVES_MAX {
            let (calls, commits) = {
                let mut world = self.world.lock().unwrap();
                if world.now >= end || !world.violations.is_empty() {
                    return;
                }
                world.weather = Weather::drawn(&world.dice);
                let calls = if world.dice.happens(850) { Some(world.dice.between(20, 4_000)) } else { None };
                let commits = if world.dice.happens(150) { Some(world.dice.between(5, 300)) } else { None };
                (calls, commits)
            };
            self.live(calls, commits, async move |life| busy(life, end).await);
            self.between_lives();
        }
        self.world.lock().unwrap().violate("story: too many lives");
    }

    /// The process is gone. The machine may have gone with it.
    fn between_lives(&self) {
        let mut world = self.world.lock().unwrap();
        let is_power_loss = world.dice.happens(500);
        if is_power_loss {
            self.ledger.crash();
        }
        world.orphan_parcels();
        let downtime_ms = *world.dice.pick(&[50, 700, 2_500, 60_000, 900_000]);
        world.say(&format!("process gone, power loss {is_power_loss}, down for {downtime_ms} ms"));
        world.now += SignedDuration::from_millis(downtime_ms);
    }

    fn sleep_long(&self) {
        let mut world = self.world.lock().unwrap();
        world.weather = Weather::default();
        world.orphan_parcels();
        world.now += SignedDuration::from_hours(LONG_SLEEP_HOURS);
        world.apply_due();
        world.say("quiet: no users, no faults");
    }

    /// One process life: an actix system on a paused clock, from start to drop.
    fn live<F>(&self, calls: Option<u64>, commits: Option<u64>, part: F)
    where
        F: AsyncFnOnce(&Life),
    {
        let number = self.world.lock().unwrap().life + 1;
        let switch = Arc::new(LifeSwitch::new(calls));
        let system = actix::System::with_tokio_rt(|| {
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
        });
        system.block_on(async {
            let door = self.open(number, &switch);
            let started = House::start(self.blueprint(&door, number, commits)).await;
            match started {
                Ok(house) => {
                    let life = Life { house, door };
                    tokio::select! {
                        biased;
                        () = switch.ended() => life.door.enter().say(&format!("dies: {}", switch.cause())),
                        () = part(&life) => life.door.enter().say("ends"),
                    }
                }
                Err(error) => door.enter().say(&format!("did not start: {error}")),
            }
            switch.flip("over");
        });
        drop(system);
    }

    fn open(&self, number: u64, switch: &Arc<LifeSwitch>) -> Door {
        let mut world = self.world.lock().unwrap();
        world.begin_life(number);
        world.say("starts");
        let clock: Arc<dyn Clock> = Arc::new(LifeClock::starting_at(world.now));
        Door { world: Arc::clone(&self.world), clock, ledger: Arc::clone(&self.ledger), life: Arc::clone(switch) }
    }

    fn blueprint(&self, door: &Door, number: u64, commits: Option<u64>) -> Blueprint {
        let town = self.world.lock().unwrap().town.clone();
        let build = |id: &crosswatch_model::ProviderId| {
            let (id, door) = (id.clone(), door.clone());
            Rc::new(move |ports: &AccountPorts| {
                Rc::new(SimAccount::new(id.clone(), door.clone(), ports)) as Rc<dyn Provider>
            })
        };
        let accounts = town.accounts.iter();
        let accounts = accounts
            .map(|account| AccountBlueprint { id: account.id.clone(), pace: account.pace, build: build(&account.id) })
            .collect();
        let life = Arc::clone(&door.life);
        let on_storage_failure: OnStorageFailure = Rc::new(move |_| life.flip("the disk failed"));
        let seed = self.seed.wrapping_mul(0x9e37_79b9).wrapping_add(number);
        Blueprint {
            accounts,
            pairs: town.pairs,
            routes: Vec::new(),
            snapshots: Vec::new(),
            channels: Vec::new(),
            ledger: Arc::new(SimLedger::new(door.clone(), self.sabotage, seed, commits)),
            secret_key: SecretKey::of_text(&secrecy::SecretString::from("the key of the town")),
            clock: Arc::clone(&door.clock),
            entropy: Arc::new(SeededEntropy::new(seed)),
            lane: Lane::Inline,
            knowledge: Arc::new(()),
            boot: u128::from(seed),
            has_scheduler: true,
            on_storage_failure,
        }
    }
}

impl Life {
    /// Asks for a run as a person would.
    pub(crate) async fn request(&self, pair: &PairId, kind: JobKind, approves_held: bool) -> Option<RunId> {
        let request = RequestRun {
            pair: pair.clone(),
            kind,
            cause: Cause::Manual,
            features: None,
            permit: if approves_held { Permit::Held } else { Permit::Nothing },
            undoes: None,
            restores: None,
            instead: None,
            question: None,
            may_queue: true,
        };
        let supervisor = self.house.directory().supervisor()?;
        let answer = supervisor.ask(request, COMMAND_DEADLINE).await;
        self.door.enter().say(&format!("person asks {pair} for {kind:?}: {}", answer_text(&answer)));
        let id = answer.ok()?.ok().map(|started| started.id)?;
        if approves_held {
            self.door.enter().witness.approved.insert(id);
        }
        Some(id)
    }

    async fn cancel(&self, run: RunId) {
        let Some(supervisor) = self.house.directory().supervisor() else { return };
        let answer = supervisor.ask(CancelRun(run), COMMAND_DEADLINE).await;
        self.door.enter().say(&format!("person cancels {}: {answer:?}", crate::witness::Witness::name(run)));
    }
}

fn answer_text(
    answer: &Result<Result<crosswatch_actors::Started, crosswatch_actors::Refusal>, crosswatch_actors::AskError>,
) -> String {
    match answer {
        Ok(Ok(started)) => crate::witness::Witness::name(started.id),
        Ok(Err(refusal)) => refusal.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Users, commands and changing weather until the hours are over, then an orderly stop now and then.
async fn busy(life: &Life, end: Timestamp) {
    let mut last_run = None;
    while life.door.clock.now() < end {
        let (pause_s, what, pair) = {
            let world = life.door.enter();
            let pairs: Vec<PairId> = world.town.pairs.iter().map(|pair| pair.id.clone()).collect();
            let pause_s =
                if world.dice.happens(400) { world.dice.between(1, 20) } else { world.dice.between(60, 1_500) };
            (pause_s, world.dice.between(0, 99), world.dice.pick(&pairs).clone())
        };
        tokio::time::sleep(Duration::from_secs(pause_s)).await;
        match what {
            0..=69 => life.door.enter().user_acts(),
            70..=79 => last_run = life.request(&pair, JobKind::Run, false).await.or(last_run),
            80..=83 => drop(life.request(&pair, JobKind::DryRun, false).await),
            84..=86 => drop(life.request(&pair, JobKind::Plan, false).await),
            87..=90 => {
                if let Some(run) = last_run {
                    life.cancel(run).await;
                }
            }
            91..=94 => {
                // In the middle of a run, where a fall can do harm.
                last_run = life.request(&pair, JobKind::Run, false).await.or(last_run);
                life.door.enter().say(&format!("{pair} is to fall"));
                planted::plan_fall(&pair);
            }
            95 => return,
            _ => {
                let mut world = life.door.enter();
                world.weather = Weather::drawn(&world.dice);
                let weather = world.weather;
                world.say(&format!("{weather:?}"));
            }
        }
    }
}
