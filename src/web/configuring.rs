//! What the API needs to replace the configuration: a file that checks, keeps and takes a new text.
//!
//! Whoever starts the service implements it, because files and restarts are no business of the API.

/// The configuration file of the service.
pub trait ConfigFile: Send + Sync {
    /// Checks a text as a start would, writes it in place of the file, and asks for it to be taken. Blocks.
    /// A text that is refused changes nothing.
    fn replace(&self, text: &str) -> Result<ConfigTaken, ConfigRefused>;
}

/// The text is in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigTaken {
    /// What takes effect with the next start of the process only, as in `server.listen`.
    pub after_restart: Vec<&'static str>,
}

/// The text is not in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigRefused {
    /// It is wrong. Never empty.
    Wrong(Vec<ConfigProblem>),
    /// It could not be written.
    Unwritable(String),
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The line, where it is at one.
    pub line: Option<u32>,
    /// The field, as in `pair[home-to-ledger].mode`; empty where none is concerned.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}
