//! What is exported is read back as it was.

use crosswatch_model::{Fact, Id, IdSet, Item, Kind, Namespace, Rating, Scheme, Show, WatchedAt};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{lines, reading};
use crate::{
    Told,
    export::{Line, Shape, Writer},
};

fn file(shape: Shape, rows: &[(Item, Fact)]) -> String {
    let mut writer = Writer::new(shape, TimeZone::UTC);
    let mut text = shape.head();
    for (item, fact) in rows.iter().filter(|(item, fact)| shape.holds(fact.feature(), item)) {
        text.push_str(&writer.row(&Line { item, fact: *fact, rating: Rating::new(85).ok(), is_rewatch: false }));
    }
    text.push_str(shape.foot());
    text
}

fn ids(kind: Kind, numbers: &[(Namespace, u64)]) -> IdSet {
    numbers.iter().map(|(namespace, number)| Id::from_number(*namespace, kind, *number).unwrap()).collect()
}

fn some_title() -> impl Strategy<Value = String> {
    prop_oneof!["[=+@'-]{0,3}[a-zä\",;| ]{0,9}", "\\PC{0,12}"].prop_map(|title| title.trim().to_owned())
}

fn some_moment() -> impl Strategy<Value = jiff::Timestamp> {
    (86_400i64..4_000_000_000).prop_map(|second| jiff::Timestamp::from_second(second).unwrap())
}

fn some_fact() -> impl Strategy<Value = Fact> {
    let watched = prop_oneof![
        Just(WatchedAt::Unknown),
        some_moment().prop_map(WatchedAt::Exact),
        some_moment().prop_map(|at| WatchedAt::Exact(at).to_minute()),
        (1971i16..2100, 1i8..13, 1i8..29)
            .prop_map(|(year, month, day)| WatchedAt::Day(jiff::civil::date(year, month, day))),
    ];
    prop_oneof![
        watched.prop_map(Fact::Play),
        proptest::option::of(some_moment()).prop_map(Fact::Listed),
        (1u8..=100, proptest::option::of(some_moment()))
            .prop_map(|(value, rated_at)| Fact::Rated { value: Rating::new(value).unwrap(), rated_at }),
        (0u32..500, proptest::option::of(500u32..1_000), proptest::option::of(some_moment()))
            .prop_map(|(position_s, duration_s, stopped_at)| Fact::Resume { position_s, duration_s, stopped_at }),
    ]
}

fn some_item() -> impl Strategy<Value = Item> {
    let year = || proptest::option::of(1900u16..2100);
    let movie = (some_title(), year(), 1u64..999).prop_map(|(title, year, number)| {
        Item::titled(Kind::Movie, &title, year, ids(Kind::Movie, &[(Namespace::Tmdb, number), (Namespace::Trakt, 7)]))
    });
    let scheme =
        prop_oneof![Just(Scheme::Standard), Just(Scheme::TvdbAbsolute), Just(Scheme::Mode(Namespace::Tvdb, 2))];
    let episode = (some_title(), some_title(), year(), (0u16..30, 0u16..99), scheme).prop_map(
        |(title, show, year, (season, number), scheme)| {
            let show =
                Show { title: show.as_str().into(), year, ids: ids(Kind::Show, &[(Namespace::Tvdb, 5)]), scheme };
            Item::episode(show, season, number, &title, ids(Kind::Episode, &[(Namespace::Tmdb, 9)]))
        },
    );
    prop_oneof![movie, episode]
}

proptest! {
    #[test]
    fn our_own_shapes_lose_nothing(rows in proptest::collection::vec((some_item(), some_fact()), 1..8)) {
        for shape in [Shape::Json, Shape::Csv] {
            let text = file(shape, &rows);
            let imported = reading(text.as_bytes()).unwrap();
            prop_assert_eq!(&imported.misplaced, &vec![], "{}", text);
            prop_assert_eq!(imported.format.as_str(), "crosswatch");
            let back: Vec<(Item, Fact)> = imported.rows.iter().map(|row| match row.told {
                Told::Fact(fact) => (row.item.clone(), fact),
                Told::ResumePart { .. } => panic!("{row:?}"),
            }).collect();
            prop_assert_eq!(&back, &rows, "{}", text);
        }
    }
}

fn small_ledger() -> Vec<(Item, Fact)> {
    let heat = Item::titled(Kind::Movie, "Heat", Some(1995), ids(Kind::Movie, &[(Namespace::Tmdb, 949)]));
    let show = Show {
        title: "Parks".into(),
        year: Some(2009),
        ids: ids(Kind::Show, &[(Namespace::Tvdb, 84_912)]),
        ..Show::default()
    };
    let episode = Item::episode(show, 2, 1, "Zoo", IdSet::EMPTY);
    let at = |text: &str| text.parse().unwrap();
    vec![
        (heat.clone(), Fact::Play(WatchedAt::Minute(at("2026-01-01T20:00:00Z")))),
        (heat.clone(), Fact::Rated { value: Rating::new(85).unwrap(), rated_at: None }),
        (heat, Fact::Resume { position_s: 600, duration_s: Some(6_000), stopped_at: None }),
        (episode, Fact::Play(WatchedAt::Unknown)),
    ]
}

#[test]
fn the_shape_of_trakt_is_read_back_as_rows_of_trakt() {
    let imported = reading(file(Shape::Trakt, &small_ledger()).as_bytes()).unwrap();
    assert_eq!(imported.format.as_str(), "trakt");
    assert_eq!(
        lines(&imported),
        [
            "entry 1: movie Heat (1995) {tmdb_movie:949} Play(Minute(2026-01-01T20:00:00Z))",
            "entry 2: movie Heat (1995) {tmdb_movie:949} Rated { value: Rating(90), rated_at: None }",
            "entry 3: movie Heat (1995) {tmdb_movie:949} 1000/10000",
            "entry 4: episode Parks S02E01 Zoo {} of {tvdb_show:84912} Play(Unknown)",
        ]
    );
}

#[test]
fn the_shape_of_letterboxd_has_watched_films_only() {
    let text = file(Shape::Letterboxd, &small_ledger());
    assert_eq!(text, "tmdbID,imdbID,Title,Year,Rating10,WatchedDate,Rewatch\r\n949,,Heat,1995,9,2026-01-01,false\r\n");
    assert_eq!(reading(text.as_bytes()).unwrap().format.as_str(), "letterboxd");
}
