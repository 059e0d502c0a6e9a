//! In-memory fakes of the ports, for tests and the simulator.

mod time;

pub use time::{FixedClock, SeededEntropy};
