//! Takes a snapshot of a large account a day, and prints how long each took and what all of them take on the disk.
//!
//! `cargo run --release -p crosswatch-store --example snapshots -- [ITEMS] [DAYS]`: 100 000 items and 100 days where left
//! out, with 40 changed and 20 new items a day. It prints figures and judges none.

#![allow(clippy::disallowed_methods, reason = "it measures real time")]

use std::{error::Error, fs, io, path::Path, time::Instant};

use crosswatch_model::{
    Fact, Feature, Id, IdSet, Item, Kind, Namespace, ProviderId, Rating, RunId, Scheme, Show, SnapshotCause,
};
use crosswatch_port::{Ledger, NewSnapshot, SnapshotRow};
use crosswatch_store::{FjallLedger, OpenOptions};
use jiff::{SignedDuration, Timestamp};

const CHANGED_A_DAY: usize = 40;
const NEW_A_DAY: usize = 20;
const EPISODES_OF_A_SHOW: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let items = given.next().transpose()?.unwrap_or(100_000);
    let days = given.next().transpose()?.unwrap_or(100);
    let folder = tempfile::tempdir()?;
    let ledger = FjallLedger::open(folder.path(), OpenOptions::default())?;
    let mut chance = Chance(7);
    let mut rows = (0..items).map(|number| row(number, 50)).collect::<Result<Vec<_>, _>>()?;
    let mut taken_ms = Vec::with_capacity(days);
    for day in 0..days {
        let before = Instant::now();
        let record = ledger.put_snapshot(snapshot(day, rows.clone())?)?;
        taken_ms.push(before.elapsed().as_millis());
        if day == 0 {
            println!(
                "the first: {} ms, {} rows, {} bytes",
                before.elapsed().as_millis(),
                record.items(),
                record.bytes()
            );
        }
        for _ in 0..CHANGED_A_DAY {
            let number = chance.below(rows.len());
            if let Some(changed) = rows.get_mut(number) {
                *changed = row(number, 1 + chance.below(99))?;
            }
        }
        for number in rows.len()..rows.len() + NEW_A_DAY {
            rows.push(row(number, 50)?);
        }
    }
    taken_ms.sort_unstable();
    let median = taken_ms.get(days / 2).copied().unwrap_or_default();
    println!("{days} snapshots: median {median} ms, longest {} ms", taken_ms.last().copied().unwrap_or_default());
    ledger.sync()?;
    drop(ledger);
    // Opened once more, so that what lay in memory and journal went where it stays.
    let ledger = FjallLedger::open(folder.path(), OpenOptions::default())?;
    for space in ledger.verify()?.into_iter().filter(|space| space.rows > 0) {
        println!("{}: {} rows", space.keyspace, space.rows);
    }
    let (keyspaces, journal) = (bytes_below(&folder.path().join("db/keyspaces"))?, bytes_below(folder.path())?);
    println!("on the disk: {} KiB in keyspaces, {} KiB with the journal", keyspaces >> 10, journal >> 10);
    Ok(())
}

fn row(number: usize, rating: usize) -> Result<SnapshotRow, Box<dyn Error>> {
    let id = |namespace, kind, number: usize| Id::from_number(namespace, kind, u64::try_from(number).unwrap_or(1) + 1);
    let show = number / EPISODES_OF_A_SHOW;
    let show_ids: IdSet =
        [id(Namespace::Tmdb, Kind::Show, show * 7)?, id(Namespace::Tvdb, Kind::Show, 70_000 + show * 3)?]
            .into_iter()
            .collect();
    let ids: IdSet = [
        Id::parse(Namespace::Imdb, Kind::Episode, &format!("tt{:07}", 900_000 + number * 13))?,
        id(Namespace::Tmdb, Kind::Episode, 62_000 + number * 5)?,
        id(Namespace::Tvdb, Kind::Episode, 300_000 + number * 3)?,
    ]
    .into_iter()
    .collect();
    let of = Show {
        title: format!("The Show of Number {show}").into(),
        year: Some(1990 + u16::try_from(show % 35)?),
        ids: show_ids,
        scheme: Scheme::Standard,
    };
    let place = number % EPISODES_OF_A_SHOW;
    let (season, episode) = (u16::try_from(1 + place / 10)?, u16::try_from(1 + place % 10)?);
    let item = Item::episode(of, season, episode, &format!("Episode {number} of Many"), ids);
    let rated_at = Timestamp::from_second(1_600_000_000 + i64::try_from(number)? * 997)?;
    let fact = Fact::Rated { value: Rating::new(u8::try_from(rating)?)?, rated_at: Some(rated_at) };
    Ok(SnapshotRow { item, fact })
}

fn snapshot(day: usize, rows: Vec<SnapshotRow>) -> Result<NewSnapshot, Box<dyn Error>> {
    let taken_at = Timestamp::from_second(1_790_000_000)? + SignedDuration::from_hours(24 * i64::try_from(day)?);
    Ok(NewSnapshot {
        id: RunId::new(u64::try_from(taken_at.as_millisecond())?, [1, 2]),
        provider: ProviderId::parse("home")?,
        fingerprint: "server/user".into(),
        user: "anna".into(),
        taken_at,
        cause: SnapshotCause::Schedule,
        is_pinned: false,
        rows: vec![(Feature::Ratings, rows)],
    })
}

/// The same numbers each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

/// What files take on the disk; a file with holes takes less than it says.
fn bytes_below(folder: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;

    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_below(&entry.path())? } else { metadata.blocks() * 512 };
    }
    Ok(bytes)
}
