//! Dependencies between our crates point one way, and the heavy libraries stay behind their fences.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap();
    metadata.workspace_packages().into_iter().cloned().collect()
}

fn dependencies(package: &Package) -> BTreeSet<String> {
    // An optional one stands behind the feature `testing`, which only tests turn on.
    let normal = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal && !dependency.optional);
    normal.map(|dependency| dependency.name.to_string()).collect()
}

/// Who may know whom: the picture of ARCHITECTURE.md.
#[test]
fn our_crates_know_only_what_lies_below() {
    let allowed: &[(&str, &[&str])] = &[
        ("pglab-core", &[]),
        ("pglab-store", &["pglab-core"]),
        ("pglab-fleet", &["pglab-core"]),
        ("pglab-identity", &["pglab-core"]),
        (
            "pglab-control",
            &["pglab-core", "pglab-store", "pglab-fleet", "pglab-identity"],
        ),
        ("pglab-api", &["pglab-core", "pglab-control"]),
        (
            "pglab",
            &[
                "pglab-core",
                "pglab-store",
                "pglab-fleet",
                "pglab-identity",
                "pglab-control",
                "pglab-api",
            ],
        ),
        ("pglab-testkit", &["pglab-core", "pglab-fleet"]),
    ];
    let packages = packages();
    assert_eq!(
        packages.len(),
        allowed.len(),
        "a new crate needs its place in this table"
    );
    for package in packages {
        let (_, may) = allowed
            .iter()
            .find(|(name, _)| *name == package.name.as_str())
            .unwrap();
        let ours = dependencies(&package)
            .into_iter()
            .filter(|name| name.starts_with("pglab"));
        let beyond: Vec<String> = ours.filter(|name| !may.contains(&name.as_str())).collect();
        assert!(beyond.is_empty(), "{} must not know {beyond:?}", package.name);
    }
}

#[test]
fn heavy_libraries_stay_behind_their_fences() {
    let fences: &[(&str, &[&str])] = &[
        ("sqlx", &["pglab-store"]),
        ("tokio-postgres", &["pglab-fleet", "pglab-testkit"]),
        ("axum", &["pglab-api", "pglab"]),
        ("anyhow", &["pglab"]),
        ("clap", &["pglab"]),
        ("reqwest", &["pglab", "pglab-identity", "pglab-fleet"]),
        ("argon2", &["pglab-identity"]),
        ("ldap3", &["pglab-identity"]),
        ("openidconnect", &["pglab-identity"]),
    ];
    for package in packages() {
        for (library, inside) in fences {
            let knows = dependencies(&package).contains(*library);
            assert!(
                !knows || inside.contains(&package.name.as_str()),
                "{} must not use {library}",
                package.name
            );
        }
    }
}

/// `core` decides; what could reach the world from there is not even linked.
#[test]
fn core_can_not_reach_the_world() {
    let core = packages()
        .into_iter()
        .find(|package| package.name.as_str() == "pglab-core")
        .unwrap();
    for library in ["tokio", "futures", "rand", "tracing", "nix", "reqwest"] {
        assert!(
            !dependencies(&core).contains(library),
            "pglab-core must not use {library}"
        );
    }
}
