//! The account actor: one per configured provider.
//!
//! It owns the adapter with its tokens and its budget, so that one account is never used from two places at once without
//! both paying from the same budget. It holds no state that a restart would lose: tokens are in the store.

use std::{rc::Rc, sync::Arc, time::Duration};

use actix::{Actor, Context, Handler, Message, ResponseFuture};
use crosswatch_model::{Capabilities, Feature, FeatureSet, Item, ProviderId};
use crosswatch_port::{
    Budget, Cache, CellNow, CellQuery, Clock, Cursor, Described, Entropy, Fault, Page, Probe, Provider, ReadScope,
    Scrobble, Scrobbled, Shelf, Stamps, Vault, Write, WriteOutcome, WriteReport,
};
use smol_str::SmolStr;

use crate::{
    blueprint::{AccountBlueprint, Surroundings},
    brakes::Brakes,
    budget::{AccountBudget, BudgetState},
    directory::Directory,
    keeping::AccountKeeping,
    mailbox::AskError,
    seal::{Seal, SecretKey},
    sign_in::{AskSignIn, BeginSignIn, NoSignIn, SignInDesk, SignInProgress},
    supervisor::Ping,
    urgency::{Call, Urged, Urgency},
};

/// Messages an account may have waiting.
pub(crate) const CAPACITY: usize = 16;
/// A single call may take this long, waits for the budget included.
const CALL_DEADLINE: Duration = Duration::from_secs(900);

/// What an adapter is built from besides its options.
#[derive(Clone)]
pub struct AccountPorts {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// The account's request budget.
    pub budget: Rc<dyn Budget>,
    /// Where the account's tokens are kept.
    pub vault: Rc<dyn Vault>,
    /// Where the adapter keeps what it need not ask again.
    pub cache: Rc<dyn Cache>,
    /// The account's rows, when it is a ledger.
    pub shelf: Rc<dyn Shelf>,
}

/// Builds the adapter of an account; called again after a crash.
pub type BuildAdapter = Rc<dyn Fn(&AccountPorts) -> Rc<dyn Provider>>;

/// Who are we there?
struct AskProbe;

/// Has anything changed?
struct AskStamps(FeatureSet);

/// One page of a read.
struct AskPage {
    /// What to read.
    feature: Feature,
    /// How much of it.
    scope: ReadScope,
    /// Where to go on.
    cursor: Option<Cursor>,
}

/// How many rows are there?
struct AskCount(Feature);

/// What is there for these items right now?
struct AskCells {
    /// The feature.
    feature: Feature,
    /// The items.
    queries: Vec<CellQuery>,
}

/// Sends operations.
struct SendWrites {
    /// The feature.
    feature: Feature,
    /// The operations.
    writes: Vec<Write>,
}

/// Tells the account what plays.
struct SendScrobble(Scrobble);

/// Takes back that something plays.
struct SendClear(Item);

/// What is this item of a media server?
struct AskDescription(SmolStr);

/// A look at the account from outside; asks nobody.
#[derive(Message)]
#[rtype(result = "AccountState")]
pub struct ObserveAccount;

/// What an account looks like from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountState {
    /// What it can do.
    pub capabilities: Capabilities,
    /// When the tokens in use end, as far as that is known.
    pub tokens_end: Option<jiff::Timestamp>,
    /// Requests sent since the start.
    pub requests_sent: u64,
    /// Pace and breaker.
    pub budget: BudgetState,
}

/// The actor.
pub struct Account {
    pub(crate) adapter: Rc<dyn Provider>,
    pub(crate) budget: Rc<AccountBudget>,
    pub(crate) desk: SignInDesk,
    brakes: Brakes,
}

impl Account {
    /// An account with a fresh adapter.
    pub(crate) fn new(
        blueprint: &AccountBlueprint,
        secret_key: &SecretKey,
        surroundings: &Surroundings,
        directory: &Directory,
    ) -> Self {
        let (brakes, audience) = (directory.brakes().clone(), directory.audience().clone());
        let budget = AccountBudget::new(blueprint.id.clone(), blueprint.pace, brakes.clone(), audience);
        let seal = Seal::new(secret_key.clone(), Arc::clone(&surroundings.entropy));
        let keeping = Rc::new(AccountKeeping::new(blueprint.id.clone(), directory.store().clone(), seal));
        let ports = AccountPorts {
            clock: Arc::clone(&surroundings.clock),
            entropy: Arc::clone(&surroundings.entropy),
            budget: Rc::clone(&budget) as Rc<dyn Budget>,
            vault: Rc::clone(&keeping) as Rc<dyn Vault>,
            cache: Rc::clone(&keeping) as Rc<dyn Cache>,
            shelf: keeping,
        };
        let desk = SignInDesk::new(blueprint.id.clone(), Arc::clone(&surroundings.clock), directory.clone());
        Self { adapter: (blueprint.build)(&ports), budget, desk, brakes }
    }
}

impl Actor for Account {
    type Context = Context<Self>;
}

impl<C: Call> Handler<Urged<C>> for Account {
    type Result = ResponseFuture<C::Answer>;

    fn handle(&mut self, urged: Urged<C>, _: &mut Self::Context) -> Self::Result {
        Box::pin(urged.urgency.scope(urged.call.answer(Rc::clone(&self.adapter), self.brakes.clone())))
    }
}

impl Call for AskProbe {
    type Answer = Result<Probe, Fault>;

    async fn answer(self, adapter: Rc<dyn Provider>, _: Brakes) -> Self::Answer {
        adapter.probe().await
    }
}

impl Call for AskStamps {
    type Answer = Result<Option<Stamps>, Fault>;

    async fn answer(self, adapter: Rc<dyn Provider>, _: Brakes) -> Self::Answer {
        adapter.stamps(self.0).await
    }
}

impl Call for AskPage {
    type Answer = Result<Page, Fault>;

    async fn answer(self, adapter: Rc<dyn Provider>, _: Brakes) -> Self::Answer {
        adapter.read_page(self.feature, self.scope, self.cursor).await
    }
}

impl Call for AskCount {
    type Answer = Result<Option<u64>, Fault>;

    async fn answer(self, adapter: Rc<dyn Provider>, _: Brakes) -> Self::Answer {
        adapter.count(self.0).await
    }
}

impl Call for AskCells {
    type Answer = Result<Vec<CellNow>, Fault>;

    async fn answer(self, adapter: Rc<dyn Provider>, _: Brakes) -> Self::Answer {
        adapter.cells(self.feature, &self.queries).await
    }
}

impl Call for SendWrites {
    type Answer = WriteReport;

    async fn answer(self, adapter: Rc<dyn Provider>, brakes: Brakes) -> Self::Answer {
        match brakes.let_through() {
            Ok(()) => adapter.write(self.feature, &self.writes).await,
            Err(fault) => {
                let outcomes = vec![WriteOutcome::NotAttempted; self.writes.len()];
                WriteReport { outcomes, fault: Some(fault) }
            }
        }
    }
}

impl Call for SendScrobble {
    type Answer = Result<Scrobbled, Fault>;

    async fn answer(self, adapter: Rc<dyn Provider>, _: Brakes) -> Self::Answer {
        match adapter.scrobbling() {
            Some(scrobbling) => scrobbling.scrobble(&self.0).await,
            None => Err(Fault::Rejected("the account cannot be told what plays".into())),
        }
    }
}

impl Call for SendClear {
    type Answer = Result<(), Fault>;

    async fn answer(self, adapter: Rc<dyn Provider>, _: Brakes) -> Self::Answer {
        match adapter.scrobbling() {
            Some(scrobbling) => scrobbling.clear(&self.0).await,
            None => Ok(()),
        }
    }
}

impl Call for AskDescription {
    type Answer = Result<Option<Described>, Fault>;

    async fn answer(self, adapter: Rc<dyn Provider>, _: Brakes) -> Self::Answer {
        match adapter.watching() {
            Some(watching) => watching.describe(&self.0).await,
            None => Ok(None),
        }
    }
}

impl Handler<ObserveAccount> for Account {
    type Result = actix::MessageResult<ObserveAccount>;

    fn handle(&mut self, _: ObserveAccount, _: &mut Self::Context) -> Self::Result {
        actix::MessageResult(AccountState {
            capabilities: self.adapter.capabilities(),
            tokens_end: self.adapter.tokens_end(),
            requests_sent: self.adapter.requests_sent(),
            budget: self.budget.observe(),
        })
    }
}

impl Handler<Ping> for Account {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}

/// The way to one account: looks its actor up at every call.
#[derive(Clone)]
pub struct AccountDoor {
    id: ProviderId,
    directory: Directory,
    urgency: Urgency,
}

impl AccountDoor {
    /// The door of this account, for calls of this urgency.
    pub fn new(id: ProviderId, directory: Directory, urgency: Urgency) -> Self {
        Self { id, directory, urgency }
    }

    /// The same door for calls of another urgency.
    #[must_use]
    pub(crate) fn with(self, urgency: Urgency) -> Self {
        Self { urgency, ..self }
    }

    /// The account.
    pub fn id(&self) -> &ProviderId {
        &self.id
    }

    /// Who are we there?
    pub async fn probe(&self) -> Result<Probe, Fault> {
        self.call(AskProbe).await?
    }

    /// Has anything changed?
    pub async fn stamps(&self, features: FeatureSet) -> Result<Option<Stamps>, Fault> {
        self.call(AskStamps(features)).await?
    }

    /// One page of a read.
    pub async fn page(&self, feature: Feature, scope: ReadScope, cursor: Option<Cursor>) -> Result<Page, Fault> {
        self.call(AskPage { feature, scope, cursor }).await?
    }

    /// How many rows are there?
    pub async fn count(&self, feature: Feature) -> Result<Option<u64>, Fault> {
        self.call(AskCount(feature)).await?
    }

    /// What is there for these items right now?
    pub async fn cells(&self, feature: Feature, queries: Vec<CellQuery>) -> Result<Vec<CellNow>, Fault> {
        self.call(AskCells { feature, queries }).await?
    }

    /// Sends operations. An account that dies or falls silent in the middle leaves them in doubt.
    pub async fn write(&self, feature: Feature, writes: Vec<Write>) -> WriteReport {
        let count = writes.len();
        match self.call(SendWrites { feature, writes }).await {
            Ok(report) => report,
            Err(fault) => WriteReport {
                outcomes: vec![WriteOutcome::InDoubt; count],
                fault: Some(Fault::InDoubt(fault.to_string().into())),
            },
        }
    }

    /// Tells it what plays. An account that dies or falls silent in the middle leaves the call in doubt.
    pub async fn scrobble(&self, call: Scrobble) -> Result<Scrobbled, Fault> {
        self.call(SendScrobble(call)).await.map_err(|fault| Fault::InDoubt(fault.to_string().into()))?
    }

    /// Takes back that something plays.
    pub async fn clear(&self, item: Item) -> Result<(), Fault> {
        self.call(SendClear(item)).await?
    }

    /// What an item of the media server is.
    pub async fn describe(&self, native: SmolStr) -> Result<Option<Described>, Fault> {
        self.call(AskDescription(native)).await?
    }

    /// A look from outside.
    pub async fn observe(&self) -> Result<AccountState, Fault> {
        self.ask(ObserveAccount).await
    }

    /// Begins a sign-in with a code. The account asks for its end by itself.
    pub async fn begin_sign_in(&self) -> Result<Result<SignInProgress, NoSignIn>, Fault> {
        self.ask(BeginSignIn).await?
    }

    /// How far the sign-in with a code is.
    pub async fn sign_in(&self) -> Result<Result<SignInProgress, NoSignIn>, Fault> {
        self.ask(AskSignIn).await
    }

    /// Asks something that leads to requests.
    async fn call<C: Call>(&self, call: C) -> Result<C::Answer, Fault> {
        self.ask(Urged { call, urgency: self.urgency }).await
    }

    async fn ask<M>(&self, message: M) -> Result<M::Result, Fault>
    where
        Account: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let closed = || Fault::Transient("the account is being restarted".into());
        let mailbox = self.directory.account(&self.id).ok_or_else(closed)?;
        mailbox.ask(message, CALL_DEADLINE).await.map_err(|error| match error {
            AskError::Closed => closed(),
            other => Fault::Transient(other.to_string().into()),
        })
    }
}
