//! `/sync/history`: plays are added, listed and removed here.
//!
//! Nothing is de-duplicated: the same body sent twice makes two plays.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    call::Call,
    catalogue::{Catalogue, Kind},
    page::{MAX_LIMIT, Page},
    plays::{Play, PlayAction, Span, Which},
    targets::{Reach, Target, Targets, body_of, counts},
};
use crate::{
    instant,
    library::{Library, LibraryItem},
    reply::Reply,
    request::Request,
};

const COUNTED: [Kind; 2] = [Kind::Movie, Kind::Episode];

impl Call<'_> {
    /// `GET /sync/history[/{type}[/{id}]]`.
    pub(crate) fn get_history(&self, path: &[&str]) -> Result<Reply, Reply> {
        let which = match path {
            [] | [""] => Which::All,
            [kind] => match Kind::parse(kind) {
                Some(Kind::Movie) => Which::Movies,
                Some(Kind::Show | Kind::Season | Kind::Episode) => Which::Episodes,
                None => return Err(Reply::status(404)),
            },
            [kind, id] => {
                let kind = Kind::parse(kind).ok_or_else(|| Reply::status(404))?;
                let found = self.catalogue.find(kind, "trakt", id).or_else(|| self.catalogue.find(kind, "slug", id));
                match found {
                    Some(item) => Which::Of(item),
                    None => return Ok(Page::of(self.request, MAX_LIMIT).reply(0, Vec::new())),
                }
            }
            _ => return Err(Reply::status(404)),
        };
        let page = Page::of(self.request, MAX_LIMIT);
        let (total, plays) = self.account.plays.page(which, span_of(self.request)?, page.skip(), page.limit);
        let rows = plays.into_iter().map(|play| play_json(self.catalogue, play, self.extended())).collect();
        Ok(page.reply(total, rows))
    }

    /// `POST /sync/history`.
    pub(crate) fn add_history(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Leaves, self.catalogue, self.switches.unknown_ids);
        let mut plays = Vec::with_capacity(targets.known.len());
        for target in &targets.known {
            plays.push((target.item, self.watched_at(target)?));
        }
        self.within(self.account.plays.len() + plays.len(), self.account.limits.history)?;
        for (item, at) in &plays {
            self.account.record(*item, *at, PlayAction::Watch);
            self.after_play(*item);
        }
        let added = counts(plays.iter().map(|(item, _)| *item), &COUNTED);
        let updated = counts(std::iter::empty(), &COUNTED);
        let answer = json!({"added": added, "updated": updated, "not_found": targets.not_found()});
        Ok(Reply::json(self.switches.history_add_status, answer))
    }

    /// `POST /sync/history/remove`: all plays of an item, or single plays by their event ids.
    pub(crate) fn remove_history(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Leaves, self.catalogue, self.switches.unknown_ids);
        let mut removed = Vec::new();
        for target in &targets.known {
            let plays = self.account.plays_of(target.item);
            removed.extend(plays.iter().filter(|play| self.account.remove_play(play.event_id)).map(|play| play.item));
        }
        let mut unknown_ids = Vec::new();
        for id in body.get("ids").and_then(Value::as_array).into_iter().flatten() {
            let plays = id.as_i64().and_then(|event_id| self.account.plays.find(event_id));
            match plays {
                Some(play) if self.account.remove_play(play.event_id) => removed.push(play.item),
                _ => unknown_ids.push(id.clone()),
            }
        }
        let mut not_found = targets.not_found();
        not_found.insert("ids".to_owned(), Value::Array(unknown_ids));
        let deleted = counts(removed.into_iter(), &COUNTED);
        Ok(Reply::json(200, json!({"deleted": deleted, "not_found": not_found})))
    }

    /// A play takes the title off the watchlist, where the account is set so: a film, an episode, and the episode's show.
    pub(crate) fn after_play(&mut self, item: LibraryItem) {
        if !self.switches.play_leaves_watchlist {
            return;
        }
        self.account.unlist(item);
        if let Some(show) = item.show() {
            self.account.unlist(LibraryItem::Show(show));
        }
    }

    /// When a target was watched: now by default and for the first moment of 1970; "unknown" is kept as 1970.
    fn watched_at(&self, target: &Target<'_>) -> Result<Timestamp, Reply> {
        let Some(sent) = target.inherited("watched_at") else { return Ok(self.now) };
        match sent.as_str() {
            Some("unknown") => Ok(Timestamp::UNIX_EPOCH),
            Some("released") => Ok(released_at(self.catalogue.library(), target.item).unwrap_or(self.now)),
            Some(text) => match instant::parse(text) {
                Some(at) if instant::to_minute(at) == Timestamp::UNIX_EPOCH => Ok(self.now),
                Some(at) => Ok(at),
                None => Err(Reply::status(422)),
            },
            None => Err(Reply::status(422)),
        }
    }
}

fn play_json(catalogue: &Catalogue, play: &Play, extended: &str) -> Value {
    let mut row = Map::new();
    row.insert("id".to_owned(), play.event_id.into());
    row.insert("watched_at".to_owned(), instant::to_millis_text(play.watched_at).into());
    row.insert("action".to_owned(), play.action.as_str().into());
    catalogue.describe(&mut row, play.item, extended);
    Value::Object(row)
}

/// `start_at` and `end_at`, both included; a date alone means its first and its last moment.
pub(crate) fn span_of(request: &Request) -> Result<Span, Reply> {
    let moment = |name: &str, of_day: i64| match request.query.get(name) {
        None => Ok(None),
        Some(text) => {
            let at = instant::parse(text).ok_or_else(|| Reply::status(400))?;
            let is_day = text.len() == "2024-01-31".len();
            Ok(Some(if is_day { instant::plus_seconds(at, of_day) } else { at }))
        }
    };
    let whole = Span::default();
    let from = moment("start_at", 0)?.unwrap_or(whole.from);
    let to = moment("end_at", 24 * 3600 - 1)?.unwrap_or(whole.to);
    Ok(Span { from, to })
}

/// Midnight of the day of release plus the length of the film or episode.
fn released_at(library: &Library, item: LibraryItem) -> Option<Timestamp> {
    let day = library.movie(item).map(|movie| movie.released);
    let day = day.or_else(|| library.episode(item).map(|episode| episode.aired))?;
    let runtime_min = i64::from(library.runtime_min(item)?);
    instant::start_of(day).map(|start| instant::plus_seconds(start, runtime_min * 60))
}
