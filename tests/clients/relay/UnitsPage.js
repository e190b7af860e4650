// Never run: relay-compiler reads the tagged documents, checks them against the served schema, and writes what a
// Relay application would load. It is strict where Relay is: connections, `node(id:)`, `pageInfo`, ids.
import { graphql } from 'react-relay';

graphql`
  fragment UnitsPage_unit on Unit {
    id
    code
    sleeps
  }
`;

// A list that loads more at its end. `@refetchable` makes relay-compiler write the query for the next page.
graphql`
  fragment UnitsPage_units on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "UnitsPageNextQuery") {
    units(first: $count, after: $cursor) @connection(key: "UnitsPage_units") {
      edges {
        node {
          id
          ...UnitsPage_unit
        }
      }
    }
  }
`;

graphql`
  query UnitsPageQuery {
    ...UnitsPage_units
  }
`;
