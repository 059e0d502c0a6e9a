//! Answers to questions about single items, kept until whoever asked has fetched them.
//!
//! They live in memory: a question that a crash swallowed is asked again. Only the newest are kept.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use crosswatch_model::{Feature, Item, RunId};
use crosswatch_plan::Why;
use smol_str::SmolStr;

/// Answers that are kept.
const ANSWERS_MAX: usize = 64;

/// What a pair says about an item in one feature.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureAnswer {
    /// The feature.
    pub feature: Feature,
    /// The item as both sides describe it.
    pub item: Item,
    /// One answer per fact, plays in order of time.
    pub whys: Vec<Why>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// What was found; nothing where nobody knows the item.
    Found(Vec<FeatureAnswer>),
    /// So many plays were recalled from an account, known ones among them.
    Recalled(usize),
    /// The accounts could not be asked.
    Failed(SmolStr),
}

/// The newest answers. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<VecDeque<(RunId, Answer)>>>);

impl Answers {
    pub(crate) fn put(&self, id: RunId, answer: Answer) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() == ANSWERS_MAX {
            answers.pop_front();
        }
        answers.push_back((id, answer));
    }

    pub(crate) fn get(&self, id: RunId) -> Option<Answer> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.iter().find(|(other, _)| *other == id).map(|(_, answer)| answer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_answers_go_first() {
        let answers = Answers::default();
        for id in 0..=ANSWERS_MAX as u128 {
            answers.put(RunId(id), Answer::Failed("down".into()));
        }
        assert_eq!((answers.get(RunId(0)), answers.get(RunId(1)).is_some()), (None, true));
    }
}
