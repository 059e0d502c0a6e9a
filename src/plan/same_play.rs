//! Which play on one side is which play on the other.
//!
//! Stamps of one viewing may differ a little, so they are never put into buckets: sorted stamps are swept once, one to
//! one, and as many as possible are paired. That costs no more than the sorting, also for 50 000 plays of one item.
//! Deliberately absent: lengths of items; start and stop stamps of one viewing are united afterwards.

use crosswatch_model::same_instant_tolerance_s;

/// Stretch of time that a play is known to lie in, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Span {
    pub(crate) const fn instant(second: i64) -> Self {
        Self { start: second, end: second }
    }
}

/// How far a point may lie outside a span.
pub(crate) const TOLERANCE_S: i64 = same_instant_tolerance_s();

/// Pairs sorted spans with sorted points, one to one. `pair` gets the positions of each pair.
///
/// Every span takes the earliest point that is left; because both are sorted, no other choice pairs more of them.
pub(crate) fn sweep(spans: &[Span], points: &[i64], tolerance_s: i64, mut pair: impl FnMut(usize, usize)) {
    let mut points = points.iter().enumerate().peekable();
    for (at, span) in spans.iter().enumerate() {
        while points.next_if(|(_, point)| **point < span.start.saturating_sub(tolerance_s)).is_some() {}
        if let Some((point, _)) = points.next_if(|(_, point)| **point <= span.end.saturating_add(tolerance_s)) {
            pair(at, point);
        }
    }
}

/// Joins sorted instants of one side that are one viewing: each starts at most the tolerance after the one before.
pub(crate) fn chain(instants: &[i64], mut viewing: impl FnMut(usize, Span)) {
    let mut open: Option<(usize, Span)> = None;
    for (at, instant) in instants.iter().enumerate() {
        match &mut open {
            Some((_, span)) if *instant - span.end <= TOLERANCE_S => span.end = *instant,
            _ => {
                if let Some((first, span)) = open.replace((at, Span::instant(*instant))) {
                    viewing(first, span);
                }
            }
        }
    }
    if let Some((first, span)) = open {
        viewing(first, span);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(spans: &[Span], points: &[i64], tolerance_s: i64) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        sweep(spans, points, tolerance_s, |span, point| pairs.push((span, point)));
        pairs
    }

    fn instants(seconds: &[i64]) -> Vec<Span> {
        seconds.iter().copied().map(Span::instant).collect()
    }

    #[test]
    fn two_minutes_apart_is_the_same_and_more_is_not() {
        for (one, other, same) in
            [(0, 0, true), (0, 120, true), (120, 0, true), (0, 121, false), (43_259, 43_260, true)]
        {
            assert_eq!(!pairs(&instants(&[one]), &[other], TOLERANCE_S).is_empty(), same, "{one} {other}");
        }
    }

    #[test]
    fn pairs_one_to_one() {
        assert_eq!(pairs(&instants(&[0, 200]), &[110], TOLERANCE_S), [(0, 0)]);
        assert_eq!(pairs(&instants(&[0, 200]), &[110, 310], TOLERANCE_S), [(0, 0), (1, 1)]);
        assert_eq!(pairs(&instants(&[100]), &[0, 100], 0), [(0, 1)]);
    }

    #[test]
    fn stamps_of_one_viewing_chain() {
        let mut viewings = Vec::new();
        chain(&[0, 100, 200, 321, 1_000], |first, span| viewings.push((first, span.start, span.end)));
        assert_eq!(viewings, [(0, 0, 200), (3, 321, 321), (4, 1_000, 1_000)]);
    }

    /// The most pairs there can be, found the slow way.
    fn most_pairs(spans: &[Span], points: &[i64]) -> usize {
        fn grow(span: usize, spans: &[Span], points: &[i64], seen: &mut [bool], taken: &mut [Option<usize>]) -> bool {
            for point in 0..points.len() {
                let fits =
                    points[point] >= spans[span].start - TOLERANCE_S && points[point] <= spans[span].end + TOLERANCE_S;
                if fits && !seen[point] {
                    seen[point] = true;
                    if taken[point].is_none_or(|other| grow(other, spans, points, seen, taken)) {
                        taken[point] = Some(span);
                        return true;
                    }
                }
            }
            false
        }
        let mut taken = vec![None; points.len()];
        (0..spans.len()).filter(|span| grow(*span, spans, points, &mut vec![false; points.len()], &mut taken)).count()
    }

    proptest! {
        #[test]
        fn nothing_pairs_more(mut stamps in proptest::collection::vec(0i64..2_000, 0..14), mut points in proptest::collection::vec(0i64..2_000, 0..14)) {
            stamps.sort_unstable();
            points.sort_unstable();
            let mut spans = Vec::new();
            chain(&stamps, |_, span| spans.push(span));
            prop_assert_eq!(pairs(&spans, &points, TOLERANCE_S).len(), most_pairs(&spans, &points));
        }

        #[test]
        fn what_was_added_pairs_completely(mut stamps in proptest::collection::vec(0i64..3_000, 0..20), mut points in proptest::collection::vec(0i64..3_000, 0..20)) {
            stamps.sort_unstable();
            points.sort_unstable();
            let mut spans = Vec::new();
            chain(&stamps, |_, span| spans.push(span));
            let paired: Vec<usize> = pairs(&spans, &points, TOLERANCE_S).into_iter().map(|(span, _)| span).collect();
            for (at, span) in spans.iter().enumerate() {
                if !paired.contains(&at) {
                    points.push(span.start);
                }
            }
            points.sort_unstable();
            prop_assert_eq!(pairs(&spans, &points, TOLERANCE_S).len(), spans.len());
        }
    }
}
