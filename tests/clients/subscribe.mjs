// A real graphql-ws client watches the board while a stay is booked by HTTP.
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { ask, atMost, base, day, household, officer } from './api.mjs';

const WAIT_MS = 10_000;
const wsUrl = `${base.replace(/^http/, 'ws')}/graphql/ws`;

atMost(60);

/** Books one free unit for a household of its own, and says which unit and nights it took. */
async function bookSomething(fromToday) {
  const nights = { arrival: day(fromToday), departure: day(fromToday + 2) };
  const { availability } = await ask(
    `query ($ask: AvailabilityInput!) {
      availability(ask: $ask) { offers(first: 1) { edges { node { unit { id code } } } } }
    }`,
    { ask: { ...nights, adults: 1, children: 0 } },
  );
  const unit = availability.offers.edges[0]?.node.unit;
  if (!unit) throw new Error(`no unit is offered from ${nights.arrival} to ${nights.departure}`);
  const reference = household();
  const { bookStay } = await ask(
    `mutation ($input: BookStayInput!) {
      bookStay(input: $input) {
        __typename
        ... on StayBooked { stay { id } }
        ... on Refused { code message field }
      }
    }`,
    { input: { ...nights, unit: unit.id, household: reference, adults: 1, children: 0, idempotencyKey: reference } },
  );
  if (bookStay.__typename !== 'StayBooked') throw new Error(`the booking was refused: ${JSON.stringify(bookStay)}`);
  return { unit, ...nights };
}

/** Whether an event tells of a booking: its unit, and nights that overlap. */
function tellsOf(event, booking) {
  const { units, from, to } = event.boardChanged;
  const codes = units.edges.map(({ node }) => node.code);
  return codes.includes(booking.unit.code) && from < booking.departure && booking.arrival < to;
}

async function hearsOfBookings() {
  const client = createClient({
    url: wsUrl,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${officer}` },
    retryAttempts: 0,
  });
  const events = [];
  const bookings = [];
  let fault;
  client.subscribe(
    { query: 'subscription { boardChanged { from to units { edges { node { code } } } } }' },
    {
      next: ({ data, errors }) => (errors ? (fault = errors) : events.push(data)),
      error: (error) => (fault = error),
      complete: () => {},
    },
  );
  const until = Date.now() + WAIT_MS;
  // The protocol has no "subscribed" message, so a first booking may come too early to be heard: book until one is.
  for (let n = 0; Date.now() < until; n += 1) {
    await sleep(n === 0 ? 300 : 1000);
    if (fault) break;
    if (events.some((event) => bookings.some((booking) => tellsOf(event, booking)))) break;
    if (n % 2 === 0) bookings.push(await bookSomething(40 + 3 * n));
  }
  await client.dispose();
  if (fault) throw new Error(`the subscription failed: ${describe(fault)}`);
  if (!events.some((event) => bookings.some((booking) => tellsOf(event, booking)))) {
    throw new Error(
      `no boardChanged for any of ${JSON.stringify(bookings)} within ${WAIT_MS / 1000} s; heard ${JSON.stringify(events)}`,
    );
  }
  console.log(`  a subscriber hears of a booking made by HTTP (${bookings.length} booked, ${events.length} heard)`);
}

/** The close code that a connection gets which presents these connectionParams. */
function closedWith(connectionParams) {
  return new Promise((resolve, reject) => {
    const client = createClient({
      url: wsUrl,
      webSocketImpl: WebSocket,
      connectionParams,
      retryAttempts: 0,
      lazy: false,
      onNonLazyError: () => {},
    });
    const timer = setTimeout(() => reject(new Error('the connection was neither accepted nor closed')), WAIT_MS);
    const end = (settle, value) => {
      clearTimeout(timer);
      settle(value);
      client.dispose();
    };
    client.on('connected', () => end(reject, new Error('the connection was accepted')));
    client.on('closed', ({ code, reason }) => end(resolve, { code, reason }));
  });
}

async function isRefused(whom, connectionParams) {
  const { code, reason } = await closedWith(connectionParams);
  if (code !== 4401 && code !== 4403) throw new Error(`${whom} is closed with ${code} "${reason}", not with 4401 or 4403`);
  console.log(`  a connection ${whom} is closed with ${code} "${reason}"`);
}

function describe(fault) {
  return fault.code ? `closed with ${fault.code} "${fault.reason}"` : fault.message ?? JSON.stringify(fault);
}

const stories = [
  ['a subscriber hears of a booking', hearsOfBookings],
  ['no token is refused', () => isRefused('without a token', undefined)],
  ['a wrong token is refused', () => isRefused('with a wrong token', { Authorization: 'Bearer not-a-token' })],
];
let failed = 0;
for (const [name, story] of stories) {
  try {
    await story();
  } catch (error) {
    failed += 1;
    console.error(`  FAIL ${name}: ${error.message ?? describe(error)}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
