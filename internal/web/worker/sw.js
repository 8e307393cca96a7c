// The worker keeps the files whose address holds a checksum, which are the same for everybody, and the page that is shown without a
// network. It keeps nothing of a person: no page, no photo, no answer of the API, nothing with a query. What sends something it does
// not touch at all, so the server sees such a request as the browser made it.
const name = 'kinpict-{{version}}', files = '/a/{{hash}}/', offline = '/offline';
const fresh = () => new Request(offline, { cache: 'reload' }), kept = () => caches.match(offline);

addEventListener('install', e => e.waitUntil(caches.open(name).then(c => c.addAll([fresh(), {{first}}])).then(() => skipWaiting())));

addEventListener('activate', e => e.waitUntil((async () => {
  for (const n of await caches.keys()) if (n !== name) await caches.delete(n);
  await registration.navigationPreload?.enable();
  await clients.claim();
})()));

addEventListener('fetch', e => {
  const r = e.request, u = new URL(r.url);
  if (r.method !== 'GET' || u.origin !== location.origin || u.pathname.startsWith('/api/')) return;
  if (r.mode === 'navigate') e.respondWith(page(e));
  else if (u.pathname.startsWith(files) && !u.search) e.respondWith(file(e));
});

async function page(e) {
  try {
    const got = await e.preloadResponse ?? await fetch(e.request);
    e.waitUntil(renew(got.headers.get('Content-Language')).catch(() => {}));
    return got;
  } catch {
    return await kept() ?? Response.error();
  }
}

// renew keeps the offline page in the language that is read now, and brings it back after somebody signed out.
async function renew(language) {
  if (language && (await kept())?.headers.get('Content-Language') !== language) await (await caches.open(name)).add(fresh());
}

async function file(e) {
  const c = await caches.open(name), have = await c.match(e.request);
  if (have) return have;
  const got = await fetch(e.request);
  if (got.status === 200) e.waitUntil(c.put(e.request, got.clone()));
  return got;
}
