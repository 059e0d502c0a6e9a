//! The JSON of the API: plain structs made from records and observations, and nothing that decides.

mod advice;
mod fact;
mod graph;
mod held;
mod import;
mod item;
mod live;
mod pair;
mod plan;
mod provider;
mod readiness;
mod reset;
mod run;
mod schedule;
mod sign_in;
mod snapshot;
mod snapshot_file;
mod statistics;
mod status;
mod steering;
mod tally;
mod tracker;
mod webhook;
mod why;

pub use advice::AdviceShape;
pub use fact::{FactShape, Precision};
pub use graph::{EdgeShape, GraphShape, LoopShape, NodeShape, RemovalPathShape, RemoversShape};
pub use held::{HeldShape, RejectedShape};
pub use import::{ImportFeatureShape, ImportRecordShape, ImportShape, ImportUndoShape, MisplacedShape};
pub use item::{IdsShape, ItemIn, ItemShape, ShowIn, ShowShape};
pub use live::{InboxShape, ParcelShape, SessionShape};
pub use pair::{AlwaysShape, HealthShape, PairFeatureShape, PairShape};
pub use plan::{CostShape, LineShape, PlanShape, StartedPlanShape};
pub use provider::{
    BudgetShape, CapabilitiesShape, CheckShape, FaultShape, FeatureCapabilityShape, LastEventShape, ProviderShape,
    QuotaShape, WatcherShape,
};
pub use readiness::{ReadinessCheckShape, ReadinessShape, ShadowReportShape};
pub use reset::{ClearedShape, ResetShape};
pub use run::{RunErrorShape, RunFeatureShape, RunShape};
pub use schedule::DueShape;
pub use sign_in::SignInShape;
pub use snapshot::{SnapshotChangeShape, SnapshotDiffShape, SnapshotItemShape, SnapshotShape, StartedSnapshotShape};
pub use statistics::{DayShape, StatisticsShape, TopShowShape};
pub use status::{
    ActorShape, OutboxCount, PairStatusShape, ServiceState, StageShape, StatusShape, UnwatchedShape, WidgetShape,
};
pub use steering::{FrozenShape, PausedShape};
pub use tally::{CountsShape, ReadShape, ReadsShape};
pub use tracker::{TrackerAdd, TrackerDropped, TrackerEntry, TrackerIds, TrackerRow};
pub use webhook::{ProviderDetailShape, WebhookShape, WebhookTokenShape};
pub use why::{LinkShape, WhyFactShape, WhyFeatureShape, WhyShape};

pub(crate) use held::held_id;
pub(crate) use live::parcel_id;
pub(crate) use pair::counts;
pub(crate) use provider::ProviderNow;
pub(crate) use schedule::due_lines;
pub(crate) use snapshot_file::{HeadLine, RowLine};
pub(crate) use tracker::{parse_row_id, row_id};
