//! What is known about items beside what accounts say: a person's verdicts and tables of episode numbers, from files and
//! addresses that the configuration names.
//!
//! Files are looked at in every run and read again when they changed. A person's own file that cannot be read stops the
//! start; later, and for tables always, what was in use stays and the log says why.

mod fetched;
mod tables;
mod verdicts;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use crosswatch_identity::{Atlas, Evidence, Layer};
use crosswatch_port::{Clock, Knowledge, Known};
use crosswatch_settings::{Identity, Settings, TableSource};

use crate::exit::{Exit, Failure};

use self::{
    fetched::{Fetched, LOOK_EVERY},
    tables::TableFile,
};

/// Everything that is read.
pub(crate) struct Files {
    verdicts: Option<PathBuf>,
    tables: Vec<TableFile>,
    fetched: Vec<Fetched>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stamps: Vec<Option<(SystemTime, u64)>>,
    known: Known,
}

impl Files {
    /// Reads everything for the first time.
    pub(crate) fn open(settings: &Settings) -> Result<Self, Failure> {
        let folder = settings.storage.dir.join("tables");
        let Identity { verdicts, overrides, anime_edits, anime_lists } = &settings.identity;
        let mut files =
            Self { verdicts: verdicts.clone(), tables: Vec::new(), fetched: Vec::new(), state: Mutex::default() };
        if let Some(own) = overrides {
            files.add(&folder, "overrides", Layer::Overrides, &TableSource::File(own.clone()));
        }
        for source in anime_edits {
            files.add(&folder, "anime-edits", Layer::Edits, source);
        }
        for source in anime_lists {
            files.add(&folder, "anime-lists", Layer::Lists, source);
        }
        for own in verdicts.iter().chain(overrides) {
            if !own.is_file() {
                return Err(Failure::new(Exit::BadConfig, format!("identity: there is no file {}", own.display())));
            }
        }
        let stamps = files.stamps();
        let known = files.read().map_err(|why| Failure::new(Exit::BadConfig, format!("identity: {why}")))?;
        files.state = Mutex::new(State { stamps, known });
        Ok(files)
    }

    fn add(&mut self, folder: &Path, name: &'static str, layer: Layer, source: &TableSource) {
        let hash = blake3::hash(source.to_string().as_bytes()).to_hex();
        let kept = folder.join(format!("{name}-{}", hash.get(..8).unwrap_or_default()));
        let source = match source {
            TableSource::File(file) => file.clone(),
            TableSource::Url(url) => {
                let file = kept.with_extension("fetched");
                self.fetched.push(Fetched { url: url.clone(), file: file.clone() });
                file
            }
        };
        self.tables.push(TableFile { name, layer, source, kept });
    }

    /// Fetches what comes from addresses, now and whenever it is old, for as long as the service lives.
    pub(crate) async fn keep_fresh(self: Arc<Self>, clock: Arc<dyn Clock>) {
        if self.fetched.is_empty() {
            return;
        }
        loop {
            for table in &self.fetched {
                table.refresh(clock.now()).await;
            }
            clock.sleep(LOOK_EVERY).await;
        }
    }

    fn read(&self) -> Result<Known, String> {
        let (mut evidence, mut atlas, mut shifts) = (Evidence::new(), Atlas::new(), Vec::new());
        let mut version = blake3::Hasher::new();
        if let Some(file) = &self.verdicts {
            let text = tables::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let text = text.ok_or_else(|| format!("there is no file {}", file.display()))?;
            version.update(text.as_bytes());
            verdicts::add(&text, &mut evidence).map_err(|why| format!("{}: {why}", file.display()))?;
        }
        for file in &self.tables {
            let Some(loaded) = file.load()? else { continue };
            version.update(loaded.table.version.as_bytes());
            loaded.table.chart(file.layer, &mut atlas);
            for entry in loaded.table.entries(0) {
                evidence.add(entry).map_err(|why| format!("{}: {why}", file.name))?;
            }
            if !loaded.shift.is_empty() {
                shifts.push(loaded.shift);
            }
        }
        evidence.set_atlas(atlas);
        let version = version.finalize().to_hex().get(..16).unwrap_or_default().into();
        Ok(Known { evidence: Arc::new(evidence), shifts: Arc::new(shifts), version })
    }

    /// When each file was written, and how long it is.
    fn stamps(&self) -> Vec<Option<(SystemTime, u64)>> {
        let files = self.verdicts.iter().chain(self.tables.iter().map(|table| &table.source));
        let stamp = |file: &PathBuf| {
            let found = fs::metadata(file).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        files.map(stamp).collect()
    }
}

impl Knowledge for Files {
    fn current(&self) -> Known {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = self.stamps();
        if stamps != state.stamps {
            match self.read() {
                Ok(known) => state.known = known,
                Err(why) => tracing::error!("identity: {why}; what was known stays"),
            }
            state.stamps = stamps;
        }
        state.known.clone()
    }
}
