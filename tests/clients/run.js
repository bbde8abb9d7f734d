// Serves a world of tenants and runs every client against it.
//
//   node run.js             all of them
//   node run.js urql sse    files with "urql" or "sse" in their name
//
//   POLLS_BIN               the server (target/debug/polls)
//   POLLS_CLIENTS_PYTHON    a Python with what python/requirements.txt lists; left out: no Python

import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWorld } from './lib/world.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const binary = resolve(process.env.POLLS_BIN ?? join(here, '../../target/debug/polls'));
const wanted = process.argv.slice(2);
const chosen = (file) => wanted.length === 0 || wanted.some((part) => file.includes(part));

/** Runs a command to its end; whether it succeeded. */
function succeeds(command, args, env, children) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: here, stdio: 'inherit', env: { ...process.env, ...env } });
    children.add(child);
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      done(false);
    });
    child.once('exit', (code) => {
      children.delete(child);
      done(code === 0);
    });
  });
}

async function main() {
  const scratch = await mkdtemp(join(tmpdir(), 'polls-clients-run-'));
  const world = await startWorld(binary);
  const children = new Set();
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => children.forEach((child) => child.kill(signal)));
  }
  let well = true;
  try {
    const file = join(scratch, 'world.json');
    await writeFile(file, JSON.stringify({ url: world.url, tokens: world.tokens }));
    const env = { POLLS_CLIENTS_WORLD: file, POLLS_CLIENTS_SCRATCH: scratch };
    const tests = (await readdir(here)).filter((name) => name.endsWith('.test.js')).filter(chosen);
    if (tests.length > 0) {
      const args = ['--test', '--test-concurrency=2', '--test-timeout=60000', '--test-force-exit', '--test-reporter=spec', ...tests];
      well = (await succeeds(process.execPath, args, env, children)) && well;
    }
    const python = process.env.POLLS_CLIENTS_PYTHON;
    if (python && chosen('python')) {
      const args = ['-m', 'unittest', 'discover', '-v', '-s', 'python', '-p', 'test_*.py'];
      well = (await succeeds(python, args, env, children)) && well;
    }
  } finally {
    const code = await world.stop();
    await rm(scratch, { recursive: true, force: true });
    if (code !== 0) {
      console.error(`the server ended with ${code}`);
      well = false;
    }
    const broken = world.log.filter((line) => /"level":"ERROR"|panicked/.test(line));
    const notable = world.log.filter((line) => !line.includes('"level":"INFO"')).slice(-40);
    if (!well || broken.length > 0) console.error([`the server's log:`, ...notable].join('\n'));
    if (broken.length > 0) well = false;
  }
  return well;
}

process.exitCode = (await main()) ? 0 : 1;
