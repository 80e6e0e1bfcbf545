//! Archives as enemies make them.

use std::{
    io::{Cursor, Write},
    os::unix::fs::symlink,
};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use pglab_core::pack::PackPath;

const SMALL: Limits = Limits {
    n_entries: 5,
    unpacked_bytes: 1 << 20,
    archive_bytes: 1 << 20,
};

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[track_caller]
fn refused(bytes: Vec<u8>) -> String {
    archive::read(Cursor::new(bytes), SMALL).unwrap_err().to_string()
}

/// Replaces a text by one of the same length, wherever it stands.
fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut n_found = 0;
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + from.len()].copy_from_slice(to);
            n_found += 1;
        }
    }
    assert!(n_found > 0);
    bytes
}

#[test]
fn what_is_written_is_read_again() {
    let files: Files = [("a/b.txt", "x"), ("pack.json", "{}")]
        .into_iter()
        .map(|(path, text)| (PackPath::parse(path).unwrap(), text.into()))
        .collect();
    let mut bytes = Cursor::new(Vec::new());
    archive::write(&files, &mut bytes).unwrap();
    let bytes = bytes.into_inner();
    assert_eq!(archive::read(Cursor::new(bytes.clone()), SMALL).unwrap(), files);
    let mut again = Cursor::new(Vec::new());
    archive::write(&files, &mut again).unwrap();
    assert_eq!(again.into_inner(), bytes);

    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("p");
    folder::write(&files, &folder).unwrap();
    assert_eq!(folder::read(&folder, SMALL).unwrap(), files);
    assert!(
        folder::write(&files, &folder)
            .unwrap_err()
            .to_string()
            .contains("holds something")
    );
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn hostile_archives_are_refused() {
    assert!(refused(b"no zip".to_vec()).contains("no zip archive"));
    assert!(refused(vec![0; 2 << 20]).contains("larger than 1 MiB"));
    for (name, why) in [
        ("../evil", "leads out"),
        ("/etc/evil", "absolute"),
        ("a\\..\\evil", "backslash"),
        ("C:/evil", "colon"),
        ("a//b", "can't keep"),
        ("a\nb", "control"),
        ("nul.txt", "can't keep"),
    ] {
        let said = refused(zip(&[("pack.json", b"{}"), (name, b"x")]));
        assert!(said.contains(why), "{name:?}: {said}");
    }
    assert!(
        refused(zip(&[
            (&"x/".repeat(20), b""),
            (&format!("{}y", "x/".repeat(20)), b"x")
        ]))
        .contains("too long or too deep")
    );
    let many: Vec<String> = (0..6).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(refused(zip(&many)).contains("more than 5"));
    assert!(refused(zip(&[("a.json", b"1"), ("A.JSON", b"2")])).contains("capitals"));
    assert!(refused(zip(&[("a", b"1"), ("a/b", b"2")])).contains("folder of"));
    // The same name twice, which the library does not write.
    assert!(
        refused(replaced(zip(&[("one1", b"1"), ("one2", b"2")]), b"one2", b"one1")).contains("same name")
    );
    // A NUL, and a name that is no UTF-8.
    assert!(refused(replaced(zip(&[("ab-cd", b"1")]), b"ab-cd", b"ab\0cd")).contains("control"));
    assert!(refused(replaced(zip(&[("ab-cd", b"1")]), b"ab-cd", b"ab\xffcd")).contains("UTF-8"));
}

#[test]
fn bombs_are_counted_while_they_inflate() {
    let bomb = zip(&[("zeros", &vec![0; 3 << 20])]);
    assert!(bomb.len() < 10_000);
    assert!(refused(bomb.clone()).contains("larger than 1 MiB unpacked"));
    // The same saying of itself that it is small: lengths stand after the CRC in both headers.
    let length = u32::to_le_bytes(3 << 20);
    let lying = replaced(bomb, &length, &u32::to_le_bytes(10));
    let said = refused(lying);
    assert!(
        said.contains("unpacked") || said.contains("can't be read"),
        "{said}"
    );
    let parts: Vec<u8> = vec![0; 600 << 10];
    assert!(refused(zip(&[("a", &parts), ("b", &parts)])).contains("b: with this file"));
}

#[test]
fn links_and_encrypted_entries_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_symlink("link", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    assert!(refused(writer.finish().unwrap().into_inner()).contains("symbolic link"));
    // The flag of encryption in the local and the central header.
    let mut bytes = zip(&[("a", b"x")]);
    bytes[6] |= 1;
    let central = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[central + 8] |= 1;
    let said = refused(bytes);
    assert!(
        said.contains("encrypted") || said.to_lowercase().contains("password"),
        "{said}"
    );

    let place = tempfile::tempdir().unwrap();
    symlink("/etc/passwd", place.path().join("link")).unwrap();
    std::fs::write(place.path().join(".hidden"), "x").unwrap();
    assert_eq!(
        folder::read(place.path(), SMALL).unwrap_err()[0].to_string(),
        "link: is a symbolic link"
    );
}

#[test]
fn packs_within_packs_are_refused() {
    let mut inner = zip(&[("pack.json", b"{}")]);
    for _ in 0..5 {
        inner = zip(&[
            (
                "pack.json",
                br#"{"id":"a","name":"A","version":"1.0.0","challenges":["b"]}"#,
            ),
            ("inner", &inner),
        ]);
    }
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("p.zip");
    std::fs::write(&path, inner).unwrap();
    let problems = read(&path, Limits::default()).unwrap_err();
    assert!(
        problems[0].to_string().contains("a pack within a pack"),
        "{problems:?}"
    );
}
