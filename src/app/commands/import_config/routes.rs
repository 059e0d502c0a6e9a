//! Live scrobbling: the routes of the watcher, and the servers that called the old program.

use crosswatch_settings::ProviderKind;

use super::{
    accounts::Account,
    old::Old,
    toml_text::{Section, list, unique_name},
    translate::{Desk, Noted},
};

/// Below this trackers do not count a play as watched.
const LEAST_WATCHED_PERCENT: u64 = 80;

/// All routes.
pub(super) fn translate(old: Old<'_>, desk: &mut Desk) -> String {
    let scrobble = old.get("scrobble");
    if !scrobble.get("enabled").flag(false) {
        return String::new();
    }
    let mode = scrobble.get("mode").text();
    let watches = scrobble.at(&["sources", "watch"]).flag(mode != "webhook");
    let is_called = scrobble.at(&["sources", "webhook"]).flag(mode == "webhook");
    let mut via = Vec::new();
    if is_called {
        via.push("webhook".to_owned());
    }
    if watches {
        via.push("watch".to_owned());
    }
    if via.is_empty() {
        return String::new();
    }
    note_knobs(scrobble, desk);
    let mut names = Vec::new();
    let mut text = String::new();
    for (at, route) in scrobble.at(&["watch", "routes"]).list().enumerate() {
        let id = route.first_text(&["id", "route_id"]);
        let id = if id.is_empty() { format!("route-{}", at + 1) } else { id };
        let what = format!("scrobble.watch.routes.{id}");
        let source = desk.account(&route.get("provider").text(), &route.get("provider_instance").text()).cloned();
        let target = desk.account(&route.get("sink").text(), &route.get("sink_instance").text()).cloned();
        let (Some(source), Some(target)) = (source, target) else {
            desk.note(Noted::Left, what, "the route is left out, because one of its ends is not an account here");
            continue;
        };
        let is_on = route.get("enabled").flag(true);
        let wish = Wish { what, source: &source, target: &target, filters: route.get("filters"), is_on };
        text.push_str(&one(&wish, scrobble, &via, &mut names, desk));
    }
    if text.is_empty() && is_called {
        text = called(scrobble, &via, &mut names, desk);
    }
    text
}

/// Without routes, every media server called for one tracker.
fn called(scrobble: Old<'_>, via: &[String], names: &mut Vec<String>, desk: &mut Desk) -> String {
    let accounts: Vec<Account> = desk.accounts.values().cloned().collect();
    let Some(target) = accounts.iter().find(|account| account.kind == ProviderKind::Trakt) else {
        desk.note(Noted::Left, "scrobble.webhook", "there is no Trakt account that playback could be told to");
        return String::new();
    };
    let mut text = String::new();
    for source in accounts.iter().filter(|account| account.kind.is_media_server()) {
        let filters =
            if source.kind == ProviderKind::Plex { scrobble.at(&["webhook", "filters_plex"]) } else { Old(None) };
        let what = format!("scrobble.webhook of {}", source.id);
        desk.note(
            Noted::Differs,
            what.clone(),
            "told to Trakt, as the old webhooks did; add other accounts to targets",
        );
        let wish = Wish { what, source, target, filters, is_on: true };
        text.push_str(&one(&wish, scrobble, via, names, desk));
    }
    text
}

/// A route as the old file has it.
struct Wish<'a> {
    what: String,
    source: &'a Account,
    target: &'a Account,
    filters: Old<'a>,
    is_on: bool,
}

fn one(wish: &Wish<'_>, scrobble: Old<'_>, via: &[String], names: &mut Vec<String>, desk: &mut Desk) -> String {
    let Wish { what, source, target, filters, is_on } = wish;
    if !source.kind.is_media_server() || !target.kind.is_tracker() {
        desk.note(Noted::Left, what, "the route is left out: playback goes from a media server to a tracker");
        return String::new();
    }
    let name = unique_name(&format!("{}-live", source.id), "live", |name| names.iter().any(|other| other == name));
    desk.note(Noted::Taken, what, format!("the route {name}"));
    let mut section = Section::entry("route").remark(what).text("id", &name).text("source", &source.id);
    section = section.flag("enabled", *is_on);
    let users: Vec<String> = filters.get("username_whitelist").list().map(Old::text).collect();
    let (by_id, by_name): (Vec<String>, Vec<String>) = users
        .into_iter()
        .filter(|user| !user.is_empty())
        .partition(|user| user.starts_with("id:") || user.starts_with("uuid:"));
    if !by_id.is_empty() {
        desk.note(
            Noted::Left,
            format!("{what}.filters"),
            format!("{} users are named by their number; write their names", by_id.len()),
        );
    }
    if !by_name.is_empty() {
        section = section.raw("users", &format!("{{ only = {} }}", list(&by_name)));
    } else if by_id.is_empty() && source.user.is_empty() {
        let text = "every user of the server counts; users = { only = [\"…\"] } narrows it";
        desk.note(Noted::Differs, format!("{what}.filters"), text);
        section = section.raw("users", "{ except = [] }");
    } else if by_id.is_empty() {
        let text =
            "every user of the server counted, here only the user of the account does; write users to change that";
        desk.note(Noted::Differs, format!("{what}.filters"), text);
    }
    section = section.texts("via", via).texts("targets", std::slice::from_ref(&target.id));
    section = section.raw("watched_at_percent", &watched_at(scrobble).to_string());
    section = section.text("remove_from_watchlist", removes(scrobble));
    names.push(name);
    section.into_text()
}

fn watched_at(scrobble: Old<'_>) -> u64 {
    scrobble.at(&["trakt", "watched_at"]).whole().unwrap_or(90).clamp(LEAST_WATCHED_PERCENT, 100)
}

fn removes(scrobble: Old<'_>) -> &'static str {
    if !scrobble.get("delete_plex").flag(false) {
        return "never";
    }
    let is_show = |kind: Old<'_>| ["show", "episode"].contains(&kind.text().as_str());
    if scrobble.get("delete_plex_types").list().any(is_show) { "show_finished" } else { "movie_watched" }
}

/// Knobs of the old watcher that have no counterpart.
fn note_knobs(scrobble: Old<'_>, desk: &mut Desk) {
    let knobs: [(&[&str], &str); 3] = [
        (&["trakt", "stop_pause_threshold"], "a historical limit; watched_at_percent alone decides"),
        (&["watch", "filters", "server_uuid_whitelist"], "a route listens to the server of its account alone"),
        (&["webhook", "filters_plex", "server_uuid_whitelist"], "a route listens to the server of its account alone"),
    ];
    for (path, why) in knobs {
        let value = scrobble.at(path);
        if !value.text().is_empty() || value.list().next().is_some() {
            desk.note(Noted::Differs, format!("scrobble.{}", path.join(".")), why);
        }
    }
}
