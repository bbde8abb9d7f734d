'use strict'
// The data of both Node servers. A tenant is a SQLite file, opened at the first request for it and
// kept open, with its prepared statements.
const Database = require('better-sqlite3')
const path = require('node:path')
const fs = require('node:fs')

const FOLDER = process.env.BENCH_DATA
const SYNCHRONOUS = process.env.BENCH_SYNC || 'NORMAL'
const open = new Map()
const marks = []

function placeholders (count) {
  return marks[count] || (marks[count] = Array(count).fill('?').join(','))
}

class Tenant {
  constructor (file) {
    this.db = new Database(file, { fileMustExist: true, timeout: 5000 })
    this.db.exec('PRAGMA synchronous=' + SYNCHRONOUS)
    this.db.exec('PRAGMA foreign_keys=ON')
    this.statements = new Map()
  }

  sql (text) {
    let statement = this.statements.get(text)
    if (!statement) this.statements.set(text, statement = this.db.prepare(text))
    return statement
  }

  polls (first) {
    return this.sql('SELECT id, question, pub_date, created_by_id FROM poll ORDER BY id LIMIT ?').all(first)
  }

  poll (id) {
    return this.sql('SELECT id, question, pub_date, created_by_id FROM poll WHERE id = ?').get(id)
  }

  choice (id) {
    return this.sql('SELECT id, poll_id, choice_text FROM choice WHERE id = ?').get(id)
  }

  users (ids) {
    return this.sql(`SELECT id, username, email FROM user WHERE id IN (${placeholders(ids.length)})`).all(ids)
  }

  choices (pollIds) {
    return this.sql(`SELECT id, poll_id, choice_text FROM choice WHERE poll_id IN (${placeholders(pollIds.length)}) ORDER BY poll_id, id`).all(pollIds)
  }

  counts (choiceIds) {
    return this.sql(`SELECT choice_id, count(*) AS n FROM vote WHERE choice_id IN (${placeholders(choiceIds.length)}) GROUP BY choice_id`).all(choiceIds)
  }

  castVote (choiceId, userId) {
    try {
      const { changes, lastInsertRowid: id } = this.sql('INSERT INTO vote(poll_id, choice_id, voted_by_id) SELECT poll_id, id, ? FROM choice WHERE id = ?').run(userId, choiceId)
      if (changes !== 1) return refused('NOT_FOUND', 'There is no such choice.')
      return { vote: { id, choice_id: choiceId }, userErrors: [] }
    } catch (error) {
      if (error.code !== 'SQLITE_CONSTRAINT_UNIQUE') throw error
      return refused('ALREADY_VOTED', 'You have voted on this poll.')
    }
  }
}

function refused (code, message) {
  return { vote: null, userErrors: [{ code, message }] }
}

function tenantOf (headers) {
  const host = headers.host || ''
  const name = host.slice(0, host.indexOf('.'))
  let tenant = open.get(name)
  if (tenant === undefined) {
    const file = path.join(FOLDER, name + '.db')
    if (!/^t\d{4}$/.test(name) || !fs.existsSync(file)) throw new Error('unknown tenant')
    open.set(name, tenant = new Tenant(file))
  }
  return tenant
}

// Batch functions of the loaders: arrays of keys in, arrays of answers out, in the same order.
function batchUsers (tenant, ids) {
  const byId = new Map()
  for (const user of tenant.users([...new Set(ids)])) byId.set(user.id, user)
  return ids.map(id => byId.get(id))
}

function batchChoices (tenant, pollIds) {
  const byPoll = new Map()
  for (const id of pollIds) byPoll.set(id, [])
  for (const choice of tenant.choices(pollIds)) byPoll.get(choice.poll_id).push(choice)
  return pollIds.map(id => byPoll.get(id))
}

function batchCounts (tenant, choiceIds) {
  const byChoice = new Map()
  for (const { choice_id: id, n } of tenant.counts(choiceIds)) byChoice.set(id, n)
  return choiceIds.map(id => byChoice.get(id) || 0)
}

const pubDate = poll => poll.pub_date.replace(' ', 'T') + 'Z'

const typeDefs = `
  type User { id: Int! username: String! email: String! }
  type Choice { id: Int! choiceText: String! voteCount: Int! }
  type Poll { id: Int! question: String! pubDate: String! createdBy: User! choices: [Choice!]! }
  type Vote { id: Int! choice: Choice! }
  type UserError { code: String! message: String! }
  type CastVotePayload { vote: Vote userErrors: [UserError!]! }
  type Query { polls(first: Int = 20): [Poll!]! poll(id: Int!): Poll }
  type Mutation { castVote(choiceId: Int!, userId: Int!): CastVotePayload! }
`
module.exports = { tenantOf, batchUsers, batchChoices, batchCounts, pubDate, typeDefs }
