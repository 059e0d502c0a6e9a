//! What the server holds right now for single items.

use crosswatch_model::{Fact, Feature, NativeRef};
use crosswatch_port::{CellNow, CellQuery, Fault};
use rustc_hash::FxHashMap;

use super::{
    MediaServer, WatchlistShelf,
    account::Account,
    dialect::Place,
    index::Found,
    row::fact,
    wire::{self, List, WireItem},
};

/// Item ids per request: more would make the address too long for some proxies.
const IDS_PER_REQUEST: usize = 50;

impl MediaServer {
    /// Looks the items up and reads the user's state of all their copies. An item whose
    /// every copy left the library is told as such; one whose ids contradict cannot be told.
    pub(super) async fn cells_now(&self, feature: Feature, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let items: Vec<_> = queries.iter().map(|query| &query.item).collect();
        let found = self.look_up(&items).await?;
        let mut wanted: Vec<u128> = found.iter().flat_map(Found::items).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let is_shelf = self.connection.options().watchlist != WatchlistShelf::Favourites;
        let state = if feature == Feature::Watchlist && is_shelf {
            self.listed_of(&wanted).await?
        } else {
            self.state_of(feature, &wanted).await?
        };
        Ok(found.iter().map(|found| cell(found, &state)).collect())
    }

    async fn state_of(&self, feature: Feature, items: &[u128]) -> Result<FxHashMap<u128, Option<Fact>>, Fault> {
        let account = self.connection.account().await?;
        let mut state = FxHashMap::default();
        for item in self.items_by_id(&account, items).await? {
            if let (Some(id), Some(kind)) = (self.dialect.item_id(&item.id), wire::kind(&item)) {
                let fact = item.user_data.get().and_then(|user_data| fact(feature, kind, &item, user_data));
                state.insert(id, fact);
            }
        }
        Ok(state)
    }

    async fn listed_of(&self, items: &[u128]) -> Result<FxHashMap<u128, Option<Fact>>, Fault> {
        let account = self.connection.account().await?;
        let Some(list_id) = self.find_shelf(&account).await? else {
            return Ok(items.iter().map(|item| (*item, None)).collect());
        };
        let rows = self.shelf_rows(list_id, &account).await?;
        let mut state = self.state_of(Feature::Watchlist, items).await?;
        for fact in state.values_mut() {
            *fact = None;
        }
        let listed = rows.iter().filter(|row| items.binary_search(&row.item).is_ok());
        state.extend(listed.map(|row| (row.item, Some(Fact::Listed(None)))));
        Ok(state)
    }

    /// Single items with the user's state. What the server does not have is left out.
    pub(super) async fn items_by_id(&self, account: &Account, items: &[u128]) -> Result<Vec<WireItem>, Fault> {
        let mut found = Vec::with_capacity(items.len());
        for chunk in items.chunks(IDS_PER_REQUEST) {
            let call = self.with_fields(self.get(Place::Items, account));
            let call = self.with(call, "ids", &self.joined(chunk));
            let call = self.with(call, "limit", &IDS_PER_REQUEST.to_string());
            let list: List<WireItem> = self.connection.send(call).await?.success()?.json()?;
            found.extend(list.into_items());
        }
        Ok(found)
    }
}

fn cell(found: &Found, state: &FxHashMap<u128, Option<Fact>>) -> CellNow {
    let copies = match found {
        Found::Nothing => return CellNow::NotInLibrary,
        Found::Contradicts(_) => return CellNow::Unknown,
        Found::Copies(copies) => copies,
    };
    if copies.iter().all(|copy| !state.contains_key(&copy.item)) {
        return CellNow::NotInLibrary;
    }
    let facts: Vec<_> =
        copies.iter().filter_map(|copy| Some(((*state.get(&copy.item)?)?, Some(NativeRef(copy.item))))).collect();
    if facts.is_empty() { CellNow::Absent } else { CellNow::Present(facts) }
}
