//! Accounts: which adapter a configured account gets.

use std::rc::Rc;

use crosswatch_actors::{AccountBlueprint, AccountPorts, BuildAdapter};
use crosswatch_port::{Fault, Provider as Adapter};
use crosswatch_provider::{
    LibraryFilter, Ports, ServerCredentials, ServerOptions, WatchlistShelf, emby, jellyfin,
    mdblist::{self, MdblistOptions},
    plex::{self, PlexOptions},
    simkl::{self, SimklOptions},
    tracker,
    trakt::{self, TraktOptions},
};
use crosswatch_settings::{BaseUrl, Filter, Provider, ProviderKind, Secret, Shelf};
use secrecy::SecretString;
use smol_str::{SmolStr, format_smolstr};

use crate::wiring::{pace::pace, unusable::Unusable};

/// The blueprint of an account.
pub(crate) fn account(provider: &Provider) -> AccountBlueprint {
    AccountBlueprint { id: provider.id.clone(), pace: pace(provider), build: adapter(provider.clone()) }
}

/// Builds the adapter, now and after every crash of the account's actor.
fn adapter(provider: Provider) -> BuildAdapter {
    Rc::new(move |ports: &AccountPorts| {
        open(&provider, ports).unwrap_or_else(|fault| {
            tracing::error!("provider[{}]: {fault}", provider.id);
            Rc::new(Unusable(fault))
        })
    })
}

fn open(provider: &Provider, ports: &AccountPorts) -> Result<Rc<dyn Adapter>, Fault> {
    let adapter_ports = Ports {
        clock: ports.clock.clone(),
        entropy: ports.entropy.clone(),
        budget: Rc::clone(&ports.budget),
        vault: Rc::clone(&ports.vault),
        cache: Rc::clone(&ports.cache),
    };
    match provider.kind {
        ProviderKind::Jellyfin => jellyfin::open(server_options(provider)?, adapter_ports),
        ProviderKind::Emby => emby::open(server_options(provider)?, adapter_ports),
        ProviderKind::Plex => plex::open(plex_options(provider)?, adapter_ports),
        ProviderKind::Simkl => simkl::open(&simkl_options(provider)?, adapter_ports),
        ProviderKind::Trakt => trakt::open(&trakt_options(provider)?, adapter_ports),
        ProviderKind::Mdblist => mdblist::open(&mdblist_options(provider)?, adapter_ports),
        ProviderKind::Tracker => Ok(tracker::open(provider.id.clone(), Rc::clone(&ports.shelf))),
    }
}

/// Jellyfin and Emby take the same keys. Only Jellyfin gives out codes to sign in with.
fn server_options(provider: &Provider) -> Result<ServerOptions, Fault> {
    let credentials = match (&provider.token, &provider.password) {
        (Some(token), _) => ServerCredentials::Token(secret(token)),
        (None, Some(password)) => ServerCredentials::Password(secret(password)),
        (None, None) if provider.kind == ProviderKind::Jellyfin => ServerCredentials::Code,
        (None, None) => return Err(missing("token", "write an API key or a token, or the user's password")),
    };
    let user = provider.user.as_ref().ok_or_else(|| missing("user", "write whose state this is"))?;
    Ok(ServerOptions {
        url: url(provider.url.as_ref())?,
        credentials,
        user: user.into(),
        libraries: libraries(&provider.libraries),
        watchlist: watchlist(provider.watchlist.as_ref()),
        verify_tls: provider.verify_tls,
        device_id: format_smolstr!("crosswatch-{}", provider.id),
    })
}

fn plex_options(provider: &Provider) -> Result<PlexOptions, Fault> {
    Ok(PlexOptions {
        account: provider.id.as_str().into(),
        url: url(provider.url.as_ref())?,
        plextv_url: url(provider.plextv_url.as_ref())?,
        discover_url: url(provider.discover_url.as_ref())?,
        metadata_url: url(provider.metadata_url.as_ref())?,
        token: provider.token.as_ref().map(secret),
        user: provider.user.as_ref().map(Into::into),
        libraries: libraries(&provider.libraries),
        verify_tls: provider.verify_tls,
        device_id: format_smolstr!("crosswatch-{}", provider.id),
    })
}

fn trakt_options(provider: &Provider) -> Result<TraktOptions, Fault> {
    let client_id =
        provider.client_id.as_ref().ok_or_else(|| missing("client_id", "write the id of your Trakt app"))?;
    Ok(TraktOptions {
        account: provider.id.as_str().into(),
        url: url(provider.url.as_ref())?,
        auth_url: url(provider.auth_url.as_ref())?,
        client_id: client_id.expose().into(),
        client_secret: provider.client_secret.as_ref().map(secret),
        access_token: provider.access_token.as_ref().map(secret),
        refresh_token: provider.refresh_token.as_ref().map(secret),
        verify_tls: provider.verify_tls,
    })
}

/// The key may be missing where an app is there to sign in with; the adapter says what to do without either.
fn mdblist_options(provider: &Provider) -> Result<MdblistOptions, Fault> {
    Ok(MdblistOptions {
        account: provider.id.as_str().into(),
        url: url(provider.url.as_ref())?,
        api_key: provider.token.as_ref().map(secret),
        client_id: provider.client_id.as_ref().map(|client_id| client_id.expose().into()),
        verify_tls: provider.verify_tls,
    })
}

fn simkl_options(provider: &Provider) -> Result<SimklOptions, Fault> {
    let client_id =
        provider.client_id.as_ref().ok_or_else(|| missing("client_id", "write the id of your SIMKL app"))?;
    Ok(SimklOptions {
        account: provider.id.as_str().into(),
        url: url(provider.url.as_ref())?,
        client_id: client_id.expose().into(),
        client_secret: provider.client_secret.as_ref().map(secret),
        access_token: provider.access_token.as_ref().map(secret),
        refresh_token: provider.refresh_token.as_ref().map(secret),
        verify_tls: provider.verify_tls,
    })
}

fn url(url: Option<&BaseUrl>) -> Result<String, Fault> {
    url.map(ToString::to_string).ok_or_else(|| missing("url", "write the address of the server"))
}

fn secret(secret: &Secret) -> SecretString {
    secret.as_secret().clone()
}

fn missing(key: &str, advice: &str) -> Fault {
    Fault::Rejected(format_smolstr!("{key} is missing; {advice}"))
}

fn libraries(filter: &Filter) -> LibraryFilter {
    let names = |names: &[String]| names.iter().map(SmolStr::from).collect();
    match filter {
        Filter::All => LibraryFilter::All,
        Filter::Only(only) => LibraryFilter::Only(names(only)),
        Filter::Except(except) => LibraryFilter::Except(names(except)),
    }
}

fn watchlist(shelf: Option<&Shelf>) -> WatchlistShelf {
    match shelf {
        None | Some(Shelf::Favorites) => WatchlistShelf::Favourites,
        Some(Shelf::Playlist(name)) => WatchlistShelf::Playlist(name.into()),
        Some(Shelf::Collection(name)) => WatchlistShelf::Collection(name.into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::wiring::tests_support::settings;

    use super::*;

    fn provider(keys: &str) -> Provider {
        settings(&format!("[[provider]]\nid = \"a\"\n{keys}")).providers.remove(0)
    }

    const JELLYFIN: &str = "kind = \"jellyfin\"\nurl = \"http://jellyfin:8096/\"\nuser = \"anna\"\n";

    #[test]
    fn a_jellyfin_account_carries_what_was_written() {
        let options = server_options(&provider(&format!(
            "{JELLYFIN}token = \"t\"\nlibraries = {{ except = [\"Kids\"] }}\nverify_tls = false\n"
        )))
        .unwrap();
        assert_eq!((options.url.as_str(), options.user.as_str()), ("http://jellyfin:8096", "anna"));
        assert_eq!(options.libraries, LibraryFilter::Except(vec!["Kids".into()]));
        assert_eq!(options.device_id, "crosswatch-a");
        assert!(!options.verify_tls && matches!(options.credentials, ServerCredentials::Token(_)));
        let options = server_options(&provider(&format!("{JELLYFIN}password = \"p\"\n"))).unwrap();
        assert!(matches!(options.credentials, ServerCredentials::Password(_)));
        assert_eq!(options.watchlist, WatchlistShelf::Favourites);
        let options = server_options(&provider(JELLYFIN)).unwrap();
        assert!(matches!(options.credentials, ServerCredentials::Code));
    }

    #[test]
    fn an_emby_account_carries_the_same_and_its_watchlist() {
        const EMBY: &str = "kind = \"emby\"\nurl = \"http://emby:8096\"\nuser = \"anna\"\ntoken = \"t\"\n";
        for (shelf, expected) in [
            ("watchlist = \"favorites\"", WatchlistShelf::Favourites),
            ("watchlist = { playlist = \"Later\" }", WatchlistShelf::Playlist("Later".into())),
            ("watchlist = { collection = \"Shelf\" }", WatchlistShelf::Collection("Shelf".into())),
        ] {
            let options = server_options(&provider(&format!("{EMBY}{shelf}\n"))).unwrap();
            assert_eq!((options.watchlist, options.url.as_str()), (expected, "http://emby:8096"));
        }
    }

    #[test]
    fn a_simkl_account_is_at_the_public_address_unless_told() {
        let options = simkl_options(&provider("kind = \"simkl\"\nclient_id = \"c\"\naccess_token = \"a\"\n")).unwrap();
        assert_eq!((options.url.as_str(), options.account.as_str()), ("https://api.simkl.com", "a"));
        assert_eq!(options.client_id, "c");
        assert!(options.access_token.is_some() && options.client_secret.is_none() && options.verify_tls);
    }

    #[test]
    fn a_plex_account_is_at_the_public_cloud_unless_told_and_may_have_no_token_yet() {
        let keys = "kind = \"plex\"\nurl = \"http://plex:32400\"\n";
        let options = plex_options(&provider(keys)).unwrap();
        assert_eq!((options.account.as_str(), options.device_id.as_str()), ("a", "crosswatch-a"));
        assert_eq!((options.url.as_str(), options.plextv_url.as_str()), ("http://plex:32400", "https://plex.tv"));
        assert_eq!(options.discover_url, "https://discover.provider.plex.tv");
        assert_eq!(options.metadata_url, "https://metadata.provider.plex.tv");
        assert!(options.token.is_none() && options.user.is_none() && options.verify_tls);
        let keys = format!("{keys}token = \"t\"\nuser = \"anna\"\nplextv_url = \"http://127.0.0.1:7\"\n");
        let options = plex_options(&provider(&keys)).unwrap();
        assert_eq!((options.user.as_deref(), options.plextv_url.as_str()), (Some("anna"), "http://127.0.0.1:7"));
        assert!(options.token.is_some());
    }

    #[test]
    fn a_trakt_account_is_at_the_public_address_unless_told() {
        let options = trakt_options(&provider("kind = \"trakt\"\nclient_id = \"c\"\naccess_token = \"a\"\n")).unwrap();
        assert_eq!(
            (options.url.as_str(), options.auth_url.as_str()),
            ("https://api.trakt.tv", "https://auth.trakt.tv")
        );
        assert_eq!(options.client_id, "c");
        assert!(options.access_token.is_some() && options.client_secret.is_none() && options.verify_tls);
    }

    #[test]
    fn an_mdblist_account_is_let_in_by_its_key() {
        let options = mdblist_options(&provider("kind = \"mdblist\"\ntoken = \"k\"\n")).unwrap();
        assert_eq!((options.account.as_str(), options.url.as_str()), ("a", "https://api.mdblist.com"));
        assert!(options.api_key.is_some() && options.client_id.is_none() && options.verify_tls);
        let options = mdblist_options(&provider("kind = \"mdblist\"\ntoken = \"k\"\nclient_id = \"c\"\n")).unwrap();
        assert_eq!(options.client_id.as_deref(), Some("c"));
    }
}
