//! Names that people choose in the configuration, and the ids of runs.

use std::fmt;

use smol_str::{SmolStr, format_smolstr};

/// Why a name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use 1 to 32 of the characters a-z, 0-9 and '-'")]
pub struct NameRejection;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(SmolStr);

        impl $name {
            /// Accepts `[a-z0-9-]{1,32}` and nothing else.
            pub fn parse(text: &str) -> Result<Self, NameRejection> {
                let fits = (1..=32).contains(&text.len())
                    && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
                if fits { Ok(Self(text.into())) } else { Err(NameRejection) }
            }

            /// The name as written in the configuration.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }
    };
}

name! {
    /// An account at a media server or tracker: two users of one server are two of these.
    ProviderId
}
name! {
    /// A pair of accounts that is kept in step.
    PairId
}

/// What the names of keepers begin with. Nobody can choose such a name.
const KEEPER: &str = "@";

impl PairId {
    /// The pair of an account with its own snapshots: what takes and restores them.
    pub fn keeper_of(account: &ProviderId) -> Self {
        Self(format_smolstr!("{KEEPER}{account}"))
    }

    /// Reads a name that was written down: of a configured pair or of a keeper.
    pub fn read(text: &str) -> Result<Self, NameRejection> {
        match text.strip_prefix(KEEPER) {
            Some(account) => ProviderId::parse(account).map(|account| Self::keeper_of(&account)),
            None => Self::parse(text),
        }
    }

    /// The account whose snapshots it keeps, where it is a keeper.
    pub fn kept_account(&self) -> Option<ProviderId> {
        self.0.strip_prefix(KEEPER).and_then(|account| ProviderId::parse(account).ok())
    }
}

/// One run, one plan, one snapshot: a version 7 UUID made from the injected clock and entropy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub u128);

impl RunId {
    /// Builds a version 7 UUID from milliseconds since 1970 and random bits.
    pub const fn new(unix_ms: u64, random: [u64; 2]) -> Self {
        let time = (unix_ms as u128 & 0xffff_ffff_ffff) << 80;
        let high = (random[0] as u128 & 0xfff) << 64;
        let low = random[1] as u128 & 0x3fff_ffff_ffff_ffff;
        Self(time | 0x7 << 76 | high | 0b10 << 62 | low)
    }

    /// Reads the usual hyphenated form.
    pub fn parse(text: &str) -> Option<Self> {
        let hyphens_fit = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
        let digits: String = text.chars().filter(|character| *character != '-').collect();
        let hex_fits = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hyphens_fit && hex_fits { u128::from_str_radix(&digits, 16).ok().map(Self) } else { None }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        write!(
            formatter,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            value >> 96,
            value >> 80 & 0xffff,
            value >> 64 & 0xffff,
            value >> 48 & 0xffff,
            value & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_strict() {
        for good in ["a", "home-2", "0"] {
            assert_eq!(PairId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "Home", "a b", "ä", "a_b", &"x".repeat(33)] {
            assert!(PairId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keepers_have_names_that_nobody_can_choose() {
        let keeper = PairId::keeper_of(&ProviderId::parse("home").unwrap());
        assert_eq!((keeper.as_str(), PairId::parse(keeper.as_str()).is_err()), ("@home", true));
        assert_eq!(PairId::read("@home"), Ok(keeper.clone()));
        assert_eq!(keeper.kept_account().unwrap().as_str(), "home");
        assert_eq!(PairId::read("home").unwrap().kept_account(), None);
        for bad in ["@", "@@home", "@Home", "home@"] {
            assert!(PairId::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn run_ids_are_version_7_and_round_trip() {
        let id = RunId::new(1_790_000_000_123, [u64::MAX, u64::MAX]);
        let text = id.to_string();
        assert_eq!(RunId::parse(&text), Some(id));
        assert_eq!(text.as_bytes()[14], b'7');
        assert!(RunId::parse("not-a-run").is_none());
    }
}
