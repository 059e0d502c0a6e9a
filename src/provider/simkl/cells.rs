//! What SIMKL holds right now for single items: our copy of the library, after the changes since were asked for.

use crosswatch_model::{Fact, Feature, Item, Kind};
use crosswatch_port::{CellNow, CellQuery, Fault};

use super::{
    Simkl,
    copy::Copy,
    entry::{Status, watched_at},
    find, read,
};

impl Simkl {
    /// One answer per query.
    pub(super) async fn cells_now(&self, feature: Feature, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        if feature == Feature::Progress {
            return self.paused_cells(queries).await;
        }
        self.refresh().await?;
        let copy = self.copy.lock().await;
        let cell = |query: &CellQuery| {
            let fact = held(&copy, feature, &query.item);
            fact.map_or(CellNow::Absent, |fact| CellNow::Present(vec![(fact, None)]))
        };
        Ok(queries.iter().map(cell).collect())
    }
}

/// What the copy holds of a feature for an item.
pub(super) fn held(copy: &Copy, feature: Feature, item: &Item) -> Option<Fact> {
    match feature {
        Feature::History => play(copy, item),
        Feature::Watchlist => find::title(copy, item)
            .filter(|entry| entry.status == Status::Planned)
            .map(|entry| Fact::Listed(entry.added_at)),
        Feature::Ratings => find::title(copy, item).and_then(read::rating),
        Feature::Progress => None,
    }
}

/// The one play that is kept of a film or an episode.
pub(super) fn play(copy: &Copy, item: &Item) -> Option<Fact> {
    let at_s = match item.kind {
        Kind::Movie => find::title(copy, item).filter(|entry| entry.status == Status::Completed)?.last_watched_s,
        Kind::Episode => find::episode(copy, item)?.1.at_s,
        Kind::Show | Kind::Season => return None,
    };
    Some(Fact::Play(watched_at(at_s)))
}
