//! Pairs with their features and schedules.

use crosswatch_settings::ProviderKind;

use super::{
    old::Old,
    schedule,
    toml_text::{Section, unique_name},
    translate::{Desk, Noted},
};

/// All pairs.
pub(super) fn translate(old: Old<'_>, desk: &mut Desk) -> String {
    let (mut text, mut names) = (String::new(), Vec::new());
    for (at, pair) in old.get("pairs").list().enumerate() {
        let id = pair.first_text(&["id", "pair_id"]);
        let id = if id.is_empty() { format!("pair-{}", at + 1) } else { id };
        let what = format!("pairs.{id}");
        let end = |side: &str, desk: &mut Desk| {
            let (provider, profile) = (pair.get(side).text(), pair.get(&format!("{side}_instance")).text());
            let account = desk.account(&provider, &profile).cloned();
            if account.is_none() {
                let profile = if profile.is_empty() { String::new() } else { format!(" ({profile})") };
                let text =
                    format!("the pair is left out, because its {side} {provider}{profile} is not an account here");
                desk.note(Noted::Left, what.clone(), text);
            }
            account
        };
        let (Some(source), Some(target)) = (end("source", desk), end("target", desk)) else { continue };
        if source.id == target.id {
            desk.note(Noted::Left, what, "the pair is left out, because both its sides are one account here");
            continue;
        }
        let name = unique_name(&format!("{}-to-{}", source.id, target.id), "pair", |name| {
            names.iter().any(|other| other == name)
        });
        desk.note(Noted::Taken, what.clone(), format!("the pair {name}"));
        let is_two_way = pair.get("mode").text().starts_with("two");
        let mut section = Section::entry("pair").remark(&what).text("id", &name);
        section = section.text("source", &source.id).text("target", &target.id);
        section = section.text("mode", if is_two_way { "two-way" } else { "one-way" });
        section = section.flag("enabled", pair.get("enabled").flag(true));
        section = section.text("schedule", &schedule::of_pair(old, &id, desk));
        text.push_str(&section.into_text());
        text.push_str(&features(old, pair, &what, desk));
        text.push_str(&policy(&what, is_two_way, (source.kind, target.kind), desk));
        names.push(name);
    }
    text
}

/// The features that were on.
fn features(old: Old<'_>, pair: Old<'_>, what: &str, desk: &mut Desk) -> String {
    let mut text = String::new();
    for name in ["history", "watchlist", "ratings", "progress"] {
        let feature = pair.at(&["features", name]);
        if feature.0.is_none() || !feature.get("enable").flag(feature.0.is_some_and(serde_json::Value::is_object)) {
            continue;
        }
        let what = format!("{what}.features.{name}");
        let mut section = Section::table(&format!("pair.{name}"));
        section = section.flag("add", feature.get("add").flag(true));
        section = section.text("remove", remove(old, feature, &what, desk));
        if name == "ratings" {
            section = ratings(section, feature, &what, desk);
        }
        if name == "history" && feature.get("rewatches").0.is_some() {
            section = section.flag("rewatches", feature.get("rewatches").flag(true));
        }
        text.push_str(&section.into_text());
    }
    for name in ["playlists", "collection"] {
        if pair.at(&["features", name, "enable"]).flag(false) {
            desk.note(Noted::Left, format!("{what}.features.{name}"), "there is no such feature here");
        }
    }
    text
}

/// What is removed. The old program removed what it saw vanish, or with "mirror" all that the source lacks.
fn remove(old: Old<'_>, feature: Old<'_>, what: &str, desk: &mut Desk) -> &'static str {
    if !feature.get("remove").flag(false) {
        return "off";
    }
    let mode = match feature.get("remove_mode").text() {
        mode if mode.is_empty() => old.at(&["sync", "one_way_remove_mode"]).text(),
        mode => mode,
    };
    let text = "removals wait here for two complete reads, and for you when they are many or the first of a mirror";
    desk.note(Noted::Differs, format!("{what}.remove"), text);
    if mode == "mirror" { "mirror" } else { "observed" }
}

fn ratings(section: Section, feature: Old<'_>, what: &str, desk: &mut Desk) -> Section {
    let types: Vec<String> = feature.get("types").list().map(Old::text).collect();
    let is_all = types.iter().any(|kind| kind == "all") || types.len() >= 4;
    if !is_all && !types.is_empty() {
        let text = format!("only {} were rated before; here ratings of all kinds travel", types.join(", "));
        desk.note(Noted::Differs, format!("{what}.types"), text);
    }
    match feature.get("mode").text().as_str() {
        "all" => section,
        "from_date" => {
            let text = "not from a date on, but from the first run of the pair on";
            desk.note(Noted::Differs, format!("{what}.from_date"), text);
            section.flag("only_new", true)
        }
        _ => section.flag("only_new", true),
    }
}

fn policy(what: &str, is_two_way: bool, kinds: (ProviderKind, ProviderKind), desk: &mut Desk) -> String {
    let mut accepted = Vec::new();
    if is_two_way {
        accepted.push("two-way".to_owned());
        let text =
            "two-way, as before and so accepted in [pair.policy]; the first run only compares and removes nothing";
        desk.note(Noted::Differs, format!("{what}.mode"), text);
    }
    let (source, target) = kinds;
    if source.is_tracker() && target.is_media_server() {
        let text = "a tracker writes to a media server; read the advice of `crosswatch check` before the first run";
        desk.note(Noted::Differs, what, text);
    }
    if accepted.is_empty() {
        return String::new();
    }
    Section::table("pair.policy").texts("acknowledge", &accepted).into_text()
}
