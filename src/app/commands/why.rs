//! `crosswatch why PAIR ITEM`: explains what happened or will happen to an item, and writes nothing.

use std::sync::Arc;

use crosswatch_model::ItemRef;
use crosswatch_settings::Settings;
use serde::Deserialize;

use crate::{
    cli::WhyArguments,
    commands::pair,
    exit::{Exit, Failure},
    output::{self, json, style::Style, table::harmless},
    session::Session,
};

/// The answer, as far as people read it.
#[derive(Debug, Deserialize)]
struct Answer {
    features: Vec<OfFeature>,
}

#[derive(Debug, Deserialize)]
struct OfFeature {
    feature: String,
    facts: Vec<OfFact>,
}

#[derive(Debug, Deserialize)]
struct OfFact {
    sentence: String,
    chain: Vec<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    fact: String,
    source: String,
    rule: Option<String>,
}

/// Asks and prints.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &WhyArguments) -> Result<Exit, Failure> {
    let id = pair(settings, &arguments.pair)?.id.clone();
    let item = plain(&arguments.item)?;
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let answer = session.api().get(&format!("/api/v1/why?pair={id}&item={item}")).await?;
            if arguments.json {
                output::say(&json::pretty(&answer)?)?;
            } else {
                print(&session.api().read(answer)?)?;
            }
            Ok(Exit::Done)
        })
        .await
}

/// The words for the item, if they can be such: then they need no quoting in an address.
fn plain(item: &str) -> Result<&str, Failure> {
    let is_plain = item.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_/".contains(&byte));
    match item.parse::<ItemRef>() {
        Ok(_) if is_plain => Ok(item),
        _ => Err(Failure::failed(format!(
            "\"{}\" names no item; write it like imdb:tt0133093, tmdb_movie:603 or tvdb_show:81189/1/3",
            harmless(item)
        ))),
    }
}

fn print(answer: &Answer) -> Result<(), Failure> {
    let style = Style::of_stdout();
    for of in &answer.features {
        for fact in &of.facts {
            output::say(&style.bold(&format!("{}: {}", of.feature, harmless(&fact.sentence))))?;
            for link in &fact.chain {
                let rule = link.rule.as_ref().map_or_else(String::new, |rule| format!(" [{rule}]"));
                output::say(&format!("  {:<9} {}{rule}", link.source, harmless(&link.fact)))?;
            }
        }
    }
    Ok(())
}
