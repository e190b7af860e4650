//! The readers of requests, against whatever a caller may send: they refuse in words, and never panic.

use async_graphql::parser::parse_query;
use proptest::prelude::*;
use safespace_edge::Introspection;

use crate::{
    echo::Vocabulary,
    endpoint::{bearer, is_json, parameters},
    limits::{check_document, check_text},
};

/// The way of a query up to the schema.
fn read(query: &str) {
    if check_text(query).is_ok()
        && let Ok(document) = parse_query(query)
    {
        let _ = check_document(&document, Introspection::Closed);
    }
}

/// Pieces of the language in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "...",
        ":",
        "=",
        "!",
        "$",
        "@",
        "|",
        "&",
        "\"",
        "\"\"\"",
        "\\",
        "#",
        "\n",
        "\r",
        ",",
        "\u{feff}",
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "a",
        "b",
        "Query",
        "$x",
        "@include",
        "(if: true)",
        "{ a }",
        "...b",
        "fragment b on Query { ...b }",
        "1",
        "-1.5e9",
        "true",
        "null",
        "\"\\u00e9\"",
        "\"\\ud800\"",
        "é",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.join(" "))
}

/// A document that parses: brackets in pairs, to a depth.
fn nested() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "b: a",
        "a @skip(if: true)",
        "...f",
        "a(x: [1, {y: \"{[(\"}])",
        "__schema { a }",
    ])
    .prop_map(str::to_owned);
    let set = leaf.prop_recursive(60, 400, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..6).prop_map(|all| format!("a {{ {} }}", all.join(" "))),
            inner.prop_map(|one| format!("... on Query {{ {one} }}")),
        ]
    });
    (set.clone(), set).prop_map(|(a, b)| format!("{{ {a} }} fragment f on Query {{ {b} }}"))
}

proptest! {
    #[test]
    fn bodies_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parameters(&bytes);
    }

    #[test]
    fn json_is_read_or_refused(
        query in "\\PC{0,80}",
        name in prop::option::of("\\PC{0,20}"),
        variables in prop::sample::select(vec!["null", "{}", "[]", "1", "{\"a\": {\"b\": [1e400]}}", "{\"a\": 18446744073709551616}"]),
        cut in any::<prop::sample::Index>(),
    ) {
        let body = format!("{{\"query\": {query:?}, \"operationName\": {name:?}, \"variables\": {variables}}}");
        let _ = parameters(body.as_bytes());
        let _ = parameters(&body.as_bytes()[..cut.index(body.len())]);
    }

    #[test]
    fn texts_are_parsed_or_refused(text in "\\PC{0,200}") {
        read(&text);
    }

    #[test]
    fn pieces_of_the_language_are_parsed_or_refused(text in pieces()) {
        read(&text);
    }

    #[test]
    fn documents_are_measured_or_refused(text in nested()) {
        read(&text);
    }

    #[test]
    fn nothing_deep_passes(depth in 41..3_000_usize, open in prop::sample::select(vec!["{a", "[", "(", "{a:"]), before in "[a-z \n]{0,20}") {
        let text = before + &open.repeat(depth);
        prop_assert!(check_text(&text).is_err());
    }

    #[test]
    fn credentials_and_types_are_read_or_refused(text in "\\PC{0,80}") {
        if let Some(token) = bearer(&text) {
            prop_assert!(!token.is_empty() && text.ends_with(text.trim_start()) && text.contains(token));
        }
        let _ = is_json(&text);
        let (line, token) = (format!("Bearer x{text}"), format!("x{text}"));
        prop_assert_eq!(bearer(&line), Some(token.trim()));
    }

    #[test]
    fn a_message_never_brings_out_a_word_that_was_sent(
        before in "[\\PC\"`]{0,30}",
        after in "[\\PC\"`]{0,30}",
        frame in prop::sample::select(vec![
            "Unknown field \"{}\" on type \"Query\".",
            "Variable {} is not defined.",
            "Unknown operation named \"{}\"",
            "enumeration type \"Query\" does not contain the value \"{}\"",
            "{}",
        ]),
    ) {
        let vocabulary = Vocabulary::of("type Query {\n\ta: Int\n}\n");
        let told = vocabulary.clean(&frame.replace("{}", &format!("{before}wisteria4711{after}")));
        prop_assert!(!told.contains("wisteria4711"), "{}", told);
    }
}
