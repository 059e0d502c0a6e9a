//! How sure a match is: the levels, their vetoes, titles.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

use crosswatch_identity::{
    Catalog, Confidence, Evidence, ItemIx, Likeness, Placing, Said, Titles, join, title_matches,
};
use crosswatch_model::{Id, IdSet, Item, Kind, Namespace};
use proptest::prelude::*;

const NOTHING: Likeness = Likeness {
    said: Said::Nothing,
    kinds_differ: false,
    are_films: false,
    equal_ids: 0,
    different_ids: 0,
    are_linked: false,
    placing: Placing::Unrelated,
    show: None,
    titles: Titles::Unrelated,
    years_apart: None,
    runtimes_s: None,
    air_days_apart: None,
};
const FILM: Likeness = Likeness { are_films: true, ..NOTHING };
const EPISODE: Likeness = Likeness { placing: Placing::SameScheme, show: Some(Confidence::C2), ..NOTHING };

#[test]
fn levels_follow_from_what_is_known() {
    use Confidence::{C0, C1, C2, C3, C4, C5, C6, X};
    let cases: &[(Likeness, Confidence)] = &[
        (NOTHING, X),
        (Likeness { said: Said::Same, different_ids: 3, ..NOTHING }, C0),
        (Likeness { said: Said::Different, equal_ids: 3, ..NOTHING }, X),
        (Likeness { equal_ids: 2, ..NOTHING }, C1),
        (Likeness { equal_ids: 2, different_ids: 1, ..NOTHING }, X),
        (Likeness { equal_ids: 2, kinds_differ: true, ..NOTHING }, X),
        (Likeness { equal_ids: 2, years_apart: Some(37), ..FILM }, C1),
        (Likeness { equal_ids: 1, ..NOTHING }, C2),
        (Likeness { equal_ids: 1, years_apart: Some(1), ..FILM }, C2),
        (Likeness { equal_ids: 1, years_apart: Some(2), ..FILM }, X),
        (Likeness { equal_ids: 1, years_apart: Some(2), ..NOTHING }, C2),
        (Likeness { equal_ids: 1, runtimes_s: Some((6000, 7500)), ..FILM }, C2),
        (Likeness { equal_ids: 1, runtimes_s: Some((5999, 7500)), ..FILM }, X),
        (EPISODE, C3),
        (Likeness { show: Some(C1), ..EPISODE }, C3),
        (Likeness { show: Some(C5), ..EPISODE }, C6),
        (Likeness { air_days_apart: Some(2), ..EPISODE }, C3),
        (Likeness { air_days_apart: Some(3), ..EPISODE }, X),
        (Likeness { equal_ids: 1, air_days_apart: Some(3), ..EPISODE }, C2),
        (Likeness { different_ids: 1, ..EPISODE }, X),
        (Likeness { placing: Placing::Translated, ..EPISODE }, C4),
        (Likeness { placing: Placing::PastDivergence, ..EPISODE }, C6),
        (Likeness { are_linked: true, ..NOTHING }, C3),
        (Likeness { are_linked: true, years_apart: Some(5), ..FILM }, X),
        (Likeness { titles: Titles::EqualAndUnique, ..FILM }, C5),
        (Likeness { titles: Titles::EqualAndUnique, different_ids: 1, ..FILM }, X),
        (Likeness { titles: Titles::Alike, ..FILM }, C6),
    ];
    for (likeness, level) in cases {
        assert_eq!(likeness.level(), *level, "{likeness:?}");
    }
}

fn any_likeness() -> impl Strategy<Value = Likeness> {
    let placing = prop_oneof![
        Just(Placing::Unrelated),
        Just(Placing::PastDivergence),
        Just(Placing::Translated),
        Just(Placing::SameScheme)
    ];
    let titles = prop_oneof![Just(Titles::Unrelated), Just(Titles::Alike), Just(Titles::EqualAndUnique)];
    let told = || proptest::option::of(0u32..5);
    (any::<(bool, bool, bool)>(), (0usize..3, 0usize..2), placing, titles, told(), told(), told()).prop_map(
        |((are_films, are_linked, kinds_differ), (equal_ids, different_ids), placing, titles, years, runtime, days)| {
            Likeness {
                kinds_differ: kinds_differ && different_ids > 0,
                are_films,
                equal_ids,
                different_ids,
                are_linked,
                placing,
                show: Some(Confidence::C2),
                titles,
                years_apart: years.map(|years| u16::try_from(years).unwrap()),
                runtimes_s: runtime.map(|runtime| (1000, 1000 + runtime * 100)),
                air_days_apart: days,
                ..NOTHING
            }
        },
    )
}

proptest! {
    #[test]
    fn invariant_10_agreement_never_lowers_and_contradiction_never_raises(likeness in any_likeness()) {
        let level = likeness.level();
        let agreeing = [
            Likeness { said: Said::Same, ..likeness },
            Likeness { equal_ids: likeness.equal_ids + 1, ..likeness },
            Likeness { are_linked: true, ..likeness },
            Likeness { placing: Placing::SameScheme, ..likeness },
            Likeness { titles: Titles::EqualAndUnique, ..likeness },
        ];
        for better in agreeing {
            prop_assert!(better.level() <= level, "{better:?}");
        }
        let contradicting = [
            Likeness { said: Said::Different, ..likeness },
            Likeness { different_ids: likeness.different_ids + 1, ..likeness },
            Likeness { kinds_differ: true, ..likeness },
            Likeness { years_apart: Some(9), ..likeness },
            Likeness { runtimes_s: Some((10, 1000)), ..likeness },
            Likeness { air_days_apart: Some(9), ..likeness },
        ];
        for worse in contradicting {
            prop_assert!(worse.level() >= level, "{worse:?}");
        }
    }
}

fn film(title: &str, year: Option<u16>, tmdb: u64) -> Item {
    let ids: IdSet = Id::from_number(Namespace::Tmdb, Kind::Movie, tmdb).ok().into_iter().collect();
    Item::titled(Kind::Movie, title, year, ids)
}

/// The level between each item of the one side and each of the other, where there is one.
fn by_title(side: &[Item], other_side: &[Item]) -> Vec<(usize, usize, Confidence)> {
    let mut catalog = Catalog::new();
    let ones: Vec<ItemIx> = side.iter().map(|item| catalog.push(item).unwrap()).collect();
    let others: Vec<ItemIx> = other_side.iter().map(|item| catalog.push(item).unwrap()).collect();
    let join = join(&catalog, &[], &Evidence::new());
    let at = |items: &[ItemIx], item| items.iter().position(|other| *other == item).unwrap();
    let matches = title_matches(&catalog, &join, &ones, &others);
    matches.iter().map(|found| (at(&ones, found.one), at(&others, found.other), found.confidence)).collect()
}

#[test]
fn titles_match_only_what_has_no_id() {
    let heat = [film("Heat", Some(1995), 949)];
    assert_eq!(by_title(&[film("HEAT", Some(1995), 0)], &heat), [(0, 0, Confidence::C5)]);
    assert_eq!(by_title(&[film("HEAT", Some(1995), 1)], &heat), []);
    assert_eq!(by_title(&[film("Heat!", Some(1996), 0)], &heat), [(0, 0, Confidence::C6)]);
    assert_eq!(by_title(&[film("Heat", None, 0)], &heat), [(0, 0, Confidence::C6)]);
    assert_eq!(by_title(&[film("Heat", Some(1986), 0)], &heat), []);
    let twice = [film("Heat", Some(1995), 949), film("Heat", Some(1995), 7)];
    assert_eq!(by_title(&[film("HEAT", Some(1995), 0)], &twice), [(0, 0, Confidence::C6), (0, 1, Confidence::C6)]);
    assert_eq!(by_title(&[film("", Some(1995), 0)], &[film("!", Some(1995), 949)]), []);
}
