//! JSON for scripts: what the API answers, indented, on standard output.

use serde::Serialize;

use crate::{exit::Failure, output};

/// Prints a value.
pub(crate) fn print(value: &impl Serialize) -> Result<(), Failure> {
    output::say(&pretty(value)?)
}

/// The value as indented JSON.
pub(crate) fn pretty(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| Failure::failed(format!("the answer is not JSON: {error}")))
}
