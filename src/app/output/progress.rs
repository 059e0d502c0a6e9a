//! Progress on standard error: a moving line for a person, nothing for a pipe.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::table::harmless;

const STEADY: &str = "{spinner} {prefix}  {wide_msg}";
const COUNTED: &str = "{spinner} {prefix}  {bar:16} {pos}/{len}  {wide_msg}";

/// The progress of one piece of work. It wipes itself out when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Progress under a name, shown where standard error is a terminal.
    pub(crate) fn new(name: &str) -> Self {
        // indicatif's own target hides itself when standard error is not a terminal.
        Self::on(name, ProgressDrawTarget::stderr_with_hz(10))
    }

    fn on(name: &str, target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style(STEADY));
        bar.set_prefix(harmless(name));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    /// What is being done, with finished and all steps where they are known.
    pub(crate) fn show(&self, sentence: &str, done: u64, total: Option<u64>) {
        match total {
            Some(total) if total > 0 => {
                self.bar.set_style(style(COUNTED));
                self.bar.set_length(total);
                self.bar.set_position(done.min(total));
            }
            _ => self.bar.set_style(style(STEADY)),
        }
        self.bar.set_message(harmless(sentence));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_shown_only_where_they_are_known() {
        let progress = Progress::on("home-to-ledger", ProgressDrawTarget::hidden());
        progress.show("Reads history.", 0, None);
        assert_eq!((progress.bar.position(), progress.bar.length()), (0, None));
        progress.show("Writes\u{1b}[2J.", 7, Some(5));
        assert_eq!((progress.bar.position(), progress.bar.length()), (5, Some(5)));
        assert_eq!(progress.bar.message(), "Writes [2J.");
    }

    #[test]
    fn both_templates_are_valid() {
        for template in [STEADY, COUNTED] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
