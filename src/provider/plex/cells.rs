//! What the account holds right now for single items.

use crosswatch_model::{Fact, Feature, Kind, NativeRef};
use crosswatch_port::{CellNow, CellQuery, Fault};
use rustc_hash::FxHashMap;

use super::{
    Plex,
    history::Plays,
    lookup::Found,
    read::paged,
    row::{Shows, describe, fact, view_count},
    wire::{self, List, WireItem, WirePlay},
};

/// A fact with the row it was read from.
type Told = (Fact, Option<NativeRef>);

impl Plex {
    /// Looks the items up and reads the user's state of all their copies. An item whose
    /// every copy left the library is told as such; one whose ids contradict cannot be told. Plays are read from the log, one request per copy that was watched.
    pub(super) async fn server_cells(&self, feature: Feature, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let items: Vec<_> = queries.iter().map(|query| &query.item).collect();
        let found = self.look_up(&items).await?;
        let state = self.state_of(&found).await?;
        let mut cells = Vec::with_capacity(found.len());
        for found in &found {
            cells.push(match found {
                Found::Nothing => CellNow::NotInLibrary,
                Found::Contradicts(_) => CellNow::Unknown,
                Found::Copies(copies) => {
                    let copies: Vec<&WireItem> = copies.iter().filter_map(|key| state.get(key)).collect();
                    if copies.is_empty() {
                        cells.push(CellNow::NotInLibrary);
                        continue;
                    }
                    let facts = match feature {
                        Feature::History => self.plays_of(&copies).await?,
                        _ => stated(feature, &copies),
                    };
                    if facts.is_empty() { CellNow::Absent } else { CellNow::Present(facts) }
                }
            });
        }
        Ok(cells)
    }

    /// The state of every copy, by number.
    pub(super) async fn state_of(&self, found: &[Found]) -> Result<FxHashMap<u64, WireItem>, Fault> {
        let mut keys: Vec<u64> = found.iter().flat_map(Found::keys).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        let items = self.items_by_key(&keys).await?.into_iter();
        Ok(items.filter_map(|item| Some((wire::key(&item.rating_key)?, item))).collect())
    }

    async fn plays_of(&self, copies: &[&WireItem]) -> Result<Vec<Told>, Fault> {
        let account = self.connection.account().await?;
        let mut plays = Plays::default();
        let mut told = Vec::new();
        for item in copies.iter().filter(|item| view_count(item) > 0) {
            let (Some(key), Some(kind)) = (wire::key(&item.rating_key), wire::kind(&item.kind)) else { continue };
            let call = self.log_call(account.log_number).query("metadataItemID", &key.to_string());
            let list: List<WirePlay> = List::page(&self.connection.read(paged(call, 0)).await?)?;
            for play in list.rows().filter(|play| wire::key(&play.rating_key) == Some(key)) {
                plays.log(play, account.log_number, |_| false);
            }
            let (described, _) = describe(item, kind, &Shows::default());
            told.extend(plays.watched(key, item, &described));
        }
        told.extend(plays.rest());
        Ok(told.into_iter().map(|row| (row.fact, row.native)).collect())
    }
}

/// What the copies say of a feature. Copies of one title share their state, so the same fact is told once.
fn stated(feature: Feature, copies: &[&WireItem]) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for item in copies {
        let kind = wire::kind(&item.kind).unwrap_or(Kind::Season);
        if let Some(fact) = fact(feature, kind, item)
            && told.iter().all(|(other, _)| *other != fact)
        {
            told.push((fact, wire::key(&item.rating_key).map(|key| NativeRef(u128::from(key)))));
        }
    }
    told
}
