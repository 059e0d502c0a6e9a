//! Names as numbers: pairs, accounts and leased resources are long in texts and short in keys.
//!
//! A name gets its number with the first commit that needs it, in the same batch, and keeps it for ever.
//! This file also knows the keys of `meta`, where these numbers and the counters live.

use smol_str::SmolStr;

use crate::{batch::Batch, failure::StoreError, key::Key, keyspaces::Space, row::Number, view::View};

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameKind {
    /// An account.
    Account,
    /// A pair.
    Pair,
    /// Something that is leased.
    Resource,
}

impl NameKind {
    const ALL: [Self; 3] = [Self::Account, Self::Pair, Self::Resource];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Pair => "pair",
            Self::Resource => "resource",
        }
    }
}

/// The keys of `meta`. They are texts; the variants stand in the order of their texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MetaKey {
    /// How many events are kept.
    EventCount,
    /// The version of the whole database.
    Format,
    /// The highest number of the inbox.
    LastInbox,
    /// The highest place of a message.
    LastParcel,
    /// The process life that owns the store.
    Life,
    /// The number of a name.
    Name(NameKind, SmolStr),
    /// The number the next new name gets.
    NextName,
    /// The next free place in the outbox of an account.
    NextOutboxSeq(SmolStr),
    /// The next free entity id.
    NextUid,
}

impl Key for MetaKey {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::EventCount => b"count/event".to_vec(),
            Self::Format => b"format".to_vec(),
            Self::LastInbox => b"last/inbox".to_vec(),
            Self::LastParcel => b"last/parcel".to_vec(),
            Self::Life => b"life".to_vec(),
            Self::Name(kind, name) => format!("name/{}/{name}", kind.as_str()).into_bytes(),
            Self::NextName => b"next/name".to_vec(),
            Self::NextOutboxSeq(account) => format!("next/outbox/{account}").into_bytes(),
            Self::NextUid => b"next/uid".to_vec(),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        if let Some(account) = text.strip_prefix("next/outbox/") {
            return Some(Self::NextOutboxSeq(account.into()));
        }
        if let Some(name) = text.strip_prefix("name/") {
            let (word, name) = name.split_once('/')?;
            let kind = NameKind::ALL.into_iter().find(|kind| kind.as_str() == word)?;
            return Some(Self::Name(kind, name.into()));
        }
        match text {
            "count/event" => Some(Self::EventCount),
            "format" => Some(Self::Format),
            "last/inbox" => Some(Self::LastInbox),
            "last/parcel" => Some(Self::LastParcel),
            "life" => Some(Self::Life),
            "next/name" => Some(Self::NextName),
            "next/uid" => Some(Self::NextUid),
            _ => None,
        }
    }
}

impl View<'_> {
    /// The number of a name; `None` where nothing was ever written about it.
    pub(crate) fn number_of(&self, kind: NameKind, name: &str) -> Result<Option<u32>, StoreError> {
        let key = MetaKey::Name(kind, name.into());
        let Some(Number(number)) = self.value::<Number>(Space::Meta, &key)? else { return Ok(None) };
        u32::try_from(number).map(Some).map_err(|_| StoreError::unreadable_key(Space::Meta, &key.bytes()))
    }
}

impl Batch<'_> {
    /// The number of a name, a new one where it has none.
    pub(crate) fn intern(&mut self, kind: NameKind, name: &str) -> Result<u32, StoreError> {
        let known = (kind, SmolStr::from(name));
        if let Some(number) = self.names.get(&known) {
            return Ok(*number);
        }
        let number = match self.view().number_of(kind, name)? {
            Some(number) => number,
            None => self.number_new_name(kind, name)?,
        };
        self.names.insert(known, number);
        Ok(number)
    }

    fn number_new_name(&mut self, kind: NameKind, name: &str) -> Result<u32, StoreError> {
        let number = self.count_up(&MetaKey::NextName, 1)?;
        let number = u32::try_from(number).map_err(|_| StoreError::CounterExhausted)?;
        self.put(Space::Meta, &MetaKey::Name(kind, name.into()), &Number(u64::from(number)))?;
        Ok(number)
    }

    /// Moves a counter on by `step` and answers where it stood. Counters begin at 1.
    pub(crate) fn count_up(&mut self, counter: &MetaKey, step: u64) -> Result<u64, StoreError> {
        let Number(next) = self.get(Space::Meta, counter)?.unwrap_or(Number(1));
        let after = next.checked_add(step).ok_or(StoreError::CounterExhausted)?;
        self.put(Space::Meta, counter, &Number(after))?;
        Ok(next)
    }
}
