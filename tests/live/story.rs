//! The language of the stories: `20:00:00  play M @0` is what the server tells at that time.

use crosswatch_actors::Arrived;
use crosswatch_model::{Fact, Id, IdSet, Item, Kind, Namespace, NativeRef, ProviderId, Rating, Show, WatchedAt};
use crosswatch_port::{Page, Row};
use crosswatch_scrobble::{Heard, Media, PlaybackEvent, Step, Via, Viewer};
use jiff::{SignedDuration, Timestamp};

/// A time of the first evening, or of the day that is named.
pub(crate) fn at(clock: &str) -> Timestamp {
    match clock.split_once(' ') {
        Some((day, clock)) => format!("{day}T{clock}Z").parse().unwrap(),
        None => format!("2026-03-01T{clock}Z").parse().unwrap(),
    }
}

/// `M` is a film of 100 minutes, `N` another, `U` a film without ids, `E1` to `E99` are episodes of 50 minutes.
pub(crate) fn item(name: &str) -> Item {
    let one = |namespace, kind, number| IdSet::from_iter([Id::from_number(namespace, kind, number).unwrap()]);
    let film = |title: &str, number| Item::titled(Kind::Movie, title, None, one(Namespace::Tmdb, Kind::Movie, number));
    match name {
        "M" => film("M", 603),
        "N" => film("N", 604),
        "U" => Item::titled(Kind::Movie, "U", None, IdSet::EMPTY),
        _ => {
            let number: u16 = name.trim_start_matches('E').parse().unwrap();
            let ids = one(Namespace::Tvdb, Kind::Show, 81_189);
            let show = Show { title: "Breaking Bad".into(), ids, ..Show::default() };
            Item::episode(show, 1, number, name, IdSet::EMPTY)
        }
    }
}

/// The name of an item in the stories.
pub(crate) fn name_of(item: &Item) -> String {
    match (item.kind, item.number) {
        (Kind::Episode, Some(number)) => format!("E{number}"),
        _ => item.title.to_string(),
    }
}

pub(crate) fn minutes(name: &str) -> u64 {
    if name.starts_with('E') { 50 } else { 100 }
}

/// Plays as a page of a read.
pub(crate) fn page_of(plays: &[(String, Timestamp)], is_told: impl Fn(&&(String, Timestamp)) -> bool) -> Page {
    let row = |(id, (name, at)): (u128, &(String, Timestamp))| Row {
        item: item(name),
        fact: Fact::Play(WatchedAt::Exact(*at)),
        native: Some(NativeRef(id)),
        uid: None,
        runtime_s: u32::try_from(minutes(name) * 60).ok(),
    };
    page((1_u128..).zip(plays).filter(|(_, play)| is_told(play)).map(row).collect())
}

/// Resume points of some of the items as a page of a read.
pub(crate) fn resumable_page_of(plays: &[(String, Timestamp)], resumable: &[&str]) -> Page {
    let resume = Fact::Resume { position_s: 600, duration_s: None, stopped_at: None };
    let row = |(id, (name, _)): (u128, &(String, Timestamp))| Row {
        item: item(name),
        fact: resume,
        native: Some(NativeRef(id)),
        uid: None,
        runtime_s: None,
    };
    page((1_u128..).zip(plays).filter(|(_, (name, _))| resumable.contains(&name.as_str())).map(row).collect())
}

fn page(rows: Vec<Row>) -> Page {
    let received = rows.len() as u64;
    Page { rows, received, total: Some(received), ends_stream: true, ..Page::default() }
}

/// Reads a line such as `bob@tv play M @12.5 #7`, where viewer and device may be missing, and `#7` is the server's name of
/// the playback. `rate M 8`, `mark M`, `unmark M` and `twice …` are understood as well, and `somewhere` leaves the library out.
pub(crate) fn event(line: &str) -> PlaybackEvent {
    let mut words = line.split_whitespace().peekable();
    let (viewer, player) = match words.next_if(|word| word.contains('@') && !word.starts_with('@')) {
        Some(who) => who.split_once('@').unwrap(),
        None => ("ann", "tv"),
    };
    let (step, name) = (words.next().unwrap(), words.next().unwrap());
    let rest: Vec<&str> = words.collect();
    let place = rest.iter().find_map(|word| word.strip_prefix('@'));
    let duration_ms = minutes(name) * 60_000;
    let position_ms = place.and_then(|place| position_ms(place, duration_ms));
    let step = match step {
        "play" => Step::Start,
        "pause" => Step::Pause,
        "on" => Step::Playing,
        "stop" => Step::Stop,
        "done" => Step::Complete,
        "mark" => Step::MarkWatched,
        "unmark" => Step::MarkUnwatched,
        "rate" => Step::Rate(rest.first().and_then(|value| Rating::new(value.parse::<u8>().unwrap() * 10).ok())),
        other => panic!("no step {other}"),
    };
    let session = rest.iter().find_map(|word| word.strip_prefix('#')).unwrap_or_default();
    let last_number = rest.iter().find_map(|word| word.strip_prefix("to")).and_then(|number| number.parse().ok());
    PlaybackEvent {
        step,
        word: "event".into(),
        viewer: if viewer == "nobody" { Viewer::default() } else { Viewer { name: viewer.into(), id: "11".into() } },
        server: "srv".into(),
        player: player.into(),
        session: session.into(),
        media: Media {
            native: name.into(),
            item: item(name),
            last_number,
            duration_ms: Some(duration_ms),
            library: (!rest.contains(&"somewhere")).then(|| "Movies".into()),
        },
        position_ms,
        at: None,
    }
}

/// Where `98.7` percent of a length is; `-` is nowhere.
fn position_ms(percent: &str, duration_ms: u64) -> Option<u64> {
    let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
    let hundredths: u64 = whole.parse::<u64>().ok()? * 100 + format!("{part:0<2}").parse::<u64>().unwrap();
    Some(duration_ms * hundredths / 10_000)
}

/// A message to the ingress. `number` makes its body its own; equal numbers are equal bodies. A word such as `~-300` says
/// that the server tells the time, by a clock that is five minutes late.
pub(crate) fn arrived(account: &ProviderId, via: Via, line: &str, number: u128, now: Timestamp) -> Arrived {
    let skew_s = line.split_whitespace().find_map(|word| word.strip_prefix('~'));
    let at = skew_s.map(|skew_s| now + SignedDuration::from_secs(skew_s.parse().unwrap()));
    let heard = Heard::Event(Box::new(PlaybackEvent { at, ..event(line) }));
    Arrived { account: account.clone(), via, word: "event".into(), digest: number, heard }
}
