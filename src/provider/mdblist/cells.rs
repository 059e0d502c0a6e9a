//! What MDBList holds right now for single items.
//!
//! There is no question about single items, so their list is read: one or two requests for ratings, watchlist and resume
//! points, one per thousand plays for history. All questions of a call share the read, and nothing of it is kept but what
//! answers them.

use crosswatch_model::{Fact, Feature, Id, Item, NativeRef, WatchedAt, same_instant_tolerance_s};
use crosswatch_port::{CellNow, CellQuery, Fault, Row};
use rustc_hash::FxHashMap;

use super::Mdblist;
use crate::{http::Call, ids::is_same_item};

/// What a list holds of the items in question.
pub(super) struct Found {
    /// The facts per question, in order.
    pub(super) facts: Vec<Vec<(Fact, Option<NativeRef>)>>,
    /// Whether the whole list was seen, so that what was not found is not there.
    pub(super) is_whole: bool,
}

/// Questions by the ids of their items and of their shows.
struct Questions<'a> {
    items: &'a [(&'a Item, Option<NativeRef>)],
    by_id: FxHashMap<Id, Vec<usize>>,
    by_native: FxHashMap<NativeRef, usize>,
}

impl Mdblist {
    /// One answer per query.
    pub(super) async fn cells_now(&self, feature: Feature, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        if feature == Feature::Progress {
            return self.resume_cells(queries).await;
        }
        let items: Vec<_> = queries.iter().map(|query| (&query.item, query.native)).collect();
        let found = self.find(feature, &self.list_call(feature), &items).await?;
        let answers = queries.iter().zip(found.facts).map(|(query, facts)| {
            let near: Vec<_> = facts.into_iter().filter(|(fact, _)| is_near(query.value, *fact)).collect();
            match (near.is_empty(), found.is_whole) {
                (false, _) => CellNow::Present(near),
                (true, true) => CellNow::Absent,
                (true, false) => CellNow::Unknown,
            }
        });
        Ok(answers.collect())
    }

    /// Every fact about these items in a list.
    pub(super) async fn find(
        &self,
        feature: Feature,
        call: &Call,
        items: &[(&Item, Option<NativeRef>)],
    ) -> Result<Found, Fault> {
        let questions = Questions::of(items);
        let mut facts = vec![Vec::new(); items.len()];
        let is_whole = self
            .walk(feature, call, |row| {
                for at in questions.about(&row) {
                    if let Some(facts) = facts.get_mut(at) {
                        facts.push((row.fact, row.native));
                    }
                }
            })
            .await?;
        Ok(Found { facts, is_whole })
    }
}

impl<'a> Questions<'a> {
    fn of(items: &'a [(&'a Item, Option<NativeRef>)]) -> Self {
        let mut by_id: FxHashMap<Id, Vec<usize>> = FxHashMap::default();
        let mut by_native = FxHashMap::default();
        for (at, (item, native)) in items.iter().enumerate() {
            let shows = item.show.iter().flat_map(|show| show.ids.iter());
            for id in item.ids.iter().chain(shows) {
                by_id.entry(id).or_default().push(at);
            }
            if let Some(native) = native {
                by_native.insert(*native, at);
            }
        }
        Self { items, by_id, by_native }
    }

    /// The questions that a row answers, each once.
    fn about(&self, row: &Row) -> Vec<usize> {
        let shows = row.item.show.iter().flat_map(|show| show.ids.iter());
        let ids = row.item.ids.iter().chain(shows);
        let mut matching: Vec<usize> = ids
            .filter_map(|id| self.by_id.get(&id))
            .flatten()
            .copied()
            .filter(|at| self.items.get(*at).is_some_and(|(item, _)| is_same_item(item, &row.item)))
            .collect();
        matching.extend(row.native.and_then(|native| self.by_native.get(&native)));
        matching.sort_unstable();
        matching.dedup();
        matching
    }
}

/// Whether a fact answers a question about a value: plays count around the time in question only.
pub(super) fn is_near(value: Option<Fact>, fact: Fact) -> bool {
    let instant = |value: Option<Fact>| match value {
        Some(Fact::Play(watched_at)) => watched_at.instant(),
        _ => None,
    };
    match (instant(value), fact) {
        (Some(wanted), Fact::Play(WatchedAt::Exact(at) | WatchedAt::Minute(at))) => {
            (at.as_second() - wanted.as_second()).abs() <= same_instant_tolerance_s()
        }
        (Some(_), Fact::Play(_)) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::Namespace;

    use super::*;
    use crate::mdblist::body::tests::{episode, movie};

    fn play(at: &str) -> Fact {
        Fact::Play(WatchedAt::Exact(at.parse().unwrap()))
    }

    #[test]
    fn plays_count_around_the_time_in_question() {
        let wanted = Some(play("2020-01-01T20:00:00Z"));
        assert!(is_near(wanted, play("2020-01-01T20:02:00Z")));
        assert!(!is_near(wanted, play("2020-01-01T20:02:01Z")));
        assert!(!is_near(wanted, Fact::Play(WatchedAt::Unknown)));
        assert!(is_near(Some(Fact::Play(WatchedAt::Unknown)), play("2020-01-01T20:00:00Z")));
        assert!(is_near(None, play("2020-01-01T20:00:00Z")));
    }

    #[test]
    fn a_row_answers_each_question_about_it_once() {
        let show = [(Namespace::Tmdb, "1396"), (Namespace::Tvdb, "81189")];
        let items = [
            episode(&show, 1, 2, &[]),
            episode(&show, 1, 3, &[]),
            movie(&[(Namespace::Tmdb, "1396")]),
            episode(&show, 9, 9, &[]),
        ];
        let asked: Vec<_> = items.iter().zip([None, None, None, Some(NativeRef(5))]).collect();
        let asked: Vec<(&Item, Option<NativeRef>)> = asked.into_iter().collect();
        let row = Row {
            item: episode(&show, 1, 2, &[(Namespace::Tmdb, "62085")]),
            fact: play("2020-01-01T20:00:00Z"),
            native: Some(NativeRef(5)),
            uid: None,
            runtime_s: None,
        };
        assert_eq!(Questions::of(&asked).about(&row), [0, 3]);
    }
}
