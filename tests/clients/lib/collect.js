// Waiting for what arrives, without sleeping.

import assert from 'node:assert/strict';

const PATIENCE_MS = 15_000;

const brief = (value) => (value instanceof Error ? String(value) : JSON.stringify(value.data ?? value)).slice(0, 500);

/** Keeps what is pushed; `until` resolves with the first value that fits, or says what came instead. */
export function collector() {
  const seen = [];
  const waiting = new Set();
  const push = (value) => {
    seen.push(value);
    for (const look of [...waiting]) look();
  };
  const until = (fits, what = String(fits)) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = seen.find(fits);
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        const last = seen.slice(-5).map(brief).join('\n');
        reject(new assert.AssertionError({ message: `not seen: ${what}; of ${seen.length} the last:\n${last}` }));
      }, PATIENCE_MS);
      waiting.add(look);
      look();
    });
  return { seen, push, until };
}

/** A fetch that notes each request and its answer in `log`. */
export function recording(log, inner = fetch) {
  return async (input, init = {}) => {
    const answer = await inner(input, init);
    const url = new URL(input instanceof Request ? input.url : input);
    const entry = { method: init.method ?? 'GET', status: answer.status, url };
    entry.sent = init.body ? JSON.parse(init.body) : Object.fromEntries(url.searchParams);
    entry.body = await answer.clone().json();
    log.push(entry);
    return answer;
  };
}
