// Waiting. Every state is rendered by the server; these elements only notice that it has changed.

// Live progress through server-sent events. A hidden tab gives its connection back, because a browser has few.
class Progress extends HTMLElement {
  connectedCallback() {
    if (this.getAttribute('state') !== 'working') return;
    this.steps = [...this.querySelectorAll('[data-step]')];
    this.live = this.querySelector('[data-live]');
    this.open();
    document.addEventListener('visibilitychange', this.seen = () => document.hidden ? this.es.close() : this.open());
  }
  disconnectedCallback() {
    this.es?.close();
    document.removeEventListener('visibilitychange', this.seen);
  }
  open() {
    this.es?.close();
    this.es = new EventSource(this.getAttribute('src'));
    const apply = e => this.apply(JSON.parse(e.data));
    for (const name of ['message', 'generation']) this.es.addEventListener(name, apply);
  }
  apply(g) {
    if (!['queued', 'running'].includes(g.status)) {
      this.es.close();
      location.replace(location.pathname);
      return;
    }
    const step = g.step ?? g.progress?.step;
    let now = Math.max(0, this.steps.findIndex(li => li.dataset.step === step));
    if (g.status === 'running') {
      now = Math.max(1, now);
      for (const f of this.querySelectorAll('form, .tl .sub')) f.hidden = true; // no longer waiting, and too late to cancel
    }
    if (now === this.now) return;
    this.now = now;
    const percent = Math.round(100 * now / this.steps.length);
    this.querySelector('progress').value = percent;
    document.title = `${percent}% · Kinpict`;
    this.live.textContent = this.steps[now].dataset.say;
    this.steps.forEach((li, i) => (li.className = i < now || !i ? 'done' : i === now ? 'now' : ''));
    this.querySelector('.dev').className = `dev d${now}`;
  }
}
customElements.define('kp-progress', Progress);

// A payment on its way: look again every few seconds, less often as time goes on.
customElements.define('kp-wait', class extends HTMLElement {
  connectedCallback() { this.timer = setTimeout(() => this.look(), 2000); this.every = 2000; }
  disconnectedCallback() { clearTimeout(this.timer); }
  async look() {
    try {
      const r = await fetch(location.href, { headers: { Accept: 'application/json' } });
      if (r.ok && (await r.json()).state !== 'waiting') return location.reload();
    } catch { /* offline for a moment: look again */ }
    this.every = Math.min(this.every * 1.5, 20000);
    this.timer = setTimeout(() => this.look(), this.every);
  }
});
