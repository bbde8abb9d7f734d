'use strict'
// GraphQL Yoga with graphql-jit and DataLoader, what it does not need here switched off.
const data = require('./data')

require('./fork')(async port => {
  const http = require('node:http')
  const DataLoader = require('dataloader')
  const { createYoga, createSchema } = require('graphql-yoga')
  const { useGraphQlJit } = require('@envelop/graphql-jit')
  const loader = batch => tenant => new DataLoader(async keys => batch(tenant, keys), { cache: false })
  const users = loader(data.batchUsers)
  const choices = loader(data.batchChoices)
  const counts = loader(data.batchCounts)
  const yoga = createYoga({
    schema: createSchema({
      typeDefs: data.typeDefs,
      resolvers: {
        Query: {
          polls: (_, { first }, { tenant }) => tenant.polls(first),
          poll: (_, { id }, { tenant }) => tenant.poll(id)
        },
        Mutation: { castVote: (_, { choiceId, userId }, { tenant }) => tenant.castVote(choiceId, userId) },
        Poll: {
          pubDate: data.pubDate,
          createdBy: (poll, _, { users }) => users.load(poll.created_by_id),
          choices: (poll, _, { choices }) => choices.load(poll.id)
        },
        Choice: {
          choiceText: choice => choice.choice_text,
          voteCount: (choice, _, { counts }) => counts.load(choice.id)
        },
        Vote: { choice: (vote, _, { tenant }) => tenant.choice(vote.choice_id) }
      }
    }),
    plugins: [useGraphQlJit()],
    graphiql: false,
    logging: false,
    landingPage: false,
    cors: false,
    batching: false,
    maskedErrors: false,
    context: ({ req }) => {
      const tenant = data.tenantOf(req.headers)
      return { tenant, users: users(tenant), choices: choices(tenant), counts: counts(tenant) }
    }
  })
  http.createServer(yoga).listen(port, '127.0.0.1')
})
