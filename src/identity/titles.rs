//! Matches by title, for what carries no id. Never part of [`crate::join`]: the caller asks for them, and only adds may
//! rest on the better ones.
//!
//! Of 9 742 well-known films 10 share title and year with another and 606 share the title alone, so a year that is missing
//! or one off is a question, never a match.

use std::collections::BTreeMap;

use crosswatch_model::{Id, Kind, Namespace};
use unicode_normalization::UnicodeNormalization;

use crate::{
    catalog::{Catalog, ItemIx},
    confidence::{Confidence, Likeness, MAX_YEARS_APART, Titles},
    join::{Join, Placement},
};

/// Titles that more items have are no evidence at all.
const MAX_NAMESAKES: usize = 16;

/// Two items of one title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TitleMatch {
    /// The one side's item.
    pub one: ItemIx,
    /// The other side's.
    pub other: ItemIx,
    /// [`Confidence::C5`] or [`Confidence::C6`].
    pub confidence: Confidence,
}

/// Movies and shows of both sides that have one title, where at least one of the two has no usable id.
pub fn title_matches(catalog: &Catalog, join: &Join, side: &[ItemIx], other_side: &[ItemIx]) -> Vec<TitleMatch> {
    let mut named: BTreeMap<(Kind, String), [Vec<ItemIx>; 2]> = BTreeMap::new();
    for (at, item) in side.iter().map(|item| (0, item)).chain(other_side.iter().map(|item| (1, item))) {
        let title = normal_title(catalog.title(*item));
        if matches!(catalog.kind(*item), Kind::Movie | Kind::Show) && !title.is_empty() {
            let sides = named.entry((catalog.kind(*item), title)).or_default();
            if let Some(items) = sides.get_mut(at).filter(|items| !items.contains(item)) {
                items.push(*item);
            }
        }
    }
    let mut matches = Vec::new();
    for [ones, others] in named.values().filter(|[ones, others]| ones.len().max(others.len()) <= MAX_NAMESAKES) {
        for one in ones {
            for other in others.iter().filter(|other| *other != one) {
                let titles = compare(catalog, join, (*one, ones), (*other, others));
                let confidence = Likeness { titles, ..Likeness::default() }.level();
                if confidence != Confidence::X {
                    matches.push(TitleMatch { one: *one, other: *other, confidence });
                }
            }
        }
    }
    matches
}

/// Whether two items look like one whose number stands under the wrong name: equal kind and title, no common id, and the
/// number that the one has at TMDB is the number that the other has at TheTVDB. Never more than a hint for a question.
pub fn look_mislabelled(catalog: &Catalog, one: ItemIx, other: ItemIx) -> bool {
    let (ids, others) = (catalog.ids(one), catalog.ids(other));
    let are_swapped = |id: &Id, other: &Id| {
        id.number() == other.number()
            && matches!(
                (id.namespace(), other.namespace()),
                (Namespace::Tmdb, Namespace::Tvdb) | (Namespace::Tvdb, Namespace::Tmdb)
            )
    };
    catalog.kind(one) == catalog.kind(other)
        && normal_title(catalog.title(one)) == normal_title(catalog.title(other))
        && !ids.iter().any(|id| others.contains(id))
        && ids.iter().any(|id| others.iter().any(|other| are_swapped(id, other)))
}

/// Whether two items may be one title under different ids: equal kind, title and year, and no namespace in which both have
/// an id. Evidence only together with the word of an account that it has the one while it shows the other.
pub fn may_be_aliases(catalog: &Catalog, one: ItemIx, other: ItemIx) -> bool {
    let (ids, others) = (catalog.ids(one), catalog.ids(other));
    let meet = |id: &Id| others.iter().any(|other| other.namespace() == id.namespace());
    let title = normal_title(catalog.title(one));
    catalog.kind(one) == catalog.kind(other)
        && !title.is_empty()
        && title == normal_title(catalog.title(other))
        && catalog.year(one).is_some()
        && catalog.year(one) == catalog.year(other)
        && !ids.iter().any(meet)
}

/// An item, and all items of its side that have the same title.
type Named<'a> = (ItemIx, &'a [ItemIx]);

fn compare(catalog: &Catalog, join: &Join, (one, ones): Named<'_>, (other, others): Named<'_>) -> Titles {
    let is_nameless = |item| join.placement(item) == Placement::NoIdentity;
    if !is_nameless(one) && !is_nameless(other) {
        return Titles::Unrelated;
    }
    let same_year = |items: &[ItemIx], year| items.iter().filter(|item| catalog.year(**item) == Some(year)).count();
    match (catalog.year(one), catalog.year(other)) {
        (Some(year), Some(other)) if year.abs_diff(other) > MAX_YEARS_APART => Titles::Unrelated,
        (Some(year), Some(other)) if year == other => {
            let are_unique = same_year(ones, year) == 1 && same_year(others, year) == 1;
            if are_unique { Titles::EqualAndUnique } else { Titles::Alike }
        }
        _ => Titles::Alike,
    }
}

/// Letters and digits in lower case, without accents, words apart by one space: `Amélie & Co.` is `amelie and co`.
pub(crate) fn normal_title(title: &str) -> String {
    let mut normal = String::with_capacity(title.len());
    for character in title.nfkd().flat_map(char::to_lowercase) {
        if character == '&' {
            normal.push_str(" and ");
        } else if character.is_alphanumeric() {
            normal.push(character);
        } else if !unicode_normalization::char::is_combining_mark(character) && character != '\'' && character != '’'
        {
            normal.push(' ');
        }
    }
    normal.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{Item, Kind};

    use super::*;

    #[test]
    fn aliases_agree_in_all_but_their_namespaces() {
        let film = |title: &str, year: Option<u16>, ids: &[(Namespace, &str)]| {
            let ids = ids.iter().map(|(namespace, text)| Id::parse(*namespace, Kind::Movie, text).unwrap());
            Item::titled(Kind::Movie, title, year, ids.collect())
        };
        let one = film("Amélie", Some(2001), &[(Namespace::Tmdb, "194")]);
        let check = |other: &Item, expected: bool| {
            let mut catalog = Catalog::new();
            let (one, other) = (catalog.push(&one).unwrap(), catalog.push(other).unwrap());
            assert_eq!(may_be_aliases(&catalog, one, other), expected);
            assert_eq!(may_be_aliases(&catalog, other, one), expected);
        };
        let imdb = [(Namespace::Imdb, "tt0211915")];
        check(&film("Amelie", Some(2001), &imdb), true);
        check(&film("Amelie", Some(2002), &imdb), false);
        check(&film("Amelie", None, &imdb), false);
        check(&film("Emily", Some(2001), &imdb), false);
        check(&film("Amelie", Some(2001), &[(Namespace::Tmdb, "195")]), false);
    }

    #[test]
    fn titles_are_compared_by_their_letters() {
        for (title, normal) in [
            ("Amélie & Co.", "amelie and co"),
            ("  Ocean’s   Eleven", "oceans eleven"),
            ("Spider-Man: Far From Home", "spider man far from home"),
            ("機動戦士ガンダム", "機動戦士カンタム"),
            ("!!!", ""),
        ] {
            assert_eq!(normal_title(title), normal);
        }
    }
}
