//! `/sync/ratings`: one rating from 1 to 10 per title.

use serde_json::{Map, Value, json};

use super::{
    account::Rated,
    call::Call,
    listing::{ListRow, RowKey},
    present::text_of,
    targets::{Reach, Target, Targets, body_of},
};
use crate::{instant, kind::Kind, reply::Reply};

const MAX_LIMIT: usize = 5_000;
const BUCKETS: [Kind; 4] = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];

impl Call<'_> {
    /// `GET /sync/ratings`.
    pub(crate) fn get_ratings(&self) -> Result<Reply, Reply> {
        let since = self.since()?;
        let all = self.account.ratings.iter();
        let rows = all
            .filter(|(_, rated)| since.is_none_or(|since| rated.rated_at >= since))
            .map(|(item, rated)| ListRow { key: RowKey::of_item(*item), item: *item, value: *rated })
            .collect();
        let detail = self.id_detail();
        self.page(rows, &BUCKETS, MAX_LIMIT, |row| {
            let mut shown = Map::new();
            shown.insert("rating".to_owned(), row.value.rating.into());
            shown.insert("rated_at".to_owned(), text_of(row.value.rated_at).into());
            self.catalogue.describe(&mut shown, row.item, detail);
            Value::Object(shown)
        })
    }

    /// `POST /sync/ratings`. A rating over another one counts as updated.
    pub(crate) fn add_ratings(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Whole, self.catalogue)?;
        let mut wanted = Vec::with_capacity(targets.known.len());
        for target in &targets.known {
            wanted.push((target.item, self.rating_of(target)?));
        }
        let (mut added, mut updated) = (Vec::new(), Vec::new());
        for (item, rated) in wanted {
            let was_there = self.account.ratings.contains_key(&item);
            self.account.rate(item, rated.rating, rated.rated_at);
            if was_there { updated.push(self.named(item)) } else { added.push(self.named(item)) }
        }
        let (added, updated) = (self.told(added), self.told(updated));
        let not_found = targets.not_found(self.switches.answers);
        Ok(Reply::json(200, json!({"added": added, "updated": updated, "not_found": not_found})))
    }

    /// `POST /sync/ratings/remove`.
    pub(crate) fn remove_ratings(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Whole, self.catalogue)?;
        let mut removed = Vec::new();
        for target in &targets.known {
            if self.account.unrate(target.item) {
                removed.push(self.named(target.item));
            }
        }
        let not_found = targets.not_found(self.switches.answers);
        Ok(Reply::json(200, json!({"removed": self.told(removed), "not_found": not_found})))
    }

    fn rating_of(&self, target: &Target<'_>) -> Result<Rated, Reply> {
        let refuse = |error: &str| Reply::json(400, json!({"error": error}));
        let rating = target.own("rating").and_then(Value::as_u64).and_then(|rating| u8::try_from(rating).ok());
        let rating = rating.filter(|rating| (1..=10).contains(rating)).ok_or_else(|| refuse("Invalid rating"))?;
        let rated_at = match target.own("rated_at") {
            None | Some(Value::Null) => self.now,
            Some(sent) => sent.as_str().and_then(instant::parse).ok_or_else(|| refuse("Invalid rated_at"))?,
        };
        Ok(Rated { rating, rated_at })
    }
}
