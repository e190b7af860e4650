//! The order of an answer: fields as they stand in the query, as the specification says, and errors as their fields.
//!
//! The library puts each field of an answer where it was when it had been worked out. That breaks the specification's
//! order, and shows which of two fields took longer.

use async_graphql::{
    Name, Response, Value,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

/// Puts the answer to an operation of a document into the query's order.
pub(crate) fn put_in_order(response: &mut Response, document: &ExecutableDocument, operation: Option<&str>) {
    // What was not executed may not be valid: its fragments could go round in a circle.
    if response.data != Value::Null
        && let Some(operation) = chosen(document, operation)
    {
        Order::of(&[&operation.selection_set.node], document).put(&mut response.data);
    }
    if response.errors.len() > 1 {
        response.errors.sort_by_cached_key(|error| (error.locations.clone(), format!("{:?}", error.path)));
    }
}

fn chosen<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Option<&'d OperationDefinition> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(_), None) => None,
    };
    operation.map(|operation| &operation.node)
}

/// The fields of an object in order, each with the order of what is in it. A fragment's fields count wherever the
/// fragment stands, whether or not the object is of its type: those that it has not are not there to be put in order.
struct Order<'d>(Vec<(&'d Name, Order<'d>)>);

/// The fields of an object in order, each with every selection that it has.
type Fields<'d> = Vec<(&'d Name, Vec<&'d SelectionSet>)>;

impl<'d> Order<'d> {
    fn of(sets: &[&'d SelectionSet], document: &'d ExecutableDocument) -> Self {
        let (mut fields, mut spread) = (Fields::new(), Vec::new());
        for set in sets {
            collect(set, document, &mut spread, &mut fields);
        }
        Self(fields.into_iter().map(|(key, sets)| (key, Self::of(&sets, document))).collect())
    }

    fn put(&self, value: &mut Value) {
        match value {
            Value::Object(object) => {
                // Nearly always it is in order: then nothing is looked up.
                let mut rest = self.0.iter();
                if !object.keys().all(|key| rest.any(|(wanted, _)| *wanted == key)) {
                    let place = |key: &Name| self.0.iter().position(|(wanted, _)| *wanted == key);
                    object.sort_by(|a, _, b, _| place(a).cmp(&place(b)));
                }
                let mut rest = self.0.iter();
                for (key, value) in object {
                    if let Some((_, order)) = rest.find(|(wanted, _)| *wanted == key) {
                        order.put(value);
                    }
                }
            }
            Value::List(items) if !self.0.is_empty() => items.iter_mut().for_each(|item| self.put(item)),
            _ => {}
        }
    }
}

/// Adds the fields of a selection; each fragment once.
fn collect<'d>(
    set: &'d SelectionSet,
    document: &'d ExecutableDocument,
    spread: &mut Vec<&'d Name>,
    fields: &mut Fields<'d>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let (key, set) = (&field.node.response_key().node, &field.node.selection_set.node);
                match fields.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, sets)) => sets.push(set),
                    None => fields.push((key, vec![set])),
                }
            }
            Selection::InlineFragment(fragment) => {
                collect(&fragment.node.selection_set.node, document, spread, fields);
            }
            Selection::FragmentSpread(named) => {
                let name = &named.node.fragment_name.node;
                if let Some(fragment) = document.fragments.get(name)
                    && !spread.contains(&name)
                {
                    spread.push(name);
                    collect(&fragment.node.selection_set.node, document, spread, fields);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ServerError, parser::parse_query, value};

    use super::*;

    #[test]
    fn an_answer_stands_in_the_querys_order() {
        let query = "{ b { ...f y } a ... on Query { c: d { z } } b { v } } fragment f on T { x ...f }";
        let document = parse_query(query).unwrap();
        let data = value!({ "c": [{ "z": 1 }], "a": 2, "b": { "y": 3, "v": 4, "x": 5 } });
        let mut response = Response::new(data);
        put_in_order(&mut response, &document, None);
        let text = serde_json::to_string(&response.data).unwrap();
        assert_eq!(text, r#"{"b":{"x":5,"y":3,"v":4},"a":2,"c":[{"z":1}]}"#);
    }

    #[test]
    fn what_was_not_executed_is_left_alone() {
        let document = parse_query("{ ...f } fragment f on T { x { ...f } }").unwrap();
        let mut response = Response::from_errors(vec![ServerError::new("goes round in a circle", None)]);
        put_in_order(&mut response, &document, None);
        assert_eq!(response.data, Value::Null);
    }

    #[test]
    fn errors_stand_in_the_order_of_their_fields() {
        let document = parse_query("{ a b }").unwrap();
        let at = |column| Some(async_graphql::Pos { line: 1, column });
        let errors = vec![ServerError::new("second", at(5)), ServerError::new("first", at(3))];
        let mut response = Response::from_errors(errors);
        put_in_order(&mut response, &document, None);
        assert_eq!(response.errors[0].message, "first");
    }
}
