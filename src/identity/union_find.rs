//! Disjoint sets over `0..len`, and the sets laid out as lists.

/// The sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnionFind {
    parents: Vec<u32>,
}

impl UnionFind {
    /// Every element alone.
    pub(crate) fn new(len: u32) -> Self {
        Self { parents: (0..len).collect() }
    }

    /// Makes one set of the sets of both elements.
    pub(crate) fn union(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(parent) = self.parents.get_mut(one.max(other) as usize) {
            *parent = one.min(other);
        }
    }

    /// The lowest element of the set.
    pub(crate) fn root(&mut self, element: u32) -> u32 {
        let mut at = element;
        loop {
            let parent = self.parent(at);
            let grandparent = self.parent(parent);
            if parent == grandparent {
                return parent;
            }
            if let Some(slot) = self.parents.get_mut(at as usize) {
                *slot = grandparent;
            }
            at = grandparent;
        }
    }

    fn parent(&self, element: u32) -> u32 {
        self.parents.get(element as usize).copied().unwrap_or(element)
    }

    /// The sets that are these groups.
    pub(crate) fn of_groups(groups: &Groups) -> Self {
        let mut sets = Self::new(u32::try_from(groups.group_of.len()).unwrap_or(u32::MAX));
        for group in 0..groups.count() {
            let members = groups.members(group);
            for (one, other) in members.iter().zip(members.iter().skip(1)) {
                sets.union(*one, *other);
            }
        }
        sets
    }

    /// The sets as numbered groups, numbered by their first element.
    pub(crate) fn groups(&mut self) -> Groups {
        let len = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        let mut group_of = Vec::with_capacity(self.parents.len());
        let mut count = 0;
        for element in 0..len {
            // A root is the smallest element of its set, so its group is numbered before it is needed.
            let root = self.root(element);
            let group = if root == element {
                count += 1;
                count - 1
            } else {
                group_of.get(root as usize).copied().unwrap_or_default()
            };
            group_of.push(group);
        }
        Groups::new(group_of, count)
    }
}

/// Elements in numbered groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct Groups {
    group_of: Vec<u32>,
    starts: Vec<u32>,
    members: Vec<u32>,
}

/// The group of an element that belongs to none.
pub(crate) const NO_GROUP: u32 = u32::MAX;

impl Groups {
    /// Lays out the groups `0..count`; an element of group [`NO_GROUP`] is in no list.
    pub(crate) fn new(group_of: Vec<u32>, count: u32) -> Self {
        let mut starts = vec![0u32; count as usize + 1];
        for group in &group_of {
            if let Some(start) = starts.get_mut((*group as usize).saturating_add(1)) {
                *start += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut next = starts.clone();
        let mut members = vec![0u32; total as usize];
        for (element, group) in (0u32..).zip(&group_of) {
            let Some(at) = next.get_mut(*group as usize).filter(|_| *group < count) else { continue };
            if let Some(member) = members.get_mut(*at as usize) {
                *member = element;
            }
            *at += 1;
        }
        Self { group_of, starts, members }
    }

    /// How many groups.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.starts.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// The group of an element.
    pub(crate) fn group_of(&self, element: u32) -> u32 {
        self.group_of.get(element as usize).copied().unwrap_or(NO_GROUP)
    }

    /// The elements of a group, in order.
    pub(crate) fn members(&self, group: u32) -> &[u32] {
        let at = group as usize;
        match (self.starts.get(at), self.starts.get(at.saturating_add(1))) {
            (Some(start), Some(end)) => self.members.get(*start as usize..*end as usize).unwrap_or_default(),
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_list_their_members() {
        let mut sets = UnionFind::new(6);
        sets.union(5, 1);
        sets.union(1, 3);
        sets.union(4, 2);
        let groups = sets.groups();
        assert_eq!(groups.count(), 3);
        assert_eq!((groups.members(0), groups.members(1), groups.members(2)), (&[0][..], &[1, 3, 5][..], &[2, 4][..]));
        assert_eq!(groups.group_of(5), 1);
        assert_eq!((groups.group_of(9), groups.members(9)), (NO_GROUP, &[][..]));
    }

    #[test]
    fn elements_without_a_group_are_in_no_list() {
        let groups = Groups::new(vec![1, NO_GROUP, 0, 1], 2);
        assert_eq!((groups.members(0), groups.members(1)), (&[2][..], &[0, 3][..]));
    }
}
