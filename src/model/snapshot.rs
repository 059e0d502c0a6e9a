//! Snapshots: why a copy of an account's state was kept, and what of it comes back.

use smol_str::SmolStr;

use crate::{
    id::{IdRejection, ItemRef, Kind},
    item::Item,
    text::words,
};

/// Why a snapshot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SnapshotCause {
    /// A person or a script asked.
    Manual,
    /// The schedule was due.
    Schedule,
    /// A run was about to remove something.
    BeforeRemoval,
    /// A snapshot was about to be restored over it.
    BeforeRestore,
    /// It came from a file.
    Import,
}

words!(SnapshotCause {
    Manual => "manual", Schedule => "schedule", BeforeRemoval => "before_removal", BeforeRestore => "before_restore",
    Import => "import",
});

impl SnapshotCause {
    /// Whether it goes by itself when it is old enough. What a person asked for stays until a person drops it.
    pub const fn is_kept_for_a_while(self) -> bool {
        matches!(self, Self::Schedule | Self::BeforeRemoval)
    }
}

/// What becomes of what only the target of a restore has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RestoreMode {
    /// What is missing or changed comes back; the rest stays.
    Merge,
    /// The target becomes what the snapshot is: what it has beside that is removed once a person approves.
    Exact,
}

words!(RestoreMode { Merge => "merge", Exact => "exact" });

/// Which part of a snapshot is restored. An empty filter means all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestoreFilter {
    /// Only items of this kind.
    pub kind: Option<Kind>,
    /// Only this show with its seasons and episodes: an id as in `tvdb_show:81189`, or its title.
    pub show: Option<SmolStr>,
    /// Only this item: `imdb:tt0133093`, `tmdb_movie:603`, `tvdb_show:81189/1/3`.
    pub item: Option<SmolStr>,
}

impl RestoreFilter {
    /// Whether everything is taken.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// The filter, ready to be asked.
    pub fn picker(&self) -> Result<Picker, IdRejection> {
        let show = self.show.as_ref().map(|text| match text.parse::<ItemRef>() {
            Ok(named) if named.coordinates.is_none() => ShowIs::Named(named),
            _ => ShowIs::Titled(text.to_lowercase()),
        });
        let item = self.item.as_ref().map(|text| text.parse()).transpose()?;
        Ok(Picker { kind: self.kind, show, item })
    }
}

/// Says which items a filter takes.
#[derive(Debug, Clone)]
pub struct Picker {
    kind: Option<Kind>,
    show: Option<ShowIs>,
    item: Option<ItemRef>,
}

#[derive(Debug, Clone)]
enum ShowIs {
    Named(ItemRef),
    Titled(String),
}

impl Picker {
    /// Whether the item is taken.
    pub fn takes(&self, item: &Item) -> bool {
        self.kind.is_none_or(|kind| kind == item.kind)
            && self.show.as_ref().is_none_or(|show| show.has(item))
            && self.item.as_ref().is_none_or(|named| named.means(item))
    }
}

impl ShowIs {
    fn has(&self, item: &Item) -> bool {
        if item.kind == Kind::Movie {
            return false;
        }
        match self {
            Self::Named(named) => named.means(item),
            Self::Titled(title) => {
                let own = if item.kind == Kind::Show { Some(&item.title) } else { None };
                own.or(item.show.as_ref().map(|show| &show.title)).is_some_and(|own| own.to_lowercase() == *title)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Id, IdSet, Namespace, Show};

    fn ids(kind: Kind, number: u64) -> IdSet {
        [Id::from_number(Namespace::Tvdb, kind, number).unwrap()].into_iter().collect()
    }

    #[test]
    fn a_filter_takes_what_it_names() {
        let firefly = Show { title: "Firefly".into(), ids: ids(Kind::Show, 78874), ..Show::default() };
        let episode = Item::episode(firefly.clone(), 1, 2, "The Train Job", ids(Kind::Episode, 297_999));
        let special = Item::episode(Show { title: "Dollhouse".into(), ..Show::default() }, 0, 1, "", IdSet::EMPTY);
        let show = Item::titled(Kind::Show, "Firefly", Some(2002), firefly.ids.clone());
        let film = Item::titled(Kind::Movie, "Firefly", None, ids(Kind::Movie, 78874));
        let items = [&episode, &special, &show, &film];
        let text = |text: &str| Some(SmolStr::from(text));
        let all = RestoreFilter::default;
        for (filter, taken) in [
            (all(), [true; 4]),
            (RestoreFilter { kind: Some(Kind::Episode), ..all() }, [true, true, false, false]),
            (RestoreFilter { show: text("firefly"), ..all() }, [true, false, true, false]),
            (RestoreFilter { show: text("tvdb_show:78874"), ..all() }, [true, false, true, false]),
            (RestoreFilter { item: text("tvdb_show:78874/1/2"), ..all() }, [true, false, false, false]),
            (RestoreFilter { item: text("tvdb_movie:78874"), ..all() }, [false, false, false, true]),
            (RestoreFilter { show: text("Dollhouse"), kind: Some(Kind::Movie), ..all() }, [false; 4]),
        ] {
            let picker = filter.picker().unwrap();
            assert_eq!(items.map(|item| picker.takes(item)), taken, "{filter:?}");
        }
        assert!(RestoreFilter { item: text("Firefly"), ..all() }.picker().is_err());
    }
}
