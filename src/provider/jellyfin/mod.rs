//! Jellyfin 10.9 and later, as source and target.
//!
//! What it costs:
//!
//! - An unchanged run reads everything anew, because no call of the server tells what changed: two requests to find out
//!   who we are (three with an API key), then per feature one page of 1 000 for the series and one for every 1 000 rows. History of 800 plays is
//!   two requests, a first read of 50 000 plays is fifty and those for the series.
//! - A write is one request, of a play two: the row is looked at first. Before the first write the library is listed once,
//!   1 000 items per request; after that, and after a restart, two requests bring the list up to date.
//!
//! What it cannot do: tell single plays apart (there is one row per title, with the date of the last play), keep the date
//! of a rating or of a mark, and hold a series on a playlist. The server knows no watchlist: favourites, a playlist or a
//! collection stand in for one. Signing in works with an API key, a token, the password, or a code (Quick Connect).
//! Deliberately absent: what the event socket says about rows that were not played.

use std::rc::Rc;

use crosswatch_port::{Fault, Provider};

use crate::{
    mediabrowser::{self, Dialect, ServerOptions},
    ports::Ports,
};

/// Prepares an account. Nothing is sent yet.
pub fn open(options: ServerOptions, ports: Ports) -> Result<Rc<dyn Provider>, Fault> {
    mediabrowser::open(Dialect::Jellyfin, options, ports)
}

#[cfg(test)]
mod lists_and_codes;
#[cfg(test)]
mod tests;
