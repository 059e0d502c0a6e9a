//! Who plays what, as far as we saw it, and what is worth telling when we look again.
//!
//! Told are starts, pauses, ends, changes of item, jumps that playing on does not explain, and one sign of life a minute;
//! the rest is what everybody expects. A session that is missing from the list has ended only when it is missing twice
//! in a row and for a while: lists are looked at while players change hands. Pure: time comes in with the question.

use std::collections::BTreeMap;

use crosswatch_scrobble::{PlaybackEvent, Step};
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

/// A position this far from where playing on would have led was jumped to.
const JUMP_MS: u64 = 20_000;
/// A sign of life is told this often.
const LIFE_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// A session has ended when so many lists in a row do not have it...
const MISSED_LOOKS: u32 = 2;
/// ...and for at least this long.
const MISSED_FOR: SignedDuration = SignedDuration::from_secs(5);
/// More sessions than any server has; what is beyond them is not watched.
const MAX_SESSIONS: usize = 500;

/// The sessions of one server.
#[derive(Debug, Default)]
pub(crate) struct Sessions(BTreeMap<Seat, Seen>);

/// A session, and whose: several people may share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Seat {
    session: SmolStr,
    player: SmolStr,
    viewer: SmolStr,
}

#[derive(Debug, Clone)]
struct Seen {
    /// What was seen last.
    event: PlaybackEvent,
    at: Timestamp,
    told_at: Timestamp,
    missed: u32,
    missed_since: Option<Timestamp>,
}

impl Seat {
    fn of(event: &PlaybackEvent) -> Self {
        let viewer = if event.viewer.id.is_empty() { &event.viewer.name } else { &event.viewer.id };
        Self { session: event.session.clone(), player: event.player.clone(), viewer: viewer.clone() }
    }
}

impl Sessions {
    /// Takes in all that plays. What to tell about it, in order.
    pub(crate) fn look(&mut self, playing: Vec<PlaybackEvent>, now: Timestamp) -> Vec<PlaybackEvent> {
        let present: Vec<Seat> = playing.iter().map(Seat::of).collect();
        let mut told = self.take_out_missing(&present, now);
        for event in playing {
            told.extend(self.hear(event, now));
        }
        told
    }

    /// Takes in all that plays, while nobody knows yet how what does not play any more has ended.
    pub(crate) fn look_on(&mut self, playing: Vec<PlaybackEvent>, now: Timestamp) -> Vec<PlaybackEvent> {
        playing.into_iter().flat_map(|event| self.hear(event, now)).collect()
    }

    /// Takes in one event. What to tell about it, in order.
    pub(crate) fn hear(&mut self, event: PlaybackEvent, now: Timestamp) -> Vec<PlaybackEvent> {
        if !event.step.is_playback() {
            return vec![event];
        }
        let seat = Seat::of(&event);
        if matches!(event.step, Step::Stop | Step::Complete) {
            let known = self.0.remove(&seat);
            // Where the end itself tells no place, the last one that was seen is the best there is.
            let is_same = known.as_ref().is_some_and(|known| known.event.media.native == event.media.native);
            let last_ms = known.and_then(|known| known.event.position_ms).filter(|_| is_same);
            return vec![PlaybackEvent { position_ms: event.position_ms.or(last_ms), ..event }];
        }
        let Some(known) = self.0.get(&seat) else {
            if self.0.len() >= MAX_SESSIONS {
                return Vec::new();
            }
            self.see(seat, &event, now, now);
            return vec![begun(event)];
        };
        if known.event.media.native != event.media.native {
            let ended = ended(known.event.clone());
            self.see(seat, &event, now, now);
            return vec![ended, begun(event)];
        }
        let news = news(known, &event, now);
        let told_at = if news.is_some() { now } else { known.told_at };
        // A place that is not told now was told before.
        let event = PlaybackEvent { position_ms: event.position_ms.or_else(|| known.led_to(now)), ..event };
        self.see(seat, &event, now, told_at);
        news.map(|step| PlaybackEvent { step, ..event }).into_iter().collect()
    }

    /// A list could not be looked at: what was missing before may be there again.
    pub(crate) fn lose_sight(&mut self) {
        for seen in self.0.values_mut() {
            (seen.missed, seen.missed_since) = (0, None);
        }
    }

    /// How many sessions there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether something plays, or stands still.
    pub(crate) fn is_anything_on(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether a session was missing the last time.
    pub(crate) fn misses_one(&self) -> bool {
        self.0.values().any(|seen| seen.missed > 0)
    }

    fn see(&mut self, seat: Seat, event: &PlaybackEvent, now: Timestamp, told_at: Timestamp) {
        let seen = Seen { event: event.clone(), at: now, told_at, missed: 0, missed_since: None };
        self.0.insert(seat, seen);
    }

    fn take_out_missing(&mut self, present: &[Seat], now: Timestamp) -> Vec<PlaybackEvent> {
        let mut gone = Vec::new();
        self.0.retain(|seat, seen| {
            if present.contains(seat) {
                return true;
            }
            seen.missed += 1;
            let since = *seen.missed_since.get_or_insert(now);
            let is_gone = seen.missed >= MISSED_LOOKS && now.duration_since(since) >= MISSED_FOR;
            if is_gone {
                gone.push(ended(seen.event.clone()));
            }
            !is_gone
        });
        gone
    }
}

impl Seen {
    /// Where it should be by now.
    fn led_to(&self, now: Timestamp) -> Option<u64> {
        let position_ms = self.event.position_ms?;
        let passed_ms = u64::try_from(now.duration_since(self.at).as_millis()).unwrap_or(0);
        Some(if is_still(self.event.step) { position_ms } else { position_ms.saturating_add(passed_ms) })
    }
}

/// What to tell of a session that goes on, if anything.
fn news(known: &Seen, event: &PlaybackEvent, now: Timestamp) -> Option<Step> {
    let (was_still, is_still) = (is_still(known.event.step), is_still(event.step));
    if was_still != is_still {
        return Some(if is_still { Step::Pause } else { Step::Start });
    }
    let jumped =
        known.led_to(now).zip(event.position_ms).is_some_and(|(led_to, is_at)| led_to.abs_diff(is_at) > JUMP_MS);
    let is_due = now.duration_since(known.told_at) >= LIFE_EVERY;
    (jumped || is_due).then_some(if is_still { Step::StillPaused } else { Step::Playing })
}

const fn is_still(step: Step) -> bool {
    matches!(step, Step::Pause | Step::StillPaused)
}

fn begun(event: PlaybackEvent) -> PlaybackEvent {
    PlaybackEvent { step: if is_still(event.step) { Step::Pause } else { Step::Start }, ..event }
}

fn ended(event: PlaybackEvent) -> PlaybackEvent {
    PlaybackEvent { step: Step::Stop, word: "gone".into(), ..event }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{IdSet, Item, Kind};
    use crosswatch_scrobble::{Media, Viewer};

    use super::*;

    /// Something that plays: `ben@tv#7 film 12s`, standing still with a `!` at its end.
    fn playing(text: &str) -> PlaybackEvent {
        let words: Vec<&str> = text.split(' ').collect();
        let [who, native, place] = words.as_slice() else { panic!("{text}") };
        let (viewer, device) = who.split_once('@').unwrap();
        let (player, session) = device.split_once('#').unwrap();
        let is_still = place.ends_with('!');
        let place = place.trim_end_matches('!').trim_end_matches('s');
        PlaybackEvent {
            step: if is_still { Step::StillPaused } else { Step::Playing },
            word: "playing".into(),
            viewer: Viewer { name: viewer.into(), id: "".into() },
            server: "s".into(),
            player: player.into(),
            session: session.into(),
            media: Media {
                native: (*native).into(),
                item: Item::titled(Kind::Movie, native, None, IdSet::EMPTY),
                last_number: None,
                duration_ms: None,
                library: None,
            },
            position_ms: place.parse::<u64>().ok().map(|seconds| seconds * 1000),
            at: None,
        }
    }

    fn text(event: &PlaybackEvent) -> String {
        let place = event.position_ms.map_or("?".to_owned(), |ms| format!("{}s", ms / 1000));
        format!("{:?} {} {} {place}", event.step, event.viewer.name, event.media.native)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    /// Looks at these lists at these seconds; what is told at each.
    fn story(looks: &[(i64, &[&str], &[&str])]) {
        let mut sessions = Sessions::default();
        for (second, list, expected) in looks {
            let told = sessions.look(list.iter().map(|text| playing(text)).collect(), at(*second));
            assert_eq!(told.iter().map(text).collect::<Vec<_>>(), *expected, "second {second}");
        }
    }

    #[test]
    fn a_start_a_pause_and_a_resume_are_told_once() {
        story(&[
            (0, &["ben@tv#1 film 0s"], &["Start ben film 0s"]),
            (2, &["ben@tv#1 film 2s"], &[]),
            (4, &["ben@tv#1 film 4s!"], &["Pause ben film 4s"]),
            (30, &["ben@tv#1 film 4s!"], &[]),
            (32, &["ben@tv#1 film 5s"], &["Start ben film 5s"]),
            (40, &["ben@tv#1 film 13s"], &[]),
        ]);
        story(&[(0, &["ben@tv#1 film 9s!"], &["Pause ben film 9s"])]);
    }

    #[test]
    fn a_jump_is_told_and_playing_on_is_not() {
        story(&[
            (0, &["ben@tv#1 film 0s"], &["Start ben film 0s"]),
            (10, &["ben@tv#1 film 10s"], &[]),
            (20, &["ben@tv#1 film 39s"], &[]),
            (30, &["ben@tv#1 film 100s"], &["Playing ben film 100s"]),
            (40, &["ben@tv#1 film 50s"], &["Playing ben film 50s"]),
            (50, &["ben@tv#1 film ?"], &[]),
        ]);
        story(&[
            (0, &["ben@tv#1 film 10s!"], &["Pause ben film 10s"]),
            (9, &["ben@tv#1 film 90s!"], &["StillPaused ben film 90s"]),
        ]);
    }

    #[test]
    fn a_sign_of_life_is_told_once_a_minute() {
        story(&[
            (0, &["ben@tv#1 film 0s"], &["Start ben film 0s"]),
            (59, &["ben@tv#1 film 59s"], &[]),
            (60, &["ben@tv#1 film 60s"], &["Playing ben film 60s"]),
            (119, &["ben@tv#1 film 119s"], &[]),
            (120, &["ben@tv#1 film 120s"], &["Playing ben film 120s"]),
        ]);
    }

    #[test]
    fn another_item_ends_the_one_before() {
        story(&[
            (0, &["ben@tv#1 one 50s"], &["Start ben one 50s"]),
            (2, &["ben@tv#1 one 52s"], &[]),
            (4, &["ben@tv#1 two 0s"], &["Stop ben one 52s", "Start ben two 0s"]),
        ]);
    }

    #[test]
    fn a_session_ends_when_it_is_missing_twice_and_for_a_while() {
        story(&[
            (0, &["ben@tv#1 film 7s"], &["Start ben film 7s"]),
            (2, &[], &[]),
            (4, &["ben@tv#1 film 11s"], &[]),
            (6, &[], &[]),
            (8, &[], &[]),
            (11, &[], &["Stop ben film 11s"]),
            (12, &[], &[]),
        ]);
        let mut sessions = Sessions::default();
        sessions.look(vec![playing("ben@tv#1 film 7s")], at(0));
        assert!(sessions.look(Vec::new(), at(10)).is_empty() && sessions.misses_one());
        sessions.lose_sight();
        assert!(sessions.look(Vec::new(), at(90)).is_empty(), "nobody looked in between");
        assert_eq!(sessions.look(Vec::new(), at(95)).len(), 1);
        assert!(!sessions.is_anything_on());
    }

    #[test]
    fn who_is_gone_stays_while_the_past_is_not_known() {
        let mut sessions = Sessions::default();
        sessions.look(vec![playing("ben@tv#1 film 7s")], at(0));
        for second in [10, 20, 30] {
            assert!(sessions.look_on(Vec::new(), at(second)).is_empty());
        }
        let told = sessions.look_on(vec![playing("ben@tv#1 two 0s")], at(40));
        assert_eq!(told.iter().map(text).collect::<Vec<_>>(), ["Stop ben film 7s", "Start ben two 0s"]);
    }

    #[test]
    fn people_who_share_a_session_are_told_apart() {
        story(&[
            (0, &["ben@tv#1 film 0s", "kim@tv#1 film 0s"], &["Start ben film 0s", "Start kim film 0s"]),
            (2, &["ben@tv#1 film 2s", "kim@tv#1 film 2s"], &[]),
        ]);
    }

    #[test]
    fn an_end_that_tells_no_place_has_the_last_one() {
        let mut sessions = Sessions::default();
        sessions.hear(playing("ben@tv#1 film 70s"), at(0));
        let stop = |text: &str| PlaybackEvent { step: Step::Stop, ..playing(text) };
        let told = |told: Vec<PlaybackEvent>| told.iter().map(text).collect::<Vec<_>>();
        assert_eq!(told(sessions.hear(stop("ben@tv#1 film ?"), at(1))), ["Stop ben film 70s"]);
        assert_eq!(
            told(sessions.hear(stop("ben@tv#1 film ?"), at(2))),
            ["Stop ben film ?"],
            "it is not known any more"
        );
        sessions.hear(playing("ben@tv#1 film 70s"), at(3));
        assert_eq!(told(sessions.hear(stop("ben@tv#1 other ?"), at(4))), ["Stop ben other ?"]);
        let rated = PlaybackEvent { step: Step::Rate(None), ..playing("ben@tv#1 film ?") };
        assert_eq!(sessions.hear(rated.clone(), at(5)), [rated]);
    }

    #[test]
    fn there_is_an_end_to_how_many_are_watched() {
        let many =
            |from: usize| (from..from + MAX_SESSIONS).map(|at| playing(&format!("ben@tv#{at} film 0s"))).collect();
        let mut sessions = Sessions::default();
        assert_eq!(sessions.look(many(0), at(0)).len(), MAX_SESSIONS);
        assert!(sessions.look(many(MAX_SESSIONS), at(1)).is_empty());
        assert_eq!(sessions.len(), MAX_SESSIONS);
    }
}
