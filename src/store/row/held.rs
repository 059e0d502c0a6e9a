//! What waits for a person.

use crosswatch_model::RunId;
use crosswatch_port::HeldRecord;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored,
    bytes::Wide,
    row,
    stamp::StampV1,
    word::{self, text},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldV1 {
    id: u64,
    pair: SmolStr,
    feature: SmolStr,
    kind: SmolStr,
    items: u64,
    sentence: SmolStr,
    run: Wide,
    since: StampV1,
}
row!(HeldV1, Named, 1);

impl Stored for HeldRecord {
    type Row = HeldV1;

    fn to_row(&self) -> HeldV1 {
        HeldV1 {
            id: self.id,
            pair: self.pair.as_str().into(),
            feature: text(self.feature.as_str()),
            kind: text(self.kind.as_str()),
            items: self.items,
            sentence: self.sentence.clone(),
            run: word::run(self.run),
            since: StampV1::of(self.since),
        }
    }

    fn from_row(row: HeldV1) -> Result<Self, RowError> {
        Ok(Self {
            id: row.id,
            pair: word::pair(&row.pair)?,
            feature: word::word(&row.feature, "feature")?,
            kind: word::word(&row.kind, "kind")?,
            items: row.items,
            sentence: row.sentence,
            run: RunId(row.run.0),
            since: row.since.instant("since")?,
        })
    }
}
