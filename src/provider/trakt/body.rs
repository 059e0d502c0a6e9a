//! How Trakt is told what is meant.
//!
//! An entry is named by the Trakt number where one is known, else by everything else that is known, because one wrong id
//! among many can win.

use crosswatch_model::{IdSet, Item, Kind, Namespace};

use crate::nested::{Address, SentIds};

/// How to name an item; `None` when it carries nothing to name it by.
///
/// Episodes without a Trakt number go by their show's ids with season and number, which is what most services agree on.
pub(super) fn address(item: &Item) -> Option<Address> {
    let own = sent_ids(&item.ids, item.kind);
    let is_certain = item.ids.get(Namespace::Trakt).is_some();
    let show = item.show.as_deref().and_then(|show| sent_ids(&show.ids, Kind::Show));
    match (item.kind, show, item.season, item.number) {
        (Kind::Episode, Some(show), Some(season), Some(number)) if !is_certain => {
            Some(Address::Episode(show, season, number))
        }
        (Kind::Season, Some(show), Some(season), _) if !is_certain => Some(Address::Season(show, season)),
        _ => own.map(|ids| Address::Own(item.kind, ids)),
    }
}

/// The ids that Trakt looks a kind up by.
pub(super) fn sent_ids(ids: &IdSet, kind: Kind) -> Option<SentIds> {
    let trusted: &[Namespace] = match (ids.get(Namespace::Trakt), kind) {
        (Some(_), _) => &[Namespace::Trakt],
        (None, Kind::Movie) => &[Namespace::Imdb, Namespace::Tmdb],
        (None, Kind::Season) => &[Namespace::Tmdb, Namespace::Tvdb],
        (None, Kind::Show | Kind::Episode) => &[Namespace::Imdb, Namespace::Tmdb, Namespace::Tvdb],
    };
    SentIds::among(ids, trusted)
}

#[cfg(test)]
pub(super) mod tests {
    use crosswatch_model::{Id, Show};
    use serde_json::{Value, json};

    use super::*;
    use crate::nested::{Members, body};

    pub(in crate::trakt) fn ids(kind: Kind, list: &[(Namespace, &str)]) -> IdSet {
        list.iter().map(|(namespace, text)| Id::parse(*namespace, kind, text).unwrap()).collect()
    }

    pub(in crate::trakt) fn movie(list: &[(Namespace, &str)]) -> Item {
        Item::titled(Kind::Movie, "A", None, ids(Kind::Movie, list))
    }

    pub(in crate::trakt) fn episode(
        show: &[(Namespace, &str)],
        season: u16,
        number: u16,
        own: &[(Namespace, &str)],
    ) -> Item {
        let show = Show { ids: ids(Kind::Show, show), ..Show::default() };
        Item::episode(show, season, number, "E", ids(Kind::Episode, own))
    }

    fn entry(item: &Item, watched_at: &str) -> (Address, Members) {
        let members = json!({ "watched_at": watched_at });
        (address(item).unwrap(), members.as_object().cloned().unwrap())
    }

    fn body_of(entries: &[(Address, Members)]) -> Value {
        body(&entries.iter().map(|(address, members)| (address, members.clone())).collect::<Vec<_>>())
    }

    #[test]
    fn a_trakt_number_is_sent_alone_and_movies_never_have_tvdb_numbers() {
        let all = [(Namespace::Imdb, "tt0133093"), (Namespace::Tmdb, "603"), (Namespace::Tvdb, "169")];
        let sent = |list: &[(Namespace, &str)]| body_of(&[entry(&movie(list), "unknown")])["movies"][0]["ids"].clone();
        assert_eq!(sent(&all), json!({ "imdb": "tt0133093", "tmdb": 603 }));
        assert_eq!(sent(&[&all[..], &[(Namespace::Trakt, "481")]].concat()), json!({ "trakt": 481 }));
        assert_eq!(address(&movie(&[(Namespace::Tvdb, "169")])), None);
        assert_eq!(address(&movie(&[])), None);
    }

    #[test]
    fn episodes_are_nested_below_their_show() {
        let show = [(Namespace::Tvdb, "81189")];
        let entries = [
            entry(&episode(&show, 1, 1, &[(Namespace::Tvdb, "349232")]), "a"),
            entry(&episode(&show, 1, 2, &[]), "b"),
            entry(&episode(&show, 0, 3, &[]), "c"),
            entry(&episode(&show, 2, 1, &[(Namespace::Trakt, "62118")]), "d"),
            entry(&episode(&[], 2, 2, &[(Namespace::Tvdb, "7")]), "e"),
        ];
        let expected = json!({
            "episodes": [
                { "ids": { "trakt": 62118 }, "watched_at": "d" },
                { "ids": { "tvdb": 7 }, "watched_at": "e" },
            ],
            "shows": [{ "ids": { "tvdb": 81189 }, "seasons": [
                { "number": 0, "episodes": [{ "number": 3, "watched_at": "c" }] },
                { "number": 1, "episodes": [{ "number": 1, "watched_at": "a" }, { "number": 2, "watched_at": "b" }] },
            ]}],
        });
        assert_eq!(body_of(&entries), expected);
    }

    #[test]
    fn a_season_itself_and_its_episodes_are_two_entries() {
        let show = [(Namespace::Tmdb, "1396")];
        let mut season = episode(&show, 4, 1, &[]);
        (season.kind, season.number) = (Kind::Season, None);
        let entries = [entry(&season, "s"), entry(&episode(&show, 4, 1, &[]), "e")];
        let expected = json!([
            { "number": 4, "watched_at": "s" },
            { "number": 4, "episodes": [{ "number": 1, "watched_at": "e" }] },
        ]);
        assert_eq!(body_of(&entries)["shows"][0]["seasons"], expected);
    }
}
