//! A competition: answers that the API takes beside plain INSERTs by pgbench, its standings read while they change, and
//! what a change costs with one and with many who watch.

use std::{
    io::Cursor,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, stream};
use pglab_control::{
    answer,
    lab::{self, FromPack, NewLab},
    pack::{self, archive},
    roster, task,
    testing::acting,
    tokens::{self, NewToken},
};
use pglab_core::{
    access::Actor,
    id::TaskId,
    pack::{Files, PackPath},
    person::Login,
    points::Rules,
};
use serde_json::{Value, json};
use tokio::{
    sync::Mutex,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use crate::{Options, Outcome, cpu, program::Program, report::say, row::Row, school::School};

const SLUG: &str = "race";
const N_TASKS: usize = 50;
/// Of them answered while it is measured; the rest is done before, or while it is watched.
const N_MEASURED: usize = 4;
const AT_ONCE: usize = 16;
const CHANGES_EVERY: Duration = Duration::from_millis(100);
const MANY: usize = 50;

pub async fn measure(options: &Options) -> Outcome<Vec<Row>> {
    let binary = options.binary()?;
    let school = School::start().await?;
    let tasks = lab(&school).await?;
    let members = members(&school, options.n_members).await?;
    let program = Program::serve(&binary, &school, "").await?;
    let race = Race {
        school: &school,
        program: &program,
        tasks,
        members,
        open: Arc::default(),
        n_changes: Arc::default(),
    };
    let accepted = race.accepted(options).await?;
    let standings = race.standings(options).await?;
    program.end().await?;
    Ok(std::iter::once(accepted).chain(standings).collect())
}

struct Race<'a> {
    school: &'a School,
    program: &'a Program,
    tasks: Vec<TaskId>,
    members: Vec<Member>,
    open: Arc<Mutex<Vec<(String, TaskId)>>>,
    n_changes: Arc<AtomicUsize>,
}

struct Member {
    login: String,
    token: String,
}

/// Goes on until it is ended.
struct Changes(JoinHandle<Outcome<()>>);

impl Changes {
    /// # Errors
    /// It ended by itself.
    async fn end(mut self) -> Outcome<()> {
        self.0.abort();
        match (&mut self.0).await {
            Ok(ended) => ended,
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn answer(http: &reqwest::Client, base: &str, token: &str, task: TaskId) -> Outcome<()> {
    let answer = http
        .post(format!("{base}/api/v1/labs/{SLUG}/tasks/{task}/answers"))
        .bearer_auth(token)
        .json(&json!({ "answer": "right" }))
        .send()
        .await?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        return Err(format!("an answer was refused: {status} {text}").into());
    }
    let said: Value = serde_json::from_str(&text)?;
    if said["earned"].is_null() {
        return Err(format!("a right answer earned nothing: {text}").into());
    }
    Ok(())
}

impl Race<'_> {
    /// Every member answers, right, one task for each repetition; pgbench writes as many rows.
    async fn accepted(&self, options: &Options) -> Outcome<Row> {
        let n = self.members.len();
        let mut row = Row::new(
            "answers",
            &format!("{n} members answer a task through the API, {AT_ONCE} at a time: wall"),
        );
        row.floor = format!("{n} INSERTs by pgbench, {AT_ONCE} clients, wall");
        row.budget = 3.0;
        let mut details = Vec::new();
        let measured = self.tasks.iter().take(N_MEASURED);
        for (repetition, task) in measured.take(options.repetitions as usize).enumerate() {
            self.school.checkpoint().await?;
            let (mut ours, mut floor) = (0.0, 0.0);
            for second in [false, true] {
                if second == (repetition % 2 == 0) {
                    let before = cpu::of_pid(self.program.pid);
                    let began = Instant::now();
                    stream::iter(&self.members)
                        .map(|member| answer(&self.program.http, &self.program.base, &member.token, *task))
                        .buffer_unordered(AT_ONCE)
                        .try_collect::<Vec<()>>()
                        .await?;
                    ours = began.elapsed().as_secs_f64();
                    let cpu = cpu::of_pid(self.program.pid).saturating_sub(before);
                    details
                        .push(json!({ "answers_per_s": n as f64 / ours, "pglab_cpu_ms": cpu.as_millis() }));
                } else {
                    floor = self.pgbench(n).await?;
                }
            }
            row.measured(ours, floor);
            say(&format!(
                "  {:.0} answers/s, pgbench {:.0} INSERTs/s",
                n as f64 / ours,
                n as f64 / floor
            ));
        }
        // Each counted once.
        let own = self.school.server.superuser("pglab").await;
        let found: i64 = own
            .query_one("SELECT count(*) FROM completion", &[])
            .await?
            .get(0);
        let wanted = n * details.len();
        if found != i64::try_from(wanted)? {
            return Err(format!("{found} completions of {wanted} right answers").into());
        }
        row.detail = json!({ "runs": details });
        Ok(row)
    }

    async fn pgbench(&self, n: usize) -> Outcome<f64> {
        let own = self.school.server.superuser("pglab").await;
        own.batch_execute(
            "DROP TABLE IF EXISTS by_pgbench; CREATE TABLE by_pgbench (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
             member_id uuid, task_id uuid, at timestamptz, answer jsonb, outcome text); \
             CREATE INDEX ON by_pgbench (task_id, at); CREATE INDEX ON by_pgbench (member_id, task_id, at)",
        )
        .await?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("insert.sql");
        std::fs::write(
            &file,
            "INSERT INTO by_pgbench (member_id, task_id, at, answer, outcome) VALUES \
             (gen_random_uuid(), gen_random_uuid(), now(), '\"right\"', 'right');\n",
        )?;
        let began = Instant::now();
        let status =
            tokio::process::Command::new(self.school.server.server().settings().binaries.program("pgbench"))
                .args([
                    "-n",
                    "-M",
                    "prepared",
                    "-c",
                    &AT_ONCE.to_string(),
                    "-j",
                    "2",
                    "-t",
                ])
                .arg(n.div_ceil(AT_ONCE).to_string())
                .arg("-f")
                .arg(&file)
                .arg(self.school.server.superuser_uri("pglab"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .status()
                .await?;
        let floor = began.elapsed().as_secs_f64();
        if !status.success() {
            return Err("pgbench failed".into());
        }
        own.batch_execute("DROP TABLE by_pgbench").await?;
        Ok(floor)
    }

    /// Most tasks of most members are done; ten answers a second go on.
    async fn standings(&self, options: &Options) -> Outcome<Vec<Row>> {
        let n = self.members.len();
        self.fill().await?;
        *self.open.lock().await = self.open().await?;
        say("Standings, ten changes a second …");
        let mut read = Row::new(
            "standings_read",
            &format!("standings of {n} members and {N_TASKS} tasks read, 10 changes a second: wall of one"),
        );
        read.floor = "their one query by psql, wall".to_owned();
        read.budget = 1.0;
        for _ in 0..options.repetitions {
            let floor = self.by_psql(20).await?;
            let changes = self.changes();
            let ours = self.read(Duration::from_secs(5)).await;
            changes.end().await?;
            let ours = ours?;
            say(&format!("  {:.0} a second, psql {:.0}", 1.0 / ours, 1.0 / floor));
            read.measured(ours, floor);
        }
        let mut watched = Row::new(
            "standings_watched",
            &format!("CPU of pglab and the server for a change with {MANY} who watch these standings"),
        );
        watched.floor = "with one who watches".to_owned();
        watched.budget = 1.5;
        let mut details = Vec::new();
        for _ in 0..options.repetitions {
            let one = self.watched(1, options.window / 3).await?;
            let many = self.watched(MANY, options.window / 3).await?;
            watched.measured(many.0, one.0);
            details.push(json!({
                "cpu_ms_per_change": many.0 * 1e3, "with_one_ms": one.0 * 1e3,
                "bytes_per_viewer_and_second": many.1, "with_one_bytes": one.1,
            }));
        }
        watched.detail = json!({ "runs": details });
        Ok(vec![read, watched])
    }

    /// Four fifths of what was not answered yet, at random times of the last hour.
    async fn fill(&self) -> Outcome<()> {
        let own = self.school.server.superuser("pglab").await;
        let statement = "INSERT INTO task_score (member_id, task_id, best, now, state, best_at, completed_at, changed_at) \
             SELECT m.id, t.id, 10000, 10000, 'done', n.at, n.at, n.at \
             FROM member m JOIN task t ON t.lab_id = m.lab_id \
             CROSS JOIN LATERAL (SELECT now() - random() * interval '1 hour' AS at, m.id, t.id) n \
             WHERE m.role = 'student' AND random() < 0.8 ON CONFLICT DO NOTHING";
        own.batch_execute(statement).await?;
        own.batch_execute("VACUUM ANALYZE").await?;
        Ok(())
    }

    async fn by_psql(&self, n: u32) -> Outcome<f64> {
        let own = self.school.server.superuser("pglab").await;
        let query = "SELECT m.id, p.login, p.name, m.section, sum(s.best), max(s.best_at), \
             array_agg(s.task_id ORDER BY s.best_at), array_agg(s.best ORDER BY s.best_at), \
             array_agg(s.best_at ORDER BY s.best_at) \
             FROM member m JOIN person p ON p.id = m.person_id LEFT JOIN task_score s ON s.member_id = m.id \
             WHERE m.role = 'student' GROUP BY m.id, p.login, p.name ORDER BY 5 DESC, 6";
        let began = Instant::now();
        for _ in 0..n {
            own.simple_query(query).await?;
        }
        Ok(began.elapsed().as_secs_f64() / f64::from(n))
    }

    /// What nobody did yet: whose token, and the task.
    async fn open(&self) -> Outcome<Vec<(String, TaskId)>> {
        let own = self.school.server.superuser("pglab").await;
        let query = "SELECT p.login, t.id FROM member m JOIN person p ON p.id = m.person_id JOIN task t ON t.lab_id = m.lab_id \
             WHERE m.role = 'student' AND NOT EXISTS (SELECT FROM task_score s WHERE s.member_id = m.id AND s.task_id = t.id) \
             ORDER BY random()";
        let mut open = Vec::new();
        for row in own.query(query, &[]).await? {
            let login: &str = row.get(0);
            let member = self.members.iter().find(|member| member.login == login);
            let task: uuid::Uuid = row.get(1);
            open.push((member.ok_or("a stranger")?.token.clone(), task.into()));
        }
        Ok(open)
    }

    /// Somebody gets something right, ten times a second, until it is ended.
    fn changes(&self) -> Changes {
        let (http, base) = (self.program.http.clone(), self.program.base.clone());
        let (open, n_changes) = (self.open.clone(), self.n_changes.clone());
        Changes(tokio::spawn(async move {
            let mut pace = tokio::time::interval(CHANGES_EVERY);
            loop {
                pace.tick().await;
                let (token, task) = open.lock().await.pop().ok_or("all is done")?;
                answer(&http, &base, &token, task).await?;
                n_changes.fetch_add(1, Relaxed);
            }
        }))
    }

    /// Seconds for one, read one after the other.
    async fn read(&self, window: Duration) -> Outcome<f64> {
        let token = &self.members.first().ok_or("nobody takes part")?.token;
        let url = format!("{}/api/v1/labs/{SLUG}/standings", self.program.base);
        let began = Instant::now();
        let mut n = 0;
        while began.elapsed() < window {
            let answer = self.program.http.get(&url).bearer_auth(token).send().await?;
            answer.error_for_status()?.bytes().await?;
            n += 1;
        }
        Ok(began.elapsed().as_secs_f64() / f64::from(n))
    }

    /// CPU in seconds for one change, and bytes for each viewer and second.
    async fn watched(&self, n_viewers: usize, window: Duration) -> Outcome<(f64, f64)> {
        let n_bytes = Arc::new(AtomicUsize::new(0));
        let mut viewers = JoinSet::new();
        for member in self.members.iter().take(n_viewers) {
            let url = format!("{}/api/v1/labs/{SLUG}/standings/events", self.program.base);
            let asked = reqwest::Client::new().get(url).bearer_auth(&member.token);
            let mut events = asked.send().await?.error_for_status()?;
            let n_bytes = n_bytes.clone();
            viewers.spawn(async move {
                while let Ok(Some(piece)) = events.chunk().await {
                    n_bytes.fetch_add(piece.len(), Relaxed);
                }
            });
        }
        let changes = self.changes();
        // Everybody has the whole, and changes come.
        sleep(Duration::from_secs(3)).await;
        let count = || {
            (
                self.n_changes.load(Relaxed),
                n_bytes.load(Relaxed),
                cpu::of_pid(self.program.pid) + cpu::of_server(self.school.postmaster()),
            )
        };
        let before = count();
        sleep(window).await;
        let after = count();
        changes.end().await?;
        let n_changes = after.0 - before.0;
        if n_changes == 0 || after.1 == before.1 {
            return Err("nothing changed, or nobody was told".into());
        }
        Ok((
            (after.2 - before.2).as_secs_f64() / n_changes as f64,
            (after.1 - before.1) as f64 / n_viewers as f64 / window.as_secs_f64(),
        ))
    }
}

/// A lab of tasks that are answered with a word, open, without databases.
async fn lab(school: &School) -> Outcome<Vec<TaskId>> {
    let (control, admin) = (&school.control, &Actor::System);
    let questions: Vec<Value> = (0..N_TASKS)
        .map(|nth| {
            let config = json!({ "type": "text", "text": "What?", "answer": "right", "points": 10 });
            json!({ "type": "question", "id": format!("q{nth:02}"), "config": config })
        })
        .collect();
    let document = json!({
        "metadata": { "id": "race", "name": "Race", "version": "1", "challenge_type": "sql-lab" },
        "components": questions,
    });
    let manifest = json!({ "id": "race", "name": "Race", "version": "1.0.0", "challenges": ["race.json"] });
    let mut files = Files::new();
    files.insert(PackPath::parse("pack.json")?, manifest.to_string().into_bytes());
    files.insert(
        PackPath::parse("challenges/race.json")?,
        document.to_string().into_bytes(),
    );
    let mut bytes = Cursor::new(Vec::new());
    archive::write(&files, &mut bytes)?;
    pack::install(control, admin, bytes.into_inner()).await?;
    let new = NewLab {
        slug: SLUG.to_owned(),
        title: "A race".to_owned(),
        start: None,
        settings: serde_json::Map::new(),
        pack: Some(FromPack {
            id: "race".to_owned(),
            challenges: Vec::new(),
        }),
    };
    lab::create(control, admin, new).await?;
    let rules = Rules {
        answers_per_minute: 1000,
        standings: true,
        ..Rules::default()
    };
    answer::set_rules(control, admin, SLUG, rules).await?;
    // Nobody has a database to prepare.
    let own = school.server.superuser("pglab").await;
    own.batch_execute("UPDATE lab SET state = 'open', opened_at = created_at")
        .await?;
    let tasks = task::list(control, admin, SLUG).await?;
    Ok(tasks.into_iter().map(|task| task.id).collect())
}

async fn members(school: &School, n: usize) -> Outcome<Vec<Member>> {
    let (control, admin) = (&school.control, &Actor::System);
    let logins: Vec<String> = (0..n).map(|nth| format!("racer_{nth:04}")).collect();
    let text = format!("login\n{}\n", logins.join("\n"));
    let report = roster::import(control, admin, SLUG, text.as_bytes(), false).await?;
    if !report.applied {
        return Err(format!("the roster was refused: {:?}", report.problems).into());
    }
    let mut members = Vec::new();
    for login in logins {
        let person = pglab_store::person::by_login(control.store.pool(), &Login::parse(&login)?).await?;
        let new = NewToken {
            name: "race".to_owned(),
            ..NewToken::default()
        };
        let (_, token) = tokens::create(control, &acting(&person.ok_or("nobody")?), new).await?;
        members.push(Member { login, token });
    }
    Ok(members)
}
