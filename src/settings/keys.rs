//! Every key of the configuration file: its type, whether it must be written, and what it means.

use crate::{
    log::{LogFormat, LogLevel},
    notify::{NotifyEvent, NotifyKind},
    pair::{Mode, Owner, RemoveMode},
    policy::{Acknowledgement, Conflict},
    provider::ProviderKind,
    route::{RemoveFromWatchlist, Via},
    schema::{
        Form, Key, Kind,
        Presence::{self, Defaulted, Optional, Required},
        WhenUnset,
    },
};

/// The words of the four features, in their fixed order.
pub(crate) const FEATURE_WORDS: &[&str] = &["history", "watchlist", "ratings", "progress"];

/// The whole file.
pub(crate) const ROOT: &[Key] = &[
    key("server", Kind::Table(SERVER), Defaulted, "Where the service listens and who may speak to it."),
    key("data", Kind::Table(DATA), Defaulted, "Where the service keeps what it knows."),
    key("log", Kind::Table(LOG), Defaulted, "What is logged, and how."),
    key("identity", Kind::Table(IDENTITY), Defaulted, "What is known about items beside what accounts say."),
    key("provider", Kind::Entries(PROVIDER), Optional, "Accounts: one entry per user of a server or tracker."),
    key("pair", Kind::Entries(PAIR), Optional, "Pairs of accounts that are kept in step."),
    key("route", Kind::Entries(ROUTE), Optional, "Live scrobbling: from a media server to other accounts."),
    key("snapshot", Kind::Entries(SNAPSHOT), Optional, "Copies of an account's state, taken on a schedule."),
    key("notify", Kind::Entries(NOTIFY), Optional, "Where people are told that something needs them."),
];

const fn key(name: &'static str, kind: Kind, presence: Presence, doc: &'static str) -> Key {
    Key { name, kind, presence, doc }
}

const ANY: Kind = Kind::Text(Form::Any);
const NAME: Kind = Kind::Text(Form::Name);
const URL: Kind = Kind::Text(Form::Url);
const SCHEDULE: Kind = Kind::Text(Form::Schedule);
const SECRET: Kind = Kind::Secret(WhenUnset::Refuse);
const PERCENT: Kind = Kind::Integer { least: 0, most: 100 };
const NAMES: Kind = Kind::Texts { form: Form::Name, may_be_empty: false };

const SERVER: &[Key] = &[
    key("listen", Kind::Text(Form::Listen), Defaulted, "Address and port. The container image sets 0.0.0.0:8787."),
    key(
        "base_path",
        Kind::Text(Form::BasePath),
        Defaulted,
        "Path prefix behind a reverse proxy, as in \"/crosswatch\".",
    ),
    key(
        "public_url",
        URL,
        Optional,
        "Where people reach it, path included, for links in notices. Absent: where it listens.",
    ),
    key(
        "api_key",
        Kind::Secret(WhenUnset::Absent),
        Defaulted,
        "Key of the HTTP API. Absent or unset: one is made on first start and kept in <data.dir>/api_key.",
    ),
    key(
        "trusted_proxies",
        Kind::Texts { form: Form::Network, may_be_empty: true },
        Defaulted,
        "Addresses or CIDRs whose X-Forwarded-* and Remote-User headers are believed.",
    ),
    key("metrics_public", Kind::Boolean, Defaulted, "Whether /metrics answers without the API key."),
];

const DATA: &[Key] =
    &[key("dir", ANY, Defaulted, "Folder of the database, the backups, the API key and the secret key.")];

const IDENTITY: &[Key] = &[
    key(
        "verdicts",
        ANY,
        Optional,
        "File with your word on ids: same = [[\"imdb:tt1\", \"tmdb_movie:2\"]], different = [...], ignore = [\"tmdb_movie:3\"].",
    ),
    key(
        "overrides",
        ANY,
        Optional,
        "File with your own episode numbers, in the JSON form of anibridge-mappings. It wins over every table.",
    ),
    key(
        "anime_edits",
        Kind::Texts { form: Form::Any, may_be_empty: true },
        Defaulted,
        "Files or addresses of curated episode numbers, in the JSON form of anibridge-mappings.",
    ),
    key(
        "anime_lists",
        Kind::Texts { form: Form::Any, may_be_empty: true },
        Defaulted,
        "Files or addresses of lists in the XML form of the anime-lists project. None comes with the program.",
    ),
];

const LOG: &[Key] = &[
    key("level", Kind::Word(LogLevel::WORDS), Defaulted, "The least important messages that are logged."),
    key("format", Kind::Word(LogFormat::WORDS), Defaulted, "Lines for people, or one JSON object per line."),
];

const PROVIDER: &[Key] = &[
    key("id", NAME, Required, "Unique name of the account: a-z, 0-9 and '-', at most 32 characters."),
    key("kind", Kind::Word(ProviderKind::WORDS), Required, "Which service it is; \"tracker\" is the built-in one."),
    key(
        "url",
        URL,
        Optional,
        "Address of the server. Required for plex, jellyfin and emby; trackers have a public one.",
    ),
    key("auth_url", URL, Optional, "trakt: address of the sign-in service. Absent: the public one."),
    key("plextv_url", URL, Optional, "plex: address of the account service. Absent: the public one."),
    key("discover_url", URL, Optional, "plex: address of the watchlist service. Absent: the public one."),
    key("metadata_url", URL, Optional, "plex: address of the metadata service. Absent: the public one."),
    key("verify_tls", Kind::Boolean, Defaulted, "Whether certificates are checked."),
    key(
        "user",
        ANY,
        Optional,
        "Whose state this is. Required for jellyfin and emby; plex without it is the token's owner.",
    ),
    key("token", SECRET, Optional, "plex: token. jellyfin, emby: API key or access token. mdblist: API key."),
    key("password", SECRET, Optional, "jellyfin, emby: password of the user, instead of a token."),
    key("client_id", SECRET, Optional, "trakt, simkl: id of your API app. mdblist: the same, to sign in with a code."),
    key("client_secret", SECRET, Optional, "trakt, simkl: secret of your API app; apps that use PKCE alone have none."),
    key("access_token", SECRET, Optional, "trakt, simkl: token to begin with. Later ones are kept by the service."),
    key(
        "refresh_token",
        SECRET,
        Optional,
        "trakt, simkl: refresh token to begin with. Later ones are kept by the service.",
    ),
    key(
        "webhook_token",
        SECRET,
        Optional,
        "plex, jellyfin, emby: one more token that its webhooks may carry, as in the addresses of an earlier set-up.",
    ),
    key(
        "libraries",
        Kind::Filter,
        Optional,
        "Libraries that count, by name: { only = [...] } or { except = [...] }. Absent: all.",
    ),
    key(
        "watchlist",
        Kind::Shelf,
        Optional,
        "jellyfin, emby: what serves as the watchlist: \"favorites\", { playlist = \"...\" } or { collection = \"...\" }. Absent: favourites.",
    ),
];

const PAIR: &[Key] = &[
    key("id", NAME, Required, "Unique name of the pair: a-z, 0-9 and '-', at most 32 characters."),
    key("source", NAME, Required, "Id of the account that is read from."),
    key("target", NAME, Required, "Id of the account that is written to."),
    key("mode", Kind::Word(Mode::WORDS), Defaulted, "Whether changes travel in one direction or both."),
    key("enabled", Kind::Boolean, Defaulted, "A pair that is not enabled never runs."),
    key("shadow", Kind::Boolean, Defaulted, "Reads, plans and reports, but writes nothing."),
    key(
        "schedule",
        SCHEDULE,
        Defaulted,
        "When it runs: \"every 6h\", \"hourly\", \"daily 03:30\", five cron fields, or \"manual\".",
    ),
    key(
        "after_play",
        Kind::Boolean,
        Defaulted,
        "Also runs a minute after live scrobbling saw something watched to its end at the source.",
    ),
    key("history", Kind::Switched(HISTORY), Optional, "Plays of movies and episodes. On when the table is there."),
    key("watchlist", Kind::Switched(WATCHLIST), Optional, "What somebody wants to watch. On when the table is there."),
    key("ratings", Kind::Switched(RATINGS), Optional, "Ratings. On when the table is there."),
    key("progress", Kind::Switched(PROGRESS), Optional, "Resume points. On when the table is there."),
    key("policy", Kind::Table(POLICY), Defaulted, "How conflicts, removals and surprises are dealt with."),
];

const ENABLED: Key = key("enabled", Kind::Boolean, Defaulted, "false switches the feature off and keeps its settings.");
const ADD: Key = key("add", Kind::Boolean, Defaulted, "Whether what the target lacks is added.");
const REMOVE: Key = key(
    "remove",
    Kind::Word(RemoveMode::WORDS),
    Defaulted,
    "Removals: none, those seen to happen at the source, or everything the source does not have.",
);
const ONLY_NEW: Key = key(
    "only_new",
    Kind::Boolean,
    Defaulted,
    "Writes only what happened after the pair first agreed. What has no date counts as older.",
);
const FEATURE_SCHEDULE: Key = key("schedule", SCHEDULE, Optional, "A schedule of its own. Absent: the pair's.");

const HISTORY: &[Key] = &[
    ENABLED,
    ADD,
    REMOVE,
    ONLY_NEW,
    FEATURE_SCHEDULE,
    key("rewatches", Kind::Boolean, Defaulted, "Whether every play counts, or only whether it was watched."),
    key("owner", Kind::Word(Owner::WORDS), Defaulted, "Who records new plays when a route feeds the same account."),
    key("allow_undated", Kind::Boolean, Defaulted, "Write plays to a target that cannot keep their date."),
];
const WATCHLIST: &[Key] = &[ENABLED, ADD, REMOVE, ONLY_NEW, FEATURE_SCHEDULE];
const RATINGS: &[Key] = &[ENABLED, ADD, REMOVE, ONLY_NEW, FEATURE_SCHEDULE];
const PROGRESS: &[Key] = &[
    ENABLED,
    ADD,
    REMOVE,
    ONLY_NEW,
    FEATURE_SCHEDULE,
    key("min_percent", PERCENT, Defaulted, "Resume points before this part of the runtime are left out."),
    key("max_percent", PERCENT, Defaulted, "Resume points after this part of the runtime are left out."),
];

const POLICY: &[Key] = &[
    key("conflict", Kind::Word(Conflict::WORDS), Defaulted, "Who wins when both sides changed the same thing."),
    key(
        "remove_after_reads",
        Kind::Integer { least: 1, most: 100 },
        Defaulted,
        "An absence counts after that many complete reads in a row.",
    ),
    key("new_item_grace", Kind::Text(Form::Span), Defaulted, "How long a just-added item is left alone."),
    key("max_removes", Kind::Table(LIMIT), Defaulted, "More removals than both limits are held for approval."),
    key("max_shrink", Kind::Table(LIMIT), Defaulted, "A read that lost more than both limits is suspect."),
    key("canary", Kind::Boolean, Defaulted, "First writes go out as 1, 10, then the rest, each read back."),
    key(
        "acknowledge",
        Kind::Words { known: Acknowledgement::WORDS, may_be_empty: true },
        Defaulted,
        "Risks that were read and accepted.",
    ),
    key(
        "block",
        Kind::Texts { form: Form::Item, may_be_empty: true },
        Defaulted,
        "Items that the pair never writes: [\"imdb:tt0133093\", \"tmdb_show:1399\", \"tvdb_show:81189/1/3\"].",
    ),
];

const LIMIT: &[Key] = &[
    key("percent", PERCENT, Defaulted, "Part of what was there before."),
    key("at_least", Kind::Integer { least: 0, most: 1_000_000 }, Defaulted, "Number of items."),
];

const ROUTE: &[Key] = &[
    key("id", NAME, Required, "Unique name of the route: a-z, 0-9 and '-', at most 32 characters."),
    key("source", NAME, Required, "Id of the media server that is listened to."),
    key("enabled", Kind::Boolean, Defaulted, "A route that is not enabled delivers nothing."),
    key(
        "users",
        Kind::Filter,
        Optional,
        "Users of the server whose plays count: { only = [...] } or { except = [...] }. Absent: the account's own user.",
    ),
    key(
        "via",
        Kind::Words { known: Via::WORDS, may_be_empty: false },
        Defaulted,
        "How playback is noticed: the server calls us, we watch the server, or both.",
    ),
    key("targets", NAMES, Required, "Ids of the accounts that are told."),
    key(
        "watched_at_percent",
        Kind::Integer { least: 1, most: 100 },
        Defaulted,
        "A play that got this far counts as watched.",
    ),
    key(
        "remove_from_watchlist",
        Kind::Word(RemoveFromWatchlist::WORDS),
        Defaulted,
        "What leaves the watchlist once it was watched.",
    ),
];

const SNAPSHOT: &[Key] = &[
    key("provider", NAME, Required, "Id of the account."),
    key("features", Kind::Words { known: FEATURE_WORDS, may_be_empty: false }, Defaulted, "What is copied."),
    key("schedule", SCHEDULE, Defaulted, "When it is taken."),
    key("keep", Kind::Table(KEEP), Defaulted, "How many are kept."),
];

const KEPT: Kind = Kind::Integer { least: 0, most: 1_000 };
const KEEP: &[Key] = &[
    key("daily", KEPT, Defaulted, "The last of each of that many days."),
    key("weekly", KEPT, Defaulted, "The last of each of that many weeks."),
    key("monthly", KEPT, Defaulted, "The last of each of that many months."),
];

const NOTIFY: &[Key] = &[
    key("kind", Kind::Word(NotifyKind::WORDS), Required, "Which service carries the message."),
    key("url", SECRET, Required, "Address of the topic or webhook. It often holds a token, so it counts as a secret."),
    key("token", SECRET, Optional, "ntfy, gotify: token of the topic or app. Absent: none is sent."),
    key(
        "events",
        Kind::Words { known: NotifyEvent::WORDS, may_be_empty: false },
        Defaulted,
        "What is worth a message; \"silent\" means plays were seen and none was delivered.",
    ),
];

#[cfg(test)]
mod tests {
    use crosswatch_model::Feature;

    use super::*;

    #[test]
    fn the_feature_words_are_those_of_the_model() {
        let words: Vec<&str> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
        assert_eq!(words, FEATURE_WORDS);
    }
}
