//! Writes out the lines of a plan: the merged item, the value, the reason in words and the name of the operation.

use crosswatch_identity::ItemIx;
use crosswatch_model::{Action, Fact, Item, NativeRef, OpId, Outcome, PlanItem, Reason, Side, WatchedAt};

use crate::{
    baseline::{BaselineRow, PlayKey},
    draft::Draft,
    explain::Explainer,
    feature_plan::{After, PlannedItem},
    input::FeatureInput,
    seen::Seen,
    way::Way,
};

/// Turns drafts into lines, in their order.
pub(crate) fn write_out(input: &FeatureInput<'_>, way: &Way<'_>, drafts: Vec<Draft<'_>>) -> Vec<PlannedItem> {
    let explainer = Explainer::new(input);
    drafts.into_iter().map(|draft| write_one(input, way, &explainer, &draft)).collect()
}

fn write_one(input: &FeatureInput<'_>, way: &Way<'_>, explainer: &Explainer<'_>, draft: &Draft<'_>) -> PlannedItem {
    let item = input.join.merged(input.catalog, draft.entity);
    let there = draft.on(draft.side.other()).map(Seen::fact);
    let before = draft.on(draft.side).map(Seen::fact);
    let value = value(way, draft);
    let native = draft.on(draft.side).and_then(Seen::native);
    let operation = Operation::of(way, draft, &item);
    let (source, target) = (draft.source.map(Seen::fact), draft.target.map(Seen::fact));
    let line = PlanItem {
        op: operation.id(input),
        feature: input.feature,
        action: draft.action,
        held_action: draft.held.filter(|_| draft.action == Action::Hold),
        side: draft.side,
        uid: input.join.uid(draft.entity),
        value,
        before,
        native,
        reason: draft.reason,
        explain: explainer.explain(draft.reason, source, target),
        outcome: Outcome::Planned,
        item,
    };
    PlannedItem {
        entity: Some(draft.entity),
        play: draft.play,
        line,
        after: after(draft, there, value),
        is_rematched: draft.is_rematched,
    }
}

/// What is or would be written; of what is left alone, what the other side says.
fn value(way: &Way<'_>, draft: &Draft<'_>) -> Option<Fact> {
    let there = draft.on(draft.side.other()).map(Seen::fact);
    match draft.wanted() {
        Some(Action::Add | Action::Update) => {
            there.map(|fact| way.rules(draft.side).map_or(fact, |rules| rules.value(fact)))
        }
        Some(_) => None,
        None => there,
    }
}

/// Takes out the writes that a person said no to. What is taken out counts for no guard.
pub(crate) fn decline(input: &FeatureInput<'_>, way: &Way<'_>, drafts: &mut [Draft<'_>]) {
    if input.rejected.is_empty() {
        return;
    }
    for draft in drafts.iter_mut().filter(|draft| draft.write().is_some()) {
        let item = input.join.merged(input.catalog, draft.entity);
        if input.rejected.contains(&Operation::of(way, draft, &item).id(input)) {
            draft.decline();
        }
    }
}

/// `there` is what the other side says, `value` what is written.
fn after(draft: &Draft<'_>, there: Option<Fact>, value: Option<Fact>) -> After {
    match draft.write() {
        Some(Action::Add | Action::Update) => {
            let (source, target) = match draft.side {
                Side::Source => (value, there),
                Side::Target => (there, value),
            };
            After::Put(BaselineRow {
                source,
                target,
                seen_on_source: true,
                seen_on_target: true,
                written_by_us: draft.past.written_by_us || draft.side == Side::Target,
                source_written_by_us: draft.past.source_written_by_us || draft.side == Side::Source,
                is_diverged: false,
                is_taken_back: false,
                is_weak_match: draft.past.is_weak_match,
                absent_source_reads: 0,
                absent_target_reads: 0,
                target_native: draft.target.and_then(Seen::native),
                flips: draft.past.flips_after,
            })
        }
        Some(Action::Remove) if !draft.is_followed => After::Drop,
        _ => After::Nothing,
    }
}

/// Lines for rows that carry no usable id and so cannot be written to `side`, by content.
pub(crate) fn nameless_lines(input: &FeatureInput<'_>, side: Side, items: &[ItemIx], limit: u64) -> Vec<PlannedItem> {
    let mut items: Vec<Item> = items.iter().map(|item| input.catalog.get(*item)).collect();
    items.sort();
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let line = |item: Item| {
        let operation = Operation {
            item: &item,
            play: PlayKey::PRESENCE,
            side,
            action: Action::Skip,
            value: None,
            before: None,
            native: None,
        };
        let line = PlanItem {
            op: operation.id(input),
            feature: input.feature,
            action: Action::Skip,
            held_action: None,
            side,
            uid: None,
            value: None,
            before: None,
            native: None,
            reason: Reason::NoIds,
            explain: Reason::NoIds.sentence().into(),
            outcome: Outcome::Planned,
            item,
        };
        PlannedItem { entity: None, play: PlayKey::PRESENCE, line, after: After::Nothing, is_rematched: false }
    };
    items.into_iter().map(line).collect()
}

/// What makes an operation the same in two plans.
pub(crate) struct Operation<'a> {
    pub(crate) item: &'a Item,
    pub(crate) play: PlayKey,
    pub(crate) side: Side,
    pub(crate) action: Action,
    pub(crate) value: Option<Fact>,
    /// What the side has now: once that changes, it is another operation.
    pub(crate) before: Option<Fact>,
    pub(crate) native: Option<NativeRef>,
}

impl<'a> Operation<'a> {
    fn of(way: &Way<'_>, draft: &Draft<'_>, item: &'a Item) -> Self {
        Self {
            item,
            play: draft.play,
            side: draft.side,
            action: draft.wanted().unwrap_or(draft.action),
            value: value(way, draft),
            before: draft.on(draft.side).map(Seen::fact),
            native: draft.on(draft.side).and_then(Seen::native),
        }
    }

    pub(crate) fn id(&self, input: &FeatureInput<'_>) -> OpId {
        let mut text: Vec<u8> = Vec::with_capacity(128);
        text.extend_from_slice(input.pair.as_str().as_bytes());
        text.extend_from_slice(&[0, input.feature as u8, self.side as u8, self.item.kind as u8, self.action as u8]);
        let show = self.item.show.as_ref();
        let own = self.item.ids.iter().next();
        match own.or_else(|| show.and_then(|show| show.ids.iter().next())) {
            Some(id) => text.extend_from_slice(&id.to_bits().to_be_bytes()),
            None => text.extend_from_slice(self.item.label().as_bytes()),
        }
        if own.is_none() {
            for number in [self.item.season, self.item.number] {
                text.extend_from_slice(&number.map_or([0xff, 0xff, 0xff], with_marker));
            }
        }
        text.extend_from_slice(&self.play.0.to_be_bytes());
        push_fact(&mut text, self.value);
        push_fact(&mut text, self.before);
        text.extend_from_slice(&self.native.map_or(0, |native| native.0).to_be_bytes());
        let hash = blake3::hash(&text);
        OpId(hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)))
    }
}

const fn with_marker(number: u16) -> [u8; 3] {
    let [high, low] = number.to_be_bytes();
    [0, high, low]
}

fn push_fact(text: &mut Vec<u8>, fact: Option<Fact>) {
    let at = |at: Option<jiff::Timestamp>| at.map_or(i64::MIN, jiff::Timestamp::as_second);
    let (form, one, other) = match fact {
        None => (0u8, 0, 0),
        Some(Fact::Play(played)) => match played {
            WatchedAt::Exact(exact) => (1, exact.as_second(), 0),
            WatchedAt::Minute(minute) => (2, minute.as_second(), 0),
            WatchedAt::Day(_) => (3, PlayKey::of(played).second(), 0),
            WatchedAt::Unknown => (4, 0, 0),
        },
        Some(Fact::Listed(listed)) => (5, at(listed), 0),
        Some(Fact::Rated { value, rated_at }) => (6, at(rated_at), i64::from(value.get())),
        Some(Fact::Resume { position_s, stopped_at, .. }) => (7, at(stopped_at), i64::from(position_s)),
    };
    text.push(form);
    text.extend_from_slice(&one.to_be_bytes());
    text.extend_from_slice(&other.to_be_bytes());
}
