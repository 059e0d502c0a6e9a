//! Which call a path means. Paths are compared without case and lie below `/emby`, or not.

use std::sync::Arc;

use actix_web::http::Method;
use serde_json::json;

use super::{present::Fields, state::EmbyState};
use crate::{
    mediabrowser::{Item, ItemKind, MediaId},
    reply::Reply,
    request::Request,
    socket::Line,
};

impl EmbyState {
    /// Answers a request.
    pub(crate) fn route(&mut self, request: &Request) -> Result<Reply, Reply> {
        let lower = request.path.to_ascii_lowercase();
        let path: Vec<&str> = lower.split('/').filter(|part| !part.is_empty()).collect();
        let path = path.strip_prefix(&["emby"]).unwrap_or(&path);
        match (&request.method, path) {
            (&Method::GET, ["system", "info", "public"]) => Ok(self.public_info()),
            (&Method::POST, ["users", "authenticatebyname"]) => self.authenticate_by_name(request),
            _ => self.route_signed_in(request, path),
        }
    }

    fn route_signed_in(&mut self, request: &Request, path: &[&str]) -> Result<Reply, Reply> {
        let caller = self.caller(request)?;
        match (&request.method, path) {
            (&Method::GET, ["system", "info"]) => Ok(self.public_info()),
            (&Method::GET, ["users"]) => Ok(self.users(caller)),
            (&Method::GET, ["items", id, "ancestors"]) => self.ancestors_reply(id),
            (&Method::GET, ["sessions"]) => Ok(self.sessions(caller, request)),
            (&Method::POST, ["playlists"]) => self.create_playlist(caller, request),
            (&Method::GET, ["playlists", id, "items"]) => self.playlist_items(caller, request, id),
            (&Method::POST, ["playlists" | "collections", id, "items"]) => self.add_to_list(request, id),
            (&Method::DELETE, ["playlists", id, "items"]) | (&Method::POST, ["playlists", id, "items", "delete"]) => {
                self.remove_from_playlist(request, id)
            }
            (&Method::POST, ["collections"]) => Ok(self.create_collection(request)),
            (&Method::DELETE, ["collections", id, "items"]) => self.remove_from_collection(request, id),
            (&Method::GET, ["shows", id, "episodes"]) => self.episodes_reply(caller, request, id),
            (_, ["users", user, rest @ ..]) => {
                let user = self.subject(caller, user)?;
                self.route_of_user(user, request, rest)
            }
            _ => Err(unknown(request)),
        }
    }

    fn route_of_user(&mut self, user: MediaId, request: &Request, path: &[&str]) -> Result<Reply, Reply> {
        match (&request.method, path) {
            (&Method::GET, ["views"]) => {
                let views = self.views_json();
                Ok(Reply::json(200, json!({"TotalRecordCount": views.len(), "Items": views})))
            }
            (&Method::GET, ["items"]) => self.items_reply(Some(user), request),
            (&Method::GET, ["items", "resume"]) => Ok(self.resume_reply(user, request)),
            (&Method::GET, ["items", id]) => {
                let item = self.known_item(id)?;
                Ok(Reply::json(200, self.item_json(item, Some(user), &Fields::All)))
            }
            (&Method::POST, ["playeditems", id]) => self.post_played(user, request, id),
            (&Method::DELETE, ["playeditems", id]) | (&Method::POST, ["playeditems", id, "delete"]) => {
                self.delete_played(user, id)
            }
            (&Method::POST, ["favoriteitems", id]) => self.put_favourite(user, id, true),
            (&Method::DELETE, ["favoriteitems", id]) | (&Method::POST, ["favoriteitems", id, "delete"]) => {
                self.put_favourite(user, id, false)
            }
            (&Method::POST, ["items", id, "rating"]) => self.post_rating(user, request, id),
            (&Method::DELETE, ["items", id, "rating"]) | (&Method::POST, ["items", id, "rating", "delete"]) => {
                self.delete_rating(user, id)
            }
            (&Method::POST, ["items", id, "userdata"]) => self.post_user_data(user, request, id),
            _ => Err(unknown(request)),
        }
    }

    /// An item by the number in a path.
    pub(crate) fn known_item(&self, number: &str) -> Result<&Item, Reply> {
        let found = number.parse().ok().and_then(|number| self.store.shelf.of_number(number));
        found.ok_or_else(|| Reply::text(404, &format!("Item with ID {number} not found.")))
    }

    /// `/embywebsocket`, which a server may lack.
    pub(crate) fn open_line(&mut self, request: &Request) -> Result<Arc<Line>, Reply> {
        if !self.has_socket || !request.path.eq_ignore_ascii_case("/embywebsocket") {
            return Err(unknown(request));
        }
        self.caller(request)?;
        Ok(self.lines.open())
    }

    /// `GET /Items/{id}/Ancestors`: what lies above an item, the nearest first.
    fn ancestors_reply(&self, number: &str) -> Result<Reply, Reply> {
        let item = self.known_item(number)?;
        let above =
            std::iter::successors(self.store.shelf.get(item.parent), |above| self.store.shelf.get(above.parent));
        let mut rows: Vec<_> =
            above.map(|above| json!({"Name": above.name.as_str(), "Type": above.kind.as_str()})).collect();
        let library = if item.kind == ItemKind::Movie { "Movies" } else { "Shows" };
        rows.push(json!({"Name": library, "Type": "CollectionFolder"}));
        Ok(Reply::json(200, rows.into()))
    }

    fn public_info(&self) -> Reply {
        Reply::json(
            200,
            json!({
                "ServerName": self.server_name,
                "Version": self.version,
                "Id": self.server_id.to_string(),
                "LocalAddress": "http://127.0.0.1:8096",
                "RemoteAddresses": [],
            }),
        )
    }
}

fn unknown(request: &Request) -> Reply {
    Reply::text(404, &format!("Unable to find the specified file: {}", request.path))
}
