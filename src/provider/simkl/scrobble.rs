//! Telling SIMKL what plays right now.
//!
//! Items go by ids only, as everywhere here. An episode goes by its show and its numbers: the numbers of TheTVDB and TMDB
//! with the series' ids, those of a cour with the ids of that cour. SIMKL forgets by itself what no longer plays, so there
//! is nothing to take back.

use crosswatch_model::{IdSet, Item, Kind, Namespace};
use crosswatch_port::{Fault, LocalFuture, Scrobble, Scrobbled, Scrobbling};
use serde_json::{Value, json};

use super::{Simkl, body::SentIds, find::counts_by_cour};
use crate::scrobbled::{Conflict, Locked, Manners, progress, read, word};

const MANNERS: Manners = Manners { conflict: Conflict::Watched, locked: Locked::Busy, names_plays: false };
const OF_SERIES: [Namespace; 3] = [Namespace::Imdb, Namespace::Tmdb, Namespace::Tvdb];
const OF_COUR: [Namespace; 5] =
    [Namespace::Simkl, Namespace::Mal, Namespace::AniDb, Namespace::AniList, Namespace::Kitsu];

impl Scrobbling for Simkl {
    fn scrobble<'a>(&'a self, call: &'a Scrobble) -> LocalFuture<'a, Result<Scrobbled, Fault>> {
        Box::pin(async move {
            self.api.require_write_scope().await?;
            let Some(mut body) = name(&call.item) else { return Ok(Scrobbled::NotFound) };
            if let Some(members) = body.as_object_mut() {
                members.insert("progress".to_owned(), progress(call.percent));
            }
            let answer = self.api.post(&format!("/scrobble/{}", word(call.verb)), &body).await?;
            let made = read(&answer, call.verb, MANNERS, |answer| self.api.fault(answer))?;
            Ok(made.unwrap_or(Scrobbled::NotFound))
        })
    }

    fn clear<'a>(&'a self, _: &'a Item) -> LocalFuture<'a, Result<(), Fault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// How an item is named; `None` when it carries nothing to name it by.
fn name(item: &Item) -> Option<Value> {
    match item.kind {
        Kind::Movie => Some(json!({ "movie": { "ids": SentIds::all(&item.ids, &[])?.json() } })),
        Kind::Episode => {
            let (show, season, number) = (item.show.as_deref()?, item.season?, item.number?);
            let place = json!({ "season": season, "number": number });
            if counts_by_cour(item) {
                let ids = SentIds::all(&show.ids, &OF_SERIES)?;
                return Some(json!({ "anime": { "ids": ids.json() }, "episode": place }));
            }
            let has_one = |ids: &IdSet, of: &[Namespace]| of.iter().any(|namespace| ids.get(*namespace).is_some());
            if has_one(&show.ids, &OF_SERIES) {
                let ids = SentIds::all(&show.ids, &OF_COUR)?;
                return Some(json!({ "show": { "ids": ids.json() }, "episode": place }));
            }
            // With the id of one cour alone nobody knows which one these numbers mean.
            let is_anime =
                has_one(&show.ids, &[Namespace::Mal, Namespace::AniDb, Namespace::AniList, Namespace::Kitsu]);
            let ids = SentIds::all(&show.ids, &[]).filter(|_| !is_anime)?;
            Some(json!({ "show": { "ids": ids.json() }, "episode": place }))
        }
        Kind::Show | Kind::Season => None,
    }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Id, Scheme, Show};

    use super::*;

    #[test]
    fn numbers_go_with_the_ids_they_belong_to() {
        let place = json!({ "season": 2, "number": 7 });
        for (list, scheme, expected) in [
            (
                vec![(Namespace::Tvdb, "81189"), (Namespace::Mal, "16498")],
                Scheme::Standard,
                Some(json!({ "show": { "ids": { "tvdb": 81189 } }, "episode": place })),
            ),
            (
                vec![(Namespace::Tvdb, "81189"), (Namespace::Mal, "16498")],
                Scheme::SimklAnime,
                Some(json!({ "anime": { "ids": { "mal": 16498 } }, "episode": place })),
            ),
            (
                vec![(Namespace::Simkl, "17465")],
                Scheme::Standard,
                Some(json!({ "show": { "ids": { "simkl": 17465 } }, "episode": place })),
            ),
            (vec![(Namespace::Mal, "16498")], Scheme::Standard, None),
            (vec![], Scheme::Standard, None),
        ] {
            let ids = list.iter().map(|(space, text)| Id::parse(*space, Kind::Show, text).unwrap()).collect();
            let show = Show { ids, scheme, ..Show::default() };
            assert_eq!(name(&Item::episode(show, 2, 7, "E", IdSet::EMPTY)), expected, "{list:?}");
        }
    }
}
