//! Why: every state of an item has an answer, and it is the plan's own.

use crosswatch_model::{Feature, HoldKind};
use crosswatch_plan::{Removes, Why};

use crate::world::{Reading, T1, World, m};

fn text(why: &Why) -> Vec<String> {
    let link = |link: &crosswatch_plan::Link| {
        let rule = link.rule.as_ref().map(|rule| format!(" [{rule}]")).unwrap_or_default();
        format!("{}: {}{rule}", link.source, link.fact)
    };
    std::iter::once(why.sentence.to_string()).chain(why.chain.iter().map(link)).collect()
}

#[test]
fn an_update_tells_the_whole_chain() {
    let world = World::new(Feature::Ratings)
        .source([m(1).rated(80, Some(T1))])
        .target([m(1).rated(30, Some(T1 + 100))])
        .wrote([m(1).rated(80, None)]);
    let [why] = world.why().try_into().unwrap();
    assert_eq!(
        text(&why),
        [
            "Rated 8/10 on the source, 3/10 on the target; the source wins.",
            "identity: movie 1 (tmdb_movie:1): one id of both sides is equal. [C2]",
            "source: Rated 8/10 on the source. The read of the source is complete: 1 of 1 items on 1 page. [complete]",
            "target: Rated 3/10 on the target. The read of the target is complete: 1 of 1 items on 1 page. [complete]",
            "baseline: The pair remembers: Rated 8/10 on the source. Rated 8/10 on the target, written by this pair.",
            "rules: The values differ and the source's is written to the target. [changed_on_source]",
        ]
    );
    assert_eq!(why.chain[1].at, Some(crate::world::at(T1)));
    assert_eq!(world.plan().plan.items[0].line.explain, why.sentence);
}

#[test]
fn a_held_removal_names_rule_and_guard_and_what_ends_it() {
    let world = World::new(Feature::Watchlist).target([m(1)]).agreed([m(1)]).removing();
    let world = world.with(|policy| policy.removes = Removes::Mirror);
    let [why] = world.why().try_into().unwrap();
    let chain: Vec<(&str, Option<&str>)> =
        why.chain.iter().map(|link| (link.source.as_str(), link.rule.as_deref())).collect();
    assert_eq!(chain[4..], [("rules", Some("removed_on_source")), ("guard", Some("first_mirror")), ("advice", None)]);
    assert_eq!(world.plan().plan.holds[0].kind, HoldKind::FirstMirror);
    assert_eq!(world.plan().plan.holds[0].sentence, why.chain[5].fact);
}

#[test]
fn every_state_has_an_answer() {
    let list = || World::new(Feature::Watchlist);
    let agreed = || list().agreed([m(1)]);
    for (world, sentence) in [
        (agreed().source([m(1)]).target([m(1)]), "Listed on the source. Both sides agree."),
        (list().source([m(1)]), "Listed on the source, not listed on the target."),
        (list().target([m(1)]), "Listed on the target. Only the target has it; it is left alone."),
        (agreed(), "Neither side shows it; what is remembered of it stays until that is certain."),
        (
            agreed().source([m(1)]).two_way(),
            "Listed on the source; the target lost it while removals were off, so it is neither removed nor added back.",
        ),
        (list().source([m(1)]).with(|policy| policy.adds = false), "It would be added or updated, but add is off."),
        (
            agreed().source([m(1)]).reading(Reading::Down, Reading::Complete),
            "The source could not be read: connection refused. Nothing is planned.",
        ),
        (
            World { known: vec![(crosswatch_model::Uid(1), m(1).item)], ..list() },
            "Neither side has it in its watchlist, and nothing is remembered of it.",
        ),
        (
            list().source([m(1).ids("tmdb:1 imdb:tt0000001")]).target([m(1).ids("tmdb:2 imdb:tt0000001")]),
            "Listed on the source. Its ids contradict each other; a person must decide.",
        ),
    ] {
        let [why] = world.why().try_into().unwrap();
        assert_eq!(why.sentence, sentence);
        assert_eq!(why.chain[0].source, "identity");
    }
    let plays = World::new(Feature::History).source([m(1), m(1).played(T1 + 90_000)]).target([m(1)]);
    let sentences: Vec<_> = plays.why().into_iter().map(|why| why.sentence).collect();
    assert_eq!(sentences.len(), 2);
    assert!(sentences[0].ends_with("Both sides agree.") && sentences[1].ends_with("no such play on the target."));
}

#[test]
fn a_quarrel_names_both_writers() {
    let mut world = World::new(Feature::Ratings).source([m(1)]).target([m(1).rated(30, None)]).wrote([m(1)]);
    for row in world.baseline.values_mut() {
        row.flips = Some(crosswatch_plan::Flips { previous: None, returns: 2, at: 3 });
    }
    let [why] = world.why().try_into().unwrap();
    assert_eq!(
        why.sentence,
        "Rated 8/10 on the source, 3/10 on the target; pair home-to-trakt and another writer of these accounts undo each other."
    );
    assert!(why.chain[3].fact.ends_with("It went back 2 times from run 3 on."));
}
