//! The records of live scrobbling: the inbox, who watches what, the plays, and the messages to accounts; how they change
//! and how they are read.

use crosswatch_model::{Disposition, Feature, Item, NativeRef, ParcelState, PlayKind, ProviderId, RunId, Uid};
use crosswatch_scrobble::{Heard, Message, PlayId, Seat, Via};
use jiff::Timestamp;
use smol_str::SmolStr;

use crate::ledger::StorageFailure;

/// Something a media server told. Kept before anybody is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxRecord {
    /// Its place in the order of arrival, from 1.
    pub number: u64,
    /// The account it came with.
    pub account: ProviderId,
    /// How it was noticed.
    pub via: Via,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The server's own name for it.
    pub word: SmolStr,
    /// A digest of the body, by which repeats are found.
    pub digest: u128,
    /// What it was read as.
    pub heard: Heard,
    /// What became of it; `None` while it waits.
    pub disposition: Option<Disposition>,
    /// Why, for people.
    pub detail: SmolStr,
}

/// One viewer on one device, as one route sees them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeatKey {
    /// The route.
    pub route: SmolStr,
    /// The viewer's name as it is compared.
    pub viewer: SmolStr,
    /// The device.
    pub player: SmolStr,
}

/// No part of a seat's name is longer.
const NAME_MAX_BYTES: usize = 120;

impl SeatKey {
    /// The seat of a viewer on a device. Overlong names are cut, for they are somebody else's words.
    pub fn new(route: &str, viewer: &str, player: &str) -> Self {
        let cut = |name: &str| {
            let end = (0..=NAME_MAX_BYTES.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
            name.get(..end).unwrap_or_default().replace('\0', "").into()
        };
        Self { route: cut(route), viewer: cut(viewer), player: cut(player) }
    }
}

/// What a viewer on a device does.
#[derive(Debug, Clone, PartialEq)]
pub struct SeatRecord {
    /// Whose.
    pub key: SeatKey,
    /// The playbacks.
    pub seat: Seat,
}

/// A viewing: one item, watched once, by one person.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayRecord {
    /// The viewing.
    pub play: PlayId,
    /// The entity. A file of several episodes gives several records of one viewing.
    pub uid: Uid,
    /// The item.
    pub item: Item,
    /// The route that saw it.
    pub route: SmolStr,
    /// The media server it was seen at.
    pub account: ProviderId,
    /// Who.
    pub viewer: SmolStr,
    /// How it came to be known.
    pub kind: PlayKind,
    /// When it began, or when it was marked.
    pub started_at: Timestamp,
    /// When it counted as watched.
    pub completed_at: Timestamp,
    /// How long the item runs.
    pub runtime_s: Option<u32>,
    /// Under which names accounts know it.
    pub aliases: Vec<PlayAlias>,
}

/// How an account knows a viewing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayAlias {
    /// The account.
    pub account: ProviderId,
    /// The time it has for it, where it told.
    pub at: Option<Timestamp>,
    /// Its own row, where it told.
    pub native: Option<NativeRef>,
}

/// A message to an account.
#[derive(Debug, Clone, PartialEq)]
pub struct ParcelRecord {
    /// The account it goes to.
    pub account: ProviderId,
    /// Its place in the account's queue.
    pub seq: u64,
    /// The route it comes from.
    pub route: SmolStr,
    /// The media server it was seen at.
    pub source: ProviderId,
    /// That server's own id of the item; empty where it told none.
    pub native: SmolStr,
    /// The viewing it belongs to.
    pub play: PlayId,
    /// The entity.
    pub uid: Uid,
    /// The item.
    pub item: Item,
    /// What is told.
    pub message: Message,
    /// When what it tells happened.
    pub since: Timestamp,
    /// When it may be sent.
    pub not_before: Timestamp,
    /// Where it stands.
    pub state: ParcelState,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was sent last.
    pub sent_at: Option<Timestamp>,
    /// When it reached a final state.
    pub finished_at: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<SmolStr>,
    /// The account had it before it was told: nothing of it is our work.
    pub was_there: bool,
}

/// A write of ours that a media server will tell us about as if somebody else had done it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoRecord {
    /// The account that was written to.
    pub account: ProviderId,
    /// The entity.
    pub uid: Uid,
    /// The feature.
    pub feature: Feature,
    /// The run that wrote, where it was one.
    pub run: Option<RunId>,
    /// Until when an echo is expected.
    pub expires_at: Timestamp,
}

/// One change of what live scrobbling keeps.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a change travels in a box as a whole")]
pub enum LiveChange {
    /// Writes a row of the inbox. One without a disposition waits.
    PutInbox(InboxRecord),
    /// Writes a seat.
    PutSeat(SeatRecord),
    /// Drops a seat.
    DropSeat(SeatKey),
    /// Writes a play.
    PutPlay(PlayRecord),
    /// Drops a play.
    DropPlay(Uid, PlayId),
    /// Writes a message; one in a final state leaves the queue.
    PutParcel(ParcelRecord),
    /// Writes what will come back as an echo.
    PutEcho(EchoRecord),
    /// Drops what came back.
    DropEcho(ProviderId, Uid, Feature),
    /// Forgets the settled messages up to this one.
    ForgetParcels(u64),
}

/// Reading what live scrobbling keeps. Blocks on the disk like the rest of the store.
pub trait LiveLedger {
    /// The number that the next row of the inbox gets. There is one writer.
    fn next_inbox_number(&self) -> Result<u64, StorageFailure>;

    /// The place that the next message gets, in whichever queue. There is one writer.
    fn next_parcel_seq(&self) -> Result<u64, StorageFailure>;

    /// Rows of the inbox that wait, in the order of their arrival.
    fn inbox_waiting(&self, limit: usize) -> Result<Vec<InboxRecord>, StorageFailure>;

    /// Rows of the inbox, newest first, before the row with this number where given.
    fn inbox(&self, before: Option<u64>, limit: usize) -> Result<Vec<InboxRecord>, StorageFailure>;

    /// Every seat.
    fn seats(&self) -> Result<Vec<SeatRecord>, StorageFailure>;

    /// The plays of an entity.
    fn plays_of(&self, uid: Uid) -> Result<Vec<PlayRecord>, StorageFailure>;

    /// Visits every play, by entity.
    fn visit_plays(&self, visit: &mut dyn FnMut(PlayRecord)) -> Result<(), StorageFailure>;

    /// The messages of an account that are not settled, in order.
    fn parcels_waiting(&self, account: &ProviderId, limit: usize) -> Result<Vec<ParcelRecord>, StorageFailure>;

    /// Settled messages of all accounts, newest first, before the one with this place where given.
    fn parcels_settled(&self, before: Option<u64>, limit: usize) -> Result<Vec<ParcelRecord>, StorageFailure>;

    /// What is expected to come back about an entity of an account.
    fn echoes(&self, account: &ProviderId, uid: Uid) -> Result<Vec<EchoRecord>, StorageFailure>;
}
