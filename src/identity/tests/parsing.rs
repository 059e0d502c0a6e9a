//! What is an id and what is not: every form, every trap.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use crosswatch_identity::{Parsed, namespace_of_key, plex_guid, web_address};
use crosswatch_model::{Id, IdRejection, Kind, Namespace, Rejections};
use proptest::prelude::*;

const MOVIE: Option<Kind> = Some(Kind::Movie);
const SHOW: Option<Kind> = Some(Kind::Show);
const SEASON: Option<Kind> = Some(Kind::Season);
const EPISODE: Option<Kind> = Some(Kind::Episode);

/// A result as one word: `tmdb_movie:603`, `tvdb_show:79895 tvdb2 8/1`, `parent`, `Malformed`.
fn word(parsed: Parsed) -> String {
    let number = |number: Option<u16>| number.map_or("-".to_owned(), |number| number.to_string());
    match parsed {
        Parsed::Id(id) => format!("{id:?}"),
        Parsed::Coordinates { show, scheme, season, number: episode } => {
            format!("{show:?} {scheme} {}/{}", number(season), number(episode))
        }
        Parsed::GoToParent => "parent".to_owned(),
        Parsed::Rejected(why) => format!("{why:?}"),
    }
}

const GUIDS: &[(Option<Kind>, &str, &str)] = &[
    (MOVIE, "plex://movie/5d776883ebdf2200209c104e", "plex_movie:5d776883ebdf2200209c104e"),
    (None, "plex://season/602e691b66dfdb002c0a1b57", "plex_season:602e691b66dfdb002c0a1b57"),
    (SHOW, "plex://movie/5d776883ebdf2200209c104e", "KindDiffers"),
    (None, "plex://track/5d776883ebdf2200209c104e", "KindUnsupported"),
    (MOVIE, "plex://movie/5D776883EBDF2200209C104E", "Malformed"),
    (MOVIE, "plex://movie/5d776883ebdf2200209c104e/extra", "Malformed"),
    (MOVIE, "plex://movie", "Malformed"),
    (MOVIE, "imdb://tt0133093", "imdb_movie:tt0133093"),
    (MOVIE, "tmdb://603", "tmdb_movie:603"),
    (EPISODE, "tvdb://349232", "tvdb_episode:349232"),
    (SHOW, "tvdb://349232", "tvdb_show:349232"),
    (SEASON, "tmdb://3624", "tmdb_season:3624"),
    (None, "tmdb://603", "KindUnknown"),
    (MOVIE, "tmdb://0", "Empty"),
    (MOVIE, "com.plexapp.agents.imdb://tt0112253?lang=en", "imdb_movie:tt0112253"),
    (None, "com.plexapp.agents.imdb://tt0112253?lang=en", "KindUnknown"),
    (MOVIE, "com.plexapp.agents.themoviedb://603?lang=de", "tmdb_movie:603"),
    (SHOW, "com.plexapp.agents.themoviedb://1396?lang=en", "tmdb_show:1396"),
    (SEASON, "com.plexapp.agents.themoviedb://1396/1?lang=en", "tmdb_show:1396 tmdb_default 1/-"),
    (EPISODE, "com.plexapp.agents.themoviedb://1396/1/1?lang=en", "tmdb_show:1396 tmdb_default 1/1"),
    (EPISODE, "com.plexapp.agents.themoviedb://1396?lang=en", "Malformed"),
    (MOVIE, "com.plexapp.agents.themoviedb://1396/1/1", "KindDiffers"),
    (None, "com.plexapp.agents.themoviedb://1396/1/1", "KindUnknown"),
    (EPISODE, "com.plexapp.agents.thetvdb://81189/0/5?lang=en", "tvdb_show:81189 tvdb_aired 0/5"),
    (SHOW, "com.plexapp.agents.thetvdb://81189/", "tvdb_show:81189"),
    (MOVIE, "com.plexapp.agents.thetvdb://81189", "KindDiffers"),
    (EPISODE, "com.plexapp.agents.thetvdb://81189/1/x", "Malformed"),
    (EPISODE, "com.plexapp.agents.thetvdb://81189/1/+2", "Malformed"),
    (EPISODE, "com.plexapp.agents.thetvdb://81189//2", "Malformed"),
    (EPISODE, "com.plexapp.agents.thetvdb://81189/1/70000", "Malformed"),
    (EPISODE, "com.plexapp.agents.hama://anidb-69/1/5?lang=en", "anidb_show:69 anidb 1/5"),
    (EPISODE, "com.plexapp.agents.hama://anidb-3651/1/1", "anidb_show:3651 anidb 1/1"),
    (EPISODE, "com.plexapp.agents.hama://tvdb2-79895/8/1", "tvdb_show:79895 tvdb2 8/1"),
    (EPISODE, "com.plexapp.agents.hama://tvdb4-79895/8/1", "tvdb_show:79895 tvdb4 8/1"),
    (SHOW, "com.plexapp.agents.hama://tvdb4-79895", "tvdb_show:79895 tvdb4 -/-"),
    (SHOW, "com.plexapp.agents.hama://tvdb-371310?lang=en", "tvdb_show:371310"),
    (EPISODE, "com.plexapp.agents.hama://tsdb-46260/1/3", "tmdb_show:46260 tmdb_default 1/3"),
    (MOVIE, "com.plexapp.agents.hama://tmdb-11299", "tmdb_movie:11299"),
    (MOVIE, "com.plexapp.agents.hama://imdb-tt0275277", "imdb_movie:tt0275277"),
    (SHOW, "com.plexapp.agents.hama://tvdb22-371310", "Malformed"),
    (SHOW, "com.plexapp.agents.hama://youtube-371310", "FormUnknown"),
    (SHOW, "com.plexapp.agents.hama://371310", "Malformed"),
    (MOVIE, "com.plexapp.agents.xbmcnfo://tt0112253", "imdb_movie:tt0112253"),
    (MOVIE, "com.plexapp.agents.xbmcnfo://603?lang=xn", "tmdb_movie:603"),
    (SHOW, "com.plexapp.agents.xbmcnfo://603", "KindDiffers"),
    (EPISODE, "com.plexapp.agents.xbmcnfotv://81189/1/3", "tvdb_show:81189 tvdb_aired 1/3"),
    (MOVIE, "tv.plex.agents.nfo.movie://movie/tmdb_603", "tmdb_movie:603"),
    (EPISODE, "tv.plex.agents.nfo.series://episode/tvdb_349232", "tvdb_episode:349232"),
    (None, "tv.plex.agents.nfo.series://show/imdb_tt0903747", "imdb_show:tt0903747"),
    (SHOW, "tv.plex.agents.nfo.series://episode/tvdb_349232", "KindDiffers"),
    (None, "tv.plex.agents.nfo.movie://show/tmdb_603", "KindDiffers"),
    (MOVIE, "tv.plex.agents.nfo.movie://movie/letterboxd_603", "FormUnknown"),
    (EPISODE, "local://60293", "parent"),
    (SEASON, "com.plexapp.agents.none://3a1b/1?lang=xn", "parent"),
    (EPISODE, "tv.plex.agents.none://1/2", "parent"),
    (MOVIE, "local://60293", "Empty"),
    (None, "local://60293", "KindUnknown"),
    (MOVIE, "tt0112253", "imdb_movie:tt0112253"),
    (None, "tt0112253", "KindUnknown"),
    (MOVIE, " plex://movie/5d776883ebdf2200209c104e\u{a0}", "plex_movie:5d776883ebdf2200209c104e"),
    (MOVIE, "ｔｍｄｂ://６０３", "tmdb_movie:603"),
    (MOVIE, "x com.plexapp.agents.imdb://tt0112253", "FormUnknown"),
    (MOVIE, "603", "Malformed"),
    (MOVIE, "", "Empty"),
    (MOVIE, "?lang=en", "Empty"),
];

#[test]
fn plex_guids_fit_one_form_or_none() {
    for (kind, text, expected) in GUIDS {
        assert_eq!(word(plex_guid::parse(*kind, text)), *expected, "{kind:?} {text}");
    }
}

#[test]
fn refused_guids_are_counted_by_reason() {
    let mut rejections = Rejections::default();
    for (kind, text, _) in GUIDS {
        if let Parsed::Rejected(why) = plex_guid::parse(*kind, text) {
            rejections.add(why);
        }
    }
    let expected = |why: IdRejection| {
        u64::try_from(GUIDS.iter().filter(|(_, _, word)| *word == format!("{why:?}")).count()).unwrap()
    };
    for (why, count) in rejections.iter() {
        assert_eq!(count, expected(why), "{why:?}");
    }
    assert_eq!(rejections.count(IdRejection::KindUnknown), 5);
}

#[test]
fn addresses_are_read_by_their_own_reader_alone() {
    let cases: &[(Option<Kind>, &str, &str)] = &[
        (None, "https://www.themoviedb.org/movie/603-the-matrix-2x", "tmdb_movie:603"),
        (MOVIE, "https://www.themoviedb.org/movie/603?language=de", "tmdb_movie:603"),
        (None, "https://www.themoviedb.org/tv/1396-breaking-bad", "tmdb_show:1396"),
        (MOVIE, "https://www.themoviedb.org/tv/1396-breaking-bad", "KindDiffers"),
        (None, "https://www.themoviedb.org/tv/1396/season/0/episode/2", "tmdb_show:1396 tmdb_default 0/2"),
        (None, "https://www.themoviedb.org/person/6384-keanu-reeves", "NotATitle"),
        (MOVIE, "https://www.imdb.com/title/tt0133093/", "imdb_movie:tt0133093"),
        (None, "https://www.imdb.com/title/tt0133093/", "KindUnknown"),
        (MOVIE, "https://www.imdb.com/name/nm0000206/", "NotATitle"),
        (SHOW, "https://trakt.tv/shows/24", "NotATitle"),
        (SHOW, "https://thetvdb.com/series/game-of-thrones-2", "NotATitle"),
        (SHOW, "https://anidb.net/anime/69", "anidb_show:69"),
        (SHOW, "themoviedb.org/movie/603", "FormUnknown"),
        (SHOW, "https://example.org/603", "FormUnknown"),
    ];
    for (kind, address, expected) in cases {
        let parsed = web_address::parse(*kind, address).unwrap_or_else(Parsed::Rejected);
        assert_eq!(word(parsed), *expected, "{address}");
    }
}

/// Field by field what must never be repaired into an id.
const TRAPS: &[(Namespace, Kind, &str, &str)] = &[
    (Namespace::Tmdb, Kind::Movie, "603.0", "Malformed"),
    (Namespace::Tmdb, Kind::Movie, "-1", "Malformed"),
    (Namespace::Tmdb, Kind::Movie, "/movie/603-the-matrix-2x", "Malformed"),
    (Namespace::Tmdb, Kind::Movie, "https://www.themoviedb.org/movie/603", "Malformed"),
    (Namespace::Tmdb, Kind::Movie, "603/", "Malformed"),
    (Namespace::Tmdb, Kind::Movie, "603?lang=en", "Malformed"),
    (Namespace::Tvdb, Kind::Show, "game-of-thrones-2", "NotATitle"),
    (Namespace::Imdb, Kind::Movie, "nm0000206", "NotATitle"),
    (Namespace::Imdb, Kind::Movie, "co0000206", "NotATitle"),
    (Namespace::Imdb, Kind::Movie, "tt133093", "imdb_movie:tt0133093"),
    (Namespace::Imdb, Kind::Movie, "tt00133093", "imdb_movie:tt0133093"),
    (Namespace::Imdb, Kind::Movie, "0133093", "Malformed"),
    (Namespace::Imdb, Kind::Movie, "tt0000000", "Empty"),
    (Namespace::Tmdb, Kind::Movie, "0", "Empty"),
    (Namespace::Tmdb, Kind::Movie, "none", "Empty"),
    (Namespace::Tmdb, Kind::Movie, "null", "Empty"),
    (Namespace::Tmdb, Kind::Movie, "nan", "Empty"),
    (Namespace::Tmdb, Kind::Movie, "-", "Empty"),
    (Namespace::Tmdb, Kind::Movie, "unknown", "Empty"),
    (Namespace::Tmdb, Kind::Movie, "N/A", "Empty"),
    (Namespace::Tmdb, Kind::Movie, "", "Empty"),
    (Namespace::Plex, Kind::Movie, "5776825880197001903", "Malformed"),
    (Namespace::Plex, Kind::Movie, "5d776883ebdf2200209c104e", "plex_movie:5d776883ebdf2200209c104e"),
    (Namespace::Tmdb, Kind::Movie, "６０３\u{a0}", "tmdb_movie:603"),
    (Namespace::AniDb, Kind::Show, "1234567", "Malformed"),
    (Namespace::Wikidata, Kind::Movie, "83495", "Malformed"),
];

#[test]
fn traps_are_refused_instead_of_repaired() {
    for (namespace, kind, text, expected) in TRAPS {
        let parsed = Id::parse(*namespace, *kind, text).map_or_else(Parsed::Rejected, Parsed::Id);
        assert_eq!(word(parsed), *expected, "{namespace} {text:?}");
    }
    assert_eq!(namespace_of_key("TmdbCollection"), None);
}

fn names_something(parsed: Parsed) -> bool {
    matches!(parsed, Parsed::Id(_) | Parsed::Coordinates { .. })
}

proptest! {
    #[test]
    fn invariant_01_what_a_guid_gives_is_an_id_that_reads_as_itself(at in 0..GUIDS.len()) {
        if let Parsed::Id(id) = plex_guid::parse(GUIDS[at].0, GUIDS[at].1) {
            prop_assert_eq!(Id::parse(id.namespace(), id.kind(), &id.value()), Ok(id));
        }
    }

    #[test]
    fn invariant_02_no_text_yields_an_id_of_another_kind(text in ".{0,40}", kind in 1u8..=4) {
        let kind = Kind::from_number(kind).unwrap();
        match plex_guid::parse(Some(kind), &text) {
            Parsed::Id(id) => prop_assert_eq!(id.kind(), kind),
            Parsed::Coordinates { show, season, number, .. } => {
                prop_assert_eq!(show.kind(), Kind::Show);
                prop_assert_eq!((season.is_some(), number.is_some()), match kind {
                    Kind::Episode => (true, true),
                    Kind::Season => (true, false),
                    _ => (false, false),
                });
            }
            Parsed::GoToParent | Parsed::Rejected(_) => {}
        }
    }

    #[test]
    fn invariant_02_no_guid_with_a_word_in_front_or_behind_is_one(at in 0..GUIDS.len(), word in "[a-z ]{1,4}") {
        let (kind, text, _) = GUIDS[at];
        let behind = text.split('?').next().unwrap().to_owned() + "|" + &word;
        prop_assert!(!names_something(plex_guid::parse(kind, &behind)));
        let front = format!("{word}|{text}");
        prop_assert!(!names_something(plex_guid::parse(kind, &front)));
    }

    #[test]
    fn invariant_05_padding_makes_no_difference_and_value_does(one in 1u64..9_999_999, other in 1u64..9_999_999, zeros in 0usize..4) {
        let id = |number: u64, zeros: usize| {
            Id::parse(Namespace::Imdb, Kind::Movie, &format!("tt{}{number}", "0".repeat(zeros))).unwrap()
        };
        prop_assert_eq!(id(one, zeros), id(one, 0));
        prop_assert_eq!(id(one, zeros) == id(other, 0), one == other);
    }

    #[test]
    fn invariant_21_season_zero_stays_season_zero(show in 1u32..9_999_999, number in any::<u16>()) {
        for agent in ["thetvdb://", "themoviedb://", "hama://tvdb-", "hama://anidb3-", "xbmcnfotv://"] {
            let show = if agent.contains("anidb") { show % 99_999 + 1 } else { show };
            match plex_guid::parse(EPISODE, &format!("com.plexapp.agents.{agent}{show}/0/{number}?lang=en")) {
                Parsed::Coordinates { season, number: read, .. } => prop_assert_eq!((season, read), (Some(0), Some(number))),
                other => panic!("{other:?}"),
            }
        }
    }
}
