//! What a media server told, as parts of other rows: events, media and viewers.

use std::str::FromStr;

use crosswatch_model::Rating;
use crosswatch_scrobble::{Heard, Media, PlaybackEvent, Step, Viewer};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    RowError,
    item::ItemV1,
    stamp::{StampV1, instant_if_any},
    word::{text, word},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeardV1 {
    event: Option<EventV1>,
    ignored: Option<SmolStr>,
    invalid: Option<SmolStr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct EventV1 {
    step: SmolStr,
    rating: Option<u8>,
    word: SmolStr,
    viewer: ViewerV1,
    server: SmolStr,
    player: SmolStr,
    session: SmolStr,
    media: MediaV1,
    position_ms: Option<u64>,
    at: Option<StampV1>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ViewerV1 {
    name: SmolStr,
    id: SmolStr,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MediaV1 {
    native: SmolStr,
    item: ItemV1,
    last_number: Option<u16>,
    duration_ms: Option<u64>,
    library: Option<SmolStr>,
}

impl HeardV1 {
    pub(super) fn of(heard: &Heard) -> Self {
        let nothing = Self { event: None, ignored: None, invalid: None };
        match heard {
            Heard::Event(event) => Self { event: Some(EventV1::of(event)), ..nothing },
            Heard::Ignored(why) => Self { ignored: Some(why.clone()), ..nothing },
            Heard::Invalid(why) => Self { invalid: Some(why.clone()), ..nothing },
        }
    }

    pub(super) fn heard(self) -> Result<Heard, RowError> {
        match (self.event, self.ignored, self.invalid) {
            (Some(event), None, None) => Ok(Heard::Event(Box::new(event.event()?))),
            (None, Some(why), None) => Ok(Heard::Ignored(why)),
            (None, None, Some(why)) => Ok(Heard::Invalid(why)),
            _ => Err(RowError::Field("heard")),
        }
    }
}

impl EventV1 {
    fn of(event: &PlaybackEvent) -> Self {
        let rating = if let Step::Rate(rating) = event.step { rating.map(Rating::get) } else { None };
        Self {
            step: text(StepWord::of(event.step).0),
            rating,
            word: event.word.clone(),
            viewer: ViewerV1::of(&event.viewer),
            server: event.server.clone(),
            player: event.player.clone(),
            session: event.session.clone(),
            media: MediaV1::of(&event.media),
            position_ms: event.position_ms,
            at: StampV1::of_any(event.at),
        }
    }

    fn event(self) -> Result<PlaybackEvent, RowError> {
        let rating = self.rating.map(Rating::new).transpose().map_err(|_| RowError::Field("rating"))?;
        Ok(PlaybackEvent {
            step: word::<StepWord>(&self.step, "step")?.step(rating),
            word: self.word,
            viewer: self.viewer.viewer(),
            server: self.server,
            player: self.player,
            session: self.session,
            media: self.media.media()?,
            position_ms: self.position_ms,
            at: instant_if_any(self.at, "at")?,
        })
    }
}

/// The stored word of a step.
struct StepWord(&'static str);

const STEPS: [(&str, Step); 10] = [
    ("start", Step::Start),
    ("pause", Step::Pause),
    ("playing", Step::Playing),
    ("still_paused", Step::StillPaused),
    ("stop", Step::Stop),
    ("complete", Step::Complete),
    ("mark_watched", Step::MarkWatched),
    ("mark_unwatched", Step::MarkUnwatched),
    ("rate", Step::Rate(None)),
    ("recalled", Step::Recalled),
];

impl StepWord {
    fn of(step: Step) -> Self {
        let plain = if let Step::Rate(_) = step { Step::Rate(None) } else { step };
        Self(STEPS.iter().find(|(_, other)| *other == plain).map_or("", |(word, _)| word))
    }

    fn step(&self, rating: Option<Rating>) -> Step {
        let step = STEPS.iter().find(|(word, _)| *word == self.0).map_or(Step::Playing, |(_, step)| *step);
        if let Step::Rate(_) = step { Step::Rate(rating) } else { step }
    }
}

impl FromStr for StepWord {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        STEPS.iter().find(|(word, _)| *word == text).map(|(word, _)| Self(word)).ok_or(())
    }
}

impl ViewerV1 {
    pub(super) fn of(viewer: &Viewer) -> Self {
        Self { name: viewer.name.clone(), id: viewer.id.clone() }
    }

    pub(super) fn viewer(self) -> Viewer {
        Viewer { name: self.name, id: self.id }
    }
}

impl MediaV1 {
    pub(super) fn of(media: &Media) -> Self {
        Self {
            native: media.native.clone(),
            item: ItemV1::of(&media.item),
            last_number: media.last_number,
            duration_ms: media.duration_ms,
            library: media.library.clone(),
        }
    }

    pub(super) fn media(self) -> Result<Media, RowError> {
        Ok(Media {
            native: self.native,
            item: self.item.item()?,
            last_number: self.last_number,
            duration_ms: self.duration_ms,
            library: self.library,
        })
    }
}
