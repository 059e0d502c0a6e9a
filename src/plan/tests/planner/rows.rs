//! Rows of an account in memory, in few words: `m(1).rated(80, None)`.

use crosswatch_model::{Fact, Id, IdSet, Item, Kind, Namespace, NativeRef, Rating, Show, WatchedAt};
use jiff::{Timestamp, civil::Date};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// One row of an account.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) item: Item,
    pub(crate) fact: Option<Fact>,
    pub(crate) native: Option<NativeRef>,
}

/// Movie `number` of TMDB.
pub(crate) fn m(number: u64) -> Row {
    titled(Kind::Movie, number)
}

/// Show `number` of TMDB.
pub(crate) fn w(number: u64) -> Row {
    titled(Kind::Show, number)
}

fn titled(kind: Kind, number: u64) -> Row {
    let ids = IdSet::from_iter([Id::from_number(Namespace::Tmdb, kind, number).unwrap()]);
    row(Item::titled(kind, &format!("{kind} {number}"), None, ids))
}

/// Episode of show `show` of TMDB, by numbers.
pub(crate) fn e(show: u64, season: u16, number: u16) -> Row {
    let ids = IdSet::from_iter([Id::from_number(Namespace::Tmdb, Kind::Show, show).unwrap()]);
    let show = Show { title: format!("show {show}").into(), year: None, ids, ..Show::default() };
    row(Item::episode(show, season, number, "", IdSet::EMPTY))
}

/// A movie with a title and nothing else.
pub(crate) fn nameless(title: &str) -> Row {
    row(Item::titled(Kind::Movie, title, Some(1999), IdSet::EMPTY))
}

fn row(item: Item) -> Row {
    Row { item, fact: None, native: None }
}

impl Row {
    /// Its own ids, instead of those it had: `imdb:tt0000001 tmdb:1`.
    pub(crate) fn ids(mut self, text: &str) -> Self {
        let kind = self.item.kind;
        let id = |word: &str| {
            let (namespace, value) = word.split_once(':').unwrap();
            Id::parse(namespace.parse().unwrap(), kind, value).unwrap()
        };
        self.item.ids = text.split_whitespace().map(id).collect();
        self
    }

    pub(crate) fn fact(mut self, fact: Fact) -> Self {
        self.fact = Some(fact);
        self
    }

    pub(crate) fn played(self, second: i64) -> Self {
        self.fact(Fact::Play(WatchedAt::Exact(at(second))))
    }

    pub(crate) fn undated(self) -> Self {
        self.fact(Fact::Play(WatchedAt::Unknown))
    }

    pub(crate) fn on_day(self, day: Date) -> Self {
        self.fact(Fact::Play(WatchedAt::Day(day)))
    }

    /// Rated in tenths: 80 is 8/10.
    pub(crate) fn rated(self, value: u8, second: Option<i64>) -> Self {
        self.fact(Fact::Rated { value: Rating::new(value).unwrap(), rated_at: second.map(at) })
    }

    pub(crate) fn listed(self, second: i64) -> Self {
        self.fact(Fact::Listed(Some(at(second))))
    }

    /// Stopped at this percentage of an item of 100 minutes.
    pub(crate) fn stopped(self, percent: u32, second: Option<i64>) -> Self {
        self.fact(Fact::Resume { position_s: percent * 60, duration_s: Some(6_000), stopped_at: second.map(at) })
    }
}
