//! One fact that was seen on one side, packed: a run holds millions of these.

use crosswatch_identity::ItemIx;
use crosswatch_model::{Fact, Feature, NativeRef, Rating, WatchedAt};
use jiff::{Timestamp, civil::Date};

/// A fact about an item of the run's catalog, in 48 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    native: [u8; 16],
    second: i64,
    nanosecond: i32,
    item: ItemIx,
    amount: u32,
    duration_s: u32,
    form: Form,
    has_native: bool,
    has_time: bool,
    has_duration: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    PlayExact,
    PlayMinute,
    PlayDay,
    PlayUnknown,
    Listed,
    Rated,
    Resume,
}

impl Seen {
    /// Packs a fact. `native` is the side's own row, where it has one.
    pub fn new(item: ItemIx, fact: &Fact, native: Option<NativeRef>) -> Self {
        let number = native.map_or(0, |native| native.0);
        let seen = Self {
            native: number.to_be_bytes(),
            second: 0,
            nanosecond: 0,
            item,
            amount: 0,
            duration_s: 0,
            form: Form::PlayUnknown,
            has_native: native.is_some(),
            has_time: false,
            has_duration: false,
        };
        match *fact {
            Fact::Play(WatchedAt::Exact(at)) => Self { form: Form::PlayExact, ..seen.at(Some(at)) },
            Fact::Play(WatchedAt::Minute(at)) => Self { form: Form::PlayMinute, ..seen.at(Some(at)) },
            Fact::Play(WatchedAt::Day(day)) => Self { form: Form::PlayDay, second: pack_day(day), ..seen },
            Fact::Play(WatchedAt::Unknown) => seen,
            Fact::Listed(at) => Self { form: Form::Listed, ..seen.at(at) },
            Fact::Rated { value, rated_at } => {
                Self { form: Form::Rated, amount: u32::from(value.get()), ..seen.at(rated_at) }
            }
            Fact::Resume { position_s, duration_s, stopped_at } => Self {
                form: Form::Resume,
                amount: position_s,
                duration_s: duration_s.unwrap_or_default(),
                has_duration: duration_s.is_some(),
                ..seen.at(stopped_at)
            },
        }
    }

    fn at(self, at: Option<Timestamp>) -> Self {
        match at {
            None => self,
            Some(at) => Self { second: at.as_second(), nanosecond: at.subsec_nanosecond(), has_time: true, ..self },
        }
    }

    /// The item.
    pub const fn item(&self) -> ItemIx {
        self.item
    }

    /// The feature of the fact.
    pub const fn feature(&self) -> Feature {
        match self.form {
            Form::PlayExact | Form::PlayMinute | Form::PlayDay | Form::PlayUnknown => Feature::History,
            Form::Listed => Feature::Watchlist,
            Form::Rated => Feature::Ratings,
            Form::Resume => Feature::Progress,
        }
    }

    /// The side's own row.
    pub fn native(&self) -> Option<NativeRef> {
        self.has_native.then_some(NativeRef(u128::from_be_bytes(self.native)))
    }

    /// The fact.
    pub fn fact(&self) -> Fact {
        let at = self.has_time.then(|| self.time());
        match self.form {
            Form::PlayExact => Fact::Play(WatchedAt::Exact(self.time())),
            Form::PlayMinute => Fact::Play(WatchedAt::Minute(self.time())),
            Form::PlayDay => Fact::Play(unpack_day(self.second).map_or(WatchedAt::Unknown, WatchedAt::Day)),
            Form::PlayUnknown => Fact::Play(WatchedAt::Unknown),
            Form::Listed => Fact::Listed(at),
            Form::Rated => {
                let value = u8::try_from(self.amount).ok().and_then(|value| Rating::new(value).ok());
                // The amount came out of a rating, so it is one.
                value.map_or(Fact::Play(WatchedAt::Unknown), |value| Fact::Rated { value, rated_at: at })
            }
            Form::Resume => Fact::Resume {
                position_s: self.amount,
                duration_s: self.has_duration.then_some(self.duration_s),
                stopped_at: at,
            },
        }
    }

    fn time(&self) -> Timestamp {
        Timestamp::new(self.second, self.nanosecond).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

fn pack_day(day: Date) -> i64 {
    i64::from(day.year()) << 16 | i64::from(day.month()) << 8 | i64::from(day.day())
}

fn unpack_day(packed: i64) -> Option<Date> {
    let [.., month, day] = packed.to_be_bytes();
    let year = i16::try_from(packed >> 16).ok()?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use crosswatch_identity::Catalog;
    use crosswatch_model::{IdSet, Item, Kind};
    use proptest::prelude::*;

    use super::*;

    fn any_time() -> impl Strategy<Value = Timestamp> {
        (-377_705_023_201i64..253_402_207_200, 0i32..1_000_000_000)
            .prop_map(|(second, nano)| Timestamp::new(second, if second < 0 { -nano } else { nano }).unwrap())
    }

    fn any_fact() -> impl Strategy<Value = Fact> {
        let day = (-9999i16..=9999, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap());
        let at = || proptest::option::of(any_time());
        prop_oneof![
            any_time().prop_map(|at| Fact::Play(WatchedAt::Exact(at))),
            any_time().prop_map(|at| Fact::Play(WatchedAt::Minute(at))),
            day.prop_map(|day| Fact::Play(WatchedAt::Day(day))),
            Just(Fact::Play(WatchedAt::Unknown)),
            at().prop_map(Fact::Listed),
            (1u8..=100, at())
                .prop_map(|(value, rated_at)| Fact::Rated { value: Rating::new(value).unwrap(), rated_at }),
            (any::<u32>(), proptest::option::of(any::<u32>()), at()).prop_map(
                |(position_s, duration_s, stopped_at)| { Fact::Resume { position_s, duration_s, stopped_at } }
            ),
        ]
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(fact in any_fact(), native in proptest::option::of(any::<u128>())) {
            let item = Catalog::new().push(&Item::titled(Kind::Movie, "Heat", None, IdSet::EMPTY)).unwrap();
            let seen = Seen::new(item, &fact, native.map(NativeRef));
            prop_assert_eq!((seen.item(), seen.fact(), seen.native()), (item, fact, native.map(NativeRef)));
        }
    }

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<Seen>() <= 48, "{}", size_of::<Seen>());
    }
}
