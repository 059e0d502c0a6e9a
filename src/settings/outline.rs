//! The outline of a pair: what of its configuration decides whether what it remembers is still about the same thing.
//!
//! It is kept as text and compared later, by this version or another one: a line that only one of two outlines has says
//! nothing. Secrets are no part of it; an account that answers as somebody else is noticed when it is read.

use std::fmt::Write;

use crosswatch_model::{PairId, ProviderId};

use crate::{
    advice::{Advice, Rule, Severity},
    filter::Filter,
    pair::Pair,
    provider::Shelf,
    settings::Settings,
    words::words,
};

/// A part of the outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Which accounts it stands between, whichever way: service, address and user.
    Accounts,
    /// Which libraries count, and what serves as the watchlist.
    Filters,
    /// The features that are on.
    Features,
    /// Which account is the source.
    Direction,
    /// One way or both.
    Mode,
}

words!(Aspect {
    Accounts => "accounts",
    Filters => "filters",
    Features => "features",
    Direction => "direction",
    Mode => "mode",
});

impl Aspect {
    /// Whether what the pair remembers is about something else when this changes.
    pub const fn outdates_memory(self) -> bool {
        matches!(self, Self::Accounts | Self::Filters | Self::Features)
    }
}

/// The outline of a pair, a line per aspect.
pub fn outline(settings: &Settings, pair: &Pair) -> String {
    let mut ids = [&pair.source, &pair.target];
    ids.sort_unstable();
    let features: Vec<&str> = pair.features().iter().map(crosswatch_model::Feature::as_str).collect();
    let mut text = String::new();
    for aspect in Aspect::ALL {
        let value = match aspect {
            Aspect::Accounts => ids.map(|id| account(settings, id)).join("; "),
            Aspect::Filters => ids.map(|id| filters(settings, id)).join("; "),
            Aspect::Features => features.join(","),
            Aspect::Direction => format!("{} > {}", pair.source, pair.target),
            Aspect::Mode => pair.mode.to_string(),
        };
        // Writing to a text cannot fail.
        writeln!(text, "{aspect}={value}").ok();
    }
    text
}

fn account(settings: &Settings, id: &ProviderId) -> String {
    let Some(provider) = settings.provider(id) else { return id.to_string() };
    let address = provider.url.as_ref().map_or("", |url| url.as_str());
    format!("{id} {} {address} {}", provider.kind, provider.user.as_deref().unwrap_or_default())
}

fn filters(settings: &Settings, id: &ProviderId) -> String {
    let Some(provider) = settings.provider(id) else { return String::new() };
    let listed = |names: &[String]| {
        let mut names: Vec<String> = names.iter().map(|name| format!("{:?}", name.trim().to_lowercase())).collect();
        names.sort_unstable();
        names.dedup();
        names.join(",")
    };
    let libraries = match &provider.libraries {
        Filter::All => String::new(),
        Filter::Only(names) => format!("+{}", listed(names)),
        Filter::Except(names) => format!("-{}", listed(names)),
    };
    let shelf = match &provider.watchlist {
        None | Some(Shelf::Favorites) => String::new(),
        Some(Shelf::Playlist(name)) => format!("playlist {name:?}"),
        Some(Shelf::Collection(name)) => format!("collection {name:?}"),
    };
    format!("{id}({libraries})({shelf})")
}

/// The aspects in which two outlines differ.
pub fn changed_aspects(old: &str, new: &str) -> Vec<Aspect> {
    let differs =
        |aspect: &Aspect| matches!((line(old, *aspect), line(new, *aspect)), (Some(old), Some(new)) if old != new);
    Aspect::ALL.iter().copied().filter(differs).collect()
}

fn line(outline: &str, aspect: Aspect) -> Option<&str> {
    outline.lines().find_map(|line| line.strip_prefix(aspect.as_str())?.strip_prefix('='))
}

/// What experience says about a reset after such a change.
pub fn advise_reset(pair: &PairId, changed: &[Aspect]) -> Option<Advice> {
    let told = |changed: &mut dyn Iterator<Item = Aspect>| {
        let words: Vec<&str> = changed.map(Aspect::as_str).collect();
        format!("the {} of the pair changed since it last began anew", words.join(" and "))
    };
    if changed.iter().any(|aspect| aspect.outdates_memory()) {
        return Some(Advice {
            rule: Rule::ResetAdvised,
            severity: Severity::Warning,
            subject: format!("pair[{pair}]"),
            message: format!(
                "{}: what it remembers is about something else",
                told(&mut changed.iter().copied().filter(|aspect| aspect.outdates_memory()))
            ),
            fix: format!("crosswatch reset {pair}; its next run is then a first run, which only adds"),
        });
    }
    if changed.is_empty() {
        return None;
    }
    Some(Advice {
        rule: Rule::ResetNotAdvised,
        severity: Severity::Info,
        subject: format!("pair[{pair}]"),
        message: format!("{}: what both sides agreed on stays true", told(&mut changed.iter().copied())),
        fix: "do not reset the pair because of this: it would forget removals that it has seen".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::*;
    use crate::{Sources, load_text};

    const ACCOUNTS: &str = "[[provider]]\nid = \"home\"\nkind = \"jellyfin\"\nurl = \"http://jellyfin:8096\"\n\
        user = \"anna\"\ntoken = \"t\"\n[[provider]]\nid = \"ledger\"\nkind = \"tracker\"\n";
    const PAIR: &str = "[[pair]]\nid = \"p\"\nsource = \"home\"\ntarget = \"ledger\"\n[pair.watchlist]\n";

    fn outline_of(text: &str) -> String {
        let sources = Sources::new("/x", BTreeMap::new());
        let settings = load_text(text, Path::new("/x/crosswatch.toml"), &sources).unwrap();
        outline(&settings, &settings.pairs[0])
    }

    #[test]
    fn a_change_is_told_by_its_aspect_and_decides_about_a_reset() {
        let before = format!("{ACCOUNTS}{PAIR}");
        let filtered = before.replace("user = \"anna\"", "user = \"anna\"\nlibraries = { only = [\"Movies\"] }");
        for (after, changed, rule) in [
            (before.replace("token = \"t\"", "token = \"u\""), vec![], None),
            (
                before.replace("[pair.watchlist]", "schedule = \"hourly\"\n[pair.watchlist]\nremove = \"observed\""),
                vec![],
                None,
            ),
            (before.replace("anna", "ben"), vec![Aspect::Accounts], Some(Rule::ResetAdvised)),
            (before.replace("jellyfin:8096", "jellyfin:8097"), vec![Aspect::Accounts], Some(Rule::ResetAdvised)),
            (filtered.clone(), vec![Aspect::Filters], Some(Rule::ResetAdvised)),
            (format!("{before}[pair.history]\n"), vec![Aspect::Features], Some(Rule::ResetAdvised)),
            (
                before.replace("source = \"home\"\ntarget = \"ledger\"", "source = \"ledger\"\ntarget = \"home\""),
                vec![Aspect::Direction],
                Some(Rule::ResetNotAdvised),
            ),
            (
                before.replace("target = \"ledger\"", "target = \"ledger\"\nmode = \"two-way\""),
                vec![Aspect::Mode],
                Some(Rule::ResetNotAdvised),
            ),
            (
                filtered.replace("target = \"ledger\"", "target = \"ledger\"\nmode = \"two-way\""),
                vec![Aspect::Filters, Aspect::Mode],
                Some(Rule::ResetAdvised),
            ),
        ] {
            let found = changed_aspects(&outline_of(&before), &outline_of(&after));
            assert_eq!(found, changed, "{after}");
            let advice = advise_reset(&PairId::parse("p").unwrap(), &found);
            assert_eq!(advice.as_ref().map(|advice| advice.rule), rule, "{advice:?}");
        }
    }

    #[test]
    fn an_outline_of_another_version_is_compared_where_both_say_something() {
        let now = outline_of(&format!("{ACCOUNTS}{PAIR}"));
        assert!(!now.contains("\"t\"") && now.lines().count() == Aspect::ALL.len(), "{now}");
        assert_eq!(changed_aspects("", &now), []);
        assert_eq!(changed_aspects("mode=two-way\ncolour=red\n", &now), [Aspect::Mode]);
    }
}
