//! Pure planner: typed reads, three-way diff, guards, plans with a reason for every item.
