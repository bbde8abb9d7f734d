// A server with tenants of its own: the real binary, a temporary folder, any free port.

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

// One tenant for each file of tests that counts or pages polls, so that files can run at once.
const CATALOG = `resolve:
  - header: X-Tenant
  - host: "{tenant}.localhost"
  - host: "{tenant}.polls.local"
defaults:
  database: "sqlite://data/{tenant}.db"
tenants:
  thor:
    name: Thor
  potter:
    name: Potter
    hosts: [polls.hogwarts.example]
  vault:
    anonymous: none
`;
const CREATED = ['urql', 'apollo', 'relay', 'python', 'socket', 'events'];
const SEEDED = { thor: 30, potter: 5, vault: 5, urql: 30, apollo: 30, relay: 30, python: 30, socket: 5, events: 5 };
const USERS = 40;
export const SUPERUSER = { username: 'odin', password: 'all-father-of-tests' };

/** Makes the tenants with the command line and serves them. */
export async function startWorld(binary) {
  const folder = await mkdtemp(join(tmpdir(), 'polls-clients-'));
  try {
    const config = join(folder, 'tenants.yaml');
    const polls = (args, env = {}) =>
      run(binary, args, { env: { ...cleanEnvironment(), POLLS_CONFIG: config, ...env } });
    await writeFile(config, CATALOG);
    await polls(['migrate', 'up']);
    for (const key of CREATED) {
      await polls(['tenant', 'create', key]);
    }
    const tokens = {};
    for (const [key, count] of Object.entries(SEEDED)) {
      tokens[key] = await seed(polls, folder, key, count);
    }
    await polls(['create-superuser', '--tenant', 'thor'], {
      POLLS_SUPERUSER_USERNAME: SUPERUSER.username,
      POLLS_SUPERUSER_PASSWORD: SUPERUSER.password,
    });
    return await serve(binary, config, folder, tokens);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function seed(polls, folder, key, count) {
  const file = join(folder, `${key}.tokens`);
  const size = ['--users', USERS, '--polls', count, '--votes', 10].map(String);
  await polls(['seed', '--tenant', key, ...size, '--with-tokens', file]);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines.map((line) => line.split(' ')[1]);
}

async function serve(binary, config, folder, tokens) {
  const args = ['serve', '--config', config, '--listen', '127.0.0.1:0'];
  args.push('--log-format', 'json', '--shutdown-grace-seconds', '5');
  const child = spawn(binary, args, { env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] });
  const log = [];
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const address = new Promise((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      const found = listening(line);
      if (found) resolve(found);
    });
  });
  const early = exited.then(() => {
    throw new Error(`the server did not start:\n${log.join('\n')}`);
  });
  const url = `http://${await Promise.race([address, early])}/graphql`;
  early.catch(() => {});
  const stop = async () => {
    child.kill('SIGTERM');
    const code = await exited;
    await rm(folder, { recursive: true, force: true });
    return code;
  };
  return { url, tokens, log, stop };
}

/** The address in the log line that tells it. */
function listening(line) {
  const entry = JSON.parse(line);
  const fields = entry.fields ?? entry;
  return fields.message === 'listening' ? fields.address : undefined;
}

/** The environment without settings of the caller's own server. */
function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('POLLS_')));
}
