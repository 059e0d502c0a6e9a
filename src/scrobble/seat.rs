//! Sessions: what one viewer on one device does, event by event, and what there is to say about it.
//!
//! Promises:
//! - a play is completed at most once, whatever follows it: a late stop, credits, a repeat of the same message;
//! - another item on the same device closes the one before with what is known of it;
//! - what the server itself calls watched is watched; a position is only asked where the server has no opinion;
//! - nothing is made up: a session that falls silent ends where it was last seen, never at its end.
//!
//! Deliberately absent: who wants to hear it, how they are told, and the clock. Time is an argument.

use jiff::Timestamp;

use crate::{
    event::{Media, PlaybackEvent, Step},
    percent::Percent,
    session::{FORGOTTEN_AFTER_S, Heeded, Session, is_same, later},
};

/// A server that dates the beginning may have seen it so long before us.
const STAMPED_BEFORE_START_S: i64 = 60;

/// Names one viewing of one item, or of the items of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlayId(pub u64);

/// What a route decides about sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRules {
    /// A play that got this far counts as watched.
    pub watched_at: Percent,
}

/// Something to tell the targets of a route.
#[derive(Debug, Clone, PartialEq)]
pub struct Saying {
    /// The viewing.
    pub play: PlayId,
    /// Of what.
    pub media: Media,
    /// What is said.
    pub said: Said,
}

/// What is said about a viewing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It plays from here on.
    Started {
        /// How far it is.
        percent: Percent,
    },
    /// It stands still here.
    Paused {
        /// How far it is.
        percent: Percent,
        /// The same as a position.
        position_ms: Option<u64>,
        /// Whether the playback has ended, so that this is its resume point.
        ends: bool,
    },
    /// It was announced and is over before it began.
    Cleared,
    /// It was watched.
    Completed {
        /// How far it was, at least the bar of the route.
        percent: Percent,
        /// When it was seen first.
        started_at: Timestamp,
        /// When it counted as watched.
        completed_at: Timestamp,
    },
}

/// One viewer on one device: the playback of now, and the one before for what comes late.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seat {
    /// The newest playback.
    pub current: Option<Session>,
    /// The one before it.
    pub before: Option<Session>,
}

/// What came of an event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Turn {
    /// What there is to say, in order.
    pub sayings: Vec<Saying>,
    /// Nothing new was learned: a repeat, an echo of what was known, or something that came too late.
    pub is_absorbed: bool,
}

impl Turn {
    pub(crate) fn absorbed() -> Self {
        Self { sayings: Vec::new(), is_absorbed: true }
    }

    pub(crate) fn say(&mut self, session: &Session, said: Said) {
        self.sayings.push(Saying { play: session.play, media: session.media.clone(), said });
    }
}

/// When an event counts: now for every timer, and the server's own time where a viewing is dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When it arrived.
    pub now: Timestamp,
    /// When it happened, by the server's clock where that can be right.
    pub happened_at: Timestamp,
}

impl Moment {
    /// A server's clock that runs ahead of ours by more than a minute is not believed.
    pub fn of(event: &PlaybackEvent, now: Timestamp) -> Self {
        let is_plausible = |at: &Timestamp| at.as_second() <= now.as_second() + 60;
        Self { now, happened_at: event.at.filter(is_plausible).map_or(now, |at| at.min(now)) }
    }
}

impl Seat {
    /// Takes in an event about a playback. `play` names the viewing that it may begin.
    pub fn hear(&mut self, event: &PlaybackEvent, play: PlayId, now: Timestamp, rules: SessionRules) -> Turn {
        let moment = Moment::of(event, now);
        if let Some(current) = self.current.as_mut().filter(|current| is_same(&current.media, &event.media)) {
            return match current.hear(event, moment, rules) {
                Heeded::Turn(turn) => turn,
                Heeded::NewViewing => self.begin(event, play, moment, rules),
            };
        }
        let ends = matches!(event.step, Step::Stop | Step::Complete);
        if ends && let Some(before) = self.before.as_mut().filter(|before| is_same(&before.media, &event.media)) {
            return match before.hear(event, moment, rules) {
                Heeded::Turn(turn) => turn,
                Heeded::NewViewing => Turn::absorbed(),
            };
        }
        self.begin(event, play, moment, rules)
    }

    /// Takes in that the server's own history has this as watched. `None` where it belongs to no playback of the seat that
    /// may have come to its end then.
    pub fn recall(&mut self, event: &PlaybackEvent, now: Timestamp, rules: SessionRules) -> Option<Turn> {
        let moment = Moment::of(event, now);
        let began_before =
            |session: &&mut Session| moment.happened_at >= later(session.started_at, -STAMPED_BEFORE_START_S);
        let is_it = |session: &&mut Session| !session.phase.is_watched() && is_same(&session.media, &event.media);
        let mut sessions = self.current.iter_mut().chain(&mut self.before);
        let session = sessions.find(|session| is_it(session) && began_before(session))?;
        let mut turn = Turn::default();
        session.complete(moment, rules, &mut turn);
        Some(turn)
    }

    /// Takes in that time has passed.
    pub fn wait(&mut self, now: Timestamp, rules: SessionRules) -> Turn {
        let mut turn = Turn::default();
        if let Some(current) = self.current.as_mut() {
            current.wait(now, rules, &mut turn);
        }
        let is_over = |session: &Session| session.phase.has_ended() && now >= later(session.seen_at, FORGOTTEN_AFTER_S);
        self.before = self.before.take().filter(|before| !is_over(before));
        self.current = self.current.take().filter(|current| !is_over(current));
        turn
    }

    /// The server no longer knows of the playback: it ends where it was last seen.
    pub fn vanish(&mut self, now: Timestamp, rules: SessionRules) -> Turn {
        let mut turn = Turn::default();
        if let Some(current) = self.current.as_mut() {
            current.end(Moment { now, happened_at: now }, rules, &mut turn);
        }
        turn
    }

    /// When time alone will change something.
    pub fn due(&self, rules: SessionRules) -> Option<Timestamp> {
        let current = self.current.iter().map(|current| current.due(rules));
        let before = self.before.iter().map(|before| later(before.seen_at, FORGOTTEN_AFTER_S));
        current.chain(before).min()
    }

    /// Whether nothing is left to remember.
    pub const fn is_empty(&self) -> bool {
        self.current.is_none() && self.before.is_none()
    }

    fn begin(&mut self, event: &PlaybackEvent, play: PlayId, moment: Moment, rules: SessionRules) -> Turn {
        let mut turn = Turn::default();
        let (session, sayings) = Session::begin(event, play, moment, rules);
        if session.phase.has_ended() && self.current.as_ref().is_some_and(|current| !current.phase.has_ended()) {
            // The end of something that was never seen to begin does not end what plays now.
            self.before = Some(session);
        } else {
            if let Some(mut current) = self.current.take() {
                current.end(moment, rules, &mut turn);
                self.before = Some(current);
            }
            self.current = Some(session);
        }
        turn.sayings.extend(sayings);
        turn
    }
}

#[cfg(test)]
mod tests;
