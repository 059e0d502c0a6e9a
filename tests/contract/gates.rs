//! The cheap question "has anything changed".

use crosswatch_model::{Feature, FeatureSet};

use crate::{
    account::Kind,
    catalogue::Contents,
    ports::run,
    writing::{absent, adds, removals, send, writable},
};

/// The mark of a feature moves with an add and with a removal, those of the others stay.
pub(crate) fn move_with_changes_only(kind: &Kind) {
    let account = (kind.start)(Contents::half_watched());
    let adapter = account.open();
    let capabilities = adapter.capabilities();
    let gated: FeatureSet = capabilities
        .features
        .iter()
        .filter(|capability| capability.has_change_gate)
        .map(|capability| capability.feature)
        .collect();
    let marks = || {
        account.let_time_pass();
        let stamps = run(account.open().stamps(gated)).unwrap().unwrap_or_default();
        gated.iter().map(|feature| (feature, stamps.get(feature).cloned())).collect::<Vec<_>>()
    };
    let moved = |before: &[(Feature, Option<smol_str::SmolStr>)], after: &[(Feature, Option<smol_str::SmolStr>)]| {
        let moved = before.iter().zip(after).filter(|(before, after)| before != after);
        moved.map(|(before, _)| before.0).collect::<Vec<_>>()
    };
    let still = marks();
    assert!(still.iter().all(|(_, mark)| mark.is_some()), "the capability promises a mark: {still:?}");
    assert_eq!(moved(&still, &marks()), [], "time alone moves no mark");
    for feature in writable(&*adapter).into_iter().filter(|feature| gated.contains(*feature)) {
        let before = marks();
        let writes = adds(feature, &absent(&*account, feature, 1));
        send(&*adapter, feature, &writes);
        let added = marks();
        assert_eq!(moved(&before, &added), [feature], "an add");
        send(&*adapter, feature, &removals(&*adapter, feature, &writes));
        assert_eq!(moved(&added, &marks()), [feature], "a removal");
    }
}
