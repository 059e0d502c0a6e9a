//! Reading the tables that people keep, with everything that is odd in them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use crosswatch_identity::{
    Atlas, Entry, Evidence, Layer, Place, RowRejection, Table, TableShift, Translation, anime_lists, edits, join,
};
use crosswatch_model::{Id, Kind, Namespace, Scheme};
use proptest::prelude::*;

fn numbering(word: &str) -> (Namespace, Scheme) {
    match word {
        "tvdb" => (Namespace::Tvdb, Scheme::TvdbAired),
        "absolute" => (Namespace::Tvdb, Scheme::TvdbAbsolute),
        "tmdb" => (Namespace::Tmdb, Scheme::TmdbDefault),
        "anidb" => (Namespace::AniDb, Scheme::AniDb),
        "anilist" => (Namespace::AniList, Scheme::Entry),
        other => panic!("{other}"),
    }
}

/// `tvdb:76885 0x3`
fn place(text: &str) -> Place {
    let (show, numbers) = text.split_once(' ').unwrap();
    let (space, id) = show.split_once(':').unwrap();
    let (season, number) = numbers.split_once('x').unwrap();
    let (namespace, scheme) = numbering(space);
    let show = Id::parse(namespace, Kind::Show, id).unwrap();
    Place { show, scheme, season: season.parse().unwrap(), number: number.parse().unwrap() }
}

fn text(place: &Place) -> String {
    format!("{}:{} {}x{}", place.show.namespace(), place.show.value(), place.season, place.number)
}

fn translated(atlas: &Atlas, from: &str, to: &str) -> String {
    match atlas.translate(place(from), numbering(to)) {
        Translation::Nowhere => "nowhere".to_owned(),
        Translation::Ambiguous => "ambiguous".to_owned(),
        Translation::One(there) => text(&there),
        Translation::Shared(there) => format!("shared {}", text(&there)),
        Translation::Several(there) => there.iter().map(text).collect::<Vec<_>>().join(" + "),
    }
}

fn atlas_of(layer: Layer, table: &Table) -> Atlas {
    let mut atlas = Atlas::new();
    table.chart(layer, &mut atlas);
    atlas
}

#[track_caller]
fn check(atlas: &Atlas, cases: &[(&str, &str, &str)]) {
    for (from, to, expected) in cases {
        assert_eq!(translated(atlas, from, to), *expected, "{from} to {to}");
    }
}

fn list(entries: &str) -> Table {
    anime_lists::read(&format!("<?xml version=\"1.0\"?>\n<anime-list>{entries}</anime-list>"), "1").unwrap()
}

const ODD: &str = r#"
  <anime anidbid="100" tvdbid="900" defaulttvdbseason="1" episodeoffset="" tmdbtv="800" tmdbseason="1" tmdboffset="12">
    <name>Plain &amp; simple</name>
  </anime>
  <anime anidbid="101" tvdbid="900" defaulttvdbseason="2" episodeoffset="13">
    <mapping-list>
      <mapping anidbseason="0" tvdbseason="0">;1-3;2-0;3-4+5;</mapping>
      <mapping anidbseason="1" tvdbseason="3" start="5" end="8" offset="-4">;6-9;</mapping>
      <mapping anidbseason="1" tmdbseason="7" start="1" end="2" />
    </mapping-list>
  </anime>
  <anime anidbid="102" tvdbid="901" defaulttvdbseason="a">
    <mapping-list>
      <mapping anidbseason="1" tvdbseason="1" start="1" end="12"/>
      <mapping anidbseason="1" tvdbseason="2" start="13" end="24" offset="-12"/>
    </mapping-list>
  </anime>
  <anime anidbid="103" tvdbid="902" defaulttvdbseason="0" episodeoffset="2" tmdbid="700" imdbid="tt0000700"><name/></anime>
  <anime anidbid="104" tvdbid="movie" defaulttvdbseason="" tmdbid="701,702" imdbid="tt0000701,tt0000702"/>
  <anime anidbid="105" tvdbid="hentai" defaulttvdbseason="1"/>
  <anime anidbid="106" tvdbid="903" defaulttvdbseason="1">
    <mapping-list>
      <mapping anidbseason="0" tvdbseason="0">;1-1;2-1;10-2;10-3;</mapping>
    </mapping-list>
  </anime>
  <anime anidbid="x" tvdbid="904" defaulttvdbseason="1"/>
  <anime anidbid="107" tvdbid="905" defaulttvdbseason="one"/>
  <anime anidbid="108" tvdbid="906" defaulttvdbseason="1" episodeoffset="-3"/>
  <anime anidbid="109" tvdbid="907" defaulttvdbseason="1">
    <mapping-list><mapping anidbseason="1" tvdbseason="1" start="9" end="4" offset="1">;7;8-x;</mapping></mapping-list>
  </anime>
  <anime anidbid="110" tvdbid="movie" defaulttvdbseason="" imdbid="nm0000206"/>
"#;

#[test]
fn everything_odd_in_the_list_is_read_or_left_out() {
    let table = list(ODD);
    let atlas = atlas_of(Layer::Lists, &table);
    check(
        &atlas,
        &[
            ("anidb:100 1x5", "tvdb", "tvdb:900 1x5"),
            ("anidb:100 1x5", "tmdb", "tmdb:800 1x17"),
            ("tvdb:900 1x5", "tmdb", "tmdb:800 1x17"),
            ("anidb:100 0x1", "tvdb", "nowhere"),
            ("anidb:101 1x1", "tvdb", "tvdb:900 2x14"),
            ("anidb:101 1x4", "tvdb", "tvdb:900 2x17"),
            ("anidb:101 1x5", "tvdb", "tvdb:900 3x1"),
            ("anidb:101 1x6", "tvdb", "tvdb:900 3x9"),
            ("anidb:101 1x7", "tvdb", "tvdb:900 3x3"),
            ("anidb:101 1x9", "tvdb", "tvdb:900 2x22"),
            ("tvdb:900 3x2", "anidb", "nowhere"),
            ("anidb:101 0x1", "tvdb", "tvdb:900 0x3"),
            ("anidb:101 0x2", "tvdb", "nowhere"),
            ("anidb:101 0x3", "tvdb", "tvdb:900 0x4 + tvdb:900 0x5"),
            ("anidb:102 1x14", "tvdb", "tvdb:901 2x2"),
            ("anidb:102 1x14", "absolute", "tvdb:901 1x14"),
            ("anidb:103 1x1", "tvdb", "tvdb:902 0x3"),
            ("anidb:106 0x1", "tvdb", "shared tvdb:903 0x1"),
            ("anidb:106 0x10", "tvdb", "tvdb:903 0x2 + tvdb:903 0x3"),
            ("anidb:107 1x1", "tvdb", "nowhere"),
            ("anidb:108 1x4", "tvdb", "nowhere"),
        ],
    );
    let film = |namespace, value| Id::parse(namespace, Kind::Movie, value).unwrap();
    let own = film(Namespace::AniDb, "103");
    let expected = [(film(Namespace::Imdb, "tt0000700"), own), (film(Namespace::Tmdb, "700"), own)];
    assert_eq!(table.same.iter().copied().collect::<Vec<_>>(), expected);
    let counted: Vec<(RowRejection, u64)> = table.left_out.iter().map(|(why, count)| (*why, *count)).collect();
    assert_eq!(counted, [(RowRejection::EmptyRange, 1), (RowRejection::Malformed, 6), (RowRejection::BadId, 2)]);
    // Each row is told once, from the side of the entry.
    let rows: Vec<_> = atlas.rows().collect();
    assert!(rows.len() > 10 && rows.iter().all(|(_, row)| row.entry.start.show.namespace() == Namespace::AniDb));
}

#[test]
fn a_text_that_did_not_arrive_whole_is_no_table() {
    for text in ["<anime-list><anime anidbid=\"1\">", "<anime-list><anime", "<a></b>"] {
        let fault = anime_lists::read(text, "1").unwrap_err();
        assert!(fault.to_string().starts_with("the table anime-lists cannot be read"), "{text}");
    }
    for text in ["", "[]", "{\"anilist:1\": {", "null"] {
        assert!(edits::read(text, "edits", "1").is_err(), "{text}");
    }
}

const EDITS: &str = r#"{
  "$meta": {"version": "3"},
  "anilist:20": {
    "tmdb_show:46260:s1": {"1-52": "1-52"}, "tmdb_show:46260:s2": {"53-104": "53-104"},
    "tvdb_show:78857:s1": {"1-35": "1-35"}, "tvdb_show:78857:s2": {"36-83": "1-48"}
  },
  "anilist:21": {"tvdb_show:81797:s23": {"1156-": "1-"}},
  "anilist:30": {"anidb:300:R": {"1-12": "1-6,8-13"}, "anidb:300:S": {"13": "1"}, "anidb:300:O": {"14": "1"}},
  "anilist:31": {"tmdb_show:310:s1": {"1-26": "1-13|2"}},
  "anilist:32": {"tmdb_show:320:s1": {"1-51": "1-102|-2"}},
  "anilist:33": {"tmdb_movie:330": {"1": "1"}, "imdb_movie:tt0000330": {"1": "1"}, "tvdb_show:331:s0": {"1": "4"}},
  "anilist:34": {"tmdb_movie:340": {"1-3": "1|3"}},
  "anilist:35": {"tvdb_show:350:s1": {}, "tvdb_show:350": {"1": "1"}, "what:1": {"1": "1"}},
  "anilist:36": {"tvdb_show:360:s1": {"13-": "14-|2", "5-3": "5-3", "1-2": 7, "3-4": "3-5", "6-8": "6,7"}},
  "anilist:x": {"tvdb_show:370:s1": {"1": "1"}},
  "anilist:38": "nothing"
}"#;

#[test]
fn edits_are_read_with_their_ranges_and_ratios() {
    let table = edits::read(EDITS, "edits", "3").unwrap();
    let atlas = atlas_of(Layer::Edits, &table);
    check(
        &atlas,
        &[
            ("tvdb:78857 2x18", "tmdb", "tmdb:46260 2x53"),
            ("tvdb:78857 2x1", "tmdb", "tmdb:46260 1x36"),
            ("anilist:21 1x1160", "tvdb", "tvdb:81797 23x5"),
            ("anilist:30 1x6", "anidb", "anidb:300 1x6"),
            ("anilist:30 1x7", "anidb", "anidb:300 1x8"),
            ("anidb:300 1x7", "anilist", "nowhere"),
            ("anilist:30 1x13", "anidb", "anidb:300 0x1"),
            ("anilist:31 1x3", "tmdb", "shared tmdb:310 1x2"),
            ("anilist:32 1x2", "tmdb", "tmdb:320 1x3 + tmdb:320 1x4"),
            ("anilist:33 1x1", "tvdb", "tvdb:331 0x4"),
        ],
    );
    assert_eq!(table.same.len(), 2);
    assert!(table.same.iter().all(|(one, other)| one.kind() == Kind::Movie && other.kind() == Kind::Movie));
    assert_eq!(table.left_out.values().sum::<u64>(), 11, "{:?}", table.left_out);
    assert!(!table.rows.iter().any(|row| row.of.0 == Namespace::Tvdb && row.entry.start.show.number() == 36));
}

#[test]
fn the_users_file_wins_over_edits_and_edits_over_lists() {
    let lists = list(r#"<anime anidbid="50" tvdbid="500" defaulttvdbseason="1"/>"#);
    let edited = edits::read(r#"{"anidb:50:R": {"tvdb_show:500:s2": {"2-3": "2-3"}}}"#, "edits", "1").unwrap();
    let own = edits::read(r#"{"anidb:50:R": {"tvdb_show:500:s3": {"3": "3"}}}"#, "overrides", "1").unwrap();
    let mut atlas = Atlas::new();
    for (layer, table) in [(Layer::Overrides, &own), (Layer::Lists, &lists), (Layer::Edits, &edited)] {
        table.chart(layer, &mut atlas);
    }
    check(
        &atlas,
        &[
            ("anidb:50 1x1", "tvdb", "tvdb:500 1x1"),
            ("anidb:50 1x2", "tvdb", "tvdb:500 2x2"),
            ("anidb:50 1x3", "tvdb", "tvdb:500 3x3"),
            ("tvdb:500 2x3", "anidb", "ambiguous"),
        ],
    );
}

#[test]
fn entries_that_share_a_season_are_refused_on_the_way_back() {
    let atlas = atlas_of(
        Layer::Lists,
        &list(
            r#"<anime anidbid="60" tvdbid="600" defaulttvdbseason="1"/>
               <anime anidbid="61" tvdbid="600" defaulttvdbseason="1" episodeoffset="12"/>"#,
        ),
    );
    // Where the first one ends is not told.
    check(&atlas, &[("tvdb:600 1x13", "anidb", "ambiguous"), ("tvdb:600 1x12", "anidb", "anidb:60 1x12")]);
    let counts = |show: Id, _: Scheme, _: u16| match (show.namespace(), show.number()) {
        (Namespace::AniDb, _) => Some(12),
        _ => Some(24),
    };
    let (confirmed, refused) = atlas.confirmed_by(counts);
    check(&confirmed, &[("anidb:60 1x12", "tvdb", "tvdb:600 1x12"), ("anidb:60 1x13", "tvdb", "nowhere")]);
    assert!(refused.is_empty());
}

#[test]
fn what_the_catalogue_contradicts_is_left_out() {
    // Two entries of one family: the one says TMDB has a season 2, the other that season 1 goes on.
    let family = list(
        r#"<anime anidbid="70" tvdbid="" tmdbtv="7" tmdbseason="2"/>
           <anime anidbid="71" tvdbid="" tmdbtv="7" tmdbseason="1" tmdboffset="47"/>"#,
    );
    let one_season = |show: Id, _: Scheme, season: u16| match (show.namespace(), season) {
        (Namespace::Tmdb, 1) => Some(59),
        (Namespace::Tmdb, _) => Some(0),
        _ => Some(12),
    };
    let (atlas, refused) = atlas_of(Layer::Lists, &family).confirmed_by(one_season);
    assert_eq!(refused.len(), 1);
    check(&atlas, &[("anidb:70 1x1", "tmdb", "nowhere"), ("anidb:71 1x12", "tmdb", "tmdb:7 1x59")]);
}

#[test]
fn case_40_a_film_that_is_a_special_is_both_and_never_removed() {
    let table = list(
        r#"<anime anidbid="219" tvdbid="76885" defaulttvdbseason="0" episodeoffset="2" tmdbid="11299" imdbid="tt0275277"/>
           <anime anidbid="202" tvdbid="70350" defaulttvdbseason="0" imdbid="tt0169858">
             <mapping-list><mapping anidbseason="1" tvdbseason="0">;2-2;3-2;</mapping></mapping-list>
           </anime>"#,
    );
    let atlas = atlas_of(Layer::Lists, &table);
    let film = Id::parse(Namespace::AniDb, Kind::Movie, "219").unwrap();
    let special = place("tvdb:76885 0x3");
    assert_eq!(atlas.translate_film(film, numbering("tvdb")), Translation::Shared(special));
    let elsewhere = Id::parse(Namespace::Tmdb, Kind::Movie, "219").unwrap();
    assert_eq!(atlas.translate_film(elsewhere, numbering("tvdb")), Translation::Nowhere);
    check(
        &atlas,
        &[
            ("anidb:219 1x1", "tvdb", "tvdb:76885 0x3"),
            ("anidb:202 1x2", "tvdb", "shared tvdb:70350 0x2"),
            ("anidb:202 1x3", "tvdb", "shared tvdb:70350 0x2"),
        ],
    );
    assert_eq!(table.same.len(), 3);
}

#[test]
fn invariant_23_another_version_moves_coordinates_and_removes_nothing() {
    let before = list(
        r#"<anime anidbid="248" tvdbid="78917" defaulttvdbseason="1"/>
           <anime anidbid="249" tvdbid="79000" defaulttvdbseason="1"/>
           <anime anidbid="250" tvdbid="79001" defaulttvdbseason="1"/>"#,
    );
    let now = list(
        r#"<anime anidbid="248" tvdbid="78918" defaulttvdbseason="1"/>
           <anime anidbid="249" tvdbid="79000" defaulttvdbseason="1"/>
           <anime anidbid="251" tvdbid="79002" defaulttvdbseason="1"/>"#,
    );
    let show = |namespace, value| Id::parse(namespace, Kind::Show, value).unwrap();
    let shift = TableShift::between(&before, &now);
    assert_eq!(shift.moved.keys().copied().collect::<Vec<_>>(), [show(Namespace::AniDb, "248")]);
    assert_eq!((shift.came.len(), shift.went.len()), (1, 1));
    for touched in [
        show(Namespace::AniDb, "248"),
        show(Namespace::Tvdb, "78917"),
        show(Namespace::Tvdb, "78918"),
        show(Namespace::AniDb, "250"),
    ] {
        assert!(shift.touched().contains(&touched), "{touched}");
    }
    assert!(!shift.touched().contains(&show(Namespace::Tvdb, "79000")));
    assert!(TableShift::between(&before, &before).is_empty());
}

#[test]
fn a_tables_statements_can_be_replaced_by_those_of_another_version() {
    let film = r#"<anime anidbid="219" tvdbid="movie" tmdbid="11299" imdbid="tt0275277"/>"#;
    let table = list(film);
    let mut evidence = Evidence::new();
    for entry in table.entries(5) {
        assert!(matches!(entry, Entry::Is(..)));
        evidence.add(entry).unwrap();
    }
    let mut catalog = crosswatch_identity::Catalog::new();
    let item = |namespace, value| {
        let ids = [Id::parse(namespace, Kind::Movie, value).unwrap()].into_iter().collect();
        crosswatch_model::Item::titled(Kind::Movie, "", None, ids)
    };
    let one = catalog.push(&item(Namespace::Imdb, "tt0275277")).unwrap();
    let other = catalog.push(&item(Namespace::Tmdb, "11299")).unwrap();
    let joined = join(&catalog, &[], &evidence);
    assert_eq!(joined.placement(one), joined.placement(other));
    evidence.forget(&table.source());
    let parted = join(&catalog, &[], &evidence);
    assert_ne!(parted.placement(one), parted.placement(other));
}

proptest! {
    #[test]
    fn no_text_breaks_the_readers(
        text in ".{0,60}", values in proptest::collection::vec("[0-9,;a+-]{0,7}", 10), pairs in "[0-9;+-]{0,20}"
    ) {
        let _ = (anime_lists::read(&text, "1").is_ok(), edits::read(&text, "e", "1").is_ok());
        let xml = format!(
            r#"<anime anidbid="1{}" tvdbid="{}" defaulttvdbseason="{}" episodeoffset="{}" tmdbid="{}"><mapping-list>
            <mapping anidbseason="{}" tvdbseason="{}" start="{}" end="{}" offset="{}">{pairs}</mapping></mapping-list></anime>"#,
            values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8], values[9],
        );
        for row in list(&xml).rows {
            prop_assert!(row.checked().is_ok());
        }
        let json = format!(r#"{{"anilist:1": {{"tvdb_show:2:s{}": {{"{}": "{}"}}}}}}"#, values[0], values[1], pairs);
        for row in edits::read(&json, "e", "1").unwrap().rows {
            prop_assert!(row.checked().is_ok());
        }
    }
}
