//! The query language of listings: what is narrowed, in which order, and which page.
//!
//! `viewCount>>=0` is the field `viewCount`, the operator `>>=` and the value 0. A field may name its scope, as in
//! `episode.viewCount`. Fields that are not known are ignored without a word, and so are orders.

use jiff::Timestamp;

use super::{
    item::{PlexItem, PlexKind},
    viewing::Viewing,
};
use crate::request::Request;

/// An item with the row of the account that asks.
pub(crate) struct Shown<'a> {
    pub(crate) item: &'a PlexItem,
    pub(crate) row: Viewing,
}

/// Which rows of a list are answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) start: usize,
    pub(crate) size: Option<usize>,
}

impl Window {
    /// Read from headers or from the query.
    pub(crate) fn of(request: &Request) -> Self {
        let number = |name: &str| {
            let text = request.header(name).or_else(|| request.query.get(name));
            text.and_then(|text| text.parse::<usize>().ok())
        };
        Self { start: number("X-Plex-Container-Start").unwrap_or(0), size: number("X-Plex-Container-Size") }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Above,
    Below,
    AtLeast,
    AtMost,
}

struct Condition {
    field: String,
    operator: Operator,
    value: String,
}

/// What a listing is narrowed to.
pub(crate) struct Filter {
    kind: Option<PlexKind>,
    /// All of these must fit, and a group fits where one of its members does.
    groups: Vec<Vec<Condition>>,
}

impl Filter {
    /// Conditions stand beside each other; `push=1&a=1&or=1&b=2&pop=1` is a group of which one is enough. Groups in groups
    /// are not understood.
    pub(crate) fn of(request: &Request) -> Self {
        let mut kind = None;
        let mut groups: Vec<Vec<Condition>> = Vec::new();
        let mut continues_group = false;
        for (key, value) in request.query.pairs() {
            match key {
                "type" => kind = kind_of(value),
                "push" | "pop" => continues_group = false,
                "or" => continues_group = true,
                _ => {
                    let (name, operator) = operator_of(key);
                    let field = name.rsplit('.').next().unwrap_or(name).to_owned();
                    let condition = Condition { field, operator, value: value.to_owned() };
                    match groups.last_mut().filter(|_| continues_group) {
                        Some(group) => group.push(condition),
                        None => groups.push(vec![condition]),
                    }
                    continues_group = false;
                }
            }
        }
        Self { kind, groups }
    }

    /// The kind that was asked for.
    pub(crate) const fn kind(&self) -> Option<PlexKind> {
        self.kind
    }

    pub(crate) fn fits(&self, shown: &Shown<'_>) -> bool {
        self.groups.iter().all(|group| group.iter().any(|condition| condition.fits(shown)))
    }
}

impl Condition {
    fn fits(&self, shown: &Shown<'_>) -> bool {
        let is_on = self.value == "1";
        match self.field.as_str() {
            "unwatched" => (shown.row.view_count == 0) == is_on,
            "inProgress" => (shown.row.view_offset_ms > 0) == is_on,
            "guid" => shown.item.guid == self.value,
            field => {
                let Ok(wanted) = self.value.parse::<f64>() else { return true };
                let has = match number(shown, field) {
                    Value::NotAField => return true,
                    Value::Missing => return false,
                    Value::Number(has) => has,
                };
                match self.operator {
                    Operator::Is => has.total_cmp(&wanted).is_eq(),
                    Operator::IsNot => has.total_cmp(&wanted).is_ne(),
                    Operator::Above => has > wanted,
                    Operator::Below => has < wanted,
                    Operator::AtLeast => has >= wanted,
                    Operator::AtMost => has <= wanted,
                }
            }
        }
    }
}

/// The operator at the end of a key, whose `=` went with the value.
pub(crate) fn operator_of_key(key: &str) -> (&str, bool) {
    let (name, operator) = operator_of(key);
    (name, matches!(operator, Operator::Above | Operator::AtLeast))
}

fn operator_of(key: &str) -> (&str, Operator) {
    const ENDS: [(&str, Operator); 5] = [
        (">>", Operator::Above),
        ("<<", Operator::Below),
        ("!", Operator::IsNot),
        (">", Operator::AtLeast),
        ("<", Operator::AtMost),
    ];
    let found = ENDS.iter().find_map(|(end, operator)| Some((key.strip_suffix(end)?, *operator)));
    found.unwrap_or((key, Operator::Is))
}

fn kind_of(number: &str) -> Option<PlexKind> {
    let kinds = [PlexKind::Movie, PlexKind::Show, PlexKind::Season, PlexKind::Episode];
    kinds.into_iter().find(|kind| kind.number().to_string() == number)
}

/// What a field holds.
enum Value {
    NotAField,
    Missing,
    Number(f64),
}

fn number(shown: &Shown<'_>, field: &str) -> Value {
    let row = &shown.row;
    let second = |at: Option<Timestamp>| at.and_then(|at| u32::try_from(at.as_second()).ok()).map(f64::from);
    let value = match field {
        "viewCount" => Some(f64::from(row.view_count)).filter(|count| *count > 0.0),
        "lastViewedAt" => second(row.last_viewed_at),
        "lastRatedAt" => second(row.last_rated_at),
        "userRating" => row.user_rating,
        "viewOffset" => u32::try_from(row.view_offset_ms).ok().filter(|offset| *offset > 0).map(f64::from),
        "addedAt" => second(Some(shown.item.added_at)),
        "updatedAt" => second(Some(shown.item.updated_at)),
        "year" => shown.item.year.map(f64::from),
        "index" => shown.item.index.map(f64::from),
        _ => return Value::NotAField,
    };
    value.map_or(Value::Missing, Value::Number)
}

/// Sorts by `sort=field[:desc][,…]`; by title where nothing usable is asked for. What lacks the field is the smallest.
pub(crate) fn sort(list: &mut Vec<Shown<'_>>, text: Option<&str>) {
    let orders: Vec<(&str, f64)> = text
        .unwrap_or_default()
        .split(',')
        .map(|part| part.split_once(':').unwrap_or((part, "asc")))
        .map(|(field, way)| {
            (field.rsplit('.').next().unwrap_or(field), if way.starts_with("desc") { -1.0 } else { 1.0 })
        })
        .collect();
    let place = |shown: &Shown<'_>, field: &str| match number(shown, field) {
        Value::Number(number) => number,
        Value::Missing => f64::NEG_INFINITY,
        Value::NotAField => 0.0,
    };
    let mut keyed: Vec<(Vec<f64>, Shown<'_>)> = std::mem::take(list)
        .into_iter()
        .map(|shown| (orders.iter().map(|(field, sign)| sign * place(&shown, field)).collect(), shown))
        .collect();
    keyed.sort_by(|(one_key, one), (other_key, other)| {
        let by_key = one_key.iter().zip(other_key).map(|(one, other)| one.total_cmp(other)).find(|order| order.is_ne());
        by_key.unwrap_or_else(|| {
            let by_title = one.item.title.cmp(&other.item.title);
            by_title.then(one.item.rating_key.cmp(&other.item.rating_key))
        })
    });
    list.extend(keyed.into_iter().map(|(_, shown)| shown));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_stand_at_the_end_of_the_key() {
        for (key, name, operator) in [
            ("viewCount>>", "viewCount", Operator::Above),
            ("viewedAt>", "viewedAt", Operator::AtLeast),
            ("year!", "year", Operator::IsNot),
            ("episode.addedAt<<", "episode.addedAt", Operator::Below),
            ("unwatched", "unwatched", Operator::Is),
        ] {
            assert_eq!(operator_of(key), (name, operator), "{key}");
        }
    }
}
