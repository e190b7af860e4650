// The public GraphQL-over-HTTP audit (61 checks) against POST /graphql.
import process from 'node:process';
import { serverAudits } from 'graphql-http';
import { atMost, graphqlUrl, officer } from './api.mjs';

// Optional checks ("MAY") that ask for queries by GET. GET is refused with 405, because the variables of a query
// would end up in the logs of every proxy on the way. One that passes all the same is as wrong as one that fails.
const BY_GET = new Set(['5A70', 'D6D5', '6A70']);
const CHECKS = 61;

atMost(120);

const audits = serverAudits({
  url: graphqlUrl,
  // The audit knows nothing of sign-in, so each of its requests gets the token here.
  fetchFn: (url, init = {}) =>
    fetch(url, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${officer}` },
      signal: AbortSignal.timeout(10_000),
    }),
});

let passed = 0;
let refused = 0;
const wrong = [];
for (const { id, name, fn } of audits) {
  const result = await fn();
  if (BY_GET.has(id)) {
    const status = result.response?.status;
    if (result.status === 'ok') wrong.push(`${id} ${name}: a query by GET was answered; it must be refused`);
    else if (status !== 405) wrong.push(`${id} ${name}: a query by GET got status ${status}; it must get 405`);
    else refused += 1;
  } else if (result.status === 'ok') {
    passed += 1;
  } else {
    const body = (await result.response?.text().catch(() => '')) ?? '';
    wrong.push(`${id} ${name} (${result.status}): ${result.reason}\n     answer: ${result.response?.status} ${body.slice(0, 300)}`);
  }
}
if (audits.length !== CHECKS) wrong.push(`the audit has ${audits.length} checks, and ${CHECKS} were expected`);

for (const line of wrong) console.error(`  FAIL ${line}`);
console.log(`  ${audits.length} checks: ${passed} passed, ${refused} by GET refused with 405 as meant, ${wrong.length} wrong`);
process.exit(wrong.length === 0 ? 0 : 1);
