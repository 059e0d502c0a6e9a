//! Which call a path means. Paths are compared without case, as the server does.

use actix_web::http::Method;
use serde_json::json;

use super::{people::invalid, state::JellyfinState};
use crate::{
    mediabrowser::{ItemKind, MediaId},
    reply::Reply,
    request::Request,
};

impl JellyfinState {
    /// Answers a request.
    pub(crate) fn route(&mut self, request: &Request) -> Result<Reply, Reply> {
        let lower = request.path.to_ascii_lowercase();
        let path: Vec<&str> = lower.split('/').filter(|part| !part.is_empty()).collect();
        match (&request.method, path.as_slice()) {
            (&Method::GET, ["system", "info", "public"]) => Ok(self.public_info()),
            (&Method::GET, ["quickconnect", "enabled"]) => Ok(Reply::json(200, true.into())),
            (&Method::POST | &Method::GET, ["quickconnect", "initiate"]) => Ok(self.initiate_quick_connect(request)),
            (&Method::GET, ["quickconnect", "connect"]) => self.poll_quick_connect(request),
            (&Method::POST, ["users", "authenticatebyname"]) => self.authenticate_by_name(request),
            (&Method::POST, ["users", "authenticatewithquickconnect"]) => self.authenticate_with_quick_connect(request),
            _ => self.route_signed_in(request, &path),
        }
    }

    fn route_signed_in(&mut self, request: &Request, path: &[&str]) -> Result<Reply, Reply> {
        let caller = self.caller(request)?;
        match (&request.method, path) {
            (&Method::GET, ["system", "info"]) => Ok(self.info()),
            (&Method::GET, ["users"]) => self.users(&caller),
            (&Method::GET, ["users", "me"]) => self.me(&caller),
            (&Method::GET, ["users", id]) if MediaId::parse(id).is_some() => self.one_user(&caller, request),
            (&Method::GET, ["users", id]) => Err(invalid("userId", id)),
            (&Method::GET, ["userviews"]) => {
                self.required_subject(&caller, request)?;
                let views = self.views_json();
                Ok(Reply::json(200, json!({"TotalRecordCount": views.len(), "Items": views, "StartIndex": 0})))
            }
            (&Method::GET, ["items"]) => self.items_reply(&caller, request),
            (&Method::GET, ["items", id, "ancestors"]) => self.ancestors_reply(id),
            (&Method::GET, ["items", id]) => self.item_reply(&caller, request, id),
            (&Method::GET, ["shows", id, "episodes"]) => self.episodes_reply(&caller, request, id),
            (&Method::GET, ["shows", id, "seasons"]) => self.seasons_reply(&caller, request, id),
            (&Method::GET, ["useritems", "resume"]) => self.resume_reply(&caller, request),
            (&Method::POST, ["userplayeditems", id]) => self.post_played(&caller, request, id),
            (&Method::DELETE, ["userplayeditems", id]) => self.delete_played(&caller, request, id),
            (&Method::POST, ["userfavoriteitems", id]) => self.put_favourite(&caller, request, id, true),
            (&Method::DELETE, ["userfavoriteitems", id]) => self.put_favourite(&caller, request, id, false),
            (&Method::POST, ["useritems", id, "rating"]) => self.post_rating(&caller, request, id),
            (&Method::DELETE, ["useritems", id, "rating"]) => self.delete_rating(&caller, request, id),
            (&Method::GET, ["useritems", id, "userdata"]) => self.get_user_data(&caller, request, id),
            (&Method::POST, ["useritems", id, "userdata"]) => self.post_user_data(&caller, request, id),
            (&Method::POST, ["playlists"]) => self.create_playlist(&caller, request),
            (&Method::GET, ["playlists", id, "items"]) => self.playlist_items(&caller, request, id),
            (&Method::POST, ["playlists", id, "items"]) => self.add_to_playlist(&caller, request, id),
            (&Method::DELETE, ["playlists", id, "items"]) => self.remove_from_playlist(&caller, request, id),
            (&Method::POST, ["collections"]) => self.create_collection(&caller, request),
            (&Method::POST, ["collections", id, "items"]) => self.change_collection(&caller, request, id, true),
            (&Method::DELETE, ["collections", id, "items"]) => self.change_collection(&caller, request, id, false),
            (&Method::GET, ["sessions"]) => Ok(self.sessions(&caller, request)),
            (&Method::POST, ["sessions", "playing"]) => self.playback_report(&caller, request, "playing"),
            (&Method::POST, ["sessions", "playing", what]) => self.playback_report(&caller, request, what),
            _ => Err(Reply::status(404)),
        }
    }

    /// `GET /Items/{id}/Ancestors`: what lies above an item, the nearest first.
    fn ancestors_reply(&self, id: &str) -> Result<Reply, Reply> {
        let item = MediaId::parse(id).and_then(|id| self.store.shelf.get(id)).ok_or_else(|| Reply::status(404))?;
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
                "Version": self.version.number(),
                "ProductName": "Jellyfin Server",
                "Id": self.server_id.to_string(),
                "StartupWizardCompleted": true,
            }),
        )
    }

    fn info(&self) -> Reply {
        Reply::json(
            200,
            json!({
                "ServerName": self.server_name,
                "Version": self.version.number(),
                "ProductName": "Jellyfin Server",
                "Id": self.server_id.to_string(),
                "StartupWizardCompleted": true,
                "HasPendingRestart": false,
                "IsShuttingDown": false,
                "SupportsLibraryMonitor": true,
            }),
        )
    }
}

/// Turns the routes of 10.8, which name the user in the path, into today's. They are still answered, though hidden.
pub(crate) fn modernise(request: &mut Request) {
    let parts: Vec<String> = request.segments().iter().map(|part| (*part).to_owned()).collect();
    let [users, user, rest @ ..] = parts.as_slice() else { return };
    if !users.eq_ignore_ascii_case("users") || MediaId::parse(user).is_none() {
        return;
    }
    let lower: Vec<String> = rest.iter().map(|part| part.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let modern = match lower.as_slice() {
        [] => format!("/Users/{user}"),
        ["views"] => "/UserViews".to_owned(),
        ["items"] => "/Items".to_owned(),
        ["items", "resume"] => "/UserItems/Resume".to_owned(),
        ["items", id] => format!("/Items/{id}"),
        ["items", id, "rating"] => format!("/UserItems/{id}/Rating"),
        ["playeditems", id] => format!("/UserPlayedItems/{id}"),
        ["favoriteitems", id] => format!("/UserFavoriteItems/{id}"),
        _ => return,
    };
    request.query.put_first("userId", user);
    request.path = modern;
}
