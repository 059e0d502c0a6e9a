//! The cheap question "has anything changed": how many rows a list has and which is its newest, one small request per kind.
//!
//! Every change of state made by a person or an app stamps its row with now, so it moves either the number or the newest
//! row. What is stamped with an older date while another row leaves at the same time would be missed (a database put
//! together by hand, a merge between servers); therefore a mark is good for a week at most.
//!
//! Plays and resume points are stamped by the same date, so first one question per kind is asked about both together; only
//! when that moved are the two asked for by themselves, so that a pause does not look like a play. A server that does not
//! put the two together as asked is found out by its numbers, and then asked for each alone. Kinds that no library of the
//! account holds are not asked for.

use std::cell::{Cell, RefCell};

use crosswatch_model::{Feature, FeatureSet};
use crosswatch_port::{Fault, Stamp, Stamps};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::{
    PLEX_EPISODES, PLEX_MOVIES, PLEX_SHOWS, Plex,
    account::Holds,
    wire::{List, WireItem},
};
use crate::loose::Scalar;

const WEEK_S: i64 = 7 * 24 * 3600;
/// The name of the note among those of the account.
const NOTE_NAME: &str = "gate";

/// What a list is asked for: its kind, the filters of which one must fit, and the field that moves.
struct Probe {
    kind: &'static str,
    any_of: &'static [(&'static str, &'static str)],
    moves: &'static str,
    /// What the newest row tells.
    tells: fn(&WireItem) -> SmolStr,
}

const HISTORY: [Probe; 2] = [
    Probe { kind: PLEX_MOVIES, any_of: &[("viewCount>>", "0")], moves: "lastViewedAt", tells: plays },
    Probe { kind: PLEX_EPISODES, any_of: &[("episode.viewCount>>", "0")], moves: "episode.lastViewedAt", tells: plays },
];
const PROGRESS: [Probe; 2] = [
    Probe { kind: PLEX_MOVIES, any_of: &[("inProgress", "1")], moves: "lastViewedAt", tells: place },
    Probe { kind: PLEX_EPISODES, any_of: &[("episode.inProgress", "1")], moves: "episode.lastViewedAt", tells: place },
];
const BOTH: [Probe; 2] = [
    Probe {
        kind: PLEX_MOVIES,
        any_of: &[("viewCount>>", "0"), ("inProgress", "1")],
        moves: "lastViewedAt",
        tells: plays_and_place,
    },
    Probe {
        kind: PLEX_EPISODES,
        any_of: &[("episode.viewCount>>", "0"), ("episode.inProgress", "1")],
        moves: "episode.lastViewedAt",
        tells: plays_and_place,
    },
];
const RATINGS: [Probe; 3] = [
    Probe { kind: PLEX_MOVIES, any_of: &[("userRating>>", "0")], moves: "lastRatedAt", tells: rating },
    Probe { kind: PLEX_SHOWS, any_of: &[("show.userRating>>", "0")], moves: "show.lastRatedAt", tells: rating },
    Probe {
        kind: PLEX_EPISODES,
        any_of: &[("episode.userRating>>", "0")],
        moves: "episode.lastRatedAt",
        tells: rating,
    },
];

/// What one question about some lists was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    text: SmolStr,
    totals: Vec<u64>,
}

/// What was known when plays and resume points were last asked for by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// The mark of both together, asked before the other two.
    both: SmolStr,
    history: SmolStr,
    progress: SmolStr,
}

/// What the gate of one account remembers.
#[derive(Default)]
pub(super) struct Gate {
    note: RefCell<Option<Note>>,
    /// The server does not put plays and resume points together as asked.
    asks_each_alone: Cell<bool>,
}

impl Plex {
    /// The marks of these features.
    pub(super) async fn ask_stamps(&self, features: FeatureSet) -> Result<Option<Stamps>, Fault> {
        let mut stamps = Vec::new();
        let wants_both = features.contains(Feature::History) && features.contains(Feature::Progress);
        let mut together = if wants_both { Some(self.history_and_progress().await?) } else { None };
        for feature in features.iter() {
            let mark = match (feature, &mut together) {
                (Feature::History, Some(note)) => std::mem::take(&mut note.history),
                (Feature::Progress, Some(note)) => std::mem::take(&mut note.progress),
                (Feature::History, None) => self.mark(&HISTORY).await?.text,
                (Feature::Progress, None) => self.mark(&PROGRESS).await?.text,
                (Feature::Ratings, _) => self.mark(&RATINGS).await?.text,
                (Feature::Watchlist, _) => self.watchlist_mark().await?,
            };
            stamps.push(Stamp { feature, mark });
        }
        Ok(Some(Stamps(stamps)))
    }

    /// The marks of plays and of resume points: those of the last time, where nothing moved since.
    async fn history_and_progress(&self) -> Result<Note, Fault> {
        let alone = async |both: SmolStr| {
            let (history, progress) = (self.mark(&HISTORY).await?, self.mark(&PROGRESS).await?);
            let totals = history.totals.iter().copied().zip(progress.totals.iter().copied()).collect::<Vec<_>>();
            Ok::<_, Fault>((Note { both, history: history.text, progress: progress.text }, totals))
        };
        if self.gate.asks_each_alone.get() {
            return Ok(alone(SmolStr::default()).await?.0);
        }
        let both = self.mark(&BOTH).await?;
        if let Some(note) = self.known_note().await?.filter(|note| note.both == both.text) {
            return Ok(note);
        }
        let (note, totals) = alone(both.text).await?;
        match put_together(&both.totals, &totals) {
            Some(true) => self.keep_note(&note).await,
            Some(false) => self.gate.asks_each_alone.set(true),
            None => {}
        }
        Ok(note)
    }

    async fn known_note(&self) -> Result<Option<Note>, Fault> {
        if let Some(note) = self.gate.note.borrow().clone() {
            return Ok(Some(note));
        }
        let stored = self.connection.ports().cache.recall(NOTE_NAME).await?;
        Ok(stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// A note that cannot be kept costs requests, and nothing else.
    async fn keep_note(&self, note: &Note) {
        self.gate.note.replace(Some(note.clone()));
        let Ok(bytes) = serde_json::to_vec(note) else { return };
        if let Err(fault) = self.connection.ports().cache.keep(NOTE_NAME, bytes).await {
            tracing::warn!("the marks of the server are not kept: {fault}");
        }
    }

    async fn watchlist_mark(&self) -> Result<SmolStr, Fault> {
        let answer = self.send_watchlist("watchlistedAt:desc", 0, 1).await?;
        let list: List<WireItem> = List::page(&answer)?;
        let newest = list.rows().next().map(|row| row.rating_key.written().unwrap_or_default());
        Ok(format_smolstr!("{}:{}:{}", self.week(), told(list.total)?, newest.unwrap_or_default()))
    }

    async fn mark(&self, probes: &[Probe]) -> Result<Mark, Fault> {
        let account = self.connection.account().await?;
        let holds = |holds: Holds| account.sections.iter().any(|section| section.holds == holds);
        let (mut text, mut totals) = (self.week().to_string(), Vec::new());
        for probe in probes {
            let is_held = holds(if probe.kind == PLEX_MOVIES { Holds::Movies } else { Holds::Shows });
            if !is_held {
                text.push_str(":-");
                continue;
            }
            let (total, newest) = self.newest(probe).await?;
            text.push_str(&format_smolstr!(":{total}:{newest}"));
            totals.push(total);
        }
        // Another server, another user: what was known of one says nothing about the other.
        Ok(Mark { text: format_smolstr!("{}/{}/{text}", account.machine, account.user_id), totals })
    }

    async fn newest(&self, probe: &Probe) -> Result<(u64, SmolStr), Fault> {
        let mut call = self.connection.server_get("/library/all").query("type", probe.kind);
        if let [(name, value)] = probe.any_of {
            call = call.query(name, value);
        } else {
            call = call.query("push", "1");
            for (at, (name, value)) in probe.any_of.iter().enumerate() {
                call = if at == 0 { call } else { call.query("or", "1") };
                call = call.query(name, value);
            }
            call = call.query("pop", "1");
        }
        let call = call
            .query("sort", &format!("{}:desc", probe.moves))
            .query("X-Plex-Container-Start", "0")
            .query("X-Plex-Container-Size", "1");
        let list: List<WireItem> = List::page(&self.connection.read(call).await?)?;
        Ok((told(list.total)?, list.rows().next().map(probe.tells).unwrap_or_default()))
    }

    /// Counted from 1970.
    fn week(&self) -> i64 {
        week(self.connection.ports().clock.now())
    }
}

fn plays(row: &WireItem) -> SmolStr {
    format_smolstr!("{},{},{}", written(&row.rating_key), written(&row.last_viewed_at), written(&row.view_count))
}

fn place(row: &WireItem) -> SmolStr {
    format_smolstr!("{},{},{}", written(&row.rating_key), written(&row.last_viewed_at), written(&row.view_offset))
}

fn plays_and_place(row: &WireItem) -> SmolStr {
    format_smolstr!("{},{}", plays(row), written(&row.view_offset))
}

fn rating(row: &WireItem) -> SmolStr {
    format_smolstr!("{},{},{:?}", written(&row.rating_key), written(&row.last_rated_at), row.user_rating.number())
}

fn written(field: &Scalar) -> SmolStr {
    field.written().unwrap_or_default()
}

/// Whether the numbers of both together are those of a list of either: no fewer than the longer of the two, no more than
/// the two one after the other. A list of what is both at once would be as long as the shorter one at most, so only more
/// than that proves it; `None` where nothing does.
fn put_together(both: &[u64], alone: &[(u64, u64)]) -> Option<bool> {
    let pairs = || both.iter().zip(alone);
    if pairs().any(|(both, (one, other))| both < one.max(other) || *both > one + other) {
        return Some(false);
    }
    pairs().any(|(both, (one, other))| both > one.min(other)).then_some(true)
}

/// A list that does not say how long it is cannot stand for anything.
fn told(total: Option<u64>) -> Result<u64, Fault> {
    total.ok_or_else(|| Fault::InDoubt("a list of the account does not say how long it is".into()))
}

/// Counted from 1970.
fn week(now: Timestamp) -> i64 {
    now.as_second().div_euclid(WEEK_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_put_lists_together_is_found_out_by_its_numbers() {
        for (both, alone, expected) in [
            (vec![5, 7], vec![(5, 0), (4, 3)], Some(true)),
            (vec![6], vec![(5, 3)], Some(true)),
            // Only what is both.
            (vec![0], vec![(5, 0)], Some(false)),
            (vec![3], vec![(5, 4)], Some(false)),
            // Everything there is.
            (vec![900], vec![(5, 4)], Some(false)),
            (vec![5, 900], vec![(5, 0), (4, 3)], Some(false)),
            // Nothing to tell by.
            (vec![0, 0], vec![(0, 0), (0, 0)], None),
            (vec![4], vec![(4, 4)], None),
            (vec![], vec![], None),
        ] {
            assert_eq!(put_together(&both, &alone), expected, "{both:?} {alone:?}");
        }
    }
}
