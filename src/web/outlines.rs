//! Remembering how pairs were configured when they last began anew, so that advice about a reset can compare.
//!
//! A change is told for a while and then taken as the new state: nobody wants to hear of it for ever.

use crosswatch_port::{Change, Commit, Durability, StandingKind, StandingRecord};
use crosswatch_settings::{Aspect, Pair, Settings, changed_aspects, outline};
use jiff::{SignedDuration, Timestamp};

use crate::{problem::ApiProblem, state::ApiState, state::stored};

/// How long a change is told.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Brings what is remembered about the pairs up to date; the service does so when it starts.
pub async fn remember_outlines(state: &ApiState) -> Result<(), ApiProblem> {
    let standings = state.read(|ledger| ledger.standings()).await?;
    let now = state.clock.now();
    let renewed = |pair| renewed(&state.settings, pair, &standings, now);
    let changes: Vec<Change> = state.settings.pairs.iter().filter_map(renewed).map(Change::PutStanding).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let commit = Commit { fence: None, durability: Durability::Synced, changes };
    stored(state.directory.store().save(commit)).await
}

/// The mark that says how a pair is configured now.
pub(crate) fn mark(settings: &Settings, pair: &Pair, now: Timestamp) -> StandingRecord {
    StandingRecord {
        kind: StandingKind::Configured,
        subject: pair.id.as_str().into(),
        at: now,
        until: None,
        text: outline(settings, pair).into(),
    }
}

/// The mark of a pair, where it has one.
fn mark_of<'a>(pair: &Pair, standings: &'a [StandingRecord]) -> Option<&'a StandingRecord> {
    standings.iter().find(|mark| mark.kind == StandingKind::Configured && mark.subject == pair.id.as_str())
}

/// What changed about a pair since it last began anew.
pub(crate) fn changed(settings: &Settings, pair: &Pair, standings: &[StandingRecord]) -> Vec<Aspect> {
    mark_of(pair, standings).map_or_else(Vec::new, |mark| changed_aspects(&mark.text, &outline(settings, pair)))
}

/// The mark to set, where the one there is not right any more.
fn renewed(settings: &Settings, pair: &Pair, standings: &[StandingRecord], now: Timestamp) -> Option<StandingRecord> {
    let fresh = mark(settings, pair, now);
    let Some(known) = mark_of(pair, standings) else { return Some(fresh) };
    if changed_aspects(&known.text, &fresh.text).is_empty() {
        let is_the_same = known.text == fresh.text && known.until.is_none();
        return if is_the_same { None } else { Some(fresh) };
    }
    match known.until {
        None => Some(StandingRecord { until: now.checked_add(TOLD_FOR).ok(), ..known.clone() }),
        Some(until) if until <= now => Some(fresh),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use crosswatch_settings::{Sources, load_text};

    use super::*;

    fn settings(mode: &str) -> Settings {
        let text = format!(
            "[[provider]]\nid = \"a\"\nkind = \"tracker\"\n[[provider]]\nid = \"b\"\nkind = \"tracker\"\n\
             [[pair]]\nid = \"p\"\nsource = \"a\"\ntarget = \"b\"\nmode = \"{mode}\"\n[pair.watchlist]\n"
        );
        load_text(&text, Path::new("/x/crosswatch.toml"), &Sources::new("/x", BTreeMap::new())).unwrap()
    }

    #[test]
    fn a_change_is_told_for_a_month_and_then_taken_as_it_is() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let (before, after) = (settings("one-way"), settings("two-way"));
        let renew =
            |settings: &Settings, known: &[StandingRecord], now| renewed(settings, &settings.pairs[0], known, day(now));
        let first = renew(&before, &[], 0).unwrap();
        assert_eq!((first.at, first.until), (day(0), None));
        assert_eq!(renew(&before, std::slice::from_ref(&first), 1), None);
        let noticed = renew(&after, std::slice::from_ref(&first), 2).unwrap();
        assert_eq!((&noticed.text, noticed.at, noticed.until), (&first.text, day(0), Some(day(32))));
        let marks = [noticed];
        assert_eq!(changed(&after, &after.pairs[0], &marks), [Aspect::Mode]);
        assert_eq!(renew(&after, &marks, 31), None);
        let taken = renew(&after, &marks, 32).unwrap();
        assert_eq!((changed(&after, &after.pairs[0], std::slice::from_ref(&taken)), taken.until), (vec![], None));
        let back = renew(&before, &marks, 5).unwrap();
        assert_eq!((back.at, back.until), (day(5), None));
    }
}
