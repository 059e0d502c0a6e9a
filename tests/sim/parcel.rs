//! A write on its way: once it has left, it arrives whether or not its sender still lives.

use std::time::Duration;

use crosswatch_model::{Action, Fact, Feature, PlayDetail, ProviderId, Reason, RejectedWhy, RunId};
use crosswatch_port::{Fault, Verdict, Write, WriteOutcome, WriteReport, fake::MemoryLedger};
use jiff::{SignedDuration, Timestamp};

use crate::{
    account::{Author, Make, Place},
    faults::WriteFate,
    titles::{Title, label, recognise},
    world::{World, write_text},
};

/// How long a request that lost its sender may still take.
const LATE_MAX_MS: u64 = 2_000;

/// A write request.
#[derive(Debug)]
pub(crate) struct Parcel {
    account: ProviderId,
    feature: Feature,
    writes: Vec<Write>,
    run: Option<RunId>,
    fate: WriteFate,
    /// When it is applied; `None` for never.
    apply_at: Option<Timestamp>,
    /// The first operations, which are applied.
    outcomes: Vec<WriteOutcome>,
}

impl World {
    /// Takes a write in. Answers its number and when the sender hears of it.
    pub(crate) fn send(
        &mut self,
        account: &ProviderId,
        feature: Feature,
        writes: &[Write],
        ledger: &MemoryLedger,
    ) -> (u64, Duration) {
        let run = self.check_sending(account, feature, writes, ledger);
        let fate = self.weather.write(&self.dice, writes.len());
        let transit = self.weather.transit(&self.dice);
        let back = Duration::from_millis(self.dice.between(1, 300));
        let (apply_after, answer_after) = match &fate {
            WriteFate::Answered | WriteFate::BreaksOff { .. } | WriteFate::ShortAnswer { .. } => {
                (Some(transit), transit + back)
            }
            WriteFate::AnswerLost => (Some(transit), transit + back * 20),
            WriteFate::Late(after) => (Some(transit + *after), transit),
            WriteFate::Refused(_) | WriteFate::LostOnTheWay => (None, transit),
        };
        let number = self.number();
        self.say(&format!("{account}: write #{number} {} of {feature}, fate {fate:?}", writes.len()));
        let now = self.now;
        let truth = self.account_mut(account);
        truth.writes += 1;
        let parcel = Parcel {
            account: account.clone(),
            feature,
            writes: writes.to_vec(),
            run,
            fate,
            apply_at: apply_after.map(|after| now + SignedDuration::try_from(after).unwrap()),
            outcomes: Vec::new(),
        };
        self.parcels.insert(number, parcel);
        (number, answer_after)
    }

    /// What the sender of a write hears.
    pub(crate) fn receive(&mut self, number: u64) -> (WriteReport, Verdict) {
        let is_over = self.parcels[&number].apply_at.is_none();
        let parcel = &self.parcels[&number];
        let count = parcel.writes.len();
        let mut outcomes = parcel.outcomes.clone();
        let (fault, verdict) = match &parcel.fate {
            WriteFate::Answered => (None, Verdict::Answered),
            WriteFate::ShortAnswer { told } => {
                outcomes.truncate(*told);
                (None, Verdict::Answered)
            }
            WriteFate::Refused(fault) => {
                outcomes = vec![WriteOutcome::NotAttempted; count];
                (Some(fault.clone()), verdict_of(fault))
            }
            WriteFate::BreaksOff { .. } => {
                outcomes.resize(count, WriteOutcome::NotAttempted);
                (Some(Fault::Transient("503 in the middle".into())), Verdict::Failed)
            }
            WriteFate::AnswerLost | WriteFate::LostOnTheWay | WriteFate::Late(_) => {
                outcomes = vec![WriteOutcome::InDoubt; count];
                (Some(Fault::InDoubt("no answer".into())), Verdict::Failed)
            }
        };
        let account = parcel.account.clone();
        if is_over {
            self.parcels.remove(&number);
        }
        self.account_mut(&account).writing = None;
        self.say(&format!("{account}: write #{number} answered {} {fault:?}", outcome_text(&outcomes)));
        (WriteReport { outcomes, fault }, verdict)
    }

    /// The senders died: what is on its way arrives soon or never.
    pub(crate) fn orphan_parcels(&mut self) {
        let numbers: Vec<u64> = self.parcels.keys().copied().collect();
        for number in numbers {
            let is_lost = self.dice.happens(200);
            let rest_ms = i64::try_from(self.dice.between(0, LATE_MAX_MS)).unwrap();
            let latest = self.now + SignedDuration::from_millis(rest_ms);
            let parcel = self.parcels.get_mut(&number).unwrap();
            parcel.apply_at = parcel.apply_at.map(|at| at.min(latest)).filter(|_| !is_lost);
        }
        self.parcels.retain(|_, parcel| parcel.apply_at.is_some());
    }

    /// Applies every write that has arrived by now.
    pub(crate) fn apply_due(&mut self) {
        let present = self.now;
        loop {
            let due = self.parcels.iter().filter_map(|(number, parcel)| Some((parcel.apply_at?, *number)));
            let Some((at, number)) = due.filter(|(at, _)| *at <= present).min() else { break };
            self.now = at;
            self.apply(number);
        }
        self.now = present;
    }

    fn apply(&mut self, number: u64) {
        let parcel = self.parcels.get_mut(&number).unwrap();
        parcel.apply_at = None;
        let applied = if let WriteFate::BreaksOff { applied } = parcel.fate { applied } else { parcel.writes.len() };
        let is_orphan = matches!(parcel.fate, WriteFate::Late(_));
        let (account, feature, run) = (parcel.account.clone(), parcel.feature, parcel.run);
        let writes: Vec<Write> = parcel.writes.iter().take(applied).cloned().collect();
        let outcomes: Vec<WriteOutcome> =
            writes.iter().map(|write| self.apply_one(&account, feature, run, write)).collect();
        for (write, outcome) in writes.iter().zip(&outcomes) {
            let line = format!("{account}: #{number} {} {}", write_text(feature, write), outcome_text(&[*outcome]));
            self.say(&line);
        }
        if is_orphan {
            self.parcels.remove(&number);
        } else {
            self.parcels.get_mut(&number).unwrap().outcomes = outcomes;
        }
    }

    fn apply_one(&mut self, account: &ProviderId, feature: Feature, run: Option<RunId>, write: &Write) -> WriteOutcome {
        let title = recognise(&write.item);
        if self.account(account).unknown.contains(&title) {
            let reason =
                if self.account(account).make == Make::Server { Reason::NotInLibrary } else { Reason::NotFound };
            return WriteOutcome::Rejected(RejectedWhy { reason, is_permanent: true });
        }
        if self.dice.happens(self.weather.moods) {
            return WriteOutcome::Rejected(RejectedWhy { reason: Reason::RejectedByTarget, is_permanent: false });
        }
        match write.action {
            Action::Remove => self.apply_removal(account, feature, title, write),
            _ => self.apply_value(account, run, title, write),
        }
    }

    fn apply_removal(&mut self, account: &ProviderId, feature: Feature, title: Title, write: &Write) -> WriteOutcome {
        let truth = self.account(account);
        let by_row = write.native.map(|native| u64::try_from(native.0).unwrap());
        let place = |row: u64| -> Place { (feature, title, row) };
        let by_value = || {
            let value = write.value?;
            truth.about(feature, title).find(|(_, held)| crate::account::is_same(held.fact, value, truth.scale()))
        };
        let found = match by_row {
            Some(row) => Some(row).filter(|row| truth.facts.contains_key(&place(*row))),
            None => by_value().map(|(row, _)| row),
        };
        let Some(row) = found else { return WriteOutcome::AlreadyThere };
        self.account_mut(account).take(place(row));
        WriteOutcome::Acknowledged { native: None }
    }

    fn apply_value(&mut self, account: &ProviderId, run: Option<RunId>, title: Title, write: &Write) -> WriteOutcome {
        let fact = write.value.unwrap();
        let is_forgotten = self.dice.happens(self.weather.moods / 3);
        let now = self.now;
        let truth = self.account_mut(account);
        let counts_plays = truth.capabilities().plays == PlayDetail::EveryPlay && fact.feature() == Feature::History;
        if is_forgotten {
            truth.claim(title, fact);
            self.say(&format!("{account}: accepts {} and forgets it", label(title)));
            return WriteOutcome::Acknowledged { native: None };
        }
        if counts_plays {
            self.check_play(account, run, title, fact);
        } else if self.account(account).shows(fact.feature(), title, fact) {
            return WriteOutcome::AlreadyThere;
        }
        let truth = self.account_mut(account);
        let row = truth.keep(title, fact, Author::Service, now);
        let tells_row = truth.make != Make::Diary;
        WriteOutcome::Acknowledged { native: tells_row.then_some(crosswatch_model::NativeRef(u128::from(row))) }
    }

    fn check_play(&mut self, account: &ProviderId, run: Option<RunId>, title: Title, fact: Fact) {
        let truth = self.account(account);
        let Fact::Play(at) = truth.as_kept(fact, self.now) else { return };
        let Some(at) = at.instant() else { return };
        let began = run.and_then(|run| self.witness.began_at(run));
        let minute = |at: Timestamp| at.as_second().div_euclid(60);
        let twin = truth.about(Feature::History, title).find(|(_, held)| {
            let Fact::Play(other) = held.fact else { return false };
            let was_visible = held.author == Author::Service || began.is_some_and(|began| held.since < began);
            was_visible && other.instant().is_some_and(|other| minute(other) == minute(at))
        });
        if let Some((row, held)) = twin {
            let author = held.author;
            self.violate(&format!(
                "play twice: {} at {account} has row {row} of that minute by {author:?}",
                label(title)
            ));
        }
    }
}

/// What a fault means for the request budget.
pub(crate) fn verdict_of(fault: &Fault) -> Verdict {
    match fault {
        Fault::RateLimited { after, .. } => Verdict::Wait(*after),
        Fault::Transient(_) | Fault::InDoubt(_) => Verdict::Failed,
        _ => Verdict::Answered,
    }
}

fn outcome_text(outcomes: &[WriteOutcome]) -> String {
    let word = |outcome: &WriteOutcome| match outcome {
        WriteOutcome::Acknowledged { .. } => "ok".to_owned(),
        WriteOutcome::AlreadyThere => "there".to_owned(),
        WriteOutcome::Rejected(why) => format!("no({})", why.reason),
        WriteOutcome::InDoubt => "?".to_owned(),
        WriteOutcome::NotAttempted => "-".to_owned(),
    };
    outcomes.iter().map(word).collect::<Vec<_>>().join(" ")
}
