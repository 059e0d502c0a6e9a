//! What each target is told of a viewing, in its own terms.
//!
//! A tracker that scrobbles is told starts, pauses and stops; the built-in tracker keeps plays and places; a media server
//! only learns that something was watched. What is worthless when it is late (a start) is told apart from what is never
//! dropped (a viewing). Deliberately absent: how it gets there.

use crosswatch_model::{IdSet, Item, Rating};
use jiff::Timestamp;

use crate::{
    event::Media,
    percent::Percent,
    seat::{PlayId, Said, Saying},
};

/// Trackers take a pause for a pause up to here, and a stop for a viewing from the next hundredth on.
const LAST_PAUSE: Percent = Percent::hundredths(7_990);
/// A stop below this is no viewing to a tracker, whatever a route says.
pub(crate) const TRACKERS_BAR: Percent = Percent::whole(80);

/// How a target takes in what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ear {
    /// A tracker with scrobble calls.
    Scrobbles,
    /// The built-in tracker.
    Ledger,
    /// A media server: plays only.
    Server,
}

/// Who records the plays of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Records {
    /// Live scrobbling does.
    Live,
    /// A pair does; live scrobbling tells what plays now and no more.
    Sync,
}

/// One thing to tell one target about one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// The viewing it belongs to.
    pub play: PlayId,
    /// The item.
    pub item: Item,
    /// What is told.
    pub message: Message,
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// It plays.
    Start(Percent),
    /// It is paused, or has ended here.
    Pause(Percent),
    /// It is not playing after all.
    Clear,
    /// It was watched; told as a stop while it is fresh, as a dated play later.
    Watched {
        /// How far it was.
        percent: Percent,
        /// When it was watched.
        at: Timestamp,
    },
    /// It was watched; told as a dated play always.
    AddPlay(Timestamp),
    /// It was not watched after all.
    RemovePlay(Timestamp),
    /// It is rated so, or not rated any more.
    Rate(Option<Rating>),
    /// It can be resumed here.
    KeepPlace {
        /// Where.
        position_ms: u64,
        /// How long it runs.
        duration_ms: Option<u64>,
    },
    /// There is nothing to resume.
    DropPlace,
    /// It need not be on the watchlist any more.
    Unlist,
}

impl Message {
    /// Whether it is worth nothing when it is late.
    pub const fn is_volatile(self) -> bool {
        matches!(self, Self::Start(_) | Self::Clear)
    }

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::Pause(_) => "pause",
            Self::Clear => "clear",
            Self::Watched { .. } => "watched",
            Self::AddPlay(_) => "add_play",
            Self::RemovePlay(_) => "remove_play",
            Self::Rate(_) => "rate",
            Self::KeepPlace { .. } => "keep_place",
            Self::DropPlace => "drop_place",
            Self::Unlist => "unlist",
        }
    }
}

/// What a target with this ear is told of a saying.
pub fn parcels(saying: &Saying, ear: Ear, records: Records) -> Vec<Parcel> {
    let first = |message| vec![Parcel { play: saying.play, item: saying.media.item.clone(), message }];
    match (ear, saying.said) {
        (Ear::Scrobbles, Said::Started { percent }) => first(Message::Start(percent)),
        (Ear::Scrobbles, Said::Paused { percent, .. }) => first(Message::Pause(percent.min(LAST_PAUSE))),
        (Ear::Scrobbles, Said::Cleared) => first(Message::Clear),
        (Ear::Scrobbles, Said::Completed { .. }) if records == Records::Sync => first(Message::Clear),
        (Ear::Scrobbles, Said::Completed { percent, completed_at, .. }) => {
            let each = items(&saying.media).into_iter().enumerate();
            each.map(|(at, item)| {
                // One file is one scrobble; the other episodes of it are plays of their own.
                let message = if at == 0 && percent >= TRACKERS_BAR {
                    Message::Watched { percent, at: completed_at }
                } else {
                    Message::AddPlay(completed_at)
                };
                Parcel { play: saying.play, item, message }
            })
            .collect()
        }
        (Ear::Ledger, Said::Paused { position_ms: Some(position_ms), .. }) => {
            first(Message::KeepPlace { position_ms, duration_ms: saying.media.duration_ms })
        }
        (Ear::Ledger | Ear::Server, Said::Completed { completed_at, .. }) if records == Records::Live => {
            let mut told = Vec::new();
            for item in items(&saying.media) {
                told.push(Parcel { play: saying.play, item, message: Message::AddPlay(completed_at) });
            }
            if ear == Ear::Ledger {
                told.extend(first(Message::DropPlace));
            }
            told
        }
        (Ear::Ledger | Ear::Server, _) => Vec::new(),
    }
}

/// The items of a file: one, or the episodes from the first to the last of it.
pub fn items(media: &Media) -> Vec<Item> {
    let mut items = vec![media.item.clone()];
    if let (Some(first), Some(last)) = (media.item.number, media.last_number) {
        // More than that is a mistake of a file name.
        let last = last.min(first.saturating_add(20));
        for number in first.saturating_add(1)..=last {
            let item = media.item.clone();
            items.push(Item { number: Some(number), ids: IdSet::default(), title: "".into(), ..item });
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Kind, Show};

    use super::*;

    fn saying(said: Said, last_number: Option<u16>) -> Saying {
        let item = Item::episode(Show::default(), 1, 4, "Pilot", IdSet::default());
        let media = Media { native: "9".into(), item, last_number, duration_ms: Some(1000), library: None };
        Saying { play: PlayId(7), media, said }
    }

    fn told(saying: &Saying, ear: Ear, records: Records) -> Vec<(Option<u16>, Message)> {
        let parcels = parcels(saying, ear, records);
        assert!(parcels.iter().all(|parcel| parcel.play == PlayId(7) && parcel.item.kind == Kind::Episode));
        parcels.into_iter().map(|parcel| (parcel.item.number, parcel.message)).collect()
    }

    #[test]
    fn each_ear_hears_its_own() {
        use Ear::{Ledger, Scrobbles, Server};
        use Records::{Live, Sync};
        let at: Timestamp = "2026-03-01T21:00:00Z".parse().unwrap();
        let done = |percent| Said::Completed { percent: Percent::whole(percent), started_at: at, completed_at: at };
        let pause = Said::Paused { percent: Percent::whole(85), position_ms: Some(850), ends: true };
        let start = Said::Started { percent: Percent::ZERO };
        let place = Message::KeepPlace { position_ms: 850, duration_ms: Some(1000) };
        let watched = Message::Watched { percent: Percent::whole(92), at };
        for (said, ear, records, expected) in [
            (start, Scrobbles, Live, vec![Message::Start(Percent::ZERO)]),
            (start, Scrobbles, Sync, vec![Message::Start(Percent::ZERO)]),
            (start, Ledger, Live, vec![]),
            (start, Server, Live, vec![]),
            (pause, Scrobbles, Live, vec![Message::Pause(LAST_PAUSE)]),
            (pause, Ledger, Live, vec![place]),
            (pause, Server, Live, vec![]),
            (Said::Cleared, Scrobbles, Live, vec![Message::Clear]),
            (Said::Cleared, Ledger, Live, vec![]),
            (done(92), Scrobbles, Live, vec![watched]),
            (done(72), Scrobbles, Live, vec![Message::AddPlay(at)]),
            (done(92), Scrobbles, Sync, vec![Message::Clear]),
            (done(92), Ledger, Live, vec![Message::AddPlay(at), Message::DropPlace]),
            (done(92), Ledger, Sync, vec![]),
            (done(92), Server, Live, vec![Message::AddPlay(at)]),
        ] {
            let messages: Vec<_> = told(&saying(said, None), ear, records).into_iter().map(|(_, told)| told).collect();
            assert_eq!(messages, expected, "{said:?} {ear:?} {records:?}");
        }
    }

    #[test]
    fn a_file_of_three_episodes_is_three_plays() {
        let at: Timestamp = "2026-03-01T21:00:00Z".parse().unwrap();
        let done = Said::Completed { percent: Percent::whole(95), started_at: at, completed_at: at };
        let told_of = told(&saying(done, Some(6)), Ear::Scrobbles, Records::Live);
        let watched = Message::Watched { percent: Percent::whole(95), at };
        assert_eq!(told_of, [(Some(4), watched), (Some(5), Message::AddPlay(at)), (Some(6), Message::AddPlay(at))]);
        assert_eq!(told(&saying(done, Some(9999)), Ear::Server, Records::Live).len(), 21);
        assert_eq!(told(&saying(done, Some(2)), Ear::Server, Records::Live).len(), 1);
    }
}
