//! The house: every actor started in order, and stopped in order.
//!
//! Sockets are bound before this and outlive none of it. Losing every mailbox loses nothing: what matters is in the store.

use std::{rc::Rc, sync::Arc, time::Duration};

use actix::Actor;
use crosswatch_port::BootReport;
use smol_str::{SmolStr, format_smolstr};

use crate::{
    blueprint::{AccountBlueprint, Blueprint, PairBlueprint, Surroundings},
    brakes::Brakes,
    children::{Child, StartChild, Watched},
    directory::Directory,
    mailbox::Mailbox,
    notifier::{self, Notifier},
    outbox::{self, Outbox},
    pair::{self, Pair},
    provider::{self, Account, AccountDoor},
    scheduler::{self, Scheduler},
    seal::SecretKey,
    store::{self, SaveError, Store, StoreDoor},
    supervisor::{self, Leave, ShutDown, Supervisor},
};

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
        };
        let store =
            Store::new(blueprint.ledger.clone(), blueprint.lane, Rc::clone(&blueprint.on_storage_failure)).start();
        let door = StoreDoor(Mailbox::new(store, store::CAPACITY));
        let (boot, now) = (surroundings.boot, surroundings.clock.now());
        let boot_report = door.query(move |ledger| ledger.begin_life(boot, now)).await?;
        let events = Notifier::stream();
        let brakes = Brakes::of_standings(&door.query(|ledger| ledger.standings()).await?);
        let directory = Directory::new(door, events.clone(), brakes);
        let mut children = vec![child("notifier".into(), notifier_starter(&blueprint, &directory, events))];
        for account in &blueprint.accounts {
            children.push(child(
                format_smolstr!("account:{}", account.id),
                account_starter(account, &blueprint.secret_key, &surroundings, &directory),
            ));
            children.push(child(
                format_smolstr!("outbox:{}", account.id),
                outbox_starter(account, &surroundings, &directory),
            ));
        }
        for pair in &blueprint.pairs {
            children.push(child(format_smolstr!("pair:{}", pair.id), pair_starter(pair, &surroundings, &directory)));
        }
        if blueprint.has_scheduler {
            children.push(child("scheduler".into(), scheduler_starter(&blueprint, &surroundings, &directory)));
        }
        let supervisor = Supervisor::new(blueprint.pairs, children, directory.clone(), surroundings).start();
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
        if let Err(error) = self.directory.store().query(|ledger| ledger.sync()).await {
            unfinished.push(format_smolstr!("store: {error}"));
        }
        if unfinished.is_empty() {
            self.let_go(&mut unfinished);
        }
        unfinished
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
) -> StartChild {
    let (account, surroundings, directory) = (account.clone(), surroundings.clone(), directory.clone());
    let secret_key = secret_key.clone();
    Rc::new(move || {
        let actor = Account::new(&account, &secret_key, &surroundings, &directory);
        let mailbox = Mailbox::new(actor.start(), provider::CAPACITY);
        directory.enter_account(account.id.clone(), mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}

fn outbox_starter(account: &AccountBlueprint, surroundings: &Surroundings, directory: &Directory) -> StartChild {
    let (id, surroundings, directory) = (account.id.clone(), surroundings.clone(), directory.clone());
    Rc::new(move || {
        let door = AccountDoor::new(id.clone(), directory.clone());
        let mailbox =
            Mailbox::new(Outbox::new(door, directory.clone(), surroundings.clone()).start(), outbox::CAPACITY);
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

fn scheduler_starter(blueprint: &Blueprint, surroundings: &Surroundings, directory: &Directory) -> StartChild {
    let (pairs, surroundings, directory) = (blueprint.pairs.clone(), surroundings.clone(), directory.clone());
    Rc::new(move || {
        let actor = Scheduler::new(&pairs, directory.clone(), surroundings.clone());
        let mailbox = Mailbox::new(actor.start(), scheduler::CAPACITY);
        directory.enter_scheduler(mailbox.clone());
        Box::new(mailbox) as Box<dyn Watched>
    })
}
