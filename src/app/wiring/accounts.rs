//! Accounts: which adapter a configured account gets.

use std::rc::Rc;

use crosswatch_actors::{AccountBlueprint, AccountPorts, BuildAdapter};
use crosswatch_port::{Fault, Provider as Adapter};
use crosswatch_provider::{
    LibraryFilter, Ports,
    jellyfin::{self, JellyfinCredentials, JellyfinOptions},
    tracker,
    trakt::{self, TraktOptions},
};
use crosswatch_settings::{BaseUrl, Filter, Provider, ProviderKind, Secret};
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
        ProviderKind::Jellyfin => jellyfin::open(jellyfin_options(provider)?, adapter_ports),
        ProviderKind::Trakt => trakt::open(&trakt_options(provider)?, adapter_ports),
        ProviderKind::Tracker => Ok(tracker::open(provider.id.clone(), Rc::clone(&ports.shelf))),
        kind => Err(Fault::Rejected(format_smolstr!("this version has no adapter for {kind}"))),
    }
}

fn jellyfin_options(provider: &Provider) -> Result<JellyfinOptions, Fault> {
    let credentials = match (&provider.token, &provider.password) {
        (Some(token), _) => JellyfinCredentials::Token(secret(token)),
        (None, Some(password)) => JellyfinCredentials::Password(secret(password)),
        (None, None) => return Err(missing("token", "write a token, or the user's password")),
    };
    let user = provider.user.as_ref().ok_or_else(|| missing("user", "write whose state this is"))?;
    Ok(JellyfinOptions {
        url: url(provider.url.as_ref())?,
        credentials,
        user: user.into(),
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
        let options = jellyfin_options(&provider(&format!(
            "{JELLYFIN}token = \"t\"\nlibraries = {{ except = [\"Kids\"] }}\nverify_tls = false\n"
        )))
        .unwrap();
        assert_eq!((options.url.as_str(), options.user.as_str()), ("http://jellyfin:8096", "anna"));
        assert_eq!(options.libraries, LibraryFilter::Except(vec!["Kids".into()]));
        assert_eq!(options.device_id, "crosswatch-a");
        assert!(!options.verify_tls && matches!(options.credentials, JellyfinCredentials::Token(_)));
        let options = jellyfin_options(&provider(&format!("{JELLYFIN}password = \"p\"\n"))).unwrap();
        assert!(matches!(options.credentials, JellyfinCredentials::Password(_)));
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
}
