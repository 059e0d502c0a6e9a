//! The pair: reads both sides, plans, guards, writes, reads back, and commits what was learned.
//!
//! One actor per pair. It holds nothing but the run in progress; everything it needs to know is read from the store at the
//! start of a run and committed at its end, so a fresh actor after a crash is as good as the old one.

mod apply;
mod chosen;
mod collect;
mod decide;
mod finish;
mod journey;
mod kept;
mod last_reads;
mod lock;
mod naming;
mod question;
mod recall;
mod rematch;
mod settle;
mod snapshot;
mod undone;
mod vanished;
mod verify;

use std::{rc::Rc, time::Duration};

pub use collect::newest_plan;
pub use finish::{PLAN_STALE, RUNS_KEPT, RUNS_MAX};
pub use last_reads::missing_read;
pub use settle::held_id;
pub use undone::added_a_play;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};

use crate::{
    blueprint::{PairBlueprint, SharedPair, Surroundings},
    directory::Directory,
    planted,
    supervisor::{Ping, RunEnded, Ticket},
};

/// Messages a pair may have waiting.
pub(crate) const CAPACITY: usize = 8;
const SUPERVISOR_DEADLINE: Duration = Duration::from_secs(30);

/// Starts a job. The supervisor sends it and nobody else.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct StartRun(pub Ticket);

/// The actor.
pub struct Pair {
    blueprint: SharedPair,
    directory: Directory,
    surroundings: Surroundings,
    is_running: bool,
}

impl Pair {
    /// A pair at rest.
    pub fn new(blueprint: PairBlueprint, directory: Directory, surroundings: Surroundings) -> Self {
        Self { blueprint: Rc::new(blueprint), directory, surroundings, is_running: false }
    }
}

impl Actor for Pair {
    type Context = Context<Self>;
}

impl Handler<StartRun> for Pair {
    type Result = ();

    fn handle(&mut self, message: StartRun, context: &mut Self::Context) {
        let ticket = message.0;
        if self.is_running {
            tracing::error!(
                pair = self.blueprint.id.as_str(),
                "asked to start a run while one is in progress; it was not started"
            );
            return;
        }
        self.is_running = true;
        let id = ticket.job.id;
        let journey = journey::Journey::new(
            Rc::clone(&self.blueprint),
            ticket,
            self.directory.clone(),
            self.surroundings.clone(),
        );
        let directory = self.directory.clone();
        let work = async move {
            journey.travel().await;
            tell_supervisor(&directory, RunEnded { id }).await;
        };
        context.spawn(work.into_actor(self).map(|(), pair, _| pair.is_running = false));
    }
}

/// The supervisor must learn that a run ended, or its accounts stay taken: a busy one is asked again.
async fn tell_supervisor(directory: &Directory, ended: RunEnded) {
    for _ in 0..60 {
        let Some(supervisor) = directory.supervisor() else { return };
        match supervisor.ask(ended.clone(), SUPERVISOR_DEADLINE).await {
            Ok(()) => return,
            Err(error) => tracing::warn!("the supervisor is {error}"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    tracing::error!(run = %ended.id, "the supervisor never learned that the run ended");
}

impl Handler<Ping> for Pair {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {
        planted::fall_if_planned(&self.blueprint.id);
    }
}
