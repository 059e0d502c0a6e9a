//! What lookups, tables, redirects and the user change about who is who, checked against a slow and simple model.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_identity::{
    Catalog, Confidence, Entry, Evidence, EvidenceRejection, How, ItemIx, Join, Origin, Placement, Provenance, Source,
    Verdict, Witness, join,
};
use crosswatch_model::{Id, IdSet, Item, Kind, Namespace, ProviderId, Reason, Uid};
use proptest::prelude::*;

fn id(word: &str) -> Id {
    let (namespace, value) = word.split_once(':').unwrap();
    Id::parse(namespace.parse().unwrap(), Kind::Movie, value).unwrap()
}

fn movie(words: &str) -> Item {
    Item::titled(Kind::Movie, "Film", None, words.split_whitespace().map(id).collect())
}

fn account(name: &str) -> Source {
    Source::Account(ProviderId::parse(name).unwrap())
}

fn said(source: Source, origin: Origin, seen_s: i64) -> Provenance {
    Provenance { witness: Witness { source, origin }, how: How::Lookup, first_seen_s: seen_s, last_seen_s: seen_s }
}

fn is(one: &str, other: &str, origin: Origin) -> Entry {
    Entry::Is(id(one), id(other), said(account("house"), origin, 5))
}

fn redirect(old: &str, new: &str, origin: Origin) -> Entry {
    Entry::Redirect(id(old), id(new), said(account("house"), origin, 5))
}

fn evidence(entries: impl IntoIterator<Item = Entry>) -> Evidence {
    let mut evidence = Evidence::new();
    for entry in entries {
        evidence.add(entry).unwrap();
    }
    evidence
}

/// Items with the witnesses that tell them.
struct World {
    catalog: Catalog,
    items: Vec<ItemIx>,
}

impl World {
    fn of(items: &[(&str, Origin)]) -> Self {
        let mut catalog = Catalog::new();
        let mut positions = Vec::new();
        for (words, origin) in items {
            let witness = catalog.witness(Witness { source: account("house"), origin: origin.clone() });
            let item = catalog.push(&movie(words)).unwrap();
            catalog.told_by(item, witness);
            positions.push(item);
        }
        Self { catalog, items: positions }
    }

    fn join(&self, evidence: &Evidence) -> Join {
        join(&self.catalog, &[], evidence)
    }

    /// Per item the number of its entity, with `!` where it is disputed.
    fn shape(&self, evidence: &Evidence) -> String {
        let join = self.join(evidence);
        let word = |item: &ItemIx| match join.placement(*item) {
            Placement::Entity(entity) => entity.number().to_string(),
            Placement::Disputed(entity, reason) => {
                assert_eq!(reason, Reason::IdsContradict);
                format!("{}!", entity.number())
            }
            Placement::NoIdentity => "-".to_owned(),
        };
        self.items.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

#[track_caller]
fn check(items: &[&str], entries: impl IntoIterator<Item = Entry>, shape: &str) {
    let told: Vec<(&str, Origin)> = items.iter().map(|words| (*words, Origin::Trakt)).collect();
    assert_eq!(World::of(&told).shape(&evidence(entries)), shape);
}

#[test]
fn a_lookup_joins_what_no_record_joins() {
    check(&["tmdb:603", "imdb:tt0133093"], [], "1 0");
    check(&["tmdb:603", "imdb:tt0133093"], [is("tmdb:603", "imdb:tt0133093", Origin::Tmdb)], "0 0");
    let chain = [is("tmdb:603", "trakt:481", Origin::Trakt), is("trakt:481", "imdb:tt0133093", Origin::Trakt)];
    check(&["tmdb:603", "imdb:tt0133093"], chain, "0 0");
}

#[test]
fn what_contradicts_itself_is_split_where_it_is_vouched_for_least() {
    let items = [
        ("tmdb:603 imdb:tt0133093", Origin::Trakt),
        ("tmdb:603 imdb:tt0133093 trakt:481", Origin::Tmdb),
        ("tmdb:604 imdb:tt0133093", Origin::Plex),
        ("tmdb:604 trakt:482", Origin::Trakt),
    ];
    let world = World::of(&items);
    assert_eq!(world.shape(&Evidence::new()), "0! 0! 0! 1!");
    let join = world.join(&Evidence::new());
    assert_eq!(join.conflicts().len(), 1);
    let conflict = join.conflicts()[0];
    assert_eq!(conflict.link, (id("imdb:tt0133093"), id("tmdb:604")));
    assert_eq!(conflict.clash, (id("tmdb:603"), id("tmdb:604")));
    assert_eq!(join.origins_of(&conflict).collect::<Vec<_>>(), [&Origin::Plex]);
    let Placement::Disputed(entity, _) = join.placement(world.items[0]) else { panic!("not disputed") };
    let vouchers: Vec<&Origin> = join.vouched_by(&world.catalog, entity).into_iter().collect();
    assert_eq!(vouchers, [&Origin::Trakt, &Origin::Tmdb, &Origin::Plex]);
    // The record that says both is read as a record of the entity it was placed in.
    assert_eq!(join.ids(&world.catalog, world.items[2]), [id("imdb:tt0133093")].into_iter().collect());
}

#[test]
fn a_person_settles_what_is_disputed() {
    let items = ["tmdb:603 imdb:tt0133093", "tmdb:604 imdb:tt0133093"];
    check(&items, [], "0! 0!");
    let same = Entry::Decided(Verdict::Same(id("tmdb:603"), id("tmdb:604")), 1);
    check(&items, [same.clone()], "0 0");
    let different = Entry::Decided(Verdict::Different(id("tmdb:603"), id("tmdb:604")), 2);
    check(&items, [different.clone()], "0 0");
    check(&["tmdb:603 imdb:tt0133093", "tmdb:604"], [same, different.clone()], "0 1");
    check(&items, [Entry::Decided(Verdict::Ignore(id("tmdb:604")), 1)], "0 0");
    check(&["tmdb:604"], [Entry::Decided(Verdict::Ignore(id("tmdb:604")), 1)], "-");
    let taken_back = Entry::TakenBack(Verdict::Different(id("tmdb:604"), id("tmdb:603")), 3);
    check(&items, [different, taken_back], "0! 0!");
}

#[test]
fn different_parts_what_nothing_else_parts() {
    let linked = ["imdb:tt0000001 tmdb:1", "imdb:tt0000001", "tmdb:1"];
    check(&linked, [], "0 0 0");
    check(&linked, [Entry::Decided(Verdict::Different(id("imdb:tt0000001"), id("tmdb:1")), 1)], "0 0 1");
}

#[test]
fn a_persons_word_is_the_best_there_is() {
    let world = World::of(&[("tmdb:603", Origin::Trakt), ("imdb:tt0133093", Origin::Plex)]);
    let same = evidence([Entry::Decided(Verdict::Same(id("tmdb:603"), id("imdb:tt0133093")), 1)]);
    let confidence = world.join(&same).confidence(&world.catalog, world.items[0], world.items[1]);
    assert_eq!(confidence, Confidence::C0);
}

#[test]
fn what_ids_are_read_as_is_not_remembered() {
    let evidence = evidence([redirect("tmdb:7", "tmdb:1", Origin::Tmdb)]);
    for known in ["tmdb:1", "tmdb:7"] {
        let (mut catalog, told) = (Catalog::new(), ["tmdb:1", "tmdb:7 trakt:301"]);
        let items: Vec<ItemIx> = told.iter().map(|words| catalog.push(&movie(words)).unwrap()).collect();
        let record = catalog.push(&movie(known)).unwrap();
        let join = join(&catalog, &[(Uid(5), record)], &evidence);
        let entity = join.entity_of_uid(Uid(5)).unwrap();
        assert!(join.are_bound(&catalog, entity, items[0], items[1]), "it counts as long as it is said");
        let of_known = told.iter().find(|words| words.starts_with(known)).unwrap();
        assert_eq!(join.remembered(&catalog, entity).ids, movie(of_known).ids);
    }
}

#[test]
fn redirects_make_two_ids_one() {
    let items = ["tmdb:758677", "tmdb:430155 imdb:tt0077355"];
    check(&items, [], "1 0");
    check(&items, [redirect("tmdb:758677", "tmdb:430155", Origin::Tmdb)], "0 0");
    // The better vouched target wins; a ring ends at its lowest id.
    let two = [redirect("tmdb:1", "tmdb:2", Origin::Plex), redirect("tmdb:1", "tmdb:3", Origin::Trakt)];
    check(&["tmdb:1", "tmdb:2", "tmdb:3"], two, "1 0 1");
    let ring = ["tmdb:1", "tmdb:2", "tmdb:3"];
    let around = |at: usize| redirect(ring[at], ring[(at + 1) % 3], Origin::Tmdb);
    check(&ring, (0..3).map(around), "0 0 0");
    let confirmed = evidence([redirect("tmdb:1", "tmdb:2", Origin::Plex)]);
    assert!(!confirmed.confirms_redirect(id("tmdb:1"), id("tmdb:2")));
    let both = evidence([redirect("tmdb:1", "tmdb:2", Origin::Plex), redirect("tmdb:1", "tmdb:2", Origin::Tmdb)]);
    assert!(both.confirms_redirect(id("tmdb:1"), id("tmdb:2")));
}

#[test]
fn an_account_that_is_often_wrong_is_not_believed() {
    let mut items = Vec::new();
    let clash = |n: usize, origin: Origin| {
        let right = format!("tmdb:{n} imdb:tt{n:07}");
        let wrong = format!("tmdb:{n} imdb:tt{:07}", n + 500);
        let proof = format!("imdb:tt{:07} trakt:{n}", n + 500);
        [(right, origin), (wrong, Origin::Trakt), (proof, Origin::Plex)]
    };
    // One clash too many, and as many as anybody may have.
    let words: Vec<(String, Origin)> = (1..=21)
        .flat_map(|n| clash(n, Origin::Tmdb))
        .chain((101..=120).flat_map(|n| clash(n, Origin::Simkl)))
        .collect();
    for (words, origin) in &words {
        items.push((words.as_str(), origin.clone()));
    }
    let join = World::of(&items).join(&Evidence::new());
    assert_eq!(join.distrusted().collect::<Vec<_>>(), [&Origin::Tmdb]);
    let few = World::of(&items[..60]).join(&Evidence::new());
    assert_eq!(few.distrusted().count(), 0);
}

#[test]
fn statements_that_make_no_sense_are_refused() {
    let mut evidence = Evidence::new();
    let show = Id::parse(Namespace::Tmdb, Kind::Show, "603").unwrap();
    let provenance = || said(account("house"), Origin::Tmdb, 1);
    let cases = [
        (Entry::Is(id("tmdb:603"), show, provenance()), EvidenceRejection::KindsDiffer),
        (Entry::Is(id("tmdb:603"), id("tmdb:603"), provenance()), EvidenceRejection::SameId),
        (Entry::Redirect(id("tmdb:603"), id("trakt:603"), provenance()), EvidenceRejection::NamespacesDiffer),
        (Entry::Decided(Verdict::Same(id("tmdb:603"), show), 1), EvidenceRejection::KindsDiffer),
    ];
    for (entry, why) in cases {
        assert_eq!(evidence.add(entry), Err(why));
    }
    assert_eq!(evidence, Evidence::new());
}

#[test]
fn a_source_can_be_forgotten_and_time_spans_grow() {
    let table = |version: &str| Source::Table { name: "list".into(), version: version.into() };
    let entry = |version: &str, seen_s| {
        let origin = Origin::Table("list".into());
        Entry::Is(id("tmdb:1"), id("trakt:1"), said(table(version), origin, seen_s))
    };
    let mut log = evidence([entry("1", 50), entry("1", 10), entry("2", 60)]);
    let found = log.provenance_of(id("trakt:1"), id("tmdb:1"));
    assert_eq!(
        found.iter().map(|found| (found.first_seen_s, found.last_seen_s)).collect::<Vec<_>>(),
        [(10, 50), (60, 60)]
    );
    log.forget(&table("1"));
    assert_eq!(log, evidence([entry("2", 60)]));
}

// The slow and simple model: records as sets of ids, everything by exhaustive search.

type Record = (BTreeSet<Id>, BTreeSet<Origin>);

struct Naive {
    /// Per item, the core it is in and whether something is left to decide there.
    places: Vec<Option<(BTreeSet<Id>, bool)>>,
}

fn naive(items: &[Record], statements: &[(Id, Id, Origin)], same: &[(Id, Id)], different: &[(Id, Id)]) -> Naive {
    let mut records = items.to_vec();
    let user = |pair: &(Id, Id)| (BTreeSet::from([pair.0, pair.1]), BTreeSet::from([Origin::User]));
    records
        .extend(statements.iter().map(|(a, b, origin)| (BTreeSet::from([*a, *b]), BTreeSet::from([origin.clone()]))));
    records.extend(same.iter().map(user));
    let mut components: Vec<BTreeSet<Id>> = Vec::new();
    for (ids, _) in &records {
        let (mut merged, mut rest) = (ids.clone(), Vec::new());
        for component in components {
            if component.is_disjoint(ids) { rest.push(component) } else { merged.extend(component) }
        }
        rest.push(merged);
        components = rest;
    }
    let mut cores: Vec<(BTreeSet<Id>, bool)> = Vec::new();
    for component in components.iter().filter(|component| !component.is_empty()) {
        cores.extend(naive_cores(component, &records, different));
    }
    let place = |(ids, _): &Record| {
        let shared = |core: &BTreeSet<Id>| core.intersection(ids).count();
        let touched = cores.iter().filter(|(core, _)| shared(core) > 0);
        touched.min_by_key(|(core, _)| (std::cmp::Reverse(shared(core)), core.first().copied())).cloned()
    };
    Naive { places: items.iter().map(place).collect() }
}

fn contradicts(core: &BTreeSet<Id>) -> bool {
    core.iter().any(|id| core.iter().any(|other| id != other && id.namespace() == other.namespace()))
}

fn naive_cores(component: &BTreeSet<Id>, records: &[Record], different: &[(Id, Id)]) -> Vec<(BTreeSet<Id>, bool)> {
    let parted = |core: &BTreeSet<Id>| different.iter().any(|(a, b)| core.contains(a) && core.contains(b));
    if !contradicts(component) && !parted(component) {
        return vec![(component.clone(), false)];
    }
    let mut links: BTreeMap<(Id, Id), BTreeSet<Origin>> = BTreeMap::new();
    for (ids, origins) in records.iter().filter(|(ids, _)| !ids.is_disjoint(component)) {
        for one in ids {
            for other in ids.range(one..).skip(1) {
                links.entry((*one, *other)).or_default().extend(origins.iter().cloned());
            }
        }
    }
    let mut ordered: Vec<_> = links.into_iter().collect();
    ordered.sort_by_key(|(link, origins)| {
        let trusted = origins.first().cloned();
        (!origins.contains(&Origin::User), std::cmp::Reverse(origins.len()), trusted, *link)
    });
    let mut cores: Vec<BTreeSet<Id>> = component.iter().map(|id| BTreeSet::from([*id])).collect();
    let mut is_open = false;
    for ((one, other), origins) in ordered {
        let left = cores.iter().position(|core| core.contains(&one)).unwrap();
        let right = cores.iter().position(|core| core.contains(&other)).unwrap();
        if left == right {
            continue;
        }
        let union: BTreeSet<Id> = cores[left].union(&cores[right]).copied().collect();
        if parted(&union) {
            continue;
        }
        if contradicts(&union) && !origins.contains(&Origin::User) {
            is_open = true;
            continue;
        }
        cores.retain(|core| !core.contains(&one) && !core.contains(&other));
        cores.push(union);
    }
    cores.into_iter().map(|core| (core, is_open)).collect()
}

fn any_id() -> impl Strategy<Value = Id> {
    (0usize..4, 1u64..5).prop_map(|(at, number)| {
        let spaces = [Namespace::Tmdb, Namespace::Tvdb, Namespace::Trakt, Namespace::Simkl];
        Id::from_number(spaces[at], Kind::Movie, number).unwrap()
    })
}

fn any_origin() -> impl Strategy<Value = Origin> {
    prop_oneof![Just(Origin::Trakt), Just(Origin::Tmdb), Just(Origin::Plex)]
}

fn any_records() -> impl Strategy<Value = Vec<Record>> {
    let record = (proptest::collection::btree_set(any_id(), 0..4), proptest::collection::btree_set(any_origin(), 1..3));
    // An item that is told twice is one item with two tellers.
    proptest::collection::vec(record, 1..14).prop_map(|records| {
        let mut merged: BTreeMap<BTreeSet<Id>, BTreeSet<Origin>> = BTreeMap::new();
        for (ids, origins) in records {
            merged.entry(ids).or_default().extend(origins);
        }
        merged.into_iter().collect()
    })
}

fn pairs(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(Id, Id)>> {
    let ordered = |(one, other): (Id, Id)| (one != other).then_some((one.min(other), one.max(other)));
    proptest::collection::vec((any_id(), any_id()).prop_filter_map("equal", ordered), count)
}

fn catalog_of(records: &[Record]) -> (Catalog, Vec<ItemIx>) {
    let mut catalog = Catalog::new();
    let mut items = Vec::new();
    for (ids, origins) in records {
        let ids: IdSet = ids.iter().copied().collect();
        let item = catalog.push(&Item::titled(Kind::Movie, "Film", None, ids)).unwrap();
        for origin in origins {
            let witness = catalog.witness(Witness { source: account("house"), origin: origin.clone() });
            catalog.told_by(item, witness);
        }
        items.push(item);
    }
    (catalog, items)
}

fn statements(links: &[(Id, Id)], same: &[(Id, Id)], different: &[(Id, Id)]) -> Vec<Entry> {
    let is = links.iter().map(|(one, other)| Entry::Is(*one, *other, said(account("house"), Origin::Tvdb, 1)));
    let same = same.iter().map(|(one, other)| Entry::Decided(Verdict::Same(*one, *other), 1));
    let different = different.iter().map(|(one, other)| Entry::Decided(Verdict::Different(*one, *other), 2));
    is.chain(same).chain(different).collect()
}

/// Same namespace: an alias, which the simple model does not know.
fn is_alias(pair: &(Id, Id)) -> bool {
    pair.0.namespace() == pair.1.namespace()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn classes_are_those_of_the_simple_model(
        records in any_records(), links in pairs(0..4), same in pairs(0..2), different in pairs(0..2)
    ) {
        let same: Vec<_> = same.into_iter().filter(|pair| !is_alias(pair) && !different.contains(pair)).collect();
        let (catalog, items) = catalog_of(&records);
        let join = join(&catalog, &[], &evidence(statements(&links, &same, &different)));
        let told: Vec<_> = links.iter().map(|(one, other)| (*one, *other, Origin::Tvdb)).collect();
        let model = naive(&records, &told, &same, &different);
        for (one, place) in items.iter().zip(&model.places) {
            let found = match join.placement(*one) {
                Placement::Entity(entity) => Some((entity, false)),
                Placement::Disputed(entity, _) => Some((entity, true)),
                Placement::NoIdentity => None,
            };
            prop_assert_eq!(found.map(|(_, disputed)| disputed), place.as_ref().map(|(_, open)| *open));
            for (other, elsewhere) in items.iter().zip(&model.places) {
                let is_same = match (join.placement(*one), join.placement(*other)) {
                    (Placement::Entity(one) | Placement::Disputed(one, _), Placement::Entity(other) | Placement::Disputed(other, _)) => one == other,
                    _ => false,
                };
                let expected = place.is_some() && place.as_ref().map(|place| &place.0) == elsewhere.as_ref().map(|place| &place.0);
                prop_assert_eq!(is_same, expected);
            }
        }
    }

    #[test]
    fn invariant_06_the_order_of_records_and_statements_does_not_matter(
        (records, shuffled) in any_records().prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
        (entries, mixed) in (pairs(0..4), pairs(0..3), pairs(0..3)).prop_flat_map(|(links, same, different)| {
            let entries = statements(&links, &same, &different);
            (Just(entries.clone()), Just(entries).prop_shuffle())
        }),
    ) {
        let (one, two) = (evidence(entries), evidence(mixed));
        let ((catalog, items), (other_catalog, others)) = (catalog_of(&records), catalog_of(&shuffled));
        let (join, other_join) = (join(&catalog, &[], &one), join(&other_catalog, &[], &two));
        prop_assert_eq!(join.conflicts(), other_join.conflicts());
        for (record, item) in records.iter().zip(&items) {
            let at = shuffled.iter().position(|other| other == record).unwrap();
            prop_assert_eq!(join.placement(*item), other_join.placement(others[at]));
            prop_assert_eq!(join.ids(&catalog, *item), other_join.ids(&other_catalog, others[at]));
        }
    }

    #[test]
    fn invariant_07_rebuilding_from_the_log_is_what_grew(
        links in pairs(0..6), same in pairs(0..4), different in pairs(0..4), cut in 0usize..14
    ) {
        let entries = statements(&links, &same, &different);
        let whole = evidence(entries.clone());
        prop_assert_eq!(&evidence(whole.entries()), &whole);
        let (first, second) = entries.split_at(cut.min(entries.len()));
        let mut grown = evidence(evidence(first.to_vec()).entries());
        for entry in second {
            grown.add(entry.clone()).unwrap();
        }
        prop_assert_eq!(grown, whole);
    }

    #[test]
    fn invariant_08_no_entity_holds_two_ids_of_one_namespace(
        records in any_records(), links in pairs(0..4), different in pairs(0..3)
    ) {
        let (catalog, items) = catalog_of(&records);
        let join = join(&catalog, &[], &evidence(statements(&links, &[], &different)));
        let mut ids: BTreeMap<_, BTreeSet<Id>> = BTreeMap::new();
        for item in &items {
            if let Placement::Entity(entity) | Placement::Disputed(entity, _) = join.placement(*item) {
                ids.entry(entity).or_default().extend(join.ids(&catalog, *item).iter());
            }
        }
        for ids in ids.values() {
            prop_assert!(!contradicts(ids), "{ids:?}");
        }
    }

    #[test]
    fn invariant_11_a_contradiction_is_never_better_than_x(records in any_records(), links in pairs(0..4)) {
        let (catalog, items) = catalog_of(&records);
        let join = join(&catalog, &[], &evidence(statements(&links, &[], &[])));
        for (one, (ids, _)) in items.iter().zip(&records) {
            for (other, (others, _)) in items.iter().zip(&records) {
                if contradicts(&ids.union(others).copied().collect()) {
                    prop_assert_eq!(join.confidence(&catalog, *one, *other), Confidence::X);
                }
            }
        }
    }

    #[test]
    fn invariant_27_different_holds_and_taking_it_back_restores(
        records in any_records(), links in pairs(0..4), (one, other) in pairs(1..2).prop_map(|pairs| pairs[0])
    ) {
        let (catalog, items) = catalog_of(&records);
        let before = evidence(statements(&links, &[], &[]));
        let mut after = evidence(statements(&links, &[], &[(one, other)]));
        let parted = join(&catalog, &[], &after);
        let has = |item: &ItemIx, id: Id| parted.ids(&catalog, *item).contains(id);
        for (left, right) in items.iter().flat_map(|left| items.iter().map(move |right| (left, right))) {
            if has(left, one) && has(right, other) {
                prop_assert_ne!(parted.placement(*left), parted.placement(*right));
            }
        }
        after.add(Entry::TakenBack(Verdict::Different(one, other), 9)).unwrap();
        let (restored, original) = (join(&catalog, &[], &after), join(&catalog, &[], &before));
        for item in &items {
            prop_assert_eq!(restored.placement(*item), original.placement(*item));
        }
    }
}

#[test]
fn whoever_comes_after_the_sixteenth_counts_as_one_with_it() {
    let mut catalog = Catalog::new();
    assert!(catalog.is_empty());
    let witness = |name: String| Witness { source: account(&name), origin: Origin::Tmdb };
    let named: Vec<_> = (0..18).map(|n| catalog.witness(witness(format!("house-{n}")))).collect();
    let distinct = |upto: usize| named[..upto].iter().enumerate().all(|(at, one)| !named[..at].contains(one));
    assert!(distinct(16) && named[15] == named[16] && named[16] == named[17]);
    assert_eq!(catalog.witness(witness("house-3".to_owned())), named[3]);
    catalog.push(&movie("")).unwrap();
    assert!(!catalog.is_empty());
}
