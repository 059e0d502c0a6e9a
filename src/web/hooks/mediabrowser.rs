//! What Jellyfin and Emby have in common: how they write steps, items and people, flat as a plug-in does or nested as the
//! servers do. Every body is looked at both ways, because templates mix them.

use crosswatch_identity::{Parsed, web_address};
use crosswatch_model::{IdSet, Item, Kind, Show};
use crosswatch_scrobble::{Heard, Media, PlaybackEvent, Step, Viewer};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use super::{
    fields::{add, add_id_map, add_ids, at, first, flag, last_number, moment, small, text, whole, year_of_date},
    ignored, invalid, names_something,
};

/// Hundred nanoseconds are a tick.
const TICKS_PER_MS: u64 = 10_000;

/// The step that a word stands for: `PlaybackStart`, `playback.start` and `playback_started` are one.
pub(super) fn step(body: &Value, word: &str) -> Option<Step> {
    let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    Some(match letters.to_ascii_lowercase().as_str() {
        "playbackstart" | "playbackstarted" | "play" | "start" | "playbackunpause" | "playbackunpaused" | "unpause"
        | "unpaused" | "playbackresume" | "playbackresumed" | "resume" | "resumed" => Step::Start,
        "playbackpause" | "playbackpaused" | "pause" | "paused" => Step::Pause,
        "playbackprogress" | "progress" => {
            let paused = [&["IsPaused"][..], &["PlaybackInfo", "IsPaused"], &["Session", "PlayState", "IsPaused"]];
            if flag(first(body, &paused)) == Some(true) { Step::StillPaused } else { Step::Playing }
        }
        "playbackstop" | "playbackstopped" | "stop" | "stopped" => {
            let completed = first(body, &[&["PlayedToCompletion"], &["PlaybackInfo", "PlayedToCompletion"]]);
            if flag(completed) == Some(true) { Step::Complete } else { Step::Stop }
        }
        "playbackscrobble" | "playbackscrobbled" | "scrobble" => Step::Complete,
        "itemmarkplayed" | "markplayed" | "markedplayed" => Step::MarkWatched,
        "itemmarkunplayed" | "markunplayed" | "markedunplayed" => Step::MarkUnwatched,
        _ => return None,
    })
}

/// The event for a step, where the body names something that can be watched.
pub(super) fn event(body: &Value, word: SmolStr, step: Step, position_ticks: &Value) -> Heard {
    let kind = match kind(body, matches!(step, Step::Rate(_))) {
        Ok(kind) => kind,
        Err(heard) => return heard,
    };
    let media = media(body, kind);
    if !names_something(&media) {
        return invalid("no item");
    }
    let name = first(body, &[&["NotificationUsername"], &["User", "Name"], &["Session", "UserName"], &["Username"]]);
    let id = first(body, &[&["UserId"], &["User", "Id"], &["Session", "UserId"]]);
    let session = first(
        body,
        &[
            &["Session", "Id"],
            &["Id"],
            &["PlaySessionId"],
            &["PlaybackInfo", "PlaySessionId"],
            &["Session", "PlaySessionId"],
        ],
    );
    Heard::Event(Box::new(PlaybackEvent {
        step,
        word,
        viewer: Viewer { name: unescaped(name), id: text(id) },
        server: text(first(body, &[&["ServerId"], &["Server", "Id"], &["Item", "ServerId"]])),
        player: text(first(body, &[&["DeviceId"], &["Session", "DeviceId"]])),
        session: text(session),
        media,
        position_ms: milliseconds(position_ticks).filter(|_| step.is_playback()),
        at: [&["UtcTimestamp"][..], &["Timestamp"], &["Date"]].iter().find_map(|path| moment(at(body, path))),
    }))
}

fn milliseconds(ticks: &Value) -> Option<u64> {
    whole(ticks).map(|ticks| ticks / TICKS_PER_MS)
}

/// The plug-in writes `"` as `\"` before it makes JSON of it, so that one backslash too many arrives.
fn unescaped(value: &Value) -> SmolStr {
    let text = text(value);
    if text.contains("\\\"") { text.replace("\\\"", "\"").into() } else { text }
}

fn kind(body: &Value, is_rating: bool) -> Result<Kind, Heard> {
    let is_extra = !text(first(body, &[&["ExtraType"], &["Item", "ExtraType"]])).is_empty();
    match text(first(body, &[&["ItemType"], &["Item", "Type"]])).as_str() {
        "" => Err(invalid("no item")),
        _ if is_extra => Err(ignored("a trailer or another extra")),
        "Movie" => Ok(Kind::Movie),
        "Episode" => Ok(Kind::Episode),
        "Series" if is_rating => Ok(Kind::Show),
        "Season" if is_rating => Ok(Kind::Season),
        "Trailer" => Err(ignored("a trailer or another extra")),
        "TvChannel" | "LiveTvChannel" | "Program" | "TvProgram" | "LiveTvProgram" => Err(ignored("live TV")),
        other => Err(ignored(&format_smolstr!("an item of type {other}"))),
    }
}

fn media(body: &Value, kind: Kind) -> Media {
    let is_below_show = matches!(kind, Kind::Season | Kind::Episode);
    let (season, number) = match kind {
        Kind::Episode => {
            let season = first(body, &[&["SeasonNumber"], &["Item", "ParentIndexNumber"]]);
            let number = first(body, &[&["EpisodeNumber"], &["Item", "IndexNumber"]]);
            (small(season), small(number))
        }
        Kind::Season => (small(first(body, &[&["SeasonNumber"], &["Item", "IndexNumber"]])), None),
        Kind::Movie | Kind::Show => (None, None),
    };
    let last = first(body, &[&["EpisodeNumberEnd"], &["IndexNumberEnd"], &["Item", "IndexNumberEnd"]]);
    let library = text(first(body, &[&["LibraryName"], &["LibraryId"]]));
    let item = Item {
        kind,
        title: unescaped(first(body, &[&["Name"], &["Item", "Name"]])),
        year: small(first(body, &[&["Year"], &["Item", "ProductionYear"]])).filter(|year| *year > 0),
        ids: own_ids(body, kind),
        show: is_below_show.then(|| Box::new(show(body))),
        season,
        number,
    };
    Media {
        native: text(first(body, &[&["ItemId"], &["Item", "Id"]])),
        last_number: last_number(item.number, last),
        duration_ms: milliseconds(first(body, &[&["RunTimeTicks"], &["Item", "RunTimeTicks"]])).filter(|ms| *ms > 0),
        library: Some(library).filter(|library| !library.is_empty()),
        item,
    }
}

/// `Provider_tmdb` and the map in the item: ids of the item itself, whatever its level.
fn own_ids(body: &Value, kind: Kind) -> IdSet {
    let mut ids = IdSet::EMPTY;
    add_flat_ids(&mut ids, kind, body, "provider_");
    for map in [at(body, &["ProviderIds"]), at(body, &["Item", "ProviderIds"])] {
        add_id_map(&mut ids, kind, map);
    }
    if ids.is_empty() {
        add_linked_ids(&mut ids, kind, first(body, &[&["ExternalUrls"], &["Item", "ExternalUrls"]]));
    }
    ids
}

/// Ids in the addresses of pages about the item.
fn add_linked_ids(ids: &mut IdSet, kind: Kind, links: &Value) {
    for link in links.as_array().into_iter().flatten() {
        if let Ok(Parsed::Id(id)) = web_address::parse(Some(kind), &text(at(link, &["Url"]))) {
            add(ids, id);
        }
    }
}

fn show(body: &Value) -> Show {
    let mut ids = IdSet::EMPTY;
    add_flat_ids(&mut ids, Kind::Show, body, "seriesprovider_");
    for map in [at(body, &["SeriesProviderIds"]), at(body, &["Item", "SeriesProviderIds"])] {
        add_id_map(&mut ids, Kind::Show, map);
    }
    Show {
        title: unescaped(first(body, &[&["SeriesName"], &["Item", "SeriesName"]])),
        year: year_of_date(at(body, &["SeriesPremiereDate"])),
        ids,
        ..Show::default()
    }
}

/// Ids in fields of their own, named by a prefix and the provider.
fn add_flat_ids(ids: &mut IdSet, kind: Kind, body: &Value, prefix: &str) {
    for (key, value) in body.as_object().into_iter().flatten() {
        let lower = key.to_ascii_lowercase();
        if let Some(provider) = lower.strip_prefix(prefix) {
            add_ids(ids, kind, provider, value);
        }
    }
}
