//! Which names count: all, only some, or all but some.

use crate::{problem::Problem, section::Section};

/// Which libraries or users count. Names are kept as written; how they compare is up to who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Every one.
    All,
    /// These alone. Never empty.
    Only(Vec<String>),
    /// All but these.
    Except(Vec<String>),
}

impl Filter {
    /// The filter at a key, or `None` where it is not written.
    pub(crate) fn read(section: &Section<'_>, key: &str) -> Result<Option<Self>, Problem> {
        let Some(table) = section.optional_table(key)? else { return Ok(None) };
        let only: Vec<String> = table.words("only")?;
        if !only.is_empty() {
            return Ok(Some(Self::Only(only)));
        }
        let except: Vec<String> = table.words("except")?;
        Ok(Some(if except.is_empty() { Self::All } else { Self::Except(except) }))
    }
}
