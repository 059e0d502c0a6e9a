//! A backup of SIMKL: `{"movies": [...], "shows": [...], "anime": [...]}`, the titles of its lists with their episodes.
//!
//! An anime is one cour. The ids of the series it belongs to stand beside its own and do not mean it, so its episodes go
//! by its own ids, or by their place at TheTVDB where the file tells it. What is listed as an episode is watched; titles
//! that were watched without naming their episodes are told as misplaced.

use crosswatch_model::{Fact, IdSet, Item, Kind, Namespace, Scheme, Show};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::{
    FileError, cell,
    gathering::{Entry, Gathering},
    json_rows::{Spot, text},
};

/// Namespaces that name a cour and not its series.
const OF_ENTRY: [Namespace; 5] =
    [Namespace::Simkl, Namespace::Mal, Namespace::AniDb, Namespace::AniList, Namespace::Kitsu];
/// A title has no more episodes.
const EPISODES_MAX: usize = 20_000;

/// A title of a list.
struct Title<'a> {
    item: Item,
    is_anime: bool,
    value: &'a Value,
    runtime_s: Option<u32>,
}

/// Reads a title: its place on the watchlist, its rating, its plays.
pub(crate) fn read_entry(
    spot: Spot<'_>,
    value: &Value,
    zone: &TimeZone,
    gathering: &mut Gathering,
) -> Result<(), FileError> {
    let place = spot.place(gathering);
    let found = title(spot.list, value).and_then(|title| Ok((entries(&title, zone)?, title)));
    let (entries, title) = match found {
        Ok(found) => found,
        Err(reason) => return gathering.refuse(place, reason, value),
    };
    let label = title.item.label();
    for entry in entries {
        match entry {
            Ok(entry) => gathering.keep(&place, entry, &label)?,
            Err(reason) => gathering.refuse(place.clone(), reason, &label)?,
        }
    }
    Ok(())
}

fn title<'a>(list: &str, value: &'a Value) -> Result<Title<'a>, String> {
    let told = ["movie", "show"].iter().find_map(|name| value.get(name)).filter(|told| told.is_object());
    let told = told.ok_or("it has neither a movie nor a show")?;
    let is_film = list == "movies" || text(value, "anime_type") == "movie";
    let kind = if is_film { Kind::Movie } else { Kind::Show };
    let mut ids = cell::Ids::default();
    if let Some(given) = told.get("ids") {
        let own = [text(given, "simkl"), text(given, "simkl_id")];
        ids.take("simkl", kind, own.iter().find(|id| !id.is_empty()).map_or("", String::as_str));
        for name in ["imdb", "tmdb", "tvdb", "mal", "anidb", "anilist", "kitsu"] {
            if !(is_film && name == "tvdb") {
                ids.take(name, kind, &text(given, name));
            }
        }
    }
    if let (true, Some(complaint)) = (ids.ids.is_empty(), ids.complaint) {
        return Err(complaint);
    }
    let item = Item::titled(kind, text(told, "title").trim(), cell::small("year", &text(told, "year"))?, ids.ids);
    let runtime_s = cell::minutes(&text(told, "runtime")).filter(|_| is_film);
    Ok(Title { item, is_anime: list == "anime", value, runtime_s })
}

type Entries = Vec<Result<Entry, String>>;

fn entries(title: &Title<'_>, zone: &TimeZone) -> Result<Entries, String> {
    let value = title.value;
    let status = text(value, "status");
    let whole = || Item { ids: own_ids(title), ..title.item.clone() };
    let mut entries = Vec::new();
    if status == "plantowatch" {
        let listed_at = cell::instant(&text(value, "added_to_watchlist_at"), zone)?;
        entries.push(Ok(Entry::fact(whole(), Fact::Listed(listed_at))));
    }
    let ratings = [text(value, "user_rating"), text(value, "rating")];
    let rating = ratings.iter().find(|rating| !rating.is_empty()).map_or("", String::as_str);
    if let Some(rating) = cell::rating(rating, 10.0)? {
        let rated_at = cell::instant(&text(value, "user_rated_at"), zone)?;
        entries.push(Ok(Entry::fact(whole(), Fact::Rated { value: rating, rated_at })));
    }
    let last = cell::watched_at(&text(value, "last_watched_at"), zone)?;
    if title.item.kind == Kind::Movie {
        if status == "completed" {
            entries.push(Ok(Entry { runtime_s: title.runtime_s, ..Entry::fact(whole(), Fact::Play(last)) }));
        }
        return Ok(entries);
    }
    let before = entries.len();
    add_episodes(title, zone, &mut entries);
    let counted = text(value, "watched_episodes_count").parse::<u64>().unwrap_or(0);
    if entries.len() == before && counted > 0 {
        let reason = format!("{counted} episodes were watched, and the file does not name them");
        entries.push(Err(reason));
    }
    Ok(entries)
}

fn add_episodes(title: &Title<'_>, zone: &TimeZone, entries: &mut Entries) {
    let lists = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut count = 0;
    for season in lists(title.value, "seasons") {
        for episode in lists(&season, "episodes") {
            count += 1;
            if count > EPISODES_MAX {
                entries.push(Err(format!("it has more than {EPISODES_MAX} episodes; the rest was not read")));
                return;
            }
            entries.push(play(title, &season, &episode, zone));
        }
    }
}

fn play(title: &Title<'_>, season: &Value, episode: &Value, zone: &TimeZone) -> Result<Entry, String> {
    let numbers = |season: &str, number: &str| -> Result<(u16, u16), String> {
        let season = cell::small("season number", season)?.ok_or("an episode has no season number")?;
        Ok((season, cell::small("episode number", number)?.ok_or("an episode has no number")?))
    };
    let at_tvdb = episode.get("tvdb").filter(|place| place.is_object() && title.is_anime);
    let tvdb_id = title.item.ids.get(Namespace::Tvdb);
    let show =
        |ids: IdSet, scheme: Scheme| Show { title: title.item.title.clone(), year: title.item.year, ids, scheme };
    let at_simkl = || numbers(&text(season, "number"), &text(episode, "number"));
    let (show, (season, number)) = match (at_tvdb, tvdb_id) {
        (Some(place), Some(id)) => (
            show(std::iter::once(id).collect(), Scheme::Standard),
            numbers(&text(place, "season"), &text(place, "episode"))?,
        ),
        _ if title.is_anime => (show(entry_ids(&title.item.ids), Scheme::SimklAnime), at_simkl()?),
        _ => (show(title.item.ids.clone(), Scheme::Standard), at_simkl()?),
    };
    let watched_at = cell::watched_at(&text(episode, "watched_at"), zone)?;
    Ok(Entry::fact(Item::episode(show, season, number, "", IdSet::EMPTY), Fact::Play(watched_at)))
}

/// The ids that mean this title and nothing larger: a cour goes by the ids of its series only where it is its beginning.
fn own_ids(title: &Title<'_>) -> IdSet {
    let covers = title.value.get("mapped_tvdb_seasons").and_then(Value::as_array);
    let begins = covers.is_some_and(|seasons| seasons.iter().any(|season| season.as_u64() == Some(1)));
    let is_whole = title.item.kind == Kind::Movie || !title.is_anime || begins;
    if is_whole { title.item.ids.clone() } else { entry_ids(&title.item.ids) }
}

fn entry_ids(ids: &IdSet) -> IdSet {
    ids.iter().filter(|id| OF_ENTRY.contains(&id.namespace())).collect()
}
