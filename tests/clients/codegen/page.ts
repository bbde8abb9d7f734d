// A page in TypeScript whose operations graphql-codegen types. It must compile; nothing runs it.

import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type FragmentType, graphql, unmask } from './made/client/index.js';
import type { PollFilter, PollOrder, UserErrorCode } from './made/schema.js';

export const choiceFragment = graphql(`
  fragment ChoiceOfPage on Choice { id choiceText voteCount viewerHasVoted }
`);

export const listQuery = graphql(`
  query List($first: Int, $after: String, $filter: PollFilter, $orderBy: PollOrder! = { field: PUB_DATE, direction: DESC }) {
    tenant { key name anonymousAccess }
    viewer { id username role }
    polls(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges { cursor node { id question closesAt isOpen ballot totalVotes choices { id ...ChoiceOfPage } } }
    }
  }
`);

export const nodeQuery = graphql(`
  query Anything($id: ID!) {
    node(id: $id) { __typename id ... on Poll { question } ... on User { username } ... on Vote { votedAt } }
  }
`);

export const castMutation = graphql(`
  mutation CastOnPage($input: CastVoteInput!) {
    castVote(input: $input) {
      vote { id }
      poll { id totalVotes choices { ...ChoiceOfPage } }
      userErrors { code message field }
    }
  }
`);

export const createMutation = graphql(`
  mutation CreateOnPage($input: CreatePollInput!) {
    createPoll(input: $input) { poll { id } userErrors { code message field } }
  }
`);

export const resultsSubscription = graphql(`
  subscription ResultsOnPage($id: ID!) { pollResults(pollId: $id) { id isOpen choices { ...ChoiceOfPage } } }
`);

/** Anything that runs typed documents. */
declare function run<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data>;

export function tallyOf(masked: FragmentType<typeof choiceFragment>): number {
  return unmask(choiceFragment, masked).voteCount;
}

export async function page(after: string | null): Promise<string[]> {
  const filter: PollFilter = { search: 'tea', isOpen: true };
  const orderBy: PollOrder = { field: 'CLOSES_AT', direction: 'ASC' };
  const { polls, tenant } = await run(listQuery, { first: 20, after, filter, orderBy });
  if (tenant.anonymousAccess === 'NONE') return [];
  // A DateTime is a string, and a poll that never closes has none.
  const closing: (string | null | undefined)[] = polls?.edges.map((edge) => edge.node.closesAt) ?? [];
  return closing.filter((moment): moment is string => typeof moment === 'string');
}

export async function cast(choiceId: string): Promise<UserErrorCode[]> {
  const { castVote } = await run(castMutation, { input: { choiceId } });
  return castVote?.userErrors.map((error) => error.code) ?? [];
}

export async function make(question: string): Promise<string | undefined> {
  // `ballot` and `closesAt` have defaults, so they can be left out.
  const { createPoll } = await run(createMutation, { input: { question, choices: ['yes', 'no'] } });
  return createPoll?.poll?.id;
}

export async function nameOf(id: string): Promise<string | undefined> {
  const { node } = await run(nodeQuery, { id });
  switch (node?.__typename) {
    case 'Poll':
      return node.question;
    case 'User':
      return node.username;
    default:
      return undefined;
  }
}

// @ts-expect-error: a choice is named by its id, not by a number
void run(castMutation, { input: { choiceId: 1 } });
// @ts-expect-error: there is no such order
export const unknownOrder: PollOrder = { field: 'QUESTION', direction: 'ASC' };
