//! The known word that somebody most likely meant.

/// The nearest of the known words, where one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let far = (word.chars().count() / 3).clamp(1, 3);
    let ranked = known.into_iter().map(|candidate| (distance(&word, candidate), candidate));
    ranked
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words. `-` and `_` are the same.
fn distance(one: &str, other: &str) -> usize {
    let plain = |text: &str| text.chars().map(|letter| if letter == '-' { '_' } else { letter }).collect::<Vec<_>>();
    let (one, other) = (plain(one), plain(other));
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, candidate) in other.iter().enumerate() {
            let cell = |cells: &[usize], at: usize| cells.get(at).copied().unwrap_or(usize::MAX - 1);
            let replaced = cell(&last, column) + usize::from(letter != candidate);
            let mut best = replaced.min(cell(&last, column + 1) + 1).min(cell(&current, column) + 1);
            let swapped =
                row > 0 && column > 0 && one.get(row - 1) == Some(candidate) && other.get(column - 1) == Some(letter);
            if swapped {
                best = best.min(cell(&before_last, column - 1) + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let known = ["schedule", "source", "target", "remove", "add", "mode"];
        for (word, expected) in [
            ("shedule", Some("schedule")),
            ("scheduel", Some("schedule")),
            ("Remove", Some("remove")),
            ("removes", Some("remove")),
            ("ad", Some("add")),
            ("targets", Some("target")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
