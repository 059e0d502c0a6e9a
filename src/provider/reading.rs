//! Where a read stands between two pages.

use crosswatch_port::{Cursor, Fault};
use smol_str::format_smolstr;

/// The place of a page: which stream of the read, and where in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Position {
    /// The stream, counted from 0.
    pub(crate) stream: u8,
    /// A row or page number in the stream, as the service counts.
    pub(crate) start: u64,
}

impl Position {
    /// The cursor that stands for this place.
    pub(crate) fn cursor(self) -> Cursor {
        Cursor(format_smolstr!("{}:{}", self.stream, self.start))
    }

    /// Reads a cursor back.
    pub(crate) fn of(cursor: &Cursor) -> Result<Self, Fault> {
        let parts = cursor.0.split_once(':');
        let parsed =
            parts.and_then(|(stream, start)| Some(Self { stream: stream.parse().ok()?, start: start.parse().ok()? }));
        parsed
            .ok_or_else(|| Fault::Transient(format_smolstr!("the cursor \"{}\" is not one of this account", cursor.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_were() {
        let position = Position { stream: 3, start: 12_000 };
        assert_eq!(Position::of(&position.cursor()), Ok(position));
        for bad in ["", "3", "x:1", "1:-1", "300:1"] {
            assert!(Position::of(&Cursor(bad.into())).is_err(), "{bad}");
        }
    }
}
