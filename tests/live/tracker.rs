//! A tracker with its own truth: it dates what it is told with its own clock, refuses what the real one refuses, and can be
//! down, slow to answer, locked or signed out.

use std::{
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use crosswatch_actors::AccountPorts;
use crosswatch_model::{
    Action, Capabilities, Fact, Feature, FeatureCapability, FeatureSet, Item, Kind, NativeRef, PlayDetail, Reason,
    RejectedWhy, Scale, WatchedAt, WatchedPrecision,
};
use crosswatch_port::{
    Budget, CellNow, CellQuery, Clock, Cursor, Described, Fault, LocalFuture, Page, Probe, Provider, ReadScope,
    RequestKind, Scrobble, Scrobbled, Scrobbling, Stamps, Telling, Verb, Verdict, Watching, Write, WriteOutcome,
    WriteReport,
};
use crosswatch_scrobble::{Percent, PlaybackEvent};
use jiff::Timestamp;

use crate::{store::Life, story};

/// A second scrobble of an item within this time is refused.
const REPEAT_WINDOW_S: i64 = 3600;

/// How a tracker is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It answers.
    Well,
    /// Nobody answers.
    Down,
    /// It answers 500 so many times.
    Broken(u32),
    /// It takes what it is told, so many times, and its answer is lost.
    LosesReplies(u32),
    /// It takes what it is told next, its answer is lost, and then it answers 500 so many times.
    LosesReplyThenBreaks(u32),
    /// It asks to wait so long, once.
    Busy(u64),
    /// It wants a person to sign in.
    SignedOut,
    /// It says that it has just had this play, at this time.
    JustHad(Timestamp),
}

/// What a tracker has and heard. It outlives every life of the process.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) mood: Mood,
    /// What it was told and asked, with the time.
    pub(crate) calls: Vec<(Timestamp, String)>,
    /// Plays: the item's name, and when.
    pub(crate) plays: Vec<(String, Timestamp)>,
    pub(crate) ratings: Vec<(String, u8)>,
    pub(crate) watchlist: Vec<String>,
    /// Items it does not know.
    pub(crate) unknown: Vec<&'static str>,
    /// A media server that can be watched: what ann plays there, from when until when.
    pub(crate) sessions: Option<Vec<(&'static str, Timestamp, Timestamp)>>,
    /// From then on it knows in which library its items lie.
    pub(crate) knows_libraries_from: Option<Timestamp>,
    /// Until then its history cannot be read.
    pub(crate) hides_history_until: Option<Timestamp>,
    /// A media server that keeps one date per item: what can be resumed there.
    pub(crate) resumable: Option<Vec<&'static str>>,
}

impl Default for Truth {
    fn default() -> Self {
        Self {
            mood: Mood::Well,
            calls: Vec::new(),
            plays: Vec::new(),
            ratings: Vec::new(),
            watchlist: Vec::new(),
            unknown: Vec::new(),
            sessions: None,
            resumable: None,
            hides_history_until: None,
            knows_libraries_from: None,
        }
    }
}

/// A tracker as one life sees it.
pub(crate) struct Tracker {
    pub(crate) truth: Arc<Mutex<Truth>>,
    pub(crate) life: Arc<Life>,
    clock: Arc<dyn Clock>,
    budget: Rc<dyn Budget>,
    /// Fixed for a life: whether it can be watched, and whether it keeps one date per item.
    is_watchable: bool,
    keeps_last: bool,
}

/// What comes of a request before the tracker looks at it.
enum Reached {
    Yes { loses_reply: bool },
    No(Fault),
}

impl Tracker {
    pub(crate) fn new(truth: Arc<Mutex<Truth>>, life: Arc<Life>, ports: &AccountPorts) -> Self {
        let (is_watchable, keeps_last) = {
            let truth = truth.lock().unwrap();
            (truth.sessions.is_some(), truth.resumable.is_some())
        };
        let (clock, budget) = (Arc::clone(&ports.clock), Rc::clone(&ports.budget));
        Self { truth, life, clock, budget, is_watchable, keeps_last }
    }

    /// Waits for the budget and for the wire.
    async fn reach(&self, kind: RequestKind) -> Reached {
        self.life.alive().await;
        if let Err(fault) = self.budget.take(kind).await {
            return Reached::No(fault);
        }
        self.life.alive().await;
        let (verdict, reached) = {
            let mut truth = self.truth.lock().unwrap();
            match truth.mood {
                Mood::Down => (Verdict::Failed, Reached::No(Fault::Transient("no connection".into()))),
                Mood::Broken(times) => {
                    truth.mood = if times > 1 { Mood::Broken(times - 1) } else { Mood::Well };
                    (Verdict::Answered, Reached::No(Fault::Transient("500".into())))
                }
                Mood::Busy(seconds) => {
                    truth.mood = Mood::Well;
                    let after = Duration::from_secs(seconds);
                    (Verdict::Wait(after), Reached::No(Fault::RateLimited { after, detail: "429".into() }))
                }
                Mood::SignedOut => (Verdict::Answered, Reached::No(Fault::Auth("sign in again".into()))),
                Mood::LosesReplyThenBreaks(times) if kind == RequestKind::Write => {
                    truth.mood = Mood::Broken(times);
                    (Verdict::Answered, Reached::Yes { loses_reply: true })
                }
                Mood::LosesReplies(times) if kind == RequestKind::Write => {
                    truth.mood = if times > 1 { Mood::LosesReplies(times - 1) } else { Mood::Well };
                    (Verdict::Answered, Reached::Yes { loses_reply: true })
                }
                _ => (Verdict::Answered, Reached::Yes { loses_reply: false }),
            }
        };
        self.budget.report(verdict);
        reached
    }

    fn note(&self, call: String) {
        self.truth.lock().unwrap().calls.push((self.clock.now(), call));
    }

    async fn tell(&self, call: &Scrobble) -> Result<Scrobbled, Fault> {
        let loses_reply = match self.reach(RequestKind::Write).await {
            Reached::Yes { loses_reply } => loses_reply,
            Reached::No(fault) => return Err(fault),
        };
        let name = story::name_of(&call.item);
        let verb = match call.verb {
            Verb::Start => "start",
            Verb::Pause => "pause",
            Verb::Stop => "stop",
        };
        self.note(format!("{verb} {name} {}", call.percent));
        let answer = self.take(call, name);
        self.life.alive().await;
        if loses_reply { Err(Fault::InDoubt("the answer was lost".into())) } else { Ok(answer) }
    }

    fn take(&self, call: &Scrobble, name: String) -> Scrobbled {
        let now = self.clock.now();
        let mut truth = self.truth.lock().unwrap();
        if truth.unknown.contains(&name.as_str()) {
            return Scrobbled::NotFound;
        }
        match call.verb {
            Verb::Pause if call.percent >= Percent::whole(80) => Scrobbled::Refused("422".into()),
            Verb::Stop if call.percent < Percent::whole(1) => Scrobbled::Refused("422".into()),
            Verb::Start | Verb::Pause => Scrobbled::Shown,
            Verb::Stop if call.percent < Percent::whole(80) => Scrobbled::Shown,
            Verb::Stop => {
                if let Mood::JustHad(at) = truth.mood {
                    return Scrobbled::Repeated { watched_at: Some(at) };
                }
                let last = truth.plays.iter().filter(|(item, _)| *item == name).map(|(_, at)| *at).max();
                if let Some(at) = last.filter(|at| now.as_second() - at.as_second() < REPEAT_WINDOW_S) {
                    return Scrobbled::Repeated { watched_at: Some(at) };
                }
                truth.plays.push((name, now));
                Scrobbled::Watched { native: Some(NativeRef(truth.plays.len() as u128)) }
            }
        }
    }

    async fn cells_now(&self, feature: Feature, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        if let Reached::No(fault) = self.reach(RequestKind::Read).await {
            return Err(fault);
        }
        let names: Vec<String> = queries.iter().map(|query| story::name_of(&query.item)).collect();
        if feature == Feature::History {
            self.note(format!("hist? {}", names.join(" ")));
        }
        let truth = self.truth.lock().unwrap();
        let cell = |(query, name): (&CellQuery, &String)| {
            let facts: Vec<(Fact, Option<NativeRef>)> = match feature {
                Feature::History => {
                    let around = query.value.and_then(|value| match value {
                        Fact::Play(stamp) => stamp.instant(),
                        _ => None,
                    });
                    let is_near = |at: &Timestamp| {
                        around.is_none_or(|around| (around.as_second() - at.as_second()).abs() <= 6 * 3600)
                    };
                    let plays = (1_u128..).zip(&truth.plays);
                    let near = plays.filter(|(_, (item, at))| item == name && is_near(at));
                    near.map(|(id, (_, at))| (Fact::Play(WatchedAt::Exact(*at)), Some(NativeRef(id)))).collect()
                }
                Feature::Ratings => {
                    let rated = truth.ratings.iter().filter(|(item, _)| item == name);
                    let fact = |value: u8| Fact::Rated {
                        value: crosswatch_model::Rating::new(value).unwrap(),
                        rated_at: None,
                    };
                    rated.map(|(_, value)| (fact(*value), None)).collect()
                }
                Feature::Watchlist => {
                    truth.watchlist.iter().filter(|item| *item == name).map(|_| (Fact::Listed(None), None)).collect()
                }
                Feature::Progress => Vec::new(),
            };
            if facts.is_empty() { CellNow::Absent } else { CellNow::Present(facts) }
        };
        Ok(queries.iter().zip(&names).map(cell).collect())
    }

    async fn write_now(&self, feature: Feature, writes: &[Write]) -> WriteReport {
        let loses_reply = match self.reach(RequestKind::Write).await {
            Reached::Yes { loses_reply } => loses_reply,
            Reached::No(fault) => {
                return WriteReport { outcomes: vec![WriteOutcome::NotAttempted; writes.len()], fault: Some(fault) };
            }
        };
        let outcomes = self.apply(feature, writes);
        self.life.alive().await;
        if loses_reply {
            let fault = Some(Fault::InDoubt("the answer was lost".into()));
            return WriteReport { outcomes: vec![WriteOutcome::InDoubt; writes.len()], fault };
        }
        WriteReport { outcomes, fault: None }
    }

    fn apply(&self, feature: Feature, writes: &[Write]) -> Vec<WriteOutcome> {
        let mut words = Vec::new();
        let mut outcomes = Vec::new();
        for write in writes {
            let name = story::name_of(&write.item);
            let mut truth = self.truth.lock().unwrap();
            if truth.unknown.contains(&name.as_str()) {
                let why = RejectedWhy { reason: Reason::NotFound, is_permanent: true };
                outcomes.push(WriteOutcome::Rejected(why));
                continue;
            }
            match (feature, write.action, write.value) {
                (Feature::History, Action::Add, Some(Fact::Play(WatchedAt::Exact(at)))) => {
                    words.push(format!("{name} @{}", at.strftime("%H:%M:%S")));
                    truth.plays.push((name, at));
                }
                (Feature::History, Action::Remove, Some(Fact::Play(WatchedAt::Exact(at)))) => {
                    words.push(format!("{name} @{}", at.strftime("%H:%M:%S")));
                    truth.plays.retain(|(item, when)| *item != name || *when != at);
                }
                (Feature::Ratings, Action::Add | Action::Update, Some(Fact::Rated { value, .. })) => {
                    words.push(format!("{name} {}", value.get()));
                    truth.ratings.retain(|(item, _)| *item != name);
                    truth.ratings.push((name, value.get()));
                }
                (Feature::Ratings, Action::Remove, _) => {
                    words.push(name.clone());
                    truth.ratings.retain(|(item, _)| *item != name);
                }
                (Feature::Watchlist, Action::Remove, _) => {
                    words.push(name.clone());
                    truth.watchlist.retain(|item| *item != name);
                }
                (feature, action, value) => panic!("nobody tells a tracker {feature} {action} {value:?}"),
            }
            outcomes.push(WriteOutcome::Acknowledged { native: None });
        }
        if !words.is_empty() {
            let sign = if writes[0].action == Action::Remove { '-' } else { '+' };
            let what = match feature {
                Feature::History => "hist",
                Feature::Ratings => "rate",
                Feature::Watchlist => "list",
                Feature::Progress => "place",
            };
            self.note(format!("{what}{sign} {}", words.join(" ")));
        }
        outcomes
    }
}

impl Scrobbling for Tracker {
    fn scrobble<'a>(&'a self, call: &'a Scrobble) -> LocalFuture<'a, Result<Scrobbled, Fault>> {
        Box::pin(self.tell(call))
    }

    fn clear<'a>(&'a self, item: &'a Item) -> LocalFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            match self.reach(RequestKind::Write).await {
                Reached::No(fault) => Err(fault),
                Reached::Yes { .. } => {
                    self.note(format!("clear {}", story::name_of(item)));
                    Ok(())
                }
            }
        })
    }
}

impl Watching for Tracker {
    fn playing(&self) -> LocalFuture<'_, Result<Vec<PlaybackEvent>, Fault>> {
        Box::pin(async move {
            if let Reached::No(fault) = self.reach(RequestKind::Read).await {
                return Err(fault);
            }
            let now = self.clock.now();
            let truth = self.truth.lock().unwrap();
            let is_on = |session: &&(_, Timestamp, Timestamp)| session.1 <= now && now < session.2;
            let event = |(name, from, _): &(&'static str, Timestamp, _)| PlaybackEvent {
                position_ms: u64::try_from(now.duration_since(*from).as_millis()).ok(),
                ..story::event(&format!("on {name} @0 #1"))
            };
            Ok(truth.sessions.iter().flatten().filter(is_on).map(event).collect())
        })
    }

    fn listen(&self) -> LocalFuture<'_, Result<Option<Box<dyn Telling>>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn describe<'a>(&'a self, native: &'a str) -> LocalFuture<'a, Result<Option<Described>, Fault>> {
        let now = self.clock.now();
        let knows = self.truth.lock().unwrap().knows_libraries_from.is_some_and(|from| from <= now);
        let library = knows.then(|| "Movies".into());
        let described = Described { item: story::item(native), library, duration_ms: None };
        Box::pin(std::future::ready(Ok(Some(described))))
    }
}

impl Provider for Tracker {
    fn capabilities(&self) -> Capabilities {
        const PLAYED: &[Kind] = &[Kind::Movie, Kind::Episode];
        let feature = |feature| FeatureCapability {
            feature,
            can_write: true,
            can_remove: true,
            kinds: PLAYED,
            has_change_gate: false,
            can_read_since: false,
            batch_size: 100,
            max_rows: None,
            tells_removals: false,
            rows_expire: false,
        };
        let mut features = vec![feature(Feature::History), feature(Feature::Watchlist), feature(Feature::Ratings)];
        if self.keeps_last {
            features.push(feature(Feature::Progress));
        }
        Capabilities {
            features,
            scale: Scale::TEN,
            watched_precision: WatchedPrecision::Second,
            plays: if self.keeps_last { PlayDetail::LastPlayOnly } else { PlayDetail::EveryPlay },
            keeps_undated_plays: true,
            duplicates_plays: true,
            needs_ids: true,
            keeps_one_status: false,
            is_media_server: false,
            membership: None,
        }
    }

    fn probe(&self) -> LocalFuture<'_, Result<Probe, Fault>> {
        let probe = Probe { fingerprint: "tracker".into(), user: "ann".into(), product: "Tracker".into() };
        Box::pin(std::future::ready(Ok(probe)))
    }

    fn stamps(&self, _: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// All plays in one page, as a scheduled run reads them.
    fn read_page(&self, feature: Feature, _: ReadScope, _: Option<Cursor>) -> LocalFuture<'_, Result<Page, Fault>> {
        Box::pin(async move {
            if let Reached::No(fault) = self.reach(RequestKind::Read).await {
                return Err(fault);
            }
            let truth = self.truth.lock().unwrap();
            let now = self.clock.now();
            if truth.hides_history_until.is_some_and(|until| now < until) {
                return Err(Fault::Transient("the library is being scanned".into()));
            }
            let is_past = |(_, at): &&(String, Timestamp)| *at <= now;
            match feature {
                Feature::History => Ok(story::page_of(&truth.plays, is_past)),
                Feature::Progress => {
                    let opened: Vec<_> = truth.resumable.iter().flatten().copied().collect();
                    Ok(story::resumable_page_of(&truth.plays, &opened))
                }
                _ => Ok(story::page_of(&[], is_past)),
            }
        })
    }

    fn count(&self, _: Feature) -> LocalFuture<'_, Result<Option<u64>, Fault>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn cells<'a>(&'a self, feature: Feature, queries: &'a [CellQuery]) -> LocalFuture<'a, Result<Vec<CellNow>, Fault>> {
        Box::pin(self.cells_now(feature, queries))
    }

    fn write<'a>(&'a self, feature: Feature, writes: &'a [Write]) -> LocalFuture<'a, WriteReport> {
        Box::pin(self.write_now(feature, writes))
    }

    fn scrobbling(&self) -> Option<&dyn Scrobbling> {
        Some(self)
    }

    fn watching(&self) -> Option<&dyn Watching> {
        if self.is_watchable { Some(self) } else { None }
    }

    fn requests_sent(&self) -> u64 {
        0
    }
}
