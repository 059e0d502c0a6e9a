//! How sure we are that two items are the same thing, and why.
//!
//! [`Likeness`] lists what speaks for and against it; [`Likeness::level`] is the whole judgement. More that agrees never
//! makes the level worse, and more that contradicts never makes it better. What is not known neither helps nor harms.
//! Deliberately absent: what a level is good enough for (see [`crate::policy`]).

use std::fmt;

/// The level of a match, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// A person said so.
    C0,
    /// At least two ids are equal and none differs.
    C1,
    /// Exactly one id is equal and none differs. Films must also agree on the year to within one.
    C2,
    /// No id of their own is equal: they stand at the same season and number of one show in one ordering scheme, or a
    /// third item links them.
    C3,
    /// As [`Self::C3`], but the season and number were translated between two ordering schemes.
    C4,
    /// Title and year are equal, both are unique on their side, and one of the two has no usable id.
    C5,
    /// Something resembles. Always a question to a person.
    C6,
    /// Not the same thing, or something contradicts it.
    X,
}

impl fmt::Display for Confidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::C0 => "C0",
            Self::C1 => "C1",
            Self::C2 => "C2",
            Self::C3 => "C3",
            Self::C4 => "C4",
            Self::C5 => "C5",
            Self::C6 => "C6",
            Self::X => "X",
        })
    }
}

/// Films of one id may differ by this many years: premiere and release.
pub const MAX_YEARS_APART: u16 = 1;
/// Films of one id may differ in length by this part of the longer one. Compare the same edition of both.
pub const MAX_RUNTIME_PERCENT_APART: u64 = 20;
/// Episodes at one place may differ by this many days: time zones, and networks that stream a day early.
pub const MAX_AIR_DAYS_APART: u32 = 2;

/// What a person said about two items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Said {
    /// Nothing.
    #[default]
    Nothing,
    /// They are the same.
    Same,
    /// They are not.
    Different,
}

/// How the places of two seasons or episodes are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placing {
    /// In no way that is known.
    #[default]
    Unrelated,
    /// The same numbers where the episode counts of both sides show that the numbering has parted before: a question.
    PastDivergence,
    /// A table or an alignment leads from one to the other.
    Translated,
    /// The same numbers of one show in one ordering scheme.
    SameScheme,
}

/// How their titles are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Titles {
    /// In no way.
    #[default]
    Unrelated,
    /// Alike, or equal with years that are missing or one apart, or not the only ones.
    Alike,
    /// Equal in title and year, the only ones on either side, and one of them without any usable id.
    EqualAndUnique,
}

/// What speaks for and against two items being the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Likeness {
    /// A person's word.
    pub said: Said,
    /// One is a movie and the other a show, or the like.
    pub kinds_differ: bool,
    /// Both are films, whose years and lengths count.
    pub are_films: bool,
    /// Ids that both have.
    pub equal_ids: usize,
    /// Namespaces in which both have an id and not the same.
    pub different_ids: usize,
    /// A third item has ids of both.
    pub are_linked: bool,
    /// Where they stand below their show.
    pub placing: Placing,
    /// How sure it is that their shows are one.
    pub show: Option<Confidence>,
    /// Their titles.
    pub titles: Titles,
    /// Years between them, where both tell one.
    pub years_apart: Option<u16>,
    /// Lengths in seconds, where both tell one.
    pub runtimes_s: Option<(u32, u32)>,
    /// Days between their first broadcasts, where both tell one.
    pub air_days_apart: Option<u32>,
}

impl Likeness {
    /// The judgement.
    pub fn level(&self) -> Confidence {
        match self.said {
            Said::Same => return Confidence::C0,
            Said::Different => return Confidence::X,
            Said::Nothing => {}
        }
        if self.kinds_differ || self.different_ids > 0 {
            return Confidence::X;
        }
        if self.equal_ids > 1 {
            return Confidence::C1;
        }
        if self.are_films && (self.years_differ() || self.runtimes_differ()) {
            return Confidence::X;
        }
        match self.equal_ids {
            0 => self.by_place().min(self.by_link()).min(self.by_title()),
            _ => Confidence::C2,
        }
    }

    fn by_link(&self) -> Confidence {
        if self.are_linked { Confidence::C3 } else { Confidence::X }
    }

    fn by_place(&self) -> Confidence {
        let is_show_sure = self.show.is_some_and(|show| show <= Confidence::C2);
        if self.air_days_apart.is_some_and(|days| days > MAX_AIR_DAYS_APART) {
            return Confidence::X;
        }
        match self.placing {
            Placing::SameScheme if is_show_sure => Confidence::C3,
            Placing::Translated if is_show_sure => Confidence::C4,
            Placing::Unrelated => Confidence::X,
            _ => Confidence::C6,
        }
    }

    fn by_title(&self) -> Confidence {
        match self.titles {
            Titles::Unrelated => Confidence::X,
            Titles::Alike => Confidence::C6,
            Titles::EqualAndUnique => Confidence::C5,
        }
    }

    fn years_differ(&self) -> bool {
        self.years_apart.is_some_and(|years| years > MAX_YEARS_APART)
    }

    fn runtimes_differ(&self) -> bool {
        self.runtimes_s.is_some_and(|(one, other)| {
            u64::from(one.abs_diff(other)) * 100 > u64::from(one.max(other)) * MAX_RUNTIME_PERCENT_APART
        })
    }
}
