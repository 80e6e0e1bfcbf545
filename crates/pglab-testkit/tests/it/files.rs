//! What a reader relies on in every file.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// A file begins by saying what it is.
#[test]
fn every_file_says_what_it_is() {
    let mut files = Vec::new();
    rust_files(&top().join("crates"), &mut files);
    assert!(files.len() > 50);
    let silent: Vec<&PathBuf> = files
        .iter()
        .filter(|file| !fs::read_to_string(file).unwrap().starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "no module comment in {silent:?}");
}

/// Tests that are skipped rot.
#[test]
fn no_test_is_ignored() {
    let mut files = Vec::new();
    rust_files(&top().join("crates"), &mut files);
    let mark = concat!("#[", "ignore");
    let ignoring: Vec<&PathBuf> = files
        .iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains(mark))
        .collect();
    assert!(
        ignoring.is_empty(),
        "choose slow tests by a nextest profile instead: {ignoring:?}"
    );
}
