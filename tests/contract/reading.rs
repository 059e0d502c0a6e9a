//! Reading as the house does: page after page into a tally, and the tally alone says what is complete.

use crosswatch_identity::Catalog;
use crosswatch_model::{Completeness, Feature, ReadReport};
use crosswatch_plan::{Limit, PageHead, Read, Seen, Tally, judge};
use crosswatch_port::{Cursor, Fault, Page, Provider, ReadScope, Row};

use crate::catalogue::{Facts, told};

/// How a read ended.
pub(crate) struct Ended {
    read: Read,
    /// Rows that arrived.
    pub(crate) rows: Vec<Row>,
    /// Rows that could not be understood.
    pub(crate) unusable: u64,
    /// What stopped it.
    pub(crate) fault: Option<Fault>,
}

impl Ended {
    /// How much it can be trusted.
    pub(crate) fn report(&self) -> ReadReport {
        self.read.report()
    }

    /// Whether it proves what is absent.
    pub(crate) fn is_complete(&self) -> bool {
        self.read.completeness() == Completeness::Complete
    }

    /// The same after the comparison with an earlier complete read of so many rows.
    pub(crate) fn is_believed_after(&self, rows_before: usize) -> bool {
        let limit = Limit { percent: 10, at_least: 5 };
        judge(self.read.clone(), Some(rows_before as u64), limit).completeness() == Completeness::Complete
    }

    /// What it tells, as text.
    pub(crate) fn facts(&self) -> Facts {
        let mut facts: Facts = self.rows.iter().map(|row| told(&row.item, &row.fact)).collect();
        facts.sort();
        facts
    }
}

/// A read that may be interrupted between its pages.
pub(crate) struct Reading<'a> {
    adapter: &'a dyn Provider,
    feature: Feature,
    tally: Tally,
    catalog: Catalog,
    rows: Vec<Row>,
    seen: Vec<Seen>,
    unusable: u64,
    cursor: Option<Cursor>,
}

impl<'a> Reading<'a> {
    /// Nothing read yet.
    pub(crate) fn of(adapter: &'a dyn Provider, feature: Feature) -> Self {
        Self {
            adapter,
            feature,
            tally: Tally::new(),
            catalog: Catalog::new(),
            rows: Vec::new(),
            seen: Vec::new(),
            unusable: 0,
            cursor: None,
        }
    }

    /// Reads one page. False when it was the last one.
    pub(crate) async fn page(&mut self) -> Result<bool, Fault> {
        let page: Page = self.adapter.read_page(self.feature, ReadScope::Everything, self.cursor.take()).await?;
        self.tally.page(PageHead {
            stream: page.stream,
            rows: page.received,
            total: page.total,
            is_last: page.ends_stream,
        });
        self.unusable += page.unusable;
        for row in page.rows {
            let item = self.catalog.push(&row.item).unwrap();
            self.seen.push(Seen::new(item, &row.fact, row.native));
            self.rows.push(row);
        }
        self.cursor = page.next;
        Ok(self.cursor.is_some())
    }

    /// Reads to the end.
    pub(crate) async fn finish(mut self) -> Ended {
        let fault = loop {
            match self.page().await {
                Ok(true) => {}
                Ok(false) => break None,
                Err(fault) => break Some(fault),
            }
        };
        if let Some(fault) = &fault {
            self.tally.broken(fault.to_string().into());
        }
        let read = self.tally.finish(self.seen);
        Ended { read, rows: self.rows, unusable: self.unusable, fault }
    }
}

/// Reads all of a feature.
pub(crate) async fn read_all(adapter: &dyn Provider, feature: Feature) -> Ended {
    Reading::of(adapter, feature).finish().await
}
