//! In-memory fakes of the ports, for tests and the simulator.

mod memory_ledger;
mod memory_live;
mod memory_snapshots;
mod memory_state;
mod time;

pub use memory_ledger::MemoryLedger;
pub use time::{FixedClock, SeededEntropy};
