//! What was left in the middle at SIMKL: one row per title, kept for 7, 30 or 90 days, as the membership is.
//!
//! It is read and taken away here. It is not written: SIMKL takes it from players only, as of now, and a resume point of
//! last week would become one of today.

use crosswatch_model::{Fact, IdSet, Item, Kind, Namespace, NativeRef, Reason, Scheme, Show};
use crosswatch_port::{CellNow, CellQuery, Fault, Page, Row, Write, WriteOutcome};

use super::{
    Simkl,
    entry::ids_of,
    part::Part,
    wire::{PausedRow, WireTitle, is_null},
};
use crate::{
    ids::{contradict, share_one},
    loose::Nested,
    outcome::{Tally, acknowledged, outcome_of, rejected_for_good},
};

impl Simkl {
    /// All rows, in one answer.
    pub(super) async fn paused(&self) -> Result<Page, Fault> {
        let answer = self.api.read(self.api.get("/sync/playback")).await?;
        let is_empty = is_null(&answer) && self.was_never_paused().await?;
        let rows: Vec<Nested<PausedRow>> = if is_empty { Vec::new() } else { answer.json()? };
        let mut page =
            Page { received: rows.len() as u64, total: Some(rows.len() as u64), ends_stream: true, ..Page::default() };
        for row in &rows {
            match row.get().and_then(read_row) {
                Some(row) => page.rows.push(row),
                None => page.unusable += 1,
            }
        }
        Ok(page)
    }

    /// Whether the account was never left in the middle of anything: then `null` is an empty list.
    async fn was_never_paused(&self) -> Result<bool, Fault> {
        let activities = self.activities().await?;
        let mut stamps = Part::ALL.iter().filter_map(|part| part.stamps(&activities));
        Ok(stamps.all(|stamps| stamps.playback.text().is_none()))
    }

    /// What is there for single items.
    pub(super) async fn paused_cells(&self, queries: &[CellQuery]) -> Result<Vec<CellNow>, Fault> {
        let page = self.paused().await?;
        let cell = |query: &CellQuery| {
            let is_meant = |row: &&Row| {
                query.native.is_some_and(|native| row.native == Some(native)) || is_same(&row.item, &query.item)
            };
            let facts: Vec<_> = page.rows.iter().filter(is_meant).map(|row| (row.fact, row.native)).collect();
            if facts.is_empty() { CellNow::Absent } else { CellNow::Present(facts) }
        };
        Ok(queries.iter().map(cell).collect())
    }

    /// Takes rows away by their ids; a row without one is looked for first.
    pub(super) async fn forget_paused(&self, removals: &[(usize, &Write)], tally: &mut Tally) {
        let queries: Vec<CellQuery> = removals
            .iter()
            .map(|(_, write)| CellQuery {
                item: write.item.clone(),
                uid: write.uid,
                value: write.value,
                native: write.native,
            })
            .collect();
        let cells = match self.paused_cells(&queries).await {
            Ok(cells) => cells,
            Err(fault) => return tally.stop(fault),
        };
        for ((at, _), cell) in removals.iter().zip(cells) {
            let row = match &cell {
                CellNow::Present(facts) => facts.first().and_then(|(_, native)| *native),
                CellNow::Absent | CellNow::NotInLibrary | CellNow::Unknown => None,
            };
            match row {
                None => tally.set(*at, WriteOutcome::AlreadyThere),
                Some(row) => self.forget_row(*at, row, tally).await,
            }
            if tally.is_stopped() {
                return;
            }
        }
    }

    async fn forget_row(&self, at: usize, row: NativeRef, tally: &mut Tally) {
        let fault = match self.api.delete(&format!("/sync/playback/{}", row.0)).await {
            Ok(answer) if answer.status.as_u16() == 404 => return tally.set(at, WriteOutcome::AlreadyThere),
            Ok(answer) if answer.status.as_u16() == 204 => return tally.set(at, acknowledged()),
            Ok(answer) if answer.status.is_success() => return tally.set(at, WriteOutcome::InDoubt),
            Ok(answer) => self.api.fault(&answer),
            Err(fault) => fault,
        };
        tally.set(at, outcome_of(&fault));
        tally.stop(fault);
    }
}

/// SIMKL takes resume points from players only.
pub(super) const fn not_written() -> WriteOutcome {
    rejected_for_good(Reason::KindUnsupported)
}

fn read_row(row: &PausedRow) -> Option<Row> {
    let id = row.id.whole()?;
    let (item, title) = match (row.movie.get(), row.show.get(), row.anime.get()) {
        (Some(movie), ..) => (film(movie)?, movie),
        (_, Some(show), _) => (episode(row, show, false)?, show),
        (.., Some(anime)) if row.episode.get().is_some() => (episode(row, anime, true)?, anime),
        (.., Some(anime)) => (film(anime)?, anime),
        _ => return None,
    };
    let minutes = title.runtime.whole().filter(|minutes| *minutes > 0)?;
    let duration_s = u32::try_from(minutes.checked_mul(60)?).ok()?;
    let percent = row.progress.number().filter(|percent| (0.0..=100.0).contains(percent))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the duration")]
    let position_s = (f64::from(duration_s) * percent / 100.0).round() as u32;
    let fact = Fact::Resume { position_s, duration_s: Some(duration_s), stopped_at: row.paused_at.moment() };
    Some(Row { item, fact, native: Some(NativeRef(u128::from(id))), uid: None, runtime_s: Some(duration_s) })
}

fn ids(kind: Kind, title: &WireTitle) -> Option<IdSet> {
    let own = title.ids.get()?;
    let simkl = own.simkl.whole().or_else(|| own.simkl_id.whole())?;
    Some(ids_of(kind, simkl, title))
}

fn film(title: &WireTitle) -> Option<Item> {
    Some(Item::titled(Kind::Movie, title.title.text_or_empty(), title.year.small(), ids(Kind::Movie, title)?))
}

/// An anime's episode is told as TheTVDB counts where SIMKL says so, else below its cour.
fn episode(row: &PausedRow, title: &WireTitle, is_anime: bool) -> Option<Item> {
    let told = row.episode.get()?;
    let all = ids(Kind::Show, title)?;
    let tvdb = all.get(Namespace::Tvdb);
    let place = told.tvdb_season.small().zip(told.tvdb_number.small());
    let (ids, scheme, season, number) = match (is_anime, place, tvdb) {
        (false, ..) => (all, Scheme::Standard, told.season.small()?, told.number.small()?),
        (true, Some((season, number)), Some(id)) => (std::iter::once(id).collect(), Scheme::Standard, season, number),
        (true, ..) => {
            let series = [Namespace::Imdb, Namespace::Tmdb, Namespace::Tvdb];
            let own = all.iter().filter(|id| !series.contains(&id.namespace())).collect();
            (own, Scheme::SimklAnime, told.season.small().unwrap_or(1), told.number.small()?)
        }
    };
    let show = Show { title: title.title.text_or_empty().into(), year: title.year.small(), ids, scheme };
    Some(Item::episode(show, season, number, told.title.text_or_empty(), IdSet::EMPTY))
}

fn is_same(one: &Item, other: &Item) -> bool {
    let share = |one: &IdSet, other: &IdSet| share_one(one, other) && !contradict(one, other);
    match (&one.show, &other.show) {
        (Some(own), Some(asked)) => {
            share(&own.ids, &asked.ids) && (one.season, one.number) == (other.season, other.number)
        }
        (None, None) => one.kind == other.kind && share(&one.ids, &other.ids),
        _ => false,
    }
}
