//! The last complete reads in the place of new ones: no account is asked anything.
//!
//! Promises: a read that is not kept is said and never taken for an empty one; reads of another account than the last one
//! are none. Deliberately absent: how old a read may be; it says when it was taken.

use crosswatch_model::{Feature, ProviderId, Side};
use crosswatch_plan::{Read, Seen};
use crosswatch_port::{Ledger, ReadingHead, Stamps, StorageFailure};
use smol_str::{SmolStr, format_smolstr};

use super::{
    collect::SideAccount,
    journey::{Journey, Stop},
};
use crate::provider::AccountDoor;

/// The kind of the error of a job that finds no reads to plan from.
const NO_READS: &str = "no-reads";

/// The account of a side as it was read last.
pub(super) async fn account(journey: &Journey, side: Side) -> Result<SideAccount, Stop> {
    let door = journey.door(side);
    let capabilities = match door.observe().await {
        Ok(state) => state.capabilities,
        Err(fault) => {
            return Err(Stop::Account { kind: NO_READS, detail: format_smolstr!("{}: {fault}", door.id()) });
        }
    };
    let (account, features) = (door.id().clone(), journey.features());
    let newest = move |ledger: &dyn Ledger| {
        let mut newest: Option<ReadingHead> = None;
        for feature in features.iter() {
            let head = ledger.reading_head(&account, feature)?.filter(|head| head.keeps_rows);
            newest = newest.into_iter().chain(head).max_by_key(|head| head.taken_at);
        }
        Ok(newest)
    };
    let fingerprint = journey.directory.store().query(newest).await?.map(|head| account_of(&head).into());
    Ok(SideAccount {
        capabilities,
        fingerprint: fingerprint.unwrap_or_default(),
        user: SmolStr::default(),
        read_as: SmolStr::default(),
        stamps: Stamps::default(),
        error: None,
    })
}

/// The account that was read; behind it stands what was known then.
fn account_of(head: &ReadingHead) -> &str {
    head.fingerprint.rsplit_once('|').map_or(head.fingerprint.as_str(), |(account, _)| account)
}

/// The head, where its rows are kept and are of this account.
pub(super) fn of_account(head: Option<ReadingHead>, side: &SideAccount) -> Option<ReadingHead> {
    head.filter(|head| head.keeps_rows && account_of(head) == side.fingerprint)
}

/// The read that stands for a new one.
pub(super) fn read(head: &ReadingHead, rows: Vec<Seen>) -> Read {
    let proof =
        format_smolstr!("{} items of the complete read of {}; nothing was asked now", rows.len(), head.taken_at);
    Read::unchanged(rows, proof)
}

pub(super) fn missing(door: &AccountDoor, feature: Feature) -> Stop {
    Stop::Account { kind: NO_READS, detail: sentence(door.id(), feature) }
}

fn sentence(account: &ProviderId, feature: Feature) -> SmolStr {
    format_smolstr!("no complete read of {feature} at {account} is kept; run the pair once, then ask again")
}

/// What is missing before other settings can be looked at, told for people; `None` where everything is kept.
pub fn missing_read(
    ledger: &dyn Ledger,
    reads: impl IntoIterator<Item = (ProviderId, Feature)>,
) -> Result<Option<SmolStr>, StorageFailure> {
    for (account, feature) in reads {
        if ledger.reading_head(&account, feature)?.is_none_or(|head| !head.keeps_rows) {
            return Ok(Some(sentence(&account, feature)));
        }
    }
    Ok(None)
}
