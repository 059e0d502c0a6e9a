//! Keys: hand-encoded, big-endian, fixed width first.
//!
//! Promises, each with a property test: the order of the bytes is the order of the values, and
//! `parse(bytes(key)) == key`.
//! Pairs, accounts and leased resources stand in keys as the numbers that [`crate::names`] gave them.

use std::cmp::Reverse;

use crosswatch_model::{Feature, Id, NativeRef, OpId, PlayKey, RunId, Uid};
use crosswatch_port::{SeatKey, StandingKind};
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::row::ChunkHash;

#[cfg(test)]
mod tests;

/// A value that is a key in some keyspace.
pub(crate) trait Key: Sized {
    /// The bytes that stand for it.
    fn bytes(&self) -> Vec<u8>;

    /// The value these bytes stand for; `None` where they stand for none.
    fn parse(bytes: &[u8]) -> Option<Self>;
}

/// `lease`: a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LeaseKey(pub(crate) u32);

/// `run`, `plan` and `snapshot`: the records by id, and of the first two an index by pair. Ids begin with their time, so both are newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RunKey {
    /// The record.
    Record(Reverse<RunId>),
    /// Says that the pair has a record with this id.
    OfPair(u32, Reverse<RunId>),
}

/// `line`: a line of a run or plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineKey {
    pub(crate) owner: RunId,
    pub(crate) number: u32,
}

/// `item`: an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ItemKey(pub(crate) Uid);

/// `identity`: an external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IdentityKey(pub(crate) Id);

/// `baseline` and `unresolved` (of a pair), `shelf` (of an account): one play of one entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FactKey {
    pub(crate) scope: u32,
    pub(crate) feature: Feature,
    pub(crate) uid: Uid,
    pub(crate) play: PlayKey,
}

/// `reading`: one row of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReadingKey {
    pub(crate) fact: FactKey,
    pub(crate) native: Option<NativeRef>,
}

/// `reading_head` and `shelf_size` (of an account), `pair_feature` (of a pair).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FeatureKey {
    pub(crate) scope: u32,
    pub(crate) feature: Feature,
}

/// `outbox`: a place in the queue of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OutboxKey {
    pub(crate) account: u32,
    pub(crate) seq: u64,
}

/// `held`: what waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HeldKey(pub(crate) u64);

/// `rejected`: an operation of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RejectedKey {
    pub(crate) pair: u32,
    pub(crate) op: OpId,
}

/// `import`: a file that was imported. Ids begin with their time, so they are newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ImportKey(pub(crate) Reverse<RunId>);

/// `event`: an instant, and a number among the events of that instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EventKey {
    pub(crate) at: Timestamp,
    pub(crate) seq: u32,
}

/// `secret` and `cache`: what an account keeps under a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeptKey {
    pub(crate) account: u32,
    pub(crate) name: SmolStr,
}

/// `inbox`, `inbox_waiting`, `parcel_settled`: a number that counts up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NumberKey(pub(crate) u64);

/// `play`: a viewing of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PlayOfKey {
    pub(crate) uid: Uid,
    pub(crate) play: u64,
}

/// `echo`: a feature of an entity of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FeatureOfKey {
    pub(crate) scope: u32,
    pub(crate) uid: Uid,
    pub(crate) feature: Feature,
}

/// `seat`: a viewer on a device as a route sees them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeatName {
    pub(crate) route: SmolStr,
    pub(crate) viewer: SmolStr,
    pub(crate) player: SmolStr,
}

/// `standing`: a kind of mark, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StandingKey {
    pub(crate) kind: StandingKind,
    pub(crate) subject: SmolStr,
}

/// `chunk_list`: one feature of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChunkListKey {
    pub(crate) snapshot: RunId,
    pub(crate) feature: Feature,
}

/// `chunk`: the hash of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChunkKey(pub(crate) ChunkHash);

/// What all keys of one feature of a pair or account begin with.
pub(crate) fn feature_prefix(scope: u32, feature: Feature) -> Vec<u8> {
    FeatureKey { scope, feature }.bytes()
}

/// What all keys of one entity in a feature of a pair or account begin with.
pub(crate) fn entity_prefix(scope: u32, feature: Feature, uid: Uid) -> Vec<u8> {
    join(&[&feature_prefix(scope, feature), &uid.0.to_be_bytes()])
}

/// What all keys of a pair or account begin with.
pub(crate) fn scope_prefix(scope: u32) -> Vec<u8> {
    scope.to_be_bytes().to_vec()
}

/// What the keys of all lines of a run or plan begin with.
pub(crate) fn line_prefix(owner: RunId) -> Vec<u8> {
    owner.0.to_be_bytes().to_vec()
}

/// What the keys of all chunk lists of a snapshot begin with.
pub(crate) fn chunk_list_prefix(snapshot: RunId) -> Vec<u8> {
    snapshot.0.to_be_bytes().to_vec()
}

/// What the keys of all records begin with, in `run` and `plan`.
pub(crate) fn record_prefix() -> Vec<u8> {
    vec![RECORD]
}

/// What the index of a pair begins with, in `run` and `plan`.
pub(crate) fn pair_index_prefix(pair: u32) -> Vec<u8> {
    join(&[&[OF_PAIR], &pair.to_be_bytes()])
}

/// What the keys of all events of an instant begin with.
pub(crate) fn instant_prefix(at: Timestamp) -> Vec<u8> {
    ordered_instant(at).to_vec()
}

const RECORD: u8 = 0;
const OF_PAIR: u8 = 1;

impl Key for LeaseKey {
    fn bytes(&self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self(rest.number()?);
        rest.end(key)
    }
}

impl Key for RunKey {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Record(id) => join(&[&record_prefix(), &(!id.0.0).to_be_bytes()]),
            Self::OfPair(pair, id) => join(&[&pair_index_prefix(*pair), &(!id.0.0).to_be_bytes()]),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = match rest.take::<1>()? {
            [RECORD] => Self::Record(rest.inverted_id()?),
            [OF_PAIR] => Self::OfPair(rest.number()?, rest.inverted_id()?),
            _ => return None,
        };
        rest.end(key)
    }
}

impl Key for LineKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&line_prefix(self.owner), &self.number.to_be_bytes()])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self { owner: RunId(rest.wide()?), number: rest.number()? };
        rest.end(key)
    }
}

impl Key for ItemKey {
    fn bytes(&self) -> Vec<u8> {
        self.0.0.to_be_bytes().to_vec()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self(Uid(rest.long()?));
        rest.end(key)
    }
}

impl Key for IdentityKey {
    fn bytes(&self) -> Vec<u8> {
        self.0.to_bits().to_be_bytes().to_vec()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self(Id::from_bits(rest.wide()?)?);
        rest.end(key)
    }
}

impl Key for FactKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&entity_prefix(self.scope, self.feature, self.uid), &self.play.0.to_be_bytes()])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = rest.fact()?;
        rest.end(key)
    }
}

impl Key for ReadingKey {
    fn bytes(&self) -> Vec<u8> {
        match self.native {
            None => join(&[&self.fact.bytes(), &[0]]),
            Some(native) => join(&[&self.fact.bytes(), &[1], &native.0.to_be_bytes()]),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let fact = rest.fact()?;
        let native = match rest.take::<1>()? {
            [0] => None,
            [1] => Some(NativeRef(rest.wide()?)),
            _ => return None,
        };
        rest.end(Self { fact, native })
    }
}

impl Key for FeatureKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&scope_prefix(self.scope), &[self.feature as u8]])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self { scope: rest.number()?, feature: rest.feature()? };
        rest.end(key)
    }
}

impl Key for OutboxKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&scope_prefix(self.account), &self.seq.to_be_bytes()])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self { account: rest.number()?, seq: rest.long()? };
        rest.end(key)
    }
}

impl Key for HeldKey {
    fn bytes(&self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self(rest.long()?);
        rest.end(key)
    }
}

impl Key for RejectedKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&scope_prefix(self.pair), &self.op.0.to_be_bytes()])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self { pair: rest.number()?, op: OpId(rest.long()?) };
        rest.end(key)
    }
}

impl Key for ImportKey {
    fn bytes(&self) -> Vec<u8> {
        let Reverse(RunId(id)) = self.0;
        (!id).to_be_bytes().to_vec()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self(rest.inverted_id()?);
        rest.end(key)
    }
}

impl Key for EventKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&instant_prefix(self.at), &self.seq.to_be_bytes()])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let nanosecond = (rest.wide()? ^ SIGN).cast_signed();
        let key = Self { at: Timestamp::from_nanosecond(nanosecond).ok()?, seq: rest.number()? };
        rest.end(key)
    }
}

impl Key for KeptKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&scope_prefix(self.account), self.name.as_bytes()])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let account = rest.number()?;
        Some(Self { account, name: std::str::from_utf8(rest.0).ok()?.into() })
    }
}

impl Key for NumberKey {
    fn bytes(&self) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self(rest.long()?);
        rest.end(key)
    }
}

impl PlayOfKey {
    /// What the keys of all viewings of an entity begin with.
    pub(crate) fn prefix(uid: Uid) -> Vec<u8> {
        uid.0.to_be_bytes().to_vec()
    }
}

impl Key for PlayOfKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&Self::prefix(self.uid), &self.play.to_be_bytes()])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self { uid: Uid(rest.long()?), play: rest.long()? };
        rest.end(key)
    }
}

impl FeatureOfKey {
    /// What the keys of all features of an entity begin with.
    pub(crate) fn prefix(scope: u32, uid: Uid) -> Vec<u8> {
        join(&[&scope_prefix(scope), &uid.0.to_be_bytes()])
    }
}

impl Key for FeatureOfKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&Self::prefix(self.scope, self.uid), &[self.feature as u8]])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self { scope: rest.number()?, uid: Uid(rest.long()?), feature: rest.feature()? };
        rest.end(key)
    }
}

impl SeatName {
    /// The name of a seat. Its parts hold no zero byte.
    pub(crate) fn of(key: &SeatKey) -> Self {
        Self { route: key.route.clone(), viewer: key.viewer.clone(), player: key.player.clone() }
    }
}

impl Key for SeatName {
    fn bytes(&self) -> Vec<u8> {
        join(&[self.route.as_bytes(), &[0], self.viewer.as_bytes(), &[0], self.player.as_bytes()])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(bytes).ok()?.split('\0');
        let key = Self { route: parts.next()?.into(), viewer: parts.next()?.into(), player: parts.next()?.into() };
        if parts.next().is_none() { Some(key) } else { None }
    }
}

impl Key for StandingKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&[self.kind as u8], self.subject.as_bytes()])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let [number] = rest.take()?;
        let kind = StandingKind::from_number(number)?;
        Some(Self { kind, subject: std::str::from_utf8(rest.0).ok()?.into() })
    }
}

impl Key for ChunkListKey {
    fn bytes(&self) -> Vec<u8> {
        join(&[&chunk_list_prefix(self.snapshot), &[self.feature as u8]])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let key = Self { snapshot: RunId(rest.wide()?), feature: rest.feature()? };
        rest.end(key)
    }
}

impl Key for ChunkKey {
    fn bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

const SIGN: u128 = 1 << 127;

/// Nanoseconds since 1970 with the sign bit turned, so that instants before 1970 sort before those after.
fn ordered_instant(at: Timestamp) -> [u8; 16] {
    (at.as_nanosecond().cast_unsigned() ^ SIGN).to_be_bytes()
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// The bytes of a key that are not parsed yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(*head)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn wide(&mut self) -> Option<u128> {
        self.take().map(u128::from_be_bytes)
    }

    fn inverted_id(&mut self) -> Option<Reverse<RunId>> {
        self.wide().map(|bits| Reverse(RunId(!bits)))
    }

    fn feature(&mut self) -> Option<Feature> {
        let [number] = self.take()?;
        Feature::from_number(number)
    }

    fn fact(&mut self) -> Option<FactKey> {
        Some(FactKey {
            scope: self.number()?,
            feature: self.feature()?,
            uid: Uid(self.long()?),
            play: PlayKey(self.number()?),
        })
    }

    /// The key, where nothing follows it.
    fn end<K>(&self, key: K) -> Option<K> {
        if self.0.is_empty() { Some(key) } else { None }
    }
}
