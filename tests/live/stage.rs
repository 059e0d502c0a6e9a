//! The stage: a house with one media server and its targets, on a paused clock, over lives that may end at any write.

use std::{
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use crosswatch_actors::{
    AccountBlueprint, AccountPorts, Blueprint, House, Lane, Pace, PairBlueprint, Rate, RouteBlueprint, SecretKey,
    TargetBlueprint,
};
use crosswatch_model::{Disposition, ParcelState, ProviderId};
use crosswatch_port::{
    Clock, Ledger, LiveLedger, LocalFuture, ParcelRecord, PlayRecord, Provider,
    fake::{MemoryLedger, SeededEntropy},
};
use crosswatch_scrobble::{Audience, Ear, Names, Percent, Records, SessionRules, Via};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::time::Instant;

use crate::{
    store::{Death, Life, MortalLedger},
    story::{arrived, at},
    tracker::{Mood, Tracker, Truth},
};

/// A story may not take longer to settle than this after its last line.
const SETTLING: Duration = Duration::from_secs(20);
/// More lives than this and something dies for ever.
const LIVES_MAX: usize = 400;

/// One line of a story.
#[derive(Debug, Clone)]
pub(crate) enum Line {
    /// The media server tells something, by this way; equal numbers are equal bodies.
    Heard(Via, String, Option<u128>),
    /// A tracker changes its mood.
    Mood(&'static str, Mood),
    /// The process is killed and started again.
    Killed,
    /// The process is killed, and started again at this time.
    Away(&'static str),
    /// A pair runs.
    Run,
    /// Nothing; time passes.
    Wait,
}

/// A story and the house it plays in.
pub(crate) struct Stage {
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) trakt: Arc<Mutex<Truth>>,
    pub(crate) simkl: Arc<Mutex<Truth>>,
    pub(crate) home: Arc<Mutex<Truth>>,
    pub(crate) routes: Vec<RouteBlueprint>,
    pub(crate) pairs: Vec<PairBlueprint>,
    lines: Vec<(Timestamp, Line)>,
}

pub(crate) fn account(name: &str) -> ProviderId {
    ProviderId::parse(name).unwrap()
}

/// A route of one viewer at home to some targets.
pub(crate) fn route(id: &str, viewer: &str, targets: &[&str]) -> RouteBlueprint {
    let target = |name: &&str| TargetBlueprint {
        account: account(name),
        ear: if *name == "ledger" { Ear::Ledger } else { Ear::Scrobbles },
        records: Records::Live,
    };
    RouteBlueprint {
        id: id.into(),
        source: account("home"),
        via: vec![Via::Webhook, Via::Watch],
        audience: Audience { users: Names::Only(vec![viewer.into()]), libraries: Names::All },
        rules: SessionRules { watched_at: Percent::whole(90) },
        targets: targets.iter().map(target).collect(),
        unlists_films: false,
    }
}

impl Stage {
    /// A house where ann's playback at home goes to Trakt.
    pub(crate) fn new() -> Self {
        Self {
            ledger: Arc::default(),
            trakt: Arc::default(),
            simkl: Arc::default(),
            home: Arc::default(),
            routes: vec![route("ann-live", "ann", &["trakt"])],
            pairs: Vec::new(),
            lines: Vec::new(),
        }
    }

    pub(crate) fn to(targets: &[&str]) -> Self {
        Self { routes: vec![route("ann-live", "ann", targets)], ..Self::new() }
    }

    /// The same house, with nothing more to tell.
    pub(crate) fn afterwards(self) -> Self {
        Self { lines: Vec::new(), ..self }
    }

    /// Adds lines that webhooks tell.
    pub(crate) fn tell(mut self, lines: &[(&str, &str)]) -> Self {
        for (when, what) in lines {
            self = self.line(when, Line::Heard(Via::Webhook, (*what).to_owned(), None));
        }
        self
    }

    pub(crate) fn line(mut self, when: &str, line: Line) -> Self {
        self.lines.push((at(when), line));
        self.lines.sort_by_key(|(when, _)| *when);
        self
    }

    /// Plays the story in as many lives as its deaths make, and waits until everything has settled.
    pub(crate) fn play(self) -> Self {
        self.play_until(Death::Never).0
    }

    /// As [`Stage::play`], with the first life ending at a write. Answers whether it did.
    pub(crate) fn play_until(self, death: Death) -> (Self, bool) {
        let mut now = self.lines.first().map_or(at("00:00:00"), |(when, _)| *when);
        let (mut next, mut died, mut death) = (0, false, death);
        for _ in 0..LIVES_MAX {
            let life = Life::until(death);
            death = Death::Never;
            let end = self.live(&life, now, &mut next);
            (now, died) = (end.0, died || end.1 == Ending::Died);
            self.ledger.crash();
            match end.1 {
                Ending::Over => return (self, died),
                Ending::Died | Ending::Killed => now += SignedDuration::from_secs(1),
                Ending::Away(until) => now = until,
            }
        }
        panic!("it dies for ever");
    }

    /// One life: from `now` until it dies, is killed or the story is over.
    fn live(&self, life: &Arc<Life>, now: Timestamp, next: &mut usize) -> (Timestamp, Ending) {
        let system = actix::System::with_tokio_rt(|| {
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
        });
        let end = system.block_on(async {
            let clock = Arc::new(StageClock::starting(now));
            let ending = match House::start(self.blueprint(life, &clock)).await {
                Err(_) => Ending::Died,
                Ok(house) => tokio::select! {
                    biased;
                    () = life.ended() => Ending::Died,
                    ending = self.act(&house, &clock, next) => ending,
                },
            };
            life.end();
            (clock.now(), ending)
        });
        drop(system);
        end
    }

    async fn act(&self, house: &House, clock: &StageClock, next: &mut usize) -> Ending {
        while let Some((when, line)) = self.lines.get(*next) {
            clock.sleep_until(*when).await;
            match line {
                Line::Killed => {
                    *next += 1;
                    return Ending::Killed;
                }
                Line::Away(until) => {
                    *next += 1;
                    return Ending::Away(at(until));
                }
                Line::Mood(name, mood) => self.truth(name).lock().unwrap().mood = *mood,
                Line::Wait => {}
                Line::Run => crate::history::run_pair(house).await,
                Line::Heard(via, what, body) => {
                    let digest = body.unwrap_or(1_000_000 + *next as u128);
                    let (from, what) = what.split_once(": ").unwrap_or(("home", what));
                    let message = arrived(&account(from), *via, what, digest, clock.now());
                    // A server whose message was not taken sends it again; one that was told 202 does not.
                    let ingress = house.directory().webhook().unwrap();
                    if !matches!(ingress.ask(message, Duration::from_secs(60)).await, Ok(Ok(_))) {
                        std::future::pending::<()>().await;
                    }
                }
            }
            *next += 1;
        }
        tokio::time::sleep(SETTLING).await;
        house.directory().store().query(|ledger| ledger.sync()).await.unwrap();
        Ending::Over
    }

    pub(crate) fn truth(&self, name: &str) -> &Arc<Mutex<Truth>> {
        match name {
            "trakt" => &self.trakt,
            "simkl" => &self.simkl,
            _ => &self.home,
        }
    }

    fn blueprint(&self, life: &Arc<Life>, clock: &Arc<StageClock>) -> Blueprint {
        let pace = Pace { reads: None, writes: Some(Rate { burst: 1, per: Duration::from_secs(1) }), concurrent: 1 };
        let tracker = |name: &'static str| {
            let (truth, life) = (Arc::clone(self.truth(name)), Arc::clone(life));
            let build = move |ports: &AccountPorts| {
                Rc::new(Tracker::new(Arc::clone(&truth), Arc::clone(&life), ports)) as Rc<dyn Provider>
            };
            AccountBlueprint { id: account(name), pace, build: Rc::new(build) }
        };
        let ledger = AccountBlueprint {
            id: account("ledger"),
            pace: Pace { reads: None, writes: None, concurrent: 1 },
            build: Rc::new(|ports| crosswatch_provider::tracker::open(account("ledger"), Rc::clone(&ports.shelf))),
        };
        Blueprint {
            accounts: vec![tracker("home"), tracker("trakt"), tracker("simkl"), ledger],
            pairs: self.pairs.clone(),
            routes: self.routes.clone(),
            snapshots: Vec::new(),
            channels: Vec::new(),
            ledger: Arc::new(MortalLedger { inner: Arc::clone(&self.ledger), life: Arc::clone(life) }),
            secret_key: SecretKey::of_text(&secrecy::SecretString::from("the key of the stage")),
            clock: Arc::clone(clock) as Arc<dyn Clock>,
            entropy: Arc::new(SeededEntropy::new(7)),
            lane: Lane::Inline,
            knowledge: Arc::new(()),
            boot: u128::try_from(clock.began.as_millisecond()).unwrap(),
            has_scheduler: self.pairs.iter().any(|pair| !pair.runs_after.is_empty()),
            on_storage_failure: Rc::new(|_| {}),
        }
    }

    /// What a tracker heard, in order.
    pub(crate) fn calls(&self, name: &str) -> Vec<String> {
        self.truth(name).lock().unwrap().calls.iter().map(|(_, call)| call.clone()).collect()
    }

    /// The same, each with its time.
    pub(crate) fn timed_calls(&self, name: &str) -> Vec<String> {
        let truth = self.truth(name).lock().unwrap();
        truth.calls.iter().map(|(when, call)| format!("{} {call}", when.strftime("%H:%M:%S"))).collect()
    }

    /// The plays that the house knows.
    pub(crate) fn plays(&self) -> Vec<PlayRecord> {
        let mut plays = Vec::new();
        self.ledger.visit_plays(&mut |play| plays.push(play)).unwrap();
        plays
    }

    /// What became of the rows of the inbox, in the order of their arrival. None of them may be without an end.
    pub(crate) fn dispositions(&self) -> Vec<Disposition> {
        let rows = self.ledger.inbox(None, usize::MAX).unwrap();
        rows.into_iter().rev().map(|row| row.disposition.expect("every row ends")).collect()
    }

    /// A row of the inbox.
    pub(crate) fn ledger_row(&self, number: u64) -> crosswatch_port::InboxRecord {
        self.ledger.inbox(Some(number + 1), 1).unwrap().remove(0)
    }

    /// Messages that are not settled.
    pub(crate) fn waiting(&self, name: &str) -> Vec<ParcelRecord> {
        self.ledger.parcels_waiting(&account(name), usize::MAX).unwrap()
    }

    /// How many messages to all targets ended in this state.
    pub(crate) fn settled(&self, state: ParcelState) -> usize {
        let settled = self.ledger.parcels_settled(None, usize::MAX).unwrap();
        settled.iter().filter(|parcel| parcel.state == state).count()
    }

    /// What the built-in tracker has.
    pub(crate) fn shelf(&self, feature: crosswatch_model::Feature) -> Vec<String> {
        let rows = self.ledger.shelf(&account("ledger"), feature, None, 1000).unwrap();
        rows.iter().map(|row| format!("{} {:?}", crate::story::name_of(&row.item), row.fact)).collect()
    }

    /// Whoever plays the story to its end must leave every row with an end, and a restart must add nothing.
    pub(crate) fn expect(self, name: &str, trakt: &[&str], plays: usize) -> Self {
        assert_eq!(self.calls("trakt"), trakt, "{name}");
        assert_eq!(self.plays().len(), plays, "{name}: plays");
        self.dispositions();
        let before = self.calls("trakt");
        let quiet = self.afterwards().play();
        assert_eq!(quiet.calls("trakt"), before, "{name}: a restart tells something");
        quiet
    }
}

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Over,
    Died,
    Killed,
    Away(Timestamp),
}

/// Wall time that follows the paused clock of the life.
#[derive(Debug)]
pub(crate) struct StageClock {
    began: Timestamp,
    origin: Instant,
}

impl StageClock {
    pub(crate) fn starting(began: Timestamp) -> Self {
        Self { began, origin: Instant::now() }
    }

    async fn sleep_until(&self, then: Timestamp) {
        let wait_ms = then.as_millisecond() - self.now().as_millisecond();
        tokio::time::sleep(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))).await;
    }
}

impl Clock for StageClock {
    fn now(&self) -> Timestamp {
        self.began + SignedDuration::from_millis(i64::try_from(self.origin.elapsed().as_millis()).unwrap())
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn zone(&self) -> TimeZone {
        TimeZone::UTC
    }
}
