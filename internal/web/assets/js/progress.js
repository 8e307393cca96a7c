// Waiting. Every state is rendered by the server, and every word is said by it; these elements only notice what has changed.

// tell puts what was said at the places the page has for it, and reports whether there is something for each.
function tell(root, said) {
  let all = true;
  for (const e of root.querySelectorAll('[data-said]')) {
    const text = said?.[e.dataset.said];
    all &&= text !== undefined;
    if (e.textContent !== text) e.textContent = text ?? '';
  }
  return all;
}

const json = async url => {
  const r = await fetch(url, { headers: { Accept: 'application/json' } });
  if (!r.ok) throw r.status;
  return r.json();
};

// A picture on its way, through server-sent events. A hidden tab gives its connection back, because a browser has few, and
// looks now and then, so that its title tells how far it is.
customElements.define('kp-progress', class extends HTMLElement {
  connectedCallback() {
    if (this.getAttribute('state') !== 'working') return;
    this.src = this.getAttribute('src');
    this.clock = this.querySelector('[data-elapsed]');
    this.since = Date.now() - this.clock.dataset.elapsed * 1000;
    this.wait = 1;
    this.go = () => document.hidden ? this.later(10) : this.open();
    for (const t of ['visibilitychange', 'online']) (t === 'online' ? window : document).addEventListener(t, this.go);
    this.ticks = setInterval(() => {
      const s = Math.round((Date.now() - this.since) / 1000);
      this.clock.textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, 0)}`;
    }, 1000);
    this.go();
  }
  disconnectedCallback() {
    this.stop();
    clearInterval(this.ticks);
    document.removeEventListener('visibilitychange', this.go);
    removeEventListener('online', this.go);
  }
  stop() {
    this.es?.close();
    clearTimeout(this.timer);
  }
  open() {
    this.stop();
    this.es = new EventSource(this.src);
    this.es.onmessage = e => this.apply(JSON.parse(e.data));
    this.es.onerror = () => this.lost();
  }
  // lost comes back ever more slowly, and not all pages at once.
  lost() {
    this.cut ??= setTimeout(() => (this.querySelector('[data-cut]').hidden = false), 4000);
    this.wait = Math.min(this.wait * 2, 30);
    this.later(this.wait * (.5 + Math.random() / 2));
  }
  later(seconds) {
    this.stop();
    this.timer = setTimeout(async () => {
      try {
        this.apply(await json(this.src));
        this.go();
      } catch (status) {
        if (status === 401 || status === 404) location.reload();   // signed out, or deleted elsewhere
        else this.lost();
      }
    }, seconds * 1000);
  }
  apply(now) {
    if (now.state !== 'working') {
      this.stop();
      return location.replace(location.pathname);
    }
    clearTimeout(this.cut);
    this.cut = undefined;
    this.wait = 1;
    this.querySelector('[data-cut]').hidden = true;
    this.since = Date.now() - now.elapsed * 1000;
    tell(this, now.said);
    document.title = document.title.replace(/^.*(?= · )/, now.title);
    this.querySelector('progress').value = now.percent;
    const cancel = this.querySelector('[data-queued]'), live = this.querySelector('[data-live]');
    if (cancel) cancel.hidden = !now.queued;
    if (live.textContent !== now.announce) live.textContent = now.announce;
    this.querySelectorAll('[data-step]').forEach((li, i) => (li.className = i < now.step || !i ? 'done' : i === now.step ? 'now' : ''));
    this.querySelector('.dev').className = `dev d${now.step}`;
  }
});

// Something on its way that is asked for now and then, less often as time goes on: a payment, the pictures on a wall.
customElements.define('kp-wait', class extends HTMLElement {
  connectedCallback() {
    this.every = 2000;
    this.again();
  }
  disconnectedCallback() { clearTimeout(this.timer); }
  again() {
    this.timer = setTimeout(() => this.look(), this.every);
    this.every = Math.min(this.every * 1.5, 20000);
  }
  async look() {
    try {
      if (!document.hidden) {
        const now = await json(location.href);
        if (now.state !== 'waiting' || !tell(document, now.said)) return location.reload();
      }
    } catch { /* offline for a moment: look again */ }
    this.again();
  }
});
