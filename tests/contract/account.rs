//! An account under test: an adapter, and a witness that knows what the account really holds.

use std::rc::Rc;

use crosswatch_emulator::{FaultKind, Faults, LibraryItem, RequestLog};
use crosswatch_model::Feature;
use crosswatch_port::Provider;

use crate::catalogue::{Contents, Facts, Titles};

/// A kind of account, and how to get one.
pub(crate) struct Kind {
    /// For the report.
    pub(crate) name: &'static str,
    /// Rows on a full page of history.
    pub(crate) page_rows: usize,
    /// Starts an account that holds this.
    pub(crate) start: fn(Contents) -> Box<dyn Account>,
}

/// One account of a service.
pub(crate) trait Account {
    /// A new adapter for it, as after a restart: what the vault holds stays.
    fn open(&self) -> Rc<dyn Provider>;

    /// What the account really holds of a feature.
    fn truth(&self, feature: Feature) -> Facts;

    /// The titles of the library with their entities.
    fn items(&self) -> &Titles;

    /// The wire, where the account is behind one.
    fn wire(&self) -> Option<Wire>;

    /// Every secret that the adapter was given.
    fn secrets(&self) -> Vec<String>;

    /// Ends the credentials. Whether the adapter has the means to renew them.
    fn end_credentials(&self) -> bool;

    /// A page of history with everything odd that such a service may send, and what must be understood of it.
    fn odd_page(&self) -> Option<OddPage>;

    /// Whether a fact of the feature about a title is one that the account takes, where it holds none of it yet.
    fn takes(&self, feature: Feature, place: LibraryItem) -> bool {
        match feature {
            Feature::Watchlist => matches!(place, LibraryItem::Movie(_) | LibraryItem::Show(_)),
            _ => matches!(place, LibraryItem::Movie(_) | LibraryItem::Episode { .. }),
        }
    }

    /// Makes every further call of the store fail, for an account that lives in it, until [`Account::mend`].
    fn break_store(&self) {}

    /// Ends that.
    fn mend(&self) {}

    /// The person enters a code that signs in, where the service has such codes.
    fn approve_code(&self, _code: &str) {}

    /// Lets the time of the service pass by an hour.
    fn let_time_pass(&self) {}
}

/// The wire between an adapter and an emulated service.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) faults: Faults,
    pub(crate) log: RequestLog,
    /// Path of the requests that sign in or renew tokens.
    pub(crate) sign_in_path: &'static str,
}

impl Wire {
    /// Requests that may have changed what the account holds.
    pub(crate) fn writes(&self) -> usize {
        let writes = self.log.writes();
        writes.iter().filter(|request| !request.path_and_query.starts_with(self.sign_in_path)).count()
    }

    /// Requests that signed in or renewed tokens.
    pub(crate) fn sign_ins(&self) -> usize {
        self.log.count("POST", self.sign_in_path)
    }
}

/// A page with odd rows.
pub(crate) struct OddPage {
    /// Which requests get it.
    pub(crate) path_part: &'static str,
    /// The page.
    pub(crate) answer: FaultKind,
    /// What must be understood of it.
    pub(crate) facts: Facts,
    /// Rows of it that cannot be understood.
    pub(crate) unusable: u64,
}

/// What can go wrong with one request, by name.
pub(crate) fn every_fault() -> Vec<(&'static str, FaultKind)> {
    vec![
        ("500", FaultKind::status(500)),
        ("502", FaultKind::status(502)),
        ("503", FaultKind::status(503)),
        ("429", FaultKind::retry_after(7)),
        ("401", FaultKind::status(401)),
        ("403", FaultKind::status(403)),
        ("404", FaultKind::status(404)),
        ("423", FaultKind::status(423)),
        ("302", FaultKind::status(302)),
        ("204", FaultKind::status(204)),
        ("delay", FaultKind::DelayMs(5)),
        ("drop before", FaultKind::DropBefore),
        ("drop after", FaultKind::DropAfter),
        ("truncated JSON", FaultKind::TruncatedJson),
        ("HTML with 200", FaultKind::HtmlOk),
        ("empty list", FaultKind::EmptyList),
        ("null", FaultKind::NullBody),
        ("first page only", FaultKind::FirstPageOnly),
        ("wrong totals", FaultKind::WrongTotals),
        ("missing totals", FaultKind::MissingTotals),
    ]
}
