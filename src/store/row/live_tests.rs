//! Golden bytes and round trips of the rows of live scrobbling.

use std::fmt::Debug;

use crosswatch_model::{
    Disposition, Feature, Id, IdSet, Item, Kind, Namespace, NativeRef, ParcelState, PlayKind, ProviderId, Rating,
    RunId, Show, Uid,
};
use crosswatch_port::{EchoRecord, InboxRecord, ParcelRecord, PlayAlias, PlayRecord, SeatKey, SeatRecord};
use crosswatch_scrobble::{
    Heard, Media, Message, Percent, Phase, PlayId, PlaybackEvent, Seat, Session, Step, Told, Via, Viewer,
};
use jiff::Timestamp;

use super::*;
use crate::failure::hex;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn home() -> ProviderId {
    ProviderId::parse("home").unwrap()
}

fn media() -> Media {
    let ids = IdSet::from_iter([Id::from_number(Namespace::Tvdb, Kind::Show, 81_189).unwrap()]);
    let item = Item::episode(Show { ids, ..Show::default() }, 0, 3, "x", IdSet::EMPTY);
    Media { native: "9".into(), item, last_number: Some(4), duration_ms: Some(7), library: Some("Shows".into()) }
}

fn event(step: Step) -> PlaybackEvent {
    PlaybackEvent {
        step,
        word: "media.play".into(),
        viewer: Viewer { name: "ann".into(), id: "11".into() },
        server: "s".into(),
        player: "p".into(),
        session: "7".into(),
        media: media(),
        position_ms: Some(3),
        at: Some(at(1)),
    }
}

fn inbox(heard: Heard, disposition: Option<Disposition>) -> InboxRecord {
    InboxRecord {
        number: 300,
        account: home(),
        via: Via::Webhook,
        received_at: at(2),
        word: "media.play".into(),
        digest: 0x0a0b,
        heard,
        disposition,
        detail: "d".into(),
    }
}

fn session(phase: Phase, told: Option<Told>) -> Session {
    Session {
        play: PlayId(5),
        viewer: Viewer { name: "ann".into(), id: "11".into() },
        player: "p".into(),
        name: "7".into(),
        media: media(),
        phase,
        started_at: at(0),
        started_from: Percent::ZERO,
        percent: Percent::hundredths(1234),
        position_ms: Some(3),
        seen_at: at(5),
        server_time: None,
        told,
        start_told_at: Some(at(0)),
        pause_due: None,
        seek_due: Some(at(9)),
    }
}

fn parcel(message: Message, state: ParcelState) -> ParcelRecord {
    ParcelRecord {
        account: home(),
        seq: 12,
        route: "r".into(),
        source: home(),
        native: "9".into(),
        play: PlayId(5),
        uid: Uid(6),
        item: media().item,
        message,
        since: at(0),
        not_before: at(1),
        state,
        attempts: 2,
        sent_at: Some(at(2)),
        finished_at: None,
        last_error: Some("e".into()),
        was_there: false,
    }
}

fn play() -> PlayRecord {
    PlayRecord {
        play: PlayId(5),
        uid: Uid(6),
        item: media().item,
        route: "r".into(),
        account: home(),
        viewer: "ann".into(),
        kind: PlayKind::Session,
        started_at: at(0),
        completed_at: at(9),
        runtime_s: Some(3000),
        aliases: vec![PlayAlias { account: home(), at: None, native: Some(NativeRef(77)) }],
    }
}

fn comes_back<T: Stored + PartialEq + Debug>(value: &T) {
    assert_eq!(&decode::<T>(&encode(value).unwrap()).unwrap(), value);
}

#[test]
fn every_variant_comes_back() {
    let rating = Some(Rating::new(85).unwrap());
    let steps = [
        Step::Start,
        Step::Pause,
        Step::Playing,
        Step::StillPaused,
        Step::Stop,
        Step::Complete,
        Step::MarkWatched,
        Step::MarkUnwatched,
        Step::Recalled,
        Step::Rate(None),
        Step::Rate(rating),
    ];
    for step in steps {
        comes_back(&inbox(Heard::Event(Box::new(event(step))), None));
    }
    comes_back(&inbox(Heard::Ignored("a track".into()), Some(Disposition::Ignored)));
    comes_back(&inbox(Heard::Invalid("no item".into()), Some(Disposition::Invalid)));
    let told = [None, Some(Told::Start(Percent::FULL)), Some(Told::Pause(Percent::ZERO))];
    let phases = [Phase::Playing, Phase::Paused, Phase::Completed, Phase::Stopped, Phase::Watched];
    for (phase, told) in phases.into_iter().zip(told.into_iter().cycle()) {
        let seat = Seat { current: Some(session(phase, told)), before: Some(session(phase, None)) };
        comes_back(&SeatRecord { key: SeatKey::new("r", "ann", "p"), seat });
    }
    let percent = Percent::whole(90);
    let messages = [
        Message::Start(percent),
        Message::Pause(percent),
        Message::Clear,
        Message::Watched { percent, at: at(7) },
        Message::AddPlay(at(7)),
        Message::RemovePlay(at(7)),
        Message::Rate(rating),
        Message::Rate(None),
        Message::KeepPlace { position_ms: 3, duration_ms: Some(7) },
        Message::KeepPlace { position_ms: 0, duration_ms: None },
        Message::DropPlace,
        Message::Unlist,
    ];
    for (message, state) in messages.into_iter().zip(ParcelState::ALL.iter().cycle()) {
        comes_back(&parcel(message, *state));
    }
    comes_back(&play());
    let run = Some(RunId(5));
    comes_back(&EchoRecord { account: home(), uid: Uid(6), feature: Feature::Ratings, run, expires_at: at(9) });
}

#[test]
fn rows_of_live_scrobbling_are_these_bytes() {
    let golden = |bytes: Vec<u8>, expected: &str| assert_eq!(hex(&bytes), expected);
    let heard = Heard::Event(Box::new(event(Step::Rate(None))));
    golden(
        encode(&inbox(heard, Some(Disposition::Applied))).unwrap(),
        "020189a66e756d626572cd012ca76163636f756e74a4686f6d65a376696101ab72656365697665645f617492ce6ab13b8200a4776f7264aa6d656469612e706c6179a6646967657374c4020a0ba5686561726483a56576656e748aa473746570a472617465a6726174696e67c0a4776f7264aa6d656469612e706c6179a676696577657282a46e616d65a3616e6ea26964a23131a6736572766572a173a6706c61796572a170a773657373696f6ea137a56d6564696185a66e6174697665a139a46974656d87a46b696e6404a57469746c65a178a479656172c0a369647390a473686f7784a57469746c65a0a479656172c0a369647391c4050302013d25a6736368656d65c0a6736561736f6e00a66e756d62657203ab6c6173745f6e756d62657204ab6475726174696f6e5f6d7307a76c696272617279a553686f7773ab706f736974696f6e5f6d7303a2617492ce6ab13b8100a769676e6f726564c0a7696e76616c6964c0ab646973706f736974696f6ea76170706c696564a664657461696ca164",
    );
    let seat = Seat { current: Some(session(Phase::Playing, Some(Told::Start(Percent::ZERO)))), before: None };
    golden(
        encode(&SeatRecord { key: SeatKey::new("r", "ann", "p"), seat }).unwrap(),
        "020185a5726f757465a172a6766965776572a3616e6ea6706c61796572a170a763757272656e74de0011a4706c617905a676696577657282a46e616d65a3616e6ea26964a23131a6706c61796572a170a46e616d65a137a56d6564696185a66e6174697665a139a46974656d87a46b696e6404a57469746c65a178a479656172c0a369647390a473686f7784a57469746c65a0a479656172c0a369647391c4050302013d25a6736368656d65c0a6736561736f6e00a66e756d62657203ab6c6173745f6e756d62657204ab6475726174696f6e5f6d7307a76c696272617279a553686f7773a5706861736501aa737461727465645f617492ce6ab13b8000ac737461727465645f66726f6d00a770657263656e74cd04d2ab706f736974696f6e5f6d7303a77365656e5f617492ce6ab13b8500ab7365727665725f74696d65c0aa746f6c645f737461727400aa746f6c645f7061757365c0ad73746172745f746f6c645f617492ce6ab13b8000a970617573655f647565c0a87365656b5f64756592ce6ab13b8900a66265666f7265c0",
    );
    golden(
        encode(&play()).unwrap(),
        "02018ba4706c617905a375696406a46974656d87a46b696e6404a57469746c65a178a479656172c0a369647390a473686f7784a57469746c65a0a479656172c0a369647391c4050302013d25a6736368656d65c0a6736561736f6e00a66e756d62657203a5726f757465a172a76163636f756e74a4686f6d65a6766965776572a3616e6ea46b696e64a773657373696f6eaa737461727465645f617492ce6ab13b8000ac636f6d706c657465645f617492ce6ab13b8900a972756e74696d655f73cd0bb8a7616c69617365739183a76163636f756e74a4686f6d65a26174c0a66e6174697665c4014d",
    );
    golden(
        encode(&parcel(Message::AddPlay(at(7)), ParcelState::Queued)).unwrap(),
        "0201de0011a76163636f756e74a4686f6d65a37365710ca5726f757465a172a6736f75726365a4686f6d65a66e6174697665a139a4706c617905a375696406a46974656d87a46b696e6404a57469746c65a178a479656172c0a369647390a473686f7784a57469746c65a0a479656172c0a369647391c4050302013d25a6736368656d65c0a6736561736f6e00a66e756d62657203a76d65737361676586a4776f7264a86164645f706c6179a770657263656e74c0a2617492ce6ab13b8700a6726174696e67c0ab706f736974696f6e5f6d73c0ab6475726174696f6e5f6d73c0a573696e636592ce6ab13b8000aa6e6f745f6265666f726592ce6ab13b8100a57374617465a6717565756564a8617474656d70747302a773656e745f617492ce6ab13b8200ab66696e69736865645f6174c0aa6c6173745f6572726f72a165a97761735f7468657265c0",
    );
    let echo = EchoRecord { account: home(), uid: Uid(6), feature: Feature::History, run: None, expires_at: at(9) };
    golden(
        encode(&echo).unwrap(),
        "020185a76163636f756e74a4686f6d65a375696406a766656174757265a7686973746f7279a372756ec0aa657870697265735f617492ce6ab13b8900",
    );
}

#[test]
fn a_message_from_before_it_was_kept_whether_it_was_there_is_read() {
    let parcel = parcel(Message::AddPlay(at(7)), ParcelState::Done);
    let bytes = encode(&parcel).unwrap();
    let field = 1 + "was_there".len() + 1;
    let older = [&[2, 1, 0xde, 0x00, 0x10], &bytes[5..bytes.len() - field]].concat();
    assert_eq!(decode::<ParcelRecord>(&older).unwrap(), parcel);
    let there = ParcelRecord { was_there: true, ..parcel };
    assert_eq!(decode::<ParcelRecord>(&encode(&there).unwrap()).unwrap(), there);
}
