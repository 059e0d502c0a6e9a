//! A person's file of verdicts: which ids name the same thing, which do not, and which are wrong wherever they stand.
//!
//! ```toml
//! same = [["imdb:tt0133093", "tmdb_movie:603"]]
//! different = [["tmdb_show:83621", "tvdb_show:195571"]]
//! ignore = ["tmdb_movie:550"]
//! ```
//!
//! The file is the whole truth: a verdict that is taken out of it holds no longer.

use crosswatch_identity::{Entry, Evidence, Verdict};
use crosswatch_model::{Id, ItemRef};
use serde::Deserialize;

/// Verdicts in one file stand beside each other; none of them is later than another.
const AT_S: i64 = 0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    same: Vec<(String, String)>,
    #[serde(default)]
    different: Vec<(String, String)>,
    #[serde(default)]
    ignore: Vec<String>,
}

/// Adds the verdicts of a text. The error says which one cannot be used, and why.
pub(super) fn add(text: &str, evidence: &mut Evidence) -> Result<(), String> {
    let file: File = toml::from_str(text).map_err(|why| why.to_string())?;
    for (one, other) in &file.same {
        add_pairs(one, other, evidence, Verdict::Same).map_err(|why| format!("same: {why}"))?;
    }
    for (one, other) in &file.different {
        add_pairs(one, other, evidence, Verdict::Different).map_err(|why| format!("different: {why}"))?;
    }
    for wrong in &file.ignore {
        for id in ids(wrong).map_err(|why| format!("ignore: {why}"))? {
            decide(Verdict::Ignore(id), evidence)?;
        }
    }
    Ok(())
}

/// An IMDb id does not say its kind, so it stands for every kind that the other id may have.
fn add_pairs(one: &str, other: &str, evidence: &mut Evidence, verdict: fn(Id, Id) -> Verdict) -> Result<(), String> {
    let (ids_of_one, ids_of_other) = (ids(one)?, ids(other)?);
    let mut is_empty = true;
    for id in &ids_of_one {
        for other in ids_of_other.iter().filter(|other| other.kind() == id.kind()) {
            is_empty = false;
            decide(verdict(*id, *other), evidence)?;
        }
    }
    if is_empty { Err(format!("{one} and {other} are of different kinds")) } else { Ok(()) }
}

fn decide(verdict: Verdict, evidence: &mut Evidence) -> Result<(), String> {
    evidence.add(Entry::Decided(verdict, AT_S)).map_err(|why| format!("{verdict:?}: {why}"))
}

fn ids(text: &str) -> Result<Vec<Id>, String> {
    let item: ItemRef = text
        .parse()
        .map_err(|why| format!("{text}: {why}; write an id as in imdb:tt0133093, tmdb_movie:603 or tvdb_show:81189"))?;
    match item.coordinates {
        None => Ok(item.ids),
        Some(_) => Err(format!("{text}: an episode is named by an id of its own here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> Result<usize, String> {
        let mut evidence = Evidence::new();
        add(text, &mut evidence).map(|()| evidence.entries().count())
    }

    #[test]
    fn verdicts_become_evidence() {
        for (text, entries) in [
            ("", 0),
            ("same = [[\"imdb:tt0133093\", \"tmdb_movie:603\"]]", 1),
            ("different = [[\"tmdb_show:83621\", \"tvdb_show:195571\"], [\"tmdb_movie:1\", \"tvdb_movie:2\"]]", 2),
            ("ignore = [\"tmdb_movie:550\"]", 1),
            ("same = [[\"imdb:tt1\", \"imdb:tt2\"]]", 3),
        ] {
            assert_eq!(added(text), Ok(entries), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (text, part) in [
            (
                "same = [[\"tmdb_movie:603\", \"tmdb_show:603\"]]",
                "same: tmdb_movie:603 and tmdb_show:603 are of different",
            ),
            ("same = [[\"tmdb_movie:603\", \"tmdb_movie:603\"]]", "equal"),
            ("ignore = [\"603\"]", "ignore: 603: "),
            ("ignore = [\"tvdb_show:81189/1/3\"]", "an id of its own"),
            ("wrong = []", "wrong"),
            ("same = [[\"tmdb_movie:603\"]]", "same"),
        ] {
            let why = added(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
