'use strict'
// Mercurius with its JIT from the first request on, its cache of documents, and loaders. `cache:
// false` at the loaders: a loader's cache lives for one request, in which no key comes twice.
const data = require('./data')

require('./fork')(async port => {
  const app = require('fastify')({ logger: false })
  const opts = { cache: false }
  app.register(require('mercurius'), {
    schema: data.typeDefs,
    jit: 1,
    cache: true,
    graphiql: false,
    context: request => ({ tenant: data.tenantOf(request.headers) }),
    resolvers: {
      Query: {
        polls: (_, { first }, { tenant }) => tenant.polls(first),
        poll: (_, { id }, { tenant }) => tenant.poll(id)
      },
      Mutation: { castVote: (_, { choiceId, userId }, { tenant }) => tenant.castVote(choiceId, userId) },
      Poll: { pubDate: data.pubDate },
      Choice: { choiceText: choice => choice.choice_text },
      Vote: { choice: (vote, _, { tenant }) => tenant.choice(vote.choice_id) }
    },
    loaders: {
      Poll: {
        createdBy: { loader: async (queries, { tenant }) => data.batchUsers(tenant, queries.map(q => q.obj.created_by_id)), opts },
        choices: { loader: async (queries, { tenant }) => data.batchChoices(tenant, queries.map(q => q.obj.id)), opts }
      },
      Choice: {
        voteCount: { loader: async (queries, { tenant }) => data.batchCounts(tenant, queries.map(q => q.obj.id)), opts }
      }
    }
  })
  await app.listen({ port, host: '127.0.0.1' })
})
