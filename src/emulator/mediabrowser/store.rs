//! Items and what every user did with them: one row per user and key, and rules for folders.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    item::{Item, Location, MediaId},
    shelf::Shelf,
    user_data::{UserData, UserDataUpdate},
};
use crate::{activity::UserActivity, library::Library};

/// A server's items and rows.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) shelf: Shelf,
    /// Rows of each user, by the slot of the item's data key.
    rows: BTreeMap<MediaId, Vec<UserData>>,
}

impl Store {
    /// A server that holds this library, untouched by anybody.
    pub(crate) fn fill(library: &Library) -> Self {
        Self { shelf: Shelf::fill(library), rows: BTreeMap::new() }
    }

    /// The row of a user and an item; for folders, played follows from the episodes.
    pub(crate) fn row(&self, user: MediaId, item: &Item) -> UserData {
        let mut row = self.stored_row(user, item);
        if item.kind.is_folder() {
            row.played = self.unplayed_count(user, item.id) == 0;
            row.play_count = 0;
            row.position_ticks = 0;
        }
        row
    }

    /// How many episodes on disk below a folder are not played.
    pub(crate) fn unplayed_count(&self, user: MediaId, folder: MediaId) -> usize {
        let episodes = self.shelf.episodes_of(folder).filter(|episode| episode.location == Location::FileSystem);
        episodes.filter(|episode| !self.stored_row(user, episode).played).count()
    }

    pub(crate) fn mark_played(&mut self, user: MediaId, item: MediaId, at: Option<Timestamp>, now: Timestamp) {
        for leaf in self.leaves(item) {
            self.change(user, leaf, |row| row.mark_played(at, now));
        }
    }

    pub(crate) fn mark_unplayed(&mut self, user: MediaId, item: MediaId) {
        for leaf in self.leaves(item) {
            self.change(user, leaf, UserData::mark_unplayed);
        }
    }

    pub(crate) fn change(&mut self, user: MediaId, item: MediaId, change: impl FnOnce(&mut UserData)) {
        let Some(slot) = self.shelf.get(item).map(|item| item.data_slot) else { return };
        let rows = self.rows.entry(user).or_default();
        if rows.len() <= slot {
            rows.resize(slot + 1, UserData::default());
        }
        if let Some(row) = rows.get_mut(slot) {
            change(row);
        }
    }

    /// Loses what every user did with the titles of this slot.
    pub(crate) fn forget_slot(&mut self, slot: usize) {
        for row in self.rows.values_mut().filter_map(|rows| rows.get_mut(slot)) {
            *row = UserData::default();
        }
    }

    /// How far a folder is watched, or where a film was left, of a hundred.
    pub(crate) fn played_percent(&self, user: MediaId, item: &Item, row: UserData) -> Option<f64> {
        if !item.kind.is_folder() {
            let runtime_ticks = item.runtime_ticks.filter(|ticks| *ticks > 0)?;
            return (row.position_ticks > 0).then(|| super::user_data::percent_of(row.position_ticks, runtime_ticks));
        }
        let episodes = self.shelf.episodes_of(item.id).filter(|episode| episode.location == Location::FileSystem);
        let total = u32::try_from(episodes.count()).ok().filter(|total| *total > 0)?;
        let unplayed = u32::try_from(self.unplayed_count(user, item.id)).ok()?;
        Some(100.0 - f64::from(unplayed) * 100.0 / f64::from(total))
    }

    /// The row is that of a person who did all this.
    pub(crate) fn live_through(&mut self, user: MediaId, activity: &UserActivity) {
        let on_disk = |shelf: &Shelf, origin| {
            let id = shelf.of_origin(origin)?;
            shelf.get(id).filter(|item| item.location == Location::FileSystem).map(|item| item.id)
        };
        for play in &activity.plays {
            let Some(id) = on_disk(&self.shelf, play.item) else { continue };
            self.change(user, id, |row| {
                row.played = true;
                row.play_count = row.play_count.saturating_add(1);
                row.last_played_at = row.last_played_at.max(Some(play.at));
            });
        }
        for origin in &activity.undated {
            let Some(id) = on_disk(&self.shelf, *origin) else { continue };
            let undated = UserDataUpdate { played: Some(true), play_count: Some(1), ..UserDataUpdate::default() };
            self.change(user, id, |row| row.update(undated));
        }
        for given in &activity.ratings {
            let Some(id) = on_disk(&self.shelf, given.item) else { continue };
            self.change(user, id, |row| row.rating = Some(f64::from(given.rating)));
        }
        for marked in &activity.favourites {
            let Some(id) = on_disk(&self.shelf, marked.item) else { continue };
            self.change(user, id, |row| row.favourite = true);
        }
        for point in &activity.resume_points {
            let Some(id) = on_disk(&self.shelf, point.item) else { continue };
            let runtime_ticks = self.shelf.get(id).and_then(|item| item.runtime_ticks).unwrap_or_default();
            self.change(user, id, |row| {
                row.position_ticks = runtime_ticks / 100 * i64::from(point.progress_percent);
                row.play_count = row.play_count.max(1);
                row.last_played_at = row.last_played_at.max(Some(point.at));
            });
        }
    }

    fn stored_row(&self, user: MediaId, item: &Item) -> UserData {
        self.rows.get(&user).and_then(|rows| rows.get(item.data_slot)).copied().unwrap_or_default()
    }

    /// The item itself, or the episodes on disk below a folder.
    fn leaves(&self, item: MediaId) -> Vec<MediaId> {
        match self.shelf.get(item) {
            Some(folder) if folder.kind.is_folder() => {
                let episodes = self.shelf.episodes_of(item);
                let on_disk = episodes.filter(|episode| episode.location == Location::FileSystem);
                on_disk.map(|episode| episode.id).collect()
            }
            Some(_) => vec![item],
            None => Vec::new(),
        }
    }
}
