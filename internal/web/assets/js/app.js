// Boot: load a module only when its element is on the page. No inline code, no eval, no innerHTML.
const modules = { 'kp-photos': './photos.js', 'kp-progress': './progress.js', 'kp-wait': './progress.js', 'kp-estimate': './estimate.js' };
for (const [tag, url] of Object.entries(modules)) if (document.querySelector(tag)) import(url);

document.addEventListener('click', async e => {
  if (e.target.closest('[data-print]')) return print();
  const b = e.target.closest('[data-copy]');
  if (!b) return;
  await navigator.clipboard.writeText((e => e.value ?? e.textContent)(document.querySelector(b.dataset.copy)).trim());
  const s = b.querySelector('span'), was = s.textContent;
  s.textContent = b.dataset.sayCopied;
  setTimeout(() => (s.textContent = was), 1600);
});

document.getElementById('errsum')?.focus();

// A double click must not send a form twice. The server's idempotency key is what counts; this spares the second page.
document.addEventListener('submit', e => {
  const f = e.target;
  if (f.dataset.sent) e.preventDefault();
  f.dataset.sent = 1;
});
addEventListener('pageshow', e => {
  if (e.persisted) for (const f of document.forms) delete f.dataset.sent;
});

// Without a network the first press only says so, because a page that fails takes along what was written; a second one is meant.
const net = document.getElementById('net');
const look = () => {
  if (net) net.textContent = navigator.onLine ? '' : net.dataset.say;
  for (const f of document.forms) delete f.dataset.warned;
};
for (const what of ['online', 'offline']) addEventListener(what, look);
look();
addEventListener('submit', e => {
  if (navigator.onLine || e.target.dataset.warned) return;
  e.preventDefault();
  e.stopImmediatePropagation();
  e.target.dataset.warned = 1;
}, true);

// The worker answers when there is no network. It is for the next page, so it waits until this one has long been there.
addEventListener('load', () => setTimeout(() => {
  const tt = window.trustedTypes, at = '/sw.js';
  navigator.serviceWorker?.register(tt ? tt.createPolicy('kinpict', { createScriptURL: () => at }).createScriptURL(at) : at).catch(() => {});
}, 4000));
