//! A run that ended or a plan, and what they tell.

use std::fmt;

use serde_json::Value;

/// A run as the API tells it.
#[derive(Clone, PartialEq)]
pub struct Run(pub Value);

impl fmt::Debug for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#}", self.0)
    }
}

impl Run {
    /// Its id.
    pub fn id(&self) -> &str {
        self.0["id"].as_str().unwrap()
    }

    /// Why it was started.
    pub fn cause(&self) -> &str {
        self.0["cause"].as_str().unwrap()
    }

    /// Its state.
    pub fn state(&self) -> &str {
        self.0["state"].as_str().unwrap()
    }

    /// Whether nothing more will happen in it.
    pub fn is_final(&self) -> bool {
        matches!(self.state(), "succeeded" | "partial" | "held" | "failed" | "cancelled" | "interrupted")
    }

    /// What it says about itself.
    pub fn sentence(&self) -> &str {
        self.0["sentence"].as_str().unwrap()
    }

    /// The type of its error; empty without one.
    pub fn error(&self) -> &str {
        self.0["error"]["type"].as_str().unwrap_or_default()
    }

    /// What its error says a person can do; empty without one.
    pub fn advice(&self) -> &str {
        self.0["error"]["detail"].as_str().unwrap_or_default()
    }

    /// A count of the plan: `adds`, `removes`, `updates`, `unchanged`, `held`, `skipped`, `conflicts`.
    pub fn count(&self, feature: &str, what: &str) -> u64 {
        let count = &self.0["features"][feature][what];
        count.as_u64().unwrap_or_else(|| panic!("{feature}.{what} is not in {self:?}"))
    }

    /// Everything the plan wanted to write.
    pub fn wanted(&self) -> u64 {
        let features = self.0["features"].as_object().unwrap();
        let of = |feature: &Value| ["adds", "removes", "updates"].map(|what| feature[what].as_u64().unwrap());
        features.values().flat_map(of).sum()
    }

    /// How many operations ended so.
    pub fn outcome(&self, feature: &str, outcome: &str) -> u64 {
        self.0["features"][feature]["outcomes"][outcome].as_u64().unwrap_or_default()
    }

    /// How a side was read: `complete`, `partial`, `suspect`, `unavailable`, `unconfigured`.
    pub fn read(&self, side: &str, feature: &str) -> &str {
        self.0["reads"][side][feature]["completeness"].as_str().unwrap_or_default()
    }

    /// Requests sent to an account.
    pub fn requests(&self, account: &str) -> u64 {
        self.0["requests"][account].as_u64().unwrap_or_default()
    }

    /// Insists that it ended so.
    #[track_caller]
    pub fn expect(&self, state: &str) -> &Self {
        assert_eq!(self.state(), state, "{self:?}");
        self
    }

    /// Insists that it planned these adds and removals of a feature, and no updates.
    #[track_caller]
    pub fn planned(&self, feature: &str, adds: u64, removes: u64) -> &Self {
        let counts = (self.count(feature, "adds"), self.count(feature, "removes"), self.count(feature, "updates"));
        assert_eq!(counts, (adds, removes, 0), "adds, removes and updates of {feature} in {self:?}");
        self
    }
}

/// A plan as the API tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan(pub Value);

impl Plan {
    /// Its id.
    pub fn id(&self) -> &str {
        self.0["id"].as_str().unwrap()
    }
}
