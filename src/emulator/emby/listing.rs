//! `GET /Users/{id}/Items` and its relatives: filters, order and pages.
//!
//! Names of parameters are compared without case; unknown ones, and values that cannot be read, are ignored without a
//! word. `AnyProviderIdEquals` is a real look-up here, by `provider.id`, whatever the kind of the item.

use std::cmp::{Ordering, Reverse};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    people::Caller,
    present::{Fields, view_numbered},
    state::EmbyState,
};
use crate::{
    instant,
    mediabrowser::{Item, ItemKind, Location, MediaId, UserData, view_of},
    reply::Reply,
    request::Request,
};

/// An item with the row of the user who asks.
struct Candidate<'a> {
    item: &'a Item,
    row: UserData,
}

impl EmbyState {
    /// `GET /Users/{id}/Items`.
    pub(crate) fn items_reply(&self, user: Option<MediaId>, request: &Request) -> Result<Reply, Reply> {
        let numbers = request.query.list("Ids");
        let parent = request.query.get("ParentId");
        let is_recursive = flag(request, "Recursive") == Some(true);
        if numbers.is_empty() && parent.is_none() && !is_recursive {
            let views = self.views_json();
            return Ok(Reply::json(200, json!({"TotalRecordCount": views.len(), "Items": views})));
        }
        let all = &self.store.shelf;
        let items: Box<dyn Iterator<Item = &Item>> = match parent {
            _ if !numbers.is_empty() => {
                let numbers = numbers.into_iter().filter_map(|text| text.parse().ok());
                Box::new(numbers.filter_map(|number| all.of_number(number)))
            }
            None => Box::new(all.items()),
            Some(parent) => match view_numbered(parent) {
                Some(view) => Box::new(all.items().filter(move |item| view_of(item) == view)),
                None => self.below(self.known_item(parent)?, is_recursive),
            },
        };
        let items = items.filter(move |item| item.owner.is_none() || item.owner == user);
        Ok(self.list(items, user, request))
    }

    /// `GET /Shows/{id}/Episodes`.
    pub(crate) fn episodes_reply(&self, caller: Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let user = match (caller, request.query.get("UserId")) {
            (caller, Some(named)) => Some(self.subject(caller, named)?),
            (Caller::User(own), None) => Some(own),
            (Caller::Key, None) => None,
        };
        let series = self.known_item(id)?.id;
        Ok(self.list(self.store.shelf.episodes_of(series), user, request))
    }

    /// `GET /Users/{id}/Items/Resume`: what was left in the middle, latest first.
    pub(crate) fn resume_reply(&self, user: MediaId, request: &Request) -> Reply {
        let leaves = self.store.shelf.items().filter(|item| !item.kind.is_folder());
        let mut left: Vec<&Item> = leaves.filter(|item| self.store.row(user, item).position_ticks > 0).collect();
        left.sort_by_key(|item| Reverse(self.store.row(user, item).last_played_at));
        self.list(left.into_iter(), Some(user), request)
    }

    fn below<'a>(&'a self, parent: &Item, is_recursive: bool) -> Box<dyn Iterator<Item = &'a Item> + 'a> {
        let (all, id) = (&self.store.shelf, parent.id);
        match parent.kind {
            ItemKind::BoxSet | ItemKind::Playlist => Box::new(all.items_of_list(id)),
            _ if is_recursive => Box::new(all.children(id).chain(all.episodes_of(id))),
            _ => Box::new(all.children(id)),
        }
    }

    fn list<'a>(&'a self, items: impl Iterator<Item = &'a Item>, user: Option<MediaId>, request: &Request) -> Reply {
        let start = number(request, "StartIndex").unwrap_or(0);
        let limit = number(request, "Limit").unwrap_or(usize::MAX);
        let filter = Filter::of(request);
        let rows = items.filter(|item| filter.fits_item(item)).map(|item| {
            let row = user.map(|user| self.store.row(user, item)).unwrap_or_default();
            Candidate { item, row }
        });
        let mut found: Vec<Candidate<'a>> = rows.filter(|candidate| filter.fits_row(&candidate.row)).collect();
        sort(&mut found, request);
        let names = request.query.list("Fields").iter().map(|name| name.to_ascii_lowercase()).collect();
        let fields = Fields::Named(names);
        let shown_to = user.filter(|_| flag(request, "EnableUserData").unwrap_or(true));
        let page = found.iter().skip(start).take(limit);
        let page: Vec<Value> = page.map(|row| self.item_json(row.item, shown_to, &fields)).collect();
        Reply::json(200, json!({"Items": page, "TotalRecordCount": found.len()}))
    }
}

/// What a list is narrowed to.
struct Filter {
    kinds: Option<Vec<ItemKind>>,
    no_virtual: bool,
    missing: Option<bool>,
    played: Option<bool>,
    favourite: bool,
    resumable: bool,
    saved_since: Option<Timestamp>,
    provider_ids: Option<Vec<(String, String)>>,
    is_folder: Option<bool>,
}

impl Filter {
    fn of(request: &Request) -> Self {
        let flags = request.query.list("Filters");
        let has = |name: &str| flags.iter().any(|flag| flag.eq_ignore_ascii_case(name));
        let lower = |name: &str| -> Vec<String> {
            request.query.list(name).iter().map(|text| text.to_ascii_lowercase()).collect()
        };
        let either = |yes: &str, no: &str| if has(yes) { Some(true) } else { has(no).then_some(false) };
        let kinds = request.query.list("IncludeItemTypes");
        let kind_of = |name: &&str| ItemKind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name));
        let wanted_ids = lower("AnyProviderIdEquals");
        let pair = |text: &String| text.split_once('.').map(|(name, id)| (name.to_owned(), id.to_owned()));
        let date = |name: &str| request.query.get(name).and_then(instant::parse);
        Self {
            kinds: (!kinds.is_empty()).then(|| kinds.iter().filter_map(kind_of).collect()),
            no_virtual: lower("ExcludeLocationTypes").iter().any(|name| name == "virtual"),
            missing: flag(request, "IsMissing"),
            played: flag(request, "IsPlayed").or_else(|| either("IsPlayed", "IsUnplayed")),
            favourite: flag(request, "IsFavorite") == Some(true) || has("IsFavorite"),
            resumable: has("IsResumable"),
            saved_since: date("MinDateLastSaved").max(date("MinDateLastSavedForUser")),
            provider_ids: (!wanted_ids.is_empty()).then(|| wanted_ids.iter().filter_map(pair).collect()),
            is_folder: either("IsFolder", "IsNotFolder"),
        }
    }

    fn fits_item(&self, item: &Item) -> bool {
        let is_virtual = item.location == Location::Virtual;
        let has_id = |wanted: &Vec<(String, String)>| {
            wanted
                .iter()
                .any(|(provider, id)| item.provider_id(provider).is_some_and(|own| own.eq_ignore_ascii_case(id)))
        };
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&item.kind))
            && !(self.no_virtual && is_virtual)
            && self.missing.is_none_or(|missing| missing == is_virtual)
            && self.is_folder.is_none_or(|folder| folder == item.kind.is_folder())
            && self.saved_since.is_none_or(|since| item.saved_at >= since)
            && self.provider_ids.as_ref().is_none_or(has_id)
    }

    fn fits_row(&self, row: &UserData) -> bool {
        self.played.is_none_or(|played| row.played == played)
            && (!self.favourite || row.favourite)
            && (!self.resumable || row.position_ticks > 0)
    }
}

/// Compares by one key.
type SortKey = fn(&Candidate<'_>, &Candidate<'_>) -> Ordering;

/// The keys of `SortBy` in one direction; unknown keys are dropped.
fn sort(found: &mut [Candidate<'_>], request: &Request) {
    let descends = request.query.get("SortOrder").is_some_and(|order| order.eq_ignore_ascii_case("Descending"));
    let names = request.query.list("SortBy");
    let keys: Vec<SortKey> = names.iter().filter_map(|name| sort_key(name)).collect();
    let compare = |one: &Candidate<'_>, other: &Candidate<'_>| {
        let ascending = keys.iter().map(|key| key(one, other)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
        if descends { ascending.reverse() } else { ascending }
    };
    if !keys.is_empty() {
        found.sort_by(compare);
    }
}

fn sort_key(name: &str) -> Option<SortKey> {
    Some(match name.to_ascii_lowercase().as_str() {
        "datecreated" => |one, other| one.item.created_at.cmp(&other.item.created_at),
        "dateplayed" => |one, other| one.row.last_played_at.cmp(&other.row.last_played_at),
        "sortname" => |one, other| one.item.sort_name.cmp(&other.item.sort_name),
        "playcount" => |one, other| one.row.play_count.cmp(&other.row.play_count),
        _ => return None,
    })
}

fn flag(request: &Request, name: &str) -> Option<bool> {
    request.query.get(name).and_then(|text| text.to_ascii_lowercase().parse().ok())
}

fn number(request: &Request, name: &str) -> Option<usize> {
    request.query.get(name).and_then(|text| text.parse().ok())
}
