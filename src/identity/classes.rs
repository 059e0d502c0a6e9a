//! From items to classes of items that are the same thing.
//!
//! Two steps, both independent of the order of the input:
//! 1. Elements that share an id are one class; what contradicts itself is split into disputed cores ([`crate::by_id`]).
//! 2. Seasons and episodes that stand at the same place of the same show join, unless their ids say otherwise: then
//!    every class that meets there is disputed. Numbers below a disputed show prove nothing. Where a table translates a
//!    place to exactly one other, what stands at both meets too.

use crosswatch_model::{Id, Kind, Reason};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    atlas::Atlas,
    by_id::{ById, clash, stands_everywhere},
    catalog::fx,
    charts::Charts,
    elements::Elements,
    slots::Slots,
    union_find::{Groups, UnionFind},
};

/// The classes, and what is wrong with them.
pub(crate) struct Classes {
    /// The groups of elements.
    pub(crate) groups: Groups,
    /// Per group, why it is disputed.
    pub(crate) disputes: Vec<Dispute>,
    /// The items that stand where a translated place met something.
    pub(crate) translated: FxHashSet<u32>,
}

/// Why a class is disputed, the stronger reason last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Dispute {
    #[default]
    None,
    Coordinates,
    Ids,
}

impl Dispute {
    pub(crate) const fn reason(self) -> Option<Reason> {
        match self {
            Self::None => None,
            Self::Coordinates => Some(Reason::CoordinatesContradict),
            Self::Ids => Some(Reason::IdsContradict),
        }
    }
}

impl Classes {
    pub(crate) fn of(elements: Elements<'_>, mut found: ById, atlas: &Atlas) -> Self {
        let mut sets = std::mem::take(&mut found.sets);
        let Meetings { pairs, translated } = meetings(elements, &found, atlas);
        let met = join_places(elements, &found, &pairs, &mut sets);
        let groups = sets.groups();
        let disputes = disputes_of_groups(elements, &groups, &found.groups, &met);
        Self { groups, disputes, translated }
    }

    pub(crate) fn dispute(&self, group: u32) -> Dispute {
        self.disputes.get(group as usize).copied().unwrap_or_default()
    }
}

/// Two elements of different classes at one place; the first element seen at a place stands for the place.
type Meeting = (u32, u32);

/// Joins what meets at one place. Answers the disputes of `by_id` with the verdicts of all meetings added.
///
/// Meetings are judged by what was found by ids alone, so their order does not matter.
fn join_places(elements: Elements<'_>, by_id: &ById, meetings: &[Meeting], sets: &mut UnionFind) -> Vec<Dispute> {
    let (groups, found) = (&by_id.groups, &by_id.disputes);
    let mut disputes = found.clone();
    let mut ids_of_group: FxHashMap<u32, Vec<Id>> = FxHashMap::default();
    for meeting in meetings.chunk_by(|one, other| one.0 == other.0) {
        let Some((first, _)) = meeting.first() else { continue };
        let mut met: Vec<u32> = vec![*first];
        met.extend(meeting.iter().map(|(_, other)| *other));
        let verdict = judge_meeting(elements, groups, found, &met, &mut ids_of_group);
        if verdict != Dispute::None {
            for element in &met {
                if let Some(dispute) = disputes.get_mut(groups.group_of(*element) as usize) {
                    *dispute = verdict.max(*dispute);
                }
            }
            met.retain(|element| !elements.has_ids(*element));
        }
        for (one, other) in met.iter().zip(met.iter().skip(1)) {
            sets.union(*one, *other);
        }
    }
    disputes
}

/// What meets where.
struct Meetings {
    /// In order, without repetition.
    pairs: Vec<Meeting>,
    translated: FxHashSet<u32>,
}

fn meetings(elements: Elements<'_>, by_id: &ById, atlas: &Atlas) -> Meetings {
    let spot_of = |item: u32| elements.place(item, |show| by_id.show_group(show));
    let group_of = |item: u32| by_id.groups.group_of(item);
    let mut first_at = Slots::with_room(elements.items() as usize);
    let mut pairs = Vec::new();
    for item in 0..elements.items() {
        let Some(spot) = spot_of(item) else { continue };
        let is_there = |other| spot_of(other) == Some(spot) && elements.kind(other) == elements.kind(item);
        match first_at.find(fx(&spot), is_there) {
            None => first_at.insert(fx(&spot), item),
            Some(first) if group_of(first) != group_of(item) => pairs.push((first, item)),
            Some(_) => {}
        }
    }
    let mut spots = FxHashSet::default();
    if !atlas.is_empty() {
        let charts = Charts::of(elements, by_id, atlas);
        for item in 0..elements.items() {
            for spot in charts.elsewhere(item) {
                let is_there = |other| spot_of(other) == Some(spot) && elements.kind(other) == Kind::Episode;
                let Some(first) = first_at.find(fx(&spot), is_there) else { continue };
                spots.extend([Some(spot), spot_of(item)]);
                if group_of(first) != group_of(item) {
                    pairs.push((first, item));
                }
            }
        }
    }
    // Everything that stands at such a spot, whichever item was the first there.
    let translated = match spots.len() {
        0 => FxHashSet::default(),
        _ => (0..elements.items()).filter(|item| spots.contains(&spot_of(*item))).collect(),
    };
    pairs.sort_unstable();
    pairs.dedup();
    Meetings { pairs, translated }
}

/// What follows for the classes that meet at one place.
fn judge_meeting(
    elements: Elements<'_>,
    by_id: &Groups,
    found: &[Dispute],
    met: &[u32],
    ids_of_group: &mut FxHashMap<u32, Vec<Id>>,
) -> Dispute {
    let dispute_of = |element: u32| found.get(by_id.group_of(element) as usize).copied().unwrap_or_default();
    let mut shows = met.iter().filter_map(|element| elements.show_of(*element));
    if shows.any(|show| dispute_of(show) != Dispute::None) {
        return Dispute::Ids;
    }
    let known = met.iter().map(|element| dispute_of(*element)).max().unwrap_or_default();
    if known != Dispute::None {
        return known;
    }
    let mut groups: Vec<u32> =
        met.iter().filter(|element| elements.has_ids(**element)).map(|element| by_id.group_of(*element)).collect();
    groups.sort_unstable();
    groups.dedup();
    if groups.len() < 2 {
        return Dispute::None;
    }
    for group in &groups {
        ids_of_group.entry(*group).or_insert_with(|| {
            let mut ids: Vec<Id> = by_id.members(*group).iter().flat_map(|member| elements.ids(*member)).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        });
    }
    let ids = groups.iter().filter_map(|group| ids_of_group.get(group)).flatten().copied();
    if clash(ids) { Dispute::Coordinates } else { Dispute::None }
}

fn disputes_of_groups(elements: Elements<'_>, groups: &Groups, by_id: &Groups, found: &[Dispute]) -> Vec<Dispute> {
    let dispute_of = |element: u32| found.get(by_id.group_of(element) as usize).copied().unwrap_or_default();
    let below_disputed_show = |element: u32| {
        element < elements.items()
            && !elements.has_ids(element)
            && elements.show_of(element).is_some_and(|show| dispute_of(show) != Dispute::None)
    };
    let judge = |group: u32| {
        let members = groups.members(group);
        let told = members.iter().map(|member| dispute_of(*member)).max().unwrap_or_default();
        if members.iter().any(|member| below_disputed_show(*member)) {
            return Dispute::Ids;
        }
        let was_joined = members.iter().any(|member| by_id.members(by_id.group_of(*member)).len() != members.len());
        let clashes = was_joined
            && (clash(members.iter().flat_map(|member| elements.ids(*member))) || stands_everywhere(elements, members));
        if clashes { told.max(Dispute::Coordinates) } else { told }
    };
    (0..groups.count()).map(judge).collect()
}
