//! What people do meanwhile: they watch, list and rate at every account, take things back, and watch again.

use crosswatch_model::{Fact, Feature, Kind, ProviderId, Rating, WatchedAt};
use jiff::{SignedDuration, Timestamp};

use crate::{
    account::{Author, Place},
    titles::{TITLES, Title, kind_of},
    world::World,
};

/// Two viewings of one title are at least so far apart: nobody watches a film again before it is over.
const BETWEEN_VIEWINGS_S: i64 = 900;

impl World {
    /// Fills the accounts with what was there before the service was installed.
    pub(crate) fn furnish(&mut self) {
        let accounts: Vec<ProviderId> = self.accounts.keys().cloned().collect();
        for account in accounts {
            for title in 0..TITLES {
                self.furnish_title(&account, title);
            }
        }
    }

    fn furnish_title(&mut self, account: &ProviderId, title: Title) {
        let days = i64::try_from(self.dice.between(3, 60)).unwrap();
        let then = self.now - SignedDuration::from_hours(24 * days);
        if self.account(account).unknown.contains(&title) {
            return;
        }
        let mut facts = Vec::new();
        if self.dice.happens(450) {
            let second = i64::try_from(self.dice.between(0, 80_000)).unwrap();
            let is_undated = !self.account(account).keeps_every_play() && self.dice.happens(80);
            let at = then + SignedDuration::from_secs(second);
            facts.push(Fact::Play(if is_undated { WatchedAt::Unknown } else { WatchedAt::Exact(at) }));
        }
        if kind_of(title) == Kind::Movie && self.dice.happens(350) {
            facts.push(Fact::Listed(Some(then)));
        }
        if self.dice.happens(350) {
            facts.push(self.rating(then));
        }
        for fact in facts {
            let may_play = fact.feature() != Feature::History || self.is_free_of_plays(title, play_second(fact));
            if may_play {
                self.account_mut(account).keep(title, fact, Author::User, then);
            }
        }
    }

    fn rating(&self, at: Timestamp) -> Fact {
        let value = Rating::new(u8::try_from(self.dice.between(1, 100)).unwrap()).unwrap();
        Fact::Rated { value, rated_at: Some(at) }
    }

    /// Somebody does something somewhere.
    pub(crate) fn user_acts(&mut self) {
        let accounts: Vec<ProviderId> = self.accounts.keys().cloned().collect();
        let account = self.dice.pick(&accounts).clone();
        let title = self.dice.place(TITLES);
        if self.account(&account).unknown.contains(&title) {
            return;
        }
        match self.dice.between(0, 11) {
            0..=2 => self.user_watches(&account, title),
            3..=4 => self.user_takes_back(&account, Feature::History),
            5 => self.user_lists(&account, title),
            6..=7 => self.user_takes_back(&account, Feature::Watchlist),
            8..=9 => {
                let fact = self.rating(self.now);
                self.user_puts(&account, title, fact);
            }
            10 => self.user_takes_back(&account, Feature::Ratings),
            _ => self.user_cleans_up(&account),
        }
    }

    /// A viewing, now or in the past, at one account or scrobbled to several at slightly different seconds.
    fn user_watches(&mut self, account: &ProviderId, title: Title) {
        let ago_s = if self.dice.happens(300) { self.dice.between(3_600, 900_000) } else { self.dice.between(0, 600) };
        let at = self.now - SignedDuration::from_secs(i64::try_from(ago_s).unwrap());
        if !self.is_free_of_plays(title, at.as_second()) {
            return;
        }
        let is_everywhere = self.dice.happens(250);
        let others: Vec<ProviderId> = self.accounts.keys().filter(|other| *other != account).cloned().collect();
        self.user_puts(account, title, Fact::Play(WatchedAt::Exact(at)));
        for other in others {
            if is_everywhere && !self.account(&other).unknown.contains(&title) {
                let later = SignedDuration::from_secs(i64::try_from(self.dice.between(0, 50)).unwrap());
                self.user_puts(&other, title, Fact::Play(WatchedAt::Exact(at - later)));
            }
        }
    }

    fn user_lists(&mut self, account: &ProviderId, title: Title) {
        if kind_of(title) == Kind::Movie && !self.account(account).has(Feature::Watchlist, title) {
            let now = self.now;
            self.user_puts(account, title, Fact::Listed(Some(now)));
        }
    }

    fn user_takes_back(&mut self, account: &ProviderId, feature: Feature) {
        let places: Vec<Place> =
            self.account(account).of(feature).map(|(title, row, _)| (feature, title, row)).collect();
        if !places.is_empty() {
            let place = *self.dice.pick(&places);
            self.user_takes(account, place);
        }
    }

    /// Once in a while somebody clears several things at once.
    fn user_cleans_up(&mut self, account: &ProviderId) {
        let feature = *self.dice.pick(&[Feature::History, Feature::Watchlist, Feature::Ratings]);
        for _ in 0..self.dice.between(2, 5) {
            self.user_takes_back(account, feature);
        }
    }

    /// Whether no account has a viewing of the title around this second.
    fn is_free_of_plays(&self, title: Title, second: i64) -> bool {
        let plays = self.accounts.values().flat_map(|account| account.about(Feature::History, title));
        plays.into_iter().all(|(_, held)| (play_second(held.fact) - second).abs() > BETWEEN_VIEWINGS_S)
    }
}

fn play_second(fact: Fact) -> i64 {
    crate::oracles::second_of(fact)
}
