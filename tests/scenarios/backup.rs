//! Copies of the store: taken while the service runs, put back while it does not.

use std::fs;

use crosswatch_emulator::UserActivity;
use crosswatch_tests::service::{Process, Service, Trakt, films, movie};
use serde_json::{Value, json};

use crate::{WATCHLIST, to_trakt};

#[test]
fn what_was_copied_from_a_running_service_is_there_again_after_a_restore() {
    let trakt = Trakt::new(films(5), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    let source = service.ledger("a");
    source.list(&[movie(1), movie(2)]);
    service.run().expect("succeeded").planned("watchlist", 2, 0);
    let command = |arguments: &[&str]| Process::command(service.folder(), arguments);
    let code = |arguments: &[&str]| command(arguments).code;
    let made = command(&["backup", "copy"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(code(&["backup", "copy"]), Some(4), "a copy is never overwritten");
    let bytes = fs::read(service.folder().path().join("copy")).unwrap();
    for secret in ["trakt-access-anna", "trakt-refresh-anna", "trakt-secret"] {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret} is in the copy");
    }
    for arguments in [&["restore-backup", "copy", "--force"][..], &["store", "verify"]] {
        assert_eq!(code(arguments), Some(75), "{arguments:?} while the service runs");
    }

    source.list(&[movie(3)]);
    service.run().expect("succeeded");
    service.process().borrow().terminate();
    service.process().borrow_mut().wait(10);
    let sound = command(&["store", "verify", "--json"]);
    let told: Value = serde_json::from_str(&sound.output).unwrap();
    assert_eq!((sound.code, &told["ok"], &told["problems"]), (Some(0), &json!(true), &json!([])), "{sound:?}");
    assert_eq!(code(&["restore-backup", "copy"]), Some(4), "the folder is not empty");
    fs::write(service.folder().path().join("cut"), &bytes[..bytes.len() - 1]).unwrap();
    let damaged = command(&["restore-backup", "cut", "--force"]);
    assert!(damaged.code == Some(4) && damaged.errors.contains("damaged"), "{damaged:?}");
    let restored = command(&["restore-backup", "copy", "--force"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(restored.output.contains("db.before-restore-1"), "{restored:?}");

    service.start_again();
    assert_eq!(source.listed(), ["Movie 1", "Movie 2"]);
    assert_eq!(service.http().list("/api/v1/runs").len(), 1);
    // What was written after the copy was taken is on the target only now, and stays there.
    service.is_at_rest();
    assert_eq!(trakt.listed(), ["Movie 1", "Movie 2", "Movie 3"]);
    source.list(&[movie(4)]);
    service.run().expect("succeeded").planned("watchlist", 1, 0);
}

#[test]
fn without_a_service_the_command_makes_the_copy_itself_and_an_empty_folder_takes_it() {
    let trakt = Trakt::new(films(2), UserActivity::default());
    let service = Service::start(&to_trakt(&trakt, WATCHLIST));
    service.ledger("a").list(&[movie(1)]);
    service.process().borrow().terminate();
    service.process().borrow_mut().wait(10);
    let command = |arguments: &[&str]| Process::command(service.folder(), arguments);
    let made = command(&["backup", "copy"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    fs::remove_dir_all(service.folder().data()).unwrap();
    assert_eq!(command(&["store", "verify"]).code, Some(4), "there is no store");
    let restored = command(&["restore-backup", "copy"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    service.start_again();
    assert_eq!(service.ledger("a").listed(), ["Movie 1"]);
}
