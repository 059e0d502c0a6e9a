//! Rules about pairs together: ways in circles, and two that remove at one account.

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_model::{Feature, ProviderId};

use super::{
    Advice, Rule, Severity,
    pairs::{directions, running},
};
use crate::{pair::Pair, settings::Settings};

/// One way of one pair.
struct Edge<'a> {
    pair: &'a Pair,
    from: &'a ProviderId,
    to: &'a ProviderId,
}

fn edges(settings: &Settings, feature: Feature) -> Vec<Edge<'_>> {
    let carrying = running(settings).filter(|pair| pair.feature(feature).is_some());
    carrying.flat_map(|pair| directions(pair).into_iter().map(move |(from, to)| Edge { pair, from, to })).collect()
}

/// Pairs through which a change can come back to the account it came from. The two ways of one two-way pair alone are
/// not a circle: that pair knows what it carried.
pub(super) fn cycles(settings: &Settings) -> Vec<Advice> {
    let mut circles: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for feature in Feature::ALL {
        let edges = edges(settings, *feature);
        for edge in &edges {
            if let Some(mut pairs) = way_back(&edges, edge) {
                pairs.sort_unstable();
                pairs.dedup();
                let features = circles.entry(pairs).or_default();
                if !features.contains(&feature.as_str()) {
                    features.push(feature.as_str());
                }
            }
        }
    }
    let advise = |(pairs, features): (Vec<&str>, Vec<&str>)| Advice {
        rule: Rule::Cycle,
        severity: Severity::Warning,
        subject: format!("pair[{}]", pairs.first().copied().unwrap_or_default()),
        message: format!(
            "{} can travel in a circle through the pairs {}: a change comes back to where it came from, and a removal \
             reaches every account on the way",
            features.join(", "),
            pairs.join(", ")
        ),
        fix: "choose one account as the hub and let every pair lead to it, or drop one of these pairs".to_owned(),
    };
    circles.into_iter().map(advise).collect()
}

/// The pairs of the shortest way from the end of an edge back to its beginning that does not use the edge's own pair,
/// with that pair in front.
fn way_back<'a>(edges: &[Edge<'a>], start: &Edge<'a>) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::from([start.to]);
    let mut frontier = vec![(start.to, vec![start.pair.id.as_str()])];
    while !frontier.is_empty() {
        let mut next = Vec::new();
        for (at, way) in frontier {
            if at == start.from {
                return Some(way);
            }
            for edge in edges.iter().filter(|edge| edge.from == at && edge.pair.id != start.pair.id) {
                if seen.insert(edge.to) {
                    let mut longer = way.clone();
                    longer.push(edge.pair.id.as_str());
                    next.push((edge.to, longer));
                }
            }
        }
        frontier = next;
    }
    None
}

pub(super) fn two_removers(settings: &Settings) -> Vec<Advice> {
    let mut advice = Vec::new();
    for feature in Feature::ALL {
        let mut removers: BTreeMap<&ProviderId, BTreeSet<&str>> = BTreeMap::new();
        for edge in edges(settings, *feature).into_iter().filter(|edge| edge.pair.removes(*feature)) {
            removers.entry(edge.to).or_default().insert(edge.pair.id.as_str());
        }
        for (target, pairs) in removers.into_iter().filter(|(_, pairs)| pairs.len() > 1) {
            let pairs: Vec<&str> = pairs.into_iter().collect();
            advice.push(Advice {
                rule: Rule::TwoRemovers,
                severity: Severity::Warning,
                subject: format!("provider[{target}]"),
                message: format!(
                    "the pairs {} may all remove from the {feature} of `{target}`: what one of them lacks, the other \
                     may have put there",
                    pairs.join(", ")
                ),
                fix: format!("set remove = \"off\" in [pair.{feature}] of all but one of them"),
            });
        }
    }
    advice
}
