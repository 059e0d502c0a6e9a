//! Items and user data as JSON. Properties without a value are left out, never `null`.

use serde_json::{Map, Value, json};

use super::state::JellyfinState;
use crate::{
    instant,
    mediabrowser::{Item, ItemKind, Location, MediaId, movies_view, playlists_view, shows_view},
};

/// Which of the optional properties a request asked for.
pub(crate) enum Fields {
    /// One item alone comes with everything.
    All,
    /// Lists come with what `fields` names, in lower case; unknown names do nothing.
    Named(Vec<String>),
}

impl Fields {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|asked| asked == name),
        }
    }
}

impl JellyfinState {
    /// An item, with the user's data when a user is given.
    pub(crate) fn item_json(&self, item: &Item, user: Option<MediaId>, fields: &Fields) -> Value {
        let mut json = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                json.insert(name.to_owned(), value);
            }
        };
        put("Name", item.name.as_str().into());
        put("ServerId", self.server_id.to_string().into());
        put("Id", item.id.to_string().into());
        put("Type", item.kind.as_str().into());
        put("IsFolder", item.kind.is_folder().into());
        put("MediaType", if item.kind.is_folder() { "Unknown" } else { "Video" }.into());
        put("LocationType", if item.location == Location::Virtual { "Virtual" } else { "FileSystem" }.into());
        put("ProductionYear", item.year.into());
        put("PremiereDate", item.premiered.and_then(instant::start_of).map(instant::to_ticks_text).into());
        put("RunTimeTicks", item.runtime_ticks.into());
        put("IndexNumber", item.index_number.into());
        put("ParentIndexNumber", item.parent_index_number.into());
        put("SeriesId", item.series.as_ref().map(|(id, _)| id.to_string()).into());
        put("SeriesName", item.series.as_ref().map(|(_, name)| name.as_str()).into());
        if item.kind == ItemKind::Episode {
            put("SeasonId", item.parent.to_string().into());
        }
        if fields.has("providerids") {
            put("ProviderIds", item.provider_ids.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect());
        }
        if fields.has("datecreated") {
            put("DateCreated", instant::to_ticks_text(item.created_at).into());
        }
        if fields.has("path") && item.location == Location::FileSystem {
            put("Path", item.path.as_str().into());
        }
        if fields.has("originaltitle") {
            put("OriginalTitle", item.name.as_str().into());
        }
        if fields.has("sortname") {
            put("SortName", item.sort_name.as_str().into());
        }
        if fields.has("parentid") {
            put("ParentId", item.parent.to_string().into());
        }
        if let Some(user) = user {
            put("UserData", self.user_data_json(user, item));
        }
        Value::Object(json)
    }

    /// A user's row as every call about user data answers it.
    pub(crate) fn user_data_json(&self, user: MediaId, item: &Item) -> Value {
        let row = self.store.row(user, item);
        let mut json = Map::new();
        json.insert("PlaybackPositionTicks".into(), row.position_ticks.into());
        json.insert("PlayCount".into(), row.play_count.into());
        json.insert("IsFavorite".into(), row.favourite.into());
        json.insert("Played".into(), row.played.into());
        json.insert("Key".into(), item.data_key.as_str().into());
        json.insert("ItemId".into(), item.id.to_string().into());
        if let Some(rating) = row.rating {
            json.insert("Rating".into(), rating.into());
        }
        if let Some(likes) = row.likes() {
            json.insert("Likes".into(), likes.into());
        }
        if let Some(at) = row.last_played_at {
            json.insert("LastPlayedDate".into(), instant::to_ticks_text(at).into());
        }
        if let Some(percent) = self.store.played_percent(user, item, row) {
            json.insert("PlayedPercentage".into(), percent.into());
        }
        if item.kind.is_folder() {
            json.insert("UnplayedItemCount".into(), self.store.unplayed_count(user, item.id).into());
        }
        Value::Object(json)
    }

    /// The libraries, as `/UserViews` lists them.
    pub(crate) fn views_json(&self) -> Vec<Value> {
        let view = |id: MediaId, name: &str, collection: &str| {
            json!({
                "Name": name,
                "ServerId": self.server_id.to_string(),
                "Id": id.to_string(),
                "Type": "CollectionFolder",
                "CollectionType": collection,
                "IsFolder": true,
                "MediaType": "Unknown",
                "LocationType": "FileSystem",
            })
        };
        let mut views = vec![view(movies_view(), "Movies", "movies"), view(shows_view(), "Shows", "tvshows")];
        if self.store.shelf.holds_lists() {
            views.push(view(playlists_view(), "Playlists", "playlists"));
        }
        views
    }
}
