//! One way to give a closed enum its configuration words: `WORDS`, `as_str`, `Display` and `FromStr`.

/// Implements `ALL`, `WORDS`, `as_str`, `Display` and `FromStr` for a field-less enum.
macro_rules! words {
    ($name:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The words of all values, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The stable word used in configuration, JSON and logs.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok($name::$variant),)+
                    _ => Err($crate::words::UnknownWord { known: Self::WORDS }),
                }
            }
        }
    };
}

pub(crate) use words;

/// The text is not one of the words of the closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use one of: {}", .known.join(", "))]
pub struct UnknownWord {
    /// The words that are known.
    pub known: &'static [&'static str],
}
