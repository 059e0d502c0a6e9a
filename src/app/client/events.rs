//! The event stream of a service: lines of `text/event-stream`, turned into what happened.
//!
//! The stream is a comfort: it makes progress visible at once. Whether a run is over is read from the run itself.

use reqwest::{Method, Response};

use crate::{
    answer::Happened,
    client::{Api, ApiFailure},
};

/// A line that is longer belongs to something that is no event stream.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// An open stream.
#[derive(Debug)]
pub(crate) struct EventStream {
    response: Response,
    lines: Lines,
    ready: std::collections::VecDeque<Happened>,
}

impl Api {
    /// Opens the event stream.
    pub(crate) async fn events(&self) -> Result<EventStream, ApiFailure> {
        let response = self.send(self.request(Method::GET, "/api/v1/events")).await?;
        Ok(EventStream { response, lines: Lines::default(), ready: std::collections::VecDeque::new() })
    }
}

impl EventStream {
    /// The next thing that happened; `None` when the stream has ended. May be dropped while it waits without a loss.
    pub(crate) async fn next(&mut self) -> Option<Happened> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let chunk = self.response.chunk().await.ok()??;
            self.ready.extend(self.lines.take_in(&chunk)?);
        }
    }
}

/// Puts chunks together to lines and lines to events.
#[derive(Debug, Default)]
struct Lines {
    partial: Vec<u8>,
    data: String,
}

impl Lines {
    /// The events that are complete with this chunk; `None` when this is no event stream.
    fn take_in(&mut self, chunk: &[u8]) -> Option<Vec<Happened>> {
        let mut events = Vec::new();
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            if self.partial.len() + self.data.len() + piece.len() > LINE_BYTES_MAX {
                return None;
            }
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = String::from_utf8_lossy(&self.partial).trim_end_matches(['\r', '\n']).to_owned();
                self.partial.clear();
                events.extend(self.line(&line));
            }
        }
        Some(events)
    }

    fn line(&mut self, line: &str) -> Option<Happened> {
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return serde_json::from_str(&data).ok();
        }
        if let Some(data) = line.strip_prefix("data:") {
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let stream = b": heartbeat\n\nevent: run.progress\nid: 7\ndata: {\"run\":\"a\",\"done\":3,\"total\":9,\"sentence\":\"Reads.\"}\n\n\
            event: resync\ndata: no json\n\ndata: {\"run\":\"b\",\r\ndata:\"extra\":1}\r\n\r\n";
        for size in 1..stream.len() {
            let mut lines = Lines::default();
            let events: Vec<_> = stream.chunks(size).flat_map(|chunk| lines.take_in(chunk).unwrap()).collect();
            let expected = [
                Happened {
                    run: Some("a".to_owned()),
                    state: None,
                    done: 3,
                    total: Some(9),
                    sentence: "Reads.".to_owned(),
                },
                Happened { run: Some("b".to_owned()), ..Happened::default() },
            ];
            assert_eq!(events, expected, "in chunks of {size}");
        }
    }

    #[test]
    fn an_endless_line_is_given_up() {
        let mut lines = Lines::default();
        assert!(lines.take_in(&vec![b'x'; LINE_BYTES_MAX]).is_some());
        assert!(lines.take_in(b"x").is_none());
    }
}
