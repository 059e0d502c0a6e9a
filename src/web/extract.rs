//! Reading requests strictly: what does not fit is answered with a problem that says what is expected.

use std::{fmt::Display, str::FromStr};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use crosswatch_model::{Feature, FeatureSet, PairId, ProviderId, RunId};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use crate::problem::ApiProblem;

/// Bodies are no larger.
pub(crate) const BODY_MAX_BYTES: usize = 1024 * 1024;

/// A JSON body. A request without a body reads as `{}`.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiProblem;
    type Future = LocalBoxFuture<'static, Result<Self, ApiProblem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let payload = web::Payload::from_request(request, payload).into_inner();
        Box::pin(async move {
            let payload = payload.map_err(|error| ApiProblem::BadBody(error.to_string()))?;
            let bytes = match payload.to_bytes_limited(BODY_MAX_BYTES).await {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(error)) => return Err(ApiProblem::BadBody(format!("the body could not be received: {error}"))),
                Err(_) => return Err(ApiProblem::TooLarge { limit_bytes: BODY_MAX_BYTES }),
            };
            read_json(content_type.as_ref().map(header::HeaderValue::as_bytes), &bytes).map(Self)
        })
    }
}

pub(crate) fn read_json<T: DeserializeOwned>(content_type: Option<&[u8]>, bytes: &[u8]) -> Result<T, ApiProblem> {
    let bytes = if bytes.trim_ascii().is_empty() {
        b"{}"
    } else if content_type.is_some_and(is_json) {
        bytes
    } else {
        return Err(ApiProblem::NotJson);
    };
    serde_json::from_slice(bytes).map_err(|error| ApiProblem::BadBody(format!("the body does not fit: {error}")))
}

/// `application/json`, with or without parameters, and `application/…+json`.
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let essence = essence.to_ascii_lowercase();
    essence == b"application/json" || essence.starts_with(b"application/") && essence.ends_with(b"+json")
}

/// The query. Unknown parameters are refused, so that a misspelt filter is not silently ignored.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = ApiProblem;
    type Future = std::future::Ready<Result<Self, ApiProblem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(read_query(request.query_string()).map(Self))
    }
}

fn read_query<T: DeserializeOwned + 'static>(text: &str) -> Result<T, ApiProblem> {
    let query = web::Query::<T>::from_query(text);
    query.map(web::Query::into_inner).map_err(|error| ApiProblem::BadQuery(format!("the query does not fit: {error}")))
}

/// The account named in a path.
pub(crate) fn provider_id(text: &str) -> Result<ProviderId, ApiProblem> {
    ProviderId::parse(text).map_err(|_| ApiProblem::UnknownProvider(text.to_owned()))
}

/// The pair named in a path.
pub(crate) fn pair_id(text: &str) -> Result<PairId, ApiProblem> {
    PairId::read(text).map_err(|_| ApiProblem::UnknownPair(text.to_owned()))
}

/// The run named in a path.
pub(crate) fn run_id(text: &str) -> Result<RunId, ApiProblem> {
    RunId::parse(text).ok_or_else(|| ApiProblem::UnknownRun(text.to_owned()))
}

/// The snapshot named in a path or query.
pub(crate) fn snapshot_id(text: &str) -> Result<RunId, ApiProblem> {
    RunId::parse(text).ok_or_else(|| ApiProblem::UnknownSnapshot(text.to_owned()))
}

/// The plan named in a path.
pub(crate) fn plan_id(text: &str) -> Result<RunId, ApiProblem> {
    RunId::parse(text).ok_or_else(|| ApiProblem::UnknownPlan(text.to_owned()))
}

/// A query parameter that takes one of a closed set of words.
pub(crate) fn word<T: FromStr + Display + Copy>(
    name: &str,
    text: Option<&str>,
    known: &[T],
) -> Result<Option<T>, ApiProblem> {
    let Some(text) = text else { return Ok(None) };
    match text.parse() {
        Ok(word) => Ok(Some(word)),
        Err(_) => Err(ApiProblem::BadQuery(format!("{name}={text:?} is not known; use one of: {}", listed(known)))),
    }
}

/// The `features` of a body; `None` where they were left out.
pub(crate) fn feature_set(names: Option<&[String]>) -> Result<Option<FeatureSet>, ApiProblem> {
    let Some(names) = names else { return Ok(None) };
    let known = || listed(Feature::ALL);
    if names.is_empty() {
        return Err(ApiProblem::BadBody(format!("features is empty; name some of {}, or leave it out", known())));
    }
    let read = |name: &String| {
        let unknown = |_| ApiProblem::BadBody(format!("features: {name:?} is not known; use one of: {}", known()));
        name.parse::<Feature>().map_err(unknown)
    };
    names.iter().map(read).collect::<Result<FeatureSet, _>>().map(Some)
}

fn listed<T: Display>(words: &[T]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        features: Option<Vec<String>>,
        count: Option<u8>,
    }

    const JSON: Option<&[u8]> = Some(b"application/json; charset=utf-8");

    #[test]
    fn no_body_reads_as_an_empty_object() {
        for body in [&b""[..], b"  \n", b"{}"] {
            assert_eq!(read_json::<Wanted>(JSON, body).unwrap(), Wanted { features: None, count: None });
        }
        assert!(read_json::<Wanted>(None, b"").is_ok());
    }

    #[test]
    fn bodies_that_do_not_fit_say_why() {
        for (body, said) in [
            (&b"{"[..], "EOF"),
            (b"[]", "invalid"),
            (b"{\"count\": \"7\"}", "expected u8"),
            (b"{\"count\": 700}", "expected u8"),
            (b"{\"feature\": []}", "unknown field `feature`, expected `features` or `count`"),
            (b"{} {}", "trailing"),
            (b"\xff", "line 1"),
        ] {
            let problem = read_json::<Wanted>(JSON, body).unwrap_err();
            assert!(matches!(&problem, ApiProblem::BadBody(detail) if detail.contains(said)), "{problem}");
        }
        for content_type in [None, Some(&b"text/plain"[..]), Some(b"application/x-www-form-urlencoded")] {
            assert_eq!(read_json::<Wanted>(content_type, b"{}").unwrap_err(), ApiProblem::NotJson);
        }
        assert!(read_json::<Wanted>(Some(b"Application/vnd.api+JSON"), b"{}").is_ok());
    }

    #[test]
    fn unknown_query_parameters_are_refused() {
        assert_eq!(read_query::<Wanted>("count=7").unwrap().count, Some(7));
        assert!(matches!(read_query::<Wanted>("cuont=7"), Err(ApiProblem::BadQuery(_))));
    }

    #[test]
    fn features_are_validated_by_name() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(feature_set(None).unwrap(), None);
        let both = FeatureSet::NONE.with(Feature::Ratings).with(Feature::History);
        assert_eq!(feature_set(Some(&names(&["ratings", "history", "ratings"]))).unwrap(), Some(both));
        for bad in [&["Ratings"][..], &[""], &[], &["history", "plays"]] {
            let problem = feature_set(Some(&names(bad))).unwrap_err().to_string();
            assert!(problem.contains("history, watchlist, ratings, progress"), "{problem}");
        }
    }

    #[test]
    fn words_are_validated_by_name() {
        assert_eq!(word("feature", Some("history"), Feature::ALL).unwrap(), Some(Feature::History));
        assert_eq!(word::<Feature>("feature", None, Feature::ALL).unwrap(), None);
        assert!(word("feature", Some("plays"), Feature::ALL).unwrap_err().to_string().contains("history, watchlist"));
    }
}
