//! A measured house: emulated Jellyfin and Trakt of a size, and the release binary over them.

use std::time::SystemTime;

use crosswatch_emulator::{
    EmulatorClock, JellyfinEmulator, JellyfinOptions, JellyfinUser, Library, TraktAccount, TraktEmulator, TraktOptions,
    UserActivity,
};
use jiff::Timestamp;

use crate::served::{Cost, Failure, Served};

/// What one run cost.
pub(crate) struct Measured {
    pub(crate) cost: Cost,
    pub(crate) jellyfin_requests: usize,
    pub(crate) trakt_requests: usize,
}

/// Emulated services and the binary over them.
pub(crate) struct House {
    pub(crate) served: Served,
    jellyfin: JellyfinEmulator,
    trakt: TraktEmulator,
}

impl House {
    /// Starts everything with so many watched items.
    pub(crate) async fn start(size: usize) -> Result<Self, Failure> {
        let clock = EmulatorClock::new(wall_clock);
        let library = if size == 0 { Library::empty() } else { Library::sized(7, size) };
        let activity = UserActivity::everything(7, &library, wall_clock());
        let jellyfin = JellyfinEmulator::start(JellyfinOptions {
            users: vec![JellyfinUser::administrator("anna").with_activity(activity)],
            ..JellyfinOptions::new(clock.clone(), library.clone())
        })?;
        let trakt = TraktEmulator::start(TraktOptions {
            accounts: vec![TraktAccount::new("anna")],
            ..TraktOptions::new(clock, library)
        })?;
        let served = Served::start(&sections(&jellyfin.url(), &trakt.url())).await?;
        Ok(Self { served, jellyfin, trakt })
    }

    /// Runs a pair and measures it.
    pub(crate) async fn run(&self, pair: &str) -> Result<Measured, Failure> {
        self.jellyfin.log().clear();
        self.trakt.log().clear();
        Ok(Measured {
            cost: self.served.run(pair).await?,
            jellyfin_requests: self.jellyfin.log().len(),
            trakt_requests: self.trakt.log().len(),
        })
    }

    /// Runs a pair once to settle it, then measures the second run.
    pub(crate) async fn run_twice(&self, pair: &str) -> Result<Measured, Failure> {
        self.run(pair).await?;
        self.run(pair).await
    }

    /// Anna watches ten films that are new on the server.
    pub(crate) fn watch_ten_more(&self) -> Result<(), Failure> {
        let mut jellyfin = self.jellyfin.state();
        let watched: Vec<_> =
            jellyfin.played("anna").map_err(|_| "no such user")?.into_iter().map(|(item, _)| item).take(10).collect();
        for item in &watched {
            jellyfin.set_unplayed("anna", *item).map_err(|_| "no such item")?;
        }
        drop(jellyfin);
        let mut trakt = self.trakt.state();
        let account = trakt.account_mut("anna").map_err(|_| "no such account")?;
        // The plays of ten items are taken back at both ends, then watched anew at the server.
        let plays: Vec<i64> = account.plays().into_iter().take(10).map(|play| play.event_id).collect();
        for play in plays {
            account.remove_play(play);
        }
        drop(trakt);
        let mut jellyfin = self.jellyfin.state();
        for item in watched {
            jellyfin.set_played("anna", item, wall_clock()).map_err(|_| "no such item")?;
        }
        Ok(())
    }

    /// Stops everything.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        self.served.stop()?;
        self.jellyfin.stop();
        self.trakt.stop();
        Ok(())
    }
}

#[allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn wall_clock() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn sections(jellyfin: &str, trakt: &str) -> String {
    let pair = |source: &str, target: &str| {
        format!(
            "\n[[pair]]\nid = \"{source}-to-{target}\"\nsource = \"{source}\"\ntarget = \"{target}\"\nschedule = \"manual\"\n\
             [pair.history]\n[pair.ratings]\n[pair.watchlist]\n"
        )
    };
    format!(
        "[[provider]]\nid = \"jellyfin\"\nkind = \"jellyfin\"\nurl = \"{jellyfin}\"\ntoken = \"jellyfin-api-key\"\nuser = \"anna\"\n\n\
         [[provider]]\nid = \"trakt\"\nkind = \"trakt\"\nurl = \"{trakt}\"\nauth_url = \"{trakt}\"\nclient_id = \"trakt-client\"\n\
         client_secret = \"trakt-secret\"\naccess_token = \"trakt-access-anna\"\nrefresh_token = \"trakt-refresh-anna\"\n\n\
         [[provider]]\nid = \"ledger\"\nkind = \"tracker\"\n{}{}{}",
        pair("jellyfin", "ledger"),
        pair("jellyfin", "trakt"),
        pair("trakt", "ledger"),
    )
}
