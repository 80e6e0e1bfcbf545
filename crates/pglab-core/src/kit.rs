//! A student's kit: everything they need to connect, in the form that each program wants. Escaping is decided here,
//! once for every format.

use crate::{ident::Ident, lab::Slug, person::Login};

/// A node of the cluster, as students reach it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Host {
    pub host: String,
    pub port: u16,
}

/// What clients are told about TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Protection {
    /// Such as `require`; none leaves it to the client.
    pub sslmode: Option<String>,
    /// What the server's certificate can be verified with, in PEM. With it there is a second, stricter way to connect.
    pub ca: Option<String>,
}

/// What a kit is made from.
#[derive(Debug, Clone, Copy)]
pub struct KitParts<'a> {
    pub lab: &'a Slug,
    pub login: &'a Login,
    pub database: &'a Ident,
    /// All nodes; which one takes writes is found by the client.
    pub hosts: &'a [Host],
    pub protection: &'a Protection,
    /// None once claimed or changed.
    pub password: Option<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kit {
    /// Without the password.
    pub uri: String,
    /// A section of `~/.pg_service.conf`.
    pub service_file: String,
    /// For `~/.pgpass`: one line for each host. Without a password there is none.
    pub pgpass_line: Option<String>,
    pub jdbc: String,
    /// One line for a shell.
    pub psql: String,
    /// The same for clients that verify the server.
    pub verified: Option<VerifiedKit>,
}

/// How to connect so that nobody can play the server. Works in the folder where the CA's certificate was saved under
/// its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedKit {
    pub ca_file: String,
    /// In PEM.
    pub ca: String,
    pub uri: String,
    /// A section of `~/.pg_service.conf`.
    pub service_file: String,
    pub psql: String,
}

impl Kit {
    pub fn new(parts: &KitParts<'_>) -> Self {
        let sslmode = parts.protection.sslmode.as_deref();
        let uri = uri(parts, sslmode, None);
        Self {
            service_file: service_file(parts, sslmode, None),
            pgpass_line: parts.password.map(|password| pgpass_lines(parts, password)),
            jdbc: jdbc(parts),
            // Everything that a shell would read is percent-encoded in the URI.
            psql: format!("psql \"{uri}\""),
            verified: parts.protection.ca.as_deref().map(|ca| verified(parts, ca)),
            uri,
        }
    }
}

fn verified(parts: &KitParts<'_>, ca: &str) -> VerifiedKit {
    // In the file that clients look into by themselves there may be another CA.
    let ca_file = format!("{}-ca.crt", parts.lab);
    let uri = uri(parts, Some("verify-full"), Some(&ca_file));
    VerifiedKit {
        ca: ca.to_owned(),
        service_file: service_file(parts, Some("verify-full"), Some(&ca_file)),
        psql: format!("psql \"{uri}\""),
        uri,
        ca_file,
    }
}

/// `postgresql://login@h1:p1,h2:p2/db?target_session_attrs=read-write`
fn uri(parts: &KitParts<'_>, sslmode: Option<&str>, ca_file: Option<&str>) -> String {
    let mut uri = format!(
        "postgresql://{}@{}/{}?target_session_attrs=read-write",
        percent_encoded(parts.login.as_str()),
        host_list(parts.hosts),
        percent_encoded(parts.database.as_str()),
    );
    if let Some(sslmode) = sslmode {
        uri.push_str(&format!("&sslmode={}", percent_encoded(sslmode)));
    }
    if let Some(ca_file) = ca_file {
        uri.push_str(&format!("&sslrootcert={}", percent_encoded(ca_file)));
    }
    uri
}

fn jdbc(parts: &KitParts<'_>) -> String {
    let mut uri = format!(
        "jdbc:postgresql://{}/{}?targetServerType=primary",
        host_list(parts.hosts),
        percent_encoded(parts.database.as_str()),
    );
    if let Some(sslmode) = &parts.protection.sslmode {
        uri.push_str(&format!("&sslmode={}", percent_encoded(sslmode)));
    }
    uri
}

/// Values of a service file have no quotes: they reach to the end of their line, which no name of ours contains.
fn service_file(parts: &KitParts<'_>, sslmode: Option<&str>, ca_file: Option<&str>) -> String {
    let hosts: Vec<&str> = parts.hosts.iter().map(|host| host.host.as_str()).collect();
    let ports: Vec<String> = parts.hosts.iter().map(|host| host.port.to_string()).collect();
    let mut file = format!(
        "[{}]\nhost={}\nport={}\ndbname={}\nuser={}\ntarget_session_attrs=read-write\n",
        parts.lab,
        hosts.join(","),
        ports.join(","),
        parts.database.as_str(),
        parts.login,
    );
    if let Some(sslmode) = sslmode {
        file.push_str(&format!("sslmode={sslmode}\n"));
    }
    if let Some(ca_file) = ca_file {
        file.push_str(&format!("sslrootcert={ca_file}\n"));
    }
    file
}

fn pgpass_lines(parts: &KitParts<'_>, password: &str) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace(':', "\\:");
    parts
        .hosts
        .iter()
        .map(|host| {
            format!(
                "{}:{}:{}:{}:{}",
                escaped(&host.host),
                host.port,
                escaped(parts.database.as_str()),
                escaped(parts.login.as_str()),
                escaped(password),
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn host_list(hosts: &[Host]) -> String {
    hosts
        .iter()
        .map(|Host { host, port }| {
            if host.contains(':') {
                format!("[{host}]:{port}")
            } else {
                format!("{}:{port}", percent_encoded(host))
            }
        })
        .collect::<Vec<_>>()
        .join(",")
}

/// All but the unreserved characters of RFC 3986.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kit(login: &str, database: &str, hosts: &[(&str, u16)], password: Option<&str>) -> Kit {
        let hosts: Vec<Host> = hosts
            .iter()
            .map(|(host, port)| Host {
                host: (*host).to_owned(),
                port: *port,
            })
            .collect();
        Kit::new(&KitParts {
            lab: &Slug::parse("music-shop").unwrap(),
            login: &Login::parse(login).unwrap(),
            database: &Ident::new(database).unwrap(),
            hosts: &hosts,
            protection: &Protection::default(),
            password,
        })
    }

    #[test]
    fn protected_kit() {
        let protection = Protection {
            sslmode: Some("require".to_owned()),
            ca: Some("PEM".to_owned()),
        };
        let kit = Kit::new(&KitParts {
            lab: &Slug::parse("music-shop").unwrap(),
            login: &Login::parse("ada").unwrap(),
            database: &Ident::new("music_shop_ada").unwrap(),
            hosts: &[Host {
                host: "db.example".to_owned(),
                port: 5433,
            }],
            protection: &protection,
            password: None,
        });
        let verified = kit.verified.unwrap();
        assert!(
            kit.uri
                .ends_with("?target_session_attrs=read-write&sslmode=require")
        );
        assert!(kit.jdbc.ends_with("?targetServerType=primary&sslmode=require"));
        assert!(kit.service_file.ends_with("\nsslmode=require\n"));
        assert_eq!(
            verified.psql,
            "psql \"postgresql://ada@db.example:5433/music_shop_ada?target_session_attrs=read-write\
             &sslmode=verify-full&sslrootcert=music-shop-ca.crt\""
        );
        assert!(
            verified
                .service_file
                .ends_with("\nsslmode=verify-full\nsslrootcert=music-shop-ca.crt\n")
        );
    }

    #[test]
    fn plain_kit() {
        let kit = kit("ada", "music_shop_ada", &[("127.0.0.1", 5433)], Some("kavo-miru"));
        insta::assert_debug_snapshot!(kit, @r#"
        Kit {
            uri: "postgresql://ada@127.0.0.1:5433/music_shop_ada?target_session_attrs=read-write",
            service_file: "[music-shop]\nhost=127.0.0.1\nport=5433\ndbname=music_shop_ada\nuser=ada\ntarget_session_attrs=read-write\n",
            pgpass_line: Some(
                "127.0.0.1:5433:music_shop_ada:ada:kavo-miru",
            ),
            jdbc: "jdbc:postgresql://127.0.0.1:5433/music_shop_ada?targetServerType=primary",
            psql: "psql \"postgresql://ada@127.0.0.1:5433/music_shop_ada?target_session_attrs=read-write\"",
            verified: None,
        }
        "#);
    }

    #[test]
    fn two_hosts_and_names_that_need_escapes() {
        let kit = kit(
            "å:b@c",
            "a b\"$x",
            &[("::1", 5432), ("db2.example.org", 5433)],
            Some("p:\\w"),
        );
        insta::assert_debug_snapshot!(kit, @r#"
        Kit {
            uri: "postgresql://%C3%A5%3Ab%40c@[::1]:5432,db2.example.org:5433/a%20b%22%24x?target_session_attrs=read-write",
            service_file: "[music-shop]\nhost=::1,db2.example.org\nport=5432,5433\ndbname=a b\"$x\nuser=å:b@c\ntarget_session_attrs=read-write\n",
            pgpass_line: Some(
                "\\:\\:1:5432:a b\"$x:å\\:b@c:p\\:\\\\w\ndb2.example.org:5433:a b\"$x:å\\:b@c:p\\:\\\\w",
            ),
            jdbc: "jdbc:postgresql://[::1]:5432,db2.example.org:5433/a%20b%22%24x?targetServerType=primary",
            psql: "psql \"postgresql://%C3%A5%3Ab%40c@[::1]:5432,db2.example.org:5433/a%20b%22%24x?target_session_attrs=read-write\"",
            verified: None,
        }
        "#);
    }

    #[test]
    fn without_a_password_there_is_no_pgpass_line() {
        assert_eq!(kit("ada", "x", &[("h", 1)], None).pgpass_line, None);
    }

    fn percent_decoded(text: &str) -> String {
        let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
        while let Some((first, tail)) = rest.split_first() {
            if *first == b'%' {
                let hex = std::str::from_utf8(&tail[..2]).unwrap();
                bytes.push(u8::from_str_radix(hex, 16).unwrap());
                rest = &tail[2..];
            } else {
                bytes.push(*first);
                rest = tail;
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    /// As libpq reads a line of `~/.pgpass`.
    fn pgpass_fields(line: &str) -> Vec<String> {
        let (mut fields, mut chars) = (vec![String::new()], line.chars());
        while let Some(c) = chars.next() {
            match c {
                ':' => fields.push(String::new()),
                '\\' => fields.last_mut().unwrap().extend(chars.next()),
                c => fields.last_mut().unwrap().push(c),
            }
        }
        fields
    }

    proptest! {
        #[test]
        fn escapes_are_undone_by_those_who_read_them(
            login in "[a-z0-9åß漢:@/?#%&\\\\\"' $`!.-]{1,15}",
            database in "[a-z0-9åß漢:@/?#%&\\\\\"' $`!.-]{1,15}",
            password in "[a-z:\\\\@ ]{0,12}",
        ) {
            let Ok(parsed) = Login::parse(&login) else { return Ok(()) };
            let kit = kit(&login, &database, &[("::1", 5432)], Some(&password));
            let rest = kit.uri.strip_prefix("postgresql://").unwrap();
            let (user, rest) = rest.split_once('@').unwrap();
            let (_, path) = rest.split_once('/').unwrap();
            prop_assert_eq!(percent_decoded(user), parsed.as_str());
            prop_assert_eq!(percent_decoded(path.split_once('?').unwrap().0), database.clone());
            let fields = pgpass_fields(&kit.pgpass_line.unwrap());
            prop_assert_eq!(fields, ["::1", "5432", database.as_str(), parsed.as_str(), password.as_str()]);
            let inner = kit.psql.strip_prefix("psql \"").and_then(|s| s.strip_suffix('"')).unwrap();
            prop_assert!(!inner.contains(['"', '$', '`', '\\', '!', ' ']));
        }
    }
}
