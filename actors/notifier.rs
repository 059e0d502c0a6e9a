//! The notifier: tells listeners what happens and people what needs them.
//!
//! Events go to a broadcast channel of bounded length; a listener that lags is told so and reads the state again.
//! Notices go to the configured channels one by one; a channel that fails is logged and never holds up a run.

use std::rc::Rc;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use crosswatch_model::{PairId, ProviderId, RunId, RunState};
use crosswatch_port::{Notice, Sink};
use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::sync::broadcast;

use crate::supervisor::Ping;

/// Messages the notifier may have waiting.
pub(crate) const CAPACITY: usize = 512;
/// Events a slow listener may lag behind.
const LAG_MAX: usize = 1024;

/// Something that happened, for live listeners.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// A stable word: `run.started`, `run.progress`, `run.finished`, `hold.added`, `auth.done`, `auth.failed`.
    pub kind: &'static str,
    /// The account, where it concerns one alone.
    pub account: Option<ProviderId>,
    /// The pair, where it concerns one.
    pub pair: Option<PairId>,
    /// The run, where it concerns one.
    pub run: Option<RunId>,
    /// Where the run stands.
    pub state: Option<RunState>,
    /// Finished steps of the running phase.
    pub done: u64,
    /// All steps of the running phase, where known.
    pub total: Option<u64>,
    /// One sentence.
    pub sentence: SmolStr,
}

/// Something that people should know.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Tell(pub Notice);

/// A channel to people with the kinds of notices it wants.
#[derive(Clone)]
pub struct Channel {
    /// The channel.
    pub sink: Rc<dyn Sink>,
    /// The words of the notices it wants.
    pub wants: Vec<SmolStr>,
}

/// The actor.
pub struct Notifier {
    channels: Vec<Channel>,
    events: broadcast::Sender<Happened>,
}

impl Notifier {
    /// A notifier over these channels, and the sender that listeners subscribe to.
    pub fn new(channels: Vec<Channel>, events: broadcast::Sender<Happened>) -> Self {
        Self { channels, events }
    }

    /// A fresh event stream.
    pub fn stream() -> broadcast::Sender<Happened> {
        broadcast::Sender::new(LAG_MAX)
    }
}

impl Actor for Notifier {
    type Context = Context<Self>;
}

impl Handler<Happened> for Notifier {
    type Result = ();

    fn handle(&mut self, event: Happened, _: &mut Self::Context) {
        tracing::debug!(kind = event.kind, pair = event.pair.as_ref().map(PairId::as_str), "{}", event.sentence);
        // Nobody listening is fine.
        drop(self.events.send(event));
    }
}

impl Handler<Tell> for Notifier {
    type Result = ();

    fn handle(&mut self, message: Tell, context: &mut Self::Context) {
        let notice = Rc::new(message.0);
        tracing::warn!(kind = notice.kind.as_str(), "{}: {}", notice.title, notice.body);
        for channel in &self.channels {
            if !channel.wants.iter().any(|word| word == notice.kind.as_str()) {
                continue;
            }
            let (sink, notice) = (Rc::clone(&channel.sink), Rc::clone(&notice));
            let delivery = async move { sink.deliver(&notice).await };
            context.spawn(delivery.into_actor(self).map(|result, _, _| {
                if let Err(fault) = result {
                    tracing::warn!("a notice was not delivered: {fault}");
                }
            }));
        }
    }
}

impl Handler<Ping> for Notifier {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}
