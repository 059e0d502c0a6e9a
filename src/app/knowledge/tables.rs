//! Tables of episode numbers in files: the text in use, and the one before it, so that what a new version moved is known
//! also after a restart.
//!
//! A text that cannot be read changes nothing: the one in use stays.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crosswatch_identity::{Layer, Table, TableShift, anime_lists, edits};

/// No table is larger.
const TEXT_MAX_BYTES: u64 = 64 << 20;

/// One table.
#[derive(Debug, Clone)]
pub(super) struct TableFile {
    /// What it is called in messages and provenance.
    pub(super) name: &'static str,
    /// What it wins over.
    pub(super) layer: Layer,
    /// Where new texts of it appear.
    pub(super) source: PathBuf,
    /// Where the text in use and the one before it are kept, without their ends.
    pub(super) kept: PathBuf,
}

/// A table with what its newest version moved.
pub(super) struct Loaded {
    pub(super) table: Table,
    pub(super) shift: TableShift,
}

impl TableFile {
    /// Takes over a new text where there is one, and reads the one in use. `None` where there has never been one.
    pub(super) fn load(&self) -> Result<Option<Loaded>, String> {
        let (current, previous) = (self.kept.with_extension("current"), self.kept.with_extension("previous"));
        let kept = read(&current).map_err(|error| told(&current, &error))?;
        let offered = read(&self.source).map_err(|error| told(&self.source, &error))?;
        if let Some(text) = offered.filter(|text| kept.as_ref() != Some(text)) {
            match self.parse(&text) {
                Ok(_) => self.take_over(&text, &current, &previous).map_err(|error| told(&current, &error))?,
                Err(why) => tracing::error!("{}: {why}; the table in use stays", self.source.display()),
            }
        }
        let Some(text) = read(&current).map_err(|error| told(&current, &error))? else { return Ok(None) };
        let table = self.parse(&text)?;
        let before = read(&previous).ok().flatten().and_then(|text| self.parse(&text).ok());
        let shift = before.map(|before| TableShift::between(&before, &table)).unwrap_or_default();
        Ok(Some(Loaded { table, shift }))
    }

    fn parse(&self, text: &str) -> Result<Table, String> {
        let version = blake3::hash(text.as_bytes()).to_hex();
        let version = version.get(..12).unwrap_or_default();
        let table = match self.layer {
            Layer::Lists => anime_lists::read(text, version),
            _ => edits::read(text, self.name, version),
        };
        table.map_err(|fault| fault.to_string())
    }

    /// The text in use becomes the one before it.
    fn take_over(&self, text: &str, current: &Path, previous: &Path) -> io::Result<()> {
        if let Some(folder) = current.parent() {
            fs::create_dir_all(folder)?;
        }
        if current.exists() {
            fs::rename(current, previous)?;
        }
        let fresh = self.kept.with_extension("new");
        fs::write(&fresh, text)?;
        fs::rename(fresh, current)
    }
}

/// The text of a file, or `None` where there is no file.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::metadata(path) {
        Ok(found) if found.len() > TEXT_MAX_BYTES => Err(io::Error::other("it is larger than any table should be")),
        Ok(_) => fs::read_to_string(path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn told(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str =
        r#"<anime-list><anime anidbid="248" tvdbid="78917" defaulttvdbseason="1"><name>A</name></anime></anime-list>"#;
    const NEW: &str =
        r#"<anime-list><anime anidbid="248" tvdbid="78918" defaulttvdbseason="1"><name>A</name></anime></anime-list>"#;

    #[test]
    fn a_new_version_tells_what_it_moved_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = TableFile {
            name: "anime-lists",
            layer: Layer::Lists,
            source: folder.path().join("lists.xml"),
            kept: folder.path().join("tables/lists"),
        };
        assert!(file.load().unwrap().is_none());
        fs::write(&file.source, OLD).unwrap();
        assert!(file.load().unwrap().unwrap().shift.is_empty());
        fs::write(&file.source, NEW).unwrap();
        for _ in 0..2 {
            let loaded = file.load().unwrap().unwrap();
            assert_eq!((loaded.table.rows.len(), loaded.shift.moved.len()), (1, 1));
        }
        fs::write(&file.source, "<anime-list><anime anidbid=\"1\"").unwrap();
        assert_eq!(file.load().unwrap().unwrap().shift.moved.len(), 1);
        fs::remove_file(&file.source).unwrap();
        assert_eq!(file.load().unwrap().unwrap().table.rows.len(), 1);
    }
}
