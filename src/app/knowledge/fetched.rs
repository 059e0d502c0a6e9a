//! Tables that come from an address: fetched once a week into the data folder, where they are read like any other file.
//!
//! An answer that does not arrive whole changes nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use crosswatch_settings::BaseUrl;
use jiff::Timestamp;
use reqwest::Client;

/// A table is fetched again when it is older.
const MAX_AGE: Duration = Duration::from_secs(7 * 86_400);
/// So often somebody looks whether one is.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(6 * 3_600);
const DEADLINE: Duration = Duration::from_secs(120);
const BODY_BYTES_MAX: usize = 64 << 20;

/// A table at an address.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    /// Where it comes from.
    pub(super) url: BaseUrl,
    /// The file it is fetched into.
    pub(super) file: PathBuf,
}

impl Fetched {
    /// Fetches the table where it is missing or old.
    pub(super) async fn refresh(&self, now: Timestamp) {
        if !is_old(&self.file, now) {
            return;
        }
        match self.fetch().await {
            Ok(()) => tracing::info!("the table at {} was fetched", self.url.host()),
            Err(why) => tracing::warn!("the table at {} was not fetched: {why}; the one in use stays", self.url.host()),
        }
    }

    async fn fetch(&self) -> Result<(), String> {
        let client = Client::builder().timeout(DEADLINE).build().map_err(|error| error.to_string())?;
        let answer = client.get(self.url.to_string()).send().await.map_err(|error| error.without_url().to_string())?;
        let mut answer = answer.error_for_status().map_err(|error| error.without_url().to_string())?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| error.without_url().to_string())? {
            if body.len() + part.len() > BODY_BYTES_MAX {
                return Err("it is larger than any table should be".to_owned());
            }
            body.extend_from_slice(&part);
        }
        self.keep(&body).map_err(|error| format!("{}: {error}", self.file.display()))
    }

    fn keep(&self, body: &[u8]) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let fresh = self.file.with_extension("part");
        fs::write(&fresh, body)?;
        fs::rename(fresh, &self.file)
    }
}

fn is_old(file: &Path, now: Timestamp) -> bool {
    let Ok(written) = fs::metadata(file).and_then(|found| found.modified()) else { return true };
    let Ok(written) = Timestamp::try_from(written) else { return true };
    Duration::try_from(now.duration_since(written)).is_ok_and(|age| age >= MAX_AGE)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// Answers one request after the other with these texts, and says where.
    fn answering(answers: Vec<String>) -> BaseUrl {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/lists.xml", listener.local_addr().unwrap());
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let read = stream.read(&mut [0; 4096]).unwrap();
                assert!(read > 0);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        url.parse().unwrap()
    }

    fn answer(status: &str, length: usize, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
    }

    #[test]
    fn only_a_whole_answer_replaces_what_is_there() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = tempfile::tempdir().unwrap();
        let answers = vec![answer("200 OK", 3, "one"), answer("200 OK", 9, "two"), answer("500 Oh", 5, "three")];
        let table = Fetched { url: answering(answers), file: folder.path().join("tables/lists.fetched") };
        actix_rt::System::new().block_on(async {
            assert_eq!(table.fetch().await, Ok(()));
            assert!(table.fetch().await.is_err() && table.fetch().await.is_err());
        });
        assert_eq!(fs::read_to_string(&table.file).unwrap(), "one");
        let written = Timestamp::try_from(fs::metadata(&table.file).unwrap().modified().unwrap()).unwrap();
        assert!(!is_old(&table.file, written) && is_old(&table.file, written + MAX_AGE));
        assert!(is_old(folder.path().join("nothing").as_path(), written));
    }
}
