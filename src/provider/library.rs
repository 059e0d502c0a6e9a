//! Which libraries of a media server belong to an account.

use crosswatch_port::Fault;
use smol_str::SmolStr;

/// Each library is a list of its own in a read, and lists are counted in one byte.
const MAX_LIBRARIES: usize = 100;

/// A choice of libraries, by name or id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LibraryFilter {
    /// Every library with movies or shows.
    #[default]
    All,
    /// These and no others.
    Only(Vec<SmolStr>),
    /// Every library with movies or shows but these.
    Except(Vec<SmolStr>),
}

/// A library as a server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Library {
    /// The server's id.
    pub(crate) id: SmolStr,
    /// The name people see.
    pub(crate) name: SmolStr,
    /// Whether it can hold movies or shows.
    pub(crate) holds_video: bool,
}

impl Library {
    fn is_called(&self, name: &str) -> bool {
        self.id == name || self.name.to_lowercase() == name.trim().to_lowercase()
    }
}

impl LibraryFilter {
    /// The ids of the chosen libraries; `None` stands for the whole server without a filter.
    pub(crate) fn choose(&self, libraries: &[Library]) -> Result<Option<Vec<SmolStr>>, Fault> {
        let names = match self {
            Self::All => return Ok(None),
            Self::Only(names) | Self::Except(names) => names,
        };
        if let Some(unknown) = names.iter().find(|name| !libraries.iter().any(|library| library.is_called(name))) {
            let known: Vec<&str> = libraries.iter().map(|library| library.name.as_str()).collect();
            return Err(Fault::Rejected(
                format!("there is no library called \"{unknown}\"; the server has: {}", known.join(", ")).into(),
            ));
        }
        let is_named = |library: &Library| names.iter().any(|name| library.is_called(name));
        let chosen = |library: &&Library| match self {
            Self::Only(_) => is_named(library),
            _ => library.holds_video && !is_named(library),
        };
        let ids: Vec<SmolStr> = libraries.iter().filter(chosen).map(|library| library.id.clone()).collect();
        if ids.is_empty() {
            return Err(Fault::Rejected(
                "the library filter leaves no library; name at least one that is to be read".into(),
            ));
        }
        if ids.len() > MAX_LIBRARIES {
            return Err(Fault::Rejected(format!("at most {MAX_LIBRARIES} libraries can be read one by one").into()));
        }
        Ok(Some(ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &LibraryFilter, expected: Option<&[&str]>) {
        let library = |id: &str, name: &str, holds_video| Library { id: id.into(), name: name.into(), holds_video };
        let libraries = [library("a", "Movies", true), library("b", "Shows", true), library("c", "Music", false)];
        let chosen = filter.choose(&libraries).unwrap();
        assert_eq!(
            chosen.as_deref(),
            expected.map(|ids| ids.iter().map(|id| SmolStr::from(*id)).collect::<Vec<_>>()).as_deref()
        );
    }

    #[test]
    fn libraries_are_chosen_by_name_or_id() {
        check(&LibraryFilter::All, None);
        check(&LibraryFilter::Only(vec!["movies".into()]), Some(&["a"]));
        check(&LibraryFilter::Only(vec!["c".into(), "b".into()]), Some(&["b", "c"]));
        check(&LibraryFilter::Except(vec!["Shows".into()]), Some(&["a"]));
    }

    #[test]
    fn a_choice_of_nothing_is_refused() {
        let libraries = [Library { id: "a".into(), name: "Movies".into(), holds_video: true }];
        assert!(LibraryFilter::Except(vec!["Movies".into()]).choose(&libraries).is_err());
        assert!(LibraryFilter::Only(vec![]).choose(&libraries).is_err());
    }

    #[test]
    fn an_unknown_name_lists_what_there_is() {
        let libraries = [Library { id: "a".into(), name: "Movies".into(), holds_video: true }];
        let fault = LibraryFilter::Only(vec!["Films".into()]).choose(&libraries).unwrap_err();
        assert_eq!(fault, Fault::Rejected("there is no library called \"Films\"; the server has: Movies".into()));
    }
}
