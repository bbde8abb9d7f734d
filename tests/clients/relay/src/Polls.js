// What a page in Relay asks for. relay-compiler reads this file; relay.test.js runs what it makes.

import { graphql } from 'relay-runtime';

graphql`
  query PollsPageQuery($first: Int!, $orderBy: PollOrder!) {
    tenant { id key name readOnly }
    viewer { id username role }
    ...Polls_page @arguments(first: $first, orderBy: $orderBy)
  }
`;

graphql`
  fragment Polls_page on Query
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 5 }
    after: { type: "String" }
    orderBy: { type: "PollOrder", defaultValue: { field: PUB_DATE, direction: DESC } }
  )
  @refetchable(queryName: "PollsNextPageQuery") {
    polls(first: $first, after: $after, orderBy: $orderBy)
      @connection(key: "Polls_polls", filters: ["orderBy"]) {
      __id
      totalCount
      edges { node { id ...Polls_poll } }
    }
  }
`;

graphql`
  fragment Polls_poll on Poll @refetchable(queryName: "PollsPollRefetchQuery") {
    id
    question
    isOpen
    pubDate
    totalVotes
    viewerVote { id }
    choices { ...Polls_choice }
  }
`;

graphql`
  fragment Polls_choice on Choice @relay(plural: true) {
    id
    choiceText
    voteCount
    viewerHasVoted
  }
`;

graphql`
  fragment Polls_voters on Poll
  @argumentDefinitions(count: { type: "Int", defaultValue: 3 }, cursor: { type: "String" })
  @refetchable(queryName: "PollsVotersNextPageQuery") {
    votes(first: $count, after: $cursor) @connection(key: "Polls_votes") {
      edges { node { id votedAt votedBy { id username } choice { id } } }
    }
  }
`;

graphql`
  fragment Polls_backwards on User
  @argumentDefinitions(count: { type: "Int", defaultValue: 3 }, cursor: { type: "String" })
  @refetchable(queryName: "PollsBackwardsNextPageQuery") {
    polls(last: $count, before: $cursor) @connection(key: "PollsBackwards__polls") {
      edges { node { id question } }
    }
  }
`;

graphql`
  query PollsVotersQuery($id: ID!) {
    node(id: $id) {
      __typename
      id
      ...Polls_voters @alias(as: "voters")
      ... on Poll @alias(as: "poll") { question }
    }
  }
`;

graphql`
  query PollsManyQuery($ids: [ID!]!, $withAuthor: Boolean!) {
    nodes(ids: $ids) {
      id
      ...Polls_poll @alias(as: "poll")
      ... on Poll { createdBy @include(if: $withAuthor) { id username } }
      ... on User { username }
    }
  }
`;

graphql`
  mutation PollsCreateMutation($input: CreatePollInput!, $connections: [ID!]!) {
    createPoll(input: $input) {
      poll @prependNode(connections: $connections, edgeTypeName: "PollEdge") { id ...Polls_poll }
      userErrors { code message field }
    }
  }
`;

graphql`
  mutation PollsAppendMutation($input: CreatePollInput!, $connections: [ID!]!) {
    createPoll(input: $input) {
      poll @appendNode(connections: $connections, edgeTypeName: "PollEdge") { id ...Polls_poll }
      userErrors { code }
    }
  }
`;

graphql`
  mutation PollsDeleteMutation($input: DeletePollInput!, $connections: [ID!]!) {
    deletePoll(input: $input) {
      deletedPollId @deleteEdge(connections: $connections)
      deleted: deletedPollId @deleteRecord
      userErrors { code message field }
    }
  }
`;

graphql`
  mutation PollsCastMutation($input: CastVoteInput!) @raw_response_type {
    castVote(input: $input) {
      vote { id }
      poll { id ...Polls_poll }
      userErrors { code message field }
    }
  }
`;

graphql`
  mutation PollsRetractMutation($input: RetractVoteInput!) {
    retractVote(input: $input) {
      deletedVoteId @deleteRecord
      poll { id totalVotes viewerVote { id } choices { id voteCount viewerHasVoted } }
      userErrors { code }
    }
  }
`;

graphql`
  subscription PollsResultsSubscription($id: ID!) {
    pollResults(pollId: $id) { id isOpen totalVotes choices { id voteCount } }
  }
`;

graphql`
  subscription PollsCreatedSubscription($connections: [ID!]!) {
    pollCreated @prependNode(connections: $connections, edgeTypeName: "PollEdge") { id ...Polls_poll }
  }
`;
