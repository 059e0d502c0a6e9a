//! Files into the built-in tracker and out of it.

use serde_json::{Value, json};

use super::house::Small;

const IMPORT: &str = "/base/api/v1/tracker/import";
const HISTORY: &str = "/base/api/v1/tracker/history";

const FILE: &str = "type,title,year,tmdb,season,episode,show_title,show_tmdb,watched_at,rating\n\
    movie,Heat,1995,949,,,,,2026-01-01T20:00:00Z,8\n\
    movie,Heat,1995,949,,,,,2026-02-01T20:00:00Z,\n\
    ,Zoo,,,2,1,Parks,8592,2026-02-01,\n\
    opera,Aida,1871,1,,,,,2026-02-01,\n";

fn counts(rows: u64, adds: u64, updates: u64) -> Value {
    json!({"rows": rows, "adds": adds, "updates": updates, "unchanged": rows - adds - updates})
}

#[actix_web::test]
async fn a_preview_writes_nothing_and_the_same_file_twice_changes_nothing() {
    let small = Small::start().await;
    let preview = small.send_file(&format!("{IMPORT}?dry_run=true"), FILE.as_bytes()).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    assert_eq!(
        preview.json,
        json!({
            "format": "csv",
            "dry_run": true,
            "features": {"history": counts(3, 3, 0), "ratings": counts(1, 1, 0)},
            "misplaced": [{"where": "line 5", "reason": "a opera is no movie, show, season or episode", "text": "opera, Aida, 1871, 1, , , , , 2026-02-01,"}],
            "misplaced_total": 1,
        })
    );
    assert_eq!(small.get(HISTORY).await.json["items"], json!([]));

    let first = small.send_file(IMPORT, FILE.as_bytes()).await;
    assert_eq!(first.json["features"], preview.json["features"], "{}", first.text);
    assert!(first.json["import"].is_string(), "{}", first.text);
    let rows = small.get(HISTORY).await;
    assert_eq!(rows.json["items"].as_array().unwrap().len(), 3);
    let second = small.send_file(IMPORT, FILE.as_bytes()).await;
    assert_eq!(second.json["features"], json!({"history": counts(3, 0, 0), "ratings": counts(1, 0, 0)}));
    assert_eq!(second.json["import"], Value::Null);
    assert_eq!(small.get(HISTORY).await.json, rows.json);
    small.stop().await;
}

#[actix_web::test]
async fn an_import_can_be_taken_back_where_nobody_touched_its_rows() {
    let small = Small::start().await;
    let before = json!({"items": [{"item": {"kind": "movie", "title": "Heat", "year": 1995, "ids": {"tmdb": 949}}}]});
    assert_eq!(small.ask("POST", HISTORY, Some(before)).await.status, 200);
    let untouched = small.get(HISTORY).await;
    let imported = small.send_file(IMPORT, FILE.as_bytes()).await;
    assert_eq!(imported.json["features"]["history"], counts(3, 2, 1), "{}", imported.text);
    let id = imported.json["import"].as_str().unwrap();
    let change = json!({"items": [{"item": {"kind": "movie", "ids": {"tmdb": 949}}, "value": 55}]});
    assert_eq!(small.ask("POST", "/base/api/v1/tracker/ratings", Some(change)).await.status, 200);

    let list = small.get("/base/api/v1/tracker/imports").await;
    let [record] = list.json["items"].as_array().unwrap().as_slice() else { panic!("{}", list.text) };
    assert_eq!(
        (&record["id"], &record["state"], &record["added"], &record["updated"], &record["misplaced"]),
        (&json!(id), &json!("done"), &json!(3), &json!(1), &json!(1))
    );
    let path = format!("/base/api/v1/tracker/imports/{id}/undo");
    let undone = small.ask("POST", &path, None).await;
    assert_eq!(undone.json, json!({"import": id, "removed": 2, "restored": 1, "kept": 1}), "{}", undone.text);
    assert_eq!(small.get(HISTORY).await.json, untouched.json);
    assert_eq!(small.get("/base/api/v1/tracker/ratings").await.json["items"][0]["value"], 55);
    assert_eq!(small.ask("POST", &path, None).await.problem(), (409, "import-undone"));
    let unknown = small.ask("POST", "/base/api/v1/tracker/imports/nothing/undo", None).await;
    assert_eq!(unknown.problem(), (404, "unknown-import"));
    small.stop().await;
}

#[actix_web::test]
async fn files_that_cannot_be_read_are_told() {
    let small = Small::start().await;
    for (query, file, problem, said) in [
        ("", &b""[..], (422, "unreadable-file"), "the file is empty; expected a Trakt"),
        ("", b"hello", (422, "unreadable-file"), "expected a Trakt"),
        ("?provider=home", b"x", (422, "which-tracker"), "home is not"),
        ("?dryrun=true", b"x", (400, "bad-query"), "unknown field"),
    ] {
        let answer = small.send_file(&format!("{IMPORT}{query}"), file).await;
        assert_eq!(answer.problem(), problem, "{}", answer.text);
        assert!(answer.json["detail"].as_str().unwrap().contains(said), "{}", answer.text);
    }
    let large = small.send_file(IMPORT, &vec![b'x'; (64 << 20) + 1]).await;
    assert_eq!(large.problem(), (413, "too-large"));
    small.stop().await;
}

#[actix_web::test]
async fn what_is_exported_comes_back_as_it_was() {
    let small = Small::start().await;
    assert_eq!(small.send_file(IMPORT, FILE.as_bytes()).await.status, 200);
    let listed = json!({"items": [{"item": {"kind": "movie", "title": "=Parks", "ids": {"tmdb": 5}}}]});
    assert_eq!(small.ask("POST", "/base/api/v1/tracker/watchlist", Some(listed)).await.status, 200);
    let rows = |small: Small| async move {
        let mut rows = Vec::new();
        for feature in ["history", "ratings", "watchlist", "progress"] {
            rows.push(small.get(&format!("/base/api/v1/tracker/{feature}")).await.json["items"].clone());
        }
        (small, rows)
    };
    let (small, before) = rows(small).await;
    for format in ["json", "csv"] {
        let file = small.get(&format!("/base/api/v1/tracker/export?format={format}")).await;
        assert_eq!(file.headers["content-disposition"], format!("attachment; filename=\"ledger.{format}\""));
        let again = small.send_file(&format!("{IMPORT}?dry_run=true"), file.text.as_bytes()).await;
        assert_eq!(again.json["features"]["history"], counts(3, 0, 0), "{}", again.text);
        assert_eq!(again.json["misplaced_total"], 0, "{}", again.text);
        let other = Small::start().await;
        let imported = other.send_file(IMPORT, file.text.as_bytes()).await;
        assert_eq!(imported.json["format"], "crosswatch");
        let (other, after) = rows(other).await;
        let without_ids = |rows: &[Value]| {
            let mut rows = rows.to_vec();
            let items = rows.iter_mut().filter_map(Value::as_array_mut).flatten();
            items.for_each(|row| drop(row.as_object_mut().unwrap().remove("id")));
            rows
        };
        assert_eq!(without_ids(&after), without_ids(&before), "{}", file.text);
        other.stop().await;
    }
    small.stop().await;
}

#[actix_web::test]
async fn shapes_of_others_tell_what_they_cannot_hold() {
    let small = Small::start().await;
    assert_eq!(small.send_file(IMPORT, FILE.as_bytes()).await.status, 200);
    let films = small.get("/base/api/v1/tracker/export?format=letterboxd").await;
    assert_eq!(films.headers["x-crosswatch-left-out"], "history=1");
    assert_eq!(
        films.text,
        "tmdbID,imdbID,Title,Year,Rating10,WatchedDate,Rewatch\r\n\
         949,,Heat,1995,8,2026-01-01,false\r\n949,,Heat,1995,8,2026-02-01,true\r\n"
    );
    let trakt = small.get("/base/api/v1/tracker/export?format=trakt&feature=ratings").await;
    assert_eq!(trakt.headers.get("x-crosswatch-left-out"), None);
    assert_eq!(trakt.json[0]["rating"], 8, "{}", trakt.text);
    assert_eq!(trakt.headers["content-disposition"], "attachment; filename=\"ledger-ratings.json\"");
    let bad = small.get("/base/api/v1/tracker/export?format=xml").await;
    assert_eq!(bad.problem(), (400, "bad-query"));
    small.stop().await;
}

#[actix_web::test]
async fn a_tracker_knows_its_numbers() {
    let small = Small::start().await;
    let file = r#"[{"type": "movie", "watched_at": "2026-01-01T23:30:00Z", "movie": {"title": "Heat", "runtime": 170, "ids": {"tmdb": 949}}},
        {"type": "movie", "watched_at": "2026-01-02T12:00:00Z", "movie": {"title": "Heat", "ids": {"tmdb": 949}}},
        {"type": "episode", "watched_at": null, "episode": {"season": 1, "number": 1, "ids": {"tmdb": 1}}, "show": {"title": "Parks", "year": 2009, "ids": {"tmdb": 8592}}}]"#;
    assert_eq!(small.send_file(IMPORT, file.as_bytes()).await.status, 200);
    let numbers = small.get("/base/api/v1/tracker/statistics").await;
    assert_eq!(
        numbers.json,
        json!({
            "provider": "ledger", "plays": 3, "movies": 1, "episodes": 1, "shows": 1, "rewatches": 1, "undated": 1,
            "hours": 5.67, "hours_known_for": 2,
            "per_day": [{"day": "2026-01-02", "plays": 1}, {"day": "2026-01-01", "plays": 1}],
            "top_shows": [{"title": "Parks", "year": 2009, "plays": 1}],
        }),
        "{}",
        numbers.text
    );
    small.stop().await;
}

#[actix_web::test]
async fn one_play_of_several_can_be_taken_out_and_a_value_replaced() {
    let small = Small::start().await;
    let heat = json!({"kind": "movie", "title": "Heat", "year": 1995, "ids": {"tmdb": 949}});
    let plays = ["2026-01-01T20:00:00Z", "2026-02-01", "2026-03-01T20:00:00Z"];
    let items: Vec<Value> = plays.iter().map(|at| json!({"item": heat, "watched_at": at})).collect();
    assert_eq!(small.ask("POST", HISTORY, Some(json!({"items": items}))).await.status, 200);
    let rows = small.get(HISTORY).await;
    let second = rows.json["items"][1]["id"].as_str().unwrap();
    let gone = small.ask("DELETE", &format!("{HISTORY}?id={second}"), None).await;
    assert_eq!(gone.json, json!({"removed": 1, "unknown": []}));
    let left = small.get(HISTORY).await;
    let left: Vec<&Value> = left.json["items"].as_array().unwrap().iter().map(|row| &row["watched_at"]).collect();
    assert_eq!(left, [plays[0], plays[2]]);
    for value in [70, 85] {
        let rated = json!({"items": [{"item": heat, "value": value}]});
        assert_eq!(small.ask("POST", "/base/api/v1/tracker/ratings", Some(rated)).await.status, 200);
    }
    let ratings = small.get("/base/api/v1/tracker/ratings").await;
    assert_eq!((ratings.json["items"].as_array().unwrap().len(), &ratings.json["items"][0]["value"]), (1, &json!(85)));
    small.stop().await;
}
