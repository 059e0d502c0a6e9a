//! Asking the person at the terminal, where there is one.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::exit::Failure;

/// Whether somebody can be asked: scripts, pipes and containers cannot.
pub(crate) fn can_be_asked() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether the person says yes. Anything else is a no.
pub(crate) fn is_agreed(question: &str) -> Result<bool, Failure> {
    let unheard = |error: io::Error| Failure::failed(format!("the answer could not be read: {error}"));
    let mut err = io::stderr().lock();
    err.write_all(question.as_bytes()).and_then(|()| err.flush()).map_err(unheard)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(unheard)?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}
