//! `GET /search/{id type}/{id}`: what has this id. Without `type`, titles of every kind that share the number come back.

use serde_json::{Map, Value};

use super::{catalogue::Kind, page::MAX_LIMIT, page::Page, ratings::ALL_KINDS, state::TraktState};
use crate::{reply::Reply, request::Request};

impl TraktState {
    pub(crate) fn search(&self, request: &Request, id_type: &str, id: &str) -> Result<Reply, Reply> {
        if !["trakt", "imdb", "tmdb", "tvdb"].contains(&id_type) {
            return Err(Reply::status(404));
        }
        let wanted = request.query.list("type");
        let kinds = ALL_KINDS.into_iter().filter(|kind| *kind != Kind::Season);
        let kinds = kinds.filter(|kind| wanted.is_empty() || wanted.contains(&kind.singular()));
        let found: Vec<_> = kinds.filter_map(|kind| self.catalogue.find(kind, id_type, id)).collect();
        let extended = request.query.get("extended").unwrap_or_default();
        Ok(Page::of(request, MAX_LIMIT).cut(&found, |item| {
            let mut row = Map::new();
            row.insert("score".to_owned(), Value::Null);
            self.catalogue.describe(&mut row, *item, extended);
            Value::Object(row)
        }))
    }
}
