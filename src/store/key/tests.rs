//! The two promises of every key: byte order is value order, and parsing gives the value back.

use std::fmt::Debug;

use crosswatch_model::{Kind, Namespace};
use proptest::prelude::*;

use super::*;
use crate::names::{MetaKey, NameKind};

fn check<K: Key + Ord + Debug>(one: &K, other: &K) -> Result<(), TestCaseError> {
    prop_assert_eq!(one.bytes().cmp(&other.bytes()), one.cmp(other), "{:?} and {:?}", one, other);
    for key in [one, other] {
        let bytes = key.bytes();
        let parsed = K::parse(&bytes);
        prop_assert_eq!(parsed.as_ref(), Some(key));
        prop_assert!(bytes.len() <= 64, "{:?} has {} bytes", key, bytes.len());
    }
    Ok(())
}

/// Numbers that often agree in their high or low bytes.
fn number() -> impl Strategy<Value = u32> + Clone {
    prop_oneof![any::<u32>(), 0u32..3, Just(0x0100), Just(0x00ff), Just(u32::MAX)]
}

fn long() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![any::<u64>(), 0u64..3, Just(0x0100), Just(0x00ff), Just(u64::MAX)]
}

fn wide() -> impl Strategy<Value = u128> + Clone {
    prop_oneof![any::<u128>(), 0u128..3, Just(u128::MAX)]
}

fn feature() -> impl Strategy<Value = Feature> + Clone {
    prop::sample::select(Feature::ALL)
}

fn fact_key() -> impl Strategy<Value = FactKey> + Clone {
    (number(), feature(), long(), number()).prop_map(|(scope, feature, uid, play)| FactKey {
        scope,
        feature,
        uid: Uid(uid),
        play: PlayKey(play),
    })
}

fn id() -> impl Strategy<Value = Id> + Clone {
    (prop::sample::select(Namespace::ALL), prop::sample::select(Kind::ALL), 1u128..1 << 112).prop_map(
        |(namespace, kind, value)| Id::from_bits((namespace as u128) << 120 | (kind as u128) << 112 | value).unwrap(),
    )
}

fn run_key() -> impl Strategy<Value = RunKey> + Clone {
    prop_oneof![
        wide().prop_map(|id| RunKey::Record(Reverse(RunId(id)))),
        (number(), wide()).prop_map(|(pair, id)| RunKey::OfPair(pair, Reverse(RunId(id)))),
    ]
}

fn instant() -> impl Strategy<Value = Timestamp> + Clone {
    let second = prop_oneof![-2i64..2, Timestamp::MIN.as_second() + 1..Timestamp::MAX.as_second()];
    (second, 0i32..1_000_000_000).prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

fn name() -> impl Strategy<Value = SmolStr> + Clone {
    "[a-z0-9/-]{0,8}".prop_map(SmolStr::from)
}

fn meta_key() -> impl Strategy<Value = MetaKey> + Clone {
    let kind = prop::sample::select(&[NameKind::Account, NameKind::Pair, NameKind::Resource][..]);
    prop_oneof![
        Just(MetaKey::EventCount),
        Just(MetaKey::Format),
        Just(MetaKey::LastInbox),
        Just(MetaKey::LastParcel),
        Just(MetaKey::Life),
        (kind, name()).prop_map(|(kind, name)| MetaKey::Name(kind, name)),
        Just(MetaKey::NextName),
        name().prop_map(MetaKey::NextOutboxSeq),
        Just(MetaKey::NextUid),
    ]
}

/// One property test per key type, with two keys from the same strategy.
macro_rules! keys {
    ($($test:ident: $strategy:expr;)+) => {
        proptest! {
            $(#[test]
            fn $test((one, other) in ($strategy, $strategy)) {
                check(&one, &other)?;
            })+
        }
    };
}

keys! {
    lease_keys: number().prop_map(LeaseKey);
    run_keys: run_key();
    line_keys: (wide(), number()).prop_map(|(owner, number)| LineKey { owner: RunId(owner), number });
    item_keys: long().prop_map(|uid| ItemKey(Uid(uid)));
    identity_keys: id().prop_map(IdentityKey);
    fact_keys: fact_key();
    reading_keys: (fact_key(), prop::option::of(wide())).prop_map(|(fact, native)| ReadingKey {
        fact,
        native: native.map(NativeRef),
    });
    feature_keys: (number(), feature()).prop_map(|(scope, feature)| FeatureKey { scope, feature });
    outbox_keys: (number(), long()).prop_map(|(account, seq)| OutboxKey { account, seq });
    number_keys: long().prop_map(NumberKey);
    play_keys: (long(), long()).prop_map(|(uid, play)| PlayOfKey { uid: Uid(uid), play });
    feature_of_keys: (number(), long(), feature()).prop_map(|(scope, uid, feature)| FeatureOfKey {
        scope,
        uid: Uid(uid),
        feature,
    });
    seat_keys: (name(), name(), name()).prop_map(|(route, viewer, player)| SeatName { route, viewer, player });
    held_keys: long().prop_map(HeldKey);
    rejected_keys: (number(), long()).prop_map(|(pair, op)| RejectedKey { pair, op: OpId(op) });
    import_keys: wide().prop_map(|id| ImportKey(Reverse(RunId(id))));
    event_keys: (instant(), number()).prop_map(|(at, seq)| EventKey { at, seq });
    secret_keys: (number(), name()).prop_map(|(account, name)| KeptKey { account, name });
    chunk_list_keys: (wide(), feature()).prop_map(|(id, feature)| ChunkListKey { snapshot: RunId(id), feature });
    chunk_keys: any::<[u8; 32]>().prop_map(ChunkKey);
    meta_keys: meta_key();
    standing_keys: (prop::sample::select(StandingKind::ALL.to_vec()), name())
        .prop_map(|(kind, subject)| StandingKey { kind, subject });
}

proptest! {
    #[test]
    fn keys_of_neighbours_differ_in_play_only_below_their_entity(key in fact_key(), play in number()) {
        let neighbour = FactKey { play: PlayKey(play), ..key };
        let prefix = entity_prefix(key.scope, key.feature, key.uid);
        prop_assert!(key.bytes().starts_with(&prefix));
        prop_assert!(neighbour.bytes().starts_with(&prefix));
        prop_assert!(prefix.starts_with(&feature_prefix(key.scope, key.feature)));
        prop_assert!(prefix.starts_with(&scope_prefix(key.scope)));
    }

    #[test]
    fn bytes_that_are_no_key_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Some(key) = FactKey::parse(&bytes) {
            prop_assert_eq!(key.bytes(), bytes.clone());
        }
        if let Some(key) = RunKey::parse(&bytes) {
            prop_assert_eq!(key.bytes(), bytes.clone());
        }
        if let Some(key) = ReadingKey::parse(&bytes) {
            prop_assert_eq!(key.bytes(), bytes);
        }
    }
}

#[test]
fn keys_are_these_bytes() {
    let key = FactKey { scope: 7, feature: Feature::Ratings, uid: Uid(258), play: PlayKey(5) };
    assert_eq!(crate::failure::hex(&key.bytes()), "0000000703000000000000010200000005");
    let run = RunKey::OfPair(2, Reverse(RunId(0x0192_0000_0000_7000_8000_0000_0000_0001)));
    assert_eq!(crate::failure::hex(&run.bytes()), "0100000002fe6dffffffff8fff7ffffffffffffffe");
    let event = EventKey { at: Timestamp::new(1, 5).unwrap(), seq: 1 };
    assert_eq!(crate::failure::hex(&event.bytes()), "8000000000000000000000003b9aca0500000001");
    assert_eq!(MetaKey::Name(NameKind::Pair, "home".into()).bytes(), b"name/pair/home");
}
