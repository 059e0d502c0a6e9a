//! The table that Letterboxd imports: one row per viewing of a film, with the rating beside it.
//!
//! Only films that were watched have a row; Letterboxd keeps days, not times.

use crosswatch_model::{Fact, Feature, Item, Kind, Namespace, Rating, Scale, WatchedAt};
use jiff::tz::TimeZone;

use super::{Line, record};

/// The names of the columns.
pub(super) const HEAD: &str = "tmdbID,imdbID,Title,Year,Rating10,WatchedDate,Rewatch\r\n";

/// Watched films that can be named.
pub(super) fn holds(feature: Feature, item: &Item) -> bool {
    let has_name = item.ids.get(Namespace::Tmdb).or(item.ids.get(Namespace::Imdb)).is_some() || !item.title.is_empty();
    feature == Feature::History && item.kind == Kind::Movie && has_name
}

/// A viewing.
pub(super) fn csv(line: &Line<'_>, zone: &TimeZone) -> String {
    let id = |namespace| line.item.ids.get(namespace).map_or_else(String::new, crosswatch_model::Id::value);
    let points = |rating: Rating| Scale::TEN.steps(rating).to_string();
    record([
        id(Namespace::Tmdb),
        id(Namespace::Imdb),
        line.item.title.to_string(),
        line.item.year.map_or_else(String::new, |year| year.to_string()),
        line.rating.map_or_else(String::new, points),
        day(line.fact, zone),
        if line.is_rewatch { "true" } else { "false" }.to_owned(),
    ])
}

fn day(fact: Fact, zone: &TimeZone) -> String {
    match fact {
        Fact::Play(WatchedAt::Exact(at) | WatchedAt::Minute(at)) => at.to_zoned(zone.clone()).date().to_string(),
        Fact::Play(WatchedAt::Day(day)) => day.to_string(),
        _ => String::new(),
    }
}
