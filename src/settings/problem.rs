//! What is wrong with a configuration: all of it at once, each with its place, its field and what to do.
//!
//! A problem never carries the value of a secret.

use std::fmt;

use smol_str::SmolStr;

/// Everything that is wrong with a configuration, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// Never empty.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where the value was written.
    pub origin: Origin,
    /// The field, as in `pair[home-to-ledger].history.remove`; empty where no field is concerned.
    pub field: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The defaults that are built in.
    BuiltIn,
    /// The configuration file.
    File {
        /// The path as it was found.
        file: SmolStr,
        /// Line, from 1; 0 for the file as a whole.
        line: u32,
        /// Column in characters, from 1; 0 for the file as a whole.
        column: u32,
    },
    /// An environment variable.
    Environment {
        /// The variable's name.
        name: SmolStr,
    },
}

impl Problem {
    /// A problem of one field.
    pub(crate) fn new(origin: &Origin, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { origin: origin.clone(), field: field.into(), message: message.into() }
    }

    /// A problem of a whole file.
    pub(crate) fn of_file(file: &str, message: impl Into<String>) -> Self {
        let origin = Origin::File { file: file.into(), line: 0, column: 0 };
        Self { origin, field: String::new(), message: message.into() }
    }

    /// The line in the file, where the problem is at one.
    pub fn line(&self) -> Option<u32> {
        match self.origin {
            Origin::File { line, .. } if line > 0 => Some(line),
            _ => None,
        }
    }
}

impl From<Problem> for SettingsError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => write!(formatter, "built-in defaults"),
            Self::File { file, line: 0, .. } => write!(formatter, "{file}"),
            Self::File { file, line, .. } => write!(formatter, "{file}:{line}"),
            Self::Environment { name } => write!(formatter, "{name}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.origin)?;
        if !self.field.is_empty() {
            write!(formatter, "{}: ", self.field)?;
        }
        write!(formatter, "{}", self.message)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}
