//! Rows that do not look as they should.

use crosswatch_emulator::{ExternalIds, FaultRule, Library, LibraryItem, Movie, UserActivity, WatchedOnce};
use crosswatch_model::Feature;

use crate::{
    account::Kind,
    catalogue::{Contents, now},
    ports::run,
    reading::read_all,
};

/// Unknown fields, unknown kinds, `null` rows, rows that come twice: what can be understood is told once, the rest counted.
pub(crate) fn are_survived(kind: &Kind) {
    let account = (kind.start)(Contents::watched(3));
    let (Some(wire), Some(odd)) = (account.wire(), account.odd_page()) else { return };
    wire.faults.add(FaultRule::containing(odd.path_part, odd.answer).always());
    let ended = run(read_all(&*account.open(), Feature::History));
    assert_eq!(ended.fault, None);
    assert_eq!(ended.facts(), odd.facts);
    assert_eq!(ended.unusable, odd.unusable, "rows that cannot be understood");
    assert!(ended.is_complete(), "totals agree with what was on the wire: {}", ended.report().proof);
}

const TITLES: [&str; 8] = [
    "夜の図書館",
    "ليل المدينة",
    "Une e\u{301}toile filante",
    "\u{202e}backwards\u{202c}",
    "\"quoted\" \\ and /slashed/",
    "👩\u{200d}👩\u{200d}👧 at home",
    "a\tb\u{7f}c",
    " ",
];

/// Films whose title is all that is known of them.
pub(crate) fn any_title_survives(kind: &Kind) {
    let mut library = Library::empty();
    let mut activity = UserActivity::default();
    for (place, title) in TITLES.iter().enumerate() {
        let movie = Movie {
            title: (*title).into(),
            year: 2001,
            released: "2001-02-03".parse().unwrap(),
            runtime_min: 90,
            ids: ExternalIds::default(),
        };
        library.add_movie(movie);
        activity.plays.push(WatchedOnce { item: LibraryItem::Movie(place), at: now() });
    }
    let account = (kind.start)(Contents { library, activity });
    let ended = run(read_all(&*account.open(), Feature::History));
    assert!(ended.is_complete(), "{:?}", ended.report());
    assert_eq!(ended.facts(), account.truth(Feature::History));
    assert_eq!(ended.rows.len(), TITLES.len());
}
