//! Evenings by chance: viewers, servers, sockets, trackers and the process itself behave as they may, from one seed.
//!
//! Whatever happened, in the end every viewing that was seen to its end is once at each tracker and once in the ledger,
//! every other one nowhere, nothing waits and nothing is given up. `LIVE_SEEDS=2000` tries more evenings, `LIVE_SEED=7` one.

use std::collections::BTreeMap;

use crosswatch_model::{Feature, ParcelState};
use crosswatch_scrobble::Via;
use jiff::{SignedDuration, Timestamp};

use crate::{
    stage::{Line, Stage},
    story::{at, minutes},
    tracker::Mood,
};

const SEEDS: u64 = 60;
const TRACKERS: [&str; 2] = ["trakt", "simkl"];

/// Numbers that look random and are the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }
}

/// An evening as it is written.
struct Evening {
    chance: Chance,
    stage: Stage,
    now: Timestamp,
    bodies: u128,
    /// How far the server's clock is from ours, where it tells the time at all.
    skew_s: Option<i64>,
    /// How often each item was seen to its end.
    watched: BTreeMap<String, usize>,
    story: Vec<String>,
}

/// Who tells of a viewing.
#[derive(Clone, Copy)]
struct Tellers {
    webhook: bool,
    /// The socket may drop in the middle where a webhook tells everything, too.
    watch: bool,
}

impl Evening {
    fn of(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let skew_s = match chance.below(4) {
            0 => Some(-300),
            1 => Some(300),
            2 => Some(0),
            _ => None,
        };
        let stage = Stage::to(&["trakt", "simkl", "ledger"]);
        let now = at("18:00:00");
        Self { chance, stage, now, bodies: 1, skew_s, watched: BTreeMap::new(), story: Vec::new() }
    }

    fn written(mut self) -> Self {
        for number in 1..=self.chance.between(3, 7) {
            self.viewing(&format!("E{number}"));
            self.now += SignedDuration::from_secs(i64::try_from(self.chance.between(5, 1_800)).unwrap());
        }
        if self.chance.one_in(2) {
            // The next day, once more.
            self.now += SignedDuration::from_hours(20);
            self.viewing("E1");
        }
        self.troubles();
        self
    }

    /// One viewing from its start to its end, or to where the viewer had enough.
    fn viewing(&mut self, name: &str) {
        let tellers = match self.chance.below(3) {
            0 => Tellers { webhook: true, watch: false },
            1 => Tellers { webhook: false, watch: true },
            _ => Tellers { webhook: true, watch: true },
        };
        let (began, length_s) = (self.now, minutes(name) * 60);
        let is_watched = !self.chance.one_in(4);
        let end = if is_watched { self.chance.between(92, 100) } else { self.chance.between(5, 70) };
        let mut session = self.bodies;
        let when = |percent: u64, delay_s: u64| {
            began + SignedDuration::from_secs(i64::try_from(length_s * percent / 100 + delay_s).unwrap())
        };
        self.told(tellers, began, &format!("play {name} @0"), session);
        let (mut delay_s, mut percent) = (0, 0);
        let is_dropped = tellers.webhook && self.chance.one_in(3);
        while percent + 9 < end {
            percent += self.chance.between(4, 9);
            let watch = Tellers { webhook: false, watch: tellers.watch && !is_dropped };
            match self.chance.below(8) {
                0 => {
                    self.told(tellers, when(percent, delay_s), &format!("pause {name} @{percent}"), session);
                    delay_s += self.chance.between(2, 900);
                    self.told(tellers, when(percent, delay_s), &format!("play {name} @{percent}"), session);
                }
                1 => {
                    // The server starts anew and calls the playback by another name.
                    session = self.bodies + 1_000;
                    self.told(tellers, when(percent, delay_s), &format!("play {name} @{percent}"), session);
                }
                _ => self.told(watch, when(percent, delay_s), &format!("on {name} @{percent}"), session),
            }
        }
        if is_watched && tellers.webhook && self.chance.one_in(2) {
            self.told(Tellers { watch: false, ..tellers }, when(end, delay_s), &format!("done {name} @-"), session);
        }
        let stop = Tellers { watch: tellers.watch && !is_dropped, ..tellers };
        self.told(stop, when(end, delay_s + 2), &format!("stop {name} @{end}"), session);
        self.now = when(end, delay_s + 3);
        *self.watched.entry(name.to_owned()).or_default() += usize::from(is_watched);
    }

    /// A line by every way that tells, now and then twice.
    fn told(&mut self, tellers: Tellers, when: Timestamp, line: &str, session: u128) {
        let ways = [(Via::Webhook, tellers.webhook), (Via::Watch, tellers.watch)];
        for (via, _) in ways.into_iter().filter(|(_, tells)| *tells) {
            self.bodies += 1;
            let skew = self.skew_s.map(|skew_s| format!(" ~{skew_s}")).unwrap_or_default();
            let line = format!("{line} #{session}{skew}");
            let copies = if self.chance.one_in(6) { 2 } else { 1 };
            for copy in 0..copies {
                let late_s = i64::try_from(copy * self.chance.between(0, 30)).unwrap() + i64::from(via == Via::Watch);
                self.line(when + SignedDuration::from_secs(late_s), Line::Heard(via, line.clone(), Some(self.bodies)));
            }
        }
    }

    /// Trackers that are down or forgetful, and kills; in the end everybody is well.
    fn troubles(&mut self) {
        let (began, length_s) =
            (at("18:00:00"), u64::try_from(self.now.as_second() - at("18:00:00").as_second()).unwrap());
        let moment =
            |chance: &mut Chance| began + SignedDuration::from_secs(i64::try_from(chance.below(length_s)).unwrap());
        for name in TRACKERS {
            for _ in 0..self.chance.below(4) {
                let when = moment(&mut self.chance);
                let mood = match self.chance.below(5) {
                    0 => Mood::Down,
                    1 => Mood::Broken(u32::try_from(self.chance.between(1, 5)).unwrap()),
                    2 => Mood::LosesReplies(u32::try_from(self.chance.between(1, 3)).unwrap()),
                    3 => Mood::LosesReplyThenBreaks(u32::try_from(self.chance.between(1, 3)).unwrap()),
                    _ => Mood::Busy(self.chance.between(1, 600)),
                };
                self.line(when, Line::Mood(name, mood));
                if mood == Mood::Down {
                    let hours = self.chance.between(1, 300);
                    self.line(
                        when + SignedDuration::from_mins(i64::try_from(hours).unwrap()),
                        Line::Mood(name, Mood::Well),
                    );
                }
            }
            self.line(self.now + SignedDuration::from_hours(6), Line::Mood(name, Mood::Well));
        }
        for _ in 0..self.chance.below(4) {
            let when = moment(&mut self.chance);
            self.line(when, Line::Killed);
        }
        self.line(self.now + SignedDuration::from_hours(12), Line::Wait);
    }

    fn line(&mut self, when: Timestamp, line: Line) {
        self.story.push(format!("{when} {line:?}"));
        let clock = when.strftime("%Y-%m-%d %H:%M:%S").to_string();
        self.stage = std::mem::replace(&mut self.stage, Stage::new()).line(&clock, line);
    }

    /// Plays it, and looks at what everybody has.
    fn check(self, seed: u64) {
        let (stage, mut story) = (self.stage.play(), self.story);
        story.sort();
        let told = |stage: &Stage| {
            let calls = TRACKERS.map(|name| stage.timed_calls(name).join("\n"));
            let plays: Vec<String> = stage.plays().iter().map(|play| format!("{play:?}")).collect();
            let (story, plays) = (story.join("\n"), plays.join("\n"));
            format!("seed {seed}\n{story}\n-- trakt\n{}\n-- simkl\n{}\n-- plays\n{plays}", calls[0], calls[1])
        };
        for (name, times) in &self.watched {
            for tracker in TRACKERS {
                let truth = stage.truth(tracker).lock().unwrap();
                let there = truth.plays.iter().filter(|(item, _)| item == name).count();
                drop(truth);
                assert_eq!(there, *times, "{name} at {tracker}: {}", told(&stage));
            }
            let ledger = stage.shelf(Feature::History);
            let kept = ledger.iter().filter(|row| row.split(' ').next() == Some(name)).count();
            assert_eq!(kept, *times, "{name} in the ledger: {ledger:?} {}", told(&stage));
        }
        assert_eq!(stage.plays().len(), self.watched.values().sum::<usize>(), "{}", told(&stage));
        for name in ["trakt", "simkl", "ledger"] {
            assert!(stage.waiting(name).is_empty(), "{name}: {:?} {}", stage.waiting(name), told(&stage));
        }
        assert_eq!(stage.settled(ParcelState::Dead), 0, "{}", told(&stage));
        stage.dispositions();
    }
}

#[test]
fn every_viewing_is_told_once_whatever_happened() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seeds = number("LIVE_SEED").map_or(0..number("LIVE_SEEDS").unwrap_or(SEEDS), |seed| seed..seed + 1);
    for seed in seeds {
        Evening::of(seed).written().check(seed);
    }
}
