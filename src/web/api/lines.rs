//! The lines of a plan or run, filtered and in pages.

use crosswatch_model::{Action, Feature, Outcome, PlanItem, Reason, RunId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::shapes::LineShape;
use crate::{
    extract::word,
    paging::{Listing, cursor, limit},
    problem::ApiProblem,
    state::ApiState,
};

/// Lines that one request looks at. A filter that finds little answers a short page with a cursor.
const LOOKED_AT_MAX: usize = 100_000;

/// Which lines.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LineQuery {
    /// Only this feature.
    feature: Option<String>,
    /// Only this action.
    action: Option<String>,
    /// Only this reason.
    reason: Option<String>,
    /// Only this outcome.
    outcome: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// The query, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineFilter {
    feature: Option<Feature>,
    action: Option<Action>,
    reason: Option<Reason>,
    outcome: Option<Outcome>,
    from: u32,
    limit: usize,
}

impl LineQuery {
    /// Checks every word.
    pub(crate) fn filter(&self) -> Result<LineFilter, ApiProblem> {
        Ok(LineFilter {
            feature: word("feature", self.feature.as_deref(), Feature::ALL)?,
            action: word("action", self.action.as_deref(), Action::ALL)?,
            reason: word("reason", self.reason.as_deref(), Reason::ALL)?,
            outcome: word("outcome", self.outcome.as_deref(), Outcome::ALL)?,
            from: cursor(self.cursor.as_deref(), |text| text.parse().ok())?.unwrap_or(0),
            limit: limit(self.limit.as_deref())?,
        })
    }
}

impl LineFilter {
    fn fits(&self, line: &PlanItem) -> bool {
        self.feature.is_none_or(|feature| line.feature == feature)
            && self.action.is_none_or(|action| line.action == action)
            && self.reason.is_none_or(|reason| line.reason == reason)
            && self.outcome.is_none_or(|outcome| line.outcome == outcome)
    }
}

/// The lines of a plan or run that fit.
pub(crate) async fn lines(
    state: &ApiState,
    owner: RunId,
    filter: LineFilter,
) -> Result<Listing<LineShape>, ApiProblem> {
    state
        .read(move |ledger| {
            let mut collector = Collector::new(filter);
            ledger.visit_lines(owner, filter.from, &mut |record| collector.take(record.number, &record.line))?;
            Ok(collector.page)
        })
        .await
}

/// Gathers a page line by line.
struct Collector {
    filter: LineFilter,
    looked_at: usize,
    page: Listing<LineShape>,
}

impl Collector {
    fn new(filter: LineFilter) -> Self {
        Self { filter, looked_at: 0, page: Listing::whole(Vec::new()) }
    }

    /// Takes a line, or says that the page ends before it.
    fn take(&mut self, number: u32, line: &PlanItem) -> bool {
        let is_full = self.page.items.len() == self.filter.limit && self.filter.fits(line);
        if is_full || self.looked_at == LOOKED_AT_MAX {
            self.page.next_cursor = Some(number.to_string());
            return false;
        }
        self.looked_at += 1;
        if self.filter.fits(line) {
            self.page.items.push(LineShape::from(line));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{IdSet, Item, Kind, OpId, Side};

    use super::*;

    fn line(feature: Feature) -> PlanItem {
        PlanItem {
            op: OpId(1),
            feature,
            action: Action::Add,
            held_action: None,
            side: Side::Target,
            uid: None,
            item: Item::titled(Kind::Movie, "x", None, IdSet::EMPTY),
            value: None,
            before: None,
            native: None,
            reason: Reason::OnlyOnSource,
            explain: "".into(),
            outcome: Outcome::Planned,
        }
    }

    fn query(feature: Option<&str>, limit: &str) -> LineQuery {
        LineQuery {
            feature: feature.map(str::to_owned),
            action: None,
            reason: None,
            outcome: None,
            cursor: None,
            limit: Some(limit.to_owned()),
        }
    }

    fn collect(filter: LineFilter, lines: impl Iterator<Item = (u32, Feature)>) -> (usize, Option<String>) {
        let mut collector = Collector::new(filter);
        for (number, feature) in lines {
            if !collector.take(number, &line(feature)) {
                break;
            }
        }
        (collector.page.items.len(), collector.page.next_cursor)
    }

    #[test]
    fn a_page_ends_before_the_first_row_of_the_next() {
        let rows =
            |count: u32| (0..count).map(|at| (at, if at % 2 == 0 { Feature::History } else { Feature::Ratings }));
        let filter = query(Some("ratings"), "2").filter().unwrap();
        assert_eq!(collect(filter, rows(4)), (2, None));
        assert_eq!(collect(filter, rows(5)), (2, None));
        assert_eq!(collect(filter, rows(9)), (2, Some("5".to_owned())));
    }

    #[test]
    fn a_filter_that_finds_nothing_stops_at_some_point_and_can_go_on() {
        let rows = (0..).map(|at| (at, Feature::History));
        let filter = query(Some("ratings"), "2").filter().unwrap();
        assert_eq!(collect(filter, rows), (0, Some(LOOKED_AT_MAX.to_string())));
    }

    #[test]
    fn unknown_words_are_refused_with_the_known_ones() {
        let problem = query(Some("plays"), "2").filter().unwrap_err();
        assert!(problem.to_string().contains("history, watchlist, ratings, progress"), "{problem}");
        for bad in [
            LineQuery { action: Some("delete".to_owned()), ..query(None, "2") },
            LineQuery { reason: Some("because".to_owned()), ..query(None, "2") },
            LineQuery { outcome: Some("done".to_owned()), ..query(None, "2") },
            LineQuery { cursor: Some("-1".to_owned()), ..query(None, "2") },
            query(None, "501"),
        ] {
            assert!(matches!(bad.filter(), Err(ApiProblem::BadQuery(_))), "{bad:?}");
        }
    }
}
