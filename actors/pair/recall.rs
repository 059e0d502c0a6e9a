//! Recalling: what a media server says was watched since a moment, put in the inbox as if it had been told when it happened.
//!
//! Runs as a job of the account's keeper, so that nothing else reads or writes there meanwhile. Told is only what is proven:
//! a play with its own time, no resume point beside it where the server keeps one date per item, and not what a run of ours
//! wrote there. A read that did not come to its end recalls nothing.

use crosswatch_identity::Catalog;
use crosswatch_model::{
    Action, Capabilities, Completeness, Fact, Feature, Item, NativeRef, Outcome, PlayDetail, ProviderId, RunState,
    Side, WatchedAt,
};
use crosswatch_plan::{Read, Seen};
use crosswatch_port::{Ledger, Notice, NoticeKind, Probe, ReadScope, RunRecord, StorageFailure};
use crosswatch_scrobble::{Heard, Media, PlaybackEvent, Step, Via, Viewer, is_same_item, same_viewing};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use smol_str::{SmolStr, format_smolstr};

use super::{
    collect::read_pages,
    journey::{Journey, Stop},
};
use crate::{
    answers::Answer,
    mailbox::AskError,
    store::SaveError,
    webhook::{Arrived, KEEP_DEADLINE},
};

/// A server's stamps may lie so long before the moment from which on nobody listened.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);
/// What a run writes is stamped by the server while it runs, give or take so much.
const SLACK: SignedDuration = SignedDuration::from_mins(2);
/// Nobody watches more than this in any gap: a program marked them, and that is for a pair, where a person sees it first.
const PLAYS_MAX: usize = 5_000;
/// Runs that are looked at for what they wrote.
const RUNS_MAX: usize = 500;

/// A play that the server has.
struct Found {
    item: Item,
    at: Timestamp,
    native: Option<NativeRef>,
    runtime_s: Option<u32>,
}

/// A play that a run wrote to the server.
struct Written {
    item: Item,
    value: Option<Fact>,
    from: Timestamp,
    until: Timestamp,
}

/// Recalls, and tells whoever asked how it went. Never fails: a failure is one of the endings.
pub(super) async fn recall(journey: &mut Journey, since: Timestamp) {
    let (answer, sentence) = match read_and_tell(journey, since).await {
        Ok(count) => {
            journey.record.state = RunState::Succeeded;
            let sentence = format_smolstr!("{count} plays of {} since {since} were looked at.", journey.target.id());
            (Answer::Recalled(count), sentence)
        }
        Err(stop) => {
            journey.record.state = if stop == Stop::Cancelled { RunState::Cancelled } else { RunState::Failed };
            let sentence = format_smolstr!("{}", stop);
            (Answer::Failed(sentence.clone()), sentence)
        }
    };
    journey.directory.put_answer(journey.record.id, answer);
    journey.happened("recall.finished", 0, None, sentence);
}

async fn read_and_tell(journey: &Journey, since: Timestamp) -> Result<usize, Stop> {
    journey.check_cancelled()?;
    let door = journey.target.clone();
    let (probe, capabilities) = journey.kept_account().await?;
    let from = since.checked_sub(BEFORE).unwrap_or(since);
    let mut found = plays_since(journey, from, &capabilities).await?;
    let (account, zone) = (door.id().clone(), journey.surroundings.clock.zone());
    let now = journey.surroundings.clock.now();
    let read = move |ledger: &dyn Ledger| written_since(ledger, &account, from, now);
    let written = journey.directory.store().query(read).await?;
    found.retain(|play| !written.iter().any(|write| write.is(play, &zone)));
    found.sort_by_key(|play| play.at);
    if found.len() > PLAYS_MAX {
        journey.directory.tell_people(too_many(door.id(), found.len(), since));
        found.clear();
    }
    let count = found.len();
    for play in found {
        journey.check_cancelled()?;
        tell(journey, event(play, &probe)).await?;
    }
    Ok(count)
}

fn too_many(account: &ProviderId, count: usize, since: Timestamp) -> Notice {
    Notice {
        kind: NoticeKind::Failed,
        title: format_smolstr!("{count} plays at {account} were not told on"),
        body: format_smolstr!(
            "They came while nobody listened, since {since}, and are more than anybody watches. A run of a pair with \
             {account} as its source shows them before it writes them."
        ),
        path: format_smolstr!("/api/v1/providers/{account}"),
    }
}

/// The dated plays of a complete read.
async fn plays_since(journey: &Journey, from: Timestamp, capabilities: &Capabilities) -> Result<Vec<Found>, Stop> {
    let mut catalog = Catalog::new();
    let history = whole(journey, Feature::History, from, &mut catalog).await?;
    // Where only the last date is kept, beginning again moves it: what has a resume point may not have been watched.
    let keeps_last =
        capabilities.plays == PlayDetail::LastPlayOnly && capabilities.feature(Feature::Progress).is_some();
    let resumable = if keeps_last {
        whole(journey, Feature::Progress, from, &mut Catalog::new())
            .await?
            .rows()
            .iter()
            .filter_map(Seen::native)
            .collect()
    } else {
        Vec::new()
    };
    let play = |row: &Seen| {
        let Fact::Play(WatchedAt::Exact(at) | WatchedAt::Minute(at)) = row.fact() else { return None };
        let is_open = row.native().is_some_and(|native| resumable.contains(&native));
        let (item, runtime_s) = (catalog.get(row.item()), catalog.runtime_s(row.item()));
        (at >= from && !is_open).then(|| Found { item, at, native: row.native(), runtime_s })
    };
    Ok(history.rows().iter().filter_map(play).collect())
}

async fn whole(journey: &Journey, feature: Feature, from: Timestamp, catalog: &mut Catalog) -> Result<Read, Stop> {
    let scope = if feature == Feature::History { ReadScope::Since(from) } else { ReadScope::Everything };
    let read = read_pages(journey, &journey.target, feature, scope, catalog).await?;
    if read.completeness() == Completeness::Complete {
        return Ok(read);
    }
    let proof = read.report().proof;
    let detail = format_smolstr!("{feature} of {} could not be read in full ({proof})", journey.target.id());
    Err(Stop::Account { kind: "target-unavailable", detail })
}

/// What runs wrote to the account since then.
fn written_since(
    ledger: &dyn Ledger,
    account: &ProviderId,
    from: Timestamp,
    now: Timestamp,
) -> Result<Vec<Written>, StorageFailure> {
    let mut written = Vec::new();
    for run in ledger.runs(None, None, RUNS_MAX)?.into_iter().filter(|run| !run.dry_run) {
        let (began, ended) = (run.started_at.unwrap_or(run.asked_at), run.finished_at.unwrap_or(now));
        let Some(side) = side_of(&run, account).filter(|_| ended >= from) else { continue };
        ledger.visit_lines(run.id, 0, &mut |record| {
            let line = record.line;
            let was_sent = !matches!(line.outcome, Outcome::Planned | Outcome::Rejected | Outcome::NotAttempted);
            if line.feature == Feature::History && line.action == Action::Add && side.is(line.side) && was_sent {
                let (from, until) = (began.checked_sub(SLACK), ended.checked_add(SLACK));
                let (from, until) = (from.unwrap_or(began), until.unwrap_or(ended));
                written.push(Written { item: line.item, value: line.value, from, until });
            }
            true
        })?;
    }
    Ok(written)
}

/// On which side of a run an account was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    On(Side),
    OnBoth,
}

impl Place {
    fn is(self, side: Side) -> bool {
        self == Self::OnBoth || self == Self::On(side)
    }
}

/// A run counts its requests at its source, then at its target; a keeper's has one account.
fn side_of(run: &RunRecord, account: &ProviderId) -> Option<Place> {
    match run.requests.as_slice() {
        [(only, _)] if only == account => Some(Place::OnBoth),
        [(source, _), _] if source == account => Some(Place::On(Side::Source)),
        [_, (target, _)] if target == account => Some(Place::On(Side::Target)),
        _ => None,
    }
}

impl Written {
    /// Whether a play of the server is this write: stamped while the run went on, or with the time that was written.
    fn is(&self, play: &Found, zone: &TimeZone) -> bool {
        let is_its_time = |value: &Fact| match value {
            Fact::Play(stamp @ (WatchedAt::Exact(_) | WatchedAt::Minute(_))) => {
                same_viewing(*stamp, WatchedAt::Exact(play.at), zone)
            }
            _ => false,
        };
        let was_stamped = self.from <= play.at && play.at <= self.until;
        (was_stamped || self.value.as_ref().is_some_and(is_its_time)) && is_same_item(&self.item, &play.item)
    }
}

fn event(play: Found, probe: &Probe) -> (PlaybackEvent, u128) {
    // The same play has the same digest, whoever recalls it again.
    let number = u128::from(play.item.number.unwrap_or(0)) << 96;
    let second = u128::from(play.at.as_second().unsigned_abs()) << 32;
    let digest = play.native.map_or(0, |native| native.0) ^ number ^ second;
    let event = PlaybackEvent {
        step: Step::Recalled,
        word: WORD.into(),
        viewer: Viewer { name: probe.user.clone(), id: SmolStr::default() },
        server: SmolStr::default(),
        player: SmolStr::default(),
        session: SmolStr::default(),
        media: Media {
            native: SmolStr::default(),
            item: play.item,
            last_number: None,
            duration_ms: play.runtime_s.map(|runtime_s| u64::from(runtime_s) * 1000),
            library: None,
        },
        position_ms: None,
        at: Some(play.at),
    };
    (event, digest)
}

/// The word of such rows in the inbox.
const WORD: &str = "history";

async fn tell(journey: &Journey, (event, digest): (PlaybackEvent, u128)) -> Result<(), Stop> {
    let closed = || Stop::Store(SaveError::Unreachable(AskError::Closed));
    let ingress = journey.directory.webhook().ok_or_else(closed)?;
    let heard = Heard::Event(Box::new(event));
    let account = journey.target.id().clone();
    let arrived = Arrived { account, via: Via::Watch, word: WORD.into(), digest, heard };
    match ingress.ask(arrived, KEEP_DEADLINE).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.into()),
        Err(error) => Err(Stop::Store(SaveError::Unreachable(error))),
    }
}
