//! What live scrobbling keeps: its keys, its changes and its reads.
//!
//! Messages lie in two places: those on their way by account and order, the settled ones by their place alone, so that a
//! queue is read without what lies behind it. The inbox keeps its newest rows; what waits is never dropped.

use std::ops::ControlFlow;

use crosswatch_model::{Feature, ProviderId, Uid};
use crosswatch_port::{
    EchoRecord, InboxRecord, LiveChange, LiveLedger, ParcelRecord, PlayRecord, SeatRecord, StorageFailure,
};
use crosswatch_scrobble::PlayId;

use crate::{
    batch::Batch,
    failure::StoreError,
    key::{FeatureOfKey, Key, NumberKey, OutboxKey, PlayOfKey, SeatName, scope_prefix},
    keyspaces::Space,
    ledger::FjallLedger,
    names::{MetaKey, NameKind},
    row::{Number, Present},
    view::{KeyRange, View, decode},
};

/// How many rows of the inbox are kept; older ones go, unless they wait.
pub const INBOX_KEPT: u64 = 20_000;

impl Batch<'_> {
    pub(crate) fn change_live(&mut self, change: LiveChange) -> Result<(), StoreError> {
        match change {
            LiveChange::PutInbox(record) => self.put_inbox(&record),
            LiveChange::PutSeat(record) => self.put(Space::Seat, &SeatName::of(&record.key), &record),
            LiveChange::DropSeat(key) => self.remove(Space::Seat, &SeatName::of(&key)),
            LiveChange::PutPlay(record) => {
                self.put(Space::Play, &PlayOfKey { uid: record.uid, play: record.play.0 }, &record)
            }
            LiveChange::DropPlay(uid, PlayId(play)) => self.remove(Space::Play, &PlayOfKey { uid, play }),
            LiveChange::PutParcel(record) => self.put_parcel(&record),
            LiveChange::PutEcho(record) => {
                let key = self.echo_key(&record.account, record.uid, record.feature)?;
                self.put(Space::Echo, &key, &record)
            }
            LiveChange::DropEcho(account, uid, feature) => {
                let key = self.echo_key(&account, uid, feature)?;
                self.remove(Space::Echo, &key)
            }
            LiveChange::ForgetParcels(seq) => self.forget_parcels(seq),
        }
    }

    fn put_inbox(&mut self, record: &InboxRecord) -> Result<(), StoreError> {
        let key = NumberKey(record.number);
        self.put(Space::Inbox, &key, record)?;
        if record.disposition.is_none() {
            self.put(Space::InboxWaiting, &key, &Present)?;
        } else {
            self.remove(Space::InboxWaiting, &key)?;
        }
        if self.raise(&MetaKey::LastInbox, record.number)?
            && let Some(old) = record.number.checked_sub(INBOX_KEPT).map(NumberKey)
            && !self.contains(Space::InboxWaiting, &old)?
        {
            self.remove(Space::Inbox, &old)?;
        }
        Ok(())
    }

    fn put_parcel(&mut self, record: &ParcelRecord) -> Result<(), StoreError> {
        let account = self.account(&record.account)?;
        let (waiting, settled) = (OutboxKey { account, seq: record.seq }, NumberKey(record.seq));
        self.raise(&MetaKey::LastParcel, record.seq)?;
        if record.state.is_final() {
            self.remove(Space::Parcel, &waiting)?;
            self.put(Space::ParcelSettled, &settled, record)
        } else {
            self.remove(Space::ParcelSettled, &settled)?;
            self.put(Space::Parcel, &waiting, record)
        }
    }

    fn forget_parcels(&mut self, seq: u64) -> Result<(), StoreError> {
        let mut old = Vec::new();
        self.view().visit_bytes(Space::ParcelSettled, &KeyRange::ALL, &mut |key, _| {
            let Some(key) = NumberKey::parse(key) else {
                return Err(StoreError::unreadable_key(Space::ParcelSettled, key));
            };
            let is_old = key.0 <= seq;
            old.extend(is_old.then_some(key));
            Ok(if is_old { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        old.iter().try_for_each(|key| self.remove(Space::ParcelSettled, key))
    }

    fn echo_key(&mut self, account: &ProviderId, uid: Uid, feature: Feature) -> Result<FeatureOfKey, StoreError> {
        Ok(FeatureOfKey { scope: self.account(account)?, uid, feature })
    }

    /// Raises a counter that tells the highest number so far. Answers whether the number is new.
    fn raise(&mut self, counter: &MetaKey, number: u64) -> Result<bool, StoreError> {
        let Number(highest) = self.get(Space::Meta, counter)?.unwrap_or(Number(0));
        if number > highest {
            self.put(Space::Meta, counter, &Number(number))?;
        }
        Ok(number > highest)
    }
}

impl View<'_> {
    fn next(&self, counter: &MetaKey) -> Result<u64, StoreError> {
        let Number(highest) = self.value(Space::Meta, counter)?.unwrap_or(Number(0));
        highest.checked_add(1).ok_or(StoreError::CounterExhausted)
    }

    fn inbox_waiting(&self, limit: usize) -> Result<Vec<InboxRecord>, StoreError> {
        let mut keys = Vec::new();
        self.visit::<NumberKey, Present>(Space::InboxWaiting, &KeyRange::ALL, &mut |key, _| {
            keys.push(key);
            if keys.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            rows.extend(self.value(Space::Inbox, &key)?);
        }
        Ok(rows)
    }

    /// Rows with a number below `before`, newest first.
    fn newest<T: crate::row::Stored>(
        &self,
        space: Space,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        if limit == 0 {
            return Ok(rows);
        }
        let range = before.map_or(KeyRange::ALL, |before| KeyRange::ALL.ending_before(&NumberKey(before)));
        self.visit_bytes_backwards(space, &range, &mut |key, bytes| {
            rows.push(decode(space, key, bytes)?);
            Ok(if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(rows)
    }

    fn parcels_waiting(&self, account: &ProviderId, limit: usize) -> Result<Vec<ParcelRecord>, StoreError> {
        match self.number_of(NameKind::Account, account.as_str())? {
            Some(account) => self.values(Space::Parcel, &KeyRange::below(scope_prefix(account)), limit),
            None => Ok(Vec::new()),
        }
    }

    fn echoes(&self, account: &ProviderId, uid: Uid) -> Result<Vec<EchoRecord>, StoreError> {
        match self.number_of(NameKind::Account, account.as_str())? {
            Some(scope) => {
                self.values(Space::Echo, &KeyRange::below(FeatureOfKey::prefix(scope, uid)), Feature::ALL.len())
            }
            None => Ok(Vec::new()),
        }
    }
}

impl LiveLedger for FjallLedger {
    fn next_inbox_number(&self) -> Result<u64, StorageFailure> {
        self.attempt(|| self.view().next(&MetaKey::LastInbox))
    }

    fn next_parcel_seq(&self) -> Result<u64, StorageFailure> {
        self.attempt(|| self.view().next(&MetaKey::LastParcel))
    }

    fn inbox_waiting(&self, limit: usize) -> Result<Vec<InboxRecord>, StorageFailure> {
        self.attempt(|| self.view().inbox_waiting(limit))
    }

    fn inbox(&self, before: Option<u64>, limit: usize) -> Result<Vec<InboxRecord>, StorageFailure> {
        self.attempt(|| self.view().newest(Space::Inbox, before, limit))
    }

    fn seats(&self) -> Result<Vec<SeatRecord>, StorageFailure> {
        self.attempt(|| self.view().values(Space::Seat, &KeyRange::ALL, usize::MAX))
    }

    fn plays_of(&self, uid: Uid) -> Result<Vec<PlayRecord>, StorageFailure> {
        let range = KeyRange::below(PlayOfKey::prefix(uid));
        self.attempt(|| self.view().values(Space::Play, &range, usize::MAX))
    }

    fn visit_plays(&self, visit: &mut dyn FnMut(PlayRecord)) -> Result<(), StorageFailure> {
        self.attempt(|| {
            self.view().visit::<PlayOfKey, PlayRecord>(Space::Play, &KeyRange::ALL, &mut |_, play| {
                visit(play);
                ControlFlow::Continue(())
            })
        })
    }

    fn parcels_waiting(&self, account: &ProviderId, limit: usize) -> Result<Vec<ParcelRecord>, StorageFailure> {
        self.attempt(|| self.view().parcels_waiting(account, limit))
    }

    fn parcels_settled(&self, before: Option<u64>, limit: usize) -> Result<Vec<ParcelRecord>, StorageFailure> {
        self.attempt(|| self.view().newest(Space::ParcelSettled, before, limit))
    }

    fn echoes(&self, account: &ProviderId, uid: Uid) -> Result<Vec<EchoRecord>, StorageFailure> {
        self.attempt(|| self.view().echoes(account, uid))
    }
}
