//! Events.

use crosswatch_model::RunId;
use crosswatch_port::EventRecord;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{RowError, Stored, bytes::Wide, row, stamp::StampV1, word};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventV1 {
    at: StampV1,
    kind: SmolStr,
    pair: Option<SmolStr>,
    run: Option<Wide>,
    sentence: SmolStr,
}
row!(EventV1, Named, 1);

impl Stored for EventRecord {
    type Row = EventV1;

    fn to_row(&self) -> EventV1 {
        EventV1 {
            at: StampV1::of(self.at),
            kind: self.kind.clone(),
            pair: self.pair.as_ref().map(|pair| pair.as_str().into()),
            run: self.run.map(word::run),
            sentence: self.sentence.clone(),
        }
    }

    fn from_row(row: EventV1) -> Result<Self, RowError> {
        Ok(Self {
            at: row.at.instant("at")?,
            kind: row.kind,
            pair: row.pair.as_deref().map(word::pair).transpose()?,
            run: row.run.map(|run| RunId(run.0)),
            sentence: row.sentence,
        })
    }
}
