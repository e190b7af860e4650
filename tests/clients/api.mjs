// What the outside clients written for Node share: where the service is, and how to ask it one thing by HTTP.
import process from 'node:process';

function need(name) {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set: start these clients with tests/clients/run.`);
    process.exit(1);
  }
  return value;
}

export const base = need('SAFESPACE_URL').replace(/\/+$/, '');
export const graphqlUrl = `${base}/graphql`;
export const officer = need('SAFESPACE_OFFICER_TOKEN');

/** Ends the whole program after a while, so that a server that stops answering can't stop the tests. */
export function atMost(seconds) {
  setTimeout(() => {
    console.error(`Gave up after ${seconds} s.`);
    process.exit(1);
  }, seconds * 1000).unref();
}

/** Asks one thing and returns its data; any GraphQL error or unexpected status is thrown. */
export async function ask(query, variables = {}, token = officer) {
  const answer = await fetch(graphqlUrl, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(10_000),
  });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${body}`);
  const { data, errors } = JSON.parse(body);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** A date so many days from today, as `YYYY-MM-DD`. */
export function day(fromToday) {
  return new Date(Date.now() + fromToday * 86_400_000).toISOString().slice(0, 10);
}

/** A household reference that no earlier run has used, and that sorts them apart from real ones. */
export function household() {
  return `OUT-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e6).toString(36)}`.toUpperCase();
}
