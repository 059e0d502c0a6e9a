//! What is known about ids beside the records of one run: lookups, tables, redirects, and what the user said.
//!
//! The evidence is a log of statements in no particular order: [`Evidence::add`] in any order, in one go or over months,
//! gives an equal value, and everything else ([`crate::join`]) is derived from it anew. A statement that was seen twice is
//! one statement with a longer span of time; of two verdicts about one thing the later holds.
//! Records of a run need no entries here: the items of a [`crate::Catalog`] say themselves which ids stand together.
//! Deliberately absent: storage, and any opinion on what follows.

use std::collections::BTreeMap;

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
/// First and last second.
type Span = (i64, i64);

/// The log, in its shortest form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    is: BTreeMap<(Pair, Witness, How), Span>,
    redirects: BTreeMap<(Pair, Witness, How), Span>,
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
                see(&mut self.is, pair, provenance);
            }
            Entry::Redirect(old, new, provenance) => {
                of_one_kind(old, new)?;
                if old.namespace() != new.namespace() {
                    return Err(EvidenceRejection::NamespacesDiffer);
                }
                see(&mut self.redirects, (old, new), provenance);
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

    /// Forgets what was read from a source: an account that is gone, a table that was replaced.
    pub fn forget(&mut self, source: &Source) {
        self.is.retain(|(_, witness, _), _| witness.source != *source);
        self.redirects.retain(|(_, witness, _), _| witness.source != *source);
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
        let is = self.is.iter().map(|(key, span)| Entry::Is(key.0.0, key.0.1, provenance(key, *span)));
        let redirects =
            self.redirects.iter().map(|(key, span)| Entry::Redirect(key.0.0, key.0.1, provenance(key, *span)));
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
        let mut found: Vec<Provenance> =
            self.is.iter().filter(|(key, _)| key.0 == pair).map(|(key, span)| provenance(key, *span)).collect();
        if let Some((at_s, Ruling::Same)) = self.pairs.get(&pair) {
            let witness = Witness { source: Source::User, origin: Origin::User };
            found.push(Provenance { witness, how: How::Manual, first_seen_s: *at_s, last_seen_s: *at_s });
        }
        found
    }

    /// Whether a second origin confirms that `old` became `new`: only then a redirect of one account is believed.
    pub fn confirms_redirect(&self, old: Id, new: Id) -> bool {
        let mut origins: Vec<&Origin> =
            self.redirects.keys().filter(|key| key.0 == (old, new)).map(|(_, witness, _)| &witness.origin).collect();
        origins.sort_unstable();
        origins.dedup();
        origins.len() > 1 || origins.first().is_some_and(|origin| **origin == Origin::User)
    }

    /// The pairs of ids that are said to be the same, each with whose knowledge that is.
    pub(crate) fn links(&self) -> impl Iterator<Item = (Pair, &Origin)> {
        let said = self.is.keys().map(|(pair, witness, _)| (*pair, &witness.origin));
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
        for (pair, witness, _) in self.redirects.keys() {
            moved.entry(*pair).or_default().push(&witness.origin);
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

fn see(seen: &mut BTreeMap<(Pair, Witness, How), Span>, pair: Pair, provenance: Provenance) {
    let Provenance { witness, how, first_seen_s, last_seen_s } = provenance;
    let span = seen.entry((pair, witness, how)).or_insert((first_seen_s, last_seen_s));
    *span = (span.0.min(first_seen_s), span.1.max(last_seen_s));
}

fn later<K: Ord>(ruled: &mut BTreeMap<K, (i64, Ruling)>, key: K, ruling: (i64, Ruling)) {
    let stands = ruled.entry(key).or_insert(ruling);
    *stands = ruling.max(*stands);
}

fn provenance((_, witness, how): &(Pair, Witness, How), (first_seen_s, last_seen_s): Span) -> Provenance {
    Provenance { witness: witness.clone(), how: *how, first_seen_s, last_seen_s }
}
