//! Signing in to an account with a code, beside everything else the account does.
//!
//! A sign-in that was begun goes on by itself: the account asks the service at the service's interval until the person is
//! done, said no, or came too late, so it does not matter who is still looking. One question is under way at a time, and
//! none is dropped half-way, because tokens are handed out once. A sign-in that is begun again gives the earlier code up.
//! Deliberately absent: any state that outlives the process; a code is good for minutes.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message, MessageResult, ResponseActFuture, WrapFuture};
use crosswatch_model::ProviderId;
use crosswatch_port::{Clock, Fault, Probe, Provider, SignInCode, SignInState};
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Mutex;

use crate::{directory::Directory, notifier::Happened, provider::Account, watcher::SignInChanged};

/// How long to wait after a question that got no answer.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);
/// How often a code that is over by our clock is still asked for.
const LATE_QUESTIONS_MAX: u32 = 3;

/// Asks the service for a code.
#[derive(Message)]
#[rtype(result = "Result<Result<SignInProgress, NoSignIn>, Fault>")]
pub(crate) struct BeginSignIn;

/// How far is it? Asks nobody.
#[derive(Message)]
#[rtype(result = "Result<SignInProgress, NoSignIn>")]
pub(crate) struct AskSignIn;

/// The account cannot be signed in to with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no sign-in with a code")]
pub struct NoSignIn;

/// Where a sign-in stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInStanding {
    /// Nobody asked for a code.
    NotBegun,
    /// The person has the code and has not finished.
    Waiting,
    /// Signed in, and the tokens are kept.
    Done,
    /// The person said no.
    Denied,
    /// The code is of no use any more.
    Expired,
}

/// A sign-in as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInProgress {
    /// Where it stands.
    pub standing: SignInStanding,
    /// The code, once one was asked for.
    pub code: Option<SignInCode>,
    /// One sentence.
    pub sentence: SmolStr,
}

/// The sign-in of one account.
pub(crate) struct SignInDesk {
    account: ProviderId,
    clock: Arc<dyn Clock>,
    directory: Directory,
    progress: SignInProgress,
    /// Counts codes, so that whoever asks for an earlier one stops.
    round: Rc<Cell<u64>>,
    turn: Rc<Mutex<()>>,
}

/// How a code ended, and who is signed in then.
struct End {
    state: Result<SignInState, Fault>,
    probe: Option<Result<Probe, Fault>>,
}

impl SignInDesk {
    /// Nothing has begun.
    pub(crate) fn new(account: ProviderId, clock: Arc<dyn Clock>, directory: Directory) -> Self {
        let sentence = format_smolstr!("No sign-in to {account} has begun.");
        let progress = SignInProgress { standing: SignInStanding::NotBegun, code: None, sentence };
        Self { account, clock, directory, progress, round: Rc::default(), turn: Rc::default() }
    }

    fn begin(&mut self, code: SignInCode) {
        self.round.set(self.round.get() + 1);
        let sentence = format_smolstr!("Open {} and enter {}.", code.verification_url, code.user_code);
        self.progress = SignInProgress { standing: SignInStanding::Waiting, code: Some(code), sentence };
    }

    fn end(&mut self, end: &End) {
        let (standing, sentence) = end.told(&self.account);
        let is_done = standing == SignInStanding::Done;
        if is_done {
            tracing::info!("{sentence}");
            if let Some(watcher) = self.directory.watcher(&self.account) {
                watcher.nudge(SignInChanged);
            }
        } else {
            tracing::warn!("{sentence}");
        }
        self.progress.standing = standing;
        self.progress.sentence = sentence.clone();
        self.directory.happened(Happened {
            at: self.clock.now(),
            kind: if is_done { "auth.done" } else { "auth.failed" },
            account: Some(self.account.clone()),
            pair: None,
            run: None,
            state: None,
            done: 0,
            total: None,
            sentence,
        });
    }
}

impl End {
    fn told(&self, account: &ProviderId) -> (SignInStanding, SmolStr) {
        match (&self.state, &self.probe) {
            (Ok(SignInState::Done), Some(Ok(probe))) => {
                (SignInStanding::Done, format_smolstr!("{account} is signed in as {}.", probe.user))
            }
            (Ok(SignInState::Done), Some(Err(fault))) => {
                (SignInStanding::Done, format_smolstr!("{account} is signed in, but cannot be used yet: {fault}."))
            }
            (Ok(SignInState::Done), None) => (SignInStanding::Done, format_smolstr!("{account} is signed in.")),
            (Ok(SignInState::Denied), _) => {
                (SignInStanding::Denied, format_smolstr!("The sign-in to {account} was refused."))
            }
            (Ok(_), _) => {
                (SignInStanding::Expired, format_smolstr!("The code for {account} is no longer good; begin again."))
            }
            (Err(fault), _) => (SignInStanding::Expired, format_smolstr!("The sign-in to {account} failed: {fault}.")),
        }
    }
}

/// Asks for the end of one code.
struct Asking {
    adapter: Rc<dyn Provider>,
    clock: Arc<dyn Clock>,
    turn: Rc<Mutex<()>>,
    round: Rc<Cell<u64>>,
    own_round: u64,
    code: SignInCode,
}

impl Asking {
    fn is_given_up(&self) -> bool {
        self.round.get() != self.own_round
    }

    /// Asks at the service's interval, until there is an end or the code was given up for another.
    async fn until_the_end(&self) -> Result<SignInState, Fault> {
        let Some(sign_in) = self.adapter.sign_in() else { return Ok(SignInState::NotBegun) };
        let mut wait = self.code.interval;
        let mut late_questions = 0;
        while late_questions < LATE_QUESTIONS_MAX {
            self.clock.sleep(wait).await;
            let answer = {
                let _turn = self.turn.lock().await;
                if self.is_given_up() {
                    return Ok(SignInState::NotBegun);
                }
                sign_in.poll().await
            };
            match answer {
                Ok(SignInState::Waiting(interval)) => wait = interval,
                Err(fault) if fault.may_pass() => {
                    tracing::debug!("a sign-in could not be asked about: {fault}");
                    wait = AFTER_TROUBLE.max(self.code.interval);
                }
                end => return end,
            }
            late_questions += u32::from(self.clock.now() >= self.code.expires_at);
        }
        Ok(SignInState::Expired)
    }
}

impl Account {
    /// Asks for the end of the code that was just begun, then for who is signed in.
    fn follow(&self, code: SignInCode, context: &mut Context<Self>) {
        let asking = Asking {
            adapter: Rc::clone(&self.adapter),
            clock: Arc::clone(&self.desk.clock),
            turn: Rc::clone(&self.desk.turn),
            round: Rc::clone(&self.desk.round),
            own_round: self.desk.round.get(),
            code,
        };
        let budget = Rc::clone(&self.budget);
        let following = async move {
            let state = asking.until_the_end().await;
            let probe = if state == Ok(SignInState::Done) {
                // What was given up for want of a sign-in is worth a question again.
                budget.forgive();
                Some(asking.adapter.probe().await)
            } else {
                None
            };
            (asking.is_given_up(), End { state, probe })
        };
        context.spawn(following.into_actor(self).map(|(is_given_up, end), account, _| {
            if !is_given_up {
                account.desk.end(&end);
            }
        }));
    }
}

impl Handler<BeginSignIn> for Account {
    type Result = ResponseActFuture<Self, Result<Result<SignInProgress, NoSignIn>, Fault>>;

    fn handle(&mut self, _: BeginSignIn, _: &mut Self::Context) -> Self::Result {
        let (adapter, turn) = (Rc::clone(&self.adapter), Rc::clone(&self.desk.turn));
        let beginning = async move {
            let Some(sign_in) = adapter.sign_in() else { return Ok(Err(NoSignIn)) };
            let _turn = turn.lock().await;
            sign_in.begin().await.map(Ok)
        };
        Box::pin(beginning.into_actor(self).map(|begun, account, context| match begun {
            Ok(Ok(code)) => {
                account.desk.begin(code.clone());
                account.follow(code, context);
                Ok(Ok(account.desk.progress.clone()))
            }
            Ok(Err(none)) => Ok(Err(none)),
            Err(fault) => Err(fault),
        }))
    }
}

impl Handler<AskSignIn> for Account {
    type Result = MessageResult<AskSignIn>;

    fn handle(&mut self, _: AskSignIn, _: &mut Self::Context) -> Self::Result {
        let has_sign_in = self.adapter.sign_in().is_some();
        MessageResult(if has_sign_in { Ok(self.desk.progress.clone()) } else { Err(NoSignIn) })
    }
}
