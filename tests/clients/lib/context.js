// What run.js tells the test files: where the server is, and tokens of every tenant.

import { readFileSync } from 'node:fs';

const world = JSON.parse(readFileSync(process.env.POLLS_CLIENTS_WORLD, 'utf8'));

/** http://ADDRESS:PORT/graphql */
export const url = world.url;
/** The same for sockets. */
export const socketUrl = url.replace(/^http/, 'ws');
/** Of each tenant, the tokens of its seeded users, in order. */
export const tokens = world.tokens;

export const SDL = readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8');

/** The headers of a caller. */
export function headersOf(tenant, token) {
  return token ? { 'x-tenant': tenant, authorization: `Bearer ${token}` } : { 'x-tenant': tenant };
}

/** An operation that must succeed, by plain fetch; its data. */
export async function ask(tenant, token, query, variables = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headersOf(tenant, token) },
    body: JSON.stringify({ query, variables }),
  });
  const body = await answer.json();
  if (body.errors) throw new Error(`${query}: ${JSON.stringify(body.errors)}`);
  return body.data;
}

/** A new poll with its choices. */
export async function createPoll(tenant, token, question, choices = ['yes', 'no']) {
  const data = await ask(
    tenant,
    token,
    'mutation($input: CreatePollInput!) { createPoll(input: $input) { poll { id question choices { id } } } }',
    { input: { question, choices } },
  );
  const { id, choices: made } = data.createPoll.poll;
  return { id, question, choices: made.map((choice) => choice.id) };
}

/** A vote that must be taken. */
export async function castVote(tenant, token, choiceId) {
  const data = await ask(
    tenant,
    token,
    'mutation($input: CastVoteInput!) { castVote(input: $input) { vote { id } userErrors { code } } }',
    { input: { choiceId } },
  );
  if (!data.castVote.vote) throw new Error(`not taken: ${JSON.stringify(data.castVote.userErrors)}`);
  return data.castVote.vote.id;
}
