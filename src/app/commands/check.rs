//! `crosswatch check`: the configuration, every account, and what experience says about both.

use std::sync::Arc;

use crosswatch_settings::{Advice, Provider, Rule, Settings, Severity, advise};
use serde_json::{Value, json};

use crate::{
    answer::{Account, AdviceRow, AdviceRows},
    cli::CheckArguments,
    client::Api,
    exit::{Exit, Failure},
    output::{
        self, json,
        style::Style,
        table::{self, Table},
        words,
    },
    session::Session,
};

/// An account that was asked, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    id: String,
    kind: &'static str,
    outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Answers { user: String, product: String },
    Fails(String),
    NotAsked,
}

/// Checks everything. The configuration itself was checked when it was loaded.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: CheckArguments) -> Result<Exit, Failure> {
    let (asked, unwatched) = if arguments.offline || settings.providers.is_empty() {
        (settings.providers.iter().map(|provider| asked(provider, Outcome::NotAsked)).collect(), Vec::new())
    } else {
        ask_all(settings).await?
    };
    let mut advice = advise(settings);
    advice.extend(unwatched);
    advice.sort_by_key(|advice| std::cmp::Reverse(advice.severity));
    let exit = verdict(&asked, &advice);
    if arguments.json {
        json::print(&as_json(&asked, &advice, exit))?;
    } else {
        output::say_text(&as_text(settings, &asked, &advice, Style::of_stdout()))?;
    }
    Ok(exit)
}

fn asked(provider: &Provider, outcome: Outcome) -> Asked {
    Asked { id: provider.id.to_string(), kind: provider.kind.as_str(), outcome }
}

/// Asks one account after the other, so that a slow one is named by the time it takes; then the service, which servers it
/// cannot watch.
async fn ask_all(settings: &Arc<Settings>) -> Result<(Vec<Asked>, Vec<Advice>), Failure> {
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let mut all = Vec::with_capacity(settings.providers.len());
            for provider in &settings.providers {
                all.push(asked(provider, ask(session.api(), provider).await));
            }
            let rows = session.api().get("/api/v1/advice").await?;
            Ok((all, not_watched(session.api().read(rows)?)))
        })
        .await
}

/// Of what the service advises, what only a running service can know.
fn not_watched(rows: AdviceRows) -> Vec<Advice> {
    let is_meant = |row: &AdviceRow| row.rule == Rule::WatcherDown.as_str() && row.snoozed_until.is_none();
    let advice = |row: AdviceRow| Advice {
        rule: Rule::WatcherDown,
        severity: Severity::Warning,
        subject: row.subject,
        message: row.message,
        fix: row.fix,
    };
    rows.items.into_iter().filter(is_meant).map(advice).collect()
}

async fn ask(api: &Api, provider: &Provider) -> Outcome {
    let answer = match api.post(&format!("/api/v1/providers/{}/check", provider.id), &json!({})).await {
        Ok(answer) => answer,
        Err(failure) if failure.kind == "unknown-provider" => {
            return Outcome::Fails(
                "the running service does not know it; restart the service to load the configuration".to_owned(),
            );
        }
        Err(failure) => return Outcome::Fails(failure.message),
    };
    match api.read::<Account>(answer) {
        Ok(account) => account.into(),
        Err(failure) => Outcome::Fails(failure.message),
    }
}

impl From<Account> for Outcome {
    fn from(account: Account) -> Self {
        if let Some(fault) = account.fault {
            return Self::Fails(fault.detail);
        }
        Self::Answers { user: account.user.unwrap_or_default(), product: account.product.unwrap_or_default() }
    }
}

fn verdict(asked: &[Asked], advice: &[Advice]) -> Exit {
    let fails = asked.iter().any(|account| matches!(account.outcome, Outcome::Fails(_)));
    if fails || advice.iter().any(|advice| advice.severity == Severity::Error) { Exit::Unhealthy } else { Exit::Done }
}

fn as_text(settings: &Settings, asked: &[Asked], advice: &[Advice], style: Style) -> String {
    let mut lines = vec![format!(
        "The configuration is valid: {}, {}.",
        words::counted(asked.len() as u64, "account", "accounts"),
        words::counted(settings.pairs.len() as u64, "pair", "pairs"),
    )];
    if !asked.is_empty() {
        lines.extend([String::new(), account_table(asked).render(style, true).trim_end().to_owned()]);
    }
    if !advice.is_empty() {
        lines.push(String::new());
    }
    for advice in advice {
        let severity = style.bold(advice.severity.as_str());
        lines.push(format!("{severity}: {}: {}\n    {} ({})", advice.subject, advice.message, advice.fix, advice.rule));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn account_table(asked: &[Asked]) -> Table {
    let mut table = Table::new(&[
        table::text("account", 32),
        table::text("kind", 8),
        table::text("answers", 8),
        table::text("user", 24),
        table::text("product, or what to do", 120),
    ]);
    for account in asked {
        let [answers, user, rest] = match &account.outcome {
            Outcome::Answers { user, product } => ["yes", user, product],
            Outcome::Fails(why) => ["no", "", why],
            Outcome::NotAsked => ["?", "", "not asked"],
        };
        table.row([&account.id, account.kind, answers, user, rest].map(str::to_owned));
    }
    table
}

fn as_json(asked: &[Asked], advice: &[Advice], exit: Exit) -> Value {
    let accounts: Vec<Value> = asked
        .iter()
        .map(|account| {
            let (answers, user, product, error) = match &account.outcome {
                Outcome::Answers { user, product } => (Some(true), Some(user), Some(product), None),
                Outcome::Fails(why) => (Some(false), None, None, Some(why)),
                Outcome::NotAsked => (None, None, None, None),
            };
            json!({"id": account.id, "kind": account.kind, "answers": answers, "user": user, "product": product, "error": error})
        })
        .collect();
    let advice: Vec<Value> = advice
        .iter()
        .map(|advice| {
            json!({
                "rule": advice.rule.as_str(), "severity": advice.severity.as_str(), "subject": advice.subject,
                "message": advice.message, "fix": advice.fix,
            })
        })
        .collect();
    json!({"ok": exit == Exit::Done, "providers": accounts, "advice": advice})
}

#[cfg(test)]
mod tests {
    use crate::wiring::tests_support::settings;

    use super::*;

    fn account(outcome: Outcome) -> Asked {
        Asked { id: "home".to_owned(), kind: "jellyfin", outcome }
    }

    fn advice(severity: Severity) -> Advice {
        let text = |text: &str| text.to_owned();
        Advice {
            rule: Rule::TlsOff,
            severity,
            subject: text("provider[home]"),
            message: text("It is off."),
            fix: text("Turn it on."),
        }
    }

    #[test]
    fn errors_and_silent_accounts_are_unhealthy() {
        let answers = || account(Outcome::Answers { user: "anna".to_owned(), product: "Jellyfin 10.11.8".to_owned() });
        for (asked, advice, exit) in [
            (vec![answers()], vec![advice(Severity::Warning)], Exit::Done),
            (vec![account(Outcome::NotAsked)], vec![], Exit::Done),
            (vec![answers(), account(Outcome::Fails("it is not there".to_owned()))], vec![], Exit::Unhealthy),
            (vec![answers()], vec![advice(Severity::Error)], Exit::Unhealthy),
        ] {
            assert_eq!(verdict(&asked, &advice), exit, "{asked:?} {advice:?}");
        }
    }

    #[test]
    fn people_read_who_answers_and_what_to_do() {
        let asked = [account(Outcome::Fails("the token is wrong; make another".to_owned()))];
        let text = as_text(&settings(""), &asked, &[advice(Severity::Warning)], Style::PLAIN);
        let expected = "The configuration is valid: 1 account, 0 pairs.\n\n\
            account  kind      answers  user  product, or what to do\n\
            home     jellyfin  no             the token is wrong; make another\n\n\
            warning: provider[home]: It is off.\n    Turn it on. (tls-off)\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_the_service_cannot_watch_is_told_unless_nobody_wants_to_hear_it() {
        let row = |rule: &str, more: &str| {
            format!(r#"{{"rule":"{rule}","subject":"provider[home]","message":"m","fix":"f"{more}}}"#)
        };
        let snoozed = r#","snoozed_until":"2026-07-01T00:00:00Z""#;
        for (rows, expected) in [
            (row("watcher-down", ""), 1),
            (row("watcher-down", r#","snoozed_until":null"#), 1),
            (row("watcher-down", snoozed), 0),
            (row("tls-off", ""), 0),
        ] {
            let rows = serde_json::from_str(&format!("{{\"items\":[{rows}]}}")).unwrap();
            assert_eq!(not_watched(rows).len(), expected);
        }
    }

    #[test]
    fn scripts_read_the_same() {
        let asked = [account(Outcome::NotAsked)];
        let report = as_json(&asked, &[advice(Severity::Error)], Exit::Unhealthy);
        assert_eq!(report["ok"], json!(false));
        assert_eq!(report["providers"][0]["answers"], Value::Null);
        assert_eq!(report["advice"][0]["rule"], json!("tls-off"));
    }
}
