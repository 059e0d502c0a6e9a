//! What the in-memory ledger holds of live scrobbling.

use std::collections::BTreeMap;

use crosswatch_model::{Feature, ProviderId, Uid};
use crosswatch_scrobble::PlayId;

use super::memory_ledger::MemoryLedger;
use crate::{
    ledger::StorageFailure,
    live::{EchoRecord, InboxRecord, LiveChange, LiveLedger, ParcelRecord, PlayRecord, SeatKey, SeatRecord},
};

/// How many rows of the inbox are kept; older ones go, unless they wait.
const INBOX_KEPT: u64 = 20_000;

/// Everything of live scrobbling.
#[derive(Debug, Clone, Default)]
pub(super) struct MemoryLive {
    inbox: BTreeMap<u64, InboxRecord>,
    last_number: u64,
    seats: BTreeMap<SeatKey, SeatRecord>,
    plays: BTreeMap<(Uid, PlayId), PlayRecord>,
    waiting: BTreeMap<(ProviderId, u64), ParcelRecord>,
    settled: BTreeMap<u64, ParcelRecord>,
    last_seq: u64,
    echoes: BTreeMap<(ProviderId, Uid, Feature), EchoRecord>,
}

impl MemoryLive {
    pub(super) fn apply(&mut self, change: LiveChange) {
        match change {
            LiveChange::PutInbox(record) => {
                self.last_number = self.last_number.max(record.number);
                let old = record.number.checked_sub(INBOX_KEPT);
                if old.is_some_and(|old| self.inbox.get(&old).is_some_and(|row| row.disposition.is_some())) {
                    self.inbox.retain(|number, _| Some(*number) != old);
                }
                self.inbox.insert(record.number, record);
            }
            LiveChange::PutSeat(record) => drop(self.seats.insert(record.key.clone(), record)),
            LiveChange::DropSeat(key) => drop(self.seats.remove(&key)),
            LiveChange::PutPlay(record) => drop(self.plays.insert((record.uid, record.play), record)),
            LiveChange::DropPlay(uid, play) => drop(self.plays.remove(&(uid, play))),
            LiveChange::PutParcel(record) => {
                self.last_seq = self.last_seq.max(record.seq);
                let place = (record.account.clone(), record.seq);
                if record.state.is_final() {
                    self.waiting.remove(&place);
                    self.settled.insert(record.seq, record);
                } else {
                    self.settled.remove(&record.seq);
                    self.waiting.insert(place, record);
                }
            }
            LiveChange::PutEcho(record) => {
                self.echoes.insert((record.account.clone(), record.uid, record.feature), record);
            }
            LiveChange::DropEcho(account, uid, feature) => drop(self.echoes.remove(&(account, uid, feature))),
            LiveChange::ForgetParcels(seq) => self.settled.retain(|other, _| *other > seq),
        }
    }
}

impl LiveLedger for MemoryLedger {
    fn next_inbox_number(&self) -> Result<u64, StorageFailure> {
        self.read(|state| state.live.last_number + 1)
    }

    fn next_parcel_seq(&self) -> Result<u64, StorageFailure> {
        self.read(|state| state.live.last_seq + 1)
    }

    fn inbox_waiting(&self, limit: usize) -> Result<Vec<InboxRecord>, StorageFailure> {
        self.read(|state| {
            let waiting = state.live.inbox.values().filter(|row| row.disposition.is_none());
            waiting.take(limit).cloned().collect()
        })
    }

    fn inbox(&self, before: Option<u64>, limit: usize) -> Result<Vec<InboxRecord>, StorageFailure> {
        self.read(|state| {
            let rows = state.live.inbox.range(..before.unwrap_or(u64::MAX));
            rows.rev().take(limit).map(|(_, row)| row.clone()).collect()
        })
    }

    fn seats(&self) -> Result<Vec<SeatRecord>, StorageFailure> {
        self.read(|state| state.live.seats.values().cloned().collect())
    }

    fn plays_of(&self, uid: Uid) -> Result<Vec<PlayRecord>, StorageFailure> {
        self.read(|state| state.live.plays.range((uid, PlayId(0))..=(uid, PlayId(u64::MAX))).map(second).collect())
    }

    fn visit_plays(&self, visit: &mut dyn FnMut(PlayRecord)) -> Result<(), StorageFailure> {
        self.read(|state| state.live.plays.values().cloned().for_each(&mut *visit))
    }

    fn parcels_waiting(&self, account: &ProviderId, limit: usize) -> Result<Vec<ParcelRecord>, StorageFailure> {
        let range = (account.clone(), 0)..=(account.clone(), u64::MAX);
        self.read(|state| state.live.waiting.range(range).take(limit).map(second).collect())
    }

    fn parcels_settled(&self, before: Option<u64>, limit: usize) -> Result<Vec<ParcelRecord>, StorageFailure> {
        self.read(|state| {
            state.live.settled.range(..before.unwrap_or(u64::MAX)).rev().take(limit).map(second).collect()
        })
    }

    fn echoes(&self, account: &ProviderId, uid: Uid) -> Result<Vec<EchoRecord>, StorageFailure> {
        self.read(|state| {
            let of_it = |echo: &&EchoRecord| echo.account == *account && echo.uid == uid;
            state.live.echoes.values().filter(of_it).cloned().collect()
        })
    }
}

fn second<K, V: Clone>((_, value): (K, &V)) -> V {
    value.clone()
}
