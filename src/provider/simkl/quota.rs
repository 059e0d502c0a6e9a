//! What a refusal of SIMKL means, and how long it asks to wait.
//!
//! SIMKL names its errors in the body. A `rate_limit` is over after a second, whatever `Retry-After` says, which speaks of the
//! day; a day's limit ends at midnight in New York. A `403` stops the account: SIMKL bans apps and does not take it back.

use std::time::Duration;

use crosswatch_port::{DailyQuota, Fault};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use smol_str::{SmolStr, format_smolstr};

use crate::{day, http::Answer, loose::Scalar};

/// New York with its summer time; no time zone database is needed for it.
const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";
/// Another write of the account is under way for this long at most.
const LOCK_WAIT: Duration = Duration::from_secs(20);

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: Scalar,
}

/// The name of the error in an answer.
pub(super) fn error_of(answer: &Answer) -> SmolStr {
    let body: ErrorBody = serde_json::from_slice(&answer.body).unwrap_or_default();
    body.error.text_or_empty().into()
}

/// How long a `429` really asks to wait; `None` where it does not say which limit was met.
pub(super) fn patience(answer: &Answer) -> Option<Duration> {
    match error_of(answer).as_str() {
        "rate_limit" => Some(Duration::from_secs(1)),
        "user_limit_exceeded" | "app_limit_exceeded" => Some(until_midnight(answer.at)),
        _ => None,
    }
}

/// The fault an answer without success stands for. `link_again` says how to sign in.
pub(super) fn fault_of(answer: &Answer, link_again: &str) -> Fault {
    let (place, error) = (&answer.place, error_of(answer));
    match (answer.status.as_u16(), error.as_str()) {
        (401, _) => Fault::Auth(format_smolstr!("{place} does not accept the token (401); {link_again}")),
        (412, _) => Fault::Auth(format_smolstr!("{place} does not know this app (412); check client_id")),
        (403, "insufficient_scope") => Fault::Auth(read_only(link_again)),
        (403, name) if !name.is_empty() => Fault::Gone(format_smolstr!(
            "{place} refuses this app (403): SIMKL has suspended its client_id or the account; look at the app's page at \
             simkl.com and ask there"
        )),
        (400, "RATE_LIMIT") => Fault::RateLimited {
            after: LOCK_WAIT,
            detail: format_smolstr!("{place}: another write of this account is under way at SIMKL"),
        },
        (429, "user_limit_exceeded" | "app_limit_exceeded") => Fault::RateLimited {
            after: until_midnight(answer.at),
            detail: format_smolstr!("{place}: the requests of the day are used up, all apps of the account together"),
        },
        _ => answer.fault(),
    }
}

/// The token may only read.
pub(super) fn read_only(link_again: &str) -> SmolStr {
    format_smolstr!(
        "SIMKL lets this app read only: allow it media:write in its settings at simkl.com, then {link_again}"
    )
}

/// How many requests come with a membership, and when the next ones come. How many were used is told by nothing.
pub(super) fn requests_of_a_day(membership: Option<&str>, now: Timestamp) -> DailyQuota {
    let limit = match membership {
        Some("vip") => 10_000,
        Some("pro") => 1_000,
        _ => 500,
    };
    DailyQuota { limit, used: None, resets_in: until_midnight(now) }
}

fn until_midnight(now: Timestamp) -> Duration {
    day::until_midnight(now, TimeZone::posix(NEW_YORK).unwrap_or(TimeZone::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_comes_with_requests() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        for (membership, limit) in [(None, 500), (Some("free"), 500), (Some("pro"), 1_000), (Some("vip"), 10_000)] {
            let quota = requests_of_a_day(membership, now);
            assert_eq!((quota.limit, quota.used, quota.resets_in.as_secs()), (limit, None, 17 * 3600));
        }
    }

    #[test]
    fn the_day_ends_at_midnight_in_new_york() {
        for (now, seconds) in
            [("2026-11-22T12:00:00Z", 17 * 3600), ("2026-11-22T04:59:50Z", 10), ("2026-07-01T12:00:00Z", 16 * 3600)]
        {
            assert_eq!(until_midnight(now.parse().unwrap()).as_secs(), seconds, "{now}");
        }
    }
}
