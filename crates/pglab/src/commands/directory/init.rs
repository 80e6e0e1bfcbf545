//! `pglab directory init`: a directory of pglab's own, ready to be started. Everything that is made is in one folder;
//! starting it, and telling pglab of it, is left to who looks after the machine, with the words to do it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use anyhow::Context;
use pglab_control::SystemClock;
use pglab_core::directory::{StoredHash, slapd::check_suffix};
use pglab_fleet::private::{
    Account, ServerTls,
    slapd::{self, SlapdError},
};
use serde::Serialize;

use crate::{
    data_dir::DataDir,
    ldap::{Item, Place, Plan, Proof, State},
    output::{say, tell},
};

/// Where root's directory is, unless told otherwise: slapd's account must get through to it.
const SYSTEM_FOLDER: &str = "/var/lib/pglab-ldap";

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where everything is made [default: /var/lib/pglab-ldap for root, else ~/.local/share/pglab-ldap]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The name of the tree: its entries end with it
    #[arg(long, value_name = "SUFFIX", default_value = "dc=lab,dc=example", value_parser = parse_suffix)]
    suffix: String,
    /// What pglab and PostgreSQL call this machine; goes into the certificate. May be given several times, and the first
    /// is the one they are told [default: the address of --listen]
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Where slapd is to listen
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// The port of ldap://, where StartTLS protects [default: 389, or 1389 for who is not root]
    #[arg(long, value_name = "PORT")]
    ldap_port: Option<u16>,
    /// The port of ldaps:// [default: 636, or 1636 for who is not root]
    #[arg(long, value_name = "PORT")]
    ldaps_port: Option<u16>,
    /// slapd's certificate in PEM, with those that lead to its authority [default: one of an authority that pglab makes]
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The key of --certificate; slapd's account must be able to read it
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The authority of --certificate, where machines do not know it by themselves
    #[arg(long, value_name = "FILE", requires = "certificate")]
    ca: Option<PathBuf>,
    /// The account that slapd runs as; for root [default: openldap, or else postgres]
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The account that pglab runs as, which reads the passwords; for root [default: pglab if there is one, or else root]
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Where slapd's modules are [default: where Debian, Fedora or OpenLDAP put them]
    #[arg(long, value_name = "DIR")]
    module_folder: Option<PathBuf>,
    /// Where slapd's schema files are [default: where Debian, Fedora or OpenLDAP put them]
    #[arg(long, value_name = "DIR")]
    schema_folder: Option<PathBuf>,
    /// Replace the configuration by what this version writes, and the certificate where its names are others or its end
    /// is near. Passwords and entries always stay
    #[arg(long)]
    overwrite: bool,
    /// Print one line of JSON instead of text
    #[arg(long)]
    json: bool,
}

fn parse_suffix(text: &str) -> Result<String, String> {
    check_suffix(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    folder: &'a PathBuf,
    suffix: &'a str,
    url: &'a str,
    /// `argon2` or `ssha`: how passwords of people are stored.
    password_hash: &'static str,
    items: &'a [Item],
    /// The command that starts slapd, word by word.
    start: &'a [String],
    /// For pglab.toml.
    identity: &'a str,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let root = nix::unistd::Uid::effective().is_root();
    let folder = match &arguments.folder {
        Some(folder) => std::path::absolute(folder).context("--folder")?,
        None if root => PathBuf::from(SYSTEM_FOLDER),
        None => DataDir::default_path()?.with_file_name("pglab-ldap"),
    };
    let (modules, schema) = slapd::module_and_schema_folders();
    let modules = arguments.module_folder.clone().unwrap_or(modules);
    let schema = arguments.schema_folder.clone().unwrap_or(schema);
    let program = slapd::find(&modules, &schema).map_err(|error| {
        let hint = match error {
            SlapdError::Incomplete(_) => ", or say where they are with --module-folder and --schema-folder",
            _ => "",
        };
        anyhow::anyhow!("{error}{hint}")
    })?;
    let slapd_account = slapd_account(&arguments, root)?;
    let place = Place::new(Plan {
        proof: proof(&arguments, &folder)?,
        folder: folder.clone(),
        suffix: arguments.suffix.clone(),
        module_folder: modules,
        schema_folder: schema,
        account: slapd_account.as_ref().map(|(_, account)| *account),
        owner: owner(&arguments, root)?,
    });
    let items = place.make(arguments.overwrite).await?;

    let usual = |port: u16| if root { port } else { port + 1000 };
    let ldap = arguments.ldap_port.unwrap_or(usual(389));
    let ldaps = arguments.ldaps_port.unwrap_or(usual(636));
    let mut start = vec![program.display().to_string()];
    if let Some((name, _)) = &slapd_account {
        start.extend(["-u".to_owned(), name.clone()]);
    }
    start.extend([
        "-f".to_owned(),
        place.files().configuration_file().display().to_string(),
        "-h".to_owned(),
        format!(
            "ldap://{}/ ldaps://{}/",
            SocketAddr::new(arguments.listen, ldap),
            SocketAddr::new(arguments.listen, ldaps)
        ),
    ]);
    let names = names(&arguments);
    let host = names.first().cloned().unwrap_or_default();
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host
    };
    let url = format!("ldaps://{host}:{ldaps}");
    let identity = place.identity_section(&url);
    if arguments.json {
        let report = Report {
            folder: &folder,
            suffix: &arguments.suffix,
            url: &url,
            password_hash: match place.hash() {
                StoredHash::Argon2 => "argon2",
                StoredHash::Ssha => "ssha",
            },
            items: &items,
            start: &start,
            identity: &identity,
        };
        say(&serde_json::to_string(&report)?);
    } else {
        report(&place, &items, &start, &identity);
    }
    if items.iter().any(|item| item.state == State::Differs) {
        tell(
            "Left as it is, though this version of pglab would write something else: the configuration of slapd. \
             --overwrite replaces it; what is yours belongs into slapd.local.conf beside it.",
        );
    }
    Ok(())
}

fn report(place: &Place, items: &[Item], start: &[String], identity: &str) {
    for item in items {
        let state = match item.state {
            State::Made => "made",
            State::Kept => "was there",
            State::Replaced => "replaced",
            State::Differs => "differs, kept",
        };
        say(&format!("{state:<14} {}: {}", item.what, item.path.display()));
    }
    say("");
    say(match place.hash() {
        StoredHash::Argon2 => "Passwords of people are stored as argon2id.",
        StoredHash::Ssha => {
            "Passwords of people are stored as salted SHA-1 (SSHA): this slapd has no module argon2. Keep the folder to \
             yourself, or install the module (Debian's slapd has it) and start with an empty folder."
        }
    });
    let command: Vec<String> = start
        .iter()
        .map(|word| {
            if word.contains(' ') {
                format!("'{word}'")
            } else {
                word.clone()
            }
        })
        .collect();
    say(&format!(
        "\n1. Start it, and have it started with the machine. A slapd of the distribution must not hold the same ports\n\
         \x20  (Debian: systemctl disable --now slapd).\n\n     {}\n\n\
         2. Put this into pglab.toml, and try it with `pglab directory check`:\n",
        command.join(" ")
    ));
    for line in identity.lines() {
        say(format!("     {line}").trim_end());
    }
    say(
        "\n3. Tell PostgreSQL: `pglab directory hba` prints the lines for pg_hba.conf (docs/guide/ldap-for-postgresql.md).\n\
         \x20  Restart pglab. It fills the tree with people and groups by itself.\n\n\
         Lines of your own for slapd belong into slapd.local.conf beside slapd.conf, before the next --overwrite.",
    );
}

fn names(arguments: &Arguments) -> Vec<String> {
    if arguments.host.is_empty() {
        let address = match arguments.listen {
            any if any.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            address => address,
        };
        vec![address.to_string()]
    } else {
        arguments.host.clone()
    }
}

fn proof(arguments: &Arguments, folder: &std::path::Path) -> anyhow::Result<Proof> {
    let absolute = |path: &PathBuf| std::path::absolute(path).context("the file of a certificate");
    if let (Some(certificate), Some(key)) = (&arguments.certificate, &arguments.key) {
        return Ok(Proof::Given {
            certificate: absolute(certificate)?,
            key: absolute(key)?,
            ca: arguments.ca.as_ref().map(absolute).transpose()?,
        });
    }
    let mut names = names(arguments);
    names.extend(["127.0.0.1", "::1", "localhost"].map(str::to_owned));
    Ok(Proof::Own(ServerTls {
        folder: folder.to_owned(),
        names,
        clock: Arc::new(SystemClock),
    }))
}

/// Who slapd runs as; nobody else than ourselves where we are not root.
fn slapd_account(arguments: &Arguments, root: bool) -> anyhow::Result<Option<(String, Account)>> {
    if !root {
        anyhow::ensure!(arguments.account.is_none(), "--account is for root");
        return Ok(None);
    }
    let wanted: Vec<&str> = match &arguments.account {
        Some(name) => vec![name],
        None => vec!["openldap", "postgres"],
    };
    let found = wanted
        .iter()
        .find_map(|name| Some(((*name).to_owned(), Account::named(name)?)));
    found.map(Some).with_context(|| {
        format!(
            "slapd is not to run as root, and there is no account {}: name one with --account",
            wanted.join(" or ")
        )
    })
}

fn owner(arguments: &Arguments, root: bool) -> anyhow::Result<Option<Account>> {
    match &arguments.owner {
        Some(_) if !root => anyhow::bail!("--owner is for root"),
        Some(name) => Account::named(name)
            .map(Some)
            .with_context(|| format!("there is no account {name}")),
        None if root => Ok(Account::named("pglab")),
        None => Ok(None),
    }
}
