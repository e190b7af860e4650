// A page about one record, found by its global id, and a mutation whose answer is a union.
import { graphql } from 'react-relay';

// On a type with an id, `@refetchable` asks for the record again by `node(id:)`.
graphql`
  fragment StayPage_stay on Stay @refetchable(queryName: "StayPageRefreshQuery") {
    id
    status
    arrival
    departure
    unit {
      ...UnitsPage_unit
    }
  }
`;

graphql`
  query StayPageQuery($id: ID!) {
    node(id: $id) {
      __typename
      ...StayPage_stay @alias(as: "stay")
    }
  }
`;

graphql`
  mutation StayPageBookMutation($input: BookStayInput!) {
    bookStay(input: $input) {
      __typename
      ... on StayBooked {
        stay {
          ...StayPage_stay
        }
      }
      ... on Refused {
        code
        message
        field
      }
    }
  }
`;

graphql`
  subscription StayPageBoardSubscription {
    boardChanged {
      from
      to
      units {
        edges {
          node {
            ...UnitsPage_unit
          }
        }
      }
    }
  }
`;
