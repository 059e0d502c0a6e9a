//! What stands until somebody takes it back: words of people and marks of the past that a restart must not lose.
//!
//! There are few of these, so they are read all at once. What a mark means is decided by whoever set it.

use jiff::Timestamp;
use smol_str::SmolStr;

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum StandingKind {
    /// Nothing is written to any account. The subject is empty.
    Frozen = 1,
    /// A pair starts no runs. The subject is the pair.
    Paused = 2,
    /// When a pair forgot what it knew. The subject is the pair.
    Reset = 3,
    /// When a pair forgot the reads of its accounts, too. The subject is the pair.
    FullReset = 4,
    /// Advice that nobody wants to hear for a while. The subject is the rule and what it is about.
    Snoozed = 5,
    /// How a pair was configured. The subject is the pair, the text says how.
    Configured = 6,
    /// When the runs of a two-way pair had shown that it is safe. The subject is the pair.
    Ready = 7,
    /// Until when everything that was watched at an account is known. The subject is the account.
    Heard = 8,
    /// People were asked again about what waits. The subject is the id of the hold.
    Asked = 9,
    /// What a guard holds goes through from now on. The subject is pair, feature and kind of hold.
    Always = 10,
}

impl StandingKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Frozen,
        Self::Paused,
        Self::Reset,
        Self::FullReset,
        Self::Snoozed,
        Self::Configured,
        Self::Ready,
        Self::Heard,
        Self::Asked,
        Self::Always,
    ];

    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingRecord {
    /// What it says.
    pub kind: StandingKind,
    /// What about; at most one mark per kind and subject.
    pub subject: SmolStr,
    /// Since when.
    pub at: Timestamp,
    /// Until when, where it ends by itself.
    pub until: Option<Timestamp>,
    /// What else there is to say.
    pub text: SmolStr,
}

/// How much a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackupCount {
    /// Rows.
    pub rows: u64,
    /// The size of the file.
    pub bytes: u64,
}

/// How much a pair keeps that a reset forgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairMemory {
    /// Rows that both sides agreed on, with their counters of absence.
    pub baseline: u64,
    /// Features that had their first run, with their counters.
    pub features: u64,
    /// What waits for a person.
    pub held: u64,
    /// Operations that a person said no to.
    pub rejected: u64,
    /// Items that the target refused.
    pub unresolved: u64,
}
