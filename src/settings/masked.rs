//! The effective settings as JSON in the shape of the file, with every secret as `***`.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::{
    filter::Filter,
    identity::Identity,
    notify::Notify,
    pair::{FeatureSettings, Pair},
    policy::{Limit, Policy},
    provider::{Provider, Shelf},
    route::Route,
    secret::Secret,
    settings::Settings,
    snapshot::Snapshot,
};

const MASK: &str = "***";

impl Settings {
    /// The effective settings with secrets masked. What is absent has no key.
    pub fn masked(&self) -> Value {
        let server = &self.server;
        let mut shown_server = json!({
            "listen": server.listen.to_string(),
            "base_path": server.base_path.as_str(),
            "trusted_proxies": texts(&server.trusted_proxies),
            "metrics_public": server.metrics_public,
        });
        put(&mut shown_server, "public_url", server.public_url.as_ref().map(|url| url.to_string().into()));
        put(&mut shown_server, "api_key", mask(server.api_key.as_ref()));
        json!({
            "server": shown_server,
            "data": { "dir": self.storage.dir.to_string_lossy() },
            "log": { "level": self.log.level.as_str(), "format": self.log.format.as_str() },
            "identity": identity(&self.identity),
            "provider": self.providers.iter().map(provider).collect::<Vec<_>>(),
            "pair": self.pairs.iter().map(pair).collect::<Vec<_>>(),
            "route": self.routes.iter().map(route).collect::<Vec<_>>(),
            "snapshot": self.snapshots.iter().map(snapshot).collect::<Vec<_>>(),
            "notify": self.notify.iter().map(notify).collect::<Vec<_>>(),
        })
    }
}

/// Sets a key where there is something to set.
fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Value::Object(rows), Some(value)) = (object, value) {
        rows.insert(key.to_owned(), value);
    }
}

fn mask(secret: Option<&Secret>) -> Option<Value> {
    secret.map(|_| Value::from(MASK))
}

fn texts<T: ToString>(list: &[T]) -> Value {
    list.iter().map(|entry| Value::from(entry.to_string())).collect()
}

fn filter(filter: &Filter) -> Option<Value> {
    match filter {
        Filter::All => None,
        Filter::Only(names) => Some(json!({ "only": names })),
        Filter::Except(names) => Some(json!({ "except": names })),
    }
}

fn identity(identity: &Identity) -> Value {
    let mut shown = json!({
        "anime_edits": texts(&identity.anime_edits),
        "anime_lists": texts(&identity.anime_lists),
    });
    let path = |file: &PathBuf| Value::from(file.display().to_string());
    put(&mut shown, "verdicts", identity.verdicts.as_ref().map(path));
    put(&mut shown, "overrides", identity.overrides.as_ref().map(path));
    shown
}

fn provider(provider: &Provider) -> Value {
    let mut shown = json!({
        "id": provider.id.as_str(),
        "kind": provider.kind.as_str(),
        "verify_tls": provider.verify_tls,
    });
    for (key, url) in [
        ("url", &provider.url),
        ("auth_url", &provider.auth_url),
        ("plextv_url", &provider.plextv_url),
        ("discover_url", &provider.discover_url),
        ("metadata_url", &provider.metadata_url),
    ] {
        put(&mut shown, key, url.as_ref().map(|url| Value::from(url.as_str())));
    }
    for (key, secret) in [
        ("token", &provider.token),
        ("password", &provider.password),
        ("client_id", &provider.client_id),
        ("client_secret", &provider.client_secret),
        ("access_token", &provider.access_token),
        ("refresh_token", &provider.refresh_token),
        ("webhook_token", &provider.webhook_token),
    ] {
        put(&mut shown, key, mask(secret.as_ref()));
    }
    put(&mut shown, "user", provider.user.as_deref().map(Value::from));
    put(&mut shown, "libraries", filter(&provider.libraries));
    put(&mut shown, "watchlist", provider.watchlist.as_ref().map(shelf));
    shown
}

fn shelf(shelf: &Shelf) -> Value {
    match shelf {
        Shelf::Favorites => Value::from("favorites"),
        Shelf::Playlist(name) => json!({ "playlist": name }),
        Shelf::Collection(name) => json!({ "collection": name }),
    }
}

fn pair(pair: &Pair) -> Value {
    let mut shown = json!({
        "id": pair.id.as_str(),
        "source": pair.source.as_str(),
        "target": pair.target.as_str(),
        "mode": pair.mode.as_str(),
        "enabled": pair.enabled,
        "shadow": pair.shadow,
        "schedule": pair.schedule.as_str(),
        "after_play": pair.after_play,
        "policy": policy(&pair.policy),
    });
    let history = pair.history.as_ref().map(|history| {
        let extras = json!({
            "rewatches": history.rewatches,
            "owner": history.owner.as_str(),
            "allow_undated": history.allow_undated,
        });
        feature(&history.common, extras)
    });
    let progress = pair.progress.as_ref().map(|progress| {
        let extras = json!({ "min_percent": progress.min_percent, "max_percent": progress.max_percent });
        feature(&progress.common, extras)
    });
    put(&mut shown, "history", history);
    put(&mut shown, "watchlist", pair.watchlist.as_ref().map(|common| feature(common, json!({}))));
    put(&mut shown, "ratings", pair.ratings.as_ref().map(|common| feature(common, json!({}))));
    put(&mut shown, "progress", progress);
    shown
}

fn feature(common: &FeatureSettings, extras: Value) -> Value {
    let mut rows = Map::new();
    rows.insert("enabled".to_owned(), true.into());
    rows.insert("add".to_owned(), common.add.into());
    rows.insert("remove".to_owned(), common.remove.as_str().into());
    rows.insert("only_new".to_owned(), common.only_new.into());
    if let Some(schedule) = &common.schedule {
        rows.insert("schedule".to_owned(), schedule.as_str().into());
    }
    if let Value::Object(extras) = extras {
        rows.extend(extras);
    }
    Value::Object(rows)
}

fn policy(policy: &Policy) -> Value {
    json!({
        "conflict": policy.conflict.as_str(),
        "remove_after_reads": policy.remove_after_reads,
        "new_item_grace": policy.new_item_grace.to_string(),
        "max_removes": limit(policy.max_removes),
        "max_shrink": limit(policy.max_shrink),
        "canary": policy.canary,
        "acknowledge": texts(&policy.acknowledge),
        "block": texts(&policy.block),
    })
}

fn limit(limit: Limit) -> Value {
    json!({ "percent": limit.percent, "at_least": limit.at_least })
}

fn route(route: &Route) -> Value {
    let mut shown = json!({
        "id": route.id.as_str(),
        "source": route.source.as_str(),
        "enabled": route.enabled,
        "via": texts(&route.via),
        "targets": texts(&route.targets),
        "watched_at_percent": route.watched_at_percent,
        "remove_from_watchlist": route.remove_from_watchlist.as_str(),
    });
    put(&mut shown, "users", filter(&route.users));
    shown
}

fn snapshot(snapshot: &Snapshot) -> Value {
    json!({
        "provider": snapshot.provider.as_str(),
        "features": texts(&snapshot.features.iter().collect::<Vec<_>>()),
        "schedule": snapshot.schedule.as_str(),
        "keep": {
            "daily": snapshot.keep.daily,
            "weekly": snapshot.keep.weekly,
            "monthly": snapshot.keep.monthly,
        },
    })
}

fn notify(notify: &Notify) -> Value {
    let mut shown = json!({ "kind": notify.kind.as_str(), "url": MASK, "events": texts(&notify.events) });
    put(&mut shown, "token", mask(notify.token.as_ref()));
    shown
}
