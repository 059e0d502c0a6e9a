//! The webhook ingress: what media servers tell is on the disk before anybody answers them.
//!
//! Promises: rows are kept in the order of their arrival and with one sync for all that arrive while the disk is busy; the
//! same body within a minute is kept once more as a duplicate and goes no further. Deliberately absent: reading bodies
//! (the web does) and deciding anything about playback (the scrobbler does).

use std::{collections::VecDeque, time::Duration};

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};
use crosswatch_model::{Disposition, ProviderId};
use crosswatch_port::{Change, Commit, Durability, InboxRecord, LiveChange};
use crosswatch_scrobble::{Heard, Via};
use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::sync::oneshot;

use crate::{
    blueprint::Surroundings, directory::Directory, mailbox::AskError, scrobbler::LookAtInbox, store::SaveError,
    supervisor::Ping,
};

/// Messages the ingress may have waiting: what media servers send while the disk is busy.
pub(crate) const CAPACITY: usize = 512;
/// It answers when the row is on the disk; a disk that is silent for so long has failed.
pub(crate) const KEEP_DEADLINE: Duration = Duration::from_secs(60);
/// Rows that share one sync, at most.
const GROUP_MAX: usize = 512;
/// The same body within this time is a repeat.
const REPEAT_WITHIN_S: i64 = 60;
/// Bodies that are remembered; what a server sends in a minute is less.
const REMEMBERED_MAX: usize = 8192;

/// Something a media server told us.
#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "Result<Kept, SaveError>")]
pub struct Arrived {
    /// The account whose token it came with.
    pub account: ProviderId,
    /// How it was noticed.
    pub via: Via,
    /// The server's own name for the event; empty where it has none.
    pub word: SmolStr,
    /// A digest of the body, by which repeats are found.
    pub digest: u128,
    /// What it was read as.
    pub heard: Heard,
}

/// It is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its number in the inbox.
    pub number: u64,
    /// Whether the same body had arrived just before.
    pub is_repeat: bool,
}

/// What arrived, when, and who wants to know that it is kept.
type Waiting = (Arrived, Timestamp, oneshot::Sender<Result<Kept, SaveError>>);

/// The actor.
pub struct WebhookIngress {
    directory: Directory,
    surroundings: Surroundings,
    waiting: Vec<Waiting>,
    /// What arrived in the last minute, oldest first.
    remembered: VecDeque<(Timestamp, ProviderId, u128)>,
    /// The number of the next row; read from the store before the first.
    next_number: Option<u64>,
    is_committing: bool,
}

impl WebhookIngress {
    /// An ingress that has heard nothing yet.
    pub(crate) fn new(directory: Directory, surroundings: Surroundings) -> Self {
        Self {
            directory,
            surroundings,
            waiting: Vec::new(),
            remembered: VecDeque::new(),
            next_number: None,
            is_committing: false,
        }
    }

    /// Reads where the inbox ends, and what arrived last, so that a repeat is known across a restart.
    fn open(&mut self, context: &mut Context<Self>) {
        self.is_committing = true;
        let store = self.directory.store().clone();
        let reading = async move {
            store.query(|ledger| Ok((ledger.next_inbox_number()?, ledger.inbox(None, REMEMBERED_MAX.min(512))?))).await
        };
        context.spawn(reading.into_actor(self).map(|result, ingress, context| {
            ingress.is_committing = false;
            match result {
                Ok((next, newest)) => {
                    ingress.next_number = Some(next);
                    let told = newest.into_iter().rev().map(|row| (row.received_at, row.account, row.digest));
                    ingress.remembered.extend(told);
                    ingress.keep_group(context);
                }
                Err(error) => ingress.refuse_all(&error),
            }
        }));
    }

    fn refuse_all(&mut self, error: &SaveError) {
        for (.., answer) in self.waiting.drain(..) {
            drop(answer.send(Err(error.clone())));
        }
    }

    /// Takes what waits and keeps it with one sync; repeats while more has arrived.
    fn keep_group(&mut self, context: &mut Context<Self>) {
        if self.is_committing || self.waiting.is_empty() {
            return;
        }
        let Some(first) = self.next_number else { return self.open(context) };
        let group: Vec<_> = self.waiting.drain(..self.waiting.len().min(GROUP_MAX)).collect();
        let (mut changes, mut answers) = (Vec::with_capacity(group.len()), Vec::with_capacity(group.len()));
        for (number, (arrived, at, answer)) in (first..).zip(group) {
            let is_repeat = self.is_repeat(&arrived, at);
            changes.push(Change::Live(Box::new(LiveChange::PutInbox(row(number, arrived, at, is_repeat)))));
            answers.push((Kept { number, is_repeat }, answer));
            self.next_number = Some(number + 1);
        }
        self.is_committing = true;
        let store = self.directory.store().clone();
        let saving = async move { store.save(Commit { fence: None, durability: Durability::Synced, changes }).await };
        context.spawn(saving.into_actor(self).map(|result, ingress, context| {
            ingress.is_committing = false;
            for (kept, answer) in answers {
                drop(answer.send(result.clone().map(|()| kept)));
            }
            if result.is_ok() {
                ingress.nudge();
            } else {
                // Nobody knows where the inbox ends now.
                ingress.next_number = None;
            }
            ingress.keep_group(context);
        }));
    }

    /// Whether the same body arrived within the last minute. Remembers this one.
    fn is_repeat(&mut self, arrived: &Arrived, at: Timestamp) -> bool {
        let is_old = |(then, ..): &(Timestamp, ProviderId, u128)| at.as_second() - then.as_second() > REPEAT_WITHIN_S;
        while self.remembered.front().is_some_and(is_old) || self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.pop_front();
        }
        let is_repeat =
            self.remembered.iter().any(|(_, account, digest)| *account == arrived.account && *digest == arrived.digest);
        self.remembered.push_back((at, arrived.account.clone(), arrived.digest));
        is_repeat
    }

    fn nudge(&self) {
        if let Some(scrobbler) = self.directory.scrobbler() {
            scrobbler.nudge(LookAtInbox);
        }
    }
}

/// What is kept. What needs no thought has its end at once.
fn row(number: u64, arrived: Arrived, received_at: Timestamp, is_repeat: bool) -> InboxRecord {
    let (disposition, detail) = match &arrived.heard {
        _ if is_repeat => (Some(Disposition::Duplicate), "the same message had arrived just before".into()),
        Heard::Ignored(why) => (Some(Disposition::Ignored), why.clone()),
        Heard::Invalid(why) => (Some(Disposition::Invalid), why.clone()),
        Heard::Event(_) => (None, SmolStr::default()),
    };
    let Arrived { account, via, word, digest, heard } = arrived;
    InboxRecord { number, account, via, received_at, word, digest, heard, disposition, detail }
}

impl Actor for WebhookIngress {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.open(context);
    }
}

impl Handler<Arrived> for WebhookIngress {
    type Result = ResponseFuture<Result<Kept, SaveError>>;

    fn handle(&mut self, message: Arrived, context: &mut Self::Context) -> Self::Result {
        let (sender, receiver) = oneshot::channel();
        self.waiting.push((message, self.surroundings.clock.now(), sender));
        self.keep_group(context);
        Box::pin(async move { receiver.await.unwrap_or(Err(SaveError::Unreachable(AskError::Closed))) })
    }
}

impl Handler<Ping> for WebhookIngress {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}
