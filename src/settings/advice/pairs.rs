//! Rules about single pairs: directions, removals, and who records plays.

use crosswatch_model::{Feature, ProviderId};

use super::{Advice, Rule, Severity};
use crate::{
    pair::{Mode, Owner, Pair},
    policy::{Acknowledgement, Conflict},
    provider::ProviderKind,
    settings::Settings,
};

/// The pairs that run.
pub(super) fn running(settings: &Settings) -> impl Iterator<Item = &Pair> {
    settings.pairs.iter().filter(|pair| pair.enabled)
}

fn kind(settings: &Settings, id: &ProviderId) -> Option<ProviderKind> {
    settings.provider(id).map(|provider| provider.kind)
}

/// The ways a pair carries changes: one, or with two-way both.
pub(super) fn directions(pair: &Pair) -> Vec<(&ProviderId, &ProviderId)> {
    match pair.mode {
        Mode::OneWay => vec![(&pair.source, &pair.target)],
        Mode::TwoWay => vec![(&pair.source, &pair.target), (&pair.target, &pair.source)],
    }
}

/// The names of the features among those listed that are on.
fn on(pair: &Pair, features: &[Feature]) -> Vec<&'static str> {
    features.iter().filter(|feature| pair.feature(**feature).is_some()).map(|feature| feature.as_str()).collect()
}

const RECORDS: [Feature; 2] = [Feature::History, Feature::Ratings];

pub(super) fn tracker_to_server(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for pair in running(settings).filter(|pair| !pair.policy.acknowledges(Acknowledgement::TrackerToServer)) {
        let features = on(pair, &RECORDS);
        if features.is_empty() {
            continue;
        }
        for (from, to) in directions(pair) {
            let (Some(from_kind), Some(to_kind)) = (kind(settings, from), kind(settings, to)) else { continue };
            if from_kind.is_tracker() && to_kind.is_media_server() {
                advice.push(Advice {
                    rule: Rule::TrackerToServer,
                    severity: Severity::Error,
                    subject: format!("pair[{}]", pair.id),
                    message: format!(
                        "{} of the tracker `{from}` is written to the media server `{to}`: files that arrive later \
                         appear as watched, and rematched items flip back and forth",
                        features.join(" and ")
                    ),
                    fix: format!(
                        "turn the pair round (source = \"{to}\", target = \"{from}\", mode = \"one-way\"), or accept \
                         it with acknowledge = [\"tracker-to-server\"] in [pair.policy]"
                    ),
                });
            }
        }
    }
    advice
}

pub(super) fn server_to_server(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for pair in running(settings).filter(|pair| !pair.policy.acknowledges(Acknowledgement::ServerToServer)) {
        let is_server = |id| kind(settings, id).is_some_and(ProviderKind::is_media_server);
        if is_server(&pair.source) && is_server(&pair.target) {
            let severity = if pair.mode == Mode::TwoWay { Severity::Error } else { Severity::Warning };
            advice.push(Advice {
                rule: Rule::ServerToServer,
                severity,
                subject: format!("pair[{}]", pair.id),
                message: format!(
                    "two media servers differ in folders, editions and matches, and one bad match spreads; back up both \
                     servers' databases and test the restore{}",
                    if pair.mode == Mode::TwoWay { "; until this is accepted, its runs are refused" } else { "" }
                ),
                fix: "send both servers to one tracker instead, or accept it with \
                      acknowledge = [\"server-to-server\"] in [pair.policy] once the backups are tested"
                    .to_owned(),
            });
        }
    }
    advice
}

pub(super) fn two_way(settings: &Settings) -> Vec<Advice> {
    let unaccepted = |pair: &&Pair| pair.mode == Mode::TwoWay && !pair.policy.acknowledges(Acknowledgement::TwoWay);
    let advise = |pair: &Pair| Advice {
        rule: Rule::TwoWay,
        severity: Severity::Warning,
        subject: format!("pair[{}].mode", pair.id),
        message: "changes travel in both directions, so a mistake on either side reaches the other; its runs are \
                  refused until its readiness list is green"
            .to_owned(),
        fix: "use mode = \"one-way\" until the readiness list is green, or accept it with \
              acknowledge = [\"two-way\"] in [pair.policy]"
            .to_owned(),
    };
    running(settings).filter(unaccepted).map(advise).collect()
}

pub(super) fn idle_conflict(settings: &Settings) -> Vec<Advice> {
    let is_idle = |pair: &&Pair| pair.mode == Mode::OneWay && pair.policy.conflict != Conflict::Source;
    let advise = |pair: &Pair| Advice {
        rule: Rule::IdleConflict,
        severity: Severity::Warning,
        subject: format!("pair[{}].policy.conflict", pair.id),
        message: format!("in one-way mode the source always wins, so `{}` changes nothing", pair.policy.conflict),
        fix: "write \"source\", or leave it out".to_owned(),
    };
    running(settings).filter(is_idle).map(advise).collect()
}

pub(super) fn removes(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for pair in running(settings).filter(|pair| !pair.policy.acknowledges(Acknowledgement::Removes)) {
        for feature in RECORDS.into_iter().filter(|feature| pair.removes(*feature)) {
            advice.push(Advice {
                rule: Rule::Removes,
                severity: Severity::Warning,
                subject: format!("pair[{}].{feature}.remove", pair.id),
                message: format!(
                    "{feature} is removed at `{}`: records of years hang on what the source happens to show",
                    pair.target
                ),
                fix: "set remove = \"off\", or accept it with acknowledge = [\"removes\"] in [pair.policy]".to_owned(),
            });
        }
    }
    advice
}

/// So many features at once are hard to follow on a new set-up.
const MANY: usize = 3;

pub(super) fn many_features(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for pair in running(settings) {
        let features = on(pair, Feature::ALL);
        if features.len() >= MANY {
            advice.push(Advice {
                rule: Rule::ManyFeatures,
                severity: Severity::Info,
                subject: format!("pair[{}]", pair.id),
                message: format!(
                    "{} start at once; surprises are easier to place one feature at a time",
                    features.join(", ")
                ),
                fix: "on a new set-up begin with one feature (enabled = false for the others), look at its runs, then \
                      add the next"
                    .to_owned(),
            });
        }
    }
    advice
}

pub(super) fn no_feature(settings: &Settings) -> Vec<Advice> {
    let advise = |pair: &Pair| Advice {
        rule: Rule::NoFeature,
        severity: Severity::Warning,
        subject: format!("pair[{}]", pair.id),
        message: "no feature is on, so the pair does nothing".to_owned(),
        fix: "add [pair.history], [pair.watchlist], [pair.ratings] or [pair.progress] below it, or remove the pair"
            .to_owned(),
    };
    running(settings).filter(|pair| pair.features().is_empty()).map(advise).collect()
}

pub(super) fn double_recording(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for pair in running(settings) {
        let Some(history) = &pair.history else { continue };
        if matches!(history.owner, Owner::Live | Owner::Sync) {
            continue;
        }
        let written: Vec<&ProviderId> = directions(pair).into_iter().map(|(_, to)| to).collect();
        for route in settings.routes.iter().filter(|route| route.enabled) {
            for target in route.targets.iter().filter(|target| written.contains(target)) {
                advice.push(Advice {
                    rule: Rule::DoubleRecording,
                    severity: Severity::Warning,
                    subject: format!("pair[{}].history", pair.id),
                    message: format!(
                        "route `{}` and this pair both record plays at `{target}`; known plays are not written twice, \
                         but one recorder is easier to follow",
                        route.id
                    ),
                    fix: "once the history is seeded, set schedule = \"manual\" or owner = \"live\" in [pair.history]"
                        .to_owned(),
                });
            }
        }
    }
    advice
}

pub(super) fn undated_plays(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for pair in running(settings) {
        if !pair.history.as_ref().is_some_and(|history| history.allow_undated) {
            continue;
        }
        let plex = |id: &&ProviderId| kind(settings, id) == Some(ProviderKind::Plex);
        if let Some(target) = directions(pair).into_iter().map(|(_, to)| to).find(plex) {
            advice.push(Advice {
                rule: Rule::UndatedPlays,
                severity: Severity::Warning,
                subject: format!("pair[{}].history.allow_undated", pair.id),
                message: format!("Plex cannot take a past date: every play written to `{target}` is dated today"),
                fix: "set allow_undated = false, or run the pair once and set it to false then".to_owned(),
            });
        }
    }
    advice
}
