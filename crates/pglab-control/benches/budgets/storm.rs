//! Sign-ins of a whole class at the beginning of an hour: through the pages of a real `pglab serve`, and as a client of
//! PostgreSQL by LDAP, against a real slapd, while a board is fetched all the time. The floor is as many direct binds to
//! the same slapd in the same pace.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use ldap3::{LdapConnAsync, LdapConnSettings};
use pglab_control::{
    directory::reconcile,
    instance, lab,
    people::{self, NewPerson},
    pg_hba,
};
use pglab_core::{
    access::Actor,
    directory::slapd::{POSTGRES, WRITER},
    ident::Ident,
    person::{Login, Role},
};
use pglab_fleet::{Connection, private::SUPERUSER};
use pglab_testkit::Slapd;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::{
    Options, Outcome, cpu,
    program::Program,
    report::say,
    row::Row,
    school::{OWN_ROLE, School, Working, prepare},
    steady::percentile,
    students::Student,
};

const SLUG: &str = "storm";
/// How many at a time, where nobody waits for their turn.
const AT_ONCE: usize = 32;
/// Between two fetches of the board.
const PAGES_EVERY: Duration = Duration::from_millis(100);

/// Times of one kind, in seconds, and how many failed.
#[derive(Debug, Default)]
struct Times {
    sorted: Vec<f64>,
    n_failed: usize,
    why: Option<String>,
}

impl Times {
    fn of(found: Vec<Outcome<f64>>) -> Self {
        let mut times = Self::default();
        for one in found {
            match one {
                Ok(seconds) => times.sorted.push(seconds),
                Err(error) => {
                    times.n_failed += 1;
                    times.why.get_or_insert_with(|| error.to_string());
                }
            }
        }
        times.sorted.sort_by(f64::total_cmp);
        times
    }

    fn p(&self, percent: usize) -> f64 {
        percentile(&self.sorted, percent)
    }

    fn json(&self) -> Value {
        json!({
            "n": self.sorted.len(), "failed": self.n_failed, "why": self.why,
            "p50_s": self.p(50), "p99_s": self.p(99), "most_s": self.p(100),
        })
    }

    fn words(&self) -> String {
        format!("p50 {:.0} ms, p99 {:.0} ms", self.p(50) * 1e3, self.p(99) * 1e3)
    }
}

/// CPU since a moment before: of pglab, slapd, PostgreSQL.
struct Cpu {
    pglab: i32,
    slapd: i32,
    postmaster: i32,
}

impl Cpu {
    fn now(&self) -> [Duration; 3] {
        [
            cpu::of_pid(self.pglab),
            cpu::of_pid(self.slapd),
            cpu::of_server(self.postmaster),
        ]
    }

    fn since(&self, before: [Duration; 3]) -> [f64; 3] {
        let now = self.now();
        std::array::from_fn(|at| now[at].saturating_sub(before[at]).as_secs_f64())
    }
}

pub async fn measure(options: &Options) -> Outcome<Vec<Row>> {
    let (n, window) = (options.n_storm, options.storm_window);
    let binary = options.binary()?;
    // Before the first client of anything is made.
    rustls::crypto::ring::default_provider().install_default().ok();
    let slapd = Slapd::start().await;
    let school = School::start_with(slapd.managed()).await?;
    school.hurry(true).await?;
    school.lab(SLUG, n).await?;
    let working = Working::start(&school.control);
    prepare(&school.control, SLUG).await?;
    working.end().await?;
    lab::open(&school.control, &Actor::System, SLUG).await?;
    instance::activate(&school.control).await?;
    reconcile::activate(&school.control).await?;
    school.hurry(false).await?;
    let own = [Ident::new(OWN_ROLE)?, Ident::new(SUPERUSER)?];
    let students = pg_hba::students(&slapd.managed(), Vec::new())?;
    let ca = std::fs::read_to_string(slapd.ca_file())?;
    school
        .server
        .server()
        .access(&own)?
        .apply(&students, Some(&ca))
        .await?;
    let mut people = Vec::new();
    for nth in 1..=n {
        people.push(school.student(SLUG, &format!("{SLUG}_{nth:04}")).await?);
    }
    let new = NewPerson {
        login: Login::parse("storm_teacher")?,
        name: "Teacher".to_owned(),
        email: None,
        role: Role::Admin,
    };
    let (teacher, password) = people::create(&school.control, &Actor::System, new).await?;

    let identity = format!(
        "[identity]\nmode = 'managed'\nservers = ['ldaps://127.0.0.1:{ldaps}']\nca_file = '{ca}'\n\
         [identity.tree]\nsuffix = '{suffix}'\nwriter_password = '{writer}'\npostgres_password = '{reader}'\n",
        ldaps = slapd.listen().ldaps,
        ca = slapd.ca_file().display(),
        suffix = slapd.tree().suffix,
        writer = slapd.service(WRITER).1,
        reader = slapd.service(POSTGRES).1,
    );
    let program = Program::serve(&binary, &school, &identity).await?;
    let cookie = program.sign_in(teacher.login.as_str(), &password).await?;
    let cpus = Cpu {
        pglab: program.pid,
        slapd: slapd.pid(),
        postmaster: school.postmaster(),
    };
    let storm = Storm {
        program,
        cookie,
        direct: Direct::new(&slapd)?,
        people,
        school: &school,
        cpus,
    };
    let rows = storm.run(options, n, window).await;
    storm.program.end().await?;
    rows
}

struct Storm<'a> {
    program: Program,
    cookie: String,
    direct: Direct,
    people: Vec<Student>,
    school: &'a School,
    cpus: Cpu,
}

impl Storm<'_> {
    async fn run(&self, options: &Options, n: usize, window: Duration) -> Outcome<Vec<Row>> {
        // Everything was asked for once: plans, caches and connections are there, as in the middle of a term.
        for person in self.people.iter().take(3) {
            self.page(person).await?;
            self.client(person).await?;
            self.direct.bind(person).await?;
        }
        say(&format!("{n} direct binds in {} s …", window.as_secs()));
        let before = self.cpus.now();
        let floor = self
            .paced(window, async |person| self.direct.bind(person).await)
            .await;
        let floor_cpu = self.cpus.since(before);

        say("A board, and nobody signs in …");
        let quiet = self.board_until(sleep(window / 3)).await;

        say(&format!(
            "{n} sign-ins in {} s, each to the pages and to PostgreSQL …",
            window.as_secs()
        ));
        let before = self.cpus.now();
        let done = CancellationToken::new();
        let (pages, (signed_in, clients)) = tokio::join!(self.board_until(done.cancelled()), async {
            let both = tokio::join!(
                self.paced(window, async |person| self.page(person).await),
                self.paced(window, async |person| self.client(person).await),
            );
            done.cancel();
            both
        });
        let storm_cpu = self.cpus.since(before);

        say("As fast as they can …");
        let mut burst = Row::new(
            "storm_burst",
            &format!("{n} sign-ins on the page as fast as they go, {AT_ONCE} at a time"),
        );
        burst.floor = format!("{n} direct binds, {AT_ONCE} at a time, wall");
        burst.budget = 1.5;
        let mut bursts = Vec::new();
        for _ in 0..options.repetitions {
            let (floor_wall, floor_times) = self.at_once(async |person| self.direct.bind(person).await).await;
            let before = self.cpus.now();
            let (wall, times) = self.at_once(async |person| self.page(person).await).await;
            burst.measured(wall, floor_wall);
            bursts.push(json!({
                "wall_s": wall, "floor_wall_s": floor_wall, "times": times.json(), "floor": floor_times.json(),
                "cpu_s": cpu_json(self.cpus.since(before)),
            }));
        }
        burst.detail = json!({ "runs": bursts });

        let bare = format!("{n} direct binds in the same pace: {}", floor.words());
        let mut page = Row::new(
            "storm_page",
            &format!("{n} sign-ins on the page in {} s, p99", window.as_secs()),
        );
        page.floor.clone_from(&bare);
        page.unit = " s";
        page.budget = 1.0;
        page.measured(signed_in.p(99), 1.0);
        page.detail = json!({
            "times": signed_in.json(), "floor": floor.json(),
            "cpu_s": cpu_json(storm_cpu), "floor_cpu_s": cpu_json(floor_cpu), "window_s": window.as_secs(),
        });
        let mut client = Row::new(
            "storm_psql",
            &format!("the same {n} to PostgreSQL by LDAP meanwhile, p99"),
        );
        client.floor = bare;
        client.unit = " s";
        client.budget = 1.0;
        client.measured(clients.p(99), 1.0);
        client.detail = json!({ "times": clients.json() });
        let mut board = Row::new("storm_board", "a board fetched meanwhile, p99");
        board.floor = format!("while nobody signs in: {}", quiet.words());
        board.unit = " s";
        board.budget = 0.5;
        board.measured(pages.p(99), 1.0);
        board.detail = json!({ "times": pages.json(), "quiet": quiet.json() });
        let mut cost = Row::new(
            "storm_cpu",
            &format!(
                "CPU of slapd for a sign-in (page and PostgreSQL, half each; pglab itself took {:.1} ms for each person)",
                storm_cpu[0] * 1e3 / n as f64
            ),
        );
        cost.floor = format!("a direct bind: {:.1} ms", floor_cpu[1] * 1e3 / n as f64);
        cost.budget = 1.5;
        cost.measured(storm_cpu[1] / 2.0, floor_cpu[1]);
        cost.detail = json!({ "pglab_ms_per_sign_in": storm_cpu[0] * 1e3 / n as f64 });
        for times in [&floor, &signed_in, &clients, &pages, &quiet] {
            if let Some(why) = &times.why {
                return Err(format!("{} of a kind failed, the first: {why}", times.n_failed).into());
            }
        }
        Ok(vec![page, client, board, cost, burst])
    }

    /// Everybody has their moment in the window, whatever became of the others.
    async fn paced(&self, window: Duration, one: impl AsyncFn(&Student) -> Outcome<()>) -> Times {
        let began = Instant::now();
        let step = window / u32::try_from(self.people.len().max(1)).unwrap_or(u32::MAX);
        let one = &one;
        let all = self.people.iter().zip(0u32..).map(|(person, nth)| async move {
            sleep_until(began + step * nth).await;
            timed(one(person)).await
        });
        Times::of(futures::future::join_all(all).await)
    }

    async fn at_once(&self, one: impl AsyncFn(&Student) -> Outcome<()>) -> (f64, Times) {
        let began = Instant::now();
        let one = &one;
        let found = stream::iter(&self.people)
            .map(|person| async move { timed(one(person)).await })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        (began.elapsed().as_secs_f64(), Times::of(found))
    }

    async fn board_until(&self, end: impl Future) -> Times {
        let mut end = std::pin::pin!(end);
        let mut found = Vec::new();
        loop {
            tokio::select! {
                _ = &mut end => return Times::of(found),
                one = timed(self.board()) => found.push(one),
            }
            sleep(PAGES_EVERY).await;
        }
    }

    async fn board(&self) -> Outcome<()> {
        let url = format!("{}/api/v1/labs/{SLUG}/board", self.program.base);
        let answer = self
            .program
            .http
            .get(url)
            .header("cookie", &self.cookie)
            .send()
            .await?;
        answer.error_for_status()?.bytes().await?;
        Ok(())
    }

    async fn page(&self, person: &Student) -> Outcome<()> {
        self.program.sign_in(&person.login, &person.password).await?;
        Ok(())
    }

    async fn client(&self, person: &Student) -> Outcome<()> {
        let config = self.school.control.cluster.login_config(
            &Ident::new(person.login.clone())?,
            &person.password,
            &Ident::new(person.database.clone())?,
        );
        Connection::open(&config).await?.simple_query("SELECT 1").await?;
        Ok(())
    }
}

async fn timed(work: impl Future<Output = Outcome<()>>) -> Outcome<f64> {
    let began = Instant::now();
    work.await?;
    Ok(began.elapsed().as_secs_f64())
}

fn cpu_json([pglab, slapd, postgresql]: [f64; 3]) -> Value {
    json!({ "pglab": pglab, "slapd": slapd, "postgresql": postgresql })
}

/// Binds without anything of pglab: a connection, its TLS, one bind, the end.
struct Direct {
    url: String,
    tls: Arc<ClientConfig>,
    people: String,
}

impl Direct {
    fn new(slapd: &Slapd) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(slapd.ca_file())? {
            roots.add(certificate?)?;
        }
        Ok(Self {
            url: format!("ldaps://127.0.0.1:{}", slapd.listen().ldaps),
            tls: Arc::new(
                ClientConfig::builder()
                    .with_root_certificates(roots)
                    .with_no_client_auth(),
            ),
            people: slapd.people(),
        })
    }

    async fn bind(&self, person: &Student) -> Outcome<()> {
        let settings = LdapConnSettings::new().set_config(Arc::clone(&self.tls));
        let (connection, mut ldap) = LdapConnAsync::with_settings(settings, &self.url).await?;
        let driver = tokio::spawn(connection.drive());
        let name = format!("uid={},{}", person.login, self.people);
        ldap.simple_bind(&name, &person.password).await?.success()?;
        ldap.unbind().await?;
        driver.abort();
        Ok(())
    }
}
