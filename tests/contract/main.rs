//! The contract of an adapter, in sentences with MUST, and every adapter held to each of them.
//!
//! The services are emulated over real HTTP and share no code with the adapters, so the emulator's state is the truth and
//! its request log is the witness. The same sentences hold for a media server, a tracker on the web and our own ledger;
//! where a sentence cannot apply (the ledger sends no request), the account says so and the check is empty there.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod account;
mod broken_reads;
mod broken_writes;
mod catalogue;
mod emby;
mod gates;
mod jellyfin;
mod mdblist;
mod odd_rows;
mod official;
mod plex;
mod ports;
mod reading;
mod reads;
mod scrobbling;
mod secrets;
mod sign_in;
mod simkl;
mod tracker;
mod trakt;
mod writes;
mod writing;

use std::panic::{AssertUnwindSafe, catch_unwind};

use account::Kind;

/// A check of one sentence against one kind of account. It panics where the sentence is broken.
type Check = fn(&Kind);

/// What every adapter has to keep.
const SENTENCES: &[(&str, Check)] = &[
    ("a read MUST be complete and true, whatever the size around a page", reads::every_size_is_complete_and_true),
    ("a read of each feature MUST tell what the account holds", reads::every_feature_is_true),
    ("a count MUST be that of the rows, where one is told", reads::counts_agree),
    ("two reads of an unchanged account MUST be the same", reads::reads_repeat),
    ("a probe MUST name the user and MUST NOT change while the account stays", reads::probes_are_stable),
    ("a broken request MUST NOT make a short read complete", broken_reads::never_short_and_complete),
    ("a service that is down MUST be told as unavailable, not as empty", broken_reads::down_is_not_empty),
    ("a slow answer MUST be waited for", broken_reads::slow_is_not_broken),
    ("odd rows MUST neither break a read nor be invented", odd_rows::are_survived),
    ("titles in any script and items without ids MUST survive", odd_rows::any_title_survives),
    ("a change gate MUST move with every change and MUST stand still without one", gates::move_with_changes_only),
    ("a write MUST report every operation once, in order", writes::one_outcome_per_operation),
    ("what is acknowledged MUST be there", writes::acknowledged_means_there),
    ("a removal MUST take what it names and nothing else", writes::removals_are_exact),
    ("an update MUST replace the value", writes::updates_replace),
    ("every rating of the account's own scale MUST come back as it was written", writes::ratings_come_back),
    ("removing what is not there MUST change nothing and be no failure", writes::removing_nothing_is_fine),
    ("writing the same again MUST change nothing, unless the service counts plays", writes::writing_again_is_harmless),
    ("a broken write MUST NOT be told as done or as not done, unless it is known", broken_writes::outcomes_are_true),
    ("an operation whose answer was lost MUST be in doubt, and reading it back MUST tell", broken_writes::lost_answers),
    ("no request that may have been applied MUST be sent again", broken_writes::nothing_is_sent_twice),
    ("an account that asks to wait MUST be told so, with the time", broken_writes::patience_is_told),
    ("credentials that end in the middle MUST be renewed once, where they can be", sign_in::renewed_once),
    ("credentials that cannot be renewed MUST be told as a sign-in", sign_in::lost_for_good),
    ("a stop from the bar on MUST be one play, and what comes before it MUST be none", scrobbling::a_stop_is_one_play),
    ("a second stop MUST add nothing and MUST be told", scrobbling::a_second_stop_adds_nothing),
    (
        "a scrobble whose answer is lost MUST be in doubt, and no scrobble MUST be sent again",
        scrobbling::a_broken_call_is_told_truly_and_sent_once,
    ),
    ("a scrobble of something unknown MUST be told as not found", scrobbling::the_unknown_is_not_found),
    ("a tracker that asks to wait MUST be told so, with the time", scrobbling::patience_is_told),
    ("credentials that end before a scrobble MUST be renewed once", scrobbling::ended_credentials_are_renewed),
    ("taking back what plays MUST leave no play", scrobbling::taking_back_leaves_no_play),
    ("a fault MUST NOT hold a secret and MUST say what happened", secrets::stay_secret),
    ("every request MUST be counted, and nothing else", secrets::requests_are_counted),
];

/// Runs all sentences against one kind of account and tells every one that is broken.
fn hold_to_the_contract(kind: &Kind) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut broken = Vec::new();
    for (sentence, check) in SENTENCES {
        println!("{}: {sentence}", kind.name);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(kind))) {
            let why = panic.downcast_ref::<String>().map(String::as_str);
            let why = why.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
            broken.push(format!("{sentence}:\n    {why}"));
        }
    }
    assert!(broken.is_empty(), "{} breaks the contract:\n{}", kind.name, broken.join("\n"));
}

#[test]
fn jellyfin_with_a_token_keeps_the_contract() {
    hold_to_the_contract(&jellyfin::WITH_TOKEN);
}

#[test]
fn jellyfin_with_a_password_keeps_the_contract() {
    hold_to_the_contract(&jellyfin::WITH_PASSWORD);
}

#[test]
fn mdblist_with_a_key_keeps_the_contract() {
    hold_to_the_contract(&mdblist::WITH_KEY);
}

#[test]
fn mdblist_with_a_sign_in_keeps_the_contract() {
    hold_to_the_contract(&mdblist::SIGNED_IN);
}

#[test]
fn plex_as_the_owner_keeps_the_contract() {
    hold_to_the_contract(&plex::OWNER);
}

#[test]
fn plex_as_a_friend_keeps_the_contract() {
    hold_to_the_contract(&plex::FRIEND);
}

#[test]
fn jellyfin_with_a_playlist_keeps_the_contract() {
    hold_to_the_contract(&jellyfin::WITH_PLAYLIST);
}

#[test]
fn emby_with_a_key_keeps_the_contract() {
    hold_to_the_contract(&emby::WITH_KEY);
}

#[test]
fn emby_with_a_password_keeps_the_contract() {
    hold_to_the_contract(&emby::WITH_PASSWORD);
}

#[test]
fn emby_with_a_collection_keeps_the_contract() {
    hold_to_the_contract(&emby::WITH_COLLECTION);
}

#[test]
fn trakt_keeps_the_contract() {
    hold_to_the_contract(&trakt::TRAKT);
}

#[test]
fn simkl_keeps_the_contract() {
    hold_to_the_contract(&simkl::SIMKL);
}

#[test]
fn the_built_in_tracker_keeps_the_contract() {
    hold_to_the_contract(&tracker::TRACKER);
}
