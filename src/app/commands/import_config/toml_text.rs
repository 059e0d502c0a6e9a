//! Writing TOML as people do: a table per account, pair and route, one key per line.

use toml::Value;

/// One `[[list]]` entry or `[table]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section(String);

impl Section {
    /// An entry of a list.
    pub(super) fn entry(list: &str) -> Self {
        Self(format!("\n[[{list}]]\n"))
    }

    /// A table below the entry before.
    pub(super) fn table(name: &str) -> Self {
        Self(format!("[{name}]\n"))
    }

    /// A remark.
    pub(super) fn remark(mut self, text: &str) -> Self {
        self.0.push_str(&remark(text));
        self
    }

    /// A key with a text.
    pub(super) fn text(self, key: &str, text: &str) -> Self {
        self.raw(key, &quoted(text))
    }

    /// A key with a text, where there is one.
    pub(super) fn text_if_any(self, key: &str, text: &str) -> Self {
        if text.is_empty() { self } else { self.text(key, text) }
    }

    /// A key with yes or no.
    pub(super) fn flag(self, key: &str, flag: bool) -> Self {
        self.raw(key, if flag { "true" } else { "false" })
    }

    /// A key with texts.
    pub(super) fn texts(self, key: &str, texts: &[String]) -> Self {
        let list = list(texts);
        self.raw(key, &list)
    }

    /// A key with a value that is TOML already.
    pub(super) fn raw(mut self, key: &str, value: &str) -> Self {
        self.0.push_str(key);
        self.0.push_str(" = ");
        self.0.push_str(value);
        self.0.push('\n');
        self
    }

    /// All of it.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// Lines that mean nothing to the program.
pub(super) fn remark(text: &str) -> String {
    let lines = text.lines().map(|line| line.replace(|character: char| character.is_control(), " "));
    lines.fold(String::new(), |text, line| text + "# " + &line + "\n")
}

/// A text as TOML.
pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// Texts as TOML.
pub(super) fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

/// A name as the configuration takes it, which nobody has yet: a-z, 0-9 and '-', at most 32 characters.
pub(super) fn unique_name(wish: &str, fallback: &str, is_taken: impl Fn(&str) -> bool) -> String {
    const LONGEST: usize = 28;
    let lower = wish.to_lowercase();
    let mapped = lower.chars().map(|character| match character {
        'a'..='z' | '0'..='9' => character,
        _ => '-',
    });
    let name: String = mapped.take(LONGEST).collect();
    let name = match name.trim_matches('-') {
        "" => fallback.to_owned(),
        name => name.to_owned(),
    };
    if !is_taken(&name) {
        return name;
    }
    (2..=u32::MAX).map(|number| format!("{name}-{number}")).find(|name| !is_taken(name)).unwrap_or(name)
}
