//! Sentences for people: what a pair does, and how the service is doing.

use crosswatch_model::{Feature, PairId, ProviderId, RunState};
use crosswatch_settings::{Mode, Pair, RemoveMode};
use jiff::Timestamp;

/// What a pair does, in one sentence.
pub(crate) fn pair_sentence(pair: &Pair) -> String {
    let features: Vec<Feature> = pair.features().iter().collect();
    let Some(list) = listed(&features) else {
        return format!("Nothing goes from {} to {}: no feature is switched on.", pair.source, pair.target);
    };
    let list = capitalised(&list);
    let way = match pair.mode {
        Mode::OneWay if features.len() == 1 && !is_plural(&features) => "goes from",
        Mode::OneWay => "go from",
        Mode::TwoWay if features.len() == 1 && !is_plural(&features) => "is kept in step between",
        Mode::TwoWay => "are kept in step between",
    };
    let and = if pair.mode == Mode::OneWay { "to" } else { "and" };
    let what = format!(
        "{list} {way} {} {and} {}, {}; {}",
        pair.source,
        pair.target,
        when(pair, &features),
        removes(pair, &features)
    );
    match (pair.enabled, pair.shadow) {
        (false, _) => format!("Switched off: {what}."),
        (true, true) => format!("Only planned, nothing is written: {what}."),
        (true, false) => format!("{what}."),
    }
}

fn is_plural(features: &[Feature]) -> bool {
    features == [Feature::Ratings]
}

/// `history, ratings and watchlist`; `None` for none.
fn listed(features: &[Feature]) -> Option<String> {
    let (last, rest) = features.split_last()?;
    if rest.is_empty() {
        return Some(last.to_string());
    }
    let rest: Vec<&str> = rest.iter().map(|feature| feature.as_str()).collect();
    Some(format!("{} and {last}", rest.join(", ")))
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// When the features run: together, or each by itself.
fn when(pair: &Pair, features: &[Feature]) -> String {
    let mut schedules: Vec<&str> = features
        .iter()
        .filter_map(|feature| pair.schedule_of(*feature))
        .map(crosswatch_settings::Schedule::as_str)
        .collect();
    schedules.dedup();
    match schedules.as_slice() {
        ["manual"] => "only when you ask".to_owned(),
        [one] => spoken(one),
        _ => "each on its own schedule".to_owned(),
    }
}

/// `every 6h` as `every 6 h`; cron fields are quoted.
fn spoken(schedule: &str) -> String {
    if let Some(span) = schedule.strip_prefix("every ") {
        let digits: String = span.chars().take_while(char::is_ascii_digit).collect();
        let unit = span.trim_start_matches(|character: char| character.is_ascii_digit());
        return format!("every {digits} {}", if unit == "m" { "min" } else { unit });
    }
    if schedule == "hourly" || schedule.starts_with("daily ") {
        return schedule.replacen("daily ", "daily at ", 1);
    }
    format!("at `{schedule}`")
}

/// What is removed, and from where.
fn removes(pair: &Pair, features: &[Feature]) -> String {
    let with = |mode: RemoveMode| -> Vec<Feature> {
        let removes = |feature: &Feature| pair.feature(*feature).is_some_and(|settings| settings.remove == mode);
        features.iter().copied().filter(removes).collect()
    };
    let (source, target) = (&pair.source, &pair.target);
    let observed = listed(&with(RemoveMode::Observed)).map(|list| match pair.mode {
        Mode::OneWay => format!("what is removed from {list} at {source} is removed at {target} too"),
        Mode::TwoWay => format!("what is removed from {list} on one side is removed on the other too"),
    });
    let mirrored = listed(&with(RemoveMode::Mirror))
        .map(|list| format!("what {source} does not have is removed from {list} at {target}"));
    match (observed, mirrored) {
        (None, None) => "nothing is ever removed".to_owned(),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(one), Some(other)) => format!("{one}, and {other}"),
    }
}

/// What the sentence about the whole service is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'a> {
    pub(crate) is_stopping: bool,
    /// Since when nothing is written.
    pub(crate) frozen_since: Option<Timestamp>,
    /// Enabled pairs that start no runs.
    pub(crate) paused: usize,
    pub(crate) held: usize,
    /// A part that fell too often and stays down.
    pub(crate) down: Option<&'a str>,
    /// A media server that should be watched and is not, and since when.
    pub(crate) unwatched: Option<(&'a ProviderId, Timestamp)>,
    /// Enabled pairs.
    pub(crate) pairs: usize,
    /// A pair whose last run did not end well.
    pub(crate) unwell: Option<(&'a PairId, RunState)>,
    /// How many pairs are running.
    pub(crate) running: usize,
    /// When the last run ended.
    pub(crate) last_run: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

/// How the service is doing, the most urgent thing only.
pub(crate) fn status_sentence(situation: &Situation<'_>) -> String {
    if situation.is_stopping {
        return "The service is stopping.".to_owned();
    }
    if let Some(since) = situation.frozen_since {
        return format!(
            "Frozen {}: nothing is written to any account until it is unfrozen.",
            ago(since, situation.now)
        );
    }
    let urgent = most_urgent(situation);
    match situation.paused {
        0 => urgent,
        1 => format!("{urgent} 1 pair is paused."),
        paused => format!("{urgent} {paused} pairs are paused."),
    }
}

fn most_urgent(situation: &Situation<'_>) -> String {
    let Situation { held, pairs, running, .. } = *situation;
    if held > 0 {
        return format!(
            "{} for you.",
            if held == 1 { "1 thing waits".to_owned() } else { format!("{held} things wait") }
        );
    }
    if let Some(down) = situation.down {
        return format!("{down} is down after repeated failures; see the log, then restart the service.");
    }
    if let Some((account, since)) = situation.unwatched {
        return format!("{account} is not watched: the last sign of life was {}.", ago(since, situation.now));
    }
    if let Some((pair, state)) = situation.unwell {
        return match state {
            RunState::Failed => format!("The last run of {pair} failed."),
            RunState::Interrupted => format!("The last run of {pair} was interrupted."),
            _ => format!("The last run of {pair} left something undone."),
        };
    }
    let counted = |count: usize| format!("{count} {}", if count == 1 { "pair" } else { "pairs" });
    match (pairs, running, situation.last_run) {
        (0, ..) => "No pair is set up yet.".to_owned(),
        (_, 1.., _) => format!("{} of {} running.", running, counted(pairs)),
        (_, 0, None) => format!("{} set up, none has run yet.", counted(pairs)),
        (_, 0, Some(at)) => format!("All in step: {}, last run {}.", counted(pairs), ago(at, situation.now)),
    }
}

/// `3 min ago`. A moment in the future (a clock that was set back) is just now.
fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.as_second().saturating_sub(at.as_second()) {
        ..60 => "just now".to_owned(),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_settings::{Sources, load_text};

    use super::*;

    fn sentence(pair: &str) -> String {
        let text = format!(
            r#"
            [[provider]]
            id = "home"
            kind = "jellyfin"
            url = "http://jellyfin:8096"
            user = "anna"
            token = "t"
            [[provider]]
            id = "ledger"
            kind = "tracker"
            [[pair]]
            id = "p"
            source = "home"
            target = "ledger"
            {pair}
            "#
        );
        let sources = Sources::new("/nowhere", std::collections::BTreeMap::new());
        let settings = load_text(&text, std::path::Path::new("crosswatch.toml"), &sources).unwrap();
        pair_sentence(&settings.pairs[0])
    }

    #[test]
    fn pairs_say_what_they_do() {
        for (pair, said) in [
            (
                "schedule = \"every 6h\"\n[pair.history]\n[pair.watchlist]\n[pair.ratings]",
                "History, watchlist and ratings go from home to ledger, every 6 h; nothing is ever removed.",
            ),
            (
                "schedule = \"daily 03:30\"\n[pair.ratings]",
                "Ratings go from home to ledger, daily at 03:30; nothing is ever removed.",
            ),
            (
                "schedule = \"manual\"\nshadow = true\n[pair.history]",
                "Only planned, nothing is written: History goes from home to ledger, only when you ask; nothing is ever removed.",
            ),
            (
                "enabled = false\nschedule = \"every 15m\"\n[pair.history]\n[pair.watchlist]\nremove = \"observed\"",
                "Switched off: History and watchlist go from home to ledger, every 15 min; \
                 what is removed from watchlist at home is removed at ledger too.",
            ),
            (
                "schedule = \"every 6h\"\n[pair.history]\n[pair.watchlist]\nremove = \"mirror\"\nschedule = \"hourly\"",
                "History and watchlist go from home to ledger, each on its own schedule; \
                 what home does not have is removed from watchlist at ledger.",
            ),
            ("schedule = \"hourly\"", "Nothing goes from home to ledger: no feature is switched on."),
        ] {
            assert_eq!(sentence(pair), said);
        }
    }

    #[test]
    fn the_status_says_the_most_urgent_thing() {
        let now: Timestamp = "2026-07-01T12:00:00Z".parse().unwrap();
        let before = |seconds: i64| Some(Timestamp::from_second(now.as_second() - seconds).unwrap());
        let (pair, home) = (PairId::parse("p").unwrap(), ProviderId::parse("home").unwrap());
        let quiet = Situation {
            is_stopping: false,
            frozen_since: None,
            paused: 0,
            held: 0,
            down: None,
            unwatched: None,
            pairs: 2,
            unwell: None,
            running: 0,
            last_run: before(185),
            now,
        };
        for (situation, said) in [
            (quiet, "All in step: 2 pairs, last run 3 min ago."),
            (Situation { last_run: before(-60), pairs: 1, ..quiet }, "All in step: 1 pair, last run just now."),
            (Situation { last_run: before(7_300), ..quiet }, "All in step: 2 pairs, last run 2 h ago."),
            (Situation { last_run: before(200_000), ..quiet }, "All in step: 2 pairs, last run 2 days ago."),
            (Situation { last_run: None, ..quiet }, "2 pairs set up, none has run yet."),
            (Situation { pairs: 0, ..quiet }, "No pair is set up yet."),
            (Situation { running: 1, ..quiet }, "1 of 2 pairs running."),
            (Situation { unwell: Some((&pair, RunState::Failed)), running: 1, ..quiet }, "The last run of p failed."),
            (
                Situation { unwell: Some((&pair, RunState::Partial)), ..quiet },
                "The last run of p left something undone.",
            ),
            (
                Situation { down: Some("account:trakt"), unwell: Some((&pair, RunState::Failed)), ..quiet },
                "account:trakt is down after repeated failures; see the log, then restart the service.",
            ),
            (
                Situation { unwatched: before(600).map(|since| (&home, since)), running: 1, ..quiet },
                "home is not watched: the last sign of life was 10 min ago.",
            ),
            (Situation { held: 1, down: Some("x"), ..quiet }, "1 thing waits for you."),
            (Situation { held: 3, ..quiet }, "3 things wait for you."),
            (Situation { paused: 1, ..quiet }, "All in step: 2 pairs, last run 3 min ago. 1 pair is paused."),
            (Situation { paused: 2, held: 1, ..quiet }, "1 thing waits for you. 2 pairs are paused."),
            (
                Situation { frozen_since: before(7_300), paused: 1, held: 1, ..quiet },
                "Frozen 2 h ago: nothing is written to any account until it is unfrozen.",
            ),
            (Situation { is_stopping: true, frozen_since: before(1), held: 3, ..quiet }, "The service is stopping."),
        ] {
            assert_eq!(status_sentence(&situation), said);
        }
    }
}
