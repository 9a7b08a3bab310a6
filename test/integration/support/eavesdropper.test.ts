import { serviceInstances } from '../../../src/api/kinds.ts';
import { events, pods } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { processesMentioning } from '../../support/processes.ts';
import { plantSecret } from '../../support/secrecy/secret-markers.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';

// The check of all other tests that run Bindery: it can fail, and says where.
let world: ServiceWorld;
beforeEach(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
}, 60_000);
afterEach(() => world.controlPlane.stop());

it('a world in which nothing was told stops in peace', async () => {
  await world.createInstance('db');
  world.eavesdropper.logger.debug({ instance: 'db' }, 'nothing secret');
  await expect(world.stop()).resolves.toBeUndefined();
});

it('finds a secret in logs, metrics, events, statuses and annotations, also of what is gone, and stops all the same', async () => {
  const { namespace, client, eavesdropper } = world;
  const secret = {
    field: plantSecret(),
    message: plantSecret(),
    metric: plantSecret(),
    process: plantSecret(),
    event: plantSecret(),
    annotation: plantSecret(),
    condition: plantSecret(),
  };

  eavesdropper.logger.debug({ password: secret.field }, 'connected');
  eavesdropper.logger.error({}, `no answer to ${base64(`broker:${secret.message}`)}`);
  eavesdropper.metrics.observeReconcile({ controller: secret.metric, outcome: 'done', durationMs: 1 });
  eavesdropper.hear('log of another process', `a line\n{"token":"${secret.process}"}\n`);
  await client.create(events, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace, name: 'told' },
    involvedObject: { kind: 'ServiceInstance', namespace, name: 'db' },
    message: `bound with ${secret.event}`,
  } as KubeObject);
  await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'told', annotations: { note: base64(secret.annotation) } },
    spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  } as KubeObject);
  await world.createInstance('db');
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'Told',
    message: `refused: ${secret.condition}`,
    lastTransitionTime: new Date().toISOString(),
  };
  const told = (status: object) =>
    client.patch(
      serviceInstances,
      { namespace, name: 'db' },
      { status },
      { type: 'merge', subresource: 'status' },
    );
  await told({ conditions: [condition] });
  await told({ conditions: [{ ...condition, message: 'refused' }] });
  await world.remove(serviceInstances, 'db');
  await world.gone(serviceInstances, 'db');

  const { directory } = world.controlPlane.files;
  const failure = await world.stop().then(
    () => 'it said nothing',
    (error: unknown) => String(error),
  );
  const places = failure.split('\n').map((line) => line.replace(/, version \d+/, ''));
  expect(places).toEqual(
    expect.arrayContaining([
      `log: ${secret.field}`,
      `log: ${secret.message}`,
      `metrics: ${secret.metric}`,
      `log of another process: ${secret.process}`,
      `Event ${namespace}/told: ${secret.event}`,
      `Pod ${namespace}/told: ${secret.annotation}`,
      `ServiceInstance ${namespace}/db: ${secret.condition}`,
    ]),
  );
  expect(await processesMentioning(directory)).toEqual([]);
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
