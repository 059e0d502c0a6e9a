//! `crosswatch undo`: shows how a run, all that a pair wrote in a time, or a play that was told live would be taken back,
//! and does it with `--yes`.

use std::sync::Arc;

use crosswatch_settings::Settings;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    answer::{Plan, Run},
    cli::UndoArguments,
    client::{Api, Followed},
    clock::now,
    commands::{
        pair,
        plan::{self, PAGE},
        run,
    },
    exit::{Exit, Failure},
    session::Session,
};

/// Plans the way back and prints it; with `--yes` it is applied right away.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &UndoArguments) -> Result<Exit, Failure> {
    let (path, wish) = wanted(settings, arguments)?;
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let api = session.api();
            let answer = make(api, &path, &wish).await?;
            let plan: Plan = api.read(answer.clone())?;
            if !arguments.json {
                plan::print(api, &plan).await?;
            } else if !arguments.yes {
                plan::print_json(api, answer, &plan.id).await?;
            }
            if !arguments.yes || plan.state == "failed" {
                return Ok(plan::outcome(&plan));
            }
            let done = apply(api, "undo", &plan, arguments.approve_held).await?;
            let exit = run::report(api, &done, arguments.json)?;
            Ok(if arguments.approve_held { exit } else { exit.worse(plan::outcome(&plan)) })
        })
        .await
}

/// What is to be taken back: where to ask for it, and with what.
fn wanted(settings: &Settings, arguments: &UndoArguments) -> Result<(String, Value), Failure> {
    let no_id = |what: &str| Failure::failed(format!("this is not the id of a {what}"));
    if let Some(name) = &arguments.pair {
        let back = SignedDuration::from_secs(i64::from(arguments.last.seconds()));
        let since = now().checked_sub(back).map_err(|_| Failure::failed("--last reaches back too far".to_owned()))?;
        return Ok((format!("/api/v1/pairs/{}/undo", pair(settings, name)?.id), json!({ "since": since })));
    }
    if let Some(message) = &arguments.message {
        let id: u64 = message.parse().map_err(|_| no_id("message; GET /api/v1/outbox lists them"))?;
        return Ok((format!("/api/v1/outbox/{id}/undo"), json!({})));
    }
    let run = arguments.run.as_deref().unwrap_or_default();
    if run.is_empty() || !run.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Err(no_id("run; `crosswatch runs` lists them"));
    }
    Ok((format!("/api/v1/runs/{run}/undo"), json!({})))
}

/// Asks for the plan and waits for it.
async fn make(api: &Api, path: &str, wish: &Value) -> Result<Value, Failure> {
    let follower = api.follower("undo").await;
    let started = api.post(path, wish).await?;
    let id = started.get("id").and_then(Value::as_str).unwrap_or_default();
    Ok(follower.follow(Followed::Plan, id).await?)
}

/// Applies the plan, shows its progress under this name, and answers the run once it is over.
pub(crate) async fn apply(api: &Api, name: &str, plan: &Plan, approves_held: bool) -> Result<Value, Failure> {
    let choice = if approves_held { json!({ "only": operations(api, &plan.id).await? }) } else { json!({}) };
    let follower = api.follower(name).await;
    let started = api.post(&format!("/api/v1/plans/{}/apply", plan.id), &choice).await?;
    let run: Run = api.read(started)?;
    Ok(follower.follow(Followed::Run, &run.id).await?)
}

/// Every operation of the plan, those that wait included.
async fn operations(api: &Api, plan: &str) -> Result<Vec<Value>, Failure> {
    let (mut operations, mut cursor) = (Vec::new(), None);
    loop {
        let page = api.list(&format!("/api/v1/plans/{plan}/items"), PAGE, cursor.as_deref()).await?;
        operations
            .extend(page.items.iter().filter(|line| can_be_done(line)).filter_map(|line| line.get("op").cloned()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(operations);
        }
    }
}

fn can_be_done(line: &Value) -> bool {
    let action = line.get("action").and_then(Value::as_str).unwrap_or_default();
    matches!(action, "add" | "update" | "remove" | "hold")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_alone_is_not_chosen() {
        for (action, is_chosen) in [("add", true), ("hold", true), ("skip", false), ("conflict", false)] {
            assert_eq!(can_be_done(&json!({ "action": action })), is_chosen, "{action}");
        }
    }
}
