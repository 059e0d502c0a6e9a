//! How urgent a request to an account is.
//!
//! It travels with the call: whoever asks an account says it once, at the door, and the account's budget knows it for every
//! request that the call leads to, retries and refreshes of tokens included. What says nothing is as urgent as a schedule.

use std::rc::Rc;

use actix::Message;
use crosswatch_model::Cause;
use crosswatch_port::Provider;

use crate::brakes::Brakes;

tokio::task_local! {
    static URGENCY: Urgency;
}

/// How urgent it is, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Somebody watches something right now.
    Live,
    /// A person waits for the answer.
    Person,
    /// Nobody waits.
    Schedule,
}

impl Urgency {
    /// How urgent a run is.
    pub(crate) const fn of_run(cause: Cause) -> Self {
        match cause {
            Cause::Schedule | Cause::Webhook => Self::Schedule,
            Cause::Manual | Cause::Approval | Cause::Undo | Cause::Restore => Self::Person,
        }
    }

    /// How urgent the call is that is being answered.
    pub(crate) fn of_this_call() -> Self {
        URGENCY.try_with(|urgency| *urgency).unwrap_or(Self::Schedule)
    }

    /// Answers a call with this urgency.
    pub(crate) async fn scope<T>(self, answer: impl Future<Output = T>) -> T {
        URGENCY.scope(self, answer).await
    }
}

/// Something that is asked of an account and leads to requests.
pub(crate) trait Call: Send + 'static {
    /// What is answered.
    type Answer: Send + 'static;

    /// Asks the adapter. What writes looks at the brakes first.
    fn answer(self, adapter: Rc<dyn Provider>, brakes: Brakes) -> impl Future<Output = Self::Answer> + 'static;
}

/// A call, and how urgent it is.
#[derive(Message)]
#[rtype(result = "C::Answer")]
pub(crate) struct Urged<C: Call> {
    pub(crate) call: C,
    pub(crate) urgency: Urgency,
}
