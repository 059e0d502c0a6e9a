//! Everything in which Jellyfin and Emby differ: routes, names of parameters, ids, headers, and what a write needs.
//!
//! | | Jellyfin | Emby |
//! |---|---|---|
//! | paths | the user is the parameter `userId` | below `/emby`; the user is part of the path |
//! | parameters | `startIndex` | `StartIndex` |
//! | item ids | 32 hexadecimal digits | decimal numbers |
//! | token | in `Authorization: MediaBrowser …` | in `X-Emby-Token` |
//! | whose token it is | `/Users/Me` tells | the session of our own device tells |
//! | dates and counts in lists | always | only when asked for by name |
//! | a dated play | a partial write of the row | the call that marks as played, after looking |
//! | a write of the row | absent members stay; the answer is the row | the whole row, or members may be lost; no answer |
//!
//! Only documented parameters are sent: both servers ignore what they do not know without a word. That is why Emby's
//! look-up by external id is not used either: the index that Jellyfin needs serves both, and a look-up that an old server
//! ignored would name the wrong item.

use std::fmt;

use crosswatch_port::Fault;
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use smol_str::SmolStr;

use super::{MediaServer, account::Account};
use crate::{
    http::{Call, secret_value},
    loose::Scalar,
};

/// Which of the two servers is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Jellyfin 10.9 and later.
    Jellyfin,
    /// Emby 4.7 and later.
    Emby,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The items of the libraries.
    Items,
    /// The user's row of one item, to read.
    Row(u128),
    /// The user's row of one item, to write.
    UserData(u128),
    /// Whether it is watched.
    Played(u128),
    /// Whether it is a favourite.
    Favourite(u128),
    /// Its rating.
    Rating(u128),
    /// What lies above it.
    Ancestors(u128),
}

const EMBY_AUTHORIZATION: HeaderName = HeaderName::from_static("x-emby-authorization");
const EMBY_TOKEN: HeaderName = HeaderName::from_static("x-emby-token");

impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Jellyfin => "Jellyfin",
            Self::Emby => "Emby",
        })
    }
}

impl Dialect {
    /// The name in fingerprints.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Jellyfin => "jellyfin",
            Self::Emby => "emby",
        }
    }

    /// The oldest version that has the calls we use.
    pub(super) const fn oldest(self) -> (u32, u32) {
        match self {
            Self::Jellyfin => (10, 9),
            Self::Emby => (4, 7),
        }
    }

    /// What stands in front of every path.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Jellyfin => "",
            Self::Emby => "/emby",
        }
    }

    /// The name of a parameter, given as Jellyfin writes it. Emby begins with a capital.
    pub(super) fn parameter(self, name: &str) -> String {
        let mut letters = name.chars();
        match (self, letters.next()) {
            (Self::Emby, Some(first)) => first.to_uppercase().chain(letters).collect(),
            _ => name.to_owned(),
        }
    }

    /// Optional fields that every list of items has to come with.
    pub(super) const fn fields(self) -> &'static str {
        match self {
            Self::Jellyfin => "ProviderIds",
            Self::Emby => "ProviderIds,ProductionYear,UserDataLastPlayedDate,UserDataPlayCount",
        }
    }

    /// An item's id from the wire.
    pub(super) fn item_id(self, field: &Scalar) -> Option<u128> {
        match self {
            Self::Jellyfin => hexadecimal(field.text()?),
            Self::Emby => field.text()?.parse::<u64>().ok().map(u128::from),
        }
    }

    /// An item's id as it is sent.
    pub(super) fn written(self, item: u128) -> String {
        match self {
            Self::Jellyfin => format!("{item:032x}"),
            Self::Emby => item.to_string(),
        }
    }

    /// A call with the headers that tell who we are.
    pub(super) fn signed(self, call: Call, device_id: &str, token: Option<&str>) -> Result<Call, Fault> {
        let version = env!("CARGO_PKG_VERSION");
        let about =
            format!("Client=\"CrossWatch\", Device=\"CrossWatch\", DeviceId=\"{device_id}\", Version=\"{version}\"");
        match (self, token) {
            (Self::Jellyfin, None) => Ok(call.header(AUTHORIZATION, self.header(&format!("MediaBrowser {about}"))?)),
            (Self::Jellyfin, Some(token)) => {
                let text = format!("MediaBrowser {about}, Token=\"{token}\"");
                Ok(call.header(AUTHORIZATION, self.header(&text)?))
            }
            (Self::Emby, token) => {
                let call = call.header(EMBY_AUTHORIZATION, self.header(&format!("Emby {about}"))?);
                match token {
                    Some(token) => Ok(call.header(EMBY_TOKEN, self.header(token)?)),
                    None => Ok(call),
                }
            }
        }
    }

    fn header(self, text: &str) -> Result<HeaderValue, Fault> {
        secret_value(text, &format!("the {self} token or device id"))
    }

    fn path(self, place: Place, account: &Account) -> String {
        let user = &account.user_id;
        let id = |item| self.written(item);
        match (self, place) {
            (Self::Jellyfin, Place::Items) => "/Items".to_owned(),
            (Self::Jellyfin, Place::Row(item) | Place::UserData(item)) => format!("/UserItems/{}/UserData", id(item)),
            (Self::Jellyfin, Place::Played(item)) => format!("/UserPlayedItems/{}", id(item)),
            (Self::Jellyfin, Place::Favourite(item)) => format!("/UserFavoriteItems/{}", id(item)),
            (Self::Jellyfin, Place::Rating(item)) => format!("/UserItems/{}/Rating", id(item)),
            (_, Place::Ancestors(item)) => format!("/Items/{}/Ancestors", id(item)),
            (Self::Emby, Place::Items) => format!("/Users/{user}/Items"),
            (Self::Emby, Place::Row(item)) => format!("/Users/{user}/Items/{}", id(item)),
            (Self::Emby, Place::UserData(item)) => format!("/Users/{user}/Items/{}/UserData", id(item)),
            (Self::Emby, Place::Played(item)) => format!("/Users/{user}/PlayedItems/{}", id(item)),
            (Self::Emby, Place::Favourite(item)) => format!("/Users/{user}/FavoriteItems/{}", id(item)),
            (Self::Emby, Place::Rating(item)) => format!("/Users/{user}/Items/{}/Rating", id(item)),
        }
    }

    /// Names the user where the path does not.
    fn about(self, call: Call, account: &Account) -> Call {
        match self {
            Self::Jellyfin => call.query("userId", &account.user_id),
            Self::Emby => call,
        }
    }
}

impl MediaServer {
    /// A read about the account's user.
    pub(super) fn get(&self, place: Place, account: &Account) -> Call {
        self.dialect.about(self.connection.get(&self.dialect.path(place, account)), account)
    }

    /// A write about the account's user.
    pub(super) fn change(&self, method: Method, place: Place, account: &Account) -> Call {
        self.dialect.about(self.connection.change(method, &self.dialect.path(place, account)), account)
    }

    /// Adds a parameter, named as Jellyfin names it.
    pub(super) fn with(&self, call: Call, name: &str, value: &str) -> Call {
        call.query(&self.dialect.parameter(name), value)
    }

    /// Adds what every list of items comes with: external ids and the user's rows, and no pictures.
    pub(super) fn with_fields(&self, call: Call) -> Call {
        let call = self.with(call, "fields", self.dialect.fields());
        let call = self.with(call, "enableUserData", "true");
        self.with(call, "enableImages", "false")
    }

    /// Item ids as they are sent, divided by commas.
    pub(super) fn joined(&self, items: &[u128]) -> SmolStr {
        items.iter().map(|item| self.dialect.written(*item)).collect::<Vec<_>>().join(",").into()
    }
}

fn hexadecimal(text: &str) -> Option<u128> {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { u128::from_str_radix(&digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_ids_are_32_hex_digits_or_a_decimal_number() {
        let id = |dialect: Dialect, text: &str| dialect.item_id(&Scalar::Text(text.into()));
        for (text, jellyfin, emby) in [
            ("000000000000000000000000000000ff", Some(255), None),
            ("00000000-0000-0000-0000-0000000000FF", Some(255), None),
            ("240270", None, Some(240_270)),
            ("item-1", None, None),
            ("-1", None, None),
        ] {
            assert_eq!((id(Dialect::Jellyfin, text), id(Dialect::Emby, text)), (jellyfin, emby), "{text}");
        }
        assert_eq!(Dialect::Emby.item_id(&Scalar::Whole(17)), None, "ids are texts");
        for dialect in [Dialect::Jellyfin, Dialect::Emby] {
            assert_eq!(id(dialect, &dialect.written(4711)), Some(4711));
        }
    }

    #[test]
    fn parameters_begin_with_a_capital_at_emby() {
        assert_eq!(Dialect::Jellyfin.parameter("startIndex"), "startIndex");
        assert_eq!(Dialect::Emby.parameter("startIndex"), "StartIndex");
    }
}
