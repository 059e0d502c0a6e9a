//! Old configurations and what becomes of them.

use serde_json::{Value, json};

use super::*;

/// The translation, which must load.
#[track_caller]
fn translated(old: &Value) -> Translation {
    let translation = translate(old).unwrap();
    check(&translation.toml, Path::new("crosswatch.toml"))
        .unwrap_or_else(|failure| panic!("{failure}\n{}", translation.toml));
    translation
}

#[track_caller]
fn has(translation: &Translation, lines: &[&str]) {
    for line in lines {
        assert!(translation.toml.contains(line), "{line}\n{}", translation.toml);
    }
}

fn noted(translation: &Translation, what: Noted) -> Vec<String> {
    let fitting = translation.notes.iter().filter(|note| note.noted == what);
    fitting.map(|note| format!("{}: {}", note.what, note.text)).collect()
}

fn house() -> Value {
    json!({
        "plex": {"server_url": "https://plex:32400", "account_token": "plex-secret", "username": "anna", "verify_ssl": false,
            "history": {"libraries": ["1"]},
            "instances": {"PLEX-P01": {"label": "Ben", "server_url": "http://plex:32400", "pms_token": "ben-secret"}}},
        "jellyfin": {"server": "http://jellyfin:8096", "access_token": "jelly-secret", "username": "anna",
            "watchlist": {"mode": "playlist", "playlist_name": "To \"watch\""}},
        "emby": {"server": "", "access_token": ""},
        "trakt": {"client_id": "trakt-app", "client_secret": "trakt-secret", "access_token": "trakt-access", "refresh_token": "trakt-refresh"},
        "simkl": {"client_id": "", "access_token": "simkl-access"},
        "mdblist": {"api_key": "mdb-secret"},
        "anilist": {"access_token": "ani-secret"},
        "crosswatch": {"enabled": true, "connected": true, "root_dir": "/config/.cw_provider"},
        "sync": {"one_way_remove_mode": "source_deletes"},
        "pairs": [
            {"id": "pair_1a", "source": "PLEX", "target": "TRAKT", "mode": "one-way", "enabled": true, "features": {
                "history": {"enable": true, "add": true, "remove": false},
                "ratings": {"enable": true, "add": true, "remove": true, "remove_mode": "mirror", "types": ["movies"], "mode": "all"},
                "watchlist": {"enable": false}, "playlists": {"enable": true}}},
            {"id": "pair_2b", "source": "PLEX", "source_instance": "PLEX-P01", "target": "CROSSWATCH", "mode": "two-way",
                "features": {"watchlist": {"enable": true, "remove": true}, "ratings": {"enable": true}}},
            {"id": "pair_3c", "source": "ANILIST", "target": "TRAKT", "features": {}},
        ],
        "scheduling": {"enabled": true, "mode": "every_n_hours", "every_n_hours": 6, "webhooks": {"enabled": true, "url": "https://hc.example/secret-ping"},
            "advanced": {"enabled": true, "jobs": [{"id": "j", "pair_id": "pair_2b", "at": "04:05", "days": [1, 7], "active": true}]}},
        "scrobble": {"enabled": true, "mode": "watch", "delete_plex": true, "delete_plex_types": ["movie"],
            "watch": {"routes": [
                {"id": "r1", "provider": "plex", "provider_instance": "default", "sink": "trakt", "filters": {"username_whitelist": ["anna", "id:7"]}},
                {"id": "r2", "provider": "plex", "provider_instance": "PLEX-P01", "sink": "crosswatch"},
                {"id": "r3", "provider": "plex", "sink": "anilist"}]},
            "trakt": {"watched_at": 85, "stop_pause_threshold": 85}},
        "security": {"webhook_ids": {
            "plextrakt": "hook-secret-of-all-plexes", "profile:plex:default": "hook-secret-of-anna-1", "plexwatcher": "hook-secret",
            "profile:plex:PLEX-P01": "hook-secret-of-ben-22", "jellyfintrakt": "hook-secret"}},
        "app_auth": {"enabled": true},
    })
}

#[test]
fn a_whole_house_is_translated() {
    let translation = translated(&house());
    has(
        &translation,
        &[
            "id = \"plex\"\nkind = \"plex\"\nurl = \"https://plex:32400\"\nuser = \"anna\"\ntoken = \"plex-secret\"\nverify_tls = false\nwebhook_token = \"hook-secret-of-anna-1\"\n",
            "# Ben\nid = \"plex-p01\"\nkind = \"plex\"\nurl = \"http://plex:32400\"\ntoken = \"ben-secret\"\nwebhook_token = \"hook-secret-of-ben-22\"\n",
            "watchlist = { playlist = 'To \"watch\"' }",
            "id = \"trakt\"\nkind = \"trakt\"\nclient_id = \"trakt-app\"\nclient_secret = \"trakt-secret\"\naccess_token = \"trakt-access\"\n",
            "id = \"mdblist\"\nkind = \"mdblist\"\ntoken = \"mdb-secret\"\n",
            "id = \"crosswatch\"\nkind = \"tracker\"\n",
            "id = \"plex-to-trakt\"\nsource = \"plex\"\ntarget = \"trakt\"\nmode = \"one-way\"\nenabled = true\nschedule = \"every 6h\"\n\
             [pair.history]\nadd = true\nremove = \"off\"\n[pair.ratings]\nadd = true\nremove = \"mirror\"\n",
            "id = \"plex-p01-to-crosswatch\"\nsource = \"plex-p01\"\ntarget = \"crosswatch\"\nmode = \"two-way\"\nenabled = true\n\
             schedule = \"5 4 * * 1,0\"\n[pair.watchlist]\nadd = true\nremove = \"observed\"\n\
             [pair.ratings]\nadd = true\nremove = \"off\"\nonly_new = true\n[pair.policy]\nacknowledge = [\"two-way\"]\n",
            "id = \"plex-live\"\nsource = \"plex\"\nenabled = true\nusers = { only = [\"anna\"] }\nvia = [\"watch\"]\ntargets = [\"trakt\"]\n\
             watched_at_percent = 85\nremove_from_watchlist = \"movie_watched\"\n",
            "# webhook token of jellyfintrakt: hook-secret\n# webhook token of plextrakt: hook-secret-of-all-plexes\n\
             # webhook token of plexwatcher: hook-secret\n",
        ],
    );
    assert_eq!(translation.toml.matches("webhook_token").count(), 2, "{}", translation.toml);
    let taken = noted(&translation, Noted::Taken).join("\n");
    assert!(taken.contains("security.webhook_ids.profile:plex:PLEX-P01: the webhook token of plex-p01"), "{taken}");
    assert!(!translation.toml.contains("simkl") && !translation.toml.contains("secret-ping"), "{}", translation.toml);
}

#[test]
fn everything_is_accounted_for_and_no_secret_is_told() {
    let translation = translated(&house());
    let left = noted(&translation, Noted::Left).join("\n");
    for said in [
        "plex.*.libraries",
        "simkl: the account is left out",
        "anilist: there is no such provider",
        "pairs.pair_3c: the pair is left out, because its source ANILIST",
        "pairs.pair_1a.features.playlists",
        "scrobble.watch.routes.r1.filters: 1 users are named by their number",
        "scrobble.watch.routes.r3: the route is left out",
        "scheduling.webhooks.enabled",
        "app_auth.enabled",
    ] {
        assert!(left.contains(said), "{said}\n{left}");
    }
    let differs = noted(&translation, Noted::Differs).join("\n");
    for said in [
        "plex.verify_ssl",
        "trakt.refresh_token",
        "crosswatch: its content is not moved",
        "pairs.pair_1a.features.ratings.types: only movies",
        "pairs.pair_2b.mode",
        "scrobble.trakt.stop_pause_threshold",
        "security.webhook_ids",
    ] {
        assert!(differs.contains(said), "{said}\n{differs}");
    }
    let told = format!("{:?}", translation.notes);
    for secret in ["-secret", "trakt-access", "trakt-refresh", "hook-secret-of", "simkl-access"] {
        assert!(!told.contains(secret), "{secret}\n{told}");
    }
}

#[test]
fn schedules_are_translated() {
    for (scheduling, expected) in [
        (json!({"enabled": false, "mode": "hourly"}), "manual"),
        (json!({"enabled": true, "mode": "hourly"}), "hourly"),
        (json!({"enabled": true, "mode": "every_n_hours", "every_n_hours": 1}), "hourly"),
        (json!({"enabled": true, "mode": "every_n_hours", "every_n_hours": 12}), "every 12h"),
        (json!({"enabled": true, "mode": "daily_time", "daily_time": "05:15"}), "daily 05:15"),
        (json!({"enabled": true, "mode": "daily_time", "daily_time": "25:15"}), "daily 03:30"),
        (json!({"enabled": true, "mode": "custom_interval", "custom_interval_minutes": 5}), "every 15m"),
        (json!({"enabled": true, "mode": "disabled"}), "manual"),
        (json!({"advanced": {"enabled": true, "jobs": [{"pair_id": "p", "at": "00:00", "days": []}]}}), "daily 00:00"),
        (json!({"advanced": {"enabled": true, "jobs": [{"pair_id": "p", "after": "j"}]}}), "manual"),
        (
            json!({"advanced": {"enabled": true, "workflows": [{"mode": "hourly", "steps": [{"pair_id": "p"}]}]}}),
            "hourly",
        ),
    ] {
        let old = json!({
            "crosswatch": {}, "mdblist": {"api_key": "k"}, "scheduling": scheduling,
            "pairs": [{"id": "p", "source": "MDBLIST", "target": "CROSSWATCH", "features": {"ratings": {"enable": true}}}],
        });
        has(&translated(&old), &[&format!("schedule = \"{expected}\"")]);
    }
}

#[test]
fn secrets_that_the_old_program_encrypted_are_told() {
    let old = json!({
        "jellyfin": {"server": "http://j", "access_token": "enc:v1:abc", "user": "anna"},
        "emby": {"server": "http://e", "access_token": "enc:v1:abc", "user": "anna"},
        "trakt": {"client_id": "app", "client_secret": "enc:v1:abc"},
        "pairs": [],
    });
    let translation = translated(&old);
    has(&translation, &["kind = \"jellyfin\"\nurl = \"http://j\"\nuser = \"anna\"\n", "client_id = \"app\"\n"]);
    assert!(!translation.toml.contains("enc:v1"), "{}", translation.toml);
    let left = noted(&translation, Noted::Left).join("\n");
    for said in
        ["jellyfin.access_token: is encrypted", "emby: the account is left out", "trakt.client_secret: is encrypted"]
    {
        assert!(left.contains(said), "{said}\n{left}");
    }
}

#[test]
fn odd_files_are_told_or_translated_as_far_as_they_make_sense() {
    for no_config in [json!([]), json!({}), json!({"name": "x"}), json!(null)] {
        assert!(translate(&no_config).is_err(), "{no_config}");
    }
    let odd = json!({
        "plex": {"server_url": "ftp://x", "account_token": "t"}, "jellyfin": [], "emby": {"server": "http://e", "access_token": "t"},
        "trakt": null, "crosswatch": {"instances": {"Ä B": {}, "CW-P01": {"enabled": false}}},
        "pairs": [7, {}, {"source": "CROSSWATCH", "target": "CROSSWATCH", "features": {"history": true}},
            {"source": "CROSSWATCH", "target": "CROSSWATCH", "target_instance": "Ä B", "features": "x"}],
        "scheduling": "x", "scrobble": {"enabled": true, "watch": {"routes": [{}]}}, "security": {"webhook_ids": []},
    });
    let translation = translated(&odd);
    has(&translation, &["id = \"crosswatch\"\n", "id = \"b\"\n", "id = \"crosswatch-to-b\"\n"]);
    assert_eq!(translation.toml.matches("[[pair]]").count(), 1, "{}", translation.toml);
}

/// A token as the old program made them.
const ONE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn a_token_of_an_old_webhook_is_the_token_of_one_account() {
    let old = |ids: Value| {
        json!({
            "plex": {"server_url": "http://plex", "account_token": "t", "instances": {"P2": {"server_url": "http://p2", "account_token": "t"}}},
            "emby": {"server": "http://emby", "access_token": "t", "username": "anna"},
            "security": {"webhook_ids": ids},
        })
    };
    for (ids, written, left) in [
        (json!({"plextrakt": ONE}), 1, 0),
        (json!({"plextrakt": ONE, "profile:plex:default": ONE}), 1, 0),
        (json!({"profile:plex:p2": ONE, "embytrakt": ONE}), 1, 0),
        (json!({"plexwatcher": ONE}), 0, 1),
        (json!({"profile:plex:gone": ONE}), 0, 1),
        (json!({"plextrakt": "short", "embytrakt": "enc:v1:aaaaaaaaaaaaaaaaaaaaaaaa"}), 0, 2),
        (json!({"plextrakt": 7, "embytrakt": null}), 0, 1),
    ] {
        let translation = translated(&old(ids.clone()));
        assert_eq!(translation.toml.matches("\nwebhook_token = ").count(), written, "{ids}\n{}", translation.toml);
        assert_eq!(translation.toml.matches("# webhook token of").count(), left, "{ids}\n{}", translation.toml);
    }
}

#[test]
fn without_routes_the_servers_call_for_trakt() {
    let old = json!({
        "plex": {"server_url": "http://plex", "account_token": "t"}, "trakt": {"client_id": "app"},
        "scrobble": {"enabled": true, "mode": "webhook"},
    });
    has(
        &translated(&old),
        &["source = \"plex\"\nenabled = true\nusers = { except = [] }\nvia = [\"webhook\"]\ntargets = [\"trakt\"]\n"],
    );
}

#[test]
fn the_file_is_closed_to_others_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (file, output) = (folder.path().join("config.json"), folder.path().join("crosswatch.toml"));
    fs::write(&file, house().to_string()).unwrap();
    let arguments = ImportConfigArguments { file: file.clone(), output: output.clone(), json: true };
    assert_eq!(run(&arguments), Ok(Exit::Partial));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&output).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = fs::read(&output).unwrap();
    assert_eq!(run(&arguments).unwrap_err().exit, Exit::Failed);
    assert_eq!(fs::read(&output).unwrap(), before);
    fs::write(&file, "{").unwrap();
    let broken = ImportConfigArguments { output: folder.path().join("other.toml"), ..arguments };
    assert!(run(&broken).unwrap_err().message.contains("it is no JSON"));
}
