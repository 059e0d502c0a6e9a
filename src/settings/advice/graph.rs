//! Pairs together: ways in circles, two that remove at one account, and how far removals travel.

use std::collections::{BTreeMap, BTreeSet};

use crosswatch_model::{Feature, PairId, ProviderId};

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

/// Pairs through which a change can come back to the account it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loop {
    /// The pairs, in alphabetical order.
    pub pairs: Vec<PairId>,
    /// What can travel so.
    pub features: Vec<Feature>,
}

/// Pairs that may all remove the same things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removers {
    /// Where they remove.
    pub account: ProviderId,
    /// What they remove.
    pub feature: Feature,
    /// The pairs, in alphabetical order.
    pub pairs: Vec<PairId>,
}

/// How far a removal travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovalPath {
    /// Where somebody removes something.
    pub from: ProviderId,
    /// What.
    pub feature: Feature,
    /// Where it is removed then, the nearest first.
    pub reaches: Vec<ProviderId>,
}

/// The loops of the pairs that run. The two ways of one two-way pair alone are no loop: that pair knows what it carried.
pub fn loops(settings: &Settings) -> Vec<Loop> {
    let mut loops: BTreeMap<Vec<&PairId>, Vec<Feature>> = BTreeMap::new();
    for feature in Feature::ALL {
        let edges = edges(settings, *feature);
        for edge in &edges {
            if let Some(mut pairs) = way_back(&edges, edge) {
                pairs.sort_unstable();
                pairs.dedup();
                let features = loops.entry(pairs).or_default();
                if !features.contains(feature) {
                    features.push(*feature);
                }
            }
        }
    }
    loops.into_iter().map(|(pairs, features)| Loop { pairs: pairs.into_iter().cloned().collect(), features }).collect()
}

pub(super) fn cycles(settings: &Settings) -> Vec<Advice> {
    let advise = |found: Loop| {
        let pairs: Vec<&str> = found.pairs.iter().map(PairId::as_str).collect();
        let features: Vec<&str> = found.features.iter().map(|feature| feature.as_str()).collect();
        Advice {
            rule: Rule::Cycle,
            severity: Severity::Warning,
            subject: format!("pair[{}]", pairs.first().copied().unwrap_or_default()),
            message: format!(
                "{} can travel in a circle through the pairs {}: a change comes back to where it came from, and a \
                 removal reaches every account on the way",
                features.join(", "),
                pairs.join(", ")
            ),
            fix: "choose one account as the hub and let every pair lead to it, or drop one of these pairs".to_owned(),
        }
    };
    loops(settings).into_iter().map(advise).collect()
}

/// The pairs of the shortest way from the end of an edge back to its beginning that does not use the edge's own pair,
/// with that pair in front.
fn way_back<'a>(edges: &[Edge<'a>], start: &Edge<'a>) -> Option<Vec<&'a PairId>> {
    let mut seen = BTreeSet::from([start.to]);
    let mut frontier = vec![(start.to, vec![&start.pair.id])];
    while !frontier.is_empty() {
        let mut next = Vec::new();
        for (at, way) in frontier {
            if at == start.from {
                return Some(way);
            }
            for edge in edges.iter().filter(|edge| edge.from == at && edge.pair.id != start.pair.id) {
                if seen.insert(edge.to) {
                    let mut longer = way.clone();
                    longer.push(&edge.pair.id);
                    next.push((edge.to, longer));
                }
            }
        }
        frontier = next;
    }
    None
}

/// Accounts at which more than one of the pairs that run may remove.
pub fn removers(settings: &Settings) -> Vec<Removers> {
    let mut found = Vec::new();
    for feature in Feature::ALL {
        let mut removers: BTreeMap<&ProviderId, BTreeSet<&PairId>> = BTreeMap::new();
        for edge in removing(settings, *feature) {
            removers.entry(edge.to).or_default().insert(&edge.pair.id);
        }
        for (account, pairs) in removers.into_iter().filter(|(_, pairs)| pairs.len() > 1) {
            let pairs = pairs.into_iter().cloned().collect();
            found.push(Removers { account: account.clone(), feature: *feature, pairs });
        }
    }
    found
}

/// How far removals travel through the pairs that run.
pub fn removal_paths(settings: &Settings) -> Vec<RemovalPath> {
    let mut paths = Vec::new();
    for feature in Feature::ALL {
        let edges: Vec<Edge<'_>> = removing(settings, *feature).collect();
        let starts: BTreeSet<&ProviderId> = edges.iter().map(|edge| edge.from).collect();
        for from in starts {
            let mut reaches: Vec<&ProviderId> = Vec::new();
            let mut frontier = vec![from];
            while let Some(at) = frontier.pop() {
                for edge in edges.iter().filter(|edge| edge.from == at && edge.to != from) {
                    if !reaches.contains(&edge.to) {
                        reaches.push(edge.to);
                        frontier.insert(0, edge.to);
                    }
                }
            }
            let reaches = reaches.into_iter().cloned().collect();
            paths.push(RemovalPath { from: from.clone(), feature: *feature, reaches });
        }
    }
    paths
}

fn removing(settings: &Settings, feature: Feature) -> impl Iterator<Item = Edge<'_>> {
    edges(settings, feature).into_iter().filter(move |edge| edge.pair.removes(feature))
}

pub(super) fn two_removers(settings: &Settings) -> Vec<Advice> {
    let advise = |Removers { account, feature, pairs }: Removers| {
        let pairs: Vec<&str> = pairs.iter().map(PairId::as_str).collect();
        Advice {
            rule: Rule::TwoRemovers,
            severity: Severity::Warning,
            subject: format!("provider[{account}]"),
            message: format!(
                "the pairs {} may all remove from the {feature} of `{account}`: what one of them lacks, the other may \
                 have put there",
                pairs.join(", ")
            ),
            fix: format!("set remove = \"off\" in [pair.{feature}] of all but one of them"),
        }
    };
    removers(settings).into_iter().map(advise).collect()
}
