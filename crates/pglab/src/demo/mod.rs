//! `pglab up --demo`: a sample lab and a class of simulated students who connect over the wire and work through it,
//! so that everything can be looked at before one's own class comes. They are said to be simulated; all else is real.

mod material;
mod student;

use std::time::Duration;

use anyhow::{Context, bail};
use futures::{StreamExt, stream};
use pglab_control::{
    Control,
    example::{self, ExampleState, Upload, UploadFor},
    kit, lab, member, prepare, roster,
};
use pglab_core::{access::Actor, ident::Ident, person::Login};
use pglab_identity::SystemRandom;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::student::Desk;
use crate::output::say;

/// The short name of the demo's lab.
pub const LAB: &str = "harbour";

/// Makes the lab unless it is there, gives everybody a fresh database, and lets the class work until `stop`. Meant to
/// run beside the server.
pub async fn run(control: Control, stop: CancellationToken, quiet: bool) -> anyhow::Result<()> {
    let tell = |line: &str| {
        if !quiet {
            say(line);
        }
    };
    tokio::select! {
        () = stop.cancelled() => return Ok(()),
        made = make_class(&control, &tell) => made.context("the demo class could not be made")?,
    }
    let (steps, mistakes) = (material::steps()?, material::mistakes()?);
    let mut class = JoinSet::new();
    for (index, member) in member::list(&control, &Actor::System, LAB)
        .await?
        .into_iter()
        .enumerate()
    {
        let kit = kit::of_member(&control, &Actor::System, LAB, member.member.login.as_str()).await?;
        let Some(password) = kit.password else { continue };
        let acts = student::Student::of_class(index, &SystemRandom).acts(&steps, &mistakes, &SystemRandom);
        let desk = Desk {
            control: control.clone(),
            login: Login::parse(&kit.login)?,
            password,
            database: Ident::new(kit.database)?,
        };
        class.spawn(student::work(desk, acts, stop.child_token()));
    }
    tell(&format!("  {} simulated students are at work.\n", class.len()));
    while let Some(ended) = class.join_next().await {
        ended.context("a student of the demo broke")?;
    }
    Ok(())
}

/// The lab, its example, its roster, a fresh database for everybody, open.
async fn make_class(control: &Control, tell: &impl Fn(&str)) -> anyhow::Result<()> {
    let actor = Actor::System;
    let exists = lab::list(control, &actor)
        .await?
        .iter()
        .any(|lab| lab.lab.slug.as_str() == LAB);
    if exists {
        return fresh_databases(control, tell).await;
    }
    tell("  Making the demo class: the example …");
    let new = lab::NewLab {
        slug: LAB.to_owned(),
        title: "Build the harbour (demo)".to_owned(),
        start: None,
        settings: serde_json::Map::new(),
        pack: None,
    };
    lab::create(control, &actor, new).await?;
    let dump = material::dump()?;
    let upload = Upload {
        purpose: UploadFor::Example,
        name: "harbour.sql".to_owned(),
        size_bytes: Some(dump.len() as u64),
        body: stream::once(async { Ok::<_, std::convert::Infallible>(dump.into()) }).boxed(),
    };
    example::upload(control, &actor, LAB, upload).await?;
    wait_until_loaded(control).await?;
    roster::import(control, &actor, LAB, material::roster()?.as_bytes(), false).await?;
    prepare::prepare(control, &actor, LAB).await?;
    lab::open(control, &actor, LAB).await?;
    tell("  Making the demo class: 24 accounts and databases …");
    wait_until_prepared(control).await
}

/// After a restart the class begins anew.
async fn fresh_databases(control: &Control, tell: &impl Fn(&str)) -> anyhow::Result<()> {
    let actor = Actor::System;
    tell("  The demo class begins anew, with fresh databases …");
    wait_until_prepared(control).await?;
    for member in member::list(control, &actor, LAB).await? {
        member::reset(
            control,
            &actor,
            LAB,
            member.member.login.as_str(),
            false,
            member.member.login.as_str(),
        )
        .await?;
    }
    wait_until_prepared(control).await
}

/// How often is asked whether something is done: five times a second, for two minutes at most.
const PAUSE: Duration = Duration::from_millis(200);
const PATIENCE: u32 = 600;

async fn wait_until_loaded(control: &Control) -> anyhow::Result<()> {
    for _ in 0..PATIENCE {
        let shown = example::show(control, &Actor::System, LAB).await?;
        if let Some(problem) = &shown.error {
            bail!("the example could not be loaded: {problem:?}");
        }
        if shown.state == ExampleState::Ready {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("the example was not loaded within two minutes")
}

async fn wait_until_prepared(control: &Control) -> anyhow::Result<()> {
    for _ in 0..PATIENCE {
        let preparation = prepare::look(control, &Actor::System, LAB).await?;
        if let Some((login, reason)) = preparation.failed.first() {
            bail!("the database of {login} could not be made: {reason}");
        }
        if preparation.ready == preparation.total && preparation.total > 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("the class was not prepared within two minutes")
}
