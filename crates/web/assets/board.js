// The board is live, and stays can be dragged. Everything that dragging does is done by the form on a stay's page, too, and
// by keys: on a stay, Shift with an arrow asks for a night more or less, or for the home above or below.
import { keepLive } from '/live.js';

const told = document.getElementById('told');
const DAY = 86_400_000;

const later = (date, nights) => new Date(Date.parse(date) + nights * DAY).toISOString().slice(0, 10);

/** Opens the page that says what a change of a stay would do, and asks whether to do it. */
function propose(stay, asked) {
  location.assign(`/stays/${stay}/change?${new URLSearchParams(asked)}`);
}

// What another officer does appears without a reload.

/** The nights that are free, each with its home: by home and night. */
function freeNights(root) {
  const free = new Map();
  for (const cell of root.querySelectorAll('td.free')) {
    free.set(`${cell.parentElement.dataset.unit} ${cell.dataset.night}`, cell);
  }
  return free;
}

/** Says which home was taken meanwhile, by whom, and which is the next free on that night. */
function tell(before, root) {
  const after = freeNights(root);
  // A night that is over is no longer free either, and nobody took it.
  const taken = (key) => {
    const [unit, night] = key.split(' ');
    return [...root.querySelectorAll(`tr[data-unit="${unit}"] td[data-from]`)]
      .find((cell) => cell.dataset.from <= night && night < cell.dataset.to);
  };
  const lost = [...before.keys()].find((key) => !after.has(key) && taken(key));
  if (!lost) return;
  const [, night] = lost.split(' ');
  const whose = taken(lost);
  const next = [...after.entries()].find(([key]) => key.endsWith(` ${night}`));
  told.textContent = (next ? told.dataset.taken : told.dataset.takenLast)
    .replace('{home}', whose.parentElement.dataset.code)
    .replace('{whose}', whose.textContent.trim().replace(/\s+/g, ' '))
    .replace('{next}', next?.[1].parentElement.dataset.code ?? '');
}

let dragged = null;
const refresh = keepLive('board', {
  whenBusy: () => dragged,
  changed: (before, after) => tell(freeNights(before), after),
});

// Dragging a stay: to another home, or to the night after which it is to end.

document.addEventListener('dragstart', (event) => {
  const link = event.target.closest?.('a[data-stay]');
  if (!link) return;
  dragged = { ...link.dataset, unit: link.closest('tr').dataset.unit };
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', '');
});

document.addEventListener('dragend', () => {
  dragged = null;
  for (const cell of document.querySelectorAll('.over')) cell.classList.remove('over');
  refresh();
});

/** The night of a cell at which the pointer is. */
function nightAt(cell, x) {
  if (cell.dataset.night) return cell.dataset.night;
  const { left, width } = cell.getBoundingClientRect();
  return cell.dataset.from && later(cell.dataset.from, Math.floor(((x - left) / width) * cell.colSpan));
}

/** What dropping on a cell asks for; none where it asks for nothing. */
function dropped(cell, x) {
  const unit = cell.parentElement.dataset.unit;
  const own = cell.querySelector(`a[data-stay="${dragged.stay}"]`);
  if (unit !== dragged.unit) return cell.matches('.free') ? { unit } : null;
  const night = nightAt(cell, x);
  const departure = night && later(night, 1);
  const shorter = own && departure < dragged.departure && departure > dragged.arrival;
  return (cell.matches('.free') && departure > dragged.departure) || shorter ? { departure } : null;
}

document.addEventListener('dragover', (event) => {
  const cell = dragged && event.target.closest?.('.board td');
  for (const other of document.querySelectorAll('.over')) if (other !== cell) other.classList.remove('over');
  if (!cell || !dropped(cell, event.clientX)) return;
  event.preventDefault();
  cell.classList.add('over');
});

document.addEventListener('drop', (event) => {
  const cell = dragged && event.target.closest?.('.board td');
  const asked = cell && dropped(cell, event.clientX);
  if (!asked) return;
  event.preventDefault();
  propose(dragged.stay, asked);
});

// The same by keys.

document.addEventListener('keydown', (event) => {
  const link = event.target.closest?.('.board a[data-stay]');
  if (!link || !event.shiftKey) return;
  const row = link.closest('tr');
  const beside = { ArrowUp: row.previousElementSibling, ArrowDown: row.nextElementSibling }[event.key];
  const nights = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!beside && !nights) return;
  event.preventDefault();
  const { stay, departure } = link.dataset;
  propose(stay, beside ? { unit: beside.dataset.unit } : { departure: later(departure, nights) });
});
