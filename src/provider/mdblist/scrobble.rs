//! Telling MDBList what plays right now.
//!
//! Films go by their ids, episodes by the ids of their show and their numbers; it takes no other names here.

use crosswatch_model::{Item, Kind};
use crosswatch_port::{Fault, LocalFuture, Scrobble, Scrobbled, Scrobbling};
use serde_json::{Value, json};

use super::{Mdblist, body::sent_ids};
use crate::{
    http::Answer,
    scrobbled::{Conflict, Locked, Manners, progress, read, word},
};

const MANNERS: Manners = Manners { conflict: Conflict::OtherApp, locked: Locked::Busy, names_plays: true };

impl Scrobbling for Mdblist {
    fn scrobble<'a>(&'a self, call: &'a Scrobble) -> LocalFuture<'a, Result<Scrobbled, Fault>> {
        Box::pin(async move {
            let Some(mut body) = name(&call.item) else { return Ok(Scrobbled::NotFound) };
            if let Some(members) = body.as_object_mut() {
                members.insert("progress".to_owned(), progress(call.percent));
            }
            let path = format!("/scrobble/{}", word(call.verb));
            let answer = self.api.post(self.api.to(&path), &body).await?;
            let made = read(&answer, call.verb, MANNERS, Answer::fault)?;
            Ok(made.unwrap_or(Scrobbled::NotFound))
        })
    }

    fn clear<'a>(&'a self, item: &'a Item) -> LocalFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let Some(body) = name(item) else { return Ok(()) };
            let answer = self.api.post(self.api.to("/scrobble/clear"), &body).await?;
            // What another app plays, and what does not play at all, is not ours to take back.
            if matches!(answer.status.as_u16(), 404 | 409) { Ok(()) } else { answer.success().map(drop) }
        })
    }
}

/// How an item is named; `None` when it carries nothing to name it by.
fn name(item: &Item) -> Option<Value> {
    match item.kind {
        Kind::Movie => Some(json!({ "movie": { "ids": sent_ids(&item.ids, item.kind)?.json() } })),
        Kind::Episode => {
            let ids = sent_ids(&item.show.as_deref()?.ids, Kind::Show)?;
            let season = json!({ "number": item.season?, "episode": { "number": item.number? } });
            Some(json!({ "show": { "ids": ids.json(), "season": season } }))
        }
        Kind::Show | Kind::Season => None,
    }
}
