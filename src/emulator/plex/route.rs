//! Which call a path means, host by host.

use actix_web::http::Method;
use serde_json::json;

use super::{PlexHost, present::negotiate, state::PlexState, writes::Mark};
use crate::{reply::Reply, request::Request};

impl PlexState {
    /// Answers a request to one of the hosts.
    pub(crate) fn route(&mut self, host: PlexHost, request: &Request) -> Reply {
        let answered = match host {
            PlexHost::Server => self.route_server(request).map(|reply| negotiate(request, reply)),
            PlexHost::PlexTv => self.route_plex_tv(request),
            PlexHost::Discover => self.route_discover(request),
            PlexHost::Metadata => self.route_metadata(request),
        };
        answered.unwrap_or_else(|refusal| refusal)
    }

    fn route_server(&mut self, request: &Request) -> Result<Reply, Reply> {
        let path = request.segments();
        if let (&Method::GET, ["identity"]) = (&request.method, path.as_slice()) {
            return Ok(self.identity());
        }
        let viewer = self.viewer(request)?;
        let changes = matches!(request.method, Method::PUT | Method::GET);
        match (&request.method, path.as_slice()) {
            (&Method::GET, []) => Ok(self.identity()),
            (&Method::GET, ["accounts"]) => self.accounts(viewer.is_owner()),
            (&Method::GET, ["library", "sections"] | ["library", "sections", "all"]) => Ok(self.sections_reply()),
            (&Method::GET, ["library", "sections", key, "all"]) => self.section_reply(&viewer, request, key),
            (&Method::GET, ["library", "all"]) => Ok(self.library_reply(&viewer, request)),
            (&Method::GET, ["library", "metadata", keys]) => self.metadata_reply(&viewer, keys),
            (&Method::GET, ["library", "metadata", key, "children"]) => self.below_reply(&viewer, request, key, false),
            (&Method::GET, ["library", "metadata", key, "allLeaves"]) => self.below_reply(&viewer, request, key, true),
            (&Method::GET, ["status", "sessions"]) => self.sessions_reply(&viewer),
            (&Method::GET, ["status", "sessions", "history", "all"]) => Ok(self.history_reply(&viewer, request)),
            (&Method::DELETE, ["status", "sessions", "history", id]) => self.delete_play(&viewer, id),
            (_, [":", "scrobble"]) if changes => self.mark(&viewer, request, Mark::Watched),
            (_, [":", "unscrobble"]) if changes => self.mark(&viewer, request, Mark::Unwatched),
            (_, [":", "rate"]) if changes => self.rate(&viewer, request),
            (&Method::POST | &Method::GET, [":", "timeline"]) => self.timeline(&viewer, request),
            _ => Err(Reply::html(404)),
        }
    }

    fn route_plex_tv(&mut self, request: &Request) -> Result<Reply, Reply> {
        match (&request.method, request.segments().as_slice()) {
            (&Method::POST, ["api", "v2", "pins"]) => self.ask_pin(request),
            (&Method::GET, ["api", "v2", "pins", id]) => self.poll_pin(request, id),
            (method, path) => {
                let member = self.member(request)?;
                match (method, path) {
                    (&Method::GET, ["api", "v2", "user"]) => Ok(Self::user_reply(&member)),
                    (&Method::GET, ["api", "v2", "resources"]) => Ok(self.resources_reply(&member)),
                    (&Method::GET, ["api", "v2", "home", "users"]) => self.home_reply(&member),
                    (&Method::POST, ["api", "v2", "home", "users", uuid, "switch"]) => {
                        self.switch_reply(&member, request, uuid)
                    }
                    _ => Err(Reply::status(404)),
                }
            }
        }
    }

    fn route_discover(&mut self, request: &Request) -> Result<Reply, Reply> {
        let member = self.member(request)?;
        match (&request.method, request.segments().as_slice()) {
            (&Method::GET, ["library", "sections", "watchlist", "all"]) => Ok(self.watchlist_reply(&member, request)),
            (&Method::GET, ["library", "metadata", id]) => self.title_reply(id),
            (&Method::PUT, ["actions", "addToWatchlist"]) => self.change_watchlist(&member, request, true),
            (&Method::PUT, ["actions", "removeFromWatchlist"]) => self.change_watchlist(&member, request, false),
            _ => Err(Reply::status(404)),
        }
    }

    fn route_metadata(&mut self, request: &Request) -> Result<Reply, Reply> {
        let member = self.member(request)?;
        match (&request.method, request.segments().as_slice()) {
            (&Method::GET, ["library", "metadata", "matches"]) => Ok(self.matches_reply(request)),
            (&Method::GET, ["library", "metadata", id]) => self.title_reply(id),
            (&Method::GET, ["library", "metadata", id, "userState"]) => self.user_state_reply(&member, id),
            (_, ["library", "sections", "watchlist", ..]) => {
                let error = json!({"Error": {"statusCode": 404, "message": "Section 'watchlist' not found!"}});
                Err(Reply::json(404, error))
            }
            _ => Err(Reply::status(404)),
        }
    }

    fn identity(&self) -> Reply {
        Reply::json(
            200,
            json!({"MediaContainer": {"size": 0, "claimed": true, "machineIdentifier": self.machine,
                "version": self.version, "friendlyName": self.server_name}}),
        )
    }

    fn accounts(&self, is_owner: bool) -> Result<Reply, Reply> {
        if !is_owner {
            return Err(Reply::html(403));
        }
        let persons = self.people.persons.iter().filter(|person| person.may_use_server());
        let accounts: Vec<_> = persons.map(|person| json!({"id": person.account(), "name": person.name})).collect();
        Ok(Reply::json(200, json!({"MediaContainer": {"size": accounts.len(), "Account": accounts}})))
    }
}
