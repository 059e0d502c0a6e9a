//! What the kept runs of a pair show when they are looked at together.
//!
//! Nothing here is kept: it is measured when somebody asks, from runs and their lines, with a limit on how many are read.

pub(crate) mod shadow;
