// A part of a page that is kept as it is now. What another officer does appears in it without a reload.

const EVENTS = '/board/events';

/**
 * Keeps the part with this id as it is now. `whenBusy` says that it must not change just yet, `changed` is told of the
 * part before and the part after. Returns what asks for it once more.
 */
export function keepLive(id, { whenBusy = () => false, changed = () => {} } = {}) {
  const part = () => document.getElementById(id);

  async function refresh() {
    if (whenBusy()) return;
    // Said so, it does not keep the session of somebody alive who has left.
    const asked = { redirect: 'error', headers: { 'X-By-Itself': 'yes' } };
    const answer = await fetch(location.href, asked).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(id);
    const before = part();
    before.dataset.live = 'yes';
    if (!fresh || whenBusy()) return;
    fresh.dataset.live = 'yes';
    if (fresh.isEqualNode(before)) return;
    const focused = document.activeElement?.closest?.(`#${id} a`)?.getAttribute('href');
    const sideways = before.querySelector('.wide')?.scrollLeft ?? 0;
    before.replaceWith(document.adoptNode(fresh));
    const wide = part().querySelector('.wide');
    if (wide) wide.scrollLeft = sideways;
    if (focused) part().querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    changed(before, part());
  }

  // What changed before word of it could come is asked for once it can: after the page was written, or while the line was
  // down. A page that nobody sees listens to nothing: browsers have few lines to one site.
  let changes = null;
  function listen() {
    if (document.hidden) {
      changes?.close();
      changes = null;
    } else if (!changes) {
      changes = new EventSource(EVENTS);
      changes.addEventListener('open', refresh);
      changes.addEventListener('changed', refresh);
    }
  }
  document.addEventListener('visibilitychange', listen);
  listen();
  return refresh;
}
