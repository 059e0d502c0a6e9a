//! A playlist or collection as the watchlist.
//!
//! It is found by name, among all that the user can see; a name that is there twice is no answer. It is made when the
//! first write needs it, and never again: once it was seen, its absence means that somebody took it away, not that nothing
//! is on it. Rows are looked at before a write, because a playlist takes what it has already a second time; they are
//! taken out by their own ids, and looked at afterwards, because the servers answer with nothing.
//! A read holds what is in the list whatever its library; what is written has to be in the chosen libraries.

use crosswatch_model::{Action, Reason};
use crosswatch_port::{Fault, Write, WriteOutcome};
use reqwest::Method;
use smol_str::{SmolStr, format_smolstr};

use super::{
    Dialect, MediaServer, WatchlistShelf,
    account::Account,
    dialect::Place,
    index::Found,
    read::PAGE_LIMIT,
    wire::{List, NewPlaylist, WireItem},
};
use crate::{
    http::Call,
    outcome::{Tally, acknowledged, outcome_of, rejected},
};

/// No list has more pages than this: a hundred thousand rows.
const MAX_PAGES: u32 = 100;
/// Name of the note that says which list was the watchlist.
const NOTE: &str = "watchlist-shelf";

/// A playlist or collection of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShelfId {
    /// A playlist.
    Playlist(u128),
    /// A collection.
    Collection(u128),
}

/// One row of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShelfRow {
    /// The item.
    pub(super) item: u128,
    /// Names the row of a playlist.
    entry: Option<SmolStr>,
}

/// What one operation means for the list.
enum Step {
    Done(WriteOutcome),
    PutIn(u128),
    TakeOut(Vec<u128>),
}

impl MediaServer {
    /// The playlist or collection of the configured name; `None` where it was never there.
    pub(super) async fn find_shelf(&self, account: &Account) -> Result<Option<ShelfId>, Fault> {
        let (kind, word, name) = match &self.connection.options().watchlist {
            WatchlistShelf::Favourites => return Ok(None),
            WatchlistShelf::Playlist(name) => ("Playlist", "playlist", name.trim()),
            WatchlistShelf::Collection(name) => ("BoxSet", "collection", name.trim()),
        };
        let mut found = Vec::new();
        let mut start = 0;
        for _ in 0..MAX_PAGES {
            let call = self.items_call(account, kind, start, PAGE_LIMIT);
            let list: List<WireItem> = self.connection.send(call).await?.success()?.json()?;
            start += list.received();
            let is_it = |item: &&WireItem| {
                item.kind.text_or_empty() == kind
                    && item.name.text_or_empty().trim().to_lowercase() == name.to_lowercase()
            };
            found.extend(list.items().filter(is_it).filter_map(|item| self.dialect.item_id(&item.id)));
            if is_over(&list, start, word)? {
                break;
            }
        }
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [one] => {
                self.note_shelf(name).await?;
                Ok(Some(if kind == "Playlist" { ShelfId::Playlist(*one) } else { ShelfId::Collection(*one) }))
            }
            [] if self.shelf_was_seen(name).await? => Err(Fault::Rejected(format_smolstr!(
                "the {word} \"{name}\" is gone; make one of that name again, or write another one as `watchlist`"
            ))),
            [] => Ok(None),
            several => Err(Fault::Rejected(format_smolstr!(
                "there are {} {word}s called \"{name}\"; rename all but one, so that it is clear which one is meant",
                several.len()
            ))),
        }
    }

    /// All rows of it, proved complete by its total.
    pub(super) async fn shelf_rows(&self, list_id: ShelfId, account: &Account) -> Result<Vec<ShelfRow>, Fault> {
        let mut rows = Vec::new();
        let mut start = 0;
        for _ in 0..MAX_PAGES {
            let call = self.shelf_call(list_id, account, start, PAGE_LIMIT);
            let list: List<WireItem> = self.connection.send(call).await?.success()?.json()?;
            start += list.received();
            rows.extend(list.items().filter_map(|item| {
                Some(ShelfRow { item: self.dialect.item_id(&item.id)?, entry: item.playlist_item_id.written() })
            }));
            if is_over(&list, start, "watchlist")? {
                break;
            }
        }
        Ok(rows)
    }

    /// The request for a page of it.
    pub(super) fn shelf_call(&self, list_id: ShelfId, account: &Account, start: u64, limit: u64) -> Call {
        let call = match list_id {
            ShelfId::Playlist(id) => {
                let call = self.connection.get(&format!("/Playlists/{}/Items", self.dialect.written(id)));
                self.with(call, "userId", &account.user_id)
            }
            ShelfId::Collection(id) => {
                let call = self.with(self.get(Place::Items, account), "parentId", &self.dialect.written(id));
                let call = self.with(call, "sortBy", "DateCreated,SortName");
                self.with(call, "sortOrder", "Ascending")
            }
        };
        let call = self.with(self.with_fields(call), "startIndex", &start.to_string());
        self.with(call, "limit", &limit.to_string())
    }

    /// Carries out all operations with one request for what comes in and one for what goes out.
    pub(super) async fn write_shelf(&self, writes: &[Write], found: &[Found], account: &Account, tally: &mut Tally) {
        if let Err(fault) = self.try_write_shelf(writes, found, account, tally).await {
            tally.stop(fault);
        }
    }

    async fn try_write_shelf(
        &self,
        writes: &[Write],
        found: &[Found],
        account: &Account,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let list_id = self.find_shelf(account).await?;
        let rows = match list_id {
            Some(list_id) => self.shelf_rows(list_id, account).await?,
            None => Vec::new(),
        };
        let (mut coming, mut going) = (Vec::new(), Vec::new());
        for (at, (write, found)) in writes.iter().zip(found).enumerate() {
            match step(write, found, &rows) {
                Step::Done(outcome) => tally.set(at, outcome),
                Step::PutIn(item) => coming.push((at, item)),
                Step::TakeOut(items) => going.push((at, items)),
            }
        }
        if !coming.is_empty() {
            let items: Vec<u128> = coming.iter().map(|(_, item)| *item).collect();
            let call = self.put_in_call(list_id, &items, account)?;
            let places: Vec<usize> = coming.iter().map(|(at, _)| *at).collect();
            self.send_for(call, &places, tally).await?;
        }
        if let (false, Some(list_id)) = (going.is_empty(), list_id) {
            let items: Vec<u128> = going.iter().flat_map(|(_, items)| items).copied().collect();
            let places: Vec<usize> = going.iter().map(|(at, _)| *at).collect();
            self.send_for(self.take_out_call(list_id, &items, &rows), &places, tally).await?;
        }
        if coming.is_empty() && going.is_empty() {
            return Ok(());
        }
        // Until the list was read again, nobody knows what became of them.
        let made = if list_id.is_some() { list_id } else { self.find_shelf(account).await? };
        let left = match made {
            Some(list_id) => self.shelf_rows(list_id, account).await?,
            None => Vec::new(),
        };
        let holds = |item: u128| left.iter().any(|row| row.item == item);
        let outcome = |is_done: bool| if is_done { acknowledged() } else { rejected(Reason::NotVisible) };
        for (at, item) in coming {
            tally.set(at, outcome(holds(item)));
        }
        for (at, items) in going {
            tally.set(at, outcome(!items.iter().any(|item| holds(*item))));
        }
        Ok(())
    }

    /// Sends one request for several operations. Once it is taken they are in doubt, until the list is read again.
    async fn send_for(&self, call: Call, places: &[usize], tally: &mut Tally) -> Result<(), Fault> {
        let sent = match self.connection.send(call.any_body()).await {
            Ok(answer) => answer.success().map(drop),
            Err(fault) => Err(fault),
        };
        let outcome = sent.as_ref().err().map_or(WriteOutcome::InDoubt, outcome_of);
        for at in places {
            tally.set(*at, outcome);
        }
        sent
    }

    /// Puts items in; makes the list where there is none yet.
    fn put_in_call(&self, list_id: Option<ShelfId>, items: &[u128], account: &Account) -> Result<Call, Fault> {
        let ids = self.joined(items);
        let post = |path: &str| self.connection.change(Method::POST, path);
        let call = match (list_id, &self.connection.options().watchlist) {
            (Some(ShelfId::Playlist(id)), _) => {
                let call = post(&format!("/Playlists/{}/Items", self.dialect.written(id)));
                self.with(self.with(call, "ids", &ids), "userId", &account.user_id)
            }
            (Some(ShelfId::Collection(id)), _) => {
                self.with(post(&format!("/Collections/{}/Items", self.dialect.written(id))), "ids", &ids)
            }
            (None, WatchlistShelf::Playlist(name)) if self.dialect == Dialect::Jellyfin => {
                return post("/Playlists").json(&NewPlaylist {
                    name: name.trim(),
                    ids: items.iter().map(|item| self.dialect.written(*item)).collect(),
                    user_id: &account.user_id,
                    media_type: "Video",
                });
            }
            (None, WatchlistShelf::Playlist(name)) if account.is_of_api_key => {
                return Err(Fault::Rejected(format_smolstr!(
                    "an API key of Emby cannot make a playlist of a user; make the playlist \"{name}\" in a client of \
                     \"{}\", or sign in with the password",
                    account.user_name
                )));
            }
            (None, WatchlistShelf::Playlist(name)) => {
                let call = self.with(post("/Playlists"), "name", name.trim());
                self.with(self.with(call, "ids", &ids), "mediaType", "Video")
            }
            (None, WatchlistShelf::Collection(name)) => {
                self.with(self.with(post("/Collections"), "name", name.trim()), "ids", &ids)
            }
            (None, WatchlistShelf::Favourites) => {
                return Err(Fault::Rejected("favourites are no list that items are put into".into()));
            }
        };
        Ok(call)
    }

    fn take_out_call(&self, list_id: ShelfId, items: &[u128], rows: &[ShelfRow]) -> Call {
        match list_id {
            ShelfId::Playlist(id) => {
                let going = rows.iter().filter(|row| items.contains(&row.item));
                let entries: Vec<&str> = going.filter_map(|row| row.entry.as_deref()).collect();
                let path = format!("/Playlists/{}/Items", self.dialect.written(id));
                self.with(self.connection.change(Method::DELETE, &path), "entryIds", &entries.join(","))
            }
            ShelfId::Collection(id) => {
                let path = format!("/Collections/{}/Items", self.dialect.written(id));
                self.with(self.connection.change(Method::DELETE, &path), "ids", &self.joined(items))
            }
        }
    }

    async fn note_shelf(&self, name: &str) -> Result<(), Fault> {
        if self.shelf_was_seen(name).await? {
            return Ok(());
        }
        self.connection.ports().cache.keep(NOTE, self.note(name).into_bytes()).await
    }

    async fn shelf_was_seen(&self, name: &str) -> Result<bool, Fault> {
        let note = self.connection.ports().cache.recall(NOTE).await?;
        Ok(note.is_some_and(|note| note == self.note(name).into_bytes()))
    }

    /// Names the list, so that another name in the configuration is another list.
    fn note(&self, name: &str) -> String {
        let kind = match self.connection.options().watchlist {
            WatchlistShelf::Collection(_) => "collection",
            WatchlistShelf::Favourites | WatchlistShelf::Playlist(_) => "playlist",
        };
        format!("{kind} {} {}", self.connection.options().user.trim().to_lowercase(), name.to_lowercase())
    }
}

/// Of several copies the first is put in; all of them are taken out.
fn step(write: &Write, found: &Found, rows: &[ShelfRow]) -> Step {
    let listed: Vec<u128> = found.items().filter(|item| rows.iter().any(|row| row.item == *item)).collect();
    let adds = write.action != Action::Remove;
    match (found, found.items().next()) {
        (Found::Contradicts(reason), _) => Step::Done(rejected(*reason)),
        _ if !adds && !listed.is_empty() => Step::TakeOut(listed),
        _ if !adds || !listed.is_empty() => Step::Done(WriteOutcome::AlreadyThere),
        (_, Some(first)) => Step::PutIn(first),
        (_, None) => Step::Done(rejected(Reason::NotInLibrary)),
    }
}

/// Whether a list ended. One that does not tell its total, or ends before it, is not believed.
fn is_over(list: &List<WireItem>, received: u64, what: &str) -> Result<bool, Fault> {
    match list.total_record_count.whole() {
        Some(total) if received >= total => Ok(true),
        Some(_) if list.received() > 0 => Ok(false),
        Some(total) => {
            Err(Fault::InDoubt(format_smolstr!("the {what} list ended after {received} of {total} entries")))
        }
        None => Err(Fault::InDoubt(format_smolstr!("the {what} list does not tell how long it is"))),
    }
}
