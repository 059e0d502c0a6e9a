//! Titles of scenarios, as the API takes and gives them.

use crosswatch_emulator::{ExternalIds, Library, LibraryItem};
use serde_json::{Value, json};

/// The film `Movie N` with TMDB number N.
pub fn movie(tmdb: u32) -> Value {
    json!({"kind": "movie", "title": format!("Movie {tmdb}"), "year": 2001, "ids": {"tmdb": tmdb}})
}

/// The series `Show N` with TMDB number N.
pub fn show(tmdb: u32) -> Value {
    json!({"kind": "show", "title": format!("Show {tmdb}"), "year": 2001, "ids": {"tmdb": tmdb}})
}

/// An episode of `Show N`, known by the show's number and its place.
pub fn episode(show: u32, season: u16, number: u16) -> Value {
    let above = json!({"title": format!("Show {show}"), "year": 2001, "ids": {"tmdb": show}});
    json!({"kind": "episode", "title": "", "show": above, "season": season, "number": number})
}

/// A title of a library, with its ids at the public databases.
pub fn item_of(library: &Library, place: LibraryItem) -> Value {
    let told = |ids: &ExternalIds| json!({"imdb": ids.imdb, "tmdb": ids.tmdb, "tvdb": ids.tvdb});
    let show = || {
        let show = library.show(place).unwrap();
        json!({"kind": "show", "title": show.title, "year": show.year, "ids": told(&show.ids)})
    };
    match place {
        LibraryItem::Movie(_) => {
            let movie = library.movie(place).unwrap();
            json!({"kind": "movie", "title": movie.title, "year": movie.year, "ids": told(&movie.ids)})
        }
        LibraryItem::Episode { season, number, .. } => {
            let (episode, mut above) = (library.episode(place).unwrap(), show());
            above.as_object_mut().unwrap().remove("kind");
            json!({"kind": "episode", "title": episode.title, "ids": told(&episode.ids), "show": above,
                "season": season, "number": number})
        }
        _ => show(),
    }
}

/// How an item is called in a scenario: `Movie 1`, `Show 1`, `Show 1 1x02`.
pub fn title(item: &Value) -> String {
    match (&item["show"]["title"], &item["season"], &item["number"]) {
        (Value::String(show), Value::Number(season), Value::Number(number)) => {
            format!("{show} {season}x{:02}", number.as_u64().unwrap())
        }
        (Value::String(show), Value::Number(season), _) => format!("{show} season {season}"),
        _ => item["title"].as_str().unwrap().to_owned(),
    }
}

/// What the items of rows or lines are called, sorted.
pub fn names<'a>(rows: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut names: Vec<String> = rows.into_iter().map(|row| title(&row["item"])).collect();
    names.sort();
    names
}

/// What lines of a plan or run say, sorted: `add Movie 1: only_on_source`, `hold remove Movie 2: source_shrunk`.
pub fn told<'a>(lines: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let word = |line: &Value, name: &str| line[name].as_str().map(|word| format!("{word} ")).unwrap_or_default();
    let tell = |line: &Value| {
        let (action, held) = (word(line, "action"), word(line, "held_action"));
        format!("{action}{held}{}: {}", title(&line["item"]), line["reason"].as_str().unwrap())
    };
    let mut told: Vec<String> = lines.into_iter().map(tell).collect();
    told.sort();
    told
}
