// graphql-transport-ws, message by message, on raw sockets: what its PROTOCOL.md says a server does.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ask, castVote, createPoll, headersOf, tokens } from './lib/context.js';
import { closesWith, follow, INIT, isType, open, ready, RESULTS, settle, subscribe } from './lib/raw.js';

const TENANT = 'socket';
const [creator, voter, other] = tokens[TENANT].slice(20);

let number = 0;
/** A numbered check of the protocol. */
const check = (name, body) => {
  number += 1;
  test(`${String(number).padStart(2, '0')} ${name}`, body);
};

const poll = await createPoll(TENANT, creator, 'socket: followed?');

describe('graphql-transport-ws on raw sockets', { concurrency: 4 }, () => {
  // Opening
  check('the subprotocol is echoed', async () => {
    const { raw } = await open();
    assert.equal(raw.protocol, 'graphql-transport-ws');
    raw.close();
  });
  check('the subprotocol is chosen among others', async () => {
    const { raw } = await open({ protocol: ['graphql-ws', 'graphql-transport-ws', 'chat'] });
    assert.equal(raw.protocol, 'graphql-transport-ws');
    raw.close();
  });
  for (const [what, protocol] of [['no subprotocol', []], ['an unknown subprotocol', 'chat'], ['the old graphql-ws', 'graphql-ws']]) {
    check(`${what}: no connection, or 4406`, async () => {
      // ws fails by itself when the server names none of those it asked for.
      const outcome = await open({ protocol }).then(
        async (socket) => (await socket.closed).code,
        (error) => error.message,
      );
      const refusals = [4406, 'Server sent no subprotocol', 'Unexpected server response: 400'];
      assert.ok(refusals.includes(outcome), String(outcome));
    });
  }
  check('the path /graphql/ws is the same', async () => {
    const { raw } = await ready({ path: '/ws' });
    raw.close();
  });

  // connection_init
  check('connection_init is answered by connection_ack', async () => {
    const socket = await open();
    socket.send(INIT);
    assert.deepEqual(Object.keys(await socket.until(isType('connection_ack'))), ['type']);
    socket.raw.close();
  });
  check('connection_init with a payload of no meaning', async () => {
    const socket = await open();
    socket.send({ ...INIT, payload: { theme: 'dark', depth: { of: [1] } } });
    await socket.until(isType('connection_ack'));
    socket.raw.close();
  });
  check('connection_init with payload null', async () => {
    const socket = await open();
    socket.send({ ...INIT, payload: null });
    await socket.until(isType('connection_ack'));
    socket.raw.close();
  });
  check('4408 without connection_init in time', async () => {
    const socket = await open();
    const { reason } = await closesWith(socket, 4408);
    assert.equal(reason, 'Connection initialisation timeout');
  });
  check('4429 for a second connection_init', async () => {
    const socket = await ready();
    socket.send(INIT);
    const { reason } = await closesWith(socket, 4429);
    assert.equal(reason, 'Too many initialisation requests');
  });
  check('4429 for two in a row, the first not answered yet', async () => {
    const socket = await open();
    socket.send(INIT, INIT);
    await closesWith(socket, 4429);
  });
  check('4401 for subscribe before connection_init', async () => {
    const socket = await open();
    socket.send(subscribe('1', '{ __typename }'));
    const { reason } = await closesWith(socket, 4401);
    assert.equal(reason, 'Unauthorized');
  });

  // Tenant and token
  check('tenant and token from the payload', async () => {
    const socket = await open({ headers: {} });
    socket.send({ ...INIT, payload: { tenant: TENANT, authorization: `Bearer ${voter}` } });
    await socket.until(isType('connection_ack'));
    socket.send(subscribe('1', '{ tenant { key } viewer { id } }'));
    const { payload } = await socket.until(isType('next', '1'));
    assert.equal(payload.data.tenant.key, TENANT);
    assert.ok(payload.data.viewer.id);
    socket.raw.close();
  });
  for (const [what, headers, payload, code] of [
    ['no tenant', {}, {}, 'TENANT_REQUIRED'],
    ['an unknown tenant', {}, { tenant: 'nobody' }, 'TENANT_NOT_FOUND'],
    ['a tenant unlike the header', { 'x-tenant': TENANT }, { tenant: 'thor' }, 'TENANT_CONFLICT'],
    ['a bad token', { 'x-tenant': TENANT }, { authorization: 'Bearer polls_wrong' }, 'UNAUTHENTICATED'],
    ["another tenant's token", { 'x-tenant': TENANT }, { authorization: `Bearer ${tokens.thor[0]}` }, 'UNAUTHENTICATED'],
  ]) {
    check(`4403 for ${what}`, async () => {
      const socket = await open({ headers });
      socket.send({ ...INIT, payload });
      const { reason } = await closesWith(socket, 4403);
      assert.ok(reason.startsWith(`${code}:`), reason);
    });
  }

  // Invalid messages
  for (const [what, message] of [
    ['text that is no JSON', 'hello'],
    ['an empty message', ''],
    ['JSON that is no object', '"hello"'],
    ['an array', '[]'],
    ['null', 'null'],
    ['an object without type', '{}'],
    ['a type that is no string', '{"type":1}'],
    ['an unknown type', '{"type":"start","id":"1"}'],
    ["a server's own type", '{"type":"connection_ack"}'],
    ['subscribe without id', '{"type":"subscribe","payload":{"query":"{ __typename }"}}'],
    ['subscribe with an empty id', '{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}'],
    ['subscribe with a number as id', '{"type":"subscribe","id":1,"payload":{"query":"{ __typename }"}}'],
    ['subscribe without payload', '{"type":"subscribe","id":"1"}'],
    ['subscribe without query', '{"type":"subscribe","id":"1","payload":{}}'],
    ['subscribe with a query that is no string', '{"type":"subscribe","id":"1","payload":{"query":1}}'],
    ['subscribe with variables that are no object', '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":"x"}}'],
    ['complete without id', '{"type":"complete"}'],
    ['a payload that is no object', '{"type":"ping","payload":"x"}'],
  ]) {
    check(`4400 for ${what}`, async () => {
      const socket = await ready();
      socket.send(message);
      await closesWith(socket, 4400);
    });
  }
  check('4400 for a binary message', async () => {
    const socket = await ready();
    socket.raw.send(Buffer.from('{"type":"ping"}'));
    await closesWith(socket, 4400);
  });
  check('4400 before connection_init as well', async () => {
    const socket = await open();
    socket.send('hello');
    await closesWith(socket, 4400);
  });

  // Ping and pong
  check('ping is answered by pong', async () => {
    const socket = await ready();
    socket.send({ type: 'ping' });
    await socket.until(isType('pong'));
    socket.raw.close();
  });
  check("a ping's payload comes back in the pong", async () => {
    const socket = await ready();
    const payload = { at: 1, nested: { list: [1, 'zwei', null] } };
    socket.send({ type: 'ping', payload });
    assert.deepEqual((await socket.until(isType('pong'))).payload, payload);
    socket.raw.close();
  });
  check('ping before connection_init', async () => {
    const socket = await open();
    socket.send({ type: 'ping', payload: { early: true } });
    assert.deepEqual((await socket.until(isType('pong'))).payload, { early: true });
    socket.raw.close();
  });
  check('a pong that nobody asked for changes nothing', async () => {
    const socket = await ready();
    socket.send({ type: 'pong' }, { type: 'pong', payload: { for: 'nothing' } });
    assert.deepEqual(await settle(socket), []);
    socket.raw.close();
  });

  // Operations
  check('a query: next and complete', async () => {
    const socket = await ready();
    socket.send(subscribe('q', '{ tenant { key } }'));
    await socket.until(isType('complete', 'q'));
    assert.deepEqual(await settle(socket), [
      { id: 'q', type: 'next', payload: { data: { tenant: { key: TENANT } } } },
      { id: 'q', type: 'complete' },
    ]);
    socket.raw.close();
  });
  check('a mutation: next and complete', async () => {
    const socket = await ready({ headers: headersOf(TENANT, creator) });
    const query = 'mutation($input: CreatePollInput!) { createPoll(input: $input) { poll { question } } }';
    socket.send(subscribe('m', query, { input: { question: 'socket: made?', choices: ['a', 'b'] } }));
    await socket.until(isType('complete', 'm'));
    const [next] = await settle(socket);
    assert.equal(next.payload.data.createPoll.poll.question, 'socket: made?');
    socket.raw.close();
  });
  check('operationName, variables null and extensions', async () => {
    const socket = await ready();
    const payload = { query: 'query A { a: __typename } query B { b: __typename }', operationName: 'B', variables: null, extensions: {} };
    socket.send({ id: 'o', type: 'subscribe', payload });
    assert.deepEqual((await socket.until(isType('next', 'o'))).payload, { data: { b: 'Query' } });
    socket.raw.close();
  });
  check('an error of a field comes in next, with the data', async () => {
    const socket = await ready();
    socket.send(subscribe('f', '{ poll(id: "nonsense") { question } tenant { key } }'));
    const { payload } = await socket.until(isType('next', 'f'));
    assert.deepEqual(payload.data, { poll: null, tenant: { key: TENANT } });
    assert.equal(payload.errors[0].extensions.code, 'BAD_USER_INPUT');
    await socket.until(isType('complete', 'f'));
    socket.raw.close();
  });
  for (const [what, query, variables, code] of [
    ['a document that does not parse', '{ nothing', undefined, 'GRAPHQL_PARSE_FAILED'],
    ['a document that is not valid', '{ nothing }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['a subscription that is not valid', 'subscription { nothing }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['a variable that does not fit', RESULTS, { id: { of: 1 } }, 'BAD_USER_INPUT'],
    ['a missing variable', RESULTS, {}, 'BAD_USER_INPUT'],
  ]) {
    check(`one error, and nothing else, for ${what}`, async () => {
      const socket = await ready();
      socket.send(subscribe('e', query, variables));
      const { payload } = await socket.until(isType('error', 'e'));
      assert.ok(Array.isArray(payload) && payload.length > 0);
      assert.ok(payload.every(({ message }) => typeof message === 'string' && message));
      assert.equal(payload[0].extensions.code, code);
      assert.equal((await settle(socket)).length, 1);
      socket.raw.close();
    });
  }
  check('an id is free again after error', async () => {
    const socket = await ready();
    socket.send(subscribe('1', '{ nothing }'));
    await socket.until(isType('error', '1'));
    socket.send(subscribe('1', '{ __typename }'));
    await socket.until(isType('complete', '1'));
    socket.raw.close();
  });
  check('an id is free again after complete from the server', async () => {
    const socket = await ready();
    for (let time = 1; time <= 3; time += 1) {
      socket.send(subscribe('1', '{ __typename }'));
      await socket.until(() => socket.seen.filter(isType('complete', '1')).length === time, 'complete');
    }
    socket.raw.close();
  });
  check('an id is free again after complete from the client', async () => {
    const socket = await ready();
    socket.send(follow('1', poll));
    await socket.until(isType('next', '1'));
    socket.send({ id: '1', type: 'complete' }, subscribe('1', '{ again: __typename }'));
    await socket.until((message) => message.payload?.data?.again === 'Query', 'the second operation');
    socket.raw.close();
  });
  check('4409 for an id that is taken', async () => {
    const socket = await ready();
    socket.send(follow('twice', poll));
    await socket.until(isType('next', 'twice'));
    socket.send(follow('twice', poll));
    const { reason } = await closesWith(socket, 4409);
    assert.equal(reason, 'Subscriber for twice already exists');
  });
  check('4409 also when both come at once', async () => {
    const socket = await ready();
    socket.send(follow('twice', poll), follow('twice', poll));
    await closesWith(socket, 4409);
  });
  check('two operations interleaved, each under its id', async () => {
    const one = await createPoll(TENANT, creator, 'socket: one?');
    const two = await createPoll(TENANT, creator, 'socket: two?');
    const socket = await ready();
    socket.send(follow('one', one), follow('two', two));
    const tells = (id, votes) => (m) => m.id === id && m.payload?.data?.pollResults?.totalVotes === votes;
    await Promise.all([socket.until(tells('one', 0)), socket.until(tells('two', 0))]);
    await castVote(TENANT, voter, one.choices[0]);
    await socket.until(tells('one', 1));
    await castVote(TENANT, voter, two.choices[0]);
    await socket.until(tells('two', 1));
    await castVote(TENANT, other, one.choices[1]);
    await socket.until(tells('one', 2));
    for (const { id, payload } of await settle(socket)) {
      assert.equal(payload.data.pollResults.id, { one, two }[id].id);
    }
    socket.raw.close();
  });
  check('a query is answered while a subscription runs', async () => {
    const socket = await ready();
    socket.send(follow('long', poll), subscribe('short', '{ __typename }'));
    await socket.until(isType('complete', 'short'));
    assert.ok(!socket.seen.some(isType('complete', 'long')));
    socket.raw.close();
  });
  check('silence after complete from the client', async () => {
    const quiet = await createPoll(TENANT, creator, 'socket: quiet?');
    const [socket, witness] = await Promise.all([ready(), ready()]);
    socket.send(follow('s', quiet));
    witness.send(follow('w', quiet));
    await Promise.all([socket.until(isType('next', 's')), witness.until(isType('next', 'w'))]);
    socket.send({ id: 's', type: 'complete' });
    const before = (await settle(socket)).length;
    await castVote(TENANT, voter, quiet.choices[0]);
    await witness.until((message) => message.payload?.data?.pollResults?.totalVotes === 1, 'the vote');
    assert.equal((await settle(socket)).length, before);
    assert.ok(!socket.seen.some(isType('complete')), 'no complete in answer to complete');
    socket.raw.close();
    witness.raw.close();
  });
  check('complete for an id that is not there is ignored', async () => {
    const socket = await ready();
    socket.send({ id: 'nobody', type: 'complete' });
    assert.deepEqual(await settle(socket), []);
    socket.raw.close();
  });
  check('complete right after subscribe', async () => {
    const socket = await ready();
    socket.send(follow('short', poll), { id: 'short', type: 'complete' });
    const came = await settle(socket);
    assert.ok(came.every(isType('next', 'short')), JSON.stringify(came));
    socket.raw.close();
  });
  check('a subscription ends with complete when its poll closes', async () => {
    const ending = await createPoll(TENANT, creator, 'socket: closing?');
    const socket = await ready();
    socket.send(follow('c', ending));
    await socket.until(isType('next', 'c'));
    await ask(TENANT, creator, 'mutation($id: ID!) { closePoll(input: { id: $id }) { poll { isOpen } } }', { id: ending.id });
    await socket.until(isType('complete', 'c'));
    const results = (await settle(socket)).filter(isType('next')).map((message) => message.payload.data.pollResults);
    assert.deepEqual(results.map((result) => result.isOpen), [true, false]);
    socket.raw.close();
  });

  // Closing
  check("the client's close is answered", async () => {
    const socket = await ready();
    socket.send(follow('1', poll));
    await socket.until(isType('next', '1'));
    socket.raw.close(1000, 'Bye');
    await closesWith(socket, 1000);
  });
  check('messages behind an offence are ignored', async () => {
    const socket = await ready({ headers: headersOf(TENANT, creator) });
    const question = `socket: behind an offence ${process.pid}?`;
    const query = 'mutation($input: CreatePollInput!) { createPoll(input: $input) { poll { id } } }';
    socket.send('hello', subscribe('late', query, { input: { question, choices: ['a', 'b'] } }), { type: 'ping' });
    await closesWith(socket, 4400);
    assert.deepEqual(socket.seen.filter((message) => message.type !== 'connection_ack'), []);
    const found = await ask(TENANT, null, 'query($of: PollFilter) { polls(filter: $of) { totalCount } }', { of: { search: question } });
    assert.equal(found.polls.totalCount, 0);
  });
  check('a message of more than 2 MiB: 1009', async () => {
    const socket = await ready();
    socket.send({ type: 'ping', payload: { text: 'x'.repeat(2 * 1024 * 1024) } });
    await closesWith(socket, 1009);
  });
  check('a message of under 2 MiB', async () => {
    const socket = await ready();
    socket.send({ type: 'ping', payload: { text: 'x'.repeat(2 * 1024 * 1024 - 100) } });
    await socket.until(isType('pong'));
    socket.raw.close();
  });
  check('twenty subscriptions on one socket', async () => {
    const socket = await ready();
    for (let id = 0; id < 20; id += 1) socket.send(follow(`n${id}`, poll));
    for (let id = 0; id < 20; id += 1) await socket.until(isType('next', `n${id}`), `n${id}`);
    socket.raw.close();
  });

  after(() => console.log(`graphql-transport-ws: ${number} checks on raw sockets`));
});
