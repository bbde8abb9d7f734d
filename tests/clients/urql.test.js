// urql with its normalised cache, as a page would use it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { getIntrospectionQuery } from 'graphql';
import { collector, recording } from './lib/collect.js';
import { ask, castVote, createPoll, headersOf, tokens, url } from './lib/context.js';
import { socketOf } from './lib/socket.js';

const TENANT = 'urql';
const [creator, voter, other, third] = tokens[TENANT].slice(20);

const TALLY = gql`
  query Tally($id: ID!) {
    poll(id: $id) { id isOpen totalVotes viewerVote { id } choices { id voteCount viewerHasVoted } }
  }
`;
const CAST = gql`
  mutation Cast($input: CastVoteInput!) {
    castVote(input: $input) {
      vote { id choice { id } }
      poll { id isOpen totalVotes viewerVote { id } choices { id voteCount viewerHasVoted } }
      userErrors { code message field }
    }
  }
`;
const PAGE = gql`
  query Page($first: Int!, $after: String) {
    polls(first: $first, after: $after) {
      edges { cursor node { id question choices { id choiceText voteCount } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;
const RESULTS = gql`
  subscription Results($id: ID!) { pollResults(pollId: $id) { id totalVotes choices { id voteCount } } }
`;

let schema;
before(async () => {
  schema = await ask(TENANT, null, getIntrospectionQuery());
});

/** A client as pages make one; `log` has its requests. */
function clientOf(token, { optimistic = {}, exchanges, ...options } = {}) {
  const log = [];
  const cache = cacheExchange({
    schema,
    resolvers: {
      Query: {
        polls: relayPagination(),
        poll: (_, { id }) => ({ __typename: 'Poll', id }),
      },
    },
    updates: {
      Mutation: {
        deletePoll: ({ deletePoll }, _, store) => {
          if (deletePoll?.deletedPollId) store.invalidate({ __typename: 'Poll', id: deletePoll.deletedPollId });
        },
      },
    },
    optimistic,
    keys: keysOf(schema),
  });
  const client = new Client({
    url,
    exchanges: exchanges ?? [cache, fetchExchange],
    fetch: recording(log),
    fetchOptions: { headers: headersOf(TENANT, token) },
    preferGetMethod: false,
    ...options,
  });
  return { client, log, cache };
}

/** Payloads and the like have no id, so the cache keeps them inside what holds them. */
function keysOf({ __schema }) {
  const objects = __schema.types.filter((type) => type.kind === 'OBJECT' && !type.name.startsWith('__'));
  const withoutId = objects.filter((type) => !type.fields.some((field) => field.name === 'id'));
  return Object.fromEntries(withoutId.map((type) => [type.name, () => null]));
}

/** The results that a page would see, one after the other. */
function watch(client, query, variables, options) {
  const results = collector();
  const { unsubscribe } = client.query(query, variables, options).subscribe(results.push);
  return { ...results, unsubscribe };
}

const count = (result, choice) => result.data?.poll?.choices.find(({ id }) => id === choice)?.voteCount;

describe('urql', () => {
  test('a second query for what the cache has asks nobody', async () => {
    const { client, log } = clientOf(voter);
    const page = await client.query(PAGE, { first: 3 });
    assert.equal(page.error, undefined);
    const { id } = page.data.polls.edges[0].node;
    const query = gql`query One($id: ID!) { poll(id: $id) { id question choices { id choiceText voteCount } } }`;
    const one = await client.query(query, { id });
    assert.equal(one.data.poll.question, page.data.polls.edges[0].node.question);
    assert.equal(log.length, 1);
  });

  test('a vote moves choice.voteCount in a query that is on the page, without asking again', async () => {
    const poll = await createPoll(TENANT, creator, 'urql: normalised?');
    const { client, log } = clientOf(voter);
    const page = watch(client, TALLY, { id: poll.id });
    await page.until((result) => count(result, poll.choices[0]) === 0);
    const cast = await client.mutation(CAST, { input: { choiceId: poll.choices[0] } });
    assert.equal(cast.error, undefined);
    assert.deepEqual(cast.data.castVote.userErrors, []);
    const now = await page.until((result) => count(result, poll.choices[0]) === 1);
    assert.equal(now.data.poll.totalVotes, 1);
    assert.equal(now.data.poll.choices[0].viewerHasVoted, true);
    assert.equal(now.data.poll.viewerVote.id, cast.data.castVote.vote.id);
    assert.equal(log.length, 2);
    page.unsubscribe();
  });

  test('an optimistic vote that is refused is repaired by the payload alone', async () => {
    const poll = await createPoll(TENANT, creator, 'urql: optimistic?');
    await castVote(TENANT, voter, poll.choices[1]);
    const ahead = {
      castVote: ({ input }, cache) => {
        const choice = { __typename: 'Choice', id: input.choiceId };
        return {
          __typename: 'CastVotePayload',
          vote: { __typename: 'Vote', id: 'ahead', choice },
          userErrors: [],
          poll: {
            __typename: 'Poll',
            id: poll.id,
            isOpen: true,
            totalVotes: cache.resolve({ __typename: 'Poll', id: poll.id }, 'totalVotes') + 1,
            viewerVote: { __typename: 'Vote', id: 'ahead' },
            choices: poll.choices.map((id) => ({
              __typename: 'Choice',
              id,
              voteCount: cache.resolve({ __typename: 'Choice', id }, 'voteCount') + (id === input.choiceId ? 1 : 0),
              viewerHasVoted: id === input.choiceId,
            })),
          },
        };
      },
    };
    const { client, log } = clientOf(voter, { optimistic: ahead });
    const page = watch(client, TALLY, { id: poll.id });
    await page.until((result) => count(result, poll.choices[1]) === 1);
    // Meanwhile somebody else votes, which this page does not know yet.
    await castVote(TENANT, other, poll.choices[1]);
    const cast = await client.mutation(CAST, { input: { choiceId: poll.choices[0] } });
    assert.equal(cast.data.castVote.vote, null);
    assert.deepEqual(cast.data.castVote.userErrors.map((error) => error.code), ['ALREADY_VOTED']);
    await page.until((result) => count(result, poll.choices[0]) === 1, 'the optimistic vote');
    const repaired = await page.until((result) => count(result, poll.choices[1]) === 2, 'the repair');
    assert.equal(page.seen.at(-1), repaired);
    assert.deepEqual(repaired.data.poll.choices.map((choice) => choice.voteCount), [0, 2]);
    assert.deepEqual(repaired.data.poll.choices.map((choice) => choice.viewerHasVoted), [false, true]);
    assert.equal(repaired.data.poll.totalVotes, 2);
    assert.equal(log.length, 2);
    page.unsubscribe();
  });

  test('relayPagination makes one list of the pages', async () => {
    const { client, log } = clientOf(voter);
    const whole = clientOf(voter);
    const { data: expected } = await whole.client.query(PAGE, { first: 15 });
    let after = null;
    let merged;
    for (let page = 0; page < 3; page += 1) {
      merged = await client.query(PAGE, { first: 5, after });
      assert.equal(merged.error, undefined);
      after = merged.data.polls.pageInfo.endCursor;
    }
    assert.equal(log.length, 3);
    const ids = (data) => data.polls.edges.map((edge) => edge.node.id);
    // Other tests of this file run before or after this one, never beside it.
    assert.deepEqual(ids(merged.data), ids(expected));
    assert.equal(merged.data.polls.pageInfo.hasNextPage, expected.polls.pageInfo.hasNextPage);
    assert.equal(merged.data.polls.pageInfo.endCursor, expected.polls.pageInfo.endCursor);
  });

  test('deletedPollId takes the poll out of the cache', async () => {
    const poll = await createPoll(TENANT, creator, 'urql: to be deleted?');
    const { client } = clientOf(creator);
    const page = watch(client, TALLY, { id: poll.id });
    await page.until((result) => result.data?.poll?.id === poll.id);
    const gone = await client.mutation(
      gql`mutation($input: DeletePollInput!) { deletePoll(input: $input) { deletedPollId userErrors { code } } }`,
      { input: { id: poll.id } },
    );
    assert.equal(gone.data.deletePoll.deletedPollId, poll.id);
    const empty = await page.until((result) => !result.data?.poll, 'the page without it');
    assert.equal(empty.error, undefined);
    page.unsubscribe();
  });

  test('queries by GET', async () => {
    const { client, log } = clientOf(voter, { preferGetMethod: 'force' });
    const { data, error } = await client.query(PAGE, { first: 2 });
    assert.equal(error, undefined);
    assert.equal(data.polls.edges.length, 2);
    assert.deepEqual(log.map((entry) => entry.method), ['GET']);
  });

  test('errors arrive as graphQLErrors with their codes', async () => {
    const { client } = clientOf(voter);
    const wrong = await client.query('{ poll(id: "nonsense") { question } }', {});
    assert.deepEqual(wrong.error.graphQLErrors.map((error) => error.extensions.code), ['BAD_USER_INPUT']);
    const invalid = await client.query('{ nothing }', {}, { requestPolicy: 'network-only' });
    assert.deepEqual(invalid.error.graphQLErrors.map((error) => error.extensions.code), ['GRAPHQL_VALIDATION_FAILED']);
    const foreign = tokens.apollo[0];
    const stranger = await clientOf(foreign).client.query('{ viewer { id } }', {});
    assert.deepEqual(stranger.error.graphQLErrors.map((error) => error.extensions.reason), ['INVALID']);
    assert.equal(stranger.error.response.status, 401);
  });

  test('the auth exchange signs in again when a token has ended', async () => {
    let token = 'polls_ended';
    let renewals = 0;
    const auth = authExchange(async (utils) => ({
      addAuthToOperation: (operation) => utils.appendHeaders(operation, { authorization: `Bearer ${token}` }),
      didAuthError: (error) => error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED'),
      refreshAuth: async () => {
        renewals += 1;
        const name = `again${process.pid}`;
        const made = await utils.mutate(
          gql`mutation($input: RegisterInput!) { register(input: $input) { token userErrors { code } } }`,
          { input: { username: name, password: 'long enough for a test' } },
        );
        token = made.data.register.token;
      },
    }));
    const { client } = clientOf(null, { exchanges: [auth, fetchExchange] });
    const { data, error } = await client.query('{ viewer { username } }', {});
    assert.equal(error, undefined);
    assert.equal(data.viewer.username, `again${process.pid}`);
    assert.equal(renewals, 1);
  });

  test('the persisted exchange: a hash first, the text when the server asks for it', async () => {
    const persisted = () => persistedExchange({ preferGetForPersistedQueries: true });
    const query = gql`query Persisted { tenant { key name } }`;
    for (let time = 0; time < 2; time += 1) {
      const { client, log } = clientOf(voter, { exchanges: [persisted(), fetchExchange] });
      const { data, error } = await client.query(query, {});
      assert.ok(!log[0].sent.query, 'no text in the first request');
      assert.equal(error, undefined);
      assert.equal(data.tenant.key, TENANT);
      // The first client teaches the server the text, the second finds it there.
      assert.equal(log.length, time === 0 ? 2 : 1);
      if (time === 1) assert.equal(log[0].method, 'GET');
    }
  });

  describe('subscriptions over graphql-ws', () => {
    let socket;
    before(() => {
      socket = socketOf(TENANT, voter);
    });
    after(() => socket.dispose());

    test("another's vote moves a query that is on the page", async () => {
      const poll = await createPoll(TENANT, creator, 'urql: live?');
      const forward = subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      });
      const { cache } = clientOf(voter);
      const { client, log } = clientOf(voter, { exchanges: [cache, fetchExchange, forward] });
      const page = watch(client, TALLY, { id: poll.id });
      await page.until((result) => count(result, poll.choices[0]) === 0);
      const live = collector();
      const { unsubscribe } = client.subscription(RESULTS, { id: poll.id }).subscribe(live.push);
      await live.until((result) => result.data?.pollResults?.totalVotes === 0, 'the poll at once');
      await castVote(TENANT, other, poll.choices[0]);
      await castVote(TENANT, third, poll.choices[0]);
      await live.until((result) => result.data?.pollResults?.totalVotes === 2);
      await page.until((result) => count(result, poll.choices[0]) === 2);
      assert.equal(log.length, 1, 'one query, no second');
      unsubscribe();
      page.unsubscribe();
    });
  });
});
