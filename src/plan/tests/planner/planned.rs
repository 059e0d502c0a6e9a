//! What a plan said, in short lines.

use crosswatch_identity::{Catalog, Join};
use crosswatch_model::{Action, Fact, Side, WatchedAt};
use crosswatch_plan::{FeaturePlan, PlannedItem, Why};

use crate::world::{T1, is_write};

/// What can be asked about a pair.
pub(crate) trait Answer {
    type Told;
    fn told(self, catalog: Catalog, join: Join) -> Self::Told;
}

impl Answer for FeaturePlan {
    type Told = Planned;
    fn told(self, catalog: Catalog, join: Join) -> Planned {
        check_counts(&self);
        Planned { plan: self, catalog, join }
    }
}

impl Answer for Vec<Why> {
    type Told = Self;
    fn told(self, _: Catalog, _: Join) -> Self {
        self
    }
}

/// A plan with what it was made from.
pub(crate) struct Planned {
    pub(crate) plan: FeaturePlan,
    pub(crate) catalog: Catalog,
    pub(crate) join: Join,
}

impl Planned {
    /// One short line per item: `+ movie 1`, `+ movie 1 on the source`, `- movie 1`, `~ movie 1 = 80`, `hold - movie 1: too_many_removes`.
    pub(crate) fn lines(&self, wanted: impl Fn(Action) -> bool) -> Vec<String> {
        self.plan.items.iter().filter(|item| wanted(item.line.action)).map(line).collect()
    }

    pub(crate) fn notices(&self) -> Vec<&str> {
        self.plan.notices.iter().map(smol_str::SmolStr::as_str).collect()
    }

    pub(crate) fn writes(&self) -> usize {
        self.plan.items.iter().filter(|item| is_write(item.line.action)).count()
    }
}

fn line(item: &PlannedItem) -> String {
    let line = &item.line;
    let label = line.item.label();
    let value = match line.value {
        Some(Fact::Rated { value, .. }) => format!(" = {}", value.get()),
        Some(Fact::Play(WatchedAt::Exact(at) | WatchedAt::Minute(at))) if at.as_second() != T1 => {
            format!(" at {}", at.as_second() - T1)
        }
        _ => String::new(),
    };
    let sign = |action: Action| match action {
        Action::Add => "+",
        Action::Remove => "-",
        Action::Update => "~",
        _ => "?",
    };
    let side = if line.side == Side::Source { " on the source" } else { "" };
    match line.action {
        Action::Add | Action::Remove | Action::Update => format!("{} {label}{value}{side}", sign(line.action)),
        Action::Hold => format!("hold {} {label}{value}{side}: {}", sign(line.held_action.unwrap()), line.reason),
        Action::Skip => format!("skip {label}: {}", line.reason),
        Action::Conflict => format!("conflict {label}: {}", line.reason),
    }
}

fn check_counts(plan: &FeaturePlan) {
    let count = |action: Action| plan.items.iter().filter(|item| item.line.action == action).count() as u64;
    let counts = plan.counts;
    assert_eq!(
        (counts.adds, counts.updates, counts.removes, counts.held, counts.conflicts),
        (
            count(Action::Add),
            count(Action::Update),
            count(Action::Remove),
            count(Action::Hold),
            count(Action::Conflict)
        )
    );
    for item in &plan.items {
        assert!(item.line.explain.ends_with('.'), "{}", item.line.explain);
        assert_eq!(item.line.held_action.is_some(), item.line.action == Action::Hold);
    }
}
