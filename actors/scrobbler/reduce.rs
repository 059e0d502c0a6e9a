//! Reducing rows of the inbox: from what was told to what is kept and sent. Runs on the lane.
//!
//! First every row moves its seats; then the items that came up are named together; then plays and messages are made. A
//! row that no route wants, that tells nothing new or that is an echo of ours ends with that word and its reason.

mod ours;

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use crosswatch_model::{Disposition, Feature, Item, Kind, ParcelState, PlayKind, ProviderId, Uid};
use crosswatch_port::{
    Change, InboxRecord, Ledger, LiveChange, ParcelRecord, PlayRecord, SeatKey, SeatRecord, StorageFailure,
};
use crosswatch_scrobble::{
    Ear, Filtered, Heard, Media, Message, Moment, Parcel, PlayId, PlaybackEvent, Records, Said, Saying, Seat, Step,
    Viewing, items, parcels, plain,
};
use jiff::{SignedDuration, Timestamp};
use smol_str::{SmolStr, format_smolstr};

use super::held;
use crate::{
    blueprint::{RouteBlueprint, TargetBlueprint},
    naming,
    notifier::Happened,
};

/// What a person does by hand often comes for a whole season: it waits so long for the rest.
const MARK_HOLD_S: i64 = 5;
/// So many places of messages back, the settled ones are kept.
const SETTLED_KEPT: u64 = 50_000;
/// And so many go at once.
const FORGOTTEN_AT_ONCE: u64 = 1_000;

/// The kind of event that tells of a new play.
pub(super) const COMPLETED: &str = "play.completed";

/// What came of it.
#[derive(Debug)]
pub(super) struct Reduced {
    pub(super) seats: BTreeMap<SeatKey, Seat>,
    pub(super) next_seq: u64,
    /// Accounts that have new messages waiting.
    pub(super) nudged: BTreeSet<ProviderId>,
    pub(super) happened: Vec<Happened>,
    /// Rows that wait, each with when it is due.
    pub(super) held: BTreeMap<u64, Timestamp>,
    /// How many rows were worked off.
    pub(super) rows: usize,
}

/// One pass.
pub(super) struct Reduction<'a> {
    routes: &'a [RouteBlueprint],
    now: Timestamp,
    seats: BTreeMap<SeatKey, Seat>,
    touched: BTreeSet<SeatKey>,
    /// Before this, time alone changes no seat.
    quiet_until: Timestamp,
    intents: Vec<Intent<'a>>,
    /// The first place that this pass may give.
    first_seq: u64,
    next_seq: u64,
    nudged: BTreeSet<ProviderId>,
    happened: Vec<Happened>,
    held: BTreeMap<u64, Timestamp>,
    changes: Vec<Change>,
}

/// Something that follows from a row or from time, once its items have names.
struct Intent<'a> {
    route: &'a RouteBlueprint,
    /// The row it follows from, by its place in this pass.
    row: Option<usize>,
    viewer: SmolStr,
    media: Media,
    what: What,
}

enum What {
    Say(Saying),
    MarkWatched { play: PlayId, at: Timestamp },
    MarkUnwatched { play: PlayId },
    Recalled { play: PlayId, at: Timestamp },
    Rate { play: PlayId, rating: Option<crosswatch_model::Rating> },
}

impl Intent<'_> {
    /// The items it is about: those of the whole file where they were watched.
    fn items(&self) -> Vec<Item> {
        match &self.what {
            What::Say(Saying { said: Said::Completed { .. }, .. })
            | What::MarkWatched { .. }
            | What::Recalled { .. } => items(&self.media),
            _ => vec![self.media.item.clone()],
        }
    }
}

/// What became of a row, the word that says most about it.
#[derive(Debug, Clone)]
struct Fate(Disposition, SmolStr);

impl<'a> Reduction<'a> {
    pub(super) fn new(
        routes: &'a [RouteBlueprint],
        now: Timestamp,
        seats: BTreeMap<SeatKey, Seat>,
        next_seq: u64,
    ) -> Self {
        Self {
            routes,
            now,
            seats,
            touched: BTreeSet::new(),
            quiet_until: Timestamp::MIN,
            intents: Vec::new(),
            first_seq: next_seq,
            next_seq,
            nudged: BTreeSet::new(),
            happened: Vec::new(),
            held: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// Hears the rows, each at the time of its arrival, and then comes to now where `are_all` that wait.
    ///
    /// Rows may have waited over a restart: a seat that is forgotten by now was not when they arrived.
    pub(super) fn run(
        mut self,
        ledger: &dyn Ledger,
        rows: Vec<InboxRecord>,
        are_all: bool,
    ) -> Result<(Vec<Change>, Reduced), StorageFailure> {
        let mut fates: Vec<Fate> = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            self.let_time_pass(row.received_at.min(self.now));
            let fate = self.hear(at, row);
            fates.push(fate);
        }
        if are_all {
            self.let_time_pass(self.now);
        }
        self.follow(ledger, &mut fates)?;
        let count = rows.len();
        for (row, Fate(disposition, detail)) in rows.into_iter().zip(fates) {
            if self.held.contains_key(&row.number) {
                continue;
            }
            let row = InboxRecord { disposition: Some(disposition), detail, ..row };
            self.change(LiveChange::PutInbox(row));
        }
        for key in std::mem::take(&mut self.touched) {
            let seat = self.seats.get(&key).cloned().unwrap_or_default();
            if seat.is_empty() {
                self.seats.remove(&key);
                self.change(LiveChange::DropSeat(key));
            } else {
                self.change(LiveChange::PutSeat(SeatRecord { key, seat }));
            }
        }
        self.forget_the_oldest();
        let Self { seats, next_seq, nudged, happened, held, changes, .. } = self;
        Ok((changes, Reduced { seats, next_seq, nudged, happened, held, rows: count }))
    }

    fn change(&mut self, change: LiveChange) {
        self.changes.push(Change::Live(Box::new(change)));
    }

    /// Settled messages are kept for people to look at, and not for ever.
    fn forget_the_oldest(&mut self) {
        let has_crossed = self.first_seq / FORGOTTEN_AT_ONCE != self.next_seq / FORGOTTEN_AT_ONCE;
        if let Some(old) = self.next_seq.checked_sub(SETTLED_KEPT).filter(|_| has_crossed) {
            self.change(LiveChange::ForgetParcels(old));
        }
    }

    fn let_time_pass(&mut self, now: Timestamp) {
        if now < self.quiet_until {
            return;
        }
        self.quiet_until = Timestamp::MAX;
        let mut sayings = Vec::new();
        for (key, seat) in &mut self.seats {
            // A route that is gone has nobody to tell: its seats end.
            let Some(route) = self.routes.iter().find(|route| route.id == key.route) else {
                *seat = Seat::default();
                self.touched.insert(key.clone());
                continue;
            };
            if seat.due(route.rules).is_some_and(|due| due <= now) {
                self.touched.insert(key.clone());
                let turn = seat.wait(now, route.rules);
                sayings.extend(turn.sayings.into_iter().map(|saying| (route, key.viewer.clone(), saying)));
            }
            self.quiet_until = seat.due(route.rules).into_iter().fold(self.quiet_until, Timestamp::min);
        }
        for (route, viewer, saying) in sayings {
            self.intents.push(Intent {
                route,
                row: None,
                viewer,
                media: saying.media.clone(),
                what: What::Say(saying),
            });
        }
    }

    /// Moves the seats of all routes that want the event.
    fn hear(&mut self, at: usize, row: &InboxRecord) -> Fate {
        let event = match &row.heard {
            Heard::Event(event) => event,
            Heard::Ignored(why) => return Fate(Disposition::Ignored, why.clone()),
            Heard::Invalid(why) => return Fate(Disposition::Invalid, why.clone()),
        };
        let is_recalled = event.step == Step::Recalled;
        let hears = |route: &&RouteBlueprint| is_recalled || route.via.contains(&row.via);
        let routes = self.routes.iter().filter(|route| route.source == row.account && hears(route));
        let mut fate =
            Fate(Disposition::Filtered, format_smolstr!("no route wants what comes by {}", row.via.as_str()));
        let (mut was_filtered, mut is_wanted, mut is_unknown) = (None, false, false);
        for route in routes {
            if let Err(why) = route.audience.check(event) {
                is_unknown |= why == Filtered::UnknownLibrary;
                was_filtered.get_or_insert(Fate(Disposition::Filtered, format_smolstr!("{}: {why}", route.id)));
                continue;
            }
            let one = self.hear_for(route, at, row, event);
            if !is_wanted || one.0 == Disposition::Applied {
                fate = one;
            }
            is_wanted = true;
        }
        if let Some(due) = held::due(row, self.now).filter(|_| is_unknown && !is_wanted) {
            self.held.insert(row.number, due);
        }
        match was_filtered {
            Some(filtered) if !is_wanted => filtered,
            _ => fate,
        }
    }

    fn hear_for(&mut self, route: &'a RouteBlueprint, at: usize, row: &InboxRecord, event: &PlaybackEvent) -> Fate {
        let viewer: SmolStr = if event.viewer.name.trim().is_empty() {
            event.viewer.id.clone()
        } else {
            plain(&event.viewer.name).into()
        };
        let play = PlayId(row.number);
        let intent = |what| Intent { route, row: Some(at), viewer: viewer.clone(), media: event.media.clone(), what };
        let moment = Moment::of(event, row.received_at.min(self.now));
        match event.step {
            Step::MarkWatched => {
                self.intents.push(intent(What::MarkWatched { play, at: moment.happened_at }));
                return Fate(Disposition::Applied, "marked as watched".into());
            }
            Step::Recalled => {
                if let Some(turn) = self.recall(route, &viewer, event, moment) {
                    let says = |saying: Saying| Intent { media: saying.media.clone(), ..intent(What::Say(saying)) };
                    self.intents.extend(turn.sayings.into_iter().map(says));
                    return Fate(Disposition::Applied, "the playback came to its end while nobody listened".into());
                }
                self.intents.push(intent(What::Recalled { play, at: moment.happened_at }));
                return Fate(Disposition::Applied, "watched while nobody listened".into());
            }
            Step::MarkUnwatched => {
                self.intents.push(intent(What::MarkUnwatched { play }));
                return Fate(Disposition::Applied, "marked as not watched".into());
            }
            Step::Rate(rating) => {
                self.intents.push(intent(What::Rate { play, rating }));
                return Fate(Disposition::Applied, "rated".into());
            }
            _ => {}
        }
        let key = SeatKey::new(&route.id, &viewer, &event.player);
        let seat = self.seats.entry(key.clone()).or_default();
        let turn = seat.hear(event, play, row.received_at.min(self.now), route.rules);
        self.quiet_until = seat.due(route.rules).into_iter().fold(self.quiet_until, Timestamp::min);
        self.touched.insert(key);
        let detail = if turn.is_absorbed { "nothing new about this playback" } else { "" };
        for saying in turn.sayings {
            let media = saying.media.clone();
            self.intents.push(Intent { media, ..intent(What::Say(saying)) });
        }
        Fate(if turn.is_absorbed { Disposition::Absorbed } else { Disposition::Applied }, detail.into())
    }

    /// Names the items of all intents together, then makes plays and messages.
    fn follow(&mut self, ledger: &dyn Ledger, fates: &mut [Fate]) -> Result<(), StorageFailure> {
        let intents = std::mem::take(&mut self.intents);
        let items: Vec<Vec<Item>> = intents.iter().map(Intent::items).collect();
        let flat: Vec<Item> = items.iter().flatten().cloned().collect();
        let named = self.name(ledger, flat)?;
        let mut named = named.into_iter();
        let mut plays = Plays::default();
        for (intent, items) in intents.into_iter().zip(items) {
            let named: Vec<(Uid, Item)> = named.by_ref().take(items.len()).collect();
            let is_unknown = !has_ids(&intent.media.item);
            let row = intent.row;
            let fate = self.carry_out(ledger, &intent, &named, &mut plays)?;
            if let Some(place) = row.and_then(|row| fates.get_mut(row)) {
                if let Some(fate) = fate {
                    *place = fate;
                } else if is_unknown {
                    *place =
                        Fate(Disposition::Unresolved, "the server told no id of it; trackers may not know it".into());
                }
            }
        }
        Ok(())
    }

    /// The entity of each item. An item that contradicts what is known gets an entity of its own.
    fn name(&mut self, ledger: &dyn Ledger, items: Vec<Item>) -> Result<Vec<(Uid, Item)>, StorageFailure> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let together = naming::name(&ledger, items.clone())?;
        if let Ok(named) = together {
            self.changes.extend(named.changed.into_iter().map(Change::PutItem));
            let item = |uid: Uid, told: Item| (uid, named.records.get(&uid).cloned().unwrap_or(told));
            return Ok(named.uids.into_iter().zip(items).map(|(uid, told)| item(uid, told)).collect());
        }
        let mut all = Vec::with_capacity(items.len());
        for told in items {
            let (uid, item) = match naming::name(&ledger, vec![told.clone()])? {
                Ok(named) => {
                    self.changes.extend(named.changed.into_iter().map(Change::PutItem));
                    let uid = named.uids.first().copied().unwrap_or(ledger.mint_uids(1)?);
                    (uid, named.records.get(&uid).cloned().unwrap_or(told))
                }
                Err(contradiction) => {
                    tracing::warn!("{}: {}", told.label(), contradiction.why);
                    let uid = ledger.mint_uids(1)?;
                    let record = crosswatch_port::ItemRecord { uid, item: told.clone(), runtime_s: None };
                    self.changes.push(Change::PutItem(record));
                    (uid, told)
                }
            };
            all.push((uid, item));
        }
        Ok(all)
    }

    fn carry_out(
        &mut self,
        ledger: &dyn Ledger,
        intent: &Intent<'_>,
        named: &[(Uid, Item)],
        plays: &mut Plays,
    ) -> Result<Option<Fate>, StorageFailure> {
        match &intent.what {
            What::Say(saying) => {
                if let Said::Completed { started_at, completed_at, .. } = saying.said {
                    let viewing = viewing_in(intent, started_at, completed_at);
                    if !self.keep_plays(ledger, intent, saying.play, PlayKind::Session, viewing, named, plays)? {
                        return Ok(Some(Fate(Disposition::Absorbed, "this viewing is known already".into())));
                    }
                }
                self.tell(intent, saying, named);
                Ok(None)
            }
            What::MarkWatched { play, at } => {
                if self.is_echo(ledger, intent, Feature::History, named)? {
                    return Ok(Some(Fate(Disposition::Echo, "a write of ours came back".into())));
                }
                let viewing = viewing_in(intent, *at, *at);
                if !self.keep_plays(ledger, intent, *play, PlayKind::Manual, viewing, named, plays)? {
                    return Ok(Some(Fate(Disposition::Absorbed, "this viewing is known already".into())));
                }
                self.send_to_all(intent, *play, named, Message::AddPlay(*at), *at, MARK_HOLD_S);
                Ok(None)
            }
            What::Recalled { play, at } => {
                if Self::was_written(ledger, intent, *at, named)? {
                    return Ok(Some(Fate(Disposition::Echo, "a write of ours, found in the history".into())));
                }
                let viewing = viewing_in(intent, *at, *at);
                if !self.keep_plays(ledger, intent, *play, PlayKind::BackFill, viewing, named, plays)? {
                    return Ok(Some(Fate(Disposition::Absorbed, "this viewing is known already".into())));
                }
                self.send_to_all(intent, *play, named, Message::AddPlay(*at), *at, MARK_HOLD_S);
                Ok(None)
            }
            What::MarkUnwatched { play } => {
                if self.is_echo(ledger, intent, Feature::History, named)? {
                    return Ok(Some(Fate(Disposition::Echo, "a write of ours came back".into())));
                }
                self.take_back(ledger, intent, *play, named)
            }
            What::Rate { play, rating } => {
                if self.is_echo(ledger, intent, Feature::Ratings, named)? {
                    return Ok(Some(Fate(Disposition::Echo, "a write of ours came back".into())));
                }
                self.send_to_all(intent, *play, named, Message::Rate(*rating), self.now, MARK_HOLD_S);
                Ok(None)
            }
        }
    }

    /// Keeps a play per item. Answers whether the viewing is a new one.
    #[expect(clippy::too_many_arguments, reason = "a play is all of these")]
    fn keep_plays(
        &mut self,
        ledger: &dyn Ledger,
        intent: &Intent<'_>,
        play: PlayId,
        kind: PlayKind,
        viewing: Viewing,
        named: &[(Uid, Item)],
        plays: &mut Plays,
    ) -> Result<bool, StorageFailure> {
        let mut is_new = false;
        for (uid, item) in named {
            let known = plays.of(ledger, *uid)?;
            let is_known = known.iter().any(|known| {
                let is_viewers = known.route == intent.route.id && known.viewer == intent.viewer;
                // A history has what other routes wrote there, too.
                let is_written = kind == PlayKind::BackFill
                    && known.aliases.iter().any(|alias| alias.account == intent.route.source);
                (is_viewers && known.play == play)
                    || ((is_viewers || is_written) && kind != PlayKind::Session && viewing_of(known).is_same(&viewing))
            });
            if is_known {
                continue;
            }
            is_new = true;
            let record = PlayRecord {
                play,
                uid: *uid,
                item: item.clone(),
                route: intent.route.id.clone(),
                account: intent.route.source.clone(),
                viewer: intent.viewer.clone(),
                kind,
                started_at: viewing.started_at,
                completed_at: viewing.completed_at,
                runtime_s: viewing.runtime_s,
                aliases: Vec::new(),
            };
            known.push(record.clone());
            self.happened.push(completed(self.now, &record));
            self.change(LiveChange::PutPlay(record));
        }
        Ok(is_new)
    }

    /// Takes back the latest viewing that is known, and no other.
    fn take_back(
        &mut self,
        ledger: &dyn Ledger,
        intent: &Intent<'_>,
        play: PlayId,
        named: &[(Uid, Item)],
    ) -> Result<Option<Fate>, StorageFailure> {
        let mut has_any = false;
        for (uid, item) in named {
            let of_viewer = |known: &PlayRecord| known.route == intent.route.id && known.viewer == intent.viewer;
            let latest = ledger.plays_of(*uid)?.into_iter().filter(of_viewer).max_by_key(|known| known.completed_at);
            let Some(latest) = latest else { continue };
            has_any = true;
            let one = [(*uid, item.clone())];
            self.send_to_all(intent, play, &one, Message::RemovePlay(latest.completed_at), self.now, MARK_HOLD_S);
            self.change(LiveChange::DropPlay(*uid, latest.play));
        }
        let nothing = || Fate(Disposition::Absorbed, "no viewing of it is known to us, so none is taken back".into());
        Ok(if has_any { None } else { Some(nothing()) })
    }

    /// Tells every target of the route in its own terms.
    fn tell(&mut self, intent: &Intent<'_>, saying: &Saying, named: &[(Uid, Item)]) {
        let route = intent.route;
        for target in &route.targets {
            for (at, parcel) in parcels(saying, target.ear, target.records).into_iter().enumerate() {
                // Messages about one file follow its items; everything else is about its first.
                let Some((uid, item)) = named.get(at).or_else(|| named.first()) else { continue };
                let (uid, item) = match parcel.message {
                    Message::DropPlace => named.first().map_or((*uid, item), |(uid, item)| (*uid, item)),
                    _ => (*uid, item),
                };
                let since = match saying.said {
                    Said::Completed { completed_at, .. } => completed_at,
                    _ => self.now,
                };
                self.send(intent, target, uid, Parcel { item: item.clone(), ..parcel }, since, self.now);
            }
            let is_watched = matches!(saying.said, Said::Completed { .. });
            if is_watched && route.unlists_films && intent.media.item.kind == Kind::Movie {
                self.unlist(intent, target, saying.play, named);
            }
        }
    }

    fn unlist(&mut self, intent: &Intent<'_>, target: &TargetBlueprint, play: PlayId, named: &[(Uid, Item)]) {
        let Some((uid, item)) = named.first() else { return };
        if target.ear != Ear::Server {
            let parcel = Parcel { play, item: item.clone(), message: Message::Unlist };
            self.send(intent, target, *uid, parcel, self.now, self.now);
        }
    }

    /// The same message about each item, to every target that records what is live.
    fn send_to_all(
        &mut self,
        intent: &Intent<'_>,
        play: PlayId,
        named: &[(Uid, Item)],
        message: Message,
        since: Timestamp,
        hold_s: i64,
    ) {
        let not_before = self.now.checked_add(SignedDuration::from_secs(hold_s)).unwrap_or(self.now);
        let is_play = matches!(message, Message::AddPlay(_) | Message::RemovePlay(_));
        for target in intent.route.targets.iter().filter(|target| !is_play || target.records == Records::Live) {
            for (uid, item) in named {
                self.send(intent, target, *uid, Parcel { play, item: item.clone(), message }, since, not_before);
            }
        }
    }

    fn send(
        &mut self,
        intent: &Intent<'_>,
        target: &TargetBlueprint,
        uid: Uid,
        parcel: Parcel,
        since: Timestamp,
        not_before: Timestamp,
    ) {
        let record = ParcelRecord {
            account: target.account.clone(),
            seq: self.next_seq,
            route: intent.route.id.clone(),
            source: intent.route.source.clone(),
            native: intent.media.native.clone(),
            play: parcel.play,
            uid,
            item: parcel.item,
            message: parcel.message,
            since,
            not_before,
            state: ParcelState::Queued,
            attempts: 0,
            sent_at: None,
            finished_at: None,
            last_error: None,
            was_there: false,
        };
        self.next_seq += 1;
        self.nudged.insert(target.account.clone());
        self.change(LiveChange::PutParcel(record));
    }
}

/// Plays of entities as this pass leaves them.
#[derive(Default)]
struct Plays(BTreeMap<Uid, Vec<PlayRecord>>);

impl Plays {
    fn of(&mut self, ledger: &dyn Ledger, uid: Uid) -> Result<&mut Vec<PlayRecord>, StorageFailure> {
        match self.0.entry(uid) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(ledger.plays_of(uid)?)),
        }
    }
}

/// When an intent's item was watched.
fn viewing_in(intent: &Intent<'_>, started_at: Timestamp, completed_at: Timestamp) -> Viewing {
    let runtime_s = intent.media.duration_ms.and_then(|duration| u32::try_from(duration / 1000).ok());
    Viewing { started_at, completed_at: completed_at.max(started_at), runtime_s }
}

/// A play as an interval.
pub(crate) fn viewing_of(play: &PlayRecord) -> Viewing {
    Viewing { started_at: play.started_at, completed_at: play.completed_at, runtime_s: play.runtime_s }
}

fn has_ids(item: &Item) -> bool {
    !item.ids.is_empty() || item.show.as_ref().is_some_and(|show| !show.ids.is_empty())
}

fn completed(now: Timestamp, play: &PlayRecord) -> Happened {
    Happened {
        at: now,
        kind: COMPLETED,
        account: Some(play.account.clone()),
        pair: None,
        run: None,
        state: None,
        done: 0,
        total: None,
        sentence: format_smolstr!("{} watched {}.", play.viewer, play.item.label()),
    }
}
