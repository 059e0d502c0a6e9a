//! Which tokens open which account: the present one, those before it while their time runs, and the one of the
//! configuration.
//!
//! Tokens are made, see [`HookKey`]; the store keeps which generation counts and how long older ones still do. The note is
//! read once per account and kept here, because every arrival needs it. Comparing takes the same time for every wrong
//! token. Deliberately absent: who may ask for a token to be shown.

use std::{collections::BTreeMap, time::Duration};

use crosswatch_actors::HookKey;
use crosswatch_model::ProviderId;
use crosswatch_port::{Change, Commit, Durability};
use crosswatch_settings::{Provider, Secret};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;

use crate::{
    problem::ApiProblem,
    state::{ApiState, stored},
};

/// The name of the note.
const NOTE: &str = "webhook_token";
/// Older tokens that may run out at the same time.
const OLDER_MAX: usize = 8;
/// The number that the token of the configuration goes by.
pub(super) const CONFIGURED: u32 = u32::MAX;

/// Which tokens of an account count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Generations {
    /// The present one.
    present: u32,
    /// When it became that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Those before it that count for a while.
    #[serde(default)]
    older: Vec<Older>,
}

/// A generation that runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Older {
    generation: u32,
    until: Timestamp,
}

impl Generations {
    /// When the last of the older tokens stops to count.
    pub(crate) fn older_until(&self) -> Option<Timestamp> {
        self.older.iter().map(|older| older.until).max()
    }

    /// When the present token was made; `None` for the first one.
    pub(crate) const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Those that count at a moment, the present one first.
    fn at(&self, now: Timestamp) -> impl Iterator<Item = u32> {
        let older = self.older.iter().filter(move |older| older.until > now).map(|older| older.generation);
        std::iter::once(self.present).chain(older)
    }

    /// The generations after the next turn.
    fn turned(&self, now: Timestamp, overlap: Duration) -> Self {
        let until = now.saturating_add(overlap).unwrap_or(Timestamp::MAX);
        let last = Older { generation: self.present, until };
        let mut older: Vec<Older> =
            self.older.iter().copied().chain([last]).filter(|older| older.until > now).collect();
        older.drain(..older.len().saturating_sub(OLDER_MAX));
        Self { present: self.present.wrapping_add(1) % CONFIGURED, since: Some(now), older }
    }
}

/// The tokens of all accounts.
pub(crate) struct Keyring {
    key: HookKey,
    known: Mutex<BTreeMap<ProviderId, Generations>>,
}

impl Keyring {
    /// A keyring over this maker of tokens.
    pub(crate) fn new(key: HookKey) -> Self {
        Self { key, known: Mutex::default() }
    }

    /// Which of the account's tokens this is, where it is one.
    pub(crate) async fn matches(
        &self,
        state: &ApiState,
        account: &Provider,
        given: &[u8],
    ) -> Result<Option<u32>, ApiProblem> {
        let generations = self.generations(state, &account.id).await?;
        let made = generations.at(state.clock.now()).map(|number| (number, self.key.token(&account.id, number)));
        let configured = account.webhook_token.as_ref().map(Secret::as_secret).cloned();
        let all = made.chain(configured.map(|token| (CONFIGURED, token)));
        let matching = all.filter(|(_, token)| bool::from(token.expose_secret().as_bytes().ct_eq(given)));
        Ok(matching.map(|(number, _)| number).last())
    }

    /// The present token of an account.
    pub(crate) async fn present(&self, state: &ApiState, account: &ProviderId) -> Result<SecretString, ApiProblem> {
        let generations = self.generations(state, account).await?;
        Ok(self.key.token(account, generations.present))
    }

    /// Makes another token the present one. The last one counts until the overlap is over.
    pub(crate) async fn turn(
        &self,
        state: &ApiState,
        account: &ProviderId,
        overlap: Duration,
    ) -> Result<Generations, ApiProblem> {
        let mut known = self.known.lock().await;
        let before = load(&mut known, state, account).await?;
        let after = before.turned(state.clock.now(), overlap);
        let note = serde_json::to_vec(&after).map_err(|error| ApiProblem::Internal(error.to_string()))?;
        let changes = vec![Change::PutCache(account.clone(), NOTE.into(), note)];
        let commit = Commit { fence: None, durability: Durability::Synced, changes };
        stored(state.directory.store().save(commit)).await?;
        known.insert(account.clone(), after.clone());
        Ok(after)
    }

    async fn generations(&self, state: &ApiState, account: &ProviderId) -> Result<Generations, ApiProblem> {
        load(&mut *self.known.lock().await, state, account).await
    }
}

async fn load(
    known: &mut BTreeMap<ProviderId, Generations>,
    state: &ApiState,
    account: &ProviderId,
) -> Result<Generations, ApiProblem> {
    if let Some(generations) = known.get(account) {
        return Ok(generations.clone());
    }
    let asked = account.clone();
    let note = state.read(move |ledger| ledger.cached(&asked, &SmolStr::new_static(NOTE))).await?;
    // What cannot be read must not open with a token that was taken back.
    let unreadable = |_| ApiProblem::Internal(format!("the note about the webhook token of {account} cannot be read"));
    let read = |note: Vec<u8>| serde_json::from_slice(&note).map_err(unreadable);
    let generations: Generations = note.map(read).transpose()?.unwrap_or_default();
    known.insert(account.clone(), generations.clone());
    Ok(generations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_772_395_200 + hour * 3_600).unwrap()
    }

    fn counting(generations: &Generations, hour: i64) -> Vec<u32> {
        generations.at(at(hour)).collect()
    }

    const DAY: Duration = Duration::from_secs(24 * 3_600);

    #[test]
    fn older_tokens_count_until_their_time_is_over() {
        let first = Generations::default();
        assert_eq!(counting(&first, 0), [0]);
        let second = first.turned(at(0), DAY);
        assert_eq!((counting(&second, 23), counting(&second, 24)), (vec![1, 0], vec![1]));
        let third = second.turned(at(12), DAY);
        assert_eq!(
            (counting(&third, 23), counting(&third, 35), counting(&third, 36)),
            (vec![2, 0, 1], vec![2, 1], vec![2])
        );
        assert_eq!((third.older_until(), third.since()), (Some(at(36)), Some(at(12))));
        let at_once = third.turned(at(13), Duration::ZERO);
        assert_eq!(counting(&at_once, 13), [3, 0, 1]);
    }

    #[test]
    fn turning_without_end_keeps_a_bounded_note() {
        let mut generations = Generations::default();
        for _ in 0..100 {
            generations = generations.turned(at(0), DAY);
        }
        assert_eq!(counting(&generations, 1), [100, 92, 93, 94, 95, 96, 97, 98, 99]);
        let last = Generations { present: CONFIGURED - 1, ..Generations::default() };
        assert_eq!(last.turned(at(0), Duration::ZERO).present, 0);
        let note = serde_json::to_string(&Generations::default().turned(at(0), DAY)).unwrap();
        assert_eq!(
            note,
            r#"{"present":1,"since":"2026-03-01T20:00:00Z","older":[{"generation":0,"until":"2026-03-02T20:00:00Z"}]}"#
        );
        assert_eq!(serde_json::from_str::<Generations>(r#"{"present":7}"#).unwrap().present, 7);
    }
}
