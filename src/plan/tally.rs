//! Counts the pages of a read and decides whether everything arrived.

use smol_str::{SmolStr, format_smolstr};

use crate::{
    read::{CompleteRead, Read},
    seen::Seen,
};

/// The head of one page as the account sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageHead {
    /// Which of the lists that make up the read: movies, shows, each library.
    pub stream: u8,
    /// Rows on the page, before any of them was refused.
    pub rows: u64,
    /// How many rows the whole list has, as the page says.
    pub total: Option<u64>,
    /// No page follows in this stream.
    pub is_last: bool,
}

/// The pages of one read. Complete means: every stream came to its end, and its totals were told, stayed the same from
/// the first page to the last and are what arrived.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    streams: Vec<Stream>,
    broken: Option<SmolStr>,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    number: u8,
    pages: u64,
    rows: u64,
    first_total: Option<u64>,
    last_total: Option<u64>,
    is_ended: bool,
}

impl Tally {
    /// No page yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a page.
    pub fn page(&mut self, page: PageHead) {
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.number == page.stream) else {
            self.streams.push(Stream {
                number: page.stream,
                pages: 1,
                rows: page.rows,
                first_total: page.total,
                last_total: page.total,
                is_ended: page.is_last,
            });
            return;
        };
        if stream.is_ended {
            self.broken(format_smolstr!("a page arrived after the last page of list {}", page.stream));
            return;
        }
        stream.pages = stream.pages.saturating_add(1);
        stream.rows = stream.rows.saturating_add(page.rows);
        stream.last_total = page.total;
        stream.is_ended = page.is_last;
        if let (Some(first), Some(total)) = (stream.first_total, page.total)
            && first != total
        {
            let pages = stream.pages;
            self.broken(format_smolstr!(
                "page 1 said {first} items, page {pages} said {total}: it changed while it was read"
            ));
        }
    }

    /// Something went wrong: the read is partial, whatever else arrives. The first reason stays.
    pub fn broken(&mut self, reason: SmolStr) {
        self.broken.get_or_insert(reason);
    }

    /// The read with its rows.
    pub fn finish(self, rows: Vec<Seen>) -> Read {
        if let Some(reason) = self.flaw() {
            return Read::partial(rows, reason);
        }
        let arrived: u64 = self.streams.iter().map(|stream| stream.rows).sum();
        let pages: u64 = self.streams.iter().map(|stream| stream.pages).sum();
        let proof = format_smolstr!("{arrived} of {arrived} items on {pages} {}", plural(pages));
        Read::Complete(CompleteRead::new(rows, proof))
    }

    fn flaw(&self) -> Option<SmolStr> {
        if let Some(reason) = &self.broken {
            return Some(reason.clone());
        }
        if self.streams.is_empty() {
            return Some(SmolStr::new_static("no page arrived"));
        }
        self.streams.iter().find_map(Stream::flaw)
    }
}

impl Stream {
    fn flaw(&self) -> Option<SmolStr> {
        let Self { number, pages, rows, .. } = *self;
        let (Some(total), Some(_)) = (self.first_total, self.last_total) else {
            return Some(format_smolstr!("list {number} did not say how many items it has"));
        };
        if rows != total {
            return Some(format_smolstr!("page 1 said {total} items, {rows} arrived"));
        }
        if !self.is_ended {
            return Some(format_smolstr!("list {number} stopped after {pages} {}, before its end", plural(pages)));
        }
        None
    }
}

const fn plural(pages: u64) -> &'static str {
    if pages == 1 { "page" } else { "pages" }
}

#[cfg(test)]
mod tests {
    use crosswatch_model::Completeness;

    use super::*;

    fn page(stream: u8, rows: u64, total: Option<u64>, is_last: bool) -> PageHead {
        PageHead { stream, rows, total, is_last }
    }

    #[track_caller]
    fn check(pages: &[PageHead], completeness: Completeness, proof: &str) {
        let mut tally = Tally::new();
        for page in pages {
            tally.page(*page);
        }
        let report = tally.finish(Vec::new()).report();
        assert_eq!((report.completeness, report.proof.as_str()), (completeness, proof));
    }

    #[test]
    fn complete_needs_every_page_and_totals_that_add_up() {
        let complete = Completeness::Complete;
        check(&[page(0, 0, Some(0), true)], complete, "0 of 0 items on 1 page");
        check(&[page(0, 50, Some(70), false), page(0, 20, Some(70), true)], complete, "70 of 70 items on 2 pages");
        check(&[page(0, 5, Some(5), true), page(1, 7, Some(7), true)], complete, "12 of 12 items on 2 pages");
        check(
            &[page(0, 5, Some(8), false), page(0, 2, None, false), page(0, 1, Some(8), true)],
            complete,
            "8 of 8 items on 3 pages",
        );
    }

    #[test]
    fn anything_less_is_partial_and_says_why() {
        let partial = Completeness::Partial;
        check(&[], partial, "no page arrived");
        check(&[page(0, 50, Some(120), true)], partial, "page 1 said 120 items, 50 arrived");
        check(&[page(0, 50, Some(120), false)], partial, "page 1 said 120 items, 50 arrived");
        check(&[page(0, 50, Some(50), false)], partial, "list 0 stopped after 1 page, before its end");
        check(&[page(0, 50, None, true)], partial, "list 0 did not say how many items it has");
        check(
            &[page(0, 50, Some(70), false), page(0, 20, None, true)],
            partial,
            "list 0 did not say how many items it has",
        );
        check(
            &[page(0, 50, Some(70), false), page(0, 21, Some(71), true)],
            partial,
            "page 1 said 70 items, page 2 said 71: it changed while it was read",
        );
        check(
            &[page(0, 5, Some(5), true), page(0, 0, Some(5), true)],
            partial,
            "a page arrived after the last page of list 0",
        );
        check(&[page(0, 5, Some(5), true), page(1, 3, Some(7), true)], partial, "page 1 said 7 items, 3 arrived");
    }

    #[test]
    fn a_broken_read_stays_broken() {
        let mut tally = Tally::new();
        tally.broken("the body was HTML".into());
        tally.page(page(0, 5, Some(5), true));
        tally.broken("later".into());
        let report = tally.finish(Vec::new()).report();
        assert_eq!((report.completeness, report.proof.as_str()), (Completeness::Partial, "the body was HTML"));
    }
}
