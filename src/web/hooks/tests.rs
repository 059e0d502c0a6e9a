//! What every kind of body is read as, over fixtures of our own, and that no body at all is a surprise.

use crosswatch_model::{Rating, Scheme};
use crosswatch_scrobble::{Heard, PlaybackEvent, Step};
use crosswatch_settings::ProviderKind;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use super::{read, word};

const PLEX: &[(&str, &str)] = &[
    ("a clip", "ignored: a clip"),
    ("a device", "ignored: device.new"),
    ("a file without a match", r#"Stop movie "Holidays" {} #99 @5"#),
    ("a kind without a name", "invalid: no item"),
    (
        "a list in place of the guid",
        r#"Complete episode "Episode 12" {tmdb_episode:12345, tvdb_episode:362753} of "Demon Slayer" {} S2E12"#,
    ),
    ("a name without a kind", "invalid: no kind"),
    ("a photo", "ignored: a photo"),
    ("a rating in words", "invalid: no such rating"),
    ("a rating of eleven", "invalid: no such rating"),
    ("a rating of minus one", r#"Rate(None) movie "The Matrix" {}"#),
    ("a rating of null", r#"Rate(None) movie "The Matrix" {}"#),
    ("a rating of zero", r#"Rate(None) movie "The Matrix" {}"#),
    ("a rating without a value", "ignored: a rating without a value"),
    ("a scrobble of nothing", "invalid: no item"),
    ("a scrobble without metadata", "invalid: no item"),
    (
        "a season is rated",
        r#"Rate(Some(70)) season "Season 2" {} of "Breaking Bad" {plex_show:5d9c086c7d06d9001ffd27aa} S2"#,
    ),
    ("a show is played", "ignored: a show"),
    ("a show is rated", r#"Rate(Some(70)) show "Breaking Bad" (2008) {tvdb_show:81189}"#),
    ("a special", r#"Complete episode "Outtakes" {tvdb_episode:7} of "Firefly" {} S0E3"#),
    ("a track", "ignored: a track"),
    ("a trailer", "ignored: a trailer or another extra"),
    ("an agent nobody knows", r#"Complete episode "Episode 10" {} of "Code Geass" {} S1E10"#),
    ("an anime by HAMA", r#"Complete episode "Please" {} of "One Piece" {tvdb_show:81797} S22E70 #314; ann,,,,"#),
    ("an anime by HAMA in an order of its own", r#"Complete episode "Five" {} of "" {anidb_show:17494} by anidb S1E5"#),
    ("an event that is a number", "ignored: 7"),
    ("an extra of a movie", "ignored: a trailer or another extra"),
    ("legacy guid that names the show alone", r#"Complete episode "" {} of "Breaking Bad" {} S1E2"#),
    ("legacy guid without numbers beside it", r#"Complete episode "" {} of "" {tvdb_show:81189} S0E3 #5"#),
    ("live TV", "ignored: live TV"),
    ("live TV by its key", "ignored: live TV"),
    ("nothing", "invalid: no event"),
    ("null in the metadata and a rating beside it", r#"Rate(Some(60)) movie "The Matrix" {}"#),
    ("odd types", "invalid: no item"),
    ("on deck", "ignored: library.on.deck"),
    (
        "pause of an episode",
        r#"Pause episode "Pilot" (2008) {tmdb_episode:62085, tvdb_episode:349232, plex_episode:5d9c1234e9d5a1001f4f0001} of "Breaking Bad" {plex_show:5d9c086c7d06d9001ffd27aa} S1E1 #21 @1500000/3000000; ann,11,srv-plex,tv-1,"#,
    ),
    (
        "play of a movie",
        r#"Start movie "The Matrix" (1999) {imdb_movie:tt0133093, tmdb_movie:603, tvdb_movie:169, plex_movie:5d776883ebdf2200209c104e} #10 @0/6000000 in Films; ann,11,srv-plex,tv-1,"#,
    ),
    ("rated beside the metadata", r#"Rate(Some(90)) movie "The Matrix" {} #10; ann,11,,,"#),
    ("rated in both", r#"Rate(Some(85)) episode "Pilot" {} of "Breaking Bad" {} S1E1"#),
    ("rated in the metadata", r#"Rate(Some(80)) movie "The Matrix" {} #10"#),
    ("rated with half a point", r#"Rate(Some(95)) movie "The Matrix" {}"#),
    (
        "resume with the offset beside the metadata",
        r#"Start movie "The Matrix" {} #10 @2520000/6000000 in 7; bob,12,,,"#,
    ),
    (
        "scrobble",
        r#"Complete movie "The Matrix" (1999) {plex_movie:5d776883ebdf2200209c104e} #10 /6000000 in Films at 2026-03-01T21:30:00Z; ann,11,srv-plex,tv-1,"#,
    ),
    (
        "scrobble by a legacy show agent",
        r#"Complete episode "Pilot" {} of "Breaking Bad" {tvdb_show:81189} S1E1; ann,1,,,"#,
    ),
    ("something new", "ignored: library.new"),
    ("stop after an older view", r#"Stop movie "The Matrix" {} #10 @60000"#),
    ("stop without an offset", r#"Stop movie "Barry Lyndon" (1975) {imdb_movie:tt0072684} #75 /11040000; ann,11,,,"#),
    ("the owner's copy of a play", "ignored: playback.started"),
];

const JELLYFIN: &[(&str, &str)] = &[
    ("a channel", "ignored: live TV"),
    ("a favourite", "ignored: a favourite or a like"),
    ("a session", "ignored: SessionStart"),
    ("a sign-in", "ignored: AuthenticationSuccess"),
    ("a special", r#"Start episode "" {} of "Firefly" {} S0E3 #s3"#),
    ("a trailer", "ignored: a trailer or another extra"),
    ("an addition", "ignored: ItemAdded"),
    ("an extra", "ignored: a trailer or another extra"),
    ("an id that may be the show's", r#"Start episode "Pilot" {tmdb_episode:1396} of "Breaking Bad" {} S1E1 #e9"#),
    (
        "ids of the show",
        r#"Start episode "" {tvdb_episode:349232} of "Breaking Bad" {imdb_show:tt0903747, tvdb_show:81189} S1E1 #e9"#,
    ),
    ("lower-case keys", r#"Stop movie "" {imdb_movie:tt0133093, tmdb_movie:603} #item-1 @80000"#),
    (
        "marked",
        r#"MarkWatched episode "Pilot" {tmdb_episode:999} of "Some Show" {} S1E1 #abc at 2026-03-01T12:00:01Z; ann,u-ann,srv-jelly,,"#,
    ),
    ("music", "ignored: an item of type Audio"),
    ("nested and marked", r#"MarkWatched episode "Ep 1-2" {} of "" {} E1-2 #abc"#),
    (
        "nested and stopped",
        r#"Stop movie "The Matrix" (1999) {imdb_movie:tt0133093, tmdb_movie:603} #m1 @60000; ann,u-ann,,tv-2,sess-2"#,
    ),
    ("nothing", "invalid: no event"),
    ("odd types", "invalid: no event"),
    ("paused by another plug-in", r#"Pause movie "" {} #m1"#),
    ("progress", r#"Playing movie "The Matrix" {} #m1 @3600000/6000000"#),
    ("progress while paused", r#"StillPaused movie "" {} #m1 @3600000"#),
    ("quotes escaped twice", r#"Start episode "The \"Big\" One" {} of "\"Heroes\"" {} S1E2 #e2; ann "a" b,,,,"#),
    ("rated", r#"Rate(Some(85)) show "Breaking Bad" (2008) {tvdb_show:81189} #a1"#),
    ("resumed by another plug-in", r#"Start movie "" {} #m1; ,,,,play-1"#),
    ("saved at the end", "ignored: saved because of PlaybackFinished"),
    ("saved on the way", "ignored: saved because of PlaybackProgress"),
    ("scrobbled by another plug-in", r#"Complete movie "" {} #m1"#),
    (
        "start of an episode",
        r#"Start episode "Undertaker" (2021) {tvdb_episode:8314432, anidb_episode:238801} of "86 Eighty-Six" (2021) {} S1E1 #00e1 @100/1421097 at 2026-03-01T20:00:00.3996527Z; ann,u-ann,srv-jelly,tv-1,sess-1"#,
    ),
    ("start with hardly anything", r#"Start movie "A Movie" {} #xyz"#),
    ("stop", r#"Stop movie "The Matrix" {imdb_movie:tt0133093, tmdb_movie:603} #m1 @3600000"#),
    ("stop at the end in words", r#"Complete movie "" {} #m1"#),
    ("stop at the end with position 0", r#"Complete episode "" {} of "Breaking Bad" {} S1E1 #e1 @0"#),
    ("stop of nothing", "invalid: no item"),
    ("toggled somehow", "invalid: not said whether it was played"),
    ("two episodes in a file", r#"Start episode "" {} of "Firefly" {} S1E1-2 #e12"#),
    ("unmarked", r#"MarkUnwatched movie "A Movie" {} #xyz"#),
    ("unmarked by another plug-in", r#"MarkUnwatched movie "" {} #m1"#),
];

const EMBY: &[(&str, &str)] = &[
    ("ids in addresses", r#"MarkWatched movie "The Matrix" {imdb_movie:tt0133093, tmdb_movie:603} #103"#),
    ("a channel", "ignored: live TV"),
    ("a favourite", "ignored: item.rate"),
    ("a restart", "ignored: system.serverrestartrequired"),
    ("a test", "ignored: system.notificationtest"),
    (
        "marked",
        r#"MarkWatched episode "Pilot" {imdb_episode:tt0959621, tvdb_episode:349232} of "Breaking Bad" {} S1E1 #57 at 2026-03-01T12:00:00.9449333Z; ann,u-ann,srv-emby,,"#,
    ),
    ("music", "ignored: an item of type Audio"),
    ("no event", "invalid: no event"),
    ("nothing", "invalid: no item"),
    ("pause", r#"Pause movie "The Matrix" {} #m1 @60000"#),
    ("progress", r#"StillPaused movie "" {} #m1 @60000"#),
    ("scrobble", r#"Complete movie "" {} #m1 @0"#),
    ("something new", "ignored: library.new"),
    (
        "start of a movie",
        r#"Start movie "The Matrix" (1999) {imdb_movie:tt0133093, tmdb_movie:603, tvdb_movie:169} #103 @0 at 2026-03-01T20:00:00Z; bob,u-bob,srv-emby,tv-2,sess-2"#,
    ),
    (
        "start of an episode",
        r#"Start episode "Episode 11" (2008) {tmdb_episode:4533239} of "Breaking Bad" {} S1E11 #240252 @1425666/2802145 at 2026-03-01T20:00:00.520005Z; ann,u-ann,srv-emby,tv-1,sess-1"#,
    ),
    ("stop", r#"Stop movie "The Matrix" {} #m1 @1743179/8043959"#),
    ("stop at the end with position 0", r#"Complete episode "Pilot" {} of "Breaking Bad" {} S1E1 #57 @0"#),
    ("stop that the play state knows better", r#"Complete episode "Finale" {} of "" {} #ep1 @1000/1000; ,,,,sess-1"#),
    (
        "stop with a play state alone",
        r#"Stop movie "Supergirl" (2026) {tmdb_movie:1081003} #m2 /6480000; ann,,,,sess-1"#,
    ),
    ("stop with two names", r#"Stop movie "Supergirl" {} #m2"#),
    ("two episodes in a file", r#"MarkWatched episode "Ep 1-2" {} of "Firefly" {} S0E1-2 #58"#),
    ("unmarked", r#"MarkUnwatched movie "The Matrix" {} #103"#),
    ("unpause", r#"Start movie "The Matrix" {} #m1 @60000"#),
];

const TAUTULLI: &[(&str, &str)] = &[
    ("a track", "ignored: a track"),
    ("buffering", "ignored: buffer"),
    ("live TV", "ignored: live TV"),
    ("no event", "invalid: no event"),
    ("nothing", "invalid: no item"),
    (
        "pause of a movie",
        r#"Pause movie "The Matrix" (1999) {imdb_movie:tt0133093, tmdb_movie:603, plex_movie:5d776883ebdf2200209c104e} #10 @600000/6000000 in Films at 2026-03-01T20:00:00Z; ann,11,srv-plex,tv-1,43"#,
    ),
    (
        "play of an episode",
        r#"Start episode "Pilot" (2008) {plex_episode:5d9c1234e9d5a1001f4f0001} of "Breaking Bad" (2008) {imdb_show:tt0903747, tmdb_show:1396, tvdb_show:81189} S1E1 #21 @0/3000000 in Shows at 2026-03-01T20:00:00Z; ann,11,srv-plex,tv-1,42"#,
    ),
    ("resume", r#"Start movie "The Matrix" {} @600000"#),
    ("stop", r#"Stop movie "The Matrix" {}"#),
    ("watched", r#"Complete movie "The Matrix" {} @5100000"#),
];

fn fixtures(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap()
}

fn all() -> [(ProviderKind, Map<String, Value>); 4] {
    [
        (ProviderKind::Plex, fixtures(include_str!("fixtures/plex.json"))),
        (ProviderKind::Jellyfin, fixtures(include_str!("fixtures/jellyfin.json"))),
        (ProviderKind::Emby, fixtures(include_str!("fixtures/emby.json"))),
        (ProviderKind::Plex, fixtures(include_str!("fixtures/tautulli.json"))),
    ]
}

/// In one line: what happened, to what, how far, when, to whom and where. What was not told is left out.
fn told(heard: &Heard) -> String {
    match heard {
        Heard::Ignored(why) => format!("ignored: {why}"),
        Heard::Invalid(why) => format!("invalid: {why}"),
        Heard::Event(event) => {
            let step = match event.step {
                Step::Rate(rating) => format!("Rate({:?})", rating.map(Rating::get)),
                step => format!("{step:?}"),
            };
            format!("{step} {}{}", thing(event), surroundings(event))
        }
    }
}

fn thing(event: &PlaybackEvent) -> String {
    let (media, item) = (&event.media, &event.media.item);
    let year = |year: Option<u16>| year.map(|year| format!(" ({year})")).unwrap_or_default();
    let show = item.show.as_ref().map(|show| {
        let order = if show.scheme == Scheme::Standard { String::new() } else { format!(" by {}", show.scheme) };
        format!(" of {:?}{} {:?}{order}", show.title, year(show.year), show.ids)
    });
    let number =
        |letter: char, number: Option<u16>| number.map_or_else(String::new, |number| format!("{letter}{number}"));
    let place = [number('S', item.season), number('E', item.number), number('-', media.last_number)].concat();
    let parts = [
        format!("{} {:?}{} {:?}", item.kind, item.title, year(item.year), item.ids),
        show.unwrap_or_default(),
        if place.is_empty() { place } else { format!(" {place}") },
        if media.native.is_empty() { String::new() } else { format!(" #{}", media.native) },
    ];
    parts.concat()
}

fn surroundings(event: &PlaybackEvent) -> String {
    let media = &event.media;
    let position = event.position_ms.map(|position| format!("@{position}"));
    let duration = media.duration_ms.map(|duration| format!("/{duration}"));
    let progress = [position, duration].into_iter().flatten().collect::<String>();
    let parts = [
        Some(progress).filter(|progress| !progress.is_empty()),
        media.library.as_ref().map(|library| format!("in {library}")),
        event.at.map(|at| format!("at {at}")),
    ];
    let parts = parts.into_iter().flatten().flat_map(|part| [" ".to_owned(), part]).collect::<String>();
    let who = [&event.viewer.name, &event.viewer.id, &event.server, &event.player, &event.session];
    let who = who.map(SmolStr::as_str).join(",");
    if who == ",,,," { parts } else { format!("{parts}; {who}") }
}

#[test]
fn every_kind_of_body_is_read_as_documented() {
    let tables = [PLEX, JELLYFIN, EMBY, TAUTULLI];
    for ((kind, fixtures), table) in all().into_iter().zip(tables) {
        for (name, expected) in table {
            assert_eq!(told(&read(kind, &fixtures[*name])), *expected, "{kind}: {name}");
        }
        assert_eq!(fixtures.len(), table.len(), "{kind}: fixtures without a line");
    }
}

#[test]
fn the_word_is_the_senders_own() {
    let fixtures = all();
    for ((kind, fixtures), name, expected) in [
        (&fixtures[0], "scrobble", "media.scrobble"),
        (&fixtures[1], "resumed by another plug-in", "playback_resumed"),
        (&fixtures[2], "stop with two names", "playback.stop"),
        (&fixtures[3], "watched", "watched"),
        (&fixtures[0], "nothing", ""),
    ] {
        assert_eq!(word(*kind, &fixtures[name]), expected, "{name}");
    }
    assert_eq!(
        read(ProviderKind::Trakt, &json!({"event": "media.play"})),
        Heard::Ignored("not from a media server".into())
    );
}

#[test]
fn the_template_of_the_readme_is_the_one_that_is_read() {
    let readme = include_str!("../../../README.md");
    let (_, behind) = readme.split_once("```json\n{\"tautulli\"").unwrap();
    let (template, _) = behind.split_once("```").unwrap();
    let template = fixtures(&format!("{{\"tautulli\"{template}"));
    let fixture = &fixtures(include_str!("fixtures/tautulli.json"))["play of an episode"];
    let names = |object: &Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&template), names(fixture.as_object().unwrap()));
    assert!(template.values().all(|value| value.as_str().is_some_and(|text| text.starts_with('{'))));
}

#[test]
fn nothing_has_ids_without_end() {
    let guids: Vec<Value> = (1..50_000).map(|number| json!({"id": format!("tmdb://{number}")})).collect();
    let links: Vec<Value> =
        (1..20_000).map(|number| json!({"Url": format!("https://www.themoviedb.org/movie/{number}")})).collect();
    for (kind, body) in [
        (ProviderKind::Plex, json!({"event": "media.stop", "Metadata": {"type": "movie", "Guid": guids}})),
        (ProviderKind::Emby, json!({"Event": "playback.stop", "Item": {"Type": "Movie", "ExternalUrls": links}})),
    ] {
        assert!(matches!(read(kind, &body), Heard::Event(event) if event.media.item.ids.len() == 32), "{kind}");
    }
}

fn reads_without_surprise(kind: ProviderKind, body: &Value) {
    if let Heard::Event(event) = read(kind, body) {
        assert!(event.position_ms.is_none() || event.step.is_playback());
        assert_eq!(event.word, word(kind, body));
        assert!(event.media.item.ids.iter().all(|id| id.kind() == event.media.item.kind));
        assert!(event.media.item.title.chars().count() <= 512);
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"id": "tvdb://1"}, "tmdb://2", 3])),
        Just(Value::from("é\\\"".repeat(600))),
    ]
}

/// Puts a value in the place of the one that is counted `at`, whichever level it is on.
fn replace(body: &mut Value, at: &mut usize, by: &Value) {
    if *at == 0 {
        *body = by.clone();
    }
    *at = at.wrapping_sub(1);
    match body {
        Value::Array(list) => list.iter_mut().for_each(|member| replace(member, at, by)),
        Value::Object(object) => object.values_mut().for_each(|member| replace(member, at, by)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn no_body_is_a_surprise(
        sender in 0usize..4, pick in any::<prop::sample::Index>(), at in 1usize..40, by in any_value(), kind in 0usize..3,
    ) {
        let (_, fixtures) = &all()[sender];
        let mut body = fixtures.values().nth(pick.index(fixtures.len())).unwrap().clone();
        replace(&mut body, &mut at.clone(), &by);
        let kinds = [ProviderKind::Plex, ProviderKind::Jellyfin, ProviderKind::Emby];
        reads_without_surprise(kinds[kind], &body);
    }

    #[test]
    fn no_broken_text_is_a_surprise(
        sender in 0usize..4, pick in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let (kind, fixtures) = &all()[sender];
        let mut text = fixtures.values().nth(pick.index(fixtures.len())).unwrap().to_string().into_bytes();
        let at = cut.index(text.len());
        text[at] = byte;
        if let Ok(body) = super::sniff::plain(&text) {
            reads_without_surprise(*kind, &body);
        }
        text.truncate(at);
        prop_assert!(super::sniff::plain(&text).is_err());
    }
}
