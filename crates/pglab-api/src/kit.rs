//! A kit on the wire: for a member's page, for `pglab kit`, and behind a claim link.

use pglab_control::kit::MemberKit;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Kit {
    pub login: String,
    /// Null once claimed or changed.
    pub password: Option<String>,
    /// Without the password.
    pub uri: String,
    pub hosts: Vec<KitHost>,
    pub database: String,
    /// A section of `~/.pg_service.conf`.
    pub service_file: String,
    /// For `~/.pgpass`. Null without a password.
    pub pgpass_line: Option<String>,
    pub jdbc: String,
    /// One line for a shell.
    pub psql: String,
    /// How to connect to a server that proves who it is. Null where pglab knows no CA.
    pub verified: Option<VerifiedKit>,
}

/// For clients that verify the server. To be used in the folder where `ca` was saved as `ca_file`.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedKit {
    pub ca_file: String,
    /// The certificate of the CA, in PEM.
    pub ca: String,
    pub uri: String,
    pub service_file: String,
    pub psql: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct KitHost {
    pub host: String,
    pub port: u16,
}

impl std::fmt::Debug for Kit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kit({:?})", self.login)
    }
}

impl From<MemberKit> for Kit {
    fn from(of: MemberKit) -> Self {
        Self {
            login: of.login,
            password: of.password,
            uri: of.kit.uri,
            hosts: of
                .hosts
                .into_iter()
                .map(|host| KitHost {
                    host: host.host,
                    port: host.port,
                })
                .collect(),
            database: of.database,
            service_file: of.kit.service_file,
            pgpass_line: of.kit.pgpass_line,
            jdbc: of.kit.jdbc,
            psql: of.kit.psql,
            verified: of.kit.verified.map(|kit| VerifiedKit {
                ca_file: kit.ca_file,
                ca: kit.ca,
                uri: kit.uri,
                service_file: kit.service_file,
                psql: kit.psql,
            }),
        }
    }
}
