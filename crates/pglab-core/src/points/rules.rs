//! The rules of a lab about answers: when it is open for them and when they are due, what lateness costs, how fast one may
//! answer, and what the standings show. One JSON document; what is missing has the default below.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::LatePenalty;
use crate::task::Points;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = LabRules))]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// No answers before.
    pub opens_at: Option<DateTime<Utc>>,
    /// What comes later costs the late penalty; without one, nothing comes later.
    pub due_at: Option<DateTime<Utc>>,
    pub late: LatePenalty,
    /// For the first who completes a task, in points.
    pub first_bonus: u32,
    /// Answers of one member to one task within a minute.
    pub answers_per_minute: u32,
    /// All queries are judged on data that pglab makes of the start's, too; else those whose author says so.
    pub mutations: bool,
    /// Students see the standings.
    pub standings: bool,
    /// From then on the standings stay as they are, but for the staff. Cleared by the reveal.
    pub frozen_at: Option<DateTime<Utc>>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            opens_at: None,
            due_at: None,
            late: LatePenalty::default(),
            first_bonus: 0,
            answers_per_minute: 20,
            mutations: false,
            standings: false,
            frozen_at: None,
        }
    }
}

/// Why no answer is taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    NotYet(DateTime<Utc>),
    Over(DateTime<Utc>),
}

impl Rules {
    pub fn bonus(&self) -> Points {
        Points::from_whole(self.first_bonus)
    }

    /// Percent that come off an answer at `at` by somebody who has `extra` time.
    ///
    /// # Errors
    /// It is too early or too late for answers.
    pub fn late_percent(&self, extra: TimeDelta, at: DateTime<Utc>) -> Result<u8, Closed> {
        if let Some(opens) = self.opens_at
            && at < opens
        {
            return Err(Closed::NotYet(opens));
        }
        let Some(due) = self.due_at else { return Ok(0) };
        let own_due = due.checked_add_signed(extra).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let grace = TimeDelta::seconds(i64::from(self.late.grace_s));
        if self.late.most_percent == 0 && at.signed_duration_since(own_due) > grace {
            return Err(Closed::Over(own_due));
        }
        Ok(self.late.percent(due, extra, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_in_their_time() {
        let at = |s: i64| DateTime::UNIX_EPOCH + TimeDelta::seconds(s);
        let mut rules = Rules {
            opens_at: Some(at(10)),
            due_at: Some(at(100)),
            ..Rules::default()
        };
        let none = TimeDelta::zero();
        assert_eq!(rules.late_percent(none, at(9)), Err(Closed::NotYet(at(10))));
        assert_eq!(rules.late_percent(none, at(100)), Ok(0));
        assert_eq!(rules.late_percent(none, at(101)), Err(Closed::Over(at(100))));
        assert_eq!(rules.late_percent(TimeDelta::seconds(50), at(101)), Ok(0));
        rules.late = LatePenalty {
            grace_s: 5,
            once_percent: 20,
            day_percent: 0,
            most_percent: 50,
        };
        assert_eq!(rules.late_percent(none, at(105)), Ok(0));
        assert_eq!(rules.late_percent(none, at(106)), Ok(20));
    }
}
