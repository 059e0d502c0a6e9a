//! What of the things that a server tells is ours: playbacks that were seen to begin, and writes that come back.

use crosswatch_model::{Feature, Item, Uid};
use crosswatch_port::{EchoRecord, Ledger, LiveChange, SeatKey, StorageFailure};
use crosswatch_scrobble::{Moment, PlaybackEvent, Turn};
use jiff::Timestamp;

use super::{Intent, Reduction};
use crate::{blueprint::RouteBlueprint, courier::ECHO_S};

/// A server stamps what we write so soon.
const STAMPED_WITHIN_S: i64 = 120;

impl Reduction<'_> {
    /// Completes the viewer's playback that the server's history has as watched, where there is one.
    pub(super) fn recall(
        &mut self,
        route: &RouteBlueprint,
        viewer: &str,
        event: &PlaybackEvent,
        moment: Moment,
    ) -> Option<Turn> {
        let owner = SeatKey::new(&route.id, viewer, "");
        let of_viewer = |key: &SeatKey| key.route == owner.route && key.viewer == owner.viewer;
        let mut seats = self.seats.iter_mut().filter(|(key, _)| of_viewer(key));
        let (key, turn) = seats.find_map(|(key, seat)| Some((key, seat.recall(event, moment.now, route.rules)?)))?;
        self.touched.insert(key.clone());
        self.quiet_until = Timestamp::MIN;
        Some(turn)
    }

    /// Whether a write of ours was stamped by the server at this time. Unlike an echo it may be found again.
    pub(super) fn was_written(
        ledger: &dyn Ledger,
        intent: &Intent<'_>,
        at: Timestamp,
        named: &[(Uid, Item)],
    ) -> Result<bool, StorageFailure> {
        let is_close = |echo: &EchoRecord| {
            let written_s = echo.expires_at.as_second() - ECHO_S;
            echo.feature == Feature::History && (written_s - at.as_second()).abs() <= STAMPED_WITHIN_S
        };
        for (uid, _) in named {
            if ledger.echoes(&intent.route.source, *uid)?.iter().any(is_close) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a write of ours comes back. Each comes back once.
    pub(super) fn is_echo(
        &mut self,
        ledger: &dyn Ledger,
        intent: &Intent<'_>,
        feature: Feature,
        named: &[(Uid, Item)],
    ) -> Result<bool, StorageFailure> {
        let account = &intent.route.source;
        for (uid, _) in named {
            let expected = ledger.echoes(account, *uid)?;
            if let Some(echo) = expected.into_iter().find(|echo| echo.feature == feature) {
                let EchoRecord { account, uid, feature, expires_at, .. } = echo;
                self.change(LiveChange::DropEcho(account, uid, feature));
                if expires_at >= self.now {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
