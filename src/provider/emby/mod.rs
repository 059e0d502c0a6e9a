//! Emby 4.7 and later, as source and target.
//!
//! What it costs:
//!
//! - An unchanged run reads everything anew: two requests to find out who we are (three with an API key), then per feature
//!   one page of 1 000 for the series and one for every 1 000 rows. History of 800 plays is two requests, a first read of
//!   50 000 plays is fifty and those for the series. The server has a parameter for what changed in a user's state, but
//!   nobody outside knows what exactly moves it, so it is not trusted with telling that nothing did.
//! - A dated play is two requests: the row is looked at, because the call that marks as played counts a play each time.
//!   A rating, a resume point and a play without a date are three: the row is read, written whole, and read back, because
//!   the server may lose what is left out and answers with nothing. A favourite is one. The library is listed before the
//!   first write, 1 000 items per request; after that, and after a restart, two requests bring the list up to date.
//!
//! What it cannot do: tell single plays apart (there is one row per title, with the date of the last play), keep the date
//! of a rating or of a mark, hold a series on a playlist, and give out a code to sign in with: it takes an API key, a token
//! or the password. The server knows no watchlist: favourites, a playlist or a collection stand in for one.
//! Deliberately absent: what the event socket says about rows that were not played, and Emby Connect.

use std::rc::Rc;

use crosswatch_port::{Fault, Provider};

use crate::{
    mediabrowser::{self, Dialect, ServerOptions},
    ports::Ports,
};

/// Prepares an account. Nothing is sent yet.
pub fn open(options: ServerOptions, ports: Ports) -> Result<Rc<dyn Provider>, Fault> {
    mediabrowser::open(Dialect::Emby, options, ports)
}

#[cfg(test)]
mod tests;
