//! `crosswatch import-config config.json`: translates the configuration of the Python CrossWatch.
//!
//! Promises: what is written loads with this program; every line of the old file that means something is told as taken
//! over, as different, or as left aside with the reason; secrets go into the file, which only its owner may read, and are
//! never printed. Deliberately absent: signing in, and the content of the old tracker (`crosswatch import` takes it).

mod accounts;
mod hooks;
mod old;
mod pairs;
mod routes;
mod schedule;
mod toml_text;
mod translate;

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

use crosswatch_settings::{Severity, Sources, advise, load_text};
use serde_json::{Value, json};

use self::translate::{Note, Noted, Translation, translate};
use crate::{
    cli::ImportConfigArguments,
    exit::{Exit, Failure},
    output::{self, json, table::harmless},
};

/// No configuration is larger.
const CONFIG_MAX_BYTES: u64 = 16 << 20;

/// Translates the file, checks the result, writes it and tells what became of everything.
pub(crate) fn run(arguments: &ImportConfigArguments) -> Result<Exit, Failure> {
    let old = read(&arguments.file)?;
    if arguments.output.exists() {
        let shown = arguments.output.display();
        return Err(Failure::failed(format!("{shown} is there already; name another file with -o")));
    }
    let translation = translate(&old).map_err(Failure::failed)?;
    let advice = check(&translation.toml, &arguments.output)?;
    write(&arguments.output, &translation.toml)
        .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", arguments.output.display())))?;
    report(arguments, &translation, &advice)?;
    let is_whole = translation.notes.iter().all(|note| note.noted != Noted::Left);
    Ok(if is_whole { Exit::Done } else { Exit::Partial })
}

fn read(path: &Path) -> Result<Value, Failure> {
    let unreadable = |why: String| Failure::failed(format!("{} cannot be read: {why}", path.display()));
    let file = fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(CONFIG_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > CONFIG_MAX_BYTES {
        return Err(unreadable(format!("it is larger than {} MiB", CONFIG_MAX_BYTES >> 20)));
    }
    // The error of the parser tells a place and no content.
    serde_json::from_slice(&bytes).map_err(|error| unreadable(format!("it is no JSON: {error}")))
}

/// The advice of severity error for a configuration that loads.
fn check(toml: &str, path: &Path) -> Result<Vec<String>, Failure> {
    let sources = Sources::new("/", BTreeMap::new());
    let wrong = |told: String| Failure::failed(format!("the translation does not load, nothing was written: {told}"));
    let settings = load_text(toml, path, &sources).map_err(|error| wrong(error.to_string()))?;
    let serious = advise(&settings).into_iter().filter(|advice| advice.severity == Severity::Error);
    Ok(serious.map(|advice| format!("{}: {} {}", advice.subject, advice.message, advice.fix)).collect())
}

/// Writes a new file that only its owner may read.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn report(arguments: &ImportConfigArguments, translation: &Translation, advice: &[String]) -> Result<(), Failure> {
    let of = |noted: Noted| translation.notes.iter().filter(move |note| note.noted == noted);
    if arguments.json {
        let list = |noted| -> Vec<Value> { of(noted).map(as_json).collect() };
        return json::print(&json!({
            "output": arguments.output.display().to_string(),
            "taken": list(Noted::Taken),
            "differs": list(Noted::Differs),
            "left": list(Noted::Left),
            "advice": advice,
        }));
    }
    for (noted, title) in
        [(Noted::Taken, "Taken over"), (Noted::Differs, "Different here"), (Noted::Left, "Could not be translated")]
    {
        let notes: Vec<&Note> = of(noted).collect();
        if !notes.is_empty() {
            output::say(&format!("{title}:"))?;
        }
        for note in notes {
            output::say(&format!("  {}: {}", harmless(&note.what), harmless(&note.text)))?;
        }
    }
    if !advice.is_empty() {
        output::say("Look at this before the first run:")?;
    }
    for text in advice {
        output::say(&format!("  {}", harmless(text)))?;
    }
    let shown = arguments.output.display();
    output::say(&format!("Wrote {shown}. Check it with `crosswatch check --config {shown}`."))
}

fn as_json(note: &Note) -> Value {
    json!({ "what": note.what, "text": note.text })
}

#[cfg(test)]
mod tests;
