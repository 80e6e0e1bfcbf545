//! Rules as text, and text as PostgreSQL reads it. That PostgreSQL does is shown in `pglab-fleet/tests/it/hba.rs`.

use proptest::prelude::*;

use super::*;

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

fn bind(protection: Protection) -> LdapMethod {
    LdapMethod {
        hosts: vec!["127.0.0.1".to_owned()],
        port: None,
        protection,
        find: Find::Bind {
            prefix: "uid=".to_owned(),
            suffix: ",ou=people,dc=lab,dc=test".to_owned(),
        },
    }
}

fn search(one_level: bool, by: SearchBy) -> LdapMethod {
    LdapMethod {
        find: Find::Search {
            base: "ou=people,dc=lab,dc=test".to_owned(),
            one_level,
            by,
            account: Some((
                "cn=reader,dc=lab,dc=test".to_owned(),
                "two \"words\" # one".to_owned(),
            )),
        },
        ..bind(Protection::Ldaps)
    }
}

#[test]
fn a_private_server_without_ldap() {
    let own = [ident("pglab_super")];
    let loopback = Block::private(&own, "127.0.0.1".parse().unwrap(), &StudentAccess::Scram);
    insta::assert_snapshot!(loopback.text().unwrap(), @r#"
    # BEGIN pglab (changes between these marks are lost)
    host all "pglab_super",+"pglab_services" 127.0.0.1/32 scram-sha-256
    host all "pglab_super",+"pglab_services" ::1/128 scram-sha-256
    host all all 127.0.0.1/32 scram-sha-256
    host all all ::1/128 scram-sha-256
    # END pglab
    "#);
}

#[test]
fn a_private_server_with_ldap_and_a_lab_that_falls_back() {
    let own = [ident("pglab_super"), ident("pglab_store")];
    let students = StudentAccess::Ldap {
        method: bind(Protection::StartTls),
        except: vec![ident("pglab_lab_music-shop")],
    };
    let block = Block::private(&own, "10.1.2.3".parse().unwrap(), &students);
    insta::assert_snapshot!(block.text().unwrap(), @r#"
    # BEGIN pglab (changes between these marks are lost)
    host all "pglab_super","pglab_store",+"pglab_services" 127.0.0.1/32 scram-sha-256
    host all "pglab_super","pglab_store",+"pglab_services" ::1/128 scram-sha-256
    host all "pglab_super","pglab_store",+"pglab_services" 10.1.2.3/32 scram-sha-256
    hostssl all "pglab_super","pglab_store",+"pglab_services" all scram-sha-256
    host all +"pglab_lab_music-shop" 127.0.0.1/32 scram-sha-256
    host all +"pglab_lab_music-shop" ::1/128 scram-sha-256
    host all +"pglab_lab_music-shop" 10.1.2.3/32 scram-sha-256
    hostssl all +"pglab_lab_music-shop" all scram-sha-256
    host all +"pglab_students" 127.0.0.1/32 ldap ldapserver="127.0.0.1" ldapport="389" ldaptls=1 ldapprefix="uid=" ldapsuffix=",ou=people,dc=lab,dc=test"
    host all +"pglab_students" ::1/128 ldap ldapserver="127.0.0.1" ldapport="389" ldaptls=1 ldapprefix="uid=" ldapsuffix=",ou=people,dc=lab,dc=test"
    host all +"pglab_students" 10.1.2.3/32 ldap ldapserver="127.0.0.1" ldapport="389" ldaptls=1 ldapprefix="uid=" ldapsuffix=",ou=people,dc=lab,dc=test"
    hostssl all +"pglab_students" all ldap ldapserver="127.0.0.1" ldapport="389" ldaptls=1 ldapprefix="uid=" ldapsuffix=",ou=people,dc=lab,dc=test"
    host all all 127.0.0.1/32 scram-sha-256
    host all all ::1/128 scram-sha-256
    host all all 10.1.2.3/32 scram-sha-256
    hostssl all all all scram-sha-256
    # END pglab
    "#);
}

#[test]
fn a_server_of_others_gets_only_what_concerns_us() {
    let from = ["192.168.7.0/24", "2001:db8::/32"].map(|range| range.parse().unwrap());
    let students = StudentAccess::Ldap {
        method: search(false, SearchBy::Attribute("uid".to_owned())),
        except: Vec::new(),
    };
    let block = Block::elsewhere(&[ident("pglab_admin")], &from, &students);
    insta::assert_snapshot!(block.text().unwrap(), @r##"
    # BEGIN pglab (changes between these marks are lost)
    hostssl all "pglab_admin",+"pglab_services" 192.168.7.0/24 scram-sha-256
    hostssl all "pglab_admin",+"pglab_services" 2001:db8::/32 scram-sha-256
    hostssl all +"pglab_students" 192.168.7.0/24 ldap ldapserver="127.0.0.1" ldapport="636" ldapscheme="ldaps" ldapbasedn="ou=people,dc=lab,dc=test" ldapsearchattribute="uid" ldapbinddn="cn=reader,dc=lab,dc=test" ldapbindpasswd="two ""words"" # one"
    hostssl all +"pglab_students" 2001:db8::/32 ldap ldapserver="127.0.0.1" ldapport="636" ldapscheme="ldaps" ldapbasedn="ou=people,dc=lab,dc=test" ldapsearchattribute="uid" ldapbinddn="cn=reader,dc=lab,dc=test" ldapbindpasswd="two ""words"" # one"
    # END pglab
    "##);
}

#[test]
fn one_level_is_said_by_a_url_at_the_end() {
    let url = |method: &LdapMethod| {
        let options = method.options().unwrap();
        options
            .rsplit_once(" ldapurl=")
            .map(|(before, url)| (before.to_owned(), url.to_owned()))
            .unwrap()
    };
    let mut method = search(true, SearchBy::Attribute("uid".to_owned()));
    let (before, text) = url(&method);
    assert_eq!(
        text,
        "\"ldaps://127.0.0.1:636/ou%3Dpeople%2Cdc%3Dlab%2Cdc%3Dtest?uid?one\""
    );
    assert!(
        !before.contains("ldapserver") && !before.contains("ldapbasedn"),
        "{before}"
    );
    method.hosts.push("::1".to_owned());
    let (before, text) = url(&method);
    assert!(before.contains("ldapserver=\"127.0.0.1 ::1\""), "{before}");
    assert!(text.starts_with("\"ldaps://:636/"), "{text}");
    let filter = search(true, SearchBy::Filter("(mail=$username@x)".to_owned()));
    assert!(url(&filter).1.ends_with("??one?%28mail%3D%24username%40x%29\""));
}

#[test]
fn what_can_not_stand_in_the_file_is_refused() {
    let text = |find: Find| {
        let method = LdapMethod {
            find,
            ..bind(Protection::Plain)
        };
        let students = StudentAccess::Ldap {
            method,
            except: Vec::new(),
        };
        Block::private(&[], "::1".parse().unwrap(), &students).text()
    };
    let suffix = |suffix: &str| Find::Bind {
        prefix: String::new(),
        suffix: suffix.to_owned(),
    };
    assert_eq!(
        text(suffix(",x\nhost all all all trust")),
        Err(HbaError::Unprintable { what: "ldapsuffix" })
    );
    assert_eq!(
        text(suffix(&"x".repeat(300))),
        Err(HbaError::TooLong { what: "ldapsuffix" })
    );
    let by = SearchBy::Filter("(uid=ada)".to_owned());
    assert_eq!(text(search(false, by).find), Err(HbaError::FilterWithoutName));
    assert!("10.0.0.0/33".parse::<Origin>().is_err());
    assert!("lab.example".parse::<Origin>().is_err());
}

#[test]
fn what_others_wrote_stays() {
    let block = Block::private(&[], "::1".parse().unwrap(), &StudentAccess::Scram)
        .text()
        .unwrap();
    let theirs = "# mine\nlocal all all peer\n";
    let first = spliced(theirs, &block).unwrap();
    assert_eq!(first, format!("{block}{theirs}"));
    assert_eq!(spliced(&first, &block).unwrap(), first);
    let around = format!("# above\n{block}# below\n");
    let other = Block::private(&[ident("x")], "::1".parse().unwrap(), &StudentAccess::Scram)
        .text()
        .unwrap();
    let changed = spliced(&around, &other).unwrap();
    assert_eq!(changed, format!("# above\n{other}# below\n"));
    assert_eq!(block_in(&changed).unwrap(), Some(other.as_str()));
    for damaged in [BEGIN, END, &format!("{END}\n{BEGIN}"), &format!("{block}{block}")] {
        assert_eq!(spliced(damaged, &block), Err(SpliceError::Marks));
    }
}

/// As PostgreSQL reads a line: words at blanks, a quote hides blanks and `#`, a doubled one inside of quotes is one.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut any) = (Vec::new(), String::new(), false);
    let (mut inside, mut was_quote) = (false, false);
    for c in line.chars() {
        if !inside && c == '#' {
            break;
        }
        if !inside && c == ' ' {
            if any {
                words.push(std::mem::take(&mut word));
            }
            (any, was_quote) = (false, false);
            continue;
        }
        if c != '"' || was_quote {
            word.push(c);
        }
        was_quote = inside && c == '"' && !was_quote;
        if c == '"' {
            inside = !inside;
        }
        any = true;
    }
    if any {
        words.push(word);
    }
    words
}

proptest! {
    #[test]
    fn values_come_back_as_they_were(value in "[a-z\"'# ,=\\\\()*$@é]{0,30}") {
        let line = format!("host all all all ldap ldapprefix={} ldaptls=1", quoted("x", &value).unwrap());
        let words = words(&line);
        prop_assert_eq!(&words[5], &format!("ldapprefix={value}"));
        prop_assert_eq!(&words[6], "ldaptls=1");
    }
}
