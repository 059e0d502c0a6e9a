//! Playlists and collections, which stand in for the watchlist that the server does not have.
//!
//! Everything goes into the query. A playlist belongs to a user, holds rows with numbers of their own, takes a series as
//! its episodes, and takes what it has already a second time. A collection belongs to everybody.

use serde_json::{Value, json};

use super::{people::Caller, present::Fields, state::EmbyState};
use crate::{
    mediabrowser::{ItemKind, MediaId},
    reply::Reply,
    request::Request,
};

impl EmbyState {
    /// `POST /Playlists?Name=&Ids=`; with a key the owner is named by `UserId`.
    pub(crate) fn create_playlist(&mut self, caller: Caller, request: &Request) -> Result<Reply, Reply> {
        let owner = match (caller, request.query.get("UserId")) {
            (Caller::User(own), None) => own,
            (Caller::Key, None) => return Err(Reply::text(400, "Value cannot be null. (Parameter 'user')")),
            (caller, Some(named)) => self.subject(caller, named)?,
        };
        let name = request.query.get("Name").unwrap_or_default().to_owned();
        let (items, now) = (self.items_named(request), self.clock.now());
        let id = self.store.shelf.add_list(ItemKind::Playlist, &name, Some(owner), &items, now);
        Ok(self.created(id))
    }

    /// `GET /Playlists/{id}/Items`.
    pub(crate) fn playlist_items(&self, caller: Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let user = match (caller, request.query.get("UserId")) {
            (caller, Some(named)) => Some(self.subject(caller, named)?),
            (Caller::User(own), None) => Some(own),
            (Caller::Key, None) => None,
        };
        let list = self.known_item(id)?;
        if list.kind != ItemKind::Playlist || (list.owner != user && user.is_some()) {
            return Err(Reply::text(404, "Playlist not found."));
        }
        let number = |name: &str| request.query.get(name).and_then(|text| text.parse::<usize>().ok());
        let names = request.query.list("Fields").iter().map(|name| name.to_ascii_lowercase()).collect();
        let fields = Fields::Named(names);
        let rows = self.store.shelf.listed(list.id);
        let page = rows.iter().skip(number("StartIndex").unwrap_or(0)).take(number("Limit").unwrap_or(usize::MAX));
        let page: Vec<Value> = page
            .filter_map(|row| {
                let mut json = self.item_json(self.store.shelf.get(row.item)?, user, &fields);
                json.as_object_mut()?.insert("PlaylistItemId".to_owned(), row.entry.to_string().into());
                Some(json)
            })
            .collect();
        Ok(Reply::json(200, json!({"Items": page, "TotalRecordCount": rows.len()})))
    }

    /// `POST /Playlists/{id}/Items?Ids=` and `POST /Collections/{id}/Items?Ids=`.
    pub(crate) fn add_to_list(&mut self, request: &Request, id: &str) -> Result<Reply, Reply> {
        let list = self.known_item(id)?.id;
        let items = self.items_named(request);
        self.store.shelf.put_into(list, &items);
        Ok(Reply::status(200))
    }

    /// `DELETE /Playlists/{id}/Items?EntryIds=`.
    pub(crate) fn remove_from_playlist(&mut self, request: &Request, id: &str) -> Result<Reply, Reply> {
        let list = self.known_item(id)?.id;
        let entries: Vec<u64> = request.query.list("EntryIds").iter().filter_map(|text| text.parse().ok()).collect();
        self.store.shelf.take_out(list, |row| entries.contains(&row.entry));
        Ok(Reply::status(204))
    }

    /// `POST /Collections?Name=&Ids=`.
    pub(crate) fn create_collection(&mut self, request: &Request) -> Reply {
        let name = request.query.get("Name").unwrap_or_default().to_owned();
        let (items, now) = (self.items_named(request), self.clock.now());
        let id = self.store.shelf.add_list(ItemKind::BoxSet, &name, None, &items, now);
        self.created(id)
    }

    /// `DELETE /Collections/{id}/Items?Ids=`.
    pub(crate) fn remove_from_collection(&mut self, request: &Request, id: &str) -> Result<Reply, Reply> {
        let list = self.known_item(id)?.id;
        let items = self.items_named(request);
        self.store.shelf.take_out(list, |row| items.contains(&row.item));
        Ok(Reply::status(204))
    }

    fn items_named(&self, request: &Request) -> Vec<MediaId> {
        let numbers = request.query.list("Ids").into_iter().filter_map(|text| text.parse().ok());
        numbers.filter_map(|number| self.store.shelf.of_number(number)).map(|item| item.id).collect()
    }

    fn created(&self, list: MediaId) -> Reply {
        let number = self.store.shelf.get(list).map(|list| list.number.to_string());
        Reply::json(200, json!({"Id": number, "ItemAddedCount": self.store.shelf.listed(list).len()}))
    }
}
