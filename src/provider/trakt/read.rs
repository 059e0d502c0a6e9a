//! Reading lists, page by page.
//!
//! Since 2026 every list is paged, 100 rows by default and 250 at most, and a larger limit is silently cut down. So the
//! number of pages comes from the header alone, and a list without that header is one that nobody can call complete.

use crosswatch_model::{Fact, Feature, IdSet, Item, Kind, Namespace, NativeRef, Scale, Show, WatchedAt};
use crosswatch_port::{Cursor, Fault, Page, ReadScope, Row};
use jiff::Timestamp;

use super::{
    Trakt,
    wire::{WireRow, WireTitle},
};
use crate::{
    http::Call,
    ids::IdCollector,
    loose::{Nested, Scalar},
    reading::Position,
};

/// Rows per page, the most Trakt gives.
pub(super) const PAGE_LIMIT: &str = "250";
/// No list is longer than this.
const MAX_PAGES: u64 = 10_000;

const PAGE_COUNT: &str = "x-pagination-page-count";
const ITEM_COUNT: &str = "x-pagination-item-count";

/// One page of a list, with what its headers say.
pub(super) struct ListPage {
    /// Rows that could be understood.
    pub(super) rows: Vec<Row>,
    /// Rows on the wire.
    pub(super) received: u64,
    /// Rows that could not be understood.
    pub(super) unusable: u64,
    /// Rows in the list.
    pub(super) items: Option<u64>,
    /// Pages in the list.
    pub(super) pages: Option<u64>,
}

impl Trakt {
    /// The list a feature is kept in.
    pub(super) fn list_call(&self, feature: Feature) -> Call {
        match feature {
            Feature::History => self.api.get("/sync/history"),
            Feature::Watchlist => self.api.get("/sync/watchlist"),
            Feature::Ratings => self.api.get("/sync/ratings"),
            // Positions are told in percent; the full form adds the runtime that makes them seconds.
            Feature::Progress => self.api.get("/sync/playback").query("extended", "full"),
        }
    }

    /// Asks for one page of a list.
    pub(super) async fn list_page(&self, feature: Feature, call: Call, number: u64) -> Result<ListPage, Fault> {
        let call = call.query("limit", PAGE_LIMIT).query("page", &number.to_string());
        let answer = self.api.read(call).await?;
        let wire: Vec<Nested<WireRow>> = answer.json()?;
        let mut page = ListPage {
            received: wire.len() as u64,
            rows: Vec::with_capacity(wire.len()),
            unusable: 0,
            items: answer.number(ITEM_COUNT),
            pages: answer.number(PAGE_COUNT),
        };
        for row in &wire {
            match row.get().and_then(|row| read_row(feature, row)) {
                Some(row) => page.rows.push(row),
                None => page.unusable += 1,
            }
        }
        Ok(page)
    }

    /// One page of a read. A row that comes twice, because rows moved meanwhile, is told once.
    pub(super) async fn page(&self, feature: Feature, scope: ReadScope, cursor: Option<Cursor>) -> Result<Page, Fault> {
        let number = if let Some(cursor) = &cursor {
            Position::of(cursor)?.start
        } else {
            self.seen.borrow_mut().remove(&feature);
            1
        };
        let call = match (feature, scope) {
            (Feature::History, ReadScope::Since(from)) => self.list_call(feature).query("start_at", &iso(from)),
            _ => self.list_call(feature),
        };
        let mut list = self.list_page(feature, call, number).await?;
        let mut seen = self.seen.borrow_mut();
        let seen = seen.entry(feature).or_default();
        list.rows.retain(|row| match row.native {
            Some(NativeRef(id)) => u64::try_from(id).is_ok_and(|id| seen.insert(id)),
            None => true,
        });
        let goes_on = list.pages.is_some_and(|pages| number < pages) && number < MAX_PAGES;
        if !goes_on {
            *seen = rustc_hash::FxHashSet::default();
        }
        Ok(Page {
            rows: list.rows,
            received: list.received,
            total: list.items.filter(|_| list.pages.is_some()),
            stream: 0,
            ends_stream: !goes_on,
            next: goes_on.then(|| Position { stream: 0, start: number + 1 }.cursor()),
            unusable: list.unusable,
        })
    }

    /// How many rows a list has, from the header of its smallest page.
    pub(super) async fn count_rows(&self, feature: Feature) -> Result<Option<u64>, Fault> {
        let call = self.list_call(feature).query("limit", "1").query("page", "1");
        let answer = self.api.read(call).await?;
        let _: Vec<Nested<WireRow>> = answer.json()?;
        Ok(answer.number(ITEM_COUNT))
    }
}

/// An instant as Trakt writes it.
pub(super) fn iso(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn read_row(feature: Feature, row: &WireRow) -> Option<Row> {
    let item = read_item(row)?;
    let fact = match feature {
        Feature::History if matches!(item.kind, Kind::Movie | Kind::Episode) => Fact::Play(watched_at(&row.watched_at)),
        Feature::History => return None,
        Feature::Watchlist => Fact::Listed(row.listed_at.moment()),
        Feature::Ratings => {
            let steps = u8::try_from(row.rating.whole()?).ok().filter(|steps| (1..=10).contains(steps))?;
            Fact::Rated { value: Scale::TEN.rating(steps).ok()?, rated_at: row.rated_at.moment() }
        }
        Feature::Progress => resume(row)?,
    };
    let native = if feature == Feature::Ratings { None } else { row.id.whole() };
    let runtime_s = row.episode.get().or_else(|| row.movie.get()).and_then(runtime_s);
    Some(Row { item, fact, native: native.map(|id| NativeRef(u128::from(id))), uid: None, runtime_s })
}

/// Trakt drops the seconds. A play without a date, or with the placeholder of 1970, has none.
fn watched_at(field: &Scalar) -> WatchedAt {
    const DAY_S: i64 = 86_400;
    let dated = field.moment().filter(|at| at.as_second() >= DAY_S);
    dated.map_or(WatchedAt::Unknown, |at| WatchedAt::Exact(at).to_minute())
}

/// The length of a title, told in minutes in the full form only.
fn runtime_s(title: &WireTitle) -> Option<u32> {
    u32::try_from(title.runtime.whole().filter(|minutes| *minutes > 0)?.checked_mul(60)?).ok()
}

fn resume(row: &WireRow) -> Option<Fact> {
    let title = row.episode.get().or_else(|| row.movie.get())?;
    let duration_s = runtime_s(title)?;
    let percent = row.progress.number().filter(|percent| (0.0..=100.0).contains(percent))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the duration")]
    let position_s = (f64::from(duration_s) * percent / 100.0).round() as u32;
    Some(Fact::Resume { position_s, duration_s: Some(duration_s), stopped_at: row.paused_at.moment() })
}

/// The item of a row that names its kind.
pub(super) fn read_item(row: &WireRow) -> Option<Item> {
    match row.kind.text_or_empty() {
        "movie" => Some(titled(Kind::Movie, row.movie.get()?)),
        "show" => Some(titled(Kind::Show, row.show.get()?)),
        "season" => {
            let season = row.season.get()?;
            let number = season.number.small()?;
            Some(Item { season: Some(number), show: Some(Box::new(show(row)?)), ..titled(Kind::Season, season) })
        }
        "episode" => {
            let episode = row.episode.get()?;
            let (season, number) = (episode.season.small(), episode.number.small());
            let item = titled(Kind::Episode, episode);
            Some(Item { season, number, show: show(row).map(Box::new), ..item })
        }
        _ => None,
    }
}

fn titled(kind: Kind, title: &WireTitle) -> Item {
    Item::titled(kind, title.title.text_or_empty(), title.year.small(), ids(kind, title))
}

fn show(row: &WireRow) -> Option<Show> {
    let title = row.show.get()?;
    Some(Show {
        title: title.title.text_or_empty().into(),
        year: title.year.small(),
        ids: ids(Kind::Show, title),
        ..Show::default()
    })
}

/// Movies have no TheTVDB numbers at Trakt, seasons no IMDb ids.
fn ids(kind: Kind, title: &WireTitle) -> IdSet {
    let mut collector = IdCollector::default();
    let Some(ids) = title.ids.get() else { return IdSet::EMPTY };
    collector.take(Namespace::Trakt, kind, &ids.trakt);
    collector.take(Namespace::Tmdb, kind, &ids.tmdb);
    if kind != Kind::Season {
        collector.take(Namespace::Imdb, kind, &ids.imdb);
    }
    if kind != Kind::Movie {
        collector.take(Namespace::Tvdb, kind, &ids.tvdb);
    }
    let (ids, rejected) = collector.finish();
    if rejected > 0 {
        tracing::debug!(count = rejected, "left out ids that do not have the form of one");
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(feature: Feature, json: &str) -> Option<Row> {
        read_row(feature, &serde_json::from_str(json).unwrap())
    }

    const EPISODE: &str = r#""type":"episode","episode":{"season":0,"number":3,"title":"Extra","ids":{"trakt":251,
        "tvdb":797571,"imdb":null,"tmdb":397629,"tvrage":null,"plex":{"guid":"x"}}},
        "show":{"title":"Parks","year":2009,"ids":{"trakt":4,"slug":"parks","tvdb":84912,"imdb":"tt1266020","tmdb":8592}}"#;

    #[test]
    fn plays_are_dated_to_the_minute() {
        let movie = r#""type":"movie","action":"scrobble","movie":{"title":"A","year":2008,
            "ids":{"trakt":4,"slug":"a","imdb":"tt0468569","tmdb":155,"tvdb":9}}"#;
        for (stamp, expected) in [
            ("\"2014-03-31T09:28:53.000Z\"", WatchedAt::Minute("2014-03-31T09:28:00Z".parse().unwrap())),
            ("\"2014-02-31T09:28:53.000Z\"", WatchedAt::Unknown),
            ("\"1970-01-01T00:00:00.000Z\"", WatchedAt::Unknown),
            ("null", WatchedAt::Unknown),
        ] {
            let row = row(Feature::History, &format!("{{\"id\":1982346,\"watched_at\":{stamp},{movie}}}")).unwrap();
            assert_eq!((row.fact, row.native), (Fact::Play(expected), Some(NativeRef(1_982_346))), "{stamp}");
            assert_eq!(format!("{:?}", row.item.ids), "{imdb_movie:tt0468569, tmdb_movie:155, trakt_movie:4}");
        }
    }

    #[test]
    fn episodes_carry_their_show_and_season_zero() {
        let row = row(Feature::Watchlist, &format!(r#"{{"id":7,"listed_at":"2014-09-01T09:10:11.000Z",{EPISODE}}}"#))
            .unwrap();
        assert_eq!((row.item.season, row.item.number, row.item.ids.len()), (Some(0), Some(3), 3));
        assert_eq!(row.item.show.as_deref().map(|show| (show.title.as_str(), show.ids.len())), Some(("Parks", 4)));
        assert_eq!(row.fact, Fact::Listed(Some("2014-09-01T09:10:11Z".parse().unwrap())));
    }

    #[test]
    fn ratings_are_whole_numbers_from_one_to_ten() {
        let rated =
            |rating: &str| row(Feature::Ratings, &format!(r#"{{"rating":{rating},"rated_at":null,{EPISODE}}}"#));
        let value = |rating: &str| match rated(rating).map(|row| row.fact) {
            Some(Fact::Rated { value, .. }) => Some(value.get()),
            _ => None,
        };
        assert_eq!(value("8"), Some(80));
        assert_eq!(value("\"8\""), Some(80));
        for none in ["0", "11", "8.5", "null", "[]"] {
            assert_eq!(value(none), None, "{none}");
        }
    }

    #[test]
    fn resume_points_need_a_runtime() {
        let movie = |runtime: &str| {
            let json = format!(
                r#"{{"id":13,"progress":25.5,"paused_at":"2015-01-25T22:01:32.000Z","type":"movie",
                    "movie":{{"title":"A","runtime":{runtime},"ids":{{"trakt":1}}}}}}"#
            );
            row(Feature::Progress, &json).map(|row| row.fact)
        };
        let stopped_at = Some("2015-01-25T22:01:32Z".parse().unwrap());
        assert_eq!(movie("100"), Some(Fact::Resume { position_s: 1530, duration_s: Some(6000), stopped_at }));
        assert_eq!(movie("0"), None);
        assert_eq!(movie("null"), None);
    }

    #[test]
    fn rows_without_a_usable_kind_are_left_out() {
        for odd in [
            r#"{"id":1,"watched_at":"2014-03-31T09:28:53.000Z","type":"show","show":{"title":"A"}}"#,
            r#"{"id":1,"type":"person","person":{}}"#,
            r#"{"id":1,"type":"movie","movie":null}"#,
            r#"{"id":1,"type":4,"movie":{}}"#,
            "{}",
        ] {
            assert_eq!(row(Feature::History, odd), None, "{odd}");
        }
        assert!(row(Feature::History, r#"{"id":1,"type":"movie","movie":{}}"#).unwrap().item.ids.is_empty());
    }
}
