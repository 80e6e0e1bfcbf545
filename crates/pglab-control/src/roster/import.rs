//! Importing a roster: what it would change, and changing it, in one transaction. Importing the same again changes
//! nothing. Who is gone loses access and keeps their database; who comes back finds it again.

use std::collections::{BTreeSet, HashMap};

use pglab_core::{
    access::{Actor, Operation},
    activity::Event,
    directory::IdentityMode,
    id::{MemberId, PersonId},
    lab::{LabState, MemberRole},
    person::{Login, Role},
    roster::{self, Entry, Format, Problem, Roster, RosterDiff, Severity},
};
use pglab_store::{
    Tx, audit,
    lab::Lab,
    member::{self, Member, NewMember},
    person::{self, Person},
    timeline,
};

use crate::{
    Control, Error,
    activity::{self, NewActivity},
    credential::{self, Initial},
    lab,
};

/// The largest roster that is read.
pub const MAX_BYTES: usize = 5 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub format: Format,
    pub dry_run: bool,
    pub diff: RosterDiff,
    pub problems: Vec<Problem>,
    pub applied: bool,
}

impl Report {
    /// It was to be applied, and was not, because of its problems.
    pub fn refused(&self) -> bool {
        !self.dry_run && !self.applied
    }
}

/// Compares a roster with the class and, unless `dry_run`, applies it. A roster with errors is reported and not
/// applied.
///
/// # Errors
/// Not the actor's to do, the lab is archived, or another import made the same people at the same moment.
pub async fn import(
    control: &Control,
    actor: &Actor,
    slug: &str,
    bytes: &[u8],
    dry_run: bool,
) -> Result<Report, Error> {
    let (lab, place) = lab::find(control, actor, slug).await?;
    control.authorise(actor, Operation::LabManage(place))?;
    if lab.state == LabState::Archived {
        return Err(Error::Conflict(format!(
            "the lab {slug} is archived; its roster stays as it was"
        )));
    }
    if bytes.len() > MAX_BYTES {
        return Err(Error::TooLarge(format!(
            "a roster has at most {} MiB",
            MAX_BYTES >> 20
        )));
    }
    let roster = roster::parse(bytes);
    let pool = control.store.pool();
    let class = Class {
        members: member::of_lab(pool, lab.id).await?,
        people: by_login(person::by_logins(pool, &logins_of(&roster)).await?),
    };
    let report = class.report(&roster, dry_run);
    if dry_run || has_errors(&report.problems) {
        return Ok(report);
    }
    let passwords = passwords(control, &lab, &class, &roster).await?;
    apply(control, actor, &lab, &roster, passwords).await
}

fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.severity == Severity::Error)
}

fn logins_of(roster: &Roster) -> Vec<String> {
    let logins = roster.lines.iter().map(|line| line.entry.login.as_str());
    logins.map(str::to_owned).collect()
}

fn by_login(people: Vec<Person>) -> HashMap<Login, Person> {
    let by_login = people.into_iter().map(|person| (person.login.clone(), person));
    by_login.collect()
}

/// Who is in the lab, and who of the roster has an account.
struct Class {
    members: Vec<Member>,
    people: HashMap<Login, Person>,
}

impl Class {
    fn report(&self, roster: &Roster, dry_run: bool) -> Report {
        let current: Vec<Entry> = self
            .members
            .iter()
            .filter(|member| member.role == MemberRole::Student && member.removed_at.is_none())
            .map(as_entry)
            .collect();
        let wanted: Vec<Entry> = roster
            .lines
            .iter()
            .map(|line| self.known(&line.entry, roster))
            .collect();
        let mut problems = roster.problems.clone();
        for line in &roster.lines {
            if let Some(message) = self.objection(&line.entry.login) {
                problems.push(Problem {
                    line: line.number,
                    text: line.entry.login.as_str().to_owned(),
                    message,
                    severity: Severity::Error,
                });
            }
        }
        problems.sort_by_key(|problem| problem.line);
        Report {
            format: roster.format,
            dry_run,
            diff: roster::diff(&current, &wanted, roster.given),
            problems,
            applied: false,
        }
    }

    /// What the roster says, on top of what is known of the person already.
    fn known(&self, entry: &Entry, roster: &Roster) -> Entry {
        let member = self.members.iter().find(|member| member.login == entry.login);
        let old = match (member, self.people.get(&entry.login)) {
            (Some(member), _) => as_entry(member),
            (None, Some(person)) => Entry {
                login: person.login.clone(),
                name: person.name.clone(),
                email: person.email.clone(),
                section: None,
                seat: None,
                external_id: person.external_id.clone(),
            },
            (None, None) => return entry.clone(),
        };
        roster::merge(&old, entry, roster.given)
    }

    /// Why somebody can't be a student here. An account of more power never becomes one: whoever teaches a lab sees
    /// and resets its students' passwords.
    fn objection(&self, login: &Login) -> Option<String> {
        let account = self.people.get(login)?;
        if account.role != Role::Student {
            return Some(format!(
                "{:?} is the account of an instructor or admin; give the student a login of their own",
                login.as_str()
            ));
        }
        if account.disabled_at.is_some() {
            return Some(format!(
                "the account {:?} is disabled; an admin can enable it",
                login.as_str()
            ));
        }
        let member = self.members.iter().find(|member| member.login == *login)?;
        (member.role != MemberRole::Student && member.removed_at.is_none()).then(|| {
            format!(
                "{:?} is {} of this lab, not a student",
                login.as_str(),
                match member.role {
                    MemberRole::Instructor => "an instructor",
                    MemberRole::Assistant | MemberRole::Student => "an assistant",
                }
            )
        })
    }
}

fn as_entry(member: &Member) -> Entry {
    Entry {
        login: member.login.clone(),
        name: member.name.clone(),
        email: member.email.clone(),
        section: member.section.clone(),
        seat: member.seat.clone(),
        external_id: member.external_id.clone(),
    }
}

/// Ids and initial passwords for those who have no account, made on all cores before the transaction begins.
async fn passwords(
    control: &Control,
    lab: &Lab,
    class: &Class,
    roster: &Roster,
) -> Result<HashMap<Login, Initial>, Error> {
    let new: Vec<Login> = roster
        .lines
        .iter()
        .map(|line| line.entry.login.clone())
        .filter(|login| !class.people.contains_key(login))
        .collect();
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = new.len().div_ceil(n_threads).max(1);
    let threads: Vec<_> = new
        .chunks(share)
        .map(|logins| {
            let (control, logins) = (control.clone(), logins.to_vec());
            let must_change = lab.settings.must_change_password;
            tokio::task::spawn_blocking(move || {
                logins
                    .into_iter()
                    .map(|login| {
                        let id = PersonId::new(&*control.clock, &*control.random);
                        Ok((login, credential::initial(&control, id, must_change)?))
                    })
                    .collect::<Result<Vec<_>, Error>>()
            })
        })
        .collect();
    let mut made = HashMap::new();
    for thread in threads {
        made.extend(thread.await.map_err(Error::internal)??);
    }
    Ok(made)
}

async fn apply(
    control: &Control,
    actor: &Actor,
    lab: &Lab,
    roster: &Roster,
    mut passwords: HashMap<Login, Initial>,
) -> Result<Report, Error> {
    let mut tx = control.store.begin().await?;
    // Imports into one lab come one after the other; each looks again at what the one before it left.
    pglab_store::lab::lock(&mut tx, lab.id).await?;
    let class = Class {
        members: member::of_lab(&mut *tx, lab.id).await?,
        people: by_login(person::by_logins(&mut *tx, &logins_of(roster)).await?),
    };
    let mut report = class.report(roster, false);
    if has_errors(&report.problems) {
        return Ok(report);
    }
    let members: HashMap<&Login, &Member> = class.members.iter().map(|m| (&m.login, m)).collect();
    for entry in &report.diff.new {
        let person = match class.people.get(&entry.login) {
            Some(person) => {
                set_person(&mut tx, person, entry).await?;
                person.id
            }
            None => {
                let initial = match passwords.remove(&entry.login) {
                    Some(initial) => initial,
                    None => {
                        let id = PersonId::new(&*control.clock, &*control.random);
                        credential::initial(control, id, lab.settings.must_change_password)?
                    }
                };
                create_person(control, &mut tx, entry, &initial).await?
            }
        };
        match members.get(&entry.login) {
            Some(member) => {
                member::set_removed(&mut tx, member.id, None).await?;
                place(&mut tx, member.id, entry).await?;
                note(control, &mut tx, member.id, "Is back on the roster.").await?;
                log(control, &mut tx, Event::GroupJoined, lab, person).await?;
            }
            None => {
                let new = NewMember {
                    id: MemberId::new(&*control.clock, &*control.random),
                    lab: lab.id,
                    person,
                    role: MemberRole::Student,
                    section: entry.section.clone(),
                    seat: entry.seat.clone(),
                    added_at: control.now(),
                };
                member::insert(&mut tx, &new).await?;
                log(control, &mut tx, Event::GroupJoined, lab, person).await?;
            }
        }
    }
    for change in &report.diff.changed {
        let (Some(entry), Some(member)) = (&change.entry, members.get(&change.login)) else {
            continue;
        };
        place(&mut tx, member.id, entry).await?;
        if let Some(person) = class.people.get(&change.login) {
            set_person(&mut tx, person, entry).await?;
        }
    }
    for entry in &report.diff.gone {
        if let Some(member) = members.get(&entry.login) {
            member::set_removed(&mut tx, member.id, Some(control.now())).await?;
            note(control, &mut tx, member.id, "Is no longer on the roster.").await?;
            log(control, &mut tx, Event::GroupMemberRemoved, lab, member.person).await?;
        }
    }
    report.applied = true;
    if !report.diff.is_empty() {
        let subject = format!("lab/{}", lab.slug);
        let detail = serde_json::json!({
            "new": logins(&report.diff.new),
            "changed": report.diff.changed.len(),
            "gone": logins(&report.diff.gone),
        });
        let entry = audit::Entry::new(control.now(), actor, "roster_import", &subject).detail(detail);
        audit::insert(&mut tx, entry).await?;
        control.store.commit(tx).await?;
        control.wake().people_changed();
        control.wake().live.notify_one();
    }
    Ok(report)
}

fn logins(entries: &[Entry]) -> BTreeSet<&str> {
    entries.iter().map(|entry| entry.login.as_str()).collect()
}

async fn create_person(
    control: &Control,
    tx: &mut Tx,
    entry: &Entry,
    initial: &Initial,
) -> Result<PersonId, Error> {
    let person = Person {
        id: initial.credential.person,
        login: entry.login.clone(),
        name: entry.name.clone(),
        email: entry.email.clone(),
        external_id: entry.external_id.clone(),
        role: Role::Student,
        created_at: control.now(),
        disabled_at: None,
    };
    person::insert(tx, &person).await?;
    let registered = NewActivity::new(control.now(), Event::UserRegistered).person(person.id);
    activity::record(tx, &registered).await?;
    // Where a directory keeps the passwords, one of ours would open nothing.
    if control.options().identity.mode() != IdentityMode::Directory {
        pglab_store::credential::put(tx, &initial.credential).await?;
    }
    Ok(person.id)
}

async fn set_person(tx: &mut Tx, person: &Person, entry: &Entry) -> Result<(), Error> {
    let same =
        person.name == entry.name && person.email == entry.email && person.external_id == entry.external_id;
    if !same {
        let (email, external_id) = (entry.email.as_deref(), entry.external_id.as_deref());
        member::set_person(tx, person.id, &entry.name, email, external_id).await?;
    }
    Ok(())
}

async fn place(tx: &mut Tx, member: MemberId, entry: &Entry) -> Result<(), Error> {
    let (section, seat) = (entry.section.as_deref(), entry.seat.as_deref());
    Ok(member::set_place(tx, member, MemberRole::Student, section, seat).await?)
}

async fn log(control: &Control, tx: &mut Tx, event: Event, lab: &Lab, person: PersonId) -> Result<(), Error> {
    let happened = NewActivity::new(control.now(), event)
        .person(person)
        .lab(lab.id)
        .metadata(serde_json::json!({ "by": "roster" }));
    activity::record(tx, &happened).await
}

async fn note(control: &Control, tx: &mut Tx, member: MemberId, text: &str) -> Result<(), Error> {
    let happened = timeline::NewEntry {
        member,
        at: control.now(),
        kind: timeline::Kind::Roster,
        text: text.to_owned(),
        task: None,
        points: None,
    };
    Ok(timeline::insert(tx, &[happened]).await?)
}
