//! What an item of the server means: its fact, its ids, and the episodes it stands for.

use crosswatch_model::{Fact, Feature, IdSet, Item, Kind, Rating, Show};
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, ToSmolStr};

use super::{
    Dialect,
    wire::{TICKS_PER_SECOND, UserData, WireItem},
};

/// No file covers more episodes than this.
const MAX_EPISODES_PER_FILE: u16 = 100;

/// The series by item id; `None` is one that the server does not have.
pub(super) type Shows = FxHashMap<u128, Option<Show>>;

/// The fact a feature sees in the user's state, if any.
///
/// A rating is a number above 0; a like alone is none, although the server stores it in the same place as 10 or 1.
pub(super) fn fact(feature: Feature, kind: Kind, item: &WireItem, user_data: &UserData) -> Option<Fact> {
    match (feature, kind) {
        (Feature::History, Kind::Movie | Kind::Episode) if user_data.is_played() => {
            Some(Fact::Play(user_data.watched_at()))
        }
        (Feature::Watchlist, Kind::Movie | Kind::Show) if user_data.is_favorite.flag() == Some(true) => {
            Some(Fact::Listed(None))
        }
        (Feature::Ratings, Kind::Movie | Kind::Show | Kind::Episode) => {
            Some(Fact::Rated { value: rating(user_data.rating.number()?)?, rated_at: None })
        }
        (Feature::Progress, Kind::Movie | Kind::Episode) => Some(Fact::Resume {
            position_s: user_data.position_s()?,
            duration_s: runtime_s(item),
            stopped_at: user_data.last_played(),
        }),
        _ => None,
    }
}

/// How long the file runs.
pub(super) fn runtime_s(item: &WireItem) -> Option<u32> {
    let ticks = item.run_time_ticks.whole().filter(|ticks| *ticks > 0)?;
    u32::try_from(ticks / TICKS_PER_SECOND).ok()
}

/// 0 to 10 in any fraction, as 1 to 100.
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

/// The last episode of a file that holds several.
pub(super) fn last_number(item: &WireItem) -> Option<u16> {
    let (first, last) = (item.index_number.small()?, item.index_number_end.small()?);
    (last > first && last - first < MAX_EPISODES_PER_FILE).then_some(last)
}

/// A series as the show of its episodes.
pub(super) fn show(item: &WireItem, ids: IdSet) -> Show {
    Show { title: item.name.text_or_empty().into(), year: item.production_year.small(), ids, ..Show::default() }
}

/// The item, or one item per episode where a file holds several. The file's own ids are those of its first episode.
pub(super) fn describe(dialect: Dialect, item: &WireItem, kind: Kind, ids: IdSet, shows: &Shows) -> Vec<Item> {
    let (title, year) = (item.name.text_or_empty(), item.production_year.small());
    let mut first = Item::titled(kind, title, year, ids);
    if kind != Kind::Episode {
        return vec![first];
    }
    let known = dialect.item_id(&item.series_id).and_then(|series| shows.get(&series).cloned().flatten());
    let show =
        known.unwrap_or_else(|| Show { title: item.series_name.text_or_empty().to_smolstr(), ..Show::default() });
    first.show = Some(Box::new(show));
    first.season = item.parent_index_number.small();
    first.number = item.index_number.small();
    let mut items = vec![first.clone()];
    if let (Some(number), Some(last)) = (first.number, last_number(item)) {
        items.extend((number + 1..=last).map(|number| Item {
            title: SmolStr::default(),
            ids: IdSet::EMPTY,
            number: Some(number),
            ..first.clone()
        }));
    }
    items
}
