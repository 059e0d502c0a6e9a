//! What people and scripts read: tables, progress and JSON.
//!
//! Standard output carries answers only; progress and warnings go to standard error.

pub(crate) mod json;
pub(crate) mod progress;
pub(crate) mod question;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod words;

use std::io::{self, Write};

use crate::exit::Failure;

/// Writes a line to standard output. A reader that went away (`| head`) is not an error.
pub(crate) fn say(line: &str) -> Result<(), Failure> {
    write_out(&[line.as_bytes(), b"\n"])
}

/// Writes text to standard output as it is.
pub(crate) fn say_text(text: &str) -> Result<(), Failure> {
    write_out(&[text.as_bytes()])
}

fn write_out(parts: &[&[u8]]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = parts.iter().try_for_each(|part| out.write_all(part)).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("the output could not be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error. Nobody can be told when that fails.
pub(crate) fn warn(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}
