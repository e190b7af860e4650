// What a page can do better with a script. Everything here can be done without one, too.

// Leaving at once: the button, or Shift three times within a second and a half. What is on the page goes first.
const exit = document.getElementById('exit');
if (exit) {
  let presses = [];
  document.addEventListener('keyup', (event) => {
    if (event.key !== 'Shift') {
      presses = [];
      return;
    }
    presses = [...presses, event.timeStamp].filter((at) => event.timeStamp - at < 1500);
    if (presses.length >= 3) exit.requestSubmit();
  });
  exit.addEventListener('submit', () => {
    document.querySelector('main').classList.add('gone');
    document.title = '…';
  });
}

// A page that the browser kept and shows again may be somebody else's by now.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});

// Somebody who does nothing is signed out. They are told two minutes before; what they typed is sent to be kept for them.
// The service must never carry it out: another page may have kept the session alive.
function sendToBeKept(form) {
  const only = document.createElement('input');
  Object.assign(only, { type: 'hidden', name: 'keepOnly', value: 'yes' });
  form.append(only);
  form.submit();
}

const WARNED_FOR = 120_000;
const endsIn = Number(document.body.dataset.endsIn);
const dialog = document.getElementById('idle');
if (endsIn && dialog) {
  let until = Date.now() + endsIn * 1000;
  // Learns until when the session is good. Asked by a page itself, that does not make it longer.
  async function ask(headers = {}) {
    const answer = await fetch('/session', { redirect: 'error', headers }).catch(() => null);
    if (answer?.ok) until = Date.now() + (await answer.json()).endsIn * 1000;
  }
  let isAsking = false;
  async function warn() {
    if (isAsking) return;
    isAsking = true;
    await ask({ 'X-By-Itself': 'yes' });
    isAsking = false;
    const left = until - Date.now();
    if (left < WARNED_FOR && left > 0) dialog.showModal();
  }
  dialog.querySelector('#stay-signed-in').addEventListener('click', async () => {
    await ask();
    dialog.close();
  });
  const typed = () => [...document.querySelectorAll('main form')].find((form) => form.dataset.typed);
  document.addEventListener('input', (event) => {
    const form = event.target.closest('main form[method=post]');
    if (form) form.dataset.typed = 'yes';
  });
  setInterval(() => {
    const left = until - Date.now();
    // In another window of this browser, the session may have gone on.
    if (left < WARNED_FOR && left > 0 && !dialog.open) warn();
    if (left <= 0) {
      until = Infinity;
      const form = typed();
      if (form) sendToBeKept(form);
      else location.replace('/sign-in');
    }
  }, 1000);
}

// A page that answers a form is remembered as the page of its address: going back to it or reloading it sends nothing again.
history.replaceState(history.state, '', location.href);

// What was wrong is the first thing to read.
document.getElementById('problem')?.focus();

// What was revealed is hidden again after a minute.
for (const revealed of document.querySelectorAll('[data-hide-after]')) {
  setTimeout(() => {
    revealed.replaceChildren(document.createTextNode(revealed.dataset.hidden));
  }, Number(revealed.dataset.hideAfter) * 1000);
}

// What counts down says how long it still has. Whole minutes are enough.
const ends = new WeakMap();
function countDown() {
  for (const part of document.querySelectorAll('[data-left]')) {
    if (!ends.has(part)) ends.set(part, Date.now() + Number(part.dataset.left) * 1000);
    const left = ends.get(part) - Date.now();
    const minutes = Math.floor(left / 60_000);
    const words = left <= 0 ? part.dataset.over : minutes < 60 ? part.dataset.minutes : part.dataset.hours;
    const text = words.replace('{hours}', Math.floor(minutes / 60)).replace('{minutes}', minutes % 60);
    if (part.textContent !== text) part.textContent = text;
  }
}
countDown();
setInterval(countDown, 1000);

// A form is sent once, however often its button is pressed.
document.addEventListener('submit', (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = 'yes';
  setTimeout(() => delete event.target.dataset.sent, 10_000);
});

// Choosing something else in a picker shows it.
for (const form of document.querySelectorAll('form[data-at-once]')) {
  form.addEventListener('change', () => form.requestSubmit());
}
