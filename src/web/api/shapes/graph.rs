//! The graph of pairs.

use serde::Serialize;
use utoipa::ToSchema;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Node)]
pub struct NodeShape {
    pub(crate) id: String,
    #[schema(example = "jellyfin")]
    pub(crate) kind: &'static str,
    pub(crate) is_media_server: bool,
}

/// A way from one account to another. A two-way pair has two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Edge)]
pub struct EdgeShape {
    pub(crate) pair: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) enabled: bool,
    pub(crate) shadow: bool,
    pub(crate) features: Vec<&'static str>,
    /// The features whose removals go this way.
    pub(crate) removes: Vec<&'static str>,
}

/// Pairs through which a change can come back to where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Loop)]
pub struct LoopShape {
    pub(crate) pairs: Vec<String>,
    pub(crate) features: Vec<&'static str>,
}

/// Pairs that may all remove the same things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Removers)]
pub struct RemoversShape {
    /// Where they remove.
    pub(crate) account: String,
    pub(crate) feature: &'static str,
    pub(crate) pairs: Vec<String>,
}

/// How far a removal travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RemovalPath)]
pub struct RemovalPathShape {
    /// Where somebody removes something.
    pub(crate) from: String,
    pub(crate) feature: &'static str,
    /// Where it is removed then, the nearest first.
    pub(crate) reaches: Vec<String>,
}

/// The graph of pairs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Graph)]
pub struct GraphShape {
    pub(crate) nodes: Vec<NodeShape>,
    pub(crate) edges: Vec<EdgeShape>,
    pub(crate) loops: Vec<LoopShape>,
    pub(crate) two_removers: Vec<RemoversShape>,
    pub(crate) removal_paths: Vec<RemovalPathShape>,
}
