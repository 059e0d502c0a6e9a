//! Plans that were asked for.

use crosswatch_model::{RestoreFilter, RunId};
use crosswatch_port::{PlanRecord, RestoreOrder, UndoOrder};
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
    /// What it brings back.
    restores: Option<RestoreV1>,
    /// What it takes back, where that is more or other than one run.
    undoes_more: Option<UndoV1>,
    /// What the settings of the day plan, where others were asked about.
    today: Option<Vec<TallyV1>>,
}
row!(PlanV1, Named, 1);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct UndoV1 {
    since: Option<StampV1>,
    runs: Vec<Wide>,
    message: Option<u64>,
}

impl UndoV1 {
    fn of(order: &UndoOrder) -> Option<Self> {
        match order {
            UndoOrder::Run(_) => None,
            UndoOrder::Since { since, runs } => Some(Self {
                since: Some(StampV1::of(*since)),
                runs: runs.iter().copied().map(word::run).collect(),
                message: None,
            }),
            UndoOrder::Message(seq) => Some(Self { since: None, runs: Vec::new(), message: Some(*seq) }),
        }
    }

    fn order(self) -> Result<UndoOrder, RowError> {
        match (self.since, self.message) {
            (Some(since), None) => Ok(UndoOrder::Since {
                since: since.instant("since")?,
                runs: self.runs.into_iter().map(|run| RunId(run.0)).collect(),
            }),
            (None, Some(seq)) => Ok(UndoOrder::Message(seq)),
            _ => Err(RowError::Field("undoes_more")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RestoreV1 {
    snapshot: Wide,
    mode: SmolStr,
    kind: Option<SmolStr>,
    show: Option<SmolStr>,
    item: Option<SmolStr>,
}

impl RestoreV1 {
    fn of(order: &RestoreOrder) -> Self {
        Self {
            snapshot: word::run(order.snapshot),
            mode: text(order.mode.as_str()),
            kind: order.filter.kind.map(|kind| text(kind.as_str())),
            show: order.filter.show.clone(),
            item: order.filter.item.clone(),
        }
    }

    fn order(self) -> Result<RestoreOrder, RowError> {
        Ok(RestoreOrder {
            snapshot: RunId(self.snapshot.0),
            mode: word::word(&self.mode, "mode")?,
            filter: RestoreFilter {
                kind: word::word_if_any(self.kind.as_ref(), "kind")?,
                show: self.show,
                item: self.item,
            },
        })
    }
}

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
            undoes: self.undoes.as_ref().and_then(UndoOrder::run).map(word::run),
            restores: self.restores.as_ref().map(RestoreV1::of),
            undoes_more: self.undoes.as_ref().and_then(UndoV1::of),
            today: self.today.as_deref().map(TallyV1::of_all),
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
            undoes: match row.undoes_more {
                Some(more) => Some(more.order()?),
                None => row.undoes.map(|run| UndoOrder::Run(RunId(run.0))),
            },
            restores: row.restores.map(RestoreV1::order).transpose()?,
            today: row.today.map(tallies).transpose()?,
        })
    }
}
