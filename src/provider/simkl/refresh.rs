//! Bringing our copy of the library up to date, in the way that SIMKL wants it.
//!
//! The activities are asked first, always. A part that was never read is read whole, the parts one after another; after that
//! only what changed is asked for, and where something was removed the bare numbers of what is there. A whole read is sent
//! once, without retries, and not again for [`AFTER_SUCCESS`], even when the copy of it is lost; the note about it is written
//! before it is sent.

use std::time::Duration;

use crosswatch_port::Fault;
use jiff::ToSpan;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::{
    Simkl,
    copy::{Attempt, Copy, Kept},
    entry::{Entry, Given, simkl_of},
    part::{Part, Stamps},
    quota::error_of,
    wire::{Activities, Buckets, WireRow, is_null, object},
};
use crate::{
    http::{Answer, Call},
    loose::{Nested, Scalar},
};

/// A part that was read whole is not read whole again for this long.
pub(super) const AFTER_SUCCESS: Duration = Duration::from_secs(6 * 3600);
/// The same where the read failed.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(600);
/// Where a part had never changed, all changes are asked for.
const BEGINNING: &str = "1970-01-01T00:00:00Z";

impl Simkl {
    /// The one question that comes before all others.
    pub(super) async fn activities(&self) -> Result<Activities, Fault> {
        let answer = self.api.read(self.api.get("/sync/activities")).await?;
        let activities: Activities = object(&answer)?;
        if Part::ALL.iter().any(|part| part.stamps(&activities).is_none()) {
            return Err(says_nothing(&answer, "no activities"));
        }
        Ok(activities)
    }

    /// Asks for activities and brings every part up to date.
    pub(super) async fn refresh(&self) -> Result<(), Fault> {
        let activities = self.activities().await?;
        for part in Part::ALL {
            self.bring_up(part, &activities).await?;
        }
        Ok(())
    }

    /// Looks for what is kept of the library, without asking SIMKL for any of it.
    pub(super) async fn recall(&self) -> Result<(), Fault> {
        let owner = self.owner().await?;
        let mut copy = self.copy.lock().await;
        for part in Part::ALL {
            copy.recall(part, &owner, &*self.api.ports().cache).await?;
        }
        Ok(())
    }

    /// Brings one part up to what the activities speak of.
    pub(super) async fn bring_up(&self, part: Part, activities: &Activities) -> Result<(), Fault> {
        let owner = self.owner().await?;
        let cache = &*self.api.ports().cache;
        let Some(told) = part.stamps(activities).map(Stamps::of) else { return Ok(()) };
        let mut copy = self.copy.lock().await;
        copy.recall(part, &owner, cache).await?;
        let Some(kept) = copy.part(part).cloned() else {
            return self.read_whole(part, told, &mut copy, &owner).await;
        };
        if told.is_not_newer_than(&kept.stamps) {
            return Ok(());
        }
        let mut fresh = Kept::clone(&kept);
        let has_moved = self.take_changes(part, &told, &mut fresh).await?;
        if has_moved {
            fresh.stamps = told;
            copy.keep(part, fresh, &owner, cache).await?;
        }
        Ok(())
    }

    /// Asks for everything that changed since the stamps of the copy. False when nothing that we keep did.
    async fn take_changes(&self, part: Part, told: &Stamps, kept: &mut Kept) -> Result<bool, Fault> {
        let saved = kept.stamps.clone();
        let (lists_moved, rated_moved) = (told.lists != saved.lists, told.rated != saved.rated);
        let removed_moved = told.removed != saved.removed;
        if lists_moved {
            let answer = self.api.read(self.all_items(part, None).query("date_from", &date_from(&saved))).await?;
            let rows = rows(part, &answer)?;
            if rows.is_empty() && !removed_moved {
                return Err(says_nothing(&answer, "no change where SIMKL says that there is one"));
            }
            kept.unusable += merge(part, &rows, kept);
        }
        if rated_moved {
            let answer = self.api.read(self.api.get(&format!("/sync/ratings/{}", part.name()))).await?;
            take_ratings(part, &rows(part, &answer)?, kept);
        }
        if removed_moved {
            let call = self.api.get(&format!("/sync/all-items/{}", part.name())).once();
            let answer = self.api.read(call.query("extended", "simkl_ids_only")).await?;
            let rows = rows(part, &answer)?;
            let left: Option<Vec<u64>> = rows.iter().map(|row| row.get().and_then(simkl_of)).collect();
            let left = left.ok_or_else(|| says_nothing(&answer, "titles without numbers"))?;
            let left: std::collections::BTreeSet<u64> = left.into_iter().collect();
            kept.entries.retain(|simkl, _| left.contains(simkl));
        }
        Ok(lists_moved || rated_moved || removed_moved)
    }

    /// Reads a part that there is no copy of.
    async fn read_whole(&self, part: Part, told: Stamps, copy: &mut Copy, owner: &str) -> Result<(), Fault> {
        let (cache, now) = (&*self.api.ports().cache, self.api.ports().clock.now());
        let mut attempts = copy.attempts(owner, cache).await?;
        let before = attempts.get(part.name()).copied();
        if let Some(wait) = before.and_then(|attempt| attempt.wait(now)) {
            return Err(Fault::RateLimited { after: wait, detail: too_soon(part) });
        }
        attempts.insert(part.name().into(), Attempt { at: now, is_done: false });
        copy.keep_attempts(attempts.clone(), owner, cache).await?;
        let read = self.ask_whole(part, &told).await;
        match &read {
            Ok(_) => {
                attempts.insert(part.name().into(), Attempt { at: now, is_done: true });
            }
            // It was turned away at the door and does not count.
            Err(Fault::RateLimited { .. } | Fault::Auth(_) | Fault::Gone(_)) => match before {
                Some(before) => drop(attempts.insert(part.name().into(), before)),
                None => drop(attempts.remove(part.name())),
            },
            Err(_) => {}
        }
        copy.keep_attempts(attempts, owner, cache).await?;
        let mut kept = read?;
        kept.stamps = told;
        copy.keep(part, kept, owner, cache).await
    }

    /// A library that is too large for one answer is read list by list.
    async fn ask_whole(&self, part: Part, told: &Stamps) -> Result<Kept, Fault> {
        let mut kept = Kept::default();
        let answer = self.api.send_once(self.all_items(part, None)).await?;
        if answer.status.as_u16() == 400 && error_of(&answer) == "max_items" {
            for status in part.statuses() {
                let answer = self.api.send_once(self.all_items(part, Some(status))).await?;
                kept.unusable += merge(part, &rows(part, &self.api.success(answer)?)?, &mut kept);
            }
            return Ok(kept);
        }
        let answer = self.api.success(answer)?;
        let rows = rows(part, &answer)?;
        // Nothing at all is told as `null`. It is believed where no list ever changed, or where something was removed.
        if rows.is_empty() && !told.is_untouched() && told.removed.is_none() {
            return Err(says_nothing(&answer, "an empty library where SIMKL says that there is one"));
        }
        kept.unusable += merge(part, &rows, &mut kept);
        Ok(kept)
    }

    fn all_items(&self, part: Part, status: Option<&str>) -> Call {
        let status = status.map(|status| format!("/{status}")).unwrap_or_default();
        let call = self.api.get(&format!("/sync/all-items/{}{status}", part.name()));
        let call = call.query("extended", part.full_form());
        match part {
            Part::Movies => call,
            Part::Shows | Part::Anime => call.query("episode_watched_at", "yes").query("include_all_episodes", "yes"),
        }
    }
}

impl Attempt {
    fn wait(self, now: jiff::Timestamp) -> Option<Duration> {
        let pause = if self.is_done { AFTER_SUCCESS } else { AFTER_FAILURE };
        let passed = Duration::try_from(now.duration_since(self.at)).unwrap_or(Duration::ZERO);
        pause.checked_sub(passed).filter(|left| !left.is_zero())
    }
}

fn too_soon(part: Part) -> SmolStr {
    format_smolstr!(
        "SIMKL's {} were read whole a short while ago and the copy is not there; SIMKL bans apps that read a library whole \
         again and again, so that is done at most every {} hours, and {} minutes after a read that failed",
        part.name(),
        AFTER_SUCCESS.as_secs() / 3600,
        AFTER_FAILURE.as_secs() / 60
    )
}

/// The rows of a part in an answer. Nothing at all is `null`, and an empty part is left out.
fn rows(part: Part, answer: &Answer) -> Result<Vec<Nested<WireRow>>, Fault> {
    if is_null(answer) {
        return Ok(Vec::new());
    }
    let buckets: Buckets = object(answer)?;
    if buckets.error != Scalar::Nothing {
        return Err(says_nothing(answer, "an error in place of a library"));
    }
    Ok(part.rows(buckets).unwrap_or_default())
}

/// Puts rows in place of those of the same titles; answers how many could not be understood.
fn merge(part: Part, rows: &[Nested<WireRow>], kept: &mut Kept) -> u64 {
    let mut unusable = 0;
    for row in rows {
        match row.get().and_then(|row| Entry::read(part, row)) {
            Some(entry) => drop(kept.entries.insert(entry.simkl, entry)),
            None => unusable += 1,
        }
    }
    unusable
}

/// The list of ratings is told whole, because a rating that was taken away shows in it alone. A row that cannot be read
/// could be any title, so nothing is taken away then.
fn take_ratings(part: Part, rows: &[Nested<WireRow>], kept: &mut Kept) {
    let mut rated = std::collections::BTreeMap::new();
    let mut is_readable = true;
    for row in rows {
        match row.get().and_then(|row| Some((simkl_of(row)?, row))) {
            Some((simkl, row)) => drop(rated.insert(simkl, row)),
            None => is_readable = false,
        }
    }
    for (simkl, entry) in &mut kept.entries {
        match rated.remove(simkl).map(Given::of) {
            Some(given) => entry.rating = given.or(entry.rating),
            None if is_readable => entry.rating = None,
            None => {}
        }
    }
    for (simkl, row) in rated {
        if let Some(entry) = Entry::read(part, row) {
            kept.entries.insert(simkl, entry);
        }
    }
}

/// The stamp that changes are asked after, a second earlier: stamps are whole seconds, and what SIMKL answers is newer than
/// the one asked after.
fn date_from(saved: &Stamps) -> SmolStr {
    let latest = saved.all.clone().and_then(|text| Scalar::Text(text).moment());
    let earlier = latest.and_then(|at| at.checked_sub(1.second()).ok());
    earlier.map_or_else(|| BEGINNING.into(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_smolstr())
}

fn says_nothing(answer: &Answer, what: &str) -> Fault {
    Fault::InDoubt(format_smolstr!("{} answered with {what}", answer.place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_read_is_not_repeated_soon() {
        let at: jiff::Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for (is_done, after_s, wait_s) in [
            (true, 0, Some(21_600)),
            (true, 21_599, Some(1)),
            (true, 21_600, None),
            (false, 60, Some(540)),
            (false, 600, None),
        ] {
            let now = at.checked_add(i64::from(after_s).seconds()).unwrap();
            let wait = Attempt { at, is_done }.wait(now).map(|wait| wait.as_secs());
            assert_eq!(wait, wait_s, "{is_done} {after_s}");
        }
    }

    #[test]
    fn changes_are_asked_for_from_a_second_before_the_stamp() {
        let saved = |all: Option<&str>| Stamps { all: all.map(Into::into), ..Stamps::default() };
        assert_eq!(date_from(&saved(Some("2026-11-22T12:00:00Z"))), "2026-11-22T11:59:59Z");
        assert_eq!(date_from(&saved(None)), BEGINNING);
        assert_eq!(date_from(&saved(Some("soon"))), BEGINNING);
    }
}
