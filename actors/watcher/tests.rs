//! A watcher over an account that plays from a script.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix::Actor;
use crosswatch_model::{Capabilities, Feature, FeatureSet, IdSet, Item, Kind, PlayDetail, Scale, WatchedPrecision};
use crosswatch_port::{
    CellNow, CellQuery, Clock, Cursor, Described, Fault, LocalFuture, NoticeKind, Page, Probe, Provider, ReadScope,
    Stamps, Telling, Tidings, Watching, Write, WriteReport, fake::SeededEntropy,
};
use crosswatch_scrobble::{Heard, Media, PlaybackEvent, Step, Via, Viewer};
use jiff::{Timestamp, tz::TimeZone};

use super::{AdapterNow, ObserveWatcher, SignInChanged, Standing, Watcher, WatcherPorts, WatcherState};
use crate::{
    backfill::{Past, SignOfLife},
    mailbox::AskError,
    store::SaveError,
    webhook::{Arrived, Kept},
};

/// The runtime's paused time as wall time.
struct PausedClock {
    began: tokio::time::Instant,
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        start + self.began.elapsed()
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn zone(&self) -> TimeZone {
        TimeZone::UTC
    }
}

/// A server by script.
#[derive(Default)]
struct Script {
    /// What plays.
    playing: RefCell<Vec<PlaybackEvent>>,
    /// What the list answers instead.
    fails: RefCell<Option<Fault>>,
    /// Sockets to come; none left means that there is none.
    sockets: RefCell<VecDeque<Result<Line, Fault>>>,
    looks: Cell<u32>,
    listens: Cell<u32>,
}

/// A socket with what it will say.
struct Line(VecDeque<Word>);

type Word = Result<Tidings, Fault>;

impl Telling for Line {
    fn next(&mut self) -> LocalFuture<'_, Result<Tidings, Fault>> {
        match self.0.pop_front() {
            Some(told) => Box::pin(std::future::ready(told)),
            None => Box::pin(std::future::pending()),
        }
    }
}

impl Watching for Script {
    fn playing(&self) -> LocalFuture<'_, Result<Vec<PlaybackEvent>, Fault>> {
        self.looks.set(self.looks.get() + 1);
        let fails = self.fails.borrow().clone();
        Box::pin(std::future::ready(fails.map_or_else(|| Ok(self.playing.borrow().clone()), Err)))
    }

    fn listen(&self) -> LocalFuture<'_, Result<Option<Box<dyn Telling>>, Fault>> {
        self.listens.set(self.listens.get() + 1);
        let next = self.sockets.borrow_mut().pop_front().transpose();
        Box::pin(std::future::ready(next.map(|line| line.map(|line| Box::new(line) as Box<dyn Telling>))))
    }

    fn describe<'a>(&'a self, _: &'a str) -> LocalFuture<'a, Result<Option<Described>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

impl Provider for Script {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            features: Vec::new(),
            scale: Scale::TEN,
            watched_precision: WatchedPrecision::Second,
            plays: PlayDetail::LastPlayOnly,
            keeps_undated_plays: false,
            duplicates_plays: false,
            needs_ids: true,
            keeps_one_status: false,
            is_media_server: true,
            membership: None,
        }
    }

    fn probe(&self) -> LocalFuture<'_, Result<Probe, Fault>> {
        Box::pin(std::future::pending())
    }

    fn stamps(&self, _: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>> {
        Box::pin(std::future::pending())
    }

    fn read_page(&self, _: Feature, _: ReadScope, _: Option<Cursor>) -> LocalFuture<'_, Result<Page, Fault>> {
        Box::pin(std::future::pending())
    }

    fn count(&self, _: Feature) -> LocalFuture<'_, Result<Option<u64>, Fault>> {
        Box::pin(std::future::pending())
    }

    fn cells<'a>(&'a self, _: Feature, _: &'a [CellQuery]) -> LocalFuture<'a, Result<Vec<CellNow>, Fault>> {
        Box::pin(std::future::pending())
    }

    fn write<'a>(&'a self, _: Feature, _: &'a [Write]) -> LocalFuture<'a, WriteReport> {
        Box::pin(std::future::pending())
    }

    fn watching(&self) -> Option<&dyn Watching> {
        Some(self)
    }

    fn requests_sent(&self) -> u64 {
        0
    }
}

/// A watcher, the server it watches, and what came of it.
struct World {
    script: Rc<Script>,
    told: Rc<RefCell<Vec<Arrived>>>,
    notices: Rc<RefCell<Vec<NoticeKind>>>,
    refusals: Rc<Cell<u32>>,
    clock: Arc<dyn Clock>,
    /// Signs of life that were told, and what is answered to them.
    signs: Rc<RefCell<Vec<SignOfLife>>>,
    past: Rc<Cell<Past>>,
    watcher: actix::Addr<Watcher>,
}

impl World {
    fn start(script: Script) -> Self {
        let script = Rc::new(script);
        let (told, notices, refusals) =
            (Rc::<RefCell<Vec<Arrived>>>::default(), Rc::<RefCell<Vec<_>>>::default(), Rc::<Cell<u32>>::default());
        let (kept, shown, left) = (Rc::clone(&told), Rc::clone(&notices), Rc::clone(&refusals));
        let (signs, past) = (Rc::<RefCell<Vec<SignOfLife>>>::default(), Rc::new(Cell::new(Past::Known)));
        let (signed, answered) = (Rc::clone(&signs), Rc::clone(&past));
        let adapter = AdapterNow::default();
        adapter.replace(&(Rc::clone(&script) as Rc<dyn Provider>));
        let clock: Arc<dyn Clock> = Arc::new(PausedClock { began: tokio::time::Instant::now() });
        let ports = WatcherPorts {
            account: crosswatch_model::ProviderId::parse("home").unwrap(),
            adapter,
            send: Rc::new(move |arrived| {
                let answer = if left.get() > 0 {
                    left.set(left.get() - 1);
                    Err(SaveError::Unreachable(AskError::Busy))
                } else {
                    kept.borrow_mut().push(arrived);
                    Ok(Kept { number: kept.borrow().len() as u64, is_repeat: false })
                };
                Box::pin(std::future::ready(answer))
            }),
            alive: Rc::new(move |sign| {
                signed.borrow_mut().push(sign);
                Box::pin(std::future::ready(answered.get()))
            }),
            tell: Rc::new(move |notice| shown.borrow_mut().push(notice.kind)),
            clock: Arc::clone(&clock),
            entropy: Arc::new(SeededEntropy::new(7)),
        };
        Self { script, told, notices, refusals, clock, signs, past, watcher: Watcher::new(ports).start() }
    }

    async fn wait(&self, seconds: u64) -> WatcherState {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        self.watcher.send(ObserveWatcher).await.unwrap()
    }

    fn plays(&self, position_s: &[u64]) {
        *self.script.playing.borrow_mut() = position_s.iter().map(|at| film(Step::Playing, *at)).collect();
    }

    /// Steps that were told, in order.
    fn steps(&self) -> Vec<Step> {
        let told = self.told.borrow();
        told.iter()
            .map(|arrived| match &arrived.heard {
                Heard::Event(event) => event.step,
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

fn film(step: Step, position_s: u64) -> PlaybackEvent {
    PlaybackEvent {
        step,
        word: "playing".into(),
        viewer: Viewer { name: "ben".into(), id: "2".into() },
        server: "s".into(),
        player: "tv".into(),
        session: "1".into(),
        media: Media {
            native: "9".into(),
            item: Item::titled(Kind::Movie, "A", None, IdSet::EMPTY),
            last_number: None,
            duration_ms: None,
            library: None,
        },
        position_ms: Some(position_s * 1000),
        at: None,
    }
}

fn event(step: Step, position_s: u64) -> Tidings {
    Tidings::Event(Box::new(film(step, position_s)))
}

fn broken() -> Fault {
    Fault::Transient("the socket broke".into())
}

fn with_sockets(sockets: Vec<Vec<Word>>) -> Script {
    let sockets = sockets.into_iter().map(|words| Ok(Line(words.into()))).collect();
    Script { sockets: RefCell::new(sockets), ..Script::default() }
}

fn on_paused_clock(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

#[test]
fn without_a_socket_the_list_is_asked_for_often_while_something_plays() {
    on_paused_clock(async {
        let world = World::start(Script::default());
        assert_eq!(world.wait(61).await.standing, Standing::Polling);
        let idle = world.script.looks.get();
        assert!((6..=8).contains(&idle), "{idle}");
        world.plays(&[5]);
        let state = world.wait(30).await;
        assert!(world.script.looks.get() - idle >= 10);
        assert_eq!((world.steps(), state.playing), (vec![Step::Start], 1));
        world.plays(&[]);
        world.wait(20).await;
        assert_eq!(world.steps(), [Step::Start, Step::Stop]);
        let arrived = world.told.borrow();
        assert!(arrived.iter().all(|arrived| arrived.via == Via::Watch && arrived.account.as_str() == "home"));
        assert_ne!(arrived[0].digest, arrived[1].digest);
    });
}

#[test]
fn what_a_socket_tells_is_sent_and_what_it_hints_at_is_looked_up() {
    on_paused_clock(async {
        let line = vec![
            Ok(Tidings::Alive),
            Ok(event(Step::Playing, 0)),
            Ok(event(Step::Playing, 1)),
            Ok(event(Step::StillPaused, 2)),
            Ok(event(Step::Stop, 3)),
        ];
        let world = World::start(with_sockets(vec![line]));
        let state = world.wait(1).await;
        assert_eq!(world.steps(), [Step::Start, Step::Pause, Step::Stop]);
        assert_eq!((state.standing, state.lost), (Standing::Listening, 0));
        assert!(state.last_event_at.is_some() && state.healthy_at.is_some());
        let hinted = World::start(with_sockets(vec![vec![Ok(Tidings::Changed), Ok(Tidings::Changed)]]));
        hinted.plays(&[7]);
        hinted.wait(10).await;
        assert_eq!(hinted.script.looks.get(), 3, "at the beginning, and once per hint with a rest before it");
        assert_eq!(hinted.steps(), [Step::Start]);
    });
}

#[test]
fn a_broken_socket_is_bridged_and_opened_again_with_growing_waits() {
    on_paused_clock(async {
        let sockets = (0..6).map(|_| vec![Err(broken())]).collect();
        let world = World::start(with_sockets(sockets));
        world.plays(&[5]);
        let state = world.wait(600).await;
        assert_eq!((world.script.listens.get(), state.lost), (7, 6), "six that broke, and then there is none");
        assert_eq!(state.standing, Standing::Polling);
        let steps = world.steps();
        assert_eq!(steps[0], Step::Start);
        assert!(!steps.contains(&Step::Stop), "it plays on all the while: {steps:?}");
    });
}

#[test]
fn a_socket_that_cannot_be_opened_is_made_up_for_by_asking() {
    on_paused_clock(async {
        let sockets = (0..200).map(|_| Err(broken())).collect();
        let world = World::start(Script { sockets: RefCell::new(sockets), ..Script::default() });
        world.plays(&[5]);
        world.wait(30).await;
        assert_eq!(world.steps()[0], Step::Start);
        world.plays(&[]);
        world.wait(60).await;
        assert_eq!(world.steps().last(), Some(&Step::Stop));
    });
}

#[test]
fn a_server_that_is_away_ends_nobodys_session() {
    on_paused_clock(async {
        let world = World::start(Script::default());
        world.plays(&[5]);
        world.wait(3).await;
        *world.script.fails.borrow_mut() = Some(broken());
        let gone_at = world.clock.now();
        let state = world.wait(1800).await;
        assert!(matches!(state.standing, Standing::Unreachable(_)), "{state:?}");
        let down_since = state.down_since().unwrap();
        assert!(down_since <= gone_at && gone_at.duration_since(down_since).as_secs() < 10, "{down_since} {gone_at}");
        assert_eq!(
            state.last_trouble.as_ref().map(|trouble| trouble.why.as_str()),
            Some(broken().to_string().as_str())
        );
        assert!(world.script.looks.get() < 300, "it is not hammered: {}", world.script.looks.get());
        assert_eq!(world.steps(), [Step::Start]);
        *world.script.fails.borrow_mut() = None;
        world.plays(&[]);
        let state = world.wait(120).await;
        assert_eq!(world.steps(), [Step::Start, Step::Stop]);
        assert_eq!((state.standing.as_str(), state.down_since()), ("polling", None));
        assert!(state.since > gone_at && state.last_trouble.is_some(), "what went wrong is still told");
    });
}

#[test]
fn refused_credentials_are_told_once_and_a_sign_in_goes_on() {
    on_paused_clock(async {
        let world = World::start(Script::default());
        *world.script.fails.borrow_mut() = Some(Fault::Auth("sign in again".into()));
        let state = world.wait(3 * 3600).await;
        assert_eq!(state.standing, Standing::NeedsSignIn("sign in again".into()));
        assert_eq!(*world.notices.borrow(), [NoticeKind::Auth]);
        assert!(world.script.looks.get() <= 14, "{}", world.script.looks.get());
        *world.script.fails.borrow_mut() = None;
        world.plays(&[5]);
        world.watcher.send(SignInChanged).await.unwrap();
        assert_eq!(world.wait(1).await.standing, Standing::Polling);
        assert_eq!(world.steps(), [Step::Start]);
    });
}

#[test]
fn what_the_store_does_not_take_is_offered_again() {
    on_paused_clock(async {
        let world = World::start(Script::default());
        world.refusals.set(3);
        world.plays(&[5]);
        world.wait(20).await;
        assert_eq!(world.steps(), [Step::Start]);
    });
}

#[test]
fn a_gap_is_told_and_nobody_has_ended_before_it_is_filled() {
    on_paused_clock(async {
        let world = World::start(Script::default());
        world.plays(&[5]);
        world.wait(50).await;
        let is_unbroken = |world: &World| world.signs.borrow().iter().map(|sign| sign.is_unbroken).collect::<Vec<_>>();
        assert!(!is_unbroken(&world)[0] && is_unbroken(&world)[1..].iter().all(|unbroken| *unbroken));
        *world.script.fails.borrow_mut() = Some(broken());
        world.wait(600).await;
        world.signs.borrow_mut().clear();
        *world.script.fails.borrow_mut() = None;
        world.plays(&[]);
        world.past.set(Past::Unread);
        world.wait(90).await;
        assert!(is_unbroken(&world).iter().all(|unbroken| !unbroken), "it is told until it is taken in");
        world.past.set(Past::BeingFilled);
        world.wait(90).await;
        assert_eq!(world.steps(), [Step::Start]);
        assert_eq!(is_unbroken(&world).last(), Some(&true));
        world.past.set(Past::Known);
        world.wait(30).await;
        assert_eq!(world.steps(), [Step::Start, Step::Stop]);
    });
}
