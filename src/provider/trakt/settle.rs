//! What an answer in counts means for each operation that was in the request.
//!
//! Trakt answers a write with counts per kind and an echo of what its catalogue does not know. An operation counts as
//! applied only where the counts of its kind explain all of them; the rest is in doubt and is read back.

use crosswatch_model::{Action, Kind, Reason};
use crosswatch_port::WriteOutcome;

use super::wire::{Counts, Echo, WriteReply};
use crate::{
    loose::{Nested, Scalar},
    nested::{Address, SentIds},
    outcome::{acknowledged, rejected},
};

/// One outcome per address, in order. All of them were in one request of this action.
pub(super) fn settle(reply: &WriteReply, action: Action, addresses: &[&Address]) -> Vec<WriteOutcome> {
    let is_unknown: Vec<bool> = addresses.iter().map(|address| is_not_found(reply, address)).collect();
    let outcome = |kind: Kind| {
        let sent = addresses.iter().zip(&is_unknown).filter(|(address, unknown)| address.kind() == kind && !**unknown);
        explained(reply, action, kind, sent.count() as u64)
    };
    let outcome_of_kind = |address: &Address| outcome(address.kind());
    addresses
        .iter()
        .zip(&is_unknown)
        .map(|(address, unknown)| if *unknown { rejected(Reason::NotFound) } else { outcome_of_kind(address) })
        .collect()
}

/// One outcome per event id of a removal by event ids.
pub(super) fn settle_events(reply: &WriteReply, events: &[u64]) -> Vec<WriteOutcome> {
    let gone: Vec<u64> =
        reply.not_found.get().into_iter().flat_map(|echo| &echo.ids).filter_map(Scalar::whole).collect();
    let is_gone = |event: &u64| gone.contains(event);
    let sent = events.iter().filter(|event| !is_gone(event)).count() as u64;
    let deleted = count(&reply.deleted, Kind::Movie) + count(&reply.deleted, Kind::Episode);
    let outcome = if deleted >= sent { acknowledged() } else { WriteOutcome::InDoubt };
    events.iter().map(|event| if is_gone(event) { WriteOutcome::AlreadyThere } else { outcome }).collect()
}

fn explained(reply: &WriteReply, action: Action, kind: Kind, sent: u64) -> WriteOutcome {
    let existing = count(&reply.existing, kind);
    let (done, explains_all) = if action == Action::Remove {
        // What was found and not deleted was not there; either way it is gone.
        (count(&reply.deleted, kind), reply.deleted.get().is_some())
    } else {
        let added = count(&reply.added, kind) + count(&reply.updated, kind);
        (added, added + existing >= sent)
    };
    if !explains_all {
        WriteOutcome::InDoubt
    } else if done == 0 {
        WriteOutcome::AlreadyThere
    } else {
        acknowledged()
    }
}

fn count(counts: &Nested<Counts>, kind: Kind) -> u64 {
    let Some(counts) = counts.get() else { return 0 };
    let field = match kind {
        Kind::Movie => &counts.movies,
        Kind::Show => &counts.shows,
        Kind::Season => &counts.seasons,
        Kind::Episode => &counts.episodes,
    };
    field.whole().unwrap_or(0)
}

fn is_not_found(reply: &WriteReply, address: &Address) -> bool {
    let Some(unknown) = reply.not_found.get() else { return false };
    let named = |list: &[Nested<Echo>], ids: &SentIds| list.iter().filter_map(Nested::get).any(|echo| echo.names(ids));
    match address {
        Address::Own(Kind::Movie, ids) => named(&unknown.movies, ids),
        Address::Own(Kind::Show, ids) => named(&unknown.shows, ids),
        Address::Own(Kind::Season, ids) => named(&unknown.seasons, ids),
        Address::Own(Kind::Episode, ids) => named(&unknown.episodes, ids),
        Address::Season(show, season) => echoes(&unknown.shows, show).any(|echo| echo.lacks(*season, None)),
        Address::Episode(show, season, number) => {
            echoes(&unknown.shows, show).any(|echo| echo.lacks(*season, Some(*number)))
        }
    }
}

fn echoes<'a>(list: &'a [Nested<Echo>], show: &'a SentIds) -> impl Iterator<Item = &'a Echo> {
    list.iter().filter_map(Nested::get).filter(|echo| echo.names(show))
}

impl Echo {
    /// Whether the echo has every id that was sent.
    fn names(&self, sent: &SentIds) -> bool {
        let Some(ids) = self.ids.get() else { return false };
        let is_same = |(name, value): (&&'static str, &String)| {
            ids.get(*name).and_then(Scalar::written).is_some_and(|echoed| echoed == value.as_str())
        };
        sent.0.iter().all(is_same)
    }

    /// Whether the season, or the episode of it, is among what is missing. A show without seasons is missing as a whole, a
    /// season without episodes likewise.
    fn lacks(&self, season: u16, number: Option<u16>) -> bool {
        let mut seasons = self.seasons.iter().filter_map(Nested::get);
        self.seasons.is_empty()
            || seasons.any(|echo| {
                let mut episodes = echo.episodes.iter().filter_map(Nested::get);
                echo.number.small() == Some(season)
                    && (echo.episodes.is_empty()
                        || number.is_some() && episodes.any(|echo| echo.number.small() == number))
            })
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::Namespace;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::trakt::body::{
        address,
        tests::{episode, movie},
    };

    const NOT_FOUND: WriteOutcome = rejected(Reason::NotFound);

    fn check(reply: &Value, action: Action, addresses: &[&Address], expected: &[WriteOutcome]) {
        let parsed = WriteReply::deserialize(reply).unwrap();
        assert_eq!(settle(&parsed, action, addresses), expected, "{reply}");
    }

    fn movies() -> [Address; 2] {
        [movie(&[(Namespace::Imdb, "tt0000111")]), movie(&[(Namespace::Tmdb, "5")])]
            .map(|movie| address(&movie).unwrap())
    }

    #[test]
    fn counts_must_explain_everything() {
        let [one, two] = movies();
        let both = [&one, &two];
        let done = acknowledged();
        check(&json!({ "added": { "movies": 2 } }), Action::Add, &both, &[done, done]);
        check(&json!({ "added": { "movies": 1 }, "updated": { "movies": 1 } }), Action::Add, &both, &[done, done]);
        check(&json!({ "added": { "movies": 1 } }), Action::Add, &both, &[WriteOutcome::InDoubt; 2]);
        check(&json!({ "added": { "episodes": 2 } }), Action::Add, &both, &[WriteOutcome::InDoubt; 2]);
        check(&json!({ "existing": { "movies": 2 } }), Action::Add, &both, &[WriteOutcome::AlreadyThere; 2]);
        check(&json!({ "deleted": { "movies": 2 } }), Action::Remove, &both, &[done, done]);
        check(&json!({ "deleted": { "movies": 0 } }), Action::Remove, &both, &[WriteOutcome::AlreadyThere; 2]);
        check(&json!({}), Action::Remove, &both, &[WriteOutcome::InDoubt; 2]);
        check(&json!({ "added": null, "not_found": [] }), Action::Add, &both, &[WriteOutcome::InDoubt; 2]);
        let echo = json!({ "added": { "movies": 1 }, "not_found": { "movies": [{ "ids": { "imdb": "tt0000111" }, "rating": 8 }] } });
        check(&echo, Action::Add, &both, &[NOT_FOUND, done]);
    }

    #[test]
    fn a_missing_episode_is_told_from_a_missing_show() {
        let show = [(Namespace::Tvdb, "81189")];
        let [first, second] = [1, 2].map(|number| address(&episode(&show, 1, number, &[])).unwrap());
        let both = [&first, &second];
        let echo = |seasons: Value| {
            json!({ "added": { "episodes": 1 },
                "not_found": { "shows": [{ "ids": { "tvdb": 81189 }, "seasons": seasons }] } })
        };
        check(
            &echo(json!([{ "number": 1, "episodes": [{ "number": 2 }] }])),
            Action::Add,
            &both,
            &[acknowledged(), NOT_FOUND],
        );
        check(&echo(json!([{ "number": 1 }])), Action::Add, &both, &[NOT_FOUND; 2]);
        check(&echo(json!([])), Action::Add, &both, &[NOT_FOUND; 2]);
        check(&echo(json!([{ "number": 3 }])), Action::Add, &both, &[WriteOutcome::InDoubt; 2]);
    }

    #[test]
    fn events_that_are_gone_need_no_removal() {
        let reply = |json: Value| serde_json::from_value::<WriteReply>(json).unwrap();
        let one = reply(json!({ "deleted": { "movies": 0, "episodes": 1 }, "not_found": { "ids": [23] } }));
        assert_eq!(settle_events(&one, &[23, 42]), [WriteOutcome::AlreadyThere, acknowledged()]);
        let none = reply(json!({ "deleted": { "movies": 0, "episodes": 0 }, "not_found": { "ids": [] } }));
        assert_eq!(settle_events(&none, &[42]), [WriteOutcome::InDoubt]);
    }
}
