// What the server says about photos and words, and the prompt helper without a reload. Without this script its buttons send the form.
const kinds = document.getElementById('note-kinds'), shown = new WeakMap();

// notes fills a list with what was found. Icons and words come from the page. What stands there already is not said again.
export function notes(ul, list = []) {
  const now = JSON.stringify(list);
  if (shown.get(ul) === now) return;
  shown.set(ul, now);
  ul.replaceChildren(...list.map(n => {
    const li = kinds.content.querySelector(`.${n.kind}`).cloneNode(true);
    for (const part of ['words', 'say', 'help']) li.querySelector(`[data-${part}]`).textContent = n[part] ?? '';
    return li;
  }));
  ul.hidden = !list.length;
}

// tell shows what a draft's answer says, at the places the page has for it.
export function tell(form, told) {
  for (const ul of form.querySelectorAll('[data-notes]')) notes(ul, told[ul.dataset.notes]);
}

customElements.define('kp-words', class extends HTMLElement {
  connectedCallback() {
    const box = this.querySelector('textarea'), left = this.querySelector('[data-say-left]');
    let timer;
    box.addEventListener('input', () => {                // how much room is left, once it matters and the typing rests
      clearTimeout(timer);
      timer = setTimeout(() => {
        const n = box.maxLength - box.value.length;
        left.hidden = n > 100;
        left.textContent = left.hidden ? '' : left.dataset.sayLeft.replace('{}', n);
      }, 500);
    });
    this.addEventListener('click', async e => {
      const b = e.target.closest('button[name=do]'), form = this.closest('form');
      if (!b) return;
      e.preventDefault();
      const body = new URLSearchParams();
      for (const [k, v] of new FormData(form, b)) if (typeof v === 'string' && k !== 'key') body.append(k, v);
      try {
        const r = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } }), j = await r.json();
        if (!r.ok) throw 0;
        form.elements.seen.value = j.seen;
        if (b.value === 'words') {
          box.value = j.instruction;
          box.focus();
        }
        tell(form, j);
        this.querySelector('[data-fine]').hidden = j.words.length > 0;
      } catch { this.replaceWith(...this.childNodes); }              // the next press sends the form
    });
  }
});
