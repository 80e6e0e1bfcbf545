//! The metrics of the LDAP directory: what its client counted, and whether its servers answer. Where pglab keeps the
//! passwords itself there are none.

use std::sync::atomic::{AtomicU64, Ordering};

use super::family::{Families, Family, number};
use crate::Control;

pub(super) fn families(control: &Control, families: &mut Families) {
    let Some(directory) = control.directory() else {
        return;
    };
    let counters = directory.counters();
    let mut sign_ins = Family::counter(
        "pglab_directory_sign_ins_total",
        "Passwords that the LDAP directory was asked about, by outcome: ok, refused, locked, away",
    );
    let read = |counter: &AtomicU64| number(counter.load(Ordering::Relaxed));
    for (outcome, counter) in [
        ("ok", &counters.signed_in),
        ("refused", &counters.refused),
        ("locked", &counters.locked),
        ("away", &counters.away),
    ] {
        sign_ins.add(&[("outcome", outcome)], read(counter));
    }
    families.push(sign_ins);
    // The others ask only when somebody signs in there.
    if !control.works() {
        return;
    }
    let mut up = Family::gauge(
        "pglab_directory_up",
        "1 if the LDAP server answered the last time",
    );
    for server in counters.servers() {
        if let Some(is_up) = server.up {
            up.add(&[("server", &server.url)], f64::from(u8::from(is_up)));
        }
    }
    families.push(up);
}
