// graphql-ws's own client, as pages use it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CloseCode, createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { collector } from './lib/collect.js';
import { ask, castVote, createPoll, socketUrl, tokens } from './lib/context.js';
import { RESULTS } from './lib/raw.js';
import { socketOf, webSocketWith } from './lib/socket.js';

const TENANT = 'socket';
const [creator, voter, other, third] = tokens[TENANT].slice(20);

/** What a subscription of graphql-ws's client yields. */
function results(client, query, variables) {
  const seen = collector();
  const stop = client.subscribe(
    { query, variables },
    { next: seen.push, error: (error) => seen.push({ error }), complete: () => seen.push({ complete: true }) },
  );
  return { ...seen, stop };
}
const votes = (count) => (result) => result.data?.pollResults?.totalVotes === count;

describe("graphql-ws's client", () => {
  const ways = {
    'by headers': () => socketOf(TENANT, voter),
    'by connectionParams': () =>
      createClient({
        url: socketUrl,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { tenant: TENANT, authorization: `Bearer ${voter}` },
      }),
  };
  for (const [way, connect] of Object.entries(ways)) {
    test(`${way}: pollResults at once, at each change, and its end`, async () => {
      const followed = await createPoll(TENANT, creator, `socket: ${way}?`);
      const client = connect();
      const live = results(client, RESULTS, { id: followed.id });
      await live.until(votes(0), 'the poll at once');
      await castVote(TENANT, voter, followed.choices[0]);
      await live.until(votes(1), 'the first vote');
      await castVote(TENANT, other, followed.choices[0]);
      await castVote(TENANT, third, followed.choices[1]);
      await live.until(votes(3), 'all votes');
      await ask(TENANT, creator, 'mutation($id: ID!) { closePoll(input: { id: $id }) { poll { id } } }', { id: followed.id });
      await live.until((result) => result.complete, 'complete');
      assert.deepEqual(live.seen.at(-2).data.pollResults, { id: followed.id, isOpen: false, totalVotes: 3 });
      client.dispose();
    });
    test(`${way}: queries and mutations`, async () => {
      const client = connect();
      const viewer = results(client, '{ tenant { key } viewer { id } }');
      const { data } = await viewer.until((result) => result.data);
      assert.equal(data.tenant.key, TENANT);
      assert.ok(data.viewer.id);
      const made = results(client, 'mutation($input: CreatePollInput!) { createPoll(input: $input) { poll { question } } }', {
        input: { question: `socket: made ${way}?`, choices: ['a', 'b'] },
      });
      await made.until((result) => result.complete);
      assert.equal(made.seen[0].data.createPoll.poll.question, `socket: made ${way}?`);
      client.dispose();
    });
  }

  test('pollCreated tells of new polls', async () => {
    const client = socketOf(TENANT, voter);
    const live = results(client, 'subscription { pollCreated { id question } }');
    const question = 'socket: told?';
    // Nothing says when a subscription has begun, so polls are made until one is told.
    const making = setInterval(() => createPoll(TENANT, creator, question).catch(live.push), 250);
    try {
      await live.until((result) => result.data?.pollCreated?.question === question, 'pollCreated');
    } finally {
      clearInterval(making);
    }
    client.dispose();
  });

  test('the poll deleted: null with NOT_FOUND, then complete', async () => {
    const doomed = await createPoll(TENANT, creator, 'socket: doomed?');
    const client = socketOf(TENANT, voter);
    const live = results(client, RESULTS, { id: doomed.id });
    await live.until(votes(0));
    await ask(TENANT, creator, 'mutation($id: ID!) { deletePoll(input: { id: $id }) { deletedPollId } }', { id: doomed.id });
    await live.until((result) => result.complete);
    const last = live.seen.at(-2);
    assert.deepEqual([last.data.pollResults, last.errors[0].extensions.code], [null, 'NOT_FOUND']);
    client.dispose();
  });

  test('an invalid document is an error of its operation', async () => {
    const client = socketOf(TENANT, voter);
    const { error } = await results(client, 'subscription { nothing }').until((result) => result.error);
    assert.ok(Array.isArray(error));
    assert.equal(error[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
    const fine = await results(client, '{ __typename }').until((result) => result.data);
    assert.equal(fine.data.__typename, 'Query');
    client.dispose();
  });

  test('after 4403 it comes back with fresh parameters', async () => {
    const closes = [];
    const brought = ['polls_ended', voter];
    const client = createClient({
      url: socketUrl,
      webSocketImpl: webSocketWith({ 'x-tenant': TENANT }),
      retryAttempts: 3,
      retryWait: async () => {},
      connectionParams: () => ({ authorization: `Bearer ${brought.shift()}` }),
      on: { closed: (event) => closes.push(event.code) },
    });
    const { data, error } = await results(client, '{ viewer { id } }').until((result) => result.data || result.error);
    assert.equal(error, undefined);
    assert.ok(data.viewer.id);
    assert.equal(closes[0], CloseCode.Forbidden);
    client.dispose();
  });

  test('keepAlive pings are answered', async () => {
    const pongs = collector();
    const client = socketOf(TENANT, voter, { keepAlive: 50, lazy: false, on: { pong: () => pongs.push({}) } });
    await pongs.until(() => pongs.seen.length >= 3, 'three pongs');
    client.dispose();
  });

  test('an async iterator ends when it is returned', async () => {
    const followed = await createPoll(TENANT, creator, 'socket: iterated?');
    const client = socketOf(TENANT, voter);
    const counts = [];
    for await (const result of client.iterate({ query: RESULTS, variables: { id: followed.id } })) {
      counts.push(result.data.pollResults.totalVotes);
      if (counts.at(-1) === 2) break;
      await castVote(TENANT, [voter, other][counts.length - 1], followed.choices[0]);
    }
    assert.deepEqual(counts, [0, 1, 2]);
    client.dispose();
  });
});
