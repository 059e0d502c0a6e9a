//! What an answer proves about each operation that was in the request.
//!
//! Answers come in lists or in counts. A list that names the item proves what became of it; a count does not say which, so
//! what it speaks of is looked up before anything is called done.

use crosswatch_model::{Action, Fact, Feature, Kind, Reason};
use crosswatch_port::{Write, WriteOutcome};

use super::{
    cells::is_near,
    row::{read_row, told_item},
    wire::{Amount, Buckets, Ids, WireReply, WireRow},
};
use crate::{
    ids::is_same_item,
    loose::{Nested, Scalar},
    nested::{Address, SentIds},
    outcome::{acknowledged, rejected},
};

/// What the answer proves about one operation; `None` when it proves nothing.
pub(super) fn proven(reply: &WireReply, feature: Feature, write: &Write, address: &Address) -> Option<WriteOutcome> {
    let removes = write.action == Action::Remove;
    if is_not_found(reply, address) {
        return Some(if removes { WriteOutcome::AlreadyThere } else { rejected(Reason::NotFound) });
    }
    if removes {
        let is_told = names(&reply.removed, write) || names(&reply.deleted, write);
        return is_told.then(acknowledged);
    }
    if feature == Feature::History {
        // An update says that the item is known as watched, not that this play was made.
        return made_play(&reply.added, write);
    }
    if names(&reply.existing, write) {
        return Some(WriteOutcome::AlreadyThere);
    }
    (names(&reply.added, write) || names(&reply.updated, write)).then(acknowledged)
}

/// Whether the answer lists what was made, so that what is not in it was not made.
pub(super) fn lists_made(reply: &WireReply) -> bool {
    buckets(&reply.added).any(|(_, amount)| matches!(amount, Amount::Entries(_)))
}

/// How many entries of all kinds were not found, where they are counted.
pub(super) fn misses_counted(reply: &WireReply) -> u64 {
    let counts =
        buckets(&reply.not_found).map(|(_, amount)| if let Amount::Count(count) = amount { *count } else { 0 });
    counts.sum()
}

fn buckets(told: &Nested<Buckets>) -> impl Iterator<Item = (Kind, &Amount)> {
    told.get().into_iter().flat_map(|told| {
        [
            (Kind::Movie, &told.movies),
            (Kind::Show, &told.shows),
            (Kind::Season, &told.seasons),
            (Kind::Episode, &told.episodes),
        ]
    })
}

fn entries(told: &Nested<Buckets>) -> impl Iterator<Item = (Kind, &WireRow)> {
    buckets(told).flat_map(|(kind, amount)| {
        let entries: &[Nested<WireRow>] = if let Amount::Entries(entries) = amount { entries } else { &[] };
        entries.iter().filter_map(Nested::get).map(move |row| (kind, row))
    })
}

/// Whether a list names the item of an operation.
fn names(told: &Nested<Buckets>, write: &Write) -> bool {
    entries(told).any(|(kind, row)| told_item(kind, row).is_some_and(|item| is_same_item(&item, &write.item)))
}

/// The play of an operation among those that were made.
fn made_play(added: &Nested<Buckets>, write: &Write) -> Option<WriteOutcome> {
    let mut rows = entries(added).filter_map(|(kind, row)| read_row(Feature::History, kind, row));
    let is_it = |fact: Fact| is_near(write.value, fact);
    let made = rows.find(|row| row.native.is_some() && is_it(row.fact) && is_same_item(&row.item, &write.item))?;
    Some(WriteOutcome::Acknowledged { native: made.native })
}

/// Whether an operation is among those whose item the catalogue does not know.
fn is_not_found(reply: &WireReply, address: &Address) -> bool {
    entries(&reply.not_found).any(|(kind, row)| match address {
        Address::Own(own, ids) => *own == kind && row.seasons.is_empty() && ids.is_one_of(row),
        Address::Season(show, season) => kind == Kind::Show && show.is_one_of(row) && row.lacks(*season, None),
        Address::Episode(show, season, number) => {
            kind == Kind::Show && show.is_one_of(row) && row.lacks(*season, Some(*number))
        }
    })
}

impl SentIds {
    /// Whether an echoed entry carries one of these ids.
    fn is_one_of(&self, row: &WireRow) -> bool {
        let nothing = Ids::default();
        let ids = row.ids.get().unwrap_or(&nothing);
        let echoed = [("imdb", &ids.imdb, &row.imdb), ("tmdb", &ids.tmdb, &row.tmdb), ("tvdb", &ids.tvdb, &row.tvdb)];
        echoed.iter().any(|(name, nested, flat)| {
            let sent = self.0.get(name);
            [nested, flat]
                .into_iter()
                .filter_map(|field: &&Scalar| field.written())
                .any(|id| sent.is_some_and(|sent| *sent == id))
        })
    }
}

impl WireRow {
    /// Whether the season, or the episode of it, is among what is missing. A show without seasons is missing as a whole, a
    /// season without episodes likewise.
    fn lacks(&self, season: u16, number: Option<u16>) -> bool {
        let mut seasons = self.seasons.iter().filter_map(Nested::get);
        self.seasons.is_empty()
            || seasons.any(|echo| {
                let mut episodes = echo.episodes.iter().filter_map(Nested::get);
                echo.number.small() == Some(season)
                    && (echo.episodes.is_empty()
                        || number.is_some() && episodes.any(|echo| echo.number.small() == number))
            })
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Item, Namespace, NativeRef, OpId, Uid, WatchedAt};
    use serde_json::{Value, json};

    use super::*;
    use crate::mdblist::body::{
        address,
        tests::{episode, movie},
    };

    fn write(action: Action, item: &Item, value: Fact) -> Write {
        Write { op: OpId(1), action, uid: Uid(1), item: item.clone(), value: Some(value), native: None }
    }

    fn play() -> Fact {
        Fact::Play(WatchedAt::Exact("2020-01-01T20:00:00Z".parse().unwrap()))
    }

    #[track_caller]
    fn check(reply: Value, feature: Feature, write: &Write, expected: Option<WriteOutcome>) {
        let told = reply.to_string();
        let reply: WireReply = serde_json::from_value(reply).unwrap();
        let address = address(feature, &write.item).unwrap();
        assert_eq!(proven(&reply, feature, write, &address), expected, "{told}");
    }

    #[test]
    fn a_play_is_made_where_the_answer_lists_it() {
        let item = movie(&[(Namespace::Tmdb, "603")]);
        let add = write(Action::Add, &item, play());
        let made = |at: &str, tmdb: u32| json!({ "added": { "movies": [{ "play_id": 7, "watched_at": at, "movie": { "ids": { "tmdb": tmdb } } }] } });
        let done = Some(WriteOutcome::Acknowledged { native: Some(NativeRef(7)) });
        check(made("2020-01-01T20:00:00Z", 603), Feature::History, &add, done);
        check(made("2020-01-01T21:00:00Z", 603), Feature::History, &add, None);
        check(made("2020-01-01T20:00:00Z", 604), Feature::History, &add, None);
        check(json!({ "added": { "movies": 1 }, "updated": { "movies": 0 } }), Feature::History, &add, None);
        check(
            json!({ "updated": { "movies": [{ "movie": { "ids": { "tmdb": 603 } } }] } }),
            Feature::History,
            &add,
            None,
        );
        check(json!({}), Feature::History, &add, None);
    }

    #[test]
    fn lists_prove_and_counts_do_not() {
        let item = movie(&[(Namespace::Imdb, "tt0000111"), (Namespace::Tmdb, "603")]);
        let listed = write(Action::Add, &item, Fact::Listed(None));
        let gone = write(Action::Remove, &item, Fact::Listed(None));
        let list = |name: &str| json!({ name: { "movies": [{ "imdb": "tt0000111", "mdblist": "x" }] } });
        let count = |name: &str| json!({ name: { "movies": 1 } });
        check(list("added"), Feature::Watchlist, &listed, Some(acknowledged()));
        check(list("existing"), Feature::Watchlist, &listed, Some(WriteOutcome::AlreadyThere));
        check(list("not_found"), Feature::Watchlist, &listed, Some(rejected(Reason::NotFound)));
        check(list("not_found"), Feature::Watchlist, &gone, Some(WriteOutcome::AlreadyThere));
        check(list("removed"), Feature::Watchlist, &gone, Some(acknowledged()));
        for name in ["added", "existing", "updated", "not_found"] {
            check(count(name), Feature::Watchlist, &listed, None);
        }
        check(count("removed"), Feature::Watchlist, &gone, None);
        check(json!({ "added": { "shows": [{ "imdb": "tt0000111" }] } }), Feature::Watchlist, &listed, None);
    }

    #[test]
    fn a_missing_episode_is_told_from_a_missing_show() {
        let show = [(Namespace::Tvdb, "81189")];
        let [first, second] = [1, 2].map(|number| write(Action::Add, &episode(&show, 1, number, &[]), play()));
        let echo =
            |seasons: Value| json!({ "not_found": { "shows": [{ "ids": { "tvdb": 81189 }, "seasons": seasons }] } });
        let missing = Some(rejected(Reason::NotFound));
        let only_second = echo(json!([{ "number": 1, "episodes": [{ "number": 2 }] }]));
        check(only_second.clone(), Feature::History, &first, None);
        check(only_second, Feature::History, &second, missing);
        check(echo(json!([{ "number": 1 }])), Feature::History, &first, missing);
        check(echo(json!([])), Feature::History, &first, missing);
        check(echo(json!([{ "number": 3 }])), Feature::History, &first, None);
    }

    #[test]
    fn counted_misses_are_added_up() {
        let reply: WireReply = serde_json::from_value(
            json!({ "added": { "movies": 1 }, "not_found": { "movies": 2, "episodes": 1, "shows": [] } }),
        )
        .unwrap();
        assert_eq!((misses_counted(&reply), lists_made(&reply)), (3, false));
    }
}
