//! A child process: started, watched, stopped and killed.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use super::{binary, folder::Folder};

/// Looks again and again until there is something to see, at most `seconds`.
pub fn eventually<T>(what: &str, seconds: u64, mut look: impl FnMut() -> Option<T>) -> T {
    const PAUSE: Duration = Duration::from_millis(10);
    // Only the pause runs on a runtime: a look may block on one of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what}: not within {seconds} s");
        runtime.block_on(async { tokio::time::sleep(PAUSE).await });
    }
}

/// A command that ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
}

/// A running `crosswatch`.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `crosswatch serve` in this folder. Standard error goes to the log of the folder.
    pub fn serve(folder: &Folder) -> Self {
        Self::start(Command::new(binary()).arg("--config").arg(folder.configuration()).arg("serve"), folder)
    }

    /// Starts it with a limit on the size of every file it writes, in KiB: what a full disk is to a process.
    pub fn serve_with_file_limit(folder: &Folder, limit_kib: u64) -> Self {
        let script = format!("ulimit -f {limit_kib}; trap '' XFSZ; exec \"$0\" --config \"$1\" serve");
        Self::start(Command::new("bash").args(["-c", &script]).arg(binary()).arg(folder.configuration()), folder)
    }

    fn start(command: &mut Command, folder: &Folder) -> Self {
        let log = File::options().create(true).append(true).open(folder.log()).unwrap();
        let command = clean(command).current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Self { child: command.spawn().unwrap() }
    }

    /// Runs a command of `crosswatch` in this folder to its end.
    pub fn command(folder: &Folder, arguments: &[&str]) -> Ended {
        Self::finished(Command::new(binary()).args(arguments), folder)
    }

    /// The same with a secret key in the environment.
    pub fn command_with_key(folder: &Folder, key: &str, arguments: &[&str]) -> Ended {
        Self::finished(Command::new(binary()).args(arguments).env("CROSSWATCH_SECRET_KEY", key), folder)
    }

    fn finished(command: &mut Command, folder: &Folder) -> Ended {
        command.arg("--config").arg(folder.configuration());
        let output = clean(command).current_dir(folder.path()).stdin(Stdio::null()).output().unwrap();
        Ended {
            code: output.status.code(),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Whether and how it ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end and answers the exit code; none when a signal ended it.
    pub fn wait(&mut self, seconds: u64) -> Option<i32> {
        eventually("the process ends", seconds, || self.ended()).code()
    }

    /// Asks it to stop, as a container engine does.
    pub fn terminate(&self) {
        let kill = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().unwrap();
        assert!(kill.success(), "the process is gone already");
    }

    /// Kills it where it stands and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Keeps the settings of whoever runs the tests out of them.
fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let is_wanted = command.get_envs().any(|(wanted, _)| wanted == name);
        if name.to_string_lossy().starts_with("CROSSWATCH") && !is_wanted {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG").env("NO_COLOR", "1").env("TZ", "UTC")
}

/// The end of a log, for the report of a failed test.
pub(super) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.split_at(lines.len().saturating_sub(40)).1.join("\n")
}
