// Photo picker: shrink on the device, upload one by one, show the fields of each. What it says stands in the attributes of its element.
// Without this script the same <input type=file> posts the originals and the server does the work.
import { notes } from './words.js';
import { agreed, save } from './draft.js';
import { shrink } from './shrink.js';

const tries = 5;

// well takes what was said of a field off the page, once it is right.
function well(field, err) {
  for (const a of document.querySelectorAll(`#errsum [href="#${field.id}"]`)) (a.closest('li:only-child')?.closest('#errsum') ?? a.parentNode).remove();
  document.getElementById(err)?.remove();
  field.removeAttribute('aria-invalid');
}

customElements.define('kp-photos', class extends HTMLElement {
  queue = Promise.resolve();

  connectedCallback() {
    this.input = this.querySelector('input[type=file]');
    this.list = this.querySelector('.pgrid');
    this.blank = this.querySelector('template');
    this.live = this.querySelector('[data-live]');
    this.full = this.querySelector('[data-full]');
    this.consent = document.getElementById('consent');
    this.input.removeAttribute('name');                  // the photos travel by themselves, not with the form
    const picked = () => { this.add([...this.input.files]); this.input.value = ''; };
    this.input.addEventListener('change', e => { e.stopPropagation(); picked(); });
    // Anywhere on the page, so that a photo that misses the frame does not open in its place.
    const files = e => [...e.dataTransfer.types].includes('Files');
    document.addEventListener('dragover', e => { if (files(e)) { e.preventDefault(); this.classList.add('over'); } });
    document.addEventListener('dragleave', e => { if (!e.relatedTarget) this.classList.remove('over'); });
    document.addEventListener('drop', e => { if (files(e)) { e.preventDefault(); this.classList.remove('over'); this.add([...e.dataTransfer.files]); } });
    document.addEventListener('paste', e => {            // a picture, not text that brings one along
      const c = e.clipboardData;
      if (c?.files.length && !c.types.includes('text/plain')) this.add([...c.files]);
    });
    this.addEventListener('click', e => {
      const li = e.target.closest('.pcard');
      if (e.target.closest('.rm')) { e.preventDefault(); this.take(li); }
      if (e.target.closest('[data-again]')) this.enqueue(li);
    });
    this.closest('form').addEventListener('submit', e => {         // a photo on its way would be left out
      const busy = this.list.querySelector('.busy');
      if (!busy || !e.submitter?.value.match(/make|preview|signin/)) return;
      e.preventDefault(); e.stopPropagation();
      busy.scrollIntoView({ block: 'center' });
      this.say('Wait');
    });
    this.consent?.addEventListener('change', () => this.consent.checked && well(this.consent, 'consent-err'));
    if (this.input.files.length) picked();               // chosen before this script was here
  }

  words(key, name) { return this.dataset[`say${key}`].replace('{}', () => name); }

  say(key, name) {
    this.live.textContent = this.words(key, name);
    const n = document.querySelector('[data-count]');
    if (n) n.textContent = this.words('Count', this.list.querySelectorAll('[data-id]').length);
  }

  add(files) {
    const room = Math.max(0, this.getAttribute('max') - this.list.querySelectorAll('.pcard:not(.failed)').length);
    const some = files.slice(0, room);
    if (some.length && this.consent?.checked) {
      this.consent.checked = false;                      // what was said of the others does not hold for these
      this.say('Agree');
    }
    this.full.textContent = files.length > room ? this.words('Full') : '';      // stays, while the photos come and go in the line above
    for (const f of some) this.enqueue(this.card(f));
  }

  card(file) {
    const li = this.blank.content.firstElementChild.cloneNode(true);
    li.file = file;
    li.querySelector('.rm').ariaLabel = this.words('Remove', file.name);
    li.querySelector('progress').ariaLabel = this.words('Progress', file.name);
    this.list.insertBefore(li, this.list.lastElementChild);
    return li;
  }

  // enqueue sends one photo after the other: phones have little memory.
  enqueue(li) {
    const again = li.querySelector('[data-again]');
    if (document.activeElement === again) li.querySelector('.rm').focus();
    again.hidden = true;
    li.classList.replace('failed', 'busy');
    notes(li.querySelector('.checks'));
    this.step(li, 'Ready');
    this.queue = this.queue.then(() => li.isConnected && this.one(li));
  }

  step(li, key) { li.querySelector('[data-step]').textContent = this.words(key); }

  async one(li) {
    const { file } = li, img = li.querySelector('img'), s = await shrink(file);
    if (!li.isConnected) return;
    img.onload = () => {                                 // not before, or an empty frame would show the name
      img.alt = file.name;
      URL.revokeObjectURL(img.src);
    };
    img.onerror = () => img.removeAttribute('src');
    if (s.shown) img.src = URL.createObjectURL(s.blob);
    if (s.blob.size > this.dataset.megabytes << 20) return this.fail(li, this.words('Large'), this.words('Smaller'));
    const j = await this.send(s.blob, li), p = j?.photos?.[0], same = p && this.list.querySelector(`[data-id="${p.id}"]`);
    if (!li.isConnected) {                               // removed while it was on its way
      if (p && !same) this.forget(p.id);
    } else if (same) {
      this.take(li, 'Twice');
    } else if (p) {
      this.show(li, p, s.shown);
    } else {
      this.fail(li, j?.detail || this.words('Failed', file.name), j?.detail ? j.hint : this.words('Help'), !j?.detail);
    }
  }

  // send posts a photo until it is answered. The same bytes twice are the same photo, so sending again is safe.
  async send(blob, li) {
    this.say('Sending', li.file.name);
    for (let n = 1; li.isConnected; n++) {
      const x = await this.post(blob, li);
      if (x.status && x.status !== 429 && x.status < 500) return x.response;
      if (!li.isConnected || n === tries && navigator.onLine) return;
      const say = this.words(navigator.onLine ? 'Lost' : 'Offline'), wait = +x.getResponseHeader('Retry-After') || 2 ** n;
      notes(li.querySelector('.checks'), [{ kind: 'info', say, help: this.words('Self') }]);
      this.live.textContent = say;
      await new Promise(go => {
        setTimeout(go, Math.min(wait, 60) * 1e3);
        addEventListener('online', go, { once: true });
        li.stop = go;
      });
      if (!navigator.onLine) n--;
    }
  }

  // post sends it once, and shows how much of it is gone.
  post(blob, li) {
    return new Promise(done => {
      const x = new XMLHttpRequest(), body = new FormData(), bar = li.querySelector('progress');
      body.append('photos', blob, 'photo.jpg');
      x.open('POST', this.getAttribute('endpoint'));
      x.setRequestHeader('Accept', 'application/json');
      x.responseType = 'json';
      bar.value = 0;
      this.step(li, 'Send');
      x.upload.onprogress = e => { bar.value = e.loaded / e.total; };
      x.upload.onload = () => {                          // all of it is there: to stop now would be too late
        bar.removeAttribute('value');
        this.step(li, 'Look');
        li.stop = null;
      };
      li.stop = () => x.abort();
      x.onloadend = () => done(x);
      x.send(body);
    });
  }

  // show makes the card one of a photo that is there.
  show(li, p, shown) {
    const { name } = li.file, img = li.querySelector('img'), id = li.querySelector('[name=photo]');
    li.classList.remove('busy');
    li.dataset.id = p.id;
    li.id = `card-${p.id}`;
    li.querySelector('[data-way]').remove();
    id.value = p.id; id.disabled = false;
    for (const [what, field] of [['role', li.querySelector('select')], ['label', li.querySelector('[data-name]')]]) {
      const label = li.querySelector(`[data-for=${what}]`);
      field.id = field.name = label.htmlFor = `${what}-${p.id}`; field.disabled = false;
      label.textContent = this.words(what === 'role' ? 'Role' : 'Label', name);
    }
    if (!shown) img.src = p.src;
    notes(li.querySelector('.checks'), p.notes);
    well(this.input, 'photo-err');
    this.say('Added', name);
    if (this.consent?.checked) agreed();
    save(400, true);
  }

  fail(li, say, help, again) {
    li.classList.replace('busy', 'failed');
    notes(li.querySelector('.checks'), [{ kind: 'refused', words: again ? '' : li.file.name, say, help }]);
    li.querySelector('[data-again]').hidden = !again;
    this.say('Failed', li.file.name);
  }

  take(li, why = 'Removed') {
    const next = (li.nextElementSibling ?? li).querySelector('.rm, input:not([type=hidden])'), { id } = li.dataset;
    const here = li.contains(document.activeElement), name = li.file?.name ?? li.querySelector('img').alt;
    li.remove();
    li.stop?.();
    if (here) next?.focus();
    if (id) this.forget(id);
    if (why === 'Removed') this.full.textContent = '';
    this.say(why, name);
  }

  forget(id) {
    const done = () => save(400, true);
    fetch(`${this.getAttribute('endpoint')}/${id}/delete`, { method: 'POST', headers: { Accept: 'application/json' } }).then(done, done);
  }
});
