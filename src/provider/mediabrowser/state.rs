//! The user's row of one item: reading it, and writing it in the way that each server needs.
//!
//! Jellyfin takes single members and answers with the row. Emby takes a whole row and answers with nothing, so the row is
//! read before, written whole, and read back.

use crosswatch_port::Fault;
use jiff::Timestamp;
use reqwest::Method;

use super::{
    Dialect, MediaServer,
    account::Account,
    dialect::Place,
    wire::{UserData, UserDataChange, WireItem},
};
use crate::http::{Answer, Call};

/// A request that changes one item.
pub(super) struct Change {
    call: Call,
    /// Where the answer has nothing to tell: the item whose row has to be read back.
    reads_back: Option<u128>,
}

impl Change {
    /// A change that is answered with the row it leaves.
    pub(super) const fn answered(call: Call) -> Self {
        Self { call, reads_back: None }
    }
}

/// What became of a change.
pub(super) enum Changed {
    /// The row is now this.
    To(Box<UserData>),
    /// The server does not know the item any more.
    Gone,
    /// The server stumbled over this very item.
    Stumbled,
}

impl MediaServer {
    /// The user's row of an item; `None` where the server does not know the item any more.
    pub(super) async fn row_of(&self, item: u128, account: &Account) -> Result<Option<UserData>, Fault> {
        let answer = self.connection.send(self.get(Place::Row(item), account)).await?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        self.row_in(&answer.success()?).map(Some)
    }

    fn row_in(&self, answer: &Answer) -> Result<UserData, Fault> {
        let row = match self.dialect {
            Dialect::Jellyfin => Some(answer.json::<UserData>()?),
            Dialect::Emby => answer.json::<WireItem>()?.user_data.0,
        };
        row.filter(|row| row.played.flag().is_some())
            .ok_or_else(|| Fault::InDoubt("the server did not tell whether the item is watched".into()))
    }

    /// The request that writes some members of a row. Where the server wants the whole row, `row` is what it holds now.
    pub(super) fn update(
        &self,
        item: u128,
        change: UserDataChange,
        row: Option<&UserData>,
        account: &Account,
    ) -> Result<Change, Fault> {
        let change = match row {
            Some(row) if self.dialect == Dialect::Emby => change.over(row),
            _ => change,
        };
        let call = self.change(Method::POST, Place::UserData(item), account).json(&change)?;
        Ok(match self.dialect {
            Dialect::Jellyfin => Change::answered(call),
            Dialect::Emby => Change { call: call.any_body(), reads_back: Some(item) },
        })
    }

    /// The request that adds a dated play to a row that does not have it.
    pub(super) fn add_play(
        &self,
        item: u128,
        at: Option<Timestamp>,
        row: &UserData,
        account: &Account,
    ) -> Result<Change, Fault> {
        if let (Dialect::Emby, Some(at)) = (self.dialect, at) {
            let call = self.change(Method::POST, Place::Played(item), account);
            return Ok(Change::answered(call.query("DatePlayed", &at.strftime("%Y%m%d%H%M%S").to_string())));
        }
        let change = UserDataChange {
            played: Some(true),
            play_count: Some(row.play_count.whole().unwrap_or(0).max(1)),
            last_played_date: at.map(|at| format!("{at:.3}").into()),
            playback_position_ticks: Some(0),
            ..UserDataChange::default()
        };
        self.update(item, change, Some(row), account)
    }

    /// Sends a change once and finds out what it left.
    pub(super) async fn carry_out(&self, change: Change, account: &Account) -> Result<Changed, Fault> {
        let answer = self.connection.send(change.call).await?;
        match answer.status.as_u16() {
            404 => return Ok(Changed::Gone),
            // The server is up and stumbles over this very item; the others may go on.
            500 => return Ok(Changed::Stumbled),
            _ => {}
        }
        let answer = answer.success()?;
        let Some(item) = change.reads_back else { return Ok(Changed::To(Box::new(answer.json()?))) };
        // The change was taken; if it cannot be read back, nobody knows what it left.
        match self.row_of(item, account).await {
            Ok(Some(row)) => Ok(Changed::To(Box::new(row))),
            Ok(None) => Ok(Changed::Gone),
            Err(fault) => Err(Fault::InDoubt(fault.to_string().into())),
        }
    }
}
