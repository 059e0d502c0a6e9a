//! What became of messages, in one commit with what the plays learn from it.

use std::collections::BTreeMap;

use crosswatch_model::{Feature, NativeRef, ParcelState, ProviderId, RunId, Uid};
use crosswatch_port::{
    Change, Durability, EchoRecord, LiveChange, ParcelRecord, PlayAlias, PlayRecord, StorageFailure,
};
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::errand::{Errand, Rest, put};
use crate::store::SaveError;

/// A write of ours comes back within this time, or not at all.
pub(crate) const ECHO_S: i64 = 600;

/// What became of a message.
pub(super) struct Settled {
    row: ParcelRecord,
    /// How the account knows the viewing, where it has it now.
    alias: Option<(Option<Timestamp>, Option<NativeRef>)>,
}

impl Settled {
    /// The account has it.
    pub(super) fn done(row: ParcelRecord) -> Self {
        Self { row: ParcelRecord { state: ParcelState::Done, last_error: None, ..row }, alias: None }
    }

    /// The account has the viewing, under this date and row where it told.
    pub(super) fn delivered(row: ParcelRecord, at: Option<Timestamp>, native: Option<NativeRef>) -> Self {
        Self { alias: Some((at, native)), ..Self::done(row) }
    }

    /// The account had the viewing before it was told.
    pub(super) fn found(row: ParcelRecord, at: Option<Timestamp>, native: Option<NativeRef>) -> Self {
        Self::delivered(ParcelRecord { was_there: true, ..row }, at, native)
    }

    /// It is worth nothing any more, for the stated reason.
    pub(super) fn expired(row: ParcelRecord, why: SmolStr) -> Self {
        Self { row: ParcelRecord { state: ParcelState::Expired, last_error: Some(why), ..row }, alias: None }
    }

    /// The account refuses it for good.
    pub(super) fn dead(row: ParcelRecord, why: SmolStr) -> Self {
        Self { row: ParcelRecord { state: ParcelState::Dead, last_error: Some(why), ..row }, alias: None }
    }

    /// It waits for something to be learned, and is tried again then.
    pub(super) fn parked(row: ParcelRecord, why: SmolStr, until: Timestamp) -> Self {
        let row = ParcelRecord { state: ParcelState::Parked, last_error: Some(why), not_before: until, ..row };
        Self { row, alias: None }
    }

    /// It goes again, in the form it has now.
    pub(super) fn again(row: ParcelRecord, not_before: Timestamp) -> Self {
        Self { row: ParcelRecord { state: ParcelState::Queued, not_before, ..row }, alias: None }
    }
}

/// A write of ours that its account will tell us about as if somebody else had done it.
pub(crate) fn expected_echo(
    account: &ProviderId,
    uid: Uid,
    feature: Feature,
    run: Option<RunId>,
    now: Timestamp,
) -> Change {
    let expires_at = now.checked_add(SignedDuration::from_secs(ECHO_S)).unwrap_or(Timestamp::MAX);
    let echo = EchoRecord { account: account.clone(), uid, feature, run, expires_at };
    Change::Live(Box::new(LiveChange::PutEcho(echo)))
}

impl Errand {
    /// Saves what became of messages.
    pub(super) async fn settle(&self, settled: Vec<Settled>) -> Result<Rest, SaveError> {
        let now = self.now();
        let mut changes = Vec::with_capacity(settled.len() * 2);
        let uids: Vec<Uid> = settled.iter().filter(|one| one.alias.is_some()).map(|one| one.row.uid).collect();
        let mut plays = self.plays_of(uids).await?;
        for Settled { row, alias } in settled {
            if let Some(parked) = Some(&row).filter(|row| row.state == ParcelState::Dead) {
                tracing::warn!(
                    account = self.account_id().as_str(),
                    "{} could not be told about {}: {}",
                    parked.account,
                    parked.item.label(),
                    parked.last_error.as_deref().unwrap_or_default()
                );
            }
            if let Some((at, native)) = alias {
                let known = plays.get_mut(&row.uid).into_iter().flatten().find(|known| known.play == row.play);
                if let Some(play) = known {
                    play.aliases.retain(|alias| alias.account != *self.account_id());
                    play.aliases.push(PlayAlias { account: self.account_id().clone(), at, native });
                    changes.push(Change::Live(Box::new(LiveChange::PutPlay(play.clone()))));
                }
            }
            let finished_at = if row.state.is_final() { Some(now) } else { None };
            changes.push(put(ParcelRecord { finished_at, ..row }));
        }
        self.save(changes, Durability::Synced).await?;
        Ok(Rest::More)
    }

    /// Marks messages on the disk as sent, before they are, with the echoes that will come of it.
    pub(super) async fn mark_all(
        &self,
        rows: Vec<ParcelRecord>,
        echo: Option<Feature>,
    ) -> Result<Vec<ParcelRecord>, SaveError> {
        let now = self.now();
        let mark = |row: ParcelRecord| ParcelRecord {
            state: ParcelState::Inflight,
            attempts: row.attempts.saturating_add(1),
            sent_at: Some(now),
            ..row
        };
        let rows: Vec<ParcelRecord> = rows.into_iter().map(mark).collect();
        let mut changes: Vec<Change> = rows.iter().cloned().map(put).collect();
        if let Some(feature) = echo.filter(|_| self.echoes) {
            let echo = |row: &ParcelRecord| expected_echo(self.account_id(), row.uid, feature, None, now);
            changes.extend(rows.iter().map(echo));
        }
        self.save(changes, Durability::Synced).await?;
        Ok(rows)
    }

    /// The viewings of entities.
    pub(super) async fn plays_of(&self, uids: Vec<Uid>) -> Result<BTreeMap<Uid, Vec<PlayRecord>>, SaveError> {
        if uids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let read = |ledger: &dyn crosswatch_port::Ledger| {
            uids.into_iter().map(|uid| Ok((uid, ledger.plays_of(uid)?))).collect::<Result<_, StorageFailure>>()
        };
        self.directory.store().query(read).await
    }

    /// Whether a date of the account is this very viewing.
    pub(super) async fn is_this_viewing(
        &self,
        row: &ParcelRecord,
        at: Timestamp,
        told: Option<Timestamp>,
    ) -> Result<bool, SaveError> {
        let Some(told) = told else { return Ok(true) };
        let viewing = self.viewing(row, at).await?;
        Ok(viewing.is_dated(crosswatch_model::WatchedAt::Exact(told), &self.surroundings.clock.zone()))
    }
}
