//! Whose playback counts for a route, and from which libraries.
//!
//! Names are compared without regard to case, width and surrounding space. Who has no name is on no list: an event
//! without a user never passes a list of users, and a library that was not told never passes a list of libraries.

use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

use crate::event::{PlaybackEvent, Step, Viewer};

/// Which names count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Names {
    /// Every one, known or not.
    #[default]
    All,
    /// These alone; none of them is nobody.
    Only(Vec<SmolStr>),
    /// All but these.
    Except(Vec<SmolStr>),
}

/// Whom a route listens to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// Users by name, or as `id:42` and `uuid:2f…` by the server's own id.
    pub users: Names,
    /// Libraries by name.
    pub libraries: Names,
}

/// Why an event does not count for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Filtered {
    /// The route accepts nobody: it names no user and its account has none.
    #[error("the route has no user filter and its account no user")]
    NobodyAccepted,
    /// The server named no user.
    #[error("the server named no user")]
    UnknownUser,
    /// The user is not one of the route's.
    #[error("the user is not one of the route's")]
    OtherUser,
    /// The library is not known and the account has a list of libraries.
    #[error("the library is not known")]
    UnknownLibrary,
    /// The library is not one of the account's.
    #[error("the library is not one of the account's")]
    OtherLibrary,
}

impl Audience {
    /// Whether the event counts.
    pub fn check(&self, event: &PlaybackEvent) -> Result<(), Filtered> {
        self.check_user(&event.viewer)?;
        // A history is read from the account's own libraries and no others.
        if event.step == Step::Recalled {
            return Ok(());
        }
        let is_listed = |libraries: &[SmolStr], library: &str| libraries.iter().any(|name| is_name(name, library));
        let Some(library) = &event.media.library else {
            return if self.libraries == Names::All { Ok(()) } else { Err(Filtered::UnknownLibrary) };
        };
        let counts = match &self.libraries {
            Names::All => true,
            Names::Only(libraries) => is_listed(libraries, library),
            Names::Except(libraries) => !is_listed(libraries, library),
        };
        if counts { Ok(()) } else { Err(Filtered::OtherLibrary) }
    }

    fn check_user(&self, viewer: &Viewer) -> Result<(), Filtered> {
        let is_listed = |users: &[SmolStr]| users.iter().any(|user| is_user(user, viewer));
        let counts = match &self.users {
            Names::All => return Ok(()),
            Names::Only(users) if users.is_empty() => return Err(Filtered::NobodyAccepted),
            Names::Only(_) | Names::Except(_) if is_nobody(viewer) => return Err(Filtered::UnknownUser),
            Names::Only(users) => is_listed(users),
            Names::Except(users) => !is_listed(users),
        };
        if counts { Ok(()) } else { Err(Filtered::OtherUser) }
    }
}

fn is_nobody(viewer: &Viewer) -> bool {
    viewer.name.trim().is_empty() && viewer.id.is_empty()
}

fn is_user(entry: &str, viewer: &Viewer) -> bool {
    match entry.trim().split_once(':') {
        Some(("id" | "uuid", id)) => !viewer.id.is_empty() && id.trim().eq_ignore_ascii_case(&viewer.id),
        _ => !viewer.name.trim().is_empty() && is_name(entry, &viewer.name),
    }
}

fn is_name(one: &str, other: &str) -> bool {
    one == other || plain(one) == plain(other)
}

/// A name as it is compared.
pub fn plain(name: &str) -> String {
    name.trim().nfkc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use crosswatch_model::{IdSet, Item, Kind};

    use super::*;
    use crate::event::Media;

    fn event(name: &str, id: &str, library: Option<&str>) -> PlaybackEvent {
        let item = Item::titled(Kind::Movie, "x", None, IdSet::default());
        let library = library.map(SmolStr::from);
        PlaybackEvent {
            step: Step::Start,
            word: "x".into(),
            viewer: Viewer { name: name.into(), id: id.into() },
            server: "s".into(),
            player: "p".into(),
            session: SmolStr::default(),
            media: Media { native: "1".into(), item, last_number: None, duration_ms: None, library },
            position_ms: None,
            at: None,
        }
    }

    #[test]
    fn users_are_who_the_list_says() {
        let only = |names: &[&str]| Names::Only(names.iter().map(|name| SmolStr::from(*name)).collect());
        let except = |names: &[&str]| Names::Except(names.iter().map(|name| SmolStr::from(*name)).collect());
        for (users, name, id, expected) in [
            (Names::All, "", "", Ok(())),
            (only(&["Alice"]), "alice ", "", Ok(())),
            (only(&["JOSÉ-Ann"]), "jose\u{301}-ann", "", Ok(())),
            (only(&["José-Ann"]), "jose ann", "", Err(Filtered::OtherUser)),
            (only(&["alice"]), "", "", Err(Filtered::UnknownUser)),
            (only(&["id:11"]), "whoever", "11", Ok(())),
            (only(&["id:11"]), "id:11", "12", Err(Filtered::OtherUser)),
            (only(&["uuid:AB"]), "", "ab", Ok(())),
            (only(&[]), "alice", "11", Err(Filtered::NobodyAccepted)),
            (except(&["bob"]), "alice", "", Ok(())),
            (except(&["bob"]), "Bob", "", Err(Filtered::OtherUser)),
            (except(&["bob"]), "", "", Err(Filtered::UnknownUser)),
        ] {
            let audience = Audience { users: users.clone(), libraries: Names::All };
            assert_eq!(audience.check(&event(name, id, None)), expected, "{users:?} {name} {id}");
        }
    }

    #[test]
    fn libraries_are_what_the_list_says() {
        let movies = vec![SmolStr::from("Movies")];
        for (libraries, library, expected) in [
            (Names::All, None, Ok(())),
            (Names::Only(movies.clone()), Some("movies"), Ok(())),
            (Names::Only(movies.clone()), Some("Kids"), Err(Filtered::OtherLibrary)),
            (Names::Only(movies.clone()), None, Err(Filtered::UnknownLibrary)),
            (Names::Except(movies.clone()), Some("Kids"), Ok(())),
            (Names::Except(movies.clone()), Some("Movies"), Err(Filtered::OtherLibrary)),
            (Names::Except(movies), None, Err(Filtered::UnknownLibrary)),
        ] {
            let audience = Audience { users: Names::All, libraries: libraries.clone() };
            assert_eq!(audience.check(&event("a", "", library)), expected, "{libraries:?} {library:?}");
            let recalled = PlaybackEvent { step: Step::Recalled, ..event("a", "", None) };
            assert_eq!(audience.check(&recalled), Ok(()), "a read has chosen its libraries already");
        }
    }
}
