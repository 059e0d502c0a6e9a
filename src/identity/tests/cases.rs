//! The catalogue of known cases: things that other programs took for each other, or for nothing, with their numbers.
//! Cases 19, 21 and 22 are in `rematch.rs`, 31 to 37 and 39 in `episodes.rs`, 40 in `tables.rs`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use crosswatch_identity::{
    Catalog, Confidence, Evidence, ItemIx, Placement, join, look_mislabelled,
    parts::{Watched, Whole, file_of_parts, numbers_in_file},
    pending::{Occasion, Pending, PendingAction, PendingWhy},
    policy::{AccountKind, Direction, Operation, weakest},
    title_matches,
};
use crosswatch_model::{Id, IdRejection, IdSet, Item, Kind, Namespace, Rejections, Scheme, Show};

use Decision::{Apart, Match, Question};

/// What is to become of two items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Match(Confidence),
    Apart,
    Question,
}

/// `movie The Matrix (1999) imdb:tt0133093 tmdb:603`; an episode is
/// `episode 0x48 of tmdb:1402 tvdb:153021 | tvdb:2960601`.
fn item(text: &str) -> Item {
    let (kind, rest) = text.split_once(' ').unwrap();
    if kind == "episode" {
        return episode(rest);
    }
    let kind: Kind = kind.parse().unwrap();
    let is_id = |word: &&str| word.contains(':') && !word.ends_with(':');
    let words: Vec<&str> = rest.split(' ').filter(|word| !is_id(word)).collect();
    let year = words.last().and_then(|word| word.strip_prefix('(')?.strip_suffix(')')?.parse().ok());
    let title = if year.is_some() { words[..words.len() - 1].join(" ") } else { words.join(" ") };
    Item::titled(kind, &title, year, ids(kind, rest.split(' ').filter(is_id)))
}

fn episode(text: &str) -> Item {
    let (numbers, rest) = text.split_once(" of ").unwrap();
    let (show, own) = rest.split_once('|').unwrap_or((rest, ""));
    let (season, number) = numbers.split_once('x').unwrap();
    let scheme = match show.split_whitespace().next() {
        Some("aired") => Scheme::TvdbAired,
        Some("dvd") => Scheme::TvdbDvd,
        Some("default") => Scheme::TmdbDefault,
        _ => Scheme::Standard,
    };
    let show = Show {
        title: "Series".into(),
        year: None,
        ids: ids(Kind::Show, show.split_whitespace().filter(|word| word.contains(':'))),
        scheme,
    };
    let own = ids(Kind::Episode, own.split_whitespace());
    Item::episode(show, season.parse().unwrap(), number.parse().unwrap(), "", own)
}

fn ids<'a>(kind: Kind, words: impl Iterator<Item = &'a str>) -> IdSet {
    let parse = |word: &str| {
        let (namespace, value) = word.split_once(':').unwrap();
        Id::parse(namespace.parse().unwrap(), kind, value).ok()
    };
    words.filter_map(parse).collect()
}

fn decide(one: &Item, other: &Item) -> Decision {
    let mut catalog = Catalog::new();
    let (one, other) = (catalog.push(one).unwrap(), catalog.push(other).unwrap());
    let join = join(&catalog, &[], &Evidence::new());
    let level = join.confidence(&catalog, one, other);
    if level != Confidence::X {
        return Match(level);
    }
    match title_matches(&catalog, &join, &[one], &[other]).first() {
        Some(found) if found.confidence == Confidence::C6 => Question,
        Some(found) => Match(found.confidence),
        None if look_mislabelled(&catalog, one, other) => Question,
        None => Apart,
    }
}

const CASES: &[(u8, &str, &str, Decision)] = &[
    (
        1,
        "movie The Matrix (1999) imdb:tt0133093 tmdb:603",
        "movie The Matrix (1999) tmdb:603 imdb:tt0133093 trakt:481",
        Match(Confidence::C1),
    ),
    (3, "movie Cliffhanger (1993) tmdb:9350 imdb:tt0106582", "show Soldier's Girl tmdb:9350", Apart),
    (4, "movie Reign Over Me tmdb:2355 imdb:tt0490204", "show Lilo & Stitch: The Series tmdb:2355", Apart),
    (6, "show The Mandalorian tvdb:82856", "show The Mandalorian tmdb:82856", Question),
    (7, "show Curb Your Enthusiasm tvdb:76203 imdb:tt0264235", "movie Something tmdb:76203", Apart),
    (9, "movie Hamlet (2000) imdb:tt0171359 tmdb:10688", "movie Hamlet (2000) imdb:tt0243951 tmdb:125705", Apart),
    (
        10,
        "movie War of the Worlds (2005) imdb:tt0407304 tmdb:74",
        "movie War of the Worlds (2005) imdb:tt0449040 tmdb:34812",
        Apart,
    ),
    (12, "movie Emma (1996) imdb:tt0116191 tmdb:3573", "movie Emma (1996) imdb:tt0118308 tmdb:12254", Apart),
    (13, "movie Dune (1984) imdb:tt0087182 tmdb:841", "movie Dune (2021)", Apart),
    (15, "movie Carrie", "movie Carrie (1976) imdb:tt0074285", Question),
    (15, "movie Carrie", "movie Carrie (2002) imdb:tt0319970", Question),
    (16, "movie Toy Story tmdb:0 imdb:tt0114709", "movie Toy Story tmdb:862 imdb:tt0114709", Match(Confidence::C2)),
    (
        24,
        "episode 0x48 of tmdb:1402 tvdb:153021 imdb:tt1520211 trakt:1393 | tvdb:2960601",
        "episode 0x48 of tmdb:1402 | tvdb:2960601",
        Match(Confidence::C2),
    ),
    (
        25,
        "episode 2014x1 of tmdb:73679 | tmdb:1359983",
        "episode 1x1 of tmdb:73679 | tmdb:1359983",
        Match(Confidence::C2),
    ),
    (27, "episode 3x22 of aired tvdb:77294", "episode 3x22 of default tmdb:1663 tvdb:77294", Apart),
    (28, "episode 1x12 of dvd tmdb:1437", "episode 1x12 of default tmdb:1437", Apart),
];

#[test]
fn known_cases_are_decided_as_they_should() {
    for (number, one, other, expected) in CASES {
        let (one, other) = (item(one), item(other));
        assert_eq!(decide(&one, &other), *expected, "case {number}");
        assert_eq!(decide(&other, &one), *expected, "case {number}, the other way round");
    }
}

#[test]
fn case_15_three_namesakes_are_never_an_automatic_match() {
    let mut catalog = Catalog::new();
    let one = [catalog.push(&item("movie Carrie")).unwrap()];
    let known = [
        "movie Carrie (1976) imdb:tt0074285",
        "movie Carrie (2002) imdb:tt0319970",
        "movie Carrie (2013) imdb:tt1939659",
    ];
    let known: Vec<ItemIx> = known.iter().map(|text| catalog.push(&item(text)).unwrap()).collect();
    let join = join(&catalog, &[], &Evidence::new());
    let found = title_matches(&catalog, &join, &one, &known);
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|found| found.confidence == Confidence::C6));
}

#[test]
fn case_16_an_empty_id_is_counted_and_makes_no_edge() {
    let mut rejections = Rejections::default();
    let dropped = rejections.keep(Id::parse(Namespace::Tmdb, Kind::Movie, "0"));
    assert_eq!((dropped, rejections.count(IdRejection::Empty)), (None, 1));
}

#[test]
fn case_18_a_person_is_no_film() {
    assert_eq!(Id::parse(Namespace::Imdb, Kind::Movie, "nm0000206"), Err(IdRejection::NotATitle));
}

#[test]
fn case_24_what_the_target_cannot_hold_is_not_tried_for_ever() {
    let waiting = Pending::new(PendingWhy::Unrepresentable, PendingAction::Put, 0, 1, 0);
    assert!(!waiting.is_due(Occasion::Time(i64::MAX)) && !waiting.is_due(Occasion::InLibrary));
    assert!(waiting.is_due(Occasion::Inputs(2)));
}

#[test]
fn case_25_numbers_that_disagree_are_never_written() {
    let mut catalog = Catalog::new();
    for text in ["episode 2014x1 of tmdb:73679 | tmdb:1359983", "episode 1x1 of tmdb:73679 | tmdb:1359983"] {
        catalog.push(&item(text)).unwrap();
    }
    let one = catalog.push(&item("episode 1x1 of tmdb:73679 | tmdb:1359983")).unwrap();
    let join = join(&catalog, &[], &Evidence::new());
    let Placement::Entity(entity) = join.placement(one) else { panic!("no entity") };
    let merged = join.merged(&catalog, entity);
    assert_eq!((merged.season, merged.number), (None, None));
}

#[test]
fn case_30_a_file_of_two_episodes() {
    let numbers: Vec<u16> = numbers_in_file(12, Some(13)).collect();
    assert_eq!(numbers, [12, 13]);
    let at = |number| item(&format!("episode 3x{number} of tvdb:73244"));
    for number in numbers {
        assert_eq!(
            decide(&at(number), &item(&format!("episode 3x{number} of tvdb:73244 | tvdb:{number}"))),
            Match(Confidence::C3)
        );
    }
    assert_eq!(file_of_parts(&[Watched::Yes, Watched::No]), Whole::LeaveAlone);
}

#[test]
fn what_is_known_by_number_alone_may_be_marked_but_not_removed() {
    let direction = Direction { from: AccountKind::Server, to: AccountKind::Tracker };
    assert!(Confidence::C3 <= weakest(Operation::MarkWatched, direction));
    assert!(Confidence::C4 <= weakest(Operation::AddPlay, direction));
    assert!(Confidence::C3 > weakest(Operation::Remove, direction));
    assert!(Confidence::C5 > weakest(Operation::AddToWatchlist, direction));
}
