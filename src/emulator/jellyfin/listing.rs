//! `GET /Items` and its relatives: filters, order and pages.
//!
//! Names of parameters are compared without case. Unknown parameters, and unknown members of lists, are ignored without
//! a word, `AnyProviderIdEquals` among them: who sends it gets the first page of everything.

use std::cmp::{Ordering, Reverse};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    people::{Caller, invalid},
    present::Fields,
    state::JellyfinState,
};
use crate::{
    instant,
    mediabrowser::{Item, ItemKind, Location, MediaId, UserData, movies_view, playlists_view, shows_view, view_of},
    reply::Reply,
    request::Request,
};

/// An item with the row of the user who asks.
struct Candidate<'a> {
    item: &'a Item,
    row: UserData,
}

impl JellyfinState {
    /// `GET /Items`.
    pub(crate) fn items_reply(&self, caller: &Caller, request: &Request) -> Result<Reply, Reply> {
        let user = self.subject(caller, request)?;
        let ids = request.query.list("ids");
        let parent = guid(request, "parentId")?;
        let recursive = boolean(request, "recursive")?.unwrap_or(false) || !ids.is_empty();
        if parent.is_none() && !recursive {
            let views = self.views_json();
            return Ok(Reply::json(200, json!({"TotalRecordCount": views.len(), "Items": views, "StartIndex": 0})));
        }
        let items: Box<dyn Iterator<Item = &Item>> = match parent {
            _ if !ids.is_empty() => {
                Box::new(ids.iter().filter_map(|text| MediaId::parse(text)).filter_map(|id| self.store.shelf.get(id)))
            }
            Some(parent) if self.store.shelf.get(parent).is_some_and(|item| item.kind == ItemKind::BoxSet) => {
                Box::new(self.store.shelf.items_of_list(parent))
            }
            Some(parent) if !recursive => Box::new(self.store.shelf.children(parent)),
            Some(parent) => Box::new(self.store.shelf.items().filter(move |item| lies_below(item, parent))),
            None => Box::new(self.store.shelf.items()),
        };
        // Somebody else's playlists are not shown.
        let items = Box::new(items.filter(move |item| item.owner.is_none() || item.owner == user));
        self.list(items, user, request)
    }

    /// `GET /Items/{id}`.
    pub(crate) fn item_reply(&self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let user = self.subject(caller, request)?;
        let item = self.known_item(id)?;
        Ok(Reply::json(200, self.item_json(item, user, &Fields::All)))
    }

    /// `GET /Shows/{id}/Episodes`.
    pub(crate) fn episodes_reply(&self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let user = self.subject(caller, request)?;
        let series = self.known_item(id)?;
        let season = integer(request, "season")?;
        let season_id = guid(request, "seasonId")?;
        let in_season = move |item: &&Item| {
            season.is_none_or(|wanted| item.parent_index_number.map(i64::from) == Some(wanted))
                && season_id.is_none_or(|wanted| item.parent == wanted)
        };
        self.list(Box::new(self.store.shelf.episodes_of(series.id).filter(in_season)), user, request)
    }

    /// `GET /Shows/{id}/Seasons`.
    pub(crate) fn seasons_reply(&self, caller: &Caller, request: &Request, id: &str) -> Result<Reply, Reply> {
        let user = self.subject(caller, request)?;
        let series = self.known_item(id)?;
        self.list(Box::new(self.store.shelf.children(series.id)), user, request)
    }

    /// `GET /UserItems/Resume`: what was left in the middle, latest first.
    pub(crate) fn resume_reply(&self, caller: &Caller, request: &Request) -> Result<Reply, Reply> {
        let user = self.required_subject(caller, request)?;
        let leaves = self.store.shelf.items().filter(|item| !item.kind.is_folder());
        let mut left: Vec<&Item> = leaves.filter(|item| self.store.row(user, item).position_ticks > 0).collect();
        left.sort_by_key(|item| Reverse(self.store.row(user, item).last_played_at));
        self.list(Box::new(left.into_iter()), Some(user), request)
    }

    /// An item named in a path: 400 when it is no id, 404 when it is not here.
    pub(crate) fn known_item(&self, id: &str) -> Result<&Item, Reply> {
        let parsed = MediaId::parse(id).ok_or_else(|| invalid("itemId", id))?;
        self.store.shelf.get(parsed).ok_or_else(|| Reply::text(404, "Item not found."))
    }

    pub(super) fn list<'a>(
        &'a self,
        items: Box<dyn Iterator<Item = &'a Item> + 'a>,
        user: Option<MediaId>,
        request: &Request,
    ) -> Result<Reply, Reply> {
        let start = integer(request, "startIndex")?.and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
        let limit = integer(request, "limit")?.and_then(|limit| usize::try_from(limit).ok());
        let filter = Filter::of(request, user.is_some())?;
        let order = order_of(request);
        let needs_rows = filter.reads_rows() || !order.is_empty();
        let rows = items.filter(|item| filter.fits_item(item)).map(|item| {
            let row = user.filter(|_| needs_rows).map(|user| self.store.row(user, item)).unwrap_or_default();
            Candidate { item, row }
        });
        let mut found: Vec<Candidate<'a>> = rows.filter(|candidate| filter.fits_row(candidate)).collect();
        if !order.is_empty() {
            found.sort_by(|one, other| compare(one, other, &order));
        }
        let names = request.query.list("fields").iter().map(|name| name.to_ascii_lowercase()).collect();
        let fields = Fields::Named(names);
        let shown_to = user.filter(|_| boolean(request, "enableUserData").ok().flatten().unwrap_or(true));
        let page = found.iter().skip(start).take(limit.unwrap_or(usize::MAX));
        let page: Vec<Value> = page.map(|row| self.item_json(row.item, shown_to, &fields)).collect();
        let total = if boolean(request, "enableTotalRecordCount")?.unwrap_or(true) { found.len() } else { 0 };
        Ok(Reply::json(200, json!({"Items": page, "TotalRecordCount": total, "StartIndex": start})))
    }
}

/// Whether an item lies in a library, a series or a season.
fn lies_below(item: &Item, parent: MediaId) -> bool {
    if parent == movies_view() || parent == shows_view() || parent == playlists_view() {
        return view_of(item) == parent;
    }
    item.parent == parent || item.series.as_ref().is_some_and(|(series, _)| *series == parent)
}

/// What a list is narrowed to.
struct Filter {
    kinds: Option<Vec<ItemKind>>,
    excluded_kinds: Vec<ItemKind>,
    excluded_ids: Vec<MediaId>,
    locations: Option<Vec<Location>>,
    excluded_locations: Vec<Location>,
    missing: Option<bool>,
    played: Option<bool>,
    favourite: Option<bool>,
    resumable: bool,
    likes: Option<bool>,
    folder: Option<bool>,
    provider_ids: Vec<(&'static str, bool)>,
    saved_since: Option<Timestamp>,
    search: Option<String>,
    index_number: Option<i64>,
    parent_index_number: Option<i64>,
}

impl Filter {
    /// Reads the parameters; those about user state are ignored when there is no user.
    fn of(request: &Request, has_user: bool) -> Result<Self, Reply> {
        let flags = request.query.list("filters");
        let flag = |name: &str| flags.iter().any(|flag| flag.eq_ignore_ascii_case(name));
        let either = |yes: &str, no: &str| if flag(yes) { Some(true) } else { flag(no).then_some(false) };
        let kinds = request.query.list("includeItemTypes");
        let locations = request.query.list("locationTypes");
        let mut provider_ids = Vec::new();
        for (parameter, provider) in [("hasImdbId", "Imdb"), ("hasTmdbId", "Tmdb"), ("hasTvdbId", "Tvdb")] {
            if let Some(wanted) = boolean(request, parameter)? {
                provider_ids.push((provider, wanted));
            }
        }
        let played = boolean(request, "isPlayed")?.or_else(|| either("IsPlayed", "IsUnplayed"));
        let favourite = boolean(request, "isFavorite")?.or_else(|| flag("IsFavorite").then_some(true));
        let saved_since = date(request, "minDateLastSaved")?.max(date(request, "minDateLastSavedForUser")?);
        Ok(Self {
            kinds: (!kinds.is_empty()).then(|| kinds_of(&kinds)),
            excluded_kinds: kinds_of(&request.query.list("excludeItemTypes")),
            excluded_ids: request.query.list("excludeItemIds").into_iter().filter_map(MediaId::parse).collect(),
            locations: (!locations.is_empty()).then(|| locations_of(&locations)),
            excluded_locations: locations_of(&request.query.list("excludeLocationTypes")),
            missing: boolean(request, "isMissing")?,
            played: played.filter(|_| has_user),
            favourite: favourite.filter(|_| has_user),
            resumable: has_user && flag("IsResumable"),
            likes: either("Likes", "Dislikes").filter(|_| has_user),
            folder: either("IsFolder", "IsNotFolder"),
            provider_ids,
            saved_since,
            search: request.query.get("searchTerm").map(str::to_lowercase),
            index_number: integer(request, "indexNumber")?,
            parent_index_number: integer(request, "parentIndexNumber")?,
        })
    }

    fn reads_rows(&self) -> bool {
        self.played.is_some() || self.favourite.is_some() || self.likes.is_some() || self.resumable
    }

    fn fits_item(&self, item: &Item) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&item.kind))
            && !self.excluded_kinds.contains(&item.kind)
            && !self.excluded_ids.contains(&item.id)
            && self.locations.as_ref().is_none_or(|locations| locations.contains(&item.location))
            && !self.excluded_locations.contains(&item.location)
            && self.missing.is_none_or(|missing| missing == (item.location == Location::Virtual))
            && self.folder.is_none_or(|folder| folder == item.kind.is_folder())
            && self.provider_ids.iter().all(|(name, wanted)| item.provider_id(name).is_some() == *wanted)
            && self.saved_since.is_none_or(|since| item.saved_at >= since)
            && self.index_number.is_none_or(|number| item.index_number.map(i64::from) == Some(number))
            && self.parent_index_number.is_none_or(|number| item.parent_index_number.map(i64::from) == Some(number))
            && self.search.as_ref().is_none_or(|part| item.name.to_lowercase().contains(part.as_str()))
    }

    fn fits_row(&self, candidate: &Candidate<'_>) -> bool {
        let row = &candidate.row;
        self.played.is_none_or(|played| row.played == played)
            && self.favourite.is_none_or(|favourite| row.favourite == favourite)
            && self.likes.is_none_or(|likes| row.likes() == Some(likes))
            && (!self.resumable || row.position_ticks > 0)
    }
}

/// A sort key with its direction.
type SortKey = (fn(&Candidate<'_>, &Candidate<'_>) -> Ordering, bool);

/// The keys of `sortBy`, each with its member of `sortOrder` or the first one; unknown keys are dropped.
fn order_of(request: &Request) -> Vec<SortKey> {
    let directions = request.query.list("sortOrder");
    let descends = |place: usize| {
        let direction = directions.get(place).or_else(|| directions.first());
        direction.is_some_and(|direction| direction.eq_ignore_ascii_case("Descending"))
    };
    let keys = request.query.list("sortBy");
    let keys = keys.iter().enumerate().filter_map(|(place, name)| Some((sort_key(name)?, descends(place))));
    keys.collect()
}

fn sort_key(name: &str) -> Option<fn(&Candidate<'_>, &Candidate<'_>) -> Ordering> {
    Some(match name.to_ascii_lowercase().as_str() {
        "dateplayed" => |one, other| one.row.last_played_at.cmp(&other.row.last_played_at),
        "playcount" => |one, other| one.row.play_count.cmp(&other.row.play_count),
        "isplayed" => |one, other| one.row.played.cmp(&other.row.played),
        "datecreated" | "datelastcontentadded" => |one, other| one.item.created_at.cmp(&other.item.created_at),
        "sortname" | "name" => |one, other| one.item.sort_name.cmp(&other.item.sort_name),
        "seriessortname" => |one, other| series_name(one).cmp(series_name(other)),
        "productionyear" => |one, other| one.item.year.cmp(&other.item.year),
        "premieredate" => |one, other| one.item.premiered.cmp(&other.item.premiered),
        "runtime" => |one, other| one.item.runtime_ticks.cmp(&other.item.runtime_ticks),
        "indexnumber" => |one, other| one.item.index_number.cmp(&other.item.index_number),
        "parentindexnumber" => |one, other| one.item.parent_index_number.cmp(&other.item.parent_index_number),
        "airedepisodeorder" => |one, other| aired(one).cmp(&aired(other)),
        _ => return None,
    })
}

fn compare(one: &Candidate<'_>, other: &Candidate<'_>, order: &[SortKey]) -> Ordering {
    let decided = order.iter().map(|(key, descends)| {
        let ascending = key(one, other);
        if *descends { ascending.reverse() } else { ascending }
    });
    decided.fold(Ordering::Equal, Ordering::then)
}

fn series_name<'a>(candidate: &Candidate<'a>) -> &'a str {
    candidate.item.series.as_ref().map_or("", |(_, name)| name.as_str())
}

fn aired(candidate: &Candidate<'_>) -> (Option<u16>, Option<u16>) {
    (candidate.item.parent_index_number, candidate.item.index_number)
}

fn kinds_of(names: &[&str]) -> Vec<ItemKind> {
    let is_named = |kind: &ItemKind| names.iter().any(|name| name.eq_ignore_ascii_case(kind.as_str()));
    ItemKind::ALL.into_iter().filter(is_named).collect()
}

fn locations_of(names: &[&str]) -> Vec<Location> {
    let all = [(Location::FileSystem, "FileSystem"), (Location::Virtual, "Virtual")];
    let asked = all.into_iter().filter(|(_, own)| names.iter().any(|name| name.eq_ignore_ascii_case(own)));
    asked.map(|(location, _)| location).collect()
}

fn boolean(request: &Request, name: &str) -> Result<Option<bool>, Reply> {
    parsed(request, name, |text| text.to_ascii_lowercase().parse().ok())
}

fn integer(request: &Request, name: &str) -> Result<Option<i64>, Reply> {
    parsed(request, name, |text| text.parse().ok())
}

fn guid(request: &Request, name: &str) -> Result<Option<MediaId>, Reply> {
    parsed(request, name, MediaId::parse)
}

fn date(request: &Request, name: &str) -> Result<Option<Timestamp>, Reply> {
    parsed(request, name, instant::parse)
}

/// A parameter that is absent, readable, or a reason for 400.
fn parsed<T>(request: &Request, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Reply> {
    match request.query.get(name) {
        None => Ok(None),
        Some(text) => read(text).map(Some).ok_or_else(|| invalid(name, text)),
    }
}
