//! Items and user data as JSON. Properties without a value are left out.
//!
//! In lists the date and the count of plays come only where `Fields` names them; a single item comes with everything.

use serde_json::{Map, Value, json};

use super::state::EmbyState;
use crate::{
    instant,
    mediabrowser::{Item, ItemKind, Location, MediaId, movies_view, playlists_view, shows_view},
};

/// Which of the optional properties a request asked for.
pub(crate) enum Fields {
    /// One item alone comes with everything.
    All,
    /// Lists come with what `Fields` names, in lower case; unknown names do nothing.
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

impl EmbyState {
    /// An item, with the user's data when a user is given.
    pub(crate) fn item_json(&self, item: &Item, user: Option<MediaId>, fields: &Fields) -> Value {
        let number = |id: MediaId| self.store.shelf.get(id).map(|item| item.number.to_string());
        let mut json = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                json.insert(name.to_owned(), value);
            }
        };
        put("Name", item.name.as_str().into());
        put("ServerId", self.server_id.to_string().into());
        put("Id", item.number.to_string().into());
        put("Type", item.kind.as_str().into());
        put("IsFolder", item.kind.is_folder().into());
        put("MediaType", if item.kind.is_folder() { Value::Null } else { "Video".into() });
        if item.location == Location::Virtual {
            put("LocationType", "Virtual".into());
        }
        put("RunTimeTicks", item.runtime_ticks.into());
        put("IndexNumber", item.index_number.into());
        put("ParentIndexNumber", item.parent_index_number.into());
        put("SeriesId", item.series.as_ref().and_then(|(id, _)| number(*id)).into());
        put("SeriesName", item.series.as_ref().map(|(_, name)| name.as_str()).into());
        if item.kind == ItemKind::Episode {
            put("SeasonId", number(item.parent).into());
        }
        if fields.has("productionyear") {
            put("ProductionYear", item.year.into());
        }
        if fields.has("premieredate") {
            put("PremiereDate", item.premiered.and_then(instant::start_of).map(instant::to_ticks_text).into());
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
        if let Some(user) = user {
            put("UserData", self.user_data_json(user, item, fields));
        }
        Value::Object(json)
    }

    /// A user's row.
    pub(crate) fn user_data_json(&self, user: MediaId, item: &Item, fields: &Fields) -> Value {
        let row = self.store.row(user, item);
        let mut json = Map::new();
        json.insert("PlaybackPositionTicks".into(), row.position_ticks.into());
        json.insert("IsFavorite".into(), row.favourite.into());
        json.insert("Played".into(), row.played.into());
        if fields.has("userdataplaycount") {
            json.insert("PlayCount".into(), row.play_count.into());
        }
        if let Some(at) = row.last_played_at.filter(|_| fields.has("userdatalastplayeddate")) {
            json.insert("LastPlayedDate".into(), instant::to_ticks_text(at).into());
        }
        if let Some(rating) = row.rating {
            json.insert("Rating".into(), rating.into());
        }
        if let Some(percent) = self.store.played_percent(user, item, row) {
            json.insert("PlayedPercentage".into(), percent.into());
        }
        if item.kind.is_folder() {
            json.insert("UnplayedItemCount".into(), self.store.unplayed_count(user, item.id).into());
        }
        Value::Object(json)
    }

    /// The libraries, as `/Users/{id}/Views` lists them.
    pub(crate) fn views_json(&self) -> Vec<Value> {
        let view = |id: MediaId, name: &str, collection: &str| {
            json!({
                "Name": name,
                "ServerId": self.server_id.to_string(),
                "Id": view_number(id),
                "Type": "CollectionFolder",
                "CollectionType": collection,
                "IsFolder": true,
            })
        };
        let mut views = vec![view(movies_view(), "Movies", "movies"), view(shows_view(), "Shows", "tvshows")];
        if self.store.shelf.holds_lists() {
            views.push(view(playlists_view(), "Playlists", "playlists"));
        }
        views
    }
}

/// The wide id of the library with this number.
pub(crate) fn view_numbered(text: &str) -> Option<MediaId> {
    [movies_view(), shows_view(), playlists_view()].into_iter().find(|view| view_number(*view) == text)
}

/// Libraries have small numbers.
fn view_number(view: MediaId) -> String {
    let number = if view == movies_view() {
        3
    } else if view == shows_view() {
        5
    } else {
        6
    };
    number.to_string()
}
