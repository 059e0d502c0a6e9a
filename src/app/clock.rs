//! The machine's own time and chance.
//!
//! The only place in the product that asks the machine for either; everything else is given a [`Clock`] and an
//! [`Entropy`], so that tests can hold both still.

use std::time::Duration;

use crosswatch_port::{Clock, Entropy, LocalFuture};
use jiff::{Timestamp, tz::TimeZone};

use crate::exit::{Exit, Failure};

/// Wall time, and the zone that the machine is set to (`TZ`, `/etc/localtime`).
#[derive(Debug, Clone)]
pub(crate) struct MachineClock {
    zone: TimeZone,
}

impl MachineClock {
    /// The machine's clock. The zone is read once.
    pub(crate) fn new() -> Self {
        Self { zone: TimeZone::system() }
    }
}

/// Wall time now.
#[allow(clippy::disallowed_methods, reason = "this is where the machine's time enters the product")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        now()
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn zone(&self) -> TimeZone {
        self.zone.clone()
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MachineEntropy(());

impl MachineEntropy {
    /// Makes sure that the system hands out randomness before anything relies on it.
    pub(crate) fn new() -> Result<Self, Failure> {
        random_bytes::<8>().map(|_| Self(()))
    }

    /// 128 random bits.
    pub(crate) fn next_u128(self) -> u128 {
        u128::from(self.next_u64()) << 64 | u128::from(self.next_u64())
    }
}

impl Entropy for MachineEntropy {
    fn next_u64(&self) -> u64 {
        getrandom::u64().unwrap_or_else(|error| {
            tracing::error!(
                "the system stopped handing out random numbers ({error}); nothing safe can go on without them"
            );
            std::process::exit(i32::from(Exit::StorageFailed as u8))
        })
    }
}

/// Random bytes, good enough for keys.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Failure::failed(format!("the system hands out no random numbers: {error}"))),
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_time_and_chance() {
        let clock = MachineClock::new();
        let first = clock.now();
        assert!(clock.now() >= first);
        let entropy = MachineEntropy::new().unwrap();
        assert_ne!(entropy.next_u128(), entropy.next_u128());
        assert_ne!(random_bytes::<32>().unwrap(), random_bytes::<32>().unwrap());
        assert_eq!(hex(&[0x00, 0x0f, 0xa5]), "000fa5");
    }
}
