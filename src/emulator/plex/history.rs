//! The log of plays: `GET /status/sessions/history/all`, one play of it, and taking one out.
//!
//! Only what was really played is in it: marking something as watched adds no row, marking it as unwatched takes none out.
//! The owner sees the plays of everybody, others see their own whatever they ask for. A play of a deleted item no longer
//! has a rating key. There are no guids and no years.

use jiff::Timestamp;
use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::{filter::operator_of_key, item::PlexKind, people::Person, present::put, state::PlexState};
use crate::{reply::Reply, request::Request};

/// One play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    /// Number of the row.
    pub id: u64,
    /// Whose play, by the number on the server.
    pub account: u64,
    /// What was played; absent once it is deleted.
    pub rating_key: Option<u64>,
    /// When; some rows of old databases do not know.
    pub viewed_at: Option<Timestamp>,
    /// What it was.
    pub kind: PlexKind,
    /// Its title.
    pub title: SmolStr,
    /// Its show's title.
    pub show: Option<SmolStr>,
    /// Episode number.
    pub index: Option<u16>,
    /// Season number.
    pub parent_index: Option<u16>,
    /// Where it lay.
    pub section: u32,
}

impl PlexState {
    /// Adds a row to the log.
    pub(crate) fn log_play(&mut self, account: u64, key: u64, viewed_at: Option<Timestamp>) {
        let Some(item) = self.shelf.get(key) else { return };
        self.last_play += 1;
        let show = item.grandparent.and_then(|key| self.shelf.get(key)).map(|show| show.title.clone());
        self.plays.push(Play {
            id: self.last_play,
            account,
            rating_key: Some(key),
            viewed_at,
            kind: item.kind,
            title: item.title.clone(),
            show,
            index: item.index,
            parent_index: item.parent_index,
            section: item.section,
        });
    }

    /// Adds a row without a date, as old databases have them.
    pub fn log_undated_play(&mut self, user: &str, key: u64) -> Result<(), super::state::NotOnPlex> {
        let account = self.person(user)?.account();
        self.item(key)?;
        self.log_play(account, key, None);
        Ok(())
    }

    pub(crate) fn history_reply(&self, viewer: &Person, request: &Request) -> Reply {
        let number = |name: &str| request.query.get(name).and_then(|text| text.parse::<u64>().ok());
        let account = if viewer.is_owner() { number("accountID") } else { Some(viewer.account()) };
        let (section, key) = (number("librarySectionID"), number("metadataItemID"));
        let since = request.query.pairs().find_map(|(name, value)| {
            let (name, is_lower_bound) = operator_of_key(name);
            if name == "viewedAt" && is_lower_bound { value.parse::<i64>().ok() } else { None }
        });
        let fits = |play: &&Play| {
            account.is_none_or(|account| play.account == account)
                && section.is_none_or(|section| u64::from(play.section) == section)
                && key.is_none_or(|key| play.rating_key == Some(key))
                && since.is_none_or(|since| play.viewed_at.is_some_and(|at| at.as_second() >= since))
        };
        let mut plays: Vec<&Play> = self.plays.iter().filter(fits).collect();
        plays.sort_by_key(|play| (play.viewed_at, play.id));
        if request.query.get("sort").is_some_and(|sort| sort.starts_with("viewedAt:desc")) {
            plays.reverse();
        }
        self.page(request, &plays, |play| play_json(play))
    }

    pub(crate) fn delete_play(&mut self, viewer: &Person, id: &str) -> Result<Reply, Reply> {
        if !viewer.is_owner() {
            return Err(Reply::html(403));
        }
        let before = self.plays.len();
        self.plays.retain(|play| play.id.to_string() != id);
        if self.plays.len() == before { Err(Reply::html(404)) } else { Ok(Reply::status(200)) }
    }
}

fn play_json(play: &Play) -> Value {
    let mut json = Map::new();
    put(&mut json, "historyKey", format!("/status/sessions/history/{}", play.id).into());
    put(&mut json, "key", play.rating_key.map(|key| format!("/library/metadata/{key}")).into());
    put(&mut json, "ratingKey", play.rating_key.map(|key| key.to_string()).into());
    put(&mut json, "librarySectionID", play.section.to_string().into());
    put(&mut json, "title", play.title.as_str().into());
    put(&mut json, "grandparentTitle", play.show.as_ref().map(SmolStr::as_str).into());
    put(&mut json, "type", play.kind.as_str().into());
    put(&mut json, "index", play.index.into());
    put(&mut json, "parentIndex", play.parent_index.into());
    put(&mut json, "viewedAt", play.viewed_at.map(Timestamp::as_second).into());
    put(&mut json, "accountID", play.account.into());
    put(&mut json, "deviceID", 7.into());
    Value::Object(json)
}
