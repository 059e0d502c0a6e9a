//! Writing state: every copy of an item, one request each, none of which does harm when sent twice.
//!
//! A play is written as plain values (watched, count at least 1, its date, position 0). The call that marks an item as
//! played is never used: it counts a play each time. An older date never replaces a newer one.

use crosswatch_model::{Action, Fact, Feature, Reason, Scale, WatchedAt};
use crosswatch_port::{Fault, Write, WriteOutcome, WriteReport};
use jiff::{Timestamp, civil};
use reqwest::Method;

use super::{
    Jellyfin,
    account::Account,
    index::{Copy, Found},
    row,
    wire::{TICKS_PER_SECOND, UserData, UserDataChange},
};
use crate::{
    http::Call,
    outcome::{Tally, acknowledged, outcome_of, rejected, rejected_for_good},
};

/// Two dates this close are the same play.
const SAME_PLAY_MS: i64 = 2000;

/// What one copy of an item needs.
enum Step {
    /// It is so already.
    Nothing,
    /// The server does not know the item any more.
    Gone,
    /// Send this, and see the state it leaves.
    Send(Box<Call>, Wanted),
}

/// What the server's answer must show, where it shows anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Played(bool),
    Favourite(bool),
    Rated(u8),
    NotRated,
    Anything,
}

impl Jellyfin {
    /// Sends the operations one after the other and stops at the first fault that concerns more than one item.
    pub(super) async fn write_all(&self, feature: Feature, writes: &[Write]) -> WriteReport {
        let mut tally = Tally::of(writes.len());
        if writes.is_empty() {
            return tally.finish();
        }
        let items: Vec<_> = writes.iter().map(|write| &write.item).collect();
        let looked_up = async { Ok((self.connection.account().await?, self.look_up(&items).await?)) };
        let (account, found) = match looked_up.await {
            Ok(ready) => ready,
            Err(fault) => {
                tally.stop(fault);
                return tally.finish();
            }
        };
        for (at, (write, found)) in writes.iter().zip(&found).enumerate() {
            let (outcome, fault) = match found {
                Found::Nothing if write.action == Action::Remove => (WriteOutcome::AlreadyThere, None),
                Found::Nothing => (rejected(Reason::NotInLibrary), None),
                Found::Contradicts(reason) => (rejected(*reason), None),
                Found::Copies(copies) => self.write_copies(feature, write, copies, &account).await,
            };
            tally.set(at, outcome);
            if let Some(fault) = fault {
                tally.stop(fault);
                break;
            }
        }
        tally.finish()
    }

    /// Writes all copies. When only some could be written, the operation is in doubt: reading it back tells.
    async fn write_copies(
        &self,
        feature: Feature,
        write: &Write,
        copies: &[Copy],
        account: &Account,
    ) -> (WriteOutcome, Option<Fault>) {
        let mut together = None;
        for copy in copies {
            let outcome = match self.write_copy(feature, write, *copy, account).await {
                Ok(outcome) => outcome,
                Err(fault) => {
                    let outcome =
                        if together == Some(acknowledged()) { WriteOutcome::InDoubt } else { outcome_of(&fault) };
                    let concerns_all = !matches!(fault, Fault::Rejected(_));
                    return (outcome, concerns_all.then_some(fault));
                }
            };
            together = Some(match (together, outcome) {
                (None | Some(WriteOutcome::AlreadyThere), outcome) => outcome,
                (Some(earlier), WriteOutcome::AlreadyThere) => earlier,
                (Some(WriteOutcome::Acknowledged { .. }), WriteOutcome::Acknowledged { .. }) => acknowledged(),
                (Some(WriteOutcome::Rejected(why)), WriteOutcome::Rejected(_)) => WriteOutcome::Rejected(why),
                (Some(_), _) => WriteOutcome::InDoubt,
            });
        }
        (together.unwrap_or(rejected(Reason::NotInLibrary)), None)
    }

    async fn write_copy(
        &self,
        feature: Feature,
        write: &Write,
        copy: Copy,
        account: &Account,
    ) -> Result<WriteOutcome, Fault> {
        let adds = write.action != Action::Remove;
        if !adds && copy.holds_several && feature == Feature::History {
            return Ok(rejected_for_good(Reason::RejectedByTarget));
        }
        let step = match (feature, adds, write.value) {
            (Feature::History, true, Some(Fact::Play(watched_at))) => self.play(copy, watched_at, account).await?,
            (Feature::History, false, _) => Step::Send(
                Box::new(self.mark(Method::DELETE, "/UserPlayedItems/", copy, account)),
                Wanted::Played(false),
            ),
            (Feature::Watchlist, true, _) => Step::Send(
                Box::new(self.mark(Method::POST, "/UserFavoriteItems/", copy, account)),
                Wanted::Favourite(true),
            ),
            (Feature::Watchlist, false, _) => Step::Send(
                Box::new(self.mark(Method::DELETE, "/UserFavoriteItems/", copy, account)),
                Wanted::Favourite(false),
            ),
            (Feature::Ratings, true, Some(Fact::Rated { value, .. })) => {
                let steps = Scale::HUNDRED.steps(value);
                let change = UserDataChange { rating: Some(f64::from(steps) / 10.0), ..UserDataChange::default() };
                Step::Send(Box::new(self.change(copy, &change, account)?), Wanted::Rated(steps))
            }
            (Feature::Ratings, false, _) => Step::Send(Box::new(self.unrate(copy, account)), Wanted::NotRated),
            (Feature::Progress, true, Some(Fact::Resume { position_s, .. })) => {
                self.resume(copy, position_s, account)?
            }
            (Feature::Progress, false, _) => self.resume(copy, 0, account)?,
            _ => return Ok(rejected_for_good(Reason::RejectedByTarget)),
        };
        let (call, wanted) = match step {
            Step::Nothing => return Ok(WriteOutcome::AlreadyThere),
            Step::Gone => return Ok(self.not_in_library().await),
            Step::Send(call, wanted) => (*call, wanted),
        };
        let answer = self.connection.send(call).await?;
        match answer.status.as_u16() {
            404 => return Ok(self.not_in_library().await),
            // The server is up and stumbles over this very item; the others may go on.
            500 => return Ok(WriteOutcome::InDoubt),
            _ => {}
        }
        let state: UserData = answer.success()?.json()?;
        Ok(if wanted.is_met(&state) { acknowledged() } else { rejected(Reason::NotVisible) })
    }

    async fn not_in_library(&self) -> WriteOutcome {
        self.forget_index().await;
        rejected(Reason::NotInLibrary)
    }

    /// Reads the item first, because a play that is there must not be touched.
    async fn play(&self, copy: Copy, watched_at: WatchedAt, account: &Account) -> Result<Step, Fault> {
        let path = format!("/UserItems/{:032x}/UserData", copy.item);
        let call = self.connection.get(&path).query("userId", &account.user_id);
        let answer = self.connection.send(call).await?;
        if answer.status.as_u16() == 404 {
            return Ok(Step::Gone);
        }
        let now: UserData = answer.success()?.json()?;
        let wanted = self.date(watched_at);
        let is_there = match (now.last_played(), wanted) {
            (_, None) => true,
            (Some(has), Some(wanted)) => has.as_millisecond() > wanted.as_millisecond() - SAME_PLAY_MS,
            (None, Some(_)) => false,
        };
        if now.is_played() && is_there {
            return Ok(Step::Nothing);
        }
        let change = UserDataChange {
            played: Some(true),
            play_count: Some(now.play_count.whole().unwrap_or(0).max(1)),
            last_played_date: wanted.map(|at| format!("{at:.3}")),
            playback_position_ticks: Some(0),
            ..UserDataChange::default()
        };
        Ok(Step::Send(Box::new(self.change(copy, &change, account)?), Wanted::Played(true)))
    }

    /// The date to store. A play known to the day is put at noon of that day in the user's zone: any instant of the day
    /// stands for it. One without a date is stored without one.
    fn date(&self, watched_at: WatchedAt) -> Option<Timestamp> {
        match watched_at {
            WatchedAt::Exact(at) | WatchedAt::Minute(at) => Some(at),
            WatchedAt::Day(day) => {
                let noon = day.to_datetime(civil::time(12, 0, 0, 0));
                noon.to_zoned(self.connection.ports().clock.zone()).ok().map(|zoned| zoned.timestamp())
            }
            WatchedAt::Unknown => None,
        }
    }

    fn resume(&self, copy: Copy, position_s: u32, account: &Account) -> Result<Step, Fault> {
        let ticks = u64::from(position_s) * TICKS_PER_SECOND;
        let change = UserDataChange { playback_position_ticks: Some(ticks), ..UserDataChange::default() };
        Ok(Step::Send(Box::new(self.change(copy, &change, account)?), Wanted::Anything))
    }

    /// `{"Rating":null}` would clear nothing; only this call does.
    fn unrate(&self, copy: Copy, account: &Account) -> Call {
        let path = format!("/UserItems/{:032x}/Rating", copy.item);
        self.connection.change(Method::DELETE, &path).query("userId", &account.user_id)
    }

    fn mark(&self, method: Method, path: &str, copy: Copy, account: &Account) -> Call {
        let path = format!("{path}{:032x}", copy.item);
        self.connection.change(method, &path).query("userId", &account.user_id)
    }

    fn change(&self, copy: Copy, change: &UserDataChange, account: &Account) -> Result<Call, Fault> {
        let path = format!("/UserItems/{:032x}/UserData", copy.item);
        self.connection.change(Method::POST, &path).query("userId", &account.user_id).json(change)
    }
}

impl Wanted {
    /// Servers are known to answer 200 and change nothing; the state in the answer tells.
    fn is_met(self, state: &UserData) -> bool {
        let is = |field: Option<bool>, wanted: bool| field.is_none_or(|value| value == wanted);
        let stored = state.rating.number().and_then(row::rating);
        match self {
            Self::Played(wanted) => is(state.played.flag(), wanted),
            Self::Favourite(wanted) => is(state.is_favorite.flag(), wanted),
            Self::Rated(steps) => stored.is_none_or(|rating| Scale::HUNDRED.steps(rating) == steps),
            Self::NotRated => stored.is_none(),
            Self::Anything => true,
        }
    }
}
