//! The house: every actor started in order, and stopped in order.
//!
//! Sockets are bound before this and outlive none of it. Losing every mailbox loses nothing: what matters is in the store.

use std::{collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};

use actix::Actor;
use crosswatch_model::ProviderId;
use crosswatch_port::BootReport;
use crosswatch_settings::Keep;
use futures_util::future::join_all;
use smol_str::{SmolStr, format_smolstr};

use crate::{
    backfill::{self, BackFill, Past},
    blueprint::{AccountBlueprint, Blueprint, PairBlueprint, SnapshotBlueprint, Surroundings},
    brakes::Brakes,
    children::{Child, StartChild, Watched},
    courier::{self, Courier},
    directory::Directory,
    halt::Halt,
    mailbox::{AskError, Mailbox},
    notifier::{self, Notifier},
    outbox::{self, Outbox},
    pair::{self, Pair},
    provider::{self, Account, AccountDoor},
    scheduler::{self, Scheduler},
    scrobbler::{self, Scrobbler},
    seal::SecretKey,
    store::{self, SaveError, Store, StoreDoor},
    supervisor::{self, Leave, ShutDown, Supervisor},
    urgency::Urgency,
    watcher::{self, AdapterNow, Watcher, WatcherPorts},
    webhook::{self, KEEP_DEADLINE, WebhookIngress},
};

/// A back-fill answers from memory.
const LIFE_DEADLINE: Duration = Duration::from_secs(5);

/// A running house.
pub struct House {
    directory: Directory,
    boot_report: BootReport,
}

impl House {
    /// Starts everything. Must run inside an actix system.
    pub async fn start(blueprint: Blueprint) -> Result<Self, SaveError> {
        let surroundings = Surroundings {
            clock: blueprint.clock.clone(),
            entropy: blueprint.entropy.clone(),
            lane: blueprint.lane,
            knowledge: Arc::clone(&blueprint.knowledge),
            boot: blueprint.boot,
            keeps: Arc::new(keeps(&blueprint.snapshots)),
        };
        let store =
            Store::new(blueprint.ledger.clone(), blueprint.lane, Rc::clone(&blueprint.on_storage_failure)).start();
        let door = StoreDoor(Mailbox::new(store, store::CAPACITY));
        let (boot, now) = (surroundings.boot, surroundings.clock.now());
        let boot_report = door.query(move |ledger| ledger.begin_life(boot, now)).await?;
        let events = Notifier::stream();
        let brakes = Brakes::of_standings(&door.query(|ledger| ledger.standings()).await?);
        let directory = Directory::new(door, events.clone(), Arc::clone(&blueprint.knowledge), brakes);
        let mut children = vec![child("notifier".into(), notifier_starter(&blueprint, &directory, events))];
        for account in &blueprint.accounts {
            let adapter = AdapterNow::default();
            children.push(child(
                format_smolstr!("account:{}", account.id),
                account_starter(account, &blueprint.secret_key, &surroundings, &directory, &adapter),
            ));
            let is_watched = scrobbler::is_watched(&blueprint.routes, &account.id);
            if scrobbler::is_heard(&blueprint.routes, &account.id) {
                children.push(child(
                    format_smolstr!("backfill:{}", account.id),
                    backfill_starter(account, is_watched, &surroundings, &directory),
                ));
            }
            if is_watched {
                children.push(child(
                    format_smolstr!("watcher:{}", account.id),
                    watcher_starter(account, adapter, &surroundings, &directory),
                ));
            }
            children.push(child(
                format_smolstr!("outbox:{}", account.id),
                outbox_starter(account, &blueprint, &surroundings, &directory),
            ));
        }
        let keepers = blueprint.accounts.iter().map(|account| PairBlueprint::keeper_of(&account.id));
        let pairs: Vec<PairBlueprint> = blueprint.pairs.iter().cloned().chain(keepers).collect();
        for pair in &pairs {
            children.push(child(format_smolstr!("pair:{}", pair.id), pair_starter(pair, &surroundings, &directory)));
        }
        children.push(child("webhook".into(), webhook_starter(&surroundings, &directory)));
        for account in scrobbler::targets(&blueprint.routes) {
            children.push(child(
                format_smolstr!("courier:{account}"),
                courier_starter(account, &blueprint, &surroundings, &directory),
            ));
        }
        children.push(child("scrobbler".into(), scrobbler_starter(&blueprint, &surroundings, &directory)));
        if blueprint.has_scheduler {
            children.push(child("scheduler".into(), scheduler_starter(&blueprint, &surroundings, &directory)));
        }
        let supervisor = Supervisor::new(pairs, children, directory.clone(), surroundings).start();
        directory.enter_supervisor(Mailbox::new(supervisor, supervisor::CAPACITY));
        Ok(Self { directory, boot_report })
    }

    /// Who lives where.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// What an earlier process life had left.
    pub fn boot_report(&self) -> &BootReport {
        &self.boot_report
    }

    /// Stops runs at the next safe point, syncs the store, and lets the actors go when all is done. Answers what was not done
    /// in time.
    pub async fn stop(self, deadline: Duration) -> Vec<SmolStr> {
        let mut unfinished = Vec::new();
        if let Some(supervisor) = self.directory.supervisor()
            && let Err(error) = supervisor.ask(ShutDown, deadline).await
        {
            unfinished.push(format_smolstr!("supervisor: {error}"));
        }
        self.halt(deadline, &mut unfinished).await;
        if let Err(error) = self.directory.store().query(|ledger| ledger.sync()).await {
            unfinished.push(format_smolstr!("store: {error}"));
        }
        if unfinished.is_empty() {
            self.let_go(&mut unfinished);
        }
        unfinished
    }

    /// Halts those who work by themselves: first who notices, then who decides, then who tells.
    async fn halt(&self, deadline: Duration, unfinished: &mut Vec<SmolStr>) {
        for watcher in self.directory.watchers() {
            // One that has fallen watches nothing.
            watcher.ask(Halt, deadline).await.ok();
        }
        for backfill in self.directory.backfills() {
            backfill.ask(Halt, deadline).await.ok();
        }
        if let Some(scrobbler) = self.directory.scrobbler()
            && let Err(error) = scrobbler.ask(Halt, deadline).await
        {
            unfinished.push(format_smolstr!("scrobbler: {error}"));
        }
        let couriers = self.directory.couriers();
        for result in join_all(couriers.iter().map(|courier| courier.ask(Halt, deadline))).await {
            if let Err(error) = result {
                unfinished.push(format_smolstr!("courier: {error}"));
            }
        }
    }

    /// Lets the actors go. Whoever still works in one keeps it alive until that is done.
    fn let_go(&self, unfinished: &mut Vec<SmolStr>) {
        let supervisor = self.directory.supervisor();
        self.directory.close();
        if let Some(Err(error)) = supervisor.map(|supervisor| supervisor.tell(Leave)) {
            unfinished.push(format_smolstr!("supervisor: {error}"));
        }
    }
}

/// Of an account with several schedules, the most that any of them keeps.
fn keeps(snapshots: &[SnapshotBlueprint]) -> BTreeMap<ProviderId, Keep> {
    let mut keeps: BTreeMap<ProviderId, Keep> = BTreeMap::new();
    for snapshot in snapshots {
        let keep = keeps.entry(snapshot.account.clone()).or_insert(snapshot.keep);
        keep.daily = keep.daily.max(snapshot.keep.daily);
        keep.weekly = keep.weekly.max(snapshot.keep.weekly);
        keep.monthly = keep.monthly.max(snapshot.keep.monthly);
    }
    keeps
}

fn child(name: SmolStr, start: StartChild) -> Child {
    Child::start(name, start)
}

fn notifier_starter(
    blueprint: &Blueprint,
    directory: &Directory,
    events: tokio::sync::broadcast::Sender<notifier::Happened>,
) -> StartChild {
    let (channels, directory) = (blueprint.channels.clone(), directory.clone());
    Rc::new(move || {
        let mailbox = Mailbox::new(Notifier::new(channels.clone(), events.clone()).start(), notifier::CAPACITY);
        directory.enter_notifier(mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn account_starter(
    account: &AccountBlueprint,
    secret_key: &SecretKey,
    surroundings: &Surroundings,
    directory: &Directory,
    adapter: &AdapterNow,
) -> StartChild {
    let (account, surroundings, directory) = (account.clone(), surroundings.clone(), directory.clone());
    let (secret_key, adapter) = (secret_key.clone(), adapter.clone());
    Rc::new(move || {
        let actor = Account::new(&account, &secret_key, &surroundings, &directory);
        adapter.replace(&actor.adapter);
        let mailbox = Mailbox::new(actor.start(), provider::CAPACITY);
        directory.enter_account(account.id.clone(), mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn backfill_starter(
    account: &AccountBlueprint,
    is_watched: bool,
    surroundings: &Surroundings,
    directory: &Directory,
) -> StartChild {
    let (account, surroundings, directory) = (account.id.clone(), surroundings.clone(), directory.clone());
    Rc::new(move || {
        let actor = BackFill::new(account.clone(), is_watched, directory.clone(), surroundings.clone());
        let mailbox = Mailbox::new(actor.start(), backfill::CAPACITY);
        directory.enter_backfill(account.clone(), mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn watcher_starter(
    account: &AccountBlueprint,
    adapter: AdapterNow,
    surroundings: &Surroundings,
    directory: &Directory,
) -> StartChild {
    let (account, surroundings, directory) = (account.id.clone(), surroundings.clone(), directory.clone());
    Rc::new(move || {
        let (kept_by, told_by, filled_by) = (directory.clone(), directory.clone(), directory.clone());
        let own = account.clone();
        let ports = WatcherPorts {
            account: account.clone(),
            adapter: adapter.clone(),
            send: Rc::new(move |arrived| {
                let ingress = kept_by.webhook();
                Box::pin(async move {
                    let ingress = ingress.ok_or(SaveError::Unreachable(AskError::Closed))?;
                    ingress.ask(arrived, KEEP_DEADLINE).await?
                })
            }),
            tell: Rc::new(move |notice| told_by.tell_people(notice)),
            alive: Rc::new(move |sign| {
                let backfill = filled_by.backfill(&own);
                Box::pin(async move {
                    let Some(backfill) = backfill else { return Past::Unread };
                    backfill.ask(sign, LIFE_DEADLINE).await.unwrap_or(Past::Unread)
                })
            }),
            clock: Arc::clone(&surroundings.clock),
            entropy: Arc::clone(&surroundings.entropy),
        };
        let mailbox = Mailbox::new(Watcher::new(ports).start(), watcher::CAPACITY);
        directory.enter_watcher(account.clone(), mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn outbox_starter(
    account: &AccountBlueprint,
    blueprint: &Blueprint,
    surroundings: &Surroundings,
    directory: &Directory,
) -> StartChild {
    let echoes = scrobbler::is_heard(&blueprint.routes, &account.id);
    let (id, surroundings, directory) = (account.id.clone(), surroundings.clone(), directory.clone());
    Rc::new(move || {
        let door = AccountDoor::new(id.clone(), directory.clone(), Urgency::Schedule);
        let actor = Outbox::new(door, echoes, directory.clone(), surroundings.clone());
        let mailbox = Mailbox::new(actor.start(), outbox::CAPACITY);
        directory.enter_outbox(id.clone(), mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn pair_starter(pair: &PairBlueprint, surroundings: &Surroundings, directory: &Directory) -> StartChild {
    let (pair, surroundings, directory) = (pair.clone(), surroundings.clone(), directory.clone());
    Rc::new(move || {
        let actor = Pair::new(pair.clone(), directory.clone(), surroundings.clone());
        let mailbox = Mailbox::new(actor.start(), pair::CAPACITY);
        directory.enter_pair(pair.id.clone(), mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn webhook_starter(surroundings: &Surroundings, directory: &Directory) -> StartChild {
    let (surroundings, directory) = (surroundings.clone(), directory.clone());
    Rc::new(move || {
        let actor = WebhookIngress::new(directory.clone(), surroundings.clone());
        let mailbox = Mailbox::new(actor.start(), webhook::CAPACITY);
        directory.enter_webhook(mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn courier_starter(
    account: ProviderId,
    blueprint: &Blueprint,
    surroundings: &Surroundings,
    directory: &Directory,
) -> StartChild {
    let echoes = scrobbler::is_heard(&blueprint.routes, &account);
    let (surroundings, directory) = (surroundings.clone(), directory.clone());
    Rc::new(move || {
        let actor = Courier::new(account.clone(), echoes, directory.clone(), surroundings.clone());
        let mailbox = Mailbox::new(actor.start(), courier::CAPACITY);
        directory.enter_courier(account.clone(), mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn scrobbler_starter(blueprint: &Blueprint, surroundings: &Surroundings, directory: &Directory) -> StartChild {
    let (routes, surroundings, directory) = (blueprint.routes.clone(), surroundings.clone(), directory.clone());
    Rc::new(move || {
        let actor = Scrobbler::new(routes.clone(), directory.clone(), surroundings.clone());
        let mailbox = Mailbox::new(actor.start(), scrobbler::CAPACITY);
        directory.enter_scrobbler(mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn scheduler_starter(blueprint: &Blueprint, surroundings: &Surroundings, directory: &Directory) -> StartChild {
    let (pairs, surroundings, directory) = (blueprint.pairs.clone(), surroundings.clone(), directory.clone());
    let snapshots = blueprint.snapshots.clone();
    Rc::new(move || {
        let actor = Scheduler::new(&pairs, &snapshots, directory.clone(), surroundings.clone());
        let mailbox = Mailbox::new(actor.start(), scheduler::CAPACITY);
        directory.enter_scheduler(mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}
