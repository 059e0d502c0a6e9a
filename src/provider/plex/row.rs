//! What an item of the server means: its facts, its ids and its show.

use crosswatch_model::{Fact, Feature, IdSet, Item, Kind, Rating, Scheme, Show, WatchedAt};
use rustc_hash::FxHashMap;

use super::wire::{self, WireItem};

const MS_PER_SECOND: u64 = 1000;

/// The shows by rating key; `None` is one that the server does not have.
pub(super) type Shows = FxHashMap<u64, Option<Show>>;

/// How often the item was seen, as far as the server counts.
pub(super) fn view_count(item: &WireItem) -> u64 {
    item.view_count.whole().unwrap_or(0)
}

/// Where playback stopped, in milliseconds.
pub(super) fn offset_ms(item: &WireItem) -> u64 {
    item.view_offset.whole().unwrap_or(0)
}

/// The date of the last play as the item itself tells it. One that was left in the middle tells when that was, which is no
/// date of a play.
pub(super) fn last_play(item: &WireItem) -> WatchedAt {
    let dated = wire::instant(&item.last_viewed_at).filter(|_| offset_ms(item) == 0);
    dated.map_or(WatchedAt::Unknown, WatchedAt::Exact)
}

/// The fact that ratings or progress see in the item, if any.
pub(super) fn fact(feature: Feature, kind: Kind, item: &WireItem) -> Option<Fact> {
    match (feature, kind) {
        (Feature::Ratings, Kind::Movie | Kind::Show | Kind::Episode) => {
            let value = rating(item.user_rating.number()?)?;
            Some(Fact::Rated { value, rated_at: wire::instant(&item.last_rated_at) })
        }
        (Feature::Progress, Kind::Movie | Kind::Episode) => {
            let position_s = u32::try_from(offset_ms(item) / MS_PER_SECOND).ok().filter(|position| *position > 0)?;
            let stopped_at = wire::instant(&item.last_viewed_at);
            Some(Fact::Resume { position_s, duration_s: runtime_s(item), stopped_at })
        }
        _ => None,
    }
}

/// How long the file runs.
pub(super) fn runtime_s(item: &WireItem) -> Option<u32> {
    u32::try_from(item.duration.whole().filter(|ms| *ms > 0)? / MS_PER_SECOND).ok()
}

/// 0 to 10 in any fraction, as 1 to 100. Nothing at all is no rating.
pub(super) fn rating(stored: f64) -> Option<Rating> {
    let tenths = (stored * 10.0).round();
    if (1.0..=100.0).contains(&tenths) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 100")]
        let value = tenths as u8;
        Rating::new(value).ok()
    } else {
        None
    }
}

/// A show item as the show of its episodes.
pub(super) fn show(item: &WireItem) -> Show {
    let named = wire::named(item, Kind::Show);
    Show {
        title: item.title.text_or_empty().into(),
        year: item.year.small(),
        ids: named.ids,
        scheme: named.show.map(|(_, scheme)| scheme).and_then(own_order).unwrap_or_default(),
    }
}

/// An order of an agent's own is told; the usual ones of TheTVDB and TMDB are what everybody means by saying nothing.
fn own_order(scheme: Scheme) -> Option<Scheme> {
    matches!(scheme, Scheme::Mode(..) | Scheme::AniDb).then_some(scheme)
}

/// The item with the show it belongs to, and how many of its guids were refused.
pub(super) fn describe(item: &WireItem, kind: Kind, shows: &Shows) -> (Item, u64) {
    let named = wire::named(item, kind);
    let mut described = Item::titled(kind, item.title.text_or_empty(), item.year.small(), named.ids);
    if kind != Kind::Episode {
        return (described, named.rejected);
    }
    let known = wire::key(&item.grandparent_rating_key).and_then(|key| shows.get(&key).cloned().flatten());
    let mut show = known.unwrap_or_else(|| show_of_episode(item));
    if let Some((id, scheme)) = named.show {
        if show.ids.is_empty() {
            show.ids.insert(id);
        }
        show.scheme = own_order(scheme).unwrap_or(show.scheme);
    }
    described.show = Some(Box::new(show));
    described.season = item.parent_index.small();
    described.number = item.index.small();
    (described, named.rejected)
}

/// What an episode itself says about its show.
fn show_of_episode(item: &WireItem) -> Show {
    let stand_in =
        WireItem { guid: item.grandparent_guid.clone(), title: item.grandparent_title.clone(), ..WireItem::default() };
    show(&stand_in)
}

/// An item of which only its name is left.
pub(super) fn nameless(kind: Kind, title: &str, show: &str, season: Option<u16>, number: Option<u16>) -> Item {
    let item = Item::titled(kind, title, None, IdSet::EMPTY);
    if kind != Kind::Episode {
        return item;
    }
    let show = Show { title: show.into(), ..Show::default() };
    Item { show: Some(Box::new(show)), season, number, ..item }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(json: &str) -> WireItem {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_date_of_a_stop_is_no_date_of_a_play() {
        for (json, expected) in [
            (r#"{"viewCount":1,"lastViewedAt":1577934245}"#, true),
            (r#"{"viewCount":1,"lastViewedAt":1577934245,"viewOffset":60000}"#, false),
            (r#"{"viewCount":1}"#, false),
            (r#"{"viewCount":1,"lastViewedAt":"never"}"#, false),
        ] {
            assert_eq!(last_play(&item(json)) != WatchedAt::Unknown, expected, "{json}");
        }
    }

    #[test]
    fn ratings_are_numbers_above_zero() {
        for (stored, expected) in
            [("8.5", Some(85)), ("10", Some(100)), ("0", None), ("11", None), ("null", None), ("\"7\"", Some(70))]
        {
            let movie = item(&format!(r#"{{"userRating":{stored}}}"#));
            let told = fact(Feature::Ratings, Kind::Movie, &movie).map(|fact| match fact {
                Fact::Rated { value, .. } => value.get(),
                other => panic!("{other:?}"),
            });
            assert_eq!(told, expected, "{stored}");
        }
        assert_eq!(fact(Feature::Ratings, Kind::Season, &item(r#"{"userRating":8}"#)), None);
    }

    #[test]
    fn an_episode_knows_its_show_from_the_list_or_from_itself() {
        let json = r#"{"type":"episode","title":"Pilot","index":1,"parentIndex":0,"grandparentRatingKey":"5",
            "grandparentTitle":"Firefly","grandparentGuid":"com.plexapp.agents.thetvdb://78874?lang=en"}"#;
        let (alone, _) = describe(&item(json), Kind::Episode, &Shows::default());
        let show = alone.show.as_deref().unwrap();
        assert_eq!((format!("{:?}", show.ids), show.title.as_str()), ("{tvdb_show:78874}".to_owned(), "Firefly"));
        assert_eq!((alone.season, alone.number), (Some(0), Some(1)));
        let listed = Show { title: "Firefly (2002)".into(), ..Show::default() };
        let (known, _) = describe(&item(json), Kind::Episode, &Shows::from_iter([(5, Some(listed))]));
        assert_eq!(known.show.as_deref().unwrap().title, "Firefly (2002)");
    }
}
