//! The built-in tracker in numbers, counted anew from its plays whenever somebody asks.

use std::{cmp::Reverse, collections::BTreeMap};

use actix_web::web;
use crosswatch_model::{Fact, Feature, Id, Kind, ProviderId, Show, Uid, WatchedAt};
use crosswatch_port::{Ledger, ShelfCursor, ShelfRow, StorageFailure};
use jiff::{civil::Date, tz::TimeZone};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    shapes::{DayShape, StatisticsShape, TopShowShape},
    tracker::tracker,
};
use crate::{
    extract::Query,
    problem::{ApiProblem, ProblemBody},
    state::ApiState,
};

const PAGE: usize = 5_000;
const DAYS_MAX: usize = 366;
const SHOWS_MAX: usize = 20;

/// Which tracker.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatisticsQuery {
    /// The tracker; the only one where left out.
    provider: Option<String>,
}

/// The plays of the built-in tracker in numbers.
#[utoipa::path(
    get, path = "/api/v1/tracker/statistics", operation_id = "tracker_statistics", tag = "tracker", params(StatisticsQuery),
    responses(
        (status = 200, description = "As of now.", body = StatisticsShape),
        (status = 404, description = "No such provider.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "There is no single tracker.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn statistics(
    state: web::Data<ApiState>,
    query: Query<StatisticsQuery>,
) -> Result<web::Json<StatisticsShape>, ApiProblem> {
    let account = tracker(&state, query.0.provider.as_deref())?;
    let zone = state.clock.zone();
    let counted = state.read(move |ledger| count(ledger, &account, &zone)).await?;
    Ok(web::Json(counted))
}

fn count(ledger: &dyn Ledger, account: &ProviderId, zone: &TimeZone) -> Result<StatisticsShape, StorageFailure> {
    let mut count = Count::default();
    let mut after: Option<ShelfCursor> = None;
    loop {
        let rows = ledger.shelf(account, Feature::History, after, PAGE)?;
        for row in &rows {
            // Plays of one item follow each other.
            if count.last != Some(row.uid) {
                count.runtime_s = ledger.item(row.uid)?.and_then(|record| record.runtime_s);
            }
            count.add(row, zone);
        }
        after = rows.last().map(|row| ShelfCursor { uid: row.uid, play: row.play });
        if rows.len() < PAGE {
            return Ok(count.finish(account));
        }
    }
}

#[derive(Default)]
struct Count {
    last: Option<Uid>,
    /// The length of the last item.
    runtime_s: Option<u32>,
    plays: u64,
    movies: u64,
    episodes: u64,
    rewatches: u64,
    undated: u64,
    seconds: u64,
    seconds_known_for: u64,
    days: BTreeMap<Date, u64>,
    shows: BTreeMap<ShowName, (u64, Show)>,
}

/// What a show is told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum ShowName {
    Id(Id),
    Title(String),
}

impl Count {
    fn add(&mut self, row: &ShelfRow, zone: &TimeZone) {
        let Fact::Play(at) = row.fact else { return };
        self.plays += 1;
        let is_rewatch = self.last.replace(row.uid) == Some(row.uid);
        match row.item.kind {
            _ if is_rewatch => self.rewatches += 1,
            Kind::Movie => self.movies += 1,
            _ => self.episodes += 1,
        }
        if let Some(runtime_s) = self.runtime_s {
            self.seconds += u64::from(runtime_s);
            self.seconds_known_for += 1;
        }
        match at {
            WatchedAt::Exact(at) | WatchedAt::Minute(at) => self.add_day(at.to_zoned(zone.clone()).date()),
            WatchedAt::Day(day) => self.add_day(day),
            WatchedAt::Unknown => self.undated += 1,
        }
        if let Some(show) = row.item.show.as_deref() {
            let by_title = || ShowName::Title(show.title.to_lowercase());
            let name = show.ids.iter().next().map_or_else(by_title, ShowName::Id);
            self.shows.entry(name).or_insert_with(|| (0, show.clone())).0 += 1;
        }
    }

    fn add_day(&mut self, day: Date) {
        *self.days.entry(day).or_default() += 1;
    }

    #[expect(clippy::cast_precision_loss, reason = "hours are told to two digits")]
    fn finish(self, account: &ProviderId) -> StatisticsShape {
        let mut top: Vec<&(u64, Show)> = self.shows.values().collect();
        top.sort_by_key(|(plays, show)| (Reverse(*plays), show.title.clone()));
        let top = top.into_iter().take(SHOWS_MAX).map(|(plays, show)| TopShowShape {
            title: show.title.to_string(),
            year: show.year,
            plays: *plays,
        });
        let days = self.days.iter().rev().take(DAYS_MAX);
        StatisticsShape {
            provider: account.to_string(),
            plays: self.plays,
            movies: self.movies,
            episodes: self.episodes,
            shows: self.shows.len() as u64,
            rewatches: self.rewatches,
            undated: self.undated,
            hours: (self.seconds as f64 / 36.0).round() / 100.0,
            hours_known_for: self.seconds_known_for,
            per_day: days.map(|(day, plays)| DayShape { day: day.to_string(), plays: *plays }).collect(),
            top_shows: top.collect(),
        }
    }
}
