//! What Trakt holds right now for single items.
//!
//! Lists other than history are short and are read once for all questions of a call. History is read around the times in
//! question: one window for questions that lie close together, or the item's own plays where its number is known. A window
//! with more plays than may be read (thousands may have the same date, when it is unknown) is asked item by item.

use crosswatch_model::{Fact, Feature, Item, Kind, Namespace, WatchedAt, same_instant_tolerance_s};
use crosswatch_port::{CellNow, CellQuery, Fault, Row};
use jiff::{Timestamp, ToSpan};

use super::{Trakt, read::iso};
use crate::{http::Call, ids::is_same_item};

/// Pages of one list or window that are read before the answer is "unknown".
const MAX_PAGES_PER_WINDOW: u64 = 4;
/// The same for whole lists.
const MAX_PAGES_PER_LIST: u64 = 200;
/// Windows of one call: as many as a write may hold plays.
const MAX_WINDOWS: usize = 100;
/// Questions whose windows lie this close share one.
const JOIN_WITHIN_S: i64 = 6 * 3600;

/// Questions that one read can answer.
struct Window {
    from: Timestamp,
    to: Timestamp,
    questions: Vec<usize>,
}

impl Trakt {
    /// One answer per query.
    pub(super) async fn cells_now(&self, feature: Feature, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        if feature == Feature::History {
            return self.plays_now(queries).await;
        }
        match self.rows_of(feature, self.list_call(feature), MAX_PAGES_PER_LIST).await? {
            Some(rows) => Ok(queries.iter().map(|query| cell(query, &rows)).collect()),
            None => Ok(vec![CellNow::Unknown; queries.len()]),
        }
    }

    async fn plays_now(&self, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        let mut cells = vec![CellNow::Unknown; queries.len()];
        for window in windows(queries).into_iter().take(MAX_WINDOWS) {
            let during = |call: Call| call.query("start_at", &iso(window.from)).query("end_at", &iso(window.to));
            if window.questions.len() > 1 {
                let call = during(self.list_call(Feature::History));
                if let Some(rows) = self.rows_of(Feature::History, call, MAX_PAGES_PER_WINDOW).await? {
                    answer(&window.questions, queries, Some(&rows), &mut cells);
                    continue;
                }
            }
            for at in &window.questions {
                let own = queries.get(*at).and_then(|query| item_path(&query.item));
                let call = own.map_or_else(|| self.list_call(Feature::History), |path| self.api.get(&path));
                let rows = self.rows_of(Feature::History, during(call), MAX_PAGES_PER_WINDOW).await?;
                answer(&[*at], queries, rows.as_deref(), &mut cells);
            }
        }
        let undated = queries.iter().enumerate().filter(|(_, query)| instant(query).is_none()).take(MAX_WINDOWS);
        for (at, query) in undated {
            if let Some(path) = item_path(&query.item) {
                let rows = self.rows_of(Feature::History, self.api.get(&path), MAX_PAGES_PER_WINDOW).await?;
                answer(&[at], queries, rows.as_deref(), &mut cells);
            }
        }
        Ok(cells)
    }

    /// All rows of a list, or `None` when it is longer than allowed or does not say how long it is.
    async fn rows_of(&self, feature: Feature, call: Call, max_pages: u64) -> Result<Option<Vec<Row>>, Fault> {
        let mut rows = Vec::new();
        for number in 1..=max_pages {
            let page = self.list_page(feature, call.clone(), number).await?;
            rows.extend(page.rows);
            match page.pages {
                None => return Ok(None),
                Some(pages) if pages > max_pages => return Ok(None),
                Some(pages) if number >= pages => return Ok(Some(rows)),
                Some(_) => {}
            }
        }
        Ok(None)
    }
}

fn answer(questions: &[usize], queries: &[CellQuery], rows: Option<&[Row]>, cells: &mut [CellNow]) {
    for at in questions {
        if let (Some(slot), Some(query), Some(rows)) = (cells.get_mut(*at), queries.get(*at), rows) {
            *slot = cell(query, rows);
        }
    }
}

fn cell(query: &CellQuery, rows: &[Row]) -> CellNow {
    let wanted = instant(query);
    let is_near = |fact: &Fact| match (wanted, fact) {
        (Some(wanted), Fact::Play(watched_at)) => watched_at
            .instant()
            .is_some_and(|at| (at.as_second() - minute(wanted).as_second()).abs() <= same_instant_tolerance_s()),
        _ => true,
    };
    let matches = rows.iter().filter(|row| is_near(&row.fact));
    let facts: Vec<_> = matches
        .filter(|row| {
            query.native.is_some_and(|native| row.native == Some(native)) || is_same_item(&row.item, &query.item)
        })
        .map(|row| (row.fact, row.native))
        .collect();
    if facts.is_empty() { CellNow::Absent } else { CellNow::Present(facts) }
}

/// The moment a question about a play is about. A day or an unknown date names none.
fn instant(query: &CellQuery) -> Option<Timestamp> {
    match query.value {
        Some(Fact::Play(watched_at)) => watched_at.instant(),
        _ => None,
    }
}

fn minute(at: Timestamp) -> Timestamp {
    WatchedAt::Exact(at).to_minute().instant().unwrap_or(at)
}

/// The windows of all dated questions, in order of time.
fn windows(queries: &[CellQuery]) -> Vec<Window> {
    let mut dated: Vec<(Timestamp, usize)> =
        queries.iter().enumerate().filter_map(|(at, query)| Some((minute(instant(query)?), at))).collect();
    dated.sort_unstable();
    let tolerance_s = same_instant_tolerance_s();
    let shifted = |at: Timestamp, seconds: i64| at.checked_add(seconds.seconds()).unwrap_or(at);
    let mut windows: Vec<Window> = Vec::new();
    for (at, question) in dated {
        let (from, to) = (shifted(at, -tolerance_s), shifted(at, tolerance_s + 60));
        match windows.last_mut() {
            Some(last) if from.as_second() - last.to.as_second() <= JOIN_WITHIN_S => {
                last.to = to;
                last.questions.push(question);
            }
            _ => windows.push(Window { from, to, questions: vec![question] }),
        }
    }
    windows
}

/// The plays of one item, where its Trakt number is known.
fn item_path(item: &Item) -> Option<String> {
    let number = item.ids.get(Namespace::Trakt)?.number();
    match item.kind {
        Kind::Movie => Some(format!("/sync/history/movies/{number}")),
        Kind::Episode => Some(format!("/sync/history/episodes/{number}")),
        Kind::Show | Kind::Season => None,
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{NativeRef, Uid};

    use super::*;
    use crate::trakt::body::tests::{episode, movie};

    fn query(item: Item, at: &str) -> CellQuery {
        let value = Some(Fact::Play(WatchedAt::Exact(at.parse().unwrap())));
        CellQuery { item, uid: Uid(1), value, native: None }
    }

    fn row(item: Item, at: &str, id: u128) -> Row {
        let fact = Fact::Play(WatchedAt::Exact(at.parse().unwrap()).to_minute());
        Row { item, fact, native: Some(NativeRef(id)), uid: None, runtime_s: None }
    }

    #[test]
    fn questions_close_together_share_a_window() {
        let item = movie(&[(Namespace::Tmdb, "1")]);
        let queries = [
            query(item.clone(), "2020-01-01T20:00:30Z"),
            query(item.clone(), "2021-01-01T00:00:00Z"),
            query(item.clone(), "2020-01-01T22:00:00Z"),
        ];
        let windows = windows(&queries);
        let questions: Vec<_> = windows.iter().map(|window| window.questions.as_slice()).collect();
        assert_eq!(questions, [&[0, 2][..], &[1][..]]);
        assert_eq!(iso(windows[0].from), "2020-01-01T19:58:00.000Z");
        assert_eq!(iso(windows[0].to), "2020-01-01T22:03:00.000Z");
    }

    #[test]
    fn a_play_is_found_by_ids_or_numbers_around_its_time() {
        let show = [(Namespace::Tvdb, "81189")];
        let stored = row(episode(&show, 1, 2, &[(Namespace::Trakt, "7")]), "2020-01-01T20:00:59Z", 5);
        let found = |item: Item, at: &str| cell(&query(item, at), std::slice::from_ref(&stored)) != CellNow::Absent;
        assert!(found(episode(&show, 1, 2, &[]), "2020-01-01T20:00:10Z"));
        assert!(found(episode(&show, 1, 2, &[]), "2020-01-01T20:02:30Z"));
        assert!(!found(episode(&show, 1, 2, &[]), "2020-01-01T20:03:00Z"));
        assert!(!found(episode(&show, 1, 3, &[]), "2020-01-01T20:00:00Z"));
        assert!(!found(episode(&show, 1, 2, &[(Namespace::Trakt, "8")]), "2020-01-01T20:00:00Z"));
        assert!(found(episode(&[], 9, 9, &[(Namespace::Trakt, "7")]), "2020-01-01T20:00:00Z"));
        assert!(!found(movie(&[(Namespace::Trakt, "7")]), "2020-01-01T20:00:00Z"));
    }
}
