//! Who is reading: a person at a terminal, or a pipe.

use std::io::IsTerminal;

/// How answers look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// A person reads: tables have a ruled head and long texts are cut.
    pub is_terminal: bool,
    /// Colour may be used.
    pub has_colour: bool,
}

impl Style {
    /// Plain aligned text.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { is_terminal: false, has_colour: false };

    /// The style of standard output.
    pub(crate) fn of_stdout() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        Self { is_terminal, has_colour: is_terminal && !no_colour_wanted() }
    }

    /// The text in bold, where there is colour.
    pub(crate) fn bold(self, text: &str) -> String {
        if self.has_colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Whether `NO_COLOR` is set to anything, or the terminal says that it can do nothing.
pub(crate) fn no_colour_wanted() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb")
}
