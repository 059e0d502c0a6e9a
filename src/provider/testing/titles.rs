//! Titles of an emulated library as items, and what tests do with every account.

use std::rc::Rc;

use crosswatch_emulator::{ExternalIds, Library, LibraryItem};
use crosswatch_model::{Action, Fact, Feature, Id, IdSet, Item, Kind, Namespace, OpId, Show, Uid};
use crosswatch_port::{CellNow, CellQuery, Fault, Page, Provider, ReadScope, Write, WriteOutcome};

fn ids(kind: Kind, ids: &ExternalIds) -> IdSet {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let texts = [
        (Namespace::Imdb, ids.imdb.as_ref().map(ToString::to_string)),
        (Namespace::Tmdb, number(ids.tmdb)),
        (Namespace::Tvdb, number(ids.tvdb)),
    ];
    texts.into_iter().filter_map(|(namespace, text)| Id::parse(namespace, kind, &text?).ok()).collect()
}

/// A title as another service would describe it.
pub(crate) fn item(library: &Library, title: LibraryItem) -> Item {
    let own = |kind| ids(kind, library.ids(title).unwrap());
    match title {
        LibraryItem::Movie(_) => Item::titled(Kind::Movie, "", None, own(Kind::Movie)),
        LibraryItem::Show(_) => Item::titled(Kind::Show, "", None, own(Kind::Show)),
        LibraryItem::Season { .. } => Item::titled(Kind::Season, "", None, own(Kind::Season)),
        LibraryItem::Episode { season, number, .. } => {
            let show = library.show(title).unwrap();
            let show =
                Show { title: show.title.clone(), year: None, ids: ids(Kind::Show, &show.ids), ..Show::default() };
            Item::episode(show, season, number, "", own(Kind::Episode))
        }
    }
}

/// One operation.
pub(crate) fn write(action: Action, item: &Item, value: Fact) -> Write {
    Write { op: OpId(1), action, uid: Uid(1), item: item.clone(), value: Some(value), native: None }
}

/// Reads a feature to its end.
pub(crate) async fn read_all(
    account: &Rc<dyn Provider>,
    feature: Feature,
    scope: ReadScope,
) -> Result<Vec<Page>, Fault> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = account.read_page(feature, scope, cursor).await?;
        cursor = page.next.clone();
        pages.push(page);
        assert!(pages.len() < 100, "the read does not end");
        if cursor.is_none() {
            return Ok(pages);
        }
    }
}

/// Whether totals prove that every row of every stream arrived.
pub(crate) fn is_complete(pages: &[Page]) -> bool {
    let streams = pages.last().map_or(0, |page| page.stream);
    (0..=streams).all(|stream| {
        let of_stream: Vec<&Page> = pages.iter().filter(|page| page.stream == stream).collect();
        let received: u64 = of_stream.iter().map(|page| page.received).sum();
        of_stream.last().is_some_and(|page| page.ends_stream)
            && of_stream.iter().all(|page| page.total == Some(received))
    })
}

/// Sends one operation and gives its outcome.
pub(crate) async fn send(account: &Rc<dyn Provider>, feature: Feature, write: &Write) -> WriteOutcome {
    let report = account.write(feature, std::slice::from_ref(write)).await;
    assert_eq!(report.outcomes.len(), 1);
    report.outcomes[0]
}

/// What the account holds for the item of an operation.
pub(crate) async fn cell(account: &Rc<dyn Provider>, feature: Feature, write: &Write) -> CellNow {
    let query = CellQuery { item: write.item.clone(), uid: write.uid, value: write.value, native: write.native };
    account.cells(feature, &[query]).await.unwrap().remove(0)
}
