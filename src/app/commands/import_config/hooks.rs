//! The tokens of old webhooks: which of them an account keeps, so that nothing has to change at the servers.
//!
//! The old program had one token per kind of server, and later one per profile; here an account has one. Tokens are
//! secrets: they are written into the file and never told.

use std::collections::BTreeMap;

use crosswatch_settings::ProviderKind;

use super::old::Old;

/// What the settings take as a token.
const TOKEN_BYTES: std::ops::RangeInclusive<usize> = 16..=256;

/// Tokens by their old names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hooks(pub(super) BTreeMap<String, String>);

impl Hooks {
    /// All tokens of the old file.
    pub(super) fn read(old: Old<'_>) -> Self {
        let mut found = BTreeMap::new();
        collect("", old.at(&["security", "webhook_ids"]), &mut found);
        Self(found)
    }

    /// Takes the token of a profile, with its old name: its own one, or that of its kind of server for the first profile.
    /// Tokens that cannot stand in an address here, or that another account has, stay.
    pub(super) fn take_for(&mut self, name: &str, kind: ProviderKind, profile: &str) -> Option<(String, String)> {
        if !kind.is_media_server() {
            return None;
        }
        let mut names = vec![format!("profile:{name}:{profile}")];
        if profile == "default" {
            names.push(format!("{name}trakt"));
        }
        let of_name = |name: &String| {
            let is_it = |(key, token): &(&String, &String)| key.eq_ignore_ascii_case(name) && fits(token);
            self.0.iter().find(is_it).map(|(key, token)| (key.clone(), token.clone()))
        };
        let (key, token) = names.iter().find_map(of_name)?;
        self.0.remove(&key);
        // A token opens one account.
        self.0.retain(|_, other| *other != token);
        Some((key, token))
    }
}

fn fits(token: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    TOKEN_BYTES.contains(&token.len()) && token.bytes().all(is_plain)
}

fn collect(name: &str, value: Old<'_>, found: &mut BTreeMap<String, String>) {
    let text = value.text();
    if !text.is_empty() {
        found.insert(name.to_owned(), text);
        return;
    }
    for (member, value) in value.members() {
        let name = if name.is_empty() { member.to_owned() } else { format!("{name}.{member}") };
        collect(&name, value, found);
    }
}
