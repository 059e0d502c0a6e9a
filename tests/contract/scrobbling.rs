//! Trackers that are told what plays.

use std::time::Duration;

use crosswatch_emulator::{FaultKind, FaultRule};
use crosswatch_model::{Feature, Id, Item, Kind as ItemKind, Namespace};
use crosswatch_port::{Fault, Provider, Scrobble, Scrobbled, Verb};
use crosswatch_scrobble::Percent;

use crate::{
    account::{Account, Kind, every_fault},
    catalogue::{Contents, name_of},
    ports::run,
    writing::absent,
};

const BAR: Percent = Percent::whole(80);

/// Something that a tracker with scrobble calls is told about; `None` where the account has no such calls.
fn stage(kind: &Kind) -> Option<(Box<dyn Account>, Vec<Item>)> {
    let account = (kind.start)(Contents::half_watched());
    account.open().scrobbling()?;
    let unseen = absent(&*account, Feature::History, 4).into_iter().map(|(_, item)| item).collect();
    Some((account, unseen))
}

fn tell(adapter: &dyn Provider, verb: Verb, item: &Item, percent: Percent) -> Result<Scrobbled, Fault> {
    run(adapter.scrobbling().unwrap().scrobble(&Scrobble { verb, item: item.clone(), percent }))
}

fn plays(account: &dyn Account, item: &Item) -> usize {
    let name = format!("{} = ", name_of(item));
    account.truth(Feature::History).iter().filter(|fact| fact.starts_with(&name)).count()
}

fn a_film(items: &[Item]) -> &Item {
    items.iter().find(|item| item.kind == ItemKind::Movie).unwrap()
}

/// Started, paused and resumed it is shown; stopped from the bar on it is one play, for films and episodes alike.
pub(crate) fn a_stop_is_one_play(kind: &Kind) {
    let Some((account, items)) = stage(kind) else { return };
    let adapter = account.open();
    for item in &items {
        for (verb, percent) in
            [(Verb::Start, Percent::ZERO), (Verb::Pause, Percent::hundredths(3_333)), (Verb::Start, Percent::whole(34))]
        {
            assert_eq!(tell(&*adapter, verb, item, percent), Ok(Scrobbled::Shown), "{verb:?} of {}", item.label());
            assert_eq!(plays(&*account, item), 0, "{verb:?} is no play");
        }
        let stopped = tell(&*adapter, Verb::Stop, item, BAR);
        assert!(matches!(stopped, Ok(Scrobbled::Watched { .. })), "{stopped:?} of {}", item.label());
        assert_eq!(plays(&*account, item), 1, "{}", item.label());
    }
}

/// The tracker says that it has the play, or takes the two for one.
pub(crate) fn a_second_stop_adds_nothing(kind: &Kind) {
    let Some((account, items)) = stage(kind) else { return };
    let adapter = account.open();
    let film = a_film(&items);
    let first = tell(&*adapter, Verb::Stop, film, BAR);
    assert!(matches!(first, Ok(Scrobbled::Watched { .. })), "{first:?}");
    let second = tell(&*adapter, Verb::Stop, film, Percent::FULL);
    let is_told =
        matches!(second, Ok(Scrobbled::Repeated { watched_at: Some(_) } | Scrobbled::Watched { native: None }));
    assert!(is_told, "{second:?}");
    assert_eq!(plays(&*account, film), 1);
}

/// Whatever is told must agree with what the tracker has, and a call goes out once unless a 401 proves that it was not
/// taken.
pub(crate) fn a_broken_call_is_told_truly_and_sent_once(kind: &Kind) {
    for (name, fault) in every_fault() {
        let Some((account, items)) = stage(kind) else { return };
        let (adapter, wire, film) = (account.open(), account.wire().unwrap(), a_film(&items));
        run(adapter.probe()).unwrap();
        wire.faults.add(FaultRule::prefix("/scrobble", fault));
        let before = wire.log.count("POST", "/scrobble");
        let told = tell(&*adapter, Verb::Stop, film, BAR);
        wire.faults.clear();
        let sent = wire.log.count("POST", "/scrobble") - before;
        assert!(sent == 1 || (name == "401" && sent == 2), "{name}: sent {sent} times");
        let is_there = plays(&*account, film);
        let fits = match &told {
            Ok(Scrobbled::Watched { .. } | Scrobbled::Repeated { .. }) => is_there == 1,
            Err(Fault::InDoubt(_)) => is_there <= 1,
            Ok(_) | Err(_) => is_there == 0,
        };
        assert!(fits, "{name}: {told:?}, and {is_there} are there");
        if name.starts_with("drop") {
            assert!(matches!(told, Err(Fault::InDoubt(_))), "{name}: {told:?}");
        }
    }
}

/// Whichever way it is named, and without anything being added.
pub(crate) fn the_unknown_is_not_found(kind: &Kind) {
    let Some((account, _)) = stage(kind) else { return };
    let adapter = account.open();
    let before = account.truth(Feature::History);
    let id = Id::from_number(Namespace::Tmdb, ItemKind::Movie, 987_654_321).unwrap();
    for item in [
        Item::titled(ItemKind::Movie, "Unheard of", Some(1999), std::iter::once(id).collect()),
        Item::titled(ItemKind::Movie, "Nameless", None, std::iter::empty().collect()),
    ] {
        assert_eq!(tell(&*adapter, Verb::Stop, &item, BAR), Ok(Scrobbled::NotFound));
    }
    assert_eq!(account.truth(Feature::History), before);
}

pub(crate) fn patience_is_told(kind: &Kind) {
    let Some((account, items)) = stage(kind) else { return };
    let (adapter, wire) = (account.open(), account.wire().unwrap());
    run(adapter.probe()).unwrap();
    wire.faults.add(FaultRule::prefix("/scrobble", FaultKind::retry_after(33)));
    let told = tell(&*adapter, Verb::Start, a_film(&items), Percent::ZERO);
    let waits = matches!(&told, Err(Fault::RateLimited { after, .. }) if *after == Duration::from_secs(33));
    assert!(waits, "{told:?} should ask to wait 33 s");
}

pub(crate) fn ended_credentials_are_renewed(kind: &Kind) {
    let Some((account, items)) = stage(kind) else { return };
    let (adapter, film) = (account.open(), a_film(&items));
    run(adapter.probe()).unwrap();
    let can_renew = account.end_credentials();
    let told = tell(&*adapter, Verb::Stop, film, BAR);
    if can_renew {
        assert!(matches!(told, Ok(Scrobbled::Watched { .. })), "{told:?}");
        assert_eq!(plays(&*account, film), 1);
    } else {
        assert!(matches!(told, Err(Fault::Auth(_))), "{told:?}");
        assert_eq!(plays(&*account, film), 0);
    }
}

pub(crate) fn taking_back_leaves_no_play(kind: &Kind) {
    let Some((account, items)) = stage(kind) else { return };
    let adapter = account.open();
    let (film, scrobbling) = (a_film(&items), adapter.scrobbling().unwrap());
    assert_eq!(run(scrobbling.clear(film)), Ok(()), "nothing plays");
    tell(&*adapter, Verb::Start, film, Percent::ZERO).unwrap();
    assert_eq!(run(scrobbling.clear(film)), Ok(()));
    assert_eq!(run(scrobbling.clear(film)), Ok(()), "once more");
    account.let_time_pass();
    assert_eq!(plays(&*account, film), 0);
}
