//! Channels to people, as configured under `[[notify]]`.

use std::sync::Arc;

use crosswatch_actors::Channel;
use crosswatch_port::{Clock, Entropy};
use crosswatch_settings::Settings;

use crate::exit::Failure;

/// What a channel is built from besides its options.
pub(crate) struct ChannelPorts {
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Chance.
    pub(crate) entropy: Arc<dyn Entropy>,
}

/// The channels, in the order of the configuration.
pub(crate) fn channels(_settings: &Settings, _ports: &ChannelPorts) -> Result<Vec<Channel>, Failure> {
    Ok(Vec::new())
}
