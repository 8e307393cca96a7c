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
    this.querySelector('[data-sum]').textContent = sum;
    this.querySelector('[data-say]').textContent = !sum ? 'Move a slider to see what you need.'
      : fits ? `The pack of ${fits} covers it, with ${fits - sum} left over.`
      : most ? `That takes ${Math.ceil(sum / most)} packs of ${most}.` : '';
  }
});
