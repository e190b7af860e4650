// Signing in with a real identity provider: the certified `oidc-provider`, run here on loopback, against a service of
// its own. Everything goes as a browser would go, and then as somebody would who means harm.
//
//   SAFESPACE_BINARY=… node issuer.mjs
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import Provider from 'oidc-provider';

const GIVE_UP_SECONDS = 120;
const CLIENT_SECRET = 'the-client-secret-that-is-in-no-log-nor-database';
const SUBJECT = 'somebody-whose-subject-is-in-no-log-nor-database';

const binary = process.env.SAFESPACE_BINARY;
assert(binary, 'SAFESPACE_BINARY is not set: start this with tests/clients/run.');
setTimeout(() => {
  console.error(`Gave up after ${GIVE_UP_SECONDS} s.`);
  process.exit(1);
}, GIVE_UP_SECONDS * 1000).unref();

/** A provider on a free port; the service is one of its clients, once it is known where that is. */
async function provide() {
  const provider = { server: createServer((request, response) => provider.answer(request, response)) };
  provider.answer = (_, response) => response.writeHead(503).end();
  await new Promise((listening) => provider.server.listen(0, '127.0.0.1', listening));
  provider.url = `http://127.0.0.1:${provider.server.address().port}`;
  provider.trust = (redirect) => {
    const oidc = new Provider(provider.url, {
      clients: [{ client_id: 'safespace', client_secret: CLIENT_SECRET, redirect_uris: [redirect] }],
      pkce: { required: () => true },
      cookies: { keys: ['only for this test'] },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    });
    oidc.on('server_error', (_, error) => console.error(error));
    provider.answer = oidc.callback();
  };
  return provider;
}

/** A browser: keeps the cookies of each site, and follows nothing by itself. */
class Browser {
  jars = new Map();

  async ask(url, { form, from = 'same-origin' } = {}) {
    const { origin } = new URL(url);
    const jar = this.jars.get(origin) ?? new Map();
    this.jars.set(origin, jar);
    const answer = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        'sec-fetch-site': from,
      },
      body: form && new URLSearchParams(form),
      signal: AbortSignal.timeout(20_000),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    const location = answer.headers.get('location');
    return { status: answer.status, to: location && new URL(location, url).href, text: await answer.text() };
  }

  has(site, name) {
    return this.jars.get(site)?.has(name) ?? false;
  }

  /** Sends the form that is on a page. */
  async send(url, page, fields) {
    // Past what stands above every page of ours, which has a form too.
    const main = page.text.slice(Math.max(page.text.indexOf('<main'), 0));
    const form = main.slice(main.indexOf('<form'));
    const action = /action="([^"]*)"/.exec(form)[1].replaceAll('&amp;', '&');
    const token = /name="token" value="([^"]*)"/.exec(form)?.[1];
    return this.ask(new URL(action, url).href, { form: { ...(token && { token }), ...fields } });
  }
}

const scratch = await mkdtemp(join(tmpdir(), 'safespace-issuer.'));
const place = ['--database-url', `sqlite:${join(scratch, 'x.sqlite')}`, '--key-file', join(scratch, 'x.key')];
const run = promisify(execFile);
const environment = { PATH: process.env.PATH, HOME: scratch, SAFESPACE_LOG: 'debug' };

/** Runs a command of the program, and returns what it prints. */
async function program(...words) {
  const { stdout } = await run(binary, [...words, ...place], { env: environment });
  return stdout;
}

/** What the program says where it refuses a command. */
async function refusal(...words) {
  const failed = await program(...words).then(
    () => assert.fail(`${words.join(' ')} was taken`),
    (error) => error,
  );
  return `${failed.stdout}${failed.stderr}`;
}

let log = '';
async function serve() {
  const service = spawn(binary, ['serve', '--listen', '127.0.0.1:0', ...place], { env: environment });
  const listening = new Promise((found, gone) => {
    const read = (part) => {
      log += part;
      const url = /Listening on (http:\/\/\S+)/.exec(log)?.[1];
      if (url) found(url);
    };
    service.stdout.on('data', read);
    service.stderr.on('data', read);
    service.on('exit', () => gone(new Error(`The service ended:\n${log}`)));
  });
  return { service, url: await listening };
}

/** The code that an authenticator shows (RFC 6238). */
function codeOf(secret) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const provider = await provide();
const north = await provide();
const { service, url } = await serve();
const back = `${url}/sign-in/back`;
provider.trust(back);
north.trust(back);

/** The address at the provider to which a page of ours sends a browser. */
async function there(browser, page, name = 'Example Tenant') {
  const shown = await browser.ask(page);
  assert.equal(shown.status, 200, shown.text);
  const path = new RegExp(`href="([^"]*)">Go on with ${name}`).exec(shown.text)?.[1];
  assert(path, `no way to ${name} on ${page}`);
  const gone = await browser.ask(new URL(path, url).href);
  assert.equal(gone.status, 303, gone.text);
  return gone.to;
}

/** Signs in at the provider, and returns the address of ours to which it sends the browser back. */
async function atProvider(browser, address, subject) {
  let next = address;
  for (let steps = 0; steps < 20; steps += 1) {
    if (next.startsWith(url)) return next;
    const page = await browser.ask(next);
    if (page.to) {
      next = page.to;
      continue;
    }
    assert.equal(page.status, 200, page.text);
    const asks = page.text.includes('name="login"');
    const sent = await browser.send(next, page, asks ? { prompt: 'login', login: subject, password: 'any' } : { prompt: 'consent' });
    next = sent.to;
  }
  return assert.fail('the provider never sent the browser back');
}

/** Goes from a page of ours to the provider and back to the door. */
async function roundTrip(browser, page, subject = SUBJECT, change = (address) => address) {
  return atProvider(browser, change(await there(browser, page)), subject);
}

/** Sets an account up by its link, with the provider and a second factor; returns the recovery codes. */
async function setUp(browser, link) {
  const linked = await browser.ask(await roundTrip(browser, link), { from: 'cross-site' });
  assert.equal(linked.to, link, linked.text);
  const factor = await browser.ask(link);
  const secret = /((?:[A-Z2-7]{4} ){5,}[A-Z2-7]{1,4})/.exec(factor.text)[1].replaceAll(' ', '');
  const done = await browser.send(link, factor, { code: codeOf(secret) });
  assert.equal(done.status, 200, done.text);
  return [...done.text.matchAll(/<code>([^<]+)<\/code>/g)].map(([, code]) => code);
}

/** Nothing came of it, and it was said in words that tell nothing. */
async function refused(browser, address, why) {
  const answer = await browser.ask(address, { from: 'cross-site' });
  assert.equal(answer.status, 422, `${why}: ${answer.status} ${answer.to ?? ''}`);
  assert.match(answer.text, /Start again from the page to sign in/, why);
  assert(!browser.has(url, '__Host-safespace'), `${why}: there is a session`);
  for (const secret of new URL(address).searchParams.values()) {
    assert(!answer.text.includes(secret), `${why}: the page repeats what was sent`);
  }
  console.log(`   refused: ${why}`);
}

function changed(address, name, value) {
  const other = new URL(address);
  if (value === undefined) other.searchParams.delete(name);
  else other.searchParams.set(name, value);
  return other.href;
}

try {
  // What is no issuer is not added.
  const secretFile = join(scratch, 'secret');
  await writeFile(secretFile, `${CLIENT_SECRET}\n`);
  const add = (name, address, ...more) =>
    ['issuer', 'add', '--name', name, '--url', address, '--client-id', 'safespace', '--client-secret-file', secretFile, ...more];
  assert.match(await refusal(...add('Wrong', `${provider.url}/other`)), /was not added/);
  assert.match(await refusal(...add('Wrong', `${provider.url}/`)), /was not added/);
  assert.match(await refusal(...add('Wrong', 'http://login.example.org')), /begins with https/);
  assert.match(await refusal(...add('Wrong', 'https://login.example.org/common/v2.0')), /accounts of anybody/);
  let id = (await program(...add('Example Tenant', provider.url))).trim();
  await program(...add('North Example', north.url, '--council', 'North Herts'));
  assert.match(await refusal(...add('Example Tenant', provider.url)), /already/);
  assert.match(await program('issuer', 'list'), new RegExp(`${id}  in use  the team`));

  // An administrator's account is set up by its link: only issuers that speak for the team are offered.
  const linkOf = (text) => /http\S+/.exec(text)[0];
  const link = linkOf(await program('admin', 'create', '--name', 'night.admin', '--public-url', url));
  const theirs = new Browser();
  const choice = await theirs.ask(link);
  assert(!choice.text.includes('North Example'), 'a council’s issuer is offered to the team');
  assert.match((await new Browser().ask(`${url}/sign-in`)).text, /North Example/);
  const northId = /(\S+) {2}in use {2}North Herts/.exec(await program('issuer', 'list'))[1];
  assert.equal((await theirs.ask(`${link}/issuer/${northId}`)).status, 422);

  // Nobody can sign in with the provider before that.
  const early = new Browser();
  await refused(early, await roundTrip(early, `${url}/sign-in`), 'a subject that is nobody here');

  const [recovery, another] = await setUp(theirs, link);

  // Signing in: the provider vouches, and the second factor is still asked for here.
  const browser = new Browser();
  const landing = await roundTrip(browser, `${url}/sign-in`);
  const landed = await browser.ask(landing, { from: 'cross-site' });
  assert.equal(landed.to, `${url}/sign-in/code`, landed.text);
  assert.equal((await browser.ask(`${url}/sessions`)).to, `${url}/sign-in`, 'half a sign-in opens nothing');
  const asked = await browser.ask(landed.to);
  assert.equal((await browser.send(landed.to, asked, { code: recovery })).to, `${url}/`);
  assert.equal((await browser.ask(`${url}/sessions`)).status, 200);
  console.log('   signed in by the provider and a second factor');

  // Attacks. Each by a browser of its own.
  const attack = async (why, change) => {
    const evil = new Browser();
    await refused(evil, change(await roundTrip(evil, `${url}/sign-in`)), why);
  };
  await refused(new Browser(), landing, 'an answer a second time');
  const victim = new Browser();
  await victim.ask(`${url}/sign-in`);
  const thief = new Browser();
  const stolen = await roundTrip(thief, `${url}/sign-in`);
  await refused(victim, stolen, 'an answer that another browser was sent away for');
  await refused(thief, stolen, 'that answer where it belongs, once it is used up');
  await attack('a state of one’s own', (address) => changed(address, 'state', 'f'.repeat(64)));
  await attack('no state', (address) => changed(address, 'state'));
  await attack('a code of one’s own', (address) => changed(address, 'code', 'abc'));
  await attack('no code', (address) => changed(address, 'code'));
  await attack('another issuer’s answer', (address) => changed(address, 'iss', north.url));
  const twice = new Browser();
  const one = await roundTrip(twice, `${url}/sign-in`);
  const two = await roundTrip(twice, `${url}/sign-in`);
  await refused(twice, changed(one, 'code', new URL(two).searchParams.get('code')), 'a code of another sign-in');
  const declined = new Browser();
  const state = new URL(await there(declined, `${url}/sign-in`)).searchParams.get('state');
  await refused(declined, `${back}?error=access_denied&error_description=nope&state=${state}`, 'a sign-in that was declined');
  const stranger = new Browser();
  await refused(stranger, await roundTrip(stranger, `${url}/sign-in`, 'stranger'), 'somebody else of the same provider');
  const challenge = new Browser();
  const other = (address) => changed(address, 'code_challenge', 'a'.repeat(43));
  await refused(challenge, await roundTrip(challenge, `${url}/sign-in`, SUBJECT, other), 'a code challenge of one’s own');
  const nonce = new Browser();
  const signed = await roundTrip(nonce, `${url}/sign-in`, SUBJECT, (address) => changed(address, 'nonce', 'mine'));
  const unproven = await nonce.ask(signed, { from: 'cross-site' });
  assert.equal(unproven.status, 422);
  assert(!nonce.has(url, '__Host-safespace'), 'a nonce of one’s own begins a session');
  console.log('   refused: a nonce of one’s own');
  const foreign = new Browser();
  await foreign.ask(`${url}/sign-in`);
  const sent = await foreign.ask(`${url}/sign-in/issuer/${id}`, { from: 'cross-site' });
  assert.equal(sent.to, `${url}/sign-in`, 'another site can send somebody to the provider');

  // The same person can't be the owner of a second account.
  const second = linkOf(await program('admin', 'create', '--name', 'second.admin', '--public-url', url));
  const both = new Browser();
  const taken = await both.ask(await roundTrip(both, second), { from: 'cross-site' });
  assert.equal(taken.status, 422);
  assert.match(taken.text, /another account/);

  // A reset forgets who it was; a provider that is down is said to be; a retired one opens nothing.
  const again = linkOf(await program('admin', 'reset', '--name', 'night.admin', '--public-url', url));
  const forgotten = new Browser();
  await refused(forgotten, await roundTrip(forgotten, `${url}/sign-in`), 'an account that was reset');
  await setUp(new Browser(), again);
  const meanwhile = new Browser();
  const answer = await roundTrip(meanwhile, `${url}/sign-in`);
  await program('issuer', 'retire', id);
  await refused(meanwhile, answer, 'an answer of an issuer that was retired meanwhile');
  id = (await program(...add('Example Tenant', provider.url))).trim();
  assert.equal((await browser.ask(`${url}/sign-in`)).status, 200);
  const late = new Browser();
  const waiting = await roundTrip(late, `${url}/sign-in`);
  await new Promise((closed) => {
    provider.server.close(closed);
    provider.server.closeAllConnections();
  });
  for (const address of [waiting, `${url}/sign-in/issuer/${id}`]) {
    const down = await late.ask(address);
    assert.equal(down.status, 422);
    assert.match(down.text, /does not answer as it should/);
  }
  await program('issuer', 'retire', id);
  assert(!(await late.ask(`${url}/sign-in`)).text.includes('Example Tenant'));
  assert.equal((await late.ask(`${url}/sign-in/issuer/${id}`)).status, 422);
  assert.match(await refusal('issuer', 'retire', id), /issuer/);
  assert.match(await program('audit', 'verify'), /./);

  // Neither the secret, nor who somebody is elsewhere, nor what passed by, is anywhere.
  const secrets = [CLIENT_SECRET, SUBJECT, another, ...new URL(landing).searchParams.values()].filter((text) => text !== provider.url);
  const kept = await Promise.all((await readdir(scratch)).filter((name) => name.startsWith('x.sqlite')).map((name) => readFile(join(scratch, name))));
  for (const text of secrets) {
    assert(!log.includes(text), 'a secret is in the log');
    assert(!kept.some((file) => file.includes(text)), 'a secret is in the database');
  }
  assert(!/panicked/.test(log), log);
} catch (error) {
  console.error(log.slice(-4000));
  throw error;
} finally {
  service.removeAllListeners('exit');
  service.kill('SIGTERM');
  await new Promise((ended) => service.on('close', ended));
  provider.server.close();
  north.server.close();
  north.server.closeAllConnections();
  await rm(scratch, { recursive: true, force: true });
}
console.log('Signing in with an issuer: every step and every attack went as it must');
