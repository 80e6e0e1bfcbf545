//! The whole way of a class, as a script goes it: from the example's dump to an open lab, the solution applied by psql
//! step by step with the board following, and single changes that cost exactly what they break.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::support::{PROGRAM, Place, Up, run_with_input, stderr};

struct Harbour {
    url: String,
    token: String,
}

impl Harbour {
    fn examples() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/harbour")
    }

    /// The lab of `examples/harbour`, prepared for two students, open.
    fn open(place: &Place, up: &Up) -> Self {
        let class = crate::support::Class::new(place);
        let harbour = Self {
            url: up.url().to_owned(),
            token: class.sign_in_as_admin(up),
        };
        let lab = Self::examples().join("lab.yaml");
        assert_eq!(
            harbour.run(&["lab", "apply", lab.to_str().unwrap()], "").trim(),
            "harbour"
        );
        harbour.run(
            &["roster", "import", "harbour", "-"],
            "login,name\nada,Ada\nbob,Bob\n",
        );
        harbour.run(&["lab", "prepare", "harbour", "--wait"], "");
        harbour.run(&["lab", "open", "harbour"], "");
        harbour
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .env("PGLAB_URL", &self.url)
            .env("PGLAB_TOKEN", &self.token);
        run_with_input(&mut command, input)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(arguments, "")).unwrap()
    }

    fn kit(&self, login: &str) -> Value {
        self.json(&["kit", "harbour", login, "--json"])
    }

    /// The member's row on the board, up to date.
    fn row(&self, login: &str) -> Value {
        let board = self.json(&["lab", "board", "harbour", "--json"]);
        let rows = board["members"].as_array().unwrap();
        rows.iter().find(|row| row["login"] == login).unwrap().clone()
    }

    /// The titles of the checks that do not pass now.
    fn broken(&self, login: &str, lab: &Value) -> BTreeSet<String> {
        let row = self.row(login);
        let tasks = row["tasks"].as_array().unwrap();
        let verdicts = tasks.iter().flat_map(|task| task["verdicts"].as_array().unwrap());
        let broken: BTreeSet<&str> = verdicts
            .filter(|verdict| verdict["state"] != "passed")
            .map(|verdict| verdict["check"].as_str().unwrap())
            .collect();
        let checks = lab["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|task| task["checks"].as_array().unwrap());
        checks
            .filter(|check| broken.contains(check["id"].as_str().unwrap()))
            .map(|check| check["title"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn psql(kit: &Value, arguments: &[&str]) {
    let output = Command::new("psql")
        .args(["-XqAt", "-v", "ON_ERROR_STOP=1", kit["uri"].as_str().unwrap()])
        .args(arguments)
        .env("PGPASSWORD", kit["password"].as_str().unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
}

#[test]
fn from_the_dump_to_a_full_score_step_by_step() {
    let place = Place::new();
    let up = place.up();
    let harbour = Harbour::open(&place, &up);
    let lab = harbour.json(&["lab", "show", "harbour", "--json"]);
    let max_score = lab["max_score"].as_f64().unwrap();
    assert!(max_score > 100.0);
    let (ada, bob) = (harbour.kit("ada"), harbour.kit("bob"));

    // An empty database earns nothing.
    for login in ["ada", "bob"] {
        let row = harbour.row(login);
        assert_eq!(
            (row["now"].as_f64(), row["score"].as_f64()),
            (Some(0.0), Some(0.0)),
            "{login}"
        );
        assert_eq!(row["state"], "absent");
    }

    // The solution, as a student would take it: every step earns something at once, and finishes a task.
    let mut steps: Vec<PathBuf> = std::fs::read_dir(Harbour::examples().join("solution"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    steps.sort();
    assert!(steps.len() > 15);
    let n_done = |row: &Value| {
        row["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|task| task["state"] == "done")
            .count()
    };
    let mut before = harbour.row("ada");
    for step in &steps {
        psql(&ada, &["-f", step.to_str().unwrap()]);
        let after = harbour.row("ada");
        let name = step.display();
        assert!(
            after["now"].as_f64() > before["now"].as_f64(),
            "{name} earns something"
        );
        assert!(n_done(&after) > n_done(&before), "{name} finishes a task");
        before = after;
    }
    assert_eq!(before["now"].as_f64(), Some(max_score));
    assert_eq!(before["state"], "done");

    // The whole script at once is the same.
    psql(
        &bob,
        &["-f", Harbour::examples().join("harbour.sql").to_str().unwrap()],
    );
    assert_eq!(harbour.row("bob")["now"].as_f64(), Some(max_score));

    // Single changes cost what they break, and no more; what was earned is kept.
    let titles = |expected: &[&str]| {
        expected
            .iter()
            .map(|title| (*title).to_owned())
            .collect::<BTreeSet<_>>()
    };
    let changes: [(&str, &str, &[&str]); 5] = [
        (
            "ALTER TABLE port RENAME CONSTRAINT port_name_key TO unique_names",
            "ALTER TABLE port RENAME CONSTRAINT unique_names TO port_name_key",
            &[],
        ),
        (
            "ALTER TABLE port ALTER depth_m TYPE numeric(6,1)",
            "ALTER TABLE port ALTER depth_m TYPE numeric(4,1)",
            &["port.depth_m is numeric(4,1)"],
        ),
        (
            "ALTER TABLE port ALTER island DROP NOT NULL",
            "ALTER TABLE port ALTER island SET NOT NULL",
            &["port.island must not be empty (NOT NULL)"],
        ),
        (
            "ALTER TABLE port ALTER has_fuel DROP DEFAULT",
            "ALTER TABLE port ALTER has_fuel SET DEFAULT false",
            &["port.has_fuel has the default FALSE"],
        ),
        (
            "UPDATE port SET has_fuel = NOT has_fuel WHERE code = 'NOR'",
            "UPDATE port SET has_fuel = NOT has_fuel WHERE code = 'NOR'",
            &["port holds the same rows as the example, in any order"],
        ),
    ];
    for (change, back, costs) in changes {
        psql(&ada, &["-c", change]);
        assert_eq!(harbour.broken("ada", &lab), titles(costs), "{change}");
        assert_eq!(
            harbour.row("ada")["score"].as_f64(),
            Some(max_score),
            "what was earned is kept"
        );
        psql(&ada, &["-c", back]);
        assert_eq!(harbour.broken("ada", &lab), titles(&[]), "{back}");
    }
    assert_eq!(up.stop(), Some(0));
}
