//! Rules about the service as a whole: its door, its log, its snapshots, its schedules.

use std::collections::BTreeSet;

use crosswatch_model::{Feature, ProviderId};

use super::{
    Advice, Rule, Severity,
    pairs::{directions, running},
};
use crate::{log::LogLevel, provider::Provider, schedule::Schedule, settings::Settings};

pub(super) fn no_snapshots(settings: &Settings) -> Vec<Advice> {
    let scheduled: BTreeSet<&ProviderId> = settings
        .snapshots
        .iter()
        .filter(|snapshot| !snapshot.schedule.is_manual())
        .map(|snapshot| &snapshot.provider)
        .collect();
    let written: BTreeSet<&ProviderId> =
        running(settings).flat_map(directions).map(|(_, to)| to).filter(|to| !scheduled.contains(to)).collect();
    let Some(first) = written.first() else { return Vec::new() };
    let names: Vec<&str> = written.iter().map(|id| id.as_str()).collect();
    vec![Advice {
        rule: Rule::NoSnapshots,
        severity: Severity::Info,
        subject: "snapshot".to_owned(),
        message: format!("nothing takes regular snapshots of {}, which pairs write to", names.join(", ")),
        fix: format!("add [[snapshot]] with provider = \"{first}\"; the defaults take one a day"),
    }]
}

pub(super) fn open_listener(settings: &Settings) -> Vec<Advice> {
    let server = &settings.server;
    if server.listen.ip().is_loopback() || server.api_key.is_some() {
        return Vec::new();
    }
    vec![Advice {
        rule: Rule::OpenListener,
        severity: Severity::Warning,
        subject: "server.listen".to_owned(),
        message: format!(
            "{} is reachable from the network, and the only key is one that was made on first start",
            server.listen
        ),
        fix: "set CROSSWATCH_API_KEY or api_key = { file = \"…\" } in [server], or listen on 127.0.0.1 behind a proxy"
            .to_owned(),
    }]
}

pub(super) fn tls_off(settings: &Settings) -> Vec<Advice> {
    let advise = |provider: &Provider| Advice {
        rule: Rule::TlsOff,
        severity: Severity::Warning,
        subject: format!("provider[{}].verify_tls", provider.id),
        message: "certificates are not checked: anybody on the way can read the token".to_owned(),
        fix: "set verify_tls = true and give the server a certificate that this machine trusts".to_owned(),
    };
    settings.providers.iter().filter(|provider| !provider.verify_tls).map(advise).collect()
}

pub(super) fn plain_http(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for provider in &settings.providers {
        let urls = [
            ("url", &provider.url),
            ("auth_url", &provider.auth_url),
            ("plextv_url", &provider.plextv_url),
            ("discover_url", &provider.discover_url),
            ("metadata_url", &provider.metadata_url),
        ];
        for (key, url) in urls {
            let Some(url) = url.as_ref().filter(|url| !url.is_https() && !url.is_private()) else { continue };
            advice.push(Advice {
                rule: Rule::PlainHttp,
                severity: Severity::Warning,
                subject: format!("provider[{}].{key}", provider.id),
                message: format!("the token is sent unencrypted to {}, which is not in your network", url.host()),
                fix: "use an https:// address, or reach the server by a private address or a VPN".to_owned(),
            });
        }
    }
    advice
}

/// Below these gaps a tracker's quota or patience is at risk.
const BRISK_S: u32 = 15 * 60;
const HASTY_S: u32 = 5 * 60;

pub(super) fn fast_schedules(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for pair in running(settings) {
        for feature in Feature::ALL {
            let Some(schedule) = pair.schedule_of(*feature) else { continue };
            let own = pair.feature(*feature).is_some_and(|settings| settings.schedule.is_some());
            let subject = if own {
                format!("pair[{}].{feature}.schedule", pair.id)
            } else {
                format!("pair[{}].schedule", pair.id)
            };
            advice.extend(fast_schedule(settings, &[&pair.source, &pair.target], schedule, subject));
        }
    }
    for snapshot in &settings.snapshots {
        let subject = format!("snapshot[{}].schedule", snapshot.provider);
        advice.extend(fast_schedule(settings, &[&snapshot.provider], &snapshot.schedule, subject));
    }
    advice.sort_by(|one, other| one.subject.cmp(&other.subject));
    advice.dedup();
    advice
}

fn fast_schedule(settings: &Settings, ids: &[&ProviderId], schedule: &Schedule, subject: String) -> Option<Advice> {
    let accounts = ids.iter().filter_map(|id| settings.provider(id));
    let tracker = accounts.into_iter().find(|provider| provider.kind.is_remote_tracker())?;
    let gap = schedule.shortest_gap().filter(|gap| gap.seconds() < BRISK_S)?;
    let severity = if gap.seconds() < HASTY_S { Severity::Error } else { Severity::Warning };
    Some(Advice {
        rule: Rule::FastSchedule,
        severity,
        subject,
        message: format!(
            "`{}` ({}) is asked every {gap}: quotas run dry, and clients that ask too often are slowed down or banned",
            tracker.id, tracker.kind
        ),
        fix: "use \"every 30m\" or slower, and a [[route]] for what should arrive at once".to_owned(),
    })
}

pub(super) fn talkative_log(settings: &Settings) -> Vec<Advice> {
    if settings.log.level <= LogLevel::Info {
        return Vec::new();
    }
    vec![Advice {
        rule: Rule::TalkativeLog,
        severity: Severity::Info,
        subject: "log.level".to_owned(),
        message: format!("{} is for investigations; it fills the log and hides what matters", settings.log.level),
        fix: "set level = \"info\"; it can be raised for an hour while the service runs".to_owned(),
    }]
}

pub(super) fn nothing_to_do(settings: &Settings) -> Vec<Advice> {
    let routed = settings.routes.iter().any(|route| route.enabled);
    if routed || running(settings).next().is_some() {
        return Vec::new();
    }
    vec![Advice {
        rule: Rule::NothingToDo,
        severity: Severity::Info,
        subject: "pair".to_owned(),
        message: "no pair and no route is enabled, so nothing is kept in step".to_owned(),
        fix: "add a [[provider]] for each account and a [[pair]] from the media server to the tracker".to_owned(),
    }]
}
