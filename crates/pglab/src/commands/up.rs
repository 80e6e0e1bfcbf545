//! `pglab up`: everything in one process tree, with nothing to configure.

mod ready;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use pglab_control::{Control, Options, Parts, SystemClock, people};
use pglab_core::{directory::IdentitySettings, ident::Ident, kit::Protection};
use pglab_fleet::{
    Address, Cluster,
    private::{Binaries, PrivateServer, SUPERUSER, ServerSettings, ServerTls, logs},
    provision,
};
use pglab_identity::{Sealer, SystemRandom};
use pglab_store::Store;
use tokio_util::sync::CancellationToken;

use crate::{
    data_dir::{DataDir, Secrets},
    database_api::{self, Place},
    demo,
    ldap::{self, PrivateDirectory},
    output::{say, tell},
    server,
};

/// pglab's own database and the role that owns it.
const OWN_DATABASE: &str = "pglab";
const OWN_ROLE: &str = "pglab_store";

/// A student can fill PostgreSQL's log as fast as the disk writes.
const LOG_KEEP_BYTES: u64 = 512 << 20;
const LOG_CHECK_PERIOD: Duration = Duration::from_secs(5);
const CERTIFICATE_CHECK_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);
/// Who waits for the end wants to know that it comes.
const STOP_TOLD_EVERY: Duration = Duration::from_secs(2);

/// Start everything: a private PostgreSQL, pglab and its pages
///
/// Finds PostgreSQL 14 to 18 on this machine, makes a private cluster in the data directory, and serves until
/// Ctrl-C. The first start prints the admin's one-time password. After a crash, start it again: it takes over what
/// still runs and repairs the rest.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pglab up\n  pglab up --data-dir /srv/class --listen 0.0.0.0:8432 --host lab.example.edu\n  pglab up --ldap\n\n\
Files in the data directory: postgres/ (the cluster), ldap/ (the directory of --ldap), secrets.json (back it up together with it), tls/ (the CA of PostgreSQL's certificate), ports.json, uploads/, archives/."
)]
pub struct Arguments {
    /// Where everything is kept [default: /var/lib/pglab/data for root, else ~/.local/share/pglab]
    #[arg(long, value_name = "DIR", env = "PGLAB_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Address and port of the pages and the API; port 0 chooses one and keeps it
    #[arg(long, value_name = "ADDR:PORT", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    listen: SocketAddr,
    /// Address and port of PostgreSQL [default: the address of --listen, and a port that is chosen and kept]
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = parse_pg_listen)]
    pg_listen: Option<(IpAddr, u16)>,
    /// Where Prometheus may scrape metrics without a token; an address of this machine alone [default: nowhere]
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_loopback)]
    metrics_listen: Option<SocketAddr>,
    /// Where front ends of competitions reach the Database API; "off" for nowhere [default: 127.0.0.1:8000, or a port that
    /// is free and kept]
    #[arg(long, value_name = "ADDR:PORT")]
    database_api: Option<Place>,
    /// How students reach this machine, for links and connection strings [default: the address listened on]
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Folder of the PostgreSQL binaries [default: PATH, then the usual folders, newest first]
    #[arg(long, value_name = "DIR")]
    pg_bindir: Option<PathBuf>,
    /// Keep the passwords in a private LDAP directory beside PostgreSQL, which asks it too: one password everywhere. Needs
    /// slapd (Debian: apt-get install slapd ldap-utils). Once used, a data directory stays with it
    #[arg(long)]
    ldap: bool,
    /// Also make a sample lab and a class of 24 simulated students who work through it. By itself in a data
    /// directory of its own
    #[arg(long)]
    demo: bool,
    /// When ready, print one line of JSON on stdout instead of text
    #[arg(long)]
    json: bool,
}

fn parse_loopback(text: &str) -> Result<SocketAddr, String> {
    text.parse::<SocketAddr>()
        .ok()
        .filter(|address| address.ip().is_loopback())
        .ok_or_else(|| "give an address of this machine alone, like 127.0.0.1:9633".to_owned())
}

fn parse_pg_listen(text: &str) -> Result<(IpAddr, u16), String> {
    if let Ok(both) = text.parse::<SocketAddr>() {
        return Ok((both.ip(), both.port()));
    }
    text.parse()
        .map(|ip| (ip, 0))
        .map_err(|_| "give an address, or ADDRESS:PORT".to_owned())
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let stop = server::stop_on_signals()?;
    let path = match &arguments.data_dir {
        Some(path) => path.clone(),
        None if arguments.demo => DataDir::default_path()?.with_file_name("demo"),
        None => DataDir::default_path()?,
    };
    let mut data_dir = DataDir::open(&path)?;
    let binaries = Binaries::find(arguments.pg_bindir.as_deref())?;
    let mut directory = None;
    if arguments.ldap || ldap::is_in_use(&data_dir)? {
        if !arguments.json {
            say("Starting slapd, which keeps the passwords …");
        }
        directory = Some(PrivateDirectory::start(&data_dir).await?);
    }
    let result = run_postgres(&arguments, &mut data_dir, binaries, &mut directory, &stop).await;
    let stopped = match directory {
        Some(directory) => directory.stop().await,
        None => Ok(()),
    };
    result?;
    stopped?;
    if !arguments.json {
        say("Stopped.");
    }
    Ok(())
}

/// Starts the private server, serves from it, and stops it.
async fn run_postgres(
    arguments: &Arguments,
    data_dir: &mut DataDir,
    binaries: Binaries,
    directory: &mut Option<PrivateDirectory>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let secrets = data_dir.secrets()?;
    let pg_listen = arguments.pg_listen.unwrap_or((arguments.listen.ip(), 0));
    let ports = data_dir.ports((arguments.listen.ip(), arguments.listen.port()), pg_listen)?;
    let mut settings = ServerSettings {
        binaries,
        folder: data_dir.server_folder("postgres")?,
        listen: pg_listen.0,
        port: ports.postgres,
        superuser_password: secrets.superuser_password.clone(),
        durable: true,
        tls: Some(ServerTls {
            folder: data_dir.path().join("tls"),
            names: names(arguments, pg_listen.0),
            clock: Arc::new(SystemClock),
        }),
        extra: Vec::new(),
    };
    if !arguments.json {
        say(&format!(
            "Starting PostgreSQL {} in {} …",
            settings.binaries.version,
            settings.folder.display()
        ));
    }
    let mut postgres = loop {
        match PrivateServer::start(settings.clone()).await {
            Ok(started) => break started,
            // Somebody was quicker to take a port that is ours to choose.
            Err(error) if error.port_is_taken() && pg_listen.1 == 0 => {
                settings.port = data_dir.another_postgres_port(pg_listen.0)?;
            }
            Err(error) => return Err(error.into()),
        }
    };
    let servers = Servers {
        postgres: &mut postgres,
        directory,
    };
    let result = serve_on(arguments, data_dir, &secrets, ports.web, servers, stop).await;
    // Whatever ended the serving: PostgreSQL is ours to stop.
    stop.cancel();
    let stopped = told(postgres.stop()).await;
    result?;
    Ok(stopped?)
}

/// A class is tens of thousands of files: stopping takes as long as the disk needs for them.
async fn told<T>(stopping: impl Future<Output = T>) -> T {
    let mut stopping = std::pin::pin!(stopping);
    let began = Instant::now();
    let mut tick = tokio::time::interval(STOP_TOLD_EVERY);
    // The first one comes at once.
    tick.tick().await;
    loop {
        tokio::select! {
            stopped = &mut stopping => return stopped,
            _ = tick.tick() => tell(&format!(
                "PostgreSQL is still writing to disk what it has in memory: {} s. It ends by itself.",
                began.elapsed().as_secs()
            )),
        }
    }
}

/// Most of what PostgreSQL must write before it ends is written while requests and workers come to their end.
async fn checkpoint_at_the_end(cluster: Cluster, stop: CancellationToken) {
    stop.cancelled().await;
    let written = async { provision::cluster::checkpoint(&cluster.maintenance().await?).await };
    if let Err(error) = written.await {
        // It is being stopped; then it writes all by itself.
        tracing::debug!(%error, "no checkpoint before the end");
    }
}

/// What runs beside pglab, and is started again whenever it dies.
struct Servers<'a> {
    postgres: &'a mut PrivateServer,
    directory: &'a mut Option<PrivateDirectory>,
}

/// Serves from the private servers, and starts them again whenever they die.
async fn serve_on(
    arguments: &Arguments,
    data_dir: &mut DataDir,
    secrets: &Secrets,
    web_port: u16,
    servers: Servers<'_>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let Servers { postgres, directory } = servers;
    let role = Ident::new(OWN_ROLE)?;
    postgres
        .ensure_own_database(&Ident::new(OWN_DATABASE)?, &role, &secrets.store_password)
        .await
        .context("could not make pglab's own database")?;
    let address = postgres.address();
    let store = Store::connect(&format!(
        // To our own machine: encryption would protect nothing there.
        "postgresql://{OWN_ROLE}:{}@{}:{}/{OWN_DATABASE}?sslmode=disable",
        secrets.store_password,
        bracketed(&address.host),
        address.port
    ))
    .await?;
    store.migrate().await?;

    let host = public_host(arguments);
    let listener = server::listen(SocketAddr::new(arguments.listen.ip(), web_port)).await?;
    let public_url = format!("http://{}:{web_port}", bracketed(&host));
    let options = Options {
        pg_bindir: Some(postgres.settings().binaries.folder.clone()),
        identity: match &*directory {
            Some(directory) => directory.identity()?,
            None => IdentitySettings::Local,
        },
        ..Options::default()
    };
    let parts = Parts {
        store,
        cluster: Cluster::new(
            address,
            vec![Address {
                host,
                port: postgres.settings().port,
            }],
            SUPERUSER.to_owned(),
            secrets.superuser_password.clone(),
        )
        .with_private(
            postgres.access(std::slice::from_ref(&role))?,
            postgres.certificate_file(),
        )
        .with_kit_protection(kit_protection(postgres.settings())?),
        sealer: Sealer::new(&secrets.key()?),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        public_url: public_url.clone(),
        data_dir: data_dir.path().to_owned(),
        log_folder: Some(postgres.log_folder()),
    };
    let control = Control::with_options(parts, options);
    server::prepare(&control, Some(&Ident::new(OWN_DATABASE)?)).await?;
    people::ensure_admin(&control).await?;
    let admin_password = if data_dir.admin_was_told() {
        None
    } else {
        people::first_admin_password(&control).await?
    };
    if let Some(address) = arguments.metrics_listen {
        let metrics = server::listen(address).await?;
        tokio::spawn(server::run_metrics(control.clone(), metrics, stop.clone()));
    }
    let place = arguments.database_api.unwrap_or_default();
    let mut database_api_url = None;
    if let Some(listener) = database_api::listen_somewhere(place, data_dir.database_api_port()?).await? {
        let address = listener.local_addr()?;
        data_dir.note_database_api_port(address.port())?;
        database_api_url = Some(format!("http://{address}"));
        tokio::spawn(database_api::run(control.clone(), listener, stop.clone()));
    }
    data_dir.announce(&public_url)?;
    ready::report(
        arguments,
        &public_url,
        database_api_url.as_deref(),
        admin_password.as_deref(),
        directory.as_ref(),
    )?;
    data_dir.note_admin_told()?;

    if arguments.demo {
        let class = demo::run(control.clone(), stop.clone(), arguments.json);
        tokio::spawn(async move {
            if let Err(error) = class.await {
                tracing::error!("the demo class ended: {error:#}");
            }
        });
    }
    tokio::spawn(checkpoint_at_the_end(control.cluster.clone(), stop.clone()));
    let serving = tokio::spawn(server::run(control, listener, stop.clone()));
    tokio::pin!(serving);
    let mut log_check = tokio::time::interval(LOG_CHECK_PERIOD);
    let mut certificate_check = tokio::time::interval(CERTIFICATE_CHECK_PERIOD);
    loop {
        tokio::select! {
            served = &mut serving => return served.context("the server died")?,
            _ = log_check.tick() => {
                if let Err(error) = logs::trim(&postgres.log_folder(), LOG_KEEP_BYTES) {
                    tracing::warn!(%error, "old log files of PostgreSQL can't be removed");
                }
            }
            _ = certificate_check.tick() => {
                if let Err(error) = postgres.renew_certificate() {
                    tracing::warn!(%error, "the certificate of PostgreSQL can't be renewed");
                }
                if let Some(directory) = directory {
                    directory.renew_certificate(stop).await;
                }
            }
            directory = gone(directory) => {
                if !stop.is_cancelled() {
                    directory.start_again(stop).await;
                }
                if stop.is_cancelled() {
                    return serving.await.context("the server died")?;
                }
            }
            () = postgres.wait_for_exit() => {
                if !stop.is_cancelled() {
                    tracing::error!(pid = postgres.pid(), "PostgreSQL died; it is started again");
                    start_again(postgres, stop).await;
                }
                if stop.is_cancelled() {
                    return serving.await.context("the server died")?;
                }
            }
        }
    }
}

/// The directory when its slapd is gone; never, where there is none.
async fn gone(directory: &mut Option<PrivateDirectory>) -> &mut PrivateDirectory {
    match directory {
        Some(directory) => {
            directory.wait_for_exit().await;
            directory
        }
        None => std::future::pending().await,
    }
}

/// Tries until PostgreSQL runs or we are told to stop.
async fn start_again(postgres: &mut PrivateServer, stop: &CancellationToken) {
    let mut pause = Duration::from_millis(200);
    loop {
        match PrivateServer::start(postgres.settings().clone()).await {
            Ok(started) => {
                *postgres = started;
                tracing::info!(pid = postgres.pid(), "PostgreSQL runs again");
                return;
            }
            Err(error) => tracing::error!(%error, "PostgreSQL can't be started; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(15)),
        }
    }
}

/// What clients may call this machine: what is in the certificate of PostgreSQL.
fn names(arguments: &Arguments, pg_listen: IpAddr) -> Vec<String> {
    let mut names: Vec<String> = ["127.0.0.1", "::1", "localhost"].map(str::to_owned).into();
    names.push(public_host(arguments));
    if !pg_listen.is_unspecified() {
        names.push(pg_listen.to_string());
    }
    let own = nix::unistd::gethostname().ok();
    names.extend(own.and_then(|name| name.into_string().ok()));
    names
}

/// What kits say about TLS: nothing where students work on this machine, else that there must be some.
fn kit_protection(settings: &ServerSettings) -> anyhow::Result<Protection> {
    let Some(tls) = settings.tls.as_ref().filter(|_| !settings.listen.is_loopback()) else {
        return Ok(Protection::default());
    };
    let path = tls.ca_file();
    let ca = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    Ok(Protection {
        sslmode: Some("require".to_owned()),
        ca: Some(ca),
    })
}

/// What students are told to connect to.
fn public_host(arguments: &Arguments) -> String {
    if let Some(host) = &arguments.host {
        return host.clone();
    }
    let ip = arguments.listen.ip();
    if ip.is_unspecified() {
        let name = nix::unistd::gethostname()
            .ok()
            .and_then(|name| name.into_string().ok());
        return name.unwrap_or_else(|| "127.0.0.1".to_owned());
    }
    ip.to_string()
}

/// An IPv6 address goes into brackets in a URL.
fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}
