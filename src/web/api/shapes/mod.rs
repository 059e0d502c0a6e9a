//! The JSON of the API: plain structs made from records and observations, and nothing that decides.

mod fact;
mod held;
mod import;
mod item;
mod pair;
mod plan;
mod provider;
mod run;
mod schedule;
mod sign_in;
mod statistics;
mod status;
mod tally;
mod tracker;
mod why;

pub use fact::{FactShape, Precision};
pub use held::{HeldShape, RejectedShape};
pub use import::{ImportFeatureShape, ImportRecordShape, ImportShape, ImportUndoShape, MisplacedShape};
pub use item::{IdsShape, ItemIn, ItemShape, ShowIn, ShowShape};
pub use pair::{HealthShape, PairFeatureShape, PairShape};
pub use plan::{CostShape, LineShape, PlanShape, StartedPlanShape};
pub use provider::{BudgetShape, CapabilitiesShape, CheckShape, FaultShape, FeatureCapabilityShape, ProviderShape};
pub use run::{RunErrorShape, RunFeatureShape, RunShape};
pub use schedule::DueShape;
pub use sign_in::SignInShape;
pub use statistics::{DayShape, StatisticsShape, TopShowShape};
pub use status::{
    ActorShape, AdviceShape, OutboxCount, PairStatusShape, ServiceState, StageShape, StatusShape, WidgetShape,
};
pub use tally::{CountsShape, ReadShape, ReadsShape};
pub use tracker::{TrackerAdd, TrackerDropped, TrackerEntry, TrackerIds, TrackerRow};
pub use why::{LinkShape, WhyFactShape, WhyFeatureShape, WhyShape};

pub(crate) use held::held_id;
pub(crate) use pair::counts;
pub(crate) use schedule::due_lines;
pub(crate) use tracker::{parse_row_id, row_id};
