//! Writes to the library: history, lists and ratings.
//!
//! What is watched already is not watched again: a second write of the same changes nothing and counts nothing. An episode
//! that a title does not have is passed over without a word. Deliberately absent: rewatches, memos, and episodes named by
//! ids of their own, which are always unknown.

use serde_json::{Value, json};

use super::{
    account::{Rated, Status},
    call::{Call, echo, list, number},
    catalogue::{Catalogue, EpisodeAt, Part, TitlePlace},
    state::refused,
};
use crate::reply::Reply;

/// How many of what a write did.
#[derive(Debug, Default)]
struct Tally {
    movies: u64,
    shows: u64,
    episodes: u64,
    statuses: Vec<Value>,
}

impl Call<'_> {
    /// `POST /sync/history`.
    pub(crate) fn add_history(&mut self) -> Result<Reply, Reply> {
        let body = self.body()?;
        let mut tally = Tally::default();
        let (movies, unknown_movies) = self.named(&body, "movies");
        for (place, sent) in movies {
            let at = self.moment(&[sent], "watched_at");
            tally.movies += u64::from(self.account.watch(self.catalogue, place, None, at));
            self.answer_status(place, sent, "movies", &mut tally);
        }
        let mut unknown_shows = Vec::new();
        for bucket in ["shows", "anime"] {
            let (shows, unknown) = self.named(&body, bucket);
            unknown_shows.extend(unknown);
            for (place, sent) in shows {
                let added = self.add_show(place, sent);
                tally.episodes += added;
                tally.shows += u64::from(added > 0);
                self.answer_status(place, sent, bucket, &mut tally);
            }
        }
        let unknown_episodes: Vec<Value> = list(&body, "episodes").iter().map(|sent| echo(sent, "episodes")).collect();
        let not_found = json!({"movies": unknown_movies, "shows": unknown_shows, "episodes": unknown_episodes});
        Ok(Reply::json(201, json!({"added": tally.json(), "not_found": not_found})))
    }

    /// `POST /sync/history/remove`: anime are looked for among the shows.
    pub(crate) fn remove_history(&mut self) -> Result<Reply, Reply> {
        let body = self.body()?;
        let mut tally = Tally::default();
        let (movies, unknown_movies) = self.named(&body, "movies");
        for (place, _) in movies {
            tally.movies += u64::from(self.remove_title(place));
        }
        let (shows, unknown_shows) = self.named(&body, "shows");
        for (place, sent) in shows {
            if list(sent, "seasons").is_empty() && list(sent, "episodes").is_empty() {
                tally.shows += u64::from(self.remove_title(place));
                continue;
            }
            for (place, at, _) in self.episodes_of(place, sent) {
                let part = self.catalogue.title(place).map_or(Part::Shows, |title| title.part);
                tally.episodes += u64::from(self.account.unwatch(part, place, at));
            }
        }
        let deleted = json!({"movies": tally.movies, "shows": tally.shows, "episodes": tally.episodes});
        Ok(Reply::json(
            201,
            json!({"deleted": deleted, "not_found": {"movies": unknown_movies, "shows": unknown_shows}}),
        ))
    }

    /// `POST /sync/add-to-list`: every item says where to.
    pub(crate) fn add_to_list(&mut self) -> Result<Reply, Reply> {
        let body = self.body()?;
        let mut added = json!({"movies": [], "shows": []});
        let mut not_found = json!({"movies": [], "shows": []});
        let has_target = |sent: &Value| sent.get("to").and_then(Value::as_str).and_then(Status::parse).is_some();
        let buckets = ["movies", "shows", "anime"];
        if buckets.iter().flat_map(|bucket| list(&body, bucket)).any(|sent| !has_target(sent)) {
            return Err(refused(400, "empty_field", "Every item needs the list it goes to"));
        }
        for bucket in buckets {
            let told = if bucket == "movies" { "movies" } else { "shows" };
            let (known, unknown) = self.named(&body, bucket);
            push(&mut not_found, told, unknown);
            for (place, sent) in known {
                let Some(title) = self.catalogue.title(place) else { continue };
                let wanted = sent.get("to").and_then(Value::as_str).and_then(Status::parse);
                let status = match wanted.unwrap_or(Status::PlanToWatch) {
                    Status::Watching | Status::Hold if title.is_movie() => Status::Completed,
                    status => status,
                };
                self.account.move_to(title.part, place, status);
                let mut echoed = sent.clone();
                if let Some(members) = echoed.as_object_mut() {
                    members.insert("to".to_owned(), status.as_str().into());
                }
                push(&mut added, told, vec![echoed]);
            }
        }
        Ok(Reply::json(201, json!({"added": added, "not_found": not_found})))
    }

    /// `POST /sync/ratings`: what is no whole number from 1 to 10 is passed over without a word.
    pub(crate) fn add_ratings(&mut self) -> Result<Reply, Reply> {
        let body = self.body()?;
        let mut tally = Tally::default();
        let mut not_found = json!({"movies": [], "shows": []});
        for bucket in ["movies", "shows", "anime"] {
            let told = if bucket == "movies" { "movies" } else { "shows" };
            let (known, unknown) = self.named(&body, bucket);
            push(&mut not_found, told, unknown);
            for (place, sent) in known {
                let rating = sent.get("rating").and_then(Value::as_u64).and_then(|rating| u8::try_from(rating).ok());
                let Some(rating) = rating.filter(|rating| (1..=10).contains(rating)) else { continue };
                let rated_at = self.moment(&[sent], "rated_at");
                self.account.rate(self.catalogue, place, Rated { rating, rated_at });
                let count = if bucket == "movies" { &mut tally.movies } else { &mut tally.shows };
                *count += 1;
                self.answer_status(place, sent, bucket, &mut tally);
            }
        }
        let added = json!({"movies": tally.movies, "shows": tally.shows, "statuses": tally.statuses});
        Ok(Reply::json(201, json!({"added": added, "not_found": not_found})))
    }

    /// `POST /sync/ratings/remove`.
    pub(crate) fn remove_ratings(&mut self) -> Result<Reply, Reply> {
        let body = self.body()?;
        let mut deleted = [0_u64; 2];
        let mut not_found = json!({"movies": [], "shows": []});
        for (bucket, count) in ["movies", "shows"].into_iter().zip(&mut deleted) {
            let (known, unknown) = self.named(&body, bucket);
            push(&mut not_found, bucket, unknown);
            for (place, _) in known {
                let part = self.catalogue.title(place).map_or(Part::Shows, |title| title.part);
                *count += u64::from(self.account.unrate(part, place));
            }
        }
        let [movies, shows] = deleted;
        Ok(Reply::json(201, json!({"deleted": {"movies": movies, "shows": shows}, "not_found": not_found})))
    }

    fn remove_title(&mut self, place: TitlePlace) -> bool {
        self.catalogue.title(place).is_some_and(|title| self.account.remove(title.part, place))
    }

    /// Marks the episodes that an object names; all of them where it names none.
    fn add_show(&mut self, place: TitlePlace, sent: &Value) -> u64 {
        let Some(title) = self.catalogue.title(place) else { return 0 };
        let status = sent.get("status").and_then(Value::as_str).and_then(Status::parse);
        let is_bare = list(sent, "seasons").is_empty() && list(sent, "episodes").is_empty();
        match status {
            Some(status) if is_bare && status != Status::Completed => {
                self.account.move_to(title.part, place, status);
                return 0;
            }
            _ if title.is_movie() => {
                let at = self.episodes_moment(sent);
                return u64::from(self.account.watch(self.catalogue, place, None, at));
            }
            _ => {}
        }
        let mut added = 0;
        for (place, at, around) in self.episodes_of(place, sent) {
            let watched_at = self.moment(&around, "watched_at");
            added += u64::from(self.account.watch(self.catalogue, place, Some(at), watched_at));
        }
        added
    }

    /// The date of the one episode that a film filed as anime has.
    fn episodes_moment(&self, sent: &Value) -> jiff::Timestamp {
        let inner = list(sent, "seasons").first().and_then(|season| list(season, "episodes").first());
        let around: Vec<&Value> = inner.into_iter().chain([sent]).collect();
        self.moment(&around, "watched_at")
    }

    /// The episodes that an object names and the title has, each with the objects around it from the inside out.
    fn episodes_of<'v>(&self, place: TitlePlace, sent: &'v Value) -> Vec<(TitlePlace, EpisodeAt, Vec<&'v Value>)> {
        let has_tvdb_seasons = sent.get("use_tvdb_anime_seasons") == Some(&Value::Bool(true));
        let is_cour = self.catalogue.title(place).is_some_and(|title| title.cour.is_some());
        let maps = is_cour && has_tvdb_seasons && !Catalogue::names_entry(sent);
        let find = |season: u16, number: u16| {
            if maps {
                return self.catalogue.by_tvdb(place, season, number);
            }
            let at = EpisodeAt { season, number };
            self.catalogue.episode(place, at).map(|_| (place, at))
        };
        let mut named: Vec<(u16, Option<u16>, Vec<&Value>)> = Vec::new();
        for episode in list(sent, "episodes") {
            named.extend(number(episode, "number").map(|number| (1, Some(number), vec![episode, sent])));
        }
        for season in list(sent, "seasons") {
            let Some(season_number) = number(season, "number") else { continue };
            let episodes = list(season, "episodes");
            if episodes.is_empty() {
                named.push((season_number, None, vec![season, sent]));
            }
            for episode in episodes {
                let found =
                    number(episode, "number").map(|number| (season_number, Some(number), vec![episode, season, sent]));
                named.extend(found);
            }
        }
        let mut found = Vec::new();
        let is_bare = named.is_empty() && list(sent, "seasons").is_empty();
        if is_bare {
            found.extend(
                self.catalogue.episodes(place).into_iter().filter(|at| at.season > 0).map(|at| (place, at, vec![sent])),
            );
        }
        for (season, number, around) in named {
            let Some(number) = number else {
                let all = self.catalogue.episodes(place).into_iter().filter(|at| at.season == season);
                found.extend(all.map(|at| (place, at, around.clone())));
                continue;
            };
            found.extend(find(season, number).map(|(place, at)| (place, at, around)));
        }
        found
    }

    fn answer_status(&self, place: TitlePlace, sent: &Value, bucket: &str, tally: &mut Tally) {
        let Some(title) = self.catalogue.title(place) else { return };
        let status = self.account.entries.get(&place).map(|entry| entry.status.as_str());
        tally.statuses.push(json!({
            "request": echo(sent, bucket),
            "response": {"status": status, "simkl_type": title.simkl_type(), "anime_type": title.anime_type()},
        }));
    }
}

impl Tally {
    fn json(&self) -> Value {
        json!({"movies": self.movies, "shows": self.shows, "episodes": self.episodes, "statuses": self.statuses})
    }
}

fn push(lists: &mut Value, name: &str, rows: Vec<Value>) {
    if let Some(list) = lists.get_mut(name).and_then(Value::as_array_mut) {
        list.extend(rows);
    }
}
