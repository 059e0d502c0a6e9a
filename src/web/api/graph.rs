//! The graph of pairs: who writes to whom, and what can go in circles.

use actix_web::web;
use crosswatch_model::Feature;
use crosswatch_settings::{Mode, Pair, loops, removal_paths, removers};

use super::shapes::{EdgeShape, GraphShape, LoopShape, NodeShape, RemovalPathShape, RemoversShape};
use crate::state::ApiState;

/// The accounts and the ways between them, with what deserves a look.
#[utoipa::path(
    get, path = "/api/v1/graph", tag = "pairs",
    responses((status = 200, description = "Loops, removers and removals concern enabled pairs only.", body = GraphShape))
)]
pub(crate) async fn graph(state: web::Data<ApiState>) -> web::Json<GraphShape> {
    let settings = &state.settings;
    let node = |provider: &crosswatch_settings::Provider| NodeShape {
        id: provider.id.to_string(),
        kind: provider.kind.as_str(),
        is_media_server: provider.kind.is_media_server(),
    };
    let ids = |ids: &[crosswatch_model::PairId]| ids.iter().map(ToString::to_string).collect();
    web::Json(GraphShape {
        nodes: settings.providers.iter().map(node).collect(),
        edges: settings.pairs.iter().flat_map(edges).collect(),
        loops: loops(settings)
            .iter()
            .map(|found| LoopShape { pairs: ids(&found.pairs), features: words(&found.features) })
            .collect(),
        two_removers: removers(settings)
            .iter()
            .map(|found| RemoversShape {
                account: found.account.to_string(),
                feature: found.feature.as_str(),
                pairs: ids(&found.pairs),
            })
            .collect(),
        removal_paths: removal_paths(settings)
            .iter()
            .map(|path| RemovalPathShape {
                from: path.from.to_string(),
                feature: path.feature.as_str(),
                reaches: path.reaches.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    })
}

/// The ways of a pair: one, or with two-way both.
fn edges(pair: &Pair) -> Vec<EdgeShape> {
    let features: Vec<Feature> = pair.features().iter().collect();
    let removes: Vec<Feature> = features.iter().copied().filter(|feature| pair.removes(*feature)).collect();
    let edge = |from: &crosswatch_model::ProviderId, to: &crosswatch_model::ProviderId| EdgeShape {
        pair: pair.id.to_string(),
        from: from.to_string(),
        to: to.to_string(),
        enabled: pair.enabled,
        shadow: pair.shadow,
        features: words(&features),
        removes: words(&removes),
    };
    let mut edges = vec![edge(&pair.source, &pair.target)];
    if pair.mode == Mode::TwoWay {
        edges.push(edge(&pair.target, &pair.source));
    }
    edges
}

fn words(features: &[Feature]) -> Vec<&'static str> {
    features.iter().map(|feature| feature.as_str()).collect()
}
