//! What a level of confidence is good enough for: one table, by operation and direction.
//!
//! [`rule`] is the only place that knows it; the planner asks it for every change. A better level than the weakest is
//! allowed too, a weaker one is a skip with a reason. A contradiction allows nothing.
//! One equal id is enough to replace or remove a value where no id differs: libraries that were matched by an older agent
//! carry one id, and their owners change their minds too. What makes that safe lies beside this table: a removal also
//! needs a complete read that once held the entity, no rematch on either side, no dispute, and a row that was read again.

use std::fmt;

use crate::confidence::Confidence;

/// What is done to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Put an item on the watchlist.
    AddToWatchlist,
    /// Add a play with its date.
    AddPlay,
    /// Mark as watched without a date.
    MarkWatched,
    /// Give a rating where there is none.
    Rate,
    /// Set a resume point.
    SetProgress,
    /// Replace a rating.
    Overwrite,
    /// Remove, mark as unwatched, clear.
    Remove,
    /// Delete a list, or remove so much at once that [`is_bulk`] holds.
    RemoveInBulk,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 8] = [
        Self::AddToWatchlist,
        Self::AddPlay,
        Self::MarkWatched,
        Self::Rate,
        Self::SetProgress,
        Self::Overwrite,
        Self::Remove,
        Self::RemoveInBulk,
    ];
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::AddToWatchlist => "watchlist add",
            Self::AddPlay => "history add (dated)",
            Self::MarkWatched => "mark watched, no date",
            Self::Rate => "rating set",
            Self::SetProgress => "progress",
            Self::Overwrite => "rating overwrite",
            Self::Remove => "remove",
            Self::RemoveInBulk => "remove in bulk",
        })
    }
}

/// What kind of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountKind {
    /// Knows everything there is, and what you told it.
    Tracker,
    /// Knows what is in its libraries.
    Server,
}

/// From which kind of account to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Direction {
    /// The account that is read.
    pub from: AccountKind,
    /// The account that is written.
    pub to: AccountKind,
}

impl Direction {
    /// Every direction.
    pub const ALL: [Self; 4] = [
        Self { from: AccountKind::Tracker, to: AccountKind::Tracker },
        Self { from: AccountKind::Server, to: AccountKind::Tracker },
        Self { from: AccountKind::Tracker, to: AccountKind::Server },
        Self { from: AccountKind::Server, to: AccountKind::Server },
    ];
}

impl fmt::Display for Direction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |kind| match kind {
            AccountKind::Tracker => "tracker",
            AccountKind::Server => "server",
        };
        formatter.pad(&format!("{} to {}", word(self.from), word(self.to)))
    }
}

/// What must hold for an operation to go on without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The weakest level.
    pub weakest: Confidence,
    /// The weakest level where we wrote the target's row ourselves.
    pub weakest_if_ours: Confidence,
    /// Whether the target's item must have been read again just now.
    pub needs_read_back: bool,
}

/// What is so about one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// How sure the match is.
    pub level: Confidence,
    /// We wrote the target's row ourselves.
    pub is_ours: bool,
    /// The target's item was read again just now.
    pub was_read_back: bool,
}

/// Whether a change may go on without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// It may.
    Granted,
    /// It may once the target's item has been read again.
    AfterReadBack,
    /// The match is too weak for it.
    TooWeak,
}

impl Rule {
    /// Whether this change may go on without a person.
    pub fn permits(self, circumstances: Circumstances) -> Permission {
        let weakest = if circumstances.is_ours { self.weakest_if_ours } else { self.weakest };
        if circumstances.level == Confidence::X || circumstances.level > weakest {
            Permission::TooWeak
        } else if self.needs_read_back && !circumstances.was_read_back {
            Permission::AfterReadBack
        } else {
            Permission::Granted
        }
    }
}

/// One row of the table: an operation, and its weakest level in each of [`Direction::ALL`].
type Row = (Operation, [Confidence; 4]);

use Confidence::{C0, C2, C3, C4, C5};

const TABLE: [Row; 8] = [
    (Operation::AddToWatchlist, [C2, C2, C2, C2]),
    (Operation::AddPlay, [C4, C4, C4, C3]),
    (Operation::MarkWatched, [C3, C3, C3, C3]),
    (Operation::Rate, [C3, C3, C3, C3]),
    (Operation::SetProgress, [C3, C3, C3, C3]),
    (Operation::Overwrite, [C2, C2, C2, C2]),
    (Operation::Remove, [C2, C2, C2, C2]),
    (Operation::RemoveInBulk, [C0, C0, C0, C0]),
];

/// What must hold for this operation in this direction.
pub fn rule(operation: Operation, direction: Direction) -> Rule {
    let weakest = weakest(operation, direction);
    let is_removal = operation == Operation::Remove;
    Rule {
        weakest,
        weakest_if_ours: if is_removal || operation == Operation::Overwrite { C3 } else { weakest },
        needs_read_back: is_removal && direction.to == AccountKind::Server,
    }
}

/// The same for a pair whose owner lets adds rest on titles. Nothing else ever does.
pub fn rule_with_titles(operation: Operation, direction: Direction) -> Rule {
    let rule = rule(operation, direction);
    match operation {
        Operation::AddToWatchlist | Operation::AddPlay | Operation::MarkWatched | Operation::Rate => {
            Rule { weakest: C5, weakest_if_ours: C5, ..rule }
        }
        Operation::SetProgress | Operation::Overwrite | Operation::Remove | Operation::RemoveInBulk => rule,
    }
}

/// The weakest level that may go on without a person.
pub fn weakest(operation: Operation, direction: Direction) -> Confidence {
    let levels = TABLE.iter().find(|(of, _)| *of == operation).map(|(_, levels)| levels);
    let at = Direction::ALL.iter().position(|of| *of == direction);
    levels.zip(at).and_then(|(levels, at)| levels.get(at)).copied().unwrap_or(C0)
}

/// Adds of a disputed entity need this many origins that know it (see [`crate::Join::vouched_by`]); nothing else of it is
/// ever written.
pub const ORIGINS_FOR_A_DISPUTED_ADD: usize = 2;

/// Whether so many removals of so many items are a bulk.
pub const fn is_bulk(removals: usize, items: usize) -> bool {
    removals > 25 || removals.saturating_mul(100) > items.saturating_mul(5)
}

/// The table as text for people.
pub fn table() -> String {
    let row = |first: String, cells: [String; 4]| {
        let [one, two, three, four] = cells;
        format!("{first:24}{one:22}{two:22}{three:22}{four}")
    };
    let head = row("operation".to_owned(), Direction::ALL.map(|direction| direction.to_string()));
    let rows = Operation::ALL.map(|operation| {
        row(operation.to_string(), Direction::ALL.map(|direction| rule(operation, direction).to_string()))
    });
    [head].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// `C2, C3 if ours, read`.
impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.weakest)?;
        if self.weakest_if_ours != self.weakest {
            write!(formatter, ", {} if ours", self.weakest_if_ours)?;
        }
        if self.needs_read_back { formatter.write_str(", read") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_like_this() {
        let expected = "\
operation               tracker to tracker    server to tracker     tracker to server     server to server
watchlist add           C2                    C2                    C2                    C2
history add (dated)     C4                    C4                    C4                    C3
mark watched, no date   C3                    C3                    C3                    C3
rating set              C3                    C3                    C3                    C3
progress                C3                    C3                    C3                    C3
rating overwrite        C2, C3 if ours        C2, C3 if ours        C2, C3 if ours        C2, C3 if ours
remove                  C2, C3 if ours        C2, C3 if ours        C2, C3 if ours, read  C2, C3 if ours, read
remove in bulk          C0                    C0                    C0                    C0";
        assert_eq!(table(), expected);
    }

    #[test]
    fn numbers_alone_remove_only_what_we_wrote() {
        let [.., server] = Direction::ALL;
        let [tracker, ..] = Direction::ALL;
        let case = |direction, level, is_ours| {
            let circumstances = Circumstances { level, is_ours, was_read_back: false };
            rule(Operation::Remove, direction).permits(circumstances)
        };
        assert_eq!(case(tracker, C2, false), Permission::Granted);
        assert_eq!(case(tracker, C3, false), Permission::TooWeak);
        assert_eq!(case(tracker, C3, true), Permission::Granted);
        assert_eq!(case(tracker, C4, true), Permission::TooWeak);
        assert_eq!(case(server, C2, true), Permission::AfterReadBack);
        for direction in Direction::ALL {
            assert_eq!(case(direction, Confidence::X, true), Permission::TooWeak);
        }
    }

    #[test]
    fn titles_are_enough_for_adds_where_the_owner_says_so() {
        for direction in Direction::ALL {
            assert_eq!(rule_with_titles(Operation::AddPlay, direction).weakest, C5);
            for operation in [Operation::Remove, Operation::Overwrite, Operation::RemoveInBulk] {
                assert_eq!(rule_with_titles(operation, direction), rule(operation, direction));
            }
        }
    }

    #[test]
    fn bulks_are_many_or_a_large_part() {
        assert!(!is_bulk(25, 10_000) && is_bulk(26, 10_000) && is_bulk(1, 19) && !is_bulk(1, 20) && !is_bulk(0, 0));
    }
}
