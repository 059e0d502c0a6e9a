//! What a read allows the planner to conclude.

use crate::read::{Absences, Read, SuspectRead};

/// How far a side can be believed in this plan.
#[derive(Clone, Copy)]
pub(crate) enum Standing<'r> {
    /// What is not in the rows is not there.
    Complete(Absences<'r>),
    /// Everything arrived, but it lost too much: what is missing waits for a person.
    Shrunk(&'r SuspectRead),
    /// The rows are there; what is not in them may be there too.
    RowsOnly,
    /// Nothing is known.
    Silent,
}

impl<'r> Standing<'r> {
    /// `is_approved`: a person looked at what a suspect read lost.
    pub(crate) fn of(read: &'r Read, is_approved: bool) -> Self {
        match read {
            Read::Complete(read) => Self::Complete(read.absences()),
            Read::Suspect(read) if is_approved => Self::Complete(read.approved().absences()),
            Read::Suspect(read) => Self::Shrunk(read),
            Read::Delta(_) | Read::Partial(_) => Self::RowsOnly,
            Read::Unavailable { .. } | Read::Unconfigured => Self::Silent,
        }
    }

    pub(crate) const fn is_complete(self) -> bool {
        matches!(self, Self::Complete(_))
    }
}
