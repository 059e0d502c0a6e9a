//! `/sync/ratings`: one rating from 1 to 10 per title.

use std::cmp::Reverse;

use serde_json::{Map, Value, json};

use super::{
    account::Rated,
    call::Call,
    catalogue::Kind,
    page::{MAX_LIMIT, Page},
    targets::{Reach, Target, Targets, body_of, counts},
};
use crate::{instant, library::LibraryItem, reply::Reply};

pub(crate) const ALL_KINDS: [Kind; 4] = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];

impl Call<'_> {
    /// `GET /sync/ratings[/{type}[/{ratings}]]`, latest first.
    pub(crate) fn get_ratings(&self, path: &[&str]) -> Result<Reply, Reply> {
        let (kinds, values) = match path {
            [] => (ALL_KINDS.to_vec(), None),
            [kinds] => (kinds_of(kinds)?, None),
            [kinds, values] => (kinds_of(kinds)?, Some(*values)),
            _ => return Err(Reply::status(404)),
        };
        let wanted = |item: LibraryItem, rated: Rated| {
            let value_fits = values.is_none_or(|values| values.split(',').any(|one| one == rated.rating.to_string()));
            value_fits && kinds.contains(&Kind::of(item))
        };
        let all = self.account.ratings.iter().map(|(item, rated)| (*item, *rated));
        let mut rows: Vec<(LibraryItem, Rated)> = all.filter(|(item, rated)| wanted(*item, *rated)).collect();
        rows.sort_by_key(|(item, rated)| (Reverse(rated.rated_at), *item));
        Ok(Page::of(self.request, MAX_LIMIT).cut(&rows, |(item, rated)| {
            let mut row = Map::new();
            row.insert("rated_at".to_owned(), instant::to_millis_text(rated.rated_at).into());
            row.insert("rating".to_owned(), rated.rating.into());
            self.catalogue.describe(&mut row, *item, self.extended());
            Value::Object(row)
        }))
    }

    /// `POST /sync/ratings`. An overwritten rating counts as added.
    pub(crate) fn add_ratings(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Whole, self.catalogue, self.switches.unknown_ids);
        let mut rated = Vec::with_capacity(targets.known.len());
        for target in &targets.known {
            rated.push((target.item, self.rating_of(target)?));
        }
        let new = rated.iter().filter(|(item, _)| !self.account.ratings.contains_key(item)).count();
        self.within(self.account.ratings.len() + new, self.account.limits.ratings)?;
        for (item, rated) in &rated {
            self.account.rate(*item, rated.rating, rated.rated_at);
        }
        let added = counts(rated.iter().map(|(item, _)| *item), &ALL_KINDS);
        Ok(Reply::json(201, json!({"added": added, "not_found": targets.not_found()})))
    }

    /// `POST /sync/ratings/remove`.
    pub(crate) fn remove_ratings(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Whole, self.catalogue, self.switches.unknown_ids);
        let items = targets.known.iter().map(|target| target.item);
        let removed: Vec<LibraryItem> = items.filter(|item| self.account.unrate(*item)).collect();
        let deleted = counts(removed.into_iter(), &ALL_KINDS);
        Ok(Reply::json(200, json!({"deleted": deleted, "not_found": targets.not_found()})))
    }

    fn rating_of(&self, target: &Target<'_>) -> Result<Rated, Reply> {
        let rating = target.own("rating").and_then(Value::as_u64).and_then(|rating| u8::try_from(rating).ok());
        let rating = rating.filter(|rating| (1..=10).contains(rating)).ok_or_else(|| Reply::status(422))?;
        let rated_at = match target.inherited("rated_at") {
            None => self.now,
            Some(sent) => sent.as_str().and_then(instant::parse).ok_or_else(|| Reply::status(422))?,
        };
        Ok(Rated { rating, rated_at })
    }
}

/// The kinds of a path: `all`, one of them, or several with commas.
pub(crate) fn kinds_of(names: &str) -> Result<Vec<Kind>, Reply> {
    if names == "all" {
        return Ok(ALL_KINDS.to_vec());
    }
    names.split(',').map(|name| Kind::parse(name).ok_or_else(|| Reply::status(404))).collect()
}
