//! Collects the external ids of one item from the fields a service has for them.

use crosswatch_model::{Id, IdRejection, IdSet, Item, Kind, Namespace};

use crate::loose::Scalar;

/// Ids of one item, and how many fields held something that is no id.
#[derive(Debug, Default)]
pub(crate) struct IdCollector {
    ids: IdSet,
    rejected: u64,
}

impl IdCollector {
    /// Takes a field that is declared to hold ids of `namespace` for items of `kind`. Empty fields are nothing unusual.
    pub(crate) fn take(&mut self, namespace: Namespace, kind: Kind, field: &Scalar) {
        if *field == Scalar::Nothing {
            return;
        }
        let parsed = match field.written() {
            Some(text) => Id::parse(namespace, kind, &text),
            None if matches!(field, Scalar::Text(_)) => Err(IdRejection::Empty),
            None => Err(IdRejection::Malformed),
        };
        match parsed {
            Ok(id) => self.ids.insert(id),
            Err(IdRejection::Empty) => {}
            Err(_) => self.rejected += 1,
        }
    }

    /// The ids, and the number of fields that were refused.
    pub(crate) fn finish(self) -> (IdSet, u64) {
        (self.ids, self.rejected)
    }
}

/// Whether two sets name different things in some namespace and nothing in common there.
pub(crate) fn contradict(one: &IdSet, other: &IdSet) -> bool {
    Namespace::ALL.iter().any(|namespace| {
        let has = |ids: &IdSet| ids.get(*namespace).is_some();
        let share = || one.iter().any(|id| id.namespace() == *namespace && other.contains(id));
        has(one) && has(other) && !share()
    })
}

/// Whether two sets share an id.
pub(crate) fn share_one(one: &IdSet, other: &IdSet) -> bool {
    one.iter().any(|id| other.contains(id))
}

/// The same kind with a shared id and none that contradicts, or the same numbers below the same show.
pub(crate) fn is_same_item(one: &Item, other: &Item) -> bool {
    if one.kind != other.kind || contradict(&one.ids, &other.ids) {
        return false;
    }
    let is_same_show = match (&one.show, &other.show) {
        (Some(one), Some(other)) => share_one(&one.ids, &other.ids) && !contradict(&one.ids, &other.ids),
        _ => false,
    };
    share_one(&one.ids, &other.ids)
        || is_same_show && one.season.is_some() && (one.season, one.number) == (other.season, other.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(list: &[(Namespace, &str)]) -> IdSet {
        list.iter().map(|(namespace, text)| Id::parse(*namespace, Kind::Movie, text).unwrap()).collect()
    }

    #[test]
    fn refused_fields_are_counted_and_empty_ones_are_not() {
        let mut collector = IdCollector::default();
        for field in [Scalar::Nothing, Scalar::Text("".into()), Scalar::Text("0".into()), Scalar::Whole(0)] {
            collector.take(Namespace::Tmdb, Kind::Movie, &field);
        }
        collector.take(Namespace::Tmdb, Kind::Movie, &Scalar::Number(603.5));
        collector.take(Namespace::Tmdb, Kind::Movie, &Scalar::Text("603-the-matrix".into()));
        collector.take(Namespace::Imdb, Kind::Movie, &Scalar::Text("tt0133093".into()));
        collector.take(Namespace::Tmdb, Kind::Movie, &Scalar::Whole(603));
        let (collected, rejected) = collector.finish();
        assert_eq!(collected, ids(&[(Namespace::Imdb, "tt0133093"), (Namespace::Tmdb, "603")]));
        assert_eq!(rejected, 2);
    }

    #[test]
    fn sets_contradict_where_a_namespace_differs() {
        let both = ids(&[(Namespace::Imdb, "tt1"), (Namespace::Tmdb, "1")]);
        assert!(!contradict(&both, &ids(&[(Namespace::Imdb, "tt1")])));
        assert!(!contradict(&both, &ids(&[(Namespace::Tvdb, "9")])));
        assert!(contradict(&both, &ids(&[(Namespace::Imdb, "tt1"), (Namespace::Tmdb, "2")])));
        assert!(share_one(&both, &ids(&[(Namespace::Tmdb, "1")])));
    }
}
