//! How fast an account is asked.
//!
//! Trakt allows 1 000 reads in five minutes and one write a second, for each user of an app. We stay a little below: a
//! quarter of the reads may go at once, the rest at 2.5 a second, and writes 1.05 s apart. SIMKL allows ten reads and one
//! write a second, and works on one request of an account at a time. MDBList allows 1 000 reads and 300 writes in any five
//! minutes, for each account: 200 reads and 20 writes may go at once, the rest 0.4 s and 1.1 s apart. Its daily quota is not
//! paced: it is told with the membership, and who has spent it is asked to wait until midnight. Media servers have no
//! limits; two requests at a time leave them free for the people who watch. Behind a Plex account there is also a cloud,
//! which tells no numbers and answers too many questions with 429, and a server that writes to one small database: reads go
//! freely up to a point and then 10 a second, writes 5 a second. Addresses on this machine are no public service, so public
//! limits do not hold there.

use std::{net::IpAddr, time::Duration};

use crosswatch_actors::{Pace, Rate};
use crosswatch_settings::{Provider, ProviderKind};

const TRAKT_READS: Rate = Rate { burst: 250, per: Duration::from_millis(400) };
const TRAKT_WRITES: Rate = Rate { burst: 1, per: Duration::from_millis(1050) };
const MDBLIST_READS: Rate = Rate { burst: 200, per: Duration::from_millis(400) };
const MDBLIST_WRITES: Rate = Rate { burst: 20, per: Duration::from_millis(1100) };
const SIMKL_READS: Rate = Rate { burst: 5, per: Duration::from_millis(125) };
const SIMKL_WRITES: Rate = Rate { burst: 1, per: Duration::from_millis(1050) };
const PLEX_READS: Rate = Rate { burst: 200, per: Duration::from_millis(100) };
const PLEX_WRITES: Rate = Rate { burst: 5, per: Duration::from_millis(200) };
const CONCURRENT: usize = 2;

/// The pace of an account.
pub(crate) fn pace(provider: &Provider) -> Pace {
    let limits = match provider.kind {
        _ if is_on_this_machine(provider) => None,
        ProviderKind::Trakt => Some((TRAKT_READS, TRAKT_WRITES)),
        ProviderKind::Simkl => Some((SIMKL_READS, SIMKL_WRITES)),
        ProviderKind::Mdblist => Some((MDBLIST_READS, MDBLIST_WRITES)),
        ProviderKind::Plex => Some((PLEX_READS, PLEX_WRITES)),
        _ => None,
    };
    let (reads, writes) = limits.unzip();
    Pace { reads, writes, concurrent: CONCURRENT }
}

fn is_on_this_machine(provider: &Provider) -> bool {
    let public_part = if provider.kind == ProviderKind::Plex { &provider.discover_url } else { &provider.url };
    let Some(url) = public_part else { return true };
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
    fn only_public_services_are_paced() {
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
        check("kind = \"plex\"\nurl = \"http://plex:32400\"", true);
        check("kind = \"plex\"\nurl = \"http://127.0.0.1:9\"", true);
        let emulated = "kind = \"plex\"\nurl = \"http://127.0.0.1:9\"\ndiscover_url = \"http://127.0.0.1:8\"";
        check(emulated, false);
        check("kind = \"emby\"\nurl = \"https://emby.example.org\"\nuser = \"anna\"\ntoken = \"t\"", false);
        check("kind = \"tracker\"", false);
    }
}
