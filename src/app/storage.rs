//! Opens the store in the data folder, or tells who has it.

use std::{path::Path, sync::Arc};

use crosswatch_port::Ledger;
use crosswatch_store::{FjallLedger, OpenError, OpenOptions};

use crate::exit::{Exit, Failure};

/// What became of opening the store.
pub(crate) enum Opened {
    /// It is ours until it is dropped.
    Ours(Arc<dyn Ledger>),
    /// Another process has it.
    Locked,
}

/// Opens the store. The folder is made when it is not there.
pub(crate) fn open(folder: &Path) -> Result<Opened, Failure> {
    match FjallLedger::open(folder, OpenOptions::default()) {
        Ok(ledger) => Ok(Opened::Ours(Arc::new(ledger))),
        Err(OpenError::Locked(_)) => Ok(Opened::Locked),
        Err(error) => Err(Failure::storage(error.to_string())),
    }
}

/// Opens the store for a service, which cannot share it.
pub(crate) fn open_alone(folder: &Path) -> Result<Arc<dyn Ledger>, Failure> {
    match open(folder)? {
        Opened::Ours(ledger) => Ok(ledger),
        Opened::Locked => Err(Failure::new(
            Exit::InUse,
            format!(
                "another crosswatch process uses {}; stop it first, or set data.dir to another folder",
                folder.display()
            ),
        )),
    }
}
