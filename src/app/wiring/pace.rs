//! How fast an account is asked.
//!
//! Trakt allows 1 000 reads in five minutes and one write a second, for each user of an app. We stay a little below: a
//! quarter of the reads may go at once, the rest at 2.5 a second, and writes 1.05 s apart. SIMKL allows ten reads and one
//! write a second, and works on one request of an account at a time. MDBList allows 1 000 reads and 300 writes in any five
//! minutes, for each account: 200 reads and 20 writes may go at once, the rest 0.4 s and 1.1 s apart. Its daily quota is not
//! paced: it is told with the membership, and who has spent it is asked to wait until midnight. Media servers have no
//! limits; two requests at a time leave them free for the people who watch. Addresses on this machine are no public service,
//! so public limits do not hold there.

use std::{net::IpAddr, time::Duration};

use crosswatch_actors::{Pace, Rate};
use crosswatch_settings::{Provider, ProviderKind};

const TRAKT_READS: Rate = Rate { burst: 250, per: Duration::from_millis(400) };
const TRAKT_WRITES: Rate = Rate { burst: 1, per: Duration::from_millis(1050) };
const MDBLIST_READS: Rate = Rate { burst: 200, per: Duration::from_millis(400) };
const MDBLIST_WRITES: Rate = Rate { burst: 20, per: Duration::from_millis(1100) };
const SIMKL_READS: Rate = Rate { burst: 5, per: Duration::from_millis(125) };
const SIMKL_WRITES: Rate = Rate { burst: 1, per: Duration::from_millis(1050) };
const CONCURRENT: usize = 2;

/// The pace of an account.
pub(crate) fn pace(provider: &Provider) -> Pace {
    let limits = match provider.kind {
        _ if is_on_this_machine(provider) => None,
        ProviderKind::Trakt => Some((TRAKT_READS, TRAKT_WRITES)),
        ProviderKind::Simkl => Some((SIMKL_READS, SIMKL_WRITES)),
        ProviderKind::Mdblist => Some((MDBLIST_READS, MDBLIST_WRITES)),
        _ => None,
    };
    let (reads, writes) = limits.unzip();
    Pace { reads, writes, concurrent: CONCURRENT }
}

fn is_on_this_machine(provider: &Provider) -> bool {
    let Some(url) = &provider.url else { return true };
    match url.host().parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => url.host() == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use crate::wiring::tests_support::settings;

    use super::*;

    fn check(kind_and_keys: &str, is_limited: bool) {
        let settings = settings(&format!("[[provider]]\nid = \"a\"\n{kind_and_keys}"));
        let pace = pace(settings.providers.first().unwrap());
        assert_eq!((pace.reads.is_some(), pace.writes.is_some()), (is_limited, is_limited), "{kind_and_keys}");
        assert_eq!(pace.concurrent, 2);
    }

    #[test]
    fn only_public_trackers_are_paced() {
        check("kind = \"trakt\"\nclient_id = \"x\"", true);
        check("kind = \"trakt\"\nclient_id = \"x\"\nurl = \"https://proxy.example.org\"", true);
        check("kind = \"trakt\"\nclient_id = \"x\"\nurl = \"http://127.0.0.1:9\"", false);
        check("kind = \"trakt\"\nclient_id = \"x\"\nurl = \"http://[::1]:9\"", false);
        check("kind = \"trakt\"\nclient_id = \"x\"\nurl = \"http://localhost:9\"", false);
        check("kind = \"mdblist\"\ntoken = \"x\"", true);
        check("kind = \"mdblist\"\ntoken = \"x\"\nurl = \"http://127.0.0.1:9\"", false);
        check("kind = \"simkl\"\nclient_id = \"x\"", true);
        check("kind = \"simkl\"\nclient_id = \"x\"\nurl = \"http://127.0.0.1:9\"", false);
        check("kind = \"jellyfin\"\nurl = \"http://jellyfin:8096\"\nuser = \"anna\"\ntoken = \"t\"", false);
        check("kind = \"tracker\"", false);
    }
}
