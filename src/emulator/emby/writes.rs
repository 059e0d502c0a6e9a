//! The calls that change a user's state: played, favourite, rating and the row as a whole.

use serde_json::Value;

use super::{AbsentMembers, present::Fields, state::EmbyState};
use crate::{
    instant,
    mediabrowser::{MediaId, UserData},
    reply::Reply,
    request::Request,
};

impl EmbyState {
    /// `POST /Users/{user}/PlayedItems/{id}`; only the compact form of a date is understood, another one is taken for none.
    pub(crate) fn post_played(&mut self, user: MediaId, request: &Request, id: &str) -> Result<Reply, Reply> {
        let item = self.known_item(id)?.id;
        let played_at = request.query.get("DatePlayed").and_then(instant::parse_compact);
        let now = self.clock.now();
        self.store.mark_played(user, item, played_at, now);
        self.row_reply(user, item)
    }

    /// `DELETE /Users/{user}/PlayedItems/{id}`.
    pub(crate) fn delete_played(&mut self, user: MediaId, id: &str) -> Result<Reply, Reply> {
        let item = self.known_item(id)?.id;
        self.store.mark_unplayed(user, item);
        self.row_reply(user, item)
    }

    /// `POST` and `DELETE /Users/{user}/FavoriteItems/{id}`.
    pub(crate) fn put_favourite(&mut self, user: MediaId, id: &str, favourite: bool) -> Result<Reply, Reply> {
        let item = self.known_item(id)?.id;
        self.store.change(user, item, |row| row.favourite = favourite);
        self.row_reply(user, item)
    }

    /// `POST /Users/{user}/Items/{id}/Rating?Likes=`.
    pub(crate) fn post_rating(&mut self, user: MediaId, request: &Request, id: &str) -> Result<Reply, Reply> {
        let item = self.known_item(id)?.id;
        let likes = request.query.get("Likes").map(|text| text.eq_ignore_ascii_case("true"));
        self.store.change(user, item, |row| row.set_likes(likes));
        self.row_reply(user, item)
    }

    /// `DELETE /Users/{user}/Items/{id}/Rating`.
    pub(crate) fn delete_rating(&mut self, user: MediaId, id: &str) -> Result<Reply, Reply> {
        let item = self.known_item(id)?.id;
        self.store.change(user, item, |row| row.rating = None);
        self.row_reply(user, item)
    }

    /// `POST /Users/{user}/Items/{id}/UserData`: the body is the whole row. The answer is empty.
    pub(crate) fn post_user_data(&mut self, user: MediaId, request: &Request, id: &str) -> Result<Reply, Reply> {
        let item = self.known_item(id)?;
        let (id, old) = (item.id, self.store.row(user, item));
        let body = request.json().filter(Value::is_object).ok_or_else(|| Reply::text(400, "Bad Request"))?;
        let base = match self.absent_members {
            AbsentMembers::Kept => old,
            AbsentMembers::Reset => UserData::default(),
        };
        let row = row_of(&body, base)?;
        self.store.change(user, id, |old| *old = row);
        Ok(Reply::status(200))
    }

    fn row_reply(&self, user: MediaId, item: MediaId) -> Result<Reply, Reply> {
        let item = self.store.shelf.get(item).ok_or_else(|| Reply::text(404, "Item not found."))?;
        Ok(Reply::json(200, self.user_data_json(user, item, &Fields::All)))
    }
}

/// The row that a body describes, over another one. A member of a wrong type is 400, a `null` is as good as absent.
fn row_of(body: &Value, base: UserData) -> Result<UserData, Reply> {
    let rating = member(body, "Rating", Value::as_f64)?.or(base.rating);
    if rating.is_some_and(|rating| !(0.0..=10.0).contains(&rating)) {
        return Err(Reply::text(400, "Value was out of range. (Parameter 'Rating')"));
    }
    let count = |value: &Value| value.as_i64().and_then(|count| i32::try_from(count).ok());
    let date = |value: &Value| value.as_str().and_then(instant::parse);
    Ok(UserData {
        position_ticks: member(body, "PlaybackPositionTicks", Value::as_i64)?.unwrap_or(base.position_ticks),
        play_count: member(body, "PlayCount", count)?.unwrap_or(base.play_count),
        favourite: member(body, "IsFavorite", Value::as_bool)?.unwrap_or(base.favourite),
        played: member(body, "Played", Value::as_bool)?.unwrap_or(base.played),
        last_played_at: member(body, "LastPlayedDate", date)?.or(base.last_played_at),
        rating,
    })
}

fn member<T>(body: &Value, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, Reply> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| Reply::text(400, "Bad Request")),
    }
}
