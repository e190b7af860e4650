"""Python's gql, as a partner's programmer would use it: asks what is free, books it, reads the stay back."""

import asyncio
import datetime
import os
import secrets
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport

AVAILABILITY = gql("""
    query ($ask: AvailabilityInput!) {
      availability(ask: $ask) { offers(first: 5) { edges { node { unit { id code sleeps } } } } }
    }
""")
BOOK = gql("""
    mutation ($input: BookStayInput!) {
      bookStay(input: $input) {
        __typename
        ... on StayBooked { stay { id status } }
        ... on Refused { code message field }
      }
    }
""")
READ = gql("""
    query ($id: ID!) {
      node(id: $id) { __typename id ... on Stay { status arrival departure unit { code } } }
    }
""")


class Wrong(Exception):
    """The service did not do what it should."""


def must(true: bool, what: str) -> None:
    if not true:
        raise Wrong(what)


async def main() -> None:
    transport = AIOHTTPTransport(
        url=os.environ["SAFESPACE_URL"].rstrip("/") + "/graphql",
        headers={"Authorization": "Bearer " + os.environ["SAFESPACE_OFFICER_TOKEN"]},
    )
    arrival = datetime.date.today() + datetime.timedelta(days=80)
    nights = {"arrival": arrival.isoformat(), "departure": (arrival + datetime.timedelta(days=3)).isoformat()}
    people = {"adults": 1, "children": 1}
    reference = "OUT-" + secrets.token_hex(6).upper()

    # Fetching the schema makes gql check each document against it before it is sent: introspection has to work.
    async with Client(transport=transport, fetch_schema_from_transport=True, execute_timeout=10) as session:
        found = await session.execute(AVAILABILITY, variable_values={"ask": {**nights, **people}})
        offers = [edge["node"]["unit"] for edge in found["availability"]["offers"]["edges"]]
        must(len(offers) > 0, f"no unit is offered for {nights}")
        unit = offers[0]
        must(unit["sleeps"] >= 2, f"{unit} is too small for two people")

        booking = {**nights, **people, "unit": unit["id"], "household": reference, "idempotencyKey": reference}
        booked = (await session.execute(BOOK, variable_values={"input": booking}))["bookStay"]
        must(booked["__typename"] == "StayBooked", f"the booking was refused: {booked}")

        again = (await session.execute(BOOK, variable_values={"input": booking}))["bookStay"]
        must(again == booked, f"the same command with the same key answered {again}, not {booked}")

        stay = (await session.execute(READ, variable_values={"id": booked["stay"]["id"]}))["node"]
        want = {"__typename": "Stay", **booked["stay"], **nights, "unit": {"code": unit["code"]}}
        must(stay == want, f"node(id:) answered {stay}, not {want}")
    print(f"  {unit['code']} was offered, booked once for two equal calls, and read back by node(id:)")


try:
    asyncio.run(asyncio.wait_for(main(), 60))
except Exception as error:
    sys.exit(f"  FAIL {type(error).__name__}: {error}")
