//! The log: lines for people or JSON, always on standard error, so that standard output stays what was asked for.

use std::io::IsTerminal;

use crosswatch_settings::{Log, LogFormat, LogLevel};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::output::style::no_colour_wanted;

/// Libraries that talk much below `warn`; their `debug` is of no use to people who look for a sync problem.
const QUIET_LIBRARIES: [&str; 9] =
    ["actix_http", "actix_server", "h2", "hyper", "hyper_util", "mio", "reqwest", "rustls", "fjall"];

/// Who the log is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A service: what happens, as configured.
    Service,
    /// Somebody at a command: warnings, unless the configuration asks for `debug` or `trace`.
    Person,
}

/// Starts the log. A second start changes nothing.
pub(crate) fn start(log: Log, audience: Audience) {
    let filter = EnvFilter::builder().parse_lossy(directives(log, audience));
    let registry = tracing_subscriber::registry().with(filter);
    let has_colour = std::io::stderr().is_terminal() && !no_colour_wanted();
    let started = match log.format {
        LogFormat::Json => {
            let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
            registry.with(layer).try_init()
        }
        LogFormat::Text => {
            let layer = tracing_subscriber::fmt::layer().with_ansi(has_colour).with_writer(std::io::stderr);
            registry.with(layer.with_target(log.level >= LogLevel::Debug)).try_init()
        }
    };
    if started.is_err() {
        tracing::debug!("the log was started before");
    }
}

fn level(log: Log, audience: Audience) -> LogLevel {
    match audience {
        Audience::Person if log.level == LogLevel::Info => LogLevel::Warn,
        _ => log.level,
    }
}

fn directives(log: Log, audience: Audience) -> String {
    let level = level(log, audience);
    let mut directives = vec![level.as_str().to_owned()];
    if audience == Audience::Person && level == LogLevel::Warn {
        // How a run ended is what the command itself tells.
        directives.push("crosswatch_actors=error".to_owned());
    }
    if level > LogLevel::Warn && level < LogLevel::Trace {
        directives.extend(QUIET_LIBRARIES.map(|library| format!("{library}=warn")));
    }
    directives.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: LogLevel, audience: Audience, begins: &str, is_quiet: bool) {
        let log = Log { level: wanted, format: LogFormat::Text };
        let directives = directives(log, audience);
        assert!(directives.starts_with(begins), "{directives}");
        assert_eq!(directives.contains("hyper=warn"), is_quiet, "{directives}");
    }

    #[test]
    fn people_at_a_command_see_warnings_and_services_what_happens() {
        check(LogLevel::Info, Audience::Service, "info", true);
        check(LogLevel::Info, Audience::Person, "warn,crosswatch_actors=error", false);
        check(LogLevel::Debug, Audience::Person, "debug", true);
        check(LogLevel::Error, Audience::Person, "error", false);
        check(LogLevel::Trace, Audience::Service, "trace", false);
    }
}
