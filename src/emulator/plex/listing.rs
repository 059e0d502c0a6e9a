//! Sections, listings and single items.

use serde_json::{Value, json};

use super::{
    filter::{Filter, Shown, sort},
    item::{PlexItem, PlexKind},
    people::Person,
    shelf::{MOVIES, MUSIC, SHOWS},
    state::PlexState,
};
use crate::{reply::Reply, request::Request};

impl PlexState {
    /// `GET /library/sections`.
    pub(crate) fn sections_reply(&self) -> Reply {
        let section = |key: u32, kind: &str, title: &str, agent: &str| {
            let changes = self.shelf.changes(key);
            json!({"key": key.to_string(), "type": kind, "title": title, "agent": agent, "language": "en-US",
                "uuid": format!("{}-{key}", self.machine), "updatedAt": 1_700_000_000 + changes, "scannedAt": 1_700_000_000 + changes,
                "contentChangedAt": changes, "hidden": 0, "Location": [{"id": key, "path": format!("/media/{title}")}]})
        };
        let sections = [
            section(MOVIES, "movie", "Movies", "tv.plex.agents.movie"),
            section(SHOWS, "show", "Shows", "tv.plex.agents.series"),
            section(MUSIC, "artist", "Music", "tv.plex.agents.music"),
        ];
        Reply::json(200, json!({"MediaContainer": {"size": sections.len(), "Directory": sections}}))
    }

    /// `GET /library/sections/{key}/all`.
    pub(crate) fn section_reply(&self, viewer: &Person, request: &Request, section: &str) -> Result<Reply, Reply> {
        let section = section.parse().ok().filter(|key| [MOVIES, SHOWS, MUSIC].contains(key));
        let section = section.ok_or_else(|| Reply::html(404))?;
        let usual = if section == SHOWS { PlexKind::Show } else { PlexKind::Movie };
        let items = self.shelf.items().filter(move |item| item.section == section);
        Ok(self.list(viewer, request, items, Some(usual)))
    }

    /// `GET /library/all`.
    pub(crate) fn library_reply(&self, viewer: &Person, request: &Request) -> Reply {
        self.list(viewer, request, self.shelf.items(), None)
    }

    /// `GET /library/metadata/{id,id,…}`. What is not there is left out; nothing at all is 404.
    pub(crate) fn metadata_reply(&self, viewer: &Person, keys: &str) -> Result<Reply, Reply> {
        let items = keys.split(',').filter_map(|key| self.shelf.get(key.parse().ok()?));
        let rows: Vec<Value> = items.map(|item| self.item_json(item, self.row(viewer.account(), item), true)).collect();
        if rows.is_empty() {
            return Err(Reply::html(404));
        }
        Ok(Reply::json(200, json!({"MediaContainer": {"size": rows.len(), "Metadata": rows}})))
    }

    /// `GET /library/metadata/{id}/children` and `/allLeaves`.
    pub(crate) fn below_reply(
        &self,
        viewer: &Person,
        request: &Request,
        key: &str,
        all_leaves: bool,
    ) -> Result<Reply, Reply> {
        let key: u64 = key.parse().map_err(|_| Reply::html(404))?;
        self.shelf.get(key).ok_or_else(|| Reply::html(404))?;
        let is_below = move |item: &&PlexItem| {
            if all_leaves {
                item.kind == PlexKind::Episode && (item.grandparent == Some(key) || item.parent == Some(key))
            } else {
                item.parent == Some(key)
            }
        };
        Ok(self.list(viewer, request, self.shelf.items().filter(is_below), None))
    }

    fn list<'a>(
        &'a self,
        viewer: &Person,
        request: &Request,
        items: impl Iterator<Item = &'a PlexItem>,
        usual: Option<PlexKind>,
    ) -> Reply {
        let filter = Filter::of(request);
        let kind = filter.kind().or(usual);
        let account = viewer.account();
        let mut rows: Vec<Shown<'a>> = items
            .filter(|item| kind.is_none_or(|kind| item.kind == kind))
            .map(|item| Shown { item, row: self.row(account, item) })
            .filter(|shown| filter.fits(shown))
            .collect();
        sort(&mut rows, request.query.get("sort"));
        let with_guids = request.query.get("includeGuids") == Some("1");
        self.page(request, &rows, |shown| self.item_json(shown.item, shown.row, with_guids))
    }
}
