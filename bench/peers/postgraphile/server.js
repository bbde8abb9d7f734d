'use strict'
// PostGraphile 5: one schema, read from the first tenant's database, for all tenants; the tenant's
// own pool is put into each request's context.
require('../node/fork')(async port => {
  const http = require('node:http')
  const { Pool } = require('pg')
  const { postgraphile } = require('postgraphile')
  const { PostGraphileAmberPreset } = require('postgraphile/presets/amber')
  const { PgSimplifyInflectionPreset } = require('@graphile/simplify-inflection')
  const { makePgService, createWithPgClient } = require('postgraphile/adaptors/pg')
  const { grafserv } = require('postgraphile/grafserv/node')

  const server = { host: '127.0.0.1', port: Number(process.env.BENCH_PG_PORT), user: 'postgres' }
  const prefix = process.env.BENCH_PG_PREFIX
  const max = Number(process.env.BENCH_PG_POOL)
  const open = new Map()

  function tenantOf (headers) {
    const name = (headers.host || '').split('.')[0]
    if (!/^t\d{4}$/.test(name)) throw new Error('unknown tenant')
    let client = open.get(name)
    if (!client) {
      const pool = new Pool({ ...server, database: prefix + name, max, idleTimeoutMillis: 0 })
      open.set(name, client = createWithPgClient({ pool }))
    }
    return client
  }

  const introspected = new Pool({ ...server, database: prefix + 't0000', max: 1 })
  const pgl = postgraphile({
    extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset],
    pgServices: [makePgService({ pool: introspected, schemas: ['public'] })],
    grafserv: { port, host: '127.0.0.1', graphiql: false, watch: false, graphqlPath: '/graphql' },
    grafast: {
      explain: false,
      context: ctx => ({ withPgClient: tenantOf(ctx.node.req.headers) })
    }
  })
  const listener = http.createServer()
  await pgl.createServ(grafserv).addTo(listener)
  listener.listen(port, '127.0.0.1')
})
