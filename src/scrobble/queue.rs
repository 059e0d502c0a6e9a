//! The order of a queue to one account: what is sent next, what has become worthless, and what must wait.
//!
//! Promises: messages about one item leave in the order in which they arose; one that fails holds up no other item; what a
//! newer message makes untrue is never sent; a viewing is never dropped here.

use jiff::Timestamp;

use crate::{parcel::Message, seat::PlayId};

/// A start that waited longer is worth nothing once its playback has ended.
const START_LIVES_S: i64 = 120;
/// A start so young is told even though its viewing is complete by now.
const YOUNG_START_S: i64 = 30;

/// A message in the queue. The order of a slice of them is the order in which they arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// The viewing it belongs to.
    pub play: PlayId,
    /// Names the item: equal for messages whose order matters.
    pub subject: u64,
    /// What is told.
    pub message: Message,
    /// When it arose.
    pub since: Timestamp,
    /// When it may be sent.
    pub not_before: Timestamp,
    /// Whether its playback still runs.
    pub is_playing: bool,
    /// Whether it was sent and its answer is not known: it is settled before anything else about its item.
    pub is_sent: bool,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is told.
    Keep,
    /// A newer message says it better.
    Superseded,
    /// It is too late.
    Expired,
}

/// What becomes of each message.
pub fn fates(queue: &[Queued], now: Timestamp) -> Vec<Fate> {
    let fate = |(at, row): (usize, &Queued)| {
        if row.is_sent {
            return Fate::Keep;
        }
        let behind = queue.get(at + 1..).unwrap_or_default();
        if behind.iter().any(|newer| supersedes(newer, row)) {
            return Fate::Superseded;
        }
        let is_old = now.as_second() - row.since.as_second() > START_LIVES_S;
        if row.message.is_volatile() && is_old && !row.is_playing { Fate::Expired } else { Fate::Keep }
    };
    queue.iter().enumerate().map(fate).collect()
}

/// The place of the message to send now. Expects a queue without superseded and expired ones.
pub fn next(queue: &[Queued], now: Timestamp) -> Option<usize> {
    let is_free = |at: usize, row: &Queued| {
        row.not_before <= now && !queue.iter().take(at).any(|older| older.subject == row.subject)
    };
    queue.iter().enumerate().find(|(at, row)| is_free(*at, row)).map(|(at, _)| at)
}

/// When [`next`] will have an answer, if nothing arrives before.
pub fn wakes_at(queue: &[Queued]) -> Option<Timestamp> {
    let heads =
        queue.iter().enumerate().filter(|(at, row)| !queue.iter().take(*at).any(|older| older.subject == row.subject));
    heads.map(|(_, row)| row.not_before).min()
}

fn supersedes(newer: &Queued, older: &Queued) -> bool {
    use Message::{AddPlay, Clear, DropPlace, KeepPlace, Pause, Rate, Start, Watched};
    let is_same_play = newer.play == older.play;
    let is_same_item = newer.subject == older.subject;
    match (older.message, newer.message) {
        (Start(_) | Clear, Start(_) | Pause(_) | Clear) => is_same_play,
        (Start(_), Watched { .. } | AddPlay(_)) => {
            is_same_play && newer.since.as_second() - older.since.as_second() > YOUNG_START_S
        }
        (Pause(_), Start(_) | Pause(_) | Clear | Watched { .. } | AddPlay(_))
        | (Rate(_), Rate(_))
        | (KeepPlace { .. } | DropPlace, KeepPlace { .. } | DropPlace) => is_same_item,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::percent::Percent;

    const START: Message = Message::Start(Percent::ZERO);
    const PAUSE: Message = Message::Pause(Percent::whole(50));

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000 + second)
    }

    fn row(play: u64, message: Message, since: i64) -> Queued {
        Queued {
            play: PlayId(play),
            subject: play,
            message,
            since: at(since),
            not_before: at(since),
            is_playing: false,
            is_sent: false,
        }
    }

    #[test]
    fn what_is_worthless_is_not_told() {
        use Fate::{Expired, Keep, Superseded};
        let done = Message::Watched { percent: Percent::whole(95), at: at(0) };
        for (name, queue, now, expected) in [
            ("a pause behind a start", vec![row(1, START, 0), row(1, PAUSE, 3)], 7, vec![Superseded, Keep]),
            ("another item's pause", vec![row(1, START, 0), row(2, PAUSE, 3)], 7, vec![Keep, Keep]),
            ("an old start", vec![row(1, START, 0)], 121, vec![Expired]),
            ("an old start that still plays", vec![Queued { is_playing: true, ..row(1, START, 0) }], 900, vec![Keep]),
            ("an old pause", vec![row(1, PAUSE, 0)], 900, vec![Keep]),
            ("an old viewing", vec![row(1, done, 0)], 90_000, vec![Keep]),
            ("a viewing behind its start", vec![row(1, START, 0), row(1, done, 31)], 40, vec![Superseded, Keep]),
            ("a viewing right behind its start", vec![row(1, START, 0), row(1, done, 20)], 40, vec![Keep, Keep]),
            ("a viewing behind its pause", vec![row(1, PAUSE, 0), row(1, done, 5)], 6, vec![Superseded, Keep]),
            (
                "ratings: the last one",
                vec![row(1, Message::Rate(None), 0), row(1, Message::Rate(None), 2), row(2, Message::Rate(None), 3)],
                9,
                vec![Superseded, Keep, Keep],
            ),
            (
                "what was sent is settled first",
                vec![Queued { is_sent: true, ..row(1, PAUSE, 0) }, row(1, done, 5)],
                6,
                vec![Keep, Keep],
            ),
        ] {
            assert_eq!(fates(&queue, at(now)), expected, "{name}");
        }
    }

    #[test]
    fn one_item_waits_for_itself_and_holds_up_no_other() {
        let later = |row: Queued, second| Queued { not_before: at(second), ..row };
        let queue = [later(row(1, PAUSE, 0), 60), row(1, Message::AddPlay(at(5)), 5), row(2, START, 6)];
        assert_eq!(next(&queue, at(10)), Some(2));
        assert_eq!(next(&queue[..2], at(10)), None);
        assert_eq!(wakes_at(&queue[..2]), Some(at(60)));
        assert_eq!(next(&queue[..2], at(60)), Some(0));
        assert_eq!((next(&[], at(0)), wakes_at(&[])), (None, None));
    }
}
