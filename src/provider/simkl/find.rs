//! Finding an item of ours in our copy of the library.
//!
//! A title is found by an id that both sides have, where no other contradicts. An episode of an anime is found by its place at
//! TheTVDB where the copy knows it, or below its cour as SIMKL counts.

use crosswatch_model::{Item, Kind, Namespace, Scheme};

use super::{
    copy::Copy,
    entry::{Entry, Watched},
};
use crate::ids::{contradict, share_one};

/// Namespaces that only anime have ids in.
const OF_ANIME: [Namespace; 4] = [Namespace::Mal, Namespace::AniDb, Namespace::AniList, Namespace::Kitsu];

/// The film, show or cour that an item is.
pub(super) fn title<'c>(copy: &'c Copy, item: &Item) -> Option<&'c Entry> {
    let is_film = item.kind == Kind::Movie;
    copy.entries().find(|entry| {
        let own = entry.own_ids();
        entry.is_film == is_film && share_one(&own, &item.ids) && !contradict(&own, &item.ids)
    })
}

/// The watched episode that an item is, with its title.
pub(super) fn episode<'c>(copy: &'c Copy, item: &Item) -> Option<(&'c Entry, &'c Watched)> {
    let (show, season, number) = (item.show.as_deref()?, item.season?, item.number?);
    copy.entries().filter(|entry| !entry.is_film).find_map(|entry| {
        let is_at = |watched: &&Watched| (watched.season, watched.number) == (season, number);
        let is_in_tvdb = |watched: &&Watched| watched.tvdb == Some((season, number));
        let is_meant = share_one(&entry.ids, &show.ids) && !contradict(&entry.ids, &show.ids);
        let found = match (entry.is_anime, counts_by_cour(item)) {
            (false, false) if is_meant => entry.episodes.iter().find(is_at),
            (true, true) if share_one(&entry.entry_ids(), &show.ids) => entry.episodes.iter().find(is_at),
            (true, false) if has_same_tvdb(entry, item) => entry.episodes.iter().find(is_in_tvdb),
            _ => None,
        };
        found.map(|watched| (entry, watched))
    })
}

/// Whether an episode is numbered inside its cour.
pub(super) fn counts_by_cour(item: &Item) -> bool {
    let scheme = item.show.as_deref().map(|show| show.scheme);
    matches!(scheme, Some(Scheme::SimklAnime | Scheme::AniDb | Scheme::Entry))
}

/// Whether an episode is known to be one of an anime: by the ids of its show, or because the copy has a cour of it.
pub(super) fn is_anime(copy: &Copy, item: &Item) -> bool {
    let Some(show) = item.show.as_deref() else { return false };
    let has_anime_id = OF_ANIME.iter().any(|namespace| show.ids.get(*namespace).is_some());
    has_anime_id
        || copy.entries().any(|entry| {
            entry.is_anime && !entry.is_film && (has_same_tvdb(entry, item) || share_one(&entry.ids, &show.ids))
        })
}

fn has_same_tvdb(entry: &Entry, item: &Item) -> bool {
    let wanted = item.show.as_deref().and_then(|show| show.ids.get(Namespace::Tvdb));
    wanted.is_some() && entry.ids.get(Namespace::Tvdb) == wanted
}
