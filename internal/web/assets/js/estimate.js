// The estimate on the pricing page. Costs and packs are in the page; none are here.
customElements.define('kp-estimate', class extends HTMLElement {
  connectedCallback() {
    this.addEventListener('input', () => this.run());
    this.run();
  }
  run() {
    let sum = 0;
    for (const i of this.querySelectorAll('input')) {
      i.closest('label').querySelector('output').value = i.value;
      sum += i.value * i.dataset.cost;
    }
    const packs = this.dataset.packs.split(',').filter(Boolean).map(Number).sort((a, b) => a - b);
    const fits = packs.find(p => p >= sum), most = packs.at(-1);
    const d = this.dataset, say = (text, words) => text.replace(/\{(\w+)\}/g, (_, k) => words[k]);
    this.querySelector('[data-sum]').textContent = sum;
    this.querySelector('[data-say]').textContent = !sum ? d.sayNone
      : fits ? say(d.sayFits, { pack: fits, left: fits - sum })
      : most ? say(d.sayMany, { count: Math.ceil(sum / most), pack: most }) : '';
  }
});
