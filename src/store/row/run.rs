//! Runs.

use crosswatch_model::{Feature, RunId};
use crosswatch_port::{RunError, RunRecord};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored,
    bytes::Wide,
    row,
    stamp::{StampV1, instant_if_any},
    tally::{TallyV1, tallies},
    word::{self, text},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunV1 {
    id: Wide,
    pair: SmolStr,
    cause: SmolStr,
    state: SmolStr,
    dry_run: bool,
    features: Vec<SmolStr>,
    tallies: Vec<TallyV1>,
    requests: Vec<(SmolStr, u64)>,
    asked_at: StampV1,
    started_at: Option<StampV1>,
    finished_at: Option<StampV1>,
    sentence: SmolStr,
    error: Option<RunErrorV1>,
}
row!(RunV1, Named, 1);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RunErrorV1 {
    kind: SmolStr,
    detail: SmolStr,
}

impl Stored for RunRecord {
    type Row = RunV1;

    fn to_row(&self) -> RunV1 {
        RunV1 {
            id: word::run(self.id),
            pair: self.pair.as_str().into(),
            cause: text(self.cause.as_str()),
            state: text(self.state.as_str()),
            dry_run: self.dry_run,
            features: self.features.iter().map(|feature| text(feature.as_str())).collect(),
            tallies: TallyV1::of_all(&self.tallies),
            requests: self.requests.iter().map(|(account, count)| (account.as_str().into(), *count)).collect(),
            asked_at: StampV1::of(self.asked_at),
            started_at: StampV1::of_any(self.started_at),
            finished_at: StampV1::of_any(self.finished_at),
            sentence: self.sentence.clone(),
            error: self
                .error
                .as_ref()
                .map(|error| RunErrorV1 { kind: error.kind.clone(), detail: error.detail.clone() }),
        }
    }

    fn from_row(row: RunV1) -> Result<Self, RowError> {
        let request = |(account, count): (SmolStr, u64)| Ok((word::account(&account)?, count));
        let features = row.features.iter().map(|feature| word::word::<Feature>(feature, "features"));
        Ok(Self {
            id: RunId(row.id.0),
            pair: word::pair(&row.pair)?,
            cause: word::word(&row.cause, "cause")?,
            state: word::word(&row.state, "state")?,
            dry_run: row.dry_run,
            features: features.collect::<Result<_, _>>()?,
            tallies: tallies(row.tallies)?,
            requests: row.requests.into_iter().map(request).collect::<Result<_, _>>()?,
            asked_at: row.asked_at.instant("asked_at")?,
            started_at: instant_if_any(row.started_at, "started_at")?,
            finished_at: instant_if_any(row.finished_at, "finished_at")?,
            sentence: row.sentence,
            error: row.error.map(|error| RunError { kind: error.kind, detail: error.detail }),
        })
    }
}
