//! Ratings, resume points and watchlist entries: what holds one value, so that sending it twice does no harm.

use crosswatch_model::{Action, Fact, Feature, Rating};
use crosswatch_port::{CellNow, Fault, ParcelRecord};

use super::{
    errand::{Errand, Rest},
    history::query,
    settle::Settled,
};
use crate::store::SaveError;

/// What the account has for an item now.
enum Now {
    Nothing,
    Holds(Fact, Option<crosswatch_model::NativeRef>),
}

impl Errand {
    /// Rates an item, or takes its rating away.
    pub(super) async fn rate(&self, row: ParcelRecord, rating: Option<Rating>) -> Result<Rest, SaveError> {
        let now = match self.now_of(&row, Feature::Ratings).await {
            Ok(now) => now,
            Err(fault) => return self.give_back(row, &fault).await,
        };
        let rated_at = Some(row.since);
        match (now, rating) {
            (Now::Nothing, None) => self.settle(vec![Settled::done(row)]).await,
            (Now::Holds(value, native), None) => {
                self.write_one(row, Feature::Ratings, Action::Remove, Some(value), native).await
            }
            (Now::Holds(Fact::Rated { value, .. }, _), Some(wanted)) if value == wanted => {
                self.settle(vec![Settled::done(row)]).await
            }
            (Now::Holds(_, native), Some(value)) => {
                let value = Some(Fact::Rated { value, rated_at });
                self.write_one(row, Feature::Ratings, Action::Update, value, native).await
            }
            (Now::Nothing, Some(value)) => {
                let value = Some(Fact::Rated { value, rated_at });
                self.write_one(row, Feature::Ratings, Action::Add, value, None).await
            }
        }
    }

    /// Keeps where an item can be resumed.
    pub(super) async fn keep_place(
        &self,
        row: ParcelRecord,
        position_ms: u64,
        duration_ms: Option<u64>,
    ) -> Result<Rest, SaveError> {
        let now = match self.now_of(&row, Feature::Progress).await {
            Ok(now) => now,
            Err(fault) => return self.give_back(row, &fault).await,
        };
        let seconds = |ms: u64| u32::try_from(ms / 1000).unwrap_or(u32::MAX);
        let value = Fact::Resume {
            position_s: seconds(position_ms),
            duration_s: duration_ms.map(seconds),
            stopped_at: Some(row.since),
        };
        let (action, native) = match now {
            Now::Nothing => (Action::Add, None),
            Now::Holds(_, native) => (Action::Update, native),
        };
        self.write_one(row, Feature::Progress, action, Some(value), native).await
    }

    /// Takes away what is there.
    pub(super) async fn drop_value(&self, row: ParcelRecord, feature: Feature) -> Result<Rest, SaveError> {
        match self.now_of(&row, feature).await {
            Ok(Now::Nothing) => self.settle(vec![Settled::done(row)]).await,
            Ok(Now::Holds(value, native)) => self.write_one(row, feature, Action::Remove, Some(value), native).await,
            Err(fault) => self.give_back(row, &fault).await,
        }
    }

    /// Takes a film off the watchlist, once the account has the viewing that it is for.
    pub(super) async fn unlist(&self, row: ParcelRecord) -> Result<Rest, SaveError> {
        let plays = self.plays_of(vec![row.uid]).await?;
        let is_delivered =
            plays.get(&row.uid).into_iter().flatten().any(|play| {
                play.play == row.play && play.aliases.iter().any(|alias| alias.account == *self.account_id())
            });
        if is_delivered {
            self.drop_value(row, Feature::Watchlist).await
        } else {
            self.settle(vec![Settled::expired(row, "the account does not have the viewing".into())]).await
        }
    }

    async fn give_back(&self, row: ParcelRecord, fault: &Fault) -> Result<Rest, SaveError> {
        match fault {
            Fault::Rejected(_) => self.refuse(vec![row], fault).await,
            _ => self.look_later(vec![row], fault).await,
        }
    }

    async fn now_of(&self, row: &ParcelRecord, feature: Feature) -> Result<Now, Fault> {
        let cells = self.account.cells(feature, vec![query(row, None)]).await?;
        match cells.into_iter().next() {
            Some(CellNow::Absent | CellNow::NotInLibrary) => Ok(Now::Nothing),
            Some(CellNow::Present(facts)) => {
                Ok(facts.into_iter().next().map_or(Now::Nothing, |(fact, native)| Now::Holds(fact, native)))
            }
            Some(CellNow::Unknown) | None => Err(Fault::Transient("the account cannot tell what it has".into())),
        }
    }
}
