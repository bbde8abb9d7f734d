// A folder for code generators: sources and schema go in, what they make stays out of the repository.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SDL } from './context.js';

const home = fileURLToPath(new URL('..', import.meta.url));

/** Copies `name` to where this run may write, with the schema and the packages beside it. */
export function workshop(name) {
  const folder = join(process.env.POLLS_CLIENTS_SCRATCH, name);
  mkdirSync(folder);
  cpSync(join(home, name), folder, { recursive: true });
  writeFileSync(join(folder, 'schema.graphql'), SDL);
  symlinkSync(join(home, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Runs a package's command there; its exit code and all that it printed. */
export function tool(folder, command, ...args) {
  const ran = spawnSync(join(home, 'node_modules/.bin', command), args, { cwd: folder, encoding: 'utf8' });
  if (ran.error) throw ran.error;
  return { code: ran.status, output: ran.stdout + ran.stderr };
}
