//! The slapd of these tests: a tree as pglab makes it, reached in all the ways that `pg_hba.conf` knows.

use std::fs;

use pglab_core::directory::{BindMode, DirectorySettings, Server, Tls};
use pglab_testkit::slapd::{self, SlapdOptions};

#[derive(Debug)]
pub(super) struct Slapd(slapd::Slapd);

impl Slapd {
    /// Takes passwords without protection too, as one of the ways needs.
    pub(super) async fn start() -> Self {
        let options = SlapdOptions {
            plain_binds: true,
            ..SlapdOptions::default()
        };
        Self(slapd::Slapd::start_with(options).await)
    }

    pub(super) fn server(&self) -> &slapd::Slapd {
        &self.0
    }

    pub(super) fn server_mut(&mut self) -> &mut slapd::Slapd {
        &mut self.0
    }

    pub(super) fn ca(&self) -> String {
        fs::read_to_string(self.0.ca_file()).unwrap()
    }

    /// Of a CA that did not sign slapd's certificate.
    pub(super) fn other_ca(&self) -> String {
        fs::read_to_string(self.0.other_ca_file()).unwrap()
    }

    pub(super) fn settings(&self, tls: Tls, bind: BindMode) -> DirectorySettings {
        let listen = self.0.listen();
        DirectorySettings {
            servers: vec![Server {
                host: "127.0.0.1".to_owned(),
                port: if tls == Tls::Ldaps {
                    listen.ldaps
                } else {
                    listen.ldap
                },
            }],
            tls,
            bind,
            ..self.0.settings()
        }
    }
}
