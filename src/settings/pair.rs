//! `[[pair]]`: two accounts that are kept in step, feature by feature.

use crosswatch_model::{Feature, FeatureSet, PairId, ProviderId};

use crate::{policy::Policy, problem::Problem, schedule::Schedule, section::Section, words::words};

/// A pair of accounts. A feature that is off is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Its name.
    pub id: PairId,
    /// The account that is read from.
    pub source: ProviderId,
    /// The account that is written to.
    pub target: ProviderId,
    /// Whether changes travel in one direction or both.
    pub mode: Mode,
    /// Whether it runs at all.
    pub enabled: bool,
    /// Reads, plans and reports, but writes nothing.
    pub shadow: bool,
    /// When it runs, unless a feature says otherwise.
    pub schedule: Schedule,
    /// Whether it also runs a minute after something was watched to its end.
    pub after_play: bool,
    /// Plays.
    pub history: Option<HistorySettings>,
    /// What somebody wants to watch.
    pub watchlist: Option<FeatureSettings>,
    /// Ratings.
    pub ratings: Option<FeatureSettings>,
    /// Resume points.
    pub progress: Option<ProgressSettings>,
    /// How conflicts, removals and surprises are dealt with.
    pub policy: Policy,
}

/// What every feature of a pair has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureSettings {
    /// Whether what the target lacks is added.
    pub add: bool,
    /// What is removed from the target.
    pub remove: RemoveMode,
    /// Whether only what happened after the pair first agreed is written.
    pub only_new: bool,
    /// A schedule of its own.
    pub schedule: Option<Schedule>,
}

/// The history of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySettings {
    /// What every feature has.
    pub common: FeatureSettings,
    /// Whether every play counts, or only whether it was watched.
    pub rewatches: bool,
    /// Who records new plays when a route feeds the same account.
    pub owner: Owner,
    /// Write plays to a target that cannot keep their date.
    pub allow_undated: bool,
}

/// The resume points of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressSettings {
    /// What every feature has.
    pub common: FeatureSettings,
    /// Points before this part of the runtime are left out. Less than `max_percent`.
    pub min_percent: u8,
    /// Points after this part of the runtime are left out.
    pub max_percent: u8,
}

/// Whether changes travel in one direction or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// From source to target.
    OneWay,
    /// Both ways.
    TwoWay,
}

words!(Mode { OneWay => "one-way", TwoWay => "two-way" });

/// What is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveMode {
    /// Nothing.
    Off,
    /// What was seen at the source and was removed there.
    Observed,
    /// Everything that the source does not have.
    Mirror,
}

words!(RemoveMode { Off => "off", Observed => "observed", Mirror => "mirror" });

/// Who records new plays when a route and a pair feed the same account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The route where there is one, the pair elsewhere.
    Auto,
    /// The route; the pair fills gaps.
    Live,
    /// The pair; the route tells only what is playing.
    Sync,
    /// Both, without regard for each other.
    Both,
}

words!(Owner { Auto => "auto", Live => "live", Sync => "sync", Both => "both" });

impl Pair {
    /// The settings that a feature shares with the others, where it is on.
    pub fn feature(&self, feature: Feature) -> Option<&FeatureSettings> {
        match feature {
            Feature::History => self.history.as_ref().map(|history| &history.common),
            Feature::Watchlist => self.watchlist.as_ref(),
            Feature::Ratings => self.ratings.as_ref(),
            Feature::Progress => self.progress.as_ref().map(|progress| &progress.common),
        }
    }

    /// The features that are on.
    pub fn features(&self) -> FeatureSet {
        Feature::ALL.iter().copied().filter(|feature| self.feature(*feature).is_some()).collect()
    }

    /// When a feature runs; `None` when it is off.
    pub fn schedule_of(&self, feature: Feature) -> Option<&Schedule> {
        self.feature(feature).map(|settings| settings.schedule.as_ref().unwrap_or(&self.schedule))
    }

    /// Whether a feature may remove anything.
    pub fn removes(&self, feature: Feature) -> bool {
        self.feature(feature).is_some_and(|settings| settings.remove != RemoveMode::Off)
    }

    pub(crate) fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self {
            id: section.name("id", PairId::parse)?,
            source: section.name("source", ProviderId::parse)?,
            target: section.name("target", ProviderId::parse)?,
            mode: section.parsed("mode")?,
            enabled: section.boolean("enabled")?,
            shadow: section.boolean("shadow")?,
            schedule: section.parsed("schedule")?,
            after_play: section.boolean("after_play")?,
            history: switched(section, "history", HistorySettings::build)?,
            watchlist: switched(section, "watchlist", FeatureSettings::build)?,
            ratings: switched(section, "ratings", FeatureSettings::build)?,
            progress: switched(section, "progress", ProgressSettings::build)?,
            policy: Policy::build(&section.table("policy")?)?,
        })
    }
}

/// A feature is on when its table is there and `enabled` is not false.
fn switched<T>(
    pair: &Section<'_>,
    feature: &str,
    build: impl Fn(&Section<'_>) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    match pair.optional_table(feature)? {
        Some(section) if section.boolean("enabled")? => build(&section).map(Some),
        _ => Ok(None),
    }
}

impl FeatureSettings {
    fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self {
            add: section.boolean("add")?,
            remove: section.parsed("remove")?,
            only_new: section.boolean("only_new")?,
            schedule: section.optional("schedule")?,
        })
    }
}

impl HistorySettings {
    fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self {
            common: FeatureSettings::build(section)?,
            rewatches: section.boolean("rewatches")?,
            owner: section.parsed("owner")?,
            allow_undated: section.boolean("allow_undated")?,
        })
    }
}

impl ProgressSettings {
    fn build(section: &Section<'_>) -> Result<Self, Problem> {
        Ok(Self {
            common: FeatureSettings::build(section)?,
            min_percent: section.number("min_percent")?,
            max_percent: section.number("max_percent")?,
        })
    }
}
