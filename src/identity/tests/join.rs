//! Who is joined with whom, case by case and under shuffles.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use crosswatch_identity::{Catalog, Confidence, EntityIx, Evidence, ItemIx, Join, Placement, join};
use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Reason, Show, Uid};
use proptest::prelude::*;

/// `tmdb:1 imdb:tt7` as ids of a kind.
fn ids(kind: Kind, text: &str) -> IdSet {
    let id = |word: &str| {
        let (namespace, value) = word.split_once(':').unwrap();
        Id::parse(namespace.parse().unwrap(), kind, value).unwrap()
    };
    text.split_whitespace().map(id).collect()
}

fn movie(text: &str) -> Item {
    Item::titled(Kind::Movie, "Film", None, ids(Kind::Movie, text))
}

fn film(title: &str, year: u16, text: &str) -> Item {
    Item::titled(Kind::Movie, title, Some(year), ids(Kind::Movie, text))
}

fn show(text: &str) -> Item {
    Item::titled(Kind::Show, "Series", None, ids(Kind::Show, text))
}

fn episode(show: &str, season: u16, number: u16, own: &str) -> Item {
    let show = Show { title: "Series".into(), ids: ids(Kind::Show, show), ..Show::default() };
    Item::episode(show, season, number, "Part", ids(Kind::Episode, own))
}

fn season(show: &str, season: u16, own: &str) -> Item {
    let show = Show { title: "Series".into(), ids: ids(Kind::Show, show), ..Show::default() };
    let own = ids(Kind::Season, own);
    Item {
        kind: Kind::Season,
        season: Some(season),
        show: Some(Box::new(show)),
        ..Item::titled(Kind::Season, "", None, own)
    }
}

struct World {
    catalog: Catalog,
    join: Join,
    items: Vec<ItemIx>,
}

impl World {
    fn of(items: &[Item]) -> Self {
        Self::knowing(items, &[])
    }

    fn knowing(items: &[Item], known: &[(u64, usize)]) -> Self {
        let mut catalog = Catalog::new();
        let items: Vec<ItemIx> = items.iter().map(|item| catalog.push(item).unwrap()).collect();
        let known: Vec<(Uid, ItemIx)> = known.iter().map(|(uid, item)| (Uid(*uid), items[*item])).collect();
        let join = join(&catalog, &known, &Evidence::new());
        Self { catalog, join, items }
    }

    fn placement(&self, item: usize) -> Placement {
        self.join.placement(self.items[item])
    }

    #[track_caller]
    fn entity(&self, item: usize) -> EntityIx {
        match self.placement(item) {
            Placement::Entity(entity) => entity,
            other => panic!("item {item} is {other:?}"),
        }
    }

    fn dispute(&self, item: usize) -> Option<Reason> {
        match self.placement(item) {
            Placement::Disputed(_, reason) => Some(reason),
            _ => None,
        }
    }

    fn confidence(&self, one: usize, other: usize) -> Confidence {
        self.join.confidence(&self.catalog, self.items[one], self.items[other])
    }
}

#[track_caller]
fn check_same(one: &Item, other: &Item, confidence: Confidence) {
    let world = World::of(&[one.clone(), other.clone()]);
    assert_eq!(world.entity(0), world.entity(1));
    assert_eq!((world.confidence(0, 1), world.confidence(1, 0)), (confidence, confidence));
}

#[track_caller]
fn check_apart(one: &Item, other: &Item) {
    let world = World::of(&[one.clone(), other.clone()]);
    assert_ne!(world.entity(0), world.entity(1));
    assert_eq!(world.confidence(0, 1), Confidence::X);
}

#[track_caller]
fn check_disputed(items: &[Item], reason: Reason) {
    let world = World::of(items);
    for item in 0..items.len() {
        assert_eq!(world.dispute(item), Some(reason), "item {item}");
        assert_eq!(world.confidence(item, 0), Confidence::X);
    }
}

#[test]
fn two_equal_ids_are_the_best_match_and_one_is_good() {
    check_same(&movie("tmdb:603 imdb:tt0133093"), &movie("tmdb:603 imdb:tt133093 trakt:4"), Confidence::C1);
    check_same(&movie("tmdb:603 imdb:tt0133093"), &movie("imdb:tt0133093"), Confidence::C2);
    check_same(&film("Matrix", 1999, "tmdb:603"), &film("The Matrix", 2000, "tmdb:603 imdb:tt0133093"), Confidence::C2);
}

#[test]
fn one_id_is_not_enough_for_films_of_different_years() {
    check_same(&film("Dune", 1984, "tmdb:841"), &film("Dune", 2021, "tmdb:841"), Confidence::X);
    check_same(&film("Dune", 1984, "tmdb:841 trakt:9"), &film("Dune", 2021, "tmdb:841 trakt:9"), Confidence::C1);
}

#[test]
fn equal_numbers_of_other_kinds_or_namespaces_are_nothing() {
    check_apart(&movie("tmdb:1399"), &show("tmdb:1399"));
    check_apart(&movie("tmdb:550"), &episode("tmdb:1", 1, 1, "tmdb:550"));
    check_apart(&show("tvdb:82856"), &show("tmdb:82856"));
    check_apart(
        &film("Hamlet", 2000, "imdb:tt0171359 tmdb:10688"),
        &film("Hamlet", 2000, "imdb:tt0243951 tmdb:125705"),
    );
}

#[test]
fn two_values_of_one_namespace_are_a_dispute_for_everything_they_touch() {
    check_disputed(&[movie("tmdb:603 imdb:tt0133093"), movie("tmdb:604 imdb:tt0133093")], Reason::IdsContradict);
    let chain = [movie("tmdb:1 imdb:tt0000001"), movie("imdb:tt0000001 trakt:1"), movie("trakt:1 tmdb:2")];
    check_disputed(&chain, Reason::IdsContradict);
    check_disputed(&[movie("tmdb:1 tmdb:2")], Reason::IdsContradict);
}

#[test]
fn what_carries_no_id_has_no_identity() {
    let nameless = Item::titled(Kind::Movie, "Carrie", Some(1976), IdSet::EMPTY);
    let without_number = Item { number: None, ..episode("tmdb:1", 1, 1, "") };
    let world = World::of(&[nameless, episode("", 1, 1, ""), without_number, movie("tmdb:7")]);
    for item in 0..3 {
        assert_eq!(world.placement(item), Placement::NoIdentity);
    }
    assert_eq!(world.join.len(), 1);
}

#[test]
fn episodes_match_by_show_and_numbers_where_no_id_speaks() {
    check_same(&episode("tmdb:1", 1, 2, ""), &episode("tmdb:1 tvdb:9", 1, 2, "tvdb:77"), Confidence::C3);
    check_same(&episode("tmdb:1", 0, 5, ""), &episode("tmdb:1", 0, 5, "tmdb:5"), Confidence::C3);
    check_same(&season("tmdb:1", 2, ""), &season("tmdb:1", 2, "tmdb:70"), Confidence::C3);
    check_apart(&episode("tmdb:1", 0, 5, ""), &episode("tmdb:1", 5, 0, ""));
    check_apart(&episode("tmdb:1", 1, 1, ""), &episode("tmdb:2", 1, 1, ""));
    check_apart(&season("tmdb:1", 1, ""), &episode("tmdb:1", 1, 1, ""));
}

#[test]
fn shows_join_before_their_episodes() {
    let items = [episode("tmdb:1", 1, 2, ""), episode("tvdb:9", 1, 2, ""), show("tmdb:1 tvdb:9")];
    let world = World::of(&items);
    assert_eq!(world.entity(0), world.entity(1));
    check_apart(&items[0], &items[1]);
}

#[test]
fn an_episode_id_decides_over_other_numbers() {
    check_same(
        &episode("tmdb:73679", 2014, 1, "tmdb:1359983"),
        &episode("tmdb:73679", 1, 1, "tmdb:1359983"),
        Confidence::C2,
    );
}

#[test]
fn the_same_place_with_another_id_is_a_conflict() {
    let items = [episode("tmdb:1", 1, 1, "tvdb:10"), episode("tmdb:1", 1, 1, "tvdb:11")];
    check_disputed(&items, Reason::CoordinatesContradict);
    let by_number = episode("tmdb:1", 1, 1, "");
    check_disputed(&[items[0].clone(), by_number, items[1].clone()], Reason::CoordinatesContradict);
    check_same(&items[0], &episode("tmdb:1", 1, 1, "tmdb:5"), Confidence::C3);
}

#[test]
fn ids_that_meet_at_two_places_must_agree_as_a_whole() {
    let first = episode("tmdb:1", 1, 1, "tvdb:10");
    let linked = episode("tmdb:1", 1, 1, "tmdb:5");
    let linked_elsewhere = episode("tmdb:1", 2, 1, "tmdb:5");
    let last = episode("tmdb:1", 2, 1, "tvdb:11");
    check_disputed(&[first, linked, linked_elsewhere, last], Reason::CoordinatesContradict);
}

#[test]
fn an_id_that_stands_everywhere_is_not_an_episode_id() {
    let items: Vec<Item> = (1..=5).map(|number| episode("tmdb:1", 1, number, "imdb:tt0944947")).collect();
    check_disputed(&items, Reason::CoordinatesContradict);
    let world = World::of(&items[..2]);
    assert_eq!(world.entity(0), world.entity(1));
}

#[test]
fn a_disputed_show_disputes_only_what_is_known_by_number() {
    let shows = [show("tmdb:1 imdb:tt0000001"), show("tmdb:2 imdb:tt0000001")];
    let by_number = episode("tmdb:1", 1, 1, "");
    let by_id = episode("tmdb:1", 1, 2, "tvdb:12");
    let world = World::of(&[shows[0].clone(), shows[1].clone(), by_number.clone(), by_id.clone()]);
    assert_eq!((world.dispute(0), world.dispute(2)), (Some(Reason::IdsContradict), Some(Reason::IdsContradict)));
    world.entity(3);
    let at_the_same_place = episode("tmdb:2", 1, 2, "");
    let world = World::of(&[shows[0].clone(), shows[1].clone(), by_id, at_the_same_place]);
    assert_eq!((world.dispute(2), world.dispute(3)), (Some(Reason::IdsContradict), Some(Reason::IdsContradict)));
}

#[test]
fn known_names_fold_into_the_lowest() {
    let items = [movie("tmdb:1"), movie("imdb:tt0000001"), movie("tmdb:1 imdb:tt0000001"), movie("tmdb:5")];
    let apart = World::knowing(&[items[0].clone(), items[1].clone()], &[(9, 0), (4, 1)]);
    assert!(apart.join.folded().is_empty());
    let world = World::knowing(&items, &[(9, 0), (4, 1), (6, 3)]);
    let entity = world.entity(2);
    assert_eq!(world.join.uid(entity), Some(Uid(4)));
    assert_eq!(world.join.folded(), [(Uid(9), Uid(4))]);
    assert_eq!((world.join.entity_of_uid(Uid(9)), world.join.entity_of_uid(Uid(4))), (Some(entity), Some(entity)));
    assert_eq!(world.join.entity_of_uid(Uid(6)), Some(world.entity(3)));
    assert_eq!((world.join.entity_of_uid(Uid(5)), world.join.known_item(entity)), (None, Some(world.items[1])));
}

#[test]
fn names_of_a_disputed_entity_are_kept_apart() {
    let items = [movie("tmdb:1 imdb:tt0000001"), movie("tmdb:2 imdb:tt0000001")];
    let world = World::knowing(&items, &[(1, 0), (2, 1)]);
    assert!(world.join.folded().is_empty());
    assert!(world.join.entity_of_uid(Uid(2)).is_some());
}

#[test]
fn merging_unites_ids_under_the_best_description() {
    let items = [
        film("Matrix", 1999, "tmdb:603"),
        film("The Matrix", 1999, "imdb:tt0133093 tmdb:603"),
        film("", 0, "tmdb:603 trakt:481"),
    ];
    let all = ids(Kind::Movie, "tmdb:603 imdb:tt0133093 trakt:481");
    let world = World::of(&items);
    let merged = world.join.merged(&world.catalog, world.entity(0));
    assert_eq!((merged.title.as_str(), merged.year, merged.ids), ("The Matrix", Some(1999), all.clone()));
    let world = World::knowing(&items, &[(1, 0)]);
    let merged = world.join.merged(&world.catalog, world.entity(0));
    assert_eq!((merged.title.as_str(), merged.ids), ("Matrix", all));
}

#[test]
fn merging_unites_the_ids_of_the_show() {
    let items = [episode("tmdb:1", 1, 2, ""), episode("tmdb:1", 1, 2, "tvdb:70"), show("tmdb:1 tvdb:9")];
    let world = World::of(&items);
    let merged = world.join.merged(&world.catalog, world.entity(0));
    assert_eq!(merged.show.unwrap().ids, ids(Kind::Show, "tmdb:1 tvdb:9"));
    assert_eq!((merged.ids, merged.season, merged.number), (ids(Kind::Episode, "tvdb:70"), Some(1), Some(2)));
}

#[test]
fn only_what_ids_tie_together_is_remembered() {
    let items = [
        episode("tmdb:1", 1, 2, ""),
        episode("tmdb:1", 1, 2, "tvdb:70"),
        episode("tmdb:1", 1, 2, "tvdb:70 imdb:tt0000070"),
        episode("tmdb:1", 1, 2, "trakt:5"),
    ];
    let told = |world: &World| world.join.remembered(&world.catalog, world.entity(0)).ids;
    assert_eq!(told(&World::of(&items)), ids(Kind::Episode, "imdb:tt0000070 tvdb:70"));
    assert_eq!(told(&World::knowing(&items, &[(1, 3)])), ids(Kind::Episode, "trakt:5"));
    assert_eq!(told(&World::knowing(&items, &[(1, 0)])), IdSet::default());
    let world = World::of(&items);
    let are_bound = |one: usize, other: usize| {
        world.join.are_bound(&world.catalog, world.entity(0), world.items[one], world.items[other])
    };
    assert!(are_bound(1, 2) && are_bound(2, 1) && !are_bound(0, 1) && !are_bound(1, 3) && !are_bound(0, 0));
}

#[test]
fn merging_leaves_out_numbers_that_disagree() {
    let items = [episode("tmdb:1", 2014, 1, "tmdb:5"), episode("tmdb:1", 1, 1, "tmdb:5")];
    let world = World::of(&items);
    let merged = world.join.merged(&world.catalog, world.entity(0));
    assert_eq!((merged.season, merged.number), (None, None));
}

#[test]
fn ids_of_another_kind_in_a_row_are_ignored() {
    let mut wrong = episode("tmdb:1", 1, 1, "tvdb:10");
    wrong.ids.insert(ids(Kind::Show, "tmdb:1").iter().next().unwrap());
    let world = World::of(&[wrong, show("tmdb:1")]);
    assert_ne!(world.entity(0), world.entity(1));
}

fn any_item() -> impl Strategy<Value = Item> {
    let few = |kind: Kind| {
        proptest::collection::vec((0usize..3, 1u64..5), 0..3).prop_map(move |pairs| {
            let namespaces = [Namespace::Tmdb, Namespace::Tvdb, Namespace::Trakt];
            pairs.iter().map(|(at, number)| Id::from_number(namespaces[*at], kind, *number).unwrap()).collect::<IdSet>()
        })
    };
    prop_oneof![
        few(Kind::Movie).prop_map(|ids| Item::titled(Kind::Movie, "Film", None, ids)),
        few(Kind::Show).prop_map(|ids| Item::titled(Kind::Show, "Series", None, ids)),
        (few(Kind::Show), 0u16..2, 0u16..3, few(Kind::Episode)).prop_map(|(show, season, number, own)| {
            Item::episode(Show { title: "Series".into(), ids: show, ..Show::default() }, season, number, "Part", own)
        }),
    ]
}

fn shuffled() -> impl Strategy<Value = (Vec<Item>, Vec<Item>)> {
    proptest::collection::vec(any_item(), 1..25)
        .prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle()))
}

proptest! {
    #[test]
    fn the_order_of_the_items_does_not_matter((items, other) in shuffled()) {
        let (one, two) = (World::of(&items), World::of(&other));
        prop_assert_eq!(one.join.len(), two.join.len());
        for (at, item) in items.iter().enumerate() {
            let there = other.iter().position(|other| other == item).unwrap();
            prop_assert_eq!(one.placement(at), two.placement(there));
            if let Placement::Entity(entity) = one.placement(at) {
                let merged = one.join.merged(&one.catalog, entity);
                prop_assert_eq!(merged, two.join.merged(&two.catalog, entity));
                let remembered = one.join.remembered(&one.catalog, entity);
                prop_assert_eq!(remembered, two.join.remembered(&two.catalog, entity));
            }
        }
    }

    #[test]
    fn clean_entities_never_contradict_themselves(items in proptest::collection::vec(any_item(), 1..25)) {
        let world = World::of(&items);
        for (at, item) in items.iter().enumerate() {
            let Placement::Entity(entity) = world.placement(at) else { continue };
            for other in world.join.members(entity) {
                let other = world.catalog.get(other);
                prop_assert_eq!(other.kind, item.kind);
                for namespace in Namespace::ALL {
                    if let (Some(id), Some(other)) = (item.ids.get(*namespace), other.ids.get(*namespace)) {
                        prop_assert_eq!(id, other);
                    }
                }
            }
        }
    }

    #[test]
    fn confidence_is_symmetric(items in proptest::collection::vec(any_item(), 2..12)) {
        let world = World::of(&items);
        for one in 0..items.len() {
            for other in 0..items.len() {
                prop_assert_eq!(world.confidence(one, other), world.confidence(other, one));
            }
        }
    }
}

#[test]
fn only_what_has_no_items_is_empty() {
    assert!(World::of(&[]).join.is_empty());
    assert!(!World::of(&[movie("tmdb:1")]).join.is_empty());
}
