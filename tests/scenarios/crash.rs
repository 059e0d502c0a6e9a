//! Kill −9 of the real binary while it writes to Trakt, at instants that a seed chooses: after a number of requests, or
//! after a while.
//!
//! Whatever the instant, the next life reads back what is in doubt and goes on: at the end every play is there exactly
//! once. Trakt never joins equal plays, so a play that is sent twice stays visible. `CRASH_KILLS=200` kills more often
//! than the usual dozen, `CRASH_SEED=n` chooses other instants.

use std::collections::BTreeMap;

use crosswatch_emulator::{FaultKind, FaultRule, UserActivity};
use crosswatch_tests::service::{Service, Trakt, eventually, films, movie};

use crate::{HISTORY, to_trakt};

const KILLS: u64 = 12;
const KILLS_PER_STORY: u64 = 4;
/// Films that are new to a life and seen once.
const NEW_PER_LIFE: u32 = 60;
/// Films that every life sees again and again: each play of those is a request of its own. They are too few to look like
/// a plan that doubles everything.
const SEEN_OFTEN: u32 = 9;
const VIEWINGS_PER_LIFE: u32 = 6;
/// How long Trakt takes for a write, so that a kill has something to hit.
const WRITE_TAKES_MS: u64 = 40;
/// A life ends after this many requests at most.
const REQUESTS_MAX: u64 = 20;
/// A life is looked at every ten milliseconds: what is in doubt rests for three seconds before it is read back.
const LOOKS_MAX: u64 = 350;
const LOOKS_WHILE_WRITING_MAX: u64 = 40;
/// However few requests come, nobody lives longer than this many looks.
const LOOKS_OF_A_LONG_LIFE: u64 = 800;

pub(crate) fn number_from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number, not {text:?}")))
}

/// A small deterministic source of chance.
pub(crate) struct Chance(u64);

impl Chance {
    /// The chance of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// When a life ends, counted from the moment it is asked for a run.
#[derive(Debug, Clone, Copy)]
enum Instant {
    /// Trakt has got this many requests.
    Requests(u64),
    /// It was looked at this often.
    Looks(u64),
    /// It was looked at this often since its first write.
    LooksWhileWriting(u64),
}

impl Instant {
    fn choose(chance: &mut Chance, kill: u64) -> Self {
        match kill % 3 {
            0 => Self::Requests(1 + chance.below(REQUESTS_MAX)),
            1 => Self::LooksWhileWriting(chance.below(LOOKS_WHILE_WRITING_MAX)),
            _ => Self::Looks(1 + chance.below(LOOKS_MAX)),
        }
    }
}

/// A service with plays to bring to Trakt, a hundred more with every life.
struct Story {
    trakt: Trakt,
    service: Service,
    lives: u32,
    expected: Vec<String>,
}

impl Story {
    fn begin() -> Self {
        let films_of_all_lives = SEEN_OFTEN + NEW_PER_LIFE * u32::try_from(KILLS_PER_STORY).unwrap();
        let trakt = Trakt::new(films(films_of_all_lives), UserActivity::default());
        let slow = FaultRule::prefix("/sync/history", FaultKind::DelayMs(WRITE_TAKES_MS));
        trakt.service.faults().add(slow.method("POST").always());
        let service = Service::start(&to_trakt(&trakt, HISTORY));
        Self { trakt, service, lives: 0, expected: Vec::new() }
    }

    /// The person sees films that are new, and some that are not.
    fn watch_films(&mut self) {
        let first_new = SEEN_OFTEN + self.lives * NEW_PER_LIFE + 1;
        for viewing in 1..=VIEWINGS_PER_LIFE {
            let at = format!("{}-{viewing:02}-15T20:30:00Z", 2020 + self.lives);
            let new = first_new..if viewing == 1 { first_new + NEW_PER_LIFE } else { first_new };
            let seen: Vec<u32> = (1..=SEEN_OFTEN).chain(new).collect();
            self.service.ledger("a").watch(&seen.iter().map(|tmdb| movie(*tmdb)).collect::<Vec<_>>(), &at);
            self.expected.extend(seen.iter().map(|tmdb| format!("Movie {tmdb} at {at}")));
        }
        self.expected.sort();
        self.lives += 1;
    }

    /// Lets a life run until this instant, kills it, and starts the next one. Answers whether the kill hit while the life
    /// was writing: after its first write and before everything was there.
    fn live_until(&mut self, instant: Instant) -> bool {
        self.watch_films();
        self.trakt.service.log().clear();
        self.service.begin("p");
        let (mut looks, mut looks_while_writing) = (0, 0);
        eventually("the end of a life", 60, || {
            looks += 1;
            looks_while_writing += u64::from(self.has_written());
            let is_over = match instant {
                Instant::Requests(requests) => self.trakt.service.log().len() as u64 >= requests,
                Instant::Looks(most) => looks > most,
                Instant::LooksWhileWriting(most) => looks_while_writing > most,
            };
            (is_over || looks > LOOKS_OF_A_LONG_LIFE).then_some(())
        });
        self.service.kill();
        let there = self.trakt.plays();
        nothing_is_there_twice(&there);
        let hit_while_writing = self.has_written() && there.len() < self.expected.len();
        self.service.start_again();
        hit_while_writing
    }

    /// Whether the present life sent plays.
    fn has_written(&self) -> bool {
        self.trakt.posts("/sync/history") > 0
    }

    /// Runs to the end in peace: everything is there once, and nothing is left to do.
    fn end(&self) {
        let run = self.service.run();
        run.expect("succeeded");
        let there = self.trakt.plays();
        nothing_is_there_twice(&there);
        assert_eq!(there, self.expected);
        let writes = self.trakt.writes();
        self.service.is_at_rest();
        assert_eq!(self.trakt.writes(), writes);
    }
}

fn nothing_is_there_twice(there: &[String]) {
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for play in there {
        *times.entry(play).or_default() += 1;
    }
    times.retain(|_, count| *count > 1);
    assert!(times.is_empty(), "written more than once: {times:?}");
}

#[test]
fn killed_at_any_instant_every_play_is_there_once() {
    let kills = number_from_environment("CRASH_KILLS").unwrap_or(KILLS);
    let seed = number_from_environment("CRASH_SEED").unwrap_or(1);
    let mut chance = Chance::of(seed);
    let (mut killed, mut while_writing) = (0, 0);
    while killed < kills {
        let mut story = Story::begin();
        for _ in 0..KILLS_PER_STORY.min(kills - killed) {
            let instant = Instant::choose(&mut chance, killed);
            let hit = story.live_until(instant);
            println!("kill {killed} of seed {seed}, {instant:?}: {} plays there", story.trakt.plays().len());
            while_writing += u64::from(hit);
            killed += 1;
        }
        story.end();
    }
    println!("{while_writing} of {killed} kills hit while plays were written");
    assert!(while_writing * 4 >= killed, "too few to show anything");
}
