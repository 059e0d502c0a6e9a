//! What must hold for every world: things with true ids, told by accounts that leave out ids, say wrong ones, and number
//! things in their own way. The other invariants stand beside what they are about, under their numbers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_identity::{
    Catalog, Confidence, EntityIx, Evidence, ItemIx, Join, Origin, Placement, Source, Witness,
    aliases::Aliases,
    join,
    policy::{AccountKind, Circumstances, Direction, Operation, Permission, rule},
};
use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, Reason, Show, Uid};
use proptest::prelude::*;

const SPACES: [Namespace; 4] = [Namespace::Tmdb, Namespace::Tvdb, Namespace::Trakt, Namespace::Simkl];

/// A row of an account: which thing it tells, which ids it leaves out, and whether it takes one from another thing.
#[derive(Debug, Clone)]
struct Told {
    thing: u64,
    left_out: [bool; 4],
    wrong: Option<(usize, u64)>,
    has_own_ids: bool,
}

fn kind_of(thing: u64) -> Kind {
    [Kind::Movie, Kind::Show, Kind::Episode][(thing % 3) as usize]
}

/// The true id of a thing: one number in every namespace, so that different kinds share numbers.
fn true_id(namespace: Namespace, thing: u64) -> Id {
    Id::from_number(namespace, kind_of(thing), thing / 3 + 1).unwrap()
}

fn ids_of(told: &Told) -> IdSet {
    let told_spaces = SPACES.iter().zip(told.left_out).filter(|(_, left_out)| !left_out).map(|(space, _)| *space);
    let mut ids: BTreeMap<Namespace, Id> =
        told_spaces.map(|namespace| (namespace, true_id(namespace, told.thing))).collect();
    if let Some((space, number)) = told.wrong {
        ids.insert(SPACES[space], Id::from_number(SPACES[space], kind_of(told.thing), number).unwrap());
    }
    ids.into_values().collect()
}

fn item_of(told: &Told) -> Item {
    let ids = ids_of(told);
    let number = u16::try_from(told.thing / 3).unwrap();
    match kind_of(told.thing) {
        Kind::Episode => {
            let show = Show { ids: [true_id(Namespace::Tmdb, 1)].into_iter().collect(), ..Show::default() };
            Item::episode(show, number % 2, number, "", if told.has_own_ids { ids } else { IdSet::EMPTY })
        }
        kind => Item::titled(kind, "Something", Some(2000), ids),
    }
}

fn any_told(wrong_in_ten: u32) -> impl Strategy<Value = Told> {
    let wrong = (0u32..10, 0usize..4, 1u64..5)
        .prop_map(move |(chance, space, number)| (chance < wrong_in_ten).then_some((space, number)));
    (0u64..12, any::<[bool; 4]>(), wrong, any::<bool>()).prop_map(|(thing, left_out, wrong, has_own_ids)| Told {
        thing,
        left_out,
        wrong,
        has_own_ids,
    })
}

struct World {
    catalog: Catalog,
    items: Vec<ItemIx>,
    join: Join,
}

impl World {
    fn of(told: &[Told], known: &[(Uid, usize)]) -> Self {
        let mut catalog = Catalog::new();
        let witness = catalog.witness(Witness { source: Source::User, origin: Origin::Trakt });
        let items: Vec<ItemIx> = told.iter().map(|told| catalog.push(&item_of(told)).unwrap()).collect();
        for item in &items {
            catalog.told_by(*item, witness);
        }
        let known: Vec<(Uid, ItemIx)> = known.iter().map(|(uid, at)| (*uid, items[*at])).collect();
        let join = join(&catalog, &known, &Evidence::new());
        Self { catalog, items, join }
    }

    fn entity(&self, at: usize) -> Option<EntityIx> {
        match self.join.placement(self.items[at]) {
            Placement::Entity(entity) | Placement::Disputed(entity, _) => Some(entity),
            Placement::NoIdentity => None,
        }
    }

    fn level(&self, one: usize, other: usize) -> Confidence {
        self.join.confidence(&self.catalog, self.items[one], self.items[other])
    }
}

proptest! {
    #[test]
    fn invariant_03_kinds_never_meet(told in proptest::collection::vec(any_told(2), 1..20)) {
        let world = World::of(&told, &[]);
        for one in 0..told.len() {
            for other in 0..told.len() {
                if kind_of(told[one].thing) != kind_of(told[other].thing) {
                    prop_assert!(world.entity(one).is_none() || world.entity(one) != world.entity(other));
                    prop_assert_eq!(world.level(one, other), Confidence::X);
                }
            }
        }
    }

    #[test]
    fn invariant_04_words_for_nothing_join_nothing(at in 0usize..9, namespace in 0usize..4) {
        let word = ["0", "none", "null", "nan", "-", "unknown", "N/A", "", "000"][at];
        prop_assert!(Id::parse(SPACES[namespace], Kind::Movie, word).is_err());
        let with_prefix = format!("tt{word}");
        prop_assert!(Id::parse(Namespace::Imdb, Kind::Movie, &with_prefix).is_err());
    }

    #[test]
    fn invariant_09_matching_is_symmetric(told in proptest::collection::vec(any_told(2), 2..16)) {
        let world = World::of(&told, &[]);
        for one in 0..told.len() {
            for other in 0..told.len() {
                prop_assert_eq!(world.level(one, other), world.level(other, one));
            }
        }
    }

    #[test]
    fn invariant_13_no_removal_rests_on_less_than_an_equal_id_or_our_own_row(
        level in 0usize..8, is_ours in any::<bool>(), was_read_back in any::<bool>()
    ) {
        use Confidence::{C0, C1, C2, C3, C4, C5, C6, X};
        let level = [C0, C1, C2, C3, C4, C5, C6, X][level];
        for direction in Direction::ALL {
            let circumstances = Circumstances { level, is_ours, was_read_back };
            if rule(Operation::Remove, direction).permits(circumstances) == Permission::Granted {
                prop_assert!(level <= C2 || is_ours && level <= C3);
                prop_assert!(was_read_back || direction.to == AccountKind::Tracker);
            }
        }
    }

    #[test]
    fn invariant_18_two_equal_sides_are_equal_whatever_ids_they_leave_out(
        things in proptest::collection::btree_set(0u64..12, 1..10),
        left in proptest::collection::vec(any::<[bool; 4]>(), 12),
        right in proptest::collection::vec(any::<[bool; 4]>(), 12),
    ) {
        // Something that both sides tell must be among what each leaves in; here it is the first id.
        let side = |left_out: &[[bool; 4]]| -> Vec<Told> {
            let told = |thing: &u64| {
                let [_, second, third, fourth] = left_out[usize::try_from(*thing).unwrap()];
                Told { thing: *thing, left_out: [false, second, third, fourth], wrong: None, has_own_ids: true }
            };
            things.iter().map(told).collect()
        };
        let told = [side(&left), side(&right)].concat();
        let world = World::of(&told, &[]);
        for at in 0..things.len() {
            prop_assert_eq!(world.entity(at), world.entity(at + things.len()));
            prop_assert!(world.level(at, at + things.len()) <= Confidence::C2);
        }
        prop_assert_eq!(world.join.len(), things.len());
    }

    #[test]
    fn invariant_24_names_survive_more_ids_and_merges(
        told in proptest::collection::vec(any_told(0), 2..16), more in proptest::collection::vec(any_told(0), 0..8)
    ) {
        let before = World::of(&told, &[]);
        // Each entity of the first run gets a name, kept by its first item.
        let mut named: BTreeMap<EntityIx, usize> = BTreeMap::new();
        for at in 0..told.len() {
            if let Some(entity) = before.entity(at) {
                named.entry(entity).or_insert(at);
            }
        }
        let known: Vec<(Uid, usize)> = (1..).map(Uid).zip(named.values().copied()).collect();
        let after = World::of(&[told.clone(), more].concat(), &known);
        let mut aliases = Aliases::new();
        for (folded, kept) in after.join.folded() {
            aliases.fold(*folded, *kept);
        }
        for (uid, at) in &known {
            let entity = after.join.entity_of_uid(*uid);
            prop_assert_eq!(entity, after.entity(*at));
            let name = entity.and_then(|entity| after.join.uid(entity));
            prop_assert_eq!(name, Some(aliases.resolve(*uid)));
        }
    }

    #[test]
    fn invariant_28_every_row_ends_in_exactly_one_place(told in proptest::collection::vec(any_told(3), 1..24)) {
        let world = World::of(&told, &[]);
        let (mut entities, mut disputed, mut nameless) = (0, 0, 0);
        for item in &world.items {
            match world.join.placement(*item) {
                Placement::Entity(entity) => {
                    prop_assert_eq!(world.join.dispute(entity), None);
                    entities += 1;
                }
                Placement::Disputed(entity, reason) => {
                    prop_assert_eq!(world.join.dispute(entity), Some(reason));
                    prop_assert!(matches!(reason, Reason::IdsContradict | Reason::CoordinatesContradict));
                    disputed += 1;
                }
                Placement::NoIdentity => {
                    prop_assert!(world.join.ids(&world.catalog, *item).is_empty());
                    nameless += 1;
                }
            }
        }
        prop_assert_eq!(entities + disputed + nameless, told.len());
        let all: BTreeSet<ItemIx> = world.items.iter().copied().collect();
        let listed: Vec<ItemIx> = (0..world.join.len())
            .flat_map(|at| world.join.members(EntityIx::from_number(u32::try_from(at).unwrap())).collect::<Vec<_>>())
            .collect();
        let distinct: BTreeSet<ItemIx> = listed.iter().copied().collect();
        prop_assert_eq!(distinct.len(), listed.len());
        prop_assert!(distinct.is_subset(&all));
    }
}
