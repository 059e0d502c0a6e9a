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
#[derive(Message)]
#[rtype(result = "Result<Probe, Fault>")]
pub struct AskProbe;

/// Has anything changed?
#[derive(Message)]
#[rtype(result = "Result<Option<Stamps>, Fault>")]
pub struct AskStamps(pub FeatureSet);

/// One page of a read.
#[derive(Message)]
#[rtype(result = "Result<Page, Fault>")]
pub struct AskPage {
    /// What to read.
    pub feature: Feature,
    /// How much of it.
    pub scope: ReadScope,
    /// Where to go on.
    pub cursor: Option<Cursor>,
}

/// How many rows are there?
#[derive(Message)]
#[rtype(result = "Result<Option<u64>, Fault>")]
pub struct AskCount(pub Feature);

/// What is there for these items right now?
#[derive(Message)]
#[rtype(result = "Result<Vec<CellNow>, Fault>")]
pub struct AskCells {
    /// The feature.
    pub feature: Feature,
    /// The items.
    pub queries: Vec<CellQuery>,
}

/// Sends operations.
#[derive(Message)]
#[rtype(result = "WriteReport")]
pub struct SendWrites {
    /// The feature.
    pub feature: Feature,
    /// The operations.
    pub writes: Vec<Write>,
}

/// Tells the account what plays.
#[derive(Message)]
#[rtype(result = "Result<Scrobbled, Fault>")]
pub struct SendScrobble(pub Scrobble);

/// Takes back that something plays.
#[derive(Message)]
#[rtype(result = "Result<(), Fault>")]
pub struct SendClear(pub Item);

/// What is this item of a media server?
#[derive(Message)]
#[rtype(result = "Result<Option<Described>, Fault>")]
pub struct AskDescription(pub SmolStr);

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
        let budget = AccountBudget::new(blueprint.pace, directory.brakes().clone());
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
        Self { adapter: (blueprint.build)(&ports), budget, desk, brakes: directory.brakes().clone() }
    }
}

impl Actor for Account {
    type Context = Context<Self>;
}

impl Handler<AskProbe> for Account {
    type Result = ResponseFuture<Result<Probe, Fault>>;

    fn handle(&mut self, _: AskProbe, _: &mut Self::Context) -> Self::Result {
        let adapter = Rc::clone(&self.adapter);
        Box::pin(async move { adapter.probe().await })
    }
}

impl Handler<AskStamps> for Account {
    type Result = ResponseFuture<Result<Option<Stamps>, Fault>>;

    fn handle(&mut self, message: AskStamps, _: &mut Self::Context) -> Self::Result {
        let adapter = Rc::clone(&self.adapter);
        Box::pin(async move { adapter.stamps(message.0).await })
    }
}

impl Handler<AskPage> for Account {
    type Result = ResponseFuture<Result<Page, Fault>>;

    fn handle(&mut self, message: AskPage, _: &mut Self::Context) -> Self::Result {
        let adapter = Rc::clone(&self.adapter);
        Box::pin(async move { adapter.read_page(message.feature, message.scope, message.cursor).await })
    }
}

impl Handler<AskCount> for Account {
    type Result = ResponseFuture<Result<Option<u64>, Fault>>;

    fn handle(&mut self, message: AskCount, _: &mut Self::Context) -> Self::Result {
        let adapter = Rc::clone(&self.adapter);
        Box::pin(async move { adapter.count(message.0).await })
    }
}

impl Handler<AskCells> for Account {
    type Result = ResponseFuture<Result<Vec<CellNow>, Fault>>;

    fn handle(&mut self, message: AskCells, _: &mut Self::Context) -> Self::Result {
        let adapter = Rc::clone(&self.adapter);
        Box::pin(async move { adapter.cells(message.feature, &message.queries).await })
    }
}

impl Handler<SendWrites> for Account {
    type Result = ResponseFuture<WriteReport>;

    fn handle(&mut self, message: SendWrites, _: &mut Self::Context) -> Self::Result {
        if let Err(fault) = self.brakes.let_through() {
            let outcomes = vec![WriteOutcome::NotAttempted; message.writes.len()];
            return Box::pin(std::future::ready(WriteReport { outcomes, fault: Some(fault) }));
        }
        let adapter = Rc::clone(&self.adapter);
        Box::pin(async move { adapter.write(message.feature, &message.writes).await })
    }
}

impl Handler<SendScrobble> for Account {
    type Result = ResponseFuture<Result<Scrobbled, Fault>>;

    fn handle(&mut self, message: SendScrobble, _: &mut Self::Context) -> Self::Result {
        let adapter = Rc::clone(&self.adapter);
        Box::pin(async move {
            match adapter.scrobbling() {
                Some(scrobbling) => scrobbling.scrobble(&message.0).await,
                None => Err(Fault::Rejected("the account cannot be told what plays".into())),
            }
        })
    }
}

impl Handler<SendClear> for Account {
    type Result = ResponseFuture<Result<(), Fault>>;

    fn handle(&mut self, message: SendClear, _: &mut Self::Context) -> Self::Result {
        let adapter = Rc::clone(&self.adapter);
        Box::pin(async move {
            match adapter.scrobbling() {
                Some(scrobbling) => scrobbling.clear(&message.0).await,
                None => Ok(()),
            }
        })
    }
}

impl Handler<AskDescription> for Account {
    type Result = ResponseFuture<Result<Option<Described>, Fault>>;

    fn handle(&mut self, message: AskDescription, _: &mut Self::Context) -> Self::Result {
        let adapter = Rc::clone(&self.adapter);
        Box::pin(async move {
            match adapter.watching() {
                Some(watching) => watching.describe(&message.0).await,
                None => Ok(None),
            }
        })
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
}

impl AccountDoor {
    /// The door of this account.
    pub fn new(id: ProviderId, directory: Directory) -> Self {
        Self { id, directory }
    }

    /// The account.
    pub fn id(&self) -> &ProviderId {
        &self.id
    }

    /// Who are we there?
    pub async fn probe(&self) -> Result<Probe, Fault> {
        self.ask(AskProbe).await?
    }

    /// Has anything changed?
    pub async fn stamps(&self, features: FeatureSet) -> Result<Option<Stamps>, Fault> {
        self.ask(AskStamps(features)).await?
    }

    /// One page of a read.
    pub async fn page(&self, feature: Feature, scope: ReadScope, cursor: Option<Cursor>) -> Result<Page, Fault> {
        self.ask(AskPage { feature, scope, cursor }).await?
    }

    /// How many rows are there?
    pub async fn count(&self, feature: Feature) -> Result<Option<u64>, Fault> {
        self.ask(AskCount(feature)).await?
    }

    /// What is there for these items right now?
    pub async fn cells(&self, feature: Feature, queries: Vec<CellQuery>) -> Result<Vec<CellNow>, Fault> {
        self.ask(AskCells { feature, queries }).await?
    }

    /// Sends operations. An account that dies or falls silent in the middle leaves them in doubt.
    pub async fn write(&self, feature: Feature, writes: Vec<Write>) -> WriteReport {
        let count = writes.len();
        match self.ask(SendWrites { feature, writes }).await {
            Ok(report) => report,
            Err(fault) => WriteReport {
                outcomes: vec![WriteOutcome::InDoubt; count],
                fault: Some(Fault::InDoubt(fault.to_string().into())),
            },
        }
    }

    /// Tells it what plays. An account that dies or falls silent in the middle leaves the call in doubt.
    pub async fn scrobble(&self, call: Scrobble) -> Result<Scrobbled, Fault> {
        self.ask(SendScrobble(call)).await.map_err(|fault| Fault::InDoubt(fault.to_string().into()))?
    }

    /// Takes back that something plays.
    pub async fn clear(&self, item: Item) -> Result<(), Fault> {
        self.ask(SendClear(item)).await?
    }

    /// What an item of the media server is.
    pub async fn describe(&self, native: SmolStr) -> Result<Option<Described>, Fault> {
        self.ask(AskDescription(native)).await?
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
