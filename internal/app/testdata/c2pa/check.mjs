// Asks the C2PA reference implementation about files: one line of JSON each.
// Usage: node check.mjs AUTHORITY.pem FILE…
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { initSync, WasmReader } from '@contentauth/c2pa-wasm';

initSync({ module: readFileSync(fileURLToPath(import.meta.resolve('@contentauth/c2pa-wasm/c2pa.wasm'))) });
const [authority, ...files] = process.argv.slice(2);
const trusting = JSON.stringify({ trust: { user_anchors: readFileSync(authority, 'utf8') }, verify: { verify_trust: true } });

async function read(file, settings) {
  const kind = file.endsWith('.png') ? 'image/png' : 'image/jpeg';
  try {
    const store = JSON.parse((await WasmReader.fromBytes(kind, readFileSync(file), settings)).json());
    const active = store.manifests[store.active_manifest];
    const steps = active.assertions.find(a => a.label === 'c2pa.actions.v2').data.actions;
    return {
      state: store.validation_state, says: (store.validation_status ?? []).map(s => s.code), manifests: Object.keys(store.manifests).length,
      actions: steps.map(s => s.action), source: steps[0].digitalSourceType, issuer: active.signature_info.issuer,
    };
  } catch (e) {
    return { state: 'Error', says: [String(e?.message ?? e)] };
  }
}

for (const file of files) console.log(JSON.stringify({ stranger: await read(file), friend: await read(file, trusting) }));
