//! Writing state: every copy of an item, one request each, none of which does harm when sent twice.
//!
//! A play is looked for before it is written, and an older date never replaces a newer one: the calls that mark an item as
//! played count a play each time they are sent.

use crosswatch_model::{Action, Fact, Feature, Reason, Scale, WatchedAt};
use crosswatch_port::{Fault, Write, WriteOutcome, WriteReport};
use jiff::{SignedDuration, Timestamp, civil};
use reqwest::Method;

use super::{
    Dialect, MediaServer, WatchlistShelf,
    account::Account,
    dialect::Place,
    index::{Copy, Found},
    row,
    state::{Change, Changed},
    wire::{TICKS_PER_SECOND, UserData, UserDataChange},
};
use crate::outcome::{Tally, acknowledged, outcome_of, rejected, rejected_for_good};

/// Two dates this close are the same play.
const SAME_PLAY_MS: i64 = 2000;

/// What one copy of an item needs.
enum Step {
    /// It is so already.
    Nothing,
    /// The server does not know the item any more.
    Gone,
    /// Send this, and see the state it leaves.
    Send(Box<Change>, Wanted),
}

/// What the server's answer must show, where it shows anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    PlayedAt(Option<Timestamp>),
    NotPlayed,
    Favourite(bool),
    Rated(u8),
    NotRated,
    StoppedAt(u32),
}

impl MediaServer {
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
        if feature == Feature::Watchlist && self.connection.options().watchlist != WatchlistShelf::Favourites {
            self.write_shelf(writes, &found, &account, &mut tally).await;
            return tally.finish();
        }
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
        let item = copy.item;
        let mark = |method, place| Box::new(Change::answered(self.change(method, place, account)));
        let step = match (feature, adds, write.value) {
            (Feature::History, true, Some(Fact::Play(watched_at))) => self.play(item, watched_at, account).await?,
            (Feature::History, false, _) => Step::Send(mark(Method::DELETE, Place::Played(item)), Wanted::NotPlayed),
            (Feature::Watchlist, true, _) => {
                Step::Send(mark(Method::POST, Place::Favourite(item)), Wanted::Favourite(true))
            }
            (Feature::Watchlist, false, _) => {
                Step::Send(mark(Method::DELETE, Place::Favourite(item)), Wanted::Favourite(false))
            }
            (Feature::Ratings, true, Some(Fact::Rated { value, .. })) => {
                let steps = Scale::HUNDRED.steps(value);
                let change = UserDataChange { rating: Some(f64::from(steps) / 10.0), ..UserDataChange::default() };
                self.set(item, change, Wanted::Rated(steps), account).await?
            }
            // `{"Rating":null}` would clear nothing; only this call does.
            (Feature::Ratings, false, _) => Step::Send(mark(Method::DELETE, Place::Rating(item)), Wanted::NotRated),
            (Feature::Progress, true, Some(Fact::Resume { position_s, .. })) => {
                self.resume(item, position_s, account).await?
            }
            (Feature::Progress, false, _) => self.resume(item, 0, account).await?,
            _ => return Ok(rejected_for_good(Reason::RejectedByTarget)),
        };
        let (change, wanted) = match step {
            Step::Nothing => return Ok(WriteOutcome::AlreadyThere),
            Step::Gone => return Ok(self.not_in_library().await),
            Step::Send(change, wanted) => (*change, wanted),
        };
        Ok(match self.carry_out(change, account).await? {
            Changed::To(row) if wanted.is_met(&row) => acknowledged(),
            Changed::To(_) => rejected(Reason::NotVisible),
            Changed::Gone => self.not_in_library().await,
            Changed::Stumbled => WriteOutcome::InDoubt,
        })
    }

    async fn not_in_library(&self) -> WriteOutcome {
        self.doubt_library().await;
        rejected(Reason::NotInLibrary)
    }

    /// Reads the item first, because a play that is there must not be touched.
    async fn play(&self, item: u128, watched_at: WatchedAt, account: &Account) -> Result<Step, Fault> {
        let Some(now) = self.row_of(item, account).await? else { return Ok(Step::Gone) };
        let wanted = self.date(watched_at);
        let is_there = match (now.last_played(), wanted) {
            (_, None) => true,
            (Some(has), Some(wanted)) => has.as_millisecond() > wanted.as_millisecond() - SAME_PLAY_MS,
            (None, Some(_)) => false,
        };
        if now.is_played() && is_there {
            return Ok(Step::Nothing);
        }
        Ok(Step::Send(Box::new(self.add_play(item, wanted, &now, account)?), Wanted::PlayedAt(wanted)))
    }

    /// Writes some members; where the server wants the whole row, it is read first.
    async fn set(&self, item: u128, change: UserDataChange, wanted: Wanted, account: &Account) -> Result<Step, Fault> {
        let row = match self.dialect {
            Dialect::Jellyfin => None,
            Dialect::Emby => match self.row_of(item, account).await? {
                Some(row) => Some(row),
                None => return Ok(Step::Gone),
            },
        };
        Ok(Step::Send(Box::new(self.update(item, change, row.as_ref(), account)?), wanted))
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

    async fn resume(&self, item: u128, position_s: u32, account: &Account) -> Result<Step, Fault> {
        let ticks = u64::from(position_s) * TICKS_PER_SECOND;
        let change = UserDataChange { playback_position_ticks: Some(ticks), ..UserDataChange::default() };
        self.set(item, change, Wanted::StoppedAt(position_s), account).await
    }
}

impl Wanted {
    /// Servers are known to answer 200 and change nothing; the state in the answer tells.
    fn is_met(self, state: &UserData) -> bool {
        let is = |field: Option<bool>, wanted: bool| field.is_none_or(|value| value == wanted);
        let is_at = |wanted: Option<Timestamp>| match (wanted, state.last_played()) {
            (Some(wanted), Some(has)) => has.duration_since(wanted).abs() <= SignedDuration::from_millis(SAME_PLAY_MS),
            _ => true,
        };
        let stored = state.rating.number().and_then(row::rating);
        match self {
            Self::PlayedAt(at) => is(state.played.flag(), true) && is_at(at),
            Self::NotPlayed => is(state.played.flag(), false),
            Self::Favourite(wanted) => is(state.is_favorite.flag(), wanted),
            Self::Rated(steps) => stored.is_some_and(|rating| Scale::HUNDRED.steps(rating) == steps),
            Self::NotRated => stored.is_none(),
            Self::StoppedAt(position_s) => state.position_s().unwrap_or(0) == position_s,
        }
    }
}
