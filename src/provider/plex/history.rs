//! Putting plays together from two witnesses: the log, which knows dates and no ids, and the items, which know ids and
//! only the last date.
//!
//! The log is read first and tells nothing by itself. An item that is watched is told once per row of the log, the newest
//! of them where the item counts fewer views than there are rows: the others were taken back. Where there is no row, or
//! where the item counts more views and its last one is newer than every row, one play is told at the item's own date,
//! or without a date. Items that are not watched have no plays, whatever the log says: somebody took them back. Rows whose
//! item was deleted are told by their titles.

use crosswatch_model::{Fact, Item, Kind, NativeRef, WatchedAt, same_instant_tolerance_s};
use crosswatch_port::Row;
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::{
    row::{last_play, nameless, runtime_s, view_count},
    wire::{self, WireItem, WirePlay},
};

/// Rows of a play that the log does not have are named by their item, apart from the numbers of the log.
const BESIDE_THE_LOG: u128 = 1 << 64;

/// A row of the log.
#[derive(Debug, Clone, Copy)]
struct Logged {
    id: u64,
    at: Timestamp,
}

/// The plays of one read.
#[derive(Debug, Default)]
pub(super) struct Plays {
    seen: FxHashSet<u64>,
    by_item: FxHashMap<u64, Vec<Logged>>,
    nameless: Vec<Row>,
    titles: Vec<Title>,
    title_at: FxHashMap<SmolStr, usize>,
}

/// Everything with one guid: copies of a title share what was seen of it.
#[derive(Debug)]
struct Title {
    rows: u64,
    newest: Option<Timestamp>,
    view_count: u64,
    own: Row,
}

impl Plays {
    /// Takes a row of the log. False where it cannot be understood.
    pub(super) fn log(&mut self, play: &WirePlay, account: u64, is_in_library: impl Fn(&str) -> bool) -> bool {
        if play.account.whole().is_some_and(|other| other != account) {
            return true;
        }
        let Some(id) = history_id(play) else { return false };
        if !self.seen.insert(id) {
            return true;
        }
        let Some(at) = wire::instant(&play.viewed_at) else { return false };
        if let Some(key) = wire::key(&play.rating_key) {
            self.by_item.entry(key).or_default().push(Logged { id, at });
            return true;
        }
        let Some(kind @ (Kind::Movie | Kind::Episode)) = wire::kind(&play.kind) else { return true };
        if play.section.written().is_none_or(|section| is_in_library(&section)) {
            let item = nameless(
                kind,
                play.title.text_or_empty(),
                play.grandparent_title.text_or_empty(),
                play.parent_index.small(),
                play.index.small(),
            );
            self.nameless.push(row(item, WatchedAt::Exact(at), NativeRef(u128::from(id)), None));
        }
        true
    }

    /// Takes a watched item and gives the plays that the log knows of it.
    pub(super) fn watched(&mut self, key: u64, wire: &WireItem, item: &Item) -> Vec<Row> {
        let count = view_count(wire);
        let mut logged = self.by_item.remove(&key).unwrap_or_default();
        logged.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
        logged.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        let guid = wire.guid.text().cloned().unwrap_or_else(|| SmolStr::from(key.to_string()));
        let next = self.titles.len();
        let at = *self.title_at.entry(guid).or_insert(next);
        if at == next {
            let native = NativeRef(BESIDE_THE_LOG | u128::from(key));
            let own = row(item.clone(), last_play(wire), native, runtime_s(wire));
            self.titles.push(Title { rows: 0, newest: None, view_count: 0, own });
        }
        if let Some(title) = self.titles.get_mut(at) {
            title.rows += logged.len() as u64;
            title.newest = title.newest.max(logged.first().map(|row| row.at));
            title.view_count = title.view_count.max(count);
        }
        let told = |logged: &Logged| {
            row(item.clone(), WatchedAt::Exact(logged.at), NativeRef(u128::from(logged.id)), runtime_s(wire))
        };
        logged.iter().map(told).collect()
    }

    /// The plays that the log does not know, and those of which it knows no item.
    pub(super) fn rest(&mut self) -> Vec<Row> {
        let own = std::mem::take(&mut self.titles).into_iter().filter(Title::is_missing_in_log).map(|title| title.own);
        own.chain(std::mem::take(&mut self.nameless)).collect()
    }
}

impl Title {
    fn is_missing_in_log(&self) -> bool {
        let Some(newest) = self.newest else { return true };
        let Fact::Play(WatchedAt::Exact(at)) = self.own.fact else { return false };
        self.view_count > self.rows && at.as_second() - newest.as_second() > same_instant_tolerance_s()
    }
}

/// The number at the end of `/status/sessions/history/12`.
fn history_id(play: &WirePlay) -> Option<u64> {
    play.history_key.text()?.rsplit('/').next()?.parse().ok()
}

fn row(item: Item, at: WatchedAt, native: NativeRef, runtime_s: Option<u32>) -> Row {
    Row { item, fact: Fact::Play(at), native: Some(native), uid: None, runtime_s }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::IdSet;

    use super::*;

    fn play(json: &str) -> WirePlay {
        serde_json::from_str(json).unwrap()
    }

    fn logged(id: u64, key: u64, at: u64) -> String {
        format!(
            r#"{{"historyKey":"/status/sessions/history/{id}","ratingKey":"{key}","viewedAt":{at},"accountID":1,
                "type":"movie","title":"A","librarySectionID":"1"}}"#
        )
    }

    /// The seconds of the plays that are told; `None` for one without a date.
    fn told(log: &[(u64, u64, u64)], items: &[(u64, &str)]) -> Vec<Option<i64>> {
        let mut plays = Plays::default();
        for (id, key, at) in log {
            assert!(plays.log(&play(&logged(*id, *key, *at)), 1, |_| true));
        }
        let item = Item::titled(Kind::Movie, "A", None, IdSet::EMPTY);
        let mut rows = Vec::new();
        for (key, state) in items {
            let wire: WireItem = serde_json::from_str(&format!("{{\"guid\":\"plex://movie/x\",{state}}}")).unwrap();
            rows.extend(plays.watched(*key, &wire, &item));
        }
        rows.extend(plays.rest());
        let second = |row: &Row| match row.fact {
            Fact::Play(at) => at.instant().map(Timestamp::as_second),
            other => panic!("{other:?}"),
        };
        rows.iter().map(second).collect()
    }

    #[test]
    fn log_and_item_together_tell_each_play_once() {
        for (name, log, items, expected) in [
            ("marked by hand", vec![], vec![(7, r#""viewCount":1,"lastViewedAt":5000"#)], vec![Some(5000)]),
            ("nobody knows when", vec![], vec![(7, r#""viewCount":1"#)], vec![None]),
            ("played once", vec![(1, 7, 5000)], vec![(7, r#""viewCount":1,"lastViewedAt":5000"#)], vec![Some(5000)]),
            (
                "played twice",
                vec![(1, 7, 5000), (2, 7, 9000)],
                vec![(7, r#""viewCount":2,"lastViewedAt":9000"#)],
                vec![Some(9000), Some(5000)],
            ),
            (
                "played, then marked by hand",
                vec![(1, 7, 5000)],
                vec![(7, r#""viewCount":2,"lastViewedAt":9000"#)],
                vec![Some(5000), Some(9000)],
            ),
            (
                "being watched again",
                vec![(1, 7, 5000)],
                vec![(7, r#""viewCount":1,"lastViewedAt":9000,"viewOffset":60000"#)],
                vec![Some(5000)],
            ),
            (
                "taken back, then played again",
                vec![(1, 7, 5000), (2, 7, 9000)],
                vec![(7, r#""viewCount":1,"lastViewedAt":9000"#)],
                vec![Some(9000)],
            ),
            (
                "two copies, one of them played",
                vec![(1, 8, 5000)],
                vec![(7, r#""viewCount":1,"lastViewedAt":5000"#), (8, r#""viewCount":1,"lastViewedAt":5000"#)],
                vec![Some(5000)],
            ),
            ("taken back", vec![(1, 7, 5000)], vec![], vec![]),
        ] {
            assert_eq!(told(&log, &items), expected, "{name}");
        }
    }

    #[test]
    fn odd_rows_of_the_log_are_left_out() {
        let mut plays = Plays::default();
        for (json, is_understood) in [
            (r#"{"historyKey":"/status/sessions/history/1","ratingKey":"7","viewedAt":5000,"accountID":22}"#, true),
            (r#"{"historyKey":"/status/sessions/history/2","ratingKey":"7"}"#, false),
            (r#"{"historyKey":5,"ratingKey":"7","viewedAt":5000}"#, false),
            (r#"{"historyKey":"/status/sessions/history/4","viewedAt":5000,"type":"track","title":"A"}"#, true),
            (
                r#"{"historyKey":"/status/sessions/history/5","viewedAt":5000,"type":"movie","librarySectionID":"9"}"#,
                true,
            ),
        ] {
            assert_eq!(plays.log(&play(json), 1, |section| section == "1"), is_understood, "{json}");
        }
        assert!(plays.by_item.is_empty() && plays.rest().is_empty());
    }

    #[test]
    fn a_play_of_a_deleted_item_is_told_by_its_title() {
        let mut plays = Plays::default();
        let json = r#"{"historyKey":"/status/sessions/history/3","viewedAt":5000,"type":"episode","title":"Pilot",
            "grandparentTitle":"Firefly","parentIndex":1,"index":2,"librarySectionID":"2"}"#;
        assert!(plays.log(&play(json), 1, |_| true));
        let rows = plays.rest();
        assert_eq!((rows.len(), rows[0].item.label().as_str()), (1, "Firefly S01E02 Pilot"));
    }
}
