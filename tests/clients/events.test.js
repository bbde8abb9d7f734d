// GraphQL over Server-Sent Events, distinct connections, with graphql-sse's client and by plain fetch.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createClient } from 'graphql-sse';
import { collector } from './lib/collect.js';
import { ask, castVote, createPoll, headersOf, tokens, url } from './lib/context.js';

const TENANT = 'events';
const [creator, voter, other, third] = tokens[TENANT].slice(20);
const RESULTS = 'subscription($id: ID!) { pollResults(pollId: $id) { id isOpen totalVotes } }';
const votes = (count) => (result) => result.data?.pollResults?.totalVotes === count;
const close = (id) => ask(TENANT, creator, 'mutation($id: ID!) { closePoll(input: { id: $id }) { poll { id } } }', { id });

function clientOf(token, options = {}) {
  return createClient({ url, singleConnection: false, headers: headersOf(TENANT, token), retryAttempts: 0, ...options });
}

function results(client, query, variables) {
  const seen = collector();
  const stop = client.subscribe(
    { query, variables },
    { next: seen.push, error: (error) => seen.push({ error }), complete: () => seen.push({ complete: true }) },
  );
  return { ...seen, stop };
}

/** A stream by plain fetch, to its end: its answer and its events. */
async function stream(query, variables, { token = voter, method = 'POST', tenant = TENANT } = {}) {
  const headers = { accept: 'text/event-stream', ...headersOf(tenant, token) };
  const sent = { query, variables };
  const answer = await (method === 'GET'
    ? fetch(`${url}?${new URLSearchParams({ query, variables: JSON.stringify(variables ?? {}) })}`, { headers })
    : fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(sent) }));
  const text = await answer.text();
  const events = text.split('\n\n').flatMap((block) => {
    const lines = block.split('\n').filter((line) => line && !line.startsWith(':'));
    if (lines.length === 0) return [];
    const field = (name) => lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim()).join('\n');
    return [{ event: field('event'), data: field('data') && JSON.parse(field('data')) }];
  });
  return { answer, events };
}

describe("graphql-sse's client, distinct connections", () => {
  test('pollResults at once, at each change, and its end', async () => {
    const poll = await createPoll(TENANT, creator, 'events: followed?');
    const client = clientOf(voter);
    const live = results(client, RESULTS, { id: poll.id });
    await live.until(votes(0), 'the poll at once');
    await castVote(TENANT, voter, poll.choices[0]);
    await live.until(votes(1), 'the first vote');
    await castVote(TENANT, other, poll.choices[0]);
    await castVote(TENANT, third, poll.choices[1]);
    await live.until(votes(3), 'all votes');
    await close(poll.id);
    await live.until((result) => result.complete, 'complete');
    assert.deepEqual(live.seen.at(-2).data.pollResults, { id: poll.id, isOpen: false, totalVotes: 3 });
    client.dispose();
  });

  test('two subscriptions, one left early', async () => {
    const [one, two] = await Promise.all([createPoll(TENANT, creator, 'events: one?'), createPoll(TENANT, creator, 'events: two?')]);
    const client = clientOf(voter);
    const first = results(client, RESULTS, { id: one.id });
    const second = results(client, RESULTS, { id: two.id });
    await Promise.all([first.until(votes(0)), second.until(votes(0))]);
    first.stop();
    await castVote(TENANT, voter, one.choices[0]);
    await castVote(TENANT, voter, two.choices[0]);
    await second.until(votes(1));
    assert.ok(!first.seen.some(votes(1)));
    client.dispose();
  });

  test('pollCreated tells of new polls', async () => {
    const client = clientOf(voter);
    const live = results(client, 'subscription { pollCreated { question } }');
    // Nothing says when a subscription has begun, so polls are made until one is told.
    const making = setInterval(() => createPoll(TENANT, creator, 'events: told?').catch(live.push), 250);
    try {
      await live.until((result) => result.data?.pollCreated?.question === 'events: told?', 'pollCreated');
    } finally {
      clearInterval(making);
    }
    client.dispose();
  });

  test('the errors of a request are a next event, then complete', async () => {
    const client = clientOf(voter);
    for (const [query, variables, code] of [
      ['subscription { nothing }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
      ['subscription {', undefined, 'GRAPHQL_PARSE_FAILED'],
      [RESULTS, {}, 'BAD_USER_INPUT'],
    ]) {
      const live = results(client, query, variables);
      await live.until((result) => result.complete, `complete of ${query}`);
      assert.equal(live.seen.length, 2);
      assert.equal(live.seen[0].errors[0].extensions.code, code);
      assert.ok(!('data' in live.seen[0]));
    }
    client.dispose();
  });

  test('a bad token is told as UNAUTHENTICATED', async () => {
    const client = clientOf(tokens.thor[0]);
    const live = results(client, RESULTS, { id: 'x' });
    const told = await live.until((result) => result.errors, 'the error');
    assert.deepEqual(told.errors[0].extensions, { code: 'UNAUTHENTICATED', reason: 'INVALID' });
    client.dispose();
  });
});

describe('event streams by plain fetch', () => {
  for (const method of ['POST', 'GET']) {
    test(`${method}: status, headers, next events and complete`, async () => {
      const poll = await createPoll(TENANT, creator, `events: by ${method}?`);
      await close(poll.id);
      const { answer, events } = await stream(RESULTS, { id: poll.id }, { method });
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('content-type'), /^text\/event-stream\b/);
      assert.match(answer.headers.get('cache-control'), /no-(store|cache)/);
      assert.deepEqual(events.map(({ event }) => event), ['next', 'complete']);
      assert.deepEqual(events[0].data, { data: { pollResults: { id: poll.id, isOpen: false, totalVotes: 0 } } });
    });
  }

  test('EventSource clients: fields of the stream are as HTML has them', async () => {
    const headers = { accept: 'text/event-stream', 'content-type': 'application/json', ...headersOf(TENANT, voter) };
    const poll = await createPoll(TENANT, creator, 'events: raw?');
    await close(poll.id);
    const body = JSON.stringify({ query: RESULTS, variables: { id: poll.id } });
    const text = await (await fetch(url, { method: 'POST', headers, body })).text();
    for (const line of text.split('\n')) assert.match(line, /^(|:.*|(event|data|id|retry):.*)$/);
    assert.ok(text.endsWith('\n\n'), JSON.stringify(text.slice(-40)));
  });

  test("another tenant's poll is refused", async () => {
    const poll = await createPoll('socket', tokens.socket[20], 'events: of another tenant?');
    const { events } = await stream(RESULTS, { id: poll.id });
    assert.equal(events[0].data.errors[0].extensions.code, 'WRONG_TENANT');
    assert.deepEqual(events.map(({ event }) => event), ['next', 'complete']);
  });

  test('an unknown tenant is told in the stream as well', async () => {
    const { answer, events } = await stream(RESULTS, { id: 'x' }, { tenant: 'nobody', token: null });
    assert.equal(answer.status, 200);
    assert.deepEqual(events.map(({ event }) => event), ['next', 'complete']);
    assert.equal(events[0].data.errors[0].extensions.code, 'TENANT_NOT_FOUND');
  });
});
