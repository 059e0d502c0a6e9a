//! How MDBList is told what is meant.
//!
//! Plays of episodes go by the episode's own number at TMDB or TheTVDB where one is known, which avoids differences in how
//! seasons are numbered; ratings know only the way through the show.

use crosswatch_model::{Feature, IdSet, Item, Kind, Namespace};

use crate::nested::{Address, SentIds};

/// How to name an item; `None` when it carries nothing to name it by.
pub(super) fn address(feature: Feature, item: &Item) -> Option<Address> {
    let own = sent_ids(&item.ids, item.kind).map(|ids| Address::Own(item.kind, ids));
    let show = item.show.as_deref().and_then(|show| sent_ids(&show.ids, Kind::Show));
    let nested = match (item.kind, show, item.season, item.number) {
        (Kind::Episode, Some(show), Some(season), Some(number)) => Some(Address::Episode(show, season, number)),
        (Kind::Season, Some(show), Some(season), _) => Some(Address::Season(show, season)),
        _ => None,
    };
    if feature == Feature::History { own.or(nested) } else { nested.or(own) }
}

/// The ids that MDBList looks a kind up by.
pub(super) fn sent_ids(ids: &IdSet, kind: Kind) -> Option<SentIds> {
    let known: &[Namespace] = match kind {
        Kind::Movie | Kind::Show => &[Namespace::Imdb, Namespace::Tmdb, Namespace::Tvdb],
        Kind::Season | Kind::Episode => &[Namespace::Tmdb, Namespace::Tvdb],
    };
    SentIds::among(ids, known)
}

#[cfg(test)]
pub(super) mod tests {
    use crosswatch_model::{Id, Show};
    use serde_json::{Value, json};

    use super::*;
    use crate::nested::{body, flat_body};

    fn ids(kind: Kind, list: &[(Namespace, &str)]) -> IdSet {
        list.iter().map(|(namespace, text)| Id::parse(*namespace, kind, text).unwrap()).collect()
    }

    pub(in crate::mdblist) fn movie(list: &[(Namespace, &str)]) -> Item {
        Item::titled(Kind::Movie, "A", None, ids(Kind::Movie, list))
    }

    pub(in crate::mdblist) fn episode(
        show: &[(Namespace, &str)],
        season: u16,
        number: u16,
        own: &[(Namespace, &str)],
    ) -> Item {
        let show = Show { ids: ids(Kind::Show, show), ..Show::default() };
        Item::episode(show, season, number, "E", ids(Kind::Episode, own))
    }

    fn check(feature: Feature, items: &[Item], expected: &Value) {
        let addresses: Vec<Address> = items.iter().map(|item| address(feature, item).unwrap()).collect();
        let members = |number: usize| json!({ "watched_at": number }).as_object().cloned().unwrap();
        let entries: Vec<_> = addresses.iter().zip(1..).map(|(address, number)| (address, members(number))).collect();
        assert_eq!(body(&entries), *expected);
    }

    const SHOW: [(Namespace, &str); 1] = [(Namespace::Tvdb, "81189")];

    #[test]
    fn plays_of_episodes_go_by_their_own_numbers_where_known() {
        let items = [
            movie(&[(Namespace::Imdb, "tt0133093"), (Namespace::Tmdb, "603"), (Namespace::Trakt, "481")]),
            episode(&SHOW, 1, 1, &[(Namespace::Tmdb, "62085"), (Namespace::Imdb, "tt0959621")]),
            episode(&SHOW, 1, 2, &[(Namespace::Imdb, "tt1054724")]),
            episode(&SHOW, 0, 3, &[]),
        ];
        check(
            Feature::History,
            &items,
            &json!({
                "movies": [{ "ids": { "imdb": "tt0133093", "tmdb": 603 }, "watched_at": 1 }],
                "episodes": [{ "ids": { "tmdb": 62085 }, "watched_at": 2 }],
                "shows": [{ "ids": { "tvdb": 81189 }, "seasons": [
                    { "number": 0, "episodes": [{ "number": 3, "watched_at": 4 }] },
                    { "number": 1, "episodes": [{ "number": 2, "watched_at": 3 }] },
                ]}],
            }),
        );
    }

    #[test]
    fn ratings_of_seasons_and_episodes_go_through_their_show() {
        let mut season = episode(&SHOW, 1, 1, &[]);
        (season.kind, season.number) = (Kind::Season, None);
        let items = [season, episode(&SHOW, 1, 1, &[(Namespace::Tmdb, "62085")])];
        check(
            Feature::Ratings,
            &items,
            &json!({ "shows": [{ "ids": { "tvdb": 81189 }, "seasons": [
                { "number": 1, "watched_at": 1 },
                { "number": 1, "episodes": [{ "number": 1, "watched_at": 2 }] },
            ]}]}),
        );
    }

    #[test]
    fn watchlist_entries_are_ids_alone() {
        let named = address(Feature::Watchlist, &movie(&[(Namespace::Tmdb, "603")])).unwrap();
        assert_eq!(flat_body(&[&named]), json!({ "movies": [{ "tmdb": 603 }] }));
        assert_eq!(address(Feature::Watchlist, &movie(&[(Namespace::Trakt, "481")])), None);
        assert_eq!(address(Feature::History, &episode(&[], 1, 1, &[(Namespace::Imdb, "tt0959621")])), None);
    }
}
