//! `[log]`: what is logged, and how.

use crate::{problem::Problem, section::Section, words::words};

/// The log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// The least important messages that are logged.
    pub level: LogLevel,
    /// How a message looks.
    pub format: LogFormat,
}

/// How important a message is, most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something needs attention.
    Warn,
    /// What happened; the normal level.
    Info,
    /// How it happened.
    Debug,
    /// Everything.
    Trace,
}

words!(LogLevel { Error => "error", Warn => "warn", Info => "info", Debug => "debug", Trace => "trace" });

/// How a message looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object per line.
    Json,
}

words!(LogFormat { Text => "text", Json => "json" });

impl Log {
    pub(crate) fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self { level: section.parsed("level")?, format: section.parsed("format")? })
    }
}
