//! The binary as scripts and containers use it: commands, exit codes, files, signals. Two ledgers make a pair, so nothing
//! here needs a server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

const TWO_LEDGERS: &str = "
[[provider]]
id = \"anna\"
kind = \"tracker\"
[[provider]]
id = \"ben\"
kind = \"tracker\"
[[pair]]
id = \"anna-to-ben\"
source = \"anna\"
target = \"ben\"
schedule = \"manual\"
[pair.history]
[pair.ratings]
";

/// A folder with a configuration in it.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("crosswatch.toml"), configuration).unwrap();
        Self { folder }
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosswatch"));
        command.args(arguments.split_whitespace()).current_dir(self.folder.path()).env_clear();
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn api_key(&self) -> PathBuf {
        self.folder.path().join("data/api_key")
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Exit code, and a part of what is told on either stream.
fn check(configuration: &str, arguments: &str, expected: i32, told: &str) {
    let output = Home::new(configuration).run(arguments);
    let text = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();
    assert_eq!(code(&output), expected, "{arguments}: {text}");
    assert!(text.contains(told), "{arguments}: {text}");
    assert!(!text.contains('\u{1b}'), "colour in a pipe: {text}");
}

#[test]
fn usage_and_configuration_errors_have_codes_of_their_own() {
    check("", "--help", 0, "Exit codes");
    check("", "--version", 0, "crosswatch 0.1.0");
    check("", "frobnicate", 64, "frobnicate");
    check("", "run", 64, "PAIR");
    check("", "run a --feature films", 64, "history, watchlist, ratings, progress");
    for command in ["", "serve", "check", "run a", "plan a", "runs", "healthcheck"] {
        check("[server]\nlissen = 1\n", command, 78, "crosswatch.toml:2: server.lissen");
    }
    check("", "--config elsewhere.toml check", 78, "elsewhere.toml");
    // A word that changes nothing is advice, not a mistake.
    check(&format!("{TWO_LEDGERS}[pair.policy]\nconflict = \"newest\"\n"), "check --offline", 0, "idle-conflict");
}

#[test]
fn a_wrong_pair_or_feature_says_what_there_is() {
    for command in ["run", "plan", "runs --pair"] {
        check(TWO_LEDGERS, &format!("{command} nobody"), 4, "use one of: anna-to-ben");
        check("", &format!("{command} nobody"), 4, "add a [[pair]]");
    }
    check(TWO_LEDGERS, "run anna-to-ben --feature watchlist", 4, "does not have watchlist switched on");
}

#[test]
fn a_check_asks_every_account_or_none() {
    check(TWO_LEDGERS, "check", 0, "CrossWatch Tracker");
    check(TWO_LEDGERS, "check --offline", 0, "not asked");
    let jellyfin = "[[provider]]\nid = \"home\"\nkind = \"jellyfin\"\nurl = \"http://127.0.0.1:1\"\nuser = \"anna\"\ntoken = \"hunter2\"\n";
    let home = Home::new(&format!("{TWO_LEDGERS}{jellyfin}"));
    let output = home.run("check --json");
    assert_eq!(code(&output), 1);
    let report = json(&output);
    assert_eq!((&report["ok"], &report["providers"][2]["answers"]), (&Value::Bool(false), &Value::Bool(false)));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"));
    let offline = Home::new(TWO_LEDGERS);
    assert_eq!(code(&offline.run("check --offline --json")), 0);
    assert!(!offline.folder.path().join("data").exists());
}

#[test]
fn without_a_service_a_command_does_the_work_itself() {
    let home = Home::new(TWO_LEDGERS);
    let output = home.run("run anna-to-ben --json");
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!(json(&output)["state"], "succeeded");
    assert_eq!(code(&home.run("run anna-to-ben --dry-run --feature ratings")), 0);
    let output = home.run("plan anna-to-ben --json");
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!((&json(&output)["state"], &json(&output)["items"]), (&Value::from("ready"), &Value::Array(Vec::new())));
    let runs = json(&home.run("runs --json"));
    let dry: Vec<&Value> = runs["items"].as_array().unwrap().iter().map(|run| &run["dry_run"]).collect();
    assert_eq!(dry, [&Value::Bool(true), &Value::Bool(false)]);
    assert_eq!(json(&home.run("runs --limit 1 --json"))["items"].as_array().unwrap().len(), 1);
    // The key of a service is made by a service that stays.
    assert!(!home.api_key().exists());
}

/// A service that said that it is ready.
struct Serving {
    process: Child,
}

impl Serving {
    fn start(home: &Home) -> Self {
        let mut process = home.command("serve").stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let ready = log.lines().map(|line| line.unwrap()).any(|line| {
            let event: Value = serde_json::from_str(&line).unwrap();
            event["message"] == "ready"
        });
        assert!(ready, "the service ended early: {:?}", process.wait());
        Self { process }
    }

    fn stop(mut self, signal: &str) -> Option<i32> {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.process.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn commands_find_the_running_service() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = Home::new(&format!(
        "[server]\nlisten = \"0.0.0.0:{port}\"\nbase_path = \"/cw\"\n[log]\nformat = \"json\"\n{TWO_LEDGERS}"
    ));
    assert_eq!(code(&home.run("healthcheck")), 1);
    let serving = Serving::start(&home);
    assert_eq!(fs::metadata(home.api_key()).unwrap().permissions().mode() & 0o777, 0o600);
    let key = fs::read_to_string(home.api_key()).unwrap();
    for (arguments, expected) in [
        ("healthcheck", 0),
        ("check --json", 0),
        ("run anna-to-ben --wait --json", 0),
        ("run anna-to-ben", 0),
        ("plan anna-to-ben", 0),
        ("runs", 0),
        ("serve", 75),
    ] {
        let output = home.run(arguments);
        assert_eq!(code(&output), expected, "{arguments}: {output:?}");
    }
    let elsewhere = Home::new(&format!("[server]\nlisten = \"127.0.0.1:{port}\"\n"));
    assert_eq!(code(&elsewhere.run("serve")), 75);
    assert_eq!(serving.stop("-TERM"), Some(0));
    assert_eq!(code(&home.run("healthcheck")), 1);
    let again = Serving::start(&home);
    assert_eq!(fs::read_to_string(home.api_key()).unwrap(), key);
    assert_eq!(again.stop("-INT"), Some(0));
}

#[test]
fn a_data_folder_that_cannot_be_used_is_a_storage_failure() {
    let home = Home::new("[data]\ndir = \"crosswatch.toml\"\n");
    for command in ["serve", "runs"] {
        let output = home.run(command);
        assert_eq!(code(&output), 70, "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("crosswatch.toml"));
    }
}
