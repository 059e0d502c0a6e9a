//! From external ids to the server's items.
//!
//! Plex cannot be asked for an item by external id, so the libraries are listed once and kept, over restarts too. A library
//! whose own mark did not move is believed; of one that moved, what changed last is read from the newest on, and the number
//! of items must agree afterwards. Where it does not, where the server does not sort as asked, and once a week in any case,
//! the library is listed anew.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use crosswatch_model::{Id, IdSet, Item, Kind, Namespace};
use crosswatch_port::Fault;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Mutex;

use super::{
    PLEX_EPISODES, PLEX_MOVIES, PLEX_SHOWS, Plex,
    account::{Holds, Section},
    lookup::{Entry, Found, Lookup},
    read::{PAGE_LIMIT, paged},
    wire::{self, List, WireItem},
};

/// A miss is believed while nobody asked the server for this long.
const MAX_AGE: Duration = Duration::from_secs(60);
/// A library is listed anew after this long, whatever its mark says.
const AUDIT_AFTER_S: i64 = 7 * 24 * 3600;
/// No library has more pages than this: two million items.
const MAX_PAGES: u32 = 2000;

/// The place for the list, and the lock that keeps two lookups from making it twice.
#[derive(Default)]
pub(super) struct IndexShelf(Mutex<Option<Index>>);

/// The libraries as they were last seen.
struct Index {
    notes: BTreeMap<SmolStr, Note>,
    lookup: Rc<Lookup>,
    asked_at: Timestamp,
    /// The server denied knowing an item of it.
    is_doubted: bool,
}

/// One library as it was last seen; this is what is kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Note {
    /// The library's mark.
    mark: SmolStr,
    /// When all of it was listed.
    audited_at_s: i64,
    /// The latest change that was seen.
    newest_s: u64,
    items: BTreeMap<u64, NoteItem>,
}

/// One item: its kind by number, its ids by namespace, and its place below a show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NoteItem(u8, Vec<(u8, String)>, Option<(u64, u16, u16)>);

impl NoteItem {
    fn of(item: &WireItem, kind: Kind) -> Self {
        let ids = wire::named(item, kind).ids;
        let ids = ids.iter().filter(|id| id.kind() == kind).map(|id| (id.namespace() as u8, id.value())).collect();
        let place = (wire::key(&item.grandparent_rating_key), item.parent_index.small(), item.index.small());
        let coordinates = match (kind, place) {
            (Kind::Episode, (Some(show), Some(season), Some(number))) => Some((show, season, number)),
            _ => None,
        };
        Self(kind as u8, ids, coordinates)
    }

    fn entry(&self, key: u64) -> Option<Entry> {
        let kind = Kind::from_number(self.0)?;
        let ids: IdSet = self
            .1
            .iter()
            .filter_map(|(namespace, value)| Id::parse(Namespace::from_number(*namespace)?, kind, value).ok())
            .collect();
        Some(Entry { key, kind, ids, coordinates: self.2 })
    }
}

impl Note {
    fn take(&mut self, list: &List<WireItem>) {
        for item in list.rows() {
            if let (Some(key), Some(kind)) = (wire::key(&item.rating_key), wire::kind(&item.kind)) {
                self.items.insert(key, NoteItem::of(item, kind));
            }
            self.newest_s = self.newest_s.max(item.updated_at.whole().unwrap_or(0));
        }
    }

    fn count(&self, kind: Kind) -> u64 {
        self.items.values().filter(|item| item.0 == kind as u8).count() as u64
    }
}

impl Plex {
    /// Looks items up, all in one list. What is missing is looked for once more where the list has grown old.
    pub(super) async fn look_up(&self, items: &[&Item]) -> Result<Vec<Found>, Fault> {
        let mut kept = self.index.0.lock().await;
        if kept.as_ref().is_none_or(|index| index.is_doubted) {
            let refreshed = self.refreshed(kept.as_ref()).await?;
            *kept = Some(refreshed);
        }
        let answer = |kept: &Option<Index>| -> Vec<Found> {
            let lookup = kept.as_ref().map(|index| Rc::clone(&index.lookup)).unwrap_or_default();
            items.iter().map(|item| lookup.find(item)).collect()
        };
        let found = answer(&kept);
        let now = self.connection.ports().clock.now();
        let age = kept.as_ref().map(|index| now.duration_since(index.asked_at));
        let is_old = age.is_none_or(|age| Duration::try_from(age).is_ok_and(|age| age >= MAX_AGE));
        if !is_old || !found.contains(&Found::Nothing) {
            return Ok(found);
        }
        let refreshed = self.refreshed(kept.as_ref()).await?;
        *kept = Some(refreshed);
        Ok(answer(&kept))
    }

    /// Lists everything anew at the next lookup, after the server denied knowing an item of the list.
    pub(super) async fn doubt_index(&self) {
        let mut kept = self.index.0.lock().await;
        if let Some(index) = &mut *kept {
            for note in index.notes.values_mut() {
                note.audited_at_s = 0;
            }
            index.is_doubted = true;
        }
    }

    /// The libraries as they are now.
    async fn refreshed(&self, before: Option<&Index>) -> Result<Index, Fault> {
        let sections = self.connection.sections().await?;
        let now = self.connection.ports().clock.now();
        let mut notes = BTreeMap::new();
        for section in &sections {
            let known = match before.and_then(|index| index.notes.get(&section.key)) {
                Some(note) => Some(note.clone()),
                None => self.recall(section).await?,
            };
            notes.insert(section.key.clone(), self.section_note(section, known, now).await?);
        }
        let entries = notes.values().flat_map(|note: &Note| &note.items);
        let lookup = Rc::new(Lookup::of(entries.filter_map(|(key, item)| item.entry(*key))));
        Ok(Index { notes, lookup, asked_at: now, is_doubted: false })
    }

    async fn section_note(&self, section: &Section, known: Option<Note>, now: Timestamp) -> Result<Note, Fault> {
        let is_audited = |note: &Note| now.as_second() - note.audited_at_s < AUDIT_AFTER_S;
        let known = known.filter(is_audited);
        if let Some(note) = known.as_ref().filter(|note| note.mark == section.mark) {
            return Ok(note.clone());
        }
        let caught_up = match known {
            Some(note) => self.caught_up(section, note).await?,
            None => None,
        };
        let mut note = match caught_up {
            Some(note) => note,
            None => Note { audited_at_s: now.as_second(), ..self.listed(section).await? },
        };
        note.mark = section.mark.clone();
        self.keep(section, &note).await?;
        Ok(note)
    }

    /// The note with what changed since. `None` where that does not explain how many items there are.
    async fn caught_up(&self, section: &Section, mut note: Note) -> Result<Option<Note>, Fault> {
        let since_s = note.newest_s;
        for (number, kind) in kinds(section.holds) {
            let prefix = if *kind == Kind::Episode { "episode." } else { "" };
            let (mut start, mut earlier_s, mut total) = (0, u64::MAX, None);
            for _ in 0..MAX_PAGES {
                let list = self.listing(section, number, &format!("{prefix}updatedAt:desc"), start).await?;
                let stamps: Vec<u64> = list.rows().map(|item| item.updated_at.whole().unwrap_or(0)).collect();
                if stamps.iter().any(|stamp| std::mem::replace(&mut earlier_s, *stamp) < *stamp) {
                    return Ok(None);
                }
                note.take(&list);
                start += list.received();
                total = list.total;
                let is_over = list.received() == 0 || total.is_some_and(|total| start >= total);
                if is_over || earlier_s < since_s {
                    break;
                }
            }
            if total != Some(note.count(*kind)) {
                return Ok(None);
            }
        }
        Ok(Some(note))
    }

    /// All of a library.
    async fn listed(&self, section: &Section) -> Result<Note, Fault> {
        let mut note = Note::default();
        for (number, kind) in kinds(section.holds) {
            let sort = if *kind == Kind::Episode { "episode.addedAt" } else { "addedAt" };
            let (mut start, mut total) = (0, None);
            for _ in 0..MAX_PAGES {
                let list = self.listing(section, number, sort, start).await?;
                note.take(&list);
                start += list.received();
                total = list.total;
                if list.received() == 0 || total.map_or(list.received() < PAGE_LIMIT, |total| start >= total) {
                    break;
                }
            }
            if total != Some(start) {
                return Err(Fault::InDoubt("a library could not be listed to its end; trying later may help".into()));
            }
        }
        Ok(note)
    }

    async fn listing(&self, section: &Section, kind: &str, sort: &str, start: u64) -> Result<List<WireItem>, Fault> {
        let call = self
            .connection
            .server_get(&format!("/library/sections/{}/all", section.key))
            .query("type", kind)
            .query("includeGuids", "1")
            .query("sort", sort);
        List::page(&self.connection.read(paged(call, start)).await?)
    }

    async fn recall(&self, section: &Section) -> Result<Option<Note>, Fault> {
        let bytes = self.connection.ports().cache.recall(&self.note_name(section).await?).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// A note that is too large is not kept; then the library is listed again after a restart.
    async fn keep(&self, section: &Section, note: &Note) -> Result<(), Fault> {
        let name = self.note_name(section).await?;
        let Ok(bytes) = serde_json::to_vec(note) else { return Ok(()) };
        match self.connection.ports().cache.keep(&name, bytes).await {
            Err(Fault::Rejected(why)) => {
                tracing::warn!("the list of library {} is not kept: {why}", section.key);
                Ok(())
            }
            kept => kept,
        }
    }

    /// Names the server too: another one has other numbers.
    async fn note_name(&self, section: &Section) -> Result<SmolStr, Fault> {
        let account = self.connection.account().await?;
        Ok(format_smolstr!("index-{}-{}", account.machine, section.key))
    }
}

/// What is listed of a library.
const fn kinds(holds: Holds) -> &'static [(&'static str, Kind)] {
    match holds {
        Holds::Movies => &[(PLEX_MOVIES, Kind::Movie)],
        Holds::Shows => &[(PLEX_SHOWS, Kind::Show), (PLEX_EPISODES, Kind::Episode)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_item_comes_back_as_it_was() {
        let json = r#"{"ratingKey":"11","type":"episode","guid":"plex://episode/5d776883ebdf2200209c104e",
            "Guid":[{"id":"tvdb://349232"}],"grandparentRatingKey":"3","parentIndex":0,"index":4}"#;
        let item: WireItem = serde_json::from_str(json).unwrap();
        let note = NoteItem::of(&item, Kind::Episode);
        let text = serde_json::to_string(&note).unwrap();
        let back: NoteItem = serde_json::from_str(&text).unwrap();
        let entry = back.entry(11).unwrap();
        assert_eq!((entry.kind, entry.ids.len(), entry.coordinates), (Kind::Episode, 2, Some((3, 0, 4))));
    }
}
