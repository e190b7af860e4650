//! A PostgreSQL on another machine is reached by TLS with its certificate checked, or not at all.

use safespace_tests::{has_postgres, program::Program};

/// Reserved for documentation: nobody answers there, and nobody is asked.
const ELSEWHERE: &str = "192.0.2.7";

#[test]
fn another_machine_is_not_asked_without_tls_that_is_checked() {
    for more in ["", "?sslmode=disable", "?sslmode=prefer", "?sslmode=require"] {
        let program = Program::on(&format!("postgres://somebody:a-made-up-secret@{ELSEWHERE}/refuge{more}"));
        for call in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["migrate"],
            &["keys", "status"],
            &["audit", "verify"],
        ] {
            let ended = program.run(call);
            assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{call:?} {more}: {}", ended.err);
            assert!(ended.err.contains("add ?sslmode=verify-full"), "{}", ended.err);
            assert!(
                !ended.err.contains("a-made-up-secret") && !ended.err.contains(ELSEWHERE),
                "{}",
                ended.err
            );
        }
    }
}

#[test]
fn tls_that_is_asked_for_is_had_or_the_database_is_not_used() {
    // The tests' own server speaks none, on this machine: it shows that a connection in the clear is not fallen back to.
    let Some(url) = has_postgres() else { return };
    for mode in ["require", "verify-ca", "verify-full"] {
        let ended = Program::on(&format!("{url}?sslmode={mode}")).run(["migrate"]);
        assert_eq!(ended.code, 1, "{mode}: {}", ended.err);
        assert!(ended.err.contains("TLS"), "{}", ended.err);
    }
}

#[test]
fn whoever_insists_in_as_many_words_is_let_through() {
    let refuses = "127.0.0.1:1";
    let program = Program::on("postgres://somebody@localhost.invalid/refuge?sslmode=disable");
    let ended = program.run(["--insecure-database", "migrate"]);
    assert_eq!(ended.code, 1, "it was tried, and there is no such machine: {}", ended.err);
    assert!(ended.err.contains("the database can't be reached"), "{}", ended.err);
    let here = Program::on(&format!("postgres://somebody@{refuses}/refuge")).run(["migrate"]);
    assert_eq!(here.code, 1, "this machine is asked as it comes: {}", here.err);
}
