//! The commands, one file each.

pub(crate) mod apply;
pub(crate) mod auth;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod healthcheck;
pub(crate) mod import;
pub(crate) mod import_config;
pub(crate) mod plan;
pub(crate) mod reset;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod serve;
pub(crate) mod snapshot;
pub(crate) mod tracker;
pub(crate) mod undo;
pub(crate) mod why;

use crosswatch_settings::{Pair, Settings};

use crate::exit::Failure;

/// The configured pair of this name; otherwise the names there are.
fn pair<'a>(settings: &'a Settings, name: &str) -> Result<&'a Pair, Failure> {
    settings.pairs.iter().find(|pair| pair.id.as_str() == name).ok_or_else(|| {
        let known: Vec<&str> = settings.pairs.iter().map(|pair| pair.id.as_str()).collect();
        let advice = if known.is_empty() {
            "the configuration has none; add a [[pair]] to it".to_owned()
        } else {
            format!("use one of: {}", known.join(", "))
        };
        Failure::failed(format!("there is no pair called \"{}\"; {advice}", crate::output::table::harmless(name)))
    })
}
