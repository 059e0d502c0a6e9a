//! Seats: who watches what.

use crosswatch_port::{SeatKey, SeatRecord};
use crosswatch_scrobble::{Percent, Phase, PlayId, Seat, Session, Told};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored,
    heard::{MediaV1, ViewerV1},
    row,
    stamp::{StampV1, instant_if_any},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeatV1 {
    route: SmolStr,
    viewer: SmolStr,
    player: SmolStr,
    current: Option<SessionV1>,
    before: Option<SessionV1>,
}
row!(SeatV1, Named, 1);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SessionV1 {
    play: u64,
    viewer: ViewerV1,
    player: SmolStr,
    name: SmolStr,
    media: MediaV1,
    phase: u8,
    started_at: StampV1,
    started_from: u16,
    percent: u16,
    position_ms: Option<u64>,
    seen_at: StampV1,
    server_time: Option<StampV1>,
    told_start: Option<u16>,
    told_pause: Option<u16>,
    start_told_at: Option<StampV1>,
    pause_due: Option<StampV1>,
    seek_due: Option<StampV1>,
}

impl Stored for SeatRecord {
    type Row = SeatV1;

    fn to_row(&self) -> SeatV1 {
        SeatV1 {
            route: self.key.route.clone(),
            viewer: self.key.viewer.clone(),
            player: self.key.player.clone(),
            current: self.seat.current.as_ref().map(SessionV1::of),
            before: self.seat.before.as_ref().map(SessionV1::of),
        }
    }

    fn from_row(row: SeatV1) -> Result<Self, RowError> {
        let current = row.current.map(SessionV1::session).transpose()?;
        let before = row.before.map(SessionV1::session).transpose()?;
        Ok(Self { key: SeatKey::new(&row.route, &row.viewer, &row.player), seat: Seat { current, before } })
    }
}

impl SessionV1 {
    fn of(session: &Session) -> Self {
        let (told_start, told_pause) = match session.told {
            Some(Told::Start(percent)) => (Some(percent.get()), None),
            Some(Told::Pause(percent)) => (None, Some(percent.get())),
            None => (None, None),
        };
        Self {
            play: session.play.0,
            viewer: ViewerV1::of(&session.viewer),
            player: session.player.clone(),
            name: session.name.clone(),
            media: MediaV1::of(&session.media),
            phase: session.phase as u8,
            started_at: StampV1::of(session.started_at),
            started_from: session.started_from.get(),
            percent: session.percent.get(),
            position_ms: session.position_ms,
            seen_at: StampV1::of(session.seen_at),
            server_time: StampV1::of_any(session.server_time),
            told_start,
            told_pause,
            start_told_at: StampV1::of_any(session.start_told_at),
            pause_due: StampV1::of_any(session.pause_due),
            seek_due: StampV1::of_any(session.seek_due),
        }
    }

    fn session(self) -> Result<Session, RowError> {
        Ok(Session {
            play: PlayId(self.play),
            viewer: self.viewer.viewer(),
            player: self.player,
            name: self.name,
            media: self.media.media()?,
            phase: match self.phase {
                1 => Phase::Playing,
                2 => Phase::Paused,
                3 => Phase::Completed,
                4 => Phase::Stopped,
                5 => Phase::Watched,
                _ => return Err(RowError::Field("phase")),
            },
            started_at: self.started_at.instant("started_at")?,
            started_from: Percent::hundredths(self.started_from),
            percent: Percent::hundredths(self.percent),
            position_ms: self.position_ms,
            seen_at: self.seen_at.instant("seen_at")?,
            server_time: instant_if_any(self.server_time, "server_time")?,
            told: match (self.told_start, self.told_pause) {
                (Some(percent), None) => Some(Told::Start(Percent::hundredths(percent))),
                (None, Some(percent)) => Some(Told::Pause(Percent::hundredths(percent))),
                (None, None) => None,
                (Some(_), Some(_)) => return Err(RowError::Field("told")),
            },
            start_told_at: instant_if_any(self.start_told_at, "start_told_at")?,
            pause_due: instant_if_any(self.pause_due, "pause_due")?,
            seek_due: instant_if_any(self.seek_due, "seek_due")?,
        })
    }
}
