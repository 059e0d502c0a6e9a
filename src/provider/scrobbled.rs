//! What an answer to a scrobble call means, the same for every tracker that has such calls.
//!
//! A tracker may make something else of a call than was asked: a stop that it files as a pause is shown and not watched. An
//! answer that cannot be read leaves the call in doubt. Deliberately absent: how an item is named, which differs.

use std::time::Duration;

use crosswatch_model::NativeRef;
use crosswatch_port::{Fault, Scrobbled, Verb};
use crosswatch_scrobble::Percent;
use serde::Deserialize;
use serde_json::{Value, json};
use smol_str::format_smolstr;

use crate::{http::Answer, loose::Scalar};

/// A tracker works on one call of an account at a time, and not for longer than this.
const LOCK_WAIT: Duration = Duration::from_secs(20);

/// What a `409` of a service says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The item was watched shortly before.
    Watched,
    /// Another app tells what plays.
    OtherApp,
}

/// What a `423` of a service says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    /// Another call of the account is under way.
    Busy,
    /// The account is closed.
    Closed,
}

/// How a service means its statuses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    pub(crate) conflict: Conflict,
    pub(crate) locked: Locked,
    /// Whether the id of a play in the answer is the one that its history has.
    pub(crate) names_plays: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ScrobbleReply {
    id: Scalar,
    action: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConflictReply {
    watched_at: Scalar,
}

/// The last part of the path.
pub(crate) const fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Start => "start",
        Verb::Pause => "pause",
        Verb::Stop => "stop",
    }
}

/// How far it is, as trackers are told: at most two decimals.
pub(crate) fn progress(percent: Percent) -> Value {
    json!(f64::from(percent.get()) / 100.0)
}

/// What became of a call; `None` where the item is not known under the name it was sent with.
pub(crate) fn read(
    answer: &Answer,
    verb: Verb,
    manners: Manners,
    fault: impl FnOnce(&Answer) -> Fault,
) -> Result<Option<Scrobbled>, Fault> {
    let place = &answer.place;
    match (answer.status.as_u16(), manners.conflict, manners.locked) {
        (200..=299, ..) => made_of(answer, verb, manners).map(Some),
        (404, ..) => Ok(None),
        (409, Conflict::Watched, _) => {
            // It is a conflict whatever the body says.
            let reply: ConflictReply = serde_json::from_slice(&answer.body).unwrap_or_default();
            Ok(Some(Scrobbled::Repeated { watched_at: reply.watched_at.moment() }))
        }
        (409, Conflict::OtherApp, _) => {
            Ok(Some(Scrobbled::Refused(format_smolstr!("{place}: another app tells what plays (409)"))))
        }
        (422, ..) => Ok(Some(Scrobbled::Refused(format_smolstr!("{place} refuses to take that (422)")))),
        (423, _, Locked::Busy) => Err(Fault::RateLimited {
            after: LOCK_WAIT,
            detail: format_smolstr!("{place}: another call of this account is under way (423)"),
        }),
        _ => Err(fault(answer)),
    }
}

fn made_of(answer: &Answer, verb: Verb, manners: Manners) -> Result<Scrobbled, Fault> {
    let reply: ScrobbleReply = answer.json()?;
    let native = || reply.id.whole().filter(|id| *id > 0 && manners.names_plays).map(|id| NativeRef(u128::from(id)));
    match (verb, reply.action.text_or_empty()) {
        (Verb::Stop, "stop") | (_, "scrobble") => Ok(Scrobbled::Watched { native: native() }),
        (_, "pause") | (Verb::Start | Verb::Pause, "start") => Ok(Scrobbled::Shown),
        _ => Err(Fault::InDoubt(format_smolstr!("{} does not tell what it made of the call", answer.place))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::answer;

    const MANNERS: Manners = Manners { conflict: Conflict::Watched, locked: Locked::Closed, names_plays: true };

    fn check(status: u16, body: &str, verb: Verb, expected: &str) {
        let answer = Answer { status: reqwest::StatusCode::from_u16(status).unwrap(), ..answer(body) };
        let told = match read(&answer, verb, MANNERS, Answer::fault) {
            Ok(None) => "unknown".to_owned(),
            Ok(Some(scrobbled)) => format!("{scrobbled:?}"),
            Err(Fault::InDoubt(_)) => "in doubt".to_owned(),
            Err(fault) => format!("{fault:?}"),
        };
        assert!(told.starts_with(expected), "{status} {body}: {told}");
    }

    #[test]
    fn an_answer_says_what_was_made_of_the_call() {
        check(201, r#"{"id":7,"action":"scrobble"}"#, Verb::Stop, "Watched { native: Some(NativeRef(7)) }");
        check(200, r#"{"id":7,"action":"stop"}"#, Verb::Stop, "Watched");
        check(201, r#"{"id":0,"action":"scrobble"}"#, Verb::Stop, "Watched { native: None }");
        check(201, r#"{"id":7,"action":"pause"}"#, Verb::Stop, "Shown");
        check(201, r#"{"id":0,"action":"start"}"#, Verb::Start, "Shown");
        check(201, r#"{"id":3,"action":"pause"}"#, Verb::Pause, "Shown");
        check(201, r#"{"id":0,"action":"start"}"#, Verb::Stop, "in doubt");
        check(201, "{}", Verb::Stop, "in doubt");
        check(201, "<html>", Verb::Stop, "in doubt");
        check(204, "", Verb::Stop, "in doubt");
        check(404, "", Verb::Stop, "unknown");
        check(
            409,
            r#"{"watched_at":"2026-11-01T12:00:00.000Z"}"#,
            Verb::Stop,
            "Repeated { watched_at: Some(2026-11-01T",
        );
        check(409, "<html>", Verb::Stop, "Repeated { watched_at: None }");
        check(422, "", Verb::Stop, "Refused");
        check(423, "", Verb::Stop, "Gone");
        check(401, "", Verb::Stop, "Auth");
        check(429, "", Verb::Stop, "RateLimited");
    }

    #[test]
    fn progress_has_two_decimals_at_most() {
        for (hundredths, text) in [(0, "0.0"), (9_250, "92.5"), (3_333, "33.33"), (10_000, "100.0")] {
            assert_eq!(progress(Percent::hundredths(hundredths)).to_string(), text);
        }
    }
}
