//! How sure we are that two items are the same thing.

/// The level of a match, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// A person said so.
    C0,
    /// At least two ids are equal and none differs.
    C1,
    /// Exactly one id is equal and none differs. Films must also agree on the year to within one.
    C2,
    /// No id of their own is equal: they stand at the same season and number of one show, or a third item links them.
    C3,
    /// Not the same thing, or something contradicts it.
    X,
}

/// Films of one id may differ by this many years: premiere and release.
pub(crate) const MAX_YEARS_APART: u16 = 1;
