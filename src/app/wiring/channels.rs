//! Channels to people, as configured under `[[notify]]`.

use std::{net::SocketAddr, sync::Arc};

use crosswatch_actors::Channel;
use crosswatch_port::{Clock, Entropy};
use crosswatch_provider::notify::{self, NotifyKind, NotifyOptions};
use crosswatch_settings::{Notify, NotifyEvent, Server, Settings};

use crate::exit::{Exit, Failure};

/// The channels, in the order of the configuration.
pub(crate) fn channels(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Vec<Channel>, Failure> {
    let mut channels = Vec::with_capacity(settings.notify.len());
    let links_below = links_below(&settings.server);
    for (index, configured) in settings.notify.iter().enumerate() {
        let refuse = |fault| Failure::new(Exit::BadConfig, format!("notify[{index}].url: {fault}"));
        channels.push(Channel {
            sink: notify::open(&options(configured, &links_below), Arc::clone(clock), Arc::clone(entropy))
                .map_err(refuse)?,
            wants: configured.events.iter().copied().map(NotifyEvent::as_str).map(Into::into).collect(),
        });
    }
    Ok(channels)
}

/// Where people reach us: what is configured, or where we listen. From other machines the second helps only where it is no
/// loopback address.
fn links_below(server: &Server) -> String {
    let address = server.public_url.as_ref().map(|url| url.to_string().trim_end_matches('/').to_owned());
    address.unwrap_or_else(|| {
        let host = if server.listen.ip().is_unspecified() { "localhost".to_owned() } else { host_of(server.listen) };
        format!("http://{host}:{}{}", server.listen.port(), server.base_path.as_str())
    })
}

fn host_of(listen: SocketAddr) -> String {
    if listen.is_ipv6() { format!("[{}]", listen.ip()) } else { listen.ip().to_string() }
}

fn options(configured: &Notify, links_below: &str) -> NotifyOptions {
    NotifyOptions {
        kind: kind(configured.kind),
        url: configured.url.as_secret().clone(),
        token: configured.token.as_ref().map(|token| token.as_secret().clone()),
        verify_tls: true,
        links_below: links_below.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wiring::tests_support::settings;

    #[test]
    fn links_lead_to_where_people_reach_us() {
        for (server, address) in [
            ("", "http://127.0.0.1:8787"),
            ("listen = \"0.0.0.0:80\"\nbase_path = \"/cw\"", "http://localhost:80/cw"),
            ("listen = \"[::1]:8787\"", "http://[::1]:8787"),
            ("public_url = \"https://home.example/cw/\"", "https://home.example/cw"),
        ] {
            assert_eq!(links_below(&settings(&format!("[server]\n{server}\n")).server), address, "{server}");
        }
    }
}
