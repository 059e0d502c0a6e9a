//! What the server holds right now for single items.

use crosswatch_model::{Fact, Feature, NativeRef};
use crosswatch_port::{CellNow, CellQuery, Fault};
use rustc_hash::FxHashMap;

use super::{
    Jellyfin,
    account::Account,
    index::Found,
    row::fact,
    wire::{self, List, WireItem},
};

/// Item ids per request: more would make the address too long for some proxies.
const IDS_PER_REQUEST: usize = 50;

impl Jellyfin {
    /// Looks the items up and reads the user's state of all their copies. An item that is not in the library holds nothing;
    /// one whose ids contradict cannot be told.
    pub(super) async fn cells_now(&self, feature: Feature, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let items: Vec<_> = queries.iter().map(|query| &query.item).collect();
        let found = self.look_up(&items).await?;
        let mut wanted: Vec<u128> = found.iter().flat_map(Found::items).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let state = self.state_of(feature, &wanted).await?;
        Ok(found.iter().map(|found| cell(found, &state)).collect())
    }

    async fn state_of(&self, feature: Feature, items: &[u128]) -> Result<FxHashMap<u128, Option<Fact>>, Fault> {
        let account = self.connection.account().await?;
        let mut state = FxHashMap::default();
        for item in self.items_by_id(&account, items).await? {
            if let (Some(id), Some(kind)) = (wire::item_id(&item.id), wire::kind(&item)) {
                let fact = item.user_data.get().and_then(|user_data| fact(feature, kind, &item, user_data));
                state.insert(id, fact);
            }
        }
        Ok(state)
    }

    /// Single items with the user's state. What the server does not have is left out.
    pub(super) async fn items_by_id(&self, account: &Account, items: &[u128]) -> Result<Vec<WireItem>, Fault> {
        let mut found = Vec::with_capacity(items.len());
        for chunk in items.chunks(IDS_PER_REQUEST) {
            let ids: Vec<String> = chunk.iter().map(|item| format!("{item:032x}")).collect();
            let call = self
                .connection
                .get("/Items")
                .query("userId", &account.user_id)
                .query("ids", &ids.join(","))
                .query("fields", "ProviderIds")
                .query("enableUserData", "true")
                .query("enableImages", "false")
                .query("limit", &IDS_PER_REQUEST.to_string());
            let list: List<WireItem> = self.connection.send(call).await?.success()?.json()?;
            found.extend(list.into_items());
        }
        Ok(found)
    }
}

fn cell(found: &Found, state: &FxHashMap<u128, Option<Fact>>) -> CellNow {
    let copies = match found {
        Found::Nothing => return CellNow::Absent,
        Found::Contradicts(_) => return CellNow::Unknown,
        Found::Copies(copies) => copies,
    };
    let facts: Vec<_> =
        copies.iter().filter_map(|copy| Some(((*state.get(&copy.item)?)?, Some(NativeRef(copy.item))))).collect();
    if facts.is_empty() { CellNow::Absent } else { CellNow::Present(facts) }
}
