//! The outcome alarm: plays were seen, and an account that should have them got none, without any error having occurred.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use crosswatch_model::ProviderId;
use crosswatch_port::{Notice, NoticeKind};
use crosswatch_scrobble::Records;
use jiff::SignedDuration;
use smol_str::format_smolstr;

use crate::{
    blueprint::{RouteBlueprint, Surroundings},
    directory::Directory,
};

/// How often it looks.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(6 * 3600);
/// The plays it looks at.
const WINDOW_H: i64 = 24;
/// A play so young may still be on its way.
const GRACE_H: i64 = 1;

/// Counts the plays of the last day and what each target has of them, and tells where that is nothing.
pub(super) async fn look(routes: Rc<Vec<RouteBlueprint>>, directory: Directory, surroundings: Surroundings) {
    let now = surroundings.clock.now();
    let span = |hours| now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now);
    let (from, until) = (span(WINDOW_H), span(GRACE_H));
    let reading = directory.store().query(move |ledger| {
        let mut plays = Vec::new();
        ledger.visit_plays(&mut |play| {
            if from <= play.completed_at && play.completed_at <= until {
                plays.push(play);
            }
        })?;
        Ok(plays)
    });
    let Ok(plays) = reading.await else { return };
    let mut silent: BTreeMap<ProviderId, usize> = BTreeMap::new();
    for route in routes.iter() {
        let of_route = || plays.iter().filter(|play| play.route == route.id);
        for target in route.targets.iter().filter(|target| target.records == Records::Live) {
            let delivered = of_route().filter(|play| play.aliases.iter().any(|alias| alias.account == target.account));
            if of_route().count() > 0 && delivered.count() == 0 {
                *silent.entry(target.account.clone()).or_default() += of_route().count();
            }
        }
    }
    for (account, count) in silent {
        let notice = Notice {
            kind: NoticeKind::Silent,
            title: format_smolstr!("{account} got none of the last plays"),
            body: format_smolstr!(
                "{count} plays were seen in the last {WINDOW_H} hours and none of them reached {account}. \
                 The outbox says why: crosswatch status, or GET /api/v1/outbox."
            ),
            path: "/api/v1/outbox".into(),
        };
        directory.tell_people(notice);
    }
}
