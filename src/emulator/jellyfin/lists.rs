//! Playlists and collections, which stand in for the watchlist that the server does not have.
//!
//! A playlist belongs to a user, holds rows with ids of their own, takes a series as its episodes, and takes what it has
//! already a second time. A collection belongs to everybody and may be changed by administrators and API keys only.

use serde_json::{Value, json};

use super::{
    people::{Caller, JellyfinRole},
    present::Fields,
    state::JellyfinState,
};
use crate::{
    mediabrowser::{ItemKind, Listed, MediaId},
    reply::Reply,
    request::Request,
};

impl JellyfinState {
    /// `POST /Playlists`, with everything in the body.
    pub(crate) fn create_playlist(&mut self, caller: &Caller, request: &Request) -> Result<Reply, Reply> {
        let body = request.json().ok_or_else(|| Reply::text(400, "The body is not JSON."))?;
        let name = body.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let named = body.get("UserId").and_then(Value::as_str).and_then(MediaId::parse);
        let owner = match (caller, named) {
            (Caller::User { id, .. }, None) => *id,
            (Caller::User { id, .. }, Some(named)) if named == *id || self.is_administrator(*id) => named,
            (Caller::Key, Some(named)) => named,
            _ => return Err(Reply::text(403, "Forbidden")),
        };
        let ids = body.get("Ids").and_then(Value::as_array).cloned().unwrap_or_default();
        let items: Vec<MediaId> = ids.iter().filter_map(Value::as_str).filter_map(MediaId::parse).collect();
        let now = self.clock.now();
        let id = self.store.shelf.add_list(ItemKind::Playlist, &name, Some(owner), &items, now);
        Ok(Reply::json(200, json!({"Id": id.to_string()})))
    }

    /// `GET /Playlists/{id}/Items`.
    pub(crate) fn playlist_items(&self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let user = self.subject(caller, request)?;
        let list = self.playlist(caller, id)?;
        let number = |name: &str| request.query.get(name).and_then(|text| text.parse::<usize>().ok());
        let names = request.query.list("fields").iter().map(|name| name.to_ascii_lowercase()).collect();
        let fields = Fields::Named(names);
        let rows = self.store.shelf.listed(list);
        let page = rows.iter().skip(number("startIndex").unwrap_or(0)).take(number("limit").unwrap_or(usize::MAX));
        let page: Vec<Value> = page
            .filter_map(|row| {
                let mut json = self.item_json(self.store.shelf.get(row.item)?, user, &fields);
                json.as_object_mut()?.insert("PlaylistItemId".to_owned(), entry_id(row).into());
                Some(json)
            })
            .collect();
        let start = number("startIndex").unwrap_or(0);
        Ok(Reply::json(200, json!({"Items": page, "TotalRecordCount": rows.len(), "StartIndex": start})))
    }

    /// `POST /Playlists/{id}/Items`.
    pub(crate) fn add_to_playlist(&mut self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let list = self.playlist(caller, id)?;
        let items: Vec<MediaId> = request.query.list("ids").into_iter().filter_map(MediaId::parse).collect();
        self.store.shelf.put_into(list, &items);
        Ok(Reply::status(204))
    }

    /// `DELETE /Playlists/{id}/Items`, by the ids of the rows.
    pub(crate) fn remove_from_playlist(
        &mut self,
        caller: &Caller,
        request: &Request,
        id: &str,
    ) -> Result<Reply, Reply> {
        let list = self.playlist(caller, id)?;
        let entries: Vec<String> = request.query.list("entryIds").into_iter().map(str::to_owned).collect();
        self.store.shelf.take_out(list, |row| entries.contains(&entry_id(row)));
        Ok(Reply::status(204))
    }

    /// `POST /Collections`.
    pub(crate) fn create_collection(&mut self, caller: &Caller, request: &Request) -> Result<Reply, Reply> {
        self.may_manage_collections(caller)?;
        let items: Vec<MediaId> = request.query.list("ids").into_iter().filter_map(MediaId::parse).collect();
        let (name, now) = (request.query.get("name").unwrap_or_default().to_owned(), self.clock.now());
        let id = self.store.shelf.add_list(ItemKind::BoxSet, &name, None, &items, now);
        Ok(Reply::json(200, json!({"Id": id.to_string()})))
    }

    /// `POST` and `DELETE /Collections/{id}/Items`, by the ids of the items.
    pub(crate) fn change_collection(
        &mut self,
        caller: &Caller,
        request: &Request,
        id: &str,
        adds: bool,
    ) -> Result<Reply, Reply> {
        self.may_manage_collections(caller)?;
        let list = self.known_item(id)?.id;
        let items: Vec<MediaId> = request.query.list("ids").into_iter().filter_map(MediaId::parse).collect();
        if adds {
            self.store.shelf.put_into(list, &items);
        } else {
            self.store.shelf.take_out(list, |row| items.contains(&row.item));
        }
        Ok(Reply::status(204))
    }

    /// A playlist that the caller may see: 404 when it is none, 403 when it is somebody else's.
    fn playlist(&self, caller: &Caller, id: &str) -> Result<MediaId, Reply> {
        let item = self.known_item(id)?;
        if item.kind != ItemKind::Playlist {
            return Err(Reply::text(404, "Playlist not found."));
        }
        match caller {
            Caller::User { id, .. } if item.owner != Some(*id) => Err(Reply::text(403, "Forbidden")),
            _ => Ok(item.id),
        }
    }

    fn may_manage_collections(&self, caller: &Caller) -> Result<(), Reply> {
        match caller {
            Caller::User { id, .. } if !self.is_administrator(*id) => Err(Reply::status(403)),
            _ => Ok(()),
        }
    }

    fn is_administrator(&self, user: MediaId) -> bool {
        self.people.users.get(&user).is_some_and(|user| user.role == JellyfinRole::Administrator)
    }
}

/// Rows have ids of their own, which look like item ids and are none.
fn entry_id(row: &Listed) -> String {
    format!("{:032x}", 0xe000_0000_u128 + u128::from(row.entry))
}
