//! What this version can carry out of all that the configuration can say.
//!
//! Asking for something that would silently not happen, or happen differently, is an error.

use crosswatch_settings::{Acknowledgement, Conflict, Mode, Settings};

use crate::exit::{Exit, Failure};

/// Refuses settings that this version would carry out differently from what they say. One line per problem.
pub(crate) fn require_supported(settings: &Settings) -> Result<(), Failure> {
    let mut problems = Vec::new();
    for pair in &settings.pairs {
        if pair.mode == Mode::TwoWay && !pair.policy.acknowledges(Acknowledgement::TwoWay) {
            problems.push(format!(
                "pair[{}].mode: two-way lets a mistake on either side reach the other; start with \"one-way\", look at \
                 its runs, and accept the risk with acknowledge = [\"two-way\"] in [pair.policy]",
                pair.id
            ));
        }
        if pair.mode == Mode::OneWay && pair.policy.conflict != Conflict::Source {
            problems
                .push(format!("pair[{}].policy.conflict: in one-way mode the source wins; write \"source\"", pair.id));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::new(Exit::BadConfig, problems.join("\n"))) }
}

#[cfg(test)]
mod tests {
    use crate::wiring::tests_support::settings;

    use super::*;

    const ACCOUNTS: &str = "[[provider]]\nid = \"home\"\nkind = \"jellyfin\"\nurl = \"http://jellyfin:8096\"\nuser = \"anna\"\ntoken = \"t\"\n\
        [[provider]]\nid = \"ledger\"\nkind = \"tracker\"\n";
    const PAIR: &str = "[[pair]]\nid = \"p\"\nsource = \"home\"\ntarget = \"ledger\"\n";

    fn check(rest: &str, refused: &[&str]) {
        let problems = match require_supported(&settings(&format!("{ACCOUNTS}{rest}"))) {
            Ok(()) => String::new(),
            Err(failure) => {
                assert_eq!(failure.exit, Exit::BadConfig);
                failure.message
            }
        };
        assert_eq!(problems.lines().count(), refused.len(), "{problems}");
        for (problem, field) in problems.lines().zip(refused) {
            assert!(problem.starts_with(field), "{problem}");
        }
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused() {
        check(PAIR, &[]);
        check(&format!("{PAIR}[pair.watchlist]\n"), &[]);
        check(
            "[[provider]]
id = \"e\"
kind = \"emby\"
url = \"http://e\"
user = \"a\"
token = \"t\"
\
             watchlist = { playlist = \"Later\" }
",
            &[],
        );
        check(&format!("{PAIR}mode = \"two-way\"\n[pair.policy]\nconflict = \"newest\"\n"), &["pair[p].mode"]);
        check(
            &format!("{PAIR}mode = \"two-way\"\n[pair.policy]\nconflict = \"newest\"\nacknowledge = [\"two-way\"]\n"),
            &[],
        );
        check(&format!("{PAIR}[pair.policy]\nconflict = \"newest\"\n"), &["pair[p].policy.conflict"]);
    }
}
