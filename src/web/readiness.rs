//! Whether the service can be used, as `/readyz` tells it.

use tokio::sync::watch;

/// Where the process stands between start and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The store and the actors are being started.
    Starting,
    /// The store is open and the actors live.
    Ready,
    /// Runs are being stopped; nothing new is taken.
    Stopping,
    /// The store failed; the process is about to end.
    Failed,
}

impl Stage {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
            Self::Failed => "failed",
        }
    }
}

/// The switch between the stages. Usable from every thread; whoever watches it is told at once.
#[derive(Debug)]
pub struct Readiness {
    stages: watch::Sender<Stage>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { stages: watch::Sender::new(Stage::Starting) }
    }
}

impl Readiness {
    /// A switch that says `starting`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The stage.
    pub fn stage(&self) -> Stage {
        *self.stages.borrow()
    }

    /// Moves on. A process that is stopping or has failed never becomes ready again.
    pub fn set(&self, next: Stage) {
        self.stages.send_if_modified(|stage| {
            let may_move = match *stage {
                Stage::Starting | Stage::Ready => true,
                Stage::Stopping => next == Stage::Failed,
                Stage::Failed => false,
            };
            let moves = may_move && *stage != next;
            if moves {
                *stage = next;
            }
            moves
        });
    }

    /// A watcher of the stage.
    pub(crate) fn watch(&self) -> watch::Receiver<Stage> {
        self.stages.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_only_go_forward() {
        let readiness = Readiness::new();
        for (next, then) in [
            (Stage::Ready, Stage::Ready),
            (Stage::Stopping, Stage::Stopping),
            (Stage::Ready, Stage::Stopping),
            (Stage::Failed, Stage::Failed),
            (Stage::Stopping, Stage::Failed),
        ] {
            readiness.set(next);
            assert_eq!(readiness.stage(), then, "after {next:?}");
        }
    }
}
