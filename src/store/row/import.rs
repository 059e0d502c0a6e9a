//! Files that were imported into ledger accounts.

use crosswatch_model::RunId;
use crosswatch_port::{ImportRecord, ImportState};
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
pub(crate) struct ImportV1 {
    id: Wide,
    account: SmolStr,
    format: SmolStr,
    at: StampV1,
    state: SmolStr,
    added: u64,
    updated: u64,
    misplaced: u64,
    taken_back: u64,
}
row!(ImportV1, Named, 1);

impl Stored for ImportRecord {
    type Row = ImportV1;

    fn to_row(&self) -> ImportV1 {
        ImportV1 {
            id: word::run(self.id),
            account: self.account.as_str().into(),
            format: self.format.clone(),
            at: StampV1::of(self.at),
            state: text(match self.state {
                ImportState::Applying => "applying",
                ImportState::Done => "done",
                ImportState::Undone => "undone",
            }),
            added: self.added,
            updated: self.updated,
            misplaced: self.misplaced,
            taken_back: self.taken_back,
        }
    }

    fn from_row(row: ImportV1) -> Result<Self, RowError> {
        Ok(Self {
            id: RunId(row.id.0),
            account: word::account(&row.account)?,
            format: row.format,
            at: row.at.instant("at")?,
            state: match row.state.as_str() {
                "applying" => ImportState::Applying,
                "done" => ImportState::Done,
                "undone" => ImportState::Undone,
                _ => return Err(RowError::Field("state")),
            },
            added: row.added,
            updated: row.updated,
            misplaced: row.misplaced,
            taken_back: row.taken_back,
        })
    }
}
