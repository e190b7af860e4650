//! Errors don't say back what was asked. The library's messages quote the request: names, values and whole lines of it,
//! which then stand in the logs of whoever called.

use std::collections::HashSet;

/// Said where a message holds a word that is neither the library's own nor the schema's.
const IN_GENERAL: &str = "The request does not fit the schema, at the place that is given.";

/// The words of the library's messages, outside quotation marks.
const WORDS: &str = "\
    a all and are argument as at be because been but by can cannot composite condition conflict contain default defined \
    deprecated depth different differing directive directives document does duplicate each either enumeration exactly \
    expected expecting fetch field fields for fragment found from greater has have here if in input intentional introduces \
    invalid is it leaf list may member missing must mutation name named never no non not null number object objects of on \
    one only oneof operation operations or parse possible provided query recursion request required requires requested \
    same scalar schema selection set since spread subfields subscription subscriptions supplied supported than that the \
    there this to too transport twice type types union unknown upload used value values variable was with you your aliases \
    complex failed nested Use was depth complexity limit exceeded that s configured default position";

/// The names that the schema publishes, and the library's words.
pub(crate) struct Vocabulary {
    names: HashSet<String>,
    words: HashSet<&'static str>,
}

impl Vocabulary {
    /// Of a schema in the schema definition language.
    pub(crate) fn of(sdl: &str) -> Self {
        let mut names: HashSet<String> = HashSet::new();
        // Every other piece is a description, which is in quotation marks.
        for text in sdl.split("\"\"\"").step_by(2).flat_map(|text| text.split('"').step_by(2)) {
            names.extend(words(text).map(str::to_owned));
        }
        Self { names, words: WORDS.split_whitespace().collect() }
    }

    /// The message without what only the request can have put there.
    pub(crate) fn clean(&self, message: &str) -> String {
        let pieces: Vec<&str> = message.split(['"', '`']).collect();
        let known = pieces.iter().step_by(2).flat_map(|piece| words(piece)).all(|word| {
            self.words.contains(word.to_ascii_lowercase().as_str())
                || word.bytes().all(|it| it.is_ascii_digit())
        });
        if !known || pieces.len().is_multiple_of(2) {
            return IN_GENERAL.to_owned();
        }
        let piece = |(n, piece): (usize, &&str)| match n % 2 {
            0 => (*piece).to_owned(),
            _ if self.is_ours(piece) => format!("\"{piece}\""),
            _ => "\"…\"".to_owned(),
        };
        pieces.iter().enumerate().map(piece).collect()
    }

    fn is_ours(&self, quoted: &str) -> bool {
        quoted.is_ascii()
            && words(quoted).all(|word| self.names.contains(word) || word.parse::<u16>().is_ok())
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(message: &str) -> String {
        let sdl = "\"\"\"\nWhere Wisteria Lane is.\n\"\"\"\ntype Query {\n\tunits(input: [Int!]): String \
                   @deprecated(reason: \"Wisteria\")\n\tarrival: Date\n}\n";
        Vocabulary::of(sdl).clean(message)
    }

    #[test]
    fn names_of_the_schema_are_kept_and_others_are_not() {
        assert_eq!(
            clean("Unknown field \"wisteria\" on type \"Query\"."),
            "Unknown field \"…\" on type \"Query\"."
        );
        assert_eq!(
            clean("Invalid value for argument \"input.arrival\", expected type \"Date\""),
            "Invalid value for argument \"input.arrival\", expected type \"Date\""
        );
        assert_eq!(
            clean("Invalid value for argument \"input.0\", expected type \"[Int!]\""),
            "Invalid value for argument \"input.0\", expected type \"[Int!]\""
        );
        assert_eq!(clean("Unknown type \"Wisteria\""), "Unknown type \"…\"", "a description is no name");
    }

    #[test]
    fn quotation_marks_in_what_was_sent_do_not_bring_it_out() {
        for message in [
            "Unknown operation named \"a\" wisteria \"b\"",
            "Unknown operation named \"wisteria\" \"",
            "Variable wisteria is not defined.",
            "enumeration type \"Query\" does not contain the value \"`wisteria`\"",
            "  --> 1:3\n  |\n1 | { wisteria\n  |",
        ] {
            assert!(!clean(message).contains("wisteria"), "{message}: {}", clean(message));
        }
    }
}
