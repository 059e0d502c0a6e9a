//! What lies between two snapshots: rows are matched by what finds an item again, not by how it is told.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web;
use crosswatch_model::{Fact, Feature, Id, Kind, PlayKey};
use crosswatch_port::{Ledger, SnapshotRecord, SnapshotRow, StorageFailure};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    shapes::{FactShape, ItemShape, SnapshotChangeShape, SnapshotDiffShape, SnapshotShape},
    snapshots::stored,
};
use crate::{
    extract::{Query, snapshot_id, word},
    paging::{cursor, limit},
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

/// Which snapshots.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffQuery {
    /// The first snapshot.
    from: String,
    /// The second one; it may be of another account.
    to: String,
    /// Only this feature.
    feature: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 500; 50 where left out.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// What two snapshots do not share, in the order of the features.
#[utoipa::path(
    get, path = "/api/v1/snapshots/diff", operation_id = "diff_snapshots", tag = "snapshots", params(DiffQuery),
    responses(
        (status = 200, description = "The differences.", body = SnapshotDiffShape),
        (status = 400, description = "The query does not fit.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such snapshot.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn diff(
    state: web::Data<ApiState>,
    query: Query<DiffQuery>,
) -> Result<web::Json<SnapshotDiffShape>, ApiProblem> {
    let limit = limit(query.0.limit.as_deref())?;
    let first = cursor(query.0.cursor.as_deref(), |text| text.parse::<usize>().ok())?.unwrap_or(0);
    let feature = word("feature", query.0.feature.as_deref(), Feature::ALL)?;
    let from = stored(&state, snapshot_id(&query.0.from)?).await?;
    let to = stored(&state, snapshot_id(&query.0.to)?).await?;
    let answer = state.read(move |ledger| Page { first, limit }.read(ledger, &from, &to, feature)).await?;
    Ok(web::Json(answer))
}

/// Which of the differences are shown.
struct Page {
    first: usize,
    limit: usize,
}

impl Page {
    fn read(
        &self,
        ledger: &dyn Ledger,
        from: &SnapshotRecord,
        to: &SnapshotRecord,
        feature: Option<Feature>,
    ) -> Result<SnapshotDiffShape, StorageFailure> {
        let mut answer = SnapshotDiffShape {
            from: SnapshotShape::from(from),
            to: SnapshotShape::from(to),
            added: 0,
            removed: 0,
            changed: 0,
            items: Vec::new(),
            next_cursor: None,
        };
        let mut number = 0;
        for feature in Feature::ALL.iter().filter(|each| feature.is_none_or(|feature| feature == **each)) {
            if from.part(*feature).is_none() || to.part(*feature).is_none() {
                continue;
            }
            let (before, after) = (rows(ledger, from, *feature)?, rows(ledger, to, *feature)?);
            for (before, after) in differences(&before, &after) {
                match (before, after) {
                    (Some(_), Some(_)) => answer.changed += 1,
                    (Some(_), None) => answer.removed += 1,
                    _ => answer.added += 1,
                }
                if number >= self.first && answer.items.len() < self.limit {
                    answer.items.extend(shape(*feature, before, after));
                } else if number >= self.first && answer.next_cursor.is_none() {
                    answer.next_cursor = Some(number.to_string());
                }
                number += 1;
            }
        }
        Ok(answer)
    }
}

fn shape(feature: Feature, before: Option<&SnapshotRow>, after: Option<&SnapshotRow>) -> Option<SnapshotChangeShape> {
    let change = match (before, after) {
        (Some(_), Some(_)) => "changed",
        (Some(_), None) => "removed",
        _ => "added",
    };
    let fact = |row: Option<&SnapshotRow>| row.map(|row| FactShape::from(row.fact));
    Some(SnapshotChangeShape {
        feature: feature.as_str(),
        change,
        item: ItemShape::from(&after.or(before)?.item),
        before: fact(before),
        value: fact(after),
    })
}

fn rows(ledger: &dyn Ledger, record: &SnapshotRecord, feature: Feature) -> Result<Vec<SnapshotRow>, StorageFailure> {
    let mut rows = Vec::new();
    let mut take = |row| {
        rows.push(row);
        true
    };
    ledger.visit_snapshot(record.id, feature, 0, &mut take)?;
    Ok(rows)
}

/// A name of a row: each of its ids, its place below each id of its show, or what it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Own(Id, PlayKey),
    Below(Id, Option<u16>, Option<u16>, PlayKey),
    Called(Kind, String, Option<u16>, PlayKey),
}

fn names(row: &SnapshotRow) -> Vec<Name> {
    let (item, play) = (&row.item, PlayKey::of_fact(row.fact));
    let own = item.ids.iter().map(|id| Name::Own(id, play));
    let show = item.show.iter().flat_map(|show| show.ids.iter());
    let below = show.map(|id| Name::Below(id, item.season, item.number, play));
    let mut names: Vec<Name> = own.chain(below).collect();
    if names.is_empty() {
        names.push(Name::Called(item.kind, item.label(), item.year, play));
    }
    names
}

/// The rows that differ, as before and after.
fn differences<'a>(
    before: &'a [SnapshotRow],
    after: &'a [SnapshotRow],
) -> Vec<(Option<&'a SnapshotRow>, Option<&'a SnapshotRow>)> {
    let mut by_name: BTreeMap<Name, usize> = BTreeMap::new();
    for (at, row) in after.iter().enumerate() {
        for name in names(row) {
            by_name.entry(name).or_insert(at);
        }
    }
    let (mut met, mut differences) = (BTreeSet::new(), Vec::new());
    for row in before {
        let found = names(row).into_iter().filter_map(|name| by_name.get(&name).copied()).find(|at| !met.contains(at));
        let Some((at, now)) = found.and_then(|at| after.get(at).map(|now| (at, now))) else {
            differences.push((Some(row), None));
            continue;
        };
        met.insert(at);
        if !says_the_same(row.fact, now.fact) {
            differences.push((Some(row), Some(now)));
        }
    }
    let new = after.iter().enumerate().filter(|(at, _)| !met.contains(at));
    differences.extend(new.map(|(_, row)| (None, Some(row))));
    differences
}

/// Whether two facts say the same. When something was listed or rated is no difference by itself.
fn says_the_same(one: Fact, other: Fact) -> bool {
    match (one, other) {
        (Fact::Listed(_), Fact::Listed(_)) => true,
        (Fact::Rated { value, .. }, Fact::Rated { value: other, .. }) => value == other,
        (Fact::Resume { position_s, .. }, Fact::Resume { position_s: other_s, .. }) => position_s == other_s,
        (one, other) => one == other,
    }
}
