//! Writes out the lines of a plan: the merged item, the value, the reason in words and the name of the operation.

use crosswatch_identity::ItemIx;
use crosswatch_model::{Action, Fact, Item, NativeRef, OpId, Outcome, PlanItem, Reason, Side, WatchedAt};

use crate::{
    baseline::{BaselineRow, PlayKey},
    draft::Draft,
    explain::Explainer,
    feature_plan::{After, PlannedItem},
    input::FeatureInput,
    rules::Rules,
    seen::Seen,
};

/// Turns drafts into lines, in their order.
pub(crate) fn write_out(input: &FeatureInput<'_>, rules: &Rules<'_>, drafts: Vec<Draft<'_>>) -> Vec<PlannedItem> {
    let explainer = Explainer::new(input);
    drafts.into_iter().map(|draft| write_one(input, rules, &explainer, &draft)).collect()
}

fn write_one(input: &FeatureInput<'_>, rules: &Rules<'_>, explainer: &Explainer<'_>, draft: &Draft<'_>) -> PlannedItem {
    let item = input.join.merged(input.catalog, draft.entity);
    let source = draft.source.map(Seen::fact);
    let before = draft.target.map(Seen::fact);
    let write = draft.write();
    let value = match write {
        Some(Action::Add | Action::Update) => source.map(|fact| rules.value(fact)),
        Some(_) => None,
        None => source,
    };
    let native = draft.target.and_then(Seen::native);
    let operation = Operation { item: &item, play: draft.play, action: write.unwrap_or(draft.action), value, native };
    let line = PlanItem {
        op: operation.id(input),
        feature: input.feature,
        action: draft.action,
        held_action: draft.held,
        side: Side::Target,
        uid: input.join.uid(draft.entity),
        value,
        before,
        native,
        reason: draft.reason,
        explain: explainer.explain(draft.reason, source, before),
        outcome: Outcome::Planned,
        item,
    };
    PlannedItem { entity: Some(draft.entity), play: draft.play, line, after: after(draft, source, value) }
}

fn after(draft: &Draft<'_>, source: Option<Fact>, value: Option<Fact>) -> After {
    match draft.write() {
        Some(Action::Add | Action::Update) => After::Put(BaselineRow {
            source,
            target: value,
            seen_on_source: true,
            seen_on_target: true,
            written_by_us: true,
            absent_source_reads: 0,
            absent_target_reads: 0,
            target_native: draft.target.and_then(Seen::native),
        }),
        Some(Action::Remove) if !draft.is_one_of_several => After::Drop,
        _ => After::Nothing,
    }
}

/// Lines for rows of the source that carry no usable id, by content.
pub(crate) fn nameless_lines(input: &FeatureInput<'_>, items: &[ItemIx], limit: u64) -> Vec<PlannedItem> {
    let mut items: Vec<Item> = items.iter().map(|item| input.catalog.get(*item)).collect();
    items.sort();
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let line = |item: Item| {
        let operation =
            Operation { item: &item, play: PlayKey::PRESENCE, action: Action::Skip, value: None, native: None };
        let line = PlanItem {
            op: operation.id(input),
            feature: input.feature,
            action: Action::Skip,
            held_action: None,
            side: Side::Target,
            uid: None,
            value: None,
            before: None,
            native: None,
            reason: Reason::NoIds,
            explain: Reason::NoIds.sentence().into(),
            outcome: Outcome::Planned,
            item,
        };
        PlannedItem { entity: None, play: PlayKey::PRESENCE, line, after: After::Nothing }
    };
    items.into_iter().map(line).collect()
}

/// What makes an operation the same in two plans.
struct Operation<'a> {
    item: &'a Item,
    play: PlayKey,
    action: Action,
    value: Option<Fact>,
    native: Option<NativeRef>,
}

impl Operation<'_> {
    fn id(&self, input: &FeatureInput<'_>) -> OpId {
        let mut text: Vec<u8> = Vec::with_capacity(128);
        text.extend_from_slice(input.pair.as_str().as_bytes());
        text.extend_from_slice(&[0, input.feature as u8, self.item.kind as u8, self.action as u8]);
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
