//! How the process ends: what every exit code means, and the failures that people read.

use std::{fmt, process::ExitCode};

use crosswatch_settings::SettingsError;

/// The exit codes. Scripts and containers rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Everything asked was done, or nothing was needed.
    Done = 0,
    /// `check`: advice of severity error, or an account that does not answer. `healthcheck`: not ready. `store verify`: damaged.
    Unhealthy = 1,
    /// Something waits for a person; the rest was done.
    Held = 2,
    /// Some feature or item could not be read or written.
    Partial = 3,
    /// Nothing could be done.
    Failed = 4,
    /// The command line was not understood. Not 2, which is the usual code for it: 2 means held.
    Usage = 64,
    /// The disk or what is on it failed.
    StorageFailed = 70,
    /// Another process has what is needed: the data folder or the port.
    InUse = 75,
    /// The configuration is wrong; nothing was changed.
    BadConfig = 78,
    /// Stopped by a signal before the work was done.
    Stopped = 130,
}

impl Exit {
    /// The code of a run that ended in this state, in the words of the API.
    pub(crate) fn of_run_state(state: &str) -> Self {
        match state {
            "succeeded" => Self::Done,
            "held" => Self::Held,
            "partial" => Self::Partial,
            _ => Self::Failed,
        }
    }

    /// The worse of two ends of work that was done one after the other.
    #[must_use]
    pub(crate) fn worse(self, other: Self) -> Self {
        if other as u8 > self as u8 { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work: a text for people and the code for scripts. The text never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// What went wrong, where, and what to do.
    pub message: String,
}

impl Failure {
    /// A failure with this code.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// The asked-for work failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The disk failed.
    pub(crate) fn storage(message: impl Into<String>) -> Self {
        Self::new(Exit::StorageFailed, message)
    }

    /// A signal came first.
    pub(crate) fn stopped() -> Self {
        Self::new(Exit::Stopped, "stopped by a signal")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::new(Exit::BadConfig, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_a_run_has_its_code() {
        for (state, exit) in [
            ("succeeded", Exit::Done),
            ("held", Exit::Held),
            ("partial", Exit::Partial),
            ("failed", Exit::Failed),
            ("cancelled", Exit::Failed),
            ("interrupted", Exit::Failed),
            ("something new", Exit::Failed),
        ] {
            assert_eq!(Exit::of_run_state(state), exit, "{state}");
        }
        assert_eq!(Exit::Held.worse(Exit::Done), Exit::Held);
        assert_eq!(Exit::Held.worse(Exit::Failed), Exit::Failed);
    }
}
