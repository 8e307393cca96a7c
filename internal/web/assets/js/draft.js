// The draft lives on the server. Here it is kept as the person goes, and compared with the page when they come back to this tab.
import { tell } from './words.js';

const form = document.getElementById('tool'), url = form.dataset.draft, seen = form.elements.seen, headers = { Accept: 'application/json' };
let timer = 0, aloud = false, anew = false;

async function send() {
  clearTimeout(timer);
  timer = 0;
  const said = aloud, body = new URLSearchParams();
  aloud = false;
  for (const [k, v] of new FormData(form)) if (typeof v === 'string' && k !== 'key' && k !== 'do') body.append(k, v);
  if (anew) body.append('anew', 1);
  const r = await fetch(url, { method: 'POST', body, keepalive: true, headers }).catch(() => 0);
  if (!r || r.status === 429 || r.status > 499) return save(15e3);       // and at once when the network is back
  if (!r.ok) return;
  const j = await r.json();
  anew = false;
  seen.value = j.seen;                                   // what is changed from here on is a change
  if (location.search) history.replaceState(null, '', location.pathname);      // what the address asked for is in the draft now
  if (said) tell(form, j);
}

// save keeps the draft in a moment. Only what a person finished is remarked upon, not words half typed.
export function save(wait = 400, tellToo = false) {
  aloud ||= tellToo;
  clearTimeout(timer);
  timer = setTimeout(send, wait);
}

// agreed: the word about everyone was given for photos that came since.
export function agreed() { anew = true; }

const now = () => { if (timer) send(); };

// back looks whether another tab changed the draft, or signed in, or bought credits. The server renders the page; it is fetched anew.
async function back() {
  if (document.hidden || form.querySelector('.busy')) return;
  try {
    if (timer) await send();
    const r = await fetch(url, { headers }), j = await r.json();
    if (!r.ok || timer || j.seen === seen.value && j.now === form.dataset.now) return;
    if (location.search) await send();
  } catch { return; }                                    // without a network the page stays as it is
  if (form.dataset.back) location.replace(form.dataset.back);
  else location.reload();
}

form.addEventListener('input', () => save(700));
form.addEventListener('change', () => save(400, true));
// What is sent, or thrown away, is not to be kept once more.
document.addEventListener('submit', e => { if (e.target === form || e.target.id === 'fresh') { clearTimeout(timer); timer = 0; } });
document.addEventListener('visibilitychange', () => document.hidden ? now() : back());
addEventListener('beforeunload', now);                   // before the next page is asked for
addEventListener('online', now);
addEventListener('pageshow', e => { if (e.persisted) back(); });
