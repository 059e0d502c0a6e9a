//! A plan in one sentence.

use crosswatch_model::Counts;

/// `128 to add, 3 to update, nothing removed; 2 wait for you.` Give it the counts of all features of a plan.
pub fn sentence<'a>(counts: impl IntoIterator<Item = &'a Counts>) -> String {
    let mut sum = Counts::default();
    for counts in counts {
        sum.adds += counts.adds;
        sum.removes += counts.removes;
        sum.updates += counts.updates;
        sum.held += counts.held;
        sum.conflicts += counts.conflicts;
    }
    let mut parts = Vec::new();
    if sum.adds > 0 {
        parts.push(format!("{} to add", sum.adds));
    }
    if sum.updates > 0 {
        parts.push(format!("{} to update", sum.updates));
    }
    if sum.removes > 0 {
        parts.push(format!("{} to remove", sum.removes));
    } else if sum.writes() > 0 {
        parts.push("nothing removed".to_owned());
    }
    let doing = if parts.is_empty() { "Nothing to do".to_owned() } else { parts.join(", ") };
    let waiting = match sum.held {
        0 => String::new(),
        1 => "; 1 waits for you".to_owned(),
        held => format!("; {held} wait for you"),
    };
    let contradicting = match sum.conflicts {
        0 => String::new(),
        1 => "; 1 item contradicts itself".to_owned(),
        conflicts => format!("; {conflicts} items contradict themselves"),
    };
    format!("{doing}{waiting}{contradicting}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_a_sentence() {
        let counts = |adds, updates, removes, held, conflicts| Counts {
            adds,
            updates,
            removes,
            held,
            conflicts,
            ..Counts::default()
        };
        for (counts, text) in [
            (counts(0, 0, 0, 0, 0), "Nothing to do."),
            (counts(128, 3, 0, 2, 0), "128 to add, 3 to update, nothing removed; 2 wait for you."),
            (counts(0, 0, 4, 0, 1), "4 to remove; 1 item contradicts itself."),
            (counts(0, 0, 0, 1, 2), "Nothing to do; 1 waits for you; 2 items contradict themselves."),
        ] {
            assert_eq!(sentence([&counts]), text);
        }
        assert_eq!(sentence([&counts(1, 0, 0, 0, 0), &counts(1, 0, 1, 0, 0)]), "2 to add, 1 to remove.");
    }
}
