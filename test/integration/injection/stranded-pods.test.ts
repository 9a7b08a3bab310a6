import { apiVersion } from '../../../src/api/group.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { events, jobs, pods, secrets, statefulSets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { deploy } from '../workloads/requested-services.ts';

const gated = { 'wait.bind.servicecatalog.k8s.io/db': 'gate' };
const asks = (binding: string) => ({ 'bind.servicecatalog.k8s.io/db': `binding/${binding}` });

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
  await world.createInstance('orders');
  await world.instance('orders', isReady, 'is ready');
}, 90_000);
afterAll(() => world?.stop());

/** Those of an application that are not going. */
async function podsOf(app: string): Promise<readonly KubeObject[]> {
  const query = { namespace: world.namespace, labelSelector: `app=${app}` };
  const { items } = await world.client.list<KubeObject>(pods, query);
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

const names = (pod: KubeObject, secret: string): boolean =>
  JSON.stringify(pod).includes(`"secret":{"name":"${secret}"}`);

/** Waits for so many Pods of an application that were given the Secret, and no others. */
function given(app: string, secret: string, count = 1): Promise<readonly KubeObject[]> {
  return waitFor(
    async () => {
      const found = await podsOf(app);
      return found.length === count && found.every((pod) => names(pod, secret)) && found;
    },
    { timeoutMs: 60_000, describe: `${count} Pods of ${app} have Secret ${secret}` },
  );
}

/** As Helm does it: after the workloads. */
async function bind(name: string, secretName: string): Promise<void> {
  await world.client.create(serviceBindings, {
    apiVersion,
    kind: serviceBindings.kind,
    metadata: { namespace: world.namespace, name },
    spec: { instanceRef: { name: 'orders' }, secretName },
  } as KubeObject);
  await world.binding(name, isReady, 'is ready');
}

async function job(name: string, spec: object): Promise<void> {
  await world.client.create(jobs, {
    metadata: { name, namespace: world.namespace },
    spec: {
      ...spec,
      template: {
        metadata: { labels: { app: name }, annotations: asks(`${name}-db`) },
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: 'registry.example.com/app:1' }],
        },
      },
    },
  } as unknown as KubeObject);
}

interface Told extends KubeObject {
  readonly involvedObject: { readonly kind: string; readonly name: string };
  readonly reason: string;
  readonly message: string;
}

function told(reason: string, name: string): Promise<Told> {
  return waitFor(
    async () => {
      const { items } = await world.client.list<Told>(events, { namespace: world.namespace });
      return items.find((event) => event.reason === reason && event.involvedObject.name.startsWith(name));
    },
    { timeoutMs: 60_000, describe: `${name} is told ${reason}` },
  );
}

describe('Pods that came before their binding, which writes another Secret,', () => {
  it('are replaced, and what made them is told', async () => {
    await deploy(world, 'web', asks('web-db'));
    const [before] = await given('web', 'web-db');
    await bind('web-db', 'web-credentials');
    const [after] = await given('web', 'web-credentials');
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    const { involvedObject, message } = await told('PodReplaced', 'web-');
    expect(involvedObject.kind).toBe('ReplicaSet');
    expect(message).toContain('ServiceBinding "web-db" writes Secret "web-credentials"');
  });

  it('are replaced though a gate holds them, and let go then', async () => {
    await deploy(world, 'held', { ...asks('held-db'), ...gated }, statefulSets);
    const [before] = await given('held', 'held-db');
    expect(JSON.stringify(before)).toContain('"schedulingGates"');
    await bind('held-db', 'held-credentials');
    const [after] = await given('held', 'held-credentials');
    const isLetGo = (pod: KubeObject): boolean =>
      pod.metadata.uid === after?.metadata.uid && !JSON.stringify(pod).includes('"schedulingGates"');
    await world.until(pods, 'held-0', isLetGo, 'is held no more');
  });

  it('are replaced for a Job that allows another failure', async () => {
    await job('patient', { backoffLimit: 1 });
    await given('patient', 'patient-db');
    await bind('patient-db', 'patient-credentials');
    await given('patient', 'patient-credentials');
  });

  it('are left to a person where the Job would fail', async () => {
    await job('strict', { backoffLimit: 0 });
    const [before] = await given('strict', 'strict-db');
    await bind('strict-db', 'strict-credentials');
    expect((await told('PodStranded', 'strict-')).message).toContain('and fail itself');
    expect((await podsOf('strict')).map(({ metadata }) => metadata.uid)).toEqual([before?.metadata.uid]);
  });

  it('are left to a person when nobody makes them anew', async () => {
    const metadata = {
      name: 'bare',
      namespace: world.namespace,
      annotations: { ...asks('bare-db'), ...gated },
    };
    const { metadata: before } = await world.client.create<KubeObject>(pods, {
      metadata,
      spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
    } as KubeObject);
    await bind('bare-db', 'bare-credentials');
    const { message } = await told('PodStranded', 'bare');
    expect(message).toContain('delete the Pod, or what made it, and make it anew: nobody makes it anew');
    const after = await world.find(pods, 'bare');
    expect(after?.metadata.uid).toBe(before.uid);
    expect(JSON.stringify(after)).toContain('"schedulingGates"');
  });

  it('are left alone when somebody has made that Secret', async () => {
    await deploy(world, 'served', asks('served-db'));
    const [before] = await given('served', 'served-db');
    await world.client.create(secrets, {
      metadata: { name: 'served-db', namespace: world.namespace },
    });
    await bind('served-db', 'served-credentials');
    // Another one shows that these were looked at.
    await deploy(world, 'probe', asks('probe-db'));
    await given('probe', 'probe-db');
    await bind('probe-db', 'probe-credentials');
    await given('probe', 'probe-credentials');
    expect((await podsOf('served')).map(({ metadata }) => metadata.uid)).toEqual([before?.metadata.uid]);
  });
});
