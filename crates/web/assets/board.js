// The board is live: what another officer does appears without a reload.
const region = () => document.getElementById('board');

const refresh = async () => {
  const answer = await fetch(location.href, { redirect: 'error' }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('board');
  if (fresh) region().replaceWith(document.adoptNode(fresh));
};

const source = new EventSource('/board/events');
source.addEventListener('changed', refresh);
