//! `crosswatch import FILE`: takes a file of another tool into the built-in tracker. A person at a terminal is shown first
//! what would become of it, and asked; scripts are not.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use crosswatch_exchange::FILE_MAX_BYTES;
use crosswatch_settings::Settings;
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    cli::ImportArguments,
    client::Api,
    exit::{Exit, Failure},
    output::{
        self, json, question,
        style::Style,
        table::{self, Table, harmless},
        words,
    },
    session::Session,
};

/// Misplaced rows that are shown to people; `--json` has more.
const MISPLACED_SHOWN: usize = 20;

/// What becomes of a file, as far as this command reads it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    format: String,
    features: std::collections::BTreeMap<String, Counts>,
    misplaced: Vec<Misplaced>,
    misplaced_total: u64,
    import: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    rows: u64,
    adds: u64,
    updates: u64,
    unchanged: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Misplaced {
    #[serde(rename = "where")]
    place: String,
    reason: String,
    text: String,
}

/// An import that is remembered.
#[derive(Debug, Deserialize)]
struct Remembered {
    id: String,
    format: String,
    at: Timestamp,
    state: String,
    added: u64,
    updated: u64,
    misplaced: u64,
}

/// What was taken back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Undone {
    removed: u64,
    restored: u64,
    kept: u64,
}

impl Answer {
    fn writes(&self) -> u64 {
        self.features.values().map(|counts| counts.adds + counts.updates).sum()
    }

    const fn exit(&self) -> Exit {
        if self.misplaced_total > 0 { Exit::Partial } else { Exit::Done }
    }
}

/// Imports a file, lists imports, or takes one back.
pub(crate) async fn run(settings: &Arc<Settings>, arguments: &ImportArguments) -> Result<Exit, Failure> {
    let bytes = match &arguments.file {
        Some(file) => Some(contents(file)?),
        None => None,
    };
    let session = Session::open(settings).await?;
    session
        .finish(async |session: &Session| {
            let api = session.api();
            match (&arguments.undo, bytes) {
                (Some(import), _) => undo(api, import, arguments.json).await,
                (None, Some(bytes)) => import(api, arguments, bytes).await,
                (None, None) => list(api, arguments).await,
            }
        })
        .await
}

/// The bytes of the file, never more than an import may have.
pub(crate) fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| Failure::failed(format!("{} cannot be read: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > FILE_MAX_BYTES {
        let limit = FILE_MAX_BYTES >> 20;
        return Err(Failure::failed(format!("{} is larger than {limit} MiB; import it in parts", path.display())));
    }
    Ok(bytes)
}

async fn import(api: &Api, arguments: &ImportArguments, bytes: Vec<u8>) -> Result<Exit, Failure> {
    let provider = arguments.provider.as_deref().map(|id| format!("provider={id}&")).unwrap_or_default();
    let path = |dry_run: bool| format!("/api/v1/tracker/import?{provider}dry_run={dry_run}");
    // Whoever cannot be asked has said what they want by calling this.
    if arguments.yes || !(arguments.dry_run || question::can_be_asked()) {
        return report(api, &api.send_file(&path(false), bytes).await?, arguments.json);
    }
    let answer = api.send_file(&path(true), bytes.clone()).await?;
    let preview: Answer = api.read(answer.clone())?;
    if arguments.json {
        json::print(&answer)?;
        return Ok(preview.exit());
    }
    show(&preview)?;
    if arguments.dry_run || preview.writes() == 0 {
        return Ok(preview.exit());
    }
    if !question::is_agreed("Import these rows? [y/N] ")? {
        output::say("Nothing was written.")?;
        return Ok(preview.exit());
    }
    report(api, &api.send_file(&path(false), bytes).await?, false)
}

/// Shows what was written.
fn report(api: &Api, answer: &Value, as_json: bool) -> Result<Exit, Failure> {
    let done: Answer = api.read(answer.clone())?;
    if as_json {
        json::print(answer)?;
        return Ok(done.exit());
    }
    show(&done)?;
    if let Some(import) = &done.import {
        let rows = words::counted(done.writes(), "row was", "rows were");
        let import = harmless(import);
        output::say(&format!("{rows} written. `crosswatch import --undo {import}` takes them back."))?;
    }
    Ok(done.exit())
}

fn show(import: &Answer) -> Result<(), Failure> {
    let style = Style::of_stdout();
    let mut features = Table::new(&[
        table::text("feature", 12),
        table::number("rows"),
        table::number("new"),
        table::number("replaced"),
        table::number("there already"),
    ]);
    for (feature, counts) in &import.features {
        features.row([
            feature.clone(),
            words::count(counts.rows),
            words::count(counts.adds),
            words::count(counts.updates),
            words::count(counts.unchanged),
        ]);
    }
    output::say(&format!("A file of the format {}.", harmless(&import.format)))?;
    output::say_text(&features.render(style, true))?;
    if import.misplaced_total > 0 {
        let mut rows = Table::new(&[table::text("where", 40), table::text("row", 60), table::text("why", 100)]);
        for row in import.misplaced.iter().take(MISPLACED_SHOWN) {
            rows.row([row.place.clone(), row.text.clone(), row.reason.clone()]);
        }
        let total = words::counted(import.misplaced_total, "row", "rows");
        output::say(&format!("\n{total} could not be placed:"))?;
        output::say_text(&rows.render(style, true))?;
        let more = import.misplaced_total.saturating_sub(MISPLACED_SHOWN as u64);
        if more > 0 {
            output::say(&format!("and {} more; --json tells the first 500", words::count(more)))?;
        }
    }
    if import.writes() == 0 {
        output::say("Nothing of it is new.")?;
    }
    Ok(())
}

async fn list(api: &Api, arguments: &ImportArguments) -> Result<Exit, Failure> {
    let provider = arguments.provider.as_deref().map(|id| format!("?provider={id}")).unwrap_or_default();
    let answer = api.get(&format!("/api/v1/tracker/imports{provider}")).await?;
    if arguments.json {
        json::print(&answer)?;
        return Ok(Exit::Done);
    }
    let items = answer.get("items").cloned().unwrap_or_else(|| json!([]));
    let imports: Vec<Remembered> = api.read(items)?;
    if imports.is_empty() {
        output::say("No import yet. `crosswatch import FILE` begins one.")?;
        return Ok(Exit::Done);
    }
    output::say_text(&import_table(&imports, &TimeZone::system()).render(Style::of_stdout(), true))?;
    Ok(Exit::Done)
}

fn import_table(imports: &[Remembered], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        table::text("when", 19),
        table::text("format", 12),
        table::text("state", 9),
        table::number("added"),
        table::number("replaced"),
        table::number("misplaced"),
        table::text("import", 36),
    ]);
    for import in imports {
        table.row([
            words::local(import.at, zone),
            import.format.clone(),
            import.state.clone(),
            words::count(import.added),
            words::count(import.updated),
            words::count(import.misplaced),
            import.id.clone(),
        ]);
    }
    table
}

async fn undo(api: &Api, import: &str, as_json: bool) -> Result<Exit, Failure> {
    if !import.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Err(Failure::failed("this is not the id of an import; `crosswatch import --list` lists them"));
    }
    let answer = api.post(&format!("/api/v1/tracker/imports/{import}/undo"), &json!({})).await?;
    let undone: Undone = api.read(answer.clone())?;
    if as_json {
        json::print(&answer)?;
    } else {
        let removed = words::counted(undone.removed, "row was", "rows were");
        let restored = words::counted(undone.restored, "has its former value", "have their former values");
        let kept = words::counted(undone.kept, "changed since and was", "changed since and were");
        output::say(&format!("{removed} taken out, {restored} again, {kept} left alone."))?;
    }
    Ok(if undone.kept > 0 { Exit::Partial } else { Exit::Done })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_could_not_be_placed_make_it_partial() {
        let read = |value: Value| serde_json::from_value::<Answer>(value).unwrap();
        let done = read(json!({"format": "trakt", "features": {"history": {"rows": 3, "adds": 2, "updates": 1}}}));
        assert_eq!((done.writes(), done.exit()), (3, Exit::Done));
        assert_eq!(read(json!({"misplaced_total": 1})).exit(), Exit::Partial);
    }

    #[test]
    fn an_import_is_one_line() {
        let imports: Vec<Remembered> = serde_json::from_value(json!([
            {"id": "i1", "format": "trakt", "at": "2026-11-22T10:00:00Z", "state": "done", "added": 1200, "updated": 1, "misplaced": 0},
        ]))
        .unwrap();
        let text = import_table(&imports, &TimeZone::UTC).render(Style::PLAIN, false);
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(words, ["2026-11-22", "10:00:00", "trakt", "done", "1", "200", "1", "0", "i1"]);
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let failure = contents(Path::new("/nowhere/export.zip")).unwrap_err();
        assert_eq!(failure.exit, Exit::Failed);
        assert!(failure.message.contains("/nowhere/export.zip"), "{failure}");
    }
}
