//! Files that are broken or lie: an error that says what was expected, never a panic, never much memory.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{misplaced, reading, zipped};
use crate::{FILE_MAX_BYTES, FileError, MISPLACED_KEPT_MAX, read};

#[test]
fn what_is_no_export_is_told_with_what_was_expected() {
    for (bytes, said) in [
        (&b""[..], "the file is empty"),
        (b" \n ", "the file is empty"),
        (b"hello world", "a text that begins with: hello world"),
        (b"\x1f\x8b\x08\x00", "it is no text"),
        (b"\xff\xfeT\x00", "not UTF-8"),
        (b"caf\xe9,b\n", "not UTF-8"),
        (b"{}", "it holds no rows"),
        (b"[]", "it holds no rows"),
        (b"{\"settings\": {\"a\": 1}}", "it holds no rows"),
        (b"PK\x05\x06", "the archive cannot be read to its end"),
        (b"PK\x03\x04and nothing more", "the archive cannot be read to its end"),
        (b"[{\"type\": \"movie\"", "the file cannot be read to its end"),
        (b"[{}] []", "the file cannot be read to its end"),
    ] {
        let told = reading(bytes).unwrap_err().to_string();
        assert!(told.contains(said), "{told}");
    }
    let empty = reading(&zipped(&[])).unwrap_err().to_string();
    assert!(empty.contains("the archive is empty"), "{empty}");
}

#[test]
fn archives_that_swell_are_refused() {
    let swollen = vec![b' '; 4 << 20];
    assert_eq!(reading(&zipped(&[("watched-history-1.json", &swollen)])), Err(FileError::Inflated));
    let names: Vec<String> = (0..1_001).map(|number| format!("{number}.json")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"[]"[..])).collect();
    assert_eq!(reading(&zipped(&members)), Err(FileError::TooManyMembers));
    assert_eq!(reading(&vec![b'x'; FILE_MAX_BYTES + 1]), Err(FileError::TooLarge));
}

#[test]
fn an_archive_that_was_cut_is_told() {
    let archive = zipped(&[(
        "watched-history-1.json",
        br#"[{"watched_at": null, "type": "movie", "movie": {"ids": {"tmdb": 1}}}]"#,
    )]);
    let mut spoilt = archive.clone();
    spoilt[60] ^= 0xff;
    assert!(matches!(reading(&spoilt), Err(FileError::Broken { .. })), "{:?}", reading(&spoilt));
    assert!(matches!(reading(&archive[..archive.len() - 10]), Err(FileError::Broken { .. })));
}

#[test]
fn rows_that_cannot_be_read_leave_the_others_alone() {
    let long = "x".repeat(70 << 10);
    let title = "y".repeat(501);
    let mut table =
        format!("type,title,year,tmdb,watched_at\nmovie,{long},1995,949,\nmovie,{title},1995,949,\n").into_bytes();
    table.extend_from_slice(b"movie,\xff\xfe,1995,949,\nmovie,Heat,1995,949,2026-01-01\n");
    let imported = reading(&table).unwrap();
    assert_eq!(imported.rows.len(), 1);
    let told = misplaced(&imported);
    assert!(told[0].starts_with("line 2: it is longer than 64 KiB"), "{told:?}");
    assert!(told[1].starts_with("line 3: its title is longer"), "{told:?}");
    assert!(told[2].starts_with("line 4: its text is not UTF-8"), "{told:?}");
    assert!(imported.misplaced.iter().all(|row| row.text.chars().count() <= 161));
}

#[test]
fn misplaced_rows_are_counted_beyond_those_that_are_told() {
    let count = MISPLACED_KEPT_MAX + 7;
    let table = format!("type,tmdb,watched_at\n{}", "opera,1,2026-01-01\n".repeat(count));
    let imported = reading(table.as_bytes()).unwrap();
    assert_eq!((imported.misplaced.len(), imported.misplaced_total), (MISPLACED_KEPT_MAX, count as u64));
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000));
    assert!(matches!(reading(deep.as_bytes()), Err(FileError::Broken { .. })));
}

/// Bytes that look like one of the formats for a while.
fn near_miss() -> impl Strategy<Value = Vec<u8>> {
    let starts = [
        "Const,Your Rating,Date Rated,Title,URL,Title Type,Year\n",
        "media_id,source,media_type,title,season_number,episode_number,score,progress,status,end_date\n",
        "Date,Name,Year,Letterboxd URI,Rating,Watched Date\n",
        "feature,type,title,year,tmdb,season,episode,watched_at,rating100\n",
        "[{\"type\":\"movie\",\"watched_at\":",
        "{\"shows\":[{\"status\":\"watching\",\"show\":{\"ids\":",
        "{\"format\":\"crosswatch\",\"items\":[",
        "PK\u{3}\u{4}",
        "",
    ];
    let piece = prop_oneof![
        Just("movie,tt0113277,\"a".to_owned()),
        Just("\n".to_owned()),
        Just("{\"movie\":{\"ids\":{\"tmdb\":1}},\"season\":-1}".to_owned()),
        Just("]}".to_owned()),
        Just("2026-13-40,99999999999999999999,1e999".to_owned()),
        "\\PC{0,12}",
    ];
    (0..starts.len(), proptest::collection::vec(piece, 0..12), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(
        move |(start, pieces, noise)| {
            let mut bytes = starts[start].as_bytes().to_vec();
            bytes.extend_from_slice(pieces.concat().as_bytes());
            bytes.extend_from_slice(&noise);
            bytes
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop_oneof![proptest::collection::vec(any::<u8>(), 0..200), near_miss()]) {
        drop(read(&bytes, &TimeZone::UTC));
    }

    #[test]
    fn no_spoilt_archive_makes_it_panic(at in 0usize..400, with in any::<u8>(), cut in 0usize..400) {
        let mut archive = zipped(&[
            ("watched-history-1.json", br#"[{"watched_at": null, "type": "movie", "movie": {"ids": {"tmdb": 1}}}]"#),
            ("ratings-movies.json", br#"[{"rating": 7, "type": "movie", "movie": {"ids": {"tmdb": 1}}}]"#),
        ]);
        if let Some(byte) = archive.get_mut(at) {
            *byte = with;
        }
        archive.truncate(archive.len().saturating_sub(cut));
        drop(read(&archive, &TimeZone::UTC));
    }
}
