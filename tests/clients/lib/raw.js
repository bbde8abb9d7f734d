// A raw socket that speaks graphql-transport-ws, and what a check asks of it.

import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { collector } from './collect.js';
import { headersOf, socketUrl, tokens } from './context.js';

export const INIT = { type: 'connection_init' };
export const RESULTS = 'subscription($id: ID!) { pollResults(pollId: $id) { id isOpen totalVotes } }';

export const subscribe = (id, query, variables) => ({ id, type: 'subscribe', payload: { query, variables } });
export const follow = (id, poll) => subscribe(id, RESULTS, { id: poll.id });
export const isType = (type, id) => (message) => message.type === type && (id === undefined || message.id === id);

/** A raw socket and all that it receives. */
export async function open({ protocol = 'graphql-transport-ws', headers = headersOf('socket', tokens.socket[21]), path = '' } = {}) {
  const raw = new WebSocket(socketUrl + path, protocol, { headers });
  const messages = collector();
  const closed = new Promise((resolve) => raw.once('close', (code, reason) => resolve({ code, reason: String(reason) })));
  raw.on('message', (data) => messages.push(JSON.parse(data)));
  await new Promise((resolve, reject) => {
    raw.once('open', resolve);
    raw.once('error', reject);
  });
  const send = (...all) => all.forEach((one) => raw.send(typeof one === 'string' ? one : JSON.stringify(one)));
  return { raw, send, closed, ...messages };
}

/** One that is past connection_ack. */
export async function ready(options) {
  const socket = await open(options);
  socket.send(INIT);
  await socket.until(isType('connection_ack'));
  return socket;
}

/** All that comes before the pong: what was answered to everything sent until now. */
let questions = 0;
export async function settle(socket) {
  const payload = { question: (questions += 1) };
  socket.send({ type: 'ping', payload });
  await socket.until((message) => message.type === 'pong' && message.payload?.question === payload.question);
  return socket.seen.filter((message) => message.type !== 'pong' && message.type !== 'connection_ack');
}

export async function closesWith(socket, code) {
  const closed = await socket.closed;
  assert.equal(closed.code, code, closed.reason);
  assert.ok(Buffer.byteLength(closed.reason) <= 123);
  return closed;
}
