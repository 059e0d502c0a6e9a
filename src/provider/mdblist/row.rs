//! What a row of MDBList means: an item with its ids, and a fact.

use crosswatch_model::{Fact, Feature, IdSet, Item, Kind, Namespace, NativeRef, Scale, Show, WatchedAt};
use crosswatch_port::Row;

use super::wire::{Ids, WireRow, WireTitle};
use crate::{ids::IdCollector, loose::Scalar};

/// The row as a fact of a feature; `None` when it cannot be understood.
pub(super) fn read_row(feature: Feature, kind: Kind, row: &WireRow) -> Option<Row> {
    let item = if feature == Feature::Watchlist { listed_item(kind, row)? } else { nested_item(kind, row)? };
    let native = if feature == Feature::History { play_id(row) } else { None };
    let fact = match feature {
        Feature::History => Fact::Play(watched_at(row, native.is_some())),
        Feature::Watchlist => Fact::Listed(row.watchlist_at.moment()),
        Feature::Ratings => {
            let steps = u8::try_from(row.rating.whole()?).ok().filter(|steps| (1..=10).contains(steps))?;
            Fact::Rated { value: Scale::TEN.rating(steps).ok()?, rated_at: row.rated_at.moment() }
        }
        Feature::Progress => return None,
    };
    Some(Row { item, fact, native, uid: None, runtime_s: None })
}

/// The id of a play, under any of its names.
fn play_id(row: &WireRow) -> Option<NativeRef> {
    let id = [&row.play_id, &row.history_id, &row.id].into_iter().find_map(Scalar::whole)?;
    Some(NativeRef(u128::from(id)))
}

/// When it was watched. A row without the id of a play is a state, whose date is that of the last push and not of a viewing;
/// a date of 1970 stands for none.
fn watched_at(row: &WireRow, is_play: bool) -> WatchedAt {
    const DAY_S: i64 = 86_400;
    let dated = row.watched_at.moment().or_else(|| row.last_watched_at.moment()).filter(|_| is_play);
    dated.filter(|at| at.as_second() >= DAY_S).map_or(WatchedAt::Unknown, WatchedAt::Exact)
}

/// The item of a row that nests its title.
pub(super) fn nested_item(kind: Kind, row: &WireRow) -> Option<Item> {
    match kind {
        Kind::Movie => row.movie.get().map(|title| titled(kind, title)),
        Kind::Show => row.show.get().map(|title| titled(kind, title)),
        Kind::Season => {
            let number = row.season.number()?;
            let own = row.season.title();
            let item = own.map_or_else(|| Item::titled(kind, "", None, IdSet::EMPTY), |title| titled(kind, title));
            Some(Item { season: Some(number), show: Some(Box::new(show_of(row, own)?)), ..item })
        }
        Kind::Episode => {
            if let Some(title) = row.episode.title() {
                let season = title.season.small().or_else(|| row.season.number());
                let show = show_of(row, Some(title)).map(Box::new);
                return Some(Item { season, number: title.number.small(), show, ..titled(kind, title) });
            }
            // The older form has the numbers in the row itself.
            let (season, number) = (row.season.number()?, row.number.small()?);
            let (ids, title) = (ids(kind, row.ids.get()), row.title.text_or_empty());
            Some(Item::episode(show_of(row, None)?, season, number, title, ids))
        }
    }
}

/// The item of a flat row. Its `id` is TMDB's number where the row says which kind of title it is.
fn listed_item(kind: Kind, row: &WireRow) -> Option<Item> {
    if !matches!(kind, Kind::Movie | Kind::Show) {
        return None;
    }
    let says_kind = row.mediatype.text_or_empty() == kind.as_str();
    let has_tmdb = row.ids.get().is_some_and(|ids| ids.tmdb != Scalar::Nothing) || row.tmdb_id != Scalar::Nothing;
    let mut collector = IdCollector::default();
    take(&mut collector, kind, row.ids.get());
    collector.take(Namespace::Imdb, kind, &row.imdb_id);
    collector.take(Namespace::Tvdb, kind, &row.tvdb_id);
    collector.take(Namespace::Tmdb, kind, &row.tmdb_id);
    if says_kind && !has_tmdb {
        collector.take(Namespace::Tmdb, kind, &row.id);
    }
    let title = row.title.text_or_empty();
    let ids = finish(collector);
    if ids.is_empty() && title.is_empty() {
        return None;
    }
    Some(Item::titled(kind, title, row.release_year.small(), ids))
}

/// The item of an entry that a write told, nested or flat.
pub(super) fn told_item(kind: Kind, row: &WireRow) -> Option<Item> {
    if let Some(item) = nested_item(kind, row) {
        return Some(item);
    }
    let mut collector = IdCollector::default();
    take(&mut collector, kind, row.ids.get());
    for (namespace, field) in [(Namespace::Imdb, &row.imdb), (Namespace::Tmdb, &row.tmdb), (Namespace::Tvdb, &row.tvdb)]
    {
        if (namespace, kind) != (Namespace::Imdb, Kind::Season) {
            collector.take(namespace, kind, field);
        }
    }
    let ids = finish(collector);
    (!ids.is_empty()).then(|| Item::titled(kind, "", None, ids))
}

/// The item of a resume point.
pub(super) fn paused_item(row: &WireRow) -> Option<Item> {
    match row.kind.text_or_empty() {
        "movie" => nested_item(Kind::Movie, row),
        "episode" => nested_item(Kind::Episode, row),
        _ => None,
    }
}

/// How far a title was played, of a hundred.
pub(super) fn progress_percent(row: &WireRow) -> Option<f64> {
    row.progress.number().filter(|percent| (0.0..=100.0).contains(percent))
}

fn titled(kind: Kind, title: &WireTitle) -> Item {
    let name = title.title.text().or_else(|| title.name.text()).map_or("", |text| text.as_str());
    Item::titled(kind, name, title.year.small(), ids(kind, title.ids.get()))
}

/// The show of a season or episode, inside it or beside it.
fn show_of(row: &WireRow, own: Option<&WireTitle>) -> Option<Show> {
    let inside = own.and_then(|title| title.show.get()).map(|title| &**title);
    let title = inside.or_else(|| row.show.get())?;
    Some(Show {
        title: title.title.text_or_empty().into(),
        year: title.year.small(),
        ids: ids(Kind::Show, title.ids.get()),
        ..Show::default()
    })
}

fn ids(kind: Kind, ids: Option<&Ids>) -> IdSet {
    let mut collector = IdCollector::default();
    take(&mut collector, kind, ids);
    finish(collector)
}

/// Ids in either spelling; seasons have none at IMDb.
fn take(collector: &mut IdCollector, kind: Kind, ids: Option<&Ids>) {
    let Some(ids) = ids else { return };
    let spellings = [
        (Namespace::Imdb, &ids.imdb, &ids.imdbid),
        (Namespace::Tmdb, &ids.tmdb, &ids.tmdbid),
        (Namespace::Tvdb, &ids.tvdb, &ids.tvdbid),
        (Namespace::Trakt, &ids.trakt, &ids.traktid),
    ];
    for (namespace, one, other) in spellings {
        if (namespace, kind) != (Namespace::Imdb, Kind::Season) {
            collector.take(namespace, kind, if *one == Scalar::Nothing { other } else { one });
        }
    }
}

fn finish(collector: IdCollector) -> IdSet {
    let (ids, rejected) = collector.finish();
    if rejected > 0 {
        tracing::debug!(count = rejected, "left out ids that do not have the form of one");
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(feature: Feature, kind: Kind, json: &str) -> Option<Row> {
        read_row(feature, kind, &serde_json::from_str(json).unwrap())
    }

    const MOVIE: &str =
        r#""movie":{"title":"A","year":1999,"ids":{"imdb":"tt0137523","tmdb":550,"tvdb":null,"mdblist":"x1"}}"#;

    #[test]
    fn a_play_has_an_id_and_a_date_and_a_state_has_neither() {
        let exact = WatchedAt::Exact("2020-01-02T03:04:05Z".parse().unwrap());
        for (members, expected, native) in [
            (r#""play_id":7,"last_watched_at":"2020-01-02T03:04:05Z""#, exact, Some(7)),
            (r#""history_id":"7","watched_at":"2020-01-02T03:04:05Z""#, exact, Some(7)),
            (r#""id":7,"watched_at":"2020-01-02T03:04:05Z","last_watched_at":"2021-01-01T00:00:00Z""#, exact, Some(7)),
            (r#""last_watched_at":"2020-01-02T03:04:05Z""#, WatchedAt::Unknown, None),
            (r#""play_id":7,"last_watched_at":"1970-01-01T00:00:00Z""#, WatchedAt::Unknown, Some(7)),
            (r#""play_id":7,"last_watched_at":"soon""#, WatchedAt::Unknown, Some(7)),
        ] {
            let row = row(Feature::History, Kind::Movie, &format!("{{{members},{MOVIE}}}")).unwrap();
            assert_eq!((row.fact, row.native), (Fact::Play(expected), native.map(NativeRef)), "{members}");
            assert_eq!(format!("{:?}", row.item.ids), "{imdb_movie:tt0137523, tmdb_movie:550}");
        }
    }

    #[test]
    fn episodes_are_understood_in_all_three_forms() {
        let show = r#"{"title":"Friends","year":1994,"ids":{"tvdb":79168}}"#;
        for form in [
            format!(r#"{{"episode":{{"season":0,"number":3,"name":"E","ids":{{"tmdb":63174}},"show":{show}}}}}"#),
            format!(r#"{{"episode":{{"season":0,"number":3,"title":"E","ids":{{"tmdbid":63174}}}},"show":{show}}}"#),
            format!(r#"{{"season":0,"number":3,"title":"E","ids":{{"tmdb":63174}},"show":{show}}}"#),
        ] {
            let item = nested_item(Kind::Episode, &serde_json::from_str(&form).unwrap()).unwrap();
            assert_eq!((item.season, item.number, item.title.as_str()), (Some(0), Some(3), "E"), "{form}");
            assert_eq!(format!("{:?}", item.ids), "{tmdb_episode:63174}", "{form}");
            assert_eq!(item.show.unwrap().title, "Friends", "{form}");
        }
    }

    #[test]
    fn seasons_have_their_show_beside_or_inside() {
        for form in [
            r#"{"rating":8,"season":{"number":1,"ids":{"tmdb":3572}},"show":{"title":"B","ids":{"tmdb":1396}}}"#,
            r#"{"rating":8,"season":{"number":1,"ids":{"tmdb":3572},"show":{"title":"B","ids":{"tmdb":1396}}}}"#,
        ] {
            let row = row(Feature::Ratings, Kind::Season, form).unwrap();
            assert_eq!((row.item.season, row.item.show.unwrap().ids.len()), (Some(1), 1), "{form}");
        }
        assert_eq!(row(Feature::Ratings, Kind::Season, r#"{"rating":8,"season":{"number":1}}"#), None);
    }

    #[test]
    fn ratings_are_whole_numbers_from_one_to_ten() {
        let value = |rating: &str| {
            let row = row(Feature::Ratings, Kind::Movie, &format!(r#"{{"rating":{rating},{MOVIE}}}"#))?;
            if let Fact::Rated { value, .. } = row.fact { Some(value.get()) } else { None }
        };
        assert_eq!((value("8"), value("\"10\"")), (Some(80), Some(100)));
        for none in ["0", "11", "7.5", "null", "[]"] {
            assert_eq!(value(none), None, "{none}");
        }
    }

    #[test]
    fn a_flat_row_is_known_by_tmdb_where_it_says_its_kind() {
        let ids = |json: &str| row(Feature::Watchlist, Kind::Movie, json).map(|row| format!("{:?}", row.item.ids));
        let told = |json: &str, expected: Option<&str>| assert_eq!(ids(json).as_deref(), expected, "{json}");
        told(r#"{"id":550,"mediatype":"movie","title":"A"}"#, Some("{tmdb_movie:550}"));
        told(r#"{"id":550,"mediatype":"show","title":"A"}"#, Some("{}"));
        told(r#"{"id":550,"title":"A","imdb_id":"tt0137523"}"#, Some("{imdb_movie:tt0137523}"));
        told(r#"{"id":9,"mediatype":"movie","ids":{"tmdb":550}}"#, Some("{tmdb_movie:550}"));
        told(r#"{"id":null,"mediatype":"movie"}"#, None);
    }

    #[test]
    fn rows_that_cannot_be_understood_are_left_out() {
        for odd in [r#"{"play_id":1,"movie":null}"#, r#"{"play_id":1,"movie":"x"}"#, "{}", r#"{"episode":"pilot"}"#] {
            assert_eq!(row(Feature::History, Kind::Movie, odd), None, "{odd}");
            assert_eq!(row(Feature::History, Kind::Episode, odd), None, "{odd}");
        }
    }
}
