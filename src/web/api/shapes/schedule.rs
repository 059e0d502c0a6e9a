//! What runs next.

use crosswatch_actors::Due;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A run that is due by schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Due)]
pub struct DueShape {
    pub(crate) pair: String,
    /// The features that run then.
    pub(crate) features: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
}

/// The lines of the schedule that are due at some time, the earliest first.
pub(crate) fn due_lines(schedule: &[Due]) -> Vec<DueShape> {
    let line = |due: &Due| {
        let features = due.features.iter().map(crosswatch_model::Feature::as_str).collect();
        due.due.map(|at| DueShape { pair: due.pair.to_string(), features, at })
    };
    let mut lines: Vec<DueShape> = schedule.iter().filter_map(line).collect();
    lines.sort_by(|one, other| (one.at, &one.pair).cmp(&(other.at, &other.pair)));
    lines
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Feature, FeatureSet, PairId};

    use super::*;

    #[test]
    fn the_earliest_comes_first_and_manual_does_not_come() {
        let due = |pair: &str, at: Option<&str>| Due {
            pair: PairId::parse(pair).unwrap(),
            features: FeatureSet::NONE.with(Feature::History),
            due: at.map(|at| at.parse().unwrap()),
        };
        let schedule = [due("b", Some("2026-07-02T00:00:00Z")), due("c", None), due("a", Some("2026-07-01T00:00:00Z"))];
        let pairs: Vec<String> = due_lines(&schedule).into_iter().map(|line| line.pair).collect();
        assert_eq!(pairs, ["a", "b"]);
    }
}
