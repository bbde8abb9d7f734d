// The schema as graphql-js sees it: valid, described, shaped as Relay wants, and the one served.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isNullableType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
} from 'graphql';
import { ask, SDL } from './lib/context.js';

const schema = buildSchema(SDL);
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);
const objects = types.filter(isObjectType);
const named = (ending) => objects.filter((type) => type.name.endsWith(ending));

test('graphql-js finds nothing wrong with schema.graphql', () => {
  assert.deepEqual(validateSchema(schema), []);
  assert.ok(types.length > 50, `${types.length} types`);
});

test('introspection tells what schema.graphql says, descriptions included', async () => {
  const query = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true });
  const served = buildClientSchema(await ask('thor', null, query));
  assert.deepEqual(validateSchema(served), []);
  const lines = (of) => printSchema(lexicographicSortSchema(of)).split('\n');
  const [there, here] = [lines(served), lines(schema)];
  const differs = there.findIndex((line, at) => line !== here[at]);
  assert.equal(there[differs], here[differs], `line ${differs + 1} of the sorted schema`);
  assert.equal(there.length, here.length);
});

test('introspection is the same at every tenant', async () => {
  const query = getIntrospectionQuery();
  const [thor, vault] = await Promise.all([ask('thor', null, query), ask('vault', null, query)]);
  assert.deepEqual(thor, vault);
});

test('everything has a description', () => {
  const bare = [];
  const look = (path, thing) => {
    if (!thing.description?.trim()) bare.push(path);
  };
  for (const type of types) {
    look(type.name, type);
    if (isEnumType(type)) {
      type.getValues().forEach((value) => look(`${type.name}.${value.name}`, value));
    }
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        look(`${type.name}.${field.name}`, field);
        field.args?.forEach((arg) => look(`${type.name}.${field.name}(${arg.name}:)`, arg));
      }
    }
  }
  for (const directive of schema.getDirectives()) {
    if (!isSpecifiedDirective(directive)) look(`@${directive.name}`, directive);
  }
  assert.deepEqual(bare, []);
});

const printed = (type) => String(type);

test('Relay: Node is an interface with one field, and node(id:) gives one', () => {
  const node = schema.getType('Node');
  assert.ok(isInterfaceType(node));
  assert.deepEqual(Object.values(node.getFields()).map((field) => [field.name, printed(field.type)]), [['id', 'ID!']]);
  const { node: one, nodes: many } = schema.getQueryType().getFields();
  assert.equal(printed(one.type), 'Node');
  assert.deepEqual(one.args.map((arg) => [arg.name, printed(arg.type)]), [['id', 'ID!']]);
  assert.equal(printed(many.type), '[Node]!');
  assert.deepEqual(many.args.map((arg) => [arg.name, printed(arg.type)]), [['ids', '[ID!]!']]);
});

test('Relay: whatever has an id is a Node', () => {
  const withId = objects.filter((type) => type.getFields().id);
  assert.ok(withId.length >= 5);
  for (const type of withId) {
    assert.deepEqual(type.getInterfaces().map(printed), ['Node'], type.name);
  }
});

test('Relay: PageInfo', () => {
  const fields = Object.values(schema.getType('PageInfo').getFields());
  assert.deepEqual(
    Object.fromEntries(fields.map((field) => [field.name, printed(field.type)])),
    { hasNextPage: 'Boolean!', hasPreviousPage: 'Boolean!', startCursor: 'String', endCursor: 'String' },
  );
});

test('Relay: every connection has edges, nodes, pageInfo and totalCount', () => {
  const connections = named('Connection');
  assert.deepEqual(connections.map((type) => type.name).sort(), ['PollConnection', 'UserConnection', 'VoteConnection']);
  for (const connection of connections) {
    const { edges, nodes, pageInfo, totalCount } = connection.getFields();
    const name = connection.name.replace(/Connection$/, '');
    assert.equal(printed(edges.type), `[${name}Edge!]!`);
    assert.equal(printed(nodes.type), `[${name}!]!`);
    assert.equal(printed(pageInfo.type), 'PageInfo!');
    assert.equal(printed(totalCount.type), 'Int!');
  }
});

test('Relay: every edge has a cursor and a node that is no list', () => {
  const edges = named('Edge');
  assert.equal(edges.length, 3);
  for (const edge of edges) {
    const { cursor, node } = edge.getFields();
    assert.equal(printed(cursor.type), 'String!');
    assert.ok(isObjectType(getNamedType(node.type)), edge.name);
    assert.ok(!isListType(isNonNullType(node.type) ? node.type.ofType : node.type), edge.name);
  }
});

test('Relay: every field that gives a connection takes first, after, last and before', () => {
  const paging = { first: 'Int', after: 'String', last: 'Int', before: 'String' };
  let found = 0;
  for (const type of objects) {
    for (const field of Object.values(type.getFields())) {
      if (!getNamedType(field.type).name.endsWith('Connection')) continue;
      found += 1;
      const args = Object.fromEntries(field.args.map((arg) => [arg.name, printed(arg.type)]));
      for (const [name, expected] of Object.entries(paging)) {
        assert.equal(args[name], expected, `${type.name}.${field.name}(${name}:)`);
      }
      assert.ok(isNullableType(field.type), `${type.name}.${field.name} is nullable`);
    }
  }
  assert.ok(found >= 5, `${found} connections`);
});

test('every mutation takes one input and gives a nullable payload with userErrors', () => {
  const mutations = Object.values(schema.getMutationType().getFields());
  assert.ok(mutations.length >= 19);
  for (const { name, args, type } of mutations) {
    const capital = name[0].toUpperCase() + name.slice(1);
    assert.deepEqual(args.map((arg) => [arg.name, printed(arg.type)]), [['input', `${capital}Input!`]]);
    assert.equal(printed(type), `${capital}Payload`);
    assert.equal(printed(type.getFields().userErrors.type), '[UserError!]!');
    const others = Object.values(type.getFields()).filter((field) => field.name !== 'userErrors');
    for (const field of others) assert.ok(isNullableType(field.type), `${capital}Payload.${field.name}`);
  }
});
