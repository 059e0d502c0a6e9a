//! The oracles: what must never happen, checked at every call to the store and at every write to an account.

use crosswatch_actors::PairBlueprint;
use crosswatch_model::{Action, BaselineRow, Fact, Feature, PairId, ProviderId, RunId, RunState, Side, Uid};
use crosswatch_plan::{FeaturePolicy, Mode, Removes};
use crosswatch_port::{Change, Commit, Ledger, OutboxRecord, OutboxState, RunRecord, Write, fake::MemoryLedger};

use crate::{
    account::{SAME_VIEWING_S, is_same},
    titles::{Title, label, recognise},
    witness::{RunSeen, Witness},
    world::World,
};

/// Whether every play counts between the two accounts of a pair.
pub(crate) fn counts_every_play(world: &World, pair: &PairBlueprint, feature: Feature) -> bool {
    let rewatches = pair.features.iter().any(|entry| entry.feature == feature && entry.policy.rewatches);
    let keeps = |account: &ProviderId| world.account(account).keeps_every_play();
    feature == Feature::History && rewatches && keeps(&pair.source) && keeps(&pair.target)
}

fn policy_of(pair: &PairBlueprint, feature: Feature) -> Option<&FeaturePolicy> {
    pair.features.iter().find(|entry| entry.feature == feature).map(|entry| &entry.policy)
}

/// The second of a play, as a key.
pub(crate) fn second_of(fact: Fact) -> i64 {
    if let Fact::Play(at) = fact { at.instant().map_or(0, jiff::Timestamp::as_second) } else { 0 }
}

// === Writes to accounts ===

impl World {
    /// Judges a write before it leaves. Answers the run it belongs to.
    pub(crate) fn check_sending(
        &mut self,
        account: &ProviderId,
        feature: Feature,
        writes: &[Write],
        ledger: &MemoryLedger,
    ) -> Option<RunId> {
        let life = self.life;
        if self.account(account).writing == Some(life) {
            self.violate(&format!("overlap: two writes to {account} at once"));
        }
        self.account_mut(account).writing = Some(life);
        let rows = ledger.outbox(account, usize::MAX).unwrap();
        let mut run = None;
        for write in writes {
            let sent = rows.iter().find(|row| row.write.op == write.op && row.state == OutboxState::Inflight);
            let Some(row) = sent else {
                self.violate(&format!("unmarked: {account} is sent what the store does not know to be under way"));
                continue;
            };
            run = Some(row.run);
            self.check_row(account, feature, row);
            self.check_order(row, &rows);
        }
        run
    }

    fn check_row(&mut self, account: &ProviderId, feature: Feature, row: &OutboxRecord) {
        let name = Witness::name(row.run);
        if self.witness.holder(&format!("account:{account}")) != Some(row.run) {
            self.violate(&format!("lease: {name} writes to {account} without holding it"));
        }
        if self.witness.runs.get(&row.run).is_none_or(|run| run.dry_run) {
            self.violate(&format!("dry run: {name} writes to {account}"));
        }
        let title = recognise(&row.write.item);
        if row.write.action == Action::Remove {
            let side = if &self.town.pair(&row.pair).source == account { Side::Source } else { Side::Target };
            self.check_removal(row, side, feature, title);
            if !self.witness.kept.contains(&(row.run, account.clone(), feature)) {
                self.violate(&format!("snapshot: {name} removes {} and kept nothing of {account}", label(title)));
            }
        }
    }

    /// No write of an item overtakes an earlier one that is still open.
    fn check_order(&mut self, sent: &OutboxRecord, rows: &[OutboxRecord]) {
        let title = recognise(&sent.write.item);
        let is_overtaken = |row: &&OutboxRecord| {
            let is_same_item = row.feature == sent.feature && recognise(&row.write.item) == title;
            is_same_item && row.seq < sent.seq && row.state != OutboxState::Inflight
        };
        if let Some(earlier) = rows.iter().find(is_overtaken) {
            let (one, other) = (sent.seq, earlier.seq);
            self.violate(&format!("order: {} at {}: row {one} overtakes {other}", label(title), sent.account));
        }
    }

    /// A removal from a side needs that the other side once had it and has been without it for long enough.
    fn check_removal(&mut self, row: &OutboxRecord, side: Side, feature: Feature, title: Title) {
        let (pair, value) = (&row.pair, row.write.value);
        let blueprint = self.town.pair(pair);
        let every_play = counts_every_play(self, blueprint, feature);
        let (removes, needed) = policy_of(blueprint, feature)
            .map_or((Removes::Off, 1), |policy| (policy.removes, usize::from(policy.remove_after_reads.max(1))));
        let (other, account) = match side {
            Side::Target => (Side::Source, &blueprint.source),
            Side::Source => (Side::Target, &blueprint.target),
        };
        let is_two_way = policy_of(blueprint, feature).is_some_and(|policy| policy.mode == Mode::TwoWay);
        let scale = self.account(account).scale();
        let is_it = |fact: &Fact| !every_play || value.is_none_or(|value| is_same(*fact, value, scale));
        let reads = self.witness.observations.get(&(pair.clone(), other, feature)).map_or(&[][..], Vec::as_slice);
        let has_it = |facts: Option<&Vec<Fact>>| facts.is_some_and(|facts| facts.iter().any(is_it));
        let absent = reads.iter().rev().take_while(|read| !has_it(read.facts.get(&title))).count();
        // What was written there and confirmed was there, too, also when nobody read it before it was taken back.
        let was_written = is_two_way && !self.account(account).ever(feature, title).is_empty();
        let was_shown = was_written || has_it(self.witness.shown.get(&(pair.clone(), other, feature, title)));
        let fault = if removes == Removes::Off {
            Some("removals are off")
        } else if !was_shown {
            Some("the other side never had it")
        } else if absent == 0 {
            Some("the last complete read of the other side shows it")
        } else if absent < needed && !self.witness.approved.contains(&row.run) {
            Some("too few complete reads are without it")
        } else {
            None
        };
        if let Some(fault) = fault {
            self.violate(&format!("provenance: {pair} removes {} from {feature}: {fault}", label(title)));
        }
    }
}

// === Commits to the store ===

impl World {
    /// Judges a commit that the store has accepted.
    pub(crate) fn check_commit(&mut self, commit: &Commit, ledger: &MemoryLedger) {
        if let Some(mark) = commit.fence.as_ref().filter(|mark| !self.witness.holds(mark)) {
            self.violate(&format!(
                "fence: a commit with the old fence {} of {} was taken",
                mark.fence.0, mark.resource
            ));
        }
        let moves_state = commit.changes.iter().any(moves_state);
        if moves_state && commit.fence.is_none() {
            self.violate("fence: state was moved without a lease");
        }
        let holder = commit.fence.as_ref().and_then(|mark| self.witness.holder(&mark.resource));
        let is_dry = holder.is_some_and(|run| self.witness.runs.get(&run).is_none_or(|run| run.dry_run));
        if moves_state && is_dry {
            self.violate("dry run: it changed what the store remembers");
        }
        for change in &commit.changes {
            match change {
                Change::PutRun(record) => self.saw_run(record),
                Change::PutHeld(held) => self.say(&format!("held for {}: {}", held.pair, held.sentence)),
                Change::PutBaseline(pair, feature, uid, _, row) => self.check_claim(pair, *feature, *uid, row, ledger),
                _ => {}
            }
        }
        self.say(&format!("store: {}", summary(commit)));
    }

    /// The baseline may only claim what a side once really had, or said it had stored.
    fn check_claim(&mut self, pair: &PairId, feature: Feature, uid: Uid, row: &BaselineRow, ledger: &MemoryLedger) {
        let Some(record) = ledger.item(uid).unwrap() else {
            self.violate("baseline: a row about an entity without a name");
            return;
        };
        let title = recognise(&record.item);
        let blueprint = self.town.pair(pair);
        let sides = [(&blueprint.source, row.source), (&blueprint.target, row.target)];
        let lie = sides.into_iter().find_map(|(account, fact)| {
            let fact = fact.filter(|fact| !self.account(account).ever_had(feature, title, *fact))?;
            Some((account.clone(), fact))
        });
        if let Some((account, fact)) = lie {
            let fact = crate::world::fact_text(fact);
            self.violate(&format!("baseline: claims that {account} has {} {fact}, which it never had", label(title)));
        }
    }

    fn saw_run(&mut self, record: &RunRecord) {
        use RunState::{Applying, Planning, Reading, Verifying};
        let name = Witness::name(record.id);
        let is_active = matches!(record.state, Reading | Planning | Applying | Verifying);
        let known = self.witness.runs.get(&record.id);
        let was_active = known.is_some_and(|run| run.is_active);
        let was_final = known.is_some_and(|run| run.state.is_final());
        if is_active && !was_active {
            self.check_overlap(record);
        }
        let counts = record.tallies.iter().map(|tally| tally.counts.writes() + tally.counts.held).sum();
        let seen = RunSeen {
            pair: record.pair.clone(),
            dry_run: record.dry_run,
            by_schedule: record.cause == crosswatch_model::Cause::Schedule,
            state: record.state,
            began_at: record.started_at,
            writes_planned: counts,
            requests_most: record.requests.iter().map(|(_, count)| *count).max().unwrap_or(0),
            is_active,
        };
        self.witness.runs.insert(record.id, seen);
        self.say(&format!("run {name} of {}: {} {}", record.pair, record.state, record.sentence));
        if record.state.is_final() && !was_final {
            self.witness.finished_runs += 1;
            if record.state == RunState::Succeeded && !record.dry_run {
                self.note_agreement(record);
            }
        }
    }

    fn check_overlap(&mut self, record: &RunRecord) {
        let ours = self.town.pair(&record.pair);
        let uses = |account: &ProviderId, pair: &PairBlueprint| account == &pair.source || account == &pair.target;
        let other = self.witness.runs.iter().find(|(id, run)| {
            let theirs = self.town.pair(&run.pair);
            let shares = uses(&ours.source, theirs) || uses(&ours.target, theirs);
            **id != record.id && run.is_active && shares
        });
        if let Some((other, _)) = other {
            let (one, other) = (Witness::name(record.id), Witness::name(*other));
            self.violate(&format!("overlap: {one} runs while {other} uses the same account"));
        }
    }

    /// Remembers what both sides had all through a run that ended well.
    fn note_agreement(&mut self, record: &RunRecord) {
        let Some(began) = record.started_at else { return };
        let pair = self.town.pair(&record.pair).clone();
        for feature in record.features.iter() {
            let every_play = counts_every_play(self, &pair, feature);
            let (source, target) = (self.account(&pair.source), self.account(&pair.target));
            let scale = source.scale().coarser(target.scale());
            let steady = source.of(feature).filter(|(.., held)| held.since < began);
            let on_both = steady.filter(|(title, _, held)| {
                let counts = every_play || feature == Feature::Ratings;
                let fact = if counts { Some(held.fact) } else { None };
                target.about(feature, *title).any(|(_, other)| {
                    let is_steady = other.since < began || other.author == crate::account::Author::Service;
                    is_steady && fact.is_none_or(|fact| is_same(fact, other.fact, scale))
                })
            });
            let key = |(title, _, held): (Title, u64, &crate::account::Held)| {
                (title, if every_play { second_of(held.fact) } else { 0 })
            };
            let agreed: Vec<(Title, i64)> = on_both.map(key).collect();
            self.witness.agreed.entry((pair.id.clone(), feature)).or_default().extend(agreed);
        }
    }

    /// What was agreed on, is gone from the source for good, and is still on the target.
    pub(crate) fn forgotten_removals(&self, pair: &PairBlueprint, feature: Feature) -> Vec<Title> {
        let (source, target) = (self.account(&pair.source), self.account(&pair.target));
        let Some(agreed) = self.witness.agreed.get(&(pair.id.clone(), feature)) else { return Vec::new() };
        let is_near = |second: i64, held: &crate::account::Held| {
            second == 0 || (second_of(held.fact) - second).abs() <= SAME_VIEWING_S
        };
        let has = |account: &crate::account::Truth, title: Title, second: i64| {
            account.about(feature, title).any(|(_, held)| is_near(second, held))
        };
        let left =
            agreed.iter().filter(|(title, second)| !has(source, *title, *second) && has(target, *title, *second));
        left.map(|(title, _)| *title).collect()
    }
}

/// Whether a change moves what a pair remembers or sends, as opposed to what is told about a run.
fn moves_state(change: &Change) -> bool {
    !matches!(
        change,
        Change::PutRun(_)
            | Change::PutPlan(_)
            | Change::MarkPlan(..)
            | Change::PutLine(_)
            | Change::DropRun(..)
            | Change::AppendEvent(_)
            | Change::PutSecret(..)
            | Change::PutCache(..)
            | Change::Shelf(..)
    )
}

fn summary(commit: &Commit) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for change in &commit.changes {
        let word = match change {
            Change::PutRun(_) => "run",
            Change::PutLine(_) => "line",
            Change::PutItem(_) => "item",
            Change::PutBaseline(..) => "+baseline",
            Change::DropBaseline(..) => "-baseline",
            Change::PutOutbox(_) => "+outbox",
            Change::DropOutbox(..) => "-outbox",
            Change::PutReadingHead(..) => "head",
            Change::PutReadingRow(..) | Change::DropReadingRow(..) => "reading",
            Change::PutPairFeature(..) => "adopted",
            Change::PutHeld(_) | Change::DropHeld(_) => "held",
            Change::PutRejected(_) | Change::DropRejected(..) => "rejected",
            Change::PutUnresolved(_) => "+unresolved",
            Change::DropUnresolved(..) => "-unresolved",
            _ => "other",
        };
        *counts.entry(word).or_insert(0) += 1;
    }
    let counts: Vec<String> = counts.into_iter().map(|(word, count): (&str, i32)| format!("{word}×{count}")).collect();
    let fence = commit.fence.as_ref().map_or_else(String::new, |mark| format!(" fence {}", mark.fence.0));
    format!("{:?}{fence} {}", commit.durability, counts.join(" "))
}
