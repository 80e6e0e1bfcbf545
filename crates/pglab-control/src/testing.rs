//! For tests only: a [`Control`] over a private PostgreSQL server, with a clock that stands still and repeatable chance,
//! and the people that a test needs.

use std::{path::Path, sync::Arc};

use pglab_core::{
    access::{ActingPerson, Actor},
    id::PersonId,
    person::{Login, Role},
};
use pglab_fleet::{Address, Cluster, collect::Source};
use pglab_identity::Sealer;
use pglab_store::{Store, person::Person};
use pglab_testkit::{SeededRandom, SettableClock, TestServer};

use crate::{Control, Options, Parts, credential};

#[derive(Debug)]
pub struct TestControl {
    pub control: Control,
    pub clock: Arc<SettableClock>,
    pub server: TestServer,
    data_dir: tempfile::TempDir,
}

impl std::ops::Deref for TestControl {
    type Target = Control;
    fn deref(&self) -> &Control {
        &self.control
    }
}

impl TestControl {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        Self::start_on(TestServer::start().await, options, Vec::new()).await
    }

    /// With sources of statistics, on this server or elsewhere.
    pub async fn start_with_sources(sources: impl FnOnce(&TestServer) -> Vec<Source>) -> Self {
        let server = TestServer::start().await;
        let sources = sources(&server);
        Self::start_on(server, Options::default(), sources).await
    }

    async fn start_on(server: TestServer, options: Options, sources: Vec<Source>) -> Self {
        let store = Store::connect(&server.database("pglab").await)
            .await
            .expect("our own database can be reached");
        store.migrate().await.expect("our own database can be migrated");
        let clock = Arc::new(SettableClock::default());
        let data_dir = tempfile::tempdir().expect("a folder for data");
        let control = assemble(store, &server, clock.clone(), data_dir.path(), options, sources);
        Self {
            control,
            clock,
            server,
            data_dir,
        }
    }

    /// Another process on the same server: it knows nothing but what is stored.
    pub async fn again(&self) -> Control {
        let uri = self.server.superuser_uri("pglab");
        let store = Store::connect(&uri)
            .await
            .expect("our own database can be reached");
        let options = self.options().clone();
        assemble(
            store,
            &self.server,
            self.clock.clone(),
            self.data_dir.path(),
            options,
            Vec::new(),
        )
    }

    /// A person with an initial password, as the second value.
    pub async fn person(&self, login: &str, role: Role) -> (Person, String) {
        let person = Person {
            id: PersonId::new(&*self.clock, &*self.random),
            login: Login::parse(login).expect("a login"),
            name: format!("{login} of the tests"),
            email: None,
            external_id: None,
            role,
            created_at: self.now(),
            disabled_at: None,
        };
        let initial = credential::initial(&self.control, person.id, false).expect("a password");
        let mut tx = self.store.begin().await.expect("a transaction");
        pglab_store::person::insert(&mut tx, &person)
            .await
            .expect("the login is free");
        pglab_store::credential::put(&mut tx, &initial.credential)
            .await
            .expect("a credential");
        self.store.commit(tx).await.expect("it is written");
        (person, initial.password)
    }

    /// The same, ready to act.
    pub async fn actor(&self, login: &str, role: Role) -> Actor {
        acting(&self.person(login, role).await.0)
    }
}

fn assemble(
    store: Store,
    server: &TestServer,
    clock: Arc<SettableClock>,
    data_dir: &Path,
    options: Options,
    sources: Vec<Source>,
) -> Control {
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
    };
    let parts = Parts {
        store,
        cluster: Cluster::new(
            address.clone(),
            vec![address],
            pglab_fleet::private::SUPERUSER.to_owned(),
            server.superuser_password().to_owned(),
        ),
        sealer: Sealer::new(&[7; 32]),
        clock,
        random: Arc::new(SeededRandom::new(1)),
        public_url: "http://127.0.0.1:8432".to_owned(),
        data_dir: data_dir.to_owned(),
        log_folder: Some(server.server().log_folder()),
    };
    Control::with_sources(parts, options, sources)
}

/// A person as an actor who has signed in.
pub fn acting(person: &Person) -> Actor {
    Actor::Person(ActingPerson {
        id: person.id,
        login: person.login.clone(),
        role: person.role,
        must_change_password: false,
        read_only: false,
    })
}
