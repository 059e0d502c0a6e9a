//! Telling Trakt what plays right now.
//!
//! An item is named in up to three ways, one request each, until Trakt knows it; a name that Trakt does not know changes
//! nothing. Trakt shows one thing at a time and takes it back without asking what it was, so that is looked at first.

use crosswatch_model::{Item, Kind};
use crosswatch_port::{Fault, LocalFuture, Scrobble, Scrobbled, Scrobbling};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Trakt, body::sent_ids, read::read_item, wire::WireRow};
use crate::{
    http::Answer,
    ids::is_same_item,
    scrobbled::{Conflict, Locked, Manners, progress, read, word},
};

const MANNERS: Manners = Manners { conflict: Conflict::Watched, locked: Locked::Closed, names_plays: true };

impl Scrobbling for Trakt {
    fn scrobble<'a>(&'a self, call: &'a Scrobble) -> LocalFuture<'a, Result<Scrobbled, Fault>> {
        Box::pin(async move {
            let path = format!("/scrobble/{}", word(call.verb));
            for mut body in names(&call.item) {
                body.insert("progress".to_owned(), progress(call.percent));
                let answer = self.api.post(&path, &body).await?;
                if let Some(made) = read(&answer, call.verb, MANNERS, Answer::fault)? {
                    return Ok(made);
                }
            }
            Ok(Scrobbled::NotFound)
        })
    }

    fn clear<'a>(&'a self, item: &'a Item) -> LocalFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let answer = self.api.read(self.api.get("/users/me/watching").any_body()).await?;
            if answer.status.as_u16() == 204 {
                return Ok(());
            }
            let row: WireRow = answer.json()?;
            if !read_item(&row).is_some_and(|playing| is_same_item(&playing, item)) {
                return Ok(());
            }
            let answer = self.api.change(Method::DELETE, "/checkin").await?;
            if answer.status.as_u16() == 404 { Ok(()) } else { answer.success().map(drop) }
        })
    }
}

/// The ways to name an item, best first.
fn names(item: &Item) -> Vec<Map<String, Value>> {
    let own = sent_ids(&item.ids, item.kind).map(|ids| json!({ "ids": ids.json() }));
    let bodies = match item.kind {
        Kind::Movie => vec![own.map(|movie| json!({ "movie": movie }))],
        Kind::Episode => {
            let place = item.season.zip(item.number).zip(item.show.as_deref());
            let below = |show: Value, season: u16, number: u16| json!({ "show": show, "episode": { "season": season, "number": number } });
            let by_show = place.and_then(|((season, number), show)| {
                let ids = sent_ids(&show.ids, Kind::Show)?;
                Some(below(json!({ "ids": ids.json() }), season, number))
            });
            // A title without its year names too many shows.
            let by_title = place.and_then(|((season, number), show)| {
                let year = show.year.filter(|_| !show.title.is_empty())?;
                Some(below(json!({ "title": show.title.as_str(), "year": year }), season, number))
            });
            vec![by_show, own.map(|episode| json!({ "episode": episode })), by_title]
        }
        Kind::Show | Kind::Season => Vec::new(),
    };
    let objects = bodies.into_iter().flatten();
    objects.filter_map(|body| if let Value::Object(members) = body { Some(members) } else { None }).collect()
}

#[cfg(test)]
mod tests {
    use crosswatch_model::Namespace;

    use super::*;
    use crate::trakt::body::tests::{episode, movie};

    #[test]
    fn an_episode_goes_by_its_show_then_by_itself_then_by_the_title() {
        let bodies = |item: &Item| Value::Array(names(item).into_iter().map(Value::Object).collect());
        let mut item = episode(&[(Namespace::Tvdb, "81189")], 1, 2, &[(Namespace::Tmdb, "62086")]);
        if let Some(show) = item.show.as_mut() {
            (show.title, show.year) = ("Breaking Bad".into(), Some(2008));
        }
        let place = json!({ "season": 1, "number": 2 });
        assert_eq!(
            bodies(&item),
            json!([
                { "show": { "ids": { "tvdb": 81189 } }, "episode": place },
                { "episode": { "ids": { "tmdb": 62086 } } },
                { "show": { "title": "Breaking Bad", "year": 2008 }, "episode": place },
            ])
        );
        assert_eq!(bodies(&episode(&[], 1, 2, &[])), json!([]), "a title alone is too little");
        let film = movie(&[(Namespace::Tmdb, "603")]);
        assert_eq!(bodies(&film), json!([{ "movie": { "ids": { "tmdb": 603 } } }]));
    }
}
