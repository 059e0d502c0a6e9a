//! The hand of a person on an account of the built-in tracker.

use serde_json::{Value, json};

use super::{http::Http, items::title};

/// Rows of one request.
const AT_ONCE: usize = 500;

/// An account of the built-in tracker.
#[derive(Debug, Clone, Copy)]
pub struct Ledger<'a> {
    pub(super) http: &'a Http,
    pub(super) id: &'a str,
}

impl Ledger<'_> {
    /// Puts items on the watchlist.
    pub fn list(&self, items: &[Value]) {
        self.add("watchlist", items.iter().map(|item| json!({"item": item})).collect());
    }

    /// Takes items off the watchlist.
    pub fn unlist(&self, items: &[Value]) {
        self.take("watchlist", items);
    }

    /// Adds a play of each item at this time.
    pub fn watch(&self, items: &[Value], watched_at: &str) {
        self.add("history", items.iter().map(|item| json!({"item": item, "watched_at": watched_at})).collect());
    }

    /// Marks items as watched, nobody knows when.
    pub fn watch_undated(&self, items: &[Value]) {
        self.add("history", items.iter().map(|item| json!({"item": item})).collect());
    }

    /// Takes all plays of these items away.
    pub fn unwatch(&self, items: &[Value]) {
        self.take("history", items);
    }

    /// Rates items from 1 to 100.
    pub fn rate(&self, items: &[Value], value: u8) {
        self.add("ratings", items.iter().map(|item| json!({"item": item, "value": value})).collect());
    }

    /// Adds entries of a feature.
    pub fn add(&self, feature: &str, entries: Vec<Value>) {
        let mut entries = entries;
        while !entries.is_empty() {
            let rest = entries.split_off(entries.len().min(AT_ONCE));
            let body = json!({"provider": self.id, "items": entries});
            self.http.post(&format!("/api/v1/tracker/{feature}"), &body).expect(200);
            entries = rest;
        }
    }

    /// All rows of a feature.
    pub fn rows(&self, feature: &str) -> Vec<Value> {
        self.http.list(&format!("/api/v1/tracker/{feature}?provider={}", self.id))
    }

    /// The titles on the watchlist, sorted.
    pub fn listed(&self) -> Vec<String> {
        super::items::names(&self.rows("watchlist"))
    }

    /// Every play as `TITLE at TIME`, sorted.
    pub fn plays(&self) -> Vec<String> {
        self.told("history", |row| format!("at {}", row["watched_at"].as_str().unwrap_or("no known time")))
    }

    /// Every rating as `TITLE is VALUE`, sorted.
    pub fn ratings(&self) -> Vec<String> {
        self.told("ratings", |row| format!("is {}", row["value"]))
    }

    fn told(&self, feature: &str, value: impl Fn(&Value) -> String) -> Vec<String> {
        let rows = self.rows(feature);
        let mut told: Vec<String> = rows.iter().map(|row| format!("{} {}", title(&row["item"]), value(row))).collect();
        told.sort();
        told
    }

    fn take(&self, feature: &str, items: &[Value]) {
        let titles: Vec<String> = items.iter().map(title).collect();
        let rows = self.rows(feature);
        let meant = rows.iter().filter(|row| titles.contains(&title(&row["item"])));
        let ids: Vec<&str> = meant.map(|row| row["id"].as_str().unwrap()).collect();
        assert!(ids.len() >= titles.len(), "{titles:?} are not all there: {}", ids.len());
        for ids in ids.chunks(AT_ONCE) {
            let body = json!({"provider": self.id, "ids": ids});
            let gone = self.http.delete(&format!("/api/v1/tracker/{feature}"), &body).expect(200);
            assert_eq!(gone["removed"], ids.len(), "{gone}");
        }
    }
}
