//! What values mean to each other: unique ids, references that lead somewhere, keys that fit the kind of account.
//!
//! Works on the tree, so that every problem keeps its line, and takes anything the shape check already refused as absent.

use std::collections::BTreeMap;

use crate::{
    nearest::nearest,
    notify::NotifyKind,
    problem::{Origin, Problem},
    provider::{ProviderKind, TAKEN},
    schema::Form,
    tree::{Node, Table, Value, entries, entry_path, join},
};

/// Reports every relation that does not hold.
pub(crate) fn check(root: &Table) -> Vec<Problem> {
    let mut relations = Relations { accounts: accounts(root), problems: Vec::new() };
    for list in ["provider", "pair", "route"] {
        relations.unique_ids(root, list);
    }
    relations.webhook_tokens(root);
    for list in ["provider", "pair", "route", "snapshot", "notify"] {
        for (index, (table, origin)) in entries(root, list).into_iter().enumerate() {
            let entry = Entry { table, origin, path: entry_path(list, table, index) };
            match list {
                "provider" => relations.provider(&entry),
                "pair" => relations.pair(&entry),
                "route" => relations.route(&entry),
                "snapshot" => relations.snapshot(&entry),
                _ => relations.notify(&entry),
            }
        }
    }
    relations.problems
}

/// What is known of the accounts by their ids.
fn accounts(root: &Table) -> BTreeMap<&str, &Table> {
    let known = entries(root, "provider").into_iter();
    known.filter_map(|(table, _)| text(table, "id").map(|id| (id, table))).collect()
}

fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Node::as_text)
}

fn kind(table: &Table) -> Option<ProviderKind> {
    text(table, "kind").and_then(|word| word.parse().ok())
}

/// One entry of a `[[list]]`.
struct Entry<'a> {
    table: &'a Table,
    origin: &'a Origin,
    path: String,
}

impl Entry<'_> {
    /// A problem at a key, or at the entry where the key is not written.
    fn refuse(&self, key: &str, message: impl Into<String>) -> Problem {
        let origin = self.table.get(key).map_or(self.origin, |node| &node.origin);
        Problem::new(origin, join(&self.path, key), message)
    }

    /// Whether somebody wrote the key, rather than the defaults.
    fn is_written(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|node| node.origin != Origin::BuiltIn)
    }
}

struct Relations<'a> {
    accounts: BTreeMap<&'a str, &'a Table>,
    problems: Vec<Problem>,
}

impl Relations<'_> {
    fn unique_ids(&mut self, root: &Table, list: &str) {
        let mut seen: BTreeMap<&str, &Origin> = BTreeMap::new();
        for (table, _) in entries(root, list) {
            let Some(node) = table.get("id") else { continue };
            let Some(id) = node.as_text() else { continue };
            if let Some(first) = seen.get(id) {
                let message = format!("this id is taken by the entry at {first}: choose another");
                self.problems.push(Problem::new(&node.origin, format!("{list}[{id}].id"), message));
            } else {
                seen.insert(id, &node.origin);
            }
        }
    }

    /// A token opens one account, and is not guessed.
    fn webhook_tokens(&mut self, root: &Table) {
        let mut seen: BTreeMap<&str, &Origin> = BTreeMap::new();
        for (index, (table, _)) in entries(root, "provider").into_iter().enumerate() {
            let Some(node) = table.get("webhook_token") else { continue };
            let Some(token) = node.as_text() else { continue };
            let message = match seen.insert(token, &node.origin) {
                Some(first) => format!("is the token at {first}, too: give every account its own"),
                None if !is_webhook_token(token) => format!(
                    "must be {WEBHOOK_TOKEN_MIN} to {WEBHOOK_TOKEN_MAX} letters, digits, '-', '_', '.' or '~', as it \
                     stands in addresses; remove it to use the one that the service makes"
                ),
                None => continue,
            };
            let path = join(&entry_path("provider", table, index), "webhook_token");
            self.problems.push(Problem::new(&node.origin, path, message));
        }
    }

    fn provider(&mut self, entry: &Entry<'_>) {
        let Some(kind) = kind(entry.table) else { return };
        for taken in TAKEN {
            if !taken.by.contains(&kind) && entry.is_written(taken.key) {
                let takers: Vec<&str> = taken.by.iter().map(|kind| kind.as_str()).collect();
                let message = format!("a {kind} account does not take this; it is for {}", takers.join(", "));
                self.problems.push(entry.refuse(taken.key, message));
            }
            if taken.needed_by.contains(&kind) && !entry.table.contains_key(taken.key) {
                let message = format!("is missing; a {kind} account needs it: add `{} = …`", taken.key);
                self.problems.push(entry.refuse(taken.key, message));
            }
        }
        let has = |key: &str| entry.table.contains_key(key);
        if kind == ProviderKind::Mdblist && !has("token") && !has("client_id") {
            self.problems.push(entry.refuse(
                "token",
                "is missing; add `token = …` with the API key, or `client_id = …` of an app to sign in with",
            ));
        }
        if matches!(kind, ProviderKind::Jellyfin | ProviderKind::Emby) {
            match (entry.table.contains_key("token"), entry.table.contains_key("password")) {
                (true, true) => {
                    self.problems.push(entry.refuse("password", "remove it or the token: one of them is enough"));
                }
                // Jellyfin has codes to sign in with; Emby has none.
                (false, false) if kind == ProviderKind::Emby => {
                    self.problems
                        .push(entry.refuse("token", "is missing; add `token = …`, or `password = …` of the user"));
                }
                _ => {}
            }
        }
    }

    fn pair(&mut self, entry: &Entry<'_>) {
        let source = self.reference(entry, "source");
        let target = self.reference(entry, "target");
        if source.is_some() && source == target {
            self.problems.push(entry.refuse("target", "is the source, too: a pair needs two accounts"));
        }
        if let Some(Value::Table(progress)) = entry.table.get("progress").map(|node| &node.value) {
            let bound = |key: &str| progress.get(key).and_then(Node::as_integer);
            if let (Some(least), Some(most)) = (bound("min_percent"), bound("max_percent"))
                && least >= most
            {
                let message = format!("min_percent ({least}) must be less than max_percent ({most})");
                self.problems.push(entry.refuse("progress", message));
            }
        }
    }

    fn route(&mut self, entry: &Entry<'_>) {
        let source = self.reference(entry, "source");
        for node in entry.table.get("targets").and_then(Node::as_list).unwrap_or_default() {
            let Some(id) = node.as_text() else { continue };
            let field = join(&entry.path, "targets");
            if Some(id) == source {
                self.problems.push(Problem::new(&node.origin, field, format!("`{id}` is the source: remove it here")));
            } else if let Some(message) = self.dangling(id) {
                self.problems.push(Problem::new(&node.origin, field, message));
            }
        }
        let Some(account) = source.and_then(|id| self.accounts.get(id).copied()) else { return };
        match kind(account) {
            Some(kind) if !kind.is_media_server() => {
                let message = format!("is a {kind} account, and nothing is played there: name a media server");
                self.problems.push(entry.refuse("source", message));
            }
            Some(_) if !entry.table.contains_key("users") && !account.contains_key("user") => {
                let message = "is missing; add `users = { only = [\"…\"] }`, or a `user` to the source account: \
                               without either nobody's plays would count";
                self.problems.push(entry.refuse("users", message));
            }
            _ => {}
        }
    }

    fn snapshot(&mut self, entry: &Entry<'_>) {
        self.reference(entry, "provider");
        let Some(Value::Table(keep)) = entry.table.get("keep").map(|node| &node.value) else { return };
        if ["daily", "weekly", "monthly"].iter().all(|key| keep.get(*key).and_then(Node::as_integer) == Some(0)) {
            self.problems
                .push(entry.refuse("keep", "would keep nothing: raise one of the numbers or remove the snapshot"));
        }
    }

    fn notify(&mut self, entry: &Entry<'_>) {
        if let Some(Err(message)) = text(entry.table, "url").map(address_of_messages) {
            self.problems.push(entry.refuse("url", message));
        }
        let Some(kind) = text(entry.table, "kind").and_then(|word| word.parse::<NotifyKind>().ok()) else { return };
        match (kind, entry.table.contains_key("token")) {
            (NotifyKind::Gotify, false) => {
                self.problems.push(entry.refuse("token", "is missing; a gotify server needs the token of an app"));
            }
            (_, true) if !kind.takes_token() => {
                self.problems.push(entry.refuse("token", format!("{kind} takes no token: remove it")));
            }
            _ => {}
        }
    }

    /// The id at a key, after looking whether such an account exists. Ids of a wrong form were reported before.
    fn reference<'e>(&mut self, entry: &Entry<'e>, key: &str) -> Option<&'e str> {
        let id = text(entry.table, key).filter(|id| Form::Name.check(id).is_ok())?;
        if let Some(message) = self.dangling(id) {
            self.problems.push(entry.refuse(key, message));
        }
        Some(id)
    }

    fn dangling(&self, id: &str) -> Option<String> {
        if self.accounts.contains_key(id) || Form::Name.check(id).is_err() {
            return None;
        }
        let known: Vec<&str> = self.accounts.keys().copied().collect();
        Some(match nearest(id, known.iter().copied()) {
            Some(near) => format!("no [[provider]] has the id `{id}`; did you mean `{near}`?"),
            None if known.is_empty() => format!("no [[provider]] has the id `{id}`: add one"),
            None => format!("no [[provider]] has the id `{id}`; known: {}", known.join(", ")),
        })
    }
}

/// Shorter tokens are guessed.
const WEBHOOK_TOKEN_MIN: usize = 16;
/// Longer tokens do not fit into addresses.
const WEBHOOK_TOKEN_MAX: usize = 256;

fn is_webhook_token(token: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    (WEBHOOK_TOKEN_MIN..=WEBHOOK_TOKEN_MAX).contains(&token.len()) && token.bytes().all(fits)
}

/// An address for messages may have a query (some services keep their token there), and is never repeated.
fn address_of_messages(url: &str) -> Result<(), String> {
    let base = url.split(['?', '#']).next().unwrap_or_default();
    Form::Url.check(base)
}
