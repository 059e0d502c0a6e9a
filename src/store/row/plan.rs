//! Plans that were asked for.

use crosswatch_model::RunId;
use crosswatch_port::PlanRecord;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError, Stored,
    bytes::Wide,
    row,
    stamp::StampV1,
    tally::{TallyV1, tallies},
    word::{self, text},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlanV1 {
    id: Wide,
    pair: SmolStr,
    created_at: StampV1,
    state: SmolStr,
    tallies: Vec<TallyV1>,
    /// Account, requests, seconds.
    cost: Vec<(SmolStr, u64, u64)>,
    sentence: SmolStr,
    /// The run that it takes back.
    undoes: Option<Wide>,
}
row!(PlanV1, Named, 1);

impl Stored for PlanRecord {
    type Row = PlanV1;

    fn to_row(&self) -> PlanV1 {
        let cost = self.cost.iter().map(|(account, requests, seconds)| (account.as_str().into(), *requests, *seconds));
        PlanV1 {
            id: word::run(self.id),
            pair: self.pair.as_str().into(),
            created_at: StampV1::of(self.created_at),
            state: text(self.state.as_str()),
            tallies: TallyV1::of_all(&self.tallies),
            cost: cost.collect(),
            sentence: self.sentence.clone(),
            undoes: self.undoes.map(word::run),
        }
    }

    fn from_row(row: PlanV1) -> Result<Self, RowError> {
        let cost =
            |(account, requests, seconds): (SmolStr, u64, u64)| Ok((word::account(&account)?, requests, seconds));
        Ok(Self {
            id: RunId(row.id.0),
            pair: word::pair(&row.pair)?,
            created_at: row.created_at.instant("created_at")?,
            state: word::word(&row.state, "state")?,
            tallies: tallies(row.tallies)?,
            cost: row.cost.into_iter().map(cost).collect::<Result<_, _>>()?,
            sentence: row.sentence,
            undoes: row.undoes.map(|run| RunId(run.0)),
        })
    }
}
