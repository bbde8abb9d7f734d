// graphql-codegen on our schema, and TypeScript on what it makes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tool, workshop } from './lib/workshop.js';

test('graphql-codegen makes types that a page compiles against', () => {
  const folder = workshop('codegen');
  const generated = tool(folder, 'graphql-codegen', '--config', 'codegen.json');
  assert.equal(generated.code, 0, generated.output);
  const types = readFileSync(join(folder, 'made/schema.ts'), 'utf8');
  assert.match(types, /export type Poll = Node & \{/);
  const checked = tool(folder, 'tsc', '--noEmit', '--project', 'tsconfig.json');
  assert.equal(checked.code, 0, checked.output);
});
