import type { PodPreset } from '../../../src/api/generated/pod-preset.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { ReadCounter } from '../injection/counting.ts';
import { key } from '../injection/pods.ts';
import { decide, podObject, world } from './pod-world.ts';

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const containers = (count: number): JsonObject => ({
  spec: { containers: many(count, (index) => ({ name: `c${index}` })) },
});

/** 1,400 annotations whose names resemble each other. */
const alike = Object.fromEntries(
  many(700, (index) => [
    [key('bind', `${'a'.repeat(58)}${index}`), ''],
    [key('env.bind', `${'b'.repeat(58)}${index}`), 'X=y'],
  ]).flat(),
) as Record<string, string>;

const db = { [key('bind', 'db')]: 'secret/s' };
const variables = many(36_000, (index) => `V${index}=a`).join(',');

it.each([
  ['names that resemble each other', podObject(alike), '700 annotations bind.servicecatalog.k8s.io/…'],
  [
    'variables without an end',
    podObject({ ...db, [key('env.bind', 'db')]: variables }, containers(10)),
    'bytes of annotations',
  ],
  [
    'as many as fit into the annotations of an object',
    podObject({ ...db, [key('env.bind', 'db')]: variables.slice(0, 200_000) }, containers(10)),
    'variables are too many, 256 are allowed',
  ],
  ['containers', podObject(db, containers(5_000)), '5000 containers are too many, 1000 are allowed'],
])('a Pod with too many %s is refused with what is too much', async (_title, object, message) => {
  const here = world();
  const counter = new ReadCounter();
  const decision = await decide(counter.watch(object), here);
  expect(decision).toMatchObject({ allowed: false, outcome: 'denied', code: 422 });
  expect(decision.message).toContain(message);
  expect(decision.message?.length).toBeLessThan(500);
  expect(here.notes).toEqual([expect.objectContaining({ reason: 'BindingConflict' })]);
  expect(counter.reads).toBeLessThan(100_000);
});

it('a Pod with 300 containers that asks for little gets it', async () => {
  const decision = await decide(podObject(db, containers(300)), world());
  expect(decision).toMatchObject({ allowed: true, outcome: 'patched' });
});

it('a refusal shows five of the faults, and a warning list ends', async () => {
  const wrong = Object.fromEntries(many(20, (index) => [key('bind', `b${index}`), 'nonsense']));
  const { message = '' } = await decide(podObject(wrong), world());
  expect(message.match(/nonsense/g)).toHaveLength(5);
  expect(message).toContain('; and 15 more');
  const odd = Object.fromEntries(many(20, (index) => [key('mount.bind', `b${index}`), '/x']));
  const { warnings } = await decide(podObject({ ...odd, ...db }), world());
  expect(warnings).toHaveLength(10);
});

describe('PodPresets', () => {
  const preset = (name: string, count: number): PodPreset => ({
    metadata: { name, namespace: 'shop' },
    spec: { selector: {}, env: many(count, (index) => ({ name: `${name}${index}`, value: 'x' })) },
  });
  const object = podObject({}, containers(10));

  it('that bring too much together are left out, from the one on that is too much', async () => {
    const here = world({ presets: () => [preset('A', 600), preset('B', 600), preset('C', 1)] });
    const { allowed, patch = [], warnings = [] } = await decide(object, here);
    expect(allowed).toBe(true);
    expect(JSON.stringify(patch)).toContain('"A599"');
    expect(JSON.stringify(patch)).not.toContain('"B0"');
    expect(warnings[0]).toContain('binding "B": PodPreset would bring more than 10000');
  });

  it('do not make a Pod fail that has too many containers for them', async () => {
    const here = world({ presets: () => [preset('A', 1)] });
    const decision = await decide(podObject({}, containers(2_000)), here);
    expect(decision).toMatchObject({ allowed: true, outcome: 'skipped' });
    expect(decision.warnings).toEqual([expect.stringContaining('2000 containers')]);
  });
});

it('names of any length do not get into log, Event or memory', async () => {
  const long = 'x'.repeat(100_000);
  const here = world();
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: long, uid: 'u', controller: true };
  await decide(
    podObject(db, {
      metadata: { generateName: long, annotations: db, ownerReferences: [owner] },
      spec: { containers: [{ name: long, env: [{ name: 'SERVICE_BINDING_ROOT', value: '$(X)' }] }] },
    }),
    here,
  );
  expect(JSON.stringify([here.lines, here.notes]).length).toBeLessThan(5_000);
});
