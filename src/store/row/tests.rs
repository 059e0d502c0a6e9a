//! Golden bytes of every row version, round trips, and refusals.
//!
//! A golden value that changes is a database that cannot be read any more: add a new version instead.

use std::fmt::Debug;

use crosswatch_model::{
    Action, After, BaselineRow, Cause, Completeness, Counts, Fact, Feature, Flips, HoldKind, Id, IdSet, Item, Kind,
    Namespace, NativeRef, OpId, Outcome, PairId, PlanItem, PlanState, PlayKey, ProviderId, Rating, ReadReport, Reason,
    RestoreFilter, RestoreMode, RunId, RunState, Scheme, Show, Side, SnapshotCause, Uid, WatchedAt,
};
use crosswatch_port::{
    EventRecord, FeatureTally, HeldRecord, ImportRecord, ImportState, LeaseRecord, OutboxRecord, OutboxState,
    PairFeatureRecord, PlanRecord, ReadingHead, RejectedRecord, RestoreOrder, RunError, RunRecord, SnapshotPart,
    SnapshotRecord, SnapshotRow, StandingKind, StandingRecord, UndoOrder, UnresolvedRecord, Write,
};
use jiff::{Timestamp, civil::Date};
use proptest::prelude::*;

use super::*;
use crate::failure::hex;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn movie() -> Item {
    let ids = [
        Id::parse(Namespace::Imdb, Kind::Movie, "tt0133093").unwrap(),
        Id::parse(Namespace::Tmdb, Kind::Movie, "603").unwrap(),
    ];
    Item::titled(Kind::Movie, "The Matrix", Some(1999), ids.into_iter().collect())
}

fn episode() -> Item {
    let show_ids = [Id::parse(Namespace::Tvdb, Kind::Show, "81189").unwrap()].into_iter().collect();
    let show = Show { title: "Breaking Bad".into(), year: Some(2008), ids: show_ids, scheme: Scheme::TvdbAired };
    Item::episode(show, 0, 3, "", IdSet::EMPTY)
}

fn tally() -> FeatureTally {
    FeatureTally {
        feature: Feature::History,
        counts: Counts { adds: 1, removes: 2, updates: 3, unchanged: 4, held: 5, skipped: 6, conflicts: 7 },
        outcomes: vec![(Outcome::Acknowledged, 3), (Outcome::InDoubt, 1)],
        source: ReadReport { completeness: Completeness::Complete, items: 9, proof: "total".into() },
        target: ReadReport { completeness: Completeness::Partial, items: 8, proof: "page 2".into() },
    }
}

fn run() -> RunRecord {
    RunRecord {
        id: RunId::new(1_790_000_000_000, [1, 2]),
        pair: PairId::parse("home").unwrap(),
        cause: Cause::Schedule,
        state: RunState::Failed,
        dry_run: false,
        features: [Feature::History, Feature::Ratings].into_iter().collect(),
        tallies: vec![tally()],
        requests: vec![(ProviderId::parse("trakt").unwrap(), 12)],
        asked_at: at(1_790_000_000),
        started_at: Some(at(1_790_000_001)),
        finished_at: None,
        sentence: "ok".into(),
        error: Some(RunError { kind: "sign-in".into(), detail: "Sign in.".into() }),
    }
}

fn plan() -> PlanRecord {
    PlanRecord {
        id: RunId::new(1_790_000_000_000, [1, 2]),
        pair: PairId::parse("home").unwrap(),
        created_at: at(1_790_000_000),
        state: PlanState::Ready,
        tallies: Vec::new(),
        cost: vec![(ProviderId::parse("trakt").unwrap(), 12, 60)],
        sentence: "ok".into(),
        undoes: None,
        restores: None,
        today: None,
    }
}

fn baseline() -> BaselineRow {
    BaselineRow {
        source: Some(Fact::Play(WatchedAt::Exact(Timestamp::new(1_790_000_000, 123_456_789).unwrap()))),
        target: Some(Fact::Play(WatchedAt::Minute(at(1_789_999_980)))),
        seen_on_source: true,
        seen_on_target: false,
        written_by_us: true,
        source_written_by_us: false,
        is_diverged: true,
        is_taken_back: false,
        is_weak_match: false,
        absent_source_reads: 2,
        absent_target_reads: 0,
        target_native: Some(NativeRef(0x0102_0304)),
        flips: Some(Flips { previous: Some(Rating::new(80).unwrap()), returns: 1, at: 7 }),
    }
}

fn line() -> PlanItem {
    PlanItem {
        op: OpId(0x00ff),
        feature: Feature::Ratings,
        action: Action::Hold,
        held_action: Some(Action::Remove),
        side: Side::Target,
        uid: Some(Uid(7)),
        item: movie(),
        value: None,
        before: Some(Fact::Rated { value: Rating::new(85).unwrap(), rated_at: None }),
        native: None,
        reason: Reason::TooManyRemoves,
        explain: "why".into(),
        outcome: Outcome::Planned,
    }
}

fn outbox() -> OutboxRecord {
    OutboxRecord {
        account: ProviderId::parse("trakt").unwrap(),
        seq: 300,
        run: RunId(5),
        pair: PairId::parse("home").unwrap(),
        line_number: 4,
        feature: Feature::History,
        write: Write {
            op: OpId(1),
            action: Action::Add,
            uid: Uid(7),
            item: movie(),
            value: Some(Fact::Play(WatchedAt::Unknown)),
            native: Some(NativeRef(9)),
        },
        play: PlayKey(0),
        after: After::Put(baseline()),
        state: OutboxState::Inflight,
        attempts: 1,
        sent_at: Some(at(1_790_000_000)),
    }
}

/// Bytes as they were when the version was introduced, and back.
#[track_caller]
fn golden<T: Stored + PartialEq + Debug>(value: &T, expected: &str) {
    let bytes = encode(value).unwrap();
    assert_eq!(hex(&bytes), expected);
    assert_eq!(&decode::<T>(&bytes).unwrap(), value);
}

#[test]
fn facts_and_bulk_rows_are_these_bytes() {
    golden(&ShelfFact(Fact::Play(WatchedAt::Unknown)), "010191a175");
    golden(&ShelfFact(Fact::Play(WatchedAt::Day(Date::new(2024, 2, 29).unwrap()))), "01019181a16493cd07e8021d");
    golden(&ShelfFact(Fact::Listed(None)), "01019181a16cc0");
    golden(&ShelfFact(Fact::Listed(Some(Timestamp::new(-1, -500).unwrap()))), "01019181a16c92ffd1fe0c");
    golden(
        &ShelfFact(Fact::Rated { value: Rating::new(85).unwrap(), rated_at: Some(at(1_790_000_000)) }),
        "01019181a172925592ce6ab13b8000",
    );
    golden(
        &ShelfFact(Fact::Resume { position_s: 61, duration_s: Some(5400), stopped_at: None }),
        "01019181a170933dcd1518c0",
    );
    golden(&ReadFact(Fact::Play(WatchedAt::Minute(at(1_789_999_980)))), "01019181a16d92ce6ab13b6c00");
    golden(&baseline(), "01019781a16592ce6ab13b80ce075bcd1581a16d92ce6ab13b6c00150200c4040102030493500107");
    golden(&BaselineRow::default(), "010197c0c0000000c0c0");
    golden(
        &Entity { item: movie(), runtime_s: Some(8_160) },
        "0101929701aa546865204d6174726978cd07cf92c40501010207e5c4040201025bc0c0c0cd1fe0",
    );
    golden(
        &Entity { item: episode(), runtime_s: None },
        "0101929704a0c09094ac427265616b696e6720426164cd07d891c4050302013d25aa747664625f61697265640003c0",
    );
    golden(
        &line(),
        "01019dccffa7726174696e6773a4686f6c64a672656d6f7665a6746172676574079701aa546865204d6174726978cd07cf92c40501010207e5c4040201025bc0c0c0c081a1729255c0c0b0746f6f5f6d616e795f72656d6f766573a3776879a7706c616e6e6564",
    );
    golden(&Present, "010190");
    golden(&Pointer(Uid(300)), "010191cd012c");
}

#[test]
fn records_are_these_bytes() {
    golden(
        &run(),
        "02018da26964c41001a0c4506c0070018000000000000002a470616972a4686f6d65a56361757365a87363686564756c65a57374617465a66661696c6564a76472795f72756ec2a8666561747572657392a7686973746f7279a7726174696e6773a774616c6c6965739185a766656174757265a7686973746f7279a6636f756e747387a46164647301a772656d6f76657302a77570646174657303a9756e6368616e67656404a468656c6405a7736b697070656406a9636f6e666c6963747307a86f7574636f6d65739292ac61636b6e6f776c65646765640392a8696e5f646f75627401a6736f7572636583ac636f6d706c6574656e657373a8636f6d706c657465a56974656d7309a570726f6f66a5746f74616ca674617267657483ac636f6d706c6574656e657373a77061727469616ca56974656d7308a570726f6f66a6706167652032a872657175657374739192a57472616b740ca861736b65645f617492ce6ab13b8000aa737461727465645f617492ce6ab13b8100ab66696e69736865645f6174c0a873656e74656e6365a26f6ba56572726f7282a46b696e64a77369676e2d696ea664657461696ca85369676e20696e2e",
    );
    golden(
        &plan(),
        "02018ba26964c41001a0c4506c0070018000000000000002a470616972a4686f6d65aa637265617465645f617492ce6ab13b8000a57374617465a57265616479a774616c6c69657390a4636f73749193a57472616b740c3ca873656e74656e6365a26f6ba6756e646f6573c0a8726573746f726573c0ab756e646f65735f6d6f7265c0a5746f646179c0",
    );
    golden(
        &outbox(),
        "02018da76163636f756e74a57472616b74a3736571cd012ca372756ec40105a470616972a4686f6d65ab6c696e655f6e756d62657204a766656174757265a7686973746f7279a5777269746586a26f7001a6616374696f6ea3616464a375696407a46974656d87a46b696e6401a57469746c65aa546865204d6174726978a479656172cd07cfa369647392c40501010207e5c4040201025ba473686f77c0a6736561736f6ec0a66e756d626572c0a576616c7565a175a66e6174697665c40109a4706c617900a5616674657287a6736f7572636581a16592ce6ab13b80ce075bcd15a674617267657481a16d92ce6ab13b6c00aa70726f76656e616e636515b3616273656e745f736f757263655f726561647302b3616273656e745f7461726765745f726561647300ad7461726765745f6e6174697665c40401020304a5666c69707383a870726576696f757350a772657475726e7301a2617407a564726f7073c2a5737461746502a8617474656d70747301a773656e745f617492ce6ab13b8000",
    );
}

#[test]
fn small_records_are_these_bytes() {
    let pair = || PairId::parse("home").unwrap();
    golden(
        &ReadingHead {
            mark: Some("m".into()),
            fingerprint: "f".into(),
            items: 3,
            taken_at: at(1_790_000_000),
            keeps_rows: true,
        },
        "020185a46d61726ba16dab66696e6765727072696e74a166a56974656d7303a874616b656e5f617492ce6ab13b8000aa6b656570735f726f7773c3",
    );
    golden(
        &PairFeatureRecord {
            scope: "s".into(),
            adopted_at: at(1_790_000_000),
            mirror_approved: false,
            source_items: 3,
            target_items: 4,
            writing_runs: 5,
        },
        "020186a573636f7065a173aa61646f707465645f617492ce6ab13b8000af6d6972726f725f617070726f766564c2ac736f757263655f6974656d7303ac7461726765745f6974656d7304ac77726974696e675f72756e7305",
    );
    golden(
        &HeldRecord {
            id: 1,
            pair: pair(),
            feature: Feature::History,
            kind: HoldKind::Removes,
            items: 2,
            sentence: "x".into(),
            run: RunId(5),
            since: at(1_790_000_000),
        },
        "020188a2696401a470616972a4686f6d65a766656174757265a7686973746f7279a46b696e64a772656d6f766573a56974656d7302a873656e74656e6365a178a372756ec40105a573696e636592ce6ab13b8000",
    );
    golden(
        &UnresolvedRecord {
            pair: pair(),
            feature: Feature::Progress,
            uid: Uid(1),
            play: PlayKey(2),
            reason: Reason::NotFound,
            failures: 3,
            next_try: None,
            since: at(1_790_000_000),
        },
        "020188a470616972a4686f6d65a766656174757265a870726f6772657373a375696401a4706c617902a6726561736f6ea96e6f745f666f756e64a86661696c7572657303a86e6578745f747279c0a573696e636592ce6ab13b8000",
    );
    golden(
        &EventRecord {
            at: at(1_790_000_000),
            kind: "k".into(),
            pair: Some(pair()),
            run: Some(RunId(5)),
            sentence: "x".into(),
        },
        "020185a2617492ce6ab13b8000a46b696e64a16ba470616972a4686f6d65a372756ec40105a873656e74656e6365a178",
    );
    let record = LeaseRecord { resource: "r".into(), fence: 2, boot: 3, run: RunId(5), taken_at: at(1_790_000_000) };
    golden(
        &Lease { record, is_held: true },
        "020186a87265736f75726365a172a566656e636502a4626f6f74c40103a372756ec40105a874616b656e5f617492ce6ab13b8000a769735f68656c64c3",
    );
    golden(&Secret(vec![0, 255]), "020181a6736563726574c40200ff");
    golden(&Cached(vec![0, 255]), "010191c40200ff");
    golden(&ShelfSize { rows: 2, change_number: 3 }, "020182a4726f777302ad6368616e67655f6e756d62657203");
    golden(&Number(200), "020181a66e756d626572ccc8");
    golden(&Life(0), "020181a4626f6f74c400");
}

#[test]
fn what_a_person_said_no_to_is_these_bytes() {
    let pair = PairId::parse("home").unwrap();
    golden(
        &RejectedRecord { pair, feature: Feature::Ratings, op: OpId(7), at: at(1_790_000_000) },
        "020184a470616972a4686f6d65a766656174757265a7726174696e6773a26f7007a2617492ce6ab13b8000",
    );
}

#[test]
fn marks_are_these_bytes() {
    let (at, until) = (at(1_790_000_000), Some(at(1_790_000_001)));
    golden(
        &StandingRecord { kind: StandingKind::Snoozed, subject: "s".into(), at, until, text: "t".into() },
        "020185a46b696e6405a77375626a656374a173a2617492ce6ab13b8000a5756e74696c92ce6ab13b8100a474657874a174",
    );
    golden(
        &StandingRecord { kind: StandingKind::Heard, subject: "s".into(), at, until: None, text: "".into() },
        "020185a46b696e6408a77375626a656374a173a2617492ce6ab13b8000a5756e74696cc0a474657874a0",
    );
}

#[test]
fn a_file_that_was_imported_is_these_bytes() {
    let account = ProviderId::parse("ledger").unwrap();
    golden(
        &ImportRecord {
            id: RunId(7),
            account,
            format: "trakt".into(),
            at: at(1_790_000_000),
            state: ImportState::Done,
            added: 3,
            updated: 2,
            misplaced: 1,
            taken_back: 0,
        },
        "020189a26964c40107a76163636f756e74a66c6564676572a6666f726d6174a57472616b74a2617492ce6ab13b8000a57374617465a4646f6e65a5616464656403a77570646174656402a96d6973706c6163656401aa74616b656e5f6261636b00",
    );
}

#[test]
fn snapshots_are_these_bytes() {
    let record = SnapshotRecord {
        id: RunId(5),
        provider: ProviderId::parse("home").unwrap(),
        fingerprint: "f".into(),
        user: "anna".into(),
        taken_at: at(1_790_000_000),
        cause: SnapshotCause::BeforeRemoval,
        is_pinned: true,
        parts: vec![SnapshotPart { feature: Feature::Ratings, items: 2, bytes: 300 }],
    };
    golden(
        &record,
        "020188a26964c40105a870726f7669646572a4686f6d65ab66696e6765727072696e74a166a475736572a4616e6e61a874616b656e5f617492ce6ab13b8000a56361757365ae6265666f72655f72656d6f76616ca969735f70696e6e6564c3a570617274739193a7726174696e677302cd012c",
    );
    let row = SnapshotRow { item: movie(), fact: Fact::Listed(None) };
    golden(
        &Chunk(vec![row.clone(), SnapshotRow { item: episode(), ..row }]),
        "01019192929701aa546865204d6174726978cd07cf92c40501010207e5c4040201025bc0c0c081a16cc0929704a0c09094ac427265616b696e6720426164cd07d891c4050302013d25aa747664625f6169726564000381a16cc0",
    );
    let listed = |byte, rows| ListedChunk { hash: [byte; 32], rows };
    golden(
        &ChunkList(vec![listed(0, 1), listed(0xff, 256)]),
        "010192c4400000000000000000000000000000000000000000000000000000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff9201cd0100",
    );
    let order = RestoreOrder {
        snapshot: RunId(5),
        mode: RestoreMode::Exact,
        filter: RestoreFilter { kind: Some(Kind::Show), show: Some("Firefly".into()), item: None },
    };
    golden(
        &PlanRecord { restores: Some(order), cost: Vec::new(), ..plan() },
        "02018ba26964c41001a0c4506c0070018000000000000002a470616972a4686f6d65aa637265617465645f617492ce6ab13b8000a57374617465a57265616479a774616c6c69657390a4636f737490a873656e74656e6365a26f6ba6756e646f6573c0a8726573746f72657385a8736e617073686f74c40105a46d6f6465a56578616374a46b696e64a473686f77a473686f77a746697265666c79a46974656dc0ab756e646f65735f6d6f7265c0a5746f646179c0",
    );
}

#[test]
fn a_plan_from_before_there_were_restores_is_read() {
    let bytes = encode(&plan()).unwrap();
    // The last fields with their names, and so many less in the count.
    let today = 1 + "today".len() + 1;
    let more = today + 1 + "undoes_more".len() + 1;
    for (count, cut) in [(0x8a, today), (0x89, more)] {
        let older = [&[2, 1, count], &bytes[3..bytes.len() - cut]].concat();
        assert_eq!(decode::<PlanRecord>(&older).unwrap(), plan());
    }
    let field = 1 + "restores".len() + 1;
    let older = [&[2, 1, 0x88], &bytes[3..bytes.len() - more - field]].concat();
    assert_eq!(decode::<PlanRecord>(&older).unwrap(), plan());
}

#[test]
fn what_a_plan_takes_back_comes_back() {
    for order in [
        UndoOrder::Run(RunId(7)),
        UndoOrder::Since { since: at(1_790_000_000), runs: vec![RunId(7), RunId(u128::MAX)] },
        UndoOrder::Message(9),
    ] {
        let plan = PlanRecord { undoes: Some(order), ..plan() };
        assert_eq!(decode::<PlanRecord>(&encode(&plan).unwrap()).unwrap(), plan);
    }
    let plan = PlanRecord { state: PlanState::WhatIf, today: Some(vec![tally()]), ..plan() };
    assert_eq!(decode::<PlanRecord>(&encode(&plan).unwrap()).unwrap(), plan);
}

#[test]
fn a_list_of_chunks_that_does_not_fit_is_refused() {
    let whole = encode(&ChunkList(vec![ListedChunk { hash: [1; 32], rows: 3 }])).unwrap();
    let cut = [&whole[..3], &[0xc4, 31], &[1; 31][..], &whole[37..]].concat();
    assert_eq!(decode::<ChunkList>(&cut), Err(RowError::Field("hashes")));
    let no_count = [&whole[..37], &[0x90][..]].concat();
    assert_eq!(decode::<ChunkList>(&no_count), Err(RowError::Field("hashes")));
}

#[test]
fn broken_bytes_are_refused_with_their_reason() {
    let good = encode(&Number(7)).unwrap();
    let check = |bytes: &[u8], expected: &RowError| {
        assert_eq!(decode::<Number>(bytes).as_ref(), Err(expected), "{}", hex(bytes));
    };
    check(&[2], &RowError::NoHeader);
    check(&[&[1], &good[1..]].concat(), &RowError::Format { found: 1, expected: 2 });
    check(&[&[2, 9], &good[2..]].concat(), &RowError::Version { found: 9, known: 1 });
    check(&[&good[..], &[0]].concat(), &RowError::TooLong(1));
    for cut in 2..good.len() {
        assert!(matches!(decode::<Number>(&good[..cut]), Err(RowError::Shape(_))), "cut at {cut}");
    }
}

#[test]
fn values_outside_the_closed_sets_are_refused() {
    let refused = |mut row: Vec<u8>, from: &[u8], to: &[u8]| {
        let place = row.windows(from.len()).position(|part| part == from).unwrap();
        row[place..place + from.len()].copy_from_slice(to);
        row
    };
    let state = refused(encode(&run()).unwrap(), b"failed", b"failde");
    assert_eq!(decode::<RunRecord>(&state), Err(RowError::Field("state")));
    let pair = refused(encode(&run()).unwrap(), b"home", b"Home");
    assert_eq!(decode::<RunRecord>(&pair), Err(RowError::Field("pair")));
    let rating = Fact::Rated { value: Rating::new(85).unwrap(), rated_at: None };
    let rating = refused(encode(&ShelfFact(rating)).unwrap(), &[85], &[101]);
    assert_eq!(decode::<ShelfFact>(&rating), Err(RowError::Field("rating")));
    let kind = refused(encode(&Entity { item: episode(), runtime_s: None }).unwrap(), &[0x97, 4], &[0x97, 5]);
    assert_eq!(decode::<Entity>(&kind), Err(RowError::Field("kind")));
}

#[test]
fn a_secret_never_shows() {
    let shown = format!("{:?}", Secret(b"hunter2".to_vec()));
    assert_eq!(shown, "Secret(…)");
}

fn instant() -> impl Strategy<Value = Timestamp> {
    let second = prop_oneof![-2i64..2, 1_600_000_000i64..1_900_000_000, Just(Timestamp::MAX.as_second())];
    (second, 0i32..1_000_000_000).prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

fn fact() -> impl Strategy<Value = Fact> {
    let day = (-9999i16..=9999, 1i8..=12, 1i8..=28).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap());
    prop_oneof![
        instant().prop_map(|at| Fact::Play(WatchedAt::Exact(at))),
        instant().prop_map(|at| Fact::Play(WatchedAt::Minute(at))),
        day.prop_map(|day| Fact::Play(WatchedAt::Day(day))),
        Just(Fact::Play(WatchedAt::Unknown)),
        prop::option::of(instant()).prop_map(Fact::Listed),
        (1u8..=100, prop::option::of(instant()))
            .prop_map(|(value, rated_at)| Fact::Rated { value: Rating::new(value).unwrap(), rated_at }),
        (any::<u32>(), prop::option::of(any::<u32>()), prop::option::of(instant()))
            .prop_map(|(position_s, duration_s, stopped_at)| Fact::Resume { position_s, duration_s, stopped_at }),
    ]
}

fn ids() -> impl Strategy<Value = IdSet> {
    let id = (prop::sample::select(Namespace::ALL), prop::sample::select(Kind::ALL), 1u128..1 << 112).prop_map(
        |(namespace, kind, value)| Id::from_bits((namespace as u128) << 120 | (kind as u128) << 112 | value).unwrap(),
    );
    prop::collection::vec(id, 0..5).prop_map(IdSet::from_iter)
}

fn item() -> impl Strategy<Value = Item> {
    let show = (".{0,40}", prop::option::of(any::<u16>()), ids())
        .prop_map(|(title, year, ids)| Box::new(Show { title: title.into(), year, ids, scheme: Scheme::Account(7) }));
    let year = || prop::option::of(any::<u16>());
    (prop::sample::select(Kind::ALL), ".{0,40}", year(), ids(), prop::option::of(show), year(), year()).prop_map(
        |(kind, title, year, ids, show, season, number)| Item {
            kind,
            title: title.into(),
            year,
            ids,
            show,
            season,
            number,
        },
    )
}

fn baseline_row() -> impl Strategy<Value = BaselineRow> {
    let facts = (prop::option::of(fact()), prop::option::of(fact()), prop::option::of(any::<u128>()));
    let flips = (prop::option::of(1u8..=100), 0u8..=2, any::<u32>()).prop_map(|(previous, returns, at)| Flips {
        previous: previous.map(|value| Rating::new(value).unwrap()),
        returns,
        at,
    });
    let rest = (any::<[bool; 7]>(), any::<[u8; 2]>(), prop::option::of(flips));
    (facts, rest).prop_map(|((source, target, native), (flags, absent, flips))| BaselineRow {
        source,
        target,
        seen_on_source: flags[0],
        seen_on_target: flags[1],
        written_by_us: flags[2],
        source_written_by_us: flags[3],
        is_diverged: flags[4],
        is_taken_back: flags[5],
        is_weak_match: flags[6],
        absent_source_reads: absent[0],
        absent_target_reads: absent[1],
        target_native: native.map(NativeRef),
        flips,
    })
}

fn round_trip<T: Stored + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let bytes = encode(value).map_err(|why| TestCaseError::fail(why.to_string()))?;
    prop_assert_eq!(&decode::<T>(&bytes).map_err(|why| TestCaseError::fail(why.to_string()))?, value);
    Ok(())
}

proptest! {
    #[test]
    fn facts_come_back(fact in fact()) {
        round_trip(&ShelfFact(fact))?;
        round_trip(&ReadFact(fact))?;
    }

    #[test]
    fn items_come_back(item in item(), runtime_s in any::<Option<u32>>()) {
        round_trip(&Entity { item, runtime_s })?;
    }

    #[test]
    fn chunks_come_back(rows in prop::collection::vec((item(), fact()), 0..4)) {
        let row = |(item, fact): (Item, Fact)| SnapshotRow { item, fact };
        round_trip(&Chunk(rows.into_iter().map(row).collect()))?;
    }

    #[test]
    fn baseline_rows_come_back(row in baseline_row()) {
        round_trip(&row)?;
    }

    #[test]
    fn lines_and_outbox_rows_come_back(
        item in item(),
        row in baseline_row(),
        action in prop::sample::select(Action::ALL),
        reason in prop::sample::select(Reason::ALL),
        outcome in prop::sample::select(Outcome::ALL),
        op in any::<u64>(),
        text in ".{0,30}",
    ) {
        let explain = text.into();
        let (value, before) = (row.source, row.target);
        round_trip(&PlanItem { op: OpId(op), action, reason, outcome, explain, value, before, item: item.clone(), ..line() })?;
        let write = Write { op: OpId(op), action, item, value, uid: Uid(op), native: row.target_native };
        round_trip(&OutboxRecord { write, after: After::Put(row), seq: op, ..outbox() })?;
    }

    #[test]
    fn runs_come_back_in_every_state(
        state in prop::sample::select(RunState::ALL),
        cause in prop::sample::select(Cause::ALL),
        features in prop::collection::vec(prop::sample::select(Feature::ALL), 0..5),
        finished_at in prop::option::of(instant()),
        id in any::<u128>(),
    ) {
        let features = features.into_iter().collect();
        round_trip(&RunRecord { id: RunId(id), state, cause, features, finished_at, error: None, ..run() })?;
    }

    #[test]
    fn secrets_and_numbers_come_back(secret in prop::collection::vec(any::<u8>(), 0..300), number in any::<u64>(), boot in any::<u128>()) {
        round_trip(&Cached(secret.clone()))?;
        round_trip(&Secret(secret))?;
        round_trip(&Number(number))?;
        round_trip(&Life(boot))?;
        round_trip(&Pointer(Uid(number)))?;
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let bytes = [&[1, 1], &bytes[..]].concat();
        if let Ok(entity) = decode::<Entity>(&bytes) {
            round_trip(&entity)?;
        }
        if let Ok(row) = decode::<BaselineRow>(&bytes) {
            round_trip(&row)?;
        }
    }
}
