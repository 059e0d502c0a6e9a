//! How fast an account is asked.
//!
//! Trakt allows 1 000 reads in five minutes and one write a second, for each user of an app. We stay a little below: a
//! quarter of the reads may go at once, the rest at 2.5 a second, and writes 1.05 s apart. Media servers have no limits;
//! two requests at a time leave them free for the people who watch. Addresses on this machine are no public service, so
//! public limits do not hold there.

use std::{net::IpAddr, time::Duration};

use crosswatch_actors::{Pace, Rate};
use crosswatch_settings::{Provider, ProviderKind};

const TRAKT_READS: Rate = Rate { burst: 250, per: Duration::from_millis(400) };
const TRAKT_WRITES: Rate = Rate { burst: 1, per: Duration::from_millis(1050) };
const CONCURRENT: usize = 2;

/// The pace of an account.
pub(crate) fn pace(provider: &Provider) -> Pace {
    let has_public_limits = provider.kind == ProviderKind::Trakt && !is_on_this_machine(provider);
    Pace {
        reads: if has_public_limits { Some(TRAKT_READS) } else { None },
        writes: if has_public_limits { Some(TRAKT_WRITES) } else { None },
        concurrent: CONCURRENT,
    }
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
        check("kind = \"jellyfin\"\nurl = \"http://jellyfin:8096\"\nuser = \"anna\"\ntoken = \"t\"", false);
        check("kind = \"emby\"\nurl = \"https://emby.example.org\"\nuser = \"anna\"\ntoken = \"t\"", false);
        check("kind = \"tracker\"", false);
    }
}
