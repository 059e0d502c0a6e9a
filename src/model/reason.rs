//! The closed set of reasons. UI, API, logs and docs use these words and no others.

use crate::text::words;

/// Why an item is treated the way it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The source has it, the target lacks it.
    OnlyOnSource,
    /// Both have it with different values, or the target lost it since; the source's is written to the target.
    ChangedOnSource,
    /// Both have it with different values, or the source lost it since; the target's is written to the source.
    ChangedOnTarget,
    /// Two-way: the target has it, the source never did.
    NewOnTarget,
    /// The pair had agreed on it, the target lost it, the source still has it.
    MissingOnTarget,
    /// It was on the source and is gone in enough complete reads.
    RemovedOnSource,
    /// Two-way: it was on the target and is gone in enough complete reads.
    RemovedOnTarget,
    /// `mirror`: the target has it, the source never had.
    NotOnSourceMirror,
    /// Both sides agree.
    Same,
    /// It is gone from the source, removals are off.
    RemovesOff,
    /// Its file left the media server's library, and what was known of it there with it.
    LeftLibrary,
    /// It is gone from one side, but not yet in enough complete reads.
    WaitingForReads,
    /// Two-way: one side lost it while removals were off; it is neither removed nor added back.
    Diverged,
    /// A read is not complete, so absence proves nothing.
    ReadIncomplete,
    /// Only the target has it; the source never did.
    OnlyOnTarget,
    /// First run: nothing is removed, both sides become the baseline.
    Adoption,
    /// The row has no usable id.
    NoIds,
    /// The account cannot hold this kind of item.
    KindUnsupported,
    /// A show or season row, where only movies and episodes count.
    NotALeaf,
    /// The account would stamp today's date, and `allow_undated` is off.
    UndatedNotAllowed,
    /// One side keeps only the last play, so "watched" is all that counts.
    RewatchesCollapsed,
    /// A write of this item is on its way or in doubt.
    InFlight,
    /// Live scrobbling records it.
    RecordedLive,
    /// The account refused it before; it waits for its next try.
    Unresolved,
    /// Added a moment ago, `new_item_grace` is not over.
    TooNew,
    /// It happened before the pair first agreed, and `only_new` is on.
    BeforePair,
    /// The pair is told never to touch it.
    Blocked,
    /// Outside `min_percent` and `max_percent`.
    OutsideProgressLimits,
    /// The target's resume point is newer.
    TargetIsNewer,
    /// It is watched there, or about to be, and the account keeps one status per item.
    StatusTaken,
    /// Two ids contradict each other.
    IdsContradict,
    /// The same season and number, but different episode ids.
    CoordinatesContradict,
    /// Found only by numbers, where a removal or overwrite needs ids.
    MatchTooWeak,
    /// More removals than `max_removes` allows.
    TooManyRemoves,
    /// The source lost more than `max_shrink` allows.
    SourceShrunk,
    /// The target lost more than `max_shrink` allows.
    TargetShrunk,
    /// The first removals of a `mirror` feature wait for a person.
    FirstMirror,
    /// The plan would double plays of what is watched already.
    DuplicatePlays,
    /// The account has no room left.
    AccountFull,
    /// The value went back and forth between two writers.
    FlipFlop,
    /// A row of a media server is about something else than before; neither the old nor the new is believed yet.
    Rematched,
    /// The target's catalogue does not know the item.
    NotFound,
    /// The item is not in the target's library.
    NotInLibrary,
    /// The target said no.
    RejectedByTarget,
    /// Accepted, but not there when read back.
    NotVisible,
    /// The target changed after the plan was made.
    Stale,
    /// The answer was lost; it is read back before anything is sent again.
    ReplyLost,
    /// The account asked to wait.
    RateLimited,
    /// The account must be signed in again.
    NeedsSignIn,
    /// The account could not be reached.
    ProviderDown,
    /// A person takes back what a run wrote.
    Undo,
    /// An undo took back what the pair wrote; nothing changed since.
    TakenBack,
    /// The account cannot bring back what was there before.
    CannotUndo,
    /// A person brings back what a snapshot holds.
    Restore,
    /// A restore to exactly what was: the target has it, the snapshot does not.
    NotInSnapshot,
    /// A person said no to exactly this.
    Declined,
    /// Stopped by a person or a shutdown.
    Cancelled,
}

words!(Reason {
    OnlyOnSource => "only_on_source",
    ChangedOnSource => "changed_on_source",
    ChangedOnTarget => "changed_on_target",
    NewOnTarget => "new_on_target",
    MissingOnTarget => "missing_on_target",
    RemovedOnSource => "removed_on_source",
    RemovedOnTarget => "removed_on_target",
    NotOnSourceMirror => "not_on_source_mirror",
    Same => "same",
    RemovesOff => "removes_off",
    LeftLibrary => "left_library",
    WaitingForReads => "waiting_for_reads",
    Diverged => "diverged",
    ReadIncomplete => "read_incomplete",
    OnlyOnTarget => "only_on_target",
    Adoption => "adoption",
    NoIds => "no_ids",
    KindUnsupported => "kind_unsupported",
    NotALeaf => "not_a_leaf",
    UndatedNotAllowed => "undated_not_allowed",
    RewatchesCollapsed => "rewatches_collapsed",
    InFlight => "in_flight",
    RecordedLive => "recorded_live",
    Unresolved => "unresolved",
    TooNew => "too_new",
    BeforePair => "before_pair",
    Blocked => "blocked",
    OutsideProgressLimits => "outside_progress_limits",
    TargetIsNewer => "target_is_newer",
    StatusTaken => "status_taken",
    IdsContradict => "ids_contradict",
    CoordinatesContradict => "coordinates_contradict",
    MatchTooWeak => "match_too_weak",
    TooManyRemoves => "too_many_removes",
    SourceShrunk => "source_shrunk",
    TargetShrunk => "target_shrunk",
    FirstMirror => "first_mirror",
    DuplicatePlays => "duplicate_plays",
    AccountFull => "account_full",
    FlipFlop => "flip_flop",
    Rematched => "rematched",
    NotFound => "not_found",
    NotInLibrary => "not_in_library",
    RejectedByTarget => "rejected_by_target",
    NotVisible => "not_visible",
    Stale => "stale",
    ReplyLost => "reply_lost",
    RateLimited => "rate_limited",
    NeedsSignIn => "needs_sign_in",
    ProviderDown => "provider_down",
    Undo => "undo",
    TakenBack => "taken_back",
    CannotUndo => "cannot_undo",
    Restore => "restore",
    NotInSnapshot => "not_in_snapshot",
    Declined => "declined",
    Cancelled => "cancelled",
});

impl Reason {
    /// One sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OnlyOnSource => "The source has it, the target does not.",
            Self::ChangedOnSource => "The values differ and the source's is written to the target.",
            Self::ChangedOnTarget => "The values differ and the target's is written to the source.",
            Self::NewOnTarget => "The target has it, the source does not.",
            Self::MissingOnTarget => "Both sides had it, the target lost it and the source still has it.",
            Self::RemovedOnSource => "It was on the source and is gone there.",
            Self::RemovedOnTarget => "It was on the target and is gone there.",
            Self::NotOnSourceMirror => "The target has it, the source does not, and this feature mirrors the source.",
            Self::Same => "Both sides agree.",
            Self::RemovesOff => "It is gone from the source; removals are off for this feature.",
            Self::LeftLibrary => {
                "Its file left the library of the media server; nobody took it back, so nothing is removed."
            }
            Self::WaitingForReads => "It is gone from one side, but not yet in enough complete reads.",
            Self::Diverged => "One side lost it and removals are off: it is neither removed nor added back.",
            Self::ReadIncomplete => "A read was not complete, so absence proves nothing.",
            Self::OnlyOnTarget => "Only the target has it; it is left alone.",
            Self::Adoption => "First run: nothing is removed.",
            Self::NoIds => "The item carries no usable id.",
            Self::KindUnsupported => "The account cannot hold this kind of item.",
            Self::NotALeaf => "Only movies and episodes have plays; shows and seasons are left alone.",
            Self::UndatedNotAllowed => "The account would give it today's date; allow_undated is off.",
            Self::RewatchesCollapsed => "One side keeps only the last play, so only watched or not counts.",
            Self::InFlight => "A write of this item is on its way.",
            Self::RecordedLive => "Live scrobbling has recorded this play here, or is about to.",
            Self::Unresolved => "The account refused it before; it waits for its next try.",
            Self::TooNew => "It was added a moment ago; new_item_grace is not over.",
            Self::BeforePair => "It is older than the pair or has no date; only_new is on.",
            Self::Blocked => "The pair's block list names it.",
            Self::OutsideProgressLimits => "The resume point is outside min_percent and max_percent.",
            Self::TargetIsNewer => "The target has a newer resume point.",
            Self::StatusTaken => "It is watched there, and the account keeps one status per item.",
            Self::IdsContradict => "Its ids contradict each other; a person must decide.",
            Self::CoordinatesContradict => "The same season and number, but different episode ids.",
            Self::MatchTooWeak => "Matched by numbers only; this change needs matching ids.",
            Self::TooManyRemoves => "More removals than max_removes allows; a person must approve.",
            Self::SourceShrunk => "The source lost more than max_shrink allows; a person must approve.",
            Self::TargetShrunk => "The target lost more than max_shrink allows; a person must approve.",
            Self::FirstMirror => "The first removals of a mirror feature need approval.",
            Self::DuplicatePlays => "The plan would double plays of what is watched already.",
            Self::AccountFull => "The account has no room left.",
            Self::FlipFlop => "The value went back and forth between two writers; a person must approve.",
            Self::Rematched => {
                "Its row on the media server is about something else than before; a person must say what is right."
            }
            Self::NotFound => "The target does not know this item.",
            Self::NotInLibrary => "The item is not in the target's library.",
            Self::RejectedByTarget => "The target refused it.",
            Self::NotVisible => "The target accepted it but does not show it.",
            Self::Stale => "The target changed after the plan was made.",
            Self::ReplyLost => "The answer was lost; it is read back before anything is sent again.",
            Self::RateLimited => "The account asked to wait.",
            Self::NeedsSignIn => "The account must be signed in again.",
            Self::ProviderDown => "The account could not be reached.",
            Self::Undo => "A person takes back what a run wrote.",
            Self::TakenBack => "An undo took this back; it is planned again once the fact changes.",
            Self::CannotUndo => "The account cannot bring back what was there before.",
            Self::Restore => "A person brings back what the snapshot holds.",
            Self::NotInSnapshot => "The snapshot does not hold it; a person must approve its removal.",
            Self::Declined => "A person said no; it is asked again once something about it changes.",
            Self::Cancelled => "Stopped before it was sent.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_word_and_a_sentence() {
        let mut words: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(*reason));
            assert!(reason.sentence().ends_with('.'), "{reason}");
        }
    }
}
