import { assert, constantFrom, integer, property, record, uniqueArray } from 'fast-check';
import { parseAnnotations } from '../../../src/injection/annotations.ts';
import { lift } from '../../../src/injection/lift.ts';
import { defaultLimits } from '../../../src/injection/limits.ts';
import { patch } from '../../../src/injection/patch.ts';
import { plan, planEphemeral } from '../../../src/injection/plan.ts';
import type { RawPod } from '../../../src/injection/pod.ts';
import { ReadCounter } from './counting.ts';
import { key } from './pods.ts';

/** What of a Pod is long. `n` of it, times the number of the other things of that sort. */
const dimensions = [
  'containers',
  'init containers',
  'ephemeral containers',
  'variables',
  'sources of variables',
  'mounts',
  'devices',
  'volumes',
  'gates',
  'bindings',
  'settings without a binding',
  'unknown keys',
  'keys of others',
  'wanted variables',
  'chosen containers',
  'long names',
] as const;
type Dimension = (typeof dimensions)[number];

interface Shape {
  readonly long: readonly Dimension[];
  /** How much of everything there is besides. */
  readonly few: number;
  /** Unless these are long: as many as there may be. */
  readonly bindings: number;
  readonly variables: number;
  readonly policy: string;
}

const shape = record({
  long: uniqueArray(constantFrom(...dimensions), { minLength: 1, maxLength: 4 }),
  few: integer({ min: 1, max: 3 }),
  bindings: constantFrom(1, 32),
  variables: constantFrom(1, 250),
  policy: constantFrom('deny', 'skip', 'keep-mine'),
});

let made = 0;

/** A Pod of this shape whose size grows with n. Each is new, so that nothing is remembered of another. */
function podOf({ long, few, policy, bindings, variables: most }: Shape, n: number): RawPod {
  const id = made++;
  const fewOf = new Map<Dimension, number>([
    ['bindings', bindings],
    ['wanted variables', most],
  ]);
  const count = (dimension: Dimension): number =>
    long.includes(dimension) ? n : (fewOf.get(dimension) ?? few);
  const times = <T>(number: number, make: (index: number) => T): readonly T[] =>
    Array.from({ length: number }, (_, index) => make(index));
  const tail = long.includes('long names') ? 'a'.repeat(50) : '';
  const containers = (number: number, name: string): readonly object[] => {
    // Where there are many containers each has little, or the size would grow with the square of n.
    const of = (dimension: Dimension): number => (number > few ? few : count(dimension));
    return times(number, (at) => ({
      name: `${name}${at}${tail}`,
      env: times(of('variables'), (index) => ({ name: `E${index}`, value: 'x' })),
      envFrom: times(of('sources of variables'), (index) => ({ secretRef: { name: `s${index}` } })),
      volumeMounts: times(of('mounts'), (index) => ({ name: `v${index}`, mountPath: `/m/${index}/x` })),
      volumeDevices: times(of('devices'), (index) => ({ name: `d${index}`, devicePath: `/dev/${index}` })),
    }));
  };
  const annotations: Record<string, string> = { 'conflict.servicecatalog.k8s.io/policy': policy };
  const variables = times(count('wanted variables'), (index) => `W${index}=k`).join(',');
  const chosen = times(count('chosen containers'), (index) => `main${index}${tail}`).join(',');
  for (let index = 0; index < count('bindings'); index++) {
    annotations[key('bind', `b${index}${tail}`)] = `secret/s${id}`;
    annotations[key('env.bind', `b${index}${tail}`)] = index === 0 ? `${variables},*` : 'PRE_*';
    annotations[key('wait.bind', `b${index}${tail}`)] = 'gate';
  }
  annotations[key('containers.bind', `b0${tail}`)] = chosen;
  for (let index = 0; index < count('settings without a binding'); index++) {
    annotations[key('mount.bind', `c${index}${tail}`)] = '/x';
  }
  for (let index = 0; index < count('unknown keys'); index++)
    annotations[key('bnd', `b${index}${tail}`)] = '';
  for (let index = 0; index < count('keys of others'); index++) annotations[`example.com/${index}`] = 'x';
  return {
    metadata: { annotations },
    spec: {
      containers: containers(count('containers'), 'main'),
      initContainers: containers(count('init containers'), 'init'),
      ephemeralContainers: containers(count('ephemeral containers'), 'debug'),
      volumes: times(count('volumes'), (index) => ({ name: `v${index}`, emptyDir: {} })),
      schedulingGates: times(count('gates'), (index) => ({ name: `g${index}` })),
    },
  } as RawPod;
}

function readsOf(work: (watch: <T>(value: T) => T) => void): number {
  const counter = new ReadCounter();
  work((value) => counter.watch(value));
  return counter.reads;
}

const bindingSecretName = (): undefined => undefined;

function injected(pod: RawPod): number {
  return readsOf((watch) => {
    const seen = watch(pod);
    const { requests, policy } = parseAnnotations(seen.metadata?.annotations, defaultLimits);
    const workload = { kind: 'Deployment', name: 'web' };
    const input = {
      pod: seen,
      requests: watch(requests),
      policy,
      namespace: 'shop',
      workload,
      bindingSecretName,
    };
    const result = plan({ ...input, schedulingGates: true });
    if (result.kind === 'inject' || result.kind === 'skip') patch(result.plan, seen);
    planEphemeral({ ...input, before: undefined });
  });
}

function lifted(pod: RawPod): number {
  return readsOf((watch) => {
    const workload = { metadata: pod.metadata, spec: { template: pod } };
    const { annotations } = lift(
      { kind: 'Deployment', template: ['spec', 'template'] },
      watch(workload),
      watch(structuredClone(workload)),
    );
    parseAnnotations(watch(annotations), defaultLimits);
  });
}

/** How often one value of a Pod may be read. */
const readsPerValue = 25;

/** How many values there are in a document. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + valuesIn(inner), 1);
}

/** Reads that are more than the size of the Pod explains; what the limits allow is read of the shortest one, too. */
function unexplained(work: (pod: RawPod) => number, input: Shape): number {
  const large = podOf(input, 1_000);
  return work(large) - work(podOf(input, 1)) - readsPerValue * valuesIn(large);
}

describe.each([
  ['injecting a Pod', injected],
  ['lifting the annotations of a workload', lifted],
])('the work of %s grows no faster than it', (_title, work) => {
  it.each(dimensions)('with many %s', (dimension) => {
    for (const policy of ['deny', 'keep-mine']) {
      for (const bindings of [1, 32]) {
        const input = { long: [dimension], few: 1, policy, bindings, variables: 200 };
        expect(unexplained(work, input)).toBeLessThan(0);
      }
    }
  });

  it('whatever there are many of', () => {
    assert(
      property(shape, (input) => {
        expect(unexplained(work, input)).toBeLessThan(0);
      }),
      { numRuns: 12 },
    );
  });
});

it('work that reads a list for each of its elements is found', () => {
  const square = ({ spec }: RawPod): number =>
    readsOf((watch) => {
      const volumes = watch(spec?.volumes ?? []);
      for (const volume of volumes) volumes.includes(volume);
    });
  const input = { long: ['volumes'] as const, few: 1, policy: 'deny', bindings: 1, variables: 1 };
  expect(unexplained(square, input)).toBeGreaterThan(0);
});
