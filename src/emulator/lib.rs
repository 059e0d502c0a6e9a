//! Faithful in-process fakes of media servers and trackers, over real HTTP on loopback.
//!
//! An emulator keeps state, follows the service's documented and observed rules, and has its traps: it is a witness that
//! shares no code with the adapters it is used to check. Every emulator has the same four sides: an address to talk to,
//! the [state](Emulator::state) to arrange and inspect, [faults](Faults) to switch on, and a [log](RequestLog) of what
//! was asked. The same [`Library`] can stand behind several of them, so that a film is the same film everywhere.
//!
//! Time comes from an [`EmulatorClock`]; chance from seeds. Deliberately absent: persistence, TLS, and any service whose
//! behaviour is not known well enough to imitate.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod activity;
mod chance;
mod clock;
pub mod emby;
mod faults;
mod generate;
mod instant;
pub mod jellyfin;
mod kind;
mod library;
pub mod mdblist;
mod mediabrowser;
pub mod plex;
mod reply;
mod request;
mod request_log;
mod server;
pub mod simkl;
mod socket;
pub mod trakt;
mod words;

pub use activity::{GivenRating, Marked, ResumePoint, UserActivity, WatchedOnce};
pub use clock::{EmulatorClock, ManualClock};
pub use emby::{EmbyEmulator, EmbyOptions, EmbyUser};
pub use faults::{FaultKind, FaultRule, Faults};
pub use generate::SHARED_TMDB;
pub use jellyfin::{JellyfinEmulator, JellyfinOptions, JellyfinUser};
pub use library::{Episode, ExternalIds, Library, LibraryItem, Movie, Season, Show};
pub use mdblist::{MdblistAccount, MdblistEmulator, MdblistOptions};
pub use plex::{PlexEmulator, PlexOptions, PlexUser};
pub use request_log::{LoggedRequest, RequestLog};
pub use server::Emulator;
pub use simkl::{SimklAccount, SimklEmulator, SimklOptions};
pub use trakt::{TraktAccount, TraktEmulator, TraktOptions};
