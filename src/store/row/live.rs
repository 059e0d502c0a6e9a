//! The inbox, plays, messages to accounts, and echoes.

use crosswatch_model::{NativeRef, Rating, RunId, Uid};
use crosswatch_port::{EchoRecord, InboxRecord, ParcelRecord, PlayAlias, PlayRecord};
use crosswatch_scrobble::{Message, Percent, PlayId, Via};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored,
    bytes::Wide,
    heard::HeardV1,
    item::ItemV1,
    row,
    stamp::{StampV1, instant_if_any},
    word::{self, text, word_if_any},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InboxV1 {
    number: u64,
    account: SmolStr,
    via: u8,
    received_at: StampV1,
    word: SmolStr,
    digest: Wide,
    heard: HeardV1,
    disposition: Option<SmolStr>,
    detail: SmolStr,
}
row!(InboxV1, Named, 1);

impl Stored for InboxRecord {
    type Row = InboxV1;

    fn to_row(&self) -> InboxV1 {
        InboxV1 {
            number: self.number,
            account: self.account.as_str().into(),
            via: self.via as u8,
            received_at: StampV1::of(self.received_at),
            word: self.word.clone(),
            digest: Wide(self.digest),
            heard: HeardV1::of(&self.heard),
            disposition: self.disposition.map(|word| text(word.as_str())),
            detail: self.detail.clone(),
        }
    }

    fn from_row(row: InboxV1) -> Result<Self, RowError> {
        Ok(Self {
            number: row.number,
            account: word::account(&row.account)?,
            via: match row.via {
                1 => Via::Webhook,
                2 => Via::Watch,
                _ => return Err(RowError::Field("via")),
            },
            received_at: row.received_at.instant("received_at")?,
            word: row.word,
            digest: row.digest.0,
            heard: row.heard.heard()?,
            disposition: word_if_any(row.disposition.as_ref(), "disposition")?,
            detail: row.detail,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlayV1 {
    play: u64,
    uid: u64,
    item: ItemV1,
    route: SmolStr,
    account: SmolStr,
    viewer: SmolStr,
    kind: SmolStr,
    started_at: StampV1,
    completed_at: StampV1,
    runtime_s: Option<u32>,
    aliases: Vec<AliasV1>,
}
row!(PlayV1, Named, 1);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AliasV1 {
    account: SmolStr,
    at: Option<StampV1>,
    native: Option<Wide>,
}

impl Stored for PlayRecord {
    type Row = PlayV1;

    fn to_row(&self) -> PlayV1 {
        let alias = |alias: &PlayAlias| AliasV1 {
            account: alias.account.as_str().into(),
            at: StampV1::of_any(alias.at),
            native: alias.native.map(|native| Wide(native.0)),
        };
        PlayV1 {
            play: self.play.0,
            uid: self.uid.0,
            item: ItemV1::of(&self.item),
            route: self.route.clone(),
            account: self.account.as_str().into(),
            viewer: self.viewer.clone(),
            kind: text(self.kind.as_str()),
            started_at: StampV1::of(self.started_at),
            completed_at: StampV1::of(self.completed_at),
            runtime_s: self.runtime_s,
            aliases: self.aliases.iter().map(alias).collect(),
        }
    }

    fn from_row(row: PlayV1) -> Result<Self, RowError> {
        let alias = |alias: AliasV1| {
            Ok(PlayAlias {
                account: word::account(&alias.account)?,
                at: instant_if_any(alias.at, "at")?,
                native: alias.native.map(|native| NativeRef(native.0)),
            })
        };
        Ok(Self {
            play: PlayId(row.play),
            uid: Uid(row.uid),
            item: row.item.item()?,
            route: row.route,
            account: word::account(&row.account)?,
            viewer: row.viewer,
            kind: word::word(&row.kind, "kind")?,
            started_at: row.started_at.instant("started_at")?,
            completed_at: row.completed_at.instant("completed_at")?,
            runtime_s: row.runtime_s,
            aliases: row.aliases.into_iter().map(alias).collect::<Result<_, RowError>>()?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParcelV1 {
    account: SmolStr,
    seq: u64,
    route: SmolStr,
    source: SmolStr,
    native: SmolStr,
    play: u64,
    uid: u64,
    item: ItemV1,
    message: MessageV1,
    since: StampV1,
    not_before: StampV1,
    state: SmolStr,
    attempts: u32,
    sent_at: Option<StampV1>,
    finished_at: Option<StampV1>,
    last_error: Option<SmolStr>,
    /// Missing where it is not so.
    was_there: Option<bool>,
}
row!(ParcelV1, Named, 1);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct MessageV1 {
    word: SmolStr,
    percent: Option<u16>,
    at: Option<StampV1>,
    rating: Option<u8>,
    position_ms: Option<u64>,
    duration_ms: Option<u64>,
}

impl MessageV1 {
    fn of(message: Message) -> Self {
        let word = text(message.as_str());
        let plain = Self { word, percent: None, at: None, rating: None, position_ms: None, duration_ms: None };
        match message {
            Message::Start(percent) | Message::Pause(percent) => Self { percent: Some(percent.get()), ..plain },
            Message::Clear | Message::DropPlace | Message::Unlist => plain,
            Message::Watched { percent, at } => {
                Self { percent: Some(percent.get()), at: Some(StampV1::of(at)), ..plain }
            }
            Message::AddPlay(at) | Message::RemovePlay(at) => Self { at: Some(StampV1::of(at)), ..plain },
            Message::Rate(rating) => Self { rating: rating.map(Rating::get), ..plain },
            Message::KeepPlace { position_ms, duration_ms } => {
                Self { position_ms: Some(position_ms), duration_ms, ..plain }
            }
        }
    }

    fn message(self) -> Result<Message, RowError> {
        let percent = self.percent.map(Percent::hundredths).ok_or(RowError::Field("percent"));
        let at = instant_if_any(self.at, "at").and_then(|at| at.ok_or(RowError::Field("at")));
        Ok(match self.word.as_str() {
            "start" => Message::Start(percent?),
            "pause" => Message::Pause(percent?),
            "clear" => Message::Clear,
            "watched" => Message::Watched { percent: percent?, at: at? },
            "add_play" => Message::AddPlay(at?),
            "remove_play" => Message::RemovePlay(at?),
            "rate" => Message::Rate(self.rating.map(Rating::new).transpose().map_err(|_| RowError::Field("rating"))?),
            "keep_place" => Message::KeepPlace {
                position_ms: self.position_ms.ok_or(RowError::Field("position_ms"))?,
                duration_ms: self.duration_ms,
            },
            "drop_place" => Message::DropPlace,
            "unlist" => Message::Unlist,
            _ => return Err(RowError::Field("message")),
        })
    }
}

impl Stored for ParcelRecord {
    type Row = ParcelV1;

    fn to_row(&self) -> ParcelV1 {
        ParcelV1 {
            account: self.account.as_str().into(),
            seq: self.seq,
            route: self.route.clone(),
            source: self.source.as_str().into(),
            native: self.native.clone(),
            play: self.play.0,
            uid: self.uid.0,
            item: ItemV1::of(&self.item),
            message: MessageV1::of(self.message),
            since: StampV1::of(self.since),
            not_before: StampV1::of(self.not_before),
            state: text(self.state.as_str()),
            attempts: self.attempts,
            sent_at: StampV1::of_any(self.sent_at),
            finished_at: StampV1::of_any(self.finished_at),
            last_error: self.last_error.clone(),
            was_there: self.was_there.then_some(true),
        }
    }

    fn from_row(row: ParcelV1) -> Result<Self, RowError> {
        Ok(Self {
            account: word::account(&row.account)?,
            seq: row.seq,
            route: row.route,
            source: word::account(&row.source)?,
            native: row.native,
            play: PlayId(row.play),
            uid: Uid(row.uid),
            item: row.item.item()?,
            message: row.message.message()?,
            since: row.since.instant("since")?,
            not_before: row.not_before.instant("not_before")?,
            state: word::word(&row.state, "state")?,
            attempts: row.attempts,
            sent_at: instant_if_any(row.sent_at, "sent_at")?,
            finished_at: instant_if_any(row.finished_at, "finished_at")?,
            last_error: row.last_error,
            was_there: row.was_there.unwrap_or(false),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EchoV1 {
    account: SmolStr,
    uid: u64,
    feature: SmolStr,
    run: Option<Wide>,
    expires_at: StampV1,
}
row!(EchoV1, Named, 1);

impl Stored for EchoRecord {
    type Row = EchoV1;

    fn to_row(&self) -> EchoV1 {
        EchoV1 {
            account: self.account.as_str().into(),
            uid: self.uid.0,
            feature: text(self.feature.as_str()),
            run: self.run.map(word::run),
            expires_at: StampV1::of(self.expires_at),
        }
    }

    fn from_row(row: EchoV1) -> Result<Self, RowError> {
        Ok(Self {
            account: word::account(&row.account)?,
            uid: Uid(row.uid),
            feature: word::word(&row.feature, "feature")?,
            run: row.run.map(|run| RunId(run.0)),
            expires_at: row.expires_at.instant("expires_at")?,
        })
    }
}
