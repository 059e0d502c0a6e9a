//! Between external ids and the 24 digits under which Plex's cloud knows a title.
//!
//! The cloud counts requests, and what it says about ids stays true; so every answer is kept for good, over restarts too.

use std::cell::RefCell;

use crosswatch_model::{Id, IdSet, Item, Kind, Namespace};
use crosswatch_port::Fault;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::{
    Plex,
    wire::{self, List, WireItem},
};
use crate::ids::{contradict, share_one};

/// The name of the note.
const NOTE: &str = "cloud-ids";
/// No more titles than this are kept.
const MAX_TITLES: usize = 200_000;
/// The ids that a title can be asked for by, the surest first.
const ASKED_BY: [Namespace; 3] = [Namespace::Imdb, Namespace::Tmdb, Namespace::Tvdb];

/// One title as it is kept: 24 digits, kind by number, and the ids of the public databases by namespace.
type Kept = (String, u8, Vec<(u8, String)>);

/// The titles that the cloud told about.
#[derive(Default)]
pub(super) struct CloudIds {
    by_title: RefCell<FxHashMap<Id, IdSet>>,
    by_id: RefCell<FxHashMap<Id, Id>>,
    is_loaded: RefCell<bool>,
    is_changed: RefCell<bool>,
}

impl CloudIds {
    fn learn(&self, title: Id, ids: &IdSet) {
        if self.by_title.borrow().len() >= MAX_TITLES {
            return;
        }
        for id in ids.iter().filter(|id| id.namespace() != Namespace::Plex) {
            self.by_id.borrow_mut().insert(id, title);
        }
        self.by_title.borrow_mut().insert(title, ids.clone());
        self.is_changed.replace(true);
    }

    fn title_of(&self, ids: &IdSet) -> Option<Id> {
        let by_id = self.by_id.borrow();
        let title = ids.iter().find_map(|id| by_id.get(&id).copied())?;
        let by_title = self.by_title.borrow();
        by_title.get(&title).filter(|known| !contradict(known, ids)).map(|_| title)
    }

    fn kept(&self) -> Vec<Kept> {
        let by_title = self.by_title.borrow();
        let mut kept: Vec<Kept> = by_title
            .iter()
            .map(|(title, ids)| {
                let public = ids.iter().filter(|id| id.namespace() != Namespace::Plex);
                let ids = public.map(|id| (id.namespace() as u8, id.value())).collect();
                (title.value(), title.kind() as u8, ids)
            })
            .collect();
        kept.sort_unstable();
        kept
    }

    fn restore(&self, kept: &[Kept]) {
        for (digits, kind, ids) in kept {
            let Some(kind) = Kind::from_number(*kind) else { continue };
            let Ok(title) = Id::parse(Namespace::Plex, kind, digits) else { continue };
            let mut set: IdSet = ids
                .iter()
                .filter_map(|(space, value)| Id::parse(Namespace::from_number(*space)?, kind, value).ok())
                .collect();
            set.insert(title);
            self.learn(title, &set);
        }
        self.is_changed.replace(false);
    }
}

impl Plex {
    /// The ids of a title that stands on a list, where they are known or can be asked for. `None` where the cloud no
    /// longer knows the title.
    pub(super) async fn ids_of_title(&self, title: Id) -> Result<Option<IdSet>, Fault> {
        self.load_cloud_ids().await?;
        if let Some(ids) = self.cloud.by_title.borrow().get(&title) {
            return Ok(Some(ids.clone()));
        }
        let call = self.connection.discover_get(&format!("/library/metadata/{}", title.value()));
        let answer = self.connection.send_as_user(call).await?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        let list: List<WireItem> = List::page(&self.connection.accepted(answer)?)?;
        let told = list.rows().next().map(|item| wire::named(item, title.kind()).ids);
        let ids = told
            .filter(|ids| ids.contains(title))
            .ok_or_else(|| Fault::InDoubt("the cloud answered with another title than it was asked for".into()))?;
        self.cloud.learn(title, &ids);
        Ok(Some(ids))
    }

    /// The title that an item is in the cloud; `None` where the cloud does not know it by any of its ids.
    pub(super) async fn title_of_item(&self, item: &Item) -> Result<Option<Id>, Fault> {
        if let Some(own) = item.ids.get(Namespace::Plex) {
            return Ok(Some(own));
        }
        self.load_cloud_ids().await?;
        if let Some(known) = self.cloud.title_of(&item.ids) {
            return Ok(Some(known));
        }
        for id in ASKED_BY.into_iter().filter_map(|space| item.ids.get(space)) {
            let call = self
                .connection
                .metadata_get("/library/metadata/matches")
                .query("type", if item.kind == Kind::Movie { super::PLEX_MOVIES } else { super::PLEX_SHOWS })
                .query("title", &format!("{}-{}", id.namespace(), id.value()));
            let answer = self.connection.send_as_user(call).await?;
            let list: List<WireItem> = List::page(&self.connection.accepted(answer)?)?;
            for found in list.rows().filter(|found| wire::kind(&found.kind) == Some(item.kind)) {
                let ids = wire::named(found, item.kind).ids;
                if let Some(title) = ids.get(Namespace::Plex)
                    && share_one(&ids, &item.ids)
                    && !contradict(&ids, &item.ids)
                {
                    self.cloud.learn(title, &ids);
                    return Ok(Some(title));
                }
            }
        }
        Ok(None)
    }

    async fn load_cloud_ids(&self) -> Result<(), Fault> {
        if *self.cloud.is_loaded.borrow() {
            return Ok(());
        }
        let bytes = self.connection.ports().cache.recall(NOTE).await?;
        let kept: Vec<Kept> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        if !self.cloud.is_loaded.replace(true) {
            self.cloud.restore(&kept);
        }
        Ok(())
    }

    /// Keeps what was learnt since the last time.
    pub(super) async fn keep_cloud_ids(&self) -> Result<(), Fault> {
        if !self.cloud.is_changed.replace(false) {
            return Ok(());
        }
        let Ok(bytes) = serde_json::to_vec(&self.cloud.kept()) else { return Ok(()) };
        let kept = self.connection.ports().cache.keep(NOTE, bytes).await;
        if kept.is_err() {
            self.cloud.is_changed.replace(true);
        }
        kept
    }
}

/// The digits alone.
pub(super) fn digits(title: Id) -> SmolStr {
    title.value().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(list: &[(Namespace, &str)]) -> IdSet {
        list.iter().map(|(space, text)| Id::parse(*space, Kind::Movie, text).unwrap()).collect()
    }

    #[test]
    fn what_is_kept_comes_back_and_contradictions_are_no_answer() {
        let title = Id::parse(Namespace::Plex, Kind::Movie, "5d776883ebdf2200209c104e").unwrap();
        let known = ids(&[(Namespace::Imdb, "tt0133093"), (Namespace::Tmdb, "603")]);
        let first = CloudIds::default();
        first.learn(title, &known);
        let second = CloudIds::default();
        second.restore(&first.kept());
        assert_eq!(second.title_of(&ids(&[(Namespace::Tmdb, "603")])), Some(title));
        assert_eq!(second.title_of(&ids(&[(Namespace::Tmdb, "603"), (Namespace::Imdb, "tt9")])), None);
        assert_eq!(second.title_of(&ids(&[(Namespace::Tmdb, "604")])), None);
        assert!(!*second.is_changed.borrow(), "what came from the note need not go back");
    }
}
