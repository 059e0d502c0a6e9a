//! The library as a list that is kept: what is in it, under which external ids.
//!
//! The list is in the account's notes, so that a restart does not list everything again. Before a look-up with a list that
//! is ten minutes old it is brought up to date with two requests per library:
//!
//! 1. what was saved since (`minDateLastSaved` compares the date of an item's metadata, which is what moves when an item
//!    is added, matched anew or renumbered; a day of overlap makes clocks that differ harmless),
//! 2. how many items there are. Where that is not what the list holds, something was taken away, or came in by another
//!    door, and everything is listed again.
//!
//! Once a week everything is listed again in any case, and after the server denied knowing an item of the list the next
//! look-up asks whatever the age. A list that does not agree with its total is not used.
//! Deliberately absent: an answer about the user's state, which is never kept.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use crosswatch_model::{Id, Item, Kind};
use crosswatch_port::Fault;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use tokio::sync::Mutex;

use super::{
    MediaServer,
    account::Account,
    index::{Entry, Found, Index},
    read::PAGE_LIMIT,
    wire::{List, WireItem},
};
use crate::http::Call;

/// The kinds of item that facts are about.
const TYPES: &str = "Movie,Series,Episode";
/// A list is believed without asking while it is younger than this.
const MAX_AGE: Duration = Duration::from_secs(600);
/// Changes are asked for from this long before the last time.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
/// After this long everything is listed again.
const AUDIT_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// No library has more pages than this: two million items.
const MAX_PAGES: u32 = 2000;
/// Name and form of the note.
const NOTE: &str = "library";
const FORM: u8 = 1;

/// The place for the list, and the lock that keeps two look-ups from making it twice.
#[derive(Default)]
pub(super) struct LibraryShelf(Mutex<Held>);

#[derive(Default)]
struct Held {
    library: Option<Rc<Library>>,
    is_doubted: bool,
}

/// A list of the library.
#[derive(Debug)]
struct Library {
    index: Index,
    /// Entries of the list that are not in the index: of no use, or told twice.
    others: u64,
    /// When everything was listed.
    listed_at: Timestamp,
    /// When it was compared with the server last.
    checked_at: Timestamp,
}

/// The list as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    form: u8,
    scope: SmolStr,
    listed_at_s: i64,
    checked_at_s: i64,
    others: u64,
    entries: Vec<KeptEntry>,
}

/// Item, kind, external ids, series, season, number and last number of one entry.
#[derive(Serialize, Deserialize)]
struct KeptEntry(String, u8, Vec<String>, Option<String>, Option<u16>, Option<u16>, Option<u16>);

impl MediaServer {
    /// Looks items up, all in one list.
    pub(super) async fn look_up(&self, items: &[&Item]) -> Result<Vec<Found>, Fault> {
        let library = self.library().await?;
        Ok(items.iter().map(|item| library.index.find(item)).collect())
    }

    /// The next look-up asks the server first, because it denied knowing an item of the list.
    pub(super) async fn doubt_library(&self) {
        self.library.0.lock().await.is_doubted = true;
    }

    async fn library(&self) -> Result<Rc<Library>, Fault> {
        let mut held = self.library.0.lock().await;
        let account = self.connection.account().await?;
        let now = self.connection.ports().clock.now();
        let known = match &held.library {
            Some(library) => Some(library.clone()),
            None => self.recalled(&account).await?.map(Rc::new),
        };
        let is_young = |library: &Library| {
            Duration::try_from(now.duration_since(library.checked_at)).is_ok_and(|age| age < MAX_AGE)
        };
        let library = match known {
            Some(library) if is_young(&library) && !held.is_doubted => library,
            Some(library) if now.duration_since(library.listed_at) < AUDIT_EVERY => {
                Rc::new(self.brought_up_to_date(&library, &account, now).await?)
            }
            known => Rc::new(self.list_anew(known.as_deref(), &account, now).await?),
        };
        *held = Held { library: Some(library.clone()), is_doubted: false };
        Ok(library)
    }

    async fn brought_up_to_date(&self, known: &Library, account: &Account, now: Timestamp) -> Result<Library, Fault> {
        let since = known.checked_at.saturating_sub(OVERLAP).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut entries = known.index.entries().clone();
        let mut total = 0;
        for library in libraries(account) {
            let changed = self.list_all(library, Some(since), account).await?;
            entries.extend(changed.items);
            let call = self.library_call(library, account, 0, 1);
            let page: List<WireItem> = self.connection.send(call).await?.success()?.json()?;
            total += page.total_record_count.whole().ok_or_else(no_total)?;
        }
        if total != entries.len() as u64 + known.others {
            return self.list_anew(Some(known), account, now).await;
        }
        let is_changed = entries != *known.index.entries();
        let library =
            Library { index: Index::of(entries), others: known.others, listed_at: known.listed_at, checked_at: now };
        if is_changed || now.duration_since(known.checked_at) >= OVERLAP {
            self.keep(&library, account).await?;
        }
        Ok(library)
    }

    async fn list_anew(&self, known: Option<&Library>, account: &Account, now: Timestamp) -> Result<Library, Fault> {
        let mut entries = BTreeMap::new();
        let mut received = 0;
        for library in libraries(account) {
            let listed = self.list_all(library, None, account).await?;
            received += listed.received;
            entries.extend(listed.items);
        }
        if entries.is_empty() && known.is_some_and(|known| !known.index.entries().is_empty()) {
            return Err(Fault::InDoubt(
                "the server lists nothing of a library that was full; is a disk missing, is it still starting?".into(),
            ));
        }
        let others = received.saturating_sub(entries.len() as u64);
        let library = Library { index: Index::of(entries), others, listed_at: now, checked_at: now };
        self.keep(&library, account).await?;
        Ok(library)
    }

    /// All pages of a library, or of what was saved since.
    async fn list_all(
        &self,
        library: Option<&SmolStr>,
        since: Option<Timestamp>,
        account: &Account,
    ) -> Result<Listed, Fault> {
        let mut listed = Listed { items: Vec::new(), received: 0 };
        for _ in 0..MAX_PAGES {
            let mut call = self.library_call(library, account, listed.received, PAGE_LIMIT);
            if let Some(since) = since {
                call = self.with(call, "minDateLastSaved", &since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            }
            let page: List<WireItem> = self.connection.send(call).await?.success()?.json()?;
            listed.received += page.received();
            listed.items.extend(page.items().filter_map(|item| Entry::of(self.dialect, item)));
            let total = page.total_record_count.whole().ok_or_else(no_total)?;
            if listed.received >= total {
                return Ok(listed);
            }
            if page.received() == 0 {
                let received = listed.received;
                return Err(Fault::InDoubt(format_smolstr!(
                    "the list of the library ended after {received} of {total} items"
                )));
            }
        }
        Err(Fault::Rejected("the library is larger than this version can list".into()))
    }

    fn library_call(&self, library: Option<&SmolStr>, account: &Account, start: u64, limit: u64) -> Call {
        let call = self.items_call(account, TYPES, start, limit);
        match library {
            Some(library) => self.with(call, "parentId", library),
            None => call,
        }
    }

    async fn recalled(&self, account: &Account) -> Result<Option<Library>, Fault> {
        let note = self.connection.ports().cache.recall(NOTE).await?;
        Ok(note.and_then(|bytes| Library::read(&bytes, &self.scope(account))))
    }

    async fn keep(&self, library: &Library, account: &Account) -> Result<(), Fault> {
        let Some(bytes) = library.written(self.scope(account)) else { return Ok(()) };
        self.connection.ports().cache.keep(NOTE, bytes).await
    }

    /// Names server, user and libraries: a list made for others is not used.
    fn scope(&self, account: &Account) -> SmolStr {
        let libraries = account.libraries.as_ref().map_or_else(|| "all".to_owned(), |chosen| chosen.join(","));
        format_smolstr!("{}:{}:{}:{libraries}", self.dialect.word(), account.server_id, account.user_id)
    }
}

/// What a listing gave.
struct Listed {
    items: Vec<(u128, Entry)>,
    received: u64,
}

fn libraries(account: &Account) -> Vec<Option<&SmolStr>> {
    match &account.libraries {
        None => vec![None],
        Some(chosen) => chosen.iter().map(Some).collect(),
    }
}

fn no_total() -> Fault {
    Fault::InDoubt("the list of the library does not tell how long it is".into())
}

impl Library {
    /// Reads a note. One of another form, of another scope, or with anything odd in it is as good as none.
    fn read(bytes: &[u8], scope: &str) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(bytes).ok()?;
        if kept.form != FORM || kept.scope != scope {
            return None;
        }
        let entries: Option<BTreeMap<u128, Entry>> = kept.entries.iter().map(KeptEntry::read).collect();
        Some(Self {
            index: Index::of(entries?),
            others: kept.others,
            listed_at: Timestamp::from_second(kept.listed_at_s).ok()?,
            checked_at: Timestamp::from_second(kept.checked_at_s).ok()?,
        })
    }

    fn written(&self, scope: SmolStr) -> Option<Vec<u8>> {
        let kept = Kept {
            form: FORM,
            scope,
            listed_at_s: self.listed_at.as_second(),
            checked_at_s: self.checked_at.as_second(),
            others: self.others,
            entries: self.index.entries().iter().map(|(item, entry)| KeptEntry::of(*item, entry)).collect(),
        };
        serde_json::to_vec(&kept).ok()
    }
}

impl KeptEntry {
    fn of(item: u128, entry: &Entry) -> Self {
        let ids = entry.ids.iter().map(|id| format!("{:x}", id.to_bits())).collect();
        let series = entry.series.map(|series| format!("{series:x}"));
        Self(format!("{item:x}"), entry.kind as u8, ids, series, entry.season, entry.number, entry.last)
    }

    fn read(&self) -> Option<(u128, Entry)> {
        let Self(item, kind, ids, series, season, number, last) = self;
        let number_of = |text: &String| u128::from_str_radix(text, 16).ok();
        let entry = Entry {
            kind: Kind::from_number(*kind)?,
            ids: ids.iter().map(|id| Id::from_bits(number_of(id)?)).collect::<Option<_>>()?,
            series: match series {
                Some(series) => Some(number_of(series)?),
                None => None,
            },
            season: *season,
            number: *number,
            last: *last,
        };
        Some((number_of(item)?, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Dialect, *};

    fn library() -> Library {
        let items = [
            r#"{"Id":"7","Type":"Series","ProviderIds":{"Tvdb":"78874","Imdb":"tt0303461"}}"#,
            r#"{"Id":"9","Type":"Episode","SeriesId":"7","ParentIndexNumber":0,"IndexNumber":4,"IndexNumberEnd":5}"#,
            r#"{"Id":"11","Type":"Movie"}"#,
        ];
        let entry = |item: &&str| Entry::of(Dialect::Emby, &serde_json::from_str(item).unwrap()).unwrap();
        Library {
            index: Index::of(items.iter().map(entry).collect()),
            others: 2,
            listed_at: "2026-11-20T00:00:00Z".parse().unwrap(),
            checked_at: "2026-11-22T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_list_comes_back_as_it_was_kept() {
        let library = library();
        let read = Library::read(&library.written("s".into()).unwrap(), "s").unwrap();
        assert_eq!(read.index.entries(), library.index.entries());
        assert_eq!((read.others, read.listed_at, read.checked_at), (2, library.listed_at, library.checked_at));
    }

    #[test]
    fn a_note_of_another_scope_or_form_or_with_anything_odd_is_none() {
        let bytes = library().written("s".into()).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(Library::read(&bytes, "other").is_none());
        for (from, to) in
            [("\"form\":1", "\"form\":9"), ("[\"7\",2", "[\"x\",2"), ("[\"9\",4", "[\"9\",40"), ("]}", "")]
        {
            assert!(text.contains(from), "{from} in {text}");
            assert!(Library::read(text.replace(from, to).as_bytes(), "s").is_none(), "{from}");
        }
    }
}
