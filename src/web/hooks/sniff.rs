//! Finding the JSON in a body. Senders declare what they like: Jellyfin's plug-in says `text/plain`, admins choose for Emby,
//! so the body itself decides and the header is believed for a boundary that is in the body.
//!
//! Promises: the JSON is an object that is neither too large nor too deep. A byte order mark does not count, and what is
//! not UTF-8 is replaced, never refused. Deliberately absent: receiving the body.

use actix_web::web;
use serde_json::Value;

/// No JSON is larger.
pub(super) const JSON_MAX_BYTES: usize = 1024 * 1024;
/// No JSON is nested deeper.
const NESTING_MAX: usize = 64;
/// A boundary is this long at most (RFC 2046).
const BOUNDARY_MAX_BYTES: usize = 70;
/// So much of the beginning tells everything.
pub(super) const BEGINNING_BYTES: usize = 256;
/// Fields that hold the JSON.
const NAMES: [&str; 3] = ["payload", "data", "json"];

/// How the JSON is packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packing {
    /// As a part between boundaries.
    Multipart {
        /// The boundary.
        boundary: String,
    },
    /// As it is, or as a field of a form.
    Plain,
}

/// Why there is no JSON to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoJson {
    /// More than anybody has to say.
    #[error("the JSON is larger than {JSON_MAX_BYTES} bytes")]
    TooLarge,
    /// Nested for its own sake.
    #[error("the JSON is nested deeper than {NESTING_MAX} levels")]
    TooDeep,
    /// A list or a single value.
    #[error("the JSON is not an object; send one event as an object")]
    NotAnObject,
    /// Something else.
    #[error("the body is not JSON, and no form field `payload`, `data` or `json` holds any: {0}")]
    NotJson(String),
}

/// Whether a field or part of this name holds the JSON.
pub(super) fn holds_json(name: &str) -> bool {
    NAMES.contains(&name)
}

/// How the body that begins so is packed.
pub(super) fn packing(content_type: Option<&str>, beginning: &[u8]) -> Packing {
    let beginning = without_mark(beginning).trim_ascii_start();
    if matches!(beginning.first(), Some(b'{' | b'[')) {
        return Packing::Plain;
    }
    let declared = content_type.and_then(|told| multer::parse_boundary(told).ok());
    let is_there = |boundary: &String| {
        let line = format!("--{boundary}");
        beginning.windows(line.len()).any(|piece| piece == line.as_bytes())
    };
    let declared = declared.filter(is_there);
    let boundary = declared.or_else(|| boundary_of_first_line(beginning));
    boundary.map_or(Packing::Plain, |boundary| Packing::Multipart { boundary })
}

/// The boundary of a multipart body whose header does not tell it.
fn boundary_of_first_line(beginning: &[u8]) -> Option<String> {
    let line = beginning.strip_prefix(b"--")?.split(|byte| *byte == b'\n').next()?.trim_ascii_end();
    let fits = (1..=BOUNDARY_MAX_BYTES).contains(&line.len()) && line.iter().all(u8::is_ascii_graphic);
    if fits { String::from_utf8(line.to_vec()).ok() } else { None }
}

/// The JSON of a body that is not multipart.
pub(super) fn plain(body: &[u8]) -> Result<Value, NoJson> {
    let is_json = matches!(without_mark(body).trim_ascii_start().first(), Some(b'{' | b'['));
    let field = if is_json { None } else { form_field(body) };
    match field {
        Some(text) => json(text.as_bytes()),
        None => json(body),
    }
}

/// The field of a form that holds the JSON.
fn form_field(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let fields = web::Query::<Vec<(String, String)>>::from_query(text.trim()).ok()?.into_inner();
    NAMES.iter().find_map(|name| fields.iter().find(|(key, _)| key == name)).map(|(_, value)| value.clone())
}

/// Reads JSON.
pub(super) fn json(text: &[u8]) -> Result<Value, NoJson> {
    if text.len() > JSON_MAX_BYTES {
        return Err(NoJson::TooLarge);
    }
    let text = String::from_utf8_lossy(without_mark(text));
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        let is_deep = error.to_string().contains("recursion limit");
        if is_deep { NoJson::TooDeep } else { NoJson::NotJson(error.to_string()) }
    })?;
    if !value.is_object() {
        return Err(NoJson::NotAnObject);
    }
    if is_deeper(&value, NESTING_MAX) { Err(NoJson::TooDeep) } else { Ok(value) }
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Whether containers lie in containers more than `levels` deep. The reader has bounded the depth already.
fn is_deeper(value: &Value, levels: usize) -> bool {
    let mut members: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(list) => Box::new(list.iter()),
        Value::Object(object) => Box::new(object.values()),
        _ => return false,
    };
    levels.checked_sub(1).is_none_or(|rest| members.any(|member| is_deeper(member, rest)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_body_says_how_it_is_packed() {
        let multipart = |boundary: &str| Packing::Multipart { boundary: boundary.to_owned() };
        for (content_type, body, expected) in [
            (Some("multipart/form-data; boundary=ab"), "--ab\r\n", multipart("ab")),
            (Some("multipart/form-data; boundary=\"a b\""), "--a b\r\n", multipart("a b")),
            (Some("multipart/form-data; boundary=ab"), "a preamble\r\n--ab\r\n", multipart("ab")),
            (Some("multipart/form-data"), "--cd\r\nContent-Disposition", multipart("cd")),
            (Some("multipart/form-data; boundary=ab"), "--cd\r\n", multipart("cd")),
            (Some("multipart/form-data; boundary=ab"), "payload=%7B%7D", Packing::Plain),
            (Some("text/plain"), "--cd\nContent-Disposition", multipart("cd")),
            (None, "\u{feff}--cd\r\n", multipart("cd")),
            (Some("multipart/form-data; boundary=ab"), " {\"a\":1}", Packing::Plain),
            (Some("application/json"), "\u{feff}{", Packing::Plain),
            (None, "payload=%7B%7D", Packing::Plain),
            (None, "--", Packing::Plain),
            (None, "", Packing::Plain),
        ] {
            assert_eq!(packing(content_type, body.as_bytes()), expected, "{content_type:?} {body}");
        }
    }

    #[test]
    fn json_is_found_in_every_wrapping() {
        for body in [
            &b"{\"a\":\"b c\"}"[..],
            b"\xef\xbb\xbf  {\"a\":\"b c\"}\r\n",
            b"payload=%7B%22a%22%3A%22b+c%22%7D",
            b"x=1&data=%7B%22a%22%3A%22b%20c%22%7D",
            b"json=%EF%BB%BF%7B%22a%22%3A%22b+c%22%7D\r\n",
        ] {
            assert_eq!(plain(body).unwrap(), json!({"a": "b c"}), "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(plain(b"{\"a\":\"caf\xe9\"}").unwrap(), json!({"a": "caf\u{fffd}"}));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let nested = |levels: usize| format!("{}{}", "{\"a\":".repeat(levels - 1) + "{", "}".repeat(levels));
        assert!(plain(nested(64).as_bytes()).is_ok());
        for levels in [65, 100, 5_000] {
            assert_eq!(plain(nested(levels).as_bytes()), Err(NoJson::TooDeep), "{levels}");
        }
        for body in ["[{}]", "payload=7", "data=null", "json=%22x%22", "7"] {
            assert_eq!(plain(body.as_bytes()), Err(NoJson::NotAnObject), "{body}");
        }
        for body in ["", "hello", "x=1&y=2", "payload=", "{\"a\":", "{} {}", "<html>"] {
            assert!(matches!(plain(body.as_bytes()), Err(NoJson::NotJson(_))), "{body}");
        }
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(JSON_MAX_BYTES));
        assert_eq!(plain(large.as_bytes()), Err(NoJson::TooLarge));
    }

    proptest! {
        #[test]
        fn no_body_is_a_surprise(body in proptest::collection::vec(any::<u8>(), 0..400), told in ".{0,60}") {
            let _packing = packing(Some(&told), &body);
            if let Ok(value) = plain(&body) {
                prop_assert!(value.is_object());
            }
        }
    }
}
