import { randomUUID } from 'node:crypto';
import { collectGarbage } from '../../../src/base/collect-garbage.ts';
import { Store } from '../../../src/control/store.ts';
import { namespaceOfNeedy, needsIn, trimPod, type KeptPod, type RawPod } from '../../../src/workloads/pod.ts';
import { bind, source } from './keeping/made-for.ts';

const count = 10_000;
const maxBytes = 8 * 1024 * 1024;

/** As the API server gives it: each word in a string of its own. */
function podText(index: number): string {
  const set = `app-${index % 500}-7d9f8c6b5`;
  return JSON.stringify({
    metadata: {
      name: `${set}-${index.toString(36).padStart(5, '0')}`,
      namespace: `team-${index % 50}`,
      uid: randomUUID(),
      resourceVersion: String(1_000_000 + index),
      labels: { app: set, 'pod-template-hash': '7d9f8c6b5' },
      annotations: { [bind]: source, 'status.servicecatalog.k8s.io/injected': '{"bindings":["db"]}' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: set, uid: randomUUID(), controller: true },
      ],
    },
    spec: {
      nodeName: `node-${index % 100}`,
      volumes: [
        { name: 'db', projected: { sources: [{ secret: { name: `app-${index % 500}-db-0123456789ab` } }] } },
      ],
      containers: [
        { name: 'main', image: 'x', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'own' } } }] },
      ],
    },
    status: { phase: 'Running', containerStatuses: [{ started: true, state: { running: {} } }] },
  });
}

it(`${count} Pods, all of them injected, take less than 8 MiB`, () => {
  const store = new Store<KeptPod, RawPod>({
    trim: trimPod,
    indexes: { namespace: namespaceOfNeedy, needs: needsIn },
  });
  collectGarbage('major');
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < count; index++) store.put(JSON.parse(podText(index)) as RawPod);
  collectGarbage('major');
  const bytes = process.memoryUsage().heapUsed - before;
  expect(store.size).toBe(count);
  expect(store.byIndex('needs', 'team-7/app-7-db-0123456789ab')).toHaveLength(20);

  expect(bytes).toBeLessThan(maxBytes);
  expect(bytes).toBeGreaterThan(count * 100);
}, 60_000);

describe('of a Pod that is written again and again', () => {
  const changes = 3_000;
  const text = (at: number): string => `${at}`.padEnd(10_000, 'x');
  const why = (at: number): string => JSON.stringify({ preset: 'p', why: `${at}`.padEnd(250, 'x') });
  const note = (at: number): string => `{"leftOut":[${Array.from({ length: 20 }, () => why(at)).join(',')}]}`;

  it.each<[string, (at: number) => object]>([
    ['notes', (at) => ({ annotations: { 'status.servicecatalog.k8s.io/injected': note(at) } })],
    [
      'owners',
      (at) => ({
        annotations: { [bind]: source },
        ownerReferences: [{ apiVersion: text(at), kind: 'X', name: 'x', uid: 'u', controller: true }],
      }),
    ],
  ])('nothing is kept of its former %s', (_what, metadata) => {
    const store = new Store<KeptPod, RawPod>({ trim: trimPod, indexes: { needs: needsIn } });
    const put = (at: number): void => {
      const pod = { metadata: { name: 'one', namespace: 'n', uid: 'u', ...metadata(at) } };
      store.put(JSON.parse(JSON.stringify({ ...pod, spec: { containers: [] } })) as RawPod);
    };
    put(0);
    collectGarbage('major');
    const before = process.memoryUsage().heapUsed;
    for (let at = 1; at <= changes; at++) put(at);
    collectGarbage('major');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(maxBytes);
  });
});
