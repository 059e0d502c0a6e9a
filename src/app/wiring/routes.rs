//! A route as the house knows it: whose playback counts, who is told, and who records the plays.

use crosswatch_actors::{RouteBlueprint, TargetBlueprint};
use crosswatch_model::ProviderId;
use crosswatch_scrobble::{Audience, Ear, Names, Percent, Records, SessionRules, Via};
use crosswatch_settings::{Filter, Owner, ProviderKind, RemoveFromWatchlist, Route, Settings};
use smol_str::SmolStr;

/// The routes that are on.
pub(crate) fn routes(settings: &Settings) -> Vec<RouteBlueprint> {
    settings.routes.iter().filter(|route| route.enabled).map(|route| one_route(route, settings)).collect()
}

fn one_route(route: &Route, settings: &Settings) -> RouteBlueprint {
    let libraries = settings.provider(&route.source).map_or(Names::All, |provider| names(&provider.libraries));
    RouteBlueprint {
        id: route.id.as_str().into(),
        source: route.source.clone(),
        via: route.via.iter().map(|via| noticed(*via)).collect(),
        audience: Audience { users: names(&route.users), libraries },
        rules: SessionRules { watched_at: Percent::whole(route.watched_at_percent) },
        targets: route.targets.iter().filter_map(|target| one_target(route, target, settings)).collect(),
        unlists_films: route.remove_from_watchlist != RemoveFromWatchlist::Never,
    }
}

fn one_target(route: &Route, target: &ProviderId, settings: &Settings) -> Option<TargetBlueprint> {
    let ear = match settings.provider(target)?.kind {
        ProviderKind::Trakt | ProviderKind::Simkl | ProviderKind::Mdblist => Ear::Scrobbles,
        ProviderKind::Tracker => Ear::Ledger,
        ProviderKind::Plex | ProviderKind::Jellyfin | ProviderKind::Emby => Ear::Server,
    };
    let records = records(&route.source, target, settings);
    Some(TargetBlueprint { account: target.clone(), ear, records })
}

/// Live scrobbling records the plays, unless a pair between the same accounts says that it does.
fn records(source: &ProviderId, target: &ProviderId, settings: &Settings) -> Records {
    let mut pairs =
        settings.pairs.iter().filter(|pair| pair.enabled && pair.source == *source && pair.target == *target);
    let is_sync =
        |pair: &crosswatch_settings::Pair| pair.history.as_ref().is_some_and(|history| history.owner == Owner::Sync);
    if pairs.any(is_sync) { Records::Sync } else { Records::Live }
}

fn noticed(via: crosswatch_settings::Via) -> Via {
    match via {
        crosswatch_settings::Via::Webhook => Via::Webhook,
        crosswatch_settings::Via::Watch => Via::Watch,
    }
}

fn names(filter: &Filter) -> Names {
    let list = |names: &[String]| names.iter().map(SmolStr::from).collect();
    match filter {
        Filter::All => Names::All,
        Filter::Only(names) => Names::Only(list(names)),
        Filter::Except(names) => Names::Except(list(names)),
    }
}
