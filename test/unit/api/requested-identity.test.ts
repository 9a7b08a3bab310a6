import {
  markedIdentity,
  markOf,
  parametersDigest,
  parseWorkloadRef,
  requestedName,
  type RequestedIdentity,
} from '../../../src/api/requested-identity.ts';

const orders = { kind: 'Deployment', name: 'orders' };
const service: RequestedIdentity = { of: 'workload', workload: orders, binding: 'db', class: 'postgresql' };
const shared: RequestedIdentity = { of: 'share', share: 'money', class: 'postgresql' };
const login: RequestedIdentity = {
  of: 'login',
  workload: orders,
  binding: 'db',
  instance: 'orders-db-0123456789ab',
  parameters: '',
};

describe('the names of what is made for a workload', () => {
  // A name that changes empties every database: these are never edited.
  it.each<[string, string, RequestedIdentity]>([
    ['orders-db-890c96587caf', 'shop', service],
    ['money-1c981d3f08e1', 'shop', shared],
    ['orders-db-97665c8dbf12', 'shop', login],
    ['orders-db-26a27fedff32', 'shop', { ...service, workload: { kind: 'StatefulSet', name: 'orders' } }],
    ['orders-db-2fa95d0ebd18', 'other', service],
    ['orders-db-0827af2be21a', 'shop', { ...service, class: 'mysql' }],
    ['orders-db-17922b728960', 'shop', { ...login, parameters: parametersDigest('{"b":2,"a":1}') }],
    [
      'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-fc071ab10751',
      'shop',
      { ...service, workload: { kind: 'CronJob', name: 'x'.repeat(52) } },
    ],
  ])('is %s', (name, namespace, identity) => {
    expect(requestedName(namespace, identity)).toBe(name);
  });

  it('(64) differ where words that are joined look alike', () => {
    const named = (name: string, binding: string): string =>
      requestedName('n', { ...service, workload: { kind: 'Deployment', name }, binding });
    const all = [
      named('a-b', 'c'),
      named('a', 'b-c'),
      named(`${'a'.repeat(60)}x`, 'c'),
      named(`${'a'.repeat(60)}y`, 'c'),
      named('a.b', 'c'),
      // One and the same words, each for another thing.
      requestedName('n', { of: 'share', share: 'a-b', class: 'c' }),
      requestedName('n', { ...login, workload: { kind: 'Deployment', name: 'a-b' }, binding: 'c' }),
      requestedName('n', { ...login, workload: { kind: 'Deployment', name: 'a' }, binding: 'b-c' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it.each([
    ['a'.repeat(253), 'b'],
    [`${'a'.repeat(48)}.b`, 'c'.repeat(63)],
    [`${'a'.repeat(49)}-b`, 'c.c'],
    ['a', 'b'],
  ])('are legal names of at most 63 characters, as for %s and %s', (name, binding) => {
    const made = requestedName('n', { ...service, workload: { kind: 'Deployment', name }, binding });
    expect(made.length).toBeLessThanOrEqual(63);
    expect(made).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
  });
});

describe('a mark', () => {
  it.each([service, shared, login])('says what an object was made for: %j', (identity) => {
    const name = requestedName('shop', identity);
    expect(markedIdentity({ namespace: 'shop', name }, markOf(identity))).toEqual(identity);
  });

  it('is read for a Pod of a generated name, which no share may be', () => {
    const ofPod = { ...login, workload: { kind: 'Pod', name: 'run-' } };
    const name = requestedName('shop', ofPod);
    expect(markedIdentity({ namespace: 'shop', name }, markOf(ofPod))).toEqual(ofPod);
    expect(parseWorkloadRef('Pod/run-')).toBeUndefined();
  });

  it.each([
    ['in another namespace', { namespace: 'copy', name: requestedName('shop', service) }, markOf(service)],
    ['under another name', { namespace: 'shop', name: 'orders-db-0123456789ab' }, markOf(service)],
    ['of something else', { namespace: 'shop', name: requestedName('shop', service) }, markOf(shared)],
    [
      'that is no JSON',
      { namespace: 'shop', name: requestedName('shop', service) },
      'request/postgresql/small',
    ],
    ['that says nothing', { namespace: 'shop', name: requestedName('shop', service) }, '{"binding":["db"]}'],
    ['that is missing', { namespace: 'shop', name: requestedName('shop', service) }, undefined],
  ])('%s is none', (_what, metadata, mark) => {
    expect(markedIdentity(metadata, mark)).toBeUndefined();
  });
});

it('parameters count by their content, and numbers by every digit', () => {
  expect(parametersDigest('{"a": 1, "b": [2]}')).toBe(parametersDigest('{"b":[2],"a":1}'));
  expect(parametersDigest('{"id":12345678901234567890}')).not.toBe(
    parametersDigest('{"id":12345678901234567891}'),
  );
  expect(parametersDigest('')).toBe('');
});

it.each([
  ['Deployment/orders', orders],
  ['deployment/orders', undefined],
  ['Deployment/', undefined],
  ['Deployment/a/b', undefined],
  ['orders', undefined],
])('%j as a workload is %j', (text, expected) => {
  expect(parseWorkloadRef(text)).toEqual(expected);
});
