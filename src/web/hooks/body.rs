//! Receiving a body: piece by piece, with its digest, and no more of it in memory than its JSON.
//!
//! Promises: pictures are passed over without being kept; a body that is too large, too slow, cut off or has too many parts
//! is given up. Deliberately absent: believing what the header says about the content, see [`super::sniff`].

use std::{io, time::Duration};

use actix_web::{error::PayloadError, web::Bytes};
use futures_util::{Stream, StreamExt, future::join, stream};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::Value;
use tokio::sync::mpsc;

use super::sniff::{self, BEGINNING_BYTES, JSON_MAX_BYTES, NoJson, Packing};
use crate::problem::ApiProblem;

/// Bodies are no larger.
pub(super) const BODY_MAX_BYTES: usize = 5 * 1024 * 1024;
/// Parts of a body, at most.
const PARTS_MAX: usize = 16;
/// A body that is not there within this time does not come.
const DEADLINE: Duration = Duration::from_secs(10);

/// What was received.
#[derive(Debug)]
pub(super) struct Received {
    /// The JSON, an object.
    pub(super) json: Value,
    /// A digest of the whole body, by which repeats are found.
    pub(super) digest: u128,
}

/// Why nothing was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum BodyFault {
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive within {} s", DEADLINE.as_secs())]
    TooSlow,
    #[error("the body was cut off")]
    CutOff,
    #[error("the body has more than {PARTS_MAX} parts")]
    TooManyParts,
    #[error("the parts of the body cannot be told apart: {0}")]
    Parts(String),
    #[error(transparent)]
    NoJson(#[from] NoJson),
}

impl From<BodyFault> for ApiProblem {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => Self::TooLarge { limit_bytes: BODY_MAX_BYTES },
            BodyFault::NoJson(NoJson::TooLarge) => Self::TooLarge { limit_bytes: JSON_MAX_BYTES },
            other => Self::Unparsable(other.to_string()),
        }
    }
}

/// Receives a body and finds its JSON.
pub(super) async fn receive<S>(content_type: Option<&str>, body: S) -> Result<Received, ApiProblem>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let intake = Intake { body, hasher: blake3::Hasher::new(), received: 0 };
    match tokio::time::timeout(DEADLINE, intake.finish(content_type)).await {
        Ok(received) => Ok(received?),
        Err(_) => Err(BodyFault::TooSlow.into()),
    }
}

/// A body on its way in.
struct Intake<S> {
    body: S,
    hasher: blake3::Hasher,
    received: usize,
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Intake<S> {
    async fn finish(mut self, content_type: Option<&str>) -> Result<Received, BodyFault> {
        let mut beginning = Vec::new();
        while beginning.len() < BEGINNING_BYTES {
            match self.next().await? {
                Some(piece) => beginning.extend_from_slice(&piece),
                None => break,
            }
        }
        let json = match sniff::packing(content_type, &beginning) {
            Packing::Multipart { boundary } => sniff::json(&self.part(beginning, boundary).await?)?,
            Packing::Plain => {
                while let Some(piece) = self.next().await? {
                    beginning.extend_from_slice(&piece);
                }
                sniff::plain(&beginning)?
            }
        };
        let [digest @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *self.hasher.finalize().as_bytes();
        Ok(Received { json, digest: u128::from_be_bytes(digest) })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BodyFault> {
        let Some(piece) = self.body.next().await else { return Ok(None) };
        let piece = piece.map_err(|_| BodyFault::CutOff)?;
        self.received = self.received.saturating_add(piece.len());
        if self.received > BODY_MAX_BYTES {
            return Err(BodyFault::TooLarge);
        }
        self.hasher.update(&piece);
        Ok(Some(piece))
    }

    /// The part with the JSON. The reader of parts wants pieces from anywhere, so they pass through a channel of one.
    async fn part(&mut self, beginning: Vec<u8>, boundary: String) -> Result<Vec<u8>, BodyFault> {
        let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(1);
        let pour = async move {
            let mut piece = Some(Bytes::from(beginning));
            while let Some(poured) = piece {
                // Once the parts are read the rest counts for the digest only.
                drop(sender.send(Ok(poured)).await);
                piece = self.next().await?;
            }
            Ok(())
        };
        let pieces =
            stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|piece| (piece, receiver)) });
        let (poured, part): (Result<(), BodyFault>, _) = join(pour, read_parts(pieces, boundary)).await;
        poured?;
        part
    }
}

async fn read_parts<S>(pieces: S, boundary: String) -> Result<Vec<u8>, BodyFault>
where
    S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    let limit = SizeLimit::new().whole_stream(BODY_MAX_BYTES as u64);
    let mut parts = Multipart::with_constraints(pieces, boundary, Constraints::new().size_limit(limit));
    let mut json = None;
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(|error| parts_fault(&error))? {
        count += 1;
        if count > PARTS_MAX {
            return Err(BodyFault::TooManyParts);
        }
        if json.is_none() && holds_json(&part) {
            json = Some(read_part(part).await?);
        }
    }
    json.ok_or_else(|| NoJson::NotJson("no such part".to_owned()).into())
}

fn holds_json(part: &Field<'_>) -> bool {
    let is_picture = part.content_type().is_some_and(|told| told.type_() == "image");
    !is_picture && part.name().is_some_and(sniff::holds_json)
}

async fn read_part(mut part: Field<'_>) -> Result<Vec<u8>, BodyFault> {
    let mut json = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(|error| parts_fault(&error))? {
        if json.len() + piece.len() > JSON_MAX_BYTES {
            return Err(NoJson::TooLarge.into());
        }
        json.extend_from_slice(&piece);
    }
    Ok(json)
}

fn parts_fault(error: &multer::Error) -> BodyFault {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => BodyFault::TooLarge,
        other => BodyFault::Parts(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn on_paused_clock<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, work)
    }

    fn pieces(body: &[u8], size: usize) -> Vec<Result<Bytes, PayloadError>> {
        body.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect()
    }

    fn received(content_type: Option<&str>, body: &[u8], size: usize) -> Result<Received, ApiProblem> {
        on_paused_clock(receive(content_type, stream::iter(pieces(body, size))))
    }

    fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (headers, content) in parts {
            body.extend_from_slice(format!("--XX\r\nContent-Disposition: form-data; {headers}\r\n\r\n").as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--XX--\r\n");
        body
    }

    const PICTURE: &str = "name=\"thumb\"; filename=\"thumb.jpg\"\r\nContent-Type: image/jpeg";
    const PAYLOAD: (&str, &[u8]) = ("name=\"payload\"\r\nContent-Type: application/json", b"{\"a\":1}");

    #[test]
    fn the_json_comes_out_of_every_packing_however_it_is_cut() {
        let picture = vec![0xffu8; 200_000];
        let bodies = [
            (Some("text/plain; charset=utf-8"), b"{\"a\":1}".to_vec()),
            (Some("application/x-www-form-urlencoded"), b"data=%7B%22a%22%3A1%7D".to_vec()),
            (Some("multipart/form-data; boundary=XX"), form(&[PAYLOAD, (PICTURE, &picture)])),
            (Some("multipart/form-data; boundary=XX"), form(&[(PICTURE, &picture), ("name=\"data\"", b"{\"a\":1}")])),
            (None, form(&[("name=\"other\"", b"{\"b\":1}"), PAYLOAD])),
            (
                Some("multipart/form-data; boundary=XX"),
                form(&[("name=\"payload\"\r\nContent-Type: image/png", b"x"), PAYLOAD]),
            ),
        ];
        let mut digests = std::collections::BTreeSet::new();
        for (content_type, body) in bodies {
            for size in [1_000_000, 1_000, 7] {
                let received = received(content_type, &body, size).unwrap();
                assert_eq!(received.json, json!({"a": 1}), "{content_type:?} in pieces of {size}");
                digests.insert(received.digest);
            }
        }
        assert_eq!(digests.len(), 6);
    }

    #[test]
    fn what_comes_behind_the_parts_counts_for_the_digest() {
        let body = form(&[PAYLOAD]);
        let longer = [body.clone(), b"an epilogue".repeat(1_000)].concat();
        let digest = |body: &[u8], size| received(None, body, size).unwrap().digest;
        assert_eq!(digest(&longer, 100), digest(&longer, 1_000_000));
        assert_ne!(digest(&longer, 100), digest(&body, 100));
    }

    #[test]
    fn what_is_too_much_is_given_up() {
        let many: Vec<(&str, &[u8])> = (0..17).map(|_| ("name=\"x\"", &b"1"[..])).collect();
        let large_picture = vec![0; BODY_MAX_BYTES];
        let large_json = format!("{{\"a\":\"{}\"}}", "x".repeat(JSON_MAX_BYTES));
        let multipart = Some("multipart/form-data; boundary=XX");
        for (content_type, body, expected) in [
            (None, vec![b' '; BODY_MAX_BYTES + 1], ApiProblem::TooLarge { limit_bytes: BODY_MAX_BYTES }),
            (
                multipart,
                form(&[PAYLOAD, (PICTURE, &large_picture)]),
                ApiProblem::TooLarge { limit_bytes: BODY_MAX_BYTES },
            ),
            (None, large_json.clone().into_bytes(), ApiProblem::TooLarge { limit_bytes: JSON_MAX_BYTES }),
            (
                multipart,
                form(&[("name=\"data\"", large_json.as_bytes())]),
                ApiProblem::TooLarge { limit_bytes: JSON_MAX_BYTES },
            ),
            (multipart, form(&many), ApiProblem::Unparsable("the body has more than 16 parts".to_owned())),
        ] {
            assert_eq!(received(content_type, &body, 65_536).unwrap_err(), expected);
        }
    }

    #[test]
    fn what_is_no_whole_body_is_given_up() {
        let whole = form(&[PAYLOAD, (PICTURE, &[7; 3_000])]);
        let multipart = Some("multipart/form-data; boundary=XX");
        for cut in [0, 1, 3, 20, 80, 110, 200, 3_000] {
            let cut = whole.get(..cut).unwrap();
            assert!(matches!(received(multipart, cut, 64), Err(ApiProblem::Unparsable(_))), "{}", cut.len());
        }
        let broken = stream::iter([Ok(Bytes::from_static(b"{\"a\":1}")), Err(PayloadError::Incomplete(None))]);
        let problem = on_paused_clock(receive(None, broken)).unwrap_err();
        assert_eq!(problem, ApiProblem::Unparsable("the body was cut off".to_owned()));
        for body in [&b"{\"a\":1}"[..], &whole[..100]] {
            let slow = stream::iter(pieces(body, 5)).chain(stream::pending());
            let problem = on_paused_clock(receive(None, slow)).unwrap_err();
            assert_eq!(problem, ApiProblem::Unparsable("the body did not arrive within 10 s".to_owned()));
        }
    }

    proptest! {
        #[test]
        fn no_body_is_a_surprise(
            body in proptest::collection::vec(any::<u8>(), 0..600), told in 0usize..3, at in any::<prop::sample::Index>(),
            size in 1usize..300,
        ) {
            let told = [None, Some("multipart/form-data; boundary=XX"), Some("application/json")][told];
            let _received = received(told, &body, size);
            let mut broken = form(&[PAYLOAD, (PICTURE, &[9; 300])]);
            let at = at.index(broken.len());
            broken.splice(at..at, body);
            let _received = received(told, &broken, size);
        }
    }
}
