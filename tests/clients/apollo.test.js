// Apollo Client without React, with its normalised cache, as a page would use it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache, ServerError } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { buildSchema } from 'graphql';
import { collector, recording } from './lib/collect.js';
import { castVote, createPoll, headersOf, SDL, tokens, url } from './lib/context.js';
import { socketOf } from './lib/socket.js';

const TENANT = 'apollo';
const [creator, voter, other, third] = tokens[TENANT].slice(20);

const TALLY = gql`
  query Tally($id: ID!) {
    poll(id: $id) { id isOpen totalVotes viewerVote { id } choices { id voteCount viewerHasVoted } }
  }
`;
const CAST = gql`
  mutation Cast($input: CastVoteInput!) {
    castVote(input: $input) {
      vote { id }
      poll { id isOpen totalVotes viewerVote { id } choices { id voteCount viewerHasVoted } }
      userErrors { code message field }
    }
  }
`;
const PAGE = gql`
  query Page($first: Int, $after: String, $orderBy: PollOrder! = { field: PUB_DATE, direction: DESC }) {
    polls(first: $first, after: $after, orderBy: $orderBy) {
      edges { cursor node { id question choices { id choiceText voteCount } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;

function cacheOf() {
  const schema = buildSchema(SDL);
  const implementations = schema.getPossibleTypes(schema.getType('Node')).map((type) => type.name);
  return new InMemoryCache({
    possibleTypes: { Node: implementations },
    typePolicies: { Query: { fields: { polls: relayStylePagination(['filter', 'orderBy']) } } },
  });
}

/** A client as pages make one; `log` has its requests. */
function clientOf(token, { before: first = [], link, http = {} } = {}) {
  const log = [];
  const last = new HttpLink({ uri: url, fetch: recording(log), headers: headersOf(TENANT, token), ...http });
  const chain = link ? link(last) : last;
  const client = new ApolloClient({ cache: cacheOf(), link: ApolloLink.from([...first, chain]) });
  return { client, log };
}

/** The results that a page would see, one after the other. */
function watch(client, query, variables) {
  const results = collector();
  const observed = client.watchQuery({ query, variables });
  const subscription = observed.subscribe((result) => results.push(result));
  return { ...results, observed, unsubscribe: () => subscription.unsubscribe() };
}

const count = (result, choice) => result.data?.poll?.choices.find(({ id }) => id === choice)?.voteCount;

describe('Apollo Client', () => {
  test('a vote moves choice.voteCount in a query that is on the page, without asking again', async () => {
    const poll = await createPoll(TENANT, creator, 'apollo: normalised?');
    const { client, log } = clientOf(voter);
    const page = watch(client, TALLY, { id: poll.id });
    await page.until((result) => count(result, poll.choices[0]) === 0);
    const { data } = await client.mutate({ mutation: CAST, variables: { input: { choiceId: poll.choices[0] } } });
    assert.deepEqual(data.castVote.userErrors, []);
    const now = await page.until((result) => count(result, poll.choices[0]) === 1);
    assert.equal(now.data.poll.totalVotes, 1);
    assert.equal(now.data.poll.viewerVote.id, data.castVote.vote.id);
    assert.equal(log.length, 2);
    page.unsubscribe();
  });

  test('an optimistic vote that is refused is repaired by the payload alone', async () => {
    const poll = await createPoll(TENANT, creator, 'apollo: optimistic?');
    await castVote(TENANT, voter, poll.choices[1]);
    const { client, log } = clientOf(voter);
    const page = watch(client, TALLY, { id: poll.id });
    await page.until((result) => count(result, poll.choices[1]) === 1);
    // Meanwhile somebody else votes, which this page does not know yet.
    await castVote(TENANT, other, poll.choices[1]);
    const counts = [1, 1];
    const { data } = await client.mutate({
      mutation: CAST,
      variables: { input: { choiceId: poll.choices[0] } },
      optimisticResponse: {
        castVote: {
          __typename: 'CastVotePayload',
          vote: { __typename: 'Vote', id: 'ahead' },
          userErrors: [],
          poll: {
            __typename: 'Poll',
            id: poll.id,
            isOpen: true,
            totalVotes: 2,
            viewerVote: { __typename: 'Vote', id: 'ahead' },
            choices: poll.choices.map((id, at) => ({
              __typename: 'Choice',
              id,
              voteCount: counts[at],
              viewerHasVoted: at === 0,
            })),
          },
        },
      },
    });
    assert.equal(data.castVote.vote, null);
    assert.deepEqual(data.castVote.userErrors.map((error) => error.code), ['ALREADY_VOTED']);
    await page.until((result) => count(result, poll.choices[0]) === 1, 'the optimistic vote');
    const repaired = await page.until((result) => count(result, poll.choices[1]) === 2, 'the repair');
    assert.equal(page.seen.at(-1), repaired);
    assert.deepEqual(repaired.data.poll.choices.map((choice) => choice.voteCount), [0, 2]);
    assert.deepEqual(repaired.data.poll.choices.map((choice) => choice.viewerHasVoted), [false, true]);
    assert.equal(log.length, 2);
    page.unsubscribe();
  });

  test('relayStylePagination makes one list of the pages', async () => {
    const { data: expected } = await clientOf(voter).client.query({ query: PAGE, variables: { first: 15 } });
    const { client, log } = clientOf(voter);
    const page = watch(client, PAGE, { first: 5 });
    const shows = (length) => page.until((result) => result.data?.polls?.edges.length === length, `${length} polls`);
    const { data: start } = await shows(5);
    const second = await page.observed.fetchMore({ variables: { after: start.polls.pageInfo.endCursor } });
    await shows(10);
    await page.observed.fetchMore({ variables: { after: second.data.polls.pageInfo.endCursor } });
    const { data: merged } = await shows(15);
    const ids = (data) => data.polls.edges.map((edge) => edge.node.id);
    assert.deepEqual(ids(merged), ids(expected));
    assert.equal(merged.polls.pageInfo.endCursor, expected.polls.pageInfo.endCursor);
    assert.equal(merged.polls.pageInfo.hasNextPage, true);
    assert.equal(log.length, 3);
    page.unsubscribe();
  });

  test('lists in another order are lists of their own', async () => {
    const { client, log } = clientOf(voter);
    const oldest = { field: 'PUB_DATE', direction: 'ASC' };
    const { data: newestFirst } = await client.query({ query: PAGE, variables: { first: 3 } });
    const { data: oldestFirst } = await client.query({ query: PAGE, variables: { first: 3, orderBy: oldest } });
    const ids = (data) => data.polls.edges.map((edge) => edge.node.id);
    assert.equal(new Set([...ids(newestFirst), ...ids(oldestFirst)]).size, 6);
    assert.equal(log.length, 2);
  });

  test('node(id:) with fragments on its types', async () => {
    const { client } = clientOf(voter);
    const { data: page } = await client.query({ query: PAGE, variables: { first: 1 } });
    const { id, question } = page.polls.edges[0].node;
    const query = gql`query($id: ID!) { node(id: $id) { id ...P ... on User { username } } } fragment P on Poll { question }`;
    const { data } = await client.query({ query, variables: { id } });
    assert.deepEqual({ ...data.node }, { __typename: 'Poll', id, question });
  });

  test('errors: of fields with the data, of requests by their status', async () => {
    const { client } = clientOf(voter);
    const partial = await client.query({
      query: gql`{ poll(id: "nonsense") { question } tenant { id key } }`,
      errorPolicy: 'all',
    });
    assert.ok(CombinedGraphQLErrors.is(partial.error));
    assert.equal(partial.error.errors[0].extensions.code, 'BAD_USER_INPUT');
    assert.equal(partial.data.tenant.key, TENANT);
    assert.equal(partial.data.poll, null);

    const refused = await client.query({ query: gql`{ nothing }`, errorPolicy: 'all' });
    assert.ok(CombinedGraphQLErrors.is(refused.error) || ServerError.is(refused.error), String(refused.error));
    const stranger = clientOf(tokens.urql[0]).client;
    const { error } = await stranger.query({ query: gql`{ viewer { id } }`, errorPolicy: 'all' });
    const errors = CombinedGraphQLErrors.is(error) ? error.errors : JSON.parse(error.bodyText).errors;
    assert.deepEqual(errors[0].extensions, { code: 'UNAUTHENTICATED', reason: 'INVALID' });
  });

  test('persisted queries: a hash first, the text when the server asks for it', async () => {
    const sha256 = (text) => createHash('sha256').update(text).digest('hex');
    const link = (last) => new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(last);
    const query = gql`query Persisted($first: Int) { polls(first: $first) { nodes { id question } } }`;
    const clients = [clientOf(voter, { link }), clientOf(voter, { link })];
    for (const [time, { client, log }] of clients.entries()) {
      const { data } = await client.query({ query, variables: { first: 2 } });
      assert.equal(data.polls.nodes.length, 2);
      assert.equal(log[0].method, 'GET');
      assert.ok(!log[0].sent.query, 'no text in the first request');
      const code = log[0].body.errors?.[0].extensions.code;
      if (time === 0) {
        assert.equal(code, 'PERSISTED_QUERY_NOT_FOUND');
        assert.equal(log.length, 2, 'registered by the second request');
        assert.match(log[1].sent.query, /^query Persisted/);
      } else {
        assert.equal(log.length, 1, 'found at once');
      }
    }
  });

  test('a mutation is never sent by its hash with GET', async () => {
    const poll = await createPoll(TENANT, creator, 'apollo: persisted?');
    const sha256 = (text) => createHash('sha256').update(text).digest('hex');
    const link = (last) => new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(last);
    const { client, log } = clientOf(voter, { link });
    const { data } = await client.mutate({ mutation: CAST, variables: { input: { choiceId: poll.choices[0] } } });
    assert.equal(data.castVote.poll.totalVotes, 1);
    assert.ok(log.every((entry) => entry.method === 'POST'));
  });

  test('queries by GET', async () => {
    const { client, log } = clientOf(voter, { http: { useGETForQueries: true } });
    const { data } = await client.query({ query: PAGE, variables: { first: 2 } });
    assert.equal(data.polls.edges.length, 2);
    assert.deepEqual(log.map((entry) => entry.method), ['GET']);
  });

  describe('subscriptions over graphql-ws', () => {
    let socket;
    before(() => {
      socket = socketOf(TENANT, voter);
    });
    after(() => socket.dispose());

    const RESULTS = gql`
      subscription Results($id: ID!) { pollResults(pollId: $id) { id totalVotes choices { id voteCount } } }
    `;
    const live = (last) =>
      ApolloLink.split(({ operationType }) => operationType === 'subscription', new GraphQLWsLink(socket), last);

    test("another's vote moves a query that is on the page", async () => {
      const poll = await createPoll(TENANT, creator, 'apollo: live?');
      const { client, log } = clientOf(voter, { link: live });
      const page = watch(client, TALLY, { id: poll.id });
      await page.until((result) => count(result, poll.choices[0]) === 0);
      const results = collector();
      const subscription = client
        .subscribe({ query: RESULTS, variables: { id: poll.id } })
        .subscribe({ next: results.push, error: results.push });
      await results.until((result) => result.data?.pollResults?.totalVotes === 0, 'the poll at once');
      await castVote(TENANT, other, poll.choices[0]);
      await castVote(TENANT, third, poll.choices[0]);
      await results.until((result) => result.data?.pollResults?.totalVotes === 2, 'both votes');
      await page.until((result) => count(result, poll.choices[0]) === 2, 'both on the page');
      assert.equal(log.length, 1, 'one query, no second');
      subscription.unsubscribe();
      page.unsubscribe();
    });

    test('subscribeToMore puts a new poll in front of the list', async () => {
      const { client } = clientOf(voter, { link: live });
      const page = watch(client, PAGE, { first: 3 });
      await page.until((result) => result.data?.polls?.edges.length >= 3);
      const polls = collector();
      const stop = page.observed.subscribeToMore({
        document: gql`subscription { pollCreated { id question choices { id choiceText voteCount } } }`,
        updateQuery: (previous, { subscriptionData }) => {
          const node = subscriptionData.data.pollCreated;
          polls.push(node);
          const edge = { __typename: 'PollEdge', cursor: '', node };
          return { polls: { ...previous.polls, edges: [edge, ...previous.polls.edges] } };
        },
        onError: polls.push,
      });
      // Nothing says when a subscription has begun, so polls are made until one is told.
      const making = setInterval(() => createPoll(TENANT, creator, 'apollo: created?').catch(polls.push), 250);
      try {
        const told = await polls.until((node) => node.question === 'apollo: created?', 'pollCreated');
        await page.until((result) => result.data?.polls?.edges[0].node.id === told.id, 'the poll on the page');
      } finally {
        clearInterval(making);
      }
      stop();
      page.unsubscribe();
    });
  });
});
