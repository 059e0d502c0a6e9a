//! `crosswatch healthcheck`: asks the service that runs with this configuration whether it is ready.

use std::time::Duration;

use crosswatch_settings::Settings;
use secrecy::SecretString;

use crate::{
    client::{Api, base_url},
    exit::{Exit, Failure},
};

/// Containers ask often and wait little.
const DEADLINE: Duration = Duration::from_secs(4);

/// Ready or not.
pub(crate) async fn run(settings: &Settings) -> Result<Exit, Failure> {
    let base = base_url(settings.server.listen, settings.server.base_path.as_str());
    // Readiness is told to everybody, so no key is needed.
    let api = Api::new(base, &SecretString::from(String::new()))?;
    match api.ready(DEADLINE).await {
        Ok(()) => Ok(Exit::Done),
        Err(failure) => Err(Failure::new(Exit::Unhealthy, format!("not ready: {failure}"))),
    }
}
