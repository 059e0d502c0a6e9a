//! Why an item is what it is.

use crosswatch_actors::FeatureAnswer;
use crosswatch_plan::{Link, Why};
use serde::Serialize;
use utoipa::ToSchema;

use super::ItemShape;

/// The answer about one item: in one sentence, and with everything it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WhyShape {
    /// The item as both sides describe it.
    item: ItemShape,
    /// What happens in each feature, in one line each.
    sentence: String,
    /// All links of all features, in order.
    chain: Vec<LinkShape>,
    /// The same, feature by feature.
    features: Vec<WhyFeatureShape>,
}

/// One feature of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WhyFeatureShape {
    #[schema(example = "history")]
    feature: &'static str,
    /// One answer per fact; plays in order of time.
    facts: Vec<WhyFactShape>,
}

/// One fact of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WhyFactShape {
    /// What happens and the main reason.
    sentence: String,
    /// What that rests on.
    chain: Vec<LinkShape>,
}

/// One step of the way to a decision.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LinkShape {
    /// What is the case.
    fact: String,
    /// Who says so: `identity`, `source`, `target`, `baseline`, `rules`, `guard` or `advice`.
    source: String,
    /// When it came about, where that is known.
    at: Option<String>,
    /// The word of the rule, reason, guard or level that applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

impl From<&Link> for LinkShape {
    fn from(link: &Link) -> Self {
        Self {
            fact: link.fact.to_string(),
            source: link.source.to_string(),
            at: link.at.map(|at| at.to_string()),
            rule: link.rule.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&Why> for WhyFactShape {
    fn from(why: &Why) -> Self {
        Self { sentence: why.sentence.to_string(), chain: why.chain.iter().map(LinkShape::from).collect() }
    }
}

impl WhyShape {
    /// The answers of all features; `None` where nobody knows the item.
    pub(crate) fn of(answers: &[FeatureAnswer]) -> Option<Self> {
        let item = ItemShape::from(&answers.first()?.item);
        let feature = |answer: &FeatureAnswer| WhyFeatureShape {
            feature: answer.feature.as_str(),
            facts: answer.whys.iter().map(WhyFactShape::from).collect(),
        };
        let features: Vec<WhyFeatureShape> = answers.iter().map(feature).collect();
        let facts = || features.iter().flat_map(|of| of.facts.iter().map(move |fact| (of.feature, fact)));
        let sentences: Vec<String> = facts().map(|(feature, fact)| format!("{feature}: {}", fact.sentence)).collect();
        let chain = facts().flat_map(|(_, fact)| fact.chain.iter().cloned()).collect();
        Some(Self { item, sentence: sentences.join(" "), chain, features })
    }
}
