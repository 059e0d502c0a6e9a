//! What goes wrong, drawn from a seed: reads that lie or break off, writes whose answers are lost, and slow days.

use std::time::Duration;

use crosswatch_port::Fault;

use crate::chance::Dice;

/// How bad the weather is, in cases out of a thousand. All zero is a quiet day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    /// A read breaks off, is damaged or tells half the truth.
    pub(crate) reads: u64,
    /// A write fails, is lost on the way or loses its answer.
    pub(crate) writes: u64,
    /// A small question (who are we, what has changed, what is there) fails.
    pub(crate) questions: u64,
    /// A single operation is refused for now, or accepted and forgotten.
    pub(crate) moods: u64,
    /// A request takes many seconds.
    pub(crate) slow: u64,
}

impl Weather {
    pub(crate) fn drawn(dice: &Dice) -> Self {
        let level = |most| if dice.happens(250) { 0 } else { dice.between(0, most) };
        Self { reads: level(250), writes: level(350), questions: level(80), moods: level(60), slow: level(120) }
    }

    /// How long a request is on its way.
    pub(crate) fn transit(self, dice: &Dice) -> Duration {
        let ms = if dice.happens(self.slow) { dice.between(3_000, 20_000) } else { dice.between(5, 700) };
        Duration::from_millis(ms)
    }

    /// Why a small question fails, if it does.
    pub(crate) fn question(self, dice: &Dice) -> Option<Fault> {
        dice.happens(self.questions).then(|| refusal(dice))
    }

    /// What is wrong with a read.
    pub(crate) fn read(self, dice: &Dice) -> ReadFlaw {
        if !dice.happens(self.reads) {
            return ReadFlaw::None;
        }
        match dice.between(0, 9) {
            0..=2 => ReadFlaw::Fails { page: dice.between(0, 4), fault: refusal(dice) },
            3 => ReadFlaw::Fails { page: dice.between(0, 3), fault: Fault::InDoubt("the body was HTML".into()) },
            4..=5 => ReadFlaw::LosesRows { page: dice.between(0, 3) },
            6 => ReadFlaw::FirstPageOnly,
            7 => ReadFlaw::NoTotal,
            8 => ReadFlaw::EmptyWithTotal,
            _ => ReadFlaw::EmptyWithoutTotal,
        }
    }

    /// What becomes of a write of so many operations.
    pub(crate) fn write(self, dice: &Dice, operations: usize) -> WriteFate {
        if !dice.happens(self.writes) {
            return WriteFate::Answered;
        }
        match dice.between(0, 9) {
            0..=1 => WriteFate::Refused(refusal(dice)),
            2 => WriteFate::BreaksOff { applied: dice.place(operations) },
            3..=4 => WriteFate::AnswerLost,
            5 => WriteFate::LostOnTheWay,
            6..=8 => WriteFate::Late(Duration::from_millis(dice.between(50, 2_000))),
            _ => WriteFate::ShortAnswer { told: dice.place(operations) },
        }
    }
}

/// What is wrong with a read as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReadFlaw {
    /// Nothing.
    None,
    /// The n-th page does not arrive.
    Fails { page: u64, fault: Fault },
    /// Rows of the n-th page are missing, the total is right.
    LosesRows { page: u64 },
    /// The first page says it is the last.
    FirstPageOnly,
    /// All rows, but nobody says how many there should be.
    NoTotal,
    /// An empty list beside the right total.
    EmptyWithTotal,
    /// An empty list and no total.
    EmptyWithoutTotal,
}

/// What becomes of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteFate {
    /// Applied and answered.
    Answered,
    /// Nothing applied, and the account says so.
    Refused(Fault),
    /// The first operations were applied and told, the rest was not.
    BreaksOff { applied: usize },
    /// Applied; the answer never comes.
    AnswerLost,
    /// Not applied; no answer either.
    LostOnTheWay,
    /// No answer, and applied so long after that was noticed.
    Late(Duration),
    /// Applied; the answer tells of the first operations only.
    ShortAnswer { told: usize },
}

/// A clear no that changes nothing.
fn refusal(dice: &Dice) -> Fault {
    match dice.between(0, 9) {
        0..=5 => Fault::Transient("503".into()),
        6..=8 => {
            let after = Duration::from_secs(*dice.pick(&[1, 5, 30, 90, 900]));
            Fault::RateLimited { after, detail: "429".into() }
        }
        _ => Fault::Auth("401".into()),
    }
}
