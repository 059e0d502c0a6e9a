//! The back-fill: what was watched at a media server while nobody listened becomes known, once.
//!
//! One actor per account that some route listens to. A mark on the disk says until when everything is known. Signs of life
//! of an unbroken watch move it; after a gap the server's own history is read from the mark on and put in the inbox, and
//! only then does it move, so that a death in between begins it again: a play that comes twice is known the second time.
//! Reading is a job of the account's keeper, which waits until no run has the account. Where webhooks alone tell, it looks
//! by itself every six hours and after each start, for webhooks are sent once and get lost. Before the first mark nothing is
//! recalled: what was watched before live scrobbling began is a pair's business. Deliberately absent: reading, and what
//! follows from a play.

use std::{rc::Rc, time::Duration};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, MessageResult, WrapFuture};
use crosswatch_model::{Cause, Feature, FeatureSet, PairId, ProviderId};
use crosswatch_port::{Change, Commit, Durability, LocalFuture, StandingKind, StandingRecord};
use jiff::{SignedDuration, Timestamp};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    answers::Answer,
    blueprint::Surroundings,
    directory::Directory,
    halt::Halt,
    permit::Permit,
    run_table::JobKind,
    supervisor::{Ping, RequestRun},
};

/// Messages it may have waiting.
pub(crate) const CAPACITY: usize = 16;
/// Whatever is told within a shorter gap is told by the list of sessions after it.
const GAP: SignedDuration = SignedDuration::from_secs(60);
/// The mark is written this often, and brought to the disk so often by itself: an older one makes the history be read from
/// further back, and a disk should sleep.
const SAVE_EVERY: SignedDuration = SignedDuration::from_secs(30);
const SYNC_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Sessions that vanished are held at most so long for what the history says about them.
const HOLD_MAX: SignedDuration = SignedDuration::from_mins(10);
/// Where only webhooks tell, the history is looked at this often, and so long after a start.
const LOOK_EVERY: Duration = Duration::from_secs(6 * 3600);
const FIRST_LOOK: Duration = Duration::from_secs(60);
/// A job that did not end within this time was lost with whoever did it.
const JOB_MAX: SignedDuration = SignedDuration::from_hours(2);
const ASK_EVERY: Duration = Duration::from_secs(1);
const SUPERVISOR_DEADLINE: Duration = Duration::from_secs(30);
/// Waits after failures grow from here to there.
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(900);
/// After a failure the store is given time.
const PAUSE: Duration = Duration::from_secs(2);

/// The server gave a sign of life. Answers what is known of the time before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "Past")]
pub struct SignOfLife {
    /// When.
    pub at: Timestamp,
    /// Whether nothing can have been missed since the last one.
    pub is_unbroken: bool,
}

/// What is known of the time before a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// Nobody knows yet whether there was a gap: tell the sign again.
    Unread,
    /// There was a gap, and the history is being read: a session that is gone may have come to its end.
    BeingFilled,
    /// All there is to know.
    Known,
}

/// Tells a sign of life.
pub type TellLife = Rc<dyn Fn(SignOfLife) -> LocalFuture<'static, Past>>;

/// A gap that is being filled.
#[derive(Debug, Clone, Copy)]
struct Filling {
    began: Timestamp,
    /// The newest sign of life without another gap before it: until then everything is known when it is done.
    healthy_at: Timestamp,
    /// The newest sign of life after another gap.
    next: Option<Timestamp>,
}

/// The actor.
pub(crate) struct BackFill {
    account: ProviderId,
    is_watched: bool,
    directory: Directory,
    surroundings: Surroundings,
    is_open: bool,
    known_until: Option<Timestamp>,
    saved_at: Option<Timestamp>,
    synced_at: Option<Timestamp>,
    filling: Option<Filling>,
}

impl BackFill {
    /// A back-fill of an account that is watched, or that only calls us.
    pub(crate) fn new(account: ProviderId, is_watched: bool, directory: Directory, surroundings: Surroundings) -> Self {
        Self {
            account,
            is_watched,
            directory,
            surroundings,
            is_open: false,
            known_until: None,
            saved_at: None,
            synced_at: None,
            filling: None,
        }
    }

    /// Reads the mark.
    fn open(&mut self, context: &mut Context<Self>) {
        let store = self.directory.store().clone();
        let reading = async move { store.query(|ledger| ledger.standings()).await };
        context.spawn(reading.into_actor(self).map(|result, fill, context| match result {
            Ok(standings) => {
                let is_ours =
                    |mark: &&StandingRecord| mark.kind == StandingKind::Heard && mark.subject == fill.account.as_str();
                fill.known_until = standings.iter().find(is_ours).map(|mark| mark.at);
                fill.is_open = true;
                if !fill.is_watched {
                    context.run_later(FIRST_LOOK, Self::look_by_itself);
                    context.run_interval(LOOK_EVERY, Self::look_by_itself);
                }
            }
            Err(error) => {
                tracing::warn!(account = fill.account.as_str(), "back-fill waits: {error}");
                context.run_later(PAUSE, Self::open);
            }
        }));
    }

    fn look_by_itself(&mut self, context: &mut Context<Self>) {
        if self.filling.is_some() {
            return;
        }
        let now = self.surroundings.clock.now();
        match self.known_until {
            Some(since) if since < now => self.fill(since, now, context),
            _ => self.know_until(now, context),
        }
    }

    /// From now on everything until then is known.
    fn know_until(&mut self, at: Timestamp, context: &mut Context<Self>) {
        self.known_until = Some(at);
        self.saved_at = Some(at);
        let mark = StandingRecord {
            kind: StandingKind::Heard,
            subject: self.account.as_str().into(),
            at,
            until: None,
            text: SmolStr::default(),
        };
        let is_due = self.synced_at.is_none_or(|synced| at.duration_since(synced) >= SYNC_EVERY);
        let durability = if is_due { Durability::Synced } else { Durability::Buffered };
        if is_due {
            self.synced_at = Some(at);
        }
        let commit = Commit { fence: None, durability, changes: vec![Change::PutStanding(mark)] };
        let store = self.directory.store().clone();
        let saving = async move { store.save(commit).await };
        context.spawn(saving.into_actor(self).map(|result, fill, _| {
            if let Err(error) = result {
                // An older mark makes the same be recalled once more.
                tracing::debug!(account = fill.account.as_str(), "a mark was not saved: {error}");
            }
        }));
    }

    fn fill(&mut self, since: Timestamp, now: Timestamp, context: &mut Context<Self>) {
        tracing::info!(account = self.account.as_str(), "nobody listened since {since}; the history is looked at");
        self.filling = Some(Filling { began: now, healthy_at: now, next: None });
        let recalling = recall(self.account.clone(), since, self.directory.clone(), self.surroundings.clone());
        context.spawn(recalling.into_actor(self).map(|(), fill, context| {
            if let Some(Filling { healthy_at, next, .. }) = fill.filling.take() {
                fill.know_until(healthy_at, context);
                if let Some(now) = next {
                    fill.fill(healthy_at, now, context);
                }
            }
        }));
    }

    fn take_in(&mut self, sign: SignOfLife, context: &mut Context<Self>) -> Past {
        if !self.is_open {
            return Past::Unread;
        }
        if let Some(filling) = &mut self.filling {
            let is_gap = !sign.is_unbroken && sign.at.duration_since(filling.healthy_at) > GAP;
            if is_gap || filling.next.is_some() {
                filling.next = Some(sign.at);
            } else {
                filling.healthy_at = sign.at;
            }
            let is_held = sign.at.duration_since(filling.began) <= HOLD_MAX;
            return if is_held { Past::BeingFilled } else { Past::Known };
        }
        match self.known_until {
            Some(since) if !sign.is_unbroken && sign.at.duration_since(since) > GAP => {
                self.fill(since, sign.at, context);
                return Past::BeingFilled;
            }
            // A clock that was set back makes nothing unknown.
            Some(since) if sign.at <= since => {}
            _ if self.saved_at.is_none_or(|saved| sign.at.duration_since(saved) >= SAVE_EVERY) => {
                self.know_until(sign.at, context);
            }
            _ => self.known_until = Some(sign.at),
        }
        Past::Known
    }
}

/// Has the history recalled, however often that must be asked for.
async fn recall(account: ProviderId, since: Timestamp, directory: Directory, surroundings: Surroundings) {
    let mut failures = 0_u32;
    loop {
        let why = match recall_once(&account, since, &directory, &surroundings).await {
            Ok(count) => {
                tracing::info!(account = account.as_str(), "{count} plays since {since} were looked at");
                return;
            }
            Err(why) => why,
        };
        tracing::warn!(account = account.as_str(), "what was watched since {since} is not known yet: {why}");
        let bound = FIRST_WAIT.saturating_mul(1 << failures.min(6)).min(LONGEST_WAIT);
        failures = failures.saturating_add(1);
        let bound_ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        let wait = Duration::from_millis(bound_ms / 2 + surroundings.entropy.below(bound_ms / 2 + 1));
        surroundings.clock.sleep(wait).await;
    }
}

async fn recall_once(
    account: &ProviderId,
    since: Timestamp,
    directory: &Directory,
    surroundings: &Surroundings,
) -> Result<usize, SmolStr> {
    let supervisor = directory.supervisor().ok_or("the service is starting")?;
    let request = RequestRun {
        pair: PairId::keeper_of(account),
        kind: JobKind::Recall { since },
        cause: Cause::Webhook,
        features: Some(FeatureSet::NONE.with(Feature::History)),
        permit: Permit::Nothing,
        undoes: None,
        restores: None,
        question: None,
        may_queue: true,
        instead: None,
    };
    let asked = supervisor.ask(request, SUPERVISOR_DEADLINE).await;
    let started = asked.map_err(|error| format_smolstr!("the supervisor is {error}"))?;
    let id = started.map_err(|refusal| format_smolstr!("{refusal}"))?.id;
    let until = surroundings.clock.now().checked_add(JOB_MAX).unwrap_or(Timestamp::MAX);
    while surroundings.clock.now() < until {
        match directory.answer(id) {
            Some(Answer::Recalled(count)) => return Ok(count),
            Some(Answer::Failed(why)) => return Err(why),
            Some(Answer::Found(_)) | None => surroundings.clock.sleep(ASK_EVERY).await,
        }
    }
    Err("it was begun and never ended".into())
}

impl Actor for BackFill {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.open(context);
    }
}

impl Handler<SignOfLife> for BackFill {
    type Result = MessageResult<SignOfLife>;

    fn handle(&mut self, sign: SignOfLife, context: &mut Self::Context) -> Self::Result {
        MessageResult(self.take_in(sign, context))
    }
}

impl Handler<Halt> for BackFill {
    type Result = ();

    fn handle(&mut self, _: Halt, context: &mut Self::Context) {
        context.stop();
    }
}

impl Handler<Ping> for BackFill {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}
