//! What is known about ids beside the records of one run: lookups, tables, redirects, and what the user said.
//!
//! The evidence is a log of statements in no particular order: [`Evidence::add`] in any order, in one go or over months,
//! gives an equal value, and everything else ([`crate::join`]) is derived from it anew. A statement that was seen twice is
//! one statement with a longer span of time; of two verdicts about one thing the later holds.
//! Records of a run need no entries here: the items of a [`crate::Catalog`] say themselves which ids stand together.
//! Deliberately absent: storage, and any opinion on what follows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crosswatch_model::Id;

use crate::{
    atlas::Atlas,
    lens::Lens,
    provenance::{How, Origin, Provenance, Source, Witness},
};

/// What a person decided. It wins over everything that was read, before or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Both ids name the same thing.
    Same(Id, Id),
    /// They name different things.
    Different(Id, Id),
    /// The id is wrong wherever it stands.
    Ignore(Id),
}

/// One statement of the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// Two ids name the same thing of the same kind.
    Is(Id, Id, Provenance),
    /// The first id was replaced by the second in its namespace.
    Redirect(Id, Id, Provenance),
    /// A person decided, at this second since 1970.
    Decided(Verdict, i64),
    /// A person took a decision back, at this second since 1970.
    TakenBack(Verdict, i64),
}

/// Why a statement was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceRejection {
    /// A movie is never a show.
    #[error("the two ids are of different kinds")]
    KindsDiffer,
    /// An id is always itself.
    #[error("the two ids are equal")]
    SameId,
    /// A redirect stays inside one namespace.
    #[error("the two ids are of different namespaces")]
    NamespacesDiffer,
}

type Pair = (Id, Id);

/// Who says something about a pair of ids, in order.
type Statements = BTreeMap<Pair, Vec<Statement>>;

/// One statement, in 32 bytes: few witnesses say much, so each is kept once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    witness: Arc<Witness>,
    how: How,
    first_seen_s: i64,
    last_seen_s: i64,
}

/// The log, in its shortest form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    witnesses: BTreeSet<Arc<Witness>>,
    is: Statements,
    redirects: Statements,
    pairs: BTreeMap<Pair, (i64, Ruling)>,
    ids: BTreeMap<Id, (i64, Ruling)>,
    atlas: Atlas,
}

/// What stands about a pair or an id. Of two rulings in one second the later variant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ruling {
    Ignore,
    Same,
    Different,
    Nothing,
}

impl Evidence {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement.
    pub fn add(&mut self, entry: Entry) -> Result<(), EvidenceRejection> {
        match entry {
            Entry::Is(one, other, provenance) => {
                let pair = of_one_kind(one, other)?;
                let statement = self.statement(provenance);
                see(&mut self.is, pair, statement);
            }
            Entry::Redirect(old, new, provenance) => {
                of_one_kind(old, new)?;
                if old.namespace() != new.namespace() {
                    return Err(EvidenceRejection::NamespacesDiffer);
                }
                let statement = self.statement(provenance);
                see(&mut self.redirects, (old, new), statement);
            }
            Entry::Decided(Verdict::Same(one, other), at_s) => self.rule(one, other, at_s, Ruling::Same)?,
            Entry::Decided(Verdict::Different(one, other), at_s) => self.rule(one, other, at_s, Ruling::Different)?,
            Entry::TakenBack(Verdict::Same(one, other) | Verdict::Different(one, other), at_s) => {
                self.rule(one, other, at_s, Ruling::Nothing)?;
            }
            Entry::Decided(Verdict::Ignore(id), at_s) => later(&mut self.ids, id, (at_s, Ruling::Ignore)),
            Entry::TakenBack(Verdict::Ignore(id), at_s) => later(&mut self.ids, id, (at_s, Ruling::Nothing)),
        }
        Ok(())
    }

    fn rule(&mut self, one: Id, other: Id, at_s: i64, ruling: Ruling) -> Result<(), EvidenceRejection> {
        later(&mut self.pairs, of_one_kind(one, other)?, (at_s, ruling));
        Ok(())
    }

    fn statement(&mut self, provenance: Provenance) -> Statement {
        let Provenance { witness, how, first_seen_s, last_seen_s } = provenance;
        let known = self.witnesses.get(&witness).cloned();
        let witness = known.unwrap_or_else(|| {
            let shared = Arc::new(witness);
            self.witnesses.insert(Arc::clone(&shared));
            shared
        });
        Statement { witness, how, first_seen_s, last_seen_s }
    }

    /// Forgets what was read from a source: an account that is gone, a table that was replaced.
    pub fn forget(&mut self, source: &Source) {
        self.witnesses.retain(|witness| witness.source != *source);
        for statements in [&mut self.is, &mut self.redirects] {
            statements.retain(|_, said| {
                said.retain(|statement| statement.witness.source != *source);
                !said.is_empty()
            });
        }
    }

    /// Replaces all tables of episode coordinates. They are read anew from their texts and are not part of the log.
    pub fn set_atlas(&mut self, atlas: Atlas) {
        self.atlas = atlas;
    }

    /// The tables of episode coordinates.
    pub fn atlas(&self) -> &Atlas {
        &self.atlas
    }

    /// The whole log, in order.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let is = all(&self.is).map(|(pair, said)| Entry::Is(pair.0, pair.1, said.provenance()));
        let redirects = all(&self.redirects).map(|(pair, said)| Entry::Redirect(pair.0, pair.1, said.provenance()));
        let pairs = self.pairs.iter().map(|((one, other), (at_s, ruling))| match ruling {
            Ruling::Same => Entry::Decided(Verdict::Same(*one, *other), *at_s),
            Ruling::Different => Entry::Decided(Verdict::Different(*one, *other), *at_s),
            Ruling::Ignore | Ruling::Nothing => Entry::TakenBack(Verdict::Same(*one, *other), *at_s),
        });
        let ids = self.ids.iter().map(|(id, (at_s, ruling))| match ruling {
            Ruling::Ignore => Entry::Decided(Verdict::Ignore(*id), *at_s),
            _ => Entry::TakenBack(Verdict::Ignore(*id), *at_s),
        });
        is.chain(redirects).chain(pairs).chain(ids)
    }

    /// Who says that two ids are the same thing. What stands in the records of a run is not among it.
    pub fn provenance_of(&self, one: Id, other: Id) -> Vec<Provenance> {
        let pair = ordered(one, other);
        let said = self.is.get(&pair).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<Provenance> = said.iter().map(Statement::provenance).collect();
        if let Some((at_s, Ruling::Same)) = self.pairs.get(&pair) {
            let witness = Witness { source: Source::User, origin: Origin::User };
            found.push(Provenance { witness, how: How::Manual, first_seen_s: *at_s, last_seen_s: *at_s });
        }
        found
    }

    /// Whether a second origin confirms that `old` became `new`: only then a redirect of one account is believed.
    pub fn confirms_redirect(&self, old: Id, new: Id) -> bool {
        let said = self.redirects.get(&(old, new)).map(Vec::as_slice).unwrap_or_default();
        let mut origins: Vec<&Origin> = said.iter().map(|statement| &statement.witness.origin).collect();
        origins.sort_unstable();
        origins.dedup();
        origins.len() > 1 || origins.first().is_some_and(|origin| **origin == Origin::User)
    }

    /// The pairs of ids that are said to be the same, each with whose knowledge that is.
    pub(crate) fn links(&self) -> impl Iterator<Item = (Pair, &Origin)> {
        let said = all(&self.is).map(|(pair, statement)| (pair, &statement.witness.origin));
        said.chain(self.same().map(|pair| (pair, &Origin::User)))
    }

    /// The pairs that a person called different.
    pub(crate) fn different(&self) -> impl Iterator<Item = Pair> {
        self.standing(Ruling::Different)
    }

    /// The pairs that a person called the same.
    pub(crate) fn same(&self) -> impl Iterator<Item = Pair> {
        self.standing(Ruling::Same)
    }

    /// How ids are read: which are ignored, and what each redirected one became.
    pub(crate) fn lens(&self) -> Lens {
        let ignored = self.ids.iter().filter(|(_, (_, ruling))| *ruling == Ruling::Ignore).map(|(id, _)| *id);
        let mut moved: BTreeMap<Pair, Vec<&Origin>> = BTreeMap::new();
        for (pair, statement) in all(&self.redirects) {
            moved.entry(pair).or_default().push(&statement.witness.origin);
        }
        // A person who calls two ids of one namespace the same declares one an alias of the other.
        let aliases = self.same().filter(|(one, other)| one.namespace() == other.namespace());
        for (one, other) in aliases {
            moved.entry((other, one)).or_default().push(&Origin::User);
        }
        Lens::new(ignored, moved)
    }

    fn standing(&self, ruling: Ruling) -> impl Iterator<Item = Pair> {
        self.pairs.iter().filter(move |(_, (_, said))| *said == ruling).map(|(pair, _)| *pair)
    }
}

impl Statement {
    fn provenance(&self) -> Provenance {
        Provenance {
            witness: (*self.witness).clone(),
            how: self.how,
            first_seen_s: self.first_seen_s,
            last_seen_s: self.last_seen_s,
        }
    }
}

fn ordered(one: Id, other: Id) -> Pair {
    (one.min(other), one.max(other))
}

fn of_one_kind(one: Id, other: Id) -> Result<Pair, EvidenceRejection> {
    if one.kind() != other.kind() {
        Err(EvidenceRejection::KindsDiffer)
    } else if one == other {
        Err(EvidenceRejection::SameId)
    } else {
        Ok(ordered(one, other))
    }
}

fn all(statements: &Statements) -> impl Iterator<Item = (Pair, &Statement)> {
    statements.iter().flat_map(|(pair, said)| said.iter().map(|statement| (*pair, statement)))
}

fn see(statements: &mut Statements, pair: Pair, seen: Statement) {
    let said = statements.entry(pair).or_insert_with(|| Vec::with_capacity(1));
    match said.binary_search_by(|known| (&known.witness, known.how).cmp(&(&seen.witness, seen.how))) {
        Err(at) => said.insert(at, seen),
        Ok(at) => {
            if let Some(known) = said.get_mut(at) {
                known.first_seen_s = known.first_seen_s.min(seen.first_seen_s);
                known.last_seen_s = known.last_seen_s.max(seen.last_seen_s);
            }
        }
    }
}

fn later<K: Ord>(ruled: &mut BTreeMap<K, (i64, Ruling)>, key: K, ruling: (i64, Ruling)) {
    let stands = ruled.entry(key).or_insert(ruling);
    *stands = ruling.max(*stands);
}
