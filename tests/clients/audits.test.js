// The audits of GraphQL over HTTP that npm's graphql-http ships, on every way to name a tenant.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { tokens, url } from './lib/context.js';
import { fetchWith } from './lib/fetch.js';

const AUDITS = 61;
const PLAINLY_OK = 58;

const WAYS = {
  'header X-Tenant': { 'x-tenant': 'thor' },
  'host thor.localhost': { host: 'thor.localhost:8000' },
  'host thor.polls.local': { host: 'thor.polls.local' },
  "a tenant's own host": { host: 'polls.hogwarts.example' },
  'header and host': { host: 'thor.localhost', 'x-tenant': 'thor' },
  'with a token': { 'x-tenant': 'thor', authorization: `Bearer ${tokens.thor[0]}` },
  'nothing for anonymous callers': { 'x-tenant': 'vault' },
};

for (const [way, headers] of Object.entries(WAYS)) {
  describe(`graphql-http audits: ${way}`, () => {
    const audits = serverAudits({ url, fetchFn: fetchWith(headers) });
    const counts = { ok: 0, warn: 0, error: 0 };

    for (const audit of audits) {
      test(`${audit.id} ${audit.name}`, async (t) => {
        const result = await audit.fn();
        counts[result.status] += 1;
        if (result.status !== 'ok') t.diagnostic(`${result.status}: ${result.reason}`);
        assert.notEqual(result.status, 'error', result.reason);
      });
    }

    test(`there are ${AUDITS}, and at least ${PLAINLY_OK} are plainly ok`, (t) => {
      t.diagnostic(`${counts.ok} ok, ${counts.warn} warn, ${counts.error} error`);
      assert.equal(audits.length, AUDITS);
      assert.ok(counts.ok >= PLAINLY_OK, JSON.stringify(counts));
      assert.equal(counts.ok + counts.warn, AUDITS);
    });
    after(() => console.log(`${way}: ${counts.ok} ok, ${counts.warn} warn, ${counts.error} error`));
  });
}
