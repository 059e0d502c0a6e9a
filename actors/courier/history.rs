//! Plays with their dates: looked for first, then added, and never added twice.

use crosswatch_model::{Action, Fact, Feature, OpId, ParcelState, Reason, WatchedAt};
use crosswatch_port::{CellNow, CellQuery, Durability, Fault, ParcelRecord, Write, WriteOutcome, WriteReport};
use crosswatch_scrobble::{Message, Viewing};
use jiff::Timestamp;
use smol_str::format_smolstr;

use super::{
    errand::{Errand, Rest, SETTLE_S, put},
    settle::Settled,
};
use crate::{provider::AccountDoor, scrobbler::viewing_of, store::SaveError, urgency::Urgency};

/// What is not known at an account is asked about again: soon, because fresh items get their ids late, then daily.
const RETRY_UNKNOWN_S: [i64; 2] = [30, 600];
const RETRY_UNKNOWN_LATER_S: i64 = 24 * 3600;
/// After so long it is given up, where people can see it.
const KEPT_S: i64 = 14 * 24 * 3600;

/// What a look at the account found for one viewing.
enum Found {
    There { at: Option<Timestamp>, native: Option<crosswatch_model::NativeRef> },
    Missing,
    CannotTell,
}

impl Errand {
    /// Adds plays that the account does not have yet.
    pub(super) async fn add_plays(&self, rows: Vec<ParcelRecord>) -> Result<Rest, SaveError> {
        let mut described = Vec::with_capacity(rows.len());
        for row in rows {
            described.push(self.described(row).await?);
        }
        let rows = described;
        let queries = rows.iter().map(|row| query(row, Some(play(row)))).collect();
        let cells = match self.account.cells(Feature::History, queries).await {
            Ok(cells) if cells.len() == rows.len() => cells,
            Ok(_) => {
                let fault = Fault::Transient("the account answered for fewer items than were asked".into());
                return self.look_later(rows, &fault).await;
            }
            Err(fault @ Fault::Rejected(_)) => return self.refuse(rows, &fault).await,
            Err(fault) => return self.look_later(rows, &fault).await,
        };
        let (mut settled, mut missing, mut untold) = (Vec::new(), Vec::new(), Vec::new());
        for (row, cell) in rows.into_iter().zip(cells) {
            match self.find(&row, &cell).await? {
                // What was sent and not answered is ours where it is there now.
                Found::There { at, native } if row.state == ParcelState::Inflight => {
                    settled.push(Settled::delivered(row, at, native));
                }
                Found::There { at, native } => settled.push(Settled::found(row, at, native)),
                Found::Missing => missing.push(row),
                Found::CannotTell => untold.push(row),
            }
        }
        if !settled.is_empty() {
            self.settle(settled).await?;
        }
        if !untold.is_empty() {
            let fault = Fault::Transient("the account cannot tell whether it has this play; asking again later".into());
            self.look_later(untold, &fault).await?;
        }
        if missing.is_empty() { Ok(Rest::More) } else { self.send_plays(missing).await }
    }

    async fn send_plays(&self, rows: Vec<ParcelRecord>) -> Result<Rest, SaveError> {
        let rows = self.mark_all(rows, Some(Feature::History)).await?;
        let writes = rows.iter().map(|row| write(row, Action::Add, Some(play(row)), None)).collect();
        let WriteReport { mut outcomes, fault } = self.account.write(Feature::History, writes).await;
        outcomes.resize(rows.len(), WriteOutcome::InDoubt);
        let (mut settled, mut back, mut in_doubt) = (Vec::new(), Vec::new(), Vec::new());
        for (row, outcome) in rows.into_iter().zip(outcomes) {
            match outcome {
                WriteOutcome::Acknowledged { native } => {
                    let at = told_at(&row);
                    settled.push(Settled::delivered(row, Some(at), native));
                }
                WriteOutcome::AlreadyThere => {
                    let at = told_at(&row);
                    settled.push(Settled::found(row, Some(at), None));
                }
                WriteOutcome::Rejected(why) => settled.push(self.refused(row, why.reason)),
                WriteOutcome::InDoubt => in_doubt.push(row),
                WriteOutcome::NotAttempted => back.push(row),
            }
        }
        self.settle(settled).await?;
        if !in_doubt.is_empty() {
            // They stay marked as sent: the next errand looks for them before anything is sent again.
            let not_before = self.plus(SETTLE_S);
            let wait = |row| put(ParcelRecord { not_before, ..row });
            self.save(in_doubt.into_iter().map(wait).collect(), Durability::Synced).await?;
        }
        if back.is_empty() {
            return Ok(Rest::More);
        }
        let fault = fault.unwrap_or_else(|| Fault::Transient("the account took none of the plays".into()));
        self.later(back, &fault).await
    }

    /// Removes the play that the account has of a viewing.
    pub(super) async fn remove_play(&self, row: ParcelRecord) -> Result<Rest, SaveError> {
        let value = play(&row);
        let cells = self.account.cells(Feature::History, vec![query(&row, Some(value))]).await;
        let native = match cells.as_deref() {
            Ok([CellNow::Present(facts)]) => {
                let Message::RemovePlay(at) = row.message else { return self.settle(vec![Settled::done(row)]).await };
                let viewing = self.viewing(&row, at).await?;
                let zone = self.surroundings.clock.zone();
                let is_it = |fact: &Fact| matches!(fact, Fact::Play(stamp) if viewing.is_dated(*stamp, &zone));
                match facts.iter().find(|(fact, _)| is_it(fact)) {
                    Some((fact, native)) => (*fact, *native),
                    None => return self.settle(vec![Settled::done(row)]).await,
                }
            }
            Ok([CellNow::Absent | CellNow::NotInLibrary]) => return self.settle(vec![Settled::done(row)]).await,
            Ok(_) => {
                let fault = Fault::Transient("the account cannot tell whether it has this play".into());
                return self.look_later(vec![row], &fault).await;
            }
            Err(fault @ Fault::Rejected(_)) => return self.refuse(vec![row], fault).await,
            Err(fault) => return self.look_later(vec![row], fault).await,
        };
        self.write_one(row, Feature::History, Action::Remove, Some(native.0), native.1).await
    }

    /// Sends one write and settles it. One whose answer was lost is looked at again by its own errand.
    pub(super) async fn write_one(
        &self,
        row: ParcelRecord,
        feature: Feature,
        action: Action,
        value: Option<Fact>,
        native: Option<crosswatch_model::NativeRef>,
    ) -> Result<Rest, SaveError> {
        let Some(row) = self.mark_all(vec![row], Some(feature)).await?.pop() else { return Ok(Rest::More) };
        let report = self.account.write(feature, vec![write(&row, action, value, native)]).await;
        match (report.outcomes.first().copied().unwrap_or(WriteOutcome::InDoubt), report.fault) {
            (WriteOutcome::Acknowledged { .. } | WriteOutcome::AlreadyThere, _) => {
                self.settle(vec![Settled::done(row)]).await
            }
            (WriteOutcome::Rejected(why), _) => {
                let settled = self.refused(row, why.reason);
                self.settle(vec![settled]).await
            }
            (WriteOutcome::InDoubt, _) => {
                let not_before = self.plus(SETTLE_S);
                self.save(vec![put(ParcelRecord { not_before, ..row })], Durability::Synced).await?;
                Ok(Rest::More)
            }
            (WriteOutcome::NotAttempted, fault) => {
                let fault = fault.unwrap_or_else(|| Fault::Transient("the account took nothing".into()));
                self.later(vec![row], &fault).await
            }
        }
    }

    pub(super) async fn refuse(&self, rows: Vec<ParcelRecord>, fault: &Fault) -> Result<Rest, SaveError> {
        let why = format_smolstr!("{fault}");
        self.settle(rows.into_iter().map(|row| Settled::dead(row, why.clone())).collect()).await
    }

    /// A viewing that an account does not know waits for what may be learned of it; anything else is refused for good.
    fn refused(&self, row: ParcelRecord, reason: Reason) -> Settled {
        let why = format_smolstr!("{}", reason.as_str());
        let age_s = self.now().as_second() - row.since.as_second();
        let may_be_learned = matches!(reason, Reason::NotFound | Reason::NoIds | Reason::NotInLibrary);
        if !may_be_learned || age_s > KEPT_S {
            return Settled::dead(row, why);
        }
        let tries = usize::try_from(row.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait_s = RETRY_UNKNOWN_S.get(tries).copied().unwrap_or(RETRY_UNKNOWN_LATER_S);
        Settled::parked(row, why, self.plus(wait_s))
    }

    /// A parked message, with what its server knows by now.
    async fn described(&self, row: ParcelRecord) -> Result<ParcelRecord, SaveError> {
        if row.state != ParcelState::Parked || row.native.is_empty() {
            return Ok(row);
        }
        let door = AccountDoor::new(row.source.clone(), self.directory.clone(), Urgency::Live);
        match door.describe(row.native.clone()).await {
            Ok(Some(described)) if described.item.kind == row.item.kind => {
                let number = row.item.number.or(described.item.number);
                Ok(ParcelRecord { item: crosswatch_model::Item { number, ..described.item }, ..row })
            }
            _ => Ok(row),
        }
    }

    async fn find(&self, row: &ParcelRecord, cell: &CellNow) -> Result<Found, SaveError> {
        let facts = match cell {
            CellNow::Absent | CellNow::NotInLibrary => return Ok(Found::Missing),
            CellNow::Unknown => return Ok(Found::CannotTell),
            CellNow::Present(facts) => facts,
        };
        let viewing = self.viewing(row, told_at(row)).await?;
        let zone = self.surroundings.clock.zone();
        for (fact, native) in facts {
            if let Fact::Play(stamp) = fact
                && viewing.is_dated(*stamp, &zone)
            {
                return Ok(Found::There { at: stamp.instant(), native: *native });
            }
        }
        Ok(Found::Missing)
    }

    /// The viewing a message is about, as an interval where it was seen as one.
    pub(super) async fn viewing(&self, row: &ParcelRecord, at: Timestamp) -> Result<Viewing, SaveError> {
        let plays = self.plays_of(vec![row.uid]).await?;
        let known = plays.get(&row.uid).into_iter().flatten().find(|play| play.play == row.play);
        Ok(known.map_or(Viewing { started_at: at, completed_at: at, runtime_s: None }, viewing_of))
    }
}

/// When the viewing counted as watched.
pub(crate) fn told_at(row: &ParcelRecord) -> Timestamp {
    match row.message {
        Message::Watched { at, .. } | Message::AddPlay(at) | Message::RemovePlay(at) => at,
        _ => row.since,
    }
}

fn play(row: &ParcelRecord) -> Fact {
    Fact::Play(WatchedAt::Exact(told_at(row)))
}

pub(super) fn query(row: &ParcelRecord, value: Option<Fact>) -> CellQuery {
    CellQuery { item: row.item.clone(), uid: row.uid, value, native: None }
}

fn write(
    row: &ParcelRecord,
    action: Action,
    value: Option<Fact>,
    native: Option<crosswatch_model::NativeRef>,
) -> Write {
    Write { op: OpId(row.seq), action, uid: row.uid, item: row.item.clone(), value, native }
}
