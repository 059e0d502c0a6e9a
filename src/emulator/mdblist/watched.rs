//! `/sync/watched`: what was watched, as states or as plays, and how plays come and go.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    call::Call,
    listing::{ListRow, RowKey},
    present::text_of,
    state::WriteAnswers,
    targets::{Reach, Target, Targets, body_of, list},
};
use crate::{instant, kind::Kind, library::LibraryItem, reply::Reply};

const MAX_LIMIT: usize = 1_000;
const BUCKETS: [Kind; 4] = [Kind::Movie, Kind::Show, Kind::Season, Kind::Episode];
/// More items than this and the made plays are not reported.
const MAX_REPORTED: usize = 100;

/// What a row of the list is.
#[derive(Clone, Copy)]
struct Watched {
    at: Timestamp,
    play: Option<u64>,
}

impl Call<'_> {
    /// `GET /sync/watched`: one row per play with `plays=all`, else one row per item whose date is that of its last push.
    /// Either way there are roll-up rows of shows and seasons among them, which are derived.
    pub(crate) fn get_watched(&self) -> Result<Reply, Reply> {
        let since = self.since()?;
        let is_new = |at: Timestamp| since.is_none_or(|since| at >= since);
        let mut rows: Vec<ListRow<Watched>> = if self.request.query.get("plays") == Some("all") {
            let plays = self.account.plays.values().filter(|play| is_new(play.added_at));
            plays
                .map(|play| ListRow {
                    key: RowKey::numbered(play.item, play.id),
                    item: play.item,
                    value: Watched { at: play.watched_at, play: Some(play.id) },
                })
                .collect()
        } else {
            let pushed = self.account.pushed_at.iter().filter(|(_, at)| is_new(**at));
            let row = |(item, at): (&LibraryItem, &Timestamp)| ListRow {
                key: RowKey::of_item(*item),
                item: *item,
                value: Watched { at: *at, play: None },
            };
            pushed.map(row).collect()
        };
        rows.extend(roll_ups(&rows));
        let detail = self.id_detail();
        self.page(rows, &BUCKETS, MAX_LIMIT, |row| {
            let mut shown = Map::new();
            if let Some(play) = row.value.play {
                shown.insert(self.switches.play_id_name.to_owned(), play.into());
            }
            shown.insert("last_watched_at".to_owned(), text_of(row.value.at).into());
            self.catalogue.describe(&mut shown, row.item, detail);
            Value::Object(shown)
        })
    }

    /// `POST /sync/watched`: another date is another play, unless it is near one that is there.
    pub(crate) fn add_watched(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Leaves, self.catalogue)?;
        if list(&body, "shows").iter().filter(|show| list(show, "seasons").is_empty()).count() > 1 {
            return Err(Reply::status(500));
        }
        let reports = self.request.query.get("report_added") == Some("true");
        if reports && targets.known.len() > MAX_REPORTED {
            let error = format!("Too many items to report (max {MAX_REPORTED})");
            return Err(Reply::json(400, json!({"error": error})));
        }
        let mut wanted = Vec::with_capacity(targets.known.len());
        for target in &targets.known {
            wanted.push((target.item, self.watched_at(target)?));
        }
        let (mut added, mut updated) = (Vec::new(), Vec::new());
        for (item, at) in wanted {
            match self.account.push_play(item, at, self.switches.near_duplicate_s) {
                Some(id) => added.push(self.made(item, at, id)),
                None => updated.push(self.named(item)),
            }
        }
        let answers = self.switches.answers;
        let lists_added = reports && answers != WriteAnswers::Counts || answers == WriteAnswers::Lists;
        Ok(Reply::json(
            200,
            json!({
                "added": super::targets::grouped(added, lists_added),
                "updated": self.told(updated),
                "not_found": targets.not_found(answers),
            }),
        ))
    }

    /// `POST /sync/watched/remove`: all plays of an item.
    pub(crate) fn remove_watched(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let targets = Targets::read(&body, Reach::Leaves, self.catalogue)?;
        let mut removed = Vec::new();
        for target in &targets.known {
            let plays = self.account.plays_of(target.item);
            for play in &plays {
                self.account.remove_play(play.id);
            }
            if !plays.is_empty() {
                removed.push(self.named(target.item));
            }
        }
        let not_found = targets.not_found(self.switches.answers);
        Ok(Reply::json(200, json!({"removed": self.told(removed), "not_found": not_found})))
    }

    /// `POST /sync/watched/plays/remove`: single plays.
    pub(crate) fn remove_plays(&mut self) -> Result<Reply, Reply> {
        let body = body_of(self.request)?;
        let (mut removed, mut missing) = (Vec::new(), Vec::new());
        for id in list(&body, "play_ids") {
            let is_done = id.as_u64().is_some_and(|id| self.account.remove_play(id));
            if is_done { removed.push(id.clone()) } else { missing.push(id.clone()) }
        }
        if self.switches.answers == WriteAnswers::Counts {
            return Ok(Reply::json(200, json!({"removed": removed.len(), "not_found": missing.len()})));
        }
        Ok(Reply::json(200, json!({"removed": removed, "not_found": missing})))
    }

    /// The moment that `since` names.
    pub(crate) fn since(&self) -> Result<Option<Timestamp>, Reply> {
        match self.request.query.get("since") {
            Some(text) => instant::parse(text).map(Some).ok_or_else(|| Reply::status(400)),
            None => Ok(None),
        }
    }

    /// When a target was watched: now where nothing is said.
    fn watched_at(&self, target: &Target<'_>) -> Result<Timestamp, Reply> {
        let Some(sent) = target.inherited("watched_at") else { return Ok(self.now) };
        let at = sent.as_str().and_then(instant::parse);
        at.ok_or_else(|| Reply::json(400, json!({"error": "Invalid watched_at"})))
    }

    fn made(&self, item: LibraryItem, at: Timestamp, id: u64) -> (Kind, Value) {
        let (kind, mut row) = self.named(item);
        if let Some(row) = row.as_object_mut() {
            row.insert(self.switches.play_id_name.to_owned(), id.into());
            row.insert("watched_at".to_owned(), text_of(at).into());
        }
        (kind, row)
    }
}

/// A row for every show and season that has rows below it.
fn roll_ups(rows: &[ListRow<Watched>]) -> Vec<ListRow<Watched>> {
    let mut newest: BTreeMap<LibraryItem, Timestamp> = BTreeMap::new();
    for row in rows {
        if let LibraryItem::Episode { show, season, .. } = row.item {
            for parent in [LibraryItem::Show(show), LibraryItem::Season { show, season }] {
                let at = newest.entry(parent).or_insert(row.value.at);
                *at = row.value.at.max(*at);
            }
        }
    }
    let rolled = |(item, at)| ListRow { key: RowKey::of_item(item), item, value: Watched { at, play: None } };
    newest.into_iter().map(rolled).collect()
}
