import { waitFor } from '../../support/wait-for.ts';
import { container, namespace, restricted, secret } from './objects.ts';
import type { World } from './world.ts';

/** The demo's broker with PostgreSQL, in a Pod. */
export interface RunningBroker {
  /** Where it runs, and where the Secret with its credentials is. */
  readonly namespace: string;
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** One line per request so far, such as `PUT /v2/service_instances/… → 201`. */
  readonly requests: () => Promise<readonly string[]>;
}

const ns = 'broker';
const program = '/app/test/e2e/support/broker-program.ts';

/** @param asynchronousMs how long an operation of the asynchronous plan takes at least */
export async function startBroker(world: World, asynchronousMs: number): Promise<RunningBroker> {
  await world.create(namespace(ns));
  await world.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: ns, name: 'postgres' },
    spec: {
      terminationGracePeriodSeconds: 5,
      containers: [
        container('broker', '', {
          command: ['/bin/node', '--disable-warning=ExperimentalWarning', program],
          args: ['$(ADDRESS)', String(asynchronousMs)],
          env: [{ name: 'ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          // PostgreSQL wants to know the name of whom it runs as.
          securityContext: { ...restricted, runAsUser: 65532 },
        }),
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
    },
  });
  const lines = async (): Promise<readonly string[]> =>
    (await world.kubectl(['logs', '-n', ns, 'postgres'])).split('\n');
  const found = await waitFor(async () => (await lines()).find((line) => line.startsWith('{"url"')), {
    timeoutMs: 90_000,
    intervalMs: 200,
    describe: async () => `the broker's address; ${await world.kubectl(['describe', 'pod', '-n', ns])}`,
  });
  const access = JSON.parse(found) as Pick<RunningBroker, 'url' | 'username' | 'password'>;
  await world.apply(secret(ns, 'access', { username: access.username, password: access.password }));
  return {
    namespace: ns,
    ...access,
    requests: async () => (await lines()).filter((line) => / \/v2\/.* → \d+$/.test(line)),
  };
}

/** Makes its catalog known, as ClusterServiceBroker `postgres`. */
export async function registerBroker(world: World, broker: RunningBroker): Promise<void> {
  await world.apply({
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ClusterServiceBroker',
    metadata: { name: 'postgres' },
    spec: {
      url: broker.url,
      authInfo: { basic: { secretRef: { namespace: broker.namespace, name: 'access' } } },
    },
  });
  await world.kubectl(['wait', '--for=condition=Ready', 'clusterservicebroker/postgres', '--timeout=90s']);
}
