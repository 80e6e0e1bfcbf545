//! "Test this": each step of reaching the directory and finding somebody in it, and what the server said to it. Nothing
//! is changed, and no password appears in the answers.

use pglab_core::directory::{BindMode, Tls};

use super::{Directory, DirectoryError, Membership, SignIn, find::simple_name};

/// One step of the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub passed: bool,
    /// What was found, or why not: a sentence without its end.
    pub said: String,
}

impl Step {
    pub(crate) fn passed(name: &'static str, said: impl Into<String>) -> Self {
        Self {
            name,
            passed: true,
            said: said.into(),
        }
    }

    pub(crate) fn failed(name: &'static str, said: impl Into<String>) -> Self {
        Self {
            name,
            passed: false,
            said: said.into(),
        }
    }
}

impl Directory {
    /// Goes through the steps and stops where the next would make no sense. With a login it is looked up, and with the
    /// password it is signed in.
    pub async fn steps(&self, login: Option<&str>, password: Option<&str>) -> Vec<Step> {
        let mut steps = Vec::new();
        self.connection_steps(&mut steps).await;
        if steps.iter().all(|step| !step.passed) {
            return steps;
        }
        if let Err(error) = self.searching_steps(&mut steps, login).await {
            steps.push(Step::failed("Search", error.to_string()));
            return steps;
        }
        if let Some(tree) = &self.0.tree {
            steps.push(match self.writing().await {
                Ok(_) => Step::passed(
                    "Account that writes",
                    format!("the directory lets in {}", tree.writer_dn),
                ),
                Err(error) => Step::failed("Account that writes", error.to_string()),
            });
        }
        if let (Some(login), Some(password)) = (login, password) {
            steps.push(match self.sign_in_uncounted(login, password).await {
                Ok(SignIn::In(person)) => {
                    let groups = match person.groups.len() {
                        0 => "in no group".to_owned(),
                        n => format!("in {n} groups: {}", person.groups.join("; ")),
                    };
                    Step::passed(
                        "Sign in",
                        format!("the directory lets in {}, {groups}", person.entry.dn),
                    )
                }
                Ok(SignIn::Refused(refusal)) => {
                    Step::failed("Sign in", format!("{login:?}: {}", refusal.for_admins()))
                }
                Err(error) => Step::failed("Sign in", error.to_string()),
            });
        }
        steps
    }

    async fn connection_steps(&self, steps: &mut Vec<Step>) {
        let settings = self.settings();
        for server in &settings.servers {
            let url = server.url(settings.tls);
            let protected = match settings.tls {
                Tls::Plain => "without protection: passwords can be read on the way",
                Tls::StartTls => "protected by StartTLS, the certificate is trusted",
                Tls::Ldaps => "protected by TLS, the certificate is trusted",
            };
            steps.push(match self.connect_to(server).await {
                Ok(()) => Step::passed("Connect", format!("{url} answers, {protected}")),
                Err(error) => Step::failed("Connect", error.to_string()),
            });
        }
    }

    async fn searching_steps(
        &self,
        steps: &mut Vec<Step>,
        login: Option<&str>,
    ) -> Result<(), DirectoryError> {
        match &self.settings().bind {
            BindMode::Simple { prefix, suffix } => {
                let name = login.and_then(|login| simple_name(prefix, suffix, login));
                let shown = name.unwrap_or_else(|| format!("{prefix}LOGIN{suffix}"));
                steps.push(Step::passed("Name", format!("people sign in as {shown}")));
                return Ok(());
            }
            BindMode::Search(search) => {
                let lease = self.for_search().await?;
                lease.give_back();
                let who = search.bind_dn.as_deref().unwrap_or("somebody without an account");
                steps.push(Step::passed(
                    "Account that searches",
                    format!("the directory lets in {who}"),
                ));
            }
        }
        let Some(login) = login else {
            return Ok(());
        };
        match self.find(login).await? {
            Membership::Nobody => {
                steps.push(Step::failed("Person", format!("nobody is found for {login:?}")))
            }
            Membership::Several => {
                steps.push(Step::failed(
                    "Person",
                    format!("several people are found for {login:?}; narrow the filter"),
                ));
            }
            Membership::One(entry) => {
                let part = |name: &str, value: &Option<String>| {
                    format!("{name} {}", value.as_deref().unwrap_or("–"))
                };
                steps.push(Step::passed(
                    "Person",
                    format!(
                        "{}: {}, {}, {}, {}",
                        entry.dn,
                        part("login", &entry.login),
                        part("name", &entry.name),
                        part("e-mail", &entry.email),
                        part("external id", &entry.external_id),
                    ),
                ));
                if self.settings().groups.is_some() {
                    let mut lease = self.for_search().await?;
                    let groups = self.groups_on(&mut lease.connection, &entry.dn, login).await?;
                    lease.give_back();
                    steps.push(if groups.is_empty() {
                        Step::failed("Groups", "no group holds this person")
                    } else {
                        Step::passed("Groups", groups.join("; "))
                    });
                }
            }
        }
        Ok(())
    }
}

impl super::Refusal {
    /// For who looks after the directory, who may know more than the person.
    pub fn for_admins(self) -> &'static str {
        match self {
            Self::Nobody => "nobody has this login",
            Self::Wrong => "the password is wrong",
            Self::Several => "several people are found for this login",
            Self::MustChange => "the password is right and has to be changed before anything else",
            Self::Policy(error) => error.sentence(),
        }
    }
}
