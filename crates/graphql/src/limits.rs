//! What a query may be before anything is made of it. The library's own limits come after its parser, which recurses,
//! and after walks that follow every fragment wherever it stands.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{Directive, ExecutableDocument, OperationType, Selection, SelectionSet},
};
use safespace_edge::Introspection;

/// The deepest nesting of brackets. The introspection query of the usual tools needs 13.
const DEEPEST_BRACKETS: usize = 40;
/// The most aliases in one document.
const MOST_ALIASES: usize = 30;
/// The most fields, each fragment's counted wherever it stands.
const MOST_FIELDS: usize = 2_000;
/// The most fragments.
const MOST_FRAGMENTS: usize = 100;
/// The most directives in one document.
const MOST_DIRECTIVES: usize = 30;
/// The most commands in one request: each takes a turn at the database.
const MOST_COMMANDS: usize = 10;

/// Refuses a text whose brackets are nested too deeply for a parser that recurses.
pub(crate) fn check_text(query: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = match c {
            '"' => after_string(rest),
            '#' => after.trim_start_matches(|c| !matches!(c, '\n' | '\r')),
            '{' | '[' | '(' => {
                depth += 1;
                if depth > DEEPEST_BRACKETS {
                    return Err(format!(
                        "A query nests at most {DEEPEST_BRACKETS} deep: ask for less at once."
                    ));
                }
                after
            }
            '}' | ']' | ')' => {
                depth = depth.saturating_sub(1);
                after
            }
            _ => after,
        };
    }
    Ok(())
}

/// What follows a string. One that does not end is the parser's to refuse.
fn after_string(text: &str) -> &str {
    const BLOCK: &str = "\"\"\"";
    let (mut rest, end) = match text.strip_prefix(BLOCK) {
        Some(rest) => (rest, BLOCK),
        None => (text.get(1..).unwrap_or_default(), "\""),
    };
    let escape = if end == BLOCK { "\\\"\"\"" } else { "\\" };
    loop {
        if let Some(after) = rest.strip_prefix(escape) {
            // In an ordinary string, whatever follows the backslash is no end; nor is it a whole block's end.
            let skipped = if end == BLOCK { 0 } else { after.chars().next().map_or(0, char::len_utf8) };
            rest = after.get(skipped..).unwrap_or_default();
        } else if let Some(after) = rest.strip_prefix(end) {
            return after;
        } else if end == "\"" && rest.starts_with(['\n', '\r']) {
            // An ordinary string ends with its line, if only in an error.
            return rest;
        } else {
            let Some(c) = rest.chars().next() else { return rest };
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
}

/// Refuses a document that would cost much before it could be refused otherwise.
pub(crate) fn check_document(
    document: &ExecutableDocument,
    introspection: Introspection,
) -> Result<(), String> {
    if document.fragments.len() > MOST_FRAGMENTS {
        return Err(format!("A query has at most {MOST_FRAGMENTS} fragments: ask in several requests."));
    }
    let mut seen = Seen::default();
    for (_, operation) in document.operations.iter() {
        seen.directives(&operation.node.directives);
        operation.node.variable_definitions.iter().for_each(|it| seen.directives(&it.node.directives));
        seen.look(&operation.node.selection_set.node);
    }
    for fragment in document.fragments.values() {
        seen.directives(&fragment.node.directives);
        seen.look(&fragment.node.selection_set.node);
    }
    if seen.aliases > MOST_ALIASES {
        return Err(format!("A query has at most {MOST_ALIASES} aliases: ask in several requests."));
    }
    if seen.directives > MOST_DIRECTIVES {
        return Err(format!("A query has at most {MOST_DIRECTIVES} directives: ask in several requests."));
    }
    if seen.introspects && introspection == Introspection::Closed {
        return Err("Introspection is off: the schema is published as schema.graphql, \
                    and schema.partner.graphql for partner councils."
            .into());
    }
    let mut sizes = Sizes { document, of_fragments: HashMap::new() };
    let mut fields = 0_usize;
    for (_, operation) in document.operations.iter() {
        fields = fields.saturating_add(sizes.of(&operation.node.selection_set.node)?);
    }
    for name in document.fragments.keys() {
        fields = fields.saturating_add(sizes.of_fragment(name)?);
    }
    if fields > MOST_FIELDS {
        return Err(format!("A query has at most {MOST_FIELDS} fields: ask in several requests."));
    }
    // Only now: this follows every fragment.
    for (_, operation) in document.operations.iter() {
        let commands = operation.node.ty == OperationType::Mutation;
        if commands && roots(document, &operation.node.selection_set.node) > MOST_COMMANDS {
            return Err(format!("A request carries out at most {MOST_COMMANDS} commands: send several."));
        }
    }
    Ok(())
}

/// What there is in the text, each thing once.
#[derive(Default)]
struct Seen {
    aliases: usize,
    directives: usize,
    introspects: bool,
}

impl Seen {
    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        self.directives += directives.len();
    }

    fn look(&mut self, set: &SelectionSet) {
        for selection in &set.items {
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.introspects |= matches!(field.node.name.node.as_str(), "__schema" | "__type");
                    self.look(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.look(&fragment.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}

/// How many fields there are when every fragment stands where it is spread; worked out once for each.
struct Sizes<'d> {
    document: &'d ExecutableDocument,
    /// None while it is being worked out: whoever meets that stands within itself.
    of_fragments: HashMap<&'d Name, Option<usize>>,
}

impl<'d> Sizes<'d> {
    fn of(&mut self, set: &'d SelectionSet) -> Result<usize, String> {
        let mut fields = 0_usize;
        for selection in &set.items {
            let more = match &selection.node {
                Selection::Field(field) => self.of(&field.node.selection_set.node)?.saturating_add(1),
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.of_fragment(&spread.node.fragment_name.node)?,
            };
            fields = fields.saturating_add(more);
        }
        Ok(fields)
    }

    /// A fragment that is not there has none: that is the schema's to refuse.
    fn of_fragment(&mut self, name: &Name) -> Result<usize, String> {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else { return Ok(0) };
        match self.of_fragments.get(name) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => return Err("A fragment must not contain itself.".into()),
            None => {}
        }
        self.of_fragments.insert(name, None);
        let fields = self.of(&fragment.node.selection_set.node)?;
        self.of_fragments.insert(name, Some(fields));
        // One that holds no field still costs a look.
        Ok(fields.max(1))
    }
}

/// How many fields stand at the root.
fn roots(document: &ExecutableDocument, set: &SelectionSet) -> usize {
    let of = |selection: &Positioned<Selection>| match &selection.node {
        Selection::Field(_) => 1,
        Selection::InlineFragment(fragment) => roots(document, &fragment.node.selection_set.node),
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node);
            fragment.map_or(0, |fragment| roots(document, &fragment.node.selection_set.node))
        }
    };
    set.items.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use std::fmt::Write;

    use super::*;

    fn refused(query: &str) -> String {
        check_text(query)
            .and_then(|()| check_document(&parse_query(query).unwrap(), Introspection::Closed))
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn what_nests_deeply_never_reaches_the_parser() {
        for (open, close) in [("{a", "}"), ("[", "]"), ("{a:", "}"), ("(", ")")] {
            let n = 100_000;
            assert!(refused(&format!("{}{}", open.repeat(n), close.repeat(n))).contains("at most 40 deep"));
        }
        assert!(
            refused(&format!("query($x: {}Int{}) {{ a }}", "[".repeat(500), "]".repeat(500)))
                .contains("deep")
        );
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_nest() {
        let many = "{[(".repeat(100);
        for text in [
            format!("{{ a(x: \"{many}\") }}"),
            format!("{{ a(x: \"\\\"{many}\") }}"),
            format!("{{ a(x: \"\"\"{many} \\\"\"\" {many}\"\"\") }}"),
            format!("# {many}\n{{ a }}"),
            format!("{{ a(x: \"\u{e9}{many}\\\\\") }}"),
        ] {
            assert_eq!(check_text(&text), Ok(()), "{text}");
        }
        assert!(check_text(&format!("{{ a(x: \"\") {} }}", "{".repeat(50))).is_err());
        assert!(check_text(&format!("{{ a(x: \"\"\"\"\"\") {} }}", "{".repeat(50))).is_err());
        assert!(check_text(&format!("# \" \n {}", "{".repeat(50))).is_err());
        assert!(check_text(&format!("\"\n {}", "{".repeat(50))).is_err());
    }

    #[test]
    fn aliases_are_counted_in_fragments_too() {
        let document = parse_query("{ a: x { b: y ...f } } fragment f on T { c: z }").unwrap();
        let mut seen = Seen::default();
        seen.look(&document.operations.iter().next().unwrap().1.node.selection_set.node);
        document.fragments.values().for_each(|it| seen.look(&it.node.selection_set.node));
        assert_eq!(seen.aliases, 3);
    }

    #[test]
    fn fragments_that_double_each_other_are_counted_before_they_are_spread() {
        let mut bomb = "{ ...f0 }".to_owned();
        for n in 0..60 {
            write!(bomb, " fragment f{n} on Query {{ ...f{m} ...f{m} }}", m = n + 1).unwrap();
        }
        bomb += " fragment f60 on Query { a }";
        assert!(refused(&bomb).contains("at most 2000 fields"));
        assert!(
            refused("{ ...a } fragment a on Q { ...b } fragment b on Q { ...a }").contains("contain itself")
        );
        let hollow = bomb.replace("{ a }", "{ ...none }");
        assert!(refused(&hollow).contains("at most 2000 fields"));
    }

    #[test]
    fn directives_are_counted_wherever_they_stand() {
        let many = "@include(if: true) ".repeat(31);
        for query in [
            format!("query {many} {{ a }}"),
            format!("{{ a {many} }}"),
            format!("{{ ... {many} {{ a }} }}"),
            format!("{{ ...f {many} }} fragment f on Q {{ a }}"),
            format!("{{ ...f }} fragment f on Q {many} {{ a }}"),
            format!("query($x: Int {many}) {{ a }}"),
        ] {
            assert!(refused(&query).contains("at most 30 directives"), "{query}");
        }
    }

    #[test]
    fn a_request_carries_out_few_commands() {
        let many = "a ".repeat(11);
        assert!(refused(&format!("mutation {{ {many} }}")).contains("at most 10 commands"));
        assert!(refused(&format!("mutation {{ ... {{ {many} }} }}")).contains("at most 10 commands"));
        assert!(
            refused("mutation { ...f ...f } fragment f on M { a b c d e f }").contains("at most 10 commands")
        );
        assert_eq!(refused(&format!("{{ {many} }}")), "");
    }

    #[test]
    fn introspection_is_seen_wherever_it_stands() {
        assert!(refused("{ __schema { types { name } } }").contains("is published"));
        assert!(
            refused("{ ...f } fragment f on Query { x: __type(name: \"A\") { name } }")
                .contains("is published")
        );
        assert_eq!(refused("{ __typename }"), "");
        let document = parse_query("{ __schema { types { name } } }").unwrap();
        assert_eq!(check_document(&document, Introspection::Open), Ok(()));
    }
}
