//! The contract of what live scrobbling keeps. Every test runs on the durable store and on the one in memory.

use crosswatch_model::{Disposition, Feature, ParcelState, PlayKind, Uid};
use crosswatch_port::{
    Change, EchoRecord, InboxRecord, Ledger, LiveChange, ParcelRecord, PlayRecord, SeatKey, SeatRecord,
    fake::MemoryLedger,
};
use crosswatch_scrobble::{Heard, Message, PlayId, Seat, Via};
use crosswatch_store::INBOX_KEPT;

use crate::world::{account, at, commit, empty, item, open};

fn on_both(check: fn(&dyn Ledger)) {
    check(&MemoryLedger::new());
    let (folder, ledger) = empty();
    check(&ledger);
    drop(ledger);
    open(&folder).verify().unwrap();
}

fn live(change: LiveChange) -> Change {
    Change::Live(Box::new(change))
}

fn inbox(number: u64, disposition: Option<Disposition>) -> InboxRecord {
    InboxRecord {
        number,
        account: account(0),
        via: Via::Webhook,
        received_at: at(1),
        word: "x".into(),
        digest: 7,
        heard: Heard::Ignored("a track".into()),
        disposition,
        detail: "".into(),
    }
}

fn parcel(of: usize, seq: u64, state: ParcelState) -> ParcelRecord {
    ParcelRecord {
        account: account(of),
        seq,
        route: "r".into(),
        source: account(0),
        native: "".into(),
        play: PlayId(1),
        uid: Uid(1),
        item: item(&[603]),
        message: Message::Clear,
        since: at(1),
        not_before: at(1),
        state,
        attempts: 0,
        sent_at: None,
        finished_at: None,
        last_error: None,
        was_there: false,
    }
}

fn numbers(rows: &[InboxRecord]) -> Vec<u64> {
    rows.iter().map(|row| row.number).collect()
}

fn seqs(rows: &[ParcelRecord]) -> Vec<u64> {
    rows.iter().map(|row| row.seq).collect()
}

#[test]
fn the_inbox_tells_what_waits_in_order_and_what_came_newest_first() {
    on_both(|ledger| {
        assert_eq!(ledger.next_inbox_number(), Ok(1));
        commit(ledger, (1..=5).map(|number| live(LiveChange::PutInbox(inbox(number, None)))).collect());
        assert_eq!(ledger.next_inbox_number(), Ok(6));
        commit(ledger, vec![live(LiveChange::PutInbox(inbox(2, Some(Disposition::Applied))))]);
        assert_eq!(numbers(&ledger.inbox_waiting(10).unwrap()), [1, 3, 4, 5]);
        assert_eq!(numbers(&ledger.inbox_waiting(2).unwrap()), [1, 3]);
        assert_eq!(numbers(&ledger.inbox(None, 3).unwrap()), [5, 4, 3]);
        assert_eq!(numbers(&ledger.inbox(Some(3), 9).unwrap()), [2, 1]);
        assert_eq!(ledger.next_inbox_number(), Ok(6));
    });
}

#[test]
fn the_inbox_forgets_the_oldest_but_nothing_that_waits() {
    on_both(|ledger| {
        commit(
            ledger,
            vec![
                live(LiveChange::PutInbox(inbox(1, None))),
                live(LiveChange::PutInbox(inbox(2, Some(Disposition::Applied)))),
            ],
        );
        commit(
            ledger,
            vec![
                live(LiveChange::PutInbox(inbox(INBOX_KEPT + 1, None))),
                live(LiveChange::PutInbox(inbox(INBOX_KEPT + 2, None))),
            ],
        );
        assert_eq!(numbers(&ledger.inbox(Some(10), 9).unwrap()), [1]);
    });
}

#[test]
fn messages_leave_the_queue_when_they_are_settled_and_come_back_when_they_are_tried_again() {
    on_both(|ledger| {
        assert_eq!(ledger.next_parcel_seq(), Ok(1));
        let put = |of, seq, state| live(LiveChange::PutParcel(parcel(of, seq, state)));
        commit(
            ledger,
            vec![
                put(0, 1, ParcelState::Queued),
                put(1, 2, ParcelState::Queued),
                put(0, 3, ParcelState::Inflight),
                put(0, 4, ParcelState::Done),
            ],
        );
        assert_eq!(ledger.next_parcel_seq(), Ok(5));
        assert_eq!(seqs(&ledger.parcels_waiting(&account(0), 10).unwrap()), [1, 3]);
        assert_eq!(seqs(&ledger.parcels_waiting(&account(1), 10).unwrap()), [2]);
        commit(ledger, vec![put(0, 1, ParcelState::Dead), put(1, 2, ParcelState::Done)]);
        assert_eq!(seqs(&ledger.parcels_waiting(&account(0), 10).unwrap()), [3]);
        assert_eq!(seqs(&ledger.parcels_settled(None, 10).unwrap()), [4, 2, 1]);
        assert_eq!(seqs(&ledger.parcels_settled(Some(4), 1).unwrap()), [2]);
        commit(ledger, vec![put(0, 1, ParcelState::Queued)]);
        assert_eq!(seqs(&ledger.parcels_waiting(&account(0), 1).unwrap()), [1]);
        commit(ledger, vec![live(LiveChange::ForgetParcels(2))]);
        assert_eq!(seqs(&ledger.parcels_settled(None, 10).unwrap()), [4]);
        assert_eq!(ledger.parcels_waiting(&account(1), 10), Ok(vec![]));
    });
}

#[test]
fn seats_plays_and_echoes_are_kept_by_their_names() {
    on_both(|ledger| {
        let key = |player| SeatKey::new("r", "ann", player);
        let seat = |player| LiveChange::PutSeat(SeatRecord { key: key(player), seat: Seat::default() });
        commit(ledger, vec![live(seat("b")), live(seat("a")), live(LiveChange::DropSeat(key("b")))]);
        assert_eq!(ledger.seats().unwrap().iter().map(|seat| seat.key.clone()).collect::<Vec<_>>(), [key("a")]);
        let play = |uid, play| PlayRecord {
            play: PlayId(play),
            uid: Uid(uid),
            item: item(&[603]),
            route: "r".into(),
            account: account(0),
            viewer: "ann".into(),
            kind: PlayKind::Session,
            started_at: at(1),
            completed_at: at(2),
            runtime_s: None,
            aliases: vec![],
        };
        let put = |uid, number| live(LiveChange::PutPlay(play(uid, number)));
        commit(ledger, vec![put(2, 1), put(1, 9), put(1, 3), live(LiveChange::DropPlay(Uid(1), PlayId(9)))]);
        assert_eq!(ledger.plays_of(Uid(1)), Ok(vec![play(1, 3)]));
        let mut visited = Vec::new();
        ledger.visit_plays(&mut |play| visited.push(play.uid)).unwrap();
        assert_eq!(visited, [Uid(1), Uid(2)]);
        let echo =
            |uid, feature| EchoRecord { account: account(0), uid: Uid(uid), feature, run: None, expires_at: at(9) };
        commit(
            ledger,
            vec![
                live(LiveChange::PutEcho(echo(1, Feature::History))),
                live(LiveChange::PutEcho(echo(1, Feature::Ratings))),
                live(LiveChange::PutEcho(echo(2, Feature::History))),
                live(LiveChange::DropEcho(account(0), Uid(1), Feature::Ratings)),
            ],
        );
        assert_eq!(ledger.echoes(&account(0), Uid(1)), Ok(vec![echo(1, Feature::History)]));
        assert_eq!(ledger.echoes(&account(1), Uid(1)), Ok(vec![]));
    });
}
