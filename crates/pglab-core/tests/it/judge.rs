//! Derivation and judgement against schemas made by chance: what is derived from a schema is passed by it, an empty
//! database passes nothing, and each single change breaks exactly what it takes away.

use std::collections::HashMap;

use pglab_core::{
    check::{Fact, Verdict, VerdictState},
    derive::{self, DeriveOptions},
    id::CheckId,
    judge::{Judge, Observation},
    lab::TypeRule,
    task::{Points, Task, points_now, with_verdicts},
};
use pglab_testkit::{
    SeededRandom, SettableClock,
    schema_gen::{GeneratedSchema, mutations, schemas},
};
use proptest::prelude::*;

fn tasks_of(schema: &GeneratedSchema) -> Vec<Task> {
    derive::tasks(
        &schema.snapshot,
        &schema.expected_rows(),
        DeriveOptions { comments: true },
        &SettableClock::default(),
        &SeededRandom::new(1),
    )
}

fn score(tasks: &[Task], verdicts: &[Verdict]) -> Points {
    with_verdicts(tasks, verdicts)
        .map(|(task, verdicts)| points_now(task, verdicts))
        .sum()
}

fn max_score(tasks: &[Task]) -> Points {
    tasks.iter().map(|task| task.points).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_schema_passes_all_that_is_derived_from_it(schema in schemas()) {
        let tasks = tasks_of(&schema);
        for rule in [TypeRule::Strict, TypeRule::Lenient] {
            let judge = Judge::new(&tasks, schema.expected_rows(), rule);
            let verdicts = judge.verdicts(&schema.observation());
            let failed: Vec<_> = verdicts.iter().filter(|v| v.state != VerdictState::Passed).collect();
            prop_assert!(failed.is_empty(), "{failed:#?}");
            prop_assert_eq!(score(&tasks, &verdicts), max_score(&tasks));
        }
    }

    #[test]
    fn an_empty_database_scores_nothing(schema in schemas()) {
        let tasks = tasks_of(&schema);
        let judge = Judge::new(&tasks, schema.expected_rows(), TypeRule::Lenient);
        let verdicts = judge.verdicts(&Observation::default());
        for (task, verdicts) in with_verdicts(&tasks, &verdicts) {
            prop_assert_eq!(points_now(task, verdicts), Points(0), "{}", task.key);
            prop_assert!(verdicts.iter().all(|v| v.state == VerdictState::NotYet), "{verdicts:#?}");
        }
    }

    #[test]
    fn each_change_breaks_exactly_what_it_takes_away(schema in schemas()) {
        let tasks = tasks_of(&schema);
        let facts: HashMap<CheckId, &Fact> =
            tasks.iter().flat_map(|task| &task.checks).map(|check| (check.id, &check.fact)).collect();
        let judge = Judge::new(&tasks, schema.expected_rows(), TypeRule::Strict);
        let lenient = Judge::new(&tasks, schema.expected_rows(), TypeRule::Lenient);
        for mutation in mutations(&schema) {
            for verdict in judge.verdicts(&mutation.after) {
                let fact = facts[&verdict.check];
                prop_assert_eq!(
                    verdict.state != VerdictState::Passed,
                    mutation.breaks(fact),
                    "{}\n{:#?}\n{:#?}",
                    mutation.what,
                    fact,
                    verdict
                );
            }
            if mutation.is_lenient {
                let verdicts = lenient.verdicts(&mutation.after);
                prop_assert!(verdicts.iter().all(|v| v.state == VerdictState::Passed), "{}", mutation.what);
            }
        }
    }

    #[test]
    fn what_the_start_gives_away_earns_nothing(schema in schemas(), choice in any::<prop::sample::Index>()) {
        let mutations = mutations(&schema);
        let start = &mutations[choice.index(mutations.len())].after;
        let rows = schema.expected_rows();
        let tasks = derive::without_start(tasks_of(&schema), &rows, start, TypeRule::Strict);
        let judge = Judge::new(&tasks, rows, TypeRule::Strict);
        prop_assert_eq!(score(&tasks, &judge.verdicts(start)), Points(0));
        prop_assert_eq!(score(&tasks, &judge.verdicts(&schema.observation())), max_score(&tasks));
        prop_assert!(tasks.iter().all(|task| !task.checks.is_empty()));
    }

    #[test]
    fn deriving_again_changes_nothing_but_what_changed(schema in schemas()) {
        let old = tasks_of(&schema);
        prop_assert_eq!(derive::rederive(&old, tasks_of(&schema)), old.clone());
        let mut keys: Vec<_> = old.iter().map(|task| &task.key).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), old.len());
    }
}
