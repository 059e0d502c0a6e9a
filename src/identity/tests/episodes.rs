//! Coordinates: schemes, tables, alignments.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_identity::{
    Alignment, Atlas, Catalog, Confidence, Evidence, ItemIx, Join, Layer, Listed, PartOf, Place, Placement, Ratio,
    RowRejection, Stretch, Translation, join,
};
use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Scheme, Show};
use proptest::prelude::*;

fn numbering(word: &str) -> (Namespace, Scheme) {
    match word {
        "tvdb" => (Namespace::Tvdb, Scheme::TvdbAired),
        "tmdb" => (Namespace::Tmdb, Scheme::TmdbDefault),
        "anidb" => (Namespace::AniDb, Scheme::AniDb),
        "anilist" => (Namespace::AniList, Scheme::Entry),
        other => panic!("{other}"),
    }
}

/// `tvdb:78857 2x18`
fn place(text: &str) -> Place {
    let (show, numbers) = text.split_once(' ').unwrap();
    let (space, id) = show.split_once(':').unwrap();
    let (season, number) = numbers.split_once('x').unwrap();
    let (namespace, scheme) = numbering(space);
    let show = Id::parse(namespace, Kind::Show, id).unwrap();
    Place { show, scheme, season: season.parse().unwrap(), number: number.parse().unwrap() }
}

/// `tvdb:78857 2x1-48`, `tvdb:78857 2x1-` without an end, `tvdb:78857 2x1`.
fn stretch(text: &str) -> Stretch {
    match text.split_once('-') {
        None => Stretch { start: place(text), last: Some(place(text).number) },
        Some((start, "")) => Stretch { start: place(start), last: None },
        Some((start, last)) => Stretch { start: place(start), last: Some(last.parse().unwrap()) },
    }
}

fn row(entry: &str, show: &str, ratio: Ratio) -> Result<PartOf, RowRejection> {
    let (entry, show) = (stretch(entry), stretch(show));
    let of = (show.start.show.namespace(), show.start.scheme);
    PartOf { entry, show: Some(show), of, ratio }.checked()
}

fn atlas(rows: &[(&str, &str)]) -> Atlas {
    let mut atlas = Atlas::new();
    for (entry, show) in rows {
        atlas.add(Layer::Lists, row(entry, show, Ratio::Even).unwrap());
    }
    atlas
}

#[track_caller]
fn check(atlas: &Atlas, from: &str, to: &str, expected: &str) {
    let translated = match atlas.translate(place(from), numbering(to)) {
        Translation::Nowhere => "nowhere".to_owned(),
        Translation::Ambiguous => "ambiguous".to_owned(),
        Translation::One(there) => there.word(),
        Translation::Shared(there) => format!("shared {}", there.word()),
        Translation::Several(there) => there.iter().map(Word::word).collect::<Vec<_>>().join(" + "),
    };
    assert_eq!(translated, expected, "{from}");
}

trait Word {
    fn word(&self) -> String;
}

impl Word for Place {
    fn word(&self) -> String {
        format!("{}:{} {}x{}", self.show.namespace(), self.show.value(), self.season, self.number)
    }
}

#[test]
fn known_cases_translate_as_they_should() {
    let table = atlas(&[
        ("anidb:14444 1x1-10", "tvdb:267440 3x13-22"),
        ("anidb:13241 1x1-12", "tvdb:267440 3x1-12"),
        ("anilist:104578 1x1-10", "anidb:14444 1x1-10"),
        ("anilist:99147 1x1-12", "anidb:13241 1x1-12"),
        ("anilist:813 1x40-74", "tvdb:81472 2x1-35"),
        ("anilist:894 1x1", "tvdb:81472 0x1"),
        ("anilist:11061 1x1-58", "tvdb:252322 1x1-58"),
        ("anilist:11061 1x59-75", "tvdb:252322 2x1-17"),
        ("anilist:11061 1x1-62", "tmdb:46298 1x1-62"),
        ("anilist:11061 1x63-75", "tmdb:46298 2x63-75"),
        ("anilist:20 1x1-35", "tvdb:78857 1x1-35"),
        ("anilist:20 1x36-83", "tvdb:78857 2x1-48"),
        ("anilist:20 1x1-52", "tmdb:46260 1x1-52"),
        ("anilist:20 1x53-104", "tmdb:46260 2x53-104"),
        ("anidb:18886 1x1-10", "tvdb:424536 2x1-10"),
        ("anidb:18886 1x1-10", "tmdb:209867 1x29-38"),
    ]);
    // Case 31.
    check(&table, "tvdb:267440 3x13", "anidb", "anidb:14444 1x1");
    check(&table, "tvdb:267440 3x13", "anilist", "anilist:104578 1x1");
    check(&table, "tvdb:267440 3x23", "anidb", "nowhere");
    // Case 33.
    check(&table, "tvdb:81472 2x1", "anilist", "anilist:813 1x40");
    // Case 34.
    check(&table, "tvdb:252322 2x1", "tmdb", "tmdb:46298 1x59");
    check(&table, "tvdb:252322 2x5", "tmdb", "tmdb:46298 2x63");
    check(&table, "tmdb:46298 2x1", "tvdb", "nowhere");
    // Case 36.
    check(&table, "tvdb:78857 2x18", "tmdb", "tmdb:46260 2x53");
    check(&table, "tvdb:78857 2x1", "tmdb", "tmdb:46260 1x36");
    // Case 37.
    check(&table, "tvdb:424536 2x1", "tmdb", "tmdb:209867 1x29");
    check(&table, "anidb:18886 1x1", "tmdb", "tmdb:209867 1x29");
}

#[test]
fn ratios_and_shared_places_are_told_as_such() {
    let mut table = Atlas::new();
    table.add(Layer::Lists, row("anilist:95 1x1-50", "tmdb:37546 1x1-25", Ratio::Shares(2)).unwrap());
    table.add(Layer::Lists, row("anilist:280 1x1-3", "tmdb:34772 1x1-6", Ratio::Spans(2)).unwrap());
    check(&table, "anilist:95 1x4", "tmdb", "shared tmdb:37546 1x2");
    check(&table, "tmdb:37546 1x2", "anilist", "anilist:95 1x3 + anilist:95 1x4");
    check(&table, "anilist:280 1x2", "tmdb", "tmdb:34772 1x3 + tmdb:34772 1x4");
    check(&table, "tmdb:34772 1x4", "anilist", "shared anilist:280 1x2");
    // Case 40: two parts of a film that are one special.
    let film = atlas(&[("anidb:202 1x2", "tvdb:70350 0x2"), ("anidb:202 1x3", "tvdb:70350 0x2")]);
    check(&film, "anidb:202 1x2", "tvdb", "shared tvdb:70350 0x2");
    // Entries that share a place of a show: forth it is shared, back it is refused.
    let shared = atlas(&[("anidb:1 1x1-3", "tvdb:9 1x1-3"), ("anidb:2 1x1-3", "tvdb:9 1x1-3")]);
    check(&shared, "anidb:1 1x2", "tvdb", "shared tvdb:9 1x2");
    check(&shared, "tvdb:9 1x2", "anidb", "ambiguous");
}

#[test]
fn the_stronger_layer_wins_place_by_place() {
    let mut table = atlas(&[("anidb:1 1x1-12", "tvdb:9 1x1-12")]);
    table.add(Layer::Edits, row("anidb:1 1x5-6", "tvdb:9 1x6-7", Ratio::Even).unwrap());
    let nothing = PartOf { entry: stretch("anidb:1 1x8"), show: None, of: numbering("tvdb"), ratio: Ratio::Even };
    table.add(Layer::Overrides, nothing);
    check(&table, "anidb:1 1x4", "tvdb", "tvdb:9 1x4");
    check(&table, "anidb:1 1x5", "tvdb", "tvdb:9 1x6");
    check(&table, "anidb:1 1x8", "tvdb", "nowhere");
    check(&table, "tvdb:9 1x8", "anidb", "ambiguous");
    // What an edit took away from a list is nobody's.
    check(&table, "tvdb:9 1x5", "anidb", "ambiguous");
    check(&table, "anidb:1 1x7", "tvdb", "ambiguous");
}

#[test]
fn rows_that_make_no_sense_are_refused() {
    assert_eq!(row("anidb:1 1x3-2", "tvdb:9 1x1-2", Ratio::Even), Err(RowRejection::EmptyRange));
    assert_eq!(row("anidb:1 1x0-2", "tvdb:9 1x1-3", Ratio::Even), Err(RowRejection::EmptyRange));
    assert_eq!(row("anidb:1 1x1-3", "tvdb:9 1x1-2", Ratio::Even), Err(RowRejection::LengthsDiffer));
    assert_eq!(row("anidb:1 1x1-3", "tvdb:9 1x1-2", Ratio::Spans(0)), Err(RowRejection::LengthsDiffer));
    assert!(row("anidb:1 1x1-", "tvdb:9 1x1-", Ratio::Even).is_ok());
    let open = atlas(&[("anidb:1 1x1-", "tvdb:9 1x13-24")]);
    check(&open, "anidb:1 1x12", "tvdb", "tvdb:9 1x24");
    check(&open, "anidb:1 1x13", "tvdb", "nowhere");
}

fn any_row() -> impl Strategy<Value = (Layer, PartOf)> {
    let layers = [Layer::Overrides, Layer::Edits, Layer::Lists];
    let spaces = ["tvdb", "tmdb"];
    (0usize..3, 1u32..3, (0usize..2, 8u32..10), (0u16..2, 1u16..6), (0u16..3, 1u16..6), 1u16..5, 0usize..6).prop_map(
        move |(layer, entry, (space, show), here, there, len, ratio)| {
            let (namespace, scheme) = numbering(spaces[space]);
            let part = |show, scheme, (season, number): (u16, u16), len: u16| Stretch {
                start: Place { show, scheme, season, number },
                last: Some(number + len - 1),
            };
            let entry = Id::from_number(Namespace::AniDb, Kind::Show, u64::from(entry)).unwrap();
            let show = Id::from_number(namespace, Kind::Show, u64::from(show)).unwrap();
            let (ratio, other_len) = match ratio {
                0 => (Ratio::Spans(2), len * 2),
                1 => (Ratio::Shares(2), len.div_ceil(2)),
                _ => (Ratio::Even, len),
            };
            let row = PartOf {
                entry: part(entry, Scheme::AniDb, here, len),
                show: Some(part(show, scheme, there, other_len)),
                of: (namespace, scheme),
                ratio,
            };
            (layers[layer], row.checked().unwrap())
        },
    )
}

fn all_places() -> Vec<Place> {
    let shows = ["anidb:1", "anidb:2", "tvdb:8", "tvdb:9", "tmdb:8", "tmdb:9"];
    let numbers = (0u16..3).flat_map(|season| (1u16..12).map(move |number| (season, number)));
    let places = numbers.flat_map(|(season, number)| shows.map(|show| place(&format!("{show} {season}x{number}"))));
    places.collect()
}

proptest! {
    #[test]
    fn invariant_19_there_and_back_is_where_it_was(rows in proptest::collection::vec(any_row(), 0..8)) {
        let mut table = Atlas::new();
        for (layer, row) in &rows {
            table.add(*layer, *row);
        }
        for here in all_places() {
            for to in ["anidb", "tvdb", "tmdb"] {
                if let Translation::One(there) = table.translate(here, numbering(to)) {
                    let home = (here.show.namespace(), here.scheme);
                    prop_assert_eq!(table.translate(there, home), Translation::One(here));
                }
            }
        }
    }

    #[test]
    fn invariant_20_no_two_places_translate_to_one(rows in proptest::collection::vec(any_row(), 0..8)) {
        let mut table = Atlas::new();
        for (layer, row) in rows.iter().rev() {
            table.add(*layer, *row);
        }
        let mut taken: BTreeMap<Place, BTreeSet<Place>> = BTreeMap::new();
        for here in all_places() {
            for to in ["anidb", "tvdb", "tmdb"] {
                if let Translation::One(there) = table.translate(here, numbering(to)) {
                    taken.entry(there).or_default().insert(here);
                }
            }
        }
        for (there, from) in taken {
            let namespaces: BTreeSet<Namespace> = from.iter().map(|place| place.show.namespace()).collect();
            prop_assert_eq!(from.len(), namespaces.len(), "{:?}", there);
        }
    }
}

// Alignments.

fn listed(season: u16, number: u16, tvdb: u64, aired_day: Option<i32>, title: &str) -> Listed {
    let ids: IdSet = Id::from_number(Namespace::Tvdb, Kind::Episode, tvdb).ok().into_iter().collect();
    Listed { season, number, ids, aired_day, title: title.to_owned() }
}

/// A season of so many episodes, whose ids begin with `first_id`; 0 for none.
fn season(season: u16, len: u16, first_id: u64) -> Vec<Listed> {
    let id = |number: u16| if first_id == 0 { 0 } else { first_id + u64::from(number) - 1 };
    (1..=len).map(|number| listed(season, number, id(number), None, "")).collect()
}

#[test]
fn episode_ids_align_two_orders() {
    let one: Vec<Listed> = [season(1, 58, 1000), season(2, 17, 1058)].concat();
    let other: Vec<Listed> = [season(1, 62, 1000), season(2, 13, 1062)].concat();
    let learned = Alignment::learn(&one, &other);
    assert_eq!(learned.there(2, 1), Some((1, 59)));
    assert_eq!(learned.there(2, 5), Some((2, 1)));
    assert_eq!(learned.back(1, 62), Some((2, 4)));
    assert_eq!(learned.there(2, 18), None);
    assert!(learned.are_equal_numbers_trusted(1, 58) && !learned.are_equal_numbers_trusted(1, 59));
    assert!(!learned.are_equal_numbers_trusted(2, 1));
    assert!(learned.fits(&one, &other) && !learned.fits(&one, &one));
    let shows = [place("tvdb:252322 1x1"), place("tmdb:46298 1x1")];
    let mut table = Atlas::new();
    for row in learned.rows((shows[0].show, shows[0].scheme), (shows[1].show, shows[1].scheme)) {
        table.add(Layer::Derived, row.checked().unwrap());
    }
    check(&table, "tvdb:252322 2x5", "tmdb", "tmdb:46298 2x1");
    check(&table, "tmdb:46298 1x60", "tvdb", "tvdb:252322 2x2");
}

#[test]
fn days_and_titles_align_where_there_are_no_ids() {
    let days = |season: u16, first_day: i32, len: u16| -> Vec<Listed> {
        (1..=len).map(|n| listed(season, n, 0, Some(first_day + i32::from(n) * 7), "")).collect()
    };
    let learned = Alignment::learn(&days(1, 0, 24), &[days(1, 0, 12), days(2, 84, 12)].concat());
    assert_eq!((learned.there(1, 12), learned.there(1, 13)), (Some((1, 12)), Some((2, 1))));
    let titled = |shift: u16| -> Vec<Listed> {
        (1..=5)
            .map(|n| listed(1, n + shift, 0, None, ["Ann", "Bob", "Cid", "Dan", "Eve"][usize::from(n) - 1]))
            .collect()
    };
    assert_eq!(Alignment::learn(&titled(0), &titled(3)).there(1, 2), Some((1, 5)));
    // Two anchors are too few; a title that stands twice is none.
    assert_eq!(Alignment::learn(&titled(0)[..2], &titled(3)).there(1, 2), None);
    let mut twice = titled(3);
    twice.push(listed(2, 1, 0, None, "bob"));
    assert_eq!(Alignment::learn(&titled(0)[..3], &twice).segments().len(), 0);
}

#[test]
fn what_contradicts_a_segment_ends_it() {
    let one = season(1, 10, 100);
    let mut other = season(1, 10, 100);
    other.swap(4, 5);
    (other[4].number, other[5].number) = (5, 6);
    let learned = Alignment::learn(&one, &other);
    assert_eq!((learned.there(1, 4), learned.there(1, 5), learned.there(1, 6)), (Some((1, 4)), None, None));
    assert_eq!(learned.there(1, 8), Some((1, 8)));
}

#[test]
fn different_counts_are_trusted_only_as_far_as_anchors_prove() {
    // Case 27: 23 against 21 episodes, no id in common.
    let learned = Alignment::learn(&season(3, 23, 0), &season(3, 21, 0));
    assert!(!learned.are_equal_numbers_trusted(3, 1));
    let same = Alignment::learn(&season(3, 21, 0), &season(3, 21, 0));
    assert!(same.are_equal_numbers_trusted(3, 16));
    let mut other = season(3, 21, 0);
    other.truncate(15);
    for number in 1..=15 {
        other[usize::from(number) - 1] = listed(3, number, 500 + u64::from(number), None, "");
    }
    let with_ids: Vec<Listed> = (1..=23).map(|n| listed(3, n, 500 + u64::from(n), None, "")).collect();
    let proven = Alignment::learn(&with_ids, &other);
    assert!(proven.are_equal_numbers_trusted(3, 15) && !proven.are_equal_numbers_trusted(3, 16));
}

proptest! {
    #[test]
    fn invariant_19_20_alignments_are_bijections_onto_what_exists(
        one in proptest::collection::vec((0u16..3, 1u16..8, 0u64..12, proptest::option::of(0i32..12)), 0..24),
        other in proptest::collection::vec((0u16..3, 1u16..8, 0u64..12, proptest::option::of(0i32..12)), 0..24),
    ) {
        let list = |rows: &[(u16, u16, u64, Option<i32>)]| -> Vec<Listed> {
            let places: BTreeMap<(u16, u16), (u64, Option<i32>)> =
                rows.iter().map(|(season, number, id, day)| ((*season, *number), (*id, *day))).collect();
            places.iter().map(|((season, number), (id, day))| listed(*season, *number, *id, *day, "")).collect()
        };
        let (one, other) = (list(&one), list(&other));
        let learned = Alignment::learn(&one, &other);
        let mut taken = BTreeSet::new();
        for episode in &one {
            let Some(there) = learned.there(episode.season, episode.number) else { continue };
            prop_assert!(taken.insert(there));
            prop_assert!(other.iter().any(|other| (other.season, other.number) == there));
            prop_assert_eq!(learned.back(there.0, there.1), Some((episode.season, episode.number)));
        }
    }
}

// Joining.

struct World {
    catalog: Catalog,
    items: Vec<ItemIx>,
    join: Join,
}

fn episode(text: &str, own: u64) -> Item {
    let place = place(text);
    let show = Show { ids: [place.show].into_iter().collect(), scheme: place.scheme, ..Show::default() };
    let ids: IdSet = Id::from_number(Namespace::Tvdb, Kind::Episode, own).ok().into_iter().collect();
    Item::episode(show, place.season, place.number, "", ids)
}

impl World {
    fn of(items: &[Item], atlas: Atlas) -> Self {
        let mut evidence = Evidence::new();
        evidence.set_atlas(atlas);
        let mut catalog = Catalog::new();
        let items: Vec<ItemIx> = items.iter().map(|item| catalog.push(item).unwrap()).collect();
        let join = join(&catalog, &[], &evidence);
        Self { catalog, items, join }
    }

    fn level(&self, one: usize, other: usize) -> Confidence {
        self.join.confidence(&self.catalog, self.items[one], self.items[other])
    }
}

#[test]
fn translated_places_meet_as_c4() {
    let table = atlas(&[("anidb:14444 1x1-10", "tvdb:267440 3x13-22")]);
    let items = [episode("anidb:14444 1x1", 0), episode("tvdb:267440 3x13", 0), episode("tvdb:267440 3x14", 0)];
    let world = World::of(&items, table.clone());
    assert_eq!((world.level(0, 1), world.level(1, 0)), (Confidence::C4, Confidence::C4));
    assert_eq!(world.level(0, 2), Confidence::X);
    let Placement::Entity(entity) = world.join.placement(world.items[0]) else { panic!("no entity") };
    let merged = world.join.merged(&world.catalog, entity);
    assert!(merged.season.is_some(), "the numbers of one scheme are kept");
    // Ids of their own decide over the table.
    let items = [episode("anidb:14444 1x1", 5), episode("tvdb:267440 3x13", 6)];
    assert_eq!(World::of(&items, table.clone()).level(0, 1), Confidence::X);
    let items = [episode("anidb:14444 1x1", 5), episode("tvdb:267440 3x13", 5)];
    assert_eq!(World::of(&items, table).level(0, 1), Confidence::C2);
}

fn any_episode() -> impl Strategy<Value = Item> {
    let spaces = ["tvdb", "tmdb", "anidb"];
    (0usize..3, 1u64..3, 0usize..3, (0u16..2, 1u16..4), 0u64..4).prop_map(move |(space, show, scheme, numbers, own)| {
        let (namespace, usual) = numbering(spaces[space]);
        let scheme = [usual, usual, Scheme::Standard][scheme];
        let ids: IdSet = Id::from_number(namespace, Kind::Show, show).ok().into_iter().collect();
        let own: IdSet = Id::from_number(Namespace::Tvdb, Kind::Episode, own).ok().into_iter().collect();
        Item::episode(Show { ids, scheme, ..Show::default() }, numbers.0, numbers.1, "", own)
    })
}

proptest! {
    #[test]
    fn invariant_06_the_order_does_not_matter_where_places_are_translated(
        (items, shuffled) in proptest::collection::vec(any_episode(), 1..14)
            .prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle())),
        rows in proptest::collection::vec(any_row(), 0..6),
    ) {
        let mut table = Atlas::new();
        for (layer, row) in &rows {
            let mut row = *row;
            // The shows of the items are called 1 and 2.
            for stretch in [Some(&mut row.entry), row.show.as_mut()].into_iter().flatten() {
                let show = stretch.start.show;
                stretch.start.show = Id::from_number(show.namespace(), Kind::Show, show.number() % 2 + 1).unwrap();
            }
            table.add(*layer, row);
        }
        let (one, two) = (World::of(&items, table.clone()), World::of(&shuffled, table));
        prop_assert_eq!(one.join.len(), two.join.len());
        for (at, item) in items.iter().enumerate() {
            let there = shuffled.iter().position(|other| other == item).unwrap();
            prop_assert_eq!(one.join.placement(one.items[at]), two.join.placement(two.items[there]));
            for (other_at, other) in items.iter().enumerate() {
                let other_there = shuffled.iter().position(|shuffled| shuffled == other).unwrap();
                prop_assert_eq!(one.level(at, other_at), two.level(there, other_there));
            }
        }
    }
}

#[test]
fn invariant_22_equal_numbers_of_different_schemes_are_nothing() {
    let show: IdSet = [place("tvdb:9 1x1").show].into_iter().collect();
    let at = |scheme| Item::episode(Show { ids: show.clone(), scheme, ..Show::default() }, 1, 1, "", IdSet::EMPTY);
    let schemes = [
        Scheme::Standard,
        Scheme::TvdbAired,
        Scheme::TvdbDvd,
        Scheme::Mode(Namespace::Tvdb, 2),
        Scheme::Mode(Namespace::Tvdb, 4),
        Scheme::Account(1),
        Scheme::Account(2),
    ];
    let items: Vec<Item> = schemes.iter().map(|scheme| at(*scheme)).collect();
    let world = World::of(&items, Atlas::new());
    for one in 0..items.len() {
        for other in 0..items.len() {
            let expected = if one == other { Confidence::C3 } else { Confidence::X };
            assert_eq!(world.level(one, other), expected);
        }
    }
}

#[test]
fn a_table_that_contradicts_the_ids_of_the_show_joins_nothing() {
    // Case 39: the record says one TMDB show, the table another.
    let table = atlas(&[("anidb:7 1x1-12", "tvdb:195571 1x1-12"), ("anidb:7 1x1-12", "tmdb:45088 1x1-12")]);
    let mut known = episode("tvdb:195571 1x1", 0);
    let show = known.show.as_mut().unwrap();
    show.ids.insert(place("tmdb:83621 1x1").show);
    let world = World::of(&[known, episode("tmdb:45088 1x1", 0)], table);
    assert_eq!(world.level(0, 1), Confidence::X);
}

#[test]
fn a_shared_place_joins_nothing() {
    let table = atlas(&[("anidb:202 1x2", "tvdb:70350 0x2"), ("anidb:202 1x3", "tvdb:70350 0x2")]);
    let items = [episode("anidb:202 1x2", 0), episode("anidb:202 1x3", 0), episode("tvdb:70350 0x2", 0)];
    let world = World::of(&items, table);
    assert_eq!((world.level(0, 2), world.level(0, 1)), (Confidence::X, Confidence::X));
}
