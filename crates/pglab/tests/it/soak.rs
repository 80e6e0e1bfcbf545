//! The long forms of the crash tests: `make soak`.

use crate::{
    crash::{kill_pglab_during_preparation, kill_postgresql_during_work},
    crash_packs::kill_pglab_during_packs_and_answers,
};

#[test]
fn a_hundred_kills_of_pglab_during_preparation() {
    kill_pglab_during_preparation(100, 2, 2026);
}

#[test]
fn twenty_kills_of_postgresql_during_work() {
    kill_postgresql_during_work(20, 2027);
}

#[test]
fn fifty_kills_of_pglab_during_packs_and_answers() {
    kill_pglab_during_packs_and_answers(50, 2028);
}
