//! The lock of a two-way pair: without a written word it writes only once its runs have shown that this is safe.
//!
//! What the runs had shown is written down when it is looked at for the first time, so that a quiet month locks nobody out;
//! a reset takes it back. Deliberately absent: what the runs must show, which is in [`crate::readiness`].

use crosswatch_model::PairId;
use crosswatch_port::{Change, Durability, Ledger, StandingKind, StandingRecord, StorageFailure};
use smol_str::{SmolStr, format_smolstr};

use super::journey::{Journey, Stop};
use crate::{
    blueprint::Lock,
    readiness::{NOT_READY, ReadinessQuestion},
};

/// What the look at the past found.
enum Proof {
    /// It was shown before, or is not needed.
    Standing,
    /// It is there now.
    Fresh,
    /// This is missing.
    Missing(String),
}

/// Lets the run through, or says what it needs. Whoever takes back or restores goes through: that was looked at.
pub(super) async fn pass(journey: &Journey) -> Result<(), Stop> {
    let job = &journey.ticket.job;
    if job.undoes.is_some() || job.restores.is_some() {
        return Ok(());
    }
    let pair = &journey.pair.id;
    match journey.pair.lock {
        Lock::Open => Ok(()),
        Lock::UntilAcknowledged => Err(refused(format_smolstr!(
            "{pair} keeps two media servers in step both ways, where one bad match spreads; back up both servers' databases, \
             test the restore, and write acknowledge = [\"server-to-server\"] into [pair.policy]"
        ))),
        Lock::UntilReady => match look(journey).await? {
            Proof::Standing => Ok(()),
            Proof::Fresh => journey.commit(Durability::Synced, vec![ready(journey, pair)]).await,
            Proof::Missing(missing) => Err(refused(format_smolstr!(
                "{pair} is two-way, and its runs do not show yet that this is safe ({missing}); use mode = \"one-way\" until \
                 its readiness is green, or accept the risk with acknowledge = [\"two-way\"] in [pair.policy]"
            ))),
        },
    }
}

async fn look(journey: &Journey) -> Result<Proof, Stop> {
    let (pair, now, features) = (journey.pair.as_ref().clone(), journey.surroundings.clock.now(), journey.features());
    let read = move |ledger: &dyn Ledger| -> Result<Proof, StorageFailure> {
        let standings = ledger.standings()?;
        let question = ReadinessQuestion { pair: &pair, standings: &standings, now };
        if question.was_ready() {
            return Ok(Proof::Standing);
        }
        Ok(question.missing(ledger, features)?.map_or(Proof::Fresh, Proof::Missing))
    };
    Ok(journey.directory.store().query(read).await?)
}

fn ready(journey: &Journey, pair: &PairId) -> Change {
    let subject = SmolStr::from(pair.as_str());
    let at = journey.surroundings.clock.now();
    Change::PutStanding(StandingRecord {
        kind: StandingKind::Ready,
        subject,
        at,
        until: None,
        text: SmolStr::default(),
    })
}

fn refused(detail: SmolStr) -> Stop {
    Stop::Account { kind: NOT_READY, detail }
}
