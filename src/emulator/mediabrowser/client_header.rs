//! What a client says about itself: the pairs of the authorization headers of both servers, and the ways to send a token.

use crate::request::Request;

/// What a client says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClientHeader {
    pub(crate) client: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) device_id: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) token: Option<String>,
}

impl ClientHeader {
    /// Reads `MediaBrowser Client="X", Device="Y", Token="…"`, and the legacy forms where they are accepted.
    pub(crate) fn of(request: &Request, accepts_legacy: bool) -> Self {
        let modern = request.header("authorization").and_then(|text| without_scheme(text, "MediaBrowser"));
        let mut header = modern.map(Self::parse).unwrap_or_default();
        if accepts_legacy {
            header.fill_from_legacy(request);
        }
        if header.token.is_none() {
            header.token = request.query.get("ApiKey").map(str::to_owned);
        }
        header
    }

    /// Reads `X-Emby-Authorization` or `Authorization: Emby …`, the bare `X-Emby-Token`, and `api_key`: Emby's own forms.
    pub(crate) fn of_emby(request: &Request) -> Self {
        let mut header = Self::default();
        header.fill_from_legacy(request);
        header
    }

    fn fill_from_legacy(&mut self, request: &Request) {
        if *self == Self::default() {
            let emby = request.header("authorization").and_then(|text| without_scheme(text, "Emby"));
            let own = request.header("x-emby-authorization");
            let bare =
                |text| without_scheme(text, "Emby").or_else(|| without_scheme(text, "MediaBrowser")).unwrap_or(text);
            let own = own.map(bare);
            *self = emby.or(own).map(Self::parse).unwrap_or_default();
        }
        let bare = request.header("x-emby-token").or_else(|| request.header("x-mediabrowser-token"));
        let bare = bare.or_else(|| request.query.get("api_key"));
        self.token = self.token.take().or_else(|| bare.map(str::to_owned));
    }

    /// Pairs divided by commas; values may be quoted and are URL-decoded. Unknown names are ignored.
    fn parse(pairs: &str) -> Self {
        let mut header = Self::default();
        for pair in split_outside_quotes(pairs) {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = Some(decode(value.trim().trim_matches('"'))).filter(|value| !value.is_empty());
            match name.trim().to_ascii_lowercase().as_str() {
                "client" => header.client = value,
                "device" => header.device = value,
                "deviceid" => header.device_id = value,
                "version" => header.version = value,
                "token" => header.token = value,
                _ => {}
            }
        }
        header
    }
}

fn without_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = text.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(move |letter| {
        if letter == '"' {
            quoted = !quoted;
        }
        letter == ',' && !quoted
    })
    .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_with_or_without_quotes_and_url_decoded() {
        for (text, device, token) in [
            (r#"Client="A", Device="B", DeviceId="C", Version="1.0", Token="abc""#, "B", "abc"),
            ("Client=A,Device=B%20C,Token=abc", "B C", "abc"),
            (r#"Device="living room, left", Token="a%2Bb", Other="x""#, "living room, left", "a+b"),
            (r#"Device="100%", Token="x""#, "100%", "x"),
        ] {
            let header = ClientHeader::parse(text);
            assert_eq!((header.device.as_deref(), header.token.as_deref()), (Some(device), Some(token)), "{text}");
        }
        assert_eq!(ClientHeader::parse(r#"Token="""#).token, None);
    }
}
