//! Ratings from 1 to 100 and the scales that services use.
//!
//! Converting to a coarser scale rounds half up and never turns a rating into "unrated".

/// A rating from 1 to 100. Zero is not a rating: "unrated" is the absence of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rating(u8);

/// The number is not a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rating is a number above 0 and at most 100")]
pub struct RatingRejection;

impl Rating {
    /// Accepts 1 to 100.
    pub const fn new(value: u8) -> Result<Self, RatingRejection> {
        if 1 <= value && value <= 100 { Ok(Self(value)) } else { Err(RatingRejection) }
    }

    /// The value from 1 to 100.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// How many points of 100 one step of a service's scale is worth: 10 for `1..=10`, 5 for half points, 20 for five stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scale {
    step: u8,
}

impl Scale {
    /// Whole points from 1 to 10 (Trakt, SIMKL, MDBList).
    pub const TEN: Self = Self { step: 10 };
    /// Half points up to 10 (Plex, TMDB).
    pub const TEN_HALVES: Self = Self { step: 5 };
    /// Tenths of a point up to 10 (Jellyfin's stored number), and 1 to 100.
    pub const HUNDRED: Self = Self { step: 1 };
    /// Whole stars from 1 to 5.
    pub const FIVE_STARS: Self = Self { step: 20 };

    /// The number of steps on this scale for a rating: rounded half up, at least 1.
    pub const fn steps(self, rating: Rating) -> u8 {
        let rounded = (rating.0 + self.step / 2) / self.step;
        if rounded == 0 { 1 } else { rounded }
    }

    /// The rating that a number of steps stands for.
    pub fn rating(self, steps: u8) -> Result<Rating, RatingRejection> {
        Rating::new(steps.checked_mul(self.step).ok_or(RatingRejection)?)
    }

    /// The rating as this scale would keep it.
    #[must_use]
    pub const fn quantise(self, rating: Rating) -> Rating {
        Rating(self.steps(rating) * self.step)
    }

    /// The coarser of two scales.
    #[must_use]
    pub const fn coarser(self, other: Self) -> Self {
        if self.step >= other.step { self } else { other }
    }

    /// Whether two ratings are the same once both are seen on this scale.
    pub const fn same(self, one: Rating, other: Rating) -> bool {
        self.steps(one) == self.steps(other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCALES: [Scale; 4] = [Scale::TEN, Scale::TEN_HALVES, Scale::HUNDRED, Scale::FIVE_STARS];

    #[test]
    fn conversion_rounds_half_up_and_never_to_unrated() {
        for (value, scale, steps) in [
            (85, Scale::TEN, 9),
            (84, Scale::TEN, 8),
            (3, Scale::TEN, 1),
            (10, Scale::FIVE_STARS, 1),
            (100, Scale::FIVE_STARS, 5),
        ] {
            assert_eq!(scale.steps(Rating::new(value).unwrap()), steps, "{value}");
        }
        assert!(Rating::new(0).is_err());
        assert!(Rating::new(101).is_err());
    }

    proptest! {
        #[test]
        fn coarse_to_fine_to_coarse_is_the_identity(value in 1u8..=100, one in 0usize..4, other in 0usize..4) {
            let rating = Rating::new(value).unwrap();
            let coarse = SCALES[one].coarser(SCALES[other]);
            let kept = coarse.quantise(rating);
            prop_assert_eq!(coarse.quantise(kept), kept);
            prop_assert!(coarse.same(rating, kept));
        }
    }
}
