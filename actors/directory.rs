//! Who lives where. Mailboxes are looked up when a message is sent, so nobody keeps the address of a dead actor.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crosswatch_model::{PairId, ProviderId, RunId};
use crosswatch_port::{Knowledge, Notice};
use tokio::sync::broadcast;

use crate::{
    answers::{Answer, Answers},
    audience::Audience,
    backfill::BackFill,
    brakes::Brakes,
    courier::Courier,
    mailbox::Mailbox,
    notifier::{Happened, Notifier, Tell},
    outbox::Outbox,
    pair::Pair,
    provider::Account,
    scheduler::Scheduler,
    scrobbler::Scrobbler,
    store::StoreDoor,
    supervisor::Supervisor,
    watcher::Watcher,
    webhook::WebhookIngress,
};

/// The directory. Cheap to clone, usable from every thread.
#[derive(Clone)]
pub struct Directory {
    entries: Arc<RwLock<Entries>>,
    store: StoreDoor,
    events: broadcast::Sender<Happened>,
    answers: Answers,
    naming: Arc<tokio::sync::Mutex<()>>,
    brakes: Brakes,
    audience: Audience,
    knowledge: Arc<dyn Knowledge>,
}

#[derive(Default)]
struct Entries {
    supervisor: Option<Mailbox<Supervisor>>,
    scheduler: Option<Mailbox<Scheduler>>,
    notifier: Option<Mailbox<Notifier>>,
    pairs: BTreeMap<PairId, Mailbox<Pair>>,
    accounts: BTreeMap<ProviderId, Mailbox<Account>>,
    outboxes: BTreeMap<ProviderId, Mailbox<Outbox>>,
    webhook: Option<Mailbox<WebhookIngress>>,
    scrobbler: Option<Mailbox<Scrobbler>>,
    couriers: BTreeMap<ProviderId, Mailbox<Courier>>,
    watchers: BTreeMap<ProviderId, Mailbox<Watcher>>,
    backfills: BTreeMap<ProviderId, Mailbox<BackFill>>,
}

impl Directory {
    /// A directory that knows the store, what is known about items, and what a person has stopped; nobody lives in it yet.
    pub(crate) fn new(
        store: StoreDoor,
        events: broadcast::Sender<Happened>,
        knowledge: Arc<dyn Knowledge>,
        brakes: Brakes,
    ) -> Self {
        Self {
            entries: Arc::default(),
            store,
            events,
            answers: Answers::default(),
            naming: Arc::default(),
            knowledge,
            brakes,
            audience: Audience::default(),
        }
    }

    /// What a person has stopped. Whoever writes to an account asks here first.
    pub fn brakes(&self) -> &Brakes {
        &self.brakes
    }

    /// Where somebody is watching.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The store.
    pub fn store(&self) -> &StoreDoor {
        &self.store
    }

    /// What is known about items beside what accounts say. Asking it may wait for files.
    pub fn knowledge(&self) -> Arc<dyn Knowledge> {
        Arc::clone(&self.knowledge)
    }

    /// A new listener to what happens.
    pub fn listen(&self) -> broadcast::Receiver<Happened> {
        self.events.subscribe()
    }

    /// The supervisor, once it lives.
    pub fn supervisor(&self) -> Option<Mailbox<Supervisor>> {
        self.read().supervisor.clone()
    }

    /// The scheduler, while it lives.
    pub fn scheduler(&self) -> Option<Mailbox<Scheduler>> {
        self.read().scheduler.clone()
    }

    /// The notifier, while it lives.
    pub fn notifier(&self) -> Option<Mailbox<Notifier>> {
        self.read().notifier.clone()
    }

    /// A pair.
    pub fn pair(&self, id: &PairId) -> Option<Mailbox<Pair>> {
        self.read().pairs.get(id).cloned()
    }

    /// An account.
    pub fn account(&self, id: &ProviderId) -> Option<Mailbox<Account>> {
        self.read().accounts.get(id).cloned()
    }

    /// The outbox of an account.
    pub fn outbox(&self, id: &ProviderId) -> Option<Mailbox<Outbox>> {
        self.read().outboxes.get(id).cloned()
    }

    /// The webhook ingress.
    pub fn webhook(&self) -> Option<Mailbox<WebhookIngress>> {
        self.read().webhook.clone()
    }

    /// The scrobbler.
    pub fn scrobbler(&self) -> Option<Mailbox<Scrobbler>> {
        self.read().scrobbler.clone()
    }

    /// The courier to an account that some route tells.
    pub fn courier(&self, id: &ProviderId) -> Option<Mailbox<Courier>> {
        self.read().couriers.get(id).cloned()
    }

    /// The watcher of an account that some route watches.
    pub fn watcher(&self, id: &ProviderId) -> Option<Mailbox<Watcher>> {
        self.read().watchers.get(id).cloned()
    }

    /// The back-fill of an account that some route hears.
    pub(crate) fn backfill(&self, id: &ProviderId) -> Option<Mailbox<BackFill>> {
        self.read().backfills.get(id).cloned()
    }

    /// Every back-fill.
    pub(crate) fn backfills(&self) -> Vec<Mailbox<BackFill>> {
        self.read().backfills.values().cloned().collect()
    }

    /// Every courier.
    pub(crate) fn couriers(&self) -> Vec<Mailbox<Courier>> {
        self.read().couriers.values().cloned().collect()
    }

    /// Every watcher.
    pub(crate) fn watchers(&self) -> Vec<Mailbox<Watcher>> {
        self.read().watchers.values().cloned().collect()
    }

    /// A turn at naming single items: whoever finds or mints entities holds it until they are saved, so that nobody mints
    /// two for one item.
    pub async fn naming_turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        std::sync::Arc::clone(&self.naming).lock_owned().await
    }

    /// The answer to a question, once it is there.
    pub fn answer(&self, id: RunId) -> Option<Answer> {
        self.answers.get(id)
    }

    pub(crate) fn put_answer(&self, id: RunId, answer: Answer) {
        self.answers.put(id, answer);
    }

    /// Tells listeners that something happened; a full notifier loses the event, never the work.
    pub(crate) fn happened(&self, event: Happened) {
        let told = self.notifier().map(|notifier| notifier.tell(event));
        if !matches!(told, Some(Ok(()))) {
            tracing::debug!("an event had no listener");
        }
    }

    /// Tells people; what a full notifier loses is at least in the log.
    pub(crate) fn tell_people(&self, notice: Notice) {
        let title = notice.title.clone();
        if let Some(notifier) = self.notifier()
            && notifier.tell(Tell(notice)).is_err()
        {
            tracing::warn!("a notice was dropped because too many wait: {title}");
        }
    }

    /// Forgets who lives where: nobody is reached through it any more.
    pub(crate) fn close(&self) {
        *self.write() = Entries::default();
    }

    pub(crate) fn enter_supervisor(&self, mailbox: Mailbox<Supervisor>) {
        self.write().supervisor = Some(mailbox);
    }

    pub(crate) fn enter_scheduler(&self, mailbox: Mailbox<Scheduler>) {
        self.write().scheduler = Some(mailbox);
    }

    pub(crate) fn enter_notifier(&self, mailbox: Mailbox<Notifier>) {
        self.write().notifier = Some(mailbox);
    }

    pub(crate) fn enter_pair(&self, id: PairId, mailbox: Mailbox<Pair>) {
        self.write().pairs.insert(id, mailbox);
    }

    pub(crate) fn enter_account(&self, id: ProviderId, mailbox: Mailbox<Account>) {
        self.write().accounts.insert(id, mailbox);
    }

    pub(crate) fn enter_webhook(&self, mailbox: Mailbox<WebhookIngress>) {
        self.write().webhook = Some(mailbox);
    }

    pub(crate) fn enter_scrobbler(&self, mailbox: Mailbox<Scrobbler>) {
        self.write().scrobbler = Some(mailbox);
    }

    pub(crate) fn enter_courier(&self, id: ProviderId, mailbox: Mailbox<Courier>) {
        self.write().couriers.insert(id, mailbox);
    }

    pub(crate) fn enter_watcher(&self, id: ProviderId, mailbox: Mailbox<Watcher>) {
        self.write().watchers.insert(id, mailbox);
    }

    pub(crate) fn enter_backfill(&self, id: ProviderId, mailbox: Mailbox<BackFill>) {
        self.write().backfills.insert(id, mailbox);
    }

    pub(crate) fn enter_outbox(&self, id: ProviderId, mailbox: Mailbox<Outbox>) {
        self.write().outboxes.insert(id, mailbox);
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.entries.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
