//! A simulated student: connects over the wire with the kit's password and works through the example, at a pace and
//! with mistakes of their own. What they will do is decided beforehand from a seed, so that the demo is the same in
//! every run; only the server's answers are not.

use std::time::Duration;

use pglab_control::Control;
use pglab_core::{Random, ident::Ident, person::Login};
use pglab_fleet::Connection;
use tokio_util::sync::CancellationToken;

use super::material::{At, Mistake, MistakeKind, Step};

/// What kind of student it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temper {
    /// Never connects.
    Absent,
    /// Works on, makes mistakes, repairs them.
    Steady,
    /// Makes the same mistake at this step again and again, and finally raises a hand.
    StuckAt(usize),
    /// Stops at this step inside an open transaction.
    AsleepAt(usize),
}

/// One thing that a student does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Thinks and types.
    Pause(Duration),
    Send(String),
    /// For ever, until the class ends.
    Repeat {
        sql: String,
        every: Duration,
        ask_for_help_after: u32,
        why: String,
    },
    Sleep,
}

#[derive(Debug, Clone)]
pub struct Student {
    pub temper: Temper,
    /// From one step to the next.
    pub pace: Duration,
    /// Of 100 steps, how many begin or end with a mistake.
    pub mistakes_percent: u64,
}

fn below(random: &dyn Random, bound: u64) -> u64 {
    let mut bytes = [0u8; 8];
    random.fill(&mut bytes);
    u64::from_le_bytes(bytes) % bound.max(1)
}

impl Student {
    /// The `index`-th of a class: a fixed mixture of tempers, a random pace.
    pub fn of_class(index: usize, random: &dyn Random) -> Self {
        let temper = match index {
            5 => Temper::Absent,
            3 => Temper::StuckAt(4),
            11 => Temper::StuckAt(2),
            16 => Temper::StuckAt(6),
            19 => Temper::AsleepAt(3),
            _ => Temper::Steady,
        };
        let seconds = match index % 4 {
            0 => 10 + below(random, 8),
            1 | 2 => 20 + below(random, 20),
            _ => 40 + below(random, 35),
        };
        Self {
            temper,
            pace: Duration::from_secs(seconds),
            mistakes_percent: 20 + below(random, 40),
        }
    }

    /// Everything that this student will do, in order.
    pub fn acts(&self, steps: &[Step], mistakes: &[Mistake], random: &dyn Random) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.temper == Temper::Absent {
            return acts;
        }
        let pause = |share: u64, acts: &mut Vec<Act>| {
            let millis = u64::try_from(self.pace.as_millis()).unwrap_or(10_000) * share / 100;
            acts.push(Act::Pause(Duration::from_millis(
                millis * (60 + below(random, 80)) / 100,
            )));
        };
        pause(40, &mut acts);
        for (number, step) in steps.iter().enumerate() {
            let of_step: Vec<&Mistake> = mistakes
                .iter()
                .filter(|mistake| mistake.step == step.name)
                .collect();
            let errors: Vec<&&Mistake> = of_step
                .iter()
                .filter(|mistake| mistake.kind == MistakeKind::Error)
                .collect();
            match self.temper {
                Temper::StuckAt(at) if number >= at && !errors.is_empty() => {
                    acts.push(Act::Repeat {
                        sql: errors[0].sql.clone(),
                        every: Duration::from_secs(9 + below(random, 8)),
                        ask_for_help_after: 4,
                        why: format!(
                            "I always get an error at {}",
                            step.name.get(4..).unwrap_or(&step.name)
                        ),
                    });
                    return acts;
                }
                Temper::AsleepAt(at) if number == at => {
                    acts.extend([Act::Send(format!("BEGIN; {}", step.parts[0])), Act::Sleep]);
                    return acts;
                }
                _ => {}
            }
            let slip = (below(random, 100) < self.mistakes_percent && !of_step.is_empty())
                .then(|| of_step[usize::try_from(below(random, of_step.len() as u64)).unwrap_or(0)]);
            if let Some(mistake) = slip.filter(|mistake| mistake.at == At::Before) {
                make_and_repair(mistake, &mut acts, &pause);
            }
            for part in &step.parts {
                acts.push(Act::Send(part.clone()));
                pause(30, &mut acts);
            }
            if let Some(mistake) = slip.filter(|mistake| mistake.at == At::After) {
                make_and_repair(mistake, &mut acts, &pause);
            }
            pause(50, &mut acts);
        }
        acts
    }
}

fn make_and_repair(mistake: &Mistake, acts: &mut Vec<Act>, pause: &impl Fn(u64, &mut Vec<Act>)) {
    acts.push(Act::Send(mistake.sql.clone()));
    pause(60, acts);
    if let Some(repair) = &mistake.repair {
        acts.push(Act::Send(repair.clone()));
        pause(20, acts);
    }
}

/// Where a student sits: what their kit says.
#[derive(Debug)]
pub struct Desk {
    pub control: Control,
    pub login: Login,
    pub password: String,
    pub database: Ident,
}

impl Desk {
    async fn connect(&self) -> Result<Connection, pglab_fleet::Error> {
        let mut config = self
            .control
            .cluster
            .login_config(self.login.role(), &self.password, &self.database);
        config.application_name("psql");
        Connection::open(&config).await
    }
}

/// Does what was decided, until the end or `stop`. Errors of PostgreSQL are what a class is made of; a lost connection
/// is opened again.
pub async fn work(desk: Desk, acts: Vec<Act>, stop: CancellationToken) {
    let mut connection: Option<Connection> = None;
    for act in acts {
        if stop.is_cancelled() {
            return;
        }
        match act {
            Act::Pause(time) => wait(time, &stop).await,
            Act::Send(sql) => send(&desk, &mut connection, &sql).await,
            Act::Repeat {
                sql,
                every,
                ask_for_help_after,
                why,
            } => {
                let mut times = 0;
                while !stop.is_cancelled() {
                    send(&desk, &mut connection, &sql).await;
                    times += 1;
                    if times == ask_for_help_after {
                        let ask = format!("SELECT pglab.help({})", pglab_core::ident::quote_literal(&why));
                        send(&desk, &mut connection, &ask).await;
                    }
                    wait(every, &stop).await;
                }
            }
            Act::Sleep => stop.cancelled().await,
        }
    }
    // Done, and still there: the session stays open until the class ends.
    stop.cancelled().await;
}

async fn wait(time: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}

async fn send(desk: &Desk, connection: &mut Option<Connection>, sql: &str) {
    if connection.as_ref().is_none_or(|open| open.is_closed()) {
        *connection = match desk.connect().await {
            Ok(open) => Some(open),
            Err(error) => {
                tracing::debug!(%error, "a student of the demo could not connect");
                None
            }
        };
    }
    if let Some(open) = connection
        && let Err(error) = open.batch_execute(sql).await
    {
        tracing::debug!(%error, "a student of the demo met an error");
    }
}

#[cfg(test)]
mod tests {
    use pglab_testkit::SeededRandom;

    use super::*;
    use crate::demo::material;

    #[test]
    fn a_class_is_a_mixture() {
        let (steps, mistakes) = (material::steps().unwrap(), material::mistakes().unwrap());
        let random = SeededRandom::new(7);
        let class: Vec<Vec<Act>> = (0..24)
            .map(|index| Student::of_class(index, &random).acts(&steps, &mistakes, &random))
            .collect();
        assert_eq!(
            class.iter().filter(|acts| acts.is_empty()).count(),
            1,
            "one is absent"
        );
        let stuck = class
            .iter()
            .filter(|acts| matches!(acts.last(), Some(Act::Repeat { .. })))
            .count();
        assert_eq!(stuck, 3);
        let goes_on = |acts: &&Vec<Act>| {
            !acts.is_empty() && !matches!(acts.last(), Some(Act::Repeat { .. } | Act::Sleep))
        };
        assert_eq!(class.iter().filter(goes_on).count(), 19);
        for acts in class.iter().filter(goes_on) {
            let sent: Vec<&str> = acts
                .iter()
                .filter_map(|act| {
                    if let Act::Send(sql) = act {
                        Some(sql.as_str())
                    } else {
                        None
                    }
                })
                .collect();
            for step in &steps {
                for part in &step.parts {
                    assert!(
                        sent.contains(&part.as_str()),
                        "everybody who goes on does every step: {}",
                        step.name
                    );
                }
            }
        }
    }
}
