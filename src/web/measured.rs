//! What the kept runs of a pair show when they are looked at together.
//!
//! Nothing here is kept: it is measured when somebody asks, from runs and their lines, with a limit on how many are read.

pub(crate) mod readiness;
pub(crate) mod shadow;

use crosswatch_model::{PlanItem, RunId};
use crosswatch_port::{Ledger, StorageFailure};

/// Lines of one run that are looked at.
const LINES_MAX: usize = 20_000;

/// Visits the first lines of a run. Answers whether there were more.
fn visit_lines(ledger: &dyn Ledger, run: RunId, visit: &mut dyn FnMut(PlanItem)) -> Result<bool, StorageFailure> {
    let mut seen = 0;
    ledger.visit_lines(run, 0, &mut |record| {
        seen += 1;
        if seen <= LINES_MAX {
            visit(record.line);
        }
        seen <= LINES_MAX
    })?;
    Ok(seen > LINES_MAX)
}
