//! `crosswatch auth ACCOUNT`: signs in to an account with a code that a person enters on the service's own page.
//!
//! The service asks for the end by itself; this command only looks. With a running service it may be left at any time.

use std::{sync::Arc, time::Duration};

use crosswatch_settings::{Provider, Settings};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    cli::AuthArguments,
    client::{Api, ApiFailure},
    exit::{Exit, Failure},
    output::{self, progress::Progress, style::Style, table::harmless},
    session::Session,
};

/// How often the sign-in is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So many looks in a row may fail: a service that is busy, or being restarted.
const FAILED_LOOKS_MAX: u32 = 6;

/// A sign-in, as far as this command reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct SignIn {
    state: String,
    verification_url: Option<String>,
    user_code: Option<String>,
    sentence: String,
}

impl SignIn {
    fn is_over(&self) -> bool {
        self.state != "waiting"
    }

    fn exit(&self) -> Exit {
        if self.state == "done" { Exit::Done } else { Exit::Failed }
    }
}

/// Begins, shows the page and the code, and waits for the end.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &AuthArguments) -> Result<Exit, Failure> {
    let account = account(settings, &arguments.account)?;
    let path = format!("/api/v1/providers/{}/auth", account.id);
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let api = session.api();
            let answer = api.post(&path, &json!({})).await.map_err(not_begun)?;
            let begun: SignIn = api.read(answer.clone())?;
            if arguments.json {
                output::say(&answer.to_string())?;
            } else {
                output::say_text(&invitation(&begun, Style::of_stdout()))?;
            }
            let (answer, over) = to_its_end(api, &path, account.id.as_str()).await?;
            if arguments.json {
                output::say(&answer.to_string())?;
            } else {
                output::say(&harmless(&over.sentence))?;
            }
            Ok(over.exit())
        })
        .await
}

fn not_begun(failure: ApiFailure) -> Failure {
    if failure.kind == "unknown-provider" {
        return Failure::failed("the running service does not know this account; restart it to load the configuration");
    }
    failure.into()
}

fn account<'a>(settings: &'a Settings, name: &str) -> Result<&'a Provider, Failure> {
    settings.providers.iter().find(|provider| provider.id.as_str() == name).ok_or_else(|| {
        let known: Vec<&str> = settings.providers.iter().map(|provider| provider.id.as_str()).collect();
        let advice = if known.is_empty() {
            "the configuration has none; add a [[provider]] to it".to_owned()
        } else {
            format!("use one of: {}", known.join(", "))
        };
        Failure::failed(format!("there is no account called \"{}\"; {advice}", harmless(name)))
    })
}

async fn to_its_end(api: &Api, path: &str, name: &str) -> Result<(Value, SignIn), Failure> {
    let progress = Progress::new(name);
    progress.show("Waits until the code was entered.", 0, None);
    let mut failed_looks = 0;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match api.get(path).await {
            Ok(answer) => {
                failed_looks = 0;
                let looked: SignIn = api.read(answer.clone())?;
                if looked.is_over() {
                    return Ok((answer, looked));
                }
            }
            Err(failure) => {
                failed_looks += 1;
                if failed_looks >= FAILED_LOOKS_MAX {
                    return Err(failure.into());
                }
            }
        }
    }
}

/// What the person has to do.
fn invitation(begun: &SignIn, style: Style) -> String {
    let page = harmless(begun.verification_url.as_deref().unwrap_or_default());
    let code = harmless(begun.user_code.as_deref().unwrap_or_default());
    format!("Open this page:   {}\nEnter this code:  {}\n", style.bold(&page), style.bold(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign_in(state: &str) -> SignIn {
        serde_json::from_value(json!({
            "id": "trakt", "state": state, "verification_url": "https://trakt.example/activate", "user_code": "AB\u{1b}CD",
            "expires_at": null, "sentence": "s",
        }))
        .unwrap()
    }

    #[test]
    fn only_a_sign_in_that_is_done_ends_well() {
        for (state, is_over, exit) in [
            ("waiting", false, Exit::Failed),
            ("done", true, Exit::Done),
            ("denied", true, Exit::Failed),
            ("expired", true, Exit::Failed),
            ("not-begun", true, Exit::Failed),
        ] {
            assert_eq!((sign_in(state).is_over(), sign_in(state).exit()), (is_over, exit), "{state}");
        }
    }

    #[test]
    fn people_read_the_page_and_the_code() {
        assert_eq!(
            invitation(&sign_in("waiting"), Style::PLAIN),
            "Open this page:   https://trakt.example/activate\nEnter this code:  AB CD\n"
        );
    }
}
