import { JsonText } from '../../../src/base/json-text.ts';
import { catalogOutcome } from '../../../src/osb/outcome.ts';
import { parseBody } from '../../../src/osb/reply.ts';
import { answer } from './replies.ts';

const limits = { bytes: 1, services: 2, plans: 3 };
const plan = (id: string, more: object = {}): object => ({ id, name: id, description: 'd', ...more });
const service = (id: string, plans: readonly object[], more: object = {}): object => ({
  id,
  name: id,
  description: 'd',
  bindable: true,
  plans,
  ...more,
});
const large = { text: 'x'.repeat(5_000) };

function outcome(services: readonly object[]) {
  const body = parseBody(Buffer.from(JSON.stringify({ services })), { isCatalog: true });
  return catalogOutcome(answer(200, body), false, 0, limits);
}

it.each([
  ['services', [service('a', []), service('b', []), service('c', [])], '3 services, 2 are allowed'],
  [
    'plans',
    [service('a', [plan('p'), plan('q')]), service('b', [plan('r'), plan('s')])],
    '4 plans, 3 are allowed',
  ],
])('a catalog with too many %s is not used', (_what, services, message) => {
  expect(outcome(services)).toMatchObject({
    kind: 'failed',
    reason: 'BodyTooLarge',
    message: expect.stringContaining(message) as unknown,
  });
});

it('large metadata and schemas of a catalog stay text', () => {
  const schemas = { service_instance: { create: { parameters: large } } };
  const found = outcome([service('a', [plan('p', { metadata: large, schemas })], { metadata: large })]);
  const text = new JsonText(JSON.stringify(large));
  expect(found).toMatchObject({
    kind: 'catalog',
    problems: [],
    catalog: {
      services: [{ metadata: text, plans: [{ metadata: text, schemas: { instanceCreate: text } }] }],
    },
  });
});

it('large lists in their places are ignored and named, as small ones are', () => {
  const list = Array.from({ length: 3_000 }, () => 0);
  const schemas = { service_instance: { create: { parameters: list } } };
  expect(outcome([service('a', [plan('p', { schemas })], { metadata: list })])).toMatchObject({
    kind: 'catalog',
    problems: [
      { path: 'services[0].plans[0].schemas.service_instance.create.parameters' },
      { path: 'services[0].metadata' },
    ],
  });
});

it('an answer with hundreds of thousands of values is not parsed', () => {
  const body = JSON.stringify({ credentials: Array.from({ length: 300_000 }, () => ({})) });
  expect(parseBody(Buffer.from(body))).toMatchObject({
    kind: 'text',
    problem: 'it holds more than 250000 values',
  });
  expect(
    parseBody(Buffer.from(JSON.stringify({ services: [], extra: [body] })), { isCatalog: true }).kind,
  ).toBe('json');
});
