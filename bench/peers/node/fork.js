'use strict'
// A worker for each processor core behind Node's cluster module; a dead worker ends the whole peer.
const cluster = require('node:cluster')
const os = require('node:os')

module.exports = function (serve) {
  if (!cluster.isPrimary) {
    process.on('SIGTERM', () => process.exit(0))
    serve(Number(process.argv[2]))
    return
  }
  let ending = false
  for (let i = 0; i < os.availableParallelism(); i++) cluster.fork()
  process.on('SIGTERM', () => {
    ending = true
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM')
    setTimeout(() => process.exit(0), 300)
  })
  cluster.on('exit', () => { if (!ending) process.exit(1) })
}
