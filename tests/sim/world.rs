//! The world of a story: the accounts as they really are, requests on their way, and the witness.
//!
//! It lives outside every process life. Whoever enters it brings the present along; what was due by then happens first.

use std::collections::BTreeMap;

use crosswatch_model::{Feature, ProviderId};
use crosswatch_port::Write;
use jiff::Timestamp;

use crate::{
    account::{Author, Held, Place, Truth},
    chance::Dice,
    faults::{ReadFlaw, Weather},
    parcel::Parcel,
    titles::{Title, label},
    town::Town,
    witness::Witness,
};

/// A read in progress.
#[derive(Debug)]
pub(crate) struct OpenRead {
    pub(crate) flaw: ReadFlaw,
    pub(crate) page: u64,
    pub(crate) told: u64,
    pub(crate) totals: Vec<Option<u64>>,
    pub(crate) rows: Vec<(Title, Held)>,
    pub(crate) is_everything: bool,
}

/// The world.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) life: u64,
    pub(crate) dice: Dice,
    pub(crate) town: Town,
    pub(crate) weather: Weather,
    pub(crate) accounts: BTreeMap<ProviderId, Truth>,
    pub(crate) parcels: BTreeMap<u64, Parcel>,
    pub(crate) reads: BTreeMap<u64, OpenRead>,
    pub(crate) witness: Witness,
    pub(crate) trace: Vec<String>,
    pub(crate) violations: Vec<String>,
    next_number: u64,
}

impl World {
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        let dice = Dice::new(seed);
        let town = Town::drawn(&dice);
        let accounts = town.accounts.iter().map(|account| (account.id.clone(), account.build(&dice))).collect();
        let mut world = Self {
            now,
            life: 0,
            dice,
            town,
            weather: Weather::default(),
            accounts,
            parcels: BTreeMap::new(),
            reads: BTreeMap::new(),
            witness: Witness::default(),
            trace: Vec::new(),
            violations: Vec::new(),
            next_number: 0,
        };
        for line in world.town.describe() {
            world.say(&line);
        }
        world
    }

    /// One event, one line.
    pub(crate) fn say(&mut self, event: &str) {
        let ms = self.now.as_millisecond();
        let (day, ms) = (ms / 86_400_000 % 1000, ms % 86_400_000);
        let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
        let (second, ms) = (ms / 1000 % 60, ms % 1000);
        self.trace.push(format!("{day:03}d{hour:02}:{minute:02}:{second:02}.{ms:03} L{} {event}", self.life));
    }

    /// Something happened that must never happen.
    pub(crate) fn violate(&mut self, oracle: &str) {
        self.say(&format!("!!! {oracle}"));
        self.violations.push(oracle.to_owned());
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    pub(crate) fn account(&self, id: &ProviderId) -> &Truth {
        &self.accounts[id]
    }

    pub(crate) fn account_mut(&mut self, id: &ProviderId) -> &mut Truth {
        self.accounts.get_mut(id).unwrap()
    }

    /// A user takes a fact away.
    pub(crate) fn user_takes(&mut self, account: &ProviderId, place: Place) {
        self.account_mut(account).take(place);
        self.witness.user_touched(&self.town, account, place.0, place.1);
        self.say(&format!("user at {account}: takes {} off {}", label(place.1), place.0));
    }

    /// A user puts a fact there.
    pub(crate) fn user_puts(&mut self, account: &ProviderId, title: Title, fact: crosswatch_model::Fact) {
        let now = self.now;
        self.account_mut(account).keep(title, fact, Author::User, now);
        self.witness.user_touched(&self.town, account, fact.feature(), title);
        self.say(&format!("user at {account}: {} {}", label(title), fact_text(fact)));
    }

    /// A new life begins: what the old one had open is forgotten, what it had sent still arrives.
    pub(crate) fn begin_life(&mut self, number: u64) {
        self.life = number;
        self.reads.clear();
        self.witness.begin_life();
        for account in self.accounts.values_mut() {
            account.writing = None;
        }
    }
}

/// A fact in a few letters.
pub(crate) fn fact_text(fact: crosswatch_model::Fact) -> String {
    use crosswatch_model::Fact;
    match fact {
        Fact::Play(at) => match at.instant() {
            Some(at) => format!("played {}", at.strftime("%m-%d %H:%M:%S")),
            None => "played some day".to_owned(),
        },
        Fact::Listed(_) => "listed".to_owned(),
        Fact::Rated { value, .. } => format!("rated {}", value.get()),
        Fact::Resume { position_s, .. } => format!("stopped at {position_s} s"),
    }
}

/// An operation in a few letters.
pub(crate) fn write_text(feature: Feature, write: &Write) -> String {
    let title = label(crate::titles::recognise(&write.item));
    let value = write.value.map_or_else(String::new, |value| format!(" {}", fact_text(value)));
    format!("{} {feature} {title}{value}", write.action)
}
