//! When the day of a service ends.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, tz::TimeZone};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long it is until midnight there.
pub(crate) fn until_midnight(now: Timestamp, zone: TimeZone) -> Duration {
    let tomorrow = now.to_zoned(zone.clone()).date().checked_add(1.day());
    let midnight = tomorrow.ok().and_then(|day| day.to_zoned(zone).ok()).map(|midnight| midnight.timestamp());
    let wait = midnight.and_then(|midnight| Duration::try_from(midnight.duration_since(now)).ok());
    wait.unwrap_or(DAY)
}
