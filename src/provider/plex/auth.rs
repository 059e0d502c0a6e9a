//! The token of one Plex account: from the configuration, or from a sign-in with a PIN.
//!
//! What a sign-in handed out is kept in the vault beside the token that the configuration had then, and counts until the
//! configuration names another one: whoever writes a new token into the file means it.

use std::cell::RefCell;

use crosswatch_port::{Fault, Vault};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// The name of the token in the vault.
const SECRET_NAME: &str = "token";

/// A token as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    /// The token of the configuration at the time.
    beside: Option<String>,
}

/// Where the account's own token comes from.
pub(super) struct Tokens {
    account: SmolStr,
    configured: Option<String>,
    held: RefCell<Option<SecretString>>,
}

impl Tokens {
    pub(super) fn new(account: &SmolStr, configured: Option<&SecretString>) -> Self {
        let configured = configured.map(|token| token.expose_secret().trim().to_owned());
        Self { account: account.clone(), configured, held: RefCell::default() }
    }

    /// The token to use.
    pub(super) async fn own(&self, vault: &dyn Vault) -> Result<SecretString, Fault> {
        if let Some(token) = self.held.borrow().clone() {
            return Ok(token);
        }
        let signed_in = match vault.load(SECRET_NAME).await? {
            Some(text) => serde_json::from_str::<Kept>(text.expose_secret())
                .ok()
                .filter(|kept| kept.beside == self.configured)
                .map(|kept| kept.token),
            None => None,
        };
        let token = signed_in.or_else(|| self.configured.clone()).map(SecretString::from);
        let token = token.ok_or_else(|| {
            Fault::Auth(format_smolstr!("Plex is not linked yet; run `crosswatch auth {}`", self.account))
        })?;
        self.held.replace(Some(token.clone()));
        Ok(token)
    }

    /// Keeps what a sign-in handed out, and uses it once that is done.
    pub(super) async fn keep(&self, token: &str, vault: &dyn Vault) -> Result<(), Fault> {
        let kept = Kept { token: token.to_owned(), beside: self.configured.clone() };
        let text = serde_json::to_string(&kept)
            .map_err(|error| Fault::Rejected(format_smolstr!("a token could not be written down: {error}")))?;
        vault.save(SECRET_NAME, text.into()).await?;
        self.held.replace(Some(token.to_owned().into()));
        Ok(())
    }

    /// What a person has to do when the token is no longer good.
    pub(super) fn refused(&self, place: &str) -> Fault {
        Fault::Auth(format_smolstr!(
            "{place} does not accept the token (401); run `crosswatch auth {}`, or write a new one into `token`",
            self.account
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{House, run};

    fn token(configured: Option<&str>) -> Option<SecretString> {
        configured.map(|text| SecretString::from(text.to_owned()))
    }

    #[test]
    fn a_sign_in_counts_until_the_configuration_names_another_token() {
        run(async {
            let house = House::new();
            let own = |configured: Option<&'static str>| {
                let tokens = Tokens::new(&"home".into(), token(configured).as_ref());
                let vault = house.vault.clone();
                async move { tokens.own(&*vault).await.map(|token| token.expose_secret().to_owned()) }
            };
            let fault = own(None).await.unwrap_err();
            assert!(matches!(&fault, Fault::Auth(text) if text.contains("crosswatch auth home")), "{fault:?}");
            assert_eq!(own(Some("first")).await.unwrap(), "first");
            let tokens = Tokens::new(&"home".into(), token(Some("first")).as_ref());
            tokens.keep("signed-in", &*house.vault).await.unwrap();
            assert_eq!(own(Some("first")).await.unwrap(), "signed-in");
            assert_eq!(own(Some("second")).await.unwrap(), "second");
        });
    }

    #[test]
    fn a_token_that_could_not_be_kept_is_not_used() {
        run(async {
            let house = House::new();
            house.vault.refuses.set(true);
            let tokens = Tokens::new(&"home".into(), token(Some("first")).as_ref());
            assert!(tokens.keep("signed-in", &*house.vault).await.is_err());
            assert_eq!(tokens.own(&*house.vault).await.unwrap().expose_secret(), "first");
        });
    }
}
