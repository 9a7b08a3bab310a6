import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  dictionary,
  jsonValue,
  oneof,
  option,
  pre,
  property,
  record,
  string,
  tuple,
  type Arbitrary,
} from 'fast-check';
import { sameContent } from '../../../src/injection/same-content.ts';
import type { RawContainer, RawPod } from '../../../src/injection/pod.ts';
import { inject, key, planFor } from './pods.ts';

/** Small alphabets, so that names, paths and variables collide often. */
const name = constantFrom('app', 'proxy', 'init', 'a', 'b');
const bindingName = constantFrom('db', 'cache', 'a.b', 'a-b', 'constructor');
const secret = constantFrom('s1', 's2');
const variable = constantFrom('URL', 'USER', 'SERVICE_BINDING_ROOT', 'X');
const path = constantFrom('/bindings', '/bindings/db', '/bindings/db/x', '/x', '/x/', '//x//y', '/');

const anything = dictionary(string(), jsonValue({ maxDepth: 2 }), { maxKeys: 2 });
const orAbsent = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | null | undefined> =>
  oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: constantFrom(null, undefined) });

const env = oneof(
  record({ name: variable, value: constantFrom('', '/bindings', '/x', 'a', '$(Y)') }),
  record({
    name: variable,
    valueFrom: record({ secretKeyRef: record({ name: secret, key: constantFrom('uri', 'user') }) }),
  }),
);
const envFrom = record({ prefix: constantFrom('', 'P_'), secretRef: record({ name: secret }) });
const mount = record({ name: constantFrom('v1', 'v2'), mountPath: path, readOnly: boolean() });
const container = tuple(
  anything,
  record({
    name,
    env: orAbsent(array(env, { maxLength: 3 })),
    envFrom: orAbsent(array(envFrom, { maxLength: 2 })),
    volumeMounts: orAbsent(array(mount, { maxLength: 2 })),
    restartPolicy: constantFrom(undefined, 'Always'),
  }),
).map(([unknown, known]) => ({ ...unknown, ...known }));
const volume = oneof(
  record({ name: constantFrom('v1', 'v2'), emptyDir: constant({}) }),
  record({ name: constantFrom('v1', 'v2'), secret: constant({ secretName: 's' }) }),
);

const request = record({
  name: bindingName,
  source: constantFrom('', 'secret/s1', 'secret/s2', 'request/pg/small', 'instance/i'),
  env: option(constantFrom('URL=uri', 'USER=user,X=y', 'P_*', '*', 'URL=uri,P_*'), { nil: undefined }),
  mount: option(constantFrom('none', '/x', '/x/y', '/bindings/db'), { nil: undefined }),
  containers: option(constantFrom('app', '!app', 'init:*', 'sidecar:*', 'main:*,!proxy'), {
    nil: undefined,
  }),
  wait: option(constantFrom('optional', 'gate'), { nil: undefined }),
  type: option(constant('postgresql'), { nil: undefined }),
});
const families = ['env', 'mount', 'containers', 'wait', 'type'] as const;

const annotations = tuple(
  array(request, { maxLength: 4 }),
  constantFrom('deny', 'skip', 'keep-mine'),
  dictionary(string(), string(), { maxKeys: 2 }),
).map(([requests, policy, others]) => {
  const entries: [string, string][] = Object.entries(others);
  for (const asked of requests) {
    entries.push([key('bind', asked.name), asked.source]);
    for (const family of families) {
      const value = asked[family];
      if (value !== undefined) entries.push([key(`${family}.bind`, asked.name), value]);
    }
  }
  entries.push(['conflict.servicecatalog.k8s.io/policy', policy]);
  return Object.fromEntries(entries);
});

const pod: Arbitrary<RawPod> = tuple(
  anything,
  anything,
  annotations,
  orAbsent(array(volume, { maxLength: 2 })),
  array(container, { minLength: 1, maxLength: 3 }),
  orAbsent(array(container, { maxLength: 2 })),
).map(([top, unknown, asked, volumes, containers, initContainers]) => ({
  ...top,
  metadata: { annotations: asked },
  spec: { ...unknown, volumes, containers, initContainers } as RawPod['spec'],
}));

const lists = ['containers', 'initContainers'] as const;

/** True when `after` is `before` with elements put between, before or after its own. */
function isSubsequence(before: readonly unknown[], after: readonly unknown[]): boolean {
  let next = 0;
  for (const item of after)
    if (next < before.length && Object.is(JSON.stringify(item), JSON.stringify(before[next]))) next++;
  return next === before.length;
}

function withoutLists(item: RawContainer): unknown {
  const { env: _env, envFrom: _envFrom, volumeMounts: _mounts, ...rest } = item;
  return rest;
}

describe('(46) random Pods and random requests', () => {
  it('the patch only adds, and an independent implementation can apply it', () => {
    assert(
      property(pod, (input) => {
        pre(planFor(input).kind !== 'deny');
        const { pod: result, operations } = inject(input);
        expect(operations.every(({ op }) => op === 'add')).toBe(true);
        // Everything the user wrote is still there, in its order.
        expect(isSubsequence(input.spec?.volumes ?? [], result.spec?.volumes ?? [])).toBe(true);
        for (const list of lists) {
          for (const [index, before] of (input.spec?.[list] ?? []).entries()) {
            const after = result.spec![list]![index]!;
            expect(withoutLists(after)).toEqual(withoutLists(before));
            for (const field of ['env', 'envFrom', 'volumeMounts'] as const) {
              expect(isSubsequence(before[field] ?? [], after[field] ?? [])).toBe(true);
            }
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('applying twice yields an empty patch', () => {
    assert(
      property(pod, (input) => {
        pre(planFor(input).kind !== 'deny');
        const { pod: once } = inject(input);
        expect(inject(once).operations).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('no container has two mounts at one path because of us, nor a variable twice', () => {
    assert(
      property(pod, (input) => {
        const planned = planFor(input);
        pre(planned.kind === 'inject');
        if (planned.kind !== 'inject') return;
        for (const { slot, env: added, mounts } of planned.plan.containers) {
          const names = added.map((entry) => entry.name);
          expect(new Set(names).size).toBe(names.length);
          const mine = new Set((slot.container.env ?? []).map((entry) => entry.name));
          expect(names.filter((entry) => mine.has(entry))).toEqual([]);
          const paths = mounts.map(({ mountPath }) => mountPath);
          expect(new Set(paths).size).toBe(paths.length);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('the same Pod always gets the same plan', () => {
    assert(
      property(pod, (input) => {
        expect(planFor(structuredClone(input))).toEqual(planFor(input));
      }),
      { numRuns: 100 },
    );
  });
});

it('content is compared without regard to defaults and key order', () => {
  assert(
    property(jsonValue({ maxDepth: 3 }), (value) => {
      expect(sameContent(value, structuredClone(value))).toBe(true);
    }),
  );
  expect(sameContent({ a: 1, optional: false }, { a: 1 })).toBe(true);
  expect(sameContent({ a: 1, optional: true }, { a: 1 })).toBe(false);
  expect(sameContent({ a: null, b: 1 }, { b: 1 })).toBe(true);
});
