//! Reading features out of our copy of the library, page by page, one stream per part.
//!
//! A read asks for activities when it begins and brings each part up to date when it comes to it, so that a page is never
//! older than the read. The total of a stream is the number of rows of the part, understood or not.

use std::rc::Rc;

use crosswatch_model::{Fact, Feature, NativeRef};
use crosswatch_port::{Cursor, Fault, Page, Row};

use super::{
    Simkl,
    copy::Kept,
    entry::{Entry, Status, watched_at},
    part::Part,
    wire::Activities,
};
use crate::reading::Position;

/// Rows of one page.
const PAGE_ROWS: usize = 1000;

/// A read under way.
pub(super) struct Reading {
    activities: Activities,
    stream: Option<(u8, Rc<Vec<Row>>, u64)>,
}

impl Simkl {
    /// One page of a read.
    pub(super) async fn page(&self, feature: Feature, cursor: Option<Cursor>) -> Result<Page, Fault> {
        let position = if let Some(cursor) = &cursor {
            Position::of(cursor)?
        } else {
            let reading = Reading { activities: self.activities().await?, stream: None };
            self.readings.borrow_mut().insert(feature, reading);
            Position::default()
        };
        let (rows, unusable) = self.stream(feature, position.stream).await?;
        let start = usize::try_from(position.start).unwrap_or(usize::MAX);
        let page: Vec<Row> = rows.iter().skip(start).take(PAGE_ROWS).cloned().collect();
        let end = start.saturating_add(page.len());
        let ends_stream = end >= rows.len();
        let own_unusable = if ends_stream { unusable } else { 0 };
        let next = if ends_stream {
            Position { stream: position.stream + 1, start: 0 }
        } else {
            Position { stream: position.stream, start: end as u64 }
        };
        let goes_on = usize::from(next.stream) < Part::ALL.len();
        if !goes_on {
            self.readings.borrow_mut().remove(&feature);
        }
        Ok(Page {
            received: page.len() as u64 + own_unusable,
            total: Some(rows.len() as u64 + unusable),
            rows: page,
            stream: position.stream,
            ends_stream,
            next: goes_on.then(|| next.cursor()),
            unusable: own_unusable,
        })
    }

    /// The rows of a stream and how many of it could not be understood.
    async fn stream(&self, feature: Feature, stream: u8) -> Result<(Rc<Vec<Row>>, u64), Fault> {
        let begun = || Fault::Transient("the read of SIMKL has to begin again".into());
        let part = Part::ALL.get(usize::from(stream)).copied().ok_or_else(begun)?;
        let activities = {
            let readings = self.readings.borrow();
            let reading = readings.get(&feature).ok_or_else(begun)?;
            if let Some((_, rows, unusable)) = reading.stream.as_ref().filter(|(own, ..)| *own == stream) {
                return Ok((Rc::clone(rows), *unusable));
            }
            reading.activities.clone()
        };
        self.bring_up(part, &activities).await?;
        let kept = self.copy.lock().await.part(part).cloned().unwrap_or_default();
        let rows = Rc::new(rows_of(feature, &kept));
        if let Some(reading) = self.readings.borrow_mut().get_mut(&feature) {
            reading.stream = Some((stream, Rc::clone(&rows), kept.unusable));
        }
        Ok((rows, kept.unusable))
    }

    /// How many rows a feature has.
    pub(super) async fn count_rows(&self, feature: Feature) -> Result<Option<u64>, Fault> {
        if feature == Feature::Progress {
            return Ok(Some(self.paused().await?.received));
        }
        self.refresh().await?;
        let copy = self.copy.lock().await;
        let parts = Part::ALL.iter().filter_map(|part| copy.part(*part));
        Ok(Some(parts.map(|kept| rows_of(feature, kept).len() as u64).sum()))
    }
}

/// The rows of a feature in a part.
fn rows_of(feature: Feature, kept: &Kept) -> Vec<Row> {
    let mut rows = Vec::new();
    for entry in kept.entries.values() {
        match feature {
            Feature::History => rows.extend(plays(entry)),
            Feature::Watchlist => {
                let is_planned = entry.status == Status::Planned;
                rows.extend(is_planned.then(|| row(entry, Fact::Listed(entry.added_at))));
            }
            Feature::Ratings => rows.extend(rating(entry).map(|fact| row(entry, fact))),
            Feature::Progress => {}
        }
    }
    rows
}

/// What is watched of a title: a film as a whole, or each episode.
fn plays(entry: &Entry) -> Vec<Row> {
    if entry.is_film {
        let is_seen = entry.status == Status::Completed;
        return is_seen.then(|| row(entry, Fact::Play(watched_at(entry.last_watched_s)))).into_iter().collect();
    }
    let play = |watched: super::entry::Watched| {
        let fact = Fact::Play(watched_at(watched.at_s));
        let place = u128::from(watched.season) << 16 | u128::from(watched.number);
        let native = NativeRef(u128::from(entry.simkl) << 32 | place);
        Row { item: entry.episode(&watched), fact, native: Some(native), uid: None, runtime_s: None }
    };
    entry.episodes.iter().copied().map(play).collect()
}

/// The rating of a title.
pub(super) fn rating(entry: &Entry) -> Option<Fact> {
    let given = entry.rating?;
    Some(Fact::Rated { value: given.value()?, rated_at: given.at })
}

fn row(entry: &Entry, fact: Fact) -> Row {
    let native = NativeRef(u128::from(entry.simkl) << 32);
    Row { item: entry.item(), fact, native: Some(native), uid: None, runtime_s: entry.runtime_s }
}
