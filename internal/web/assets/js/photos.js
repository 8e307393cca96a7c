// Photo picker: shrink on the device (which also drops hidden data and the place), upload one by one, show the fields of each.
// Without this script the same <input type=file> posts the originals and the server does the work.
import { notes, tell } from './words.js';

const MAX = 3072;

async function shrink(file) {
  let bitmap;
  try { bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }); }
  catch { return { blob: file, shown: false }; }       // a kind this browser cannot open: the server says whether it can
  const k = Math.min(1, MAX / Math.max(bitmap.width, bitmap.height));
  const w = Math.round(bitmap.width * k), h = Math.round(bitmap.height * k);
  const canvas = new OffscreenCanvas(w, h), x = canvas.getContext('2d', { alpha: false });
  x.imageSmoothingQuality = 'high';
  x.drawImage(bitmap, 0, 0, w, h);
  bitmap.close();
  return { blob: await canvas.convertToBlob({ type: 'image/jpeg', quality: .9 }), shown: true };
}

customElements.define('kp-photos', class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector('input[type=file]');
    this.list = this.querySelector('.pgrid');
    this.blank = this.querySelector('template');
    this.live = this.querySelector('[data-live]');
    this.form = this.closest('form');
    this.input.removeAttribute('name');                  // the photos travel by themselves, not with the form
    const picked = () => { this.add([...this.input.files]); this.input.value = ''; };
    this.input.addEventListener('change', picked);
    const files = e => [...e.dataTransfer.types].includes('Files');
    for (const t of ['dragenter', 'dragover']) this.addEventListener(t, e => { if (files(e)) { e.preventDefault(); this.classList.add('over'); } });
    this.addEventListener('dragleave', e => { if (!this.contains(e.relatedTarget)) this.classList.remove('over'); });
    this.addEventListener('drop', e => { e.preventDefault(); this.classList.remove('over'); this.add([...e.dataTransfer.files]); });
    this.addEventListener('click', e => {
      const b = e.target.closest('.rm');
      if (b) { e.preventDefault(); this.take(b.closest('.pcard')); }
    });
    document.addEventListener('paste', e => { const f = [...(e.clipboardData?.files ?? [])]; if (f.length) this.add(f); });
    this.form.addEventListener('change', () => this.save());
    this.form.addEventListener('submit', e => {          // a photo on its way would be left out
      const busy = this.list.querySelector('.busy');
      if (!busy || !e.submitter?.value.match(/make|preview|signin/)) return;
      e.preventDefault(); e.stopPropagation();
      busy.scrollIntoView({ block: 'center' });
      this.say('A photo is still on its way. Remove it, or wait for it.');
    });
    document.addEventListener('submit', () => clearTimeout(this.timer));   // what is sent, or thrown away, is not to be kept once more
    if (this.input.files.length) picked();               // chosen before this script was here
  }

  get count() { return this.list.querySelectorAll('.pcard').length; }

  say(text) {
    this.live.textContent = text;
    const n = document.querySelector('[data-count]');
    if (n) n.textContent = `${this.list.querySelectorAll('[data-id]').length} added`;
  }

  // save keeps the draft on the server, so that another tab, a reload or signing in finds it.
  save() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const body = new URLSearchParams();
      for (const [k, v] of new FormData(this.form)) if (typeof v === 'string' && k !== 'key' && k !== 'do') body.append(k, v);
      fetch(this.form.dataset.draft, { method: 'POST', body, keepalive: true, headers: { Accept: 'application/json' } })
        .then(r => r.ok ? r.json() : 0).then(j => j && tell(this.form, j)).catch(() => {});
    }, 400);
  }

  async add(files) {
    const room = Math.max(0, +this.getAttribute('max') - this.count), some = files.slice(0, room).map(f => [f, this.card(f)]);
    const agreed = this.form.querySelector('#consent');
    if (some.length && agreed?.checked) {
      agreed.checked = false;                            // what was said of the others does not hold for these
      this.say('Please tick again that everyone in these photos agreed.');
    }
    if (files.length > room) this.say(`There is room for ${room} more.`);
    for (const [f, li] of some) await this.one(f, li);   // one at a time: phones have little memory
  }

  card(file) {
    const li = this.blank.content.firstElementChild.cloneNode(true);
    this.list.insertBefore(li, this.list.lastElementChild);
    li.querySelector('.rm').setAttribute('aria-label', `Remove ${file.name}`);
    return li;
  }

  // send posts a photo until it is answered. The same bytes twice are the same photo, so sending again is safe.
  async send(blob, li) {
    const body = new FormData(), list = li.querySelector('.checks');
    body.append('photos', blob, 'photo.jpg');
    for (let n = 0; li.isConnected; n++) {
      let wait = Math.min(2 ** n, 30);
      try {
        const r = await fetch(this.getAttribute('endpoint'), { method: 'POST', body, headers: { Accept: 'application/json' } }), j = await r.json();
        if (r.status < 429 || n > 4) return j;
        wait = Math.min(+r.headers.get('Retry-After') || wait, 60);
      } catch { /* no network, or cut short */ }
      notes(list, [{ kind: 'info', say: navigator.onLine ? 'Waiting to send this photo again.' : 'Waiting for the network.', help: 'It is sent by itself.' }]);
      await new Promise(go => {
        setTimeout(go, wait * 1000);
        addEventListener('online', go, { once: true });
      });
    }
  }

  async one(file, li) {
    const img = li.querySelector('img'), list = li.querySelector('.checks');
    const s = await shrink(file);
    img.alt = file.name;                                 // not before, or an empty frame would show it
    if (s.shown) {
      img.src = URL.createObjectURL(s.blob);
      img.onload = () => URL.revokeObjectURL(img.src);
    }
    const j = await this.send(s.blob, li);
    if (!j || !li.isConnected) return;                   // removed while it waited
    li.classList.remove('busy');
    const p = j.photos?.[0];
    if (!p) {
      notes(list, [{ kind: 'refused', say: j.detail || 'This photo could not be added.', help: j.hint }]);
      return this.say(list.textContent);
    }
    if (this.list.querySelector(`[data-id="${p.id}"]`)) {                // the same photo again
      li.remove();
      return this.say(`${file.name} was added before.`);
    }
    li.dataset.id = p.id;
    const id = li.querySelector('[name=photo]');
    id.value = p.id; id.disabled = false;
    for (const [what, field] of [['role', li.querySelector('select')], ['label', li.querySelector('[data-name=label]')]]) {
      field.id = field.name = `${what}-${p.id}`; field.disabled = false;
      li.querySelector(`[data-for=${what}]`).htmlFor = field.id;
    }
    li.querySelector('[data-for=role]').textContent = `Who is in ${file.name}?`;
    if (!s.shown) img.src = p.src;
    notes(list, p.notes);
    this.say(`${file.name} added. Photos: ${this.count}.`);
    this.save();
  }

  take(li) {
    const next = li.nextElementSibling?.querySelector('.rm, input:not([type=hidden])'), id = li.dataset.id;
    li.remove();
    next?.focus();
    if (id) fetch(`${this.getAttribute('endpoint')}/${id}/delete`, { method: 'POST', headers: { Accept: 'application/json' } }).then(() => this.save(), () => {});
    this.say(`Photo removed. Photos: ${this.count}.`);
  }
});
