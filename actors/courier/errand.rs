//! One errand: sorting the queue out, choosing what goes next, and taking it to the account.

use std::collections::BTreeMap;

use crosswatch_model::{Feature, ParcelState, ProviderId};
use crosswatch_port::{
    Change, Commit, Durability, Fault, Ledger, LiveChange, ParcelRecord, Scrobble, Scrobbled, StorageFailure, Verb,
};
use crosswatch_scrobble::{Fate, Message, Percent, Phase, PlayId, Queued, Session, fates, next, wakes_at};
use jiff::{SignedDuration, Timestamp};
use smol_str::{SmolStr, format_smolstr};

use super::settle::Settled;
use crate::{blueprint::Surroundings, directory::Directory, provider::AccountDoor, store::SaveError};

/// Messages of an account that are looked at together.
const ROWS_MAX: usize = 2_000;
/// A viewing older than this is told with its date: scrobble calls are dated by the tracker itself.
const FRESH_S: i64 = 600;
/// Plays that go in one request, at most.
const TOGETHER_MAX: usize = 100;
/// What a person must mend is looked at again this often.
const SIGN_IN_LOOK_S: i64 = 60;
/// A start or pause is tried this often.
const VOLATILE_TRIES: u32 = 3;
/// Pauses grow from here to there.
const FIRST_PAUSE_S: i64 = 2;
const LONGEST_PAUSE_S: i64 = 900;
const LONGEST_VOLATILE_PAUSE_S: i64 = 60;
/// How long a lost request may still be on its way before the account is asked about it.
pub(super) const SETTLE_S: i64 = 3;
/// A tracker takes a stop for a viewing from here on.
const TRACKERS_BAR: Percent = Percent::whole(80);

/// What to do after an errand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Go again at once.
    More,
    /// Nothing waits.
    Nothing,
    /// Something waits for this time.
    Until(Timestamp),
    /// The account is to be left alone until then.
    Account(Timestamp),
}

/// One errand.
pub(super) struct Errand {
    pub(super) account: AccountDoor,
    pub(super) echoes: bool,
    pub(super) directory: Directory,
    pub(super) surroundings: Surroundings,
}

/// The queue with what is known about the playbacks of its messages.
struct Queue {
    rows: Vec<ParcelRecord>,
    /// What plays, where a message depends on that.
    playing: BTreeMap<PlayId, Session>,
}

impl Queue {
    fn entries(&self) -> Vec<Queued> {
        self.rows.iter().map(|row| self.entry(row)).collect()
    }

    fn entry(&self, row: &ParcelRecord) -> Queued {
        Queued {
            play: row.play,
            subject: row.uid.0,
            message: row.message,
            since: row.since,
            not_before: row.not_before,
            is_playing: self.place(row.play).is_some(),
            is_sent: row.state == ParcelState::Inflight,
        }
    }

    /// The playback of a viewing, while it plays.
    fn place(&self, play: PlayId) -> Option<&Session> {
        self.playing.get(&play)
    }
}

/// What waits for an account. What is playing matters to starts and pauses alone.
fn queue(ledger: &dyn Ledger, account: &ProviderId) -> Result<Queue, StorageFailure> {
    let rows = ledger.parcels_waiting(account, ROWS_MAX)?;
    let mut playing = BTreeMap::new();
    if rows.iter().any(|row| row.message.is_volatile()) {
        let current = ledger.seats()?.into_iter().filter_map(|record| record.seat.current);
        playing
            .extend(current.filter(|session| session.phase == Phase::Playing).map(|session| (session.play, session)));
    }
    Ok(Queue { rows, playing })
}

impl Errand {
    pub(super) fn account_id(&self) -> &ProviderId {
        self.account.id()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.surroundings.clock.now()
    }

    /// Does the next thing that can be done.
    pub(super) async fn run(&self) -> Result<Rest, SaveError> {
        let account = self.account_id().clone();
        let mut queue = self.directory.store().query(move |ledger| queue(ledger, &account)).await?;
        let now = self.now();
        self.sort_out(&mut queue, now).await?;
        let entries = queue.entries();
        let Some(at) = next(&entries, now) else {
            return Ok(wakes_at(&entries).map_or(Rest::Nothing, Rest::Until));
        };
        let Some(row) = queue.rows.get(at).cloned() else { return Ok(Rest::Nothing) };
        match row.message {
            Message::Start(percent) => {
                let percent = Self::percent_now(&queue, &row, percent, now);
                let is_over = queue.place(row.play).is_none();
                self.show(row, Verb::Start, percent, is_over).await
            }
            Message::Pause(percent) => self.show(row, Verb::Pause, percent, false).await,
            Message::Clear => self.take_back_start(row).await,
            Message::Watched { percent, at } if Self::is_fresh(&row, at, now) => self.stop(row, percent, at).await,
            Message::Watched { .. } | Message::AddPlay(_) => {
                self.add_plays(Self::plays_to_add(&queue, &entries, now)).await
            }
            Message::RemovePlay(_) => self.remove_play(row).await,
            Message::Rate(rating) => self.rate(row, rating).await,
            Message::KeepPlace { position_ms, duration_ms } => self.keep_place(row, position_ms, duration_ms).await,
            Message::DropPlace => self.drop_value(row, Feature::Progress).await,
            Message::Unlist => self.unlist(row).await,
        }
    }

    /// Drops what is superseded or too late.
    async fn sort_out(&self, queue: &mut Queue, now: Timestamp) -> Result<(), SaveError> {
        let fates = fates(&queue.entries(), now);
        let mut changes = Vec::new();
        let mut kept = Vec::with_capacity(queue.rows.len());
        for (row, fate) in queue.rows.drain(..).zip(fates) {
            let state = match fate {
                Fate::Keep => {
                    kept.push(row);
                    continue;
                }
                Fate::Superseded => ParcelState::Superseded,
                Fate::Expired => ParcelState::Expired,
            };
            changes.push(put(ParcelRecord { state, finished_at: Some(now), ..row }));
        }
        queue.rows = kept;
        self.save(changes, Durability::Buffered).await
    }

    /// A start that waited tells where the playback is by now.
    fn percent_now(queue: &Queue, row: &ParcelRecord, percent: Percent, now: Timestamp) -> Percent {
        let Some(session) = queue.place(row.play).filter(|session| session.percent >= percent) else { return percent };
        let duration_ms = session.media.duration_ms.filter(|duration| *duration > 0);
        let Some((position_ms, duration_ms)) = session.position_ms.zip(duration_ms) else { return session.percent };
        let waited_ms = now.as_millisecond() - session.seen_at.as_millisecond();
        // A short wait is no jump; targets are told what was seen.
        if waited_ms < 60_000 {
            return percent;
        }
        let position_ms = position_ms.saturating_add(u64::try_from(waited_ms).unwrap_or(0)).min(duration_ms);
        Percent::of(position_ms, Some(duration_ms)).unwrap_or(percent)
    }

    /// Whether a viewing may be told as if it happened now.
    fn is_fresh(row: &ParcelRecord, at: Timestamp, now: Timestamp) -> bool {
        row.state != ParcelState::Inflight && now.as_second() - at.as_second() <= FRESH_S
    }

    /// All viewings whose turn it is, so that they go together.
    fn plays_to_add(queue: &Queue, entries: &[Queued], now: Timestamp) -> Vec<ParcelRecord> {
        let mut seen = std::collections::BTreeSet::new();
        let mut together = Vec::new();
        for (row, entry) in queue.rows.iter().zip(entries) {
            let is_first = seen.insert(entry.subject);
            let is_play = match row.message {
                Message::AddPlay(_) => true,
                Message::Watched { at, .. } => !Self::is_fresh(row, at, now),
                _ => false,
            };
            // Those that wait because the account was down come along: if it is up again, one request serves them all.
            let waits_for_account = row.state == ParcelState::Queued && row.attempts > 0;
            let is_due = entry.not_before <= now || waits_for_account;
            if is_first && is_play && is_due && together.len() < TOGETHER_MAX {
                together.push(row.clone());
            }
        }
        together
    }

    /// Tells what plays or stands still. Nothing is lost when it does not arrive, so a lost answer counts as told.
    async fn show(&self, row: ParcelRecord, verb: Verb, percent: Percent, is_over: bool) -> Result<Rest, SaveError> {
        let row = self.mark(row).await?;
        let call = Scrobble { verb, item: row.item.clone(), percent };
        let settled = match self.account.scrobble(call).await {
            Ok(Scrobbled::Shown | Scrobbled::Watched { .. } | Scrobbled::Repeated { .. }) | Err(Fault::InDoubt(_)) => {
                Settled::done(row)
            }
            Ok(Scrobbled::NotFound) => Settled::expired(row, "the account does not know it".into()),
            Ok(Scrobbled::Refused(why)) | Err(Fault::Rejected(why)) => Settled::expired(row, why),
            Err(fault) if is_over && row.attempts >= VOLATILE_TRIES && fault.may_pass() => {
                Settled::expired(row, format_smolstr!("{fault}"))
            }
            Err(fault) => return self.later(vec![row], &fault).await,
        };
        self.settle(vec![settled]).await
    }

    async fn take_back_start(&self, row: ParcelRecord) -> Result<Rest, SaveError> {
        let row = self.mark(row).await?;
        let settled = match self.account.clear(row.item.clone()).await {
            Ok(()) | Err(Fault::InDoubt(_)) => Settled::done(row),
            Err(Fault::Rejected(why)) => Settled::expired(row, why),
            Err(fault) if row.attempts >= VOLATILE_TRIES && fault.may_pass() => {
                Settled::expired(row, format_smolstr!("{fault}"))
            }
            Err(fault) => return self.later(vec![row], &fault).await,
        };
        self.settle(vec![settled]).await
    }

    /// Tells a fresh viewing as a stop, which a tracker dates with its own now.
    async fn stop(&self, row: ParcelRecord, percent: Percent, at: Timestamp) -> Result<Rest, SaveError> {
        let row = self.mark(row).await?;
        let call = Scrobble { verb: Verb::Stop, item: row.item.clone(), percent: percent.max(TRACKERS_BAR) };
        let dated = |row: ParcelRecord, why: Option<SmolStr>| {
            let message = Message::AddPlay(at);
            Settled::again(ParcelRecord { message, last_error: why, ..row }, self.now())
        };
        let settled = match self.account.scrobble(call).await {
            Ok(Scrobbled::Watched { native }) => Settled::delivered(row, Some(self.now()), native),
            // It was taken for a pause, or another viewing is in the way: the play is added with its date.
            Ok(Scrobbled::Shown) => dated(row, None),
            Ok(Scrobbled::Repeated { watched_at }) => {
                if self.is_this_viewing(&row, at, watched_at).await? {
                    Settled::found(row, watched_at, None)
                } else {
                    dated(row, Some("the account had a play shortly before; this one is added with its date".into()))
                }
            }
            Ok(Scrobbled::NotFound) => dated(row, Some("the account does not know it as it was named".into())),
            Ok(Scrobbled::Refused(why)) => dated(row, Some(why)),
            Err(Fault::Rejected(why)) => Settled::dead(row, why),
            Err(Fault::InDoubt(why)) => {
                // It stays marked as sent: the next errand looks for it before anything is sent again.
                let wait = self.plus(SETTLE_S);
                let row = ParcelRecord { state: ParcelState::Inflight, not_before: wait, last_error: Some(why), ..row };
                self.save(vec![put(row)], Durability::Synced).await?;
                return Ok(Rest::More);
            }
            Err(fault) => return self.later(vec![row], &fault).await,
        };
        self.settle(vec![settled]).await
    }

    /// Marks a message on the disk as sent, before it is. A write that comes back is remembered with it.
    pub(super) async fn mark(&self, row: ParcelRecord) -> Result<ParcelRecord, SaveError> {
        Ok(self.mark_all(vec![row.clone()], None).await?.pop().unwrap_or(row))
    }

    /// Puts messages back that were certainly not taken, until the account may take them.
    pub(super) async fn later(&self, rows: Vec<ParcelRecord>, fault: &Fault) -> Result<Rest, SaveError> {
        let unsent = |row| ParcelRecord { state: ParcelState::Queued, ..row };
        self.look_later(rows.into_iter().map(unsent).collect(), fault).await
    }

    /// Leaves messages as they are until the account can be asked about them: what was sent and not answered stays in
    /// doubt, and is never sent again before a look has shown that it did not arrive.
    pub(super) async fn look_later(&self, rows: Vec<ParcelRecord>, fault: &Fault) -> Result<Rest, SaveError> {
        let error: SmolStr = format_smolstr!("{fault}");
        let attempts = rows.iter().map(|row| row.attempts).max().unwrap_or(1);
        let rest = match fault {
            Fault::RateLimited { after, .. } => {
                let wait_s = i64::try_from(after.as_secs()).unwrap_or(LONGEST_PAUSE_S) + 1;
                Rest::Account(self.plus(wait_s.min(3600)))
            }
            Fault::Auth(_) | Fault::Gone(_) => Rest::Account(self.plus(SIGN_IN_LOOK_S)),
            _ => {
                // What plays right now is worth asking about soon; everything else may wait longer and longer.
                let is_volatile = rows.iter().all(|row| row.message.is_volatile());
                let longest_s = if is_volatile { LONGEST_VOLATILE_PAUSE_S } else { LONGEST_PAUSE_S };
                Rest::Until(self.plus(self.pause_s(attempts).min(longest_s)))
            }
        };
        let not_before = match rest {
            Rest::Account(then) | Rest::Until(then) => then,
            Rest::More | Rest::Nothing => self.now(),
        };
        let back = |row: ParcelRecord| {
            let last_error = Some(error.clone());
            let attempts = row.attempts.max(1);
            put(ParcelRecord { not_before, last_error, attempts, ..row })
        };
        self.save(rows.into_iter().map(back).collect(), Durability::Synced).await?;
        Ok(if let Rest::Until(_) = rest { Rest::More } else { rest })
    }

    /// Full jitter between nothing and a bound that doubles.
    fn pause_s(&self, attempts: u32) -> i64 {
        let bound = FIRST_PAUSE_S.saturating_mul(1 << attempts.min(10)).min(LONGEST_PAUSE_S);
        let spread = u64::try_from(bound).unwrap_or(1).max(1);
        FIRST_PAUSE_S + i64::try_from(self.surroundings.entropy.below(spread)).unwrap_or(0)
    }

    pub(super) fn plus(&self, seconds: i64) -> Timestamp {
        self.now().checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
    }

    pub(super) async fn save(&self, changes: Vec<Change>, durability: Durability) -> Result<(), SaveError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.directory.store().save(Commit { fence: None, durability, changes }).await
    }
}

/// Writes a message.
pub(super) fn put(row: ParcelRecord) -> Change {
    Change::Live(Box::new(LiveChange::PutParcel(row)))
}
