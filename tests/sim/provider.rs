//! A fake account behind the port: what one process life can see of the truth, through bad weather.
//!
//! Pages go on after the last row of the page before, so what stays where it is through a read is always in it.

use std::{
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use crosswatch_actors::AccountPorts;
use crosswatch_model::{Capabilities, Fact, Feature, FeatureSet, NativeRef, ProviderId};
use crosswatch_port::{
    Budget, CellNow, CellQuery, Clock, Cursor, Fault, Ledger, LocalFuture, Page, Probe, Provider, ReadScope,
    RequestKind, Row, Stamp, Stamps, Verdict, Write, WriteOutcome, WriteReport, fake::MemoryLedger,
};
use smol_str::format_smolstr;

use crate::{
    faults::ReadFlaw,
    life::LifeSwitch,
    parcel::verdict_of,
    titles::{Title, describe, recognise},
    world::{OpenRead, World},
};

/// The way into the world from one life.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) life: Arc<LifeSwitch>,
}

impl Door {
    /// Enters the world in the present. Nobody may wait for anything while inside.
    pub(crate) fn enter(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap();
        world.now = world.now.max(self.clock.now());
        world.apply_due();
        world
    }
}

/// An account as one life sees it.
pub(crate) struct SimAccount {
    id: ProviderId,
    door: Door,
    budget: Rc<dyn Budget>,
}

impl SimAccount {
    pub(crate) fn new(id: ProviderId, door: Door, ports: &AccountPorts) -> Self {
        Self { id, door, budget: Rc::clone(&ports.budget) }
    }

    /// A dead process hears nothing.
    async fn alive(&self) {
        if !self.door.life.survives_call() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for a place in the budget, then for the request to arrive.
    async fn ask(&self, kind: RequestKind) -> Result<(), Fault> {
        self.alive().await;
        self.budget.take(kind).await?;
        self.alive().await;
        self.door.enter().account_mut(&self.id).requests += 1;
        Ok(())
    }

    async fn wait(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
        self.alive().await;
    }

    /// A small question: it is answered, or it fails and changes nothing.
    async fn question<T>(&self, what: &str, answer: impl FnOnce(&mut World) -> T) -> Result<T, Fault> {
        self.ask(RequestKind::Read).await?;
        let transit = {
            let world = self.door.enter();
            world.weather.transit(&world.dice)
        };
        self.wait(transit).await;
        let mut world = self.door.enter();
        if let Some(fault) = world.weather.question(&world.dice) {
            world.say(&format!("{}: {what} fails: {fault}", self.id));
            drop(world);
            self.budget.report(verdict_of(&fault));
            return Err(fault);
        }
        let answer = answer(&mut world);
        drop(world);
        self.budget.report(Verdict::Answered);
        Ok(answer)
    }

    async fn read(&self, feature: Feature, scope: ReadScope, cursor: Option<Cursor>) -> Result<Page, Fault> {
        self.ask(RequestKind::Read).await?;
        let transit = {
            let world = self.door.enter();
            world.weather.transit(&world.dice)
        };
        self.wait(transit).await;
        let page = self.door.enter().page(&self.id, feature, scope, cursor);
        self.budget.report(page.as_ref().map_or_else(verdict_of, |_| Verdict::Answered));
        page
    }

    async fn send(&self, feature: Feature, writes: &[Write]) -> WriteReport {
        if let Err(fault) = self.ask(RequestKind::Write).await {
            return WriteReport { outcomes: vec![WriteOutcome::NotAttempted; writes.len()], fault: Some(fault) };
        }
        let (number, answer_after) = self.door.enter().send(&self.id, feature, writes, &self.door.ledger);
        self.wait(answer_after).await;
        let (report, verdict) = self.door.enter().receive(number);
        self.budget.report(verdict);
        report
    }
}

impl Provider for SimAccount {
    fn capabilities(&self) -> Capabilities {
        self.door.world.lock().unwrap().account(&self.id).capabilities()
    }

    fn probe(&self) -> LocalFuture<'_, Result<Probe, Fault>> {
        let probe = |world: &mut World| Probe {
            fingerprint: format_smolstr!("{}@{:?}", self.id, world.account(&self.id).make),
            user: "somebody".into(),
            product: "sim 1.0".into(),
        };
        Box::pin(self.question("probe", probe))
    }

    fn stamps(&self, features: FeatureSet) -> LocalFuture<'_, Result<Option<Stamps>, Fault>> {
        let ledger = Arc::clone(&self.door.ledger);
        Box::pin(self.question("stamps", move |world| world.stamps(&self.id, features, &ledger)))
    }

    fn read_page(
        &self,
        feature: Feature,
        scope: ReadScope,
        cursor: Option<Cursor>,
    ) -> LocalFuture<'_, Result<Page, Fault>> {
        Box::pin(self.read(feature, scope, cursor))
    }

    fn count(&self, feature: Feature) -> LocalFuture<'_, Result<Option<u64>, Fault>> {
        let count = move |world: &mut World| Some(world.account(&self.id).of(feature).count() as u64);
        Box::pin(self.question("count", count))
    }

    fn cells<'a>(&'a self, feature: Feature, queries: &'a [CellQuery]) -> LocalFuture<'a, Result<Vec<CellNow>, Fault>> {
        let cells = move |world: &mut World| queries.iter().map(|query| world.cell(&self.id, feature, query)).collect();
        Box::pin(self.question("cells", cells))
    }

    fn write<'a>(&'a self, feature: Feature, writes: &'a [Write]) -> LocalFuture<'a, WriteReport> {
        Box::pin(self.send(feature, writes))
    }

    fn requests_sent(&self) -> u64 {
        self.door.world.lock().unwrap().account(&self.id).requests
    }
}

// === What the account answers ===

impl World {
    fn stamps(&mut self, account: &ProviderId, features: FeatureSet, ledger: &MemoryLedger) -> Option<Stamps> {
        if !self.account(account).has_gate() {
            return None;
        }
        let mut stamps = Vec::new();
        for feature in features.iter() {
            let mark = format_smolstr!("{}", self.account(account).mark(feature));
            let head = ledger.reading_head(account, feature).unwrap();
            if head.is_some_and(|head| head.keeps_rows && head.mark.as_ref() == Some(&mark)) {
                let rows: Vec<(Title, Fact)> =
                    self.account(account).of(feature).map(|(title, _, held)| (title, held.fact)).collect();
                self.side_was_read(account, feature, rows);
            }
            stamps.push(Stamp { feature, mark });
        }
        Some(Stamps(stamps))
    }

    fn cell(&self, account: &ProviderId, feature: Feature, query: &CellQuery) -> CellNow {
        if self.dice.happens(self.weather.questions / 2) {
            return CellNow::Unknown;
        }
        let facts: Vec<(Fact, Option<NativeRef>)> = self
            .account(account)
            .about(feature, recognise(&query.item))
            .map(|(row, held)| (held.fact, Some(NativeRef(u128::from(row)))))
            .collect();
        if facts.is_empty() { CellNow::Absent } else { CellNow::Present(facts) }
    }

    fn page(
        &mut self,
        account: &ProviderId,
        feature: Feature,
        scope: ReadScope,
        cursor: Option<Cursor>,
    ) -> Result<Page, Fault> {
        let (number, after) = match cursor {
            None => (self.open_read(account, feature, scope), None),
            Some(cursor) => read_cursor(&cursor),
        };
        let mut read = self.reads.remove(&number).unwrap();
        let answer = self.next_page(account, feature, scope, &mut read, after);
        match answer {
            Err(fault) => {
                self.say(&format!("{account}: read #{number} of {feature} breaks off: {fault}"));
                Err(fault)
            }
            Ok((mut page, last)) => {
                page.next = last.map(|(title, row)| Cursor(format_smolstr!("{number}/{title}/{row}")));
                self.show_to_reader(account, feature, &page);
                if page.next.is_some() {
                    self.reads.insert(number, read);
                } else {
                    self.close_read(number, account, feature, &read);
                }
                Ok(page)
            }
        }
    }

    fn open_read(&mut self, account: &ProviderId, feature: Feature, scope: ReadScope) -> u64 {
        let number = self.number();
        let mut flaw = self.weather.read(&self.dice);
        // An account that has nothing says so.
        if self.account(account).of(feature).next().is_none() && flaw == ReadFlaw::EmptyWithTotal {
            flaw = ReadFlaw::None;
        }
        let read = OpenRead {
            flaw,
            page: 0,
            told: 0,
            totals: Vec::new(),
            rows: Vec::new(),
            is_everything: scope == ReadScope::Everything,
        };
        self.reads.insert(number, read);
        number
    }

    /// The next page and the row after which the one behind it begins.
    fn next_page(
        &self,
        account: &ProviderId,
        feature: Feature,
        scope: ReadScope,
        read: &mut OpenRead,
        after: Option<(Title, u64)>,
    ) -> Result<(Page, Option<(Title, u64)>), Fault> {
        let number = read.page;
        read.page += 1;
        if let ReadFlaw::Fails { page, fault } = &read.flaw
            && *page == number
        {
            return Err(fault.clone());
        }
        let truth = self.account(account);
        let is_in_scope = |held: &crate::account::Held| match scope {
            ReadScope::Everything => true,
            ReadScope::Since(since) => {
                matches!(held.fact, Fact::Play(at) if at.instant().is_none_or(|at| at >= since))
            }
        };
        let all: Vec<_> = truth.of(feature).filter(|(.., held)| is_in_scope(held)).collect();
        let total = Some(all.len() as u64);
        let left: Vec<_> =
            all.into_iter().filter(|(title, row, _)| after.is_none_or(|after| (*title, *row) > after)).collect();
        let mut rows: Vec<_> = left.iter().take(truth.page_size).copied().collect();
        let mut has_more = left.len() > rows.len();
        let last = rows.last().map(|(title, row, _)| (*title, *row));
        let mut total = total;
        match read.flaw {
            ReadFlaw::LosesRows { page } if page == number => {
                rows.pop();
            }
            ReadFlaw::FirstPageOnly => has_more = false,
            ReadFlaw::NoTotal => total = None,
            ReadFlaw::EmptyWithTotal => (rows, has_more) = (Vec::new(), false),
            ReadFlaw::EmptyWithoutTotal => (rows, has_more, total) = (Vec::new(), false, None),
            _ => {}
        }
        read.told += rows.len() as u64;
        read.totals.push(total);
        read.rows.extend(rows.iter().map(|(title, _, held)| (*title, **held)));
        let row = |(title, row, held): &(Title, u64, &crate::account::Held)| Row {
            item: describe(*title, truth.dialect()),
            fact: held.fact,
            native: Some(NativeRef(u128::from(*row))),
            uid: None,
            runtime_s: None,
        };
        let page = Page {
            rows: rows.iter().map(row).collect(),
            received: rows.len() as u64,
            total,
            stream: 0,
            ends_stream: !has_more,
            next: None,
            unusable: 0,
        };
        Ok((page, last.filter(|_| has_more)))
    }

    fn close_read(&mut self, number: u64, account: &ProviderId, feature: Feature, read: &OpenRead) {
        let is_complete = read.totals.iter().all(|total| *total == Some(read.told));
        self.say(&format!(
            "{account}: read #{number} of {feature} gave {} rows on {} pages, complete {is_complete}{}",
            read.told,
            read.page,
            if read.flaw == ReadFlaw::None { String::new() } else { format!(", {:?}", read.flaw) }
        ));
        if is_complete && read.is_everything {
            let rows = read.rows.iter().map(|(title, held)| (*title, held.fact)).collect();
            self.side_was_read(account, feature, rows);
        }
    }

    /// A complete look at an account counts for the pair whose run looks.
    fn side_was_read(&mut self, account: &ProviderId, feature: Feature, rows: Vec<(Title, Fact)>) {
        let Some(reader) = self.witness.reader_of(&self.town, account) else { return };
        let mut facts: BTreeMap<Title, Vec<Fact>> = BTreeMap::new();
        for (title, fact) in rows {
            self.witness.shown.entry((reader.pair.clone(), reader.side, feature, title)).or_default().push(fact);
            facts.entry(title).or_default().push(fact);
        }
        self.witness.observe(&reader, feature, facts);
    }

    fn show_to_reader(&mut self, account: &ProviderId, feature: Feature, page: &Page) {
        let Some(reader) = self.witness.reader_of(&self.town, account) else { return };
        for row in &page.rows {
            let key = (reader.pair.clone(), reader.side, feature, recognise(&row.item));
            self.witness.shown.entry(key).or_default().push(row.fact);
        }
    }
}

fn read_cursor(cursor: &Cursor) -> (u64, Option<(Title, u64)>) {
    let mut parts = cursor.0.split('/').map(|part| part.parse::<u64>().unwrap());
    let (read, title, row) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    (read, Some((usize::try_from(title).unwrap(), row)))
}
