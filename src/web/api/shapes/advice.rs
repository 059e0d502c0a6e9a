//! Advice.

use crosswatch_port::StandingRecord;
use crosswatch_settings::Advice;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// One piece of advice about the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Advice)]
pub struct AdviceShape {
    /// The stable name of the rule.
    #[schema(example = "no-snapshots")]
    rule: &'static str,
    /// `info`, `warning` or `error`.
    #[schema(example = "warning")]
    severity: &'static str,
    /// What it is about.
    #[schema(example = "pair[home-to-ledger].history")]
    subject: String,
    /// What is the matter, and why it matters.
    message: String,
    /// What to do about it.
    fix: String,
    /// Where the documentation tells about the rule.
    #[schema(example = "README.md#advice-no-snapshots")]
    documentation: String,
    /// Until when nobody wants to hear it.
    #[schema(value_type = Option<String>, format = DateTime)]
    snoozed_until: Option<Timestamp>,
    /// Why nobody wants to hear it.
    snooze_reason: Option<String>,
}

impl AdviceShape {
    /// Advice, and the mark of its snooze where there is one.
    pub(crate) fn new(advice: Advice, snooze: Option<&StandingRecord>) -> Self {
        Self {
            rule: advice.rule.as_str(),
            severity: advice.severity.as_str(),
            subject: advice.subject,
            message: advice.message,
            fix: advice.fix,
            documentation: advice.rule.documentation(),
            snoozed_until: snooze.and_then(|mark| mark.until),
            snooze_reason: snooze.map(|mark| mark.text.to_string()).filter(|reason| !reason.is_empty()),
        }
    }
}
