//! `GET /{imdb|tmdb|tvdb|mdblist}/{movie|show}/{id}`: what a title is.

use serde_json::{Value, json};

use super::{call::Call, catalogue::mdblist_id, present::IdDetail};
use crate::{kind::Kind, reply::Reply};

impl Call<'_> {
    pub(crate) fn lookup(&self, space: &str, kind: &str, id: &str) -> Result<Reply, Reply> {
        let kind = Kind::parse(kind).filter(|kind| matches!(kind, Kind::Movie | Kind::Show));
        let item = kind.and_then(|kind| self.catalogue.find(kind, space, id));
        let item = item.ok_or_else(|| Reply::json(404, json!({"detail": "Not found."})))?;
        let (title, year) = self.catalogue.title_of(item);
        let runtime = self.catalogue.library().runtime_min(item).map(Value::from);
        Ok(Reply::json(
            200,
            json!({
                "id": mdblist_id(item).as_deref(),
                "title": title,
                "year": year,
                "type": Kind::of(item).singular(),
                "runtime": runtime,
                "ids": self.catalogue.ids_json(item, IdDetail::All),
            }),
        ))
    }
}
