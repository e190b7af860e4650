// A real browser at the pages: setting an account up by its link, signing in with both factors, sessions, signing out,
// leaving at once. By keyboard where it says so; whatever the browser itself complains of is a failure.
//
//   node pages.mjs PICTURES      takes pictures of each page, wide and narrow, into that folder
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import puppeteer from 'puppeteer-core';
import { ask, atMost, base, day, graphqlUrl, household } from './api.mjs';

const PASSWORD = 'four quiet lamps below the stair';
const NAME = 'admin.in.browser';
const MANAGER = 'manager.in.browser';
const ELSEWHERE = 'https://www.gov.uk/';
const WIDTHS = [1280, 390];
/** The narrowest at which nothing may have to be scrolled sideways: WCAG 2.2, 1.4.10. */
const NARROWEST = 320;
const STEP = 30;

const link = new URL(process.env.SAFESPACE_SET_UP_LINK);
// Browsers take Secure cookies over plain HTTP only from this machine, under either of its names.
const origins = [base, base.replace('127.0.0.1', 'localhost')];
const pictures = process.argv[2];
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const complaints = [];

atMost(120);

/** The code that an authenticator shows so many steps from now: each is good once, and clocks may differ by one. */
function code(secret, steps) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP) + steps));
  const digest = createHmac('sha1', key).update(counter).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** A page that tells of all that goes wrong in it, and never leaves this machine. */
async function openPage(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.evaluateOnNewDocument(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`against the policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  page.on('console', (message) => {
    // A refusal's status is a page of ours all the same; the browser notes it as a failure to load.
    const refusal = /^Failed to load resource: the server responded with a status of 4(03|04|22) /.test(message.text());
    if (!refusal && message.type() !== 'info') complaints.push(`${page.url()}: ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const url = request.url();
    if (url === ELSEWHERE) {
      if (request.headers().referer) complaints.push(`a referrer was sent elsewhere: ${request.headers().referer}`);
      request.respond({ contentType: 'text/html', body: '<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">' });
    } else if (origins.some((origin) => url.startsWith(`${origin}/`)) || url.startsWith('data:')) {
      request.continue();
    } else {
      complaints.push(`asked for ${url}`);
      request.abort();
    }
  });
  return page;
}

const shown = new Set();

/** Looks at the page as it is: accessible in light and dark, no scrolling sideways; and takes its pictures. */
async function look(page, name) {
  shown.add(name);
  for (const scheme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    for (const width of [...WIDTHS, NARROWEST]) {
      await page.setViewport({ width, height: 900 });
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (sideways > 0) complaints.push(`${name}: ${sideways} px too wide at ${width}, ${scheme}`);
      if (pictures && width !== NARROWEST) {
        await page.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.png`), fullPage: true });
      }
    }
    await page.evaluate(axe);
    const found = await page.evaluate(() =>
      window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    for (const { id, help, nodes } of found.violations) {
      complaints.push(`${name}, ${scheme}: ${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`);
    }
  }
  await page.setViewport({ width: WIDTHS[0], height: 900 });
}

/** Waits for the next page. A page's script that only says what its address is has gone nowhere. */
const arrives = (page) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no page came after ${page.url().split('?')[0]}`)), 30_000);
    page.once('load', () => {
      clearTimeout(late);
      resolve();
    });
  });

const heading = (page) => page.$eval('h1', (it) => it.textContent);

/** Presses the button with these words, and waits for the page that comes. */
async function press(page, words) {
  const [button] = await page.$$(`::-p-xpath(//button[normalize-space()="${words}"] | //a[normalize-space()="${words}"])`);
  assert.ok(button, `${await heading(page)}: there is no ${words}`);
  await Promise.all([arrives(page), button.click()]);
}

/** What has the focus, in words. */
const focused = (page) =>
  page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim() || document.activeElement.tagName);

/** Where the Tab key leads, one after the other. */
async function tabs(page, count) {
  const order = [];
  for (let i = 0; i < count; i += 1) {
    await page.keyboard.press('Tab');
    order.push(await focused(page));
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, 'none', `${order.at(-1)} does not show that it has the focus`);
  }
  return order;
}

/** Types into the fields and presses Enter: no mouse. */
async function typeIn(page, values) {
  for (const [id, value] of Object.entries(values)) {
    await page.focus(`#${id}`);
    await page.$eval(`#${id}`, (it) => it.select());
    await page.keyboard.type(value);
  }
  await Promise.all([arrives(page), page.keyboard.press('Enter')]);
}

async function setUp(page, path) {
  await page.goto(`${origins[0]}${path}`);
  assert.equal(await heading(page), 'Choose a password');
  await look(page, 'choose-a-password');
  await typeIn(page, { password: 'aaaaaaaaaaaaaaaaaaaa' });
  assert.match(await page.$eval('main', (it) => it.textContent), /There is a problem/);
  await look(page, 'choose-a-password-refused');
  await typeIn(page, { password: PASSWORD });
  assert.equal(await heading(page), 'Add a second factor');
  await look(page, 'add-a-second-factor');
  const secret = (await page.$eval('main code', (it) => it.textContent)).replaceAll(' ', '');
  await typeIn(page, { code: '000000' });
  assert.match(await page.title(), /^Error: Add a second factor/);
  await look(page, 'add-a-second-factor-refused');
  await typeIn(page, { code: code(secret, -1) });
  assert.equal(await heading(page), 'Keep these codes');
  await look(page, 'keep-these-codes');
  const recovery = await page.$$eval('.codes code', (all) => all.map((it) => it.textContent));
  assert.equal(recovery.length, 10);
  await press(page, 'Sign in');
  return { secret, recovery };
}

async function signIn(page, given, name = NAME) {
  await typeIn(page, { name, password: PASSWORD });
  assert.equal(await heading(page), 'Give your code', await page.$eval('main', (it) => it.textContent));
  await typeIn(page, { code: given });
  assert.match(await heading(page), /^(Accounts|Today, )/, await page.$eval('main', (it) => it.textContent));
}

/** Goes to one's own account. */
const account = (page) => page.goto(new URL('/account', page.url()).href);

/** The cookies of this site that the browser has. */
const cookies = async (context) => (await context.cookies()).map(({ name }) => name).sort();

async function byKeyboard(page, origin) {
  await page.goto(`${origin}/sign-in`);
  const order = ['Skip to the main part', 'safespace', 'Leave this site now', 'name', 'password', 'Continue'];
  assert.deepEqual(await tabs(page, order.length), order);
  await page.goto(`${origin}/sign-in`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await tabs(page, 1).then(([next]) => next), 'name', 'the skip link leads past the head of the page');
}

/** Has the administrator who is signed in make a manager; returns where that one sets the account up. */
async function invite(context) {
  const session = (await context.cookies()).find(({ name }) => name === '__Host-safespace');
  const cookie = `${session.name}=${session.value}`;
  const { csrf } = await (await fetch(`${base}/session`, { headers: { cookie } })).json();
  const query = `mutation { createAccount(input: {name: "${MANAGER}", role: MANAGER}) {
    ... on AccountInvited { link } ... on Refused { message } } }`;
  const answer = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { cookie, origin: base, 'x-csrf-token': csrf, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data } = await answer.json();
  assert.ok(data.createAccount.link, JSON.stringify(data));
  return `/set-up/${data.createAccount.link}`;
}

/** A manager saves all that is held on a household, as a file. */
async function asManager(browser, path) {
  const reference = household();
  const booked = await ask(
    `mutation($input: BookStayInput!) { bookStay(input: $input) { __typename } }`,
    { input: { household: reference, arrival: day(40), departure: day(42), adults: 1 } },
  );
  assert.equal(booked.bookStay.__typename, 'StayBooked');
  const context = await browser.createBrowserContext();
  const page = await openPage(context);
  const { recovery } = await setUp(page, path);
  await signIn(page, recovery[0], MANAGER);
  await look(page, 'home-of-a-manager');
  await account(page);
  await press(page, 'What is held on a household, for the people that it is about');
  await look(page, 'subject-access');
  await typeIn(page, { household: 'R-NOBODY', reason: 'They asked.' });
  assert.match(await page.title(), /^Error: What is held on a household/);
  assert.equal(await page.$eval('#reason', (it) => it.value), 'They asked.', 'what was typed is still there');
  await look(page, 'subject-access-refused');

  const saved = await mkdtemp(join(tmpdir(), 'safespace-saved-'));
  try {
    const devtools = await page.createCDPSession();
    await devtools.send('Browser.setDownloadBehavior', {
      behavior: 'allow', downloadPath: saved, eventsEnabled: true, browserContextId: context.id,
    });
    const done = new Promise((resolve) => {
      devtools.on('Browser.downloadProgress', ({ state }) => state === 'completed' && resolve());
    });
    await page.$eval('#household', (it, value) => { it.value = value; }, reference);
    await page.click('main button');
    await done;
    assert.deepEqual(await readdir(saved), ['subject-access.html'], 'the name of the file names nobody');
    const file = await readFile(join(saved, 'subject-access.html'), 'utf8');
    assert.ok(file.includes(reference) && file.includes('They asked.'));
    await page.setContent(file);
    await look(page, 'subject-access-file');
  } finally {
    await rm(saved, { recursive: true, force: true });
  }
  await context.close();
}

async function run(browser) {
  const [origin, byName] = origins;
  const context = await browser.createBrowserContext();
  const page = await openPage(context);
  const { secret, recovery } = await setUp(page, link.pathname);
  assert.equal(await heading(page), 'Sign in');
  await look(page, 'sign-in');
  await byKeyboard(page, origin);
  await typeIn(page, { name: NAME, password: 'not the password of anybody' });
  assert.match(await page.title(), /^Error: Sign in/);
  await look(page, 'sign-in-refused');
  await page.$eval('.problem a', (it) => it.focus());
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'name', 'the error leads to its field');

  await typeIn(page, { name: NAME, password: PASSWORD });
  assert.equal(await heading(page), 'Give your code');
  await look(page, 'give-your-code');
  await typeIn(page, { code: 'no code' });
  await look(page, 'give-your-code-refused');
  await typeIn(page, { code: code(secret, 0) });
  assert.equal(await heading(page), 'Accounts');
  assert.ok((await cookies(context)).includes('__Host-safespace'), 'the browser keeps the cookie of the session');
  assert.equal(await page.evaluate(() => document.cookie), '', 'no script can read it');
  await look(page, 'home');
  const order = await tabs(page, 6);
  assert.deepEqual(order.slice(0, 3), ['Skip to the main part', 'safespace', 'Leave this site now'], `${order}`);

  // Somebody else with the same account, under the machine's other name: another site, other cookies.
  const other = await browser.createBrowserContext();
  const second = await openPage(other);
  await second.goto(`${byName}/`);
  assert.equal(await heading(second), 'Sign in');
  await signIn(second, recovery[0]);
  await account(page);
  await press(page, 'Where you are signed in');
  await look(page, 'sessions');
  const [end] = await page.$$('button.quiet');
  await Promise.all([arrives(page), end.click()]);
  assert.equal((await page.$$('tbody tr')).length, 1);
  await second.reload();
  assert.equal(await heading(second), 'Sign in', 'a session that was ended elsewhere is over');

  await page.goto(`${origin}/confirm?next=/sessions`);
  await look(page, 'give-your-code-again');
  await typeIn(page, { code: code(secret, 1) });
  assert.equal(await heading(page), 'Where you are signed in');

  await account(page);
  await press(page, 'Change your password');
  await look(page, 'change-your-password');
  await typeIn(page, { current: 'not the password of anybody', password: PASSWORD });
  assert.match(await page.title(), /^Error: Change your password/);
  await look(page, 'change-your-password-refused');

  await asManager(browser, await invite(context));

  await account(page);
  await press(page, 'Sign out');
  assert.equal(await heading(page), 'Sign in');
  assert.ok(!(await cookies(context)).includes('__Host-safespace'));
  await page.goBack();
  assert.equal(await heading(page), 'Sign in', 'going back shows nothing of what was there');

  await page.goto(`${origin}/sign-in`);
  await signIn(page, recovery[1]);
  await press(page, 'Leave this site now');
  assert.equal(page.url(), ELSEWHERE);
  assert.deepEqual(await cookies(context), [], 'the browser has forgotten this site');
  await page.goBack();
  assert.equal(await heading(page), 'Sign in', 'going back shows nothing of what was there');

  await page.goto(`${origin}/set-up/no-such-link`);
  await look(page, 'no-such-link');
  await page.goto(`${origin}/sign-in`);
  await page.$eval('[name=token]', (it) => it.setAttribute('value', 'x'));
  await typeIn(page, { name: NAME, password: PASSWORD });
  assert.equal(await heading(page), 'This form was not taken');
  await look(page, 'form-not-taken');
}

if (pictures) await mkdir(pictures, { recursive: true });
const home = await mkdtemp(join(tmpdir(), 'safespace-browser-'));
const browser = await puppeteer.launch({
  executablePath: process.env.SAFESPACE_CHROMIUM,
  userDataDir: home,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
  ],
});
const version = await browser.version();
try {
  await run(browser);
} finally {
  await browser.close();
  await rm(home, { recursive: true, force: true, maxRetries: 3 });
}
for (const line of complaints) console.error(`  FAIL ${line}`);
console.log(`  ${shown.size} pages looked at in ${version}, ${complaints.length} complaints`);
process.exit(complaints.length === 0 ? 0 : 1);
