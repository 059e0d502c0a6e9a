//! `[[snapshot]]`: copies of an account's state, taken on a schedule.

use crosswatch_model::{Feature, FeatureSet, ProviderId};

use crate::{problem::Problem, schedule::Schedule, section::Section};

/// A snapshot schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The account.
    pub provider: ProviderId,
    /// What is copied. Never empty.
    pub features: FeatureSet,
    /// When it is taken.
    pub schedule: Schedule,
    /// How many are kept.
    pub keep: Keep,
}

/// How many snapshots are kept. Never all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// The last of each of that many days.
    pub daily: u32,
    /// The last of each of that many weeks.
    pub weekly: u32,
    /// The last of each of that many months.
    pub monthly: u32,
}

impl Snapshot {
    pub(crate) fn build(section: &Section<'_>) -> Result<Self, Problem> {
        let keep = section.table("keep")?;
        Ok(Self {
            provider: section.name("provider", ProviderId::parse)?,
            features: section.words::<Feature>("features")?.into_iter().collect(),
            schedule: section.parsed("schedule")?,
            keep: Keep {
                daily: keep.number("daily")?,
                weekly: keep.number("weekly")?,
                monthly: keep.number("monthly")?,
            },
        })
    }
}
