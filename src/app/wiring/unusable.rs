//! Stands in for an account whose adapter could not be built: it answers every question with the reason.

use crosswatch_model::{Capabilities, Feature, FeatureSet, PlayDetail, Scale, WatchedPrecision};
use crosswatch_port::{
    CellNow, CellQuery, Cursor, Fault, LocalFuture, Page, Probe, Provider, ReadScope, Stamps, Write, WriteOutcome,
    WriteReport,
};

/// An account that cannot be used, and why.
#[derive(Debug, Clone)]
pub(crate) struct Unusable(pub(crate) Fault);

impl Unusable {
    fn refuse<T: 'static>(&self) -> LocalFuture<'static, Result<T, Fault>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }
}

impl Provider for Unusable {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            features: Vec::new(),
            scale: Scale::HUNDRED,
            watched_precision: WatchedPrecision::Second,
            plays: PlayDetail::LastPlayOnly,
            keeps_undated_plays: false,
            duplicates_plays: true,
            needs_ids: true,
            keeps_one_status: false,
            is_media_server: false,
            membership: None,
        }
    }

    fn probe(&self) -> LocalFuture<'_, Result<Probe, Fault>> {
        self.refuse()
    }

    fn stamps(&self, _: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>> {
        self.refuse()
    }

    fn read_page(&self, _: Feature, _: ReadScope, _: Option<Cursor>) -> LocalFuture<'_, Result<Page, Fault>> {
        self.refuse()
    }

    fn count(&self, _: Feature) -> LocalFuture<'_, Result<Option<u64>, Fault>> {
        self.refuse()
    }

    fn cells<'a>(&'a self, _: Feature, _: &'a [CellQuery]) -> LocalFuture<'a, Result<Vec<CellNow>, Fault>> {
        self.refuse()
    }

    fn write<'a>(&'a self, _: Feature, writes: &'a [Write]) -> LocalFuture<'a, WriteReport> {
        let outcomes = vec![WriteOutcome::NotAttempted; writes.len()];
        Box::pin(std::future::ready(WriteReport { outcomes, fault: Some(self.0.clone()) }))
    }

    fn requests_sent(&self) -> u64 {
        0
    }
}
