//! Channels to people, as configured under `[[notify]]`.

use std::sync::Arc;

use crosswatch_actors::Channel;
use crosswatch_port::{Clock, Entropy};
use crosswatch_provider::notify::{self, NotifyKind, NotifyOptions};
use crosswatch_settings::{Notify, NotifyEvent, Settings};

use crate::exit::{Exit, Failure};

/// The channels, in the order of the configuration.
pub(crate) fn channels(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Vec<Channel>, Failure> {
    let mut channels = Vec::with_capacity(settings.notify.len());
    for (index, configured) in settings.notify.iter().enumerate() {
        let refuse = |fault| Failure::new(Exit::BadConfig, format!("notify[{index}].url: {fault}"));
        channels.push(Channel {
            sink: notify::open(&options(configured), Arc::clone(clock), Arc::clone(entropy)).map_err(refuse)?,
            wants: configured.events.iter().copied().map(NotifyEvent::as_str).map(Into::into).collect(),
        });
    }
    Ok(channels)
}

fn options(configured: &Notify) -> NotifyOptions {
    NotifyOptions {
        kind: kind(configured.kind),
        url: configured.url.as_secret().clone(),
        token: configured.token.as_ref().map(|token| token.as_secret().clone()),
        verify_tls: true,
    }
}

const fn kind(kind: crosswatch_settings::NotifyKind) -> NotifyKind {
    match kind {
        crosswatch_settings::NotifyKind::Ntfy => NotifyKind::Ntfy,
        crosswatch_settings::NotifyKind::Discord => NotifyKind::Discord,
        crosswatch_settings::NotifyKind::Gotify => NotifyKind::Gotify,
        crosswatch_settings::NotifyKind::Webhook => NotifyKind::Webhook,
        crosswatch_settings::NotifyKind::Apprise => NotifyKind::Apprise,
    }
}
