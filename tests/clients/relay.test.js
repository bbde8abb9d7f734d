// relay-compiler on our schema, and relay-runtime without React on our server.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import runtime from 'relay-runtime';
import { collector } from './lib/collect.js';
import { ask, castVote, createPoll, headersOf, tokens, url } from './lib/context.js';
import { socketOf } from './lib/socket.js';
import { tool, workshop } from './lib/workshop.js';

const {
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  getPaginationMetadata,
  getPaginationVariables,
  getPluralSelector,
  getSingularSelector,
  Network,
  Observable,
  RecordSource,
  requestSubscription,
  Store,
} = runtime;

const TENANT = 'relay';
const [creator, voter, other] = tokens[TENANT].slice(20);
const NEWEST = { field: 'PUB_DATE', direction: 'DESC' };

const folder = workshop('relay');
mkdirSync(join(folder, 'artifacts'));
const compiled = tool(folder, 'relay-compiler', './relay.config.json');
assert.equal(compiled.code, 0, compiled.output);
writeFileSync(join(folder, 'artifacts/package.json'), '{"type":"commonjs"}');
const artifact = (name) => createRequire(join(folder, 'artifacts/'))(`./${name}.graphql.js`);

function environmentOf(token, socket) {
  const requests = [];
  const post = async ({ name, text }, variables) => {
    requests.push(name);
    const headers = { 'content-type': 'application/json', ...headersOf(TENANT, token) };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: text, variables }) });
    return answer.json();
  };
  const subscribe = ({ text }, variables) =>
    Observable.create((sink) => socket.subscribe({ query: text, variables }, sink));
  const environment = new Environment({ network: Network.create(post, subscribe), store: new Store(new RecordSource()) });
  return { environment, requests };
}

/** Fetches a query and keeps it; reads what it says now. */
async function load(environment, query, variables) {
  const operation = createOperationDescriptor(query, variables);
  environment.retain(operation);
  await fetchQuery(environment, query, variables).toPromise();
  return () => environment.lookup(operation.fragment).data;
}
const fragment = (environment, name, ref) => environment.lookup(getSingularSelector(artifact(name), ref)).data;
const fragments = (environment, name, refs) =>
  getPluralSelector(artifact(name), refs).selectors.map((selector) => environment.lookup(selector).data);

function mutate(environment, mutation, variables, options = {}) {
  return new Promise((onCompleted, onError) => {
    commitMutation(environment, { mutation, variables, onCompleted, onError, ...options });
  });
}

/** What usePaginationFragment's loadNext and loadPrevious do. */
async function turn(environment, name, ref, direction, count) {
  const { connectionPathInFragmentData: path, identifierInfo, paginationMetadata, paginationRequest } =
    getPaginationMetadata(artifact(name), 'test');
  const data = fragment(environment, name, ref);
  const { pageInfo } = path.reduce((value, key) => value[key], data);
  const cursor = direction === 'forward' ? pageInfo.endCursor : pageInfo.startCursor;
  const { owner, variables: own } = getSingularSelector(artifact(name), ref);
  const base = { ...owner.variables, ...own };
  const variables = getPaginationVariables(direction, count, cursor, base, {}, paginationMetadata);
  if (identifierInfo) variables[identifierInfo.identifierQueryVariableName] = data[identifierInfo.identifierField];
  await fetchQuery(environment, paginationRequest, variables).toPromise();
}

const idsOf = (connection) => connection.edges.map((edge) => edge.node.id);

describe('Relay', () => {
  test('relay-compiler takes fragments, connections, refetches, mutations and subscriptions', () => {
    assert.doesNotMatch(compiled.output, /error|warn/i);
    const made = readdirSync(join(folder, 'artifacts')).filter((name) => name.endsWith('.graphql.js'));
    assert.equal(made.length, 19, made.join(' '));
  });

  test('a page and the next: @connection, @refetchable on Query', async () => {
    const expected = await ask(TENANT, null, '{ polls(first: 12) { nodes { id } totalCount } }');
    const { environment } = environmentOf(voter);
    const page = await load(environment, artifact('PollsPageQuery'), { first: 5, orderBy: NEWEST });
    const polls = () => fragment(environment, 'Polls_page', page()).polls;
    assert.equal(page().tenant.key, TENANT);
    assert.equal(idsOf(polls()).length, 5);
    await turn(environment, 'Polls_page', page(), 'forward', 5);
    assert.equal(idsOf(polls()).length, 10);
    await turn(environment, 'Polls_page', page(), 'forward', 2);
    assert.deepEqual(idsOf(polls()), expected.polls.nodes.map((node) => node.id));
    assert.equal(polls().totalCount, expected.polls.totalCount);
    assert.equal(polls().pageInfo.hasNextPage, true);
  });

  test('a connection inside a Node: votes, page by page to their end', async () => {
    const poll = await createPoll(TENANT, creator, 'relay: paged?');
    const voters = tokens[TENANT].slice(0, 7);
    for (const token of voters) await castVote(TENANT, token, poll.choices[0]);
    const { environment } = environmentOf(voter);
    const query = await load(environment, artifact('PollsVotersQuery'), { id: poll.id });
    const votes = () => fragment(environment, 'Polls_voters', query().node.voters).votes;
    const lengths = [idsOf(votes()).length];
    while (votes().pageInfo.hasNextPage) {
      await turn(environment, 'Polls_voters', query().node.voters, 'forward', 3);
      lengths.push(idsOf(votes()).length);
    }
    assert.deepEqual(lengths, [3, 6, 7]);
    assert.equal(new Set(idsOf(votes())).size, 7);
    assert.equal(query().node.poll.question, poll.question);
  });

  test('backwards: last and before', async () => {
    const author = tokens[TENANT][30];
    for (let count = 0; count < 7; count += 1) await createPoll(TENANT, author, `relay: backwards ${count}?`);
    const { viewer } = await ask(TENANT, author, '{ viewer { id polls(first: 10) { nodes { id } } } }');
    const { environment } = environmentOf(author);
    const query = artifact('PollsBackwardsNextPageQuery');
    const read = await load(environment, query, { id: viewer.id, count: 3 });
    const polls = () => fragment(environment, 'Polls_backwards', read().node).polls;
    assert.equal(idsOf(polls()).length, 3);
    await turn(environment, 'Polls_backwards', read().node, 'backward', 3);
    await turn(environment, 'Polls_backwards', read().node, 'backward', 3);
    assert.deepEqual(idsOf(polls()), viewer.polls.nodes.map((node) => node.id));
    assert.equal(polls().pageInfo.hasPreviousPage, false);
  });

  test('refetching a Node: @refetchable on Poll, and nodes(ids:)', async () => {
    const poll = await createPoll(TENANT, creator, 'relay: refetched?');
    const { environment } = environmentOf(voter);
    const read = await load(environment, artifact('PollsPollRefetchQuery'), { id: poll.id });
    const seen = () => fragment(environment, 'Polls_poll', read().node);
    assert.equal(seen().totalVotes, 0);
    await castVote(TENANT, other, poll.choices[0]);
    const many = await load(environment, artifact('PollsManyQuery'), { ids: [poll.id], withAuthor: true });
    assert.equal(many().nodes.length, 1);
    assert.equal(typeof many().nodes[0].createdBy.username, 'string');
    assert.equal(seen().totalVotes, 1, 'the record is one and the same');
  });

  test('mutations: @prependNode, @appendNode, @deleteEdge and @deleteRecord', async () => {
    const { environment } = environmentOf(creator);
    const page = await load(environment, artifact('PollsPageQuery'), { first: 3, orderBy: NEWEST });
    const polls = () => fragment(environment, 'Polls_page', page()).polls;
    const before = idsOf(polls());
    const connections = [polls().__id];
    const input = { question: 'relay: prepended?', choices: ['a', 'b'] };
    const made = await mutate(environment, artifact('PollsCreateMutation'), { input, connections });
    const first = made.createPoll.poll.id;
    assert.deepEqual(idsOf(polls()), [first, ...before]);
    const more = { input: { ...input, question: 'relay: appended?' }, connections };
    const last = (await mutate(environment, artifact('PollsAppendMutation'), more)).createPoll.poll.id;
    assert.deepEqual(idsOf(polls()), [first, ...before, last]);
    for (const id of [first, last]) {
      const gone = await mutate(environment, artifact('PollsDeleteMutation'), { input: { id }, connections });
      assert.equal(gone.deletePoll.deletedPollId, id);
      assert.ok(!environment.getStore().getSource().get(id), 'the record is gone');
    }
    assert.deepEqual(idsOf(polls()), before);
  });

  test('an optimistic vote that is refused is repaired by the payload; a retracted one is deleted', async () => {
    const poll = await createPoll(TENANT, creator, 'relay: optimistic?');
    const vote = await castVote(TENANT, voter, poll.choices[1]);
    const { environment } = environmentOf(voter);
    const read = await load(environment, artifact('PollsPollRefetchQuery'), { id: poll.id });
    const counts = () => fragments(environment, 'Polls_choice', fragment(environment, 'Polls_poll', read().node).choices).map((choice) => choice.voteCount);
    assert.deepEqual(counts(), [0, 1]);
    const variables = { input: { choiceId: poll.choices[0] } };
    const ahead = (store) => store.get(poll.choices[0]).setValue(1, 'voteCount');
    const answer = mutate(environment, artifact('PollsCastMutation'), variables, { optimisticUpdater: ahead });
    assert.deepEqual(counts(), [1, 1]);
    const { castVote: payload } = await answer;
    assert.deepEqual([payload.vote, payload.userErrors[0].code], [null, 'ALREADY_VOTED']);
    assert.deepEqual(counts(), [0, 1]);
    const { retractVote } = await mutate(environment, artifact('PollsRetractMutation'), { input: { pollId: poll.id } });
    assert.equal(retractVote.deletedVoteId, vote);
    assert.deepEqual(counts(), [0, 0]);
  });

  test("subscriptions: another's vote and another's poll move the page", async () => {
    const socket = socketOf(TENANT, voter);
    const poll = await createPoll(TENANT, creator, 'relay: live?');
    const { environment, requests } = environmentOf(voter, socket);
    const read = await load(environment, artifact('PollsPageQuery'), { first: 3, orderBy: NEWEST });
    const polls = () => fragment(environment, 'Polls_page', read()).polls;
    const results = collector();
    const follow = (name, variables) =>
      requestSubscription(environment, { subscription: artifact(name), variables, onNext: results.push, onError: results.push });
    const stops = [
      follow('PollsResultsSubscription', { id: poll.id }),
      follow('PollsCreatedSubscription', { connections: [polls().__id] }),
    ];
    await results.until((result) => result?.pollResults?.totalVotes === 0, 'the poll at once');
    await castVote(TENANT, other, poll.choices[0]);
    await results.until((result) => result?.pollResults?.totalVotes === 1, 'the vote');
    const shown = polls().edges.find((edge) => edge.node.id === poll.id).node;
    assert.equal(fragment(environment, 'Polls_poll', shown).totalVotes, 1);
    // Nothing says when a subscription has begun, so polls are made until one is told.
    const making = setInterval(() => createPoll(TENANT, creator, 'relay: told?').catch(results.push), 250);
    try {
      const { pollCreated } = await results.until((result) => result?.pollCreated, 'pollCreated');
      assert.ok(idsOf(polls()).includes(pollCreated.id));
    } finally {
      clearInterval(making);
    }
    assert.deepEqual(requests, ['PollsPageQuery']);
    stops.forEach((stop) => stop.dispose());
    socket.dispose();
  });
});
