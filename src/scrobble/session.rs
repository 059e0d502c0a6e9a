//! One playback of one item, event by event.
//!
//! It knows what it was told and what it told; whether another viewing begins, it says, and leaves that to its seat.

use crosswatch_model::Item;
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use crate::{
    event::{Media, PlaybackEvent, Step, Viewer},
    percent::Percent,
    seat::{Moment, PlayId, Said, Saying, SessionRules, Turn},
};

/// A playback that begins from here on is in its credits: it is not announced.
const SUPPRESS_START_AT: Percent = Percent::whole(99);
/// A playback that begins before this may be a new viewing.
const FRESH_UP_TO: Percent = Percent::whole(5);
/// A fall by this much is a new viewing where the server does not name its playbacks.
const FALL_OF_A_NEW_VIEWING: Percent = Percent::whole(50);
/// A smaller fall right after another sample is noise.
const NOISE: Percent = Percent::whole(5);
const NOISE_WITHIN_S: i64 = 10;
/// A pause is told only when it lasts so long.
const PAUSE_HOLD_S: i64 = 5;
/// Jumps are told at most this often.
const SEEK_EVERY_S: i64 = 5;
/// Paused this long behind the bar counts as watched.
const PAUSED_AT_THE_END_S: i64 = 600;
/// A playing session ends by itself this long after its item should have ended.
const SILENT_AFTER_END_S: i64 = 1800;
/// A session whose length nobody knows plays at most this long.
const LONGEST_S: i64 = 6 * 3600;
/// A paused or ended session is forgotten after this.
pub(crate) const FORGOTTEN_AFTER_S: i64 = 12 * 3600;
/// Credits that flap: a playback that began behind the bar and moved less than this is no viewing.
const FLAP: Percent = Percent::whole(2);
/// An event of a playback that ended so shortly before at the same place came late.
const LATE_WITHIN_S: i64 = 3;
/// How far a viewing must have got to be worth a resume point.
const WORTH_RESUMING: Percent = Percent::whole(1);

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// It plays.
    Playing = 1,
    /// It is paused.
    Paused = 2,
    /// It was watched and may still run: credits, an epilogue.
    Completed = 3,
    /// It ended before it was watched.
    Stopped = 4,
    /// It was watched and has ended.
    Watched = 5,
}

impl Phase {
    /// Whether the playback has ended.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Stopped | Self::Watched)
    }

    /// Whether it counts as watched.
    pub const fn is_watched(self) -> bool {
        matches!(self, Self::Completed | Self::Watched)
    }
}

/// One playback of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The viewing.
    pub play: PlayId,
    /// Who.
    pub viewer: Viewer,
    /// On which device.
    pub player: SmolStr,
    /// The server's name for the playback.
    pub name: SmolStr,
    /// What plays.
    pub media: Media,
    /// Where it stands.
    pub phase: Phase,
    /// When it was seen first.
    pub started_at: Timestamp,
    /// How far it was then.
    pub started_from: Percent,
    /// How far it is.
    pub percent: Percent,
    /// The same as a position, where one is known.
    pub position_ms: Option<u64>,
    /// When it was heard of last.
    pub seen_at: Timestamp,
    /// The newest time the server itself told.
    pub server_time: Option<Timestamp>,
    /// What targets were told last.
    pub told: Option<Told>,
    /// When a start was told last.
    pub start_told_at: Option<Timestamp>,
    /// A pause that is told if it lasts until then.
    pub pause_due: Option<Timestamp>,
    /// A jump that is told then.
    pub seek_due: Option<Timestamp>,
}

/// The last thing that targets were told about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It plays from here.
    Start(Percent),
    /// It is paused here.
    Pause(Percent),
}

/// What a session made of an event.
pub(crate) enum Heeded {
    /// It was about this one.
    Turn(Turn),
    /// It is about another viewing of the same item.
    NewViewing,
}

impl Session {
    pub(crate) fn begin(
        event: &PlaybackEvent,
        play: PlayId,
        moment: Moment,
        rules: SessionRules,
    ) -> (Self, Vec<Saying>) {
        let percent = event.position_ms.and_then(|position| Percent::of(position, event.media.duration_ms));
        let mut session = Self {
            play,
            viewer: event.viewer.clone(),
            player: event.player.clone(),
            name: event.session.clone(),
            media: event.media.clone(),
            phase: Phase::Playing,
            started_at: moment.happened_at,
            started_from: percent.unwrap_or_default(),
            percent: percent.unwrap_or_default(),
            position_ms: event.position_ms,
            seen_at: moment.now,
            server_time: event.at,
            told: None,
            start_told_at: None,
            pause_due: None,
            seek_due: None,
        };
        let mut turn = Turn::default();
        match event.step {
            Step::Pause | Step::StillPaused => {
                session.phase = Phase::Paused;
                session.pause_due = Some(later(moment.now, PAUSE_HOLD_S));
            }
            // Nobody saw it begin, so it may have begun behind the bar or before it: the end decides.
            Step::Stop => {
                session.started_from = Percent::ZERO;
                session.end(moment, rules, &mut turn);
            }
            Step::Complete => session.complete(moment, rules, &mut turn),
            _ => session.announce(moment.now, &mut turn),
        }
        (session, turn.sayings)
    }

    pub(crate) fn hear(&mut self, event: &PlaybackEvent, moment: Moment, rules: SessionRules) -> Heeded {
        if self.is_late(event, moment) {
            return Heeded::Turn(Turn::absorbed());
        }
        let percent =
            event.position_ms.and_then(|at| Percent::of(at, event.media.duration_ms.or(self.media.duration_ms)));
        if self.is_new_viewing(event, percent, moment) {
            return Heeded::NewViewing;
        }
        let mut turn = Turn::default();
        match (self.phase, event.step) {
            (Phase::Stopped, Step::Complete) => self.complete(moment, rules, &mut turn),
            (phase, step) if phase.is_watched() || phase.has_ended() => {
                if phase == Phase::Completed && step == Step::Stop {
                    self.phase = Phase::Watched;
                }
                self.see(event, percent, moment);
                return Heeded::Turn(Turn::absorbed());
            }
            (_, Step::Complete) => {
                // The place may already be the next item's, or the beginning again.
                self.see(event, percent.filter(|percent| *percent > self.percent), moment);
                self.complete(moment, rules, &mut turn);
            }
            (_, Step::Stop) => {
                self.see_the_end(event, percent, moment);
                self.end(moment, rules, &mut turn);
            }
            (Phase::Playing, Step::Pause | Step::StillPaused) => {
                self.see(event, percent, moment);
                self.phase = Phase::Paused;
                self.seek_due = None;
                self.pause_due = Some(later(moment.now, PAUSE_HOLD_S));
            }
            (Phase::Paused, Step::Start | Step::Playing) => {
                self.see(event, percent, moment);
                self.resume(moment.now, &mut turn);
            }
            _ => {
                let has_jumped = self.has_jumped(event, moment);
                self.see(event, percent, moment);
                if has_jumped && self.phase == Phase::Playing {
                    self.tell_the_jump(moment.now, &mut turn);
                }
                turn.is_absorbed = turn.sayings.is_empty();
            }
        }
        Heeded::Turn(turn)
    }

    /// Whether the event tells of a time that is over.
    fn is_late(&self, event: &PlaybackEvent, moment: Moment) -> bool {
        let is_alive = matches!(event.step, Step::Start | Step::Playing | Step::Pause | Step::StillPaused);
        if !is_alive || !self.phase.has_ended() {
            return false;
        }
        if let (Some(at), Some(known)) = (event.at, self.server_time) {
            return at < known;
        }
        let is_close = moment.now.as_second() - self.seen_at.as_second() <= LATE_WITHIN_S;
        let moved = event.position_ms.zip(self.position_ms).map(|(one, other)| one.abs_diff(other));
        is_close && moved.is_none_or(|moved| moved <= self.media.duration_ms.unwrap_or(u64::MAX) / 100)
    }

    /// Whether the event belongs to another viewing: what was watched begins again, or what had ended goes on.
    fn is_new_viewing(&self, event: &PlaybackEvent, percent: Option<Percent>, moment: Moment) -> bool {
        let begins = matches!(event.step, Step::Start | Step::Playing);
        if self.phase.is_watched() {
            let Some(percent) = percent.filter(|percent| begins && *percent <= FRESH_UP_TO) else {
                // A long time after its end, the end of a viewing nobody saw begin is another one.
                return self.phase == Phase::Watched
                    && matches!(event.step, Step::Stop | Step::Complete)
                    && moment.now > later(self.seen_at, self.length_s());
            };
            let has_new_name = !event.session.is_empty() && !self.name.is_empty() && event.session != self.name;
            return has_new_name || self.percent.beyond(percent) >= FALL_OF_A_NEW_VIEWING;
        }
        self.phase == Phase::Stopped && event.step.is_playback() && !matches!(event.step, Step::Stop | Step::Complete)
    }

    /// Keeps what an event tells about the place.
    fn see(&mut self, event: &PlaybackEvent, percent: Option<Percent>, moment: Moment) {
        let is_soon = moment.now.as_second() - self.seen_at.as_second() <= NOISE_WITHIN_S;
        if let Some(percent) = percent {
            let fall = self.percent.beyond(percent);
            let is_noise = fall > Percent::ZERO && fall < NOISE && is_soon;
            if !is_noise && !self.phase.is_watched() {
                (self.percent, self.position_ms) = (percent, event.position_ms);
            }
        }
        if known_ids(&event.media.item) > known_ids(&self.media.item) {
            self.media.item = event.media.item.clone();
        }
        self.media.duration_ms = event.media.duration_ms.or(self.media.duration_ms);
        self.media.library = event.media.library.clone().or_else(|| self.media.library.take());
        if !event.session.is_empty() {
            self.name = event.session.clone();
        }
        self.seen_at = moment.now;
        self.server_time = self.server_time.max(event.at);
    }

    /// As [`Session::see`], for a place that may already be the next item's: a jump to the end that no clock allows is not
    /// believed, nor is a fall to zero.
    fn see_the_end(&mut self, event: &PlaybackEvent, percent: Option<Percent>, moment: Moment) {
        let played_ms = u64::try_from((moment.now.as_second() - self.seen_at.as_second()).max(0)).unwrap_or(0) * 1000;
        let is_believed = percent.is_some_and(|percent| {
            let jump = percent.beyond(self.percent);
            let jump_ms = self.media.duration_ms.unwrap_or(0) / 10_000 * u64::from(jump.get());
            let is_wild =
                percent >= Percent::whole(98) && self.percent < Percent::whole(80) && jump >= Percent::whole(30);
            let is_reset = percent == Percent::ZERO && self.percent >= WORTH_RESUMING;
            !is_reset && (!is_wild || played_ms >= jump_ms / 2)
        });
        self.see(event, percent.filter(|_| is_believed), moment);
    }

    /// Whether the place moved in a way that playing does not explain.
    fn has_jumped(&self, event: &PlaybackEvent, moment: Moment) -> bool {
        let Some((now_ms, then_ms)) = event.position_ms.zip(self.position_ms) else { return false };
        let passed_ms = (moment.now.as_millisecond() - self.seen_at.as_millisecond()).max(0);
        let moved_ms = i64::try_from(now_ms).unwrap_or(i64::MAX) - i64::try_from(then_ms).unwrap_or(i64::MAX);
        let jump_ms = (moved_ms - passed_ms).abs();
        (200..=120_000).contains(&passed_ms) && jump_ms >= 20_000 && jump_ms > passed_ms * 16 / 10 + 8_000
    }

    fn announce(&mut self, now: Timestamp, turn: &mut Turn) {
        if self.percent < SUPPRESS_START_AT {
            self.told = Some(Told::Start(self.percent));
            self.start_told_at = Some(now);
            turn.say(self, Said::Started { percent: self.percent });
        }
    }

    fn resume(&mut self, now: Timestamp, turn: &mut Turn) {
        self.phase = Phase::Playing;
        match self.pause_due.take() {
            // The pause was never told, so neither is its end.
            Some(_) if matches!(self.told, Some(Told::Start(_))) => turn.is_absorbed = true,
            _ => self.announce(now, turn),
        }
    }

    fn tell_the_jump(&mut self, now: Timestamp, turn: &mut Turn) {
        let quiet_until = self.start_told_at.map(|at| later(at, SEEK_EVERY_S));
        match quiet_until.filter(|until| *until > now) {
            Some(until) => self.seek_due = Some(until),
            None => self.announce(now, turn),
        }
    }

    pub(crate) fn complete(&mut self, moment: Moment, rules: SessionRules, turn: &mut Turn) {
        let has_ended = self.phase.has_ended();
        self.phase = if has_ended { Phase::Watched } else { Phase::Completed };
        (self.pause_due, self.seek_due) = (None, None);
        self.seen_at = moment.now;
        self.percent = self.percent.max(rules.watched_at);
        turn.say(
            self,
            Said::Completed {
                percent: self.percent,
                started_at: self.started_at.min(moment.happened_at),
                completed_at: moment.happened_at,
            },
        );
    }

    /// Ends the playback where it is. One that has ended stays as it is.
    pub(crate) fn end(&mut self, moment: Moment, rules: SessionRules, turn: &mut Turn) {
        match self.phase {
            Phase::Stopped | Phase::Watched => return,
            Phase::Completed => {
                self.phase = Phase::Watched;
                return;
            }
            Phase::Playing | Phase::Paused => {}
        }
        (self.pause_due, self.seek_due) = (None, None);
        self.phase = Phase::Stopped;
        let is_flap = self.started_from >= rules.watched_at && self.percent.beyond(self.started_from) < FLAP;
        if self.percent >= rules.watched_at {
            if !is_flap {
                self.complete(moment, rules, turn);
            }
        } else if self.percent >= WORTH_RESUMING {
            if self.told != Some(Told::Pause(self.percent)) {
                self.tell_the_pause(true, turn);
            }
        } else if self.told.take().is_some() {
            turn.say(self, Said::Cleared);
        }
        self.seen_at = moment.now;
    }

    fn tell_the_pause(&mut self, ends: bool, turn: &mut Turn) {
        self.told = Some(Told::Pause(self.percent));
        turn.say(self, Said::Paused { percent: self.percent, position_ms: self.position_ms, ends });
    }

    pub(crate) fn wait(&mut self, now: Timestamp, rules: SessionRules, turn: &mut Turn) {
        let moment = Moment { now, happened_at: now };
        if self.seek_due.is_some_and(|due| due <= now) {
            self.seek_due = None;
            self.announce(now, turn);
        }
        if self.pause_due.is_some_and(|due| due <= now) {
            self.pause_due = None;
            if self.percent >= WORTH_RESUMING && self.percent < rules.watched_at {
                self.tell_the_pause(false, turn);
            }
        }
        match self.phase {
            Phase::Paused if self.percent >= rules.watched_at && now >= later(self.seen_at, PAUSED_AT_THE_END_S) => {
                self.end(moment, rules, turn);
            }
            Phase::Playing if now >= later(self.seen_at, self.silence_s()) => self.end(moment, rules, turn),
            Phase::Paused | Phase::Completed if now >= later(self.seen_at, FORGOTTEN_AFTER_S) => {
                self.end(moment, rules, turn);
            }
            _ => {}
        }
    }

    pub(crate) fn due(&self, rules: SessionRules) -> Timestamp {
        let silence_s = match self.phase {
            Phase::Playing => self.silence_s(),
            Phase::Paused if self.percent >= rules.watched_at => PAUSED_AT_THE_END_S,
            _ => FORGOTTEN_AFTER_S,
        };
        let silence = later(self.seen_at, silence_s);
        self.pause_due.into_iter().chain(self.seek_due).fold(silence, Timestamp::min)
    }

    fn length_s(&self) -> i64 {
        self.media.duration_ms.map_or(LONGEST_S, |duration| i64::try_from(duration / 1000).unwrap_or(LONGEST_S))
    }

    /// How long a playing session may be silent: what is left of it and half an hour.
    fn silence_s(&self) -> i64 {
        let left = i64::from(Percent::FULL.beyond(self.percent).get());
        self.length_s().saturating_mul(left) / 10_000 + SILENT_AFTER_END_S
    }
}

/// Whether two media are one thing to a viewer: the same item of the server, or another version of it.
pub(crate) fn is_same(one: &Media, other: &Media) -> bool {
    if one.item.kind != other.item.kind {
        return false;
    }
    let is_same_file = !one.native.is_empty() && one.native == other.native;
    is_same_file || is_same_item(&one.item, &other.item)
}

/// How many ids tell what an item is.
fn known_ids(item: &Item) -> usize {
    item.ids.len() + item.show.as_ref().map_or(0, |show| show.ids.len())
}

/// Whether two items are one by what identifies them: an id of their own, or their place in one show.
pub fn is_same_item(one: &Item, other: &Item) -> bool {
    let share = |one: &Item, other: &Item| one.ids.iter().any(|id| other.ids.contains(id));
    let place = |item: &Item| item.season.zip(item.number);
    let shows = one.show.as_ref().zip(other.show.as_ref());
    let is_same_show = shows.is_some_and(|(one, other)| one.ids.iter().any(|id| other.ids.contains(id)));
    share(one, other) || (is_same_show && place(one).is_some() && place(one) == place(other))
}

pub(crate) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
