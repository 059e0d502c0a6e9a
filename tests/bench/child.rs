//! The release binary as a child process, and what `/proc` tells about it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Clock ticks a second, as Linux counts processor time for everybody.
const TICKS_PER_S: f64 = 100.0;

/// The binary beside this benchmark, built once when it is not there.
pub(crate) fn binary() -> io::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.parent().and_then(Path::parent).ok_or_else(|| io::Error::other("the benchmark lives nowhere"))?;
    let built = Command::new(env!("CARGO")).args(["build", "--release", "--package", "crosswatch-app"]).status()?;
    let binary = folder.join("crosswatch");
    if built.success() && binary.is_file() {
        Ok(binary)
    } else {
        Err(io::Error::other("the release binary could not be built"))
    }
}

/// A running service.
pub(crate) struct Service {
    child: Child,
}

impl Service {
    /// Starts `crosswatch serve` over this configuration.
    pub(crate) fn start(binary: &Path, config: &Path) -> io::Result<Self> {
        let folder = config.parent().unwrap_or(config);
        let log = fs::File::create(folder.join("service.log"))?;
        let child = Command::new(binary)
            .arg("--config")
            .arg(config)
            .arg("serve")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        Ok(Self { child })
    }

    /// Memory in use, in MiB.
    pub(crate) fn memory_mib(&self) -> io::Result<f64> {
        self.status_mib("VmRSS:")
    }

    /// The most memory that was in use since [`Service::forget_peak`], in MiB.
    pub(crate) fn peak_mib(&self) -> io::Result<f64> {
        self.status_mib("VmHWM:")
    }

    /// Starts a new peak.
    pub(crate) fn forget_peak(&self) -> io::Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")
    }

    /// Processor time used so far, in seconds.
    pub(crate) fn cpu_s(&self) -> io::Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = text.rsplit(')').next().unwrap_or_default();
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        Ok((ticks(11) + ticks(12)) / TICKS_PER_S)
    }

    /// Kills and reaps the process.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    fn status_mib(&self, key: &str) -> io::Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        let kib = line.split_whitespace().nth(1).and_then(|field| field.parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| io::Error::other("the process does not tell its memory"))
    }
}
