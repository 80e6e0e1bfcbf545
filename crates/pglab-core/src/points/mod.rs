//! What an answer earns, and who stands where: prices that fall with each completion, bonus, lateness, hints, ties and
//! the freeze. All in thousandths of points, by whole numbers, so that everybody computes the same.

pub mod rejudge;
pub mod rules;
pub mod standings;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::task::Points;

pub use rules::{Closed, Rules};

/// How a task's price falls with the number of members who completed it. What somebody earned stays as it was when
/// they earned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "pricing", rename_all = "snake_case")]
pub enum Pricing {
    #[default]
    Fixed,
    /// Falls by `step` with each completion, to `floor`.
    Linear { step: Points, floor: Points },
    /// Falls slowly first and then faster, along a parabola that reaches `floor` at the `completions`-th. (The
    /// formats that we import call this one logarithmic.)
    Logarithmic { completions: u32, floor: Points },
}

impl Pricing {
    /// What the task is worth to the next who completes it, after `n_before` did. Never more than `base`, never less than
    /// the floor (or the base, where that is lower), never rising.
    pub fn price(self, base: Points, n_before: u32) -> Points {
        let n = i128::from(n_before);
        let at_least = |floor: Points| i128::from(floor.0.min(base.0));
        let base = i128::from(base.0);
        let price = match self {
            Self::Fixed => base,
            Self::Linear { step, floor } => (base - i128::from(step.0.max(0)) * n).max(at_least(floor)),
            Self::Logarithmic { completions, floor } => {
                let floor = at_least(floor);
                let last = i128::from(completions.max(1));
                if n >= last {
                    floor
                } else {
                    // Rounded up, so that the price reaches its floor with the last and not before.
                    let fallen = (base - floor) * n * n / (last * last);
                    base - fallen
                }
            }
        };
        Points(i64::try_from(price).unwrap_or(i64::MAX))
    }
}

/// What comes off for an answer after its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct LatePenalty {
    /// For so long after the due time nothing comes off. Seconds.
    pub grace_s: u32,
    /// Percent that come off as soon as the grace is over.
    pub once_percent: u8,
    /// Percent that come off for each day begun since the due time.
    pub day_percent: u8,
    /// Never more percent than these.
    pub most_percent: u8,
}

impl LatePenalty {
    /// Percent that come off, 0 to 100, for an answer at `at` that was due at `due`. `extra` is the member's own
    /// accommodation: their due time is later by so much.
    pub fn percent(self, due: DateTime<Utc>, extra: TimeDelta, at: DateTime<Utc>) -> u8 {
        let due = due.checked_add_signed(extra).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let late = at.signed_duration_since(due);
        if late <= TimeDelta::seconds(i64::from(self.grace_s)) {
            return 0;
        }
        let days = (late.num_seconds().max(1) + 86_399) / 86_400;
        let percent = i64::from(self.once_percent) + i64::from(self.day_percent).saturating_mul(days);
        let most = i64::from(self.most_percent.min(100));
        u8::try_from(percent.clamp(0, most)).unwrap_or(100)
    }
}

/// All that decides what one completion earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earning {
    pub base: Points,
    pub pricing: Pricing,
    /// Members who completed the task before.
    pub n_before: u32,
    /// For the first of all; zero by default.
    pub first_bonus: Points,
    /// From [`LatePenalty::percent`].
    pub late_percent: u8,
    /// What the hints that the member took cost.
    pub hints: Points,
}

impl Earning {
    /// The price less lateness, plus the bonus of the first, less hints; never below zero. The bonus is not reduced by
    /// lateness: who is first was not late in anybody's eyes.
    pub fn points(self) -> Points {
        let price = self.pricing.price(self.base, self.n_before).0.max(0);
        let late = i64::from(self.late_percent.min(100));
        let kept = i64::try_from(i128::from(price) * i128::from(100 - late) / 100).unwrap_or(i64::MAX);
        let bonus = if self.n_before == 0 {
            self.first_bonus.0.max(0)
        } else {
            0
        };
        Points(
            kept.saturating_add(bonus)
                .saturating_sub(self.hints.0.max(0))
                .max(0),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(points: u32) -> Points {
        Points::from_whole(points)
    }

    #[test]
    fn prices_fall_as_said() {
        let prices = |pricing: Pricing| -> Vec<f64> {
            (0..6).map(|n| pricing.price(whole(100), n).as_f64()).collect()
        };
        assert_eq!(prices(Pricing::Fixed), [100.0; 6]);
        let linear = Pricing::Linear {
            step: whole(30),
            floor: whole(20),
        };
        assert_eq!(prices(linear), [100.0, 70.0, 40.0, 20.0, 20.0, 20.0]);
        let falling = Pricing::Logarithmic {
            completions: 4,
            floor: whole(20),
        };
        assert_eq!(prices(falling), [100.0, 95.0, 80.0, 55.0, 20.0, 20.0]);
    }

    #[test]
    fn lateness() {
        let due: DateTime<Utc> = "2026-06-08T12:00:00Z".parse().unwrap();
        let penalty = LatePenalty {
            grace_s: 600,
            once_percent: 10,
            day_percent: 5,
            most_percent: 50,
        };
        let percent =
            |minutes: i64| penalty.percent(due, TimeDelta::zero(), due + TimeDelta::minutes(minutes));
        assert_eq!(percent(-5), 0);
        assert_eq!(percent(10), 0);
        assert_eq!(percent(11), 15);
        assert_eq!(percent(24 * 60), 15);
        assert_eq!(percent(24 * 60 + 1), 20);
        assert_eq!(percent(100 * 24 * 60), 50);
        assert_eq!(
            penalty.percent(due, TimeDelta::days(1), due + TimeDelta::hours(20)),
            0
        );
        assert_eq!(
            LatePenalty::default().percent(due, TimeDelta::zero(), due + TimeDelta::days(9)),
            0
        );
    }

    #[test]
    fn earnings() {
        let earning = Earning {
            base: whole(100),
            pricing: Pricing::Fixed,
            n_before: 0,
            first_bonus: whole(10),
            late_percent: 25,
            hints: whole(5),
        };
        assert_eq!(earning.points(), whole(80));
        assert_eq!(
            Earning {
                n_before: 1,
                ..earning
            }
            .points(),
            whole(70)
        );
        assert_eq!(
            Earning {
                hints: whole(500),
                ..earning
            }
            .points(),
            Points(0)
        );
    }

    fn pricing() -> impl Strategy<Value = Pricing> {
        prop_oneof![
            Just(Pricing::Fixed),
            (0..200_000i64, 0..2_000_000i64).prop_map(|(step, floor)| Pricing::Linear {
                step: Points(step),
                floor: Points(floor)
            }),
            (0..100u32, 0..2_000_000i64).prop_map(|(completions, floor)| Pricing::Logarithmic {
                completions,
                floor: Points(floor)
            }),
        ]
    }

    proptest! {
        #[test]
        fn prices_never_rise_and_stay_between_floor_and_base(pricing in pricing(), base in 0..1_000_000i64, n in 0..200u32) {
            let base = Points(base);
            let price = pricing.price(base, n);
            prop_assert!(price <= base);
            prop_assert!(pricing.price(base, n + 1) <= price);
            prop_assert_eq!(pricing.price(base, 0), base);
            let floor = match pricing {
                Pricing::Fixed => base,
                Pricing::Linear { floor, .. } | Pricing::Logarithmic { floor, .. } => floor.min(base),
            };
            prop_assert!(price >= floor);
        }

        #[test]
        fn earnings_never_rise_with_lateness_or_hints(pricing in pricing(), base in 0..1_000_000i64, n in 0..50u32, late in 0..=100u8, hints in 0..1_000_000i64) {
            let earning = Earning { base: Points(base), pricing, n_before: n, first_bonus: Points(1000), late_percent: late, hints: Points(hints) };
            let points = earning.points();
            prop_assert!(points >= Points(0));
            prop_assert!(points <= Points(base + 1000));
            let later = Earning { late_percent: late.saturating_add(1), ..earning };
            prop_assert!(later.points() <= points);
            let dearer = Earning { hints: Points(hints + 1), ..earning };
            prop_assert!(dearer.points() <= points);
        }

        #[test]
        fn the_penalty_never_falls_with_time(grace in 0..100_000u32, once in 0..=100u8, day in 0..=100u8, most in 0..=100u8, at in -100_000i64..1_000_000, later in 0..1_000_000i64) {
            let due: DateTime<Utc> = "2026-06-08T12:00:00Z".parse().unwrap();
            let penalty = LatePenalty { grace_s: grace, once_percent: once, day_percent: day, most_percent: most };
            let percent = |seconds| penalty.percent(due, TimeDelta::zero(), due + TimeDelta::seconds(seconds));
            prop_assert!(percent(at) <= percent(at + later));
            prop_assert!(percent(at) <= most);
        }
    }
}
