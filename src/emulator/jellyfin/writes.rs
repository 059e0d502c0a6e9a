//! The calls that change a user's state: played, favourite, rating and the row as a whole.

use serde_json::Value;

use super::{
    people::{Caller, invalid},
    state::JellyfinState,
};
use crate::{
    instant,
    mediabrowser::{MediaId, UserDataUpdate},
    reply::Reply,
    request::Request,
};

impl JellyfinState {
    /// `POST /UserPlayedItems/{id}`.
    pub(crate) fn post_played(&mut self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let (user, item) = self.target(caller, request, id)?;
        let played_at = match request.query.get("datePlayed") {
            None => None,
            Some(text) => {
                let read = instant::parse_compact(text).or_else(|| instant::parse(text));
                Some(read.ok_or_else(|| invalid("datePlayed", text))?)
            }
        };
        let now = self.clock.now();
        self.store.mark_played(user, item, played_at, now);
        self.row_reply(user, item)
    }

    /// `DELETE /UserPlayedItems/{id}`.
    pub(crate) fn delete_played(&mut self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let (user, item) = self.target(caller, request, id)?;
        self.store.mark_unplayed(user, item);
        self.row_reply(user, item)
    }

    /// `POST` and `DELETE /UserFavoriteItems/{id}`.
    pub(crate) fn put_favourite(
        &mut self,
        caller: &Caller,
        request: &Request,
        id: &str,
        favourite: bool,
    ) -> Result<Reply, Reply> {
        let (user, item) = self.target(caller, request, id)?;
        self.store.change(user, item, |row| row.favourite = favourite);
        self.row_reply(user, item)
    }

    /// `POST /UserItems/{id}/Rating?likes=`: a like, a dislike, or neither when the parameter is missing.
    pub(crate) fn post_rating(&mut self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let (user, item) = self.target(caller, request, id)?;
        let likes = match request.query.get("likes").map(str::to_ascii_lowercase).as_deref() {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(other) => return Err(invalid("likes", other)),
        };
        self.store.change(user, item, |row| row.set_likes(likes));
        self.row_reply(user, item)
    }

    /// `DELETE /UserItems/{id}/Rating`: the only way to clear a numeric rating.
    pub(crate) fn delete_rating(&mut self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let (user, item) = self.target(caller, request, id)?;
        self.store.change(user, item, |row| row.rating = None);
        self.row_reply(user, item)
    }

    /// `GET /UserItems/{id}/UserData`.
    pub(crate) fn get_user_data(&self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let (user, item) = self.target(caller, request, id)?;
        self.row_reply(user, item)
    }

    /// `POST /UserItems/{id}/UserData`.
    pub(crate) fn post_user_data(&mut self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        if !self.may_edit_user_data(caller) {
            return Err(Reply::text(403, "User is not allowed to update this item user data."));
        }
        let (user, item) = self.target(caller, request, id)?;
        let body = request.json().ok_or_else(|| Reply::text(400, "The body is not JSON."))?;
        let update = update_of(&body)?;
        self.store.change(user, item, |row| row.update(update));
        self.row_reply(user, item)
    }

    fn target(&self, caller: &Caller, request: &Request, id: &str) -> Result<(MediaId, MediaId), Reply> {
        let user = self.required_subject(caller, request)?;
        Ok((user, self.known_item(id)?.id))
    }

    fn row_reply(&self, user: MediaId, item: MediaId) -> Result<Reply, Reply> {
        let item = self.store.shelf.get(item).ok_or_else(|| Reply::text(404, "Item not found."))?;
        Ok(Reply::json(200, self.user_data_json(user, item)))
    }
}

/// The members of the body; a wrong type is 400, `null` is the same as absent, and a rating outside 0 to 10 is 400.
fn update_of(body: &Value) -> Result<UserDataUpdate, Reply> {
    let rating = member(body, "Rating", Value::as_f64)?;
    if rating.is_some_and(|rating| !(0.0..=10.0).contains(&rating)) {
        return Err(Reply::text(400, "Error processing request."));
    }
    Ok(UserDataUpdate {
        position_ticks: member(body, "PlaybackPositionTicks", Value::as_i64)?,
        play_count: member(body, "PlayCount", |value| value.as_i64().and_then(|count| i32::try_from(count).ok()))?,
        favourite: member(body, "IsFavorite", Value::as_bool)?,
        likes: member(body, "Likes", Value::as_bool)?,
        played: member(body, "Played", Value::as_bool)?,
        last_played_at: member(body, "LastPlayedDate", |value| value.as_str().and_then(instant::parse))?,
        rating,
    })
}

fn member<T>(body: &Value, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, Reply> {
    let members = body.as_object().ok_or_else(|| Reply::text(400, "The body is not a JSON object."))?;
    let found = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    match found {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| invalid(name, &value.to_string())),
    }
}
